//! The nouns of persons: what is shown of one, what is asked, what is answered.

use kernel::{Day, RecordId};

use crate::ledger::{Commit, Version};

/// The dataset whose records are persons.
pub const PERSON: &str = "person";
/// The dataset of consents.
pub const CONSENT: &str = "guardian_consent";

/// For what somebody reads personal data in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// A purpose of the definitions.
    pub purpose: String,
    /// What it is read for, as a number: of a letter, a case, an application. Letters, digits, `.`, `-` and `_`.
    pub reference: String,
}

/// Why something of a person is not done. Each has a sentence of its own on pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The definitions have no such purpose, or the post sees nothing that it covers.
    Purpose,
    /// No reference was given.
    Reference,
    /// The purpose rests on consent, and there is none.
    Consent,
    /// The purpose rests on consent, the person is a child (or may be one), and no guardian consented.
    Guardian,
    /// The reason for an erasure does not hold: records must be kept longer.
    Retention,
    /// The reason for an erasure does not hold: records are kept for a duty of the law.
    Duty,
    /// The definitions have no such reason.
    Reason,
    /// Records of the person lie beyond the permit: somebody above erases.
    Above,
    /// The person was erased.
    Erased,
    /// So many exact queries are not allowed within the time.
    TooMany,
}

impl Refusal {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purpose => "purpose",
            Self::Reference => "reference",
            Self::Consent => "consent",
            Self::Guardian => "guardian",
            Self::Retention => "retention",
            Self::Duty => "duty",
            Self::Reason => "reason",
            Self::Above => "above",
            Self::Erased => "erased",
            Self::TooMany => "too-many",
        }
    }
}

/// What the exact query tells of a person, wherever the record lies: next to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact {
    /// The school or unit that keeps the record, by name.
    pub keeper: String,
    /// Whether the record is in force today.
    pub in_force: bool,
    /// The processes under way that are about the person, by name.
    pub pending: Vec<String>,
}

/// What a consent says today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its record.
    pub record: RecordId,
    /// The purpose.
    pub purpose: String,
    /// `given`, `refused` or `withdrawn`.
    pub state: String,
    /// The day of the statement.
    pub said_on: Option<Day>,
    /// Whether somebody other than the person stated it.
    pub by_guardian: bool,
    /// The version, for the fields that are shown masked.
    pub version: Version,
}

/// A statement about consent that is to be recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The purpose.
    pub purpose: String,
    /// `given`, `refused` or `withdrawn`.
    pub state: String,
    /// The day of the statement.
    pub said_on: Option<Day>,
    /// Who stated it.
    pub given_by: String,
    /// How they are related; [`super::rules::ITSELF`]: the person.
    pub relation: String,
    /// Where the paper is.
    pub evidence: String,
}

/// A record of a person with all its versions, the latest first, each with its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The dataset.
    pub dataset: String,
    /// The record.
    pub record: RecordId,
    /// Its versions.
    pub versions: Vec<(Version, Option<Commit>)>,
}
