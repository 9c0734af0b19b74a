//! Files held against each other: every name that one uses must be defined in another.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use crate::codes::CodeSet;
use crate::figure::Measure;
use crate::fold::fold;
use crate::model::{
    At, Check, CheckKind, Dataset, EffectiveRule, Field, FieldKind, MissingRule, UnitRule,
};
use crate::problem::{Report, write_instead};
use crate::sqlnames::{BUILT_IN, unknown_names};

pub(super) fn check(builder: &mut Builder) {
    let report = &builder.report;
    for dataset in &builder.datasets {
        check_dataset(builder, dataset);
    }
    for set in &builder.code_sets {
        check_code_set(builder, set);
    }
    let functions: BTreeSet<&str> = builder
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    for check in &builder.checks {
        check_check(builder, check, &functions);
    }
    for figure in &builder.figures {
        check_figure(builder, figure);
    }
    if !builder.figures.is_empty() && !builder.figures.iter().any(|figure| figure.opens) {
        report.add(
            "figures.toml",
            1,
            "no figure opens the map",
            "write `opens = true` at one of them",
        );
    }
    check_rules(builder);
    super::cross_seed::check(builder);
}

fn add(report: &Report, at: &At, what: String, instead: String) {
    report.add(&at.file, at.line, what, instead);
}

/// The dataset of that name; a wrong name is reported at `at`.
fn dataset_named<'b>(builder: &'b Builder, at: &At, name: &str) -> Option<&'b Dataset> {
    let found = builder.datasets.iter().find(|dataset| dataset.name == name);
    if found.is_none() {
        let names = builder.datasets.iter().map(|dataset| dataset.name.as_str());
        add(
            &builder.report,
            at,
            format!("dataset `{name}` is not defined"),
            write_instead(name, names),
        );
    }
    found
}

/// The code set of that name; a wrong name is reported at `at`.
fn set_named<'b>(builder: &'b Builder, at: &At, name: &str) -> Option<&'b CodeSet> {
    let found = builder.code_sets.iter().find(|set| set.name == name);
    if found.is_none() {
        let names = builder.code_sets.iter().map(|set| set.name.as_str());
        add(
            &builder.report,
            at,
            format!("code set `{name}` is not defined"),
            write_instead(name, names),
        );
    }
    found
}

/// The stored field of that name; a wrong name is reported at `at`.
fn field_named<'b>(
    report: &Report,
    dataset: &'b Dataset,
    at: &At,
    name: &str,
) -> Option<&'b Field> {
    let found = dataset.field(name).filter(|field| field.is_stored());
    if found.is_none() {
        add(
            report,
            at,
            format!("`{}` has no field `{name}`", dataset.name),
            write_instead(
                name,
                dataset.stored_fields().map(|field| field.name.as_str()),
            ),
        );
    }
    found
}

fn check_dataset(builder: &Builder, dataset: &Dataset) {
    let report = &builder.report;
    let at = &dataset.at;
    for field in &dataset.fields {
        check_field(builder, dataset, field);
    }
    check_aliases(report, dataset);
    super::people::check(builder, dataset);
    for name in dataset
        .match_keys
        .iter()
        .flat_map(|key| &key.fields)
        .chain([&dataset.display])
    {
        field_named(report, dataset, at, name);
    }
    match &dataset.unit {
        UnitRule::Root => {}
        UnitRule::SelfUnit { parent_field } => {
            let field = field_named(report, dataset, at, parent_field);
            if let Some(field) = field
                && !matches!(field.kind, FieldKind::Ref(_))
            {
                add(
                    report,
                    &field.at,
                    format!("`{parent_field}` gives the unit above the record and is no reference"),
                    "write `kind = \"ref\"` and `to = \"…\"`".to_owned(),
                );
            }
        }
        UnitRule::OfField(name) => {
            let field = field_named(report, dataset, at, name);
            if let Some(field) = field
                && !matches!(field.kind, FieldKind::Ref(_))
            {
                add(
                    report,
                    &field.at,
                    format!("`{name}` gives the unit of the record and is no reference"),
                    "write `kind = \"ref\"` and `to = \"…\"`".to_owned(),
                );
            }
        }
    }
    if let EffectiveRule::Period(name) = &dataset.default_effective {
        field_named(report, dataset, at, name);
    }
    if let MissingRule::Close { field, value } = &dataset.missing
        && let Some(field) = field_named(report, dataset, at, field)
    {
        check_value(builder, at, field, value);
    }
}

