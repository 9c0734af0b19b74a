//! Erasing a person, where the law allows it.
//!
//! In this order, so that an end of the program at any point leaves nothing half done: the audit log says that it
//! begins; what is kept of the files that brought the person goes; key, lookups and sealed parts go in one transaction of
//! the ledger, with an entry of its list of erasures; that list is kept outside the ledger, and the log says that it
//! is done, in one transaction. What ends after the third step is made up for at the next start.

use std::collections::BTreeSet;

use kernel::RecordId;
use security::people::Erasure;
use security::{AuditAction, Note, Outcome, Subject};
use standard::Action as Right;

use super::model::{CONSENT, PERSON, Refusal};
use super::{Answer, Persons, rules};
use crate::ledger::{LedgerError, Version};

impl Persons<'_> {
    /// Whether a person may be erased for a reason.
    ///
    /// # Errors
    /// [`LedgerError::NoRecord`] out of reach; [`security::Denied`] for a post that may not.
    pub async fn may_erase(&self, person: RecordId, reason: &str) -> Answer<()> {
        self.permit.require(Right::Reverse)?;
        let lives = self.lives(person, None).await?;
        let own = lives.iter().find(|life| life.dataset == PERSON);
        let Some(own) = own else {
            return Err(LedgerError::NoRecord(person, PERSON.to_owned()));
        };
        if own.versions.iter().any(|(version, _)| version.is_erased()) {
            return Ok(Err(Refusal::Erased));
        }
        let ledger = self.registry.ledger();
        if !ledger.may_erase_person(self.permit, person).await? {
            return Ok(Err(Refusal::Above));
        }
        let standard = self.registry.standard();
        let today = self.registry.today();
        let datasets = lives
            .iter()
            .filter_map(|life| Some((life, standard.dataset(&life.dataset)?)));
        let (mut all_over, mut by_consent) = (true, true);
        for (life, dataset) in datasets {
            let standing: Vec<&Version> = life
                .versions
                .iter()
                .map(|(version, _)| version)
                .filter(|version| version.until.is_none())
                .collect();
            let recorded = life
                .versions
                .iter()
                .filter_map(|(_, commit)| commit.as_ref())
                .map(|commit| commit.time.day())
                .max()
                .unwrap_or(today);
            all_over &= dataset
                .retention
                .as_ref()
                .is_none_or(|retention| rules::is_over(retention, &standing, recorded, today));
            // Consents are kept to show that they were given, not for a purpose of their own.
            by_consent &= dataset.name == CONSENT || rules::is_by_consent_only(standard, dataset);
        }
        Ok(rules::may_erase(standard, reason, all_over, by_consent))
    }

    /// Erases a person: the key, the lookups, and everything sealed under the key. What the chain covers stays.
    ///
    /// # Errors
    /// Those of [`Persons::may_erase`]; those of the store.
    pub async fn erase(&self, person: RecordId, reason: &str) -> Answer<()> {
        if let Err(refusal) = self.may_erase(person, reason).await? {
            return Ok(Err(refusal));
        }
        let security = self.registry.security();
        let begun = Note::done(AuditAction::PersonErased, Subject::record(PERSON, person))
            .outcome(Outcome::Begun)
            .dataset(PERSON)
            .persons(&[person])
            .reason(reason);
        security.note_alone(self.permit, begun).await?;
        let lives = self.lives(person, None).await?;
        let commits = lives
            .iter()
            .flat_map(|life| &life.versions)
            .filter_map(|(_, commit)| commit.as_ref());
        let imports: BTreeSet<i64> = commits.filter_map(|commit| commit.source.import).collect();
        self.registry
            .imports()
            .forget(&imports)
            .await
            .map_err(|error| LedgerError::Imports(Box::new(error)))?;
        let erasure = Erasure {
            reason: reason.to_owned(),
        };
        self.registry
            .ledger()
            .erase_person(self.permit, person, erasure)
            .await?;
        security.people().keep_erasures().await?;
        Ok(Ok(()))
    }
}
