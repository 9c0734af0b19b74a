//! The ledger: every write to a dataset is a commit, every version stays.
//!
//! Format 2 is described in docs/ledger.md. What must hold:
//! - commit numbers have no gaps and come from the locked head row; commit times never go back;
//! - the open versions of a record never overlap in effective time;
//! - a written version is never changed except to set its `until`, and to take its sealed parts away when its person
//!   is erased;
//! - personal fields stand in no column: they are sealed under the key of their person, and a read gives them only to
//!   those who open them ([`Ledger::open_versions_in_full`]);
//! - no two records hold the same unique key (`unique_keys` of the definitions);
//! - the root of a commit covers every version it wrote and closed; its hash covers the root and the
//!   hash of the commit before.

mod commit;
mod digest;
mod error;
mod model;
mod persons;
mod reverse;
mod rules;
mod sealing;
mod store;
mod store_persons;
mod store_verify;
mod tables;
mod touched;
mod unique;
mod unit_rules;
mod verify;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use db::Db;
use kernel::{Clock, Clocks, CommitNumber, Day, RecordId, UnitId};
use security::{LedgerHead, Permit, Security, UnitTree};
use standard::Standard;

pub(crate) use commit::{differences, says_nothing_new};
pub use digest::{Hash, hex};
pub use error::{LedgerError, store_zh};
pub use model::{
    Action, Change, ChangeSet, Commit, Origin, Outcome, PartState, SealedPart, Source, Target,
    Version,
};
pub use reverse::Reversal;
pub use sealing::SealedFault;
pub(crate) use sealing::{Looked, lookup_key};
pub use store::Head;
pub use tables::DatasetTable;
pub use touched::Touched;
pub use unit_rules::UnitFault;
pub use verify::{Finding, VerifyReport};

/// The unit of data that no unit below the province owns, such as the table of divisions: everyone who
/// may read reads it, and only those who hold the whole node or a root unit write it.
pub const COMMON: UnitId = UnitId::new(0);

/// Whether the permit reaches a version of this dataset and unit: the one question that every read of rows
/// asks ([`crate::held`] asks it of whole ranges).
pub(crate) fn sees(permit: &Permit, units: &UnitTree, dataset: &str, unit: UnitId) -> bool {
    permit.sees_dataset(dataset) && (unit == COMMON || permit.sees(units, unit))
}

/// Whether the permit may write rows of this dataset under this unit.
pub(crate) fn may_write_under(
    permit: &Permit,
    units: &UnitTree,
    dataset: &str,
    unit: UnitId,
) -> bool {
    if !permit.writes_dataset(dataset) {
        return false;
    }
    if unit == COMMON {
        permit.reaches_everything() || units.roots().iter().any(|root| permit.sees(units, *root))
    } else {
        permit.sees(units, unit)
    }
}

/// The ledger of this node.
#[derive(Clone)]
pub struct Ledger {
    db: Db,
    standard: Arc<Standard>,
    security: Security,
    clock: Arc<dyn Clock>,
    tables: Arc<BTreeMap<String, DatasetTable>>,
}

impl Ledger {
    /// Opens the ledger, making or widening its tables as the definitions say. Definitions that the
    /// last commit did not know are adopted by a commit of their own.
    ///
    /// # Errors
    /// Fails when the store cannot be reached or a definition takes away what is in use.
    pub async fn open(
        db: Db,
        standard: Arc<Standard>,
        security: Security,
        clock: Arc<dyn Clock>,
        node: &str,
    ) -> Result<Ledger, LedgerError> {
        db::migrate(&db, store::MIGRATIONS).await?;
        let tables: BTreeMap<String, DatasetTable> = standard
            .datasets()
            .iter()
            .map(|dataset| (dataset.name.clone(), DatasetTable::of(dataset)))
            .collect();
        let ledger = Ledger {
            db,
            standard,
            security,
            clock,
            tables: Arc::new(tables),
        };
        ledger.adopt_definitions(node).await?;
        let emptied = ledger.empty_erased().await?;
        if emptied > 0 {
            tracing::warn!(
                persons = emptied,
                "what a restored ledger still held sealed of erased persons was removed"
            );
        }
        ledger.keep_head().await;
        Ok(ledger)
    }

