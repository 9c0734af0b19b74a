//! `GET` and `POST /assurance/incidents/new`: entering an incident.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{Millis, UnitId};
use maud::html;
use security::{Permit, RequirePermit, Visit};
use ui::{Cache, Choice, Fault, Field, FormState, Input, Page, Shell, button, error_summary};

use super::{
    Sent, asked_unit, day_of, go_to, keep_short, page as room_page, said, status_of, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::incidents::Opening;
use crate::reports::rules::minute_of;

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let shown = async {
        let unit = asked_unit(&assurance, &permit, shell.url.get("unit"))?;
        let now = assurance.now();
        let (hour, minute, _) = now.time_of_day();
        let state = FormState::new()
            .with("unit", unit.to_string())
            .with("system", shell.url.get("system").unwrap_or_default())
            .with("found_day", now.day().to_string())
            .with("found_time", format!("{hour:02}:{minute:02}"));
        page(&assurance, &permit, &visit, unit, &state, shell.clone()).await
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
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let saved = async {
        let mut state = FormState::from_pairs(sent);
        let unit = asked_unit(&assurance, &permit, Some(state.value("unit")))?;
        match read(&assurance, &mut state) {
            Some(opening) => {
                let number = assurance
                    .open_incident(&permit, &visit.address(), unit, opening)
                    .await?;
                Ok(go_to(&format!("/assurance/incidents/{number}")))
            }
            None => {
                let page = page(&assurance, &permit, &visit, unit, &state, shell.clone()).await?;
                Ok::<_, AssuranceError>(page.into_response())
            }
        }
    };
    match saved.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

/// A day and an hour of a form as an instant that is not in the future.
pub(super) fn instant(
    assurance: &Assurance,
    state: &mut FormState,
    day: &'static str,
    time: &'static str,
) -> Option<Millis> {
    state.required(day);
    state.required(time);
    let on = day_of(state, day);
    let minute = state.read(time, |text| {
        minute_of(text).ok_or(Fault::Key("assurance-fault-time"))
    });
    let at = on?.start().add(minute?.saturating_mul(60_000));
    if at > assurance.now() {
        state.fail(time, Fault::Key("assurance-fault-future"));
        return None;
    }
    Some(at)
}

fn read(assurance: &Assurance, state: &mut FormState) -> Option<Opening> {
    keep_short(state, &[("title", 60), ("summary", 2000)]);
    let title = state.required("title");
    let kind = state.required("kind");
    let level = state.required("level");
    if kind
        .as_ref()
        .is_some_and(|kind| assurance.rules().kind(kind).is_none())
    {
        state.fail("kind", Fault::CHOICE);
    }
    if level
        .as_ref()
        .is_some_and(|level| assurance.rules().level(level).is_none())
    {
        state.fail("level", Fault::CHOICE);
    }
    let found = instant(assurance, state, "found_day", "found_time");
    let system = state.read("system", |text| text.parse().map_err(|_| Fault::CHOICE));
    let opening = Opening {
        title: title?,
        kind: kind?,
        level: level?,
        found: found?,
        system,
        critical: state.value("critical") == "1",
        summary: state.value("summary").to_owned(),
    };
    state.is_right().then_some(opening)
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    unit: UnitId,
    state: &FormState,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let label = |name: &str| text.get(&format!("assurance-field-{}", name.replace('_', "-")));
    let labels: Vec<(&str, String)> = [
        "title",
        "kind",
        "level",
        "found_day",
        "found_time",
        "summary",
    ]
    .map(|name| (name, label(name)))
    .to_vec();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let rules = assurance.rules();
    let kinds = rules
        .kinds
        .iter()
        .map(|kind| Choice::new(&kind.name, said(&text, &kind.title)))
        .collect();
    let levels = rules
        .levels
        .iter()
        .map(|level| Choice::new(&level.name, said(&text, &level.title)))
        .collect();
    let systems: Vec<Choice> = assurance
        .systems_in_reach(permit)
        .await?
        .iter()
        .filter(|known| known.system.unit == unit)
        .map(|known| Choice::new(known.number.to_string(), known.system.name.clone()))
        .collect();
    let body = html! {
        (views(&text, permit, "/assurance/incidents"))
        p { (text.get("assurance-unit")) ":" strong { (names.name(unit)) } }
        (error_summary(&text, state, &labels))
        form method="post" action="/assurance/incidents/new" {
            (visit.csrf_field())
            input type="hidden" name="unit" value=(unit);
            (Field::new("title", label("title")).required().max_length(60).hint(text.get("assurance-hint-title")).autocomplete("off").render(&text, state))
            (Field::new("kind", label("kind")).input(Input::Radios(kinds)).required().render(&text, state))
            (Field::new("level", label("level")).input(Input::Radios(levels)).required().hint(text.get("assurance-hint-level")).render(&text, state))
            (Field::new("found_day", label("found_day")).input(Input::Date).required().render(&text, state))
            (Field::new("found_time", label("found_time")).required().max_length(5).hint(text.get("assurance-hint-time")).autocomplete("off").render(&text, state))
            @if !systems.is_empty() {
                (Field::new("system", text.get("assurance-system")).input(Input::Select { choices: systems, empty: Some(text.get("assurance-none")) }).render(&text, state))
            }
            (Field::new("critical", text.get("assurance-critical-long")).input(Input::Box).render(&text, state))
            (Field::new("summary", label("summary")).input(Input::Area { rows: 5 }).max_length(2000).hint(text.get("assurance-hint-summary")).render(&text, state))
            div.actions { (button(&text.get("assurance-incident-enter"), true)) }
        }
    };
    Ok(room_page(
        shell,
        text.get("assurance-incident-new"),
        vec![(
            text.get("assurance-incidents"),
            "/assurance/incidents".to_owned(),
        )],
    )
    .narrow()
    .cache(Cache::Never)
    .status(status_of(state))
    .body(body))
}
