//! Programs that are let in: OAuth 2 client credentials (RFC 6749 §4.4), bearer tokens (RFC 6750), taking
//! tokens back (RFC 7009). Why it is as it is: docs/adr/0015.
//!
//! - A program has an account of its own with one post for one unit, narrowed to datasets where that is
//!   wanted; its scopes are actions of that post. A token is never good for more than the post is now.
//! - Secrets and tokens are 256 random bits, shown once and kept as hashes.
//! - A token opens the routes that are described for programs and no page, and is looked at only where it
//!   is sent as a token: a request with one needs no token of a form, and no cookie counts beside it.

pub(crate) mod rules;
pub(crate) mod store;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use kernel::{Day, Millis, UnitId};
use standard::Action;

use crate::accounts::AccountWithGrants;
use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::model::{
    Account, AccountState, AuditAction, GrantId, NewServiceAccount, Outcome, Session, Subject,
};
use crate::permit::{Actor, Permit};
use crate::rules::lockout::Tried;
use crate::signin::{Held, Signed};
use rules::{Credentials, TokenFault};
pub(crate) use store::Client;

/// A token is good for so many seconds.
pub(crate) const TOKEN_SECONDS: i64 = 3_600;

/// A program that is to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// The name of its account.
    pub login: String,
    /// What it is, for pages.
    pub display: String,
    /// Its post.
    pub post: String,
    /// For which unit; `None` for the whole node.
    pub unit: Option<UnitId>,
    /// Only these datasets; `None`: all that the post reaches.
    pub datasets: Option<Vec<String>>,
    /// The actions of the post that its tokens may be good for.
    pub scopes: BTreeSet<Action>,
    /// The first day on which it may no longer act.
    pub expires: Day,
}

/// The secret of a program: to be shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// The name with which the program asks for tokens.
    pub client: String,
    secret: String,
}

impl ClientSecret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.secret
    }
}

/// Hides the secret, so that no log gets it by accident.
impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ClientSecret({}, …)", self.client)
    }
}

/// A token as it is given out.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) scopes: String,
}

/// A program with its account.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) client: Client,
    pub(crate) account: AccountWithGrants,
}

/// Why there is no token: the program's fault, or ours.
pub(crate) enum NoToken {
    Fault(TokenFault),
    Failed(SecurityError),
}

impl From<SecurityError> for NoToken {
    fn from(error: SecurityError) -> Self {
        Self::Failed(error)
    }
}

