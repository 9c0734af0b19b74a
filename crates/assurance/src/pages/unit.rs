//! `GET /assurance/units/{id}` and its form: who answers for one unit, since when, and who did before.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::{Day, UnitId};
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use standard::{Duty, DutyKind};
use ui::{
    Cache, Cell, Column, Event as TimelineEvent, Fault, Field, FormState, Input, Page, Row, Shell,
    Table, Text, Tone, badge, button, error_summary, notice, section,
};

use super::{
    Sent, actor_name, day_of, go_to, keep_short, keeper_button, may_keep, number,
    page as room_page, said, status_of, views,
};
use crate::api::Assurance;
use crate::directory::UnitNames;
use crate::duties::rules::{gaps, holder};
use crate::duties::{DutyBody, DutyEvent, Gap, Holder, NewDuty};
use crate::error::AssuranceError;
use crate::systems::rules::is_phone;

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let shown = async {
        let unit = UnitId::new(number(&id)?);
        page(&assurance, &permit, &visit, unit, shell.clone(), None).await
    };
    match shown.await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn save(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let saved = async {
        let unit = UnitId::new(number(&id)?);
        assurance.reached(&permit, unit)?;
        let mut state = FormState::from_pairs(sent);
        write(&assurance, &permit, &visit, unit, &mut state).await?;
        if state.is_right() {
            return Ok(go_to(&format!("/assurance/units/{unit}?saved=1")));
        }
        let page = page(
            &assurance,
            &permit,
            &visit,
            unit,
            shell.clone(),
            Some(state),
        )
        .await?;
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
    unit: UnitId,
    state: &mut FormState,
) -> Result<(), AssuranceError> {
    let address = visit.address();
    let duty = state.value("duty").to_owned();
    let Some(known) = assurance.rules().duty(&duty) else {
        return Err(AssuranceError::hidden());
    };
    let from = day_of(state, "from");
    if from.is_none() && state.fault("from").is_none() {
        state.fail("from", Fault::REQUIRED);
    }
    if state.value("op") == "end" {
        if let Some(from) = from.filter(|_| state.is_right()) {
            assurance
                .end_duty(permit, &address, unit, &duty, from)
                .await?;
        }
        return Ok(());
    }
    let name = state.required("name");
    if known.kind == DutyKind::Person {
        state.required("post");
    }
    keep_short(state, &[("name", 40), ("post", 60), ("phone", 32)]);
    if !is_phone(state.value("phone")) {
        state.fail("phone", Fault::Key("assurance-fault-phone"));
    }
    let until = day_of(state, "until");
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        state.fail("until", Fault::Key("assurance-fault-until"));
    }
    if let (Some(name), Some(from), true) = (name, from, state.is_right()) {
        let new = NewDuty {
            duty,
            holder: Holder {
                name,
                post: state.value("post").to_owned(),
                phone: state.value("phone").to_owned(),
            },
            from,
            until,
        };
        assurance.name_duty(permit, &address, unit, &new).await?;
    }
    Ok(())
}

