//! What can go wrong in this room.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::ledger::LedgerError;
use security::{Denied, SecurityError};
use serde::Serialize;
use ui::{ErrorPage, Shell, WrongDay};

/// Why an answer could not be given.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Accounts and settings.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// A task of the program fell over.
    #[error("a task did not end: {0}")]
    Task(String),
    /// There is no such place, layer or tile.
    #[error("there is no {0}")]
    NoSuch(String),
    /// A day in the address is none.
    #[error("{0}")]
    Day(WrongDay),
    /// Another part of the address cannot be read; the sentence says what to write.
    #[error("{0}")]
    Address(String),
}

impl From<tokio::task::JoinError> for GeoError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error.to_string())
    }
}

#[derive(Serialize)]
struct Refusal {
    code: &'static str,
    message: String,
}

impl GeoError {
    fn denied(&self) -> Option<Denied> {
        match self {
            Self::Ledger(LedgerError::Denied(denied))
            | Self::Ledger(LedgerError::Security(SecurityError::Denied(denied)))
            | Self::Security(SecurityError::Denied(denied)) => Some(*denied),
            Self::NoSuch(_) => Some(Denied::Hidden),
            _ => None,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Security(error) => error.code(),
            Self::Task(_) => "geo.task",
            Self::NoSuch(_) => "geo.not_found",
            Self::Day(_) | Self::Address(_) => "geo.address",
        }
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match (self.denied(), self) {
            (Some(denied), _) => denied.status(),
            (None, Self::Day(_) | Self::Address(_)) => StatusCode::BAD_REQUEST,
            (None, Self::Security(error)) => error.status(),
            (None, _) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn log(&self) {
        if self.status().is_server_error() {
            tracing::error!(code = self.code(), error = %self, "the map could not be answered");
        }
    }

    /// The answer for a script or a program.
    pub(crate) fn as_json(&self) -> Response {
        self.log();
        let status = self.status();
        let message = if status.is_server_error() {
            String::new()
        } else {
            self.to_string()
        };
        let body = serde_json::to_string(&Refusal {
            code: self.code(),
            message,
        })
        .unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The answer for a person.
    pub(crate) fn as_page(&self, shell: Shell) -> Response {
        if let Some(denied) = self.denied() {
            return security::pages::refused(shell, denied);
        }
        if let Self::Day(wrong) = self {
            return wrong.clone().into_response(shell, self.code());
        }
        self.log();
        let status = self.status();
        let key = if status.is_server_error() {
            "geo-failed"
        } else {
            "geo-address"
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
