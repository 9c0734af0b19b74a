//! Slips of paper with which people begin: one page of many, to be printed, cut and handed out. They are shown
//! in the answer that made them and never again.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::UnitId;
use maud::html;
use ui::{Cache, Crumb, Shell, Slip, Tone, notice, print_button, slips};

use super::unit_name;
use crate::administration::Invitation;
use crate::api::Security;
use crate::directory::UnitFacts;

/// The page of the slips of some invitations. `back` is where the reader goes on: a label and an address.
#[must_use]
pub fn page(
    security: &Security,
    shell: Shell,
    invitations: &[Invitation],
    facts: &HashMap<UnitId, UnitFacts>,
    back: (String, String),
) -> Response {
    let text = shell.text.clone();
    // The address by which people reach the program, where the operator said it.
    let site = security.policy().site.clone();
    let made: Vec<Slip> = invitations
        .iter()
        .map(|invitation| Slip {
            title: unit_name(&text, facts, invitation.home),
            lines: vec![
                (text.get("security-name"), invitation.display.clone()),
                (text.get("security-login"), invitation.login.clone()),
                (
                    text.get("security-code"),
                    invitation.code.reveal().to_owned(),
                ),
                match &site {
                    Some(site) => (
                        text.get("security-code-link"),
                        format!("{}/activate?code={}", site.origin, invitation.code.reveal()),
                    ),
                    None => (text.get("security-code-page"), "/activate".to_owned()),
                },
                (
                    text.get("security-code-expires"),
                    invitation.expires.day().to_string(),
                ),
            ],
        })
        .collect();
    let count = made.len().to_string();
    let body = html! {
        (notice(Tone::Explain, &text.get("security-slips-once"), html! { p { (text.get("security-slips-hint")) } }))
        (slips(&made))
    };
    let (label, address) = back;
    shell
        .page(text.with("security-slips", &[("count", &count)]))
        .crumbs(vec![
            Crumb::link(label, address),
            Crumb::here(text.get("security-slips-here")),
        ])
        .tool(print_button(&text))
        .cache(Cache::Never)
        .status(StatusCode::OK)
        .body(body)
        .into_response()
}
