//! Making, listing, granting and barring accounts.

use std::collections::HashMap;

use db::{DbError, Tx};
use kernel::{AccountId, Day, UnitId};
use standard::{Action, Line, Post, UnitLevel};

use crate::api::Security;
use crate::conditions::GrantAsked;
use crate::crypto;
use crate::error::SecurityError;
use crate::factors;
use crate::model::{
    Account, AccountKind, AccountState, AuditAction, GeneratedPassword, Grant, GrantId, NewAccount,
    NewGrant, NewServiceAccount, Outcome, Subject,
};
use crate::permit::{Denied, Permit};
use crate::rules;
use crate::rules::grant::GrantFault;
use crate::store;

/// An account and the posts it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountWithGrants {
    /// The account.
    pub account: Account,
    /// Its grants, also those that ran out by date.
    pub grants: Vec<Grant>,
}

/// The name and password of the first account: to be shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAccount {
    /// The name to sign in with.
    pub login: String,
    /// Its password.
    pub password: GeneratedPassword,
}

/// Accounts with their grants, in the order of the accounts.
fn with_grants(accounts: Vec<Account>, grants: Vec<Grant>) -> Vec<AccountWithGrants> {
    let mut by_account: HashMap<AccountId, Vec<Grant>> = HashMap::new();
    for grant in grants {
        by_account.entry(grant.account).or_default().push(grant);
    }
    accounts
        .into_iter()
        .map(|account| AccountWithGrants {
            grants: by_account.remove(&account.id).unwrap_or_default(),
            account,
        })
        .collect()
}

/// A name to sign in with, lowered.
pub(crate) fn usable_login(login: &str) -> Result<String, SecurityError> {
    rules::grant::login(login).ok_or_else(|| SecurityError::LoginFault(login.to_owned()))
}

/// The name of the first account.
const FIRST_LOGIN: &str = "admin";

impl Security {
    /// On a node without accounts makes `admin`, with a generated password and every post of
    /// `first_posts` for the whole tree; `None` where there are accounts already.
    ///
    /// # Errors
    /// [`SecurityError::NoPost`] where the standard has no such post.
    pub async fn first_account(
        &self,
        first_posts: &[&str],
    ) -> Result<Option<FirstAccount>, SecurityError> {
        let accounts = {
            let mut tx = self.0.work.read().await?;
            store::count_accounts(&mut tx).await?
        };
        if accounts > 0 {
            return Ok(None);
        }
        let permit = Permit::for_operator("first-start")?;
        let account = NewAccount {
            login: FIRST_LOGIN.to_owned(),
            display: "管理员".to_owned(),
            password: None,
        };
        let (id, password) = self.create_account(&permit, account).await?;
        for post in first_posts {
            self.grant(&permit, id, post, None, None).await?;
        }
        Ok(password.map(|password| FirstAccount {
            login: FIRST_LOGIN.to_owned(),
            password,
        }))
    }

    /// Makes an account without posts; answers the password where it was generated. The account belongs to
    /// the unit of the permit.
    ///
    /// # Errors
    /// [`SecurityError::LoginFault`], [`SecurityError::LoginTaken`], [`SecurityError::PasswordFault`],
    /// [`SecurityError::Denied`].
    pub async fn create_account(
        &self,
        permit: &Permit,
        new: NewAccount,
    ) -> Result<(AccountId, Option<GeneratedPassword>), SecurityError> {
        permit.require(Action::ManageAccounts)?;
        let login = usable_login(&new.login)?;
        let (password, generated) = self.chosen_or_generated(new.password, &login)?;
        let hash = self.hash(password).await?;
        let home = permit.units().first().copied();

        let mut tx = self.0.work.write().await?;
        let account = self.account_of(&login, &new.display, home);
        let id = self.insert_account(&mut tx, permit, account, &hash).await?;
        self.password_was_set(&mut tx, id, generated.is_some())
            .await?;
        tx.commit().await?;
        Ok((id, generated))
    }

