//! `seed/*.csv`, and the CSV reading that code files share with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Day;

use super::{Builder, SeedFile};
use crate::model::{At, Confidence};
use crate::problem::{Report, write_instead};
use crate::seed::SeedRow;

/// A CSV row with its line; blank cells are left out.
#[derive(Debug)]
pub(super) struct CsvRow {
    pub(super) line: u32,
    pub(super) cells: BTreeMap<String, String>,
}

impl CsvRow {
    pub(super) fn take(&mut self, column: &str) -> Option<String> {
        self.cells.remove(column)
    }

    /// A day column; a text that is no day is reported.
    pub(super) fn take_day(&mut self, column: &str, file: &str, report: &Report) -> Option<Day> {
        let text = self.take(column)?;
        let day = Day::parse(&text);
        if day.is_err() {
            report.add(
                file,
                self.line,
                format!("`{text}` in column `{column}` is not a day"),
                "write it as 2026-01-31",
            );
        }
        day.ok()
    }

    pub(super) fn take_confidence(&mut self, file: &str, report: &Report) -> Option<Confidence> {
        let word = self.take("confidence")?;
        let found = Confidence::CHOICES.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            report.add(
                file,
                self.line,
                format!("`{word}` in column `confidence` is not known"),
                write_instead(&word, Confidence::CHOICES.map(|(name, _)| name)),
            );
        }
        found.map(|(_, confidence)| *confidence)
    }
}

/// Reads a CSV text; lines that do not fit the header are reported.
pub(super) fn read_csv(file: &str, text: &str, report: &Report) -> (Vec<String>, Vec<CsvRow>) {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => {
            report.add(
                file,
                1,
                format!("this is not CSV: {error}"),
                "separate columns by commas",
            );
            return (Vec::new(), Vec::new());
        }
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                report.add(
                    file,
                    to_line(line),
                    format!("this is not CSV: {error}"),
                    "quote the cell with \"…\"",
                );
                continue;
            }
        };
        let line = to_line(record.position().map_or(1, csv::Position::line));
        if record.len() != header.len() {
            report.add(
                file,
                line,
                format!(
                    "the row has {} cells, the header {}",
                    record.len(),
                    header.len()
                ),
                "give each column a cell, blank where there is nothing; quote cells with commas",
            );
            continue;
        }
        let cells = header
            .iter()
            .zip(record.iter())
            .map(|(column, cell)| (column.clone(), cell.trim().to_owned()))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        rows.push(CsvRow { line, cells });
    }
    (header, rows)
}

fn to_line(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

pub(super) fn read(builder: &mut Builder, path: &str, text: &str, overlay: bool) {
    let report = &builder.report;
    let dataset = path
        .trim_start_matches("seed/")
        .trim_end_matches(".csv")
        .to_owned();
    if overlay && builder.seeds.iter().any(|seed| seed.dataset == dataset) {
        report.add(
            path,
            1,
            format!("an overlay may not replace the seed of `{dataset}`"),
            "import the records as a file instead",
        );
        return;
    }
    let (header, csv_rows) = read_csv(path, text, report);
    if !header.iter().any(|column| column == "record") {
        report.add(
            path,
            1,
            "column `record` is missing",
            "add it: the key of the record each row is a version of",
        );
        return;
    }
    let keeps_confidence = builder
        .datasets
        .iter()
        .any(|other| other.name == dataset && other.field("confidence").is_some());
    let mut rows = Vec::new();
    for mut row in csv_rows {
        let effective_from = row.take_day("effective_from", path, report);
        let effective_to = row.take_day("effective_to", path, report);
        let confidence = row
            .take_confidence(path, report)
            .unwrap_or(Confidence::Proposal);
        let Some(record) = row.take("record") else {
            report.add(
                path,
                row.line,
                "`record` is blank",
                "write the key of the record",
            );
            continue;
        };
        if let (Some(from), Some(to)) = (effective_from, effective_to)
            && to <= from
        {
            report.add(
                path,
                row.line,
                "the version ends before it begins",
                "write `effective_to` after `effective_from`",
            );
        }
        if keeps_confidence {
            row.cells
                .insert("confidence".to_owned(), confidence.as_str().to_owned());
        }
        rows.push(SeedRow {
            record,
            effective_from,
            effective_to,
            confidence,
            values: row.cells.into_iter().collect(),
            line: row.line,
        });
    }
    let header = header
        .into_iter()
        .filter(|column| {
            !matches!(
                column.as_str(),
                "record" | "effective_from" | "effective_to" | "confidence"
            )
        })
        .collect();
    let at = At {
        file: Arc::from(path),
        line: 1,
    };
    builder.seeds.push(SeedFile {
        dataset,
        rows,
        header,
        at,
    });
}
