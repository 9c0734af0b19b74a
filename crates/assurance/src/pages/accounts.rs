//! `GET` and `POST /assurance/accounts`: who holds a post and owes something for it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Action, Permit, RequirePermit, Visit};
use ui::{
    Cache, Cell, Choice, Column, Field, FilterBar, FormState, Input, Page, Pager, Row, Shell,
    Table, Text, Tone, Url, notice, post_button,
};

use super::{PAGE, Sent, go_to, in_a_row, may_keep, page as room_page, said, unit_link, views};
use crate::api::Assurance;
use crate::directory::UnitNames;
use crate::error::AssuranceError;
use crate::holders::{Owed, Owing};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match page(&assurance, &permit, &visit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn remind(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    let reminded = match Owed::parse(state.value("what")) {
        Some(owed) => assurance
            .remind(&permit, &visit.address(), owed)
            .await
            .map(|count| (owed, count)),
        None => Err(AssuranceError::State),
    };
    match reminded {
        Ok((owed, count)) => go_to(&format!(
            "/assurance/accounts?what={}&reminded={count}",
            owed.as_str()
        )),
        Err(error) => error.as_page(shell),
    }
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let what = url.get("what").and_then(Owed::parse);
    let typed = url.get("q").unwrap_or_default().trim().to_owned();
    let owing: Vec<Owing> = assurance
        .owing(permit)
        .await?
        .into_iter()
        .filter(|one| what.is_none_or(|what| one.owed == what))
        .filter(|one| {
            let by_unit = one
                .held
                .grant
                .unit
                .is_some_and(|unit| names.fits(unit, &typed));
            typed.is_empty()
                || by_unit
                || one.held.display.contains(&typed)
                || one.held.login.contains(&typed)
        })
        .collect();
    let pager = Pager::from_url(&url, PAGE, owing.len() as u64);
    let mut table = Table::new(text.get("assurance-accounts"))
        .column(Column::text("who", text.get("assurance-attendee")))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("post", text.get("assurance-post")))
        .column(Column::text("owed", text.get("assurance-owed")))
        .column(Column::text("do", text.get("assurance-to-do")))
        .empty(ui::empty_state(
            &text.get("assurance-accounts-empty-title"),
            &text.get("assurance-accounts-empty"),
            None,
        ));
    let shown = pager.of(&owing);
    for one in shown {
        table = table.row(row(&text, permit, &names, one));
    }
    let own_page = what.and_then(Owed::own_page);
    let tool = match (what, own_page) {
        (Some(what), Some(_)) if may_keep(permit) && !owing.is_empty() => post_button(
            &text.get("assurance-remind"),
            "/assurance/accounts",
            &[
                (security::web::CSRF_FIELD, visit.csrf()),
                ("what", what.as_str()),
            ],
            Tone::Plain,
            Some(&text.with(
                "assurance-remind-confirm",
                &[("count", &owing.len().to_string())],
            )),
        ),
        _ => html! {},
    };
    let reminded = url
        .get("reminded")
        .and_then(|count| count.parse::<i64>().ok());
    let body = html! {
        (views(&text, permit, "/assurance/accounts"))
        @if let Some(count) = reminded {
            (notice(Tone::Good, &text.with("assurance-reminded", &[("count", &count.to_string())]), html! {}))
        }
        (filters(&text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(room_page(shell, text.get("assurance-accounts"), Vec::new())
        .tool(tool)
        .tool(ui::print_button(&text))
        .cache(Cache::Never)
        .body(body))
}

fn row(text: &Text, permit: &Permit, names: &UnitNames, one: &Owing) -> Row {
    let held = &one.held;
    let grant = &held.grant;
    let unit = match grant.unit {
        Some(unit) => Cell::Markup(unit_link(names, unit)),
        None => Cell::text(text.get("assurance-whole-node")),
    };
    Row::new(vec![
        Cell::Markup(html! { (held.display) " " span.hint { (held.login) } }),
        unit,
        Cell::text(said(text, &held.title)),
        Cell::text(owed_words(text, one)),
        Cell::Markup(to_do(text, permit, one)),
    ])
    .id(format!("grant-{}-{}", grant.id.0, one.owed.as_str()))
}

fn owed_words(text: &Text, one: &Owing) -> String {
    let grant = &one.held.grant;
    match one.owed {
        Owed::Factor => text.get("assurance-owed-factor"),
        Owed::Training => {
            let titles: Vec<&str> = one
                .courses
                .iter()
                .map(|course| said(text, &course.title))
                .collect();
            text.with(
                "assurance-owed-training",
                &[("courses", &in_a_row(text, &titles))],
            )
        }
        Owed::Unused => match grant.last_used {
            Some(used) => text.with("assurance-owed-unused", &[("day", &used.day().to_string())]),
            None => text.with(
                "assurance-owed-never-used",
                &[("day", &grant.given.day().to_string())],
            ),
        },
        Owed::Certificate => text.with(
            "assurance-owed-certificate",
            &[(
                "day",
                &one.held
                    .certificate_ends
                    .map(|until| until.day().to_string())
                    .unwrap_or_default(),
            )],
        ),
    }
}

/// Where it is put right, for those who can; in words for others.
fn to_do(text: &Text, permit: &Permit, one: &Owing) -> Markup {
    let words = text.get(&format!("assurance-owed-{}-do", one.owed.as_str()));
    let grant = &one.held.grant;
    let href = match one.owed {
        Owed::Training if may_keep(permit) => {
            let unit = grant.unit.map(|unit| format!("unit={unit}&"));
            Some(format!(
                "/assurance/trainings?{}login={}#attendance",
                unit.unwrap_or_default(),
                one.held.login
            ))
        }
        Owed::Unused if permit.allows(Action::ManageAccounts) => {
            Some(format!("/accounts/{}", grant.account))
        }
        _ => None,
    };
    html! {
        @match href {
            Some(href) => { a href=(href) { (words) } }
            None => { (words) }
        }
    }
}

fn filters(text: &Text, url: &Url) -> Markup {
    let held = ["q", "what"].iter().fold(FormState::new(), |state, key| {
        state.with(key, url.get(key).unwrap_or_default())
    });
    let choices = Owed::ALL
        .map(|owed| {
            Choice::new(
                owed.as_str(),
                text.get(&format!("assurance-owed-{}-short", owed.as_str())),
            )
        })
        .to_vec();
    FilterBar {
        fields: vec![
            Field::new("q", text.get("assurance-search-holder"))
                .input(Input::Search)
                .inline()
                .render(text, &held),
            Field::new("what", text.get("assurance-owed"))
                .input(Input::Select {
                    choices,
                    empty: Some(text.get("assurance-all")),
                })
                .inline()
                .render(text, &held),
        ],
        keep: Vec::new(),
    }
    .render(text, url)
}
