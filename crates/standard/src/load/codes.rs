//! `codes/index.toml` and `codes/*.csv`.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::seed::{CsvRow, read_csv};
use super::{Builder, CodeFile};
use crate::codes::{CodeSet, Index, Shape};
use crate::model::{CodeEntry, Confidence, ExtraColumn, Label};
use crate::problem::{Report, write_instead};
use crate::read::{Entry, Sheet};

const COLUMNS: [&str; 10] = [
    "code",
    "name_zh",
    "name_en",
    "aliases",
    "parent",
    "valid_from",
    "valid_to",
    "successors",
    "source",
    "confidence",
];

pub(super) fn read_index(
    builder: &mut Builder,
    sheet: Sheet<'_>,
    table: &DeTable<'_>,
    overlay: bool,
) {
    let index = Entry::new(sheet, table, 1);
    for entry in index.tables("set") {
        let name = entry.need_name("name");
        if let Some(existing) = builder.code_sets.iter().find(|set| set.name == name) {
            let instead = if overlay {
                "remove the entry; put further codes into codes/ under the file name of the set"
                    .to_owned()
            } else {
                format!("keep one; the other stands at {}", existing.at)
            };
            entry.problem(
                entry.line_of("name"),
                format!("code set `{name}` is defined twice"),
                instead,
            );
            continue;
        }
        builder.code_sets.push(read_set(entry, name));
    }
    index.finish();
}

fn read_set(entry: Entry<'_>, name: String) -> CodeSet {
    let from_seed = entry.text("from_seed");
    let set = CodeSet {
        title: entry.need_label("title"),
        about: entry.label("about").unwrap_or_default(),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        valid_from: entry.day("valid_from"),
        extra: entry.tables("extra").into_iter().map(read_extra).collect(),
        open: entry
            .list("open")
            .into_iter()
            .map(|(template, _)| template)
            .collect(),
        shape: entry
            .choice(
                "shape",
                &[("free", Shape::Free), ("division", Shape::Division)],
            )
            .unwrap_or_default(),
        file: from_seed.as_ref().map_or_else(
            || format!("codes/{name}.csv"),
            |seed| format!("seed/{seed}.csv"),
        ),
        from_seed,
        entries: Vec::new(),
        at: entry.sheet.at(entry.line_of("name")),
        index: Index::default(),
        name,
    };
    entry.finish();
    set
}

fn read_extra(entry: Entry<'_>) -> ExtraColumn {
    let column = ExtraColumn {
        name: entry.need_name("name"),
        title: entry.need_label("title"),
        codes: entry.text("codes"),
        many: entry.flag("many").unwrap_or(false),
    };
    entry.finish();
    column
}

/// Reads the rows of the code files that have come in; called after each layer.
pub(super) fn read_rows(builder: &mut Builder) {
    let files = std::mem::take(&mut builder.code_files);
    for file in files {
        let report = &builder.report;
        let set = builder
            .code_sets
            .iter_mut()
            .find(|set| set.file == file.path);
        match set {
            Some(set) => read_file(set, &file, report),
            None => {
                let paths: Vec<String> = builder
                    .code_sets
                    .iter()
                    .map(|set| set.file.clone())
                    .collect();
                report.add(
                    &file.path,
                    1,
                    "no set of codes/index.toml has this file",
                    format!(
                        "add a `[[set]]` to codes/index.toml, or {}",
                        write_instead(&file.path, paths.iter().map(String::as_str))
                    ),
                );
            }
        }
    }
    for set in &mut builder.code_sets {
        if set.from_seed.is_none() && set.entries.is_empty() {
            builder.report.add(
                &set.at.file,
                set.at.line,
                format!("code set `{}` has no codes", set.name),
                format!("write {} with the columns code,name_zh,name_en", set.file),
            );
        }
        set.rebuild_index();
    }
}

