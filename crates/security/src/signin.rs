//! Signing in and out, sessions and one's own password.

use std::net::IpAddr;
use std::sync::Arc;

use kernel::{AccountId, Millis};

use crate::api::Security;
use crate::crypto;
use crate::error::SecurityError;
use crate::factors::{self, Pending, SetBy, Standing, Strength};
use crate::model::{
    Account, AccountKind, AccountState, AuditAction, Grant, GrantId, Outcome, Session, Subject,
};
use crate::permit::{Actor, Permit};
use crate::rules;
use crate::rules::lockout::{Counted, Counter, Tally, Tried};
use crate::rules::web::address_group;
use crate::store;

/// Someone who is signed in: who, in which post, with what permit.
#[derive(Debug)]
pub struct Signed {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// The grant in use and the title of its post; `None` where the account holds no post now.
    pub held: Option<Held>,
    /// The other grants that the person can switch to.
    pub others: Vec<Held>,
    /// The permit of the grant in use.
    pub permit: Arc<Permit>,
}

/// A grant with the title of its post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The grant.
    pub grant: Grant,
    /// The post's title in both languages.
    pub title: standard::Label,
}

/// A try to sign in.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Signed in; the token goes into the cookie and nowhere else.
    In {
        token: String,
        language: Option<String>,
    },
    /// The first step was right; the token of the second goes into its own cookie.
    Second { token: String },
    /// No such name, wrong password, or a barred account: the three look the same.
    Wrong,
    /// The second step took too long or too many tries: from the beginning.
    Gone,
    /// Too many tries before; the next one is looked at after so many minutes, at least one.
    Locked { minutes: i64 },
}

/// Someone who has shown a first factor: what the rest of the way needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arriving<'a> {
    pub(crate) account: AccountId,
    /// The name that tries are counted under.
    pub(crate) login: Option<&'a str>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: &'a str,
    /// Whether the first factor was the password.
    pub(crate) by_password: bool,
    /// How the attempt was counted, where it was: given back when it turns out right.
    pub(crate) counted: Option<Counted>,
}

impl Answer {
    pub(crate) fn locked(until: Millis, now: Millis) -> Self {
        let wait = until.since(now).max(1);
        Self::Locked {
            minutes: wait.saturating_add(59_999).div_euclid(60_000),
        }
    }
}

struct Tallies {
    address: (String, Tally),
    name: (String, Tally),
    pair: (String, Tally),
}

impl Tallies {
    fn waits_until(&self, now: Millis) -> Option<Millis> {
        let pair = self.pair.1.waits_until(now);
        if self.pair.1.is_familiar(now) {
            return pair;
        }
        [
            pair,
            self.address.1.waits_until(now),
            self.name.1.waits_until(now),
        ]
        .into_iter()
        .flatten()
        .max()
    }
}

impl Security {
    pub(crate) async fn sign_in(&self, attempt: Attempt) -> Result<Answer, SecurityError> {
        let login = rules::grant::login(&attempt.login);
        let shown_address = attempt.address.map(|address| address.to_string());
        let shown_address = shown_address.as_deref();

        let tried = self
            .count_attempt(login.as_deref(), attempt.address)
            .await?;
        let known = match &login {
            None => None,
            Some(login) => {
                let mut tx = self.0.work.read().await?;
                store::password_of(&mut tx, login).await?
            }
        };
        let subject = known
            .as_ref()
            .map_or_else(Subject::none, |(id, _, _)| Subject::account(*id));
        let counted = match tried {
            Tried::Counted(counted) => counted,
            Tried::TooMany(until) => {
                self.note_sign_in("nobody", &subject, Outcome::Locked, shown_address)
                    .await?;
                return Ok(Answer::locked(until, self.0.clock.now()));
            }
        };

        let hash = known
            .as_ref()
            .map_or_else(|| self.0.dummy_hash.clone(), |(_, _, hash)| hash.clone());
        let too_long = attempt.password.chars().count() > rules::password::LONGEST;
        let password = if too_long {
            String::new()
        } else {
            attempt.password
        };
        let right = self.verify(hash, password).await? && !too_long;
        let id = match known {
            Some((id, AccountState::Active, _)) if right => id,
            _ => {
                self.note_sign_in("nobody", &subject, Outcome::Refused, shown_address)
                    .await?;
                return Ok(Answer::Wrong);
            }
        };
        self.arrive(Arriving {
            account: id,
            login: login.as_deref(),
            address: attempt.address,
            agent: &attempt.agent,
            by_password: true,
            counted: Some(counted),
        })
        .await
    }

