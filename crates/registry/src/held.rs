//! What is held, as columns in memory: one dataset at two clocks, its rows in the order of the unit tree,
//! so that what a permit reaches is a few ranges of rows.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use columns::{Cell, ColumnBuilder, ColumnType, Query, Resident, Schema, Table};
use kernel::{Clocks, CommitNumber, Day, Value};
use security::{Permit, UnitTree};
use standard::{Dataset, Field};

use crate::counting::{Operating, latest_years, status_place, year_places};
use crate::ledger::{COMMON, Ledger, LedgerError, Version};
use crate::search::initials;

/// The columns that every held table begins with; the dataset's fields follow, geometries left out, then
/// `initials` where the dataset has names, `latest` where its records are school years of institutions,
/// `operating` where they have a status ([`crate::counting`]).
const FRONT: [&str; 4] = ["record_id", "unit_id", "unit_position", "since"];

/// One dataset at two clocks.
#[derive(Debug)]
pub struct Held {
    /// The clocks, the second one resolved to a commit.
    pub clocks: Clocks,
    resident: Resident,
    /// The place of each row's unit in the tree; ascending. Common rows stand at −1.
    positions: Vec<i64>,
}

/// The unit position of rows that everyone may read.
const COMMON_POSITION: i64 = -1;
/// The unit position of rows whose unit is not in the tree.
const NOWHERE: i64 = i64::MAX;

/// What a permit reaches of a held dataset.
#[derive(Debug, Clone)]
pub struct View {
    held: Arc<Held>,
    ranges: Vec<Range<u64>>,
}

impl View {
    /// The clocks, the second one resolved to a commit.
    pub fn clocks(&self) -> Clocks {
        self.held.clocks
    }

    /// The table with all its rows; read only the rows of [`View::rows`].
    pub fn table(&self) -> &Table {
        self.held.resident.table()
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.table().position(name)
    }

    /// The rows that the permit reaches.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges
            .iter()
            .flat_map(|range| range.start as usize..range.end as usize)
    }

    /// The same rows as ranges: ascending, apart.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// How many they are.
    pub fn len(&self) -> u64 {
        self.ranges
            .iter()
            .map(|range| range.end - range.start)
            .sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`View::query`], with other views beside this one under the names given with them.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn query_with(
        &self,
        others: &[(&str, &View)],
        sql: &str,
        parameters: &[Cell],
    ) -> Result<Table, columns::ColumnsError> {
        let mut tables = vec![("rows", &self.held.resident, self.ranges.as_slice())];
        tables.extend(
            others
                .iter()
                .map(|(name, view)| (*name, &view.held.resident, view.ranges.as_slice())),
        );
        Query::over(&tables).run(sql, parameters).await
    }

    /// Answers a `SELECT` over the rows that the permit reaches, under the name `rows`.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[Cell],
    ) -> Result<Table, columns::ColumnsError> {
        Query::over(&[("rows", &self.held.resident, &self.ranges)])
            .run(sql, parameters)
            .await
    }
}

/// Held datasets, kept while they are current and memory allows.
#[derive(Debug, Default)]
pub struct Cache {
    entries: Mutex<Vec<(Key, Arc<Held>)>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    dataset: String,
    as_of: Day,
    /// The last commit up to the one asked for that touched the dataset.
    commit: CommitNumber,
    /// The unit tree that the rows are ordered by.
    units: usize,
}

/// Bytes of held datasets kept at most; the one in use is kept in any case.
const MOST_BYTES: usize = 1 << 30;

impl Cache {
    /// What the permit reaches of a dataset at two clocks.
    ///
    /// # Errors
    /// Those of the ledger; [`security::Denied`] without the right to read.
    pub async fn view(
        &self,
        ledger: &Ledger,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
    ) -> Result<View, LedgerError> {
        permit.require(standard::Action::Read)?;
        let units = ledger.security().units();
        let commit = ledger.last_commit_of(dataset, clocks.as_known_on).await?;
        let key = Key {
            dataset: dataset.to_owned(),
            as_of: clocks.as_of,
            commit,
            units: Arc::as_ptr(&units).addr(),
        };
        let found = self.find(&key);
        let held = match found {
            Some(held) => held,
            None => {
                let held = Arc::new(load(ledger, dataset, clocks, &units).await?);
                self.keep(key, Arc::clone(&held));
                held
            }
        };
        let ranges = match permit.sees_dataset(dataset) {
            true => ranges(&held, permit, &units),
            false => Vec::new(),
        };
        Ok(View { held, ranges })
    }

    /// Bytes that are held.
    pub fn memory(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(_, held)| held.resident.memory()).sum()
    }

    fn find(&self, key: &Key) -> Option<Arc<Held>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let place = entries.iter().position(|(known, _)| known == key)?;
        // The last used stands last.
        let entry = entries.remove(place);
        let held = Arc::clone(&entry.1);
        entries.push(entry);
        Some(held)
    }

    fn keep(&self, key: Key, held: Arc<Held>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // A newer commit of the same day makes the older one useless.
        entries.retain(|(known, _)| !(known.dataset == key.dataset && known.as_of == key.as_of));
        entries.push((key, held));
        let mut bytes: usize = entries.iter().map(|(_, held)| held.resident.memory()).sum();
        while bytes > MOST_BYTES && entries.len() > 1 {
            let (_, oldest) = entries.remove(0);
            bytes -= oldest.resident.memory();
        }
    }
}

