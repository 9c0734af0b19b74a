//! `GET /signin` and `POST /signin`.

use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use ui::{Cache, Fault, Field, FormState, Input, Shell, Tone, button, error_summary, notice};

use super::{Sent, failed, go_to, identity, set_cookie, typed};
use crate::api::Security;
use crate::rules::web::safe_next;
use crate::signin::{Answer, Attempt};
use crate::web::{SESSION_COOKIE, VISITOR_COOKIE, Visit};

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
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let attempt = Attempt {
        login,
        password,
        address: visit.ip(),
        agent: agent.unwrap_or_default().to_owned(),
    };
    match security.sign_in(attempt).await {
        Err(error) => failed(shell, &error),
        Ok(Answer::In { token, language }) => {
            entered(&security, &token, language.as_deref(), &next)
        }
        Ok(Answer::Wrong) => {
            state.fail("", Fault::Key("security-signin-wrong"));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            form(&security, &visit, shell, &next, state, status).await
        }
        Ok(Answer::Locked { minutes }) => {
            let minutes = minutes.to_string();
            state.fail(
                "",
                Fault::KeyWith("security-signin-locked", vec![("minutes", minutes)]),
            );
            let status = StatusCode::TOO_MANY_REQUESTS;
            form(&security, &visit, shell, &next, state, status).await
        }
    }
}

/// The browser of someone who is signed in from now on.
pub(super) fn entered(
    security: &Security,
    token: &str,
    language: Option<&str>,
    next: &str,
) -> Response {
    let mut response = go_to(next);
    let https = security.config().https;
    let headers = response.headers_mut();
    set_cookie(headers, SESSION_COOKIE, token, None, https);
    set_cookie(headers, VISITOR_COOKIE, "", Some(0), https);
    if let Some(language) = language {
        set_cookie(headers, "lang", language, Some(31_536_000), https);
    }
    response
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
    let text = shell.text.clone();
    let ways = identity::ways(security, &shell, next);
    let login = text.get("security-login");
    let password = text.get("security-password");
    let labels = [("login", login.as_str()), ("password", password.as_str())];
    let body = html! {
        @if let Some(note) = &note { (notice(Tone::Plain, &text.get("security-signin-note"), html! { p { (note) } })) }
        (error_summary(&text, &state, &labels))
        form method="post" action="/signin" {
            (visit.csrf_field())
            input type="hidden" name="next" value=(next);
            (Field::new("login", &login).required().autocomplete("username").max_length(64).render(&text, &state))
            (Field::new("password", &password).input(Input::Password).required().autocomplete("current-password")
                .render(&text, &state))
            div.actions { (button(&text.get("security-signin"), true)) }
        }
        p.hint { (text.get("security-signin-forgotten")) }
        (ways)
    };
    let page = shell
        .page(text.get("security-signin"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body);
    let mut response = page.into_response();
    if let Some(visitor) = visit.fresh_visitor() {
        let https = security.config().https;
        set_cookie(response.headers_mut(), VISITOR_COOKIE, visitor, None, https);
    }
    response
}
