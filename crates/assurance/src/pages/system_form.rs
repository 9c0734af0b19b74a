//! The form of a system: `GET` and `POST /assurance/systems/new`, `POST /assurance/systems/{id}`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::UnitId;
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use ui::{Cache, Choice, Fault, Field, FormState, Input, Page, Shell, Text, button, error_summary};

use super::systems::{kind_key, level_words};
use super::{
    Sent, asked_unit, day_of, go_to, keep_short, number, page as room_page, said, status_of, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::systems::rules::faults;
use crate::systems::{KINDS, Registered, System};

/// The fields with how many letters they may have.
const TEXTS: [(&str, usize); 10] = [
    ("name", 60),
    ("in_charge", 60),
    ("run_by", 60),
    ("used_by", 60),
    ("domain", 253),
    ("addresses", 400),
    ("filing_number", 40),
    ("supplier", 60),
    ("contact", 40),
    ("contact_phone", 32),
];

pub(super) async fn show_new(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let shown = async {
        let unit = asked_unit(&assurance, &permit, shell.url.get("unit"))?;
        let state = FormState::new()
            .with("unit", unit.to_string())
            .with("kind", "system");
        new_page(&assurance, &permit, &visit, unit, &state, shell.clone()).await
    };
    match shown.await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn save_new(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let saved = async {
        let mut state = FormState::from_pairs(sent);
        let unit = asked_unit(&assurance, &permit, Some(state.value("unit")))?;
        match read(&assurance, &mut state, unit) {
            Some(system) => {
                let number = assurance
                    .register_system(&permit, &visit.address(), &system)
                    .await?;
                Ok(go_to(&format!("/assurance/systems/{number}?saved=1")))
            }
            None => {
                let page =
                    new_page(&assurance, &permit, &visit, unit, &state, shell.clone()).await?;
                Ok::<_, AssuranceError>(page.into_response())
            }
        }
    };
    match saved.await {
        Ok(response) => response,
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
        let number = number(&id)?;
        let known = assurance.system(&permit, number).await?;
        let mut state = FormState::from_pairs(sent);
        let after: i64 = state.value("after").parse().unwrap_or(0);
        match read(&assurance, &mut state, known.system.unit) {
            Some(system) => {
                assurance
                    .change_system(&permit, &visit.address(), number, after, &system)
                    .await?;
                Ok(go_to(&format!("/assurance/systems/{number}?saved=1")))
            }
            None => {
                let page = super::system::page(
                    &assurance,
                    &permit,
                    &visit,
                    &known,
                    Some(state),
                    shell.clone(),
                )
                .await?;
                Ok::<_, AssuranceError>(page.into_response())
            }
        }
    };
    match saved.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

/// The entry that a form sent; none where something is wrong with it.
fn read(assurance: &Assurance, state: &mut FormState, unit: UnitId) -> Option<System> {
    keep_short(state, &TEXTS);
    let level = state.read("level", |text| text.parse().map_err(|_| Fault::CHOICE));
    let (filed, assessed) = (day_of(state, "filed"), day_of(state, "assessed"));
    let retired = day_of(state, "retired");
    let text = |name: &str| state.value(name).to_owned();
    let system = System {
        unit,
        name: text("name"),
        kind: text("kind"),
        in_charge: text("in_charge"),
        run_by: text("run_by"),
        used_by: text("used_by"),
        domain: text("domain").to_lowercase(),
        addresses: text("addresses")
            .replace([',', ',', '、', ';', ';'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        level,
        filing_number: text("filing_number"),
        filed,
        assessed,
        critical: state.value("critical") == "1",
        supplier: text("supplier"),
        contact: text("contact"),
        contact_phone: text("contact_phone"),
        retired,
    };
    for (field, key) in faults(assurance.rules(), &system, assurance.today()) {
        if state.fault(field).is_none() {
            state.fail(field, Fault::Key(key));
        }
    }
    state.is_right().then_some(system)
}

/// The form as it opens for an entry.
pub(super) fn state_of(known: &Registered) -> FormState {
    let system = known.system.clone();
    let day = |day: Option<kernel::Day>| day.map(|day| day.to_string()).unwrap_or_default();
    FormState::new()
        .with("after", known.last.to_string())
        .with("name", system.name)
        .with("kind", system.kind)
        .with("in_charge", system.in_charge)
        .with("run_by", system.run_by)
        .with("used_by", system.used_by)
        .with("domain", system.domain)
        .with("addresses", system.addresses)
        .with(
            "level",
            system
                .level
                .map(|level| level.to_string())
                .unwrap_or_default(),
        )
        .with("filing_number", system.filing_number)
        .with("filed", day(system.filed))
        .with("assessed", day(system.assessed))
        .with("critical", if system.critical { "1" } else { "" })
        .with("supplier", system.supplier)
        .with("contact", system.contact)
        .with("contact_phone", system.contact_phone)
        .with("retired", day(system.retired))
}

async fn new_page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    unit: UnitId,
    state: &FormState,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let body = html! {
        (views(&text, permit, "/assurance/systems"))
        p { (text.get("assurance-unit")) ":" strong { (names.name(unit)) } }
        (form(assurance, &text, visit, "/assurance/systems/new", state))
    };
    Ok(room_page(
        shell,
        text.get("assurance-system-new"),
        vec![(
            text.get("assurance-systems"),
            "/assurance/systems".to_owned(),
        )],
    )
    .narrow()
    .cache(Cache::Never)
    .status(status_of(state))
    .body(body))
}

fn label(text: &Text, name: &str) -> String {
    text.get(&format!("assurance-field-{}", name.replace('_', "-")))
}

/// The form itself.
pub(super) fn form(
    assurance: &Assurance,
    text: &Text,
    visit: &Visit,
    action: &str,
    state: &FormState,
) -> Markup {
    let names = TEXTS
        .iter()
        .map(|(name, _)| *name)
        .chain(["kind", "level", "filed", "assessed", "retired"]);
    let labels: Vec<(&str, String)> = names.map(|name| (name, label(text, name))).collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let most = |name: &str| {
        TEXTS
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, most)| u32::try_from(*most).ok())
            .unwrap_or(60)
    };
    let line = |name: &str| {
        Field::new(name, label(text, name))
            .max_length(most(name))
            .autocomplete("off")
    };
    let plain = |name: &str| line(name).render(text, state);
    let hinted = |name: &str| {
        let hint = format!("assurance-hint-{}", name.replace('_', "-"));
        line(name).hint(text.get(&hint)).render(text, state)
    };
    let date = |name: &str| {
        Field::new(name, label(text, name))
            .input(Input::Date)
            .optional()
            .render(text, state)
    };
    let kinds = KINDS
        .iter()
        .map(|kind| Choice::new(*kind, text.get(&kind_key(kind))))
        .collect();
    let levels = assurance
        .rules()
        .protection_levels
        .iter()
        .map(|level| Choice::new(level.level.to_string(), said(text, &level.title)))
        .collect();
    html! {
        (error_summary(text, state, &labels))
        form method="post" action=(action) {
            (visit.csrf_field())
            @for kept in ["unit", "after"] { @if state.has(kept) { input type="hidden" name=(kept) value=(state.value(kept)); } }
            (line("name").required().render(text, state))
            (Field::new("kind", label(text, "kind")).input(Input::Radios(kinds)).required().render(text, state))
            (hinted("in_charge")) (hinted("run_by")) (hinted("used_by"))
            (hinted("domain")) (hinted("addresses"))
            (Field::new("level", label(text, "level")).input(Input::Select { choices: levels, empty: Some(text.get("assurance-level-none")) }).render(text, state))
            (plain("filing_number")) (date("filed")) (date("assessed"))
            (Field::new("critical", text.get("assurance-critical-long")).input(Input::Box).render(text, state))
            (plain("supplier")) (plain("contact")) (hinted("contact_phone"))
            (date("retired"))
            div.actions { (button(&text.get("assurance-save"), true)) }
        }
    }
}

/// The entry for those who may not change it.
pub(super) fn facts(assurance: &Assurance, text: &Text, state: &FormState) -> Markup {
    let fields = TEXTS.iter().map(|(name, _)| *name).skip(1);
    let mut pairs = vec![
        (
            label(text, "kind"),
            html! { (text.get(&kind_key(state.value("kind")))) },
        ),
        (
            label(text, "level"),
            html! { (level_words(assurance, text, state.value("level").parse().ok())) },
        ),
    ];
    for name in fields.chain(["filed", "assessed", "retired"]) {
        let value = state.value(name);
        pairs.push((
            label(text, name),
            html! { @if value.is_empty() { "–" } @else { (value) } },
        ));
    }
    ui::key_values(&pairs)
}

/// Whether the reader may change an entry: whoever reaches it may.
pub(super) async fn known(
    assurance: &Assurance,
    permit: &Permit,
    id: &str,
) -> Result<Registered, AssuranceError> {
    assurance.system(permit, number(id)?).await
}
