//! Persons: masked lists and pages, in full for a purpose, the exact query, all that is held on one, erasure, consent.
//! No address carries personal data: what is looked for and asked for comes by form, and nothing of it is kept by a
//! browser.

pub(super) mod all;
pub(super) mod consent;
pub(super) mod erase;
pub(super) mod exact;
pub(super) mod export;
pub(super) mod list;
pub(super) mod show;

use std::collections::HashMap;

use kernel::{RecordId, UnitId, Value};
use maud::{Markup, html};
use security::{Permit, Recorded};
use standard::{Dataset, Field, Lang, Purpose};
use ui::{Choice, Fault, FormState, Input, Page, Text, Tone, notice};

use super::failure::Failure;
use crate::api::Registry;
use crate::intake::explain;
use crate::ledger::{PartState, Version};
use crate::persons::model::{Asked, PERSON, Refusal};
use crate::persons::rules;

/// The page of a person, in an address.
fn record_of(id: &str) -> Result<RecordId, Failure> {
    id.parse().map_err(|_| Failure::Hidden)
}

/// The definition of persons.
fn dataset(registry: &Registry) -> Result<&Dataset, Failure> {
    registry
        .standard()
        .dataset(PERSON)
        .ok_or_else(|| crate::ledger::LedgerError::UnknownDataset(PERSON.to_owned()).into())
}

/// Values of persons as people read them.
struct Shown<'a> {
    registry: &'a Registry,
    lang: Lang,
    /// Names of the units that versions refer to.
    units: HashMap<i64, String>,
}

impl<'a> Shown<'a> {
    async fn of(
        registry: &'a Registry,
        lang: Lang,
        referred: std::collections::BTreeSet<UnitId>,
    ) -> Result<Shown<'a>, Failure> {
        let mut units: HashMap<i64, String> = HashMap::new();
        for unit in referred {
            if let Some(name) = registry.ledger().unit_name(unit).await? {
                units.insert(unit.get(), name);
            }
        }
        Ok(Shown {
            registry,
            lang,
            units,
        })
    }

    /// A value in full.
    fn full(&self, field: &Field, value: &Value) -> String {
        explain::shown(
            self.registry.standard(),
            field,
            value,
            self.lang,
            |_, record| self.units.get(&record).cloned(),
        )
    }

    /// A value as its mask shows it.
    fn masked(&self, field: &Field, value: &Value) -> String {
        self.registry
            .standard()
            .masked(field, &self.full(field, value))
    }
}

/// The fields of a version that the permit sees, as pairs for a page.
fn pairs(
    dataset: &Dataset,
    permit: &Permit,
    shown: &Shown<'_>,
    version: &Version,
    in_full: bool,
) -> Vec<(String, Markup)> {
    rules::seen_fields(dataset, permit)
        .into_iter()
        .map(|(place, field)| {
            let value = version.values.get(place).unwrap_or(&Value::Null);
            let is_closed = version
                .part(field.sensitivity)
                .is_some_and(|part| part.state == PartState::Closed);
            let words = match in_full && !is_closed {
                true => shown.full(field, value),
                false => shown.masked(field, value),
            };
            (field.title.get(shown.lang).to_owned(), html! { (words) })
        })
        .collect()
}

/// A page that shows something of persons, with its watermark: never kept by a browser.
fn personal(page: Page, recorded: &Recorded) -> Page {
    page.personal(recorded.at().to_string())
}

/// A page about persons that shows nothing of them: not kept either.
fn unkept(page: Page) -> Page {
    page.cache(ui::Cache::Never)
}

/// The purposes that a permit may name, for a form.
fn purposes<'s>(registry: &'s Registry, permit: &'s Permit) -> impl Iterator<Item = &'s Purpose> {
    let purposes = registry.standard().purposes().iter();
    purposes.filter(|purpose| rules::level_for(permit, purpose).is_sealed())
}

/// The fields that every form asks for which shows something in full: purpose and reference.
fn purpose_fields(
    registry: &Registry,
    permit: &Permit,
    text: &Text,
    lang: Lang,
    state: &FormState,
) -> Markup {
    let choices: Vec<Choice> = purposes(registry, permit)
        .map(|purpose| {
            let basis = text.get(&format!(
                "registry-basis-{}",
                purpose.basis.as_str().replace('_', "-")
            ));
            Choice::new(
                &purpose.name,
                format!("{} ({basis})", purpose.title.get(lang)),
            )
        })
        .collect();
    html! {
        (ui::Field::new("purpose", text.get("registry-purpose"))
            .input(Input::Select { choices, empty: Some(text.get("registry-purpose-none")) })
            .required()
            .hint(text.get("registry-purpose-hint"))
            .render(text, state))
        (ui::Field::new("reference", text.get("registry-reference"))
            .required()
            .max_length(64)
            .autocomplete("off")
            .hint(text.get("registry-reference-hint"))
            .render(text, state))
    }
}

/// What a form asks for; its faults are noted in the form.
fn asked(state: &mut FormState) -> Option<Asked> {
    let purpose = state.required("purpose");
    let reference = state.required("reference");
    if reference
        .as_deref()
        .is_some_and(|text| !rules::is_reference(text))
    {
        state.fail("reference", Fault::Key("registry-person-refused-reference"));
        return None;
    }
    Some(Asked {
        purpose: purpose?,
        reference: reference?,
    })
}

/// Why something was not done.
fn refused(text: &Text, refusal: Refusal) -> Markup {
    notice(
        Tone::Fix,
        &text.get("registry-person-refused"),
        html! { p { (text.get(&format!("registry-person-refused-{}", refusal.as_str()))) } },
    )
}

/// The names of the fields of the form that asks for a purpose.
const ASKED: [(&str, &str); 2] = [
    ("purpose", "registry-purpose"),
    ("reference", "registry-reference"),
];

/// What is wrong with a form, above it.
fn summary(text: &Text, state: &FormState, fields: &[(&str, &str)]) -> Markup {
    let labels: Vec<(String, String)> = fields
        .iter()
        .map(|(name, key)| ((*name).to_owned(), text.get(key)))
        .collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (name.as_str(), label.as_str()))
        .collect();
    ui::error_summary(text, state, &labels)
}
