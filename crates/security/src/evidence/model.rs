//! The nouns of evidence.

use kernel::{Millis, RecordId, UnitId};
use standard::Sensitivity;

use crate::evidence::rules;
use crate::model::{AuditAction, GrantId, Outcome, Subject, safe_name};

/// What an entry of format 2 says besides who, what, when and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditDetail {
    /// The unit of the grant in which the person acted; `None` for the whole node, jobs and operators.
    pub unit: Option<UnitId>,
    /// The post in which the person acted.
    pub post: String,
    /// The grant in which the person acted.
    pub grant: Option<GrantId>,
    /// The session.
    pub session: Option<i64>,
    /// The id of the request, as error pages and the operator's log have it.
    pub operation: String,
    /// The purpose, a name of `standard/purposes.toml`.
    pub purpose: String,
    /// The code of the reason.
    pub reason: String,
    /// The dataset.
    pub dataset: String,
    /// How many persons it is about.
    pub persons: Option<i64>,
    /// How many records it is about.
    pub records: Option<i64>,
    /// The most sensitive level that was shown (`personal`, `sensitive`).
    pub level: String,
    /// Whether values were shown in full (`true`) or masked.
    pub in_full: Option<bool>,
    /// The trace number of a file that left the program.
    pub trace: String,
    /// SHA-256 over the ids of the persons, sorted; empty where it is about none.
    pub people_digest: String,
}

/// An entry to be written. Everything in it is an id or the name of a definition: what is not is cut away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub(crate) action: AuditAction,
    pub(crate) subject: Subject,
    pub(crate) outcome: Outcome,
    pub(crate) address: Option<String>,
    pub(crate) detail: AuditDetail,
    pub(crate) persons: Vec<RecordId>,
}

impl Note {
    /// Something that was done.
    #[must_use]
    pub fn done(action: AuditAction, subject: Subject) -> Self {
        Self {
            action,
            subject,
            outcome: Outcome::Done,
            address: None,
            detail: AuditDetail::default(),
            persons: Vec::new(),
        }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// From which address; where it is not said, the request's.
    #[must_use]
    pub fn address(mut self, address: Option<&str>) -> Self {
        self.address = address.map(str::to_owned);
        self
    }

    /// For what purpose: a name of the definitions.
    #[must_use]
    pub fn purpose(mut self, name: &str) -> Self {
        self.detail.purpose = safe_name(name);
        self
    }

    /// The code of the reason, or the number of a letter or a case. What may be the number of a person is
    /// withheld from the log.
    #[must_use]
    pub fn reason(mut self, code: &str) -> Self {
        self.detail.reason = match rules::may_hold_a_person(code) {
            true => rules::WITHHELD.to_owned(),
            false => safe_name(code),
        };
        self
    }

    /// The dataset.
    #[must_use]
    pub fn dataset(mut self, name: &str) -> Self {
        self.detail.dataset = safe_name(name);
        self
    }

    /// Records of which persons; each gets a row in the index.
    #[must_use]
    pub fn persons(mut self, persons: &[RecordId]) -> Self {
        self.persons = persons.to_vec();
        self.persons.sort_unstable();
        self.persons.dedup();
        self.detail.persons = Some(count(self.persons.len()));
        self
    }

    /// How many records.
    #[must_use]
    pub fn records(mut self, records: usize) -> Self {
        self.detail.records = Some(count(records));
        self
    }

    /// The most sensitive level that was shown, and whether in full.
    #[must_use]
    pub fn shown(mut self, level: Sensitivity, in_full: bool) -> Self {
        level.as_str().clone_into(&mut self.detail.level);
        self.detail.in_full = Some(in_full);
        self
    }

    /// The trace number of a file.
    #[must_use]
    pub fn trace(mut self, trace: &str) -> Self {
        self.detail.trace = safe_name(trace);
        self
    }
}

pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A reading of personal data that is about to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// The persons whose data it is, as records of the dataset `person`; each may stand more than once.
    pub persons: &'a [RecordId],
    /// For what purpose (`standard/purposes.toml`); empty where masked values need none.
    pub purpose: &'a str,
    /// The code of the reason, or the number of a letter or a case; empty for none. Never words that somebody
    /// typed; what may be the number of a person is withheld.
    pub reason: &'a str,
    /// The most sensitive level that is shown.
    pub level: Sensitivity,
    /// Whether values are shown in full; masked otherwise.
    pub in_full: bool,
}

/// The proof that a reading was recorded: only [`crate::Security::record_reading`] makes one, so a function
/// that shows personal data and asks for `&Recorded` cannot show what was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub(crate) number: i64,
    pub(crate) at: Millis,
}

impl Recorded {
    /// The number of the entry in the audit log.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// When it was recorded: what the page's watermark bears.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.at
    }
}

/// What is wrong with the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFaultKind {
    /// An entry is missing, or stands twice under another number.
    Missing,
    /// An entry was changed, or put in, or moved.
    Changed,
    /// The persons in the index are not those that the entry was written with.
    Persons,
    /// The log does not end where its head says: entries were cut off its end, or the head was changed.
    End,
    /// Earlier entries are gone and no entry says that they were dropped after their retention.
    Dropped,
}

impl AuditFaultKind {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Persons => "persons",
            Self::End => "end",
            Self::Dropped => "dropped",
        }
    }
}

/// The first fault that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditFault {
    /// At which entry.
    pub number: i64,
    /// What.
    pub kind: AuditFaultKind,
}

/// What stands in the log, and whether it is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// How many entries were looked at.
    pub entries: i64,
    /// How many earlier ones were dropped after their retention.
    pub dropped: i64,
    /// The number that the log ends with.
    pub number: i64,
    /// The hash that it ends with; empty for an empty log.
    pub hash: String,
    /// The first fault.
    pub fault: Option<AuditFault>,
}

/// Entries that were dropped after their retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSegment {
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
    /// The hash of the last entry: what the next one covers.
    pub hash: String,
    /// When the first was written.
    pub first_at: Millis,
    /// When the last was written.
    pub last_at: Millis,
    /// When they were dropped.
    pub dropped: Millis,
}
