//! Readings of personal data.

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::model::{Note, Reading, Recorded};
use crate::model::{AuditAction, Subject};
use crate::permit::Permit;

impl Security {
    /// Records that personal data is about to be shown: one entry, and a row of the index for each person,
    /// lasting before this answers. Show nothing where it fails.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::NoPurpose`] where values are to be shown in full without one.
    pub async fn record_reading(
        &self,
        permit: &Permit,
        reading: Reading<'_>,
    ) -> Result<Recorded, SecurityError> {
        if reading.in_full && reading.purpose.trim().is_empty() {
            return Err(SecurityError::NoPurpose);
        }
        let subject = match reading.persons {
            [one] => Subject::record("person", *one),
            _ => Subject::dataset(reading.dataset),
        };
        let note = Note::done(AuditAction::PersonalRead, subject)
            .dataset(reading.dataset)
            .persons(reading.persons)
            .records(reading.persons.len())
            .purpose(reading.purpose)
            .reason(reading.reason)
            .shown(reading.level, reading.in_full);
        let mut tx = self.0.work.write().await?;
        let (number, at) = self
            .append_note(&mut tx, &permit.actor().to_string(), Some(permit), note)
            .await?;
        tx.commit().await?;
        Ok(Recorded { number, at })
    }
}
