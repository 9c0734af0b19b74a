//! `GET /signin` and `POST /signin`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use ui::{
    Cache, Fault, Field, FormState, Input, Island, Shell, Tone, button, error_summary, notice,
    section,
};

use super::second::{agent_of, follow, passkey_element, say};
use super::{Sent, failed, go_to, identity, to_visitor, typed};
use crate::api::Security;
use crate::rules::web::safe_next;
use crate::signin::Attempt;
use crate::web::Visit;

/// The setting whose text stands on the sign-in page: in the demo province, how to sign in.
pub const NOTE_SETTING: &str = "signin_note";

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    let next = safe_next(shell.url.get("next"));
    if visit.signed().is_some() {
        return go_to(&next);
    }
    form(
        &security,
        &visit,
        shell,
        &next,
        FormState::new(),
        StatusCode::OK,
    )
    .await
}

pub(super) async fn send(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    headers: HeaderMap,
    axum::Form(sent): Sent,
) -> Response {
    let next = safe_next(Some(&typed(&sent, "next")));
    let login = typed(&sent, "login");
    let password = typed(&sent, "password");
    let mut state = FormState::from_pairs([("login".to_owned(), login.clone())]);
    state.required("login");
    if password.is_empty() {
        state.fail("password", Fault::REQUIRED);
    }
    if !state.is_right() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return form(&security, &visit, shell, &next, state, status).await;
    }
    let attempt = Attempt {
        login,
        password,
        address: visit.ip(),
        agent: agent_of(&headers),
    };
    let answer = match security.sign_in(attempt).await {
        Ok(answer) => answer,
        Err(error) => return failed(shell, &error),
    };
    if let Some(response) = follow(&security, &visit, &answer, &next).await {
        return response;
    }
    let status = say(&mut state, &answer, "security-signin-wrong");
    form(&security, &visit, shell, &next, state, status).await
}

pub(super) async fn form(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    next: &str,
    state: FormState,
    status: StatusCode,
) -> Response {
    let note = match security.setting(NOTE_SETTING).await {
        Ok(note) => note.filter(|note| !note.is_empty()),
        Err(error) => return failed(shell, &error),
    };
    let passkey = match security.passkey_options(visit.csrf()) {
        Ok(passkey) => passkey,
        Err(error) => return failed(shell, &error),
    };
    let is_new = match security.is_new().await {
        Ok(is_new) => is_new,
        Err(error) => return failed(shell, &error),
    };
    let was_late = shell.url.get("late").is_some();
    let text = shell.text.clone();
    let ways = identity::ways(security, &shell, next);
    let login = text.get("security-login");
    let password = text.get("security-password");
    let labels = [("login", login.as_str()), ("password", password.as_str())];
    let body = html! {
        @if let Some(note) = &note { (notice(Tone::Plain, &text.get("security-signin-note"), html! { p { (note) } })) }
        @if is_new {
            (notice(Tone::Explain, &text.get("security-setup"), html! {
                p { (text.get("security-setup-new")) " " a href="/setup" { (text.get("security-setup-new-link")) } }
            }))
        }
        @if was_late { (notice(Tone::Explain, &text.get("security-second-late"), html! {})) }
        (error_summary(&text, &state, &labels))
        form method="post" action="/signin" {
            (visit.csrf_field())
            input type="hidden" name="next" value=(next);
            (Field::new("login", &login).required().autocomplete("username").max_length(64).render(&text, &state))
            (Field::new("password", &password).input(Input::Password).required().autocomplete("current-password")
                .render(&text, &state))
            div.actions { (button(&text.get("security-signin"), true)) }
        }
        @if let Some(options) = &passkey {
            (section(&text.get("security-kind-passkey"), html! {}, passkey_element(&text, visit,
                ("get", "/signin/passkey", options), html! { input type="hidden" name="next" value=(next); })))
        }
        p.hint { (text.get("security-signin-forgotten")) }
        (ways)
    };
    let mut page = shell
        .page(text.get("security-signin"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body);
    if passkey.is_some() {
        page = page.island(Island::Passkey);
    }
    to_visitor(security, visit, page.into_response())
}
