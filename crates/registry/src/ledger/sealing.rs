//! Personal fields: sealed under the key of their person on the way in, opened on the way out.
//!
//! What the room of security gives (keys, sealing, lookups) is called here and nowhere else in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use kernel::{Clocks, RecordId, Value, name_key};
use security::people::{Keyring, Lookup, Opened, Place};
use security::{Permit, SecurityError};
use standard::Sensitivity;

use super::digest::{self, Encoder};
use super::error::LedgerError;
use super::model::{Action, Change, PartState, SealedPart, Version};
use super::tables::{DatasetTable, PersonPlace};
use super::verify::{Finding, VerifyReport};
use super::{Ledger, sees, store};

/// The values by which records are looked for, by kind of lookup: as [`name_key`] writes them.
pub(crate) type Looked = BTreeMap<String, BTreeSet<String>>;

/// The value of a lookup: two writings of one identifier meet.
pub(crate) fn lookup_key(text: &str) -> Option<String> {
    let key = name_key(text);
    (!key.is_empty()).then(|| key.into_owned())
}

/// How what is sealed differs from what the chain covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedFault {
    /// It cannot be opened: it was altered, put in another place, or its key is lost.
    Closed,
    /// What it holds does not give the digest.
    Digest,
    /// It is gone, and its person was not erased.
    Gone,
}

impl SealedFault {
    /// In words, behind the record.
    pub(super) fn words(self) -> &'static str {
        match self {
            SealedFault::Closed => {
                "cannot be opened: it was altered or moved, or the key of its person is lost"
            }
            SealedFault::Digest => "does not give the digest that the chain covers",
            SealedFault::Gone => "is gone, but its person was not erased",
        }
    }
}

/// So many versions are opened at a time when the ledger is verified.
const OPENED_AT_A_TIME: usize = 10_000;

