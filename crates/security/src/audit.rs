//! The audit log: append-only, in one order, each entry's hash covering the one before.

use db::Tx;
use standard::Action;

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{Note, store};
use crate::model::{AuditAction, AuditEntry, LedgerHead, Outcome, Subject};
use crate::permit::{Actor, Denied, Permit};

/// What entries of the log tell of the head of the ledger.
pub(crate) const HEADS: [AuditAction; 2] = [AuditAction::LedgerHead, AuditAction::LedgerPutBack];

/// The program itself, who keeps the heads.
pub(crate) const KEEPER: &str = "weihe";

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
        let note = Note::done(action, subject.clone())
            .outcome(outcome)
            .address(address);
        self.append_note(work, actor, None, note).await?;
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
        let detailed = self.has_evidence_tables(&mut tx).await?;
        let entries = store::after(&mut tx, after, most, detailed).await?;
        Ok(entries.into_iter().map(|(entry, _)| entry).collect())
    }

    /// Keeps the head of the ledger, so that a ledger which lost its last commits is found out. A head that
    /// is no further than the last one kept is not kept again.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn keep_ledger_head(&self, head: &LedgerHead) -> Result<(), SecurityError> {
        let kept = self.last_ledger_head().await?;
        if kept.is_some_and(|kept| head.number <= kept.number) {
            return Ok(());
        }
        let mut tx = self.0.work.write().await?;
        self.append(
            &mut tx,
            KEEPER,
            AuditAction::LedgerHead,
            &Subject::ledger_head(head),
            Outcome::Done,
            None,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The last head of the ledger that was kept; `None` where none was.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn last_ledger_head(&self) -> Result<Option<LedgerHead>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let last = store::last_of_actions(&mut tx, HEADS).await?;
        Ok(last.and_then(|entry| LedgerHead::of_subject(&entry.subject)))
    }

    /// The heads that the ledger had, in the order in which they were kept. What was kept before somebody
    /// said that the ledger was put back counts up to the commit that it was put back to.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn ledger_heads(&self) -> Result<Vec<LedgerHead>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let mut heads: Vec<LedgerHead> = Vec::new();
        for entry in store::of_actions(&mut tx, HEADS).await? {
            let Some(head) = LedgerHead::of_subject(&entry.subject) else {
                continue;
            };
            if entry.action == AuditAction::LedgerPutBack.as_str() {
                // Its hash covers what stands before it; heads kept of the lost branch count no more.
                heads.clear();
            }
            heads.push(head);
        }
        Ok(heads)
    }

    /// Says that the ledger was put back to an earlier state on purpose: its head is this one, and what
    /// was kept of later ones no longer counts.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::Denied`] unless the permit holds the whole node.
    pub async fn ledger_was_put_back(
        &self,
        permit: &Permit,
        head: &LedgerHead,
    ) -> Result<(), SecurityError> {
        permit.require(Action::ManageSettings)?;
        if !permit.reaches_everything() {
            return Err(Denied::Action(Action::ManageSettings).into());
        }
        self.audit_alone(
            permit.actor(),
            AuditAction::LedgerPutBack,
            &Subject::ledger_head(head),
            Outcome::Done,
            None,
        )
        .await
    }
}
