//! The pages of this room. One operation a file; all of it works without a script.

mod accountability;
mod accounts;
mod csv;
mod findings;
mod incident;
mod incident_new;
mod incidents;
mod node;
mod report_new;
mod reports;
mod schedule;
mod system;
mod system_form;
mod systems;
mod systems_csv;
mod trainings;
mod unit;
mod units;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Day, UnitId};
use maud::{Markup, html};
use security::{Access, Action, Room};
use standard::{Label, Lang};
use ui::{Crumb, Fault, FormState, Language, Page, Shell, Tab, Text};

use crate::api::Assurance;
use crate::directory::UnitNames;
use crate::error::AssuranceError;

/// The routes of this room.
pub fn room<S: Clone + Send + Sync + 'static>(assurance: Assurance) -> Room<S> {
    let see = Access::Action(Action::ReadSecurity);
    let keep = Access::Action(Action::ManageSecurity);
    Room::new()
        .get("/assurance", see, findings::show)
        .get("/assurance/accountability", see, accountability::show)
        .get("/assurance/accounts", see, accounts::show)
        .post("/assurance/accounts", keep, accounts::remind)
        .get("/assurance/node", see, node::show)
        .post("/assurance/node", keep, node::verify)
        .get("/assurance/units", see, units::show)
        .get("/assurance/units/{id}", see, unit::show)
        .post("/assurance/units/{id}", keep, unit::save)
        .get("/assurance/systems", see, systems::show)
        .get("/assurance/systems.csv", see, systems_csv::send)
        .described(&systems_csv::EXPORT_SYSTEMS)
        .get("/assurance/systems/new", keep, system_form::show_new)
        .post("/assurance/systems/new", keep, system_form::save_new)
        .get("/assurance/systems/{id}", see, system::show)
        .post("/assurance/systems/{id}", keep, system_form::save)
        .get("/assurance/incidents", see, incidents::show)
        .get("/assurance/incidents/new", keep, incident_new::show)
        .post("/assurance/incidents/new", keep, incident_new::save)
        .get("/assurance/incidents/{id}", see, incident::show)
        .post("/assurance/incidents/{id}", keep, incident::act)
        .get("/assurance/reports", see, reports::show)
        .post("/assurance/reports", keep, reports::file)
        .get("/assurance/reports/new", keep, report_new::show)
        .post("/assurance/reports/new", keep, report_new::save)
        .get("/assurance/reports/{id}", see, schedule::show)
        .post("/assurance/reports/{id}", keep, schedule::end)
        .get("/assurance/trainings", see, trainings::show)
        .post("/assurance/trainings", keep, trainings::save)
        .with_state(assurance)
}

/// What a form sent, in its order.
type Sent = axum::Form<Vec<(String, String)>>;

/// Rows of a list on one page.
const PAGE: u64 = 50;

/// The views of the room on one line: that of the node for those who hold the whole of it.
fn views(text: &Text, permit: &security::Permit, here: &str) -> Markup {
    let tab = |key: &str, href: &str| Tab {
        label: text.get(key),
        href: href.to_owned(),
        count: None,
        current: here == href,
    };
    let mut tabs = vec![
        tab("assurance-findings", "/assurance"),
        tab("assurance-duties", "/assurance/units"),
        tab("assurance-systems", "/assurance/systems"),
        tab("assurance-incidents", "/assurance/incidents"),
        tab("assurance-accountability", "/assurance/accountability"),
        tab("assurance-reports", "/assurance/reports"),
        tab("assurance-trainings", "/assurance/trainings"),
        tab("assurance-accounts", "/assurance/accounts"),
    ];
    if permit.reaches_everything() {
        tabs.push(tab("assurance-node", "/assurance/node"));
    }
    ui::tabs(&text.get("assurance"), &tabs)
}

/// A page of the room with its place: the room, then what is given.
fn page(shell: Shell, title: String, above: Vec<(String, String)>) -> Page {
    let mut crumbs = vec![Crumb::link(shell.text.get("assurance"), "/assurance")];
    crumbs.extend(
        above
            .into_iter()
            .map(|(label, href)| Crumb::link(label, href)),
    );
    crumbs.push(Crumb::here(title.clone()));
    shell.page(title).crumbs(crumbs).section("/assurance")
}

/// Whether the reader may change things, so that buttons and forms are shown.
fn may_keep(permit: &security::Permit) -> bool {
    permit.allows(Action::ManageSecurity)
}

/// A link button where the reader may change things.
fn keeper_button(permit: &security::Permit, label: &str, href: &str, main: bool) -> Markup {
    html! { @if may_keep(permit) { (ui::link_button(label, href, None, main)) } }
}

/// The number in an address; what is none names nothing.
fn number(text: &str) -> Result<i64, AssuranceError> {
    text.parse().map_err(|_| AssuranceError::hidden())
}

/// The unit that an address asks for, within the permit's reach; the reader's own where it asks for none.
fn asked_unit(
    assurance: &Assurance,
    permit: &security::Permit,
    said: Option<&str>,
) -> Result<UnitId, AssuranceError> {
    let unit = match said.filter(|said| !said.is_empty()) {
        Some(said) => UnitId::new(number(said)?),
        None => assurance.home(permit).ok_or_else(AssuranceError::hidden)?,
    };
    assurance.reached(permit, unit)?;
    Ok(unit)
}

/// The language of definitions for the language of a page.
fn lang(text: &Text) -> Lang {
    match text.language() {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}

fn said<'l>(text: &Text, label: &'l Label) -> &'l str {
    label.get(lang(text))
}

/// Words in a row, as the language of the page writes them.
fn in_a_row<S: std::borrow::Borrow<str>>(text: &Text, words: &[S]) -> String {
    match text.language() {
        Language::Chinese => words.join("、"),
        Language::English => words.join(", "),
    }
}

fn go_to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// A day of a form; an empty field gives none, a wrong one a fault.
fn day_of(state: &mut FormState, name: &str) -> Option<Day> {
    state.read(name, |text| Day::parse(text).map_err(|_| Fault::DATE))
}

/// Refuses what is longer than a field holds.
fn keep_short(state: &mut FormState, fields: &[(&str, usize)]) {
    for (name, most) in fields {
        if state.value(name).chars().count() > *most {
            let most = vec![("max", most.to_string())];
            state.fail(name, Fault::KeyWith("ui-fault-long", most));
        }
    }
}

/// A link to a unit's page.
fn unit_link(names: &UnitNames, unit: UnitId) -> Markup {
    html! { a href=(format!("/assurance/units/{unit}")) { (names.name(unit)) } }
}

/// The status of a page with a form: that it is wrong where it is.
fn status_of(state: &FormState) -> StatusCode {
    if state.is_right() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// The name of who did something: a person's display name, or the program.
async fn actor_name(
    assurance: &Assurance,
    text: &Text,
    actor: &str,
) -> Result<String, AssuranceError> {
    let name = assurance.0.security.actor_name(actor).await?;
    Ok(name.unwrap_or_else(|| text.get("assurance-program")))
}
