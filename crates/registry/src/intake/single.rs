//! One row that a person typed into a form: typed, checked and compared as a row of a file is, and
//! committed for the record that the form was opened for.

use kernel::{CommitNumber, Datum, Day, RecordId, UnitId, Value};
use security::Permit;
use standard::UnitRule;

use super::context::{Context, KeyIndex, Match};
use super::error::IntakeError;
use super::mapping::Mapping;
use super::plan::Class;
use super::prepare::{Fate, Link, Preparation, Prepared};
use super::rows::{RowReader, period, unit_of};
use super::typing::Batch;
use super::work::{KeyColumns, Work};
use super::{Options, Progress};
use crate::ledger::{Action, Change, ChangeSet, Ledger, Outcome, Source, Target};
use crate::read::{Delimiter, Header, Limits, RawReader, ReadError, ReadOptions, TextEncoding};
use crate::write::CsvWriter;

/// What a form says of one record.
#[derive(Debug, Clone, Default)]
pub struct TypedRow {
    /// The record; `None`: a new one.
    pub target: Option<RecordId>,
    /// Field and text. A field that is not here stays as it is; `-` clears.
    pub cells: Vec<(String, String)>,
    /// The datum of its coordinates.
    pub datum: Option<Datum>,
    /// First day on which it holds; the dataset's rule otherwise.
    pub from: Option<Day>,
    /// The day on which it no longer holds.
    pub to: Option<Day>,
    /// Why.
    pub reason: String,
    /// The commit that the person had seen.
    pub based_on: Option<CommitNumber>,
    /// A form that is sent twice is written once.
    pub key: Option<String>,
}

/// Whom a single row speaks of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Single {
    /// The record that the form was opened for; `None`: it must be a new one.
    pub target: Option<RecordId>,
}

/// The code of a row that would have the key of another record.
pub const TAKEN: &str = "ROW-TAKEN";

/// Says what a typed row would do. Writes nothing.
///
/// # Errors
/// Those of [`super::prepare`]; faults of the row are part of the plan.
pub async fn prepare_row(
    ledger: &Ledger,
    permit: &Permit,
    dataset: &str,
    row: &TypedRow,
) -> Result<Prepared, IntakeError> {
    permit.require(standard::Action::Edit)?;
    let dataset = super::dataset_named(ledger, permit, dataset)?;
    let names: Vec<String> = row.cells.iter().map(|(field, _)| field.clone()).collect();
    let reader = reader_of(&row.cells)?;
    let options = Options {
        datum: row.datum,
        effective: row.from,
        reason: row.reason.clone(),
        ..Options::default()
    };
    let mapping = Mapping {
        header: Some(false),
        columns: Some(names),
        ..Mapping::default()
    };
    let preparation = Preparation {
        ledger,
        permit,
        dataset,
        options: &options,
        mapping,
        progress: Progress::silent(),
        single: Some(Single { target: row.target }),
    };
    preparation.run(reader, "").await
}

/// Commits a typed row that was prepared.
///
/// # Errors
/// [`crate::ledger::LedgerError::Conflict`] where someone else changed the record since
/// [`TypedRow::based_on`]; those of the ledger.
pub async fn commit_row(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Prepared,
    row: &TypedRow,
) -> Result<(RecordId, Outcome), IntakeError> {
    let dataset = &prepared.dataset;
    let (Some((batch, place)), Some(fate)) = (prepared.locate(0), prepared.fates.first()) else {
        return Err(IntakeError::Stopped("the form holds no row".to_owned()));
    };
    let may_be_written = matches!(fate.class, Class::New | Class::Changed | Class::Unchanged);
    if prepared.plan.has_refusals() || !may_be_written {
        return Err(IntakeError::Stopped("the row is refused".to_owned()));
    }
    let target = match row.target {
        Some(record) => Target::Existing(record),
        None => {
            let reserved = ledger.reserve_records(permit, 1).await?;
            let Some(record) = reserved.first() else {
                return Err(IntakeError::Stopped("no record id was given".to_owned()));
            };
            Target::New(*record)
        }
    };
    let mut patch = RowReader::new(dataset).patch(batch, place, row.target.is_some());
    for (position, link) in prepared.links.get(&0).into_iter().flatten() {
        if let (Link::Record(record), Some(slot)) = (link, patch.get_mut(*position)) {
            *slot = Some(Value::from(*record));
        }
    }
    let versions = match row.target {
        Some(record) => {
            ledger
                .open_versions_in_full(permit, &dataset.name, &[record])
                .await?
        }
        None => Vec::new(),
    };
    let unit = match dataset.unit {
        UnitRule::SelfUnit { .. } => Some(UnitId::new(target.record().get())),
        UnitRule::Root | UnitRule::OfField(_) => unit_of(dataset, &patch, &versions),
    };
    let (from, to) = match row.from {
        Some(from) => (from, row.to),
        None => period(dataset, None, None, &patch, ledger.clock().today()),
    };
    let change = Change {
        target,
        unit: unit.unwrap_or(crate::ledger::COMMON),
        from,
        to,
        action: Action::Assert(patch),
    };
    let set = ChangeSet {
        dataset: dataset.name.clone(),
        changes: vec![change],
        source: Source {
            reason: row.reason.clone(),
            kind: "form".to_owned(),
            ..Source::default()
        },
        based_on: row.based_on,
        idempotency_key: row.key.clone(),
        more_follows: false,
    };
    let outcome = ledger.commit(permit, set).await?;
    Ok((target.record(), outcome))
}

