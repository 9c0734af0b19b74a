//! `POST /signout`.

use axum::extract::State;
use axum::response::Response;
use ui::Shell;

use super::{failed, go_to, set_cookie};
use crate::api::Security;
use crate::web::{SESSION_COOKIE, Visit};

pub(super) async fn send(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    if let Some(signed) = visit.signed()
        && let Err(error) = security.sign_out(signed, &visit.address()).await
    {
        return failed(shell, &error);
    }
    let mut response = go_to("/signin");
    set_cookie(
        response.headers_mut(),
        SESSION_COOKIE,
        "",
        Some(0),
        security.config().https,
    );
    response
}
