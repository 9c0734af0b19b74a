//! `GET` and `POST /assurance/reports/new`: a unit sets a period in which those below it report every day.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::UnitId;
use maud::html;
use security::{Permit, RequirePermit, Visit};
use ui::{Cache, Choice, Fault, Field, FormState, Input, Page, Shell, button, error_summary};

use super::{Sent, asked_unit, day_of, go_to, keep_short, page as room_page, status_of, views};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::reports::Schedule;
use crate::reports::model::Below;
use crate::reports::rules::{faults, minute_of};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let shown = async {
        let unit = asked_unit(&assurance, &permit, shell.url.get("unit"))?;
        let today = assurance.today().to_string();
        let state = FormState::new()
            .with("unit", unit.to_string())
            .with("from", today.clone())
            .with("to", today)
            .with("hour", "18:00")
            .with("below", "children");
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
        match read(&assurance, unit, &mut state) {
            Some(schedule) => {
                let number = assurance
                    .set_schedule(&permit, &visit.address(), unit, schedule)
                    .await?;
                Ok(go_to(&format!("/assurance/reports/{number}")))
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

fn read(assurance: &Assurance, unit: UnitId, state: &mut FormState) -> Option<Schedule> {
    keep_short(state, &[("title", 60)]);
    if assurance.tree().children(unit).is_empty() {
        state.fail("", Fault::Key("assurance-fault-nobody-below"));
    }
    let (from, to) = (day_of(state, "from"), day_of(state, "to"));
    for (field, day) in [("from", from), ("to", to)] {
        if day.is_none() && state.fault(field).is_none() {
            state.fail(field, Fault::REQUIRED);
        }
    }
    let minute = state.read("hour", |text| {
        minute_of(text).ok_or(Fault::Key("assurance-fault-time"))
    });
    if minute.is_none() && state.fault("hour").is_none() {
        state.fail("hour", Fault::REQUIRED);
    }
    let schedule = Schedule {
        title: state.value("title").to_owned(),
        from: from?,
        to: to?,
        minute: minute?,
        below: match state.value("below") {
            "all" => Below::All,
            _ => Below::Children,
        },
    };
    for (field, key) in faults(&schedule, assurance.today()) {
        state.fail(field, Fault::Key(key));
    }
    state.is_right().then_some(schedule)
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
    let label = |name: &str| text.get(&format!("assurance-field-{name}"));
    let labels: Vec<(&str, String)> = ["title", "from", "to"]
        .map(|name| (name, label(name)))
        .into_iter()
        .chain([("hour", text.get("assurance-hour"))])
        .collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let body = html! {
        (views(&text, permit, "/assurance/reports"))
        p { (text.get("assurance-unit")) ":" strong { (names.name(unit)) } }
        (error_summary(&text, state, &labels))
        form method="post" action="/assurance/reports/new" {
            (visit.csrf_field())
            input type="hidden" name="unit" value=(unit);
            (Field::new("title", label("title")).required().max_length(60).hint(text.get("assurance-hint-schedule")).autocomplete("off").render(&text, state))
            (Field::new("from", label("from")).input(Input::Date).required().render(&text, state))
            (Field::new("to", label("to")).input(Input::Date).required().render(&text, state))
            (Field::new("hour", text.get("assurance-hour")).required().max_length(5).hint(text.get("assurance-hint-time")).autocomplete("off").render(&text, state))
            (Field::new("below", text.get("assurance-below")).input(Input::Radios(vec![
                Choice::new("children", text.get("assurance-below-children")),
                Choice::new("all", text.get("assurance-below-all")),
            ])).render(&text, state))
            div.actions { (button(&text.get("assurance-schedule-set"), true)) }
        }
    };
    Ok(room_page(
        shell,
        text.get("assurance-schedule-new"),
        vec![(
            text.get("assurance-reports"),
            "/assurance/reports".to_owned(),
        )],
    )
    .narrow()
    .cache(Cache::Never)
    .status(status_of(state))
    .body(body))
}
