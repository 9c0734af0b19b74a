//! Writing: a change set becomes a commit, whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use db::Tx;
use db::bulk::BulkRows;
use kernel::{CommitNumber, Day, RecordId, UnitId, Value};
use security::{Permit, UnitLife, UnitStretch};
use standard::{Action as Right, UnitRule};

use super::digest::{self, Encoder, Hash};
use super::error::LedgerError;
use super::model::{Change, ChangeSet, Commit, Outcome, Source, Target, Version};
use super::rules::{Stretch, apply};
use super::store::{self, Head, VersionKey};
use super::tables::DatasetTable;
use super::unique::refuse_taken_keys;
use super::{Ledger, may_write_under};

/// What a change set comes down to: versions to write and versions to close.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Versions to write; their `since` is filled in when the number is known.
    pub opened: Vec<Version>,
    /// Versions to close.
    pub closed: Vec<VersionKey>,
    /// Records that did not exist before.
    pub added: BTreeSet<RecordId>,
}

impl Effects {
    fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.closed.is_empty()
    }
}

/// What a commit says besides its rows.
pub(super) struct Header {
    pub actor: String,
    pub unit: Option<UnitId>,
    pub source: Source,
    pub idempotency_key: Option<String>,
}

impl Ledger {
    /// Commits a change set.
    ///
    /// # Errors
    /// Nothing is written when the permit does not cover a row, a record was touched by a commit after
    /// `based_on`, another record holds a unique key, or the store fails.
    pub async fn commit(&self, permit: &Permit, set: ChangeSet) -> Result<Outcome, LedgerError> {
        self.commit_unless(permit, set, None).await
    }

    /// Commits a change set of an import, unless someone else committed to the dataset after `planned`:
    /// which rows are new, and that no unique key is taken, was decided by what was held then.
    ///
    /// # Errors
    /// [`LedgerError::Overtaken`], and those of [`Ledger::commit`].
    pub async fn commit_as_planned(
        &self,
        permit: &Permit,
        set: ChangeSet,
        planned: CommitNumber,
    ) -> Result<Outcome, LedgerError> {
        self.commit_unless(permit, set, Some(planned)).await
    }

    async fn commit_unless(
        &self,
        permit: &Permit,
        set: ChangeSet,
        planned: Option<CommitNumber>,
    ) -> Result<Outcome, LedgerError> {
        permit.require(Right::Edit)?;
        if set.changes.len() > ChangeSet::MOST_ROWS {
            return Err(LedgerError::TooLarge {
                rows: set.changes.len(),
                most: ChangeSet::MOST_ROWS,
            });
        }
        let table = self.table(&set.dataset)?;
        let mut tx = self.db().write().await?;
        let head = store::lock_head(&mut tx).await?;
        if let Some(key) = &set.idempotency_key
            && let Some(number) = store::commit_with_key(&mut tx, key).await?
        {
            return Ok(Outcome::AlreadyCommitted(number));
        }
        if let Some(planned) = planned
            && let Some(between) =
                store::commit_of_others(&mut tx, &set.dataset, planned, set.source.import).await?
        {
            return Err(LedgerError::Overtaken(between));
        }
        self.refuse_conflicts(&mut tx, table, &set).await?;
        let reporting_unit = self.reporting_unit(table, &set.changes)?;
        let effects = self.effects(&mut tx, permit, table, set.changes).await?;
        if effects.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        if planned.is_none() {
            refuse_taken_keys(&mut tx, table, &effects.opened).await?;
        }
        let header = Header {
            actor: permit.actor().to_string(),
            unit: reporting_unit,
            source: set.source,
            idempotency_key: set.idempotency_key,
        };
        let outcome = self.write(&mut tx, head, table, effects, header).await?;
        tx.commit().await?;
        if !set.more_follows {
            self.settle(&set.dataset).await?;
        }
        Ok(outcome)
    }

