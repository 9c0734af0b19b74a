//! Answers on stdout, everything else on stderr.

use std::io::Write as _;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value, json};
use ui::{Catalogue, Language, Text};

use crate::arguments::Lang;
use crate::failure::Failure;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: JSON, one value a line
    Json,
}

/// Where answers go. A reader that has gone away (`| head`) is no failure.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) text: Text,
    pub(crate) format: Format,
}

impl Output {
    pub(crate) fn new(lang: Lang, format: Format) -> Self {
        let catalogue: Arc<Catalogue> = Catalogue::new(vec![crate::messages()]);
        let language = match lang {
            Lang::Zh => Language::Chinese,
            Lang::En => Language::English,
        };
        Self {
            text: catalogue.text(language),
            format,
        }
    }

    pub(crate) fn lang(&self) -> standard::Lang {
        match self.text.language() {
            Language::Chinese => standard::Lang::Zh,
            Language::English => standard::Lang::En,
        }
    }

    /// A line of an answer for people; nothing where a program reads.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        if self.format == Format::Text {
            Self::print(line.as_ref());
        }
    }

    /// An answer for programs; nothing where a person reads.
    pub(crate) fn tell(&self, value: &Value) {
        if self.format == Format::Json {
            Self::print(&value.to_string());
        }
    }

    fn print(line: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{line}");
        let _ = stdout.flush();
    }

    /// A line beside the answer.
    #[expect(
        clippy::unused_self,
        reason = "says with `say` and `tell` where a line goes"
    )]
    pub(crate) fn aside(&self, line: impl AsRef<str>) {
        let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let sentence = failure.sentence(&self.text);
        let mut error = json!({ "code": failure.code(), "message": sentence });
        if let (Some(error), Some(Value::Object(details))) =
            (error.as_object_mut(), failure.details())
        {
            error.extend(details);
        }
        self.tell(&json!({ "error": error }));
        let code = failure.code();
        self.aside(
            self.text
                .with("cli-failure", &[("sentence", &sentence), ("code", code)]),
        );
    }
}

/// Columns set under one another; Chinese characters are two places wide.
#[derive(Debug, Default)]
pub(crate) struct TextTable {
    rows: Vec<Vec<String>>,
}

impl TextTable {
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn lines(&self, indent: &str) -> Vec<String> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            for (place, cell) in row.iter().enumerate() {
                match widths.get_mut(place) {
                    Some(widest) => *widest = (*widest).max(width(cell)),
                    None => widths.push(width(cell)),
                }
            }
        }
        self.rows
            .iter()
            .map(|row| {
                let mut line = indent.to_owned();
                for (cell, widest) in row.iter().zip(&widths) {
                    line.push_str(cell);
                    line.push_str(&" ".repeat(widest.saturating_sub(width(cell)) + 2));
                }
                line.trim_end().to_owned()
            })
            .collect()
    }
}

/// Places a text takes on a terminal: East Asian wide characters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|letter| if is_wide(letter) { 2 } else { 1 })
        .sum()
}

fn is_wide(letter: char) -> bool {
    matches!(u32::from(letter), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_one_another() {
        let mut table = TextTable::default();
        table.row(["学校".to_owned(), "1".to_owned()]);
        table.row(["a".to_owned(), "22".to_owned()]);
        assert_eq!(table.lines("  "), ["  学校  1", "  a     22"]);
    }
}
