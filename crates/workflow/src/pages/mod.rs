//! The pages of this room: the inbox, beginning a case, the case. One operation a file; all of it works without
//! a script.

mod begin;
mod case;
mod exports;
mod failure;
mod files;
mod form;
mod inbox;
mod mail;
mod moves;
mod notices;
mod words;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use security::{Access, Method, Room};

use crate::api::{Workflow, hex};
use crate::error::WorkflowError;

/// What a form sent, in its order.
type Sent = axum::Form<Vec<(String, String)>>;

/// The routes of this room. Which case and which process a reader reaches is judged by each handler: a case out of
/// reach does not exist.
#[must_use]
pub fn room<S: Clone + Send + Sync + 'static>(workflow: Workflow) -> Room<S> {
    let signed_in = Access::SignedIn;
    // A file is read up to what its process allows.
    let take = post(files::take).layer(DefaultBodyLimit::disable());
    Room::new()
        .get("/inbox", signed_in, inbox::show)
        .post("/inbox/notices", signed_in, notices::seen)
        .get("/inbox/mail", signed_in, mail::show)
        .post("/inbox/mail", signed_in, mail::save)
        .get("/exports", signed_in, exports::show)
        .get("/exports/{id}/file", signed_in, exports::fetch)
        .get("/cases/new", signed_in, begin::list)
        .get("/cases/new/{process}", signed_in, begin::show)
        .post("/cases/new/{process}", signed_in, begin::send)
        .get("/cases/{id}", signed_in, case::show)
        .post("/cases/{id}/move", signed_in, moves::send)
        .route(Method::Post, "/cases/{id}/files", signed_in, take)
        .taking_files()
        .get("/cases/{id}/files/{file}", signed_in, files::give)
        .post("/cases/{id}/files/{file}/remove", signed_in, files::remove)
        .with_state(workflow)
}

fn go_to(address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A key for one showing of a form: however often the form is sent, it is the same move.
fn new_key(workflow: &Workflow) -> Result<String, WorkflowError> {
    let mut bytes = [0_u8; 16];
    workflow
        .security()
        .random()
        .fill(&mut bytes)
        .map_err(security::SecurityError::from)?;
    Ok(hex(&bytes))
}

/// The value of a field that was sent.
fn sent_value<'s>(sent: &'s [(String, String)], name: &str) -> &'s str {
    sent.iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value.as_str())
}