/// A value that a definition gives for a field must be one that the field can hold.
fn check_value(builder: &Builder, at: &At, field: &Field, value: &str) {
    match &field.kind {
        FieldKind::Code(set) => {
            if let Some(set) = builder.code_sets.iter().find(|other| other.name == *set) {
                check_code(&builder.report, at, set, value);
            }
        }
        FieldKind::Bool if !matches!(value, "true" | "false") => add(
            &builder.report,
            at,
            format!("`{value}` is no value of `{}`", field.name),
            "write true or false".to_owned(),
        ),
        _ => {}
    }
}

fn check_code(report: &Report, at: &At, set: &CodeSet, code: &str) {
    if !set.contains(code) {
        let codes = set.entries.iter().map(|entry| entry.code.as_str());
        add(
            report,
            at,
            format!("`{code}` is no code of `{}`", set.name),
            write_instead(code, codes),
        );
    }
}

fn check_field(builder: &Builder, dataset: &Dataset, field: &Field) {
    match &field.kind {
        FieldKind::Code(set) => {
            set_named(builder, &field.at, set);
        }
        FieldKind::Ref(target) => {
            dataset_named(builder, &field.at, target);
        }
        FieldKind::Int {
            min: Some(min),
            max: Some(max),
        }
        | FieldKind::Decimal {
            min: Some(min),
            max: Some(max),
            ..
        } if min > max => {
            add(
                &builder.report,
                &field.at,
                format!("`{}` has its smallest value above its largest", field.name),
                "write `min` below `max`".to_owned(),
            );
        }
        _ => {}
    }
    let Some(hint) = &field.hint else { return };
    let helped = field_named(&builder.report, dataset, &field.at, &hint.field);
    if let Some(helped) = helped
        && !matches!(helped.kind, FieldKind::Ref(_))
    {
        add(
            &builder.report,
            &field.at,
            format!(
                "hint `{}` helps `{}`, which is no reference",
                field.name, helped.name
            ),
            write_instead(
                "",
                dataset
                    .fields
                    .iter()
                    .filter(|other| matches!(other.kind, FieldKind::Ref(_)))
                    .map(|other| other.name.as_str()),
            ),
        );
    }
    if hint.level != "self"
        && let Some(levels) = builder
            .code_sets
            .iter()
            .find(|set| set.name == "division_level")
    {
        check_code(&builder.report, &field.at, levels, &hint.level);
    }
}

/// One header must not mean two fields, a reference and its own hints apart.
fn check_aliases(report: &Report, dataset: &Dataset) {
    let mut seen: BTreeMap<String, &Field> = BTreeMap::new();
    for field in &dataset.fields {
        let mut keys: Vec<String> = [&field.name, &field.title.zh, &field.title.en]
            .into_iter()
            .chain(&field.aliases)
            .map(|alias| fold(alias))
            .collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let Some(first) = seen.get(&key) else {
                seen.insert(key, field);
                continue;
            };
            let is_own_hint = field
                .hint
                .as_ref()
                .is_some_and(|hint| hint.field == first.name)
                || first
                    .hint
                    .as_ref()
                    .is_some_and(|hint| hint.field == field.name);
            if !is_own_hint && first.name != field.name {
                add(
                    report,
                    &field.at,
                    format!("`{key}` names both `{}` and `{}`", first.name, field.name),
                    format!(
                        "remove it from the aliases of one; `{}` stands on line {}",
                        first.name, first.at.line
                    ),
                );
            }
        }
    }
}

fn check_code_set(builder: &Builder, set: &CodeSet) {
    let report = &builder.report;
    for entry in &set.entries {
        let at = At {
            file: set.file.as_str().into(),
            line: entry.line,
        };
        let same_set = entry.parent.iter().chain(&entry.successors);
        for code in same_set.filter(|_| set.from_seed.is_none()) {
            check_code(report, &at, set, code);
        }
        if entry.valid_to.is_some() && entry.valid_from >= entry.valid_to {
            add(
                report,
                &at,
                format!("code `{}` ends before it begins", entry.code),
                "write `valid_to` after `valid_from`".to_owned(),
            );
        }
        for column in &set.extra {
            let Some(target) = column
                .codes
                .as_ref()
                .and_then(|name| builder.code_sets.iter().find(|other| other.name == *name))
            else {
                continue;
            };
            let values = if column.many {
                entry.extra_many(&column.name)
            } else {
                entry.extra(&column.name).into_iter().collect()
            };
            for value in values {
                check_code(report, &at, target, value);
            }
        }
        report_circle(report, set, &entry.code, &at);
    }
    for column in &set.extra {
        if let Some(name) = &column.codes {
            set_named(builder, &set.at, name);
        }
    }
}

