//! How an entry is written: its number, its hash, its index rows.

use db::Tx;
use kernel::{Millis, RecordId};

use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::evidence::model::Note;
use crate::evidence::origin::Origin;
use crate::evidence::{rules, store};
use crate::model::{AuditAction, AuditEntry, Outcome, Subject};
use crate::permit::Permit;

impl Security {
    /// Writes an entry in a transaction of the work database, so that what was done and its record stand or
    /// fall together. The head of the log stays locked until the transaction ends: make this its last step.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn note(
        &self,
        work: &mut Tx,
        permit: &Permit,
        note: Note,
    ) -> Result<i64, SecurityError> {
        let (number, _) = self
            .append_note(work, &permit.actor().to_string(), Some(permit), note)
            .await?;
        Ok(number)
    }

    /// [`Security::note`] in a transaction of its own, before what it is about is shown or sent.
    ///
    /// # Errors
    /// [`SecurityError::Db`]: then show nothing.
    pub async fn note_alone(&self, permit: &Permit, note: Note) -> Result<i64, SecurityError> {
        let mut tx = self.0.work.write().await?;
        let number = self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// Says that something is about to be done to the ledger, which shares no transaction with the log: where
    /// this fails, do not do it. When it was done, say so with an entry of its own.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn note_begun(
        &self,
        permit: &Permit,
        action: AuditAction,
        subject: Subject,
    ) -> Result<(), SecurityError> {
        let note = Note::done(action, subject).outcome(Outcome::Begun);
        self.note_alone(permit, note).await?;
        Ok(())
    }

    /// The number and the time of the entry that was written.
    pub(crate) async fn append_note(
        &self,
        work: &mut Tx,
        actor: &str,
        permit: Option<&Permit>,
        mut note: Note,
    ) -> Result<(i64, Millis), SecurityError> {
        let origin = Origin::current();
        if let Some(permit) = permit {
            permit
                .post()
                .unwrap_or_default()
                .clone_into(&mut note.detail.post);
        }
        origin.complete(&mut note.detail);
        if let Some(permit) = permit {
            // Work that outlived its request has no origin; its permit still says for which unit.
            let unit = permit.units().first().copied();
            note.detail.unit = note.detail.unit.or(unit);
        }
        note.detail.people_digest = people_digest(&note.persons);
        let address = note.address.as_deref().unwrap_or(origin.address());
        let detailed = self.has_evidence_tables(work).await?;
        let (number, before) = store::head(work).await?;
        let at = self.0.clock.now();
        let entry = AuditEntry {
            number,
            at,
            actor: actor.to_owned(),
            action: note.action.as_str().to_owned(),
            subject: note.subject.as_str().to_owned(),
            outcome: note.outcome.as_str().to_owned(),
            address: address.to_owned(),
            detail: detailed.then_some(note.detail),
        };
        store::insert(work, &entry, &rules::chained(&before, &entry)).await?;
        if detailed && !note.persons.is_empty() {
            store::insert_persons(work, number, &note.persons).await?;
        }
        Ok((number, at))
    }

    /// Whether the work database has what entries of format 2 need. A folder of an earlier release that is
    /// only read has not, and keeps the format that it has.
    pub(crate) async fn has_evidence_tables(&self, work: &mut Tx) -> Result<bool, SecurityError> {
        if let Some(known) = self.0.evidence_tables.get() {
            return Ok(*known);
        }
        let there = store::has_tables(work).await?;
        // Someone else may have found out meanwhile: it is the same answer.
        let _ = self.0.evidence_tables.set(there);
        Ok(there)
    }
}

/// SHA-256 over the ids of the persons, sorted and each once, as hexadecimal digits; empty for none.
pub(crate) fn people_digest(sorted: &[RecordId]) -> String {
    if sorted.is_empty() {
        return String::new();
    }
    let mut bytes = Vec::with_capacity(sorted.len().saturating_mul(8));
    for person in sorted {
        bytes.extend_from_slice(&person.get().to_le_bytes());
    }
    crypto::hex(&crypto::sha256(&bytes))
}