    /// The unit that all rows report under, if they have one in common: their own, or the one above the
    /// institutions that they speak of.
    fn reporting_unit(
        &self,
        table: &DatasetTable,
        changes: &[Change],
    ) -> Result<Option<UnitId>, LedgerError> {
        let units = self.security().units();
        let rule = self.unit_rule(table)?;
        let stated = |change: &Change| match rule {
            OwnUnit::Parent(position) => parent_of(change, position),
            OwnUnit::Other => None,
        };
        let above = |change: &Change| {
            stated(change)
                .filter(|unit| *unit != change.unit)
                .or_else(|| units.parent(change.unit))
        };
        Ok(match rule {
            OwnUnit::Parent(_) => common_unit(changes, above),
            OwnUnit::Other => common_unit(changes, |change| Some(change.unit))
                .or_else(|| common_unit(changes, above)),
        })
    }

    /// What is to be done after the last commit of a batch: keeps the head, and reads the unit tree again
    /// where the dataset's records are units.
    ///
    /// # Errors
    /// Those of the store, and [`LedgerError::UnknownDataset`].
    pub async fn settle(&self, dataset: &str) -> Result<(), LedgerError> {
        self.keep_head().await;
        if matches!(self.unit_rule(self.table(dataset)?)?, OwnUnit::Parent(_)) {
            self.security().reload_units().await?;
        }
        Ok(())
    }

    async fn refuse_conflicts(
        &self,
        tx: &mut Tx,
        table: &DatasetTable,
        set: &ChangeSet,
    ) -> Result<(), LedgerError> {
        let Some(seen) = set.based_on else {
            return Ok(());
        };
        let records: Vec<RecordId> = set
            .changes
            .iter()
            .map(|change| change.target.record())
            .collect();
        let touched = store::touched_after(tx, table, &records, seen).await?;
        if touched.is_empty() {
            Ok(())
        } else {
            Err(LedgerError::Conflict {
                seen,
                records: touched,
            })
        }
    }

    /// Works out what the changes come down to on what the store holds now.
    async fn effects(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        table: &DatasetTable,
        changes: Vec<Change>,
    ) -> Result<Effects, LedgerError> {
        let units = self.security().units();
        let existing: Vec<RecordId> = changes
            .iter()
            .filter_map(|change| match change.target {
                Target::Existing(record) => Some(record),
                Target::New(_) => None,
            })
            .collect();
        self.refuse_unseen_fields(permit, table, &changes)?;
        let mut stored = store::open_versions(tx, table, &existing).await?;
        self.open_parts(tx, table, &mut stored, |_| true).await?;
        if let Some(erased) = stored.iter().find(|version| version.is_erased()) {
            return Err(LedgerError::Erased(erased.record));
        }
        let mut stored_by_record: BTreeMap<RecordId, Vec<Version>> = BTreeMap::new();
        for version in stored {
            if !may_write_under(permit, &units, table.dataset(), version.unit) {
                return Err(security::Denied::Hidden.into());
            }
            stored_by_record
                .entry(version.record)
                .or_default()
                .push(version);
        }
        let unit_rule = self.unit_rule(table)?;
        let mut judged: Option<UnitId> = None;
        for change in &changes {
            let answers_to = match &unit_rule {
                OwnUnit::Parent(position) => parent_of(change, *position),
                OwnUnit::Other => Some(change.unit),
            };
            // Most of a batch answers to one unit: it is judged once.
            if answers_to.is_some() && answers_to == judged {
                continue;
            }
            let everywhere = permit.reaches_everything() && permit.writes_dataset(table.dataset());
            if !answers_to.map_or(everywhere, |unit| {
                may_write_under(permit, &units, table.dataset(), unit)
            }) {
                return Err(security::Denied::Hidden.into());
            }
            judged = answers_to;
        }
        if are_new_in_order(&changes) {
            return Ok(first_versions(changes, table.width()));
        }
        let mut changes_by_record: BTreeMap<RecordId, Vec<Change>> = BTreeMap::new();
        for change in changes {
            let record = change.target.record();
            changes_by_record.entry(record).or_default().push(change);
        }
        let mut effects = Effects::default();
        for (record, record_changes) in changes_by_record {
            let versions = stored_by_record.remove(&record).unwrap_or_default();
            let known = record_changes
                .iter()
                .any(|change| matches!(change.target, Target::New(_)));
            if versions.is_empty() && !known {
                return Err(LedgerError::NoRecord(record, table.dataset().to_owned()));
            }
            if known {
                effects.added.insert(record);
            }
            effects_on_record(
                record,
                versions,
                record_changes,
                table.width(),
                &mut effects,
            );
        }
        Ok(effects)
    }

