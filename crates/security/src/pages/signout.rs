//! `POST /signout`.

use axum::extract::State;
use axum::response::Response;
use ui::Shell;

use super::{failed, go_to, set_cookie};
use crate::api::Security;
use crate::web::{SESSION_COOKIE, Visit};

pub(super) async fn send(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    let mut left = None;
    if let Some(signed) = visit.signed() {
        left = match security.leads_out(signed).await {
            Ok(left) => left,
            Err(error) => return failed(shell, &error),
        };
        if let Err(error) = security.sign_out(signed, &visit.address()).await {
            return failed(shell, &error);
        }
    }
    let mut to = ui::Url::parse("/signin");
    if let Some(provider) = left {
        to = to.with("left", provider);
    }
    let mut response = go_to(&to.to_string());
    set_cookie(
        response.headers_mut(),
        SESSION_COOKIE,
        "",
        Some(0),
        security.config().https,
    );
    response
}
