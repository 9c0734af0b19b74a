//! `GET` and `POST /setup`: on a node without accounts three people are appointed. Afterwards there is no such page.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use standard::Action;
use ui::{Cache, Fault, Field, FormState, Shell, button, error_summary};

use super::accounts::slips;
use super::{Sent, failed, refused, to_visitor};
use crate::administration::PersonName;
use crate::api::Security;
use crate::error::SecurityError;
use crate::permit::Denied;
use crate::web::Visit;

/// The fields of the three, by the action that sets each apart.
fn fields(action: Action) -> [String; 2] {
    ["login", "display"].map(|field| format!("{}_{field}", action.as_str()))
}

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    match security.is_new().await {
        Ok(true) => form(&security, &visit, shell, &FormState::new(), StatusCode::OK),
        Ok(false) => refused(shell, Denied::Hidden),
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn send(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    match security.is_new().await {
        Ok(true) => {}
        Ok(false) => return refused(shell, Denied::Hidden),
        Err(error) => return failed(shell, &error),
    }
    let mut state = FormState::from_pairs(sent);
    let code = state.required("code").unwrap_or_default();
    let three = Action::SEPARATED.map(|action| {
        let [login, display] = fields(action);
        PersonName {
            login: state.required(&login).unwrap_or_default(),
            display: state.required(&display).unwrap_or_default(),
        }
    });
    let mut names: Vec<String> = three.iter().map(|one| one.login.to_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    if state.is_right() && names.len() < three.len() {
        state.fail("", Fault::Key("security-setup-same"));
    }
    if state.is_right() {
        match security.set_up(&code, &three).await {
            Ok(invitations) => {
                let back = (shell.text.get("security-signin"), "/signin".to_owned());
                return slips::page(&security, shell, &invitations, &HashMap::new(), back);
            }
            Err(SecurityError::NoCode) => state.fail("code", Fault::Key("security-code-wrong")),
            Err(SecurityError::LoginFault(_)) => {
                state.fail("", Fault::Key("security-fault-login"));
            }
            Err(SecurityError::LoginTaken(_)) => {
                state.fail("", Fault::Key("security-fault-login-taken"));
            }
            Err(error) => return failed(shell, &error),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    form(&security, &visit, shell, &state, status)
}

fn form(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let heading = |action: Action| {
        text.get(&format!(
            "security-setup-{}",
            action.as_str().replace('_', "-")
        ))
    };
    let code = text.get("security-setup-code");
    let labels = [("code", code.as_str())];
    let field = |name: &str, key: &str| {
        Field::new(name, text.get(key))
            .required()
            .max_length(64)
            .autocomplete("off")
    };
    let body = html! {
        (error_summary(&text, state, &labels))
        form method="post" action="/setup" {
            (visit.csrf_field())
            (field("code", "security-setup-code").hint(text.get("security-setup-code-hint")).render(&text, state))
            @for action in Action::SEPARATED {
                @let [login, display] = fields(action);
                fieldset {
                    legend { (heading(action)) }
                    (field(&login, "security-login").hint(text.get("security-login-hint")).render(&text, state))
                    (field(&display, "security-name").render(&text, state))
                }
            }
            div.actions { (button(&text.get("security-setup-appoint"), true)) }
        }
    };
    let response = shell
        .page(text.get("security-setup"))
        .lead(text.get("security-setup-lead"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response();
    to_visitor(security, visit, response)
}