    pub(super) fn unit_rule(&self, table: &DatasetTable) -> Result<OwnUnit, LedgerError> {
        let dataset = self
            .standard()
            .dataset(table.dataset())
            .ok_or_else(|| LedgerError::UnknownDataset(table.dataset().to_owned()))?;
        Ok(match &dataset.unit {
            UnitRule::SelfUnit { parent_field } => OwnUnit::Parent(table.position(parent_field)),
            UnitRule::OfField(_) | UnitRule::Root => OwnUnit::Other,
        })
    }

    /// Writes a commit with its rows and moves the head; the caller ends the transaction.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        head: Head,
        table: &DatasetTable,
        mut effects: Effects,
        header: Header,
    ) -> Result<Outcome, LedgerError> {
        let number = head.number.next();
        for version in &mut effects.opened {
            version.since = number;
        }
        let opened = effects.opened.len() as u64;
        let closed = effects.closed.len() as u64;
        self.write_units(tx, table, number, &effects).await?;
        self.seal(tx, table, &mut effects.opened).await?;
        let columns = table.column_names();
        let mut rows = BulkRows::with_capacity(columns.len(), effects.opened.len());
        for version in effects.opened {
            rows.push(table.row(version))?;
        }
        let rows = Arc::new(rows);
        // The root is worked out on other threads while the rows go into the store.
        let root = {
            let (table, rows, closed) = (table.clone(), Arc::clone(&rows), effects.closed.clone());
            tokio::task::spawn_blocking(move || root_of(&table, &rows, &closed))
        };
        store::close(tx, table, number, &effects.closed).await?;
        db::bulk::insert(tx, table.table_name(), &columns, rows.as_ref()).await?;
        let root = root.await.map_err(|error| {
            LedgerError::Damaged(format!("the root was not worked out: {error}"))
        })?;
        self.append(tx, head, table.dataset(), root, (opened, closed), header)
            .await?;
        Ok(Outcome::Committed {
            number,
            opened,
            closed,
        })
    }

    /// Appends the entry of the log.
    async fn append(
        &self,
        tx: &mut Tx,
        head: Head,
        dataset: &str,
        root: Hash,
        (opened, closed): (u64, u64),
        header: Header,
    ) -> Result<(), LedgerError> {
        let mut commit = Commit {
            number: head.number.next(),
            time: self.clock().now().max(head.time),
            actor: header.actor,
            dataset: dataset.to_owned(),
            unit: header.unit,
            source: header.source,
            definitions: (
                self.standard().version().to_owned(),
                self.standard().hash().to_owned(),
            ),
            opened: i64::try_from(opened).unwrap_or(i64::MAX),
            closed: i64::try_from(closed).unwrap_or(i64::MAX),
            root,
            parent: head.hash,
            node: head.node,
            idempotency_key: header.idempotency_key,
            hash: digest::NO_PARENT,
        };
        commit.hash = Encoder::default().commit(&commit);
        store::insert_commit(tx, &commit).await?;
        store::move_head(tx, &commit).await
    }

    /// Makes the tables, and adopts the definitions when the last commit was made under others.
    pub(super) async fn adopt_definitions(&self, node: &str) -> Result<(), LedgerError> {
        let mut tx = self.db().write().await?;
        store::start(&mut tx, node, digest::NO_PARENT).await?;
        let head = store::lock_head(&mut tx).await?;
        for table in self.tables.values() {
            db::ensure_table(&mut tx, &table.spec()).await?;
        }
        let hash = self.standard().hash().to_owned();
        store::keep_definitions(&mut tx, &hash, self.standard().files()).await?;
        let last = store::commit(&mut tx, head.number).await?;
        if last.is_some_and(|commit| commit.definitions.1 == hash) {
            tx.commit().await?;
            return Ok(());
        }
        let header = Header {
            actor: "weihe".to_owned(),
            unit: None,
            source: Source {
                reason: format!("definitions {}", self.standard().version()),
                kind: "definitions".to_owned(),
                ..Source::default()
            },
            idempotency_key: None,
        };
        self.append(&mut tx, head, "", digest::root(Vec::new()), (0, 0), header)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps the `unit` table in step where the dataset's records are themselves units.
    async fn write_units(
        &self,
        tx: &mut Tx,
        table: &DatasetTable,
        number: CommitNumber,
        effects: &Effects,
    ) -> Result<(), LedgerError> {
        let OwnUnit::Parent(position) = self.unit_rule(table)? else {
            return Ok(());
        };
        let stretch_of = |version: &Version| UnitStretch {
            from: version.from,
            to: version.to,
            parent: position
                .and_then(|position| version.values.get(position))
                .and_then(Value::as_int)
                .map(UnitId::new),
        };
        // The versions of one record stand together.
        let mut added: Vec<UnitLife> = Vec::with_capacity(effects.added.len());
        let mut known: BTreeSet<RecordId> = effects
            .closed
            .iter()
            .map(|(record, _, _)| *record)
            .collect();
        for version in &effects.opened {
            let unit = UnitId::new(version.record.get());
            if !effects.added.contains(&version.record) {
                known.insert(version.record);
                continue;
            }
            match added.last_mut() {
                Some(life) if life.unit == unit => life.stretches.push(stretch_of(version)),
                _ => added.push(UnitLife {
                    unit,
                    stretches: vec![stretch_of(version)],
                }),
            }
        }
        let known: Vec<RecordId> = known.into_iter().collect();
        let closed: BTreeSet<VersionKey> = effects.closed.iter().copied().collect();
        // What stands after this commit: what stood, less what it closes, plus what it opens.
        let standing = store::open_versions(tx, table, &known).await?;
        let standing = standing
            .iter()
            .filter(|version| !closed.contains(&(version.record, version.since, version.from)));
        let opened = effects.opened.iter();
        let opened = opened.filter(|version| !effects.added.contains(&version.record));
        let mut lives: BTreeMap<RecordId, Vec<UnitStretch>> = BTreeMap::new();
        for version in standing.chain(opened) {
            lives
                .entry(version.record)
                .or_default()
                .push(stretch_of(version));
        }
        let life_of = |record: &RecordId| UnitLife {
            unit: UnitId::new(record.get()),
            stretches: lives.get(record).cloned().unwrap_or_default(),
        };
        let changed: Vec<UnitLife> = known.iter().map(life_of).collect();
        security::api::put_units(tx, number, &added, &changed).await?;
        Ok(())
    }
}

