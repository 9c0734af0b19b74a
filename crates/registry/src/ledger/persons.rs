//! All that is held on one person, and its erasure.

use kernel::{RecordId, UnitId};
use security::Permit;
use security::people::Erasure;
use standard::Sensitivity;

use super::error::LedgerError;
use super::model::{Commit, Version};
use super::{Ledger, may_write_under, sees, store};

impl Ledger {
    /// The versions of a person's records in a dataset that stand and the permit reaches, with the personal fields that
    /// it sees.
    pub(crate) async fn standing_of_person(
        &self,
        permit: &Permit,
        dataset: &str,
        person: RecordId,
    ) -> Result<Vec<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let units = self.security().units();
        let mut tx = self.db().read().await?;
        let mut versions = store::versions_of_person(&mut tx, table, person, true).await?;
        versions.retain(|version| sees(permit, &units, table.dataset(), version.unit));
        self.open_parts(&mut tx, table, &mut versions, |level| {
            permit.sees_field(level)
        })
        .await?;
        Ok(versions)
    }

    /// All versions of a person's records in a dataset that the permit reaches, record by record, the latest first, each
    /// with its commit. Personal fields are open up to a level, where one is given and the permit sees it.
    pub(crate) async fn history_of_person(
        &self,
        permit: &Permit,
        dataset: &str,
        person: RecordId,
        level: Option<Sensitivity>,
    ) -> Result<Vec<(Version, Option<Commit>)>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let units = self.security().units();
        let mut tx = self.db().read().await?;
        let mut versions = store::versions_of_person(&mut tx, table, person, false).await?;
        versions.retain(|version| sees(permit, &units, table.dataset(), version.unit));
        self.open_parts(&mut tx, table, &mut versions, |each| {
            level.is_some_and(|level| each <= level) && permit.sees_field(each)
        })
        .await?;
        let mut entries = Vec::with_capacity(versions.len());
        for version in versions {
            let commit = store::commit(&mut tx, version.since).await?;
            entries.push((version, commit));
        }
        Ok(entries)
    }

    /// The name of a unit, whoever asks: an institution or an office is no secret.
    pub(crate) async fn unit_name(&self, unit: UnitId) -> Result<Option<String>, LedgerError> {
        let mut tx = self.db().read().await?;
        for dataset in ["institution", "education_unit"] {
            let table = self.table(dataset)?;
            let records = [RecordId::new(unit.get())];
            let versions = store::open_versions(&mut tx, table, &records).await?;
            let name = versions.last().zip(table.position("name"));
            let name = name.and_then(|(version, place)| version.values.get(place)?.as_text());
            if let Some(name) = name {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }

    /// Erases a person: key and lookups go, and what is sealed of all their records. Versions, their days and units and
    /// the digests stay, so that the chain still verifies.
    ///
    /// # Errors
    /// [`security::Denied`] where a record of the person is out of reach; those of the store.
    pub(crate) async fn erase_person(
        &self,
        permit: &Permit,
        person: RecordId,
        erasure: Erasure,
    ) -> Result<(), LedgerError> {
        permit.require(standard::Action::Reverse)?;
        let units = self.security().units();
        let mut tx = self.db().write().await?;
        // Nobody commits to the person meanwhile.
        store::lock_head(&mut tx).await?;
        for table in self.tables.values() {
            let versions = store::versions_of_person(&mut tx, table, person, false).await?;
            if versions
                .iter()
                .any(|version| !may_write_under(permit, &units, table.dataset(), version.unit))
            {
                return Err(security::Denied::Hidden.into());
            }
        }
        self.security()
            .people()
            .erase(&mut tx, permit, person, erasure)
            .await?;
        for table in self.tables.values() {
            store::forget(&mut tx, table, person).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
