//! What a commit touched, for people who look at it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{CommitNumber, RecordId};
use security::Permit;

use super::error::LedgerError;
use super::model::Version;
use super::{Ledger, sees, store};

/// The records that a commit wrote or closed versions of.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// How many the permit reaches.
    pub count: u64,
    /// The first of them: the version that the commit wrote or, where it only closed, the one it closed.
    pub records: Vec<Version>,
}

impl Ledger {
    /// The records that a commit touched and the permit reaches; `most` of them with a version.
    ///
    /// # Errors
    /// [`LedgerError::NoCommit`]; those of the store.
    pub async fn touched(
        &self,
        permit: &Permit,
        number: CommitNumber,
        most: usize,
    ) -> Result<Touched, LedgerError> {
        permit.require(standard::Action::Read)?;
        let mut tx = self.db().read().await?;
        let entry = store::commit(&mut tx, number)
            .await?
            .ok_or(LedgerError::NoCommit(number))?;
        if entry.dataset.is_empty() {
            return Ok(Touched::default());
        }
        let table = self.table(&entry.dataset)?;
        let units = self.security().units();
        let mut ids: BTreeSet<RecordId> = BTreeSet::new();
        let mut records: BTreeMap<RecordId, Version> = BTreeMap::new();
        let mut keep = |version: Version| {
            if sees(permit, &units, &entry.dataset, version.unit)
                && ids.insert(version.record)
                && records.len() < most
            {
                records.insert(version.record, version);
            }
        };
        store::versions_written(&mut tx, table, number, number, &mut keep).await?;
        store::versions_closed(&mut tx, table, number, number, &mut keep).await?;
        Ok(Touched {
            count: ids.len() as u64,
            records: records.into_values().collect(),
        })
    }
}