    /// Makes the account of a program, without posts. It has no password: what lets the program in is made
    /// by who builds on it, and asks [`Security::service_account`] first.
    ///
    /// # Errors
    /// As [`Security::create_account`]; [`GrantFault::NoDay`] where it would have expired already.
    pub async fn create_service_account(
        &self,
        permit: &Permit,
        new: NewServiceAccount,
    ) -> Result<AccountId, SecurityError> {
        rules::grant::may_reach(permit, &self.units(), new.home)?;
        let login = usable_login(&new.login)?;
        if new.expires <= self.0.clock.today() {
            return Err(GrantFault::NoDay.into());
        }
        let mut tx = self.0.work.write().await?;
        let account = Account {
            kind: AccountKind::Service,
            expires: Some(new.expires),
            ..self.account_of(&login, &new.display, new.home)
        };
        let id = self
            .insert_account(&mut tx, permit, account, &self.0.dummy_hash)
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The account of a program that may act now, with its grants in force.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`] where it is none of a program, is barred or has expired.
    pub async fn service_account(&self, id: AccountId) -> Result<AccountWithGrants, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.read().await?;
        let account = store::account(&mut tx, id)
            .await?
            .filter(|account| account.kind == AccountKind::Service && account.may_act(now.day()))
            .ok_or_else(|| SecurityError::NoAccount(id.to_string()))?;
        let grants = store::grants_of(&mut tx, id).await?;
        let grants = rules::grant::in_force(&grants, &self.0.posts, now)
            .into_iter()
            .map(|(grant, _)| grant.clone())
            .collect();
        Ok(AccountWithGrants { account, grants })
    }

    /// Notes that a program acted with its account.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn service_account_used(
        &self,
        work: &mut Tx,
        id: AccountId,
    ) -> Result<(), SecurityError> {
        Ok(store::set_last_used(work, id, self.0.clock.now()).await?)
    }

    /// An account of a person that is not stored yet: without an id.
    pub(crate) fn account_of(&self, login: &str, display: &str, home: Option<UnitId>) -> Account {
        Account {
            id: AccountId::new(0),
            login: login.to_owned(),
            display: match display.trim() {
                "" => login.to_owned(),
                display => display.chars().take(64).collect(),
            },
            state: AccountState::Active,
            created: self.0.clock.now(),
            language: None,
            kind: AccountKind::Person,
            expires: None,
            home,
            last_used: None,
        }
    }

    /// Stores an account under a new id and records it.
    pub(crate) async fn insert_account(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        account: Account,
        hash: &str,
    ) -> Result<AccountId, SecurityError> {
        let account = Account {
            id: AccountId::new(store::next_number(tx, "account").await?),
            ..account
        };
        match store::insert_account(tx, &account, hash).await {
            Err(DbError::Unique { .. }) => return Err(SecurityError::LoginTaken(account.login)),
            other => other?,
        }
        let subject = Subject::account(account.id);
        self.done(tx, permit, AuditAction::AccountCreated, &subject)
            .await?;
        Ok(account.id)
    }

    /// All accounts with their posts, by name. One who does not hold the whole tree sees those accounts
    /// that hold a post within reach.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageAccounts`].
    pub async fn list_accounts(
        &self,
        permit: &Permit,
    ) -> Result<Vec<AccountWithGrants>, SecurityError> {
        permit.require(Action::ManageAccounts)?;
        let (accounts, grants) = {
            let mut tx = self.0.work.read().await?;
            (
                store::accounts(&mut tx).await?,
                store::grants(&mut tx).await?,
            )
        };
        let (tree, today) = (self.units(), self.0.clock.today());
        let mut listed = with_grants(accounts, grants);
        listed.retain(|one| {
            rules::grant::may_manage(permit, &tree, &one.account, &one.grants, today).is_ok()
        });
        Ok(listed)
    }

