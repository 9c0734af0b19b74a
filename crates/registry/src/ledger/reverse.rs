//! Undoing a commit by a commit, and an import by as many.

use std::collections::BTreeSet;

use db::Tx;
use kernel::{CommitNumber, RecordId};
use security::Permit;
use standard::Action as Right;

use super::commit::{Effects, Header, effects_of};
use super::error::LedgerError;
use super::model::{Commit, Outcome, Source, Version};
use super::store::{self, VersionKey};
use super::unique::refuse_taken_keys;
use super::{Ledger, may_write_under};

/// How far the reversal of an import has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reversal {
    /// Commits of the import.
    pub commits: u64,
    /// How many of them are reversed.
    pub reversed: u64,
}

impl Reversal {
    /// Whether some are reversed, and some are not: it was interrupted, and can go on.
    pub fn is_partial(self) -> bool {
        self.reversed > 0 && self.is_unfinished()
    }

    /// Whether some are not reversed.
    pub fn is_unfinished(self) -> bool {
        self.reversed < self.commits
    }
}

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
        let (outcome, dataset) = self.reverse_one(permit, number, reason).await?;
        self.settle(&dataset).await?;
        Ok(outcome)
    }

    /// How far the reversal of an import has come.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reversal_of(&self, permit: &Permit, import: i64) -> Result<Reversal, LedgerError> {
        permit.require(Right::Read)?;
        let (commits, left) = self.left_to_reverse(import).await?;
        Ok(Reversal {
            commits,
            reversed: commits - left.len() as u64,
        })
    }

    /// Reverses the commits of an import, the last first, each by a commit of its own. Before the first is
    /// written all of them are looked at: where one cannot be reversed, none is. An interrupted reversal
    /// goes on with the commits that are left.
    ///
    /// `go_on` is told how far it has come after each; when it answers `false`, the work stops there.
    ///
    /// # Errors
    /// As [`Ledger::reverse`]. Where somebody touched a record after all were looked at, what was reversed
    /// by then stays so.
    pub async fn reverse_import(
        &self,
        permit: &Permit,
        import: i64,
        reason: &str,
        mut go_on: impl FnMut(Reversal) -> bool + Send,
    ) -> Result<Reversal, LedgerError> {
        permit.require(Right::Reverse)?;
        let (commits, left) = self.left_to_reverse(import).await?;
        self.refuse_unless_reversible(permit, &left).await?;
        let mut reversal = Reversal {
            commits,
            reversed: commits - left.len() as u64,
        };
        let mut fault = None;
        for commit in left.iter().rev() {
            if let Err(error) = self.reverse_one(permit, commit.number, reason).await {
                fault = Some(error);
                break;
            }
            reversal.reversed += 1;
            if !go_on(reversal) {
                break;
            }
        }
        // Also where it was stopped: what was reversed before is there.
        if let Some(commit) = left.first() {
            self.settle(&commit.dataset).await?;
        }
        fault.map_or(Ok(reversal), Err)
    }

    /// How many commits an import has, and those that no standing reversal reverses, in order.
    async fn left_to_reverse(&self, import: i64) -> Result<(u64, Vec<Commit>), LedgerError> {
        let mut tx = self.db().read().await?;
        let mut commits = store::commits_of_import(&mut tx, import).await?;
        commits.retain(|commit| commit.source.reverses.is_none() && !commit.dataset.is_empty());
        let count = commits.len() as u64;
        let reversed = reversed_by(&store::reversals_of_import(&mut tx, import).await?);
        commits.retain(|commit| !reversed.contains(&commit.number));
        Ok((count, commits))
    }

    async fn refuse_unless_reversible(
        &self,
        permit: &Permit,
        commits: &[Commit],
    ) -> Result<(), LedgerError> {
        let mut tx = self.db().read().await?;
        let mut in_the_way = BTreeSet::new();
        for commit in commits {
            match self.undoing(&mut tx, permit, commit).await {
                Ok(_) => {}
                Err(LedgerError::Conflict { records, .. }) => in_the_way.extend(records),
                Err(error) => return Err(error),
            }
        }
        match commits.first() {
            Some(first) if !in_the_way.is_empty() => Err(LedgerError::Conflict {
                seen: first.number,
                records: in_the_way.into_iter().collect(),
            }),
            _ => Ok(()),
        }
    }

    /// Reverses one commit, and answers the dataset that is to be settled.
    async fn reverse_one(
        &self,
        permit: &Permit,
        number: CommitNumber,
        reason: &str,
    ) -> Result<(Outcome, String), LedgerError> {
        let mut tx = self.db().write().await?;
        let head = store::lock_head(&mut tx).await?;
        let entry = store::commit(&mut tx, number)
            .await?
            .ok_or(LedgerError::NoCommit(number))?;
        let effects = self.undoing(&mut tx, permit, &entry).await?;
        let table = self.table(&entry.dataset)?;
        // What a record held before may have become another's meanwhile. Not asked before the first of an
        // import is reversed: a later one of the same import may be the other.
        refuse_taken_keys(&mut tx, table, &effects.opened).await?;
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
        let outcome = self.write(&mut tx, head, table, effects, header).await?;
        tx.commit().await?;
        Ok((outcome, entry.dataset))
    }

    /// What undoes a commit: what it wrote is closed, what it closed is written again.
    async fn undoing(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        entry: &Commit,
    ) -> Result<Effects, LedgerError> {
        let number = entry.number;
        if entry.dataset.is_empty() {
            return Err(LedgerError::NotReversible(number));
        }
        let table = self.table(&entry.dataset)?;
        let units = self.security().units();
        let mut written: Vec<Version> = Vec::new();
        store::versions_written(tx, table, number, number, |version| written.push(version)).await?;
        let mut replaced: Vec<Version> = Vec::new();
        store::versions_closed(tx, table, number, number, |version| replaced.push(version)).await?;
        if written
            .iter()
            .chain(&replaced)
            .any(|version| !may_write_under(permit, &units, table.dataset(), version.unit))
        {
            return Err(security::Denied::Hidden.into());
        }
        let records: BTreeSet<RecordId> = written
            .iter()
            .chain(&replaced)
            .map(|version| version.record)
            .collect();
        let records: Vec<RecordId> = records.into_iter().collect();
        let touched = store::touched_after(tx, table, &records, number).await?;
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
        Ok(effects_of(opened, closed))
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

/// The commits that are reversed, from all reversals (what is reversed, by what) in the order of their
/// numbers. A reversal that was itself reversed does not stand.
fn reversed_by(reversals: &[(CommitNumber, CommitNumber)]) -> BTreeSet<CommitNumber> {
    let mut reversed = BTreeSet::new();
    // The last first: whether a reversal stands is decided by later ones.
    for (commit, reversal) in reversals.iter().rev() {
        if !reversed.contains(reversal) {
            reversed.insert(*commit);
        }
    }
    reversed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_that_was_reversed_does_not_stand() {
        let reversed = |reversals: &[(i64, i64)]| -> Vec<i64> {
            let pairs: Vec<(CommitNumber, CommitNumber)> = reversals
                .iter()
                .map(|(commit, by)| (CommitNumber::new(*commit), CommitNumber::new(*by)))
                .collect();
            reversed_by(&pairs)
                .iter()
                .map(|number| number.get())
                .collect()
        };
        assert_eq!(reversed(&[(1, 5), (2, 6)]), [1, 2]);
        assert_eq!(reversed(&[(1, 5), (5, 6)]), [5]);
        assert_eq!(reversed(&[(1, 5), (5, 6), (6, 7)]), [1, 6]);
    }
}
