//! Second factors and the policy of signing in.
//!
//! What this part holds to:
//! - A first step that was right is no session: it has a cookie, a table and five minutes of its own, and no
//!   route but the second step knows it.
//! - Every try at a second step counts like a try at a password, before it is looked at.
//! - A time step, a sent code, a recovery code and a challenge are each taken once.
//! - Shared secrets and addresses are sealed under the node's key; recovery codes and sent codes are kept as
//!   keyed hashes.
//! - Messages go to the address that the account has proved, through the gateway that the operator set, and
//!   nowhere else.

mod certificate;
mod codes;
mod gateway;
pub(crate) mod model;
mod own;
mod policy;
mod rooms;
pub(crate) mod rules;
mod seal;
mod step;
pub(crate) mod store;
mod totp;
pub(crate) mod webauthn;

use std::sync::{Arc, PoisonError};

use db::Tx;
use kernel::AccountId;
use standard::Action;

pub use certificate::certificate_end;
pub use gateway::{GatewayFault, HttpGateway, MailGateway, MailSecurity};
pub use model::{
    Duty, Factor, FactorId, FactorKind, FirstChange, RecoveryCodes, SignInPolicy, Site, Strength,
};
pub(crate) use model::{Pending, SetBy, StoredFactor};
pub(crate) use own::{Own, TotpMaking};
pub use policy::{PolicyFault, SETTINGS};
pub(crate) use rules::Standing;
pub(crate) use seal::NodeKey;
pub use seal::SealError;
pub(crate) use step::{Offered, Proof};
pub use webauthn::CeremonyFault;

use crate::api::Security;
use crate::error::SecurityError;
use crate::model::{AuditAction, Outcome, Session, Subject};
use crate::permit::{Actor, Denied, Permit};
use crate::rules::password::PasswordRules;

/// Why a factor is not taken. The code is the key of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorFault {
    /// The password was not given lately.
    NotConfirmed,
    /// Not the code, or it was used, or there were too many tries.
    WrongCode,
    /// Not a number or an address to send to.
    Address,
    /// No gateway is set for this kind.
    NoGateway,
    /// The gateway did not take it.
    NotSent,
    /// Codes were sent too often.
    TooOften,
    /// The browser showed no certificate, or one that is out of its days.
    NoCertificate,
    /// The certificate or passkey belongs to an account already.
    Taken,
    /// The passkey did not do.
    Passkey,
    /// The policy asks for it and there is no other.
    Last,
    /// There are as many as an account may have.
    TooMany,
}

impl FactorFault {
    /// The stable code, which is also the key of the message.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotConfirmed => "security-factor-fault-confirm",
            Self::WrongCode => "security-factor-fault-code",
            Self::Address => "security-factor-fault-address",
            Self::NoGateway => "security-factor-fault-gateway",
            Self::NotSent => "security-factor-fault-sent",
            Self::TooOften => "security-factor-fault-often",
            Self::NoCertificate => "security-factor-fault-certificate",
            Self::Taken => "security-factor-fault-taken",
            Self::Passkey => "security-factor-fault-passkey",
            Self::Last => "security-factor-fault-last",
            Self::TooMany => "security-factor-fault-many",
        }
    }
}

/// How many factors an account may have.
const MOST: usize = 20;

impl SignInPolicy {
    pub(crate) fn password_rules(&self) -> PasswordRules<'_> {
        PasswordRules {
            shortest: self.password_shortest,
            kinds: self.password_kinds,
            refused_words: &self.refused_words,
        }
    }
}