fn read_file(set: &mut CodeSet, file: &CodeFile, report: &Report) {
    let (header, rows) = read_csv(&file.path, &file.text, report);
    for needed in ["code", "name_zh", "name_en"] {
        if !header.iter().any(|column| column == needed) {
            report.add(
                &file.path,
                1,
                format!("column `{needed}` is missing"),
                format!("add column `{needed}`"),
            );
        }
    }
    let extras: Vec<String> = set.extra.iter().map(|column| column.name.clone()).collect();
    for column in &header {
        if !COLUMNS.contains(&column.as_str()) && !extras.contains(column) {
            let known = COLUMNS.into_iter().chain(extras.iter().map(String::as_str));
            report.add(
                &file.path,
                1,
                format!("column `{column}` is not known"),
                format!(
                    "{}, or declare it as `[[set.extra]]`",
                    write_instead(column, known)
                ),
            );
        }
    }
    let mut seen: BTreeMap<String, u32> = set
        .entries
        .iter()
        .map(|entry| (entry.code.clone(), entry.line))
        .collect();
    for row in rows {
        let line = row.line;
        let Some(entry) = read_entry(row, &extras, &file.path, report) else {
            continue;
        };
        if let Some(first) = seen.insert(entry.code.clone(), line) {
            let instead = if file.overlay {
                "an overlay adds codes; remove the row".to_owned()
            } else {
                format!("keep one; the other stands on line {first}")
            };
            report.add(
                &file.path,
                line,
                format!("code `{}` stands twice", entry.code),
                instead,
            );
            continue;
        }
        set.entries.push(entry);
    }
}

fn read_entry(
    mut row: CsvRow,
    extras: &[String],
    file: &str,
    report: &Report,
) -> Option<CodeEntry> {
    let line = row.line;
    let Some(code) = row.take("code") else {
        report.add(file, line, "`code` is blank", "write the code");
        return None;
    };
    let entry = CodeEntry {
        name: Label {
            zh: row.take("name_zh").unwrap_or_default(),
            en: row.take("name_en").unwrap_or_default(),
        },
        aliases: split(row.take("aliases")),
        parent: row.take("parent"),
        valid_from: row.take_day("valid_from", file, report),
        valid_to: row.take_day("valid_to", file, report),
        successors: split(row.take("successors")),
        source: row.take("source"),
        confidence: row.take_confidence(file, report),
        extra: row
            .cells
            .into_iter()
            .filter(|(column, _)| extras.contains(column))
            .collect(),
        line,
        code,
    };
    for (column, text) in [("name_zh", &entry.name.zh), ("name_en", &entry.name.en)] {
        if text.is_empty() {
            report.add(
                file,
                line,
                format!("`{column}` of code `{}` is blank", entry.code),
                "write its name",
            );
        }
    }
    Some(entry)
}

fn split(text: Option<String>) -> Vec<String> {
    text.map_or_else(Vec::new, |text| {
        text.split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    })
}

/// Fills the sets that take their codes from a seed: each version of a record is a code, the next version
/// with another code is its successor.
pub(super) fn derive_from_seeds(builder: &mut Builder) {
    for set in &mut builder.code_sets {
        let Some(dataset) = set.from_seed.clone() else {
            continue;
        };
        let Some(seed) = builder.seeds.iter().find(|seed| seed.dataset == dataset) else {
            builder.report.add(
                &set.at.file,
                set.at.line,
                format!("there is no seed of `{dataset}`"),
                write_instead(
                    &dataset,
                    builder.seeds.iter().map(|seed| seed.dataset.as_str()),
                ),
            );
            continue;
        };
        let mut entries: Vec<CodeEntry> = Vec::new();
        for row in &seed.rows {
            let Some(code) = row.value("code") else {
                continue;
            };
            let next = row
                .effective_to
                .and_then(|end| {
                    seed.rows.iter().find(|other| {
                        other.record == row.record && other.effective_from == Some(end)
                    })
                })
                .and_then(|other| other.value("code"))
                .filter(|next| *next != code);
            let name = row.value("name").unwrap_or_default();
            entries.push(CodeEntry {
                code: code.to_owned(),
                name: Label {
                    zh: name.to_owned(),
                    en: row.value("name_en").unwrap_or(name).to_owned(),
                },
                parent: row.value("parent").map(str::to_owned),
                valid_from: row.effective_from,
                valid_to: row.effective_to,
                successors: next.map(str::to_owned).into_iter().collect(),
                source: row.value("source").map(str::to_owned),
                confidence: Some(row.confidence),
                line: row.line,
                ..CodeEntry::default()
            });
        }
        set.entries = entries;
        set.rebuild_index();
    }
}
