//! The audit log: append-only, in one order, each entry's hash covering the one before.

use db::Tx;

use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::model::{AuditAction, AuditEntry, Outcome, Subject};
use crate::permit::Actor;
use crate::store;

impl Security {
    /// Writes an entry in a transaction of the work database, so that what was done and its record stand
    /// or fall together. The head of the log stays locked until the transaction ends: make this its last
    /// step. `address` is [`crate::web::Visit::address`] of the request, `None` for jobs.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn audit(
        &self,
        work: &mut Tx,
        actor: &Actor,
        action: AuditAction,
        subject: &Subject,
        outcome: Outcome,
        address: Option<&str>,
    ) -> Result<(), SecurityError> {
        self.append(work, &actor.to_string(), action, subject, outcome, address)
            .await
    }

    /// [`Security::audit`] in a transaction of its own, for what happens outside the work database.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn audit_alone(
        &self,
        actor: &Actor,
        action: AuditAction,
        subject: &Subject,
        outcome: Outcome,
        address: Option<&str>,
    ) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        self.audit(&mut tx, actor, action, subject, outcome, address)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn append(
        &self,
        work: &mut Tx,
        actor: &str,
        action: AuditAction,
        subject: &Subject,
        outcome: Outcome,
        address: Option<&str>,
    ) -> Result<(), SecurityError> {
        let (number, before) = store::audit_head(work).await?;
        let entry = AuditEntry {
            number,
            at: self.0.clock.now(),
            actor: actor.to_owned(),
            action: action.as_str().to_owned(),
            subject: subject.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            address: address.unwrap_or_default().to_owned(),
        };
        store::insert_audit(work, &entry, &chained(&before, &entry)).await?;
        Ok(())
    }

    /// Entries after a number, oldest first, at most `most`.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn audit_entries(
        &self,
        after: i64,
        most: i64,
    ) -> Result<Vec<AuditEntry>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let entries = store::audit_after(&mut tx, after, most).await?;
        Ok(entries.into_iter().map(|(entry, _)| entry).collect())
    }

    /// Goes through the whole log; how many entries it has.
    ///
    /// # Errors
    /// [`SecurityError::AuditBroken`] with the first number that is missing or was changed.
    pub async fn verify_audit(&self) -> Result<i64, SecurityError> {
        const AT_ONCE: i64 = 10_000;
        let mut tx = self.0.work.read().await?;
        let (mut number, mut before) = (0_i64, String::new());
        loop {
            let entries = store::audit_after(&mut tx, number, AT_ONCE).await?;
            if entries.is_empty() {
                break;
            }
            for (entry, hash) in entries {
                number = number.saturating_add(1);
                if entry.number != number || chained(&before, &entry) != hash {
                    return Err(SecurityError::AuditBroken(number));
                }
                before = hash;
            }
        }
        let (last, end) = store::audit_end(&mut tx).await?;
        if (last, end) != (number, before) {
            return Err(SecurityError::AuditBroken(number.saturating_add(1)));
        }
        Ok(number)
    }
}

/// SHA-256 over the hash before and the fields, each with its length, as hexadecimal digits.
fn chained(before: &str, entry: &AuditEntry) -> String {
    let number = entry.number.to_string();
    let at = entry.at.get().to_string();
    let fields: [&str; 8] = [
        before,
        &number,
        &at,
        &entry.actor,
        &entry.action,
        &entry.subject,
        &entry.outcome,
        &entry.address,
    ];
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    crypto::hex(&crypto::sha256(&bytes))
}
