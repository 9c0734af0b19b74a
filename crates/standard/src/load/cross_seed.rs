//! Seeds held against their datasets.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, SeedFile};
use crate::model::{Dataset, Field, FieldKind};
use crate::problem::write_instead;
use crate::seed::SeedRow;

pub(super) fn check(builder: &Builder) {
    for seed in &builder.seeds {
        let Some(dataset) = builder
            .datasets
            .iter()
            .find(|dataset| dataset.name == seed.dataset)
        else {
            builder.report.add(
                &seed.at.file,
                1,
                format!("dataset `{}` is not defined", seed.dataset),
                write_instead(
                    &seed.dataset,
                    builder.datasets.iter().map(|dataset| dataset.name.as_str()),
                ),
            );
            continue;
        };
        check_header(builder, seed, dataset);
        for row in &seed.rows {
            check_row(builder, seed, dataset, row);
        }
        check_versions(builder, seed);
        for field in dataset.stored_fields() {
            if field.kind == FieldKind::Ref(dataset.name.clone()) && !field.many {
                check_tree(builder, seed, &field.name);
            }
        }
    }
}

fn check_header(builder: &Builder, seed: &SeedFile, dataset: &Dataset) {
    for column in &seed.header {
        // `name_en` only feeds the code set that is derived from the seed.
        if column != "name_en" && dataset.field(column).is_none_or(|field| !field.is_stored()) {
            builder.report.add(
                &seed.at.file,
                1,
                format!("`{}` has no field `{column}`", dataset.name),
                write_instead(
                    column,
                    dataset.stored_fields().map(|field| field.name.as_str()),
                ),
            );
        }
    }
}

fn check_row(builder: &Builder, seed: &SeedFile, dataset: &Dataset, row: &SeedRow) {
    for field in dataset.stored_fields().filter(|field| field.required) {
        if row.value(&field.name).is_none() {
            builder.report.add(
                &seed.at.file,
                row.line,
                format!("`{}` is required and blank", field.name),
                "write a value",
            );
        }
    }
    for (column, text) in &row.values {
        let Some(field) = dataset.field(column) else {
            continue;
        };
        let values: Vec<&str> = if field.many {
            text.split('|').collect()
        } else {
            vec![text]
        };
        for value in values {
            check_cell(builder, seed, row, field, value);
        }
    }
}

fn check_cell(builder: &Builder, seed: &SeedFile, row: &SeedRow, field: &Field, value: &str) {
    let problem =
        |what: String, instead: String| builder.report.add(&seed.at.file, row.line, what, instead);
    match &field.kind {
        FieldKind::Code(name) => {
            let set = builder.code_sets.iter().find(|set| set.name == *name);
            if let Some(set) = set
                && !set.contains(value)
            {
                problem(
                    format!("`{value}` is no code of `{name}`"),
                    write_instead(value, set.entries.iter().map(|entry| entry.code.as_str())),
                );
            }
        }
        FieldKind::Ref(target) => {
            let keys: BTreeSet<&str> = builder
                .seeds
                .iter()
                .filter(|other| other.dataset == *target)
                .flat_map(|other| other.rows.iter().map(|row| row.record.as_str()))
                .collect();
            if !keys.contains(value) {
                problem(
                    format!(
                        "`{}` refers to `{value}`, which the seed of `{target}` does not have",
                        field.name
                    ),
                    write_instead(value, keys),
                );
            }
        }
        FieldKind::Int { .. } if value.parse::<i64>().is_err() => {
            problem(
                format!("`{value}` in `{}` is no whole number", field.name),
                "write a whole number".to_owned(),
            );
        }
        FieldKind::Bool if !matches!(value, "true" | "false") => {
            problem(
                format!("`{value}` in `{}` is neither true nor false", field.name),
                "write true or false".to_owned(),
            );
        }
        _ => {}
    }
}

/// Versions of one record must not overlap.
fn check_versions(builder: &Builder, seed: &SeedFile) {
    let mut by_record: BTreeMap<&str, Vec<&SeedRow>> = BTreeMap::new();
    for row in &seed.rows {
        by_record.entry(&row.record).or_default().push(row);
    }
    for rows in by_record.values_mut() {
        rows.sort_by_key(|row| row.effective_from);
        for pair in rows.windows(2) {
            let [earlier, later] = pair else { continue };
            let touches =
                earlier.effective_to.is_some() && earlier.effective_to <= later.effective_from;
            if !touches {
                builder.report.add(
                    &seed.at.file,
                    later.line,
                    format!("two versions of `{}` hold at once", later.record),
                    format!(
                        "end the one on line {} where this one begins, or use another `record`",
                        earlier.line
                    ),
                );
            }
        }
    }
}

/// References inside one dataset must lead to a root.
fn check_tree(builder: &Builder, seed: &SeedFile, field: &str) {
    let above: BTreeMap<&str, &str> = seed
        .rows
        .iter()
        .filter_map(|row| row.value(field).map(|parent| (row.record.as_str(), parent)))
        .collect();
    for row in &seed.rows {
        let mut current = row.record.as_str();
        for _ in 0..=above.len() {
            match above.get(current) {
                Some(parent) if *parent == row.record => {
                    builder.report.add(
                        &seed.at.file,
                        row.line,
                        format!("`{}` stands above itself through `{field}`", row.record),
                        format!("write another `{field}`"),
                    );
                    break;
                }
                Some(parent) => current = parent,
                None => break,
            }
        }
    }
}
