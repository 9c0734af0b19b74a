//! Persons: shown masked, in full for a purpose, found by exact identity, given out whole, erased.
//!
//! Whatever leaves here was recorded first ([`record`]): a reading that cannot be recorded is not shown.

mod erasing;
mod exact;
pub mod model;
#[cfg(test)]
mod model_tests;
pub mod rules;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Clocks, RecordId, Value, name_key};
use security::{ExportTicket, Permit, Reading, Recorded};
use standard::{Action as Right, Dataset, Sensitivity};

use crate::api::Registry;
use crate::ledger::{
    Action, Change, ChangeSet, LedgerError, Looked, Outcome, Source, Target, Version, lookup_key,
};
pub use exact::QUERIES_SETTING;
use model::{Asked, CONSENT, Consent, Life, PERSON, Refusal, Statement};

/// So many persons are opened at once for a file.
const PERSONS_AT_ONCE: usize = 1_000;

/// An answer, or why there is none.
pub type Answer<T> = Result<Result<T, Refusal>, LedgerError>;

/// Persons as a permit sees them.
pub struct Persons<'a> {
    registry: &'a Registry,
    permit: &'a Permit,
}

/// Records that personal data is about to be shown: the one place that does.
async fn record(
    registry: &Registry,
    permit: &Permit,
    persons: &[RecordId],
    asked: Option<&Asked>,
    level: Sensitivity,
    in_full: bool,
) -> Result<Recorded, LedgerError> {
    let reading = Reading {
        dataset: PERSON,
        persons,
        purpose: asked.map_or("", |asked| &asked.purpose),
        reason: asked.map_or("", |asked| &asked.reference),
        level,
        in_full,
    };
    Ok(registry.security().record_reading(permit, reading).await?)
}

/// Several persons, and the proof that their reading was recorded.
#[derive(Debug)]
pub struct Shown {
    /// Their versions; personal fields in full, up to the level of the reading.
    pub versions: Vec<Version>,
    /// The proof.
    pub recorded: Recorded,
}

