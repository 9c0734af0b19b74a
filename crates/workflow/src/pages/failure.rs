//! What went wrong, as a page.

use axum::response::Response;
use maud::html;
use ui::{ErrorPage, Shell, link_button};

use crate::error::WorkflowError;
use crate::model::CaseId;

/// The page for a failure. What the reader cannot mend is logged.
pub(super) fn failed(shell: Shell, error: &WorkflowError) -> Response {
    answer(shell, error, None)
}

/// The page for a move that was refused, with the way back to the case.
pub(super) fn refused(shell: Shell, error: &WorkflowError, case: CaseId) -> Response {
    answer(shell, error, Some(case))
}

fn answer(shell: Shell, error: &WorkflowError, case: Option<CaseId>) -> Response {
    if let Some(denied) = error.denied() {
        return security::pages::refused(shell, denied);
    }
    let status = error.status();
    if status.is_server_error() {
        tracing::error!(code = error.code(), %error, "a page of workflow failed");
    }
    let text = shell.text.clone();
    let key = error.code().replace(['.', '_'], "-");
    let sentence = if !status.is_server_error() && text.has(&key) {
        text.get(&key)
    } else {
        text.get("workflow-failed")
    };
    let remedy = html! {
        @if let Some(case) = case {
            p { (link_button(&text.get("workflow-back-to-case"), &format!("/cases/{case}"), None, true)) }
        }
    };
    let title = if status.is_server_error() {
        "workflow-failed-title"
    } else {
        "workflow-refused-title"
    };
    axum::response::IntoResponse::into_response(
        ErrorPage {
            status,
            code: error.code().to_owned(),
            title: text.get(title),
            sentence,
            operation: None,
        }
        .page_with(shell, remedy),
    )
}
