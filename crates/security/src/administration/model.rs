//! Codes, invitations, new people, slips.

use std::fmt;

use kernel::{AccountId, Millis, UnitId};

use crate::model::{GrantId, NewGrant};

/// A code that lets a person set a password once: to be shown once and forgotten.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(pub(crate) String);

impl OneTimeCode {
    /// The code as it is written: four groups of four.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Hides the code, so that no log gets it by accident.
impl fmt::Debug for OneTimeCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeCode(…)")
    }
}

/// What a person is handed to begin with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The account.
    pub account: AccountId,
    /// The name to sign in with.
    pub login: String,
    /// The name on pages.
    pub display: String,
    /// The unit it belongs to.
    pub home: Option<UnitId>,
    /// The code.
    pub code: OneTimeCode,
    /// When the code expires.
    pub expires: Millis,
}

/// A person who is to get an account, and a post with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// The name to sign in with; upper case is lowered.
    pub login: String,
    /// The name on pages.
    pub display: String,
    /// The unit that the account belongs to; `None`: the whole node.
    pub home: Option<UnitId>,
    /// The post to give at once.
    pub grant: Option<NewGrant>,
}

/// A name to sign in with and a name on pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// The name to sign in with.
    pub login: String,
    /// The name on pages.
    pub display: String,
}

/// Where a hand-over slip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverState {
    /// It waits for the successor.
    Offered,
    /// The successor took over.
    Accepted,
    /// The successor did not.
    Declined,
    /// The giver took it back.
    Withdrawn,
}

impl HandoverState {
    /// The word in the store and in message keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "offered" => Self::Offered,
            "accepted" => Self::Accepted,
            "declined" => Self::Declined,
            _ => Self::Withdrawn,
        }
    }
}

/// A slip by which posts and unfinished work go to a successor (交接单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Its number.
    pub id: i64,
    /// Who hands over.
    pub giver: AccountId,
    /// The successor.
    pub taker: AccountId,
    /// The grants that are handed over.
    pub grants: Vec<GrantId>,
    /// The grants that the successor got for them.
    pub received: Vec<GrantId>,
    /// Where it stands.
    pub state: HandoverState,
    /// When it was offered.
    pub offered: Millis,
    /// When it was decided.
    pub decided: Option<Millis>,
}
