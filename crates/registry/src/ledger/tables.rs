//! A dataset's table of versions, made from its definition.

use db::{ColumnSpec, ColumnType, IndexSpec, Row, StoredTable, TableSpec};
use kernel::{CommitNumber, Day, RecordId, UnitId, Value};
use standard::{Dataset, PersonRule, Sensitivity, Storage};

use super::digest::OpenedStretch;
use super::error::LedgerError;
use super::model::{PartState, SealedPart, Version};
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
    /// For each field the level under which it is sealed; `None`: it is a column.
    levels_of: Vec<Option<Sensitivity>>,
    /// The sealed levels, the less sensitive first.
    levels: Vec<Sensitivity>,
    /// Whose personal data the records hold.
    person: Option<PersonPlace>,
    /// Sealed fields that are found by lookups, with the kind of these.
    lookups: Vec<(usize, String)>,
    /// Names of the columns among the fields in ascending order with their places, as the canonical encoding wants
    /// them: the places among the fields, and those among the columns.
    sorted_fields: Vec<(String, usize)>,
    sorted_columns: Vec<(String, usize)>,
    select_list: String,
    /// What a statement reads from: the table's name.
    source: String,
    /// Fields of keys that no two records hold, as places among `fields`.
    unique_keys: Vec<Vec<usize>>,
}

impl DatasetTable {
    /// The table of a dataset. Fields that only help an import are not stored.
    pub fn of(dataset: &Dataset) -> DatasetTable {
        let fields: Vec<(String, Storage)> = dataset
            .stored_fields()
            .map(|field| (field.name.clone(), field.storage()))
            .collect();
        let place = |name: &String| fields.iter().position(|(field, _)| field == name);
        let unique_keys = dataset
            .match_keys
            .iter()
            .filter(|key| key.unique)
            .filter_map(|key| key.fields.iter().map(place).collect())
            .collect();
        let person = match &dataset.person {
            None => None,
            Some(PersonRule::Itself) => Some(PersonPlace::Record),
            Some(PersonRule::OfField(field)) => place(field).map(PersonPlace::Field),
        };
        let levels_of = dataset
            .stored_fields()
            .map(|field| Some(field.sensitivity).filter(|level| level.is_sealed()))
            .collect();
        let lookups = dataset
            .stored_fields()
            .enumerate()
            .filter_map(|(place, field)| Some((place, field.lookup.clone()?)))
            .collect();
        DatasetTable {
            unique_keys,
            person,
            lookups,
            ..DatasetTable::with_fields(
                dataset.name.clone(),
                fields,
                levels_of,
                dataset.sealed_levels().collect(),
            )
        }
    }

    fn with_fields(
        dataset: String,
        fields: Vec<(String, Storage)>,
        levels_of: Vec<Option<Sensitivity>>,
        levels: Vec<Sensitivity>,
    ) -> DatasetTable {
        let plain = || {
            fields
                .iter()
                .enumerate()
                .zip(&levels_of)
                .filter(|(_, level)| level.is_none())
                .map(|((place, (name, _)), _)| (name.clone(), place))
        };
        let mut sorted_fields: Vec<(String, usize)> = plain().collect();
        sorted_fields.sort();
        let mut sorted_columns: Vec<(String, usize)> = plain()
            .enumerate()
            .map(|(column, (name, _))| (name, column))
            .collect();
        sorted_columns.sort();
        let table = format!("{PREFIX}{dataset}");
        DatasetTable {
            unique_keys: Vec::new(),
            person: None,
            lookups: Vec::new(),
            select_list: select_list(&fields, &levels_of, &levels, |_| true),
            source: format!("\"{table}\""),
            dataset,
            table,
            fields,
            levels_of,
            levels,
            sorted_fields,
            sorted_columns,
        }
    }

    /// A table as it is stored, whatever the definitions say by now: hashes cover what is stored.
    pub(super) fn stored(table: &StoredTable) -> Option<DatasetTable> {
        let dataset = table.name.strip_prefix(PREFIX)?;
        let has = |name: &str| table.columns.iter().any(|(column, _)| column == name);
        let levels: Vec<Sensitivity> = Sensitivity::SEALED
            .into_iter()
            .filter(|level| has(digest_column(*level)))
            .collect();
        let of_a_level = |name: &str| {
            levels
                .iter()
                .any(|level| name == blob_column(*level) || name == digest_column(*level))
        };
        let is_own = |name: &str| SYSTEM_COLUMNS.contains(&name) || of_a_level(name);
        let fields: Vec<(String, Storage)> = table
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
        let levels_of = vec![None; fields.len()];
        Some(DatasetTable::with_fields(
            dataset.to_owned(),
            fields,
            levels_of,
            levels,
        ))
    }

