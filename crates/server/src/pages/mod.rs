//! The pages that belong to no room: home, settings, health, metrics.

mod accounts_bulk;
mod health;
mod home;
mod metrics;
pub(crate) mod openapi;
pub mod settings;

use axum::http::StatusCode;
use axum::response::Response;
use security::{Access, Room};
use standard::Action;
use ui::{ErrorPage, Shell};

use crate::App;

/// The routes of this crate.
pub(crate) fn room(app: App) -> Room<()> {
    Room::new()
        .get("/", Access::SignedIn, home::show)
        .get(
            "/accounts/bulk",
            Access::Action(Action::ManageAccounts),
            accounts_bulk::show,
        )
        .post(
            "/accounts/bulk",
            Access::Action(Action::ManageAccounts),
            accounts_bulk::send,
        )
        .post(
            "/accounts/bulk/make",
            Access::Action(Action::ManageAccounts),
            accounts_bulk::make,
        )
        .get("/healthz", Access::Public, health::show)
        .described(&openapi::READ_HEALTH)
        .get("/metrics", Access::Public, metrics::show)
        .described(&openapi::READ_METRICS)
        .get("/api/openapi.json", Access::Public, openapi::show)
        .described(&openapi::READ_OPENAPI)
        .get(
            "/settings",
            Access::Action(Action::ManageSettings),
            settings::show,
        )
        .post(
            "/settings",
            Access::Action(Action::ManageSettings),
            settings::save,
        )
        .with_state(app)
}

/// The page for a failure that its reader cannot mend; the cause goes to the log.
fn failed(shell: Shell, code: &str, cause: &dyn std::fmt::Display) -> Response {
    tracing::error!(code, %cause, "a page of the program failed");
    ErrorPage {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: code.to_owned(),
        title: shell.text.get("server-fault-title"),
        sentence: shell.text.get("server-fault"),
        operation: None,
    }
    .into_response(shell)
}
