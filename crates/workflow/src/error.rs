//! What can go wrong in this room.

use axum::http::StatusCode;
use db::DbError;
use security::{Denied, SecurityError};

use crate::rules::Refusal;
use crate::seal::SealFault;

/// Any failure of this room. Pages show [`WorkflowError::code`] and a sentence; the rest goes to the log.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Accounts, permits, audit.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// What is stored could not be opened.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// No such case within reach.
    #[error("no such case")]
    Hidden,
    /// No process of that name, or one that this permit may not begin.
    #[error("there is no process {0:?} that may be begun here")]
    NoWorkflow(String),
    /// The move is refused; the code says why.
    #[error("the move is refused: {0}")]
    Refused(&'static str),
    /// Someone else moved the case meanwhile.
    #[error("someone else moved the case meanwhile")]
    Moved,
    /// The form is not right: field and code of each fault.
    #[error("the form is not right: {0:?}")]
    Form(Vec<(String, FieldCode)>),
    /// A file is refused; the code says why.
    #[error("the file is refused: {0}")]
    File(&'static str),
    /// A file could not be written or read.
    #[error("a file of a case: {0}")]
    Disk(String),
    /// The unit of the case is not known.
    #[error("there is no unit for the case")]
    NoUnit,
    /// The text of a definition that a case keeps cannot be read by this release.
    #[error("the definition that case {0} was begun with cannot be read")]
    Definition(i64),
    /// A process names an effect that no room carries out.
    #[error("workflow {workflow}: no room carries out the effect {effect:?}")]
    NoEffect {
        /// The process.
        workflow: String,
        /// The effect.
        effect: String,
    },
}

/// What is wrong with a field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldCode {
    /// Nothing was filled in.
    Required,
    /// None of the choices.
    Choice,
    /// No whole number, or out of bounds.
    Number,
    /// No day.
    Date,
    /// Too long.
    Long,
    /// No such unit.
    Unit,
    /// The form has no such field.
    Unknown,
}

impl From<Refusal> for WorkflowError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.code())
    }
}

impl WorkflowError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::Security(error) => error.code(),
            Self::Seal(_) => "workflow.seal",
            Self::Hidden | Self::NoWorkflow(_) => "security.not_found",
            Self::Refused(code) => code,
            Self::Moved => "workflow.moved",
            Self::Form(_) => "workflow.form",
            Self::File(code) => code,
            Self::Disk(_) => "workflow.disk",
            Self::NoUnit => "workflow.no_unit",
            Self::Definition(_) => "workflow.definition",
            Self::NoEffect { .. } => "workflow.no_effect",
        }
    }

    /// The status a request is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Hidden | Self::NoWorkflow(_) => StatusCode::NOT_FOUND,
            Self::Security(error) => error.status(),
            Self::Refused("workflow.not_from_here") | Self::Moved => StatusCode::CONFLICT,
            Self::Refused("workflow.no_note") | Self::Form(_) | Self::File(_) | Self::NoUnit => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::Db(error) if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a permit refuses.
    #[must_use]
    pub fn denied(&self) -> Option<Denied> {
        match self {
            Self::Hidden | Self::NoWorkflow(_) => Some(Denied::Hidden),
            Self::Security(SecurityError::Denied(denied)) => Some(*denied),
            _ => None,
        }
    }
}
