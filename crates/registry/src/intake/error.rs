//! What stops a whole file.

use super::mapping::MappingFault;
use crate::ledger::LedgerError;
use crate::read::ReadError;

/// Why a file could not be planned or committed. Rows at fault are not errors: they are in the plan.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The columns cannot be recognised.
    #[error(transparent)]
    Mapping(#[from] MappingFault),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The checks could not be run.
    #[error("the checks could not be run: {0}")]
    Checks(String),
    /// Somebody asked to stop, or the program is ending. What was committed stays and is not done again.
    #[error("stopped: {0}")]
    Stopped(String),
    /// It ended in the middle of being committed. What was committed stays and is not done again.
    #[error(
        "{committed} of {sets} change sets of import {import} are committed and stay, the others are not written: {cause}; once that is mended the same command goes on from there"
    )]
    Interrupted {
        /// The import's number.
        import: i64,
        /// Change sets that are in the ledger.
        committed: u64,
        /// Change sets in all.
        sets: u64,
        /// What ended it.
        cause: Box<IntakeError>,
    },
    /// What belongs to an import cannot be written into its folder.
    #[error("the folder of the imports cannot be written: {0}; make it writable and try again")]
    Folder(String),
    /// There is no such dataset.
    #[error("there is no dataset `{name}`{}", .instead.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// What was perhaps meant.
        instead: Option<String>,
    },
    /// The file, or its plan, is no longer what was looked at.
    #[error("the plan has changed since it was shown (commit {0} came between); look at it again")]
    PlanChanged(kernel::CommitNumber),
    /// The unit of a complete list is not known.
    #[error("there is no unit `{0}`; write its code or its full name")]
    UnknownUnit(String),
}

impl From<columns::ColumnsError> for IntakeError {
    fn from(error: columns::ColumnsError) -> IntakeError {
        IntakeError::Checks(error.to_string())
    }
}

impl From<db::DbError> for IntakeError {
    fn from(error: db::DbError) -> IntakeError {
        IntakeError::Ledger(error.into())
    }
}

impl From<security::Denied> for IntakeError {
    fn from(denied: security::Denied) -> IntakeError {
        IntakeError::Ledger(denied.into())
    }
}

impl IntakeError {
    /// A file or a folder of an import that cannot be written.
    pub(crate) fn unwritable(error: &std::io::Error) -> IntakeError {
        let what = error.to_string();
        if error.kind() == std::io::ErrorKind::StorageFull {
            return db::DbError::DiskFull { what }.into();
        }
        IntakeError::Folder(what)
    }

    /// This fault, met when so many change sets of an import were in the ledger. A wish to stop, and a plan
    /// that has to be made again, say themselves what is to be done.
    pub(crate) fn after(self, import: i64, committed: u64, sets: u64) -> IntakeError {
        match self {
            IntakeError::Stopped(_)
            | IntakeError::Interrupted { .. }
            | IntakeError::Ledger(LedgerError::Overtaken(_)) => self,
            cause => IntakeError::Interrupted {
                import,
                committed,
                sets,
                cause: Box::new(cause),
            },
        }
    }

    /// A stable code for people and programs.
    pub fn code(&self) -> &'static str {
        match self {
            IntakeError::Read(error) => error.code(),
            IntakeError::Mapping(_) => "INTAKE-MAPPING",
            IntakeError::Ledger(error) => error.code(),
            IntakeError::Checks(_) => "INTAKE-CHECKS",
            IntakeError::Stopped(_) => "INTAKE-STOPPED",
            IntakeError::Interrupted { cause, .. } => cause.code(),
            IntakeError::Folder(_) => "INTAKE-FOLDER",
            IntakeError::UnknownDataset { .. } => "INTAKE-DATASET",
            IntakeError::PlanChanged(_) => "INTAKE-PLAN-CHANGED",
            IntakeError::UnknownUnit(_) => "INTAKE-UNIT",
        }
    }
}
