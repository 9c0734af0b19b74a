//! The page for what went wrong: a stable code, a sentence that says what to do, an operation id.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::page::{Cache, Page};
use crate::shell::Shell;
use crate::show::{code, key_values, link_button};

/// What went wrong, in the reader's language.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The answer's status.
    pub status: StatusCode,
    /// A code that never changes: `registry.not-found`.
    pub code: String,
    /// A few words.
    pub title: String,
    /// What to do.
    pub sentence: String,
    /// What the operator finds in the log. Where `None`, failures of the program show the request's own.
    pub operation: Option<String>,
}

impl ErrorPage {
    /// The page.
    pub fn page(self, shell: Shell) -> Page {
        self.page_with(shell, html! {})
    }

    /// The page with what its reader can do at once, such as a form that asks again.
    pub fn page_with(self, shell: Shell, remedy: Markup) -> Page {
        let text = shell.text.clone();
        let logged = shell
            .operation
            .clone()
            .filter(|_| self.status.is_server_error());
        let operation = self.operation.or(logged);
        let mut pairs = vec![(text.get("ui-error-code"), code(&self.code))];
        if let Some(operation) = &operation {
            pairs.push((text.get("ui-error-operation"), code(operation)));
        }
        let body = html! {
            div.wrong {
                p.sentence { (self.sentence) }
                (remedy)
                (key_values(&pairs))
                @if operation.is_some() { p.hint { (text.get("ui-error-help")) } }
                p { (link_button(&text.get("ui-error-back"), "/", None, false)) }
            }
        };
        shell
            .page(self.title)
            .narrow()
            .cache(Cache::Never)
            .status(self.status)
            .body(body)
    }

    /// The answer.
    pub fn into_response(self, shell: Shell) -> Response {
        self.page(shell).into_response()
    }
}
