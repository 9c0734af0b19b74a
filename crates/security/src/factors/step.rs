//! The second step of signing in, and signing in by a passkey alone.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Millis;

use super::codes::place_of;
use super::model::{FactorId, FactorKind, Pending, Site, StoredFactor, Strength};
use super::webauthn::{self, CeremonyFault, Expected};
use super::{FactorFault, certificate, rules, store, totp};
use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::model::{Account, AccountState, AuditAction, Outcome, Subject};
use crate::rules::lockout::{Counted, Tried};
use crate::signin::{Answer, Arriving};
use crate::web::ClientCertificate;

/// What is shown as a second factor.
#[derive(Clone)]
pub(crate) enum Proof {
    /// A code of an authenticator.
    Totp(String),
    /// A recovery code.
    Recovery(String),
    /// A code that was sent.
    Sent(FactorId, String),
    /// What a passkey signed, as the island wrote it; with the token of the forms that it was asked in.
    Passkey(String, String),
    /// The certificate of the connection.
    Certificate(ClientCertificate),
}

/// What the page of the second step offers.
pub(crate) struct Offered {
    pub(crate) totp: bool,
    /// Factors that a code is sent to, with the address as it may be shown.
    pub(crate) sent: Vec<(FactorId, FactorKind, String)>,
    /// What the browser is asked with, where there are passkeys.
    pub(crate) passkey: Option<String>,
    /// Whether the certificate of the connection is one of the account's.
    pub(crate) certificate: bool,
    /// Whether the account has a certificate at all.
    pub(crate) has_certificate: bool,
    pub(crate) recovery: bool,
}

/// What a challenge is for: one does not serve for another.
pub(super) const FOR_SIGN_IN: &str = "sign-in";
pub(super) const FOR_SECOND: &str = "second";
pub(super) const FOR_NEW: &str = "new";

const NONCE: usize = 16;

impl Security {
    // Challenges

    /// A challenge for a passkey: it carries its time and a mark of the node's key over what it is for and which
    /// browser asked, so that nothing need be stored until it is answered.
    pub(super) fn challenge(&self, purpose: &str, browser: &str) -> Result<String, SecurityError> {
        let mut bytes = vec![0_u8; NONCE];
        self.0.random.fill(&mut bytes)?;
        bytes.extend_from_slice(&self.0.clock.now().get().to_be_bytes());
        let mark = self.challenge_mark(purpose, browser, &bytes)?;
        bytes.extend_from_slice(&mark);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn challenge_mark(
        &self,
        purpose: &str,
        browser: &str,
        head: &[u8],
    ) -> Result<[u8; 32], SecurityError> {
        let parts = [purpose.as_bytes(), browser.as_bytes(), head];
        Ok(self.node_key()?.mark("weihe challenge 1", &parts))
    }

    /// Whether a challenge was given for this, lately, and is answered for the first time.
    pub(super) async fn take_challenge(
        &self,
        purpose: &str,
        browser: &str,
        challenge: &str,
    ) -> Result<bool, SecurityError> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(challenge) else {
            return Ok(false);
        };
        let Some((head, mark)) = bytes.split_at_checked(NONCE + 8) else {
            return Ok(false);
        };
        let given = head
            .split_first_chunk::<NONCE>()
            .and_then(|(_, time)| time.try_into().ok())
            .map(i64::from_be_bytes);
        let now = self.0.clock.now();
        let age = given.map(|given| now.since(Millis::new(given)));
        let is_ours = mark == self.challenge_mark(purpose, browser, head)?;
        if !is_ours || !age.is_some_and(|age| (0..rules::CHALLENGE).contains(&age)) {
            return Ok(false);
        }
        let mut tx = self.0.work.write().await?;
        let until = now.add(rules::CHALLENGE);
        let first = store::spend_challenge(&mut tx, &crypto::token_hash(challenge), until).await?;
        tx.commit().await?;
        Ok(first)
    }

    // Passkeys

    /// Options for signing in with any passkey of this site; `None` where that is not offered.
    pub(crate) fn passkey_options(&self, browser: &str) -> Result<Option<String>, SecurityError> {
        let policy = self.policy();
        let Some(site) = policy.site.as_ref().filter(|_| policy.passkey_alone) else {
            return Ok(None);
        };
        let challenge = self.challenge(FOR_SIGN_IN, browser)?;
        Ok(Some(webauthn::options_to_verify(site, &challenge, &[])))
    }

