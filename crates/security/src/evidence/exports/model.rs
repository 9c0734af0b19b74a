//! The nouns of exports.

use kernel::{AccountId, Millis, RecordId, UnitId};
use standard::Sensitivity;

/// The number of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExportId(pub i64);

/// An export of personal data that somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// What is selected, in words that are the same each time, such as the sorted query of the list. Only its
    /// hash is kept.
    pub selection: &'a str,
    /// The persons in it.
    pub persons: &'a [RecordId],
    /// How many rows it has.
    pub records: usize,
    /// The most sensitive level in it.
    pub level: Sensitivity,
    /// Whether values stand in full; masked otherwise.
    pub in_full: bool,
    /// For what purpose (`standard/purposes.toml`); empty where masked values need none.
    pub purpose: &'a str,
    /// The code of the reason; empty for none.
    pub reason: &'a str,
}

/// The proof that an export was recorded, with the trace number that the file bears in its name and inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTicket {
    pub(crate) trace: String,
    pub(crate) at: Millis,
}

impl ExportTicket {
    /// The trace number, such as `20261125-000017-K7QX`.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.trace
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.at
    }

    /// The name of the file, with the trace number in it. Give plain ASCII.
    #[must_use]
    pub fn file_name(&self, stem: &str, extension: &str) -> String {
        format!("{stem}-{}.{extension}", self.trace)
    }
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportState {
    /// It waits for a leader.
    Asked,
    /// It was approved and may be downloaded until it expires.
    Approved,
    /// It was refused.
    Refused,
    /// Who asked took it back.
    Withdrawn,
    /// Nobody decided in time, or the time for downloads is over.
    Expired,
}

impl ExportState {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "asked" => Self::Asked,
            "approved" => Self::Approved,
            "refused" => Self::Refused,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Expired,
        }
    }
}

/// A request for an export of many persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// Its number.
    pub id: ExportId,
    /// Who asks.
    pub account: AccountId,
    /// For which unit; `None` for the whole node.
    pub unit: Option<UnitId>,
    /// The dataset.
    pub dataset: String,
    /// The hash of what is selected.
    pub selection: String,
    /// How many persons.
    pub persons: i64,
    /// The most sensitive level in it.
    pub level: Sensitivity,
    /// Whether values stand in full.
    pub in_full: bool,
    /// The purpose.
    pub purpose: String,
    /// The code of the reason.
    pub reason: String,
    /// How far it has come.
    pub state: ExportState,
    /// When it was asked for.
    pub asked: Millis,
    /// When it was decided.
    pub decided: Option<Millis>,
    /// By whom.
    pub decided_by: String,
    /// To whom the file goes: a unit or a department.
    pub recipient: String,
    /// The trace number of the last file; empty where none was fetched.
    pub trace: String,
    /// Until when it may be decided, or downloaded once it is approved.
    pub expires: Millis,
    /// How often it was downloaded.
    pub downloads: i64,
}
