//! What can go wrong in this room.

use axum::http::StatusCode;
use axum::response::Response;
use db::DbError;
use security::{Denied, SecurityError};
use ui::{ErrorPage, Shell};

/// Any failure of this room.
#[derive(Debug, thiserror::Error)]
pub enum AssuranceError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Accounts, permits, audit.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// Notices could not be put before their readers.
    #[error(transparent)]
    Workflow(#[from] workflow::WorkflowError),
    /// The names of units could not be read.
    #[error("the names of units could not be read: {0}")]
    Directory(String),
    /// An event of the store that this program cannot read.
    #[error("event {0} of assurance cannot be read: {1}")]
    Event(i64, String),
    /// Somebody else changed it in the meantime.
    #[error("it was changed by somebody else in the meantime; look at it again")]
    Changed,
    /// It is not open any more, or not yet, so this cannot be done to it.
    #[error("this cannot be done in the present state")]
    State,
}

impl From<Denied> for AssuranceError {
    fn from(denied: Denied) -> Self {
        Self::Security(SecurityError::Denied(denied))
    }
}

impl AssuranceError {
    /// There is no such thing, or not for this reader.
    pub(crate) fn hidden() -> Self {
        Denied::Hidden.into()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::Security(error) => error.code(),
            Self::Workflow(error) => error.code(),
            Self::Directory(_) => "assurance.directory",
            Self::Event(..) => "assurance.event",
            Self::Changed => "assurance.changed",
            Self::State => "assurance.state",
        }
    }

    /// The status a request is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Security(error) => error.status(),
            Self::Changed | Self::State => StatusCode::CONFLICT,
            Self::Db(error) if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer for a person. What the reader cannot mend is logged.
    pub(crate) fn as_page(&self, shell: Shell) -> Response {
        if let Self::Security(SecurityError::Denied(denied)) = self {
            return security::pages::refused(shell, *denied);
        }
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(code = self.code(), error = %self, "a page of assurance failed");
        }
        let key = match self {
            Self::Changed => "assurance-changed",
            Self::State => "assurance-state",
            Self::Security(SecurityError::NoAccount(_)) => "assurance-no-account",
            _ => "assurance-failed",
        };
        ErrorPage {
            status,
            code: self.code().to_owned(),
            title: shell.text.get(&format!("{key}-title")),
            sentence: shell.text.get(key),
            operation: None,
        }
        .into_response(shell)
    }
}