impl From<db::DbError> for NoToken {
    fn from(error: db::DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// What the store keeps of a secret: HMAC-SHA-256 under the program's name. A secret of 256 random bits needs
/// no slow hash, and a slow one would let anyone keep the machine busy.
fn secret_hash(client: &str, secret: &str) -> String {
    crypto::keyed_hash(client, secret)
}

impl Security {
    /// Lets a program in: makes its account, gives it its post, and answers its secret.
    ///
    /// # Errors
    /// As [`Security::create_service_account`] and [`Security::grant`]; [`SecurityError::NoScope`] where the scopes are
    /// none, or not all actions of the post; [`SecurityError::Expired`], [`SecurityError::NoDataset`].
    pub async fn create_client(
        &self,
        permit: &Permit,
        new: NewClient,
    ) -> Result<ClientSecret, SecurityError> {
        let post = self.post_named(&new.post)?;
        if new.scopes.is_empty() || !new.scopes.iter().all(|action| post.allows(*action)) {
            return Err(SecurityError::NoScope(new.post));
        }
        if new.expires <= self.0.clock.today() {
            return Err(SecurityError::Expired);
        }
        rules::known(new.datasets.as_deref(), permit).map_err(SecurityError::NoDataset)?;
        let account = NewServiceAccount {
            login: new.login,
            display: new.display,
            home: new.unit,
            expires: new.expires,
        };
        let account = self.create_service_account(permit, account).await?;
        let until = Some(new.expires);
        let given = self
            .grant(permit, account, &new.post, new.unit, until)
            .await;
        let grant = match given {
            Ok(grant) => grant,
            Err(error) => {
                // An account without its post lets nobody in; barred, its name says what became of it.
                let mut tx = self.0.work.write().await?;
                crate::store::set_state(&mut tx, account, AccountState::Disabled).await?;
                tx.commit().await?;
                return Err(error);
            }
        };
        let now = self.0.clock.now();
        let (id, secret) = self.new_secret()?;
        let client = Client {
            id: id.clone(),
            account,
            grant,
            scopes: rules::words(&new.scopes),
            datasets: new.datasets,
            expires: new.expires,
            used: None,
            secret_made: now,
            created: now,
            ended: None,
        };
        let mut tx = self.0.work.write().await?;
        store::insert(&mut tx, &client, &secret_hash(&id, &secret)).await?;
        self.note_client(&mut tx, permit, AuditAction::ClientCreated, &client)
            .await?;
        tx.commit().await?;
        Ok(ClientSecret { client: id, secret })
    }

    /// A name and a secret.
    fn new_secret(&self) -> Result<(String, String), SecurityError> {
        let mut name = [0_u8; 8];
        self.0.random.fill(&mut name)?;
        let secret = crypto::new_token(self.0.random.as_ref())?;
        Ok((format!("wc-{}", crypto::hex(&name)), secret))
    }

    async fn note_client(
        &self,
        tx: &mut db::Tx,
        permit: &Permit,
        action: AuditAction,
        client: &Client,
    ) -> Result<(), SecurityError> {
        self.audit(
            tx,
            permit.actor(),
            action,
            &Subject::account(client.account),
            Outcome::Done,
            None,
        )
        .await
    }

    /// The programs within the permit's reach, the newest first.
    pub(crate) async fn clients(&self, permit: &Permit) -> Result<Vec<Listed>, SecurityError> {
        let accounts = self.list_accounts(permit).await?;
        let clients = {
            let mut tx = self.0.work.read().await?;
            store::all(&mut tx).await?
        };
        Ok(clients
            .into_iter()
            .filter_map(|client| {
                let account = accounts
                    .iter()
                    .find(|one| one.account.id == client.account)?;
                Some(Listed {
                    account: account.clone(),
                    client,
                })
            })
            .collect())
    }

    /// A program within the permit's reach.
    async fn client(
        &self,
        tx: &mut db::Tx,
        permit: &Permit,
        id: &str,
    ) -> Result<Client, SecurityError> {
        permit.require(Action::ManageAccounts)?;
        let none = || SecurityError::NoAccount(id.to_owned());
        let client = store::named(tx, id).await?.ok_or_else(none)?;
        self.managed(tx, permit, client.account)
            .await
            .map_err(|_| none())?;
        Ok(client)
    }

    /// Gives a program another secret; the one before it, and its tokens, end at once.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`] for one out of reach or ended, [`SecurityError::Denied`].
    pub async fn rotate_client(
        &self,
        permit: &Permit,
        id: &str,
    ) -> Result<ClientSecret, SecurityError> {
        let (_, secret) = self.new_secret()?;
        let mut tx = self.0.work.write().await?;
        let client = self.client(&mut tx, permit, id).await?;
        if client.ended.is_some() {
            return Err(SecurityError::NoAccount(id.to_owned()));
        }
        let hash = secret_hash(id, &secret);
        store::set_secret(&mut tx, id, &hash, self.0.clock.now()).await?;
        store::delete_tokens(&mut tx, id, None).await?;
        self.note_client(&mut tx, permit, AuditAction::ClientRotated, &client)
            .await?;
        tx.commit().await?;
        Ok(ClientSecret {
            client: client.id,
            secret,
        })
    }

    /// Ends a program: its secret, its tokens and its account.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`] for one out of reach, [`SecurityError::Denied`].
    pub async fn end_client(&self, permit: &Permit, id: &str) -> Result<(), SecurityError> {
        let account = {
            let mut tx = self.0.work.write().await?;
            let client = self.client(&mut tx, permit, id).await?;
            store::end(&mut tx, id, self.0.clock.now()).await?;
            store::delete_tokens(&mut tx, id, None).await?;
            self.note_client(&mut tx, permit, AuditAction::ClientEnded, &client)
                .await?;
            tx.commit().await?;
            client.account
        };
        self.disable(permit, account).await
    }

    /// Gives a program a token.
    pub(crate) async fn issue_token(
        &self,
        credentials: &Credentials,
        asked: Option<BTreeSet<Action>>,
        address: Option<IpAddr>,
    ) -> Result<Issued, NoToken> {
        let client = self.proven(credentials, address).await?;
        let (_, permit) = self
            .program(&client, &client.scopes)
            .await?
            .ok_or(NoToken::Fault(TokenFault::Client))?;
        // What the post no longer allows is no longer there to be asked for.
        let allowed = rules::scopes(&client.scopes).unwrap_or_default();
        let allowed = allowed
            .into_iter()
            .filter(|action| permit.allows(*action))
            .collect();
        let scopes = rules::granted(asked, &allowed).map_err(NoToken::Fault)?;
        let scopes = rules::words(&scopes);
        let token = crypto::new_token(self.0.random.as_ref()).map_err(NoToken::Failed)?;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        store::insert_token(
            &mut tx,
            &crypto::token_hash(&token),
            &client.id,
            &scopes,
            now,
            now.add(TOKEN_SECONDS * 1_000),
        )
        .await?;
        store::set_used(&mut tx, &client.id, now).await?;
        self.audit(
            &mut tx,
            permit.actor(),
            AuditAction::TokenIssued,
            &Subject::account(client.account),
            Outcome::Done,
            address.map(|address| address.to_string()).as_deref(),
        )
        .await?;
        tx.commit().await?;
        Ok(Issued { token, scopes })
    }

    /// The program that has proven itself. Wrong secrets count like wrong passwords.
    async fn proven(
        &self,
        credentials: &Credentials,
        address: Option<IpAddr>,
    ) -> Result<Client, NoToken> {
        // No sign-in name holds a slash.
        let name: String = format!("client/{}", credentials.client)
            .chars()
            .take(80)
            .collect();
        let counted = match self.count_attempt(Some(&name), address).await? {
            Tried::Counted(counted) => counted,
            Tried::TooMany(until) => {
                let wait = until.since(self.0.clock.now()).max(1);
                let seconds = wait.saturating_add(999).div_euclid(1_000);
                return Err(NoToken::Fault(TokenFault::Locked(seconds)));
            }
        };
        let known = {
            let mut tx = self.0.work.read().await?;
            store::with_secret(&mut tx, &credentials.client).await?
        };
        let client = known.and_then(|(client, hash)| {
            crypto::keyed_matches(&client.id, &credentials.secret, &hash).then_some(client)
        });
        let Some(client) = client else {
            let address = address.map(|address| address.to_string());
            let mut tx = self.0.work.write().await?;
            self.append(
                &mut tx,
                "nobody",
                AuditAction::TokenIssued,
                &Subject::none(),
                Outcome::Refused,
                address.as_deref(),
            )
            .await?;
            tx.commit().await?;
            return Err(NoToken::Fault(TokenFault::Client));
        };
        self.forget_attempts(&name, address, counted).await?;
        Ok(client)
    }

    /// What a program may do now with these scopes; `None` where its account, its grant or it itself ended.
    async fn program(
        &self,
        client: &Client,
        scopes: &str,
    ) -> Result<Option<(Signed, Arc<Permit>)>, SecurityError> {
        let now = self.0.clock.now();
        if client.expires <= now.day() {
            return Ok(None);
        }
        let (account, grants) = {
            let mut tx = self.0.work.read().await?;
            let account = crate::store::account(&mut tx, client.account).await?;
            (
                account,
                crate::store::grants_of(&mut tx, client.account).await?,
            )
        };
        let Some(account) = account.filter(|account| account.may_act(now.day())) else {
            return Ok(None);
        };
        let in_force = crate::rules::grant::in_force(&grants, &self.0.posts, now);
        let Some((grant, post)) = in_force.iter().find(|(grant, _)| grant.id == client.grant)
        else {
            return Ok(None);
        };
        let actions = rules::scopes(scopes).unwrap_or_default();
        let permit = self.permit_of(&account, Some((grant, post)));
        let permit = Arc::new(permit.with_only(&actions, client.datasets.as_deref()));
        let signed = Signed {
            session: no_session(&account, client.grant, now),
            held: Some(Held {
                grant: (*grant).clone(),
                title: post.title.clone(),
            }),
            others: Vec::new(),
            permit: Arc::clone(&permit),
            account,
        };
        Ok(Some((signed, permit)))
    }

    /// Who sends this token now; `None` where it is none, expired or was taken back.
    pub(crate) async fn recognise_program(
        &self,
        token: &str,
    ) -> Result<Option<Signed>, SecurityError> {
        let now = self.0.clock.now();
        let found = {
            let mut tx = self.0.work.read().await?;
            store::token(&mut tx, &crypto::token_hash(token), now).await?
        };
        let Some((client, scopes)) = found else {
            return Ok(None);
        };
        let program = self.program(&client, &scopes).await?;
        Ok(program.map(|(signed, _)| signed))
    }

    /// Takes a token of a program back; one that is not the program's own stays as it is (RFC 7009 §2.2).
    pub(crate) async fn revoke_token(
        &self,
        credentials: &Credentials,
        token: &str,
        address: Option<IpAddr>,
    ) -> Result<(), NoToken> {
        let client = self.proven(credentials, address).await?;
        let mut tx = self.0.work.write().await?;
        store::delete_tokens(&mut tx, &client.id, Some(&crypto::token_hash(token))).await?;
        let actor = Actor::Account {
            id: client.account,
            login: client.id.clone(),
        };
        self.audit(
            &mut tx,
            &actor,
            AuditAction::TokenRevoked,
            &Subject::account(client.account),
            Outcome::Done,
            address.map(|address| address.to_string()).as_deref(),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A program has no session; number 0 is none's.
fn no_session(account: &Account, grant: GrantId, now: Millis) -> Session {
    Session {
        number: 0,
        account: account.id,
        grant: Some(grant),
        created: now,
        last_seen: now,
        expires: now.add(TOKEN_SECONDS * 1_000),
        address: String::new(),
        agent: String::new(),
        strength: crate::Strength::One,
        duties: Vec::new(),
        confirmed: kernel::Millis::new(0),
    }
}
