//! A dataset's table of versions, made from its definition.

use db::{ColumnSpec, ColumnType, IndexSpec, Row, StoredTable, TableSpec};
use kernel::{CommitNumber, Day, RecordId, UnitId, Value};
use standard::{Dataset, Storage};

use super::digest::OpenedStretch;
use super::error::LedgerError;
use super::model::Version;
use super::store_verify::NOTHING;

/// What the name of every dataset's table begins with.
pub(super) const PREFIX: &str = "d_";

/// The columns that every dataset's table begins with.
const SYSTEM_COLUMNS: [&str; 6] = [
    "record_id",
    "unit_id",
    "since",
    "until",
    "effective_from",
    "effective_to",
];

/// A dataset's table: its name, its columns, and how a row becomes a version.
#[derive(Debug, Clone)]
pub struct DatasetTable {
    dataset: String,
    table: String,
    fields: Vec<(String, Storage)>,
    /// Field names in ascending order with their places, as the canonical encoding wants them.
    sorted_fields: Vec<(String, usize)>,
    select_list: String,
    /// What a statement reads from: the table's name.
    source: String,
}

impl DatasetTable {
    /// The table of a dataset. Fields that only help an import are not stored.
    pub fn of(dataset: &Dataset) -> DatasetTable {
        let fields: Vec<(String, Storage)> = dataset
            .stored_fields()
            .map(|field| (field.name.clone(), field.storage()))
            .collect();
        DatasetTable::with_fields(dataset.name.clone(), fields)
    }

