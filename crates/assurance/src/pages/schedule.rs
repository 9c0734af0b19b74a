//! `GET /assurance/reports/{id}`: who has reported on a day and who has not. `POST`: ending the schedule early.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::Day;
use maud::html;
use security::{Permit, RequirePermit, Visit};
use ui::{
    Cache, Cell, Choice, Column, Field, FilterBar, FormState, Input, Page, Pager, PlanNumber, Row,
    Shell, Table, Tone, WrongDay, plan_numbers, post_button,
};

use super::reports::standing_badge;
use super::{PAGE, go_to, may_keep, number, page as room_page, unit_link, views};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::reports::KnownSchedule;
use crate::reports::rules::{ReportStanding, standing};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let asked = match shell.url.get("day").filter(|said| !said.is_empty()) {
        None => None,
        Some(said) => match Day::parse(said) {
            Ok(day) => Some(day),
            Err(_) => {
                return WrongDay::new("day", said).into_response(shell, "assurance.address");
            }
        },
    };
    let shown = async {
        let known = assurance.schedule_of(&permit, number(&id)?).await?;
        page(&assurance, &permit, &visit, &known, asked, shell.clone()).await
    };
    match shown.await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn end(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let ended = async {
        let number = number(&id)?;
        assurance
            .end_schedule(&permit, &visit.address(), number)
            .await?;
        Ok::<_, AssuranceError>(go_to(&format!("/assurance/reports/{number}")))
    };
    match ended.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    known: &KnownSchedule,
    asked: Option<Day>,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let (today, now) = (assurance.today(), assurance.now());
    let last = known.schedule.to.min(today).max(known.schedule.from);
    let day = asked.unwrap_or(last);
    let typed = url.get("q").unwrap_or_default().trim().to_owned();
    let shown_state = url.get("state").unwrap_or_default().to_owned();
    let mut units: Vec<_> = if known.is_on(day) {
        assurance.day_of_reports(permit, known, day).await?.units
    } else {
        Vec::new()
    }
    .into_iter()
    .map(|(unit, report)| (standing(known, day, report.as_ref(), now), unit, report))
    .collect();
    let counts = ReportStanding::ALL.map(|each| {
        let count = units
            .iter()
            .filter(|(standing, ..)| *standing == each)
            .count();
        (each, i64::try_from(count).unwrap_or(i64::MAX))
    });
    units.retain(|(standing, unit, _)| {
        (shown_state.is_empty() || standing.as_str() == shown_state) && names.fits(*unit, &typed)
    });
    // Those who are missing first, otherwise in the order of the tree.
    units.sort_by_key(|(standing, ..)| *standing);
    let numbers: Vec<PlanNumber> = counts
        .iter()
        .map(|(standing, count)| PlanNumber {
            label: text.get(&format!("assurance-report-{}", standing.as_str())),
            count: *count,
            tone: match standing {
                ReportStanding::Missing => Tone::Fix,
                ReportStanding::Late => Tone::Explain,
                ReportStanding::Awaited | ReportStanding::Came => Tone::Plain,
            },
            href: Some(
                url.with("state", standing.as_str())
                    .without("page")
                    .to_string(),
            ),
            open: shown_state == standing.as_str(),
        })
        .collect();
    let pager = Pager::from_url(&url, PAGE, units.len() as u64);
    let mut table = Table::new(text.get("assurance-reports"))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("standing", text.get("assurance-standing")).narrow())
        .column(Column::text("at", text.get("assurance-report-at")).narrow())
        .column(Column::number(
            "incidents",
            text.get("assurance-incident-count"),
        ))
        .column(Column::text("note", text.get("assurance-report-note")));
    let shown = pager.of(&units);
    for (standing, unit, report) in shown {
        table = table.row(Row::new(vec![
            Cell::Markup(unit_link(&names, *unit)),
            Cell::Markup(standing_badge(&text, *standing)),
            Cell::maybe_text(report.as_ref().map(|report| report.at.to_string())),
            Cell::maybe_integer(report.as_ref().map(|report| report.incidents)),
            Cell::maybe_text(report.as_ref().map(|report| report.note.clone())),
        ]));
    }
    let held = FormState::new()
        .with("day", day.to_string())
        .with("q", typed)
        .with("state", shown_state);
    let states = ReportStanding::ALL
        .map(|each| {
            Choice::new(
                each.as_str(),
                text.get(&format!("assurance-report-{}", each.as_str())),
            )
        })
        .to_vec();
    let filters = FilterBar {
        fields: vec![
            Field::new("day", text.get("assurance-day"))
                .input(Input::Date)
                .inline()
                .render(&text, &held),
            Field::new("q", text.get("assurance-search-unit"))
                .input(Input::Search)
                .inline()
                .render(&text, &held),
            Field::new("state", text.get("assurance-standing"))
                .input(Input::Select {
                    choices: states,
                    empty: Some(text.get("assurance-all")),
                })
                .inline()
                .render(&text, &held),
        ],
        keep: Vec::new(),
    };
    let may_end = may_keep(permit)
        && permit.sees(&assurance.tree(), known.unit)
        && known.ended.is_none()
        && today <= known.schedule.to;
    let lead = text.with(
        "assurance-schedule-lead",
        &[
            ("unit", &names.name(known.unit)),
            ("from", &known.schedule.from.to_string()),
            ("to", &known.schedule.to.to_string()),
            ("hour", &known.hour()),
        ],
    );
    let body = html! {
        (views(&text, permit, "/assurance/reports"))
        (filters.render(&text, &url))
        div #results data-region="" {
            (plan_numbers(&text.get("assurance-standing"), &numbers))
            (table.render(&text))
            (pager.render(&text, &url))
        }
        @if may_end {
            (post_button(&text.get("assurance-schedule-end"), &format!("/assurance/reports/{}", known.number),
                &[(security::web::CSRF_FIELD, visit.csrf())], Tone::Plain, Some(&text.get("assurance-schedule-end-confirm"))))
        }
    };
    Ok(room_page(
        shell,
        known.schedule.title.clone(),
        vec![(
            text.get("assurance-reports"),
            "/assurance/reports".to_owned(),
        )],
    )
    .lead(lead)
    .tool(ui::print_button(&text))
    .cache(Cache::Never)
    .body(body))
}
