//! `GET` and `POST /assurance/trainings`: courses, who attended, drills.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{AccountId, UnitId};
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use ui::{
    Cache, Cell, Choice, Column, Fault, Field, FormState, Input, Page, Pager, Row, Shell, Table,
    Text, Tone, badge, button, error_summary, notice, post_button, section,
};

use super::{
    PAGE, Sent, asked_unit, day_of, go_to, in_a_row, keep_short, may_keep, number,
    page as room_page, said, status_of, unit_link, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::trainings::{Attended, Drill};

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

pub(super) async fn save(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let saved = async {
        let mut state = FormState::from_pairs(sent);
        write(&assurance, &permit, &visit, &mut state).await?;
        if state.is_right() {
            return Ok(go_to("/assurance/trainings?saved=1"));
        }
        let page = page(&assurance, &permit, &visit, &state, shell.clone()).await?;
        Ok::<_, AssuranceError>(page.into_response())
    };
    match saved.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

async fn write(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    state: &mut FormState,
) -> Result<(), AssuranceError> {
    let address = visit.address();
    if state.value("op") == "withdraw" {
        let number = number(state.value("number"))?;
        return assurance
            .withdraw_attendance(permit, &address, number)
            .await;
    }
    let unit = asked_unit(assurance, permit, Some(state.value("unit")))?;
    let day = day_of(state, "day");
    if day.is_none() && state.fault("day").is_none() {
        state.fail("day", Fault::REQUIRED);
    }
    if day.is_some_and(|day| day > assurance.today()) {
        state.fail("day", Fault::Key("assurance-fault-future"));
    }
    if state.value("op") == "drill" {
        keep_short(state, &[("title", 60), ("conclusion", 1000)]);
        let title = state.required("title");
        let people = state.read("people", |text| match text.parse() {
            Ok(count @ 0..=1_000_000) => Ok(count),
            _ => Err(Fault::NUMBER),
        });
        if let (Some(title), Some(day), true) = (title, day, state.is_right()) {
            let drill = Drill {
                title,
                day,
                people: people.unwrap_or(0),
                conclusion: state.value("conclusion").to_owned(),
            };
            assurance
                .record_drill(permit, &address, unit, &drill)
                .await?;
        }
        return Ok(());
    }
    let (logins, course) = (state.required("login"), state.required("course"));
    if course
        .as_ref()
        .is_some_and(|course| assurance.rules().course(course).is_none())
    {
        state.fail("course", Fault::CHOICE);
    }
    let hours = state.read("hours", |text| match text.parse() {
        Ok(hours @ 1..=24) => Ok(hours),
        _ => Err(Fault::Key("assurance-fault-hours")),
    });
    if hours.is_none() && state.fault("hours").is_none() {
        state.fail("hours", Fault::REQUIRED);
    }
    if let (Some(logins), Some(course), Some(day), Some(hours), true) =
        (logins, course, day, hours, state.is_right())
    {
        // All of them are looked at before anything is written.
        let Some(accounts) = attendees(assurance, permit, state, &logins).await? else {
            return Ok(());
        };
        for account in accounts {
            let attended = Attended {
                account,
                course: course.clone(),
                unit,
                day,
                hours,
            };
            assurance
                .record_attendance(permit, &address, &attended)
                .await?;
        }
    }
    Ok(())
}

/// So many units without a drill are named; the rest is counted.
const SHOWN: usize = 50;

/// What may part sign-in names beside white space: commas and semicolons of both scripts.
const SEPARATORS: [char; 5] = [',', ';', '、', '\u{ff0c}', '\u{ff1b}'];

/// So many attend one training at most.
const MOST_ATTENDEES: usize = 300;

/// The accounts that sign-in names stand for; none where one of them is wrong, which the form then says.
async fn attendees(
    assurance: &Assurance,
    permit: &Permit,
    state: &mut FormState,
    logins: &str,
) -> Result<Option<BTreeSet<AccountId>>, AssuranceError> {
    let names: BTreeSet<&str> = logins
        .split(|sign: char| sign.is_whitespace() || SEPARATORS.contains(&sign))
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > MOST_ATTENDEES {
        let most = vec![("most", MOST_ATTENDEES.to_string())];
        state.fail("login", Fault::KeyWith("assurance-fault-attendees", most));
        return Ok(None);
    }
    let (mut accounts, mut unknown) = (BTreeSet::new(), Vec::new());
    for name in names {
        let account = assurance.0.security.account_in_reach(permit, name).await?;
        match account {
            Some(account) if permit.actor().account() == Some(account) => {
                state.fail("login", Fault::Key("assurance-fault-own-training"));
                return Ok(None);
            }
            Some(account) => {
                accounts.insert(account);
            }
            None => unknown.push(name),
        }
    }
    if unknown.is_empty() {
        return Ok(Some(accounts));
    }
    let names = vec![("names", unknown.join(" "))];
    state.fail("login", Fault::KeyWith("assurance-fault-login", names));
    Ok(None)
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    state: &FormState,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let names = assurance.names().await?;
    let said_unit = if state.has("unit") {
        Some(state.value("unit"))
    } else {
        url.get("unit")
    };
    let unit = asked_unit(assurance, permit, said_unit)?;
    let mut courses = Table::new(text.get("assurance-courses"))
        .column(Column::text("course", text.get("assurance-course")))
        .column(Column::number("hours", text.get("assurance-hours")))
        .column(Column::text("valid", text.get("assurance-valid")).narrow())
        .column(Column::text("posts", text.get("assurance-course-posts")))
        .column(Column::text("source", text.get("ui-source")));
    for course in &assurance.rules().courses {
        let posts: Vec<&str> = assurance
            .0
            .standard
            .posts()
            .iter()
            .filter(|post| post.training.contains(&course.name))
            .map(|post| said(&text, &post.title))
            .collect();
        courses = courses.row(Row::new(vec![
            Cell::Markup(html! { (said(&text, &course.title)) " " span.hint { (said(&text, &course.about)) } }),
            Cell::integer(course.hours),
            Cell::maybe_text(course.valid_months.map(|months| text.with("assurance-months", &[("months", &months.to_string())]))),
            match posts.is_empty() {
                true => Cell::Missing,
                false => Cell::text(in_a_row(&text, &posts)),
            },
            Cell::Markup(html! { span.hint { (course.grounds.source) } }),
        ]));
    }
    let attendance = attendance(assurance, permit, visit, &text, &url).await?;
    let mut drills = Table::new(text.get("assurance-drills"))
        .column(Column::text("title", text.get("assurance-drill")))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("day", text.get("assurance-day")).narrow())
        .column(Column::number("people", text.get("assurance-people")))
        .column(Column::text("conclusion", text.get("assurance-conclusion")));
    for held in assurance.drills(permit).await?.into_iter().take(50) {
        drills = drills.row(Row::new(vec![
            Cell::text(held.drill.title),
            Cell::Markup(unit_link(&names, held.unit)),
            Cell::text(held.drill.day.to_string()),
            Cell::integer(held.drill.people),
            Cell::text(held.drill.conclusion),
        ]));
    }
    let undrilled = assurance.units_without_drill(permit).await?;
    let was_saved = url.get("saved").is_some() && state.is_right();
    let body = html! {
        (views(&text, permit, "/assurance/trainings"))
        @if was_saved { (notice(Tone::Good, &text.get("assurance-saved"), html! {})) }
        (error_summary(&text, state, &[]))
        p { (text.get("assurance-unit")) ":" strong { (names.name(unit)) } }
        (section(&text.get("assurance-courses"), html! {}, courses.render(&text)))
        (section(&text.get("assurance-attendance"), html! {}, html! {
            (attendance)
            @if may_keep(permit) { (attendance_form(assurance, &text, visit, unit, state, url.get("login"))) }
        }))
        (section(&text.get("assurance-drills"), html! {}, html! {
            div #drills {}
            @if !undrilled.is_empty() {
                (notice(Tone::Explain, &text.with("assurance-undrilled", &[("count", &undrilled.len().to_string())]), html! {
                    ul.plain-list { @for unit in undrilled.iter().take(SHOWN) { li { a href=(format!("/assurance/trainings?unit={unit}#drills")) { (names.name(*unit)) } } } }
                }))
            }
            (drills.render(&text))
            @if may_keep(permit) { (drill_form(assurance, &text, visit, unit, state)) }
        }))
    };
    Ok(
        room_page(shell, text.get("assurance-trainings"), Vec::new())
            .tool(ui::print_button(&text))
            .cache(Cache::Never)
            .status(status_of(state))
            .body(body),
    )
}

async fn attendance(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    text: &Text,
    url: &ui::Url,
) -> Result<Markup, AssuranceError> {
    let entries = assurance.attendances(permit).await?;
    let names = assurance.names().await?;
    let pager = Pager::from_url(url, PAGE, entries.len() as u64);
    let mut table = Table::new(text.get("assurance-attendance"))
        .column(Column::text("account", text.get("assurance-attendee")))
        .column(Column::text("course", text.get("assurance-course")))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("day", text.get("assurance-day")).narrow())
        .column(Column::number("hours", text.get("assurance-hours")))
        .column(Column::text("withdraw", text.get("assurance-change")).narrow());
    let shown = pager.of(&entries);
    for entry in shown {
        let name = assurance
            .0
            .security
            .actor_name(&format!("account:{}", entry.account))
            .await?
            .unwrap_or_else(|| format!("#{}", entry.account));
        let course = assurance
            .rules()
            .course(&entry.course)
            .map_or(entry.course.as_str(), |course| said(text, &course.title));
        let withdraw = match entry.withdrawn {
            Some(_) => Cell::Markup(badge(Tone::Explain, &text.get("assurance-withdrawn"))),
            None if !may_keep(permit) => Cell::Missing,
            None => Cell::Markup(post_button(
                &text.get("assurance-withdraw"),
                "/assurance/trainings",
                &[
                    (security::web::CSRF_FIELD, visit.csrf()),
                    ("op", "withdraw"),
                    ("number", &entry.number.to_string()),
                ],
                Tone::Plain,
                Some(&text.get("assurance-withdraw-confirm")),
            )),
        };
        table = table.row(Row::new(vec![
            Cell::text(name),
            Cell::text(course),
            Cell::Markup(unit_link(&names, entry.unit)),
            Cell::text(entry.day.to_string()),
            Cell::integer(entry.hours),
            withdraw,
        ]));
    }
    Ok(html! { (table.render(text)) (pager.render(text, url)) })
}

