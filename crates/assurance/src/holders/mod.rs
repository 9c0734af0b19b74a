//! Whoever holds a post and owes something for it: a second factor, the training before the post, a certificate that
//! ends, or the post itself, under which nobody works.

use std::collections::{BTreeMap, BTreeSet};

use kernel::AccountId;
use security::{Action, AuditAction, Outcome, Permit, Subject, Watched};
use standard::Course;
use workflow::{NoticeKind, Told};

use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::store;
use crate::trainings::{Attendance, rules};

/// What a holder owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owed {
    /// The policy of signing in asks for a second factor that is not there.
    Factor,
    /// The training before the post was not attended, or counts no more.
    Training,
    /// Nobody works under the post.
    Unused,
    /// The certificate that the holder signs in with ends.
    Certificate,
}

impl Owed {
    pub(crate) const ALL: [Self; 4] = [
        Self::Factor,
        Self::Training,
        Self::Unused,
        Self::Certificate,
    ];

    /// The word in addresses and the end of the message's key.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Training => "training",
            Self::Unused => "unused",
            Self::Certificate => "certificate",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|owed| owed.as_str() == word)
    }

    /// Where the holders themselves put it right; `None` where others must.
    pub(crate) fn own_page(self) -> Option<&'static str> {
        match self {
            Self::Factor | Self::Certificate => Some("/account/factors"),
            Self::Training | Self::Unused => None,
        }
    }
}

/// A holder who owes something.
#[derive(Debug, Clone)]
pub(crate) struct Owing {
    pub(crate) held: Watched,
    pub(crate) owed: Owed,
    /// The courses that are lacking, where it is training.
    pub(crate) courses: Vec<Course>,
}

impl Assurance {
    /// Everyone within reach who owes something for a post, by unit. What belongs to the account and not to the post
    /// stands once for an account.
    pub(crate) async fn owing(&self, permit: &Permit) -> Result<Vec<Owing>, AssuranceError> {
        let watched = self.0.security.watched(permit).await?;
        let attended = {
            let mut tx = self.0.work.read().await?;
            let mut of_account: BTreeMap<AccountId, Vec<Attendance>> = BTreeMap::new();
            for entry in store::attendances(&mut tx).await? {
                of_account.entry(entry.account).or_default().push(entry);
            }
            of_account
        };
        let (now, today) = (self.now(), self.today());
        let (unused, notice) = (
            self.rules().days("unused_grant"),
            self.rules().days("certificate_notice"),
        );
        let mut seen: BTreeSet<(AccountId, Owed)> = BTreeSet::new();
        let mut owing = Vec::new();
        for held in watched {
            let account = held.grant.account;
            let none = Vec::new();
            let own = attended.get(&account).unwrap_or(&none);
            let courses: Vec<Course> = match held.is_program {
                true => Vec::new(),
                false => self
                    .0
                    .standard
                    .courses_before(&held.grant.post)
                    .into_iter()
                    .filter(|course| !rules::is_trained(course, own, today))
                    .cloned()
                    .collect(),
            };
            let ends = |until: kernel::Millis| {
                crate::checks::rules::life(until, notice, now) != crate::checks::rules::Life::Long
            };
            for owed in Owed::ALL {
                let is_owed = match owed {
                    Owed::Factor => held.owes_factor && seen.insert((account, owed)),
                    Owed::Certificate => {
                        held.certificate_ends.is_some_and(ends) && seen.insert((account, owed))
                    }
                    Owed::Training => !courses.is_empty(),
                    Owed::Unused => held.is_unused(unused, now),
                };
                if is_owed {
                    owing.push(Owing {
                        held: held.clone(),
                        owed,
                        courses: match owed {
                            Owed::Training => courses.clone(),
                            _ => Vec::new(),
                        },
                    });
                }
            }
        }
        Ok(owing)
    }

    /// Tells everyone within reach who owes something that they can put right themselves; how many were told.
    ///
    /// # Errors
    /// [`AssuranceError::State`] for what others must put right.
    pub(crate) async fn remind(
        &self,
        permit: &Permit,
        address: &str,
        owed: Owed,
    ) -> Result<usize, AssuranceError> {
        permit.require(Action::ManageSecurity)?;
        let page = owed.own_page().ok_or(AssuranceError::State)?;
        let to: BTreeSet<AccountId> = self
            .owing(permit)
            .await?
            .into_iter()
            .filter(|one| one.owed == owed)
            .map(|one| one.held.grant.account)
            .collect();
        let Some(workflow) = self.0.workflow.as_ref().filter(|_| !to.is_empty()) else {
            return Ok(0);
        };
        let reminded = to.len();
        let told = Told {
            kind: NoticeKind::Due,
            to,
            case: None,
            link: page.to_owned(),
        };
        let mut tx = self.0.work.write().await?;
        workflow.tell(&mut tx, &told).await?;
        let number = i64::try_from(reminded).unwrap_or(i64::MAX);
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::Reminded,
                &Subject::item(owed.as_str(), number),
                Outcome::Done,
                Some(address).filter(|address| !address.is_empty()),
            )
            .await?;
        tx.commit().await?;
        Ok(reminded)
    }
}
