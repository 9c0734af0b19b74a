//! `POST /cases/{id}/move`: a move.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use security::{RequirePermit, Visit};
use ui::{Fault, FormState, Shell};

use super::case::{id_of, page};
use super::failure::{failed, refused};
use super::{Sent, form, go_to, sent_value};
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::{Act, CaseId};

pub(super) async fn send(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(id): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    let id = match id_of(&id) {
        Ok(id) => id,
        Err(error) => return failed(shell, &error),
    };
    match make(&workflow, &permit, &visit, id, &sent).await {
        Ok(()) => go_to(&format!("/cases/{id}?done=moved")),
        Err(
            error @ (WorkflowError::Form(_)
            | WorkflowError::Refused("workflow.no_note" | "workflow.long_note")),
        ) => {
            let again = again(&workflow, &permit, &visit, shell.clone(), id, sent, &error).await;
            again.unwrap_or_else(|error| refused(shell, &error, id))
        }
        Err(error) => refused(shell, &error, id),
    }
}

async fn make(
    workflow: &Workflow,
    permit: &RequirePermit,
    visit: &Visit,
    id: CaseId,
    sent: &[(String, String)],
) -> Result<(), WorkflowError> {
    let case = workflow.case(permit, id).await?;
    let name = sent_value(sent, "move");
    let edits = case.workflow.step(name).is_some_and(|step| step.edits);
    let act = Act {
        step: name.to_owned(),
        version: sent_value(sent, "version").parse().unwrap_or(-1),
        key: sent_value(sent, "key").to_owned(),
        note: sent_value(sent, "note").replace("\r\n", "\n"),
        fields: edits.then(|| form::values(&case.workflow.fields, sent)),
        grant: visit
            .signed()
            .and_then(|signed| signed.held.as_ref())
            .map(|held| held.grant.id),
    };
    let address = visit.address();
    workflow.act(permit, id, &act, Some(&address)).await?;
    Ok(())
}

/// The case once more, with what was typed and what is wrong with it.
async fn again(
    workflow: &Workflow,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    id: CaseId,
    sent: Vec<(String, String)>,
    error: &WorkflowError,
) -> Result<Response, WorkflowError> {
    let case = workflow.case(permit, id).await?;
    let mut state = FormState::from_pairs(sent);
    match error {
        WorkflowError::Form(faults) => form::fail(&mut state, &case.workflow.fields, faults),
        WorkflowError::Refused("workflow.long_note") => {
            let most = crate::cases::LONGEST_NOTE.to_string();
            state.fail("note", Fault::KeyWith("ui-fault-long", vec![("max", most)]));
        }
        _ => state.fail("note", Fault::Key("workflow-no-note")),
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(workflow, permit, visit, shell, &case, &state, status).await
}
