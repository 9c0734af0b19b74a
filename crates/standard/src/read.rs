//! Reading TOML with lines: a cursor over a table that reports what is missing, mistyped or unknown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::Day;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::{At, Label};
use crate::problem::{Report, write_instead};

/// A definition file as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path inside the definitions folder, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Start offsets of lines, to turn a byte offset into a line.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    pub(crate) fn line(&self, offset: usize) -> u32 {
        let before = self.0.partition_point(|end| *end < offset);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}

/// What is known about the file that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) lines: &'a Lines,
    pub(crate) report: &'a Report,
}

impl<'a> Sheet<'a> {
    pub(crate) fn at(&self, line: u32) -> At {
        At {
            file: Arc::clone(self.file),
            line,
        }
    }

    pub(crate) fn problem(&self, line: u32, what: impl Into<String>, instead: impl Into<String>) {
        self.report.add(self.file, line, what, instead);
    }

    /// Parses the file; syntax errors are reported and what could be read is returned.
    pub(crate) fn parse<'i>(&self, text: &'i str) -> DeTable<'i> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map_or(1, |span| self.lines.line(span.start));
            self.problem(
                line,
                format!("this is not TOML: {}", error.message()),
                "see the examples in standard/README.md",
            );
        }
        table.into_inner()
    }
}