pub(crate) async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    unit: UnitId,
    shell: Shell,
    state: Option<FormState>,
) -> Result<Page, AssuranceError> {
    assurance.reached(permit, unit)?;
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let duties = assurance.duties().await?;
    let events = duties.of(unit);
    let today = assurance.today();
    let gaps = gaps(assurance.rules(), events, today);
    let asked = state
        .as_ref()
        .map(|state| state.value("duty").to_owned())
        .or_else(|| shell.url.get("duty").map(str::to_owned));
    let open = asked.and_then(|name| assurance.rules().duty(&name));

    let mut table = Table::new(text.get("assurance-duties"))
        .column(Column::text("duty", text.get("assurance-duty")))
        .column(Column::text("name", text.get("assurance-holder")))
        .column(Column::text("post", text.get("assurance-post")))
        .column(Column::text("phone", text.get("assurance-phone")).narrow())
        .column(Column::text("until", text.get("assurance-until")).narrow())
        .column(Column::text("change", text.get("assurance-change")).narrow());
    for duty in &assurance.rules().duties {
        let gap = gaps
            .iter()
            .find(|(name, _)| *name == duty.name)
            .map(|(_, gap)| *gap);
        let href = may_keep(permit)
            .then(|| format!("/assurance/units/{unit}?duty={}#field-name", duty.name));
        table = table.row(duty_row(&text, duty, events, gap, today, href));
    }
    let form = open.map(|duty| {
        let state = state.unwrap_or_else(|| opening(events, duty, today));
        (duty, state)
    });
    let status = form
        .as_ref()
        .map_or(axum::http::StatusCode::OK, |(_, state)| status_of(state));
    let mut history = Vec::new();
    for event in events.iter().rev() {
        history.push(history_entry(assurance, &text, event).await?);
    }
    let was_saved = shell.url.get("saved").is_some() && status.is_success();
    let systems = assurance.systems_in_reach(permit).await?;
    let own_systems = systems.iter().filter(|known| known.system.unit == unit);
    let body = html! {
        (views(&text, permit, "/assurance/units"))
        @if was_saved { (notice(Tone::Good, &text.get("assurance-saved"), html! {})) }
        (table.render(&text))
        @if let Some((duty, state)) = form.as_ref().filter(|_| may_keep(permit)) { (duty_form(&text, visit, unit, duty, state)) }
        (above(assurance, &text, &names, unit).await?)
        (section(&text.get("assurance-systems"),
            keeper_button(permit, &text.get("assurance-system-new"), &format!("/assurance/systems/new?unit={unit}"), false),
            html! { ul.plain-list { @for known in own_systems { li { a href=(format!("/assurance/systems/{}", known.number)) { (known.system.name) } } } } }))
        @if !history.is_empty() { (section(&text.get("assurance-history"), html! {}, ui::timeline(&history))) }
    };
    Ok(room_page(
        shell,
        names.name(unit),
        vec![(text.get("assurance-duties"), "/assurance/units".to_owned())],
    )
    .tool(keeper_button(
        permit,
        &text.get("assurance-incident-new"),
        &format!("/assurance/incidents/new?unit={unit}"),
        false,
    ))
    .tool(ui::print_button(&text))
    .cache(Cache::Never)
    .status(status)
    .body(body))
}

fn duty_row(
    text: &Text,
    duty: &Duty,
    events: &[DutyEvent],
    gap: Option<Gap>,
    today: Day,
    href: Option<String>,
) -> Row {
    let held = holder(events, &duty.name, today);
    let (name, post, phone) = match held {
        Some((holder, _)) => (
            Cell::text(holder.name.clone()),
            Cell::text(holder.post.clone()),
            Cell::text(holder.phone.clone()),
        ),
        None => (
            Cell::Markup(badge(Tone::Fix, &gap_words(text, gap))),
            Cell::Missing,
            Cell::Missing,
        ),
    };
    let until = match (held, gap) {
        (Some((_, Some(until))), Some(_)) => Cell::Markup(badge(Tone::Explain, &until.to_string())),
        (Some((_, Some(until))), None) => Cell::text(until.to_string()),
        (Some((_, None)), _) => Cell::text(text.get("assurance-open-ended")),
        (None, _) => Cell::Missing,
    };
    Row::new(vec![
        Cell::text(said(text, &duty.title)),
        name,
        post,
        phone,
        until,
        href.map_or(Cell::Missing, |href| {
            Cell::link(href, text.get("assurance-change"))
        }),
    ])
}

fn gap_words(text: &Text, gap: Option<Gap>) -> String {
    match gap {
        Some(Gap::Ended(day)) => text.with("assurance-duty-ended", &[("day", &day.to_string())]),
        _ => text.get("assurance-duty-missing"),
    }
}

fn opening(events: &[DutyEvent], duty: &Duty, today: Day) -> FormState {
    let state = FormState::new().with("duty", &duty.name);
    match holder(events, &duty.name, today) {
        Some((holder, until)) => state
            .with("name", &holder.name)
            .with("post", &holder.post)
            .with("phone", &holder.phone)
            .with("from", today.to_string())
            .with(
                "until",
                until.map(|day| day.to_string()).unwrap_or_default(),
            ),
        None => state.with("from", today.to_string()),
    }
}

