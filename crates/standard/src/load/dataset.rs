//! `datasets/*.toml`.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::{Builder, overlay, people};
use crate::model::{
    Authority, Confidence, Dataset, EffectiveRule, Field, FieldKind, Hint, MatchKey, MissingRule,
    Owner, Precision, Sensitivity, UnitRule,
};
use crate::read::{Entry, Sheet};

/// Names that the ledger and the checker use for themselves.
const RESERVED: [&str; 16] = [
    "record_id",
    "unit_id",
    "since",
    "until",
    "effective_from",
    "effective_to",
    "row_no",
    "staged",
    "commit",
    "node",
    "digest",
    "record",
    "sealed_personal",
    "digest_personal",
    "sealed_sensitive",
    "digest_sensitive",
];

pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>, is_overlay: bool) {
    let entry = Entry::new(sheet, table, 1);
    let name = entry.need_name("name");
    let existing = builder
        .datasets
        .iter()
        .position(|dataset| dataset.name == name);
    match (existing, is_overlay) {
        (Some(index), true) => {
            if let Some(dataset) = builder.datasets.get_mut(index) {
                overlay::extend_dataset(dataset, &entry);
            }
            entry.finish();
        }
        (Some(index), false) => {
            let first = builder
                .datasets
                .get(index)
                .map(|dataset| dataset.at.to_string());
            entry.problem(
                entry.line_of("name"),
                format!("dataset `{name}` is defined twice"),
                format!(
                    "keep one; the other stands at {}",
                    first.unwrap_or_default()
                ),
            );
        }
        (None, _) => {
            let dataset = read_new(entry, name);
            builder.datasets.push(dataset);
        }
    }
}

fn read_new(entry: Entry<'_>, name: String) -> Dataset {
    let at = entry.sheet.at(entry.line_of("name"));
    let fields: Vec<Field> = entry.tables("field").into_iter().map(read_field).collect();
    report_twice(&entry, &fields);
    let unique_keys = entry.lists("unique_keys");
    let match_keys = entry
        .lists("match_keys")
        .into_iter()
        .map(|(fields, _)| MatchKey {
            unique: unique_keys.iter().any(|(unique, _)| *unique == fields),
            fields,
        })
        .collect::<Vec<_>>();
    for (fields, line) in &unique_keys {
        if !match_keys.iter().any(|key| key.fields == *fields) {
            entry.problem(
                *line,
                format!("`unique_keys` names {fields:?}, which is no match key"),
                "write one of the lists of `match_keys`, or remove it",
            );
        }
    }
    if match_keys.is_empty() {
        entry.problem(
            entry.line_of("match_keys"),
            "no match key is given",
            "write `match_keys = [[\"code\"]]`",
        );
    }
    let dataset = Dataset {
        order: entry.int("order").unwrap_or(1000),
        title: entry.need_label("title"),
        about: entry.need_label("about"),
        unit: read_unit(&entry),
        person: people::read_person(&entry),
        purposes: entry
            .list("purposes")
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        retention: people::read_retention(&entry),
        match_keys,
        default_effective: read_effective(&entry),
        missing: read_missing(&entry),
        authority: entry
            .label("authority")
            .map_or(Authority::Here, Authority::Elsewhere),
        display: entry.text("display").unwrap_or_else(|| "name".to_owned()),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        fields,
        name,
        at,
    };
    entry.finish();
    dataset
}

fn report_twice(entry: &Entry<'_>, fields: &[Field]) {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for field in fields {
        if let Some(first) = seen.insert(&field.name, field.at.line) {
            entry.problem(
                field.at.line,
                format!("field `{}` is defined twice", field.name),
                format!("keep one; the other stands on line {first}"),
            );
        }
    }
}

/// `unit = "root"`, `unit = { self = "parent" }` or `unit = { field = "unit" }`.
fn read_unit(entry: &Entry<'_>) -> UnitRule {
    let example =
        "write `unit = \"root\"`, `unit = { self = \"parent\" }` or `unit = { field = \"unit\" }`";
    if entry.is_text("unit") {
        let word = entry.text("unit").unwrap_or_default();
        if word != "root" {
            entry.problem(
                entry.line_of("unit"),
                format!("`unit = \"{word}\"` is not known"),
                example,
            );
        }
        return UnitRule::Root;
    }
    if !entry.has("unit") {
        entry.problem(entry.line, "`unit` is missing", example);
        return UnitRule::Root;
    }
    let Some(table) = entry.table("unit") else {
        return UnitRule::Root;
    };
    let (parent, field) = (table.text("self"), table.text("field"));
    let line = table.line;
    table.finish();
    match (parent, field) {
        (Some(parent_field), None) => UnitRule::SelfUnit { parent_field },
        (None, Some(field)) => UnitRule::OfField(field),
        _ => {
            entry.problem(line, "`unit` must name one field", example);
            UnitRule::Root
        }
    }
}

/// `default_effective = "beginning"`, `"today"` or `{ period = "school_year" }`.
fn read_effective(entry: &Entry<'_>) -> EffectiveRule {
    if entry.has("default_effective") && !entry.is_text("default_effective") {
        let Some(table) = entry.table("default_effective") else {
            return EffectiveRule::Today;
        };
        let field = table.need_text("period");
        table.finish();
        return EffectiveRule::Period(field);
    }
    let choices = [("beginning", false), ("today", true)];
    match entry.need_choice("default_effective", &choices) {
        Some(false) => EffectiveRule::Beginning,
        _ => EffectiveRule::Today,
    }
}

