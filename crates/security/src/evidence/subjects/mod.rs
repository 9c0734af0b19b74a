//! Persons and guardians as readers: who looked at my record.
//!
//! An account is tied to the record of a person by somebody who manages accounts where that person's record
//! stands and who has seen the papers. What it sees is the unit, the post, the purpose and the time of each
//! reading; the colleague's name only where the operator set so.

mod model;
mod store;

pub use model::{Link, LinkId, Look, Looks, Records, Relation};

use kernel::{AccountId, RecordId, UnitId};
use standard::{Action, Label};

use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::Note;
use crate::model::{AuditAction, Subject};
use crate::permit::{Denied, Permit};
use crate::signin::Signed;
use crate::store as numbers;

/// The setting that shows the names of those who read: `1`.
pub(crate) const NAMES_SETTING: &str = "show_reader_names";

/// Readings on a page.
const AT_ONCE: i64 = 50;

impl Security {
    /// Gives the titles of purposes, by name; the first ones given stay.
    pub fn use_purposes(&self, purposes: impl IntoIterator<Item = (String, Label)>) {
        let _ = self.0.purposes.set(purposes.into_iter().collect());
    }

    /// Gives the room that keeps records; the first one given stays.
    pub fn use_records(&self, records: std::sync::Arc<dyn Records>) {
        let _ = self.0.records.set(records);
    }

    /// Ties an account to the record of a person, after the papers were seen. `unit` is the unit of that
    /// record, as the caller found it within the permit's reach.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for a unit out of reach; [`SecurityError::OwnMatter`] for one's own account;
    /// [`SecurityError::NoAccount`]; [`SecurityError::Db`].
    pub async fn link_person(
        &self,
        permit: &Permit,
        account: AccountId,
        person: RecordId,
        unit: UnitId,
        relation: Relation,
    ) -> Result<LinkId, SecurityError> {
        permit.require_in(&self.units(), unit, Action::ManageAccounts)?;
        if permit.actor().account() == Some(account) {
            return Err(SecurityError::OwnMatter);
        }
        let mut tx = self.0.work.write().await?;
        if numbers::account(&mut tx, account).await?.is_none() {
            return Err(SecurityError::NoAccount(account.to_string()));
        }
        let held = store::links_of(&mut tx, account).await?;
        if let Some(link) = held
            .iter()
            .find(|link| link.person == person && link.relation == relation)
        {
            return Ok(link.id);
        }
        let id = LinkId(numbers::next_number(&mut tx, "account_person").await?);
        let link = Link {
            id,
            account,
            person,
            relation,
            verified: self.0.clock.now(),
            verified_by: permit.actor().to_string(),
        };
        store::insert(&mut tx, &link).await?;
        let note = Note::done(AuditAction::PersonLinked, Subject::account(account))
            .dataset("person")
            .reason(relation.as_str())
            .persons(&[person]);
        self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Unties an account from the record of a person.
    ///
    /// # Errors
    /// As [`Security::link_person`].
    pub async fn unlink_person(
        &self,
        permit: &Permit,
        link: LinkId,
        unit: UnitId,
    ) -> Result<(), SecurityError> {
        permit.require_in(&self.units(), unit, Action::ManageAccounts)?;
        let mut tx = self.0.work.write().await?;
        let Some(held) = store::link(&mut tx, link).await? else {
            return Err(Denied::Hidden.into());
        };
        let by = permit.actor().to_string();
        store::end(&mut tx, link, &by, self.0.clock.now()).await?;
        let note = Note::done(AuditAction::PersonLinked, Subject::account(held.account))
            .dataset("person")
            .reason("ended")
            .persons(&[held.person]);
        self.note(&mut tx, permit, note).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The accounts that are tied to the record of a person.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageAccounts`] at the unit of the record.
    pub async fn links_to(
        &self,
        permit: &Permit,
        person: RecordId,
        unit: UnitId,
    ) -> Result<Vec<Link>, SecurityError> {
        permit.require_in(&self.units(), unit, Action::ManageAccounts)?;
        let mut tx = self.0.work.read().await?;
        Ok(store::links_to(&mut tx, person).await?)
    }

    /// The records that the signed-in person may ask about.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn own_records(&self, signed: &Signed) -> Result<Vec<Link>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        if !self.has_evidence_tables(&mut tx).await? {
            return Ok(Vec::new());
        }
        Ok(store::links_of(&mut tx, signed.account.id).await?)
    }

    /// Who looked at a record that the signed-in person is tied to, the latest first, from before an entry of
    /// the log on.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for a record that the account is not tied to; [`SecurityError::Db`].
    pub async fn looks_at(
        &self,
        signed: &Signed,
        person: RecordId,
        before: Option<i64>,
    ) -> Result<Looks, SecurityError> {
        let tied = self.own_records(signed).await?;
        if !tied.iter().any(|link| link.person == person) {
            return Err(Denied::Hidden.into());
        }
        let named = self.setting(NAMES_SETTING).await?.as_deref() == Some("1");
        let mut tx = self.0.work.read().await?;
        let before = before.unwrap_or(i64::MAX);
        let most = AT_ONCE.saturating_add(1);
        let mut looks = store::looks(&mut tx, person, before, most).await?;
        let more = looks.len() > usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        looks.truncate(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
        for look in &mut looks {
            look.reader = match look.reader.take().filter(|_| named) {
                Some(actor) => self.actor_name(&actor).await?,
                None => None,
            };
        }
        let next = looks.last().filter(|_| more).map(|look| look.number);
        Ok(Looks { looks, next })
    }
}
