//! `POST /people/{id}/consent`: what the person or a guardian said about a purpose.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Day;
use maud::html;
use security::{AuditAction, Outcome, RequirePermit, Subject, Visit};
use ui::{Fault, FormState, Shell};

use super::super::failure::Failure;
use super::super::{Sent, go_to};
use super::{record_of, refused, show};
use crate::api::Registry;
use crate::persons::Persons;
use crate::persons::model::Statement;

pub(in crate::pages) async fn state(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match record(&registry, &id, &permit, &visit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn record(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let person = record_of(id)?;
    let text = shell.text.clone();
    let persons = Persons::new(registry, permit)?;
    let said_on = state.read("said_on", |text| Day::parse(text).map_err(|_| Fault::DATE));
    let states = registry.standard().code_set("consent_state");
    for name in ["purpose", "state", "said_on", "given_by", "relation"] {
        state.required(name);
    }
    if states.is_some_and(|set| !set.contains(state.value("state"))) {
        state.fail("state", Fault::CHOICE);
    }
    if said_on.is_some_and(|day| day > registry.today()) {
        state.fail("said_on", Fault::DATE);
    }
    if !state.is_right() {
        let said = super::summary(
            &text,
            &state,
            &[
                ("purpose", "registry-purpose"),
                ("state", "registry-state"),
                ("said_on", "registry-consent-on"),
                ("given_by", "registry-consent-name"),
                ("relation", "registry-consent-relation"),
            ],
        );
        let page = show::page(registry, id, permit, shell, &FormState::new(), said).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    }
    let statement = Statement {
        purpose: state.value("purpose").to_owned(),
        state: state.value("state").to_owned(),
        said_on,
        given_by: state.value("given_by").to_owned(),
        relation: state.value("relation").to_owned(),
        evidence: state.value("evidence").to_owned(),
    };
    match persons.state(person, &statement).await? {
        Ok(_) => {
            let subject = Subject::record("person", person);
            let address = visit.address();
            registry
                .security()
                .audit_alone(
                    permit.actor(),
                    AuditAction::Edited,
                    &subject,
                    Outcome::Done,
                    Some(&address),
                )
                .await?;
            Ok(go_to(&format!("/people/{person}")))
        }
        Err(refusal) => {
            let said = html! { (refused(&text, refusal)) };
            let page = show::page(registry, id, permit, shell, &FormState::new(), said).await?;
            Ok(page
                .status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response())
        }
    }
}
