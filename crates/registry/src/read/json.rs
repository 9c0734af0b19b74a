//! Records of a JSON array. Objects inside a record become columns with dotted names
//! (`location.lat`), arrays of plain values one cell with `|` between them.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::chunk::{NoteKind, RowBuffer};
use super::{Limits, ReadError, RowSource};

/// Between the values of an array.
const BETWEEN_VALUES: char = '|';
/// Deeper objects are more likely an attack than a record.
const DEEPEST: usize = 8;

struct RecordCell {
    record: u32,
    column: u32,
    start: usize,
    end: usize,
}

/// The cells of records, one text for all.
#[derive(Default)]
pub(super) struct RecordRows {
    text: String,
    cells: Vec<RecordCell>,
    geometries: Vec<Option<Vec<u8>>>,
    notes: HashMap<u32, NoteKind>,
    records: u32,
    next_cell: usize,
    next_record: u32,
    columns: HashMap<String, u32>,
    names: Vec<String>,
    most_cells: u64,
    most_columns: u32,
    over: Option<ReadError>,
}

impl RecordRows {
    pub(super) fn new(limits: &Limits) -> RecordRows {
        RecordRows {
            most_cells: limits.max_cells,
            most_columns: limits.max_columns,
            ..RecordRows::default()
        }
    }

    /// The names of the columns, in the order in which they were first seen.
    pub(super) fn take_names(&mut self) -> Vec<String> {
        std::mem::take(&mut self.names)
    }

    /// Adds a cell to the record that [`RecordRows::end_record`] will end.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        let column = match self.columns.get(name) {
            Some(column) => *column,
            None => {
                let column = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                if column >= self.most_columns {
                    let row = u64::from(self.records) + 1;
                    self.over = Some(ReadError::TooManyColumns {
                        row,
                        limit: self.most_columns,
                    });
                    return;
                }
                self.columns.insert(name.to_owned(), column);
                self.names.push(name.to_owned());
                column
            }
        };
        if self.cells.len() as u64 >= self.most_cells {
            self.over = Some(ReadError::TooManyCells {
                limit: self.most_cells,
            });
            return;
        }
        let start = self.text.len();
        self.text.push_str(value);
        self.cells.push(RecordCell {
            record: self.records,
            column,
            start,
            end: self.text.len(),
        });
    }

    pub(super) fn end_record(&mut self, geometry: Option<Vec<u8>>) {
        if geometry.is_some() || !self.geometries.is_empty() {
            self.geometries.resize(self.records as usize, None);
            self.geometries.push(geometry);
        }
        self.records += 1;
    }

    /// Notes something about the record that [`RecordRows::end_record`] will end.
    pub(super) fn note(&mut self, kind: NoteKind) {
        self.notes.insert(self.records, kind);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The first limit that was exceeded.
    pub(super) fn check(&mut self) -> Result<(), ReadError> {
        self.over.take().map_or(Ok(()), Err)
    }
}

impl RowSource for RecordRows {
    fn next_row(&mut self, row: &mut RowBuffer) -> Result<bool, ReadError> {
        row.clear();
        if self.next_record >= self.records {
            return Ok(false);
        }
        let rest = self.cells.get(self.next_cell..).unwrap_or_default();
        let mut cells: Vec<&RecordCell> = rest
            .iter()
            .take_while(|cell| cell.record == self.next_record)
            .collect();
        self.next_cell += cells.len();
        cells.sort_by_key(|cell| cell.column);
        for cell in cells {
            let column = cell.column as usize;
            if column < row.len() {
                continue; // a name twice in one record: the first counts
            }
            while row.len() < column {
                row.push_cell("");
            }
            row.push_cell(self.text.get(cell.start..cell.end).unwrap_or(""));
        }
        row.geometry = self
            .geometries
            .get_mut(self.next_record as usize)
            .and_then(Option::take);
        row.cell_notes.extend(self.notes.remove(&self.next_record));
        self.next_record += 1;
        row.number = u64::from(self.next_record);
        Ok(true)
    }
}

/// Reads an array of objects.
pub(super) fn open(text: &str, limits: &Limits) -> Result<(Vec<String>, RecordRows), ReadError> {
    let mut rows = RecordRows::new(limits);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Records { rows: &mut rows }
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
    rows.check()?;
    read.map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ReadError::JsonWithoutRecords,
        _ => damaged(&error),
    })?;
    let names = rows.take_names();
    if names.is_empty() {
        return Err(ReadError::JsonWithoutRecords);
    }
    Ok((names, rows))
}

