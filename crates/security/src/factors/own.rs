//! The second factors of who is signed in: seen, added, taken away. Each change asks for the password first.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::{DbError, Tx};
use kernel::Millis;

use super::codes::place_of;
use super::model::{Duty, Factor, FactorId, FactorKind, RecoveryCodes, SetBy, StoredFactor};
use super::rules::Standing;
use super::step::FOR_NEW;
use super::webauthn::{self, Expected};
use super::{FactorFault, MOST, certificate, rules, store, totp};
use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::model::{AuditAction, Outcome, Session, Subject};
use crate::signin::Signed;
use crate::store::next_number;
use crate::web::ClientCertificate;

/// What one's own page shows.
pub(crate) struct Own {
    pub(crate) factors: Vec<Factor>,
    /// Addresses and subjects beside their factors, as they may be shown.
    pub(crate) details: Vec<(FactorId, String)>,
    pub(crate) recovery_left: i64,
    /// From when on a second factor is owed, where one is asked for and not there.
    pub(crate) due: Option<Millis>,
    pub(crate) can_send: Vec<FactorKind>,
}

/// A shared secret that an authenticator is about to learn.
pub(crate) struct TotpMaking {
    pub(crate) picture: maud::Markup,
    pub(crate) spelled: String,
}

impl Security {
    pub(crate) async fn live_sessions(
        &self,
        tx: &mut Tx,
        account: kernel::AccountId,
    ) -> Result<Vec<Session>, SecurityError> {
        let now = self.0.clock.now();
        let idle = self.0.config.idle_millis();
        let mut sessions = crate::store::sessions_of(tx, account).await?;
        sessions.retain(|session| session.expires > now && now.since(session.last_seen) <= idle);
        Ok(sessions)
    }

    /// Whether the password, or all of the sign-in, was given lately.
    pub(crate) fn is_confirmed(&self, signed: &Signed) -> bool {
        let age = self.0.clock.now().since(signed.session.confirmed);
        (0..rules::CONFIRMED).contains(&age)
    }

    fn require_confirmed(&self, signed: &Signed) -> Result<(), SecurityError> {
        if self.is_confirmed(signed) {
            Ok(())
        } else {
            Err(FactorFault::NotConfirmed.into())
        }
    }

