//! What is looked at on the node itself: whether the ledger and the audit log verify, and until when the
//! certificates of the connection hold. The results are kept, so that a restart does not hide a fault.

pub(crate) mod rules;

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use kernel::Millis;
use security::{Action, AuditAction, Outcome, Permit, Subject};

use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::store;

/// A chain of hashes that the node keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// The commits of the ledger.
    Ledger,
    /// The entries of the audit log.
    Audit,
}

impl Chain {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ledger, Self::Audit];

    /// The word in the store and the end of the message's key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Audit => "audit",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chain| chain.as_str() == word)
    }
}

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckOutcome {
    /// All of it hangs together.
    Whole,
    /// Something was changed or is missing.
    Broken,
    /// It could not be gone through to the end, which says nothing about the chain.
    Failed,
}

impl CheckOutcome {
    const ALL: [Self; 3] = [Self::Whole, Self::Broken, Self::Failed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Broken => "broken",
            Self::Failed => "failed",
        }
    }

    /// A word that no release knows says nothing about the chain.
    pub(crate) fn parse(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
            .unwrap_or(Self::Failed)
    }
}

/// What a verification of a chain saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many commits or entries.
    pub looked_at: i64,
    /// How many faults.
    pub faults: i64,
    /// The first of them in words for whoever looks into it: numbers and codes only. Empty where there is none.
    pub first_fault: String,
    /// Number and hash of the end of the chain.
    pub head: String,
}

/// A verification that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) chain: Chain,
    pub(crate) outcome: CheckOutcome,
    pub(crate) seen: Seen,
    pub(crate) began: Millis,
    pub(crate) ended: Millis,
    pub(crate) actor: String,
}

/// What a certificate of the node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateRole {
    /// The program shows it to browsers.
    Server,
    /// It stands above those that clients show (UKey).
    ClientAuthority,
}

impl CertificateRole {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::ClientAuthority => "client-authority",
        }
    }
}

/// A certificate of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCertificate {
    /// What it is for.
    pub role: CertificateRole,
    /// Whom it names.
    pub subject: String,
    /// Until when it holds.
    pub until: Millis,
}

/// The program that this room is part of.
pub trait Node: Send + Sync {
    /// Its certificates; none where a proxy in front speaks TLS.
    ///
    /// # Errors
    /// A sentence for the log.
    fn certificates(&self) -> Result<Vec<NodeCertificate>, String>;

    /// Goes through a chain.
    ///
    /// # Errors
    /// A sentence for the log where it could not be gone through.
    fn verify(&self, chain: Chain) -> BoxFuture<'_, Result<Seen, String>>;
}

/// Says that a verification is under way, until it is dropped.
struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Assurance {
    /// Goes through both chains and keeps what was found. Only one goes on at a time: `false` where another does.
    ///
    /// # Errors
    /// [`AssuranceError`]; a permit that does not hold the whole node sees nothing of it.
    pub async fn verify_chains(&self, permit: &Permit) -> Result<bool, AssuranceError> {
        permit.require(Action::ManageSecurity)?;
        let Some(node) = self.node_in_reach(permit) else {
            return Err(AssuranceError::hidden());
        };
        if self.0.verifying.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        let _turn = Turn(&self.0.verifying);
        for chain in Chain::ALL {
            let began = self.now();
            let (outcome, seen) = match node.verify(chain).await {
                Ok(seen) if seen.faults == 0 => (CheckOutcome::Whole, seen),
                Ok(seen) => {
                    tracing::error!(
                        chain = chain.as_str(),
                        faults = seen.faults,
                        first = seen.first_fault,
                        "a chain does not verify"
                    );
                    (CheckOutcome::Broken, seen)
                }
                Err(error) => {
                    tracing::error!(
                        chain = chain.as_str(),
                        error,
                        "a chain could not be gone through"
                    );
                    (CheckOutcome::Failed, Seen::default())
                }
            };
            let check = Check {
                chain,
                outcome,
                seen,
                began,
                ended: self.now(),
                actor: permit.actor().to_string(),
            };
            self.keep_check(permit, &check).await?;
        }
        Ok(true)
    }

    /// Whether a verification is under way in this process.
    pub(crate) fn is_verifying(&self) -> bool {
        self.0.verifying.load(Ordering::Acquire)
    }

    /// The node, for those who hold the whole of it.
    pub(crate) fn node_in_reach(&self, permit: &Permit) -> Option<&dyn Node> {
        self.0
            .node
            .as_deref()
            .filter(|_| permit.reaches_everything())
    }

    async fn keep_check(&self, permit: &Permit, check: &Check) -> Result<(), AssuranceError> {
        let mut tx = self.0.work.write().await?;
        let number = store::next_number(&mut tx, "event").await?;
        store::checks::insert(&mut tx, number, check).await?;
        let outcome = match check.outcome {
            CheckOutcome::Whole => Outcome::Done,
            CheckOutcome::Broken | CheckOutcome::Failed => Outcome::Refused,
        };
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::ChainsVerified,
                &Subject::item("check", number),
                outcome,
                None,
            )
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The last verifications, newest first.
    pub(crate) async fn checks(&self, most: i64) -> Result<Vec<Check>, AssuranceError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::checks::last(&mut tx, most).await?)
    }

    /// Whether a chain was not gone through for so long that the job has to: a day.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn must_verify(&self) -> Result<bool, AssuranceError> {
        let last = self.last_checks().await?;
        Ok(rules::is_due(&last, self.now()))
    }

    /// The last verification of each chain.
    pub(crate) async fn last_checks(&self) -> Result<Vec<Check>, AssuranceError> {
        let mut tx = self.0.work.read().await?;
        let mut last = Vec::new();
        for chain in Chain::ALL {
            last.extend(store::checks::last_of(&mut tx, chain).await?);
        }
        Ok(last)
    }
}
