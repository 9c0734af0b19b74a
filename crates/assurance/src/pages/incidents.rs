//! `GET /assurance/incidents`: incidents with the time that is left for the next report.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::Millis;
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{
    Cache, Cell, Choice, Column, Field, FilterBar, FormState, Input, Page, Pager, Row, Shell,
    Table, Text, Tone, badge,
};

use super::{PAGE, keeper_button, page as room_page, said, unit_link, views};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::incidents::rules::{Timer, timers};
use crate::incidents::{Incident, IncidentState};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&assurance, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

/// The time until an instant, or since, as it reads: `3 小时 20 分`.
pub(super) fn time_left(text: &Text, due: Millis, now: Millis) -> Markup {
    let left = due.since(now);
    let minutes = left.abs() / 60_000;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let values = [
        ("days", days.to_string()),
        ("hours", hours.to_string()),
        ("minutes", rest.to_string()),
    ];
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let length = if days > 0 {
        text.with("assurance-days-hours", &values)
    } else {
        text.with("assurance-hours-minutes", &values)
    };
    if left < 0 {
        return badge(
            Tone::Fix,
            &text.with("assurance-time-over", &[("length", &length)]),
        );
    }
    badge(
        Tone::Explain,
        &text.with("assurance-time-left", &[("length", &length)]),
    )
}

/// The title of a level of incident.
pub(super) fn level_words(assurance: &Assurance, text: &Text, level: &str) -> String {
    assurance.rules().level(level).map_or_else(
        || level.to_owned(),
        |level| said(text, &level.title).to_owned(),
    )
}

/// The title of a kind of incident.
pub(super) fn kind_words(assurance: &Assurance, text: &Text, kind: &str) -> String {
    assurance.rules().kind(kind).map_or_else(
        || kind.to_owned(),
        |kind| said(text, &kind.title).to_owned(),
    )
}

/// The badge of a state.
pub(super) fn state_badge(text: &Text, state: IncidentState) -> Markup {
    let tone = match state {
        IncidentState::Open => Tone::Fix,
        IncidentState::Ended => Tone::Explain,
        IncidentState::Closed => Tone::Good,
    };
    badge(
        tone,
        &text.get(&format!("assurance-state-{}", state.as_str())),
    )
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let now = assurance.now();
    let asked = |key: &str| url.get(key).unwrap_or_default().trim().to_owned();
    let (typed, state, level, overdue) =
        (asked("q"), asked("state"), asked("level"), asked("overdue"));
    let mut listed: Vec<(Incident, Vec<Timer<'_>>)> = assurance
        .incidents_in_reach(permit)
        .await?
        .into_iter()
        .map(|incident| {
            let timers = timers(assurance.book(), &incident, now);
            (incident, timers)
        })
        .filter(|(incident, timers)| {
            let is_overdue =
                incident.state != IncidentState::Closed && timers.iter().any(Timer::is_overdue);
            let by_state = match state.as_str() {
                "" => true,
                // What is not closed is open to whoever looks for what is to be done.
                "open" => incident.state != IncidentState::Closed,
                other => incident.state.as_str() == other,
            };
            by_state
                && (level.is_empty() || incident.level == level)
                && (overdue.is_empty() || is_overdue)
                && (typed.is_empty()
                    || incident.opening.title.contains(&typed)
                    || names.fits(incident.unit, &typed))
        })
        .collect();
    // Those with the least time first, then the newest.
    listed.sort_by_key(|(incident, timers)| {
        let due = timers
            .iter()
            .filter(|_| incident.state != IncidentState::Closed)
            .find_map(Timer::due)
            .map_or(i64::MAX, Millis::get);
        (due, std::cmp::Reverse(incident.opening.found))
    });
    let pager = Pager::from_url(&url, PAGE, listed.len() as u64);
    let mut table = Table::new(text.get("assurance-incidents"))
        .column(Column::text("title", text.get("assurance-incident")))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("kind", text.get("assurance-kind")).narrow())
        .column(Column::text("level", text.get("assurance-incident-level")).narrow())
        .column(Column::text("found", text.get("assurance-found")).narrow())
        .column(Column::text("state", text.get("assurance-incident-state")).narrow())
        .column(Column::text("next", text.get("assurance-next-report")))
        .empty(ui::empty_state(
            &text.get("assurance-incidents-empty-title"),
            &text.get("assurance-incidents-empty"),
            None,
        ));
    let shown = pager.of(&listed);
    for (incident, timers) in shown {
        let next = timers
            .iter()
            .filter(|_| incident.state != IncidentState::Closed)
            .find_map(|timer| timer.due().map(|due| (timer, due)));
        let next = match next {
            Some((timer, due)) => Cell::Markup(html! {
                (said(&text, &timer.deadline.title)) " " (time_left(&text, due, now))
            }),
            None => Cell::Missing,
        };
        table = table.row(Row::new(vec![
            Cell::link(
                format!("/assurance/incidents/{}", incident.number),
                incident.opening.title.clone(),
            ),
            Cell::Markup(unit_link(&names, incident.unit)),
            Cell::text(kind_words(assurance, &text, &incident.opening.kind)),
            Cell::text(level_words(assurance, &text, &incident.level)),
            Cell::text(incident.opening.found.to_string()),
            Cell::Markup(state_badge(&text, incident.state)),
            next,
        ]));
    }
    let held = ["q", "state", "level", "overdue"]
        .iter()
        .fold(FormState::new(), |state, key| {
            state.with(key, url.get(key).unwrap_or_default())
        });
    let select = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::new(name, text.get(label))
            .input(Input::Select {
                choices,
                empty: Some(text.get("assurance-all")),
            })
            .inline()
            .render(&text, &held)
    };
    let states = IncidentState::ALL
        .map(|state| {
            Choice::new(
                state.as_str(),
                text.get(&format!("assurance-state-{}", state.as_str())),
            )
        })
        .to_vec();
    let levels = assurance
        .rules()
        .levels
        .iter()
        .map(|level| Choice::new(&level.name, said(&text, &level.title)))
        .collect();
    let filters = FilterBar {
        fields: vec![
            Field::new("q", text.get("assurance-search-incident"))
                .input(Input::Search)
                .inline()
                .render(&text, &held),
            select("state", "assurance-incident-state", states),
            select("level", "assurance-incident-level", levels),
            Field::new("overdue", text.get("assurance-overdue"))
                .input(Input::Box)
                .render(&text, &held),
        ],
        keep: Vec::new(),
    };
    let body = html! {
        (views(&text, permit, "/assurance/incidents"))
        (filters.render(&text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(
        room_page(shell, text.get("assurance-incidents"), Vec::new())
            .tool(keeper_button(
                permit,
                &text.get("assurance-incident-new"),
                "/assurance/incidents/new",
                true,
            ))
            .tool(ui::print_button(&text))
            .cache(Cache::Never)
            .body(body),
    )
}