    /// Takes the password again, before factors are changed: a new token for the session.
    pub(crate) async fn confirm(
        &self,
        signed: &Signed,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<String, SecurityError> {
        if !self.prove_password(signed, password, address).await? {
            self.audit_alone(
                signed.permit.actor(),
                AuditAction::SecondFactor,
                &Subject::session(signed.session.number),
                Outcome::Refused,
                address.map(|address| address.to_string()).as_deref(),
            )
            .await?;
            return Err(SecurityError::WrongPassword);
        }
        let token = crypto::new_token(self.0.random.as_ref())?;
        let number = signed.session.number;
        let mut tx = self.0.work.write().await?;
        store::confirm_session(&mut tx, number, self.0.clock.now()).await?;
        store::renew_session(&mut tx, number, &crypto::token_hash(&token)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// One's own factors.
    pub(crate) async fn own_factors(&self, signed: &Signed) -> Result<Own, SecurityError> {
        let account = signed.account.id;
        let mut tx = self.0.work.read().await?;
        let mut stored = store::factors(&mut tx, account).await?;
        stored.retain(|stored| stored.factor.ready);
        let mut details = Vec::new();
        for one in &stored {
            let kind = one.factor.kind;
            let place = place_of(account, kind);
            let detail = match kind {
                FactorKind::Sms | FactorKind::Mail => rules::shown(&self.address_of(one)?),
                FactorKind::Certificate => {
                    let subject = self.node_key()?.open(&place, &one.secret)?;
                    String::from_utf8_lossy(&subject).into_owned()
                }
                FactorKind::Totp | FactorKind::Passkey => continue,
            };
            details.push((one.factor.id, detail));
        }
        let recovery_left = store::recovery_left(&mut tx, account).await?;
        let mut can_send = Vec::new();
        for kind in [FactorKind::Sms, FactorKind::Mail] {
            if store::gateway(&mut tx, kind).await?.is_some() {
                can_send.push(kind);
            }
        }
        let factors: Vec<Factor> = stored.into_iter().map(|stored| stored.factor).collect();
        let due = self.due(&mut tx, signed, &factors).await?;
        Ok(Own {
            factors,
            details,
            recovery_left,
            due,
            can_send,
        })
    }

    async fn due(
        &self,
        tx: &mut Tx,
        signed: &Signed,
        factors: &[Factor],
    ) -> Result<Option<Millis>, SecurityError> {
        let now = self.0.clock.now();
        let safety = store::safety(tx, signed.account.id).await?;
        let posts: Vec<String> = signed
            .held
            .iter()
            .chain(&signed.others)
            .map(|held| held.grant.post.clone())
            .collect();
        let standing = Standing {
            now,
            posts: &posts,
            factors,
            demanded_since: safety.demanded_since,
            password_set: now,
            set_by: SetBy::Holder,
            by_password: false,
        };
        Ok(rules::due(&self.policy(), standing))
    }

    async fn has_room(&self, tx: &mut Tx, signed: &Signed) -> Result<(), SecurityError> {
        if store::factors(tx, signed.account.id).await?.len() >= MOST {
            return Err(FactorFault::TooMany.into());
        }
        Ok(())
    }

    fn new_factor(&self, signed: &Signed, id: i64, kind: FactorKind, label: &str) -> StoredFactor {
        StoredFactor {
            factor: Factor {
                id: FactorId(id),
                account: signed.account.id,
                kind,
                label: rules::label(label),
                ready: false,
                made: self.0.clock.now(),
                used: None,
                expires: None,
            },
            mark: None,
            secret: Vec::new(),
            counter: 0,
        }
    }

    // Authenticators

    /// Makes a shared secret, in place of one that was not proved.
    pub(crate) async fn begin_totp(
        &self,
        signed: &Signed,
        label: &str,
    ) -> Result<(), SecurityError> {
        self.require_confirmed(signed)?;
        let mut secret = [0_u8; totp::SECRET];
        self.0.random.fill(&mut secret)?;
        let place = place_of(signed.account.id, FactorKind::Totp);
        let sealed = self
            .node_key()?
            .seal(self.0.random.as_ref(), &place, &secret)?;
        let mut tx = self.0.work.write().await?;
        store::delete_unproved(&mut tx, signed.account.id, FactorKind::Totp).await?;
        self.has_room(&mut tx, signed).await?;
        let id = next_number(&mut tx, "factor").await?;
        let factor = StoredFactor {
            secret: sealed,
            ..self.new_factor(signed, id, FactorKind::Totp, label)
        };
        store::insert_factor(&mut tx, &factor).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn unproved(
        &self,
        signed: &Signed,
        kind: FactorKind,
    ) -> Result<Option<StoredFactor>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let factors = store::factors(&mut tx, signed.account.id).await?;
        Ok(factors
            .into_iter()
            .find(|stored| stored.factor.kind == kind && !stored.factor.ready))
    }

    /// The secret that was made and not proved yet, to be shown.
    pub(crate) async fn totp_in_making(
        &self,
        signed: &Signed,
        issuer: &str,
        title: &str,
    ) -> Result<Option<TotpMaking>, SecurityError> {
        self.require_confirmed(signed)?;
        let Some(stored) = self.unproved(signed, FactorKind::Totp).await? else {
            return Ok(None);
        };
        let place = place_of(signed.account.id, FactorKind::Totp);
        let secret = self.node_key()?.open(&place, &stored.secret)?;
        let address = totp::address(&secret, issuer, &signed.account.login);
        Ok(totp::picture(&address, title).map(|picture| TotpMaking {
            picture,
            spelled: totp::spelled(&secret),
        }))
    }

    /// Takes the first code of a new authenticator; recovery codes where there were none.
    pub(crate) async fn prove_totp(
        &self,
        signed: &Signed,
        code: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        self.require_confirmed(signed)?;
        let stored = self
            .unproved(signed, FactorKind::Totp)
            .await?
            .ok_or(FactorFault::WrongCode)?;
        if !self.take_totp(&stored, &rules::digits(code)).await? {
            return Err(FactorFault::WrongCode.into());
        }
        self.was_added(signed, stored.factor.id, from).await
    }

    // Passkeys

    /// What the browser is asked with to make a passkey; `None` where no site is set. Makes the account's handle
    /// at the first one.
    pub(crate) async fn new_passkey_options(
        &self,
        signed: &Signed,
        browser: &str,
    ) -> Result<Option<String>, SecurityError> {
        self.require_confirmed(signed)?;
        let policy = self.policy();
        let Some(site) = &policy.site else {
            return Ok(None);
        };
        let account = &signed.account;
        let mut tx = self.0.work.write().await?;
        let handle = match store::safety(&mut tx, account.id).await?.handle {
            Some(handle) => handle,
            None => {
                // Random, since a key may give it to whoever holds it: it says nothing about the person.
                let mut bytes = [0_u8; 32];
                self.0.random.fill(&mut bytes)?;
                let handle = URL_SAFE_NO_PAD.encode(bytes);
                store::put_handle(&mut tx, account.id, &handle).await?;
                handle
            }
        };
        let ids: Vec<String> = store::factors(&mut tx, account.id)
            .await?
            .into_iter()
            .filter(|stored| stored.factor.kind == FactorKind::Passkey)
            .filter_map(|stored| stored.mark)
            .collect();
        tx.commit().await?;
        let challenge = self.challenge(FOR_NEW, browser)?;
        let whom = (
            handle.as_str(),
            account.login.as_str(),
            account.display.as_str(),
        );
        Ok(Some(webauthn::options_to_register(
            site, &challenge, whom, &ids,
        )))
    }

    /// Adds a passkey.
    pub(crate) async fn add_passkey(
        &self,
        signed: &Signed,
        json: &str,
        label: &str,
        browser: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        self.require_confirmed(signed)?;
        let policy = self.policy();
        let site = policy.site.as_ref().ok_or(FactorFault::Passkey)?;
        let sent = webauthn::read(json)?;
        let challenge = webauthn::claimed_challenge(&sent)?;
        if !self.take_challenge(FOR_NEW, browser, &challenge).await? {
            return Err(FactorFault::Passkey.into());
        }
        let expected = Expected {
            site,
            challenge: &challenge,
        };
        let passkey = webauthn::register(&sent, expected)?;
        let mut factor = self.new_factor(signed, 0, FactorKind::Passkey, label);
        factor.factor.ready = true;
        factor.mark = Some(passkey.id);
        factor.secret = passkey.key;
        factor.counter = passkey.counter;
        self.add(signed, factor, from).await
    }

    /// Adds the certificate of the connection.
    pub(crate) async fn add_certificate(
        &self,
        signed: &Signed,
        shown: Option<&ClientCertificate>,
        label: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        self.require_confirmed(signed)?;
        let now = self.0.clock.now();
        let shown = shown
            .and_then(|shown| certificate::read(&shown.der))
            .filter(|shown| shown.is_valid(now))
            .ok_or(FactorFault::NoCertificate)?;
        let place = place_of(signed.account.id, FactorKind::Certificate);
        let mut factor = self.new_factor(signed, 0, FactorKind::Certificate, label);
        factor.factor.ready = true;
        factor.factor.expires = Some(shown.until);
        factor.secret =
            self.node_key()?
                .seal(self.0.random.as_ref(), &place, shown.subject.as_bytes())?;
        factor.mark = Some(shown.mark);
        self.add(signed, factor, from).await
    }

    async fn add(
        &self,
        signed: &Signed,
        mut factor: StoredFactor,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        let mut tx = self.0.work.write().await?;
        self.has_room(&mut tx, signed).await?;
        factor.factor.id = FactorId(next_number(&mut tx, "factor").await?);
        match store::insert_factor(&mut tx, &factor).await {
            Err(DbError::Unique { .. }) => return Err(FactorFault::Taken.into()),
            other => other?,
        }
        tx.commit().await?;
        self.was_added(signed, factor.factor.id, from).await
    }

    // Addresses

    /// Takes an address to send codes to, and sends the first.
    pub(crate) async fn begin_address(
        &self,
        signed: &Signed,
        kind: FactorKind,
        typed: &str,
        from: Option<IpAddr>,
    ) -> Result<(), SecurityError> {
        self.require_confirmed(signed)?;
        let address = match kind {
            FactorKind::Sms => rules::phone(typed),
            FactorKind::Mail => rules::mail(typed),
            FactorKind::Totp | FactorKind::Passkey | FactorKind::Certificate => None,
        };
        let address = address.ok_or(FactorFault::Address)?;
        let place = place_of(signed.account.id, kind);
        let secret = self
            .node_key()?
            .seal(self.0.random.as_ref(), &place, address.as_bytes())?;
        let mut tx = self.0.work.write().await?;
        if store::gateway(&mut tx, kind).await?.is_none() {
            return Err(FactorFault::NoGateway.into());
        }
        store::delete_unproved(&mut tx, signed.account.id, kind).await?;
        self.has_room(&mut tx, signed).await?;
        let id = next_number(&mut tx, "factor").await?;
        let factor = StoredFactor {
            secret,
            ..self.new_factor(signed, id, kind, "")
        };
        store::insert_factor(&mut tx, &factor).await?;
        tx.commit().await?;
        self.send_code(&factor, from).await
    }

    /// The address that a first code went to, as it may be shown.
    pub(crate) async fn address_in_making(
        &self,
        signed: &Signed,
        kind: FactorKind,
    ) -> Result<Option<String>, SecurityError> {
        let stored = self.unproved(signed, kind).await?;
        stored
            .map(|stored| Ok(rules::shown(&self.address_of(&stored)?)))
            .transpose()
    }

    /// Takes the first code that went to an address.
    pub(crate) async fn prove_address(
        &self,
        signed: &Signed,
        kind: FactorKind,
        code: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        self.require_confirmed(signed)?;
        let stored = self
            .unproved(signed, kind)
            .await?
            .ok_or(FactorFault::WrongCode)?;
        if !self.take_code(&stored, code).await? {
            return Err(FactorFault::WrongCode.into());
        }
        let mut tx = self.0.work.write().await?;
        store::use_factor(&mut tx, stored.factor.id, 0, self.0.clock.now()).await?;
        tx.commit().await?;
        self.was_added(signed, stored.factor.id, from).await
    }

    // After a change

    /// Ends the other sessions, forgets a duty that is done, and gives recovery codes where there are none.
    async fn was_added(
        &self,
        signed: &Signed,
        factor: FactorId,
        from: Option<IpAddr>,
    ) -> Result<Option<RecoveryCodes>, SecurityError> {
        let account = signed.account.id;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let factors: Vec<Factor> = store::factors(&mut tx, account)
            .await?
            .into_iter()
            .map(|stored| stored.factor)
            .collect();
        if rules::satisfies(&self.policy(), &factors, now) {
            let left: Vec<Duty> = signed
                .session
                .duties
                .iter()
                .copied()
                .filter(|duty| *duty != Duty::Factor)
                .collect();
            crate::store::put_duties(&mut tx, signed.session.number, &left).await?;
            store::put_demanded_since(&mut tx, account, None).await?;
        }
        self.after_change(&mut tx, signed, AuditAction::FactorAdded, factor, from)
            .await?;
        let codes = if store::recovery_left(&mut tx, account).await? == 0 {
            Some(self.make_recovery(&mut tx, signed).await?)
        } else {
            None
        };
        tx.commit().await?;
        Ok(codes)
    }

    async fn after_change(
        &self,
        tx: &mut Tx,
        signed: &Signed,
        action: AuditAction,
        factor: FactorId,
        from: Option<IpAddr>,
    ) -> Result<(), SecurityError> {
        crate::store::delete_sessions_of(tx, signed.account.id, Some(signed.session.number))
            .await?;
        self.audit(
            tx,
            signed.permit.actor(),
            action,
            &Subject::factor(signed.account.id, factor),
            Outcome::Done,
            from.map(|from| from.to_string()).as_deref(),
        )
        .await
    }

    async fn make_recovery(
        &self,
        tx: &mut Tx,
        signed: &Signed,
    ) -> Result<RecoveryCodes, SecurityError> {
        let account = signed.account.id;
        let mut codes = Vec::with_capacity(rules::RECOVERY_CODES);
        let mut marks = Vec::with_capacity(rules::RECOVERY_CODES);
        while codes.len() < rules::RECOVERY_CODES {
            let code = rules::recovery_code(self.0.random.as_ref())?;
            let mark = self.recovery_mark(account, &code)?;
            if !marks.contains(&mark) {
                codes.push(code);
                marks.push(mark);
            }
        }
        store::put_recovery(tx, account, &marks, self.0.clock.now()).await?;
        self.audit(
            tx,
            signed.permit.actor(),
            AuditAction::RecoveryMade,
            &Subject::account(account),
            Outcome::Done,
            None,
        )
        .await?;
        Ok(RecoveryCodes(codes))
    }

    /// Makes new recovery codes; the former ones no longer count.
    pub(crate) async fn new_recovery_codes(
        &self,
        signed: &Signed,
    ) -> Result<RecoveryCodes, SecurityError> {
        self.require_confirmed(signed)?;
        let mut tx = self.0.work.write().await?;
        let codes = self.make_recovery(&mut tx, signed).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Takes a factor away. The last one that a policy asks for stays.
    pub(crate) async fn remove_factor(
        &self,
        signed: &Signed,
        id: FactorId,
        from: Option<IpAddr>,
    ) -> Result<(), SecurityError> {
        self.require_confirmed(signed)?;
        let account = signed.account.id;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let (gone, left): (Vec<Factor>, Vec<Factor>) = store::factors(&mut tx, account)
            .await?
            .into_iter()
            .map(|stored| stored.factor)
            .partition(|factor| factor.id == id);
        let policy = self.policy();
        if rules::satisfies(&policy, &gone, now)
            && self.due(&mut tx, signed, &left).await?.is_some()
        {
            return Err(FactorFault::Last.into());
        }
        if store::delete_factor(&mut tx, account, id).await? {
            self.after_change(&mut tx, signed, AuditAction::FactorRemoved, id, from)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    // Sessions

    /// Ends all of one's other sessions.
    pub(crate) async fn end_other_sessions(
        &self,
        signed: &Signed,
        from: &str,
    ) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        crate::store::delete_sessions_of(&mut tx, signed.account.id, Some(signed.session.number))
            .await?;
        self.audit(
            &mut tx,
            signed.permit.actor(),
            AuditAction::SessionEnded,
            &Subject::account(signed.account.id),
            Outcome::Done,
            Some(from),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