    /// Goes on after a right first factor: to the second step where the account has one, else to a session.
    pub(crate) async fn arrive(&self, arriving: Arriving<'_>) -> Result<Answer, SecurityError> {
        self.reload_policy().await?;
        let now = self.0.clock.now();
        let usable = {
            let mut tx = self.0.work.read().await?;
            self.usable_factors(&mut tx, arriving.account).await?
        };
        if usable.is_empty() {
            return self.begin_session(arriving, Strength::One).await;
        }
        let token = crypto::new_token(self.0.random.as_ref())?;
        let mut tx = self.0.work.write().await?;
        // The right password was no failure of its address, or a school behind one address would be held
        // back by its own people; the name stays counted until the second step is right.
        if let Some(counted) = arriving.counted {
            let tallies = self
                .tallies(&mut tx, arriving.login, arriving.address)
                .await?;
            let (subject, tally) = &tallies.address;
            store::put_tally(&mut tx, subject, tally.given_back(counted)).await?;
        }
        let pending = Pending {
            account: arriving.account,
            by_password: arriving.by_password,
            expires: now.add(factors::rules::PENDING),
            tries: 0,
        };
        factors::store::insert_pending(&mut tx, &crypto::token_hash(&token), &pending).await?;
        tx.commit().await?;
        Ok(Answer::Second { token })
    }

    /// Counts the attempt as failed before it is looked at. One without a name counts for its address only: it
    /// must not lock others out who come without a name, such as by a passkey.
    pub(crate) async fn count_attempt(
        &self,
        login: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Tried, SecurityError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        let tallies = self.tallies(&mut tx, login, address).await?;
        if let Some(until) = tallies.waits_until(now) {
            return Ok(Tried::TooMany(until));
        }
        let (subject, tally) = &tallies.address;
        let of_address = tally.failed_once_more(Counter::Address, now);
        store::put_tally(&mut tx, subject, of_address).await?;
        if login.is_some() {
            for (counter, (subject, tally)) in [
                (Counter::Name, &tallies.name),
                (Counter::NameAtAddress, &tallies.pair),
            ] {
                let counted = tally.failed_once_more(counter, now);
                store::put_tally(&mut tx, subject, counted).await?;
            }
        }
        tx.commit().await?;
        Ok(Tried::Counted(Counted {
            lock_before: tally.locked_until,
            address_lock: of_address.locked_until,
        }))
    }

