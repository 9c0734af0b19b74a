//! `GET` and `POST /activate`: a first or a new password with the code of a slip.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use ui::{
    Cache, Fault, Field, FormState, Input, Shell, Tone, button, error_summary, link_button, notice,
};

use super::{Sent, failed, password_rule, to_visitor, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::web::Visit;

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    // A link of a slip brings its code along.
    let code = shell.url.get("code").unwrap_or_default().to_owned();
    let state = FormState::new().with("code", code);
    form(&security, &visit, shell, &state, StatusCode::OK)
}

pub(super) async fn send(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let code = typed(&sent, "code");
    let wanted = typed(&sent, "wanted");
    let mut state = FormState::from_pairs([("code".to_owned(), code.clone())]);
    state.required("code");
    if wanted.is_empty() {
        state.fail("wanted", Fault::REQUIRED);
    }
    if wanted != typed(&sent, "again") {
        state.fail("again", Fault::Key("security-password-differs"));
    }
    if state.is_right() {
        match security.activate(&code, &wanted, &visit.address()).await {
            Ok(account) => return done(shell, &account.login),
            Err(SecurityError::NoCode) => state.fail("code", Fault::Key("security-code-wrong")),
            Err(SecurityError::PasswordFault(fault)) => {
                state.fail("wanted", Fault::Key(fault.code()));
            }
            Err(error) => return failed(shell, &error),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    form(&security, &visit, shell, &state, status)
}

fn done(shell: Shell, login: &str) -> Response {
    let text = shell.text.clone();
    let body = html! {
        (notice(Tone::Good, &text.with("security-activated", &[("login", login)]), html! {}))
        (link_button(&text.get("security-signin"), "/signin", None, true))
    };
    shell
        .page(text.get("security-activate"))
        .narrow()
        .cache(Cache::Never)
        .body(body)
        .into_response()
}

fn form(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let labels = [
        ("code", text.get("security-code")),
        ("wanted", text.get("security-password-wanted")),
        ("again", text.get("security-password-again")),
    ];
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let password = |name: &str, key: &str| {
        Field::new(name, text.get(key))
            .input(Input::Password)
            .required()
            .autocomplete("new-password")
    };
    let body = html! {
        (error_summary(&text, state, &labels))
        form method="post" action="/activate" {
            (visit.csrf_field())
            (Field::new("code", text.get("security-code")).required().autocomplete("off")
                .hint(text.get("security-code-hint")).render(&text, state))
            (password("wanted", "security-password-wanted")
                .hint(password_rule(&text, security)).render(&text, state))
            (password("again", "security-password-again").render(&text, state))
            div.actions { (button(&text.get("security-activate"), true)) }
        }
    };
    let response = shell
        .page(text.get("security-activate"))
        .lead(text.get("security-activate-lead"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response();
    to_visitor(security, visit, response)
}
