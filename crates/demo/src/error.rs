//! What keeps the demo province from being made or loaded.

use registry::intake::IntakeError;
use registry::ledger::LedgerError;

/// Why the demo province could not be made or loaded.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data in the program is damaged.
    #[error(
        "the demo data in the program is damaged ({0}); build the program again from a clean checkout"
    )]
    Data(String),
    /// The files of the load could not be written.
    #[error(
        "the demo files could not be written to the files folder: {0}; see that there is room and that it may be written"
    )]
    Io(#[from] std::io::Error),
    /// The registry did not take a file.
    #[error("the demo province could not be loaded ({stage}): {source}")]
    Intake {
        /// The part that was being loaded.
        stage: &'static str,
        /// What went wrong.
        source: IntakeError,
    },
    /// The ledger did not take the seeds of the definitions.
    #[error("the demo province could not be loaded: {0}")]
    Ledger(#[from] LedgerError),
    /// The registry refused rows. Demo data passes every check, so this is a fault of the program or the
    /// mark of an operator's own checks or records.
    #[error(
        "{rows} rows of the demo province ({stage}) were refused, first for {code} {message}: {example}. \
         Load it into an empty data folder, without definitions of your own"
    )]
    Refused {
        /// The part that was being loaded.
        stage: &'static str,
        /// How many.
        rows: u64,
        /// The check or cell fault.
        code: String,
        /// What it says.
        message: String,
        /// The first row.
        example: String,
    },
    /// Somebody asked to stop.
    #[error("the loading of the demo province was stopped; start it again and it goes on")]
    Stopped,
}

impl DemoError {
    /// A stable code for people and programs.
    pub fn code(&self) -> &'static str {
        match self {
            DemoError::Data(_) => "DEMO-DATA",
            DemoError::Io(_) => "DEMO-IO",
            DemoError::Intake { source, .. } => source.code(),
            DemoError::Ledger(source) => source.code(),
            DemoError::Refused { .. } => "DEMO-REFUSED",
            DemoError::Stopped => "DEMO-STOPPED",
        }
    }
}
