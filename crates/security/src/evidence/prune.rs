//! The end of an entry's retention.

use kernel::Millis;

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::model::{AuditSegment, Note};
use crate::evidence::{rules, store};
use crate::model::{AuditAction, LedgerHead, Subject};
use crate::permit::{Denied, Permit};

/// What was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
}

impl Security {
    /// Drops whole months that are past their retention, oldest first, and keeps the hash with which they
    /// ended. A log that is not whole loses nothing: it is evidence of what was done to it.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] unless the permit holds the whole node; [`SecurityError::AuditBroken`];
    /// [`SecurityError::Db`].
    pub async fn prune_audit(&self, permit: &Permit) -> Result<Option<Pruned>, SecurityError> {
        if !permit.reaches_everything() {
            return Err(Denied::Hidden.into());
        }
        let months = self.setting(rules::KEEP_SETTING).await?;
        let until = rules::kept_since(self.0.clock.now(), rules::months_kept(months.as_deref()));
        if self.last_past(until).await?.is_none() {
            return Ok(None);
        }
        self.verify_audit().await?;
        self.drop_up_to(permit, until).await
    }

    /// The last number of the entries before a moment; `None` where the first that is left is later.
    async fn last_past(&self, until: Millis) -> Result<Option<i64>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        if !self.has_evidence_tables(&mut tx).await? {
            return Ok(None);
        }
        let dropped = store::segments(&mut tx)
            .await?
            .last()
            .map_or(0, |one| one.last);
        let kept = store::first_since(&mut tx, until).await?;
        let last = match kept {
            Some(first) => first.saturating_sub(1),
            None => store::end(&mut tx).await?.0,
        };
        Ok((last > dropped).then_some(last))
    }

    async fn drop_up_to(
        &self,
        permit: &Permit,
        until: Millis,
    ) -> Result<Option<Pruned>, SecurityError> {
        let Some(last) = self.last_past(until).await? else {
            return Ok(None);
        };
        let mut tx = self.0.work.write().await?;
        let Some((first, first_at, last_at, hash)) = store::part_up_to(&mut tx, last).await? else {
            return Ok(None);
        };
        let kept = store::last_of_actions(&mut tx, crate::audit::HEADS).await?;
        let segment = AuditSegment {
            first,
            last,
            hash,
            first_at,
            last_at,
            dropped: self.0.clock.now(),
        };
        store::drop_segment(&mut tx, &segment).await?;
        let head = kept
            .filter(|entry| entry.number <= last)
            .and_then(|entry| LedgerHead::of_subject(&entry.subject));
        if let Some(head) = head {
            // The head of the ledger outlives the entry that kept it.
            self.append(
                &mut tx,
                crate::audit::KEEPER,
                AuditAction::LedgerHead,
                &Subject::ledger_head(&head),
                crate::model::Outcome::Done,
                None,
            )
            .await?;
        }
        let entries = last.saturating_sub(first).saturating_add(1);
        let note = Note::done(
            AuditAction::AuditPruned,
            Subject::audit(last, &segment.hash),
        )
        .records(usize::try_from(entries).unwrap_or(usize::MAX));
        self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(Some(Pruned { first, last }))
    }
}