    /// The table as far as it is stored, for reading where nothing may be made: a column that is missing is
    /// empty, a table that is missing holds nothing.
    pub(super) fn limited_to_stored(mut self, stored: &[StoredTable]) -> DatasetTable {
        let Some(found) = stored.iter().find(|found| found.name == self.table) else {
            self.select_list = select_list(&self.fields, &self.levels_of, &self.levels, |_| false);
            NOTHING.clone_into(&mut self.source);
            return self;
        };
        self.select_list = select_list(&self.fields, &self.levels_of, &self.levels, |name| {
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

    /// The keys that no two records hold, as places among a version's values.
    pub(super) fn unique_keys(&self) -> &[Vec<usize>] {
        &self.unique_keys
    }

    /// The columns with their places among a version's values; see [`super::digest::Encoder::opened`].
    pub(super) fn sorted_fields(&self) -> &[(String, usize)] {
        &self.sorted_fields
    }

    /// The columns with their places in a row behind its first columns.
    pub(super) fn sorted_columns(&self) -> &[(String, usize)] {
        &self.sorted_columns
    }

    /// The sealed levels, the less sensitive first.
    pub fn levels(&self) -> &[Sensitivity] {
        &self.levels
    }

    /// The level under which a field is sealed; `None`: it is a column.
    pub fn level_of(&self, place: usize) -> Option<Sensitivity> {
        self.levels_of.get(place).copied().flatten()
    }

    /// The fields of a level in ascending order of their names, with their places.
    pub(super) fn fields_of(&self, level: Sensitivity) -> Vec<(&str, usize)> {
        let mut fields: Vec<(&str, usize)> = self
            .fields
            .iter()
            .enumerate()
            .filter(|(place, _)| self.level_of(*place) == Some(level))
            .map(|(place, (name, _))| (name.as_str(), place))
            .collect();
        fields.sort_unstable();
        fields
    }

    /// Whose personal data the records hold.
    pub(super) fn person(&self) -> Option<PersonPlace> {
        self.person
    }

    /// The column that names the person of a record, as it stands in a statement.
    pub(super) fn person_column(&self) -> Option<String> {
        match self.person? {
            PersonPlace::Record => Some("record_id".to_owned()),
            PersonPlace::Field(place) => {
                let (name, _) = self.fields.get(place)?;
                Some(format!("\"{name}\""))
            }
        }
    }

    /// What empties the sealed parts in an update; `None` where there are none.
    pub(super) fn blobs_emptied(&self) -> Option<String> {
        let blobs = self.levels.iter().map(|level| blob_column(*level));
        let set: Vec<String> = blobs.map(|blob| format!("\"{blob}\" = NULL")).collect();
        (!set.is_empty()).then(|| set.join(", "))
    }

    /// The condition that something sealed is stored; `None` where nothing can be.
    pub(super) fn blobs_filled(&self) -> Option<String> {
        let blobs = self.levels.iter().map(|level| blob_column(*level));
        let filled: Vec<String> = blobs
            .map(|blob| format!("\"{blob}\" IS NOT NULL"))
            .collect();
        (!filled.is_empty()).then(|| filled.join(" OR "))
    }

    /// Indexes that a table of another than the persons themselves needs, so that all of one person is found.
    fn person_index(&self) -> Option<IndexSpec> {
        let Some(PersonPlace::Field(place)) = self.person else {
            return None;
        };
        let (name, _) = self.fields.get(place)?;
        Some(IndexSpec {
            name: format!("{}_person", self.table),
            columns: vec![name.clone()],
            unique: false,
            filled_only: false,
        })
    }

    /// The table with the person of another definition: of one as it is stored.
    pub(super) fn with_person_of(mut self, dataset: &Dataset) -> DatasetTable {
        self.person = match &dataset.person {
            None => None,
            Some(PersonRule::Itself) => Some(PersonPlace::Record),
            Some(PersonRule::OfField(field)) => self.position(field).map(PersonPlace::Field),
        };
        self
    }

    /// Sealed fields that are found by lookups, as places among a version's values, with the kind of these.
    pub(crate) fn lookups(&self) -> &[(usize, String)] {
        &self.lookups
    }

    /// The names of all columns, for a bulk insert.
    pub(super) fn column_names(&self) -> Vec<&str> {
        SYSTEM_COLUMNS
            .iter()
            .copied()
            .chain(self.columns().map(|(name, _)| name.as_str()))
            .chain(self.levels.iter().flat_map(|level| {
                let level = *level;
                [blob_column(level), digest_column(level)]
            }))
            .collect()
    }

    /// The fields that are columns, in their order.
    fn columns(&self) -> impl Iterator<Item = &(String, Storage)> {
        let fields = self.fields.iter().zip(&self.levels_of);
        fields
            .filter(|(_, level)| level.is_none())
            .map(|(field, _)| field)
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
        columns.extend(self.columns().map(|(name, storage)| ColumnSpec {
            name: name.clone(),
            kind: match storage {
                Storage::Integer => ColumnType::Int,
                Storage::Text => ColumnType::Text,
                Storage::Bytes => ColumnType::Bytes,
            },
            nullable: true,
        }));
        columns.extend(self.levels.iter().flat_map(|level| {
            [blob_column(*level), digest_column(*level)].map(|name| ColumnSpec {
                name: name.to_owned(),
                kind: ColumnType::Bytes,
                nullable: true,
            })
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
            indexes: [
                index("since", "since"),
                index("until", "until"),
                index("unit", "unit_id"),
            ]
            .into_iter()
            .chain(self.person_index())
            .collect(),
        }
    }

    /// The version that a row holds.
    pub(super) fn version(&self, row: Row) -> Result<Version, LedgerError> {
        let mut values = row.into_values();
        let mut own_values = values.split_off(SYSTEM_COLUMNS.len().min(values.len()));
        let parts = own_values.split_off(self.fields.len().min(own_values.len()));
        let sealed = self.parts(parts);
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
            sealed,
        })
    }

    fn parts(&self, columns: Vec<Value>) -> Vec<SealedPart> {
        let mut columns = columns.into_iter();
        let mut bytes = || match columns.next() {
            Some(Value::Bytes(bytes)) => Some(bytes),
            _ => None,
        };
        let part = |level: &Sensitivity| {
            let (blob, digest) = (bytes(), bytes());
            let state = match (&blob, &digest) {
                (None, None) => PartState::Open,
                (None, Some(_)) => PartState::Erased,
                (Some(_), _) => PartState::Closed,
            };
            SealedPart {
                level: *level,
                blob,
                digest,
                state,
            }
        };
        self.levels.iter().map(part).collect()
    }

    /// What the leaf of a row covers; the row as [`DatasetTable::row`] makes it.
    pub(super) fn opened<'r>(&self, row: &'r [Value]) -> Option<OpenedStretch<'r>> {
        let (front, behind) = row.split_at_checked(SYSTEM_COLUMNS.len())?;
        let (values, parts) = behind.split_at_checked(self.sorted_columns.len())?;
        let digests = self.levels.iter().zip(parts.chunks(2));
        let digests = digests
            .filter_map(|(level, part)| Some((level.as_str(), part.get(1)?.as_bytes()?)))
            .collect();
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
            digests,
        })
    }

    /// The row that a version makes, in the order of [`DatasetTable::column_names`].
    pub(super) fn row(&self, version: Version) -> impl Iterator<Item = Value> + '_ {
        let front: [Value; SYSTEM_COLUMNS.len()] = [
            version.record.into(),
            version.unit.into(),
            version.since.into(),
            version.until.into(),
            version.from.into(),
            version.to.into(),
        ];
        let values = version.values.into_iter().zip(&self.levels_of);
        let columns = values
            .filter(|(_, level)| level.is_none())
            .map(|(value, _)| value);
        let mut sealed = version.sealed;
        let parts = self.levels.iter().flat_map(move |level| {
            let part = sealed.iter_mut().find(|part| part.level == *level);
            let (blob, digest) =
                part.map_or((None, None), |part| (part.blob.take(), part.digest.take()));
            [blob.into(), digest.into()]
        });
        front.into_iter().chain(columns).chain(parts)
    }
}

