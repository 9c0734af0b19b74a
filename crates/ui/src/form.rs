//! What a form holds between being sent and being right: the values as they were typed and the faults,
//! each on its field.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::text::Text;

/// What is wrong with a field, in words of the reader's language once it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A message key.
    Key(&'static str),
    /// A message key with its placeholders.
    KeyWith(&'static str, Vec<(&'static str, String)>),
    /// A sentence that is already in the reader's language.
    Said(String),
}

impl Fault {
    /// A required field is empty.
    pub const REQUIRED: Self = Self::Key("ui-fault-required");
    /// A value that is not in the list.
    pub const CHOICE: Self = Self::Key("ui-fault-choice");
    /// Not a number.
    pub const NUMBER: Self = Self::Key("ui-fault-number");
    /// Not a date.
    pub const DATE: Self = Self::Key("ui-fault-date");

    /// The sentence.
    pub fn say(&self, text: &Text) -> String {
        match self {
            Self::Key(key) => text.get(key),
            Self::KeyWith(key, values) => {
                let values: Vec<(&str, &str)> = values
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                text.with(key, &values)
            }
            Self::Said(sentence) => sentence.clone(),
        }
    }
}

/// A fault and the field it is on. An empty field name means the form as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's name.
    pub field: String,
    /// What is wrong.
    pub fault: Fault,
}

/// The values of a form as they were typed, and all that is wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState {
    values: BTreeMap<String, Vec<String>>,
    faults: Vec<FieldFault>,
}

impl FormState {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was sent: extract it with `axum::Form<Vec<(String, String)>>`. White space round a value is
    /// dropped (also U+3000).
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut state = Self::default();
        for (name, value) in pairs {
            state
                .values
                .entry(name)
                .or_default()
                .push(value.trim().to_owned());
        }
        state
    }

    /// Puts a value into a field, replacing what was there (the stored record when a form opens).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), vec![value.into()]);
        self
    }

    /// Puts several values into a field.
    #[must_use]
    pub fn with_many(mut self, name: &str, values: Vec<String>) -> Self {
        self.values.insert(name.to_owned(), values);
        self
    }

    /// The value of a field, `""` if there is none.
    pub fn value(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(|values| values.first())
            .map_or("", String::as_str)
    }

    /// All values of a field that are not empty.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.values
            .get(name)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Whether the field was sent at all.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a field that must not be empty; an empty one becomes a fault.
    pub fn required(&mut self, name: &str) -> Option<String> {
        let value = self.value(name).to_owned();
        if value.is_empty() {
            self.fail(name, Fault::REQUIRED);
            return None;
        }
        Some(value)
    }

    /// Reads a value with a function of the caller; an empty field gives `None` and no fault, a failure
    /// becomes a fault.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if self.value(name).is_empty() {
            return None;
        }
        match read(self.value(name)) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fail(name, fault);
                None
            }
        }
    }

    /// Adds a fault.
    pub fn fail(&mut self, field: &str, fault: Fault) {
        self.faults.push(FieldFault {
            field: field.to_owned(),
            fault,
        });
    }

    /// The first fault of a field.
    pub fn fault(&self, field: &str) -> Option<&Fault> {
        self.faults
            .iter()
            .find(|fault| fault.field == field)
            .map(|fault| &fault.fault)
    }

    /// All faults, in the order they were found.
    pub fn faults(&self) -> &[FieldFault] {
        &self.faults
    }

    /// Whether nothing is wrong.
    pub fn is_right(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What must be corrected, above the form, each sentence a link to its field. `labels` names the fields.
pub fn error_summary(text: &Text, state: &FormState, labels: &[(&str, &str)]) -> Markup {
    if state.is_right() {
        return html! {};
    }
    let count = i64::try_from(state.faults.len()).unwrap_or(i64::MAX);
    let label = |field: &str| {
        labels
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, label)| *label)
    };
    html! {
        section.summary role="alert" tabindex="-1" aria-labelledby="summary-title" data-focus="" {
            h2 #summary-title { (text.count("ui-form-errors", count)) }
            ul {
                @for fault in &state.faults {
                    li {
                        @if fault.field.is_empty() { (fault.fault.say(text)) }
                        @else {
                            a href=(format!("#field-{}", fault.field)) {
                                @if let Some(label) = label(&fault.field) { (label) ":" }
                                (fault.fault.say(text))
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Catalogue, Language};

    #[test]
    fn values_are_kept_and_faults_lead_to_their_field() {
        let mut state = FormState::from_pairs([
            ("name".to_owned(), " 雁塔小学 ".to_owned()),
            ("founded".to_owned(), "x".to_owned()),
        ]);
        assert_eq!(state.required("name").as_deref(), Some("雁塔小学"));
        assert_eq!(state.required("kind"), None);
        let year: Option<i32> =
            state.read("founded", |value| value.parse().map_err(|_| Fault::NUMBER));
        assert_eq!(year, None);
        assert_eq!(state.value("founded"), "x");
        let text = Catalogue::new(vec![]).text(Language::Chinese);
        let html = error_summary(&text, &state, &[("kind", "类型")]).into_string();
        assert!(html.contains("有 2 处需要改正"));
        assert!(html.contains("<a href=\"#field-kind\">类型:请填写</a>"));
    }
}