    /// An attempt that was right after all no longer counts.
    pub(crate) async fn forget_attempts(
        &self,
        login: &str,
        address: Option<IpAddr>,
        counted: Counted,
    ) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        self.forgive(&mut tx, Some(login), address, Some(counted))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The three tallies of an attempt, always asked for in the same order.
    async fn tallies(
        &self,
        tx: &mut db::Tx,
        login: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Tallies, SecurityError> {
        let group = address_group(address);
        let name = crypto::token_hash(login.unwrap_or_default());
        let subjects = [
            format!("address:{group}"),
            format!("name:{name}"),
            format!("pair:{name}|{group}"),
        ];
        let [address_key, name_key, pair_key] = subjects;
        let address_tally = store::tally(tx, &address_key).await?;
        let name_tally = store::tally(tx, &name_key).await?;
        let pair_tally = store::tally(tx, &pair_key).await?;
        Ok(Tallies {
            address: (address_key, address_tally),
            name: (name_key, name_tally),
            pair: (pair_key, pair_tally),
        })
    }

    /// Forgives the attempt that was counted before it was looked at, where one was.
    pub(crate) async fn forgive(
        &self,
        tx: &mut db::Tx,
        login: Option<&str>,
        address: Option<IpAddr>,
        counted: Option<Counted>,
    ) -> Result<(), SecurityError> {
        let now = self.0.clock.now();
        let tallies = self.tallies(tx, login, address).await?;
        if let Some(counted) = counted {
            let (subject, tally) = &tallies.address;
            store::put_tally(tx, subject, tally.given_back(counted)).await?;
        }
        if login.is_none() {
            return Ok(());
        }
        for (counter, (subject, tally)) in [
            (Counter::Name, &tallies.name),
            (Counter::NameAtAddress, &tallies.pair),
        ] {
            let own = tallies.pair.1.failed;
            store::put_tally(tx, subject, tally.succeeded(counter, own, now)).await?;
        }
        Ok(())
    }

    /// Begins a session: a new token, and what the policy asks of the account before it may go on.
    pub(crate) async fn begin_session(
        &self,
        arriving: Arriving<'_>,
        strength: Strength,
    ) -> Result<Answer, SecurityError> {
        let Arriving {
            account: id,
            login,
            address,
            agent,
            by_password,
            counted,
        } = arriving;
        let now = self.0.clock.now();
        let token = crypto::new_token(self.0.random.as_ref())?;
        let shown_address = address
            .map(|address| address.to_string())
            .unwrap_or_default();

        let mut tx = self.0.work.write().await?;
        // The account may have been barred while the password was verified.
        let account = store::account(&mut tx, id).await?;
        let lets_in =
            |account: &Account| account.kind == AccountKind::Person && account.may_act(now.day());
        let Some(account) = account.filter(lets_in) else {
            drop(tx);
            self.note_sign_in(
                "nobody",
                &Subject::account(id),
                Outcome::Refused,
                Some(&shown_address),
            )
            .await?;
            return Ok(Answer::Wrong);
        };
        self.forgive(&mut tx, login, address, counted).await?;
        let grants = store::grants_of(&mut tx, id).await?;
        let held = rules::grant::in_force(&grants, &self.0.posts, now);
        let first = held.first().map(|(grant, _)| grant.id);
        let posts: Vec<String> = held.iter().map(|(grant, _)| grant.post.clone()).collect();
        let duties = self.duties_of(&mut tx, id, &posts, by_password).await?;
        let session = Session {
            number: store::next_number(&mut tx, "session").await?,
            account: id,
            grant: first,
            created: now,
            last_seen: now,
            expires: now.add(self.0.config.session_millis()),
            address: shown_address.clone(),
            agent: agent.chars().take(200).collect(),
            strength,
            duties,
            confirmed: now,
        };
        store::insert_session(&mut tx, &crypto::token_hash(&token), &session).await?;
        store::set_last_used(&mut tx, id, now).await?;
        if let Some(grant) = first {
            store::set_grant_used(&mut tx, grant, now).await?;
        }
        self.append(
            &mut tx,
            &Actor::Account {
                id,
                login: account.login.clone(),
            }
            .to_string(),
            AuditAction::SignIn,
            &Subject::session(session.number),
            Outcome::Done,
            Some(&shown_address),
        )
        .await?;
        tx.commit().await?;
        Ok(Answer::In {
            token,
            language: account.language,
        })
    }

    /// What an account owes at a sign-in; notes since when a second factor is asked for.
    async fn duties_of(
        &self,
        tx: &mut db::Tx,
        account: AccountId,
        posts: &[String],
        by_password: bool,
    ) -> Result<Vec<factors::Duty>, SecurityError> {
        let policy = self.policy();
        let now = self.0.clock.now();
        let safety = factors::store::safety(tx, account).await?;
        let held: Vec<factors::Factor> = factors::store::factors(tx, account)
            .await?
            .into_iter()
            .map(|stored| stored.factor)
            .collect();
        let password_set = factors::store::password(tx, account)
            .await?
            .map_or(now, |(set, _)| set);
        let standing = Standing {
            now,
            posts,
            factors: &held,
            demanded_since: safety.demanded_since,
            password_set,
            set_by: safety.set_by,
            by_password,
        };
        let since =
            factors::rules::due(&policy, standing).map(|_| safety.demanded_since.unwrap_or(now));
        if since != safety.demanded_since {
            factors::store::put_demanded_since(tx, account, since).await?;
        }
        Ok(factors::rules::duties(&policy, standing))
    }

    pub(crate) async fn note_sign_in(
        &self,
        actor: &str,
        subject: &Subject,
        outcome: Outcome,
        address: Option<&str>,
    ) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        self.append(
            &mut tx,
            actor,
            AuditAction::SignIn,
            subject,
            outcome,
            address,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who holds this session token now; `None` where the session ended in any way.
    pub(crate) async fn recognise(&self, token: &str) -> Result<Option<Signed>, SecurityError> {
        const MINUTE: i64 = 60_000;
        let now = self.0.clock.now();
        let (session, account, grants) = {
            let mut tx = self.0.work.read().await?;
            let Some(session) = store::session(&mut tx, &crypto::token_hash(token)).await? else {
                return Ok(None);
            };
            let Some(account) = store::account(&mut tx, session.account).await? else {
                return Ok(None);
            };
            let grants = store::grants_of(&mut tx, account.id).await?;
            (session, account, grants)
        };
        let idle = now.since(session.last_seen) > self.0.config.idle_millis();
        if idle || session.expires <= now || !account.may_act(now.day()) {
            let mut tx = self.0.work.write().await?;
            store::delete_session(&mut tx, session.account, session.number).await?;
            tx.commit().await?;
            return Ok(None);
        }
        if now.since(session.last_seen) >= MINUTE
            && let Err(error) = self.touch(session.number, now).await
        {
            // Reading must go on while the work database cannot be written.
            tracing::warn!(code = error.code(), %error, "the last use of a session was not noted");
        }

        let in_force = rules::grant::in_force(&grants, &self.0.posts, now);
        let chosen = in_force
            .iter()
            .find(|(grant, _)| Some(grant.id) == session.grant)
            .or(in_force.first())
            .copied();
        let permit = Arc::new(self.permit_of(&account, chosen));
        let held = |(grant, post): &(&Grant, &standard::Post)| Held {
            grant: (*grant).clone(),
            title: post.title.clone(),
        };
        let others = in_force
            .iter()
            .filter(|(grant, _)| Some(grant.id) != chosen.map(|(grant, _)| grant.id))
            .map(held)
            .collect();
        Ok(Some(Signed {
            held: chosen.as_ref().map(held),
            others,
            permit,
            account,
            session,
        }))
    }

    async fn touch(&self, session: i64, now: Millis) -> Result<(), SecurityError> {
        let mut tx = self.0.work.write().await?;
        store::touch_session(&mut tx, session, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn sign_out(
        &self,
        signed: &Signed,
        address: &str,
    ) -> Result<(), SecurityError> {
        self.end_own_session(signed, signed.session.number, AuditAction::SignOut, address)
            .await?;
        Ok(())
    }

    /// Ends a session of one's own; whether there was one.
    pub(crate) async fn end_own_session(
        &self,
        signed: &Signed,
        number: i64,
        action: AuditAction,
        address: &str,
    ) -> Result<bool, SecurityError> {
        let mut tx = self.0.work.write().await?;
        let ended = store::delete_session(&mut tx, signed.account.id, number).await?;
        if ended {
            self.audit(
                &mut tx,
                signed.permit.actor(),
                action,
                &Subject::session(number),
                Outcome::Done,
                Some(address),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Goes on under another of one's own posts.
    pub(crate) async fn switch_post(
        &self,
        signed: &Signed,
        grant: GrantId,
        address: &str,
    ) -> Result<(), SecurityError> {
        if !signed.others.iter().any(|held| held.grant.id == grant) {
            return Err(SecurityError::NoGrant);
        }
        let mut tx = self.0.work.write().await?;
        store::set_session_grant(&mut tx, signed.session.number, grant).await?;
        store::set_grant_used(&mut tx, grant, self.0.clock.now()).await?;
        self.audit(
            &mut tx,
            signed.permit.actor(),
            AuditAction::PostSwitched,
            &Subject::grant(signed.account.id, grant),
            Outcome::Done,
            Some(address),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// One's own sessions, the one used last first.
    pub(crate) async fn own_sessions(
        &self,
        signed: &Signed,
    ) -> Result<Vec<Session>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        self.live_sessions(&mut tx, signed.account.id).await
    }

    /// Whether a password is the one of who is signed in. Tries with a wrong one count like tries to sign in,
    /// or a browser left open would be a place to guess.
    pub(crate) async fn prove_password(
        &self,
        signed: &Signed,
        present: String,
        address: Option<IpAddr>,
    ) -> Result<bool, SecurityError> {
        let login = &signed.account.login;
        let Tried::Counted(counted) = self.count_attempt(Some(login), address).await? else {
            return Ok(false);
        };
        let known = {
            let mut tx = self.0.work.read().await?;
            store::password_of(&mut tx, login).await?
        };
        let hash = known.map_or_else(|| self.0.dummy_hash.clone(), |(_, _, hash)| hash);
        if !self.verify(hash, present).await? {
            return Ok(false);
        }
        let mut tx = self.0.work.write().await?;
        self.forgive(&mut tx, Some(login), address, Some(counted))
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whether a password was lately that of an account, or is now.
    pub(crate) async fn was_taken(
        &self,
        account: AccountId,
        wanted: &str,
    ) -> Result<bool, SecurityError> {
        let past = self.policy().password_past;
        let hashes = {
            let mut tx = self.0.work.read().await?;
            let most = i64::try_from(past).unwrap_or(i64::MAX);
            let mut hashes = Vec::new();
            if past > 0 {
                hashes.extend(
                    factors::store::password(&mut tx, account)
                        .await?
                        .map(|(_, hash)| hash),
                );
                hashes.extend(factors::store::past_passwords(&mut tx, account, most).await?);
            }
            hashes.truncate(past);
            hashes
        };
        for hash in hashes {
            if self.verify(hash, wanted.to_owned()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Changes one's own password, ends the other sessions and gives this one a new token.
    pub(crate) async fn change_own_password(
        &self,
        signed: &Signed,
        present: String,
        wanted: &str,
        address: Option<IpAddr>,
    ) -> Result<String, SecurityError> {
        let account = &signed.account;
        rules::password::check(&self.policy().password_rules(), wanted, &account.login)
            .map_err(SecurityError::PasswordFault)?;
        let shown_address = address.map(|address| address.to_string());
        let actor = signed.permit.actor();
        let subject = Subject::account(account.id);
        if !self.prove_password(signed, present, address).await? {
            self.audit_alone(
                actor,
                AuditAction::PasswordSet,
                &subject,
                Outcome::Refused,
                shown_address.as_deref(),
            )
            .await?;
            return Err(SecurityError::WrongPassword);
        }
        if self.was_taken(account.id, wanted).await? {
            return Err(SecurityError::PasswordFault(
                rules::password::PasswordFault::Reused,
            ));
        }
        let hash = self.hash(wanted.to_owned()).await?;
        let token = crypto::new_token(self.0.random.as_ref())?;
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        factors::store::keep_password(&mut tx, account.id, now).await?;
        store::set_password_hash(&mut tx, account.id, &hash, now).await?;
        factors::store::put_set_by(&mut tx, account.id, SetBy::Holder).await?;
        store::delete_sessions_of(&mut tx, account.id, Some(signed.session.number)).await?;
        let left: Vec<factors::Duty> = signed
            .session
            .duties
            .iter()
            .copied()
            .filter(|duty| *duty != factors::Duty::Password)
            .collect();
        store::put_duties(&mut tx, signed.session.number, &left).await?;
        factors::store::renew_session(&mut tx, signed.session.number, &crypto::token_hash(&token))
            .await?;
        self.audit(
            &mut tx,
            actor,
            AuditAction::PasswordSet,
            &subject,
            Outcome::Done,
            shown_address.as_deref(),
        )
        .await?;
        tx.commit().await?;
        Ok(token)
    }
}
