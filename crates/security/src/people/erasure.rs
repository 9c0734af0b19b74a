//! Forgetting a person, for good.

use std::collections::BTreeSet;

use ::crypto::sealed_by;
use db::Tx;
use kernel::RecordId;

use super::keyring::PersonKey;
use super::lookups::{Hasher, rows_of};
use super::model::{Erased, Erasure, IdentifierRow, KeyRow, PeopleError};
use super::{People, rules, store};
use crate::error::SecurityError;
use crate::evidence::Note;
use crate::model::{AuditAction, Outcome, Subject};
use crate::permit::Permit;

impl People {
    /// Deletes the person's key, identifiers and lookups, and puts the person on the erasure list. Whatever was
    /// sealed under the key can be opened by nobody from the commit of this transaction on; the caller nulls the
    /// sealed columns in the same transaction. After the commit, call [`People::keep_erasures`]. A person who is on
    /// the list already is passed over.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::People`], among them [`PeopleError::NoKey`] where there is no such
    /// person.
    pub async fn erase(
        &self,
        ledger: &mut Tx,
        permit: &Permit,
        person: RecordId,
        reason: Erasure,
    ) -> Result<(), SecurityError> {
        if !rules::is_reason(&reason.reason) {
            return Err(PeopleError::Reason.into());
        }
        self.lock_state(ledger).await?;
        let only = BTreeSet::from([person]);
        let Some(row) = store::keys(ledger, &only).await?.pop() else {
            return match store::erased_among(ledger, &only).await?.is_empty() {
                true => Err(PeopleError::NoKey(person).into()),
                false => Ok(()),
            };
        };
        let entry = Erased {
            person,
            mark: row.mark,
            at: self.0.0.clock.now(),
            reason: reason.reason,
            by: permit.actor().to_string(),
        };
        self.forget(ledger, &row, &entry).await
    }

    async fn forget(
        &self,
        ledger: &mut Tx,
        row: &KeyRow,
        entry: &Erased,
    ) -> Result<(), SecurityError> {
        let key = self.person_key(row)?;
        let hashers = self.hashers(ledger, |_| true).await?;
        for identifier in store::identifiers_of(ledger, row.person).await? {
            let (kind, value) = &*open_identifier(&key, &identifier)?;
            for lookup in rows_of(&hashers, row.person, kind, value) {
                store::delete_lookup(ledger, &lookup).await?;
            }
        }
        store::delete_identifiers(ledger, row.person).await?;
        store::delete_key(ledger, row).await?;
        store::insert_erased(ledger, store::ERASED, entry).await?;
        Ok(())
    }

    /// Copies the erasure list to the work database and beside the master keys, so that it survives a restore of
    /// the ledger, and enters every erasure that is new there in the audit log, in the same transaction: once each,
    /// whatever ended in between. To be called after the commit of an erasure; also done at every start.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::People`] where the place of the master keys cannot be written.
    pub async fn keep_erasures(&self) -> Result<(), SecurityError> {
        let mut ledger = self.0.0.ledger.read().await?;
        let done = store::erased(&mut ledger, store::ERASED).await?;
        drop(ledger);
        let source = self.source()?;
        let beside: BTreeSet<Erased> = source.erasures()?.into_iter().collect();
        let missing: Vec<Erased> = done.difference(&beside).cloned().collect();
        source.keep_erasures(&missing)?;
        let mut work = self.0.0.work.write().await?;
        let kept = store::erased(&mut work, store::KEPT).await?;
        for entry in done.difference(&kept) {
            // Somebody else may keep the same list at this moment.
            if store::insert_erased(&mut work, store::KEPT, entry).await? {
                self.note_erased(&mut work, AuditAction::PersonErased, Outcome::Done, entry)
                    .await?;
            }
        }
        work.commit().await?;
        Ok(())
    }

    /// An entry of the audit log about an erasure, in the name of who erased.
    async fn note_erased(
        &self,
        work: &mut Tx,
        action: AuditAction,
        outcome: Outcome,
        entry: &Erased,
    ) -> Result<(), SecurityError> {
        let note = Note::done(action, Subject::record("person", entry.person))
            .outcome(outcome)
            .dataset("person")
            .persons(&[entry.person])
            .reason(&entry.reason);
        self.0.append_note(work, &entry.by, None, note).await?;
        Ok(())
    }

    /// Erases again whom a restore of an older backup brought back: everybody whose erasure was kept outside the
    /// ledger and whose very key is in it. Answers how many.
    pub(super) async fn replay_erasures(&self) -> Result<usize, SecurityError> {
        let mut work = self.0.0.work.read().await?;
        let mut kept = store::erased(&mut work, store::KEPT).await?;
        drop(work);
        kept.extend(self.source()?.erasures()?);
        let mut ledger = self.0.0.ledger.read().await?;
        let done = store::erased(&mut ledger, store::ERASED).await?;
        let known: BTreeSet<(RecordId, i64)> = done
            .iter()
            .map(|entry| (entry.person, entry.mark))
            .collect();
        kept.retain(|entry| !known.contains(&(entry.person, entry.mark)));
        let persons: BTreeSet<RecordId> = kept.iter().map(|entry| entry.person).collect();
        let there = store::keys(&mut ledger, &persons).await?;
        drop(ledger);
        let mut again = 0;
        for row in there {
            let entry = kept
                .iter()
                .find(|entry| (entry.person, entry.mark) == (row.person, row.mark));
            // The same record id with another mark is another person: the ledger lost the commits of the first.
            let Some(entry) = entry else { continue };
            // Two databases share no transaction: the log says first that it begins, and then that it is done.
            self.note_again(Outcome::Begun, entry).await?;
            let mut ledger = self.0.0.ledger.write().await?;
            self.lock_state(&mut ledger).await?;
            self.forget(&mut ledger, &row, entry).await?;
            ledger.commit().await?;
            self.note_again(Outcome::Done, entry).await?;
            again += 1;
        }
        Ok(again)
    }

    async fn note_again(&self, outcome: Outcome, entry: &Erased) -> Result<(), SecurityError> {
        let mut work = self.0.0.work.write().await?;
        let action = AuditAction::PersonErasedAgain;
        self.note_erased(&mut work, action, outcome, entry).await?;
        work.commit().await?;
        Ok(())
    }

    /// The erasure list of the ledger, by person.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn erased(&self, ledger: &mut Tx) -> Result<Vec<Erased>, SecurityError> {
        let list = store::erased(ledger, store::ERASED).await?;
        Ok(list.into_iter().collect())
    }
}

/// Kind and value, wiped when dropped.
pub(super) fn open_identifier(
    key: &PersonKey,
    row: &IdentifierRow,
) -> Result<::crypto::Zeroizing<(String, String)>, PeopleError> {
    let suite = sealed_by(&row.sealed).map_err(PeopleError::Seal)?;
    let context = rules::identifier_context(row.person, row.tag);
    let plain = key
        .sealing(suite)
        .open(&context, &row.sealed)
        .map_err(PeopleError::Seal)?;
    let (kind, value) =
        rules::identifier_of(&plain).ok_or(PeopleError::Seal(::crypto::SealFault::Format))?;
    Ok(::crypto::Zeroizing::new((
        kind.to_owned(),
        value.to_owned(),
    )))
}

/// All rows by which a person's identifiers are found under some keys.
pub(super) fn lookups_of(
    hashers: &[Hasher],
    key: &PersonKey,
    row: &IdentifierRow,
) -> Result<Vec<super::model::LookupRow>, PeopleError> {
    let (kind, value) = &*open_identifier(key, row)?;
    Ok(rows_of(hashers, row.person, kind, value).collect())
}