    /// Whether a database holds a ledger. One whose first start was cut off does not yet.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_in(db: &Db) -> Result<bool, LedgerError> {
        store::has_head(&mut db.read().await?).await
    }

    /// Opens the ledger as it is: makes and renews nothing, adopts nothing. What the definitions have and
    /// the store does not reads as empty.
    ///
    /// # Errors
    /// [`LedgerError::NotThere`]; fails when the store cannot be reached.
    pub async fn open_to_read(
        db: Db,
        standard: Arc<Standard>,
        security: Security,
        clock: Arc<dyn Clock>,
    ) -> Result<Ledger, LedgerError> {
        if !Ledger::is_in(&db).await? {
            return Err(LedgerError::NotThere);
        }
        let stored = db::stored_tables(&mut db.read().await?, tables::PREFIX).await?;
        let tables: BTreeMap<String, DatasetTable> = standard
            .datasets()
            .iter()
            .map(|dataset| {
                let table = DatasetTable::of(dataset).limited_to_stored(&stored);
                (dataset.name.clone(), table)
            })
            .collect();
        Ok(Ledger {
            db,
            standard,
            security,
            clock,
            tables: Arc::new(tables),
        })
    }

    /// Keeps the head in the audit log of the work database ([`Security::keep_ledger_head`]). What was
    /// committed is committed: where this fails, a later head is kept.
    pub(super) async fn keep_head(&self) {
        if let Err(error) = self.try_to_keep_head().await {
            tracing::warn!(%error, "the head of the ledger could not be kept in the audit log");
        }
    }

    async fn try_to_keep_head(&self) -> Result<(), LedgerError> {
        let head = self.head().await?;
        let kept = self.security.last_ledger_head().await?;
        if let Some(kept) = kept.filter(|kept| kept.number > head.number) {
            tracing::warn!(
                ends = %head.number,
                written = %kept.number,
                "the ledger lacks commits that were written; run `weihe verify`"
            );
            return Ok(());
        }
        self.security.keep_ledger_head(&head.as_kept()).await?;
        Ok(())
    }

    /// Accounts, permits and the unit tree.
    pub fn security(&self) -> &Security {
        &self.security
    }

    /// The definitions that this ledger writes under.
    pub fn standard(&self) -> &Arc<Standard> {
        &self.standard
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The store, for the rooms' own read statements in `store.rs`.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// The table of a dataset.
    pub fn table(&self, dataset: &str) -> Result<&DatasetTable, LedgerError> {
        self.tables
            .get(dataset)
            .ok_or_else(|| LedgerError::UnknownDataset(dataset.to_owned()))
    }

    /// The head: the last commit's number, time and hash.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        store::head(&mut self.db.read().await?).await
    }

    /// Takes `count` record ids for rows that are to be committed.
    pub async fn reserve_records(
        &self,
        _permit: &Permit,
        count: usize,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut tx = self.db.write().await?;
        let first = store::reserve_records(&mut tx, count).await?;
        tx.commit().await?;
        Ok((first..first + count).map(RecordId::new).collect())
    }

    /// The last commit that was known at the end of a day: the second clock of a read.
    pub async fn known_on(&self, day: Day) -> Result<CommitNumber, LedgerError> {
        store::commit_before_instant(&mut self.db.read().await?, day.add_days(1).start()).await
    }

    /// The last commit up to `known_on` that touched a dataset.
    pub async fn last_commit_of(
        &self,
        dataset: &str,
        known_on: CommitNumber,
    ) -> Result<CommitNumber, LedgerError> {
        store::last_commit_of(&mut self.db.read().await?, dataset, known_on).await
    }

    /// How many records a dataset holds at two clocks, for measurements: over everything.
    pub async fn count(
        &self,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
    ) -> Result<u64, LedgerError> {
        permit.require(standard::Action::Read)?;
        if !permit.reaches_everything() || !permit.sees_dataset(dataset) {
            return Err(security::Denied::Hidden.into());
        }
        let table = self.table(dataset)?;
        store::count(&mut self.db.read().await?, table, clocks).await
    }

    /// The first day from which a dataset holds anything, as known at a commit; for those who may see all of it.
    pub async fn first_day(
        &self,
        permit: &Permit,
        dataset: &str,
        known_on: CommitNumber,
    ) -> Result<Option<Day>, LedgerError> {
        permit.require(standard::Action::Read)?;
        if !permit.reaches_everything() || !permit.sees_dataset(dataset) {
            return Ok(None);
        }
        let table = self.table(dataset)?;
        store::first_day(&mut self.db.read().await?, table, known_on).await
    }

    /// What a dataset holds at two clocks, in the order of record ids. Rows outside the permit are
    /// passed over before `each` sees them.
    pub async fn read(
        &self,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
        mut each: impl FnMut(Version) + Send,
    ) -> Result<(), LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db.read().await?;
        let units = self.security.units();
        store::at_clocks(&mut tx, table, clocks, |version| {
            if sees(permit, &units, dataset, version.unit) {
                each(version);
            }
        })
        .await
    }

    /// The open versions of some records that the permit reaches, ordered by record and day.
    pub async fn open_versions(
        &self,
        permit: &Permit,
        dataset: &str,
        records: &[RecordId],
    ) -> Result<Vec<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let units = self.security.units();
        let mut versions = store::open_versions(&mut self.db.read().await?, table, records).await?;
        versions.retain(|version| sees(permit, &units, dataset, version.unit));
        Ok(versions)
    }

    /// Every open version of a dataset, whatever its effective time: the record's whole known life.
    pub async fn read_open(
        &self,
        permit: &Permit,
        dataset: &str,
        mut each: impl FnMut(Version) + Send,
    ) -> Result<(), LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db.read().await?;
        let units = self.security.units();
        store::all_open(&mut tx, table, |version| {
            if sees(permit, &units, dataset, version.unit) {
                each(version);
            }
        })
        .await
    }

    /// Every open version of a dataset, also those out of reach, each with whether the permit reaches it. It
    /// is there for keys that hold across the ledger: nothing of a version out of reach may be shown.
    pub(crate) async fn read_open_beyond(
        &self,
        permit: &Permit,
        dataset: &str,
        mut each: impl FnMut(Version, bool) + Send,
    ) -> Result<(), LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db.read().await?;
        let units = self.security.units();
        store::all_open(&mut tx, table, |version| {
            let is_reached = sees(permit, &units, dataset, version.unit);
            each(version, is_reached);
        })
        .await
    }

    /// One record at two clocks; `None` when there is none or the permit does not reach it.
    pub async fn record(
        &self,
        permit: &Permit,
        dataset: &str,
        record: RecordId,
        clocks: Clocks,
    ) -> Result<Option<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db.read().await?;
        let units = self.security.units();
        let version = store::record_at(&mut tx, table, record, clocks).await?;
        Ok(version.filter(|version| sees(permit, &units, dataset, version.unit)))
    }

    /// Every version of a record that the permit reaches, the latest first, each with its commit.
    pub async fn history(
        &self,
        permit: &Permit,
        dataset: &str,
        record: RecordId,
    ) -> Result<Vec<(Version, Option<Commit>)>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db.read().await?;
        let units = self.security.units();
        let mut entries = Vec::new();
        for version in store::history(&mut tx, table, record).await? {
            if sees(permit, &units, dataset, version.unit) {
                let commit = store::commit(&mut tx, version.since).await?;
                entries.push((version, commit));
            }
        }
        Ok(entries)
    }

    /// The commit log, the latest first, `most` entries up to and with `last`.
    pub async fn commits(
        &self,
        permit: &Permit,
        last: CommitNumber,
        most: i64,
    ) -> Result<Vec<Commit>, LedgerError> {
        permit.require(standard::Action::Read)?;
        store::commits_before(&mut self.db.read().await?, last, most).await
    }

    /// One entry of the commit log.
    pub async fn commit_entry(
        &self,
        permit: &Permit,
        number: CommitNumber,
    ) -> Result<Option<Commit>, LedgerError> {
        permit.require(standard::Action::Read)?;
        store::commit(&mut self.db.read().await?, number).await
    }

    /// The head as it is kept outside the ledger.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn head_to_keep(&self) -> Result<LedgerHead, LedgerError> {
        Ok(self.head().await?.as_kept())
    }

    /// The commits of one import, in order.
    pub async fn commits_of_import(
        &self,
        permit: &Permit,
        import: i64,
    ) -> Result<Vec<Commit>, LedgerError> {
        permit.require(standard::Action::Read)?;
        store::commits_of_import(&mut self.db.read().await?, import).await
    }

    /// Records among these that a commit after `seen` touched.
    pub(crate) async fn touched_after(
        &self,
        dataset: &str,
        records: &[RecordId],
        seen: CommitNumber,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let table = self.table(dataset)?;
        store::touched_after(&mut self.db.read().await?, table, records, seen).await
    }

    /// A commit to a dataset after `seen` that is not of this import.
    pub(crate) async fn commit_of_others(
        &self,
        dataset: &str,
        seen: CommitNumber,
        import: i64,
    ) -> Result<Option<CommitNumber>, LedgerError> {
        store::commit_of_others(&mut self.db.read().await?, dataset, seen, Some(import)).await
    }

    /// The highest number of an import that a commit names; 0 where none does.
    pub(crate) async fn last_import(&self) -> Result<i64, LedgerError> {
        store::last_import(&mut self.db.read().await?).await
    }
}
