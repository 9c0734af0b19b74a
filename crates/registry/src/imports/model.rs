//! An import: one file on its way from upload to commits.

use kernel::Millis;
use serde::{Deserialize, Serialize};

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being read, checked and compared.
    Reading,
    /// Its plan waits for a decision.
    Planned,
    /// Being committed; after a crash it goes on from here.
    Writing,
    /// Committed.
    Done,
    /// Stopped by a person; what was committed stays.
    Stopped,
    /// Could not be read or committed.
    Failed,
    /// Its plan was put aside.
    Discarded,
    /// Its commits are being reversed; where that was interrupted, some are and some are not.
    Reversing,
    /// Its commits were reversed.
    Reversed,
}

impl State {
    const ALL: [State; 9] = [
        State::Reading,
        State::Planned,
        State::Writing,
        State::Done,
        State::Stopped,
        State::Failed,
        State::Discarded,
        State::Reversing,
        State::Reversed,
    ];

    /// The word in the store, in URLs and in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Reading => "reading",
            State::Planned => "planned",
            State::Writing => "writing",
            State::Done => "done",
            State::Stopped => "stopped",
            State::Failed => "failed",
            State::Discarded => "discarded",
            State::Reversing => "reversing",
            State::Reversed => "reversed",
        }
    }

    pub(super) fn parse(text: &str) -> State {
        State::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .unwrap_or(State::Failed)
    }

    /// Whether work is going on.
    pub fn is_running(self) -> bool {
        matches!(self, State::Reading | State::Writing)
    }
}

/// One file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its number.
    pub id: i64,
    /// The dataset.
    pub dataset: String,
    /// The file's name as its sender called it.
    pub file: String,
    /// Where its bytes are kept, within the files folder; for the command line, the file itself.
    pub path: String,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
    /// The [`Request`] as JSON.
    pub request: String,
    /// Where it stands.
    pub state: State,
    /// Who imports it.
    pub actor: String,
    /// The account, where a person imports it.
    pub account: Option<i64>,
    /// The grant under which it is done.
    pub grant: Option<i64>,
    /// When it was begun.
    pub created: Millis,
    /// When something last happened to it.
    pub updated: Millis,
    /// What is being done.
    pub step: String,
    /// Rows done.
    pub done: i64,
    /// Rows in all; 0: not known.
    pub total: i64,
    /// The [`crate::intake::Plan`] as JSON.
    pub plan: Option<String>,
    /// The [`crate::intake::Written`] as JSON.
    pub written: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// How a file is to be taken, as the sender said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// Text of the mapping file; empty: none.
    pub mapping: String,
    /// Name of the datum; empty: the mapping's or CGCS2000.
    pub datum: String,
    /// First day on which the values hold; empty: the dataset's rule.
    pub effective: String,
    /// Code or name of the unit for which the list is complete; empty: it is not said to be.
    pub complete_for: String,
    /// Why.
    pub reason: String,
}