/// A table being read. Every key must be asked for; [`Entry::finish`] reports the others.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) sheet: Sheet<'a>,
    table: &'a DeTable<'a>,
    pub(crate) line: u32,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(sheet: Sheet<'a>, table: &'a DeTable<'a>, line: u32) -> Self {
        Self {
            sheet,
            table,
            line,
            asked: RefCell::default(),
        }
    }

    pub(crate) fn at(&self) -> At {
        self.sheet.at(self.line)
    }

    pub(crate) fn problem(&self, line: u32, what: impl Into<String>, instead: impl Into<String>) {
        self.sheet.problem(line, what, instead);
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table
            .iter()
            .any(|(name, _)| name.get_ref().as_ref() == key)
    }

    /// Whether `key` holds a string.
    pub(crate) fn is_text(&self, key: &'static str) -> bool {
        self.value(key)
            .is_some_and(|value| value.get_ref().is_str())
    }

    /// Line of the value of `key`, or of the table where the key is absent.
    pub(crate) fn line_of(&self, key: &str) -> u32 {
        self.table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map_or(self.line, |(name, _)| {
                self.sheet.lines.line(name.span().start)
            })
    }

    /// Line on which the text of a string begins, which for `'''` is often the one after the key.
    pub(crate) fn line_of_text(&self, key: &'static str) -> u32 {
        let Some(value) = self.value(key) else {
            return self.line;
        };
        let breaks = value
            .get_ref()
            .as_str()
            .map_or(0, |text| text.matches('\n').count());
        let last = self.sheet.lines.line(value.span().end);
        last.saturating_sub(u32::try_from(breaks).unwrap_or(0))
    }

    fn wrong_type(&self, key: &str, found: &DeValue<'_>, wanted: &str, example: &str) {
        self.problem(
            self.line_of(key),
            format!("`{key}` is a {} where {wanted} is wanted", found.type_str()),
            format!("write `{key} = {example}`"),
        );
    }

    fn missing(&self, key: &str, example: &str) {
        self.problem(
            self.line,
            format!("`{key}` is missing"),
            format!("write `{key} = {example}`"),
        );
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Datetime(day) => Some(day.to_string()),
            other => {
                self.wrong_type(key, other, "a string", "\"…\"");
                None
            }
        }
    }

    pub(crate) fn need_text(&self, key: &'static str) -> String {
        if !self.has(key) {
            self.value(key);
            self.missing(key, "\"…\"");
            return String::new();
        }
        let text = self.text(key).unwrap_or_default();
        if text.trim().is_empty() {
            self.problem(
                self.line_of(key),
                format!("`{key}` is empty"),
                format!("write `{key} = \"…\"`"),
            );
        }
        text
    }

    /// A name for use in code and SQL: lower-case letters, digits and `_`, letter first, at most 40.
    pub(crate) fn need_name(&self, key: &'static str) -> String {
        let name = self.need_text(key);
        if !name.is_empty() && !is_name(&name) {
            let suggestion: String = name
                .to_lowercase()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            self.problem(
                self.line_of(key),
                format!("`{name}` is not a name"),
                format!("use lower-case letters, digits and _: `{suggestion}`"),
            );
        }
        name
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                self.wrong_type(key, other, "true or false", "true");
                None
            }
        }
    }

    pub(crate) fn int(&self, key: &'static str) -> Option<i64> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
                if parsed.is_none() {
                    self.problem(
                        self.line_of(key),
                        format!("`{key}` is too large"),
                        "write a smaller number",
                    );
                }
                parsed
            }
            other => {
                self.wrong_type(key, other, "a whole number", "1");
                None
            }
        }
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            other => {
                self.wrong_type(key, other, "a number", "1.5");
                None
            }
        }
    }

    pub(crate) fn numbers(&self, key: &'static str) -> Vec<f64> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), "a list of numbers", "[1, 2]");
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|item| match item.get_ref() {
                DeValue::Integer(number) => number.as_str().parse().ok(),
                DeValue::Float(number) => number.as_str().parse().ok(),
                other => {
                    self.wrong_type(key, other, "a number", "[1, 2]");
                    None
                }
            })
            .collect()
    }

    /// A list of strings, each with its line.
    pub(crate) fn list(&self, key: &'static str) -> Vec<(String, u32)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), "a list of strings", "[\"…\"]");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            match item.get_ref() {
                DeValue::String(text) => {
                    texts.push((text.to_string(), self.sheet.lines.line(item.span().start)));
                }
                other => self.wrong_type(key, other, "a string", "[\"…\"]"),
            }
        }
        texts
    }

    /// A list of lists of strings, each with its line.
    pub(crate) fn lists(&self, key: &'static str) -> Vec<(Vec<String>, u32)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let example = "[[\"code\"], [\"name\", \"division\"]]";
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value.get_ref(), "a list of lists", example);
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in array.iter() {
            let line = self.sheet.lines.line(item.span().start);
            match item.get_ref() {
                DeValue::Array(inner) => {
                    let texts = inner
                        .iter()
                        .filter_map(|text| text.get_ref().as_str().map(str::to_owned))
                        .collect();
                    all.push((texts, line));
                }
                other => self.wrong_type(key, other, "a list", example),
            }
        }
        all
    }

    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            self.problem(
                self.line_of(key),
                format!("`{key} = \"{word}\"` is not known"),
                write_instead(&word, choices.iter().map(|(name, _)| *name)),
            );
        }
        found.map(|(_, value)| *value)
    }

    pub(crate) fn need_choice<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        if !self.has(key) {
            self.value(key);
            let words: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.problem(
                self.line,
                format!("`{key}` is missing"),
                format!("write `{key} =` one of: {}", words.join(", ")),
            );
            return None;
        }
        self.choice(key, choices)
    }

    pub(crate) fn day(&self, key: &'static str) -> Option<Day> {
        let text = self.text(key)?;
        match Day::parse(&text) {
            Ok(day) => Some(day),
            Err(_) => {
                self.problem(
                    self.line_of(key),
                    format!("`{text}` is not a day"),
                    format!("write `{key} = \"2026-01-31\"`"),
                );
                None
            }
        }
    }

    pub(crate) fn label(&self, key: &'static str) -> Option<Label> {
        let value = self.value(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(
                key,
                value.get_ref(),
                "a pair of texts",
                "{ zh = \"…\", en = \"…\" }",
            );
            return None;
        };
        let pair = Entry::new(self.sheet, table, self.line_of(key));
        let label = Label {
            zh: pair.need_text("zh"),
            en: pair.need_text("en"),
        };
        pair.finish();
        Some(label)
    }

    pub(crate) fn need_label(&self, key: &'static str) -> Label {
        if !self.has(key) {
            self.value(key);
            self.missing(key, "{ zh = \"…\", en = \"…\" }");
        }
        self.label(key).unwrap_or_default()
    }

    /// A table under `key`.
    pub(crate) fn table(&self, key: &'static str) -> Option<Entry<'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Entry::new(self.sheet, table, self.line_of(key))),
            other => {
                self.wrong_type(key, other, "a table", "{ … }");
                None
            }
        }
    }

    /// The tables of `[[key]]`.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Entry<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value.get_ref() else {
            self.problem(
                self.line_of(key),
                format!("`{key}` is a {}", value.get_ref().type_str()),
                format!("begin each one with `[[{key}]]`"),
            );
            return Vec::new();
        };
        let mut entries = Vec::new();
        for item in array.iter() {
            let line = self.sheet.lines.line(item.span().start);
            match item.get_ref() {
                DeValue::Table(table) => entries.push(Entry::new(self.sheet, table, line)),
                other => self.problem(
                    line,
                    format!("`{key}` holds a {}", other.type_str()),
                    format!("begin each one with `[[{key}]]`"),
                ),
            }
        }
        entries
    }

    /// Reports keys that nothing asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for (name, _) in self.table.iter() {
            let key = name.get_ref().as_ref();
            if !asked.contains(key) {
                self.problem(
                    self.sheet.lines.line(name.span().start),
                    format!("`{key}` is not known here"),
                    write_instead(key, asked.iter().copied()),
                );
            }
        }
    }
}

/// Whether the text can name a table or a column.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
