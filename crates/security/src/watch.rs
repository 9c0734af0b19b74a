//! Who holds which post, seen by the person responsible for security: who owes a second factor, whose certificate
//! ends, what nobody uses. Shows no secret and no record.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{AccountId, Millis};
use standard::{Action, Label};

use crate::api::Security;
use crate::error::SecurityError;
use crate::factors::{Factor, FactorKind, rules as factor_rules};
use crate::model::{Account, AccountKind, Grant};
use crate::permit::Permit;
use crate::{factors, rules, store};

const DAY: i64 = 86_400_000;

/// A post in force with what is asked of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The post and where it is held.
    pub grant: Grant,
    /// The title of the post.
    pub title: Label,
    /// The name on pages of who holds it.
    pub display: String,
    /// The name to sign in with.
    pub login: String,
    /// Whether a program holds it.
    pub is_program: bool,
    /// Whether the policy of signing in asks for a second factor that is not there.
    pub owes_factor: bool,
    /// When the first of the certificates that its holder signs in with ends; `None` without one.
    pub certificate_ends: Option<Millis>,
}

impl Watched {
    /// Whether nobody has worked under the post for so many days; one that was given since then does not count.
    #[must_use]
    pub fn is_unused(&self, days: i64, now: Millis) -> bool {
        let used = self.grant.last_used.unwrap_or(self.grant.given);
        used < now.add(-days.saturating_mul(DAY))
    }
}

impl Security {
    /// The posts in force within a permit's reach, by unit and account, of accounts that may act.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ReadSecurity`]; [`SecurityError::Db`].
    pub async fn watched(&self, permit: &Permit) -> Result<Vec<Watched>, SecurityError> {
        permit.require(Action::ReadSecurity)?;
        let (accounts, grants, held) = {
            let mut tx = self.0.work.read().await?;
            (
                store::accounts(&mut tx).await?,
                store::grants(&mut tx).await?,
                factors::store::all(&mut tx).await?,
            )
        };
        let (tree, now, policy) = (self.units(), self.0.clock.now(), self.policy());
        let may_act: BTreeMap<AccountId, Account> = accounts
            .into_iter()
            .filter(|account| account.may_act(now.day()))
            .map(|account| (account.id, account))
            .collect();
        let mut of_account: BTreeMap<AccountId, Vec<Factor>> = BTreeMap::new();
        for factor in held {
            of_account.entry(factor.account).or_default().push(factor);
        }
        // What the policy asks follows from all posts of an account, also those out of reach.
        let mut posts: BTreeMap<AccountId, BTreeSet<String>> = BTreeMap::new();
        let in_force = self.in_force(&grants, now);
        for (grant, _) in &in_force {
            posts
                .entry(grant.account)
                .or_default()
                .insert(grant.post.clone());
        }
        let within = |grant: &Grant| match grant.unit {
            Some(unit) => permit.sees(&tree, unit),
            None => permit.reaches_everything(),
        };
        let mut watched = Vec::new();
        for (grant, title) in in_force {
            let Some(account) = may_act.get(&grant.account).filter(|_| within(grant)) else {
                continue;
            };
            let none = Vec::new();
            let factors = of_account.get(&account.id).unwrap_or(&none);
            let names: Vec<String> = posts
                .get(&account.id)
                .map(|names| names.iter().cloned().collect())
                .unwrap_or_default();
            let is_program = account.kind == AccountKind::Service;
            watched.push(Watched {
                title,
                display: account.display.clone(),
                login: account.login.clone(),
                is_program,
                owes_factor: !is_program
                    && factor_rules::is_demanded(&policy, &names)
                    && !factor_rules::satisfies(&policy, factors, now),
                certificate_ends: factors
                    .iter()
                    .filter(|factor| factor.kind == FactorKind::Certificate && factor.counts(now))
                    .filter_map(|factor| factor.expires)
                    .min(),
                grant: grant.clone(),
            });
        }
        watched.sort_by_key(|one| {
            let place = one.grant.unit.and_then(|unit| tree.position(unit));
            (place, one.login.clone(), one.grant.id)
        });
        Ok(watched)
    }

    fn in_force<'g>(&self, grants: &'g [Grant], now: Millis) -> Vec<(&'g Grant, Label)> {
        let mut by_account: BTreeMap<AccountId, Vec<&Grant>> = BTreeMap::new();
        for grant in grants {
            by_account.entry(grant.account).or_default().push(grant);
        }
        // Those of one account exclude each other only, so each account is looked at by itself.
        let mut held = Vec::new();
        for own in by_account.into_values() {
            let copies: Vec<Grant> = own.iter().map(|grant| (*grant).clone()).collect();
            for (kept, post) in rules::grant::in_force(&copies, &self.0.posts, now) {
                if let Some(grant) = own.iter().find(|grant| grant.id == kept.id) {
                    held.push((*grant, post.title.clone()));
                }
            }
        }
        held
    }
}
