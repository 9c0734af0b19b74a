//! `GET /assurance/reports`: what is to be reported today, in one click, and the schedules. `POST`: filing one.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{Day, UnitId};
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use ui::{
    Cache, Cell, Column, Fault, Field, FormState, Input, Page, Row, Shell, Table, Text, Tone,
    badge, button, error_summary, notice, section,
};

use super::{
    Sent, day_of, go_to, keep_short, keeper_button, may_keep, number, page as room_page, status_of,
    unit_link, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::reports::rules::{ReportStanding, owes, standing};
use crate::reports::{KnownSchedule, NewReport, Report};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match page(
        &assurance,
        &permit,
        &visit,
        &FormState::new(),
        shell.clone(),
    )
    .await
    {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn file(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let filed = async {
        let mut state = FormState::from_pairs(sent);
        keep_short(&mut state, &[("note", 1000)]);
        let schedule = number(state.value("schedule"))?;
        let unit = UnitId::new(number(state.value("unit"))?);
        let day = day_of(&mut state, "day");
        let incidents = state.read("incidents", |text| match text.parse() {
            Ok(count @ 0..=9999) => Ok(count),
            _ => Err(Fault::NUMBER),
        });
        if incidents.is_some_and(|count| count > 0) {
            state.required("note");
        }
        if let (Some(day), true) = (day, state.is_right()) {
            let new = NewReport {
                schedule,
                unit,
                day,
                incidents: incidents.unwrap_or(0),
                note: state.value("note").to_owned(),
            };
            assurance
                .file_report(&permit, &visit.address(), &new)
                .await?;
            return Ok(go_to("/assurance/reports?filed=1"));
        }
        let page = page(&assurance, &permit, &visit, &state, shell.clone()).await?;
        Ok::<_, AssuranceError>(page.into_response())
    };
    match filed.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

/// A report that the reader's own unit owes today.
struct Owed {
    known: KnownSchedule,
    unit: UnitId,
    report: Option<Report>,
}

async fn owed(
    assurance: &Assurance,
    permit: &Permit,
    schedules: &[KnownSchedule],
    today: Day,
) -> Result<Vec<Owed>, AssuranceError> {
    let tree = assurance.tree();
    let mut owed = Vec::new();
    for known in schedules.iter().filter(|known| known.is_on(today)) {
        let units: Vec<UnitId> = permit
            .units()
            .into_iter()
            .filter(|unit| owes(known, &tree, *unit))
            .collect();
        if units.is_empty() {
            continue;
        }
        let mut day = assurance.day_of_reports(permit, known, today).await?;
        for unit in units {
            let place = day.units.iter().position(|(each, _)| *each == unit);
            owed.push(Owed {
                known: known.clone(),
                unit,
                report: place.and_then(|place| day.units.swap_remove(place).1),
            });
        }
    }
    Ok(owed)
}

/// The badge of a standing.
pub(super) fn standing_badge(text: &Text, standing: ReportStanding) -> Markup {
    let tone = match standing {
        ReportStanding::Missing => Tone::Fix,
        ReportStanding::Late => Tone::Explain,
        ReportStanding::Awaited => Tone::Plain,
        ReportStanding::Came => Tone::Good,
    };
    badge(
        tone,
        &text.get(&format!("assurance-report-{}", standing.as_str())),
    )
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    state: &FormState,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let (today, now) = (assurance.today(), assurance.now());
    let schedules = assurance.schedules_in_reach(permit).await?;
    let owed = owed(assurance, permit, &schedules, today).await?;
    let mut table = Table::new(text.get("assurance-schedules"))
        .column(Column::text("title", text.get("assurance-schedule")))
        .column(Column::text("unit", text.get("assurance-set-by")))
        .column(Column::text("from", text.get("assurance-field-from")).narrow())
        .column(Column::text("to", text.get("assurance-field-to")).narrow())
        .column(Column::text("hour", text.get("assurance-hour")).narrow())
        .column(Column::text("state", text.get("assurance-incident-state")).narrow())
        .empty(ui::empty_state(
            &text.get("assurance-schedules-empty-title"),
            &text.get("assurance-schedules-empty"),
            None,
        ));
    let tree = assurance.tree();
    for known in &schedules {
        let (tone, key) = if known.is_on(today) {
            (Tone::Good, "assurance-schedule-on")
        } else if today < known.schedule.from {
            (Tone::Plain, "assurance-schedule-to-come")
        } else {
            (Tone::Plain, "assurance-schedule-over")
        };
        // Who set it is named; only those who reach that unit get to its page.
        let unit = if permit.sees(&tree, known.unit) {
            Cell::Markup(unit_link(&names, known.unit))
        } else {
            Cell::text(names.name(known.unit))
        };
        table = table.row(Row::new(vec![
            Cell::link(
                format!("/assurance/reports/{}", known.number),
                known.schedule.title.clone(),
            ),
            unit,
            Cell::text(known.schedule.from.to_string()),
            Cell::text(known.schedule.to.to_string()),
            Cell::text(known.hour()),
            Cell::Markup(badge(tone, &text.get(key))),
        ]));
    }
    // Who has nobody below sets no schedule.
    let may_set = assurance
        .home(permit)
        .is_some_and(|unit| !tree.children(unit).is_empty());
    let was_filed = shell.url.get("filed").is_some() && state.is_right();
    let body = html! {
        (views(&text, permit, "/assurance/reports"))
        @if was_filed { (notice(Tone::Good, &text.get("assurance-filed"), html! {})) }
        (error_summary(&text, state, &[]))
        @for each in &owed {
            @let standing = standing(&each.known, today, each.report.as_ref(), now);
            @let title = format!("{} · {}", each.known.schedule.title, names.name(each.unit));
            (section(&title, standing_badge(&text, standing), html! {
                p { (today) " " (text.with("assurance-due-by", &[("hour", &each.known.hour())])) }
                @if let Some(report) = &each.report {
                    p { (text.with("assurance-reported-at", &[("at", &report.at.to_string()), ("count", &report.incidents.to_string())])) }
                }
                @if may_keep(permit) {
                    (one_click(&text, visit, each, today))
                    (with_incidents(&text, visit, each, today, state))
                }
            }))
        }
        (section(&text.get("assurance-schedules"), html! {}, table.render(&text)))
    };
    Ok(room_page(shell, text.get("assurance-reports"), Vec::new())
        .tool(html! {
            @if may_set {
                (keeper_button(permit, &text.get("assurance-schedule-new"), "/assurance/reports/new", false))
            }
        })
        .cache(Cache::Never)
        .status(status_of(state))
        .body(body))
}

fn hidden(visit: &Visit, each: &Owed, day: Day) -> Markup {
    html! {
        (visit.csrf_field())
        input type="hidden" name="schedule" value=(each.known.number);
        input type="hidden" name="unit" value=(each.unit);
        input type="hidden" name="day" value=(day);
    }
}

/// 零报告: one button, large enough for a thumb.
fn one_click(text: &Text, visit: &Visit, each: &Owed, day: Day) -> Markup {
    html! {
        form method="post" action="/assurance/reports" {
            (hidden(visit, each, day))
            input type="hidden" name="incidents" value="0";
            div.actions { (button(&text.get("assurance-zero"), true)) }
        }
    }
}

fn with_incidents(text: &Text, visit: &Visit, each: &Owed, day: Day, state: &FormState) -> Markup {
    let is_this = state.value("schedule") == each.known.number.to_string()
        && state.value("unit") == each.unit.to_string();
    let empty = FormState::new();
    let held = if is_this { state } else { &empty };
    html! {
        details open[is_this] {
            summary { (text.get("assurance-not-zero")) }
            form method="post" action="/assurance/reports" {
                (hidden(visit, each, day))
                (Field::new("incidents", text.get("assurance-incident-count")).input(Input::Number).required().render(text, held))
                (Field::new("note", text.get("assurance-report-note")).input(Input::Area { rows: 3 }).required().max_length(1000).hint(text.get("assurance-hint-summary")).render(text, held))
                div.actions { (button(&text.get("assurance-report-file"), false)) }
            }
            p { a href=(format!("/assurance/incidents/new?unit={}", each.unit)) { (text.get("assurance-incident-new")) } }
        }
    }
}
