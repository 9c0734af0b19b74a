//! `GET /alerts` and `POST /alerts/{id}`: unusual reading, for the security administrator.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Cell, Column, Crumb, Fault, Field, FormState, Input, Row, Shell, Table, Text, Tone,
    badge, button, empty_state, section,
};

use super::words::{Names, lang};
use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{Alert, AlertId};
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

pub(super) async fn close(
    State(security): State<Security>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Ok(id) = id.parse().map(AlertId) else {
        return failed(shell, &Denied::Hidden.into());
    };
    let note = typed(&sent, "note");
    match security.close_alert(&permit, id, &note).await {
        Ok(()) => go_to("/alerts"),
        Err(SecurityError::NoNote) => {
            let fault = Some((id, Fault::Key("security-no-note")));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            answer(&security, &permit, &visit, shell, fault, status).await
        }
        Err(SecurityError::OwnMatter) => {
            let fault = Some((id, Fault::Key("security-own-matter")));
            let status = StatusCode::FORBIDDEN;
            answer(&security, &permit, &visit, shell, fault, status).await
        }
        Err(error) => failed(shell, &error),
    }
}

async fn answer(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    fault: Option<(AlertId, Fault)>,
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
    fault: Option<(AlertId, Fault)>,
) -> Result<ui::Page, SecurityError> {
    let text = shell.text.clone();
    let alerts = security.alerts(permit).await?;
    let actors: Vec<String> = alerts
        .iter()
        .flat_map(|alert| [alert.actor.clone(), alert.closed_by.clone()])
        .collect();
    let units: Vec<kernel::UnitId> = alerts.iter().filter_map(|alert| alert.unit).collect();
    let names = Names::of(security, &actors, &units).await?;
    let (open, closed): (Vec<&Alert>, Vec<&Alert>) =
        alerts.iter().partition(|alert| alert.closed.is_none());
    let mut waiting = table(&text, "security-alerts-open")
        .column(Column::text("note", text.get("security-alert-looked-into")));
    for alert in &open {
        let fault = fault
            .as_ref()
            .filter(|(id, _)| *id == alert.id)
            .map(|(_, fault)| fault.clone());
        let mut cells = cells(security, &text, &names, alert);
        cells.push(Cell::Markup(form(&text, visit, alert, fault)));
        waiting = waiting.row(Row::new(cells).id(format!("a{}", alert.id.0)));
    }
    let waiting = waiting.empty(empty_state(
        &text.get("security-alerts-none"),
        &text.get("security-alerts-none-hint"),
        None,
    ));
    let mut done = table(&text, "security-alerts-closed")
        .column(Column::text("who", text.get("security-alert-closed-by")))
        .column(Column::text("note", text.get("security-alert-note")));
    for alert in &closed {
        let mut cells = cells(security, &text, &names, alert);
        cells.push(Cell::Markup(html! {
            (names.actor(&text, &alert.closed_by)) br;
            span.hint { (alert.closed.map(|at| at.to_string()).unwrap_or_default()) }
        }));
        cells.push(Cell::text(alert.note.clone()));
        done = done.row(Row::new(cells));
    }
    let body = html! {
        (section(&text.get("security-alerts-open"), html! {}, waiting.render(&text)))
        @if !closed.is_empty() {
            (section(&text.get("security-alerts-closed"), html! {}, done.render(&text)))
        }
    };
    Ok(shell
        .page(text.get("security-alerts"))
        .lead(text.get("security-alerts-lead"))
        .crumbs(vec![Crumb::here(text.get("security-alerts"))])
        .cache(Cache::Never)
        .body(body))
}

fn table(text: &Text, caption: &str) -> Table {
    Table::new(text.get(caption))
        .column(Column::text("rule", text.get("security-alert-rule")))
        .column(Column::text("who", text.get("security-audit-actor")))
        .column(Column::text("when", text.get("security-alert-when")).narrow())
        .column(Column::number(
            "persons",
            text.get("security-audit-persons"),
        ))
        .column(Column::number("usual", text.get("security-alert-usual")))
}

fn cells(security: &Security, text: &Text, names: &Names, alert: &Alert) -> Vec<Cell> {
    let language = lang(text);
    let rule = security
        .alert_rules()
        .iter()
        .find(|rule| rule.name == alert.rule);
    let unit = alert.unit.map(|unit| names.unit(text, unit));
    vec![
        Cell::Markup(html! {
            @match rule {
                Some(rule) => {
                    (badge(Tone::Explain, rule.title.get(language))) br;
                    span.hint { (rule.about.get(language)) }
                }
                None => (alert.rule),
            }
        }),
        Cell::Markup(html! {
            (names.actor(text, &alert.actor)) " " span.hint { (alert.actor) }
            @if let Some(unit) = unit { br; span.hint { (unit) } }
        }),
        Cell::text(format!("{} – {}", alert.from, alert.to)),
        Cell::integer(alert.persons),
        Cell::maybe_integer(alert.usual),
    ]
}

fn form(text: &Text, visit: &Visit, alert: &Alert, fault: Option<Fault>) -> Markup {
    let mut state = FormState::new();
    if let Some(fault) = fault {
        state.fail("note", fault);
    }
    html! {
        form method="post" action=(format!("/alerts/{}", alert.id.0)) {
            (visit.csrf_field())
            (Field::new("note", text.get("security-alert-note"))
                .input(Input::Area { rows: 2 })
                .hint(text.get("security-alert-note-hint"))
                .max_length(1000).required().render(text, &state))
            div.actions { (button(&text.get("security-alert-close"), false)) }
        }
    }
}