/// The one row as a file of one line, so that it takes the same way as a file.
fn reader_of(cells: &[(String, String)]) -> Result<RawReader, IntakeError> {
    let unreadable = |error: std::io::Error| ReadError::Unreadable {
        detail: error.to_string(),
    };
    let mut writer = CsvWriter::new(Vec::new()).map_err(unreadable)?;
    writer
        .write_row(cells.iter().map(|(_, text)| text.as_str()))
        .map_err(unreadable)?;
    let bytes = writer.finish().map_err(unreadable)?;
    let options = ReadOptions {
        encoding: Some(TextEncoding::Utf8),
        delimiter: Some(Delimiter::Comma),
        header: Header::Absent,
        width: Some(cells.len()),
        ..ReadOptions::default()
    };
    Ok(RawReader::open(bytes, &Limits::default(), &options)?)
}

impl Work<'_> {
    /// Refuses a row whose unique key a record out of reach holds; of that record nothing is said.
    pub(super) fn refuse_taken(&mut self, row: usize, batch: &Batch, place: usize, level: usize) {
        let key = self.dataset.match_keys.get(level);
        let field = match key.map(|key| key.fields.as_slice()) {
            Some([only]) => only.as_str(),
            _ => "",
        };
        let value = self.explainer.cell(batch, field, place);
        self.refuse(row, "CELL-TAKEN", field, value, String::new());
    }

    /// The fate of the one row of a form: the record it was opened for, unless its key is another's.
    pub(super) fn match_single(
        &mut self,
        single: Single,
        keys: &KeyIndex,
        context: &Context,
    ) -> Vec<Fate> {
        let own = context.references.get(&self.dataset.name);
        let key_columns = KeyColumns::new(self.dataset);
        let mut fates = Vec::with_capacity(self.refused.len());
        for row in 0..self.refused.len() {
            let row_keys = super::prepare::locate(self.batches, self.rows_before, row)
                .map(|(batch, place)| key_columns.of_batch(batch).of_row(place).to_vec())
                .unwrap_or_default();
            let holders = match keys.find(&row_keys) {
                Match::One(record) => vec![record],
                Match::Many(records) => records,
                Match::Nothing | Match::NoKey => Vec::new(),
            };
            let other = holders
                .iter()
                .find(|holder| Some(**holder) != single.target);
            let elsewhere = keys.taken_elsewhere(&row_keys, single.target);
            let no_key = single.target.is_none() && row_keys.iter().all(Option::is_none);
            if let Some(other) = other {
                let label = own.map_or_else(|| other.to_string(), |own| own.label(*other));
                self.refuse(row, TAKEN, "", label, other.to_string());
                fates.push(Fate {
                    class: Class::Refused,
                    record: Some(*other),
                });
            } else if let (Some(level), Some((batch, place))) = (
                elsewhere,
                super::prepare::locate(self.batches, self.rows_before, row),
            ) {
                self.refuse_taken(row, batch, place, level);
                fates.push(Fate {
                    class: Class::Refused,
                    record: None,
                });
            } else if no_key {
                let fields = self.explainer.key_fields();
                self.refuse(row, "ROW-NO-KEY", "", String::new(), fields);
                fates.push(Fate {
                    class: Class::Refused,
                    record: None,
                });
            } else {
                fates.push(Fate {
                    class: Class::New,
                    record: single.target,
                });
            }
        }
        fates
    }
}