/// A code that replaces itself in the end, or stands above itself, is reported.
fn report_circle(report: &Report, set: &CodeSet, code: &str, at: &At) {
    for (what, by_parent) in [("parent", true), ("successors", false)] {
        let mut current = code;
        for _ in 0..set.entries.len() {
            let next = set.entry(current).and_then(|entry| match by_parent {
                true => entry.parent.as_deref(),
                false => entry.successors.first().map(String::as_str),
            });
            let Some(next) = next else { break };
            if next == code {
                add(
                    report,
                    at,
                    format!("code `{code}` comes back to itself through `{what}`"),
                    format!("leave `{what}` blank at the last one"),
                );
                break;
            }
            current = next;
        }
    }
}

fn check_check(builder: &Builder, check: &Check, functions: &BTreeSet<&str>) {
    let report = &builder.report;
    let Some(dataset) = dataset_named(builder, &check.at, &check.dataset) else {
        return;
    };
    field_named(report, dataset, &check.at, &check.field);
    for text in [
        &check.message.zh,
        &check.message.en,
        &check.repair.zh,
        &check.repair.en,
    ] {
        for name in placeholders(text) {
            if name != "row_no" {
                field_named(report, dataset, &check.at, name);
            }
        }
    }
    let mut columns: BTreeSet<&str> = dataset
        .stored_fields()
        .map(|field| field.name.as_str())
        .collect();
    columns.insert("row_no");
    for unknown in unknown_names(&check.sql, &columns, functions) {
        let instead = if unknown.is_function {
            write_instead(&unknown.name, functions.iter().copied().chain(BUILT_IN))
        } else {
            write_instead(&unknown.name, columns.iter().copied())
        };
        let what = if unknown.is_function {
            "function"
        } else {
            "column"
        };
        report.add(
            &check.at.file,
            check.sql_line + unknown.line,
            format!(
                "check `{}` uses {what} `{}`, which does not exist",
                check.code, unknown.name
            ),
            instead,
        );
    }
    if check.kind == CheckKind::Set && !check.sql.to_lowercase().contains("staged") {
        report.add(
            &check.at.file,
            check.sql_line,
            format!("set check `{}` does not read `staged`", check.code),
            "write `SELECT row_no FROM staged …`",
        );
    }
}

/// The names in `{…}` of a message.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn check_figure(builder: &Builder, figure: &crate::figure::Figure) {
    for measure in [Some(&figure.numerator), figure.denominator.as_ref()]
        .into_iter()
        .flatten()
    {
        check_measure(builder, &figure.at, measure);
    }
    let kinds = figure
        .kinds
        .iter()
        .chain(figure.norms.iter().filter_map(|norm| norm.kind.as_ref()));
    for kind in kinds {
        if let Some(set) = set_named(builder, &figure.at, "institution_kind") {
            check_code(&builder.report, &figure.at, set, kind);
        }
    }
}

fn check_measure(builder: &Builder, at: &At, measure: &Measure) {
    let report = &builder.report;
    let Some(dataset) = dataset_named(builder, at, &measure.dataset) else {
        return;
    };
    if let Some(name) = &measure.sum
        && let Some(field) = field_named(report, dataset, at, name)
        && !matches!(
            field.kind,
            FieldKind::Int { .. } | FieldKind::Decimal { .. }
        )
    {
        add(
            report,
            at,
            format!("`{name}` is no number and cannot be added up"),
            write_instead(
                "",
                dataset
                    .stored_fields()
                    .filter(|other| {
                        matches!(
                            other.kind,
                            FieldKind::Int { .. } | FieldKind::Decimal { .. }
                        )
                    })
                    .map(|other| other.name.as_str()),
            ),
        );
    }
    for (name, value) in &measure.filters {
        if let Some(field) = field_named(report, dataset, at, name) {
            check_value(builder, at, field, value);
        }
    }
}

fn check_rules(builder: &Builder) {
    let rules = &builder.type_rules;
    for (set_name, list) in [
        ("school_type", &rules.types),
        ("campus_kind", &rules.campuses),
    ] {
        let Some(first) = list.first() else { continue };
        let Some(set) = set_named(builder, &first.at, set_name) else {
            continue;
        };
        for rule in list {
            if let Some(code) = &rule.code {
                check_code(&builder.report, &rule.at, set, code);
            }
        }
    }
}
