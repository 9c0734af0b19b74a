//! `GET /exports` and `POST /exports/{id}`: exports that need approval, for those who asked and those who decide.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Cell, Column, Crumb, Fault, Field, FormState, Row, Shell, Table, Text, Tone, badge,
    empty_state, section,
};

use super::words::{Names, word};
use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{ExportId, ExportRequest, ExportState};
use crate::pages::{Sent, failed, go_to, typed};
use crate::permit::Denied;
use crate::web::{RequirePermit, Visit};

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    answer(&security, &permit, &visit, shell, None, StatusCode::OK).await
}

pub(super) async fn decide(
    State(security): State<Security>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Ok(id) = id.parse().map(ExportId) else {
        return failed(shell, &Denied::Hidden.into());
    };
    let approve = match typed(&sent, "decision").as_str() {
        "approve" => true,
        "refuse" => false,
        _ => return go_to("/exports"),
    };
    let note = typed(&sent, "note");
    let (fault, status) = match security.decide_export(&permit, id, approve, &note).await {
        Ok(()) => return go_to("/exports"),
        Err(SecurityError::NoNote) => ("security-no-note", StatusCode::UNPROCESSABLE_ENTITY),
        Err(SecurityError::OwnMatter) => ("security-own-matter", StatusCode::FORBIDDEN),
        Err(SecurityError::Settled) => ("security-settled", StatusCode::CONFLICT),
        Err(error) => return failed(shell, &error),
    };
    let fault = Some((id, Fault::Key(fault)));
    answer(&security, &permit, &visit, shell, fault, status).await
}

async fn answer(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    fault: Option<(ExportId, Fault)>,
    status: StatusCode,
) -> Response {
    match page(security, permit, visit, shell.clone(), fault).await {
        Ok(page) => page.status(status).into_response(),
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    fault: Option<(ExportId, Fault)>,
) -> Result<ui::Page, SecurityError> {
    let text = shell.text.clone();
    let own = security.own_exports(permit).await?;
    let waiting = security.exports_to_decide(permit).await?;
    let limit = ui::format::integer(security.export_limit().await?);
    let actors: Vec<String> = waiting
        .iter()
        .map(|request| format!("account:{}", request.account))
        .chain(own.iter().map(|request| request.decided_by.clone()))
        .collect();
    let units: Vec<kernel::UnitId> = waiting
        .iter()
        .chain(&own)
        .filter_map(|request| request.unit)
        .collect();
    let names = Names::of(security, &actors, &units).await?;
    let mut to_decide = table(&text, "security-exports-waiting")
        .column(Column::text("who", text.get("security-export-who")))
        .column(Column::text("decide", text.get("security-export-decide")));
    for request in &waiting {
        let fault = fault
            .as_ref()
            .filter(|(id, _)| *id == request.id)
            .map(|(_, fault)| fault.clone());
        let mut cells = cells(&text, request);
        let actor = format!("account:{}", request.account);
        cells.push(Cell::Markup(html! {
            (names.actor(&text, &actor))
            @if let Some(unit) = request.unit { br; span.hint { (names.unit(&text, unit)) } }
        }));
        cells.push(Cell::Markup(form(&text, visit, request, fault)));
        to_decide = to_decide.row(Row::new(cells).id(format!("x{}", request.id.0)));
    }
    let mut asked = table(&text, "security-exports-own")
        .column(Column::text("state", text.get("security-export-state")).narrow())
        .column(Column::text("until", text.get("security-export-until")).narrow())
        .column(Column::text("by", text.get("security-export-by")))
        .empty(empty_state(
            &text.get("security-exports-none"),
            &text.with("security-exports-none-hint", &[("limit", &limit)]),
            None,
        ));
    for request in &own {
        let mut cells = cells(&text, request);
        cells.push(Cell::Markup(state(&text, request)));
        cells.push(Cell::text(request.expires.to_string()));
        cells.push(Cell::Markup(html! {
            @if request.decided.is_some() { (names.actor(&text, &request.decided_by)) }
            @if !request.note.is_empty() { br; span.hint { (request.note) } }
        }));
        asked = asked.row(Row::new(cells));
    }
    let late = fault
        .as_ref()
        .filter(|(id, _)| !waiting.iter().any(|request| request.id == *id))
        .map(|(_, fault)| fault.say(&text));
    let body = html! {
        @if let Some(late) = late { (ui::notice(Tone::Explain, &late, html! {})) }
        @if !waiting.is_empty() {
            (section(&text.get("security-exports-waiting"), html! {}, to_decide.render(&text)))
        }
        (section(&text.get("security-exports-own"), html! {}, asked.render(&text)))
    };
    Ok(shell
        .page(text.get("security-exports"))
        .lead(text.with("security-exports-lead", &[("limit", &limit)]))
        .crumbs(vec![Crumb::here(text.get("security-exports"))])
        .cache(Cache::Never)
        .body(body))
}

fn table(text: &Text, caption: &str) -> Table {
    Table::new(text.get(caption))
        .column(Column::text("number", text.get("security-export-number")).narrow())
        .column(Column::text("asked", text.get("security-export-asked")).narrow())
        .column(Column::text("what", text.get("security-export-what")))
        .column(Column::number(
            "persons",
            text.get("security-audit-persons"),
        ))
        .column(Column::text("purpose", text.get("security-audit-purpose")))
}

fn cells(text: &Text, request: &ExportRequest) -> Vec<Cell> {
    let shown = match request.in_full {
        true => text.get("security-audit-full"),
        false => text.get("security-audit-masked"),
    };
    let level = word(text, "security-level", request.level.as_str());
    vec![
        Cell::text(request.id.0.to_string()),
        Cell::text(request.asked.to_string()),
        Cell::text(format!("{} · {level} · {shown}", request.dataset)),
        Cell::integer(request.persons),
        Cell::text(request.purpose.clone()),
    ]
}

fn state(text: &Text, request: &ExportRequest) -> Markup {
    let tone = match request.state {
        ExportState::Approved => Tone::Good,
        ExportState::Refused => Tone::Fix,
        ExportState::Asked | ExportState::Expired => Tone::Plain,
    };
    badge(
        tone,
        &word(text, "security-export-is", request.state.as_str()),
    )
}

fn form(text: &Text, visit: &Visit, request: &ExportRequest, fault: Option<Fault>) -> Markup {
    let mut state = FormState::new();
    if let Some(fault) = fault {
        state.fail("note", fault);
    }
    html! {
        form method="post" action=(format!("/exports/{}", request.id.0)) {
            (visit.csrf_field())
            (Field::new("note", text.get("security-export-note"))
                .hint(text.get("security-export-note-hint")).max_length(1000).render(text, &state))
            div.actions {
                button.main type="submit" name="decision" value="approve" { (text.get("security-export-approve")) }
                button type="submit" name="decision" value="refuse" { (text.get("security-export-refuse")) }
            }
        }
    }
}
