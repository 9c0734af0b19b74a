//! `GET /assurance/systems/{id}`: one system, what it lacks, its form and its history.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::html;
use security::{Permit, RequirePermit, Visit};
use ui::{Cache, Event as TimelineEvent, FormState, Page, Shell, Tone, notice, section};

use super::system_form::{facts, form, known, state_of};
use super::systems::gap_badges;
use super::{
    actor_name, in_a_row, keeper_button, may_keep, page as room_page, status_of, unit_link, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::systems::rules::gaps;
use crate::systems::{Registered, System, Systems};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let shown = async {
        let known = known(&assurance, &permit, &id).await?;
        page(&assurance, &permit, &visit, &known, None, shell.clone()).await
    };
    match shown.await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    known: &Registered,
    state: Option<FormState>,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let gaps = gaps(assurance.rules(), &known.system, assurance.today());
    let state = state.unwrap_or_else(|| state_of(known));
    let status = status_of(&state);
    let was_saved = shell.url.get("saved").is_some() && state.is_right();
    let mut history = Vec::new();
    let mut before: Option<System> = None;
    for event in assurance.history::<Systems>(known.number).await? {
        let now: System = event.read()?;
        let changed = changed_fields(before.as_ref(), &now);
        let words: Vec<String> = changed
            .iter()
            .map(|field| text.get(&format!("assurance-field-{}", field.replace('_', "-"))))
            .collect();
        let title = match before {
            None => text.get("assurance-history-entered"),
            Some(_) => text.with(
                "assurance-history-changed",
                &[("fields", &in_a_row(&text, &words))],
            ),
        };
        history.push(TimelineEvent {
            when: event.at.to_string(),
            title,
            about: actor_name(assurance, &text, &event.actor).await?,
            body: None,
        });
        before = Some(now);
    }
    history.reverse();
    let incidents = assurance.incidents_in_reach(permit).await?;
    let struck: Vec<_> = incidents
        .iter()
        .filter(|incident| incident.opening.system == Some(known.number))
        .collect();
    let action = format!("/assurance/systems/{}", known.number);
    let body = html! {
        (views(&text, permit, "/assurance/systems"))
        @if was_saved { (notice(Tone::Good, &text.get("assurance-saved"), html! {})) }
        p { (text.get("assurance-unit")) ":" (unit_link(&names, known.system.unit)) " " (gap_badges(&text, &gaps)) }
        @if may_keep(permit) { (form(assurance, &text, visit, &action, &state)) }
        @else { (facts(assurance, &text, &state)) }
        @if !struck.is_empty() {
            (section(&text.get("assurance-incidents"), html! {}, html! {
                ul.plain-list { @for incident in &struck { li { a href=(format!("/assurance/incidents/{}", incident.number)) { (incident.opening.title) } } } }
            }))
        }
        (section(&text.get("assurance-history"), html! {}, ui::timeline(&history)))
    };
    Ok(room_page(
        shell,
        known.system.name.clone(),
        vec![(
            text.get("assurance-systems"),
            "/assurance/systems".to_owned(),
        )],
    )
    .narrow()
    .tool(keeper_button(
        permit,
        &text.get("assurance-incident-new"),
        &format!(
            "/assurance/incidents/new?unit={}&system={}",
            known.system.unit, known.number
        ),
        false,
    ))
    .cache(Cache::Never)
    .status(status)
    .body(body))
}

/// Which fields differ between two versions of an entry.
fn changed_fields(before: Option<&System>, now: &System) -> Vec<&'static str> {
    let Some(before) = before else {
        return Vec::new();
    };
    let pairs = [
        ("name", before.name != now.name),
        ("kind", before.kind != now.kind),
        ("in_charge", before.in_charge != now.in_charge),
        ("run_by", before.run_by != now.run_by),
        ("used_by", before.used_by != now.used_by),
        ("domain", before.domain != now.domain),
        ("addresses", before.addresses != now.addresses),
        ("level", before.level != now.level),
        ("filing_number", before.filing_number != now.filing_number),
        ("filed", before.filed != now.filed),
        ("assessed", before.assessed != now.assessed),
        ("critical", before.critical != now.critical),
        ("supplier", before.supplier != now.supplier),
        ("contact", before.contact != now.contact),
        ("contact_phone", before.contact_phone != now.contact_phone),
        ("retired", before.retired != now.retired),
    ];
    pairs
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
}