fn ranges(held: &Held, permit: &Permit, units: &UnitTree) -> Vec<Range<u64>> {
    if permit.reaches_everything() {
        return std::iter::once(held.resident.all()).collect();
    }
    let place = |position: i64| held.positions.partition_point(|each| *each < position) as u64;
    let mut ranges: Vec<Range<u64>> = Vec::new();
    ranges.push(0..place(COMMON_POSITION + 1));
    ranges.extend(
        permit
            .ranges(units)
            .into_iter()
            .map(|range| place(i64::from(range.start))..place(i64::from(range.end))),
    );
    ranges.retain(|range| range.start < range.end);
    ranges
}

/// The fields that are columns, those of personal data never: each with its place among the stored fields.
fn columns_of(dataset: &Dataset) -> Vec<(usize, &Field, ColumnType)> {
    dataset
        .stored_fields()
        .enumerate()
        .filter(|(_, field)| !field.sensitivity.is_sealed())
        .filter_map(|(place, field)| {
            crate::intake::column_type(field).map(|kind| (place, field, kind))
        })
        .collect()
}

/// The schema of a held dataset.
pub fn held_schema(dataset: &Dataset) -> Schema {
    let mut columns: Vec<(String, ColumnType)> = FRONT
        .iter()
        .map(|name| ((*name).to_owned(), ColumnType::Int))
        .collect();
    columns.extend(
        columns_of(dataset)
            .into_iter()
            .map(|(_, field, kind)| (field.name.clone(), kind)),
    );
    if has_initials(dataset) {
        columns.push(("initials".to_owned(), ColumnType::Text));
    }
    if year_places(dataset).is_some() {
        columns.push(("latest".to_owned(), ColumnType::Bool));
    }
    if status_place(dataset).is_some() {
        columns.push(("operating".to_owned(), ColumnType::Bool));
    }
    Schema::new(columns)
}

fn has_initials(dataset: &Dataset) -> bool {
    let is_name = |field: &Field| field.name == "name" && !field.sensitivity.is_sealed();
    dataset.stored_fields().any(is_name)
}

async fn load(
    ledger: &Ledger,
    dataset: &str,
    clocks: Clocks,
    units: &UnitTree,
) -> Result<Held, LedgerError> {
    let definition = ledger
        .standard()
        .dataset(dataset)
        .ok_or_else(|| LedgerError::UnknownDataset(dataset.to_owned()))?
        .clone();
    let operating = Operating::of(ledger.standard(), &definition);
    // Everything is loaded once; each permit then gets its ranges of it.
    let permit =
        Permit::for_job("columns").map_err(|error| LedgerError::Definitions(error.to_string()))?;
    let mut versions: Vec<(i64, Version)> = Vec::new();
    ledger
        .read(&permit, dataset, clocks, |mut version| {
            let position = if version.unit == COMMON {
                COMMON_POSITION
            } else {
                units.position(version.unit).map_or(NOWHERE, i64::from)
            };
            // Outlines stay in the store.
            for value in &mut version.values {
                if matches!(value, Value::Bytes(_)) {
                    *value = Value::Null;
                }
            }
            versions.push((position, version));
        })
        .await?;
    let task = tokio::task::spawn_blocking(
        move || -> Result<(Resident, Vec<i64>), columns::ColumnsError> {
            versions.sort_by_key(|(position, version)| (*position, version.record));
            let table = table_of(&definition, operating.as_ref(), &versions, clocks.as_of)?;
            let positions = versions.iter().map(|(position, _)| *position).collect();
            Ok((Resident::new(&[table])?, positions))
        },
    );
    let (resident, positions) = task
        .await
        .map_err(|error| LedgerError::Definitions(error.to_string()))?
        .map_err(|error| LedgerError::Definitions(error.to_string()))?;
    Ok(Held {
        clocks,
        resident,
        positions,
    })
}

/// A value of one of the columns at the front of a held table.
type FrontValue = fn(&(i64, Version)) -> i64;

fn table_of(
    dataset: &Dataset,
    operating: Option<&Operating>,
    versions: &[(i64, Version)],
    day: Day,
) -> Result<Table, columns::ColumnsError> {
    let schema = held_schema(dataset);
    let mut builders: Vec<ColumnBuilder> = Vec::with_capacity(schema.len());
    let front: [FrontValue; 4] = [
        |(_, version)| version.record.get(),
        |(_, version)| version.unit.get(),
        |(position, _)| *position,
        |(_, version)| version.since.get(),
    ];
    for value in front {
        let mut builder = ColumnBuilder::new(ColumnType::Int);
        for version in versions {
            builder.append_int(Some(value(version)));
        }
        builders.push(builder);
    }
    for (place, field, kind) in columns_of(dataset) {
        let mut builder = ColumnBuilder::new(kind);
        for (_, version) in versions {
            builder.append(&crate::intake::cell_of(
                field,
                version.values.get(place).unwrap_or(&Value::Null),
            ));
        }
        builders.push(builder);
    }
    if has_initials(dataset) {
        let name = dataset
            .stored_fields()
            .position(|field| field.name == "name");
        let mut builder = ColumnBuilder::new(ColumnType::Text);
        let mut known: HashMap<char, char> = HashMap::new();
        for (_, version) in versions {
            let text = name
                .and_then(|place| version.values.get(place))
                .and_then(Value::as_text);
            builder.append_text(text.map(|text| initials(text, &mut known)).as_deref());
        }
        builders.push(builder);
    }
    if let Some(places) = year_places(dataset) {
        let mut builder = ColumnBuilder::new(ColumnType::Bool);
        for latest in latest_years(versions, places, day) {
            builder.append_bool(Some(latest));
        }
        builders.push(builder);
    }
    if let Some(operating) = operating {
        let mut builder = ColumnBuilder::new(ColumnType::Bool);
        for (_, version) in versions {
            builder.append_bool(Some(operating.holds(&version.values)));
        }
        builders.push(builder);
    }
    Table::new(schema, builders)
}
