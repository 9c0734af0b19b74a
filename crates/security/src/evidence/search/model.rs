//! The nouns of a search of the log.

use kernel::{Day, RecordId};

use crate::model::AuditEntry;

/// What is searched for; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this day on.
    pub from: Option<Day>,
    /// Up to this day, itself included.
    pub to: Option<Day>,
    /// Who: `account:17`, `job:import`, or a name to sign in with.
    pub actor: Option<String>,
    /// What ([`crate::AuditAction::as_str`]).
    pub action: Option<String>,
    /// To what: the beginning of the subject, such as `import:`.
    pub subject: Option<String>,
    /// How it ended ([`crate::Outcome::as_str`]).
    pub outcome: Option<String>,
    /// The beginning of the address.
    pub address: Option<String>,
    /// Whose record, by its id.
    pub person: Option<RecordId>,
    /// The trace number of a file.
    pub trace: Option<String>,
    /// The id of a request.
    pub operation: Option<String>,
}

/// A page of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The latest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page goes on.
    pub next: Option<i64>,
}
