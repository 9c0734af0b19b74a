//! Signing in and out, and one's own account. All of it works without a script.

mod account;
pub(crate) mod accounts;
mod activate;
mod clients;
mod evidence;
mod factors;
mod identity;
mod policy;
mod second;
mod setup;
mod signin;
mod signout;
mod succession;
mod token;

pub use accounts::slips;
pub use signin::NOTE_SETTING;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use standard::Action;
use ui::{ErrorPage, Shell};

use crate::api::Security;
use crate::error::SecurityError;
use crate::permit::Denied;
use crate::routes::{Access, Room};
use crate::web::{Visit, cookie_name};

/// The routes of this room.
#[must_use]
pub fn room<S: Clone + Send + Sync + 'static>(security: Security) -> Room<S> {
    Room::new()
        .get("/signin", Access::Public, signin::show)
        .post("/signin", Access::Public, signin::send)
        .post("/signin/passkey", Access::Public, second::by_passkey)
        .get("/signin/second", Access::Public, second::show)
        .post("/signin/second", Access::Public, second::send)
        .post("/signin/second/send", Access::Public, second::send_code)
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
        .post(
            "/account/sessions/others",
            Access::SignedIn,
            account::end_others,
        )
        .post("/account/post", Access::SignedIn, account::switch_post)
        .get("/account/succession", Access::SignedIn, succession::show)
        .post("/account/deputies", Access::SignedIn, succession::delegate)
        .post(
            "/account/deputies/end",
            Access::SignedIn,
            succession::end_deputy,
        )
        .post("/account/handovers", Access::SignedIn, succession::offer)
        .post(
            "/account/handovers/decide",
            Access::SignedIn,
            succession::decide,
        )
        .get("/activate", Access::Public, activate::show)
        .post("/activate", Access::Public, activate::send)
        .get("/setup", Access::Public, setup::show)
        .post("/setup", Access::Public, setup::send)
        .merge(accounts::room())
        .merge(evidence::room())
        .merge(own_factors())
        .merge(sign_in_policy())
        .with_state(security)
}

/// One's own second factors.
fn own_factors() -> Room<Security> {
    let room = Room::new()
        .get(
            "/account/password",
            Access::SignedIn,
            account::show_password,
        )
        .get("/account/confirm", Access::SignedIn, factors::show_confirm)
        .post("/account/confirm", Access::SignedIn, factors::confirm)
        .get("/account/factors", Access::SignedIn, factors::show)
        .get(
            "/account/factors/totp",
            Access::SignedIn,
            factors::show_totp,
        )
        .post(
            "/account/factors/totp",
            Access::SignedIn,
            factors::begin_totp,
        )
        .get(
            "/account/factors/passkey",
            Access::SignedIn,
            factors::show_passkey,
        )
        .post(
            "/account/factors/passkey",
            Access::SignedIn,
            factors::add_passkey,
        )
        .get(
            "/account/factors/address",
            Access::SignedIn,
            factors::show_address,
        )
        .post(
            "/account/factors/address",
            Access::SignedIn,
            factors::begin_address,
        )
        .post("/account/factors/remove", Access::SignedIn, factors::remove);
    room.post(
        "/account/factors/totp/check",
        Access::SignedIn,
        factors::check_totp,
    )
    .post(
        "/account/factors/certificate",
        Access::SignedIn,
        factors::add_certificate,
    )
    .post(
        "/account/factors/address/check",
        Access::SignedIn,
        factors::check_address,
    )
    .post(
        "/account/factors/recovery",
        Access::SignedIn,
        factors::new_codes,
    )
}

/// The policy of signing in and its gateways.
fn sign_in_policy() -> Room<Security> {
    const KEEPS: Access = Access::Action(standard::Action::ManageSettings);
    Room::new()
        .get("/settings/signin", KEEPS, policy::show)
        .post("/settings/signin", KEEPS, policy::save)
        .post("/settings/signin/sms", KEEPS, policy::save_sms)
        .post("/settings/signin/mail", KEEPS, policy::save_mail)
}

/// What a password must be by the policy, for the hint of a field.
#[must_use]
pub fn password_rule(text: &ui::Text, security: &Security) -> String {
    let policy = security.policy();
    text.with(
        "security-password-rule",
        &[
            ("count", &policy.password_shortest.to_string()),
            ("kinds", &policy.password_kinds.to_string()),
            ("past", &policy.password_past.to_string()),
        ],
    )
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
    let name = cookie_name(name, https);
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    // Tokens are base64url, so the value is always a legal header.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// Gives a visitor the cookie to which the token of the page's form belongs.
fn to_visitor(security: &Security, visit: &Visit, mut response: Response) -> Response {
    if let Some(visitor) = visit.fresh_visitor() {
        let https = security.config().https;
        let headers = response.headers_mut();
        set_cookie(headers, crate::web::VISITOR_COOKIE, visitor, None, https);
    }
    response
}

/// Takes the cookie of the second step away.
fn clear_second(headers: &mut HeaderMap, https: bool) {
    set_cookie(headers, crate::web::SECOND_COOKIE, "", Some(0), https);
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
#[must_use]
pub fn failed(shell: Shell, error: &SecurityError) -> Response {
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
