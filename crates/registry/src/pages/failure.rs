//! What went wrong, as a page: a stable code, a sentence that says what to do, and a number under which the
//! operator finds it in the log.

use axum::http::StatusCode;
use axum::response::Response;
use security::{Denied, SecurityError};
use ui::{ErrorPage, Shell};

use crate::api::Registry;
use crate::intake::IntakeError;
use crate::ledger::LedgerError;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Columns(#[from] columns::ColumnsError),
    #[error(transparent)]
    Security(#[from] SecurityError),
    #[error(transparent)]
    Review(#[from] workflow::WorkflowError),
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A day in the address is none.
    #[error("{0}")]
    Day(ui::WrongDay),
    /// There is no such record within reach.
    #[error("no such record")]
    Hidden,
}

impl From<ui::WrongDay> for Failure {
    fn from(wrong: ui::WrongDay) -> Failure {
        Failure::Day(wrong)
    }
}

impl Failure {
    fn denied(&self) -> Option<Denied> {
        match self {
            Failure::Hidden
            | Failure::Ledger(LedgerError::NoCommit(_) | LedgerError::NoRecord(..))
            | Failure::Intake(IntakeError::Ledger(LedgerError::NoRecord(..))) => {
                Some(Denied::Hidden)
            }
            Failure::Ledger(LedgerError::Denied(denied))
            | Failure::Intake(IntakeError::Ledger(LedgerError::Denied(denied)))
            | Failure::Security(SecurityError::Denied(denied)) => Some(*denied),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Failure::Ledger(error) => error.code(),
            Failure::Intake(error) => error.code(),
            Failure::Columns(columns::ColumnsError::Limit(_)) => "registry.too_much",
            Failure::Columns(_) => "registry.columns",
            Failure::Security(error) => error.code(),
            Failure::Review(error) => error.code(),
            Failure::File(_) => "registry.file",
            Failure::Day(_) => "registry.day",
            Failure::Hidden => "security.not_found",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Failure::Ledger(
                LedgerError::Conflict { .. } | LedgerError::KeyTaken(_) | LedgerError::Erased(_),
            )
            | Failure::Intake(
                IntakeError::PlanChanged(_)
                | IntakeError::Sealed
                | IntakeError::Stopped(_)
                | IntakeError::Ledger(LedgerError::Conflict { .. } | LedgerError::KeyTaken(_)),
            ) => StatusCode::CONFLICT,
            Failure::Ledger(LedgerError::NotReversible(_) | LedgerError::TooLarge { .. })
            | Failure::Intake(
                IntakeError::Read(_)
                | IntakeError::Mapping(_)
                | IntakeError::UnknownUnit(_)
                | IntakeError::Unseen(_)
                | IntakeError::UnknownDataset { .. },
            ) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Security(error) => error.status(),
            Failure::Review(error) => error.status(),
            Failure::Day(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer for a program: the code and a sentence.
    pub(super) fn answer_json(self, registry: &Registry, shell: Shell) -> Response {
        let Failure::Day(wrong) = &self else {
            return self.answer(registry, shell);
        };
        let body = serde_json::json!({ "code": self.code(), "message": wrong.to_string() });
        let mut response = super::json(&body);
        *response.status_mut() = self.status();
        response
    }

    /// The page for it. What the reader cannot mend is logged.
    pub(super) fn answer(self, registry: &Registry, shell: Shell) -> Response {
        if let Some(denied) = self.denied() {
            return security::pages::refused(shell, denied);
        }
        let code = self.code();
        if let Failure::Day(wrong) = self {
            return wrong.into_response(shell, code);
        }
        let status = self.status();
        let mut operation = None;
        if status.is_server_error() {
            let number = operation_number(registry);
            tracing::error!(operation = number, code = self.code(), error = %self, "a page of the registry failed");
            operation = Some(number);
        }
        let kind = if status.is_server_error() {
            "failed"
        } else if status == StatusCode::CONFLICT {
            "stale"
        } else {
            "refused"
        };
        let text = shell.text.clone();
        ErrorPage {
            status,
            code: self.code().to_owned(),
            title: text.get(&format!("registry-{kind}-title")),
            sentence: match super::words::error_sentence(&text, self.code(), &self.to_string()) {
                Some(sentence) if !status.is_server_error() => sentence,
                _ => text.get(&format!("registry-{kind}")),
            },
            operation,
        }
        .into_response(shell)
    }
}

/// A number that stands on the page and in the log.
fn operation_number(registry: &Registry) -> String {
    let mut bytes = [0_u8; 6];
    let time = registry.ledger().clock().now().get().to_be_bytes();
    if registry.security().random().fill(&mut bytes).is_err() {
        bytes.copy_from_slice(time.get(2..).unwrap_or(&[0; 6]));
    }
    let text = crate::ledger::hex(&bytes);
    let (front, back) = text.split_at(6);
    format!("{front}-{back}")
}
