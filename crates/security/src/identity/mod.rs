//! Sign-in through identity services (统一身份认证) by OpenID Connect, and with it by scanning a code, which
//! the service's own page offers. Why it is as it is: docs/adr/0015.
//!
//! - An account is found by (issuer, subject), never by a name or an address that people can change.
//! - The link is made by whoever is signed in here and gives the password once more, or by the operator's
//!   rule, which names a claim that holds the sign-in name.
//! - A service that is down, or says what is not to be believed, leaves the sign-in by name as it is.

mod jws;
mod provider;
mod rules;
mod settings;
pub(crate) mod store;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use db::DbError;
use kernel::AccountId;

pub use settings::{IdentityFault, IdentitySettings, Provider, Secret};

use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::model::{Account, AccountKind, AuditAction, Outcome, Subject};
use crate::permit::{Actor, Permit};
use crate::rules::grant::login as sign_in_name;
use crate::rules::lockout::Tried;
use crate::signin::{Answer, Arriving, Signed};
use provider::{Person, ProviderError, Service};
use store::{Attempt, Link};

/// Whoever was sent to a service may take so long there.
const LONGEST_ATTEMPT: i64 = 10 * 60_000;

/// The services of this node, with what is known of each.
pub(crate) struct Identities(Vec<Arc<Service>>);

impl Identities {
    pub(crate) fn new(settings: &IdentitySettings) -> Self {
        let home = format!("{}/signin", settings.address);
        let service = |provider| Service::new(provider, settings.back(provider), home.clone());
        Self(
            settings
                .providers
                .iter()
                .map(|provider| Arc::new(service(provider)))
                .collect(),
        )
    }

    fn named(&self, name: &str) -> Result<Arc<Service>, IdentityError> {
        let found = self.0.iter().find(|service| service.provider.name == name);
        found.cloned().ok_or(IdentityError::NoProvider)
    }
}

/// Why nobody came in through a service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("there is no such service")]
    NoProvider,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The person, or the service, broke it off.
    #[error("the service ended it: {0}")]
    Ended(String),
    /// Nobody of this browser was sent there, or too long ago.
    #[error("no sign-in of this browser is under way")]
    NotUnderWay,
    #[error("the person is not linked to an account")]
    NotLinked,
    #[error("the account is barred")]
    Barred,
    #[error("the person is linked to another account, or the account to another person")]
    Taken,
    #[error(transparent)]
    Security(#[from] SecurityError),
}

impl From<DbError> for IdentityError {
    fn from(error: DbError) -> Self {
        Self::Security(error.into())
    }
}

impl From<crate::RandomError> for IdentityError {
    fn from(error: crate::RandomError) -> Self {
        Self::Security(error.into())
    }
}

