//! Why the program could not start.

use standard::Problem;

use crate::definitions::OverlayUnreadable;

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The definitions have mistakes, each with its file and line.
    #[error("the definitions have {} mistakes:\n{}", .0.len(), listed(.0))]
    Definitions(Vec<Problem>),
    /// The operator's folder of definitions cannot be read.
    #[error(transparent)]
    Overlay(#[from] OverlayUnreadable),
    /// The data folder cannot be made or written.
    #[error(
        "the data folder {folder} cannot be used: {cause}; name another with --data, or make it writable"
    )]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// There is no ledger where one is to be read.
    #[error(
        "there is no ledger in {place}; check --data and --database (a new one is made by `weihe import`, `weihe serve` and `weihe demo`)"
    )]
    NoLedger {
        /// The data folder, or the schema of the server.
        place: String,
    },
    /// The work database is not beside the ledger that is to be read.
    #[error(
        "the work database is missing ({place}): the audit log stands there; put it back from the backup that the ledger is of, or let `weihe serve` make a new one"
    )]
    NoWork {
        /// Where it should be.
        place: String,
    },
    /// A database cannot be opened.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// Accounts and permits cannot be opened.
    #[error(transparent)]
    Security(#[from] security::SecurityError),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] registry::ledger::LedgerError),
    /// Cases cannot be opened, or a process names what no room carries out.
    #[error(transparent)]
    Workflow(#[from] workflow::WorkflowError),
    /// Who answers for security cannot be opened.
    #[error(transparent)]
    Assurance(#[from] assurance::AssuranceError),
    /// A permit was asked for under a name that no list holds: a mistake of the program.
    #[error(transparent)]
    Permit(#[from] security::UnknownName),
    /// Two rooms declare the same route, or messages are missing: a mistake of the program.
    #[error("the program was put together wrongly: {0}")]
    Program(String),
}

fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl OpenError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Definitions(_) => "server.definitions",
            Self::Overlay(_) => "server.overlay",
            Self::Folder { .. } => "server.folder",
            Self::NoLedger { .. } => "server.no_ledger",
            Self::NoWork { .. } => "server.no_work",
            Self::Db(error) => error.code(),
            Self::Security(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Workflow(error) => error.code(),
            Self::Assurance(error) => error.code(),
            Self::Permit(_) | Self::Program(_) => "server.program",
        }
    }
}
