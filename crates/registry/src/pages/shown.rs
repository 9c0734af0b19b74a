//! Stored values as people read them.

use columns::Table;
use kernel::Value;
use maud::{Markup, html};
use security::Permit;
use standard::{Dataset, Field, FieldKind, Lang, Standard};
use ui::Text;

use crate::intake::explain;
use crate::intake::{column_type, stored_value};
use crate::lists::Labels;

/// What is needed to show values.
pub(super) struct Showing<'a> {
    pub standard: &'a Standard,
    pub labels: &'a Labels,
    pub lang: Lang,
}

impl Showing<'_> {
    /// A value as text; empty where there is none.
    pub(super) fn text(&self, field: &Field, value: &Value) -> String {
        explain::shown(self.standard, field, value, self.lang, |dataset, record| {
            self.labels.of(dataset, record)
        })
    }

    /// A value of a held table as text.
    pub(super) fn text_at(&self, field: &Field, table: &Table, row: usize) -> String {
        let Some(column) = table
            .position(&field.name)
            .filter(|_| column_type(field).is_some())
        else {
            return String::new();
        };
        self.text(field, &stored_value(field, table, column, row))
    }

    /// A value with its unit, as the page of a record shows it.
    pub(super) fn markup(&self, field: &Field, value: &Value) -> Markup {
        let words = self.text(field, value);
        let unit = field.unit.as_ref().map(|unit| unit.get(self.lang));
        let is_code = field.name == "code";
        html! {
            @if is_code { (ui::code(&words)) } @else { (words) }
            @if let Some(unit) = unit { " " (unit) }
            @if let (FieldKind::Code(_), Value::Text(code), true) = (&field.kind, value, is_numbered(value)) {
                " " small { "(" (code.replace('|', "、")) ")" }
            }
        }
    }
}

/// Whether a code is one of a standard's numbers, which people know, and not a word of our own.
fn is_numbered(value: &Value) -> bool {
    value
        .as_text()
        .is_some_and(|code| code.starts_with(|first: char| first.is_ascii_digit()))
}

/// The fields of a dataset that the permit may see, each with its place among a version's values.
pub(super) fn visible_fields<'d>(dataset: &'d Dataset, permit: &Permit) -> Vec<(usize, &'d Field)> {
    dataset
        .stored_fields()
        .enumerate()
        .filter(|(_, field)| permit.sees_field(field.sensitivity))
        .collect()
}

/// Whether a record is synthetic.
pub(super) fn is_synthetic(dataset: &Dataset, values: &[Value]) -> bool {
    dataset
        .stored_fields()
        .position(|field| field.name == "origin")
        .and_then(|place| values.get(place))
        .and_then(Value::as_text)
        == Some("synthetic")
}

/// The badge of synthetic data.
pub(super) fn synthetic_badge(text: &Text) -> Markup {
    ui::badge(ui::Tone::Explain, &text.get("ui-badge-synthetic"))
}

/// A day of effective time: 自始 for the beginning of time.
pub(super) fn effective_day(text: &Text, day: kernel::Day) -> String {
    if day <= kernel::Day::BEGINNING {
        text.get("registry-since-ever")
    } else {
        day.to_string()
    }
}
