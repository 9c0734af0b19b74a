//! From a plan to commits: one change set a reporting unit, each whole or absent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::{Clocks, Day, RecordId, UnitId, Value};
use security::Permit;
use serde::{Deserialize, Serialize};
use standard::{MissingRule, UnitRule};

use super::context::reporting_unit;
use super::error::IntakeError;
use super::plan::Class;
use super::prepare::{Link, Prepared};
use super::rows::{RowReader, keep_known_days, period, unit_of};
use super::{Options, Progress, Step};
use crate::ledger::{Action, Change, ChangeSet, Ledger, Outcome, Source, Target, Version};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The import's number.
    pub import: i64,
    /// First and last commit; `None`: nothing was written.
    pub commits: Option<(i64, i64)>,
    /// Change sets that were committed now.
    pub committed: u64,
    /// Change sets that had been committed before a stop.
    pub resumed: u64,
    /// Versions written.
    pub opened: u64,
    /// Versions closed.
    pub closed: u64,
}

/// Rows of one reporting unit, by their numbers in the file, and records that are missing from the list.
#[derive(Default)]
struct Group {
    rows: Vec<usize>,
    missing: Vec<usize>,
}

/// What becomes one change set.
struct Part {
    unit: UnitId,
    rows: Vec<usize>,
    missing: Vec<usize>,
}

/// What the change sets of one import have in common.
struct Batch<'a> {
    ledger: &'a Ledger,
    permit: &'a Permit,
    prepared: &'a Arc<Prepared>,
    options: &'a Options,
    import: i64,
    /// The ids reserved for new records, by row.
    new_ids: Arc<Vec<Option<RecordId>>>,
}

/// Commits what was prepared. While one change set goes into the store the next is made ready.
///
/// # Errors
/// What was committed before a failure stays; the same file under the same import goes on from there.
pub(super) async fn commit(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Arc<Prepared>,
    options: &Options,
    import: i64,
    progress: &Progress,
) -> Result<Written, IntakeError> {
    permit.require(standard::Action::Import)?;
    let written = Written {
        import,
        ..Written::default()
    };
    let new_rows: Vec<usize> = prepared
        .fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| fate.class == Class::New)
        .map(|(row, _)| row)
        .collect();
    let ids = ledger.reserve_records(permit, new_rows.len()).await?;
    let batch = Batch {
        ledger,
        permit,
        prepared,
        options,
        import,
        new_ids: Arc::new(by_row(prepared.fates.len(), new_rows.into_iter().zip(ids))),
    };
    let written = batch.write(written, progress).await;
    // Also where the work was stopped: what was committed before is there.
    let settled = ledger.settle(&prepared.dataset.name).await;
    let written = written?;
    settled?;
    Ok(written)
}

/// A list with a place for every row.
fn by_row(rows: usize, ids: impl Iterator<Item = (usize, RecordId)>) -> Vec<Option<RecordId>> {
    let mut by_row = vec![None; rows];
    for (row, id) in ids {
        if let Some(slot) = by_row.get_mut(row) {
            *slot = Some(id);
        }
    }
    by_row
}

/// Cuts groups that are too large for one change set.
fn parts(groups: BTreeMap<UnitId, Group>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (unit, group) in groups {
        for rows in group.rows.chunks(ChangeSet::MOST_ROWS) {
            parts.push(Part {
                unit,
                rows: rows.to_vec(),
                missing: Vec::new(),
            });
        }
        for missing in group.missing.chunks(ChangeSet::MOST_ROWS) {
            parts.push(Part {
                unit,
                rows: Vec::new(),
                missing: missing.to_vec(),
            });
        }
    }
    parts
}