/// Where the person of a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PersonPlace {
    /// The record is the person.
    Record,
    /// In the field at this place.
    Field(usize),
}

impl PersonPlace {
    /// The person of a record with these values.
    pub(super) fn of(self, record: RecordId, values: &[Value]) -> Option<RecordId> {
        match self {
            PersonPlace::Record => Some(record),
            PersonPlace::Field(place) => {
                values.get(place).and_then(Value::as_int).map(RecordId::new)
            }
        }
    }
}

/// The column of what is sealed under a level. No field has such a name.
fn blob_column(level: Sensitivity) -> &'static str {
    match level {
        Sensitivity::Sensitive => "sealed_sensitive",
        _ => "sealed_personal",
    }
}

/// The column of the digest of what is sealed under a level.
fn digest_column(level: Sensitivity) -> &'static str {
    match level {
        Sensitivity::Sensitive => "digest_sensitive",
        _ => "digest_personal",
    }
}

/// All columns; sealed fields and those that are not there are empty. Behind them what is sealed under each level, and
/// its digest.
fn select_list(
    fields: &[(String, Storage)],
    levels_of: &[Option<Sensitivity>],
    levels: &[Sensitivity],
    is_there: impl Fn(&str) -> bool,
) -> String {
    let mut list = SYSTEM_COLUMNS.join(", ");
    let mut push = |name: &str, is_there: bool| {
        list.push_str(if is_there { ", \"" } else { ", NULL AS \"" });
        list.push_str(name);
        list.push('"');
    };
    for ((name, _), level) in fields.iter().zip(levels_of) {
        push(name, level.is_none() && is_there(name));
    }
    for level in levels {
        for column in [blob_column(*level), digest_column(*level)] {
            push(column, is_there(column));
        }
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