impl<'a> Persons<'a> {
    /// For a permit that sees personal data.
    ///
    /// # Errors
    /// [`security::Denied`] for others.
    pub fn new(registry: &'a Registry, permit: &'a Permit) -> Result<Persons<'a>, LedgerError> {
        permit.require(Right::Read)?;
        if !permit.sees_field(Sensitivity::Personal) || !permit.sees_dataset(PERSON) {
            return Err(security::Denied::Action(Right::Read).into());
        }
        Ok(Persons { registry, permit })
    }

    /// The definition of persons.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDataset`].
    pub fn dataset(&self) -> Result<&'a Dataset, LedgerError> {
        self.definition(PERSON)
    }

    fn definition(&self, name: &str) -> Result<&'a Dataset, LedgerError> {
        self.registry
            .standard()
            .dataset(name)
            .ok_or_else(|| LedgerError::UnknownDataset(name.to_owned()))
    }

    /// These persons for a page that masks them. The reading is recorded as masked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn for_masks(
        &self,
        records: &[RecordId],
        clocks: Clocks,
    ) -> Result<Shown, LedgerError> {
        let versions = self
            .registry
            .ledger()
            .records_in_full(self.permit, PERSON, clocks, records)
            .await?;
        let level = self.permit.sensitivity();
        let recorded = self.recorded(&versions, None, level, false).await?;
        Ok(Shown { versions, recorded })
    }

    /// These persons for a file whose export was recorded. What stands above the level stays closed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn for_file(
        &self,
        records: &[RecordId],
        level: Sensitivity,
        clocks: Clocks,
        _recorded: &ExportTicket,
    ) -> Result<Vec<Version>, LedgerError> {
        let mut versions = Vec::with_capacity(records.len());
        for part in records.chunks(PERSONS_AT_ONCE) {
            let found = self
                .registry
                .ledger()
                .records_in_full(self.permit, PERSON, clocks, part)
                .await?;
            versions.extend(
                found
                    .into_iter()
                    .map(|version| self.closed_above(version, level)),
            );
        }
        Ok(versions)
    }

    async fn recorded(
        &self,
        versions: &[Version],
        asked: Option<&Asked>,
        level: Sensitivity,
        in_full: bool,
    ) -> Result<Recorded, LedgerError> {
        let persons: Vec<RecordId> = versions.iter().map(|version| version.record).collect();
        record(self.registry, self.permit, &persons, asked, level, in_full).await
    }

    /// The persons within reach whose name or number of a document is exactly this, for a page that masks them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn called(&self, text: &str, clocks: Clocks) -> Result<Shown, LedgerError> {
        let dataset = self.dataset()?;
        let mut looked = Looked::new();
        let mut places: Vec<usize> = Vec::new();
        let Some(key) = lookup_key(text) else {
            return self.for_masks(&[], clocks).await;
        };
        for (place, field) in dataset.stored_fields().enumerate() {
            if let Some(kind) = &field.lookup {
                looked.entry(kind.clone()).or_default().insert(key.clone());
                places.push(place);
            }
        }
        let is_called = |version: &Version| {
            places.iter().any(|place| {
                let text = version.values.get(*place).and_then(Value::as_text);
                text.is_some_and(|text| name_key(text) == key)
            })
        };
        let found = self
            .registry
            .ledger()
            .candidates(self.permit, PERSON, &looked)
            .await?;
        let records: BTreeSet<RecordId> = found
            .iter()
            .filter(|version| is_called(version))
            .map(|version| version.record)
            .collect();
        let records: Vec<RecordId> = records.into_iter().collect();
        self.for_masks(&records, clocks).await
    }

    /// One person in full, for a purpose. What the purpose does not cover stays closed.
    ///
    /// # Errors
    /// [`LedgerError::NoRecord`] out of reach; those of the store.
    pub async fn in_full(
        &self,
        record: RecordId,
        asked: &Asked,
        clocks: Clocks,
    ) -> Answer<(Version, Recorded)> {
        let version = self.one(record, clocks).await?;
        if version.is_erased() {
            return Ok(Err(Refusal::Erased));
        }
        let purpose = match self.purpose(&version, asked).await? {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let level = rules::level_for(self.permit, purpose);
        let mut shown = [self.closed_above(version, level)];
        let recorded = self.recorded(&shown, Some(asked), level, true).await?;
        let [version] = &mut shown;
        Ok(Ok((version.clone(), recorded)))
    }

    /// The version of a person that is in force, opened; else the last.
    async fn one(&self, record: RecordId, clocks: Clocks) -> Result<Version, LedgerError> {
        let ledger = self.registry.ledger();
        let mut found = ledger
            .records_in_full(self.permit, PERSON, clocks, &[record])
            .await?;
        if found.is_empty() {
            found = ledger
                .open_versions_in_full(self.permit, PERSON, &[record])
                .await?;
        }
        found
            .pop()
            .ok_or_else(|| LedgerError::NoRecord(record, PERSON.to_owned()))
    }

    async fn purpose(
        &self,
        version: &Version,
        asked: &Asked,
    ) -> Result<Result<&'a standard::Purpose, Refusal>, LedgerError> {
        let birth = rules::day(self.dataset()?, version, "birth_date");
        let consents = self.consents(version.record).await?;
        Ok(rules::may_read_in_full(
            self.registry.standard(),
            self.permit,
            asked,
            birth,
            &consents,
            self.registry.today(),
        ))
    }

    /// The version without the fields above a level.
    fn closed_above(&self, mut version: Version, level: Sensitivity) -> Version {
        let fields = self.dataset().map(|dataset| dataset.stored_fields());
        for (field, value) in fields.into_iter().flatten().zip(&mut version.values) {
            if field.sensitivity > level {
                *value = Value::Null;
            }
        }
        version
    }

    /// What was stated about consent for a person, as it stands today.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn consents(&self, person: RecordId) -> Result<Vec<Consent>, LedgerError> {
        let ledger = self.registry.ledger();
        let dataset = self.definition(CONSENT)?;
        let today = self.registry.today();
        let versions = ledger
            .standing_of_person(self.permit, CONSENT, person)
            .await?;
        let text = |version: &Version, field: &str| {
            let value = rules::value(dataset, version, field).and_then(Value::as_text);
            value.unwrap_or_default().to_owned()
        };
        Ok(versions
            .into_iter()
            .filter(|version| version.from <= today && version.to.is_none_or(|to| today < to))
            .map(|version| {
                let relation = text(&version, "relation");
                Consent {
                    record: version.record,
                    purpose: text(&version, "purpose"),
                    state: text(&version, "state"),
                    said_on: rules::day(dataset, &version, "said_on"),
                    by_guardian: !relation.is_empty() && relation != rules::ITSELF,
                    version,
                }
            })
            .collect())
    }

    /// Records a statement about consent: a commit like any other.
    ///
    /// # Errors
    /// [`LedgerError::NoRecord`] for a person out of reach; those of the ledger.
    pub async fn state(&self, person: RecordId, statement: &Statement) -> Answer<Outcome> {
        self.permit.require(Right::Edit)?;
        let standard = self.registry.standard();
        if standard.purpose(&statement.purpose).is_none() {
            return Ok(Err(Refusal::Purpose));
        }
        let today = self.registry.today();
        let version = self.one(person, Clocks::latest(today)).await?;
        if version.is_erased() {
            return Ok(Err(Refusal::Erased));
        }
        let held = self.consents(person).await?;
        let held = held
            .into_iter()
            .find(|consent| consent.purpose == statement.purpose);
        let ledger = self.registry.ledger();
        let target = match held {
            Some(consent) => Target::Existing(consent.record),
            None => {
                let reserved = ledger.reserve_records(self.permit, 1).await?;
                let reserved = reserved.first().copied();
                Target::New(reserved.ok_or(LedgerError::NoRecord(person, CONSENT.to_owned()))?)
            }
        };
        let said: BTreeMap<&str, Value> = [
            ("person", person.into()),
            ("school", version.unit.get().into()),
            ("purpose", statement.purpose.as_str().into()),
            ("state", statement.state.as_str().into()),
            ("said_on", statement.said_on.unwrap_or(today).into()),
            ("given_by", filled(&statement.given_by)),
            ("relation", filled(&statement.relation)),
            ("evidence", filled(&statement.evidence)),
        ]
        .into();
        let patch = self
            .definition(CONSENT)?
            .stored_fields()
            .map(|field| said.get(field.name.as_str()).cloned())
            .collect();
        let change = Change {
            target,
            unit: version.unit,
            from: today,
            to: None,
            action: Action::Assert(patch),
        };
        let set = ChangeSet {
            dataset: CONSENT.to_owned(),
            changes: vec![change],
            source: Source {
                kind: "form".to_owned(),
                ..Source::default()
            },
            based_on: None,
            idempotency_key: None,
            more_follows: false,
        };
        Ok(Ok(ledger.commit(self.permit, set).await?))
    }

    /// Everything that is held on a person and the permit reaches: every record, every version, in full as far as the
    /// purpose covers it.
    ///
    /// # Errors
    /// [`LedgerError::NoRecord`] out of reach; those of the store.
    pub async fn everything(
        &self,
        person: RecordId,
        asked: &Asked,
    ) -> Answer<(Vec<Life>, Recorded)> {
        let today = self.registry.today();
        let version = self.one(person, Clocks::latest(today)).await?;
        if version.is_erased() {
            return Ok(Err(Refusal::Erased));
        }
        let purpose = match self.purpose(&version, asked).await? {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let level = rules::level_for(self.permit, purpose);
        let lives = self.lives(person, Some(level)).await?;
        let persons = [person];
        let recorded = record(
            self.registry,
            self.permit,
            &persons,
            Some(asked),
            level,
            true,
        )
        .await?;
        Ok(Ok((lives, recorded)))
    }

    /// The records of a person with all their versions; opened up to a level where one is given.
    async fn lives(
        &self,
        person: RecordId,
        level: Option<Sensitivity>,
    ) -> Result<Vec<Life>, LedgerError> {
        let ledger = self.registry.ledger();
        let mut lives = Vec::new();
        for dataset in self.registry.standard().datasets() {
            if dataset.person.is_none() {
                continue;
            }
            let versions = ledger
                .history_of_person(self.permit, &dataset.name, person, level)
                .await?;
            let mut by_record: BTreeMap<RecordId, Vec<_>> = BTreeMap::new();
            for (version, commit) in versions {
                by_record
                    .entry(version.record)
                    .or_default()
                    .push((version, commit));
            }
            lives.extend(by_record.into_iter().map(|(record, versions)| Life {
                dataset: dataset.name.clone(),
                record,
                versions,
            }));
        }
        Ok(lives)
    }
}

fn filled(text: &str) -> Value {
    match text.trim() {
        "" => Value::Null,
        text => text.into(),
    }
}
