//! Undoing a commit by a commit.

use std::collections::BTreeSet;

use kernel::{CommitNumber, RecordId};
use security::Permit;
use standard::Action as Right;

use super::commit::{Header, effects_of};
use super::error::LedgerError;
use super::model::{Outcome, Source, Version};
use super::store::{self, VersionKey};
use super::unique::refuse_taken_keys;
use super::{Ledger, may_write_under};

impl Ledger {
    /// Brings the records that a commit touched back to what they were before it, by a new commit.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] with the records that later commits touched, [`LedgerError::KeyTaken`] where
    /// another record has taken a key that one of them had; then nothing is written.
    pub async fn reverse(
        &self,
        permit: &Permit,
        number: CommitNumber,
        reason: &str,
    ) -> Result<Outcome, LedgerError> {
        permit.require(Right::Reverse)?;
        let mut tx = self.db().write().await?;
        let head = store::lock_head(&mut tx).await?;
        let entry = store::commit(&mut tx, number)
            .await?
            .ok_or(LedgerError::NoCommit(number))?;
        if entry.dataset.is_empty() {
            return Err(LedgerError::NotReversible(number));
        }
        let table = self.table(&entry.dataset)?;
        let units = self.security().units();
        let mut written: Vec<Version> = Vec::new();
        store::versions_written(&mut tx, table, number, number, |version| {
            written.push(version)
        })
        .await?;
        let mut replaced: Vec<Version> = Vec::new();
        store::versions_closed(&mut tx, table, number, number, |version| {
            replaced.push(version)
        })
        .await?;
        if written
            .iter()
            .chain(&replaced)
            .any(|version| !may_write_under(permit, &units, version.unit))
        {
            return Err(security::Denied::Hidden.into());
        }
        let records: BTreeSet<RecordId> = written
            .iter()
            .chain(&replaced)
            .map(|version| version.record)
            .collect();
        let records: Vec<RecordId> = records.into_iter().collect();
        let touched = store::touched_after(&mut tx, table, &records, number).await?;
        if !touched.is_empty() {
            return Err(LedgerError::Conflict {
                seen: number,
                records: touched,
            });
        }
        let closed: Vec<VersionKey> = written
            .iter()
            .map(|version| (version.record, version.since, version.from))
            .collect();
        let opened: Vec<Version> = replaced
            .into_iter()
            .map(|version| Version {
                until: None,
                ..version
            })
            .collect();
        // What a record held before may have become another's meanwhile.
        refuse_taken_keys(&mut tx, table, &opened).await?;
        let header = Header {
            actor: permit.actor().to_string(),
            unit: entry.unit,
            source: Source {
                reason: reason.to_owned(),
                kind: "reversal".to_owned(),
                reverses: Some(number),
                ..Source::default()
            },
            idempotency_key: None,
        };
        let outcome = self
            .write(&mut tx, head, table, effects_of(opened, closed), header)
            .await?;
        tx.commit().await?;
        self.settle(table.dataset()).await?;
        Ok(outcome)
    }

    /// Reverses every commit of an import, the last first, in one go: all of them or none.
    ///
    /// # Errors
    /// As [`Ledger::reverse`]; a conflict in any of them leaves all of them standing.
    pub async fn reverse_import(
        &self,
        permit: &Permit,
        import: i64,
        reason: &str,
    ) -> Result<Vec<Outcome>, LedgerError> {
        let commits = self.commits_of_import(permit, import).await?;
        let mut conflicts = Vec::new();
        let first = commits
            .first()
            .map_or(CommitNumber::NONE, |commit| commit.number);
        for commit in &commits {
            conflicts.extend(self.later_changes(commit.number, &commit.dataset).await?);
        }
        if !conflicts.is_empty() {
            return Err(LedgerError::Conflict {
                seen: first,
                records: conflicts,
            });
        }
        let mut outcomes = Vec::new();
        for commit in commits
            .iter()
            .rev()
            .filter(|commit| commit.source.reverses.is_none())
        {
            outcomes.push(self.reverse(permit, commit.number, reason).await?);
        }
        Ok(outcomes)
    }

    /// The records of a commit that later commits touched: what stands in the way of a reversal.
    pub async fn later_changes(
        &self,
        number: CommitNumber,
        dataset: &str,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let table = self.table(dataset)?;
        let mut tx = self.db().read().await?;
        let mut records = BTreeSet::new();
        store::versions_written(&mut tx, table, number, number, |version| {
            records.insert(version.record);
        })
        .await?;
        store::versions_closed(&mut tx, table, number, number, |version| {
            records.insert(version.record);
        })
        .await?;
        let records: Vec<RecordId> = records.into_iter().collect();
        store::touched_after(&mut tx, table, &records, number).await
    }
}
