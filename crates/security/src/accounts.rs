//! Making, listing, granting and barring accounts.

use db::{DbError, Tx};
use kernel::{AccountId, Day, UnitId};
use standard::{Action, Post};

use crate::api::Security;
use crate::conditions::GrantAsked;
use crate::crypto;
use crate::error::SecurityError;
use crate::factors;
use crate::model::{
    Account, AccountState, AuditAction, GeneratedPassword, Grant, GrantId, NewAccount, Outcome,
    Subject,
};
use crate::permit::{Denied, Permit};
use crate::rules;
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

    /// Makes an account without posts; answers the password where it was generated.
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
        let login = rules::grant::login(&new.login)
            .ok_or_else(|| SecurityError::LoginFault(new.login.clone()))?;
        let (password, generated) = self.chosen_or_generated(new.password, &login)?;
        let hash = self.hash(password).await?;

        let mut tx = self.0.work.write().await?;
        let account = Account {
            id: AccountId::new(store::next_number(&mut tx, "account").await?),
            display: match new.display.trim() {
                "" => login.clone(),
                display => display.chars().take(64).collect(),
            },
            login,
            state: AccountState::Active,
            created: self.0.clock.now(),
            language: None,
        };
        match store::insert_account(&mut tx, &account, &hash).await {
            Err(DbError::Unique { .. }) => return Err(SecurityError::LoginTaken(account.login)),
            other => other?,
        }
        self.password_was_set(&mut tx, account.id, generated.is_some())
            .await?;
        let subject = Subject::account(account.id);
        self.done(&mut tx, permit, AuditAction::AccountCreated, &subject)
            .await?;
        tx.commit().await?;
        Ok((account.id, generated))
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
        let tree = self.units();
        let mut listed: Vec<AccountWithGrants> = accounts
            .into_iter()
            .map(|account| AccountWithGrants {
                grants: grants
                    .iter()
                    .filter(|grant| grant.account == account.id)
                    .cloned()
                    .collect(),
                account,
            })
            .collect();
        listed.retain(|one| rules::grant::may_manage(permit, &tree, &one.grants).is_ok());
        Ok(listed)
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

    /// Gives an account a post for a unit and what stands below it as the post says (`None`: the whole
    /// tree), from now until a day.
    ///
    /// # Errors
    /// [`SecurityError::NoPost`], [`SecurityError::NoAccount`], [`SecurityError::Denied`],
    /// [`SecurityError::GrantRefused`].
    pub async fn grant(
        &self,
        permit: &Permit,
        account: AccountId,
        post: &str,
        unit: Option<UnitId>,
        until: Option<Day>,
    ) -> Result<GrantId, SecurityError> {
        rules::grant::may_grant(permit, &self.units(), unit)?;
        let post = self.post_named(post)?.name.clone();
        let mut tx = self.0.work.write().await?;
        if store::account(&mut tx, account).await?.is_none() {
            return Err(SecurityError::NoAccount(account.to_string()));
        }
        let asked = GrantAsked {
            actor: permit.actor(),
            account,
            post: &post,
            unit,
        };
        self.ask_conditions(&mut tx, asked).await?;
        let grant = Grant {
            id: GrantId(store::next_number(&mut tx, "grant").await?),
            account,
            post,
            unit,
            until,
            given_by: permit.actor().to_string(),
            given: self.0.clock.now(),
        };
        store::insert_grant(&mut tx, &grant).await?;
        let subject = Subject::grant(account, grant.id);
        self.done(&mut tx, permit, AuditAction::GrantGiven, &subject)
            .await?;
        tx.commit().await?;
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
        rules::grant::may_grant(permit, &self.units(), grant.unit)?;
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
        match rules::grant::may_manage(permit, &self.units(), &grants) {
            Ok(()) => Ok(found),
            Err(Denied::Hidden) => Err(none()),
            Err(denied) => Err(denied.into()),
        }
    }

    async fn done(
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
