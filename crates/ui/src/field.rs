//! Form fields: a label, a hint, the fault, the input, tied together for readers that do not see.

use maud::{Markup, html};

use crate::form::FormState;
use crate::text::Text;

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// How many there are, beside the label.
    pub count: Option<i64>,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            count: None,
        }
    }

    /// With how many there are.
    #[must_use]
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }

    fn words(&self) -> String {
        match self.count {
            Some(count) => format!("{} ({})", self.label, crate::format::integer(count)),
            None => self.label.clone(),
        }
    }
}

/// What kind of input a field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One line.
    Text,
    /// One line that searches.
    Search,
    /// One line of digits, with the keypad on a phone.
    Number,
    /// A day.
    Date,
    /// A password.
    Password,
    /// Several lines.
    Area {
        /// How many.
        rows: u8,
    },
    /// One of many; `empty` is the words of "none".
    Select {
        /// The choices.
        choices: Vec<Choice>,
        /// What stands for no choice; without it one must be chosen.
        empty: Option<String>,
    },
    /// One of a few.
    Radios(Vec<Choice>),
    /// Any of a few.
    Boxes(Vec<Choice>),
    /// Yes or no: sends `1`.
    Box,
}

/// A field of a form.
#[derive(Clone, Debug)]
#[must_use]
pub struct Field {
    name: String,
    label: String,
    input: Input,
    hint: Option<String>,
    required: bool,
    optional_shown: bool,
    max_length: Option<u32>,
    autocomplete: Option<&'static str>,
    unit: Option<String>,
    inline: bool,
    list: Vec<String>,
}

impl Field {
    /// A line of text, unless [`Field::input`] says otherwise.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            input: Input::Text,
            hint: None,
            required: false,
            optional_shown: false,
            max_length: None,
            autocomplete: None,
            unit: None,
            inline: false,
            list: Vec::new(),
        }
    }

    /// The kind of input.
    pub fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// What to write, or how.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Must be filled.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says 选填 beside the label.
    pub fn optional(mut self) -> Self {
        self.optional_shown = true;
        self
    }

    /// The longest text.
    pub fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// What the browser may fill in (`username`, `current-password`, `off`).
    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// The unit behind the input.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Label and input on one line, for filter bars.
    pub fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// Values that are offered while typing.
    pub fn suggestions(mut self, values: Vec<String>) -> Self {
        self.list = values;
        self
    }

    /// The field with its value and fault.
    pub fn render(&self, text: &Text, state: &FormState) -> Markup {
        let id = format!("field-{}", self.name);
        let fault = state.fault(&self.name).map(|fault| fault.say(text));
        let described: Vec<String> = [
            self.hint.as_ref().map(|_| format!("{id}-hint")),
            fault.as_ref().map(|_| format!("{id}-fault")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let grouped = matches!(self.input, Input::Radios(_) | Input::Boxes(_));
        let after_label = html! {
            @if self.required { span.must aria-hidden="true" { " *" } span.sr-only { " " (text.get("ui-form-required")) } }
            @if self.optional_shown { span.optional { " " (text.get("ui-form-optional")) } }
        };
        let notes = html! {
            @if let Some(hint) = &self.hint { p.hint id=(format!("{id}-hint")) { (hint) } }
            @if let Some(fault) = &fault { p.fault id=(format!("{id}-fault")) { (fault) } }
        };
        if grouped {
            return html! {
                fieldset.field.faulty[fault.is_some()] id=(id) tabindex="-1" aria-describedby=[described] {
                    legend { (self.label) (after_label) }
                    (notes)
                    (self.group(&id, state))
                }
            };
        }
        if self.input == Input::Box {
            return html! {
                div.field.check.faulty[fault.is_some()] {
                    label { input id=(id) type="checkbox" name=(self.name) value="1" checked[state.value(&self.name) == "1"] aria-describedby=[described]; span { (self.label) } }
                    (notes)
                }
            };
        }
        html! {
            div.field.inline[self.inline].faulty[fault.is_some()] {
                label for=(id) { (self.label) (after_label) }
                (notes)
                (self.single(text, &id, described.as_deref(), fault.is_some(), state.value(&self.name)))
            }
        }
    }

    fn group(&self, id: &str, state: &FormState) -> Markup {
        let (kind, choices) = match &self.input {
            Input::Radios(choices) => ("radio", choices.as_slice()),
            Input::Boxes(choices) => ("checkbox", choices.as_slice()),
            _ => ("radio", [].as_slice()),
        };
        let held = state.values(&self.name);
        html! {
            div.choices {
                @for (index, choice) in choices.iter().enumerate() {
                    label for=(format!("{id}-{index}")) {
                        input id=(format!("{id}-{index}")) type=(kind) name=(self.name) value=(choice.value) checked[held.contains(&choice.value.as_str())];
                        span { (choice.words()) }
                    }
                }
            }
        }
    }

    fn single(
        &self,
        text: &Text,
        id: &str,
        described: Option<&str>,
        faulty: bool,
        value: &str,
    ) -> Markup {
        let invalid = faulty.then_some("true");
        let list = (!self.list.is_empty()).then(|| format!("{id}-list"));
        let (kind, mode) = match self.input {
            Input::Search => ("search", None),
            Input::Number => ("text", Some("decimal")),
            Input::Date => ("date", None),
            Input::Password => ("password", None),
            _ => ("text", None),
        };
        match &self.input {
            Input::Area { rows } => html! {
                textarea id=(id) name=(self.name) rows=(rows) maxlength=[self.max_length] required[self.required] aria-describedby=[described] aria-invalid=[invalid] { (value) }
            },
            Input::Select { choices, empty } => html! {
                select id=(id) name=(self.name) required[self.required] aria-describedby=[described] aria-invalid=[invalid] {
                    @if let Some(empty) = empty { option value="" { (empty) } }
                    @else if value.is_empty() { option value="" { (text.get("ui-form-choose")) } }
                    @for choice in choices { option value=(choice.value) selected[choice.value == value] { (choice.words()) } }
                }
            },
            _ => html! {
                span.with-unit {
                    // A password is never written back into the page.
                    input id=(id) type=(kind) name=(self.name) value=(if self.input == Input::Password { "" } else { value })
                        inputmode=[mode] maxlength=[self.max_length] required[self.required] autocomplete=[self.autocomplete]
                        list=[list.as_ref()] aria-describedby=[described] aria-invalid=[invalid];
                    @if let Some(unit) = &self.unit { span.unit { (unit) } }
                    @if let Some(list) = &list { datalist id=(list) { @for value in &self.list { option value=(value) {} } } }
                }
            },
        }
    }
}
