//! What higher rooms ask for before a post is given: a training attended, a check passed.
//!
//! `security` knows nothing of trainings. A room that does registers a [`GrantCondition`]; every way of giving a
//! post asks all of them, the command line too.

use std::fmt;
use std::sync::PoisonError;

use db::Tx;
use futures::future::BoxFuture;
use kernel::{AccountId, UnitId};

use standard::{Action, Label, Lang};
use ui::{Language, Text};

use crate::api::Security;
use crate::error::SecurityError;
use crate::permit::{Actor, Permit};
use crate::rules;
use crate::store;

/// A post that somebody wants to give to an account.
#[derive(Debug, Clone, Copy)]
pub struct GrantAsked<'a> {
    /// Who gives it.
    pub actor: &'a Actor,
    /// To whom.
    pub account: AccountId,
    /// The post's name in `standard/posts.toml`.
    pub post: &'a str,
    /// For which unit; `None`: the whole node.
    pub unit: Option<UnitId>,
}

/// Why a post is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRefused {
    /// The stable code.
    pub code: &'static str,
    /// What to do, in English for logs and the command line. Names definitions, never persons.
    pub sentence: String,
    /// The key of the message of pages.
    pub message: &'static str,
    /// Its placeholders: titles of definitions follow the language of the page.
    pub words: Vec<(&'static str, Label)>,
}

impl GrantRefused {
    /// What to do, in the language of a page.
    #[must_use]
    pub fn say(&self, text: &Text) -> String {
        let lang = match text.language() {
            Language::Chinese => Lang::Zh,
            Language::English => Lang::En,
        };
        let words: Vec<(&str, &str)> = self
            .words
            .iter()
            .map(|(name, label)| (*name, label.get(lang)))
            .collect();
        text.with(self.message, &words)
    }
}

impl fmt::Display for GrantRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

/// Asked before a post is given.
pub trait GrantCondition: Send + Sync + fmt::Debug {
    /// Nothing where the post may be given, else why not. `work` is the transaction in which the grant would be
    /// written: what is read in it is what holds when the grant does.
    ///
    /// # Errors
    /// Where it cannot be told: the post is not given then.
    fn holds<'a>(
        &'a self,
        work: &'a mut Tx,
        asked: GrantAsked<'a>,
    ) -> BoxFuture<'a, Result<Option<GrantRefused>, SecurityError>>;
}

impl Security {
    /// Adds a condition that every later grant must meet. For the program, when it is put together.
    pub fn add_grant_condition(&self, condition: std::sync::Arc<dyn GrantCondition>) {
        self.0
            .conditions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(condition);
    }

    /// Asks all conditions, in the transaction that is to write a grant.
    ///
    /// # Errors
    /// [`SecurityError::GrantRefused`] by the first that does not hold.
    pub(crate) async fn ask_conditions(
        &self,
        work: &mut Tx,
        asked: GrantAsked<'_>,
    ) -> Result<(), SecurityError> {
        let conditions = self
            .0
            .conditions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for condition in conditions {
            if let Some(refused) = condition.holds(work, asked).await? {
                return Err(SecurityError::GrantRefused(Box::new(refused)));
            }
        }
        Ok(())
    }
}

impl Security {
    /// The account of a sign-in name that holds a post within a permit's reach, for rooms that keep something of
    /// accounts, such as trainings. One without any post is found by those who hold the whole node or manage
    /// accounts: before its first post it is nobody's.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without [`Action::ManageSecurity`].
    pub async fn account_in_reach(
        &self,
        permit: &Permit,
        login: &str,
    ) -> Result<Option<AccountId>, SecurityError> {
        permit.require(Action::ManageSecurity)?;
        let Some(name) = rules::grant::login(login) else {
            return Ok(None);
        };
        let tree = self.units();
        let mut tx = self.0.work.read().await?;
        let Some(account) = store::account_by_login(&mut tx, &name).await? else {
            return Ok(None);
        };
        let grants = store::grants_of(&mut tx, account.id).await?;
        let is_within = if permit.reaches_everything() {
            true
        } else if grants.is_empty() {
            permit.allows(Action::ManageAccounts)
        } else {
            grants
                .iter()
                .any(|grant| grant.unit.is_some_and(|unit| permit.sees(&tree, unit)))
        };
        Ok(is_within.then_some(account.id))
    }
}
