//! The page of a book, made from its records.

use super::{Book, Record};
use anyhow::Result;
use std::fmt::Write as _;

/// The page as the records make it; nothing where no round was ever run.
pub(crate) fn page_of(book: &Book) -> Result<Option<String>> {
    let records = super::load(book)?;
    Ok((!records.is_empty()).then(|| render(book, &records)))
}

pub(super) fn render(book: &Book, records: &[Record]) -> String {
    let mut page = format!("# {}\n\n{}\n", book.title, book.about);
    for record in records {
        let about = book
            .rounds
            .iter()
            .find(|round| round.name == record.round)
            .map_or("", |round| round.about);
        let _ = write!(
            page,
            "\n## {}\n\n{about}\n\n| what | figure |\n|---|---|\n",
            record.round
        );
        for figure in &record.figures {
            row(&mut page, &figure.name, &figure.value);
        }
        let outcome = if record.faults.is_empty() {
            "no fault".to_owned()
        } else {
            record.faults.join("; ")
        };
        let facts = [
            ("outcome", &outcome),
            ("method", &record.method),
            ("date", &record.date),
            ("took", &record.took),
            ("commit", &record.commit),
            ("machine", &record.machine),
        ];
        for (name, value) in facts {
            row(&mut page, name, value);
        }
    }
    let ran = |name: &str| records.iter().any(|record| record.round == name);
    let missing: Vec<&str> = book
        .rounds
        .iter()
        .map(|round| round.name)
        .filter(|name| !ran(name))
        .collect();
    if !missing.is_empty() {
        let _ = write!(page, "\nNot run yet: {}.\n", missing.join(", "));
    }
    page
}

fn row(page: &mut String, name: &str, value: &str) {
    let cell = |text: &str| text.replace('|', r"\|").replace('\n', " ");
    let _ = writeln!(page, "| {} | {} |", cell(name), cell(value));
}
