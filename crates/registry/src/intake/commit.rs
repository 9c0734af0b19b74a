//! From a plan to commits: one change set a reporting unit, each whole or absent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{Clocks, RecordId, UnitId, Value};
use security::Permit;
use serde::{Deserialize, Serialize};
use standard::{MissingRule, UnitRule};

use super::context::reporting_unit;
use super::error::IntakeError;
use super::plan::Class;
use super::prepare::{Link, Prepared};
use super::rows::{patch_of, period, unit_of};
use super::{Options, Progress, Step};
use crate::ledger::{Action, Change, ChangeSet, Ledger, Outcome, Source, Target};

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

/// Rows of one reporting unit, by their numbers in the file; records that are missing from the list.
#[derive(Default)]
struct Group {
    rows: Vec<usize>,
    missing: Vec<usize>,
}

/// Commits what was prepared.
///
/// # Errors
/// What was committed before a failure stays; the same file under the same import goes on from there.
pub(super) async fn commit(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Prepared,
    options: &Options,
    import: i64,
    progress: &Progress,
) -> Result<Written, IntakeError> {
    permit.require(standard::Action::Import)?;
    let mut written = Written { import, ..Written::default() };
    let new_rows: Vec<usize> = prepared
        .fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| fate.class == Class::New)
        .map(|(row, _)| row)
        .collect();
    let ids = ledger.reserve_records(permit, new_rows.len()).await?;
    let new_ids: HashMap<usize, RecordId> = new_rows.iter().copied().zip(ids).collect();
    let groups = groups(ledger, permit, prepared, options).await?;
    let sets: usize = groups.values().map(|group| group.sets()).sum();
    let total = (prepared.plan.count(Class::New) + prepared.plan.count(Class::Changed) + prepared.missing.len() as u64)
        .max(1);
    let mut done = 0;
    let mut set_number = 0;
    for (unit, group) in groups {
        let mut changes_left = group.rows.as_slice();
        let mut first_part = true;
        while !changes_left.is_empty() || (first_part && !group.missing.is_empty()) {
            let room = ChangeSet::MOST_ROWS - if first_part { group.missing.len().min(ChangeSet::MOST_ROWS / 2) } else { 0 };
            let (rows, rest) = changes_left.split_at(changes_left.len().min(room));
            changes_left = rest;
            let mut changes = changes_of(ledger, permit, prepared, options, rows, &new_ids).await?;
            if first_part {
                changes.extend(closures(ledger, prepared, options, &group.missing));
            }
            first_part = false;
            set_number += 1;
            let first = rows.first().copied().unwrap_or(0);
            let count = changes.len() as u64;
            let set = ChangeSet {
                dataset: prepared.dataset.name.clone(),
                changes,
                source: Source {
                    reason: options.reason.clone(),
                    kind: "file".to_owned(),
                    name: prepared.plan.file.clone(),
                    import: Some(import),
                    ..Source::default()
                },
                based_on: Some(prepared.plan.based_on).filter(|_| options.strict),
                idempotency_key: Some(format!("import:{import}:{unit}:{first}:{count}")),
                more_follows: set_number < sets,
            };
            match ledger.commit(permit, set).await? {
                Outcome::Committed { number, opened, closed } => {
                    written.committed += 1;
                    written.opened += opened;
                    written.closed += closed;
                    let first = written.commits.map_or(number.get(), |(first, _)| first);
                    written.commits = Some((first, number.get()));
                }
                Outcome::AlreadyCommitted(_) => written.resumed += 1,
                Outcome::Unchanged => {}
            }
            done += count;
            progress.tell(Step::Write, done, total)?;
        }
    }
    ledger.settle().await?;
    Ok(written)
}

impl Group {
    /// How many change sets it takes.
    fn sets(&self) -> usize {
        (self.rows.len() + self.missing.len()).div_ceil(ChangeSet::MOST_ROWS).max(1)
    }
}

async fn groups(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Prepared,
    options: &Options,
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
            UnitRule::SelfUnit { parent_field: field } | UnitRule::OfField(field) => prepared
                .locate(row)
                .and_then(|(batch, place)| {
                    let column = batch.table.position(field)?;
                    batch.table.int(column, place)
                })
                .map(UnitId::new)
                .or_else(|| fate.record.and_then(|record| units.parent(UnitId::new(record.get()))))
                .map_or(crate::ledger::COMMON, |unit| reporting_unit(&units, &offices, unit)),
        };
        groups.entry(unit).or_default().rows.push(row);
    }
    for (place, (_, version)) in prepared.missing.iter().enumerate() {
        let unit = units.parent(version.unit).unwrap_or(version.unit);
        let unit = reporting_unit(&units, &offices, unit);
        groups.entry(unit).or_default().missing.push(place);
    }
    let _ = options;
    Ok(groups)
}

async fn changes_of(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Prepared,
    options: &Options,
    rows: &[usize],
    new_ids: &HashMap<usize, RecordId>,
) -> Result<Vec<Change>, IntakeError> {
    let dataset = &prepared.dataset;
    // The unit of a record that is held may stand only in what is held.
    let held: Vec<RecordId> =
        rows.iter().filter_map(|row| prepared.fates.get(*row).and_then(|fate| fate.record)).collect();
    let mut versions: HashMap<RecordId, Vec<crate::ledger::Version>> = HashMap::new();
    for version in ledger.open_versions(permit, &dataset.name, &held).await? {
        versions.entry(version.record).or_default().push(version);
    }
    let mut links: HashMap<usize, Vec<(usize, Link)>> = HashMap::new();
    for ((row, position), link) in &prepared.links {
        links.entry(*row).or_default().push((*position, *link));
    }
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let Some((batch, place)) = prepared.locate(*row) else { continue };
        let record = prepared.fates.get(*row).and_then(|fate| fate.record);
        let mut patch = patch_of(dataset, batch, place, record.is_some());
        for (position, link) in links.get(row).into_iter().flatten() {
            let target = match link {
                Link::Record(record) => Some(*record),
                Link::Row(other) => new_ids.get(other).copied(),
            };
            if let (Some(slot), Some(target)) = (patch.get_mut(*position), target) {
                *slot = Some(target.into());
            }
        }
        let target = match (record, new_ids.get(row)) {
            (Some(record), _) => Target::Existing(record),
            (None, Some(record)) => Target::New(*record),
            (None, None) => continue,
        };
        let stretches = record.and_then(|record| versions.get(&record)).map_or(&[][..], Vec::as_slice);
        let own = match dataset.unit {
            UnitRule::SelfUnit { .. } => Some(UnitId::new(target.record().get())),
            UnitRule::Root | UnitRule::OfField(_) => unit_of(dataset, &patch, stretches),
        };
        let (from, to) = period(dataset, options.effective, &patch, ledger);
        changes.push(Change {
            target,
            unit: own.unwrap_or(crate::ledger::COMMON),
            from,
            to,
            action: Action::Assert(patch),
        });
    }
    Ok(changes)
}

/// What a complete list proposes for records that it does not have.
fn closures(ledger: &Ledger, prepared: &Prepared, options: &Options, places: &[usize]) -> Vec<Change> {
    let MissingRule::Close { field, value } = &prepared.dataset.missing else { return Vec::new() };
    let width = prepared.dataset.stored_fields().count();
    let Some(position) = prepared.dataset.stored_fields().position(|each| each.name == *field) else {
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
