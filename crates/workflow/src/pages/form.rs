//! The form of a process: as fields to fill in, and as what was filled in.

use std::collections::BTreeMap;

use kernel::UnitId;
use maud::{Markup, html};
use standard::{FormField, FormKind};
use ui::{Choice, Fault, Field, FormState, Input, Text};

use super::words::{Names, say};
use crate::api::Workflow;
use crate::error::FieldCode;

/// The fields to fill in.
pub(super) fn fields(
    workflow: &Workflow,
    text: &Text,
    form: &[FormField],
    state: &FormState,
) -> Markup {
    html! { @for field in form { (one(workflow, text, field).render(text, state)) } }
}

fn one(workflow: &Workflow, text: &Text, field: &FormField) -> Field {
    let mut shown =
        Field::new(&field.name, say(text, &field.title)).input(input(workflow, text, field));
    if let Some(hint) = &field.hint {
        shown = shown.hint(say(text, hint));
    }
    if matches!(field.kind, FormKind::Text | FormKind::Area) {
        shown = shown.max_length(field.max_length);
    }
    if field.required {
        shown.required()
    } else {
        shown.optional()
    }
}

fn input(workflow: &Workflow, text: &Text, field: &FormField) -> Input {
    let standard = workflow.standard();
    let select = |choices: Vec<Choice>| Input::Select {
        choices,
        empty: None,
    };
    match &field.kind {
        FormKind::Text | FormKind::Unit => Input::Text,
        FormKind::Area => Input::Area { rows: 4 },
        FormKind::Int { .. } => Input::Number,
        FormKind::Date => Input::Date,
        FormKind::Flag => Input::Box,
        FormKind::Code(set) => select(
            standard
                .code_set(set)
                .into_iter()
                .flat_map(|set| set.current())
                .map(|entry| Choice::new(&entry.code, say(text, &entry.name)))
                .collect(),
        ),
        FormKind::Post => select(
            standard
                .posts()
                .iter()
                .map(|post| Choice::new(&post.name, say(text, &post.title)))
                .collect(),
        ),
        FormKind::Dataset => select(
            standard
                .datasets()
                .iter()
                .map(|dataset| Choice::new(&dataset.name, say(text, &dataset.title)))
                .collect(),
        ),
        FormKind::Sensitivity => select(
            standard::Sensitivity::CHOICES
                .iter()
                .map(|(word, _)| Choice::new(*word, sensitivity(text, word)))
                .collect(),
        ),
        FormKind::Purpose => select(
            standard
                .purposes()
                .iter()
                .map(|purpose| Choice::new(&purpose.name, say(text, &purpose.title)))
                .collect(),
        ),
        FormKind::IncidentLevel => select(
            standard
                .assurance()
                .levels
                .iter()
                .map(|level| Choice::new(&level.name, say(text, &level.title)))
                .collect(),
        ),
    }
}

fn sensitivity(text: &Text, word: &str) -> String {
    text.get(&format!("workflow-level-{word}"))
}

/// What was filled in, in words.
pub(super) async fn filled(
    names: &mut Names<'_>,
    form: &[FormField],
    values: &BTreeMap<String, String>,
) -> Vec<(String, Markup)> {
    let text = names.text;
    let mut pairs = Vec::new();
    for field in form {
        let value = values.get(&field.name).map_or("", String::as_str);
        let shown = if value.is_empty() && field.kind != FormKind::Flag {
            "–".to_owned()
        } else {
            word(names, field, value).await
        };
        let shown = html! { @for (number, line) in shown.lines().enumerate() { @if number > 0 { br; } (line) } };
        pairs.push((say(text, &field.title).to_owned(), shown));
    }
    pairs
}

async fn word(names: &mut Names<'_>, field: &FormField, value: &str) -> String {
    let standard = names.workflow.standard();
    let named = |label: Option<&standard::Label>| {
        label.map_or_else(
            || value.to_owned(),
            |label| say(names.text, label).to_owned(),
        )
    };
    match &field.kind {
        FormKind::Code(set) => named(
            standard
                .code_set(set)
                .and_then(|set| set.entry(value))
                .map(|entry| &entry.name),
        ),
        FormKind::Post => named(standard.post(value).map(|post| &post.title)),
        FormKind::Dataset => named(standard.dataset(value).map(|dataset| &dataset.title)),
        FormKind::Sensitivity => sensitivity(names.text, value),
        FormKind::Purpose => named(standard.purpose(value).map(|purpose| &purpose.title)),
        FormKind::IncidentLevel => {
            named(standard.assurance().level(value).map(|level| &level.title))
        }
        FormKind::Flag if value == "1" => names.text.get("workflow-yes"),
        FormKind::Flag => names.text.get("workflow-no"),
        FormKind::Unit => match value.parse() {
            Ok(unit) => names.unit(UnitId::new(unit)).await,
            Err(_) => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// What was filled in, as it was typed: for changing it.
pub(super) async fn typed(
    workflow: &Workflow,
    form: &[FormField],
    values: &BTreeMap<String, String>,
) -> FormState {
    let mut state = FormState::new();
    for field in form {
        let value = values.get(&field.name).cloned().unwrap_or_default();
        let value = match (&field.kind, value.parse()) {
            (FormKind::Unit, Ok(unit)) => workflow.unit_label(UnitId::new(unit)).await.0,
            _ => value,
        };
        state = state.with(&field.name, value);
    }
    state
}

/// The values of the form's fields among those that were sent.
pub(super) fn values(form: &[FormField], sent: &[(String, String)]) -> BTreeMap<String, String> {
    form.iter()
        .map(|field| {
            let value = super::sent_value(sent, &field.name);
            (field.name.clone(), value.replace("\r\n", "\n"))
        })
        .collect()
}

/// Puts faults on their fields.
pub(super) fn fail(state: &mut FormState, form: &[FormField], faults: &[(String, FieldCode)]) {
    for (name, code) in faults {
        let most = form
            .iter()
            .find(|field| field.name == *name)
            .map_or(0, |field| field.max_length);
        let fault = match code {
            FieldCode::Required => Fault::REQUIRED,
            FieldCode::Choice | FieldCode::Unknown => Fault::CHOICE,
            FieldCode::Number => Fault::Key("workflow-fault-number"),
            FieldCode::Date => Fault::DATE,
            FieldCode::Long => Fault::KeyWith("ui-fault-long", vec![("max", most.to_string())]),
            FieldCode::Unit => Fault::Key("workflow-fault-unit"),
        };
        state.fail(name, fault);
    }
}

/// The names of fields for the summary of faults.
pub(super) fn labels<'f>(text: &Text, form: &'f [FormField]) -> Vec<(&'f str, &'f str)> {
    form.iter()
        .map(|field| (field.name.as_str(), say(text, &field.title)))
        .collect()
}