impl Security {
    /// The policy of signing in, as of the last sign-in or change.
    #[must_use]
    pub fn policy(&self) -> Arc<SignInPolicy> {
        let policy = self.0.policy.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&policy)
    }

    /// Reads the policy again.
    pub(crate) async fn reload_policy(&self) -> Result<(), SecurityError> {
        let (policy, faults) = SignInPolicy::read(&self.settings().await?);
        for fault in faults {
            tracing::warn!(
                setting = fault.name,
                "a setting of the sign-in policy is not usable; its default holds"
            );
        }
        let mut held = self
            .0
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(policy);
        Ok(())
    }

    /// Changes settings of the sign-in policy, all or none; the names are those of [`SETTINGS`]. Others are left
    /// as they are.
    ///
    /// # Errors
    /// [`SecurityError::Policy`] with every mistake; [`SecurityError::Denied`] without
    /// [`Action::ManageSettings`] for the whole node.
    pub async fn put_policy(
        &self,
        permit: &Permit,
        wanted: &[(String, String)],
    ) -> Result<(), SecurityError> {
        let (_, mut faults) = SignInPolicy::read(wanted);
        if let Some((_, posts)) = wanted
            .iter()
            .find(|(name, _)| name == "signin_second_factor_posts")
        {
            // Names that stand there already may be of posts that this node's definitions do not have.
            let held = self.policy();
            let is_known = |post: &str| {
                post == "*"
                    || self.post_named(post).is_ok()
                    || held.second_factor_posts.iter().any(|known| known == post)
            };
            let unknown = posts.split_whitespace().any(|post| !is_known(post));
            if unknown {
                faults.push(PolicyFault {
                    name: "signin_second_factor_posts",
                    message: "security-policy-fault-posts",
                });
            }
        }
        if !faults.is_empty() {
            return Err(SecurityError::Policy(faults));
        }
        let held = self.settings().await?;
        for (name, value) in wanted {
            let is_ours = SETTINGS.contains(&name.as_str());
            let is_same = held
                .iter()
                .any(|(known, present)| known == name && present == value);
            if is_ours && !is_same {
                self.put_setting(permit, name, value).await?;
            }
        }
        self.reload_policy().await
    }

    pub(crate) fn node_key(&self) -> Result<&NodeKey, SecurityError> {
        Ok(self.0.node_key.get().ok_or(SealError::NoKey)?)
    }

    /// The factors of an account that one can sign in with now.
    pub(crate) async fn usable_factors(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<Vec<StoredFactor>, SecurityError> {
        let now = self.0.clock.now();
        let mut factors = store::factors(tx, account).await?;
        factors.retain(|stored| stored.factor.counts(now));
        let mut usable = Vec::new();
        for stored in factors {
            let works = match stored.factor.kind {
                FactorKind::Totp | FactorKind::Certificate => true,
                FactorKind::Passkey => self.policy().site.is_some(),
                kind => store::gateway(tx, kind).await?.is_some(),
            };
            if works {
                usable.push(stored);
            }
        }
        Ok(usable)
    }

    /// Who set a password that its holder did not choose, to be noted with it.
    pub(crate) async fn password_was_set(
        &self,
        tx: &mut Tx,
        account: AccountId,
        generated: bool,
    ) -> Result<(), SecurityError> {
        let set_by = if generated {
            SetBy::Program
        } else {
            SetBy::Another
        };
        store::put_set_by(tx, account, set_by).await?;
        Ok(())
    }

    // For those who manage an account

    /// The sessions of an account that are in use, the one used last first.
    ///
    /// # Errors
    /// [`SecurityError::NoAccount`], also for one out of the permit's reach; [`SecurityError::Denied`].
    pub async fn sessions_of(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Vec<Session>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        self.live_sessions(&mut tx, account.id).await
    }

    /// Ends all sessions of an account; how many there were.
    ///
    /// # Errors
    /// As [`Security::sessions_of`].
    pub async fn end_sessions(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<usize, SecurityError> {
        let mut tx = self.0.work.write().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        let ended = crate::store::sessions_of(&mut tx, account.id).await?.len();
        crate::store::delete_sessions_of(&mut tx, account.id, None).await?;
        self.audit(
            &mut tx,
            permit.actor(),
            AuditAction::SessionEnded,
            &Subject::account(account.id),
            Outcome::Done,
            None,
        )
        .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// The second factors of an account, also those that are not proved yet.
    ///
    /// # Errors
    /// As [`Security::sessions_of`].
    pub async fn factors_of(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Vec<Factor>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        let stored = store::factors(&mut tx, account.id).await?;
        Ok(stored.into_iter().map(|stored| stored.factor).collect())
    }

    /// Takes away all second factors and recovery codes of somebody who lost them, and ends that account's
    /// sessions; how many factors there were. The days to add a new one begin again. One's own are changed at
    /// `/account/factors`, where the password is asked for.
    ///
    /// # Errors
    /// As [`Security::sessions_of`]; [`SecurityError::Denied`] for one's own account.
    pub async fn reset_factors(
        &self,
        permit: &Permit,
        account: AccountId,
    ) -> Result<u64, SecurityError> {
        let mut tx = self.0.work.write().await?;
        let account = self.managed(&mut tx, permit, account).await?;
        if matches!(permit.actor(), Actor::Account { id, .. } if *id == account.id) {
            return Err(Denied::Action(Action::ManageAccounts).into());
        }
        let gone = store::delete_factors(&mut tx, account.id).await?;
        store::put_demanded_since(&mut tx, account.id, None).await?;
        crate::store::delete_sessions_of(&mut tx, account.id, None).await?;
        self.audit(
            &mut tx,
            permit.actor(),
            AuditAction::FactorsReset,
            &Subject::account(account.id),
            Outcome::Done,
            None,
        )
        .await?;
        tx.commit().await?;
        Ok(gone)
    }
}