    /// The passkey that made an assertion, with its counter noted; an error tells why not.
    async fn asserted(
        &self,
        site: &Site,
        json: &str,
        purpose: &str,
        browser: &str,
    ) -> Result<Result<StoredFactor, CeremonyFault>, SecurityError> {
        let sent = match webauthn::read(json) {
            Ok(sent) => sent,
            Err(fault) => return Ok(Err(fault)),
        };
        let challenge = match webauthn::claimed_challenge(&sent) {
            Ok(challenge) => challenge,
            Err(fault) => return Ok(Err(fault)),
        };
        if !self.take_challenge(purpose, browser, &challenge).await? {
            return Ok(Err(CeremonyFault::Challenge));
        }
        let (stored, safety) = {
            let mut tx = self.0.work.read().await?;
            let stored = store::factor_by_mark(&mut tx, FactorKind::Passkey, &sent.id).await?;
            let Some(stored) = stored.filter(|stored| stored.factor.ready) else {
                return Ok(Err(CeremonyFault::Key));
            };
            let safety = store::safety(&mut tx, stored.factor.account).await?;
            (stored, safety)
        };
        // A key that tells whom it is for must tell right.
        let is_other = !sent.user_handle.is_empty()
            && safety.handle.as_deref() != Some(sent.user_handle.trim_end_matches('='));
        if is_other {
            return Ok(Err(CeremonyFault::Key));
        }
        let expected = Expected {
            site,
            challenge: &challenge,
        };
        let counter = match webauthn::verify(&sent, expected, &stored.secret, stored.counter) {
            Ok(counter) => counter,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut tx = self.0.work.write().await?;
        let noted =
            store::use_factor(&mut tx, stored.factor.id, counter, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(if noted {
            Ok(stored)
        } else {
            Err(CeremonyFault::Counter)
        })
    }

    /// Signs in with a passkey alone: it is two factors, since it verified its user.
    pub(crate) async fn sign_in_by_passkey(
        &self,
        json: &str,
        browser: &str,
        address: Option<IpAddr>,
        agent: &str,
    ) -> Result<Answer, SecurityError> {
        let shown = address.map(|address| address.to_string());
        let policy = self.policy();
        let Some(site) = policy.site.as_ref().filter(|_| policy.passkey_alone) else {
            return Ok(Answer::Wrong);
        };
        // Nobody's name is known yet: tries count for the address alone.
        let counted = match self.counted(None, address, &Subject::none()).await? {
            Ok(counted) => counted,
            Err(answer) => return Ok(answer),
        };
        let stored = match self.asserted(site, json, FOR_SIGN_IN, browser).await? {
            Ok(stored) => stored,
            Err(fault) => {
                tracing::info!(%fault, "a passkey was refused");
                self.note_sign_in(
                    "nobody",
                    &Subject::none(),
                    Outcome::Refused,
                    shown.as_deref(),
                )
                .await?;
                return Ok(Answer::Wrong);
            }
        };
        let arriving = Arriving {
            account: stored.factor.account,
            login: None,
            address,
            agent,
            by_password: false,
            counted: Some(counted),
        };
        self.begin_session(arriving, Strength::Two).await
    }

    /// Counts a try before it is looked at; an answer where it is one too many.
    async fn counted(
        &self,
        login: Option<&str>,
        address: Option<IpAddr>,
        subject: &Subject,
    ) -> Result<Result<Counted, Answer>, SecurityError> {
        let until = match self.count_attempt(login, address).await? {
            Tried::Counted(counted) => return Ok(Ok(counted)),
            Tried::TooMany(until) => until,
        };
        let shown = address.map(|address| address.to_string());
        self.note_sign_in("nobody", subject, Outcome::Locked, shown.as_deref())
            .await?;
        Ok(Err(Answer::locked(until, self.0.clock.now())))
    }

    // The second step

    /// Who is on the way, where the first step is not too long ago.
    async fn on_the_way(
        &self,
        token: &str,
    ) -> Result<Option<(Pending, Account, Vec<StoredFactor>)>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let Some(pending) = store::pending(&mut tx, &crypto::token_hash(token)).await? else {
            return Ok(None);
        };
        let is_over =
            pending.expires <= self.0.clock.now() || pending.tries >= rules::PENDING_TRIES;
        let account = crate::store::account(&mut tx, pending.account).await?;
        let Some(account) =
            account.filter(|account| account.state == AccountState::Active && !is_over)
        else {
            return Ok(None);
        };
        let factors = self.usable_factors(&mut tx, account.id).await?;
        Ok(Some((pending, account, factors)))
    }

    /// What the second step offers; `None` where there is none under way.
    pub(crate) async fn offered(
        &self,
        token: &str,
        browser: &str,
        shown: Option<&ClientCertificate>,
    ) -> Result<Option<Offered>, SecurityError> {
        let Some((_, account, factors)) = self.on_the_way(token).await? else {
            return Ok(None);
        };
        let of = |kind: FactorKind| {
            factors
                .iter()
                .filter(move |stored| stored.factor.kind == kind)
        };
        let mut sent = Vec::new();
        for stored in factors.iter().filter(|stored| stored.factor.kind.is_sent()) {
            let address = rules::shown(&self.address_of(stored)?);
            sent.push((stored.factor.id, stored.factor.kind, address));
        }
        let policy = self.policy();
        let ids: Vec<String> = of(FactorKind::Passkey)
            .filter_map(|stored| stored.mark.clone())
            .collect();
        let passkey = match &policy.site {
            Some(site) if !ids.is_empty() => {
                let challenge = self.challenge(FOR_SECOND, &second(token, browser))?;
                Some(webauthn::options_to_verify(site, &challenge, &ids))
            }
            _ => None,
        };
        let shown = shown.and_then(|shown| certificate::read(&shown.der));
        let recovery = {
            let mut tx = self.0.work.read().await?;
            store::recovery_left(&mut tx, account.id).await? > 0
        };
        Ok(Some(Offered {
            totp: of(FactorKind::Totp).next().is_some(),
            sent,
            passkey,
            certificate: shown.is_some_and(|shown| {
                of(FactorKind::Certificate)
                    .any(|stored| stored.mark.as_deref() == Some(shown.mark.as_str()))
            }),
            has_certificate: of(FactorKind::Certificate).next().is_some(),
            recovery,
        }))
    }

    /// Sends a code to a factor of who is on the way; whether somebody is.
    pub(crate) async fn send_second(
        &self,
        token: &str,
        factor: FactorId,
        address: Option<IpAddr>,
    ) -> Result<bool, SecurityError> {
        let Some((_, _, factors)) = self.on_the_way(token).await? else {
            return Ok(false);
        };
        let stored = factors
            .iter()
            .find(|stored| stored.factor.id == factor)
            .ok_or(FactorFault::Address)?;
        self.send_code(stored, address).await?;
        Ok(true)
    }

    /// Looks at a second factor.
    pub(crate) async fn second_step(
        &self,
        token: &str,
        proof: Proof,
        address: Option<IpAddr>,
        agent: &str,
    ) -> Result<Answer, SecurityError> {
        let Some((pending, account, factors)) = self.on_the_way(token).await? else {
            return Ok(Answer::Gone);
        };
        let hash = crypto::token_hash(token);
        let subject = Subject::account(account.id);
        let counted = match self
            .counted(Some(&account.login), address, &subject)
            .await?
        {
            Ok(counted) => counted,
            Err(answer) => return Ok(answer),
        };
        let tries = {
            let mut tx = self.0.work.write().await?;
            let tries = store::try_pending(&mut tx, &hash).await?;
            tx.commit().await?;
            tries
        };
        if tries.is_none_or(|tries| tries > rules::PENDING_TRIES) {
            return Ok(Answer::Gone);
        }
        if !self.is_right(token, &account, &factors, proof).await? {
            let shown = address.map(|address| address.to_string());
            let mut tx = self.0.work.write().await?;
            self.append(
                &mut tx,
                "nobody",
                AuditAction::SecondFactor,
                &subject,
                Outcome::Refused,
                shown.as_deref(),
            )
            .await?;
            tx.commit().await?;
            return Ok(if tries == Some(rules::PENDING_TRIES) {
                Answer::Gone
            } else {
                Answer::Wrong
            });
        }
        let mut tx = self.0.work.write().await?;
        let is_first = store::delete_pending(&mut tx, &hash).await?;
        tx.commit().await?;
        if !is_first {
            return Ok(Answer::Gone);
        }
        let arriving = Arriving {
            account: account.id,
            login: Some(&account.login),
            address,
            agent,
            by_password: pending.by_password,
            counted: Some(counted),
        };
        self.begin_session(arriving, Strength::Two).await
    }

    async fn is_right(
        &self,
        token: &str,
        account: &Account,
        factors: &[StoredFactor],
        proof: Proof,
    ) -> Result<bool, SecurityError> {
        let now = self.0.clock.now();
        match proof {
            Proof::Totp(code) => {
                let code = rules::digits(&code);
                for stored in factors
                    .iter()
                    .filter(|stored| stored.factor.kind == FactorKind::Totp)
                {
                    if self.take_totp(stored, &code).await? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Proof::Recovery(code) => {
                let mark = self.recovery_mark(account.id, &code)?;
                let mut tx = self.0.work.write().await?;
                let used = store::use_recovery(&mut tx, account.id, &mark, now).await?;
                if used {
                    self.append(
                        &mut tx,
                        &format!("account:{}", account.id),
                        AuditAction::RecoveryUsed,
                        &Subject::account(account.id),
                        Outcome::Done,
                        None,
                    )
                    .await?;
                }
                tx.commit().await?;
                Ok(used)
            }
            Proof::Sent(id, code) => match factors.iter().find(|stored| stored.factor.id == id) {
                Some(stored) if stored.factor.kind.is_sent() => self.take_code(stored, &code).await,
                _ => Ok(false),
            },
            Proof::Passkey(json, browser) => {
                let policy = self.policy();
                let Some(site) = &policy.site else {
                    return Ok(false);
                };
                let browser = second(token, &browser);
                match self.asserted(site, &json, FOR_SECOND, &browser).await? {
                    Ok(stored) => Ok(stored.factor.account == account.id),
                    Err(fault) => {
                        tracing::info!(%fault, "a passkey was refused");
                        Ok(false)
                    }
                }
            }
            Proof::Certificate(shown) => {
                let shown = certificate::read(&shown.der).filter(|shown| shown.is_valid(now));
                let Some(shown) = shown else {
                    return Ok(false);
                };
                let stored = factors.iter().find(|stored| {
                    stored.factor.kind == FactorKind::Certificate
                        && stored.mark.as_deref() == Some(shown.mark.as_str())
                });
                let Some(stored) = stored else {
                    return Ok(false);
                };
                let mut tx = self.0.work.write().await?;
                store::use_factor(&mut tx, stored.factor.id, 0, now).await?;
                tx.commit().await?;
                Ok(true)
            }
        }
    }

    /// Whether this is the code of a time step that was not used before; it is used by this.
    pub(super) async fn take_totp(
        &self,
        stored: &StoredFactor,
        code: &str,
    ) -> Result<bool, SecurityError> {
        let now = self.0.clock.now();
        let place = place_of(stored.factor.account, FactorKind::Totp);
        let secret = self.node_key()?.open(&place, &stored.secret)?;
        let Some(step) = totp::step_of(&secret, code, now) else {
            return Ok(false);
        };
        if !rules::is_fresh_step(stored.counter, step) {
            return Ok(false);
        }
        let mut tx = self.0.work.write().await?;
        let used = store::use_factor(&mut tx, stored.factor.id, step, now).await?;
        tx.commit().await?;
        Ok(used)
    }

    pub(super) fn recovery_mark(
        &self,
        account: kernel::AccountId,
        typed: &str,
    ) -> Result<String, SecurityError> {
        let code = rules::recovery_typed(typed);
        let parts: [&[u8]; 2] = [&account.get().to_le_bytes(), code.as_bytes()];
        Ok(crypto::hex(
            &self.node_key()?.mark("weihe recovery 1", &parts),
        ))
    }
}

/// The challenge of a second step belongs to this one sign-in of this browser.
fn second(token: &str, browser: &str) -> String {
    format!("{} {browser}", crypto::token_hash(token))
}
