//! The nouns of persons as readers.

use std::collections::HashMap;

use futures::future::BoxFuture;
use kernel::{AccountId, Millis, RecordId, UnitId};

use crate::permit::Permit;

/// The number of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub i64);

/// What an account is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The person.
    Own,
    /// A guardian.
    Guardian,
}

impl Relation {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Guardian => "guardian",
        }
    }

    /// The relation of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Own, Self::Guardian]
            .into_iter()
            .find(|relation| relation.as_str() == word)
    }
}

/// A higher room that keeps records and knows units by name. It is given to this one when the program is opened
/// ([`crate::Security::use_records`]).
pub trait Records: Send + Sync {
    /// The unit in which the record of a person stands today; `None` where there is none within the permit's reach.
    fn unit_of<'a>(&'a self, permit: &'a Permit, person: RecordId)
    -> BoxFuture<'a, Option<UnitId>>;

    /// The names of units; those that are not known are left out.
    fn unit_names<'a>(&'a self, units: &'a [UnitId]) -> BoxFuture<'a, HashMap<UnitId, String>>;

    /// The unit within the permit's reach that has this code or this full name; `None` where there is none, or
    /// several have the name.
    fn unit_called<'a>(
        &'a self,
        permit: &'a Permit,
        text: &'a str,
    ) -> BoxFuture<'a, Option<UnitId>>;
}

/// An account that was tied to the record of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: RecordId,
    /// What the account is to the person.
    pub relation: Relation,
    /// When the papers were seen.
    pub verified: Millis,
    /// By whom.
    pub verified_by: String,
}

/// One reading of one person's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The number of its entry.
    pub number: i64,
    /// When.
    pub at: Millis,
    /// What was done ([`crate::AuditAction::as_str`]).
    pub action: String,
    /// The unit in whose name it was read; `None` for the whole node and for the program itself.
    pub unit: Option<UnitId>,
    /// The post in which it was read; empty for the program itself.
    pub post: String,
    /// The purpose.
    pub purpose: String,
    /// Whether values were shown in full; `None` where none were shown.
    pub in_full: Option<bool>,
    /// How many persons were read at once.
    pub persons: i64,
    /// The reader's name, where the operator set that names are shown.
    pub reader: Option<String>,
}

/// A page of readings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// The latest first.
    pub looks: Vec<Look>,
    /// Where the next page goes on.
    pub next: Option<i64>,
}
