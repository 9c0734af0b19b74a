//! `GET /assurance/accountability`: the accountability cases (问责) of incidents within reach.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{
    Cache, Cell, Choice, Column, Field, FilterBar, FormState, Input, Page, Pager, Row, Shell,
    Table, Text, Tone, Url, badge,
};

use super::{PAGE, page as room_page, unit_link, views};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::incidents::{Accountability, Incident};

/// The states in addresses, which end the keys of their words.
const STATES: [&str; 2] = ["open", "decided"];

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

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let typed = url.get("q").unwrap_or_default().trim().to_owned();
    let state = url.get("state").unwrap_or_default().to_owned();
    let incidents = assurance.incidents_in_reach(permit).await?;
    let mut listed: Vec<(&Incident, i64, &Accountability)> = incidents
        .iter()
        .flat_map(|incident| {
            incident
                .cases
                .iter()
                .map(move |(number, case)| (incident, *number, case))
        })
        .filter(|(incident, _, case)| {
            let by_state = state.is_empty() || (state == "decided") == case.is_decided();
            by_state
                && (typed.is_empty()
                    || case.who.contains(&typed)
                    || incident.opening.title.contains(&typed)
                    || names.fits(incident.unit, &typed))
        })
        .collect();
    // What is open and oldest comes first.
    listed.sort_by_key(|(incident, number, case)| {
        (case.is_decided(), case.opened, incident.number, *number)
    });
    let pager = Pager::from_url(&url, PAGE, listed.len() as u64);
    let mut table = Table::new(text.get("assurance-accountability"))
        .column(Column::text("case", text.get("assurance-incident")))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("who", text.get("assurance-field-who")))
        .column(Column::text("opened", text.get("assurance-case-opened-at")).narrow())
        .column(Column::text("state", text.get("assurance-standing")).narrow())
        .column(Column::text("said", text.get("assurance-case-text")))
        .empty(ui::empty_state(
            &text.get("assurance-accountability-empty-title"),
            &text.get("assurance-accountability-empty"),
            None,
        ));
    let shown = pager.of(&listed);
    for (incident, number, case) in shown {
        let link = format!("/assurance/incidents/{}#case-{number}", incident.number);
        let named = text.with("assurance-case-number", &[("number", &number.to_string())]);
        let standing = match case.decided {
            Some(at) => html! {
                (badge(Tone::Good, &text.get("assurance-case-is-decided"))) " " span.hint { (at.day()) }
            },
            None => badge(Tone::Fix, &text.get("assurance-case-is-open")),
        };
        table = table.row(
            Row::new(vec![
                Cell::Markup(
                    html! { a href=(link) { (incident.opening.title) } br; span.hint { (named) } },
                ),
                Cell::Markup(unit_link(&names, incident.unit)),
                Cell::text(case.who.clone()),
                Cell::text(case.opened.day().to_string()),
                Cell::Markup(standing),
                Cell::text(case.said.clone()),
            ])
            .id(format!("case-{}-{number}", incident.number)),
        );
    }
    let body = html! {
        (views(&text, permit, "/assurance/accountability"))
        (filters(&text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(
        room_page(shell, text.get("assurance-accountability"), Vec::new())
            .lead(text.get("assurance-accountability-lead"))
            .tool(ui::print_button(&text))
            .cache(Cache::Never)
            .body(body),
    )
}

fn filters(text: &Text, url: &Url) -> Markup {
    let held = ["q", "state"].iter().fold(FormState::new(), |state, key| {
        state.with(key, url.get(key).unwrap_or_default())
    });
    let states = STATES
        .map(|state| Choice::new(state, text.get(&format!("assurance-case-is-{state}"))))
        .to_vec();
    FilterBar {
        fields: vec![
            Field::new("q", text.get("assurance-search-incident"))
                .input(Input::Search)
                .inline()
                .render(text, &held),
            Field::new("state", text.get("assurance-standing"))
                .input(Input::Select {
                    choices: states,
                    empty: Some(text.get("assurance-all")),
                })
                .inline()
                .render(text, &held),
        ],
        keep: Vec::new(),
    }
    .render(text, url)
}
