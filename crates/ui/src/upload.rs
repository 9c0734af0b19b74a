//! The form that takes a file: a plain multipart form, with a drop area and a progress bar where a
//! script runs.

use maud::{Markup, html};

use crate::form::FormState;
use crate::text::Text;

/// A form with one file and other fields.
#[derive(Clone, Debug)]
pub struct FileDrop {
    /// Where the form is sent.
    pub action: String,
    /// The name of the file field.
    pub name: String,
    /// Its label.
    pub label: String,
    /// What can be read, how large: words.
    pub hint: String,
    /// What the file dialog offers: `.csv,.xlsx,.geojson`.
    pub accept: String,
    /// The largest file in bytes; refused before it is sent.
    pub most_bytes: u64,
    /// Other fields, rendered. The first is [`crate::Frame::form_field`]: the token must arrive before the file.
    pub fields: Vec<Markup>,
    /// The words of the button.
    pub submit: String,
}

impl FileDrop {
    /// The form. A page that has it takes [`crate::Island::Upload`].
    pub fn render(&self, text: &Text, state: &FormState) -> Markup {
        let id = format!("field-{}", self.name);
        let fault = state.fault(&self.name).map(|fault| fault.say(text));
        let described = format!(
            "{id}-hint{}",
            if fault.is_some() {
                format!(" {id}-fault")
            } else {
                String::new()
            }
        );
        html! {
            weihe-upload data-most=(self.most_bytes)
                data-sending=(text.get("ui-upload-sending")) data-waiting=(text.get("ui-upload-waiting"))
                data-failed=(text.get("ui-upload-failed")) data-cancel=(text.get("ui-upload-cancel")) {
                form method="post" action=(self.action) enctype="multipart/form-data" {
                    // The fields stand before the file, so that they arrive before it.
                    @for field in &self.fields { (field) }
                    div.field.file.faulty[fault.is_some()] {
                        label for=(id) { (self.label) }
                        p.hint id=(format!("{id}-hint")) { (self.hint) }
                        @if let Some(fault) = &fault { p.fault id=(format!("{id}-fault")) { (fault) } }
                        div.drop {
                            span data-script="" { (text.get("ui-file-drop")) " " }
                            input id=(id) type="file" name=(self.name) accept=(self.accept) required aria-describedby=(described);
                        }
                    }
                    div.actions { button.main type="submit" { (self.submit) } }
                }
                div.sending hidden {
                    p.label role="status" {}
                    progress max="100" value="0" {}
                    p { button type="button" { (text.get("ui-upload-cancel")) } }
                }
            }
        }
    }
}