pub(super) fn damaged(error: &serde_json::Error) -> ReadError {
    ReadError::DamagedJson {
        line: error.line() as u64,
        column: error.column() as u64,
    }
}

struct Records<'a> {
    rows: &'a mut RecordRows,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while records
            .next_element_seed(Record { rows: self.rows })?
            .is_some()
        {
            self.rows.end_record(None);
            if self.rows.over.is_some() {
                return Err(serde::de::Error::custom("a limit is exceeded"));
            }
        }
        Ok(())
    }
}

/// One record: an object and nothing else.
struct Record<'a> {
    rows: &'a mut RecordRows,
}

impl<'de> DeserializeSeed<'de> for Record<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        Property {
            rows: self.rows,
            name: String::new(),
            depth: 0,
        }
        .visit_map(entries)
    }
}

/// A value of a record, to become a cell or, when it is an object, several.
pub(super) struct Property<'a> {
    pub(super) rows: &'a mut RecordRows,
    pub(super) name: String,
    pub(super) depth: usize,
}

impl<'de> DeserializeSeed<'de> for Property<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Property<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.rows.push(&self.name, "");
        Ok(())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.rows
            .push(&self.name, if truth { "TRUE" } else { "FALSE" });
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.rows.push(&self.name, &number.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.rows.push(&self.name, &number.to_string());
        Ok(())
    }

    /// The shortest text that gives this number; whole numbers without `.0`.
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.rows.push(&self.name, &number.to_string());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.rows.push(&self.name, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let mut joined = String::new();
        let mut first = true;
        while let Some(value) = values.next_element::<serde_json::Value>()? {
            if !first {
                joined.push(BETWEEN_VALUES);
            }
            first = false;
            match value {
                serde_json::Value::Null => {}
                serde_json::Value::String(text) => joined.push_str(&text),
                other => joined.push_str(&other.to_string()),
            }
        }
        self.rows.push(&self.name, &joined);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.depth >= DEEPEST {
            return Err(serde::de::Error::custom("objects are nested too deeply"));
        }
        while let Some(key) = entries.next_key::<String>()? {
            let key = kernel::normalise_text(&key);
            let name = if self.name.is_empty() {
                key.into_owned()
            } else {
                format!("{}.{key}", self.name)
            };
            entries.next_value_seed(Property {
                rows: self.rows,
                name,
                depth: self.depth + 1,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), ReadError> {
        let (names, mut rows) = open(text, &Limits::default())?;
        let mut row = RowBuffer::default();
        let mut all = Vec::new();
        while rows.next_row(&mut row)? {
            all.push(row.cells().map(str::to_owned).collect());
        }
        Ok((names, all))
    }

    #[test]
    fn records_become_rows() {
        let (names, rows) = read(
            r#"[{"name": "甲", "location": {"lat": 34.252359, "lng": 108.990166}, "stages": ["2", "3"]},
                {"open": true, "name": "乙", "count": 12, "note": null}]"#,
        )
        .unwrap();
        assert_eq!(
            names,
            [
                "name",
                "location.lat",
                "location.lng",
                "stages",
                "open",
                "count",
                "note"
            ]
        );
        assert_eq!(rows[0], ["甲", "34.252359", "108.990166", "2|3"]);
        assert_eq!(rows[1], ["乙", "", "", "", "TRUE", "12", ""]);
    }

    #[test]
    fn what_holds_no_records_is_refused() {
        assert_eq!(
            read("[{\"a\": 1}").unwrap_err(),
            ReadError::DamagedJson { line: 1, column: 9 }
        );
        assert_eq!(read("[1, 2]").unwrap_err(), ReadError::JsonWithoutRecords);
        assert_eq!(read("[]").unwrap_err(), ReadError::JsonWithoutRecords);
        let deep = format!("[{}1{}]", "{\"a\":".repeat(20), "}".repeat(20));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn limits_hold_while_reading() {
        let limits = Limits {
            max_cells: 1,
            ..Limits::default()
        };
        let error = open("[{\"a\":1},{\"a\":2},{\"a\":3}]", &limits).err();
        assert_eq!(error, Some(ReadError::TooManyCells { limit: 1 }));
    }
}
