//! Names of posts, units, people, kinds of state, in the reader's language.

use std::collections::HashMap;

use kernel::{Millis, UnitId};
use maud::{Markup, html};
use standard::{Label, Lang, StateKind};
use ui::{Language, Text, Tone, badge};

use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::Event;

pub(super) fn lang(text: &Text) -> Lang {
    match text.language() {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}

pub(super) fn say<'l>(text: &Text, label: &'l Label) -> &'l str {
    label.get(lang(text))
}

pub(super) fn tone(kind: StateKind) -> Tone {
    match kind {
        StateKind::Open | StateKind::Withdrawn => Tone::Plain,
        StateKind::Returned => Tone::Explain,
        StateKind::Done => Tone::Good,
        StateKind::Refused | StateKind::Lapsed => Tone::Fix,
    }
}

/// By when, with a mark where that is past.
pub(super) fn due(text: &Text, due: Option<Millis>, is_overdue: bool) -> Markup {
    html! {
        @match due {
            // A limit in days ends with midnight: the last day is the one before.
            Some(due) if due.time_of_day() == (0, 0, 0) => (due.add(-1).day()),
            Some(due) => (due),
            None => (text.get("workflow-no-limit")),
        }
        @if is_overdue { " " (badge(Tone::Fix, &text.get("workflow-overdue"))) }
    }
}

/// Names that are looked up once a page.
pub(super) struct Names<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) text: &'a Text,
    units: HashMap<UnitId, String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(workflow: &'a Workflow, text: &'a Text) -> Self {
        Self {
            workflow,
            text,
            units: HashMap::new(),
        }
    }

    pub(super) async fn unit(&mut self, unit: UnitId) -> String {
        if let Some(name) = self.units.get(&unit) {
            return name.clone();
        }
        let (_, name) = self.workflow.unit_label(unit).await;
        self.units.insert(unit, name.clone());
        name
    }

    pub(super) fn post(&self, name: &str) -> String {
        self.workflow.standard().post(name).map_or_else(
            || name.to_owned(),
            |post| say(self.text, &post.title).to_owned(),
        )
    }

    /// The name of who acted: a display name, or the program.
    pub(super) async fn actor(&self, actor: &str) -> Result<String, WorkflowError> {
        let name = self.workflow.security().actor_name(actor).await?;
        Ok(name.unwrap_or_else(|| self.text.get("workflow-program")))
    }

    /// Who acted, in which post of which unit.
    pub(super) async fn by(&mut self, event: &Event) -> Result<String, WorkflowError> {
        let mut parts = vec![self.actor(&event.actor).await?];
        if let Some(unit) = event.unit {
            parts.push(self.unit(unit).await);
        }
        if let Some(post) = &event.post {
            parts.push(self.post(post));
        }
        Ok(parts.join(" · "))
    }
}
