//! How entries are told to people.

use std::collections::HashMap;

use kernel::UnitId;
use ui::{Language, Text};

use crate::api::Security;
use crate::error::SecurityError;

/// The names of accounts and posts, looked up once for a page.
pub(super) struct Names {
    actors: HashMap<String, String>,
    units: HashMap<UnitId, String>,
}

impl Names {
    pub(super) async fn of(
        security: &Security,
        actors: &[String],
        units: &[UnitId],
    ) -> Result<Self, SecurityError> {
        let mut known = HashMap::new();
        for actor in actors {
            if !known.contains_key(actor) {
                let name = security.actor_name(actor).await?;
                known.insert(actor.clone(), name.unwrap_or_default());
            }
        }
        Ok(Self {
            actors: known,
            units: unit_names(security, units).await,
        })
    }

    /// The name of who did something; jobs and operators by their own word.
    pub(super) fn actor(&self, text: &Text, actor: &str) -> String {
        match self.actors.get(actor).filter(|name| !name.is_empty()) {
            Some(name) => name.clone(),
            None if actor == "nobody" => text.get("security-audit-nobody"),
            None => actor.to_owned(),
        }
    }

    /// The name of a unit, or its number where no name is known.
    pub(super) fn unit(&self, text: &Text, unit: UnitId) -> String {
        self.units
            .get(&unit)
            .cloned()
            .unwrap_or_else(|| text.with("security-audit-unit", &[("number", &unit.to_string())]))
    }
}

async fn unit_names(security: &Security, units: &[UnitId]) -> HashMap<UnitId, String> {
    let mut wanted = units.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    match security.0.records.get() {
        Some(records) if !wanted.is_empty() => records.unit_names(&wanted).await,
        _ => HashMap::new(),
    }
}

/// The title of a post; the name it had where the definitions have it no more.
pub(super) fn post(security: &Security, text: &Text, name: &str) -> String {
    let language = lang(text);
    let post = security.posts().iter().find(|post| post.name == name);
    post.map_or_else(
        || name.to_owned(),
        |post| post.title.get(language).to_owned(),
    )
}

/// The title of a purpose; the name where the definitions have none.
pub(super) fn purpose(security: &Security, text: &Text, name: &str) -> String {
    let titles = security.0.purposes.get();
    titles
        .and_then(|titles| titles.get(name))
        .map_or_else(|| name.to_owned(), |title| title.get(lang(text)).to_owned())
}

pub(super) fn lang(text: &Text) -> standard::Lang {
    match text.language() {
        Language::Chinese => standard::Lang::Zh,
        Language::English => standard::Lang::En,
    }
}

/// The words of a code, or the code where there are none: actions that another room adds tell themselves.
pub(super) fn word(text: &Text, prefix: &str, code: &str) -> String {
    let key = format!("{prefix}-{}", code.replace('_', "-"));
    if text.has(&key) {
        text.get(&key)
    } else {
        code.to_owned()
    }
}