    /// One account within the permit's reach, with its grants.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], also for one out of reach; [`SecurityError::Denied`].
    pub async fn account(
        &self,
        permit: &Permit,
        id: AccountId,
    ) -> Result<AccountWithGrants, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let account = self.managed(&mut tx, permit, id).await?;
        let grants = store::grants_of(&mut tx, id).await?;
        Ok(AccountWithGrants { account, grants })
    }

    /// The account of a sign-in name.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], also for one out of the permit's reach.
    pub async fn account_named(
        &self,
        permit: &Permit,
        login: &str,
    ) -> Result<Account, SecurityError> {
        permit.require(Action::ManageAccounts)?;
        let none = || SecurityError::NoAccount(login.to_owned());
        let name = rules::grant::login(login).ok_or_else(none)?;
        let mut tx = self.0.work.read().await?;
        let account = store::account_by_login(&mut tx, &name)
            .await?
            .ok_or_else(none)?;
        self.managed(&mut tx, permit, account.id)
            .await
            .map_err(|_| none())
    }

    /// [`Security::give`] of a post for a unit that nothing else narrows, until a day.
    ///
    /// # Errors
    /// As there.
    pub async fn grant(
        &self,
        permit: &Permit,
        account: AccountId,
        post: &str,
        unit: Option<UnitId>,
        until: Option<Day>,
    ) -> Result<GrantId, SecurityError> {
        let new = NewGrant {
            until,
            ..NewGrant::of(post, unit)
        };
        self.give(permit, account, &new).await
    }

    /// Gives an account a post.
    ///
    /// # Errors
    /// [`SecurityError::NoPost`], [`SecurityError::NoLine`], [`SecurityError::NoDataset`],
    /// [`SecurityError::NoAccount`], [`SecurityError::Denied`] and, where the rules of posts refuse it,
    /// [`SecurityError::Grant`]; [`SecurityError::GrantRefused`] where a condition of another room does.
    pub async fn give(
        &self,
        permit: &Permit,
        account: AccountId,
        new: &NewGrant,
    ) -> Result<GrantId, SecurityError> {
        rules::grant::may_reach(permit, &self.units(), new.unit)?;
        let level = self.level_of(new.unit).await?;
        let mut tx = self.0.work.write().await?;
        let found = store::account(&mut tx, account).await?;
        let found = found.ok_or_else(|| SecurityError::NoAccount(account.to_string()))?;
        let grant = self
            .give_within(&mut tx, permit, &found, new, level)
            .await?;
        tx.commit().await?;
        Ok(grant)
    }

    /// Gives an account a post that it asked for and that somebody approved: who approves need not manage
    /// accounts, and decides on the posts that `may_approve` of the own post names. Who may give the post
    /// gives it as by [`Security::give`].
    ///
    /// # Errors
    /// As there.
    pub async fn give_approved(
        &self,
        permit: &Permit,
        account: AccountId,
        new: &NewGrant,
    ) -> Result<GrantId, SecurityError> {
        if permit.may_give(&new.post) {
            return self.give(permit, account, new).await;
        }
        let unit = new.unit.ok_or(Denied::Hidden)?;
        permit.require_in(&self.units(), unit, Action::Approve)?;
        let post = self.post_named(&new.post)?;
        let level = self.level_of(new.unit).await?;
        let own = permit
            .post()
            .map(|name| self.post_named(name))
            .transpose()?;
        if !own.is_some_and(|own| own.may_approve.contains(&post.name)) {
            return Err(GrantFault::MayNotGive(post.name.clone()).into());
        }
        if permit.actor().account() == Some(account) {
            return Err(GrantFault::ToOneself.into());
        }
        rules::grant::is_held_at(post, level)?;
        let line = new.line.as_deref().map(|name| self.line_named(name));
        rules::grant::is_no_wider(permit, line.transpose()?, new.datasets.as_deref())?;
        let mut tx = self.0.work.write().await?;
        let found = store::account(&mut tx, account).await?;
        let found = found.ok_or_else(|| SecurityError::NoAccount(account.to_string()))?;
        let grant = self
            .insert_grant(&mut tx, permit, &found, new, None)
            .await?;
        tx.commit().await?;
        Ok(grant)
    }

    /// [`Security::give`] within a transaction, once the unit's level is known: reading it may have to wait,
    /// and a transaction must not.
    pub(crate) async fn give_within(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        account: &Account,
        new: &NewGrant,
        level: Option<UnitLevel>,
    ) -> Result<GrantId, SecurityError> {
        rules::grant::may_reach(permit, &self.units(), new.unit)?;
        let post = self.post_named(&new.post)?;
        rules::grant::may_give(permit, post, level, account.id)?;
        let line = new.line.as_deref().map(|name| self.line_named(name));
        let line = line.transpose()?;
        rules::grant::is_no_wider(permit, line, new.datasets.as_deref())?;
        self.insert_grant(tx, permit, account, new, None).await
    }

    /// Stores a grant that its giver may give, held against what the account holds. Every way in which a
    /// post comes to an account ends here.
    pub(crate) async fn insert_grant(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        account: &Account,
        new: &NewGrant,
        deputy_of: Option<GrantId>,
    ) -> Result<GrantId, SecurityError> {
        let today = self.0.clock.today();
        let post = self.post_named(&new.post)?;
        if let Some(line) = &new.line {
            self.line_named(line)?;
        }
        let mut datasets = new.datasets.clone();
        for name in datasets.iter_mut().flatten() {
            if !self.0.datasets.iter().any(|known| known.name == *name) {
                return Err(SecurityError::NoDataset(name.clone()));
            }
        }
        if let Some(names) = &mut datasets {
            names.sort_unstable();
            names.dedup();
        }
        rules::grant::has_days(new.from, new.until, today)?;
        if !account.may_act(today) {
            return Err(GrantFault::Barred.into());
        }
        let held = store::grants_of(tx, account.id).await?;
        let line = new.line.as_deref();
        rules::grant::fits_beside(&held, &self.0.posts, post, new.unit, line, today)?;
        let asked = GrantAsked {
            actor: permit.actor(),
            account: account.id,
            post: &post.name,
            unit: new.unit,
        };
        self.ask_conditions(tx, asked).await?;
        let grant = Grant {
            id: GrantId(store::next_number(tx, "grant").await?),
            account: account.id,
            post: post.name.clone(),
            unit: new.unit,
            line: new.line.clone(),
            datasets,
            sees: new.sees.filter(|sees| *sees < post.sees),
            from: new.from,
            until: new.until,
            deputy_of,
            last_used: None,
            given_by: permit.actor().to_string(),
            given: self.0.clock.now(),
        };
        store::insert_grant(tx, &grant).await?;
        let subject = Subject::grant(account.id, grant.id);
        self.done(tx, permit, AuditAction::GrantGiven, &subject)
            .await?;
        Ok(grant.id)
    }

    /// Takes a post back, at once.
    ///
    /// # Errors
    /// [`SecurityError::NoGrant`], [`SecurityError::Denied`].
    pub async fn end_grant(&self, permit: &Permit, grant: GrantId) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        let grant = store::grant(&mut tx, grant)
            .await?
            .ok_or(SecurityError::NoGrant)?;
        rules::grant::may_reach(permit, &self.units(), grant.unit)?;
        if !permit.may_give(&grant.post) {
            return Err(GrantFault::MayNotGive(grant.post).into());
        }
        let by = permit.actor().to_string();
        store::end_grant(&mut tx, grant.id, &by, self.0.clock.now()).await?;
        let subject = Subject::grant(grant.account, grant.id);
        self.done(&mut tx, permit, AuditAction::GrantEnded, &subject)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Sets another's password (generated where `None`) and ends that account's sessions.
    ///
    /// # Errors
    /// [`SecurityError::PasswordFault`], [`SecurityError::NoAccount`], [`SecurityError::Denied`].
    pub async fn set_password(
        &self,
        permit: &Permit,
        account: AccountId,
        password: Option<String>,
    ) -> Result<Option<GeneratedPassword>, SecurityError> {
        let account = {
            let mut tx = self.0.work.read().await?;
            self.managed(&mut tx, permit, account).await?
        };
        let (password, generated) = self.chosen_or_generated(password, &account.login)?;
        let hash = self.hash(password).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        factors::store::keep_password(&mut tx, account.id, now).await?;
        store::set_password_hash(&mut tx, account.id, &hash, now).await?;
        self.password_was_set(&mut tx, account.id, generated.is_some())
            .await?;
        store::delete_sessions_of(&mut tx, account.id, None).await?;
        let subject = Subject::account(account.id);
        self.done(&mut tx, permit, AuditAction::PasswordSet, &subject)
            .await?;
        tx.commit().await?;
        Ok(generated)
    }

    /// Bars an account and ends its sessions, or lets it in again.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], [`SecurityError::Denied`].
    pub async fn set_enabled(
        &self,
        permit: &Permit,
        account: AccountId,
        enabled: bool,
    ) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        let (state, action) = if enabled {
            (AccountState::Active, AuditAction::AccountEnabled)
        } else {
            (AccountState::Disabled, AuditAction::AccountDisabled)
        };
        store::set_state(&mut tx, account.id, state).await?;
        if !enabled {
            store::delete_sessions_of(&mut tx, account.id, None).await?;
        }
        self.done(&mut tx, permit, action, &Subject::account(account.id))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// [`Security::set_enabled`] with `false`.
    ///
    /// # Errors
    /// As there.
    pub async fn disable(&self, permit: &Permit, account: AccountId) -> Result<(), SecurityError> {
        self.set_enabled(permit, account, false).await
    }

    /// An account within the permit's reach.
    pub(crate) async fn managed(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Account, SecurityError> {
        permit.require(Action::ManageAccounts)?;
        let none = || SecurityError::NoAccount(account.to_string());
        let found = store::account(tx, account).await?.ok_or_else(none)?;
        let grants = store::grants_of(tx, account).await?;
        let today = self.0.clock.today();
        match rules::grant::may_manage(permit, &self.units(), &found, &grants, today) {
            Ok(()) => Ok(found),
            Err(Denied::Hidden) => Err(none()),
            Err(denied) => Err(denied.into()),
        }
    }

    pub(crate) async fn done(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        action: AuditAction,
        subject: &Subject,
    ) -> Result<(), SecurityError> {
        self.audit(tx, permit.actor(), action, subject, Outcome::Done, None)
            .await
    }

    pub(crate) fn post_named(&self, name: &str) -> Result<&Post, SecurityError> {
        self.0
            .posts
            .iter()
            .find(|post| post.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self.0.posts.iter().map(|post| post.name.as_str()).collect();
                SecurityError::NoPost(name.to_owned(), names.join(", "))
            })
    }

    pub(crate) fn line_named(&self, name: &str) -> Result<&Line, SecurityError> {
        self.0
            .lines
            .iter()
            .find(|line| line.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self.0.lines.iter().map(|line| line.name.as_str()).collect();
                SecurityError::NoLine(name.to_owned(), names.join(", "))
            })
    }

    fn chosen_or_generated(
        &self,
        chosen: Option<String>,
        login: &str,
    ) -> Result<(String, Option<GeneratedPassword>), SecurityError> {
        if let Some(password) = chosen {
            rules::password::check(&self.policy().password_rules(), &password, login)
                .map_err(SecurityError::PasswordFault)?;
            return Ok((password, None));
        }
        let password = rules::password::generate(self.0.random.as_ref())?;
        Ok((password.clone(), Some(GeneratedPassword(password))))
    }

    /// Hashes off the request threads, a few at a time.
    pub(crate) async fn hash(&self, password: String) -> Result<String, SecurityError> {
        let _turn = self.0.hashing.acquire().await;
        let profile = self.0.config.password;
        let random = self.random();
        tokio::task::spawn_blocking(move || {
            crypto::hash_password(profile, random.as_ref(), &password)
        })
        .await
        .map_err(|error| SecurityError::Password(error.to_string()))?
    }

    /// Verifies off the request threads, a few at a time.
    pub(crate) async fn verify(
        &self,
        hash: String,
        password: String,
    ) -> Result<bool, SecurityError> {
        let _turn = self.0.hashing.acquire().await;
        tokio::task::spawn_blocking(move || crypto::verify_password(&hash, &password))
            .await
            .map_err(|error| SecurityError::Password(error.to_string()))
    }
}