fn attendance_form(
    assurance: &Assurance,
    text: &Text,
    visit: &Visit,
    unit: UnitId,
    state: &FormState,
    login: Option<&str>,
) -> Markup {
    let courses = assurance
        .rules()
        .courses
        .iter()
        .map(|course| Choice::new(&course.name, said(text, &course.title)))
        .collect();
    let opening = FormState::new()
        .with("day", assurance.today().to_string())
        .with("login", login.unwrap_or_default());
    let is_this = state.value("op") == "attended";
    let held = if is_this { state } else { &opening };
    html! {
        details #attendance open[is_this || login.is_some()] {
            summary { (text.get("assurance-attendance-new")) }
            form method="post" action="/assurance/trainings" {
                (visit.csrf_field())
                input type="hidden" name="op" value="attended";
                input type="hidden" name="unit" value=(unit);
                (Field::new("login", text.get("assurance-attendee-login")).input(Input::Area { rows: 3 }).required().hint(text.get("assurance-attendee-hint")).render(text, held))
                (Field::new("course", text.get("assurance-course")).input(Input::Select { choices: courses, empty: None }).required().render(text, held))
                (Field::new("day", text.get("assurance-day")).input(Input::Date).required().render(text, held))
                (Field::new("hours", text.get("assurance-hours")).input(Input::Number).required().render(text, held))
                div.actions { (button(&text.get("assurance-attendance-new"), true)) }
            }
        }
    }
}

fn drill_form(
    assurance: &Assurance,
    text: &Text,
    visit: &Visit,
    unit: UnitId,
    state: &FormState,
) -> Markup {
    let opening = FormState::new().with("day", assurance.today().to_string());
    let is_this = state.value("op") == "drill";
    let held = if is_this { state } else { &opening };
    html! {
        details open[is_this] {
            summary { (text.get("assurance-drill-new")) }
            form method="post" action="/assurance/trainings" {
                (visit.csrf_field())
                input type="hidden" name="op" value="drill";
                input type="hidden" name="unit" value=(unit);
                (Field::new("title", text.get("assurance-drill")).required().max_length(60).autocomplete("off").render(text, held))
                (Field::new("day", text.get("assurance-day")).input(Input::Date).required().render(text, held))
                (Field::new("people", text.get("assurance-people")).input(Input::Number).render(text, held))
                (Field::new("conclusion", text.get("assurance-conclusion")).input(Input::Area { rows: 3 }).max_length(1000).hint(text.get("assurance-hint-summary")).render(text, held))
                div.actions { (button(&text.get("assurance-drill-new"), true)) }
            }
        }
    }
}
