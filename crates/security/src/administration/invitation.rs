//! Inviting people, activating accounts, the first three administrators, and accounts nobody uses.

use db::Tx;
use kernel::{AccountId, Millis};
use standard::{Action, UnitLevel};

use super::code::{hash_of, new_code};
use super::model::{Invitation, NewPerson, OneTimeCode, PersonName};
use super::store;
use crate::accounts::usable_login;
use crate::api::Security;
use crate::error::SecurityError;
use crate::factors;
use crate::factors::SetBy;
use crate::model::{Account, AccountKind, AuditAction, NewGrant, Outcome, Subject};
use crate::permit::{Actor, Permit};
use crate::rules;
use crate::rules::grant::GrantFault;
use crate::rules::password::PasswordFault;

const DAY: i64 = 24 * 3_600_000;
/// How long an activation code may be used.
const CODE_LASTS: i64 = 14 * DAY;
/// How long the code of the first start may be used.
const SETUP_LASTS: i64 = DAY;

impl Security {
    /// Makes an account for a person, with a post where one is given, and the code to begin with.
    ///
    /// # Errors
    /// Those of [`Security::create_account`] and [`Security::give`].
    pub async fn enrol(
        &self,
        permit: &Permit,
        person: &NewPerson,
    ) -> Result<Invitation, SecurityError> {
        let level = match &person.grant {
            Some(grant) => self.level_of(grant.unit).await?,
            None => None,
        };
        let mut tx = self.0.work.write().await?;
        let invitation = self.enrol_within(&mut tx, permit, person, level).await?;
        tx.commit().await?;
        Ok(invitation)
    }

    pub(crate) async fn enrol_within(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        person: &NewPerson,
        level: Option<UnitLevel>,
    ) -> Result<Invitation, SecurityError> {
        rules::grant::may_reach(permit, &self.units(), person.home)?;
        let login = usable_login(&person.login)?;
        let account = self.account_of(&login, &person.display, person.home);
        let id = self
            .insert_account(tx, permit, account.clone(), &self.0.dummy_hash)
            .await?;
        let account = Account { id, ..account };
        if let Some(grant) = &person.grant {
            self.give_within(tx, permit, &account, grant, level).await?;
        }
        self.invite_within(tx, permit.actor(), &account, CODE_LASTS)
            .await
    }

    /// Gives a person a new code to set a password with; the old password and the sessions end at once.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], [`SecurityError::Denied`]; [`GrantFault::Barred`] for an account that may
    /// not act, and for one of a program.
    pub async fn invite(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Invitation, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        // One's own password is changed where the present one is asked for.
        if permit.actor().account() == Some(account.id) {
            return Err(GrantFault::ToOneself.into());
        }
        if account.kind != AccountKind::Person || !account.may_act(now.day()) {
            return Err(GrantFault::Barred.into());
        }
        let is_open = store::code_open_until(&mut tx, account.id, now).await?;
        if is_open.is_none() {
            factors::store::keep_password(&mut tx, account.id, now).await?;
        }
        crate::store::set_password_hash(&mut tx, account.id, &self.0.dummy_hash, now).await?;
        crate::store::delete_sessions_of(&mut tx, account.id, None).await?;
        let invitation = self
            .invite_within(&mut tx, permit.actor(), &account, CODE_LASTS)
            .await?;
        tx.commit().await?;
        Ok(invitation)
    }

    async fn invite_within(
        &self,
        tx: &mut Tx,
        by: &Actor,
        account: &Account,
        lasts: i64,
    ) -> Result<Invitation, SecurityError> {
        let now = self.0.clock.now();
        let expires = now.add(lasts);
        let code = new_code(self.0.random.as_ref())?;
        let hash = hash_of(code.reveal());
        store::put_code(tx, &hash, account.id, &by.to_string(), now, expires).await?;
        self.audit(
            tx,
            by,
            AuditAction::AccountInvited,
            &Subject::account(account.id),
            Outcome::Done,
            None,
        )
        .await?;
        Ok(Invitation {
            account: account.id,
            login: account.login.clone(),
            display: account.display.clone(),
            home: account.home,
            code,
            expires,
        })
    }