/// `missing = "keep"` or `missing = { field = "status", becomes = "closed" }`.
fn read_missing(entry: &Entry<'_>) -> MissingRule {
    if entry.has("missing") && !entry.is_text("missing") {
        let Some(table) = entry.table("missing") else {
            return MissingRule::Keep;
        };
        let rule = MissingRule::Close {
            field: table.need_text("field"),
            value: table.need_text("becomes"),
        };
        table.finish();
        return rule;
    }
    entry.need_choice("missing", &[("keep", ())]);
    MissingRule::Keep
}

/// Reads one `[[field]]`.
pub(super) fn read_field(entry: Entry<'_>) -> Field {
    let name = entry.need_name("name");
    if RESERVED.contains(&name.as_str()) {
        entry.problem(
            entry.line_of("name"),
            format!("`{name}` is a name of the ledger"),
            format!("write `{name}_of` or another name"),
        );
    }
    let hint = read_hint(&entry);
    let field = Field {
        title: entry.need_label("title"),
        aliases: entry
            .list("aliases")
            .into_iter()
            .map(|(alias, _)| alias)
            .collect(),
        kind: if hint.is_some() {
            FieldKind::Text
        } else {
            read_kind(&entry)
        },
        required: entry.flag("required").unwrap_or(false),
        many: entry.flag("many").unwrap_or(false),
        sensitivity: entry
            .choice("sensitivity", &Sensitivity::CHOICES)
            .unwrap_or(Sensitivity::Public),
        lookup: entry.text("lookup"),
        mask: entry.text("mask"),
        owner: entry
            .choice("owner", &Owner::CHOICES)
            .unwrap_or(Owner::County),
        jyt: entry.text("jyt"),
        source: entry.text("source").unwrap_or_default(),
        confidence: entry
            .choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        about: entry.label("about").unwrap_or_default(),
        max_length: entry
            .int("max_length")
            .and_then(|length| u32::try_from(length).ok()),
        precision: entry
            .choice("precision", &Precision::CHOICES)
            .unwrap_or(Precision::Day),
        unit: entry.label("unit"),
        valid_from: entry.day("valid_from"),
        closed: entry.day("closed"),
        at: entry.sheet.at(entry.line_of("name")),
        hint,
        name,
    };
    check_shape(&entry, &field);
    entry.finish();
    field
}

fn check_shape(entry: &Entry<'_>, field: &Field) {
    if field.hint.is_none() && field.source.trim().is_empty() {
        entry.problem(
            entry.line,
            format!("field `{}` names no source", field.name),
            "write `source = \"…\"` and `confidence = \"seen\" | \"general\" | \"proposal\"`",
        );
    }
    let may_be_many = matches!(
        field.kind,
        FieldKind::Text | FieldKind::Code(_) | FieldKind::Ref(_)
    );
    if field.many && !may_be_many {
        entry.problem(
            entry.line_of("many"),
            format!("a field of kind `{}` holds one value", field.kind.word()),
            "remove `many`",
        );
    }
    if field.precision == Precision::Month && field.kind != FieldKind::Date {
        entry.problem(
            entry.line_of("precision"),
            format!(
                "`precision` does not fit a field of kind `{}`",
                field.kind.word()
            ),
            "remove `precision`",
        );
    }
    if field.max_length.is_some() && field.kind != FieldKind::Text {
        entry.problem(
            entry.line_of("max_length"),
            format!(
                "`max_length` does not fit a field of kind `{}`",
                field.kind.word()
            ),
            "remove `max_length`",
        );
    }
}

/// `hint = { field = "division", level = "county" }`: an import-only column.
fn read_hint(entry: &Entry<'_>) -> Option<Hint> {
    let table = entry.table("hint")?;
    let hint = Hint {
        field: table.need_text("field"),
        level: table.need_text("level"),
    };
    table.finish();
    Some(hint)
}

fn read_kind(entry: &Entry<'_>) -> FieldKind {
    let words = [
        "text", "code", "int", "decimal", "bool", "date", "ref", "geometry", "lon", "lat",
    ];
    let choices = words.map(|word| (word, word));
    match entry.need_choice("kind", &choices).unwrap_or("text") {
        "code" => FieldKind::Code(entry.need_text("codes")),
        "ref" => FieldKind::Ref(entry.need_text("to")),
        "int" => FieldKind::Int {
            min: entry.int("min"),
            max: entry.int("max"),
        },
        "decimal" => read_decimal(entry),
        "bool" => FieldKind::Bool,
        "date" => FieldKind::Date,
        "geometry" => FieldKind::Geometry,
        "lon" => FieldKind::Lon,
        "lat" => FieldKind::Lat,
        _ => FieldKind::Text,
    }
}

fn read_decimal(entry: &Entry<'_>) -> FieldKind {
    let scale = entry
        .int("scale")
        .and_then(|scale| u8::try_from(scale).ok())
        .filter(|scale| *scale <= 9);
    if scale.is_none() {
        entry.problem(
            entry.line_of("scale"),
            "a decimal needs the number of digits after its point",
            "write `scale = 2` (0 to 9)",
        );
    }
    let scale = scale.unwrap_or(2);
    FieldKind::Decimal {
        scale,
        min: scaled(entry.number("min"), scale),
        max: scaled(entry.number("max"), scale),
    }
}

/// A bound of a decimal in its scaled form.
#[expect(
    clippy::cast_possible_truncation,
    reason = "bounds in definitions are small"
)]
pub(super) fn scaled(bound: Option<f64>, scale: u8) -> Option<i64> {
    bound.map(|value| (value * 10f64.powi(i32::from(scale))).round() as i64)
}