fn duty_form(text: &Text, visit: &Visit, unit: UnitId, duty: &Duty, state: &FormState) -> Markup {
    let labels = ["name", "post", "phone", "from", "until"]
        .map(|name| (name, text.get(&format!("assurance-field-{name}"))));
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let field = |name: &'static str| Field::new(name, text.get(&format!("assurance-field-{name}")));
    let action = format!("/assurance/units/{unit}");
    let is_person = duty.kind == DutyKind::Person;
    let post = field("post").max_length(60).autocomplete("off");
    let post = if is_person {
        post.required()
    } else {
        post.optional()
    };
    section(
        said(text, &duty.title),
        html! {},
        html! {
            p.hint { (said(text, &duty.about)) " · " (text.get("ui-source")) ":" (duty.grounds.source) }
            (error_summary(text, state, &labels))
            form method="post" action=(action) {
                (visit.csrf_field())
                input type="hidden" name="duty" value=(duty.name);
                (field("name").required().max_length(40).autocomplete("off").render(text, state))
                (post.render(text, state))
                (field("phone").optional().max_length(32).hint(text.get("assurance-phone-hint")).autocomplete("off").render(text, state))
                (field("from").input(Input::Date).required().hint(text.get("assurance-from-hint")).render(text, state))
                (field("until").input(Input::Date).optional().hint(text.get("assurance-until-hint")).render(text, state))
                div.actions { (button(&text.get("assurance-save"), true)) }
            }
            form.inline method="post" action=(action) {
                (visit.csrf_field())
                input type="hidden" name="duty" value=(duty.name);
                input type="hidden" name="op" value="end";
                input type="hidden" name="from" value=(state.value("from"));
                button.plain type="submit" { (text.with("assurance-end-duty", &[("day", state.value("from"))])) }
            }
        },
    )
}

/// Whom the unit asks: those who answer for the units above it.
async fn above(
    assurance: &Assurance,
    text: &Text,
    names: &UnitNames,
    unit: UnitId,
) -> Result<Markup, AssuranceError> {
    let tree = assurance.tree();
    let duties = assurance.duties().await?;
    let today = assurance.today();
    let mut table = Table::new(text.get("assurance-above"))
        .column(Column::text("unit", text.get("assurance-unit")))
        .column(Column::text("duty", text.get("assurance-duty")))
        .column(Column::text("name", text.get("assurance-holder")))
        .column(Column::text("phone", text.get("assurance-phone")).narrow());
    let ancestors = tree.ancestors(unit);
    for each in &ancestors {
        for name in ["cio", "information_officer"] {
            let Some(duty) = assurance.rules().duty(name) else {
                continue;
            };
            let held = holder(duties.of(*each), name, today).map(|(holder, _)| holder.clone());
            let held = held.unwrap_or_default();
            let or_missing = |words: String| match words.is_empty() {
                true => Cell::Missing,
                false => Cell::text(words),
            };
            table = table.row(Row::new(vec![
                Cell::text(names.name(*each)),
                Cell::text(said(text, &duty.title)),
                or_missing(held.name),
                or_missing(held.phone),
            ]));
        }
    }
    if ancestors.is_empty() {
        return Ok(html! {});
    }
    Ok(section(
        &text.get("assurance-above"),
        html! {},
        table.render(text),
    ))
}

async fn history_entry(
    assurance: &Assurance,
    text: &Text,
    event: &DutyEvent,
) -> Result<TimelineEvent, AssuranceError> {
    let by = actor_name(assurance, text, &event.actor).await?;
    let duty = assurance
        .rules()
        .duty(event.body.duty())
        .map_or(event.body.duty(), |duty| said(text, &duty.title));
    let title = match &event.body {
        DutyBody::Named {
            holder,
            from,
            until,
            ..
        } => text.with(
            "assurance-history-named",
            &[
                ("duty", duty),
                ("name", &holder.name),
                ("post", &holder.post),
                ("from", &from.to_string()),
                (
                    "until",
                    &until.map_or_else(|| text.get("assurance-open-ended"), |day| day.to_string()),
                ),
            ],
        ),
        DutyBody::Ended { from, .. } => text.with(
            "assurance-history-ended",
            &[("duty", duty), ("from", &from.to_string())],
        ),
    };
    Ok(TimelineEvent {
        when: event.at.to_string(),
        title,
        about: by,
        body: None,
    })
}
