//! Signing in and out, and one's own account. All of it works without a script.

mod account;
mod clients;
mod evidence;
mod identity;
mod signin;
mod signout;
mod token;

pub use signin::NOTE_SETTING;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use standard::Action;
use ui::{ErrorPage, Shell};

use crate::api::Security;
use crate::error::SecurityError;
use crate::permit::Denied;
use crate::routes::{Access, Room};
use crate::web::cookie_name;

/// The routes of this room.
#[must_use]
pub fn room<S: Clone + Send + Sync + 'static>(security: Security) -> Room<S> {
    Room::new()
        .get("/signin", Access::Public, signin::show)
        .post("/signin", Access::Public, signin::send)
        .post("/signout", Access::SignedIn, signout::send)
        .get("/account", Access::SignedIn, account::show)
        .post(
            "/account/password",
            Access::SignedIn,
            account::change_password,
        )
        .get("/signin/with/{provider}", Access::Public, identity::set_out)
        .get(
            "/signin/with/{provider}/back",
            Access::Public,
            identity::come_back,
        )
        .get(
            "/signin/with/{provider}/leave",
            Access::Public,
            identity::leave,
        )
        .get(
            "/.well-known/oauth-authorization-server",
            Access::Public,
            token::about,
        )
        .described(&token::READ_ISSUER)
        .post("/oauth/token", Access::Public, token::issue)
        .described(&token::ISSUE_TOKEN)
        .proving_itself()
        .post("/oauth/revoke", Access::Public, token::revoke)
        .described(&token::REVOKE_TOKEN)
        .proving_itself()
        .get(
            "/clients",
            Access::Action(Action::ManageAccounts),
            clients::show,
        )
        .post(
            "/clients",
            Access::Action(Action::ManageAccounts),
            clients::create,
        )
        .post(
            "/clients/{id}/rotate",
            Access::Action(Action::ManageAccounts),
            clients::rotate,
        )
        .post(
            "/clients/{id}/end",
            Access::Action(Action::ManageAccounts),
            clients::end,
        )
        .get("/account/identities", Access::SignedIn, identity::show)
        .post("/account/identities", Access::SignedIn, identity::link)
        .post(
            "/account/identities/end",
            Access::SignedIn,
            identity::unlink,
        )
        .post("/account/sessions", Access::SignedIn, account::end_session)
        .post("/account/post", Access::SignedIn, account::switch_post)
        .merge(evidence::room())
        .with_state(security)
}

/// What a form sent, in its order.
type Sent = axum::Form<Vec<(String, String)>>;

/// A value as it was typed: passwords keep their blanks.
fn typed(sent: &[(String, String)], name: &str) -> String {
    sent.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}

/// Sets a cookie that scripts cannot read; `seconds` 0 takes it away, `None` keeps it until the browser closes.
fn set_cookie(headers: &mut HeaderMap, name: &str, value: &str, seconds: Option<i64>, https: bool) {
    let secure = if https { "; Secure" } else { "" };
    let is_of_sign_in = name.starts_with("weihe_");
    let name = cookie_name(name, https && is_of_sign_in);
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    // Tokens are base64url, so the value is always a legal header.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn go_to(address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page for what a permit refuses, for the handlers of all rooms: a record out of reach looks like one
/// that does not exist.
#[must_use]
pub fn refused(shell: Shell, denied: Denied) -> Response {
    let key = match denied {
        Denied::Hidden => "security-not-found",
        Denied::Action(_) => "security-not-allowed",
    };
    ErrorPage {
        status: denied.status(),
        code: denied.code().to_owned(),
        title: shell.text.get(&format!("{key}-title")),
        sentence: shell.text.get(key),
        operation: None,
    }
    .into_response(shell)
}

/// The page for a failure of this room. What the reader cannot mend is logged.
fn failed(shell: Shell, error: &SecurityError) -> Response {
    if let SecurityError::Denied(denied) = error {
        return refused(shell, *denied);
    }
    let status = error.status();
    if status.is_server_error() {
        tracing::error!(code = error.code(), %error, "a page of security failed");
    }
    let key = if status == StatusCode::NOT_FOUND {
        "security-not-found"
    } else {
        "security-failed"
    };
    ErrorPage {
        status,
        code: error.code().to_owned(),
        title: shell.text.get(&format!("{key}-title")),
        sentence: shell.text.get(key),
        operation: None,
    }
    .into_response(shell)
}