impl Batch<'_> {
    /// Commits part by part. While one goes into the store the next is made ready.
    async fn write(
        &self,
        mut written: Written,
        progress: &Progress,
    ) -> Result<Written, IntakeError> {
        let parts: Vec<Part> = parts(groups(self.ledger, self.permit, self.prepared).await?);
        let sets = parts.len() as u64;
        let total = parts
            .iter()
            .map(|part| part.rows.len() + part.missing.len())
            .sum::<usize>()
            .max(1) as u64;
        let mut done = 0;
        let mut ready = match parts.first() {
            Some(part) => Some(self.change_set(part).await?),
            None => None,
        };
        let mut place = 0;
        while let Some(set) = ready.take() {
            place += 1;
            done += set.changes.len() as u64;
            let following = async {
                match parts.get(place) {
                    Some(part) => self.change_set(part).await.map(Some),
                    None => Ok(None),
                }
            };
            let (outcome, following) = tokio::join!(
                self.ledger
                    .commit_as_planned(self.permit, set, self.prepared.plan.based_on),
                following
            );
            let before = place as u64 - 1;
            let outcome = outcome
                .map_err(|error| IntakeError::from(error).after(self.import, before, sets))?;
            match outcome {
                Outcome::Committed {
                    number,
                    opened,
                    closed,
                } => {
                    written.committed += 1;
                    written.opened += opened;
                    written.closed += closed;
                    let first = written.commits.map_or(number.get(), |(first, _)| first);
                    written.commits = Some((first, number.get()));
                }
                Outcome::AlreadyCommitted(_) => written.resumed += 1,
                Outcome::Unchanged => {}
            }
            ready = following.map_err(|error| error.after(self.import, place as u64, sets))?;
            progress.tell(Step::Write, done, total)?;
        }
        Ok(written)
    }

    async fn change_set(&self, part: &Part) -> Result<ChangeSet, IntakeError> {
        let mut changes = self.changes(&part.rows).await?;
        changes.extend(closures(
            self.ledger,
            self.prepared,
            self.options,
            &part.missing,
        ));
        let first = part
            .rows
            .first()
            .or(part.missing.first())
            .copied()
            .unwrap_or(0);
        let kind = if part.rows.is_empty() {
            "missing"
        } else {
            "rows"
        };
        Ok(ChangeSet {
            dataset: self.prepared.dataset.name.clone(),
            source: Source {
                reason: self.options.reason.clone(),
                kind: "file".to_owned(),
                name: self.prepared.plan.file.clone(),
                import: Some(self.import),
                ..Source::default()
            },
            based_on: Some(self.prepared.plan.based_on).filter(|_| self.options.strict),
            // The same rows of the same import are the same change set, also after a restart.
            idempotency_key: Some(format!(
                "import:{}:{}:{kind}:{first}:{}",
                self.import,
                part.unit,
                changes.len()
            )),
            more_follows: true,
            changes,
        })
    }

    async fn changes(&self, rows: &[usize]) -> Result<Vec<Change>, IntakeError> {
        // The unit of a record that is held may stand only in what is held.
        let held: Vec<RecordId> = rows
            .iter()
            .filter_map(|row| self.prepared.fates.get(*row).and_then(|fate| fate.record))
            .collect();
        let mut versions: HashMap<RecordId, Vec<Version>> = HashMap::new();
        for version in self
            .ledger
            .open_versions_in_full(self.permit, &self.prepared.dataset.name, &held)
            .await?
        {
            versions.entry(version.record).or_default().push(version);
        }
        let prepared = Arc::clone(self.prepared);
        let new_ids = Arc::clone(&self.new_ids);
        let rows = rows.to_vec();
        let (said, today) = (self.options.effective, self.ledger.clock().today());
        let by = self.options.effective_field.clone();
        let work = tokio::task::spawn_blocking(move || {
            let reader = RowReader::new(&prepared.dataset);
            rows.iter()
                .filter_map(|row| {
                    change_of(
                        &reader,
                        &prepared,
                        *row,
                        &new_ids,
                        &versions,
                        said,
                        by.as_deref(),
                        today,
                    )
                })
                .collect::<Vec<Change>>()
        });
        work.await
            .map_err(|error| IntakeError::Stopped(error.to_string()))
    }
}

