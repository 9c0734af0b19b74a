//! What can go wrong in the ledger.

use kernel::{CommitNumber, RecordId};

/// Why the ledger did not do what it was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::DbError),
    /// Accounts, permits or the unit tree failed.
    #[error(transparent)]
    Security(#[from] security::SecurityError),
    /// The permit does not cover it. Shown to people as "not found" where existence itself is private.
    #[error(transparent)]
    Denied(#[from] security::Denied),
    /// The standard has no such dataset.
    #[error("there is no dataset `{0}`; `weihe standard check` lists the datasets")]
    UnknownDataset(String),
    /// The change set is larger than one may be.
    #[error("a change set holds at most {most} rows, this one has {rows}; split it into a batch")]
    TooLarge {
        /// Rows it has.
        rows: usize,
        /// Rows it may have.
        most: usize,
    },
    /// Later commits touched the same records.
    #[error("{} records were changed by someone else since commit {seen}; look at them again", .records.len())]
    Conflict {
        /// The commit that the author had seen.
        seen: CommitNumber,
        /// The records.
        records: Vec<RecordId>,
    },
    /// Someone else committed to the dataset after the plan was made: new records may no longer be new.
    #[error("commit {0} came between; make the plan again")]
    Overtaken(CommitNumber),
    /// A change speaks of a record that does not exist.
    #[error("record {0} does not exist in {1}")]
    NoRecord(RecordId, String),
    /// There is no such commit.
    #[error("there is no commit {0}")]
    NoCommit(CommitNumber),
    /// The commit cannot be reversed.
    #[error(
        "commit {0} changes definitions or was itself a reversal of definitions; it cannot be reversed"
    )]
    NotReversible(CommitNumber),
    /// The database holds no ledger, or one whose first start did not come to its end.
    #[error(
        "the database holds no ledger yet; `weihe serve`, `weihe import` and `weihe demo` make one"
    )]
    NotThere,
    /// What is stored cannot have been written by the ledger.
    #[error("the ledger is damaged: {0}; run `weihe verify` and restore from a backup")]
    Damaged(String),
    /// The definitions took something away that is in use.
    #[error("{0}")]
    Definitions(String),
}

impl LedgerError {
    /// A stable code for people and programs.
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::Store(error) => error.code(),
            LedgerError::Security(_) => "LEDGER-SECURITY",
            LedgerError::Denied(_) => "LEDGER-DENIED",
            LedgerError::UnknownDataset(_) => "LEDGER-DATASET",
            LedgerError::TooLarge { .. } => "LEDGER-TOO-LARGE",
            LedgerError::Conflict { .. } => "LEDGER-CONFLICT",
            LedgerError::Overtaken(_) => "LEDGER-OVERTAKEN",
            LedgerError::NoRecord(..) => "LEDGER-RECORD",
            LedgerError::NoCommit(_) => "LEDGER-COMMIT",
            LedgerError::NotReversible(_) => "LEDGER-NOT-REVERSIBLE",
            LedgerError::NotThere => "LEDGER-NONE",
            LedgerError::Damaged(_) => "LEDGER-DAMAGED",
            LedgerError::Definitions(_) => "LEDGER-DEFINITIONS",
        }
    }
}
