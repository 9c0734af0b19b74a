//! `GET` and `POST /inbox/mail`: where one's own notices are sent.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use security::{RequirePermit, Visit};
use ui::{Cache, Crumb, Fault, Field, FormState, Shell, Tone, button, error_summary, notice};

use super::failure::failed;
use super::{Sent, go_to, sent_value};
use crate::api::Workflow;

pub(super) async fn show(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let mail = match permit.actor().account() {
        Some(account) => workflow.mail_of(account).await,
        None => Ok(None),
    };
    match mail {
        Ok(mail) => {
            let state = FormState::new().with("mail", mail.unwrap_or_default());
            page(&workflow, &visit, shell, &state, StatusCode::OK)
        }
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn save(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let address = sent_value(&sent, "mail").to_owned();
    match workflow.set_own_mail(&permit, &address).await {
        Ok(true) => go_to("/inbox/mail?done=saved"),
        Ok(false) => {
            let mut state = FormState::from_pairs(sent);
            state.fail("mail", Fault::Key("workflow-mail-fault"));
            page(
                &workflow,
                &visit,
                shell,
                &state,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Err(error) => failed(shell, &error),
    }
}

fn page(
    workflow: &Workflow,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let domains = workflow.mail_domains();
    let label = text.get("workflow-mail");
    let body = html! {
        @if shell.url.get("done") == Some("saved") { (notice(Tone::Good, &text.get("workflow-mail-saved"), html! {})) }
        (error_summary(&text, state, &[("mail", &label)]))
        @if domains.is_empty() {
            p { (text.get("workflow-mail-off")) }
        } @else {
            form method="post" action="/inbox/mail" {
                (visit.csrf_field())
                (Field::new("mail", &label).autocomplete("email").max_length(200)
                    .hint(text.with("workflow-mail-hint", &[("domains", &domains.join(", "))])).render(&text, state))
                div.actions { (button(&text.get("workflow-mail-save"), true)) }
            }
        }
    };
    shell
        .page(text.get("workflow-mail-title"))
        .crumbs(vec![
            Crumb::link(text.get("workflow-inbox"), "/inbox"),
            Crumb::here(text.get("workflow-mail-title")),
        ])
        .lead(text.get("workflow-mail-lead"))
        .section("/inbox")
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}
