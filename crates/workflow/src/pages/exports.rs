//! `GET /exports`: exports that need approval, for those who asked and those who decide; they decide in the case.
//! `GET /exports/{id}/file`: on to the file of an approved one.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{ExportId, ExportRequest, ExportState, RequirePermit};
use ui::{
    Cache, Cell, Column, Crumb, Icon, Page, Row, Shell, Table, Text, Tone, badge, empty_state,
    link_button, section,
};

use super::failure::failed;
use super::go_to;
use super::words::{Names, say};
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::CaseId;

pub(super) async fn show(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&workflow, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn fetch(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let Ok(id) = id.parse().map(ExportId) else {
        return failed(shell, &WorkflowError::Hidden);
    };
    match workflow.export_file(&permit, id).await {
        Ok(link) => go_to(&link),
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    workflow: &Workflow,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Page, WorkflowError> {
    let text = shell.text.clone();
    let mut names = Names::new(workflow, &text);
    let limit = ui::format::integer(workflow.security().export_limit().await?);
    let waiting = workflow.exports_to_decide(permit).await?;
    let own = workflow.exports(permit).await?;
    let mut to_decide = table(&text, "workflow-exports-waiting")
        .column(Column::text("who", text.get("workflow-applicant")))
        .column(Column::text("decide", text.get("workflow-moves")).narrow());
    for (request, case) in &waiting {
        let who = names.actor(&format!("account:{}", request.account)).await?;
        let unit = match request.unit {
            Some(unit) => Some(names.unit(unit).await),
            None => None,
        };
        let mut cells = cells(&names, request);
        cells.push(Cell::Markup(html! {
            (who)
            @if let Some(unit) = unit { br; span.hint { (unit) } }
        }));
        cells.push(Cell::Markup(case_link(&text, *case, true)));
        to_decide = to_decide.row(Row::new(cells).id(format!("x{}", request.id.0)));
    }
    let mut asked = table(&text, "workflow-exports-own")
        .column(Column::text("state", text.get("workflow-state")).narrow())
        .column(Column::text("until", text.get("workflow-export-until")).narrow())
        .column(Column::text("by", text.get("workflow-export-by")))
        .column(Column::text("file", text.get("workflow-export-file")))
        .empty(empty_state(
            &text.get("workflow-exports-none"),
            &text.with("workflow-exports-none-hint", &[("limit", &limit)]),
            None,
        ));
    for (request, case) in &own {
        let by = match request.decided {
            Some(_) => Some(names.actor(&request.decided_by).await?),
            None => None,
        };
        let mut cells = cells(&names, request);
        cells.push(Cell::Markup(state(&text, request)));
        cells.push(Cell::text(request.expires.to_string()));
        cells.push(Cell::Markup(html! {
            @if let Some(by) = by { (by) br; }
            (case_link(&text, *case, false))
        }));
        cells.push(Cell::Markup(file(&text, request)));
        asked = asked.row(Row::new(cells).id(format!("x{}", request.id.0)));
    }
    let body = html! {
        @if !waiting.is_empty() {
            (section(&text.get("workflow-exports-waiting"), html! {}, to_decide.render(&text)))
        }
        (section(&text.get("workflow-exports-own"), html! {}, asked.render(&text)))
    };
    Ok(shell
        .page(text.get("workflow-exports"))
        .lead(text.with("workflow-exports-lead", &[("limit", &limit)]))
        .crumbs(vec![Crumb::here(text.get("workflow-exports"))])
        .cache(Cache::Never)
        .body(body))
}

fn table(text: &Text, caption: &str) -> Table {
    Table::new(text.get(caption))
        .column(Column::text("number", text.get("workflow-number")).narrow())
        .column(Column::text("asked", text.get("workflow-begun")).narrow())
        .column(Column::text("what", text.get("workflow-about")))
        .column(Column::number(
            "persons",
            text.get("workflow-export-persons"),
        ))
        .column(Column::text(
            "recipient",
            text.get("workflow-export-recipient"),
        ))
}

fn cells(names: &Names<'_>, request: &ExportRequest) -> Vec<Cell> {
    let text = names.text;
    let shown = match request.in_full {
        true => text.get("workflow-export-full"),
        false => text.get("workflow-export-masked"),
    };
    let dataset = names.workflow.standard().dataset(&request.dataset);
    let dataset = dataset.map_or_else(
        || request.dataset.clone(),
        |dataset| say(text, &dataset.title).to_owned(),
    );
    vec![
        Cell::text(request.id.0.to_string()),
        Cell::text(request.asked.to_string()),
        Cell::text(format!("{dataset} · {shown}")),
        Cell::integer(request.persons),
        match request.recipient.is_empty() {
            true => Cell::Missing,
            false => Cell::text(request.recipient.clone()),
        },
    ]
}

fn state(text: &Text, request: &ExportRequest) -> Markup {
    let tone = match request.state {
        ExportState::Approved => Tone::Good,
        ExportState::Refused => Tone::Fix,
        ExportState::Asked | ExportState::Withdrawn | ExportState::Expired => Tone::Plain,
    };
    let key = format!("workflow-export-is-{}", request.state.as_str());
    badge(tone, &text.get(&key))
}

/// The file, where it may be fetched, and the trace number that the last one bears.
fn file(text: &Text, request: &ExportRequest) -> Markup {
    html! {
        @if request.state == ExportState::Approved {
            (link_button(
                &text.get("workflow-export-fetch"),
                &format!("/exports/{}/file", request.id.0),
                Some(Icon::Download),
                true,
            ))
        }
        @if !request.trace.is_empty() {
            br; span.hint { (text.get("workflow-trace")) " " (ui::code(&request.trace)) }
        }
    }
}

fn case_link(text: &Text, case: Option<CaseId>, main: bool) -> Markup {
    html! {
        @if let Some(case) = case {
            @let href = format!("/cases/{case}");
            @if main {
                (link_button(&text.get("workflow-moves"), &href, None, true))
            } @else {
                a href=(href) { (text.with("workflow-case", &[("number", &case.to_string())])) }
            }
        }
    }
}
