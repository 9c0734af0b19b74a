//! `GET /cases/new`: the processes that the reader may begin. `GET` and `POST /cases/new/{process}`: the form.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{RequirePermit, Visit};
use ui::{Cache, Cell, Column, Crumb, FormState, Row, Shell, Table, button, error_summary};

use super::failure::failed;
use super::words::say;
use super::{Sent, form, go_to, new_key, sent_value};
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::Opening;

pub(super) async fn list(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let text = shell.text.clone();
    let rows = workflow.may_begin(&permit).into_iter().map(|process| {
        Row::new(vec![
            Cell::link(
                format!("/cases/new/{}", process.name),
                say(&text, &process.title),
            ),
            Cell::text(say(&text, &process.about)),
        ])
    });
    let table = Table::new(text.get("workflow-begin"))
        .column(Column::text("process", text.get("workflow-process")).narrow())
        .column(Column::text("about", text.get("workflow-about")))
        .rows(rows)
        .empty(html! { p { (text.get("workflow-begin-none")) } });
    shell
        .page(text.get("workflow-begin"))
        .crumbs(crumbs(&text, None))
        .section("/inbox")
        .cache(Cache::Never)
        .body(table.render(&text))
        .into_response()
}

fn crumbs(text: &ui::Text, process: Option<&standard::Workflow>) -> Vec<Crumb> {
    let inbox = Crumb::link(text.get("workflow-inbox"), "/inbox");
    match process {
        None => vec![inbox, Crumb::here(text.get("workflow-begin"))],
        Some(process) => vec![
            inbox,
            Crumb::link(text.get("workflow-begin"), "/cases/new"),
            Crumb::here(say(text, &process.title)),
        ],
    }
}

pub(super) async fn show(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(process): Path<String>,
) -> Response {
    let process = match workflow.beginnable(&permit, &process) {
        Ok(process) => process,
        Err(error) => return failed(shell, &error),
    };
    match new_key(&workflow) {
        Ok(key) => {
            let state = FormState::new().with("key", key);
            page(&workflow, &visit, shell, process, &state, StatusCode::OK)
        }
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn send(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(process): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    let process = match workflow.beginnable(&permit, &process) {
        Ok(process) => process,
        Err(error) => return failed(shell, &error),
    };
    let key = sent_value(&sent, "key");
    let account = permit.actor().to_string();
    // The form sent twice begins one case; a key of this account only, so that nobody meets another's case.
    let is_key = key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let opening = Opening {
        workflow: process.name.clone(),
        fields: form::values(&process.fields, &sent),
        origin: is_key.then(|| format!("form:{account}:{key}")),
        ..Opening::default()
    };
    match workflow.open_case(&permit, opening).await {
        Ok(case) => go_to(&format!("/cases/{case}?done=begun")),
        Err(WorkflowError::Form(faults)) => {
            let mut state = FormState::from_pairs(sent);
            form::fail(&mut state, &process.fields, &faults);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&workflow, &visit, shell, process, &state, status)
        }
        Err(error) => failed(shell, &error),
    }
}

fn page(
    workflow: &Workflow,
    visit: &Visit,
    shell: Shell,
    process: &standard::Workflow,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let body: Markup = html! {
        (error_summary(&text, state, &form::labels(&text, &process.fields)))
        form method="post" action=(format!("/cases/new/{}", process.name)) {
            (visit.csrf_field())
            input type="hidden" name="key" value=(state.value("key"));
            (form::fields(workflow, &text, &process.fields, state))
            @if process.files.most > 0 { p.hint { (text.get("workflow-files-later")) } }
            div.actions { (button(&text.get("workflow-submit"), true)) }
        }
    };
    shell
        .page(say(&text, &process.title))
        .crumbs(crumbs(&text, Some(process)))
        .lead(say(&text, &process.about))
        .section("/inbox")
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}
