//! What an operator's overlay may do to a dataset: add fields and aliases, and tighten. Never loosen.

use super::dataset::{read_field, scaled};
use crate::model::{Dataset, Field, FieldKind, Sensitivity};
use crate::problem::write_instead;
use crate::read::Entry;

/// Applies an overlay file that names an existing dataset.
pub(super) fn extend_dataset(dataset: &mut Dataset, entry: &Entry<'_>) {
    for field_entry in entry.tables("field") {
        let name = field_entry.text("name").unwrap_or_default();
        match dataset.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => tighten(field, field_entry),
            None => {
                let field = read_field(field_entry);
                if field.required {
                    // A required field that old files do not have would refuse every row of them.
                    entry.problem(
                        field.at.line,
                        format!("new field `{}` is required", field.name),
                        "remove `required`, or add a check with severity `explain`",
                    );
                }
                dataset.fields.push(field);
            }
        }
    }
}

/// Applies what an overlay says of an existing field.
fn tighten(field: &mut Field, entry: Entry<'_>) {
    for (alias, _) in entry.list("aliases") {
        if !field.aliases.contains(&alias) {
            field.aliases.push(alias);
        }
    }
    if let Some(required) = entry.flag("required") {
        if field.required && !required {
            entry.problem(
                entry.line_of("required"),
                format!("an overlay may not drop `required` of `{}`", field.name),
                "remove the line",
            );
        }
        field.required |= required;
    }
    if let Some(sensitivity) = entry.choice("sensitivity", &Sensitivity::CHOICES) {
        if sensitivity < field.sensitivity {
            entry.problem(
                entry.line_of("sensitivity"),
                format!(
                    "an overlay may not lower the sensitivity of `{}` from {} to {}",
                    field.name,
                    field.sensitivity.as_str(),
                    sensitivity.as_str()
                ),
                format!(
                    "write `sensitivity = \"{}\"` or a higher one",
                    field.sensitivity.as_str()
                ),
            );
        }
        if sensitivity > field.sensitivity && sensitivity.is_sealed() && field.is_stored() {
            // What is stored of it already would stay where it stands.
            entry.problem(
                entry.line_of("sensitivity"),
                format!(
                    "an overlay may not raise the sensitivity of `{}` to {}: sealed fields stand elsewhere in the ledger",
                    field.name,
                    sensitivity.as_str()
                ),
                "close the field in the next release and add a new one with another name",
            );
        } else {
            field.sensitivity = field.sensitivity.max(sensitivity);
        }
    }
    if let Some(word) = entry.text("kind")
        && word != field.kind.word()
    {
        entry.problem(
            entry.line_of("kind"),
            format!(
                "an overlay may not change the kind of `{}` from {} to {word}",
                field.name,
                field.kind.word()
            ),
            "close the field in the next release and add a new one with another name",
        );
    }
    tighten_target(field, &entry);
    tighten_bounds(field, &entry);
    if entry.text("closed").is_some() {
        entry.problem(
            entry.line_of("closed"),
            format!("an overlay may not close `{}`", field.name),
            "remove the line; leave the field blank instead",
        );
    }
    entry.finish();
}

fn tighten_target(field: &Field, entry: &Entry<'_>) {
    let (codes, target) = (entry.text("codes"), entry.text("to"));
    let before = match &field.kind {
        FieldKind::Code(set) => set.as_str(),
        FieldKind::Ref(dataset) => dataset.as_str(),
        _ => "",
    };
    for (key, after) in [("codes", codes), ("to", target)] {
        if let Some(after) = after
            && after != before
        {
            entry.problem(
                entry.line_of(key),
                format!("an overlay may not change `{key}` of `{}`", field.name),
                if before.is_empty() {
                    "remove the line".to_owned()
                } else {
                    write_instead(before, [before])
                },
            );
        }
    }
}

fn tighten_bounds(field: &mut Field, entry: &Entry<'_>) {
    let name = field.name.clone();
    if let Some(length) = entry
        .int("max_length")
        .and_then(|length| u32::try_from(length).ok())
    {
        if field.max_length.is_some_and(|before| length > before) {
            loosened(entry, "max_length", &name);
        }
        field.max_length = Some(field.max_length.map_or(length, |before| before.min(length)));
    }
    let scale = field.kind.scale().unwrap_or(0);
    let min_given = scaled(entry.number("min"), scale);
    let max_given = scaled(entry.number("max"), scale);
    match &mut field.kind {
        FieldKind::Int { min, max } | FieldKind::Decimal { min, max, .. } => {
            if let Some(given) = min_given {
                if min.is_some_and(|before| given < before) {
                    loosened(entry, "min", &name);
                }
                *min = Some(min.map_or(given, |before| before.max(given)));
            }
            if let Some(given) = max_given {
                if max.is_some_and(|before| given > before) {
                    loosened(entry, "max", &name);
                }
                *max = Some(max.map_or(given, |before| before.min(given)));
            }
        }
        _ => {
            for key in ["min", "max"] {
                if entry.has(key) {
                    entry.problem(
                        entry.line_of(key),
                        format!("`{key}` does not fit `{name}`"),
                        "remove the line",
                    );
                }
            }
        }
    }
}

fn loosened(entry: &Entry<'_>, key: &str, name: &str) {
    entry.problem(
        entry.line_of(key),
        format!("an overlay may not loosen `{key}` of `{name}`"),
        "write a tighter bound or remove the line",
    );
}
