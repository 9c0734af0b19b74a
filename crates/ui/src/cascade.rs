//! Selects that narrow one another: the choices of each depend on the one before it.

use maud::{Markup, html};

use crate::field::Choice;
use crate::text::Text;

/// One select of a cascade.
#[derive(Clone, Debug)]
pub struct CascadeLevel {
    /// The name it is sent by.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The words of "any".
    pub empty: String,
    /// The choices under what is chosen before it; empty when nothing is.
    pub choices: Vec<Choice>,
    /// What is chosen.
    pub value: String,
}

/// A cascade. Without a script the form is sent after each level, and the page shows the next one filled.
#[derive(Clone, Debug)]
pub struct Cascade {
    /// From the widest to the narrowest.
    pub levels: Vec<CascadeLevel>,
    /// Where a script asks for the choices below one: `/places.json?parent={value}`, answered with
    /// `[{"value":"610100","label":"西安市"}, …]`.
    pub options: String,
}

impl Cascade {
    /// The selects. A page that has it takes [`crate::Island::Cascade`]; inside a `data-live` form the
    /// script is not needed, since each answer brings the next choices.
    pub fn render(&self, text: &Text) -> Markup {
        html! {
            weihe-cascade.cascade data-options=(self.options) data-failed=(text.get("ui-load-failed")) {
                @for level in &self.levels {
                    @let id = format!("field-{}", level.name);
                    div.field {
                        label for=(id) { (level.label) }
                        select id=(id) name=(level.name) disabled[level.choices.is_empty()] {
                            option value="" { (level.empty) }
                            @for choice in &level.choices { option value=(choice.value) selected[choice.value == level.value] { (choice.label) } }
                        }
                    }
                }
            }
        }
    }
}