impl Ledger {
    /// Holds what is sealed against the digests that the chain covers, where the keys are.
    pub(super) async fn check_sealed(
        &self,
        tx: &mut Tx,
        sealed: Vec<(DatasetTable, Vec<Version>)>,
        report: &mut VerifyReport,
    ) -> Result<(), LedgerError> {
        for (table, versions) in &sealed {
            let Some(place) = table.person() else {
                continue;
            };
            for versions in versions.chunks(OPENED_AT_A_TIME) {
                let persons: BTreeSet<RecordId> = versions
                    .iter()
                    .filter_map(|version| place.of(version.record, &version.values))
                    .collect();
                let persons: Vec<RecordId> = persons.into_iter().collect();
                let keyring = match self.security().people().keyring(tx, &persons).await {
                    Ok(keyring) => keyring,
                    // Whoever verifies a copy elsewhere need not have the keys.
                    Err(SecurityError::People(_)) => {
                        report.keys_absent = true;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                for version in versions {
                    check_version(table, place, &keyring, version, report);
                }
            }
        }
        Ok(())
    }

    /// Seals the personal fields of versions that are about to be written. Parts that are sealed already, such as those
    /// of a version that a reversal writes again, stay as they are.
    pub(super) async fn seal(
        &self,
        tx: &mut Tx,
        table: &DatasetTable,
        versions: &mut [Version],
    ) -> Result<(), LedgerError> {
        let Some(place) = table.person().filter(|_| !table.levels().is_empty()) else {
            return Ok(());
        };
        let mut persons: BTreeSet<RecordId> = BTreeSet::new();
        for version in versions.iter().filter(|version| version.sealed.is_empty()) {
            persons.insert(person_of(place, version)?);
        }
        if persons.is_empty() {
            return Ok(());
        }
        let persons: Vec<RecordId> = persons.into_iter().collect();
        let people = self.security().people();
        let keyring = people.make_keys(tx, &persons).await?;
        let fields: Vec<(Sensitivity, Vec<(&str, usize)>)> = table
            .levels()
            .iter()
            .map(|level| (*level, table.fields_of(*level)))
            .collect();
        let mut lookups: BTreeSet<(RecordId, &str, String)> = BTreeSet::new();
        let mut encoder = Encoder::default();
        for version in versions
            .iter_mut()
            .filter(|version| version.sealed.is_empty())
        {
            let person = person_of(place, version)?;
            for (level, fields) in &fields {
                let values = fields
                    .iter()
                    .filter_map(|(name, place)| Some((*name, version.values.get(*place)?)));
                let part = match encoder.sealed(values) {
                    None => SealedPart {
                        level: *level,
                        blob: None,
                        digest: None,
                        state: PartState::Open,
                    },
                    Some(plain) => {
                        let at = place_of(table, version.record, *level);
                        let sealed = keyring.seal(person, &at, plain)?;
                        SealedPart {
                            level: *level,
                            blob: Some(sealed.blob),
                            digest: Some(sealed.digest.to_vec()),
                            state: PartState::Open,
                        }
                    }
                };
                version.sealed.push(part);
            }
            for (place, kind) in table.lookups() {
                let text = version.values.get(*place).and_then(Value::as_text);
                if let Some(key) = text.and_then(lookup_key) {
                    lookups.insert((person, kind, key));
                }
            }
        }
        encoder.wipe();
        let lookups: Vec<Lookup<'_>> = lookups
            .iter()
            .map(|(person, kind, value)| Lookup {
                person: *person,
                kind,
                value,
            })
            .collect();
        people.add_lookups(tx, &lookups).await?;
        Ok(())
    }

    /// Opens the sealed parts of versions at the levels that `wanted` names: their values then stand among those of the
    /// version. Parts of persons who were erased are marked so.
    pub(super) async fn open_parts(
        &self,
        tx: &mut Tx,
        table: &DatasetTable,
        versions: &mut [Version],
        wanted: impl Fn(Sensitivity) -> bool,
    ) -> Result<(), LedgerError> {
        let Some(place) = table.person().filter(|_| !table.levels().is_empty()) else {
            return Ok(());
        };
        let persons: BTreeSet<RecordId> = versions
            .iter()
            .filter_map(|version| place.of(version.record, &version.values))
            .collect();
        if persons.is_empty() {
            return Ok(());
        }
        let persons: Vec<RecordId> = persons.into_iter().collect();
        let keyring = self.security().people().keyring(tx, &persons).await?;
        for version in versions.iter_mut() {
            open_version(table, place, &keyring, version, &wanted)?;
        }
        Ok(())
    }

    /// The open versions of some records that the permit reaches, with the personal fields that it sees in full. Whoever
    /// shows them to a person records it; what only compares them, such as an import, shows them masked.
    pub(crate) async fn open_versions_in_full(
        &self,
        permit: &Permit,
        dataset: &str,
        records: &[RecordId],
    ) -> Result<Vec<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let mut tx = self.db().read().await?;
        let units = self.security().units();
        let mut versions = store::open_versions(&mut tx, table, records).await?;
        versions.retain(|version| sees(permit, &units, table.dataset(), version.unit));
        self.open_parts(&mut tx, table, &mut versions, |level| {
            permit.sees_field(level)
        })
        .await?;
        Ok(versions)
    }

    /// The open versions, with their personal fields, of the persons that some lookup may mean and the permit reaches.
    /// A lookup is a short hash: the caller compares the values.
    pub(crate) async fn candidates(
        &self,
        permit: &Permit,
        dataset: &str,
        looked: &Looked,
    ) -> Result<Vec<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let mut versions = self.candidates_beyond(dataset, looked).await?;
        let units = self.security().units();
        versions.retain(|version| sees(permit, &units, dataset, version.unit));
        Ok(versions)
    }

    /// As [`Ledger::candidates`], also out of reach: for the exact query alone, which shows next to nothing of them.
    pub(crate) async fn candidates_beyond(
        &self,
        dataset: &str,
        looked: &Looked,
    ) -> Result<Vec<Version>, LedgerError> {
        let table = self.table(dataset)?;
        let mut tx = self.db().read().await?;
        let people = self.security().people();
        let mut found: BTreeSet<RecordId> = BTreeSet::new();
        for (kind, values) in looked {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            for persons in people.find(&mut tx, kind, &values).await? {
                found.extend(persons);
            }
        }
        let records: Vec<RecordId> = found.into_iter().collect();
        let mut versions = store::open_versions(&mut tx, table, &records).await?;
        self.open_parts(&mut tx, table, &mut versions, |_| true)
            .await?;
        versions.retain(|version| !version.is_erased());
        Ok(versions)
    }

    /// Refuses changes of fields that the permit does not see: nobody writes blindly over what is held.
    pub(super) fn refuse_unseen_fields(
        &self,
        permit: &Permit,
        table: &DatasetTable,
        changes: &[Change],
    ) -> Result<(), LedgerError> {
        let unseen: Vec<usize> = (0..table.width())
            .filter(|place| {
                table
                    .level_of(*place)
                    .is_some_and(|level| !permit.sees_field(level))
            })
            .collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let says = |change: &Change| match &change.action {
            Action::End => false,
            Action::Assert(patch) => unseen
                .iter()
                .any(|place| patch.get(*place).is_some_and(Option::is_some)),
        };
        if changes.iter().any(says) {
            return Err(security::Denied::Action(standard::Action::Edit).into());
        }
        Ok(())
    }