/// What one row asserts.
#[expect(
    clippy::too_many_arguments,
    reason = "one row with all that bears on it"
)]
fn change_of(
    reader: &RowReader<'_>,
    prepared: &Prepared,
    row: usize,
    new_ids: &[Option<RecordId>],
    held: &HashMap<RecordId, Vec<Version>>,
    said: Option<Day>,
    by: Option<&str>,
    today: Day,
) -> Option<Change> {
    let dataset = &prepared.dataset;
    let (batch, place) = prepared.locate(row)?;
    let record = prepared.fates.get(row).and_then(|fate| fate.record);
    let mut patch = reader.patch(batch, place, record.is_some());
    for (position, link) in prepared.links.get(&row).into_iter().flatten() {
        let target = match link {
            Link::Record(record) => Some(*record),
            Link::Row(other) => new_ids.get(*other).copied().flatten(),
        };
        if let (Some(slot), Some(target)) = (patch.get_mut(*position), target) {
            *slot = Some(target.into());
        }
    }
    let target = match (record, new_ids.get(row).copied().flatten()) {
        (Some(record), _) => Target::Existing(record),
        (None, Some(record)) => Target::New(record),
        (None, None) => return None,
    };
    let stretches = record
        .and_then(|record| held.get(&record))
        .map_or(&[][..], Vec::as_slice);
    keep_known_days(batch, place, &mut patch, stretches);
    let unit = match dataset.unit {
        UnitRule::SelfUnit { .. } => Some(UnitId::new(target.record().get())),
        UnitRule::Root | UnitRule::OfField(_) => unit_of(dataset, &patch, stretches),
    };
    let (from, to) = period(dataset, said, by, &patch, today);
    Some(Change {
        target,
        unit: unit.unwrap_or(crate::ledger::COMMON),
        from,
        to,
        action: Action::Assert(patch),
    })
}

async fn groups(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Prepared,
) -> Result<BTreeMap<UnitId, Group>, IntakeError> {
    let units = ledger.security().units();
    let mut offices: BTreeSet<UnitId> = BTreeSet::new();
    let today = ledger.clock().today();
    ledger
        .read(permit, "education_unit", Clocks::latest(today), |version| {
            offices.insert(UnitId::new(version.record.get()));
        })
        .await?;
    let mut groups: BTreeMap<UnitId, Group> = BTreeMap::new();
    for (row, fate) in prepared.fates.iter().enumerate() {
        if !matches!(fate.class, Class::New | Class::Changed) {
            continue;
        }
        let unit = match &prepared.dataset.unit {
            UnitRule::Root => crate::ledger::COMMON,
            UnitRule::SelfUnit {
                parent_field: field,
            }
            | UnitRule::OfField(field) => prepared
                .locate(row)
                .and_then(|(batch, place)| {
                    let column = batch.table.position(field)?;
                    batch.table.int(column, place)
                })
                .map(UnitId::new)
                .or_else(|| {
                    fate.record
                        .and_then(|record| units.parent(UnitId::new(record.get())))
                })
                .map_or(crate::ledger::COMMON, |unit| {
                    reporting_unit(&units, &offices, unit)
                }),
        };
        groups.entry(unit).or_default().rows.push(row);
    }
    for (place, (_, version)) in prepared.missing.iter().enumerate() {
        let unit = units.parent(version.unit).unwrap_or(version.unit);
        let unit = reporting_unit(&units, &offices, unit);
        groups.entry(unit).or_default().missing.push(place);
    }
    Ok(groups)
}

/// What a complete list proposes for records that it does not have.
fn closures(
    ledger: &Ledger,
    prepared: &Prepared,
    options: &Options,
    places: &[usize],
) -> Vec<Change> {
    let MissingRule::Close { field, value } = &prepared.dataset.missing else {
        return Vec::new();
    };
    let width = prepared.dataset.stored_fields().count();
    let Some(position) = prepared
        .dataset
        .stored_fields()
        .position(|each| each.name == *field)
    else {
        return Vec::new();
    };
    let from = options.effective.unwrap_or_else(|| ledger.clock().today());
    places
        .iter()
        .filter_map(|place| prepared.missing.get(*place))
        .map(|(record, version)| {
            let mut patch = vec![None; width];
            if let Some(slot) = patch.get_mut(position) {
                *slot = Some(Value::Text(value.clone()));
            }
            Change {
                target: Target::Existing(*record),
                unit: version.unit,
                from,
                to: None,
                action: Action::Assert(patch),
            }
        })
        .collect()
}