/// How a record's place in the unit tree follows from its fields.
pub(super) enum OwnUnit {
    /// The record is a unit; the field at this place names its parent.
    Parent(Option<usize>),
    /// The record belongs to a unit.
    Other,
}

/// The unit above a record that is itself a unit, as the change states it.
fn parent_of(change: &Change, position: Option<usize>) -> Option<UnitId> {
    let super::model::Action::Assert(patch) = &change.action else {
        return Some(change.unit);
    };
    position
        .and_then(|position| patch.get(position))
        .and_then(Option::as_ref)
        .and_then(Value::as_int)
        .map(UnitId::new)
        .or(match change.target {
            Target::Existing(_) => Some(change.unit),
            Target::New(_) => None,
        })
}

fn stretches_of(versions: &[Version]) -> Vec<Stretch> {
    versions
        .iter()
        .enumerate()
        .map(|(place, version)| Stretch {
            from: version.from,
            to: version.to,
            unit: version.unit,
            values: version.values.clone(),
            stored: Some(place),
        })
        .collect()
}

/// Whether a change leaves every open version of a record as it is.
pub(crate) fn says_nothing_new(versions: &[Version], change: &Change) -> bool {
    let width = versions.first().map_or(0, |version| version.values.len());
    let after = apply(stretches_of(versions), change, width);
    after.len() == versions.len() && after.iter().all(|stretch| stretch.stored.is_some())
}

/// The fields that a change gives another value on any day that it speaks of: place, what is held, what
/// the change says.
pub(crate) fn differences(versions: &[Version], change: &Change) -> Vec<(usize, Value, Value)> {
    let super::model::Action::Assert(patch) = &change.action else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (position, new) in patch.iter().enumerate() {
        let Some(new) = new else { continue };
        let other = versions
            .iter()
            .filter(|version| {
                version.to.is_none_or(|end| change.from < end)
                    && change.to.is_none_or(|end| version.from < end)
            })
            .filter_map(|version| version.values.get(position))
            .find(|held| *held != new);
        if let Some(held) = other {
            found.push((position, held.clone(), new.clone()));
        }
    }
    found
}