    /// Some records at two clocks, in the order asked for; those out of reach are left out. The personal fields that
    /// the permit sees are open: whoever shows them records it, or masks them.
    pub(crate) async fn records_in_full(
        &self,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
        records: &[RecordId],
    ) -> Result<Vec<Version>, LedgerError> {
        permit.require(standard::Action::Read)?;
        let table = self.table(dataset)?;
        let units = self.security().units();
        let mut tx = self.db().read().await?;
        let mut versions = Vec::with_capacity(records.len());
        for record in records {
            let version = store::record_at(&mut tx, table, *record, clocks).await?;
            versions.extend(
                version.filter(|version| sees(permit, &units, table.dataset(), version.unit)),
            );
        }
        self.open_parts(&mut tx, table, &mut versions, |level| {
            permit.sees_field(level)
        })
        .await?;
        Ok(versions)
    }
}

fn person_of(place: PersonPlace, version: &Version) -> Result<RecordId, LedgerError> {
    place.of(version.record, &version.values).ok_or_else(|| {
        LedgerError::Definitions(format!(
            "record {} holds personal data and names no person",
            version.record
        ))
    })
}

/// Where a sealed part stands: authenticated with it, so that it cannot be put elsewhere.
fn place_of(table: &DatasetTable, record: RecordId, level: Sensitivity) -> Place<'_> {
    Place {
        dataset: table.dataset(),
        record,
        level,
    }
}

fn check_version(
    table: &DatasetTable,
    place: PersonPlace,
    keyring: &Keyring,
    version: &Version,
    report: &mut VerifyReport,
) {
    let Some(person) = place.of(version.record, &version.values) else {
        return;
    };
    for part in &version.sealed {
        let at = place_of(table, version.record, part.level);
        let fault = match (&part.blob, &part.digest) {
            (None, None) => None,
            (None, Some(_)) if keyring.is_erased(person) => {
                report.erased.insert(person);
                None
            }
            (None, Some(_)) => Some(SealedFault::Gone),
            (Some(blob), digest) => match keyring.open(person, &at, blob) {
                Ok(Opened::Plain(plain)) => {
                    report.opened += 1;
                    let right = keyring
                        .digest(person, &at, &plain)
                        .is_ok_and(|right| Some(right.as_slice()) == digest.as_deref());
                    (!right).then_some(SealedFault::Digest)
                }
                Ok(Opened::Erased) => {
                    report.erased.insert(person);
                    None
                }
                Err(_) => Some(SealedFault::Closed),
            },
        };
        if let Some(fault) = fault {
            report.findings.push(Finding::Sealed {
                dataset: table.dataset().to_owned(),
                record: version.record,
                fault,
            });
        }
    }
}

fn open_version(
    table: &DatasetTable,
    place: PersonPlace,
    keyring: &Keyring,
    version: &mut Version,
    wanted: impl Fn(Sensitivity) -> bool,
) -> Result<(), LedgerError> {
    let Some(person) = place.of(version.record, &version.values) else {
        return Ok(());
    };
    let damaged = || {
        LedgerError::Damaged(format!(
            "what is sealed of record {} of {} cannot be opened",
            version.record,
            table.dataset()
        ))
    };
    let mut opened: Vec<(usize, Value)> = Vec::new();
    let mut states: Vec<PartState> = Vec::with_capacity(version.sealed.len());
    for part in &version.sealed {
        let state = match (&part.blob, &part.digest) {
            (None, None) => PartState::Open,
            (None, Some(_)) => PartState::Erased,
            (Some(_), _) if !wanted(part.level) => PartState::Closed,
            (Some(blob), _) => {
                let at = place_of(table, version.record, part.level);
                match keyring.open(person, &at, blob)? {
                    Opened::Erased => PartState::Erased,
                    Opened::Plain(plain) => {
                        let fields = digest::sealed_fields(&plain).ok_or_else(damaged)?;
                        for (name, value) in fields {
                            if let Some(place) = table.position(&name) {
                                opened.push((place, value));
                            }
                        }
                        PartState::Open
                    }
                }
            }
        };
        states.push(state);
    }
    for (place, value) in opened {
        if let Some(slot) = version.values.get_mut(place) {
            *slot = value;
        }
    }
    for (part, state) in version.sealed.iter_mut().zip(states) {
        part.state = state;
    }
    Ok(())
}
