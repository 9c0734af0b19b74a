//! A record's form, derived from the definition of its dataset: which fields a person types, what input
//! each has, how a stored value stands in it and how what was typed becomes a cell.

use std::collections::HashMap;

use kernel::{Day, Value, decimal, normalise_text};
use maud::{Markup, html};
use security::Permit;
use standard::{Dataset, Field, FieldKind, Lang, Owner, Standard};
use ui::{Choice, FormState, Input, Text};

use crate::lists::{Labels, Names};

/// The text that stands for a record of another dataset: its code, else its name.
pub(super) type References = HashMap<(String, i64), String>;

/// The hidden field that names the fields shown as boxes, of which those not ticked send nothing.
pub(super) const BOXES: &str = "_boxes";

/// The fields that a person types, each with its place among a version's values.
pub(super) fn typed_fields<'d>(
    dataset: &'d Dataset,
    permit: &Permit,
    today: Day,
) -> Vec<(usize, &'d Field)> {
    super::shown::visible_fields(dataset, permit)
        .into_iter()
        .filter(|(_, field)| {
            field.owner != Owner::System
                && field.kind != FieldKind::Geometry
                && field.closed.is_none_or(|closed| today < closed)
                && field.valid_from.is_none_or(|from| from <= today)
        })
        .collect()
}

/// How a stored value stands in the form.
pub(super) fn form_values(
    field: &Field,
    value: &Value,
    labels: &Labels,
    references: &References,
) -> Vec<String> {
    match (&field.kind, value) {
        (_, Value::Null | Value::Bytes(_)) => Vec::new(),
        (FieldKind::Code(_), Value::Text(codes)) if field.many => {
            codes.split('|').map(str::to_owned).collect()
        }
        (FieldKind::Ref(dataset), Value::Text(records)) => {
            let texts: Vec<String> = records
                .split('|')
                .filter_map(|record| record.parse().ok())
                .map(|record| reference_text(dataset, record, labels, references))
                .collect();
            vec![texts.join("、")]
        }
        (_, Value::Text(text)) if field.many => vec![text.replace('|', "、")],
        (_, Value::Text(text)) => vec![text.clone()],
        (FieldKind::Ref(dataset), Value::Int(record)) => {
            vec![reference_text(dataset, *record, labels, references)]
        }
        (FieldKind::Date, Value::Int(days)) => i32::try_from(*days)
            .map(|days| Day::new(days).to_string())
            .into_iter()
            .collect(),
        (kind, Value::Int(number)) => vec![kind.scale().map_or_else(
            || number.to_string(),
            |scale| decimal::format_decimal_short(*number, scale),
        )],
    }
}

fn reference_text(dataset: &str, record: i64, labels: &Labels, references: &References) -> String {
    let names: Option<&Names> = match dataset {
        "division" => Some(&labels.divisions),
        "education_unit" => Some(&labels.units),
        _ => None,
    };
    names
        .and_then(|names| names.code(record).or_else(|| names.name(record)))
        .map(str::to_owned)
        .or_else(|| references.get(&(dataset.to_owned(), record)).cloned())
        .unwrap_or_else(|| record.to_string())
}

/// The cell that the values of a form field make.
pub(super) fn cell_text(field: &Field, values: &[&str]) -> String {
    if field.many && matches!(field.kind, FieldKind::Code(_)) {
        let mut codes: Vec<&str> = values.to_vec();
        codes.sort_unstable();
        codes.dedup();
        return codes.join("|");
    }
    normalise_text(values.first().copied().unwrap_or_default()).into_owned()
}

/// What stands round a field's input.
pub(super) struct FieldContext<'a> {
    pub text: &'a Text,
    pub standard: &'a Standard,
    pub labels: &'a Labels,
    pub state: &'a FormState,
    pub lang: Lang,
}

impl FieldContext<'_> {
    /// The input of a field with its value and fault.
    pub(super) fn render(&self, field: &Field) -> Markup {
        let mut input =
            ui::Field::new(&field.name, field.title.get(self.lang)).input(self.input(field));
        if field.required {
            input = input.required();
        }
        if let Some(most) = field.max_length {
            input = input.max_length(most);
        }
        if let Some(unit) = &field.unit {
            input = input.unit(unit.get(self.lang));
        }
        if let Some(hint) = self.hint(field) {
            input = input.hint(hint);
        }
        if field.kind == FieldKind::Ref("division".to_owned()) {
            input = input.suggestions(self.counties());
        }
        let boxes = field.many && matches!(field.kind, FieldKind::Code(_));
        html! {
            @if boxes { input type="hidden" name=(BOXES) value=(field.name); }
            (input.autocomplete("off").render(self.text, self.state))
        }
    }

    fn hint(&self, field: &Field) -> Option<String> {
        let about = field.about.get(self.lang);
        let named = match &field.kind {
            FieldKind::Ref(dataset) if dataset == "division" => self
                .labels
                .divisions
                .by_code(self.state.value(&field.name))
                .and_then(|record| self.labels.divisions.short(record)),
            _ => None,
        };
        let parts: Vec<&str> = [about, named.as_deref().unwrap_or_default()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    fn input(&self, field: &Field) -> Input {
        let none = || Some(self.text.get("registry-not-filled"));
        match &field.kind {
            FieldKind::Code(set) => {
                let choices: Vec<Choice> =
                    self.standard.code_set(set).map_or_else(Vec::new, |set| {
                        let held = self.state.values(&field.name);
                        set.entries
                            .iter()
                            .filter(|entry| {
                                entry.valid_to.is_none() || held.contains(&entry.code.as_str())
                            })
                            .map(|entry| {
                                Choice::new(
                                    &entry.code,
                                    format!("{} {}", entry.code, entry.name.get(self.lang)),
                                )
                            })
                            .collect()
                    });
                if field.many {
                    Input::Boxes(choices)
                } else {
                    Input::Select {
                        choices,
                        empty: none(),
                    }
                }
            }
            FieldKind::Bool => Input::Select {
                choices: vec![
                    Choice::new("1", self.text.get("registry-yes")),
                    Choice::new("0", self.text.get("registry-no")),
                ],
                empty: none(),
            },
            FieldKind::Date => Input::Date,
            FieldKind::Int { .. } | FieldKind::Decimal { .. } | FieldKind::Lon | FieldKind::Lat => {
                Input::Number
            }
            FieldKind::Ref(dataset) if dataset == "education_unit" && !field.many => {
                Input::Select {
                    choices: self.units(),
                    empty: none(),
                }
            }
            FieldKind::Text if field.max_length.is_some_and(|most| most >= 300) => {
                Input::Area { rows: 3 }
            }
            FieldKind::Text | FieldKind::Ref(_) | FieldKind::Geometry => Input::Text,
        }
    }

    fn units(&self) -> Vec<Choice> {
        let units = &self.labels.units;
        units
            .all()
            .into_iter()
            .filter_map(|record| Some(Choice::new(units.code(record)?, units.name(record)?)))
            .collect()
    }

    /// The counties with the city before them, as intake reads them.
    fn counties(&self) -> Vec<String> {
        let divisions = &self.labels.divisions;
        divisions
            .all()
            .into_iter()
            .filter(|record| divisions.level(*record) == Some("county"))
            .filter_map(|record| {
                let above = divisions
                    .parent(record)
                    .and_then(|above| divisions.name(above))
                    .unwrap_or_default();
                Some(format!("{above}{}", divisions.name(record)?))
            })
            .collect()
    }
}