    /// The account that a code is for, while it may be used.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub(crate) async fn account_of_code(
        &self,
        typed: &str,
    ) -> Result<Option<Account>, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let Some(id) = store::account_of_code(&mut tx, &hash_of(typed), now).await? else {
            return Ok(None);
        };
        let account = crate::store::account(&mut tx, id).await?;
        Ok(account.filter(|account| account.may_act(now.day())))
    }

    /// Sets the password of the account that a code is for, and uses the code up.
    ///
    /// # Errors
    /// [`SecurityError::NoCode`] for a code that is wrong, used or expired; [`SecurityError::PasswordFault`].
    pub(crate) async fn activate(
        &self,
        typed: &str,
        password: &str,
        address: &str,
    ) -> Result<Account, SecurityError> {
        let account = self
            .account_of_code(typed)
            .await?
            .ok_or(SecurityError::NoCode)?;
        rules::password::check(&self.policy().password_rules(), password, &account.login)
            .map_err(SecurityError::PasswordFault)?;
        if self.was_taken(account.id, password).await? {
            return Err(SecurityError::PasswordFault(PasswordFault::Reused));
        }
        let hash = self.hash(password.to_owned()).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        if !store::use_code(&mut tx, &hash_of(typed), now).await? {
            return Err(SecurityError::NoCode);
        }
        crate::store::set_password_hash(&mut tx, account.id, &hash, now).await?;
        factors::store::put_set_by(&mut tx, account.id, SetBy::Holder).await?;
        crate::store::delete_sessions_of(&mut tx, account.id, None).await?;
        let actor = Actor::Account {
            id: account.id,
            login: account.login.clone(),
        };
        self.audit(
            &mut tx,
            &actor,
            AuditAction::PasswordSet,
            &Subject::account(account.id),
            Outcome::Done,
            Some(address),
        )
        .await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Until when the code that an account was given may be used; `None` where none is open.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], [`SecurityError::Denied`].
    pub async fn invited_until(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Option<Millis>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        Ok(store::code_open_until(&mut tx, account.id, self.0.clock.now()).await?)
    }

    // The first start

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn is_new(&self) -> Result<bool, SecurityError> {
        let mut tx = self.0.work.read().await?;
        Ok(crate::store::count_accounts(&mut tx).await? == 0)
    }

    /// On a node without accounts the code with which three administrators are appointed, for a day; the one
    /// before is void. `None` where there are accounts.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn setup_code(&self) -> Result<Option<(OneTimeCode, Millis)>, SecurityError> {
        if !self.is_new().await? {
            return Ok(None);
        }
        let now = self.0.clock.now();
        let expires = now.add(SETUP_LASTS);
        let code = new_code(self.0.random.as_ref())?;
        let permit = Permit::for_operator("first-start")?;
        let by = permit.actor().to_string();
        let mut tx = self.0.work.write().await?;
        let hash = hash_of(code.reveal());
        store::put_code(&mut tx, &hash, store::FIRST_START, &by, now, expires).await?;
        let invited = AuditAction::AccountInvited;
        self.done(&mut tx, &permit, invited, &Subject::none())
            .await?;
        tx.commit().await?;
        Ok(Some((code, expires)))
    }

    /// Appoints the system, the security and the audit administrator of a new node: three people, each of
    /// whom sets a password with a code of their own.
    ///
    /// # Errors
    /// [`SecurityError::NoCode`] where the code is wrong, used or expired or there are accounts already;
    /// [`SecurityError::NoPost`] where the definitions have no such post; those of a sign-in name.
    pub(crate) async fn set_up(
        &self,
        typed: &str,
        three: &[PersonName; 3],
    ) -> Result<Vec<Invitation>, SecurityError> {
        let permit = Permit::for_operator("first-start")?;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let is_right = store::use_code(&mut tx, &hash_of(typed), now).await?;
        if !is_right || crate::store::count_accounts(&mut tx).await? > 0 {
            return Err(SecurityError::NoCode);
        }
        let mut invitations = Vec::with_capacity(three.len());
        for (action, name) in Action::SEPARATED.into_iter().zip(three) {
            let post = self
                .0
                .posts
                .iter()
                .find(|post| post.allows(action) && post.is_held_at(UnitLevel::Province))
                .ok_or_else(|| SecurityError::NoPost(action.as_str().to_owned(), String::new()))?;
            let person = NewPerson {
                login: name.login.clone(),
                display: name.display.clone(),
                home: None,
                grant: Some(NewGrant::of(&post.name, None)),
            };
            let level = Some(UnitLevel::Province);
            let invitation = self.enrol_within(&mut tx, &permit, &person, level).await?;
            invitations.push(invitation);
        }
        tx.commit().await?;
        Ok(invitations)
    }
}