    fn with_fields(dataset: String, fields: Vec<(String, Storage)>) -> DatasetTable {
        let mut sorted_fields: Vec<(String, usize)> = fields
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (name.clone(), place))
            .collect();
        sorted_fields.sort();
        let table = format!("{PREFIX}{dataset}");
        DatasetTable {
            select_list: select_list(&fields, |_| true),
            source: format!("\"{table}\""),
            dataset,
            table,
            fields,
            sorted_fields,
        }
    }

    /// A table as it is stored, whatever the definitions say by now: hashes cover what is stored.
    pub(super) fn stored(table: &StoredTable) -> Option<DatasetTable> {
        let dataset = table.name.strip_prefix(PREFIX)?;
        let is_own = |name: &String| SYSTEM_COLUMNS.contains(&name.as_str());
        let fields = table
            .columns
            .iter()
            .filter(|(name, _)| !is_own(name))
            .map(|(name, kind)| {
                let storage = match kind {
                    ColumnType::Int => Storage::Integer,
                    ColumnType::Text => Storage::Text,
                    ColumnType::Bytes => Storage::Bytes,
                };
                (name.clone(), storage)
            })
            .collect();
        Some(DatasetTable::with_fields(dataset.to_owned(), fields))
    }

    /// The table as far as it is stored, for reading where nothing may be made: a column that is missing is
    /// empty, a table that is missing holds nothing.
    pub(super) fn as_far_as_stored(mut self, stored: &[StoredTable]) -> DatasetTable {
        let Some(found) = stored.iter().find(|found| found.name == self.table) else {
            self.select_list = select_list(&self.fields, |_| false);
            NOTHING.clone_into(&mut self.source);
            return self;
        };
        self.select_list = select_list(&self.fields, |name| {
            found.columns.iter().any(|(column, _)| column == name)
        });
        self
    }

    /// The dataset's name.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The table's name, bare.
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// The table's name as it stands in a statement.
    pub(super) fn sql_name(&self) -> &str {
        &self.source
    }

    /// All columns, as they stand in a statement.
    pub(super) fn select_list(&self) -> &str {
        &self.select_list
    }

    /// How many fields a version has.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// The place of a field among a version's values.
    pub fn position(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|(name, _)| name == field)
    }

    /// Field names in order, with how each is stored.
    pub fn fields(&self) -> &[(String, Storage)] {
        &self.fields
    }

    /// See [`super::digest::Encoder::opened`].
    pub(super) fn sorted_fields(&self) -> &[(String, usize)] {
        &self.sorted_fields
    }

    /// The names of all columns, for a bulk insert.
    pub(super) fn column_names(&self) -> Vec<&str> {
        SYSTEM_COLUMNS
            .iter()
            .copied()
            .chain(self.fields.iter().map(|(name, _)| name.as_str()))
            .collect()
    }

    /// What the table must look like.
    pub(super) fn spec(&self) -> TableSpec {
        let mut columns: Vec<ColumnSpec> = SYSTEM_COLUMNS
            .iter()
            .map(|name| ColumnSpec {
                name: (*name).to_owned(),
                kind: ColumnType::Int,
                nullable: matches!(*name, "until" | "effective_to"),
            })
            .collect();
        columns.extend(self.fields.iter().map(|(name, storage)| ColumnSpec {
            name: name.clone(),
            kind: match storage {
                Storage::Integer => ColumnType::Int,
                Storage::Text => ColumnType::Text,
                Storage::Bytes => ColumnType::Bytes,
            },
            nullable: true,
        }));
        let index = |suffix: &str, column: &str| IndexSpec {
            name: format!("{}_{suffix}", self.table),
            columns: vec![column.to_owned()],
            unique: false,
            filled_only: column == "until",
        };
        TableSpec {
            name: self.table.clone(),
            columns,
            primary_key: vec![
                "record_id".to_owned(),
                "since".to_owned(),
                "effective_from".to_owned(),
            ],
            indexes: vec![
                index("since", "since"),
                index("until", "until"),
                index("unit", "unit_id"),
            ],
        }
    }

    /// The version that a row holds.
    pub(super) fn version(&self, row: Row) -> Result<Version, LedgerError> {
        let mut values = row.into_values();
        let own_values = values.split_off(SYSTEM_COLUMNS.len().min(values.len()));
        let [record, unit, since, until, from, to] = values.as_slice() else {
            return Err(LedgerError::Damaged(format!(
                "{} lacks its first columns",
                self.table
            )));
        };
        Ok(Version {
            record: RecordId::new(number(record)?),
            unit: UnitId::new(number(unit)?),
            since: CommitNumber::new(number(since)?),
            until: until.as_int().map(CommitNumber::new),
            from: day(number(from)?)?,
            to: to.as_int().map(day).transpose()?,
            values: own_values,
        })
    }

    /// What the leaf of a row covers; the row as [`DatasetTable::row`] makes it.
    pub(super) fn opened(row: &[Value]) -> Option<OpenedStretch<'_>> {
        let (front, values) = row.split_at_checked(SYSTEM_COLUMNS.len())?;
        let [record, unit, _since, _until, from, to] = front else {
            return None;
        };
        let as_day = |value: &Value| {
            value
                .as_int()
                .and_then(|days| i32::try_from(days).ok())
                .map(Day::new)
        };
        Some(OpenedStretch {
            record: RecordId::new(record.as_int()?),
            unit: UnitId::new(unit.as_int()?),
            from: as_day(from)?,
            to: as_day(to),
            values,
        })
    }

    /// The row that a version makes, in the order of [`DatasetTable::column_names`].
    pub(super) fn row(version: Version) -> impl Iterator<Item = Value> {
        let front: [Value; SYSTEM_COLUMNS.len()] = [
            version.record.into(),
            version.unit.into(),
            version.since.into(),
            version.until.into(),
            version.from.into(),
            version.to.into(),
        ];
        front.into_iter().chain(version.values)
    }
}

/// All columns; those that are not there are empty.
fn select_list(fields: &[(String, Storage)], is_there: impl Fn(&str) -> bool) -> String {
    let mut list = SYSTEM_COLUMNS.join(", ");
    for (name, _) in fields {
        list.push_str(if is_there(name) {
            ", \""
        } else {
            ", NULL AS \""
        });
        list.push_str(name);
        list.push('"');
    }
    list
}

fn number(value: &Value) -> Result<i64, LedgerError> {
    value
        .as_int()
        .ok_or_else(|| LedgerError::Damaged("a key column is empty".to_owned()))
}

fn day(days: i64) -> Result<Day, LedgerError> {
    i32::try_from(days)
        .map(Day::new)
        .map_err(|_| LedgerError::Damaged(format!("{days} is not a calendar day")))
}
