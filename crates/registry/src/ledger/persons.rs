//! All that is held on one person, and its erasure.

use std::collections::BTreeSet;

use db::Tx;
use kernel::{RecordId, UnitId};
use security::Permit;
use security::people::Erasure;
use standard::Sensitivity;

use super::error::LedgerError;
use super::model::{Commit, Version};
use super::{Ledger, may_write_under, sees, store, store_persons};

/// So many persons are looked at in one statement.
const PERSONS_AT_A_TIME: usize = 500;

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
        let mut versions = store_persons::versions_of_person(&mut tx, table, person, true).await?;
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
        let mut versions = store_persons::versions_of_person(&mut tx, table, person, false).await?;
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

    /// Erases a person: key and lookups go, and what is sealed of all their records, in one transaction. Versions,
    /// their days and units and the digests stay, so that the chain still verifies. The caller keeps the list of
    /// erasures afterwards ([`security::people::People::keep_erasures`]); an end in between is made up for at the
    /// next start.
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
        let mut tx = self.db().write().await?;
        // Nobody commits to the person meanwhile.
        store::lock_head(&mut tx).await?;
        if !self.reaches_all_of(&mut tx, permit, person).await? {
            return Err(security::Denied::Hidden.into());
        }
        self.security()
            .people()
            .erase(&mut tx, permit, person, erasure)
            .await?;
        for table in self.tables.values() {
            store_persons::forget(&mut tx, table, person).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether the permit may write every version of every record of a person.
    pub(crate) async fn may_erase_person(
        &self,
        permit: &Permit,
        person: RecordId,
    ) -> Result<bool, LedgerError> {
        let mut tx = self.db().read().await?;
        self.reaches_all_of(&mut tx, permit, person).await
    }

    async fn reaches_all_of(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        person: RecordId,
    ) -> Result<bool, LedgerError> {
        let units = self.security().units();
        for table in self.tables.values() {
            let versions = store_persons::versions_of_person(tx, table, person, false).await?;
            let beyond =
                |version: &Version| !may_write_under(permit, &units, table.dataset(), version.unit);
            if versions.iter().any(beyond) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Empties the sealed parts of persons who were erased: a ledger that was restored from an older backup holds
    /// them again, although nobody can open them. Done at every start. Answers how many persons had any.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn empty_erased(&self) -> Result<usize, LedgerError> {
        let people = self.security().people();
        let mut tx = self.db().read().await?;
        let listed: BTreeSet<RecordId> = people
            .erased(&mut tx)
            .await?
            .into_iter()
            .map(|entry| entry.person)
            .collect();
        let listed: Vec<RecordId> = listed.into_iter().collect();
        let mut left: BTreeSet<RecordId> = BTreeSet::new();
        for persons in listed.chunks(PERSONS_AT_A_TIME) {
            let keyring = match people.keyring(&mut tx, persons).await {
                Ok(keyring) => keyring,
                // Opened without keys, such as a copy elsewhere: nobody opens anything, and the next start does it.
                Err(security::SecurityError::People(_)) => return Ok(0),
                Err(error) => return Err(error.into()),
            };
            // After a restore the same number may be somebody else's, who has a key and stays.
            let erased: Vec<RecordId> = persons
                .iter()
                .copied()
                .filter(|person| keyring.is_erased(*person))
                .collect();
            for table in self.tables.values() {
                left.extend(store_persons::persons_with_parts(&mut tx, table, &erased).await?);
            }
        }
        drop(tx);
        if left.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db().write().await?;
        store::lock_head(&mut tx).await?;
        for person in &left {
            for table in self.tables.values() {
                store_persons::forget(&mut tx, table, *person).await?;
            }
        }
        tx.commit().await?;
        Ok(left.len())
    }
}
