//! Who, from where, why: the words that several pages need.

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};
use security::SecurityError;
use standard::{Dataset, Field, FieldKind, Lang, Standard};
use ui::{Language, Text, Tone};

use crate::api::Registry;
use crate::intake::Cause;
use crate::intake::explain::filled;
use crate::ledger::Commit;

/// Names of the accounts that commits and imports name.
pub(super) struct Actors(HashMap<String, String>);

impl Actors {
    /// Looks up each actor once.
    pub(super) async fn of(
        registry: &Registry,
        actors: impl IntoIterator<Item = &str>,
    ) -> Result<Actors, SecurityError> {
        let actors: BTreeSet<&str> = actors.into_iter().collect();
        let mut names = HashMap::new();
        for actor in actors {
            if let Some(name) = registry.security().actor_name(actor).await? {
                names.insert(actor.to_owned(), name);
            }
        }
        Ok(Actors(names))
    }

    /// The actor in the reader's language.
    pub(super) fn name(&self, text: &Text, actor: &str) -> String {
        if let Some(name) = self.0.get(actor) {
            return name.clone();
        }
        let (kind, name) = actor.split_once(':').unwrap_or(("program", actor));
        let own = format!("registry-actor-{kind}-{name}");
        if text.has(&own) {
            return text.get(&own);
        }
        match kind {
            "account" => text.with("registry-actor-account", &[("number", name)]),
            "job" => text.with("registry-actor-job", &[("name", name)]),
            "operator" => text.get("registry-actor-operator"),
            _ => text.get("registry-actor-program"),
        }
    }
}

/// Where a commit came from: 文件《…》, 网页填报, …
pub(super) fn source(text: &Text, commit: &Commit) -> String {
    let key = format!("registry-source-{}", commit.source.kind);
    let kind = if text.has(&key) {
        text.get(&key)
    } else {
        commit.source.kind.clone()
    };
    if commit.source.name.is_empty() {
        kind
    } else {
        text.with(
            "registry-source-named",
            &[("kind", &kind), ("name", &commit.source.name)],
        )
    }
}

/// The title of the dataset of a commit or an import. A commit of none is one of the definitions.
pub(super) fn dataset_title(registry: &Registry, text: &Text, name: &str) -> String {
    if name.is_empty() {
        return text.get("registry-source-definitions");
    }
    dataset_of(registry.standard(), super::lang(text), name)
}

/// The title of a dataset; its name where the definitions no longer have it.
pub(super) fn dataset_of(standard: &Standard, lang: Lang, name: &str) -> String {
    standard.dataset(name).map_or_else(
        || name.to_owned(),
        |dataset| dataset.title.get(lang).to_owned(),
    )
}

/// Why a commit was made. What the program itself writes as a reason reads as the reader does.
pub(super) fn reason(text: &Text, commit: &Commit) -> String {
    let reason = &commit.source.reason;
    match reason.strip_prefix("definitions ") {
        Some(version) if commit.source.kind == "definitions" => {
            text.with("registry-reason-definitions", &[("version", version)])
        }
        _ => reason.clone(),
    }
}

/// A value of a field as the definitions write it.
pub(super) fn value_words(
    standard: &Standard,
    text: &Text,
    lang: Lang,
    field: Option<&Field>,
    value: &str,
) -> String {
    match (field.map(|field| &field.kind), value) {
        (Some(FieldKind::Bool), "true") => text.get("registry-yes"),
        (Some(FieldKind::Bool), "false") => text.get("registry-no"),
        (Some(FieldKind::Code(set)), _) => standard
            .code_set(set)
            .map_or(value, |set| set.name_of(value, lang))
            .to_owned(),
        _ => value.to_owned(),
    }
}

/// The title of a field; its name where the dataset does not have it.
pub(super) fn field_title(dataset: Option<&Dataset>, lang: Lang, name: &str) -> String {
    dataset
        .and_then(|dataset| dataset.field(name))
        .map_or_else(|| name.to_owned(), |field| field.title.get(lang).to_owned())
}

/// What a cause says and what to do about it, in the reader's language. Of several rows the values differ,
/// so they are left open.
pub(super) fn cause_words(standard: &Standard, lang: Lang, cause: &Cause) -> (String, String) {
    let only = match cause.examples.as_slice() {
        [only] if cause.rows == 1 => Some(only),
        _ => None,
    };
    cause_said(standard, lang, cause, |name| {
        let only = only?;
        let own = (name == cause.field && !only.value.is_empty()).then(|| only.value.clone());
        only.values.get(name).cloned().or(own)
    })
}

/// As [`cause_words`], with the values that the caller knows.
pub(super) fn cause_said(
    standard: &Standard,
    lang: Lang,
    cause: &Cause,
    value: impl Fn(&str) -> Option<String>,
) -> (String, String) {
    let pick = |(zh, en): &(String, String)| match lang {
        Lang::Zh => zh.clone(),
        Lang::En => en.clone(),
    };
    // The check's own sentence has places for values; in that of the plan they are filled.
    let (message, repair) = match standard.check(&cause.code) {
        Some(check) => (
            check.message.get(lang).to_owned(),
            check.repair.get(lang).to_owned(),
        ),
        None => (pick(&cause.message), pick(&cause.repair)),
    };
    (filled(&message, &value), filled(&repair, &value))
}

/// The tone of a severity.
pub(super) fn severity_tone(severity: &str) -> Tone {
    match severity {
        "must_fix" => Tone::Fix,
        "explain" | "review" => Tone::Explain,
        _ => Tone::Plain,
    }
}

/// What a stable code of reading or importing says in the reader's language; `said` is what the program
/// says in English.
pub(super) fn error_sentence(text: &Text, code: &str, said: &str) -> Option<String> {
    if text.language() == Language::English && !said.is_empty() {
        return Some(said.to_owned());
    }
    let key = format!(
        "registry-error-{}",
        code.to_ascii_lowercase().replace(['.', '_'], "-")
    );
    text.has(&key).then(|| text.get(&key))
}

/// A count of changed fields: 名称 12、地址 3.
pub(super) fn counted_fields<'f>(
    dataset: Option<&Dataset>,
    lang: Lang,
    fields: impl IntoIterator<Item = (&'f String, &'f u64)>,
) -> String {
    let mut fields: Vec<(&String, &u64)> = fields.into_iter().collect();
    fields.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
    let said: Vec<String> = fields
        .into_iter()
        .map(|(name, count)| {
            format!(
                "{} {}",
                field_title(dataset, lang, name),
                super::shown_count(*count)
            )
        })
        .collect();
    said.join(if lang == Lang::Zh { "、" } else { ", " })
}

/// The first figures of a hash.
pub(super) fn short_hash(hash: &[u8]) -> Markup {
    let text = crate::ledger::hex(hash);
    let short: String = text.chars().take(8).collect();
    html! { span title=(text) { (ui::code(&short)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_sentence_are_filled_or_left_open() {
        let value = |name: &str| (name == "code").then(|| "61".to_owned());
        assert_eq!(
            filled("标识码“{code}”与“{type}”不符", value),
            "标识码“61”与“…”不符"
        );
        assert_eq!(filled("a { b", value), "a { b");
    }
}