impl IdentityError {
    /// The key of the sentence for the person.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::NoProvider => "security-not-found",
            Self::Provider(ProviderError::Unreachable(_)) => "security-identity-unreachable",
            Self::Provider(ProviderError::Unusable(_)) => "security-identity-unusable",
            Self::Provider(ProviderError::Refused(_) | ProviderError::Token(_)) => {
                "security-identity-token"
            }
            Self::Ended(_) => "security-identity-ended",
            Self::NotUnderWay => "security-identity-not-under-way",
            Self::NotLinked => "security-identity-not-linked",
            Self::Barred => "security-identity-barred",
            Self::Taken => "security-identity-taken",
            Self::Security(_) => "security-failed",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoProvider => StatusCode::NOT_FOUND,
            Self::Provider(ProviderError::Unreachable(_) | ProviderError::Unusable(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Security(error) => error.status(),
            Self::Taken => StatusCode::CONFLICT,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

/// What the browser brought back from a service.
#[derive(Debug, Default)]
pub(crate) struct Returned {
    pub(crate) state: String,
    pub(crate) code: Option<String>,
    pub(crate) error: Option<String>,
    /// RFC 9207: who the answer is from, where the service says so.
    pub(crate) issuer: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Came {
    In {
        token: String,
        language: Option<String>,
        next: String,
    },
    /// The account has a second factor here: the token of its step.
    Second {
        token: String,
        next: String,
    },
    Linked,
}

/// Who came back, and from where.
pub(crate) struct Traveller<'a> {
    /// What ties the way back to the browser that set out: a token of its session or its visit.
    pub(crate) browser: &'a str,
    pub(crate) signed: Option<&'a Signed>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: &'a str,
}

/// What the store keeps of a person of a service.
fn subject_key(issuer: &str, subject: &str) -> String {
    crypto::token_hash(&format!("{issuer}\n{subject}"))
}

impl Security {
    /// The services, in the order of the sign-in page.
    pub(crate) fn identity_providers(&self) -> impl Iterator<Item = &Provider> {
        self.0
            .identities
            .0
            .iter()
            .map(|service| service.provider.as_ref())
    }

    /// Sends someone to a service: the address to go to.
    pub(crate) async fn set_out(
        &self,
        provider: &str,
        next: &str,
        browser: &str,
        account: Option<AccountId>,
    ) -> Result<String, IdentityError> {
        let service = self.0.identities.named(provider)?;
        let random = self.0.random.as_ref();
        let state = crypto::new_token(random)?;
        let attempt = Attempt {
            provider: provider.to_owned(),
            browser: crypto::token_hash(browser),
            nonce: crypto::new_token(random)?,
            verifier: crypto::new_token(random)?,
            next: next.to_owned(),
            account,
            expires: self.0.clock.now().add(LONGEST_ATTEMPT),
        };
        let now = self.0.clock.now();
        let address = service
            .address(now, &state, &attempt.nonce, &attempt.verifier)
            .await?;
        let mut tx = self.0.work.write().await?;
        store::put_attempt(&mut tx, &crypto::token_hash(&state), &attempt).await?;
        tx.commit().await?;
        Ok(address)
    }

    /// Lets in, or links, someone who came back from a service.
    pub(crate) async fn come_back(
        &self,
        provider: &str,
        returned: Returned,
        who: Traveller<'_>,
    ) -> Result<Came, IdentityError> {
        let came = self.come_back_inner(provider, returned, &who).await;
        if let Err(error) = &came {
            tracing::info!(provider, %error, "nobody came in through an identity service");
            if !matches!(
                error,
                IdentityError::NoProvider | IdentityError::Security(_)
            ) {
                let address = who.address.map(|address| address.to_string());
                self.note_sign_in(
                    "nobody",
                    &Subject::none(),
                    Outcome::Refused,
                    address.as_deref(),
                )
                .await?;
            }
        }
        came
    }

    async fn come_back_inner(
        &self,
        provider: &str,
        returned: Returned,
        who: &Traveller<'_>,
    ) -> Result<Came, IdentityError> {
        let service = self.0.identities.named(provider)?;
        let now = self.0.clock.now();
        let attempt = {
            let mut tx = self.0.work.write().await?;
            let taken = store::take_attempt(&mut tx, &crypto::token_hash(&returned.state)).await?;
            tx.commit().await?;
            taken.ok_or(IdentityError::NotUnderWay)?
        };
        let is_of_another = returned
            .issuer
            .is_some_and(|issuer| issuer != service.provider.issuer);
        if attempt.provider != provider
            || attempt.browser != crypto::token_hash(who.browser)
            || attempt.expires <= now
            || is_of_another
        {
            return Err(IdentityError::NotUnderWay);
        }
        if let Some(error) = returned.error {
            return Err(IdentityError::Ended(short(&error)));
        }
        let code = returned.code.ok_or(IdentityError::NotUnderWay)?;
        let person = service
            .person(now, &code, &attempt.nonce, &attempt.verifier)
            .await?;
        if let Some(account) = attempt.account {
            let signed = who.signed.filter(|signed| signed.account.id == account);
            let signed = signed.ok_or(IdentityError::NotUnderWay)?;
            self.link_own(signed, provider, &person, who.address)
                .await?;
            return Ok(Came::Linked);
        }
        let account = self.account_behind(provider, &person).await?;
        let login = account.login.clone();
        let arriving = Arriving {
            account: account.id,
            login: Some(&login),
            address: who.address,
            agent: who.agent,
            by_password: false,
            counted: None,
        };
        match self.arrive(arriving).await? {
            Answer::In { token, language } => {
                self.note_provider(&token, provider).await?;
                Ok(Came::In {
                    token,
                    language,
                    next: attempt.next,
                })
            }
            Answer::Second { token } => Ok(Came::Second {
                token,
                next: attempt.next,
            }),
            Answer::Wrong | Answer::Gone | Answer::Locked { .. } => Err(IdentityError::Barred),
        }
    }

    /// The account of a person, linked now by the operator's rule where there is one.
    async fn account_behind(
        &self,
        provider: &str,
        person: &Person,
    ) -> Result<Account, IdentityError> {
        let subject = subject_key(&person.issuer, &person.subject);
        let mut tx = self.0.work.write().await?;
        let known = store::account_of(&mut tx, &person.issuer, &subject).await?;
        let account = match known {
            Some(id) => crate::store::account(&mut tx, id).await?,
            None => {
                let login = person.login.as_deref().and_then(sign_in_name);
                let login = login.ok_or(IdentityError::NotLinked)?;
                crate::store::account_by_login(&mut tx, &login).await?
            }
        };
        let account = account.ok_or(IdentityError::NotLinked)?;
        if !account.may_act(self.0.clock.today()) || account.kind != AccountKind::Person {
            return Err(IdentityError::Barred);
        }
        if known.is_none() {
            if store::is_linked(&mut tx, &person.issuer, account.id).await? {
                return Err(IdentityError::Taken);
            }
            let now = self.0.clock.now();
            let by = format!("rule:{provider}");
            store::link(
                &mut tx,
                &person.issuer,
                &subject,
                account.id,
                provider,
                &by,
                now,
            )
            .await?;
            let actor = Actor::Account {
                id: account.id,
                login: account.login.clone(),
            };
            self.audit(
                &mut tx,
                &actor,
                AuditAction::IdentityLinked,
                &Subject::account(account.id),
                Outcome::Done,
                None,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(account)
    }

    async fn link_own(
        &self,
        signed: &Signed,
        provider: &str,
        person: &Person,
        address: Option<IpAddr>,
    ) -> Result<(), IdentityError> {
        let subject = subject_key(&person.issuer, &person.subject);
        let account = signed.account.id;
        let actor = signed.permit.actor();
        let mut tx = self.0.work.write().await?;
        match store::account_of(&mut tx, &person.issuer, &subject).await? {
            Some(known) if known == account => return Ok(()),
            Some(_) => return Err(IdentityError::Taken),
            None => {}
        }
        if store::is_linked(&mut tx, &person.issuer, account).await? {
            return Err(IdentityError::Taken);
        }
        let (by, now) = (actor.to_string(), self.0.clock.now());
        store::link(
            &mut tx,
            &person.issuer,
            &subject,
            account,
            provider,
            &by,
            now,
        )
        .await?;
        let address = address.map(|address| address.to_string());
        self.audit(
            &mut tx,
            actor,
            AuditAction::IdentityLinked,
            &Subject::account(account),
            Outcome::Done,
            address.as_deref(),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_provider(&self, token: &str, provider: &str) -> Result<(), IdentityError> {
        let mut tx = self.0.work.write().await?;
        if let Some(session) = crate::store::session(&mut tx, &crypto::token_hash(token)).await? {
            store::note_session(&mut tx, session.number, provider).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The service through which this session began, where signing out is to lead there too.
    pub(crate) async fn leads_out(&self, signed: &Signed) -> Result<Option<String>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let provider = store::provider_of(&mut tx, signed.session.number).await?;
        Ok(provider.filter(|name| {
            self.identity_providers()
                .any(|provider| provider.name == *name && provider.sign_out)
        }))
    }

    /// Where a browser signs out of a service.
    pub(crate) async fn way_out(&self, provider: &str) -> Result<Option<String>, IdentityError> {
        let service = self.0.identities.named(provider)?;
        Ok(service.leave(self.0.clock.now()).await?)
    }

    /// Whether this is one's password: asked once more before the ways to sign in change. Wrong ones count
    /// like tries to sign in.
    pub(crate) async fn confirm_own_password(
        &self,
        signed: &Signed,
        present: String,
        address: Option<IpAddr>,
    ) -> Result<(), SecurityError> {
        let login = &signed.account.login;
        let Tried::Counted(counted) = self.count_attempt(Some(login), address).await? else {
            return Err(SecurityError::WrongPassword);
        };
        let known = {
            let mut tx = self.0.work.read().await?;
            crate::store::password_of(&mut tx, login).await?
        };
        let hash = known.map_or_else(|| self.0.dummy_hash.clone(), |(_, _, hash)| hash);
        if !self.verify(hash, present).await? {
            return Err(SecurityError::WrongPassword);
        }
        self.forget_attempts(login, address, counted).await
    }

    /// One's own links.
    pub(crate) async fn own_identities(&self, signed: &Signed) -> Result<Vec<Link>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::links_of(&mut tx, signed.account.id).await?)
    }

    /// Ends one's own link with a service.
    pub(crate) async fn end_own_identity(
        &self,
        signed: &Signed,
        provider: &str,
        address: &str,
    ) -> Result<(), SecurityError> {
        let account = signed.account.id;
        let mut tx = self.0.work.write().await?;
        if store::unlink(&mut tx, account, Some(provider)).await? {
            self.audit(
                &mut tx,
                signed.permit.actor(),
                AuditAction::IdentityUnlinked,
                &Subject::account(account),
                Outcome::Done,
                Some(address),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends all links of an account that the permit may manage: someone else used its service, or its owner
    /// left. Whether there was one.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], [`SecurityError::Denied`].
    pub async fn end_identities(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<bool, SecurityError> {
        let mut tx = self.0.work.write().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        let ended = store::unlink(&mut tx, account.id, None).await?;
        if ended {
            self.audit(
                &mut tx,
                permit.actor(),
                AuditAction::IdentityUnlinked,
                &Subject::account(account.id),
                Outcome::Done,
                None,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

/// An error code of a service as it may stand in the log.
fn short(error: &str) -> String {
    error
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .take(40)
        .collect()
}