/// Whether every change speaks of a new record, each of another one, in ascending order: a first load.
fn are_new_in_order(changes: &[Change]) -> bool {
    let is_new = |change: &Change| matches!(change.target, Target::New(_));
    changes.iter().all(is_new)
        && changes.is_sorted_by(|one, next| one.target.record() < next.target.record())
}

/// What a first load comes down to.
fn first_versions(changes: Vec<Change>, width: usize) -> Effects {
    let mut effects = Effects {
        opened: Vec::with_capacity(changes.len()),
        closed: Vec::new(),
        added: changes
            .iter()
            .map(|change| change.target.record())
            .collect(),
    };
    for change in changes {
        let record = change.target.record();
        effects_on_record(record, Vec::new(), vec![change], width, &mut effects);
    }
    effects
}

fn effects_on_record(
    record: RecordId,
    versions: Vec<Version>,
    mut changes: Vec<Change>,
    width: usize,
    effects: &mut Effects,
) {
    // What most rows of a first load are: a record that is new, stated once. Its values are moved.
    if versions.is_empty()
        && let [change] = changes.as_mut_slice()
        && change.to.is_none_or(|to| change.from < to)
        && let super::model::Action::Assert(patch) = &mut change.action
        && patch.len() == width
    {
        effects.opened.push(Version {
            record,
            unit: change.unit,
            since: CommitNumber::NONE,
            until: None,
            from: change.from,
            to: change.to,
            // In place: the memory of the patch becomes that of the values.
            values: std::mem::take(patch)
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect(),
            sealed: Vec::new(),
        });
        return;
    }
    let keys: Vec<(CommitNumber, Day)> = versions
        .iter()
        .map(|version| (version.since, version.from))
        .collect();
    let mut stretches = stretches_of(&versions);
    for change in &changes {
        stretches = apply(stretches, change, width);
    }
    let mut still_open = vec![false; keys.len()];
    for stretch in stretches {
        match stretch.stored {
            Some(place) => {
                if let Some(open) = still_open.get_mut(place) {
                    *open = true;
                }
            }
            None => effects.opened.push(Version {
                record,
                unit: stretch.unit,
                since: CommitNumber::NONE,
                until: None,
                from: stretch.from,
                to: stretch.to,
                values: stretch.values,
                sealed: Vec::new(),
            }),
        }
    }
    for ((since, from), open) in keys.into_iter().zip(still_open) {
        if !open {
            effects.closed.push((record, since, from));
        }
    }
}

/// The root over what a commit writes (rows as they go into the table) and closes.
fn root_of(table: &DatasetTable, rows: &BulkRows, closed: &[VersionKey]) -> Hash {
    use rayon::prelude::*;
    let rows: Vec<&[Value]> = rows.rows().collect();
    let mut leaves: Vec<Hash> = rows
        .par_iter()
        .map_init(Encoder::default, |encoder, row| {
            table.opened(row).map_or(digest::NO_PARENT, |stretch| {
                encoder.opened(table.dataset(), table.sorted_columns(), stretch)
            })
        })
        .collect();
    let mut encoder = Encoder::default();
    leaves.extend(
        closed
            .iter()
            .map(|(record, since, from)| encoder.closed(table.dataset(), *record, *since, *from)),
    );
    digest::root(leaves)
}

/// The unit that all rows have in common, if they do.
fn common_unit(changes: &[Change], unit_of: impl Fn(&Change) -> Option<UnitId>) -> Option<UnitId> {
    let first = unit_of(changes.first()?)?;
    changes
        .iter()
        .all(|change| unit_of(change) == Some(first))
        .then_some(first)
}

/// Effects that undo an earlier commit; see [`super::reverse`].
pub(super) fn effects_of(opened: Vec<Version>, closed: Vec<VersionKey>) -> Effects {
    Effects {
        opened,
        closed,
        added: BTreeSet::new(),
    }
}
