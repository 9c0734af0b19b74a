//! Writes tables as CSV for people: RFC 4180 with a UTF-8 byte-order mark, which spreadsheet
//! programs need in order to show Chinese.
//!
//! A cell that a spreadsheet program would run as a formula (it begins with `=`, `+`, `-`, `@`,
//! their full-width forms, a tab or a line end) gets an apostrophe in front. Plain numbers such
//! as `-12.5` do not. [`crate::read`] takes the apostrophe off again, so what is exported here
//! and imported again is the same ([`without_guard`]).

use std::io::{self, Write};

/// Writes rows of text to `target`.
pub struct CsvWriter<W: Write> {
    target: W,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file: writes the byte-order mark.
    ///
    /// # Errors
    /// Those of `target`.
    pub fn new(mut target: W) -> io::Result<CsvWriter<W>> {
        target.write_all("\u{feff}".as_bytes())?;
        Ok(CsvWriter {
            target,
            line: String::new(),
        })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// Those of `target`.
    pub fn write_row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        self.line.clear();
        let mut count = 0usize;
        for cell in cells {
            if count > 0 {
                self.line.push(',');
            }
            push_cell(&mut self.line, cell);
            count += 1;
        }
        // A lone empty cell would be a blank line, which readers pass over.
        if count == 1 && self.line.is_empty() {
            self.line.push_str("\"\"");
        }
        self.line.push_str("\r\n");
        self.target.write_all(self.line.as_bytes())
    }

    /// Takes what has been written so far, so that a long table can be sent part by part.
    pub fn take(&mut self) -> W
    where
        W: Default,
    {
        std::mem::take(&mut self.target)
    }

    /// Ends the file and gives the target back.
    ///
    /// # Errors
    /// Those of `target` when it writes out what it holds back.
    pub fn finish(mut self) -> io::Result<W> {
        self.target.flush()?;
        Ok(self.target)
    }
}

fn push_cell(line: &mut String, cell: &str) {
    let guard = if needs_guard(cell) { "'" } else { "" };
    let quoted = cell.contains([',', '"', '\r', '\n'])
        || cell.starts_with([' ', '\t'])
        || cell.ends_with([' ', '\t']);
    if !quoted {
        line.push_str(guard);
        line.push_str(cell);
        return;
    }
    line.push('"');
    line.push_str(guard);
    for (index, part) in cell.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}

/// True when a cell must get an apostrophe: it would be run as a formula, or the reader would
/// take an apostrophe off that belongs to it.
fn needs_guard(cell: &str) -> bool {
    (is_formula(cell) && !is_plain_number(cell)) || without_guard(cell) != cell
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}

/// A sign, digits and at most one point.
fn is_plain_number(cell: &str) -> bool {
    let unsigned = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Takes the apostrophe off that stands in front of a formula, or of ten or more digits (which
/// school programs write so that spreadsheets do not take an ID for a number). Any other
/// apostrophe belongs to the text.
pub fn without_guard(cell: &str) -> &str {
    let Some(rest) = cell.strip_prefix('\'') else {
        return cell;
    };
    let bare = rest.trim_start_matches('\'');
    let is_long_number = bare.len() >= 10 && bare.bytes().all(|byte| byte.is_ascii_digit());
    if is_formula(bare) || is_long_number {
        rest
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::read::{Header, Limits, RawReader, ReadOptions};

    fn write(rows: &[Vec<String>]) -> Vec<u8> {
        let mut writer = CsvWriter::new(Vec::new()).unwrap();
        for row in rows {
            writer.write_row(row.iter().map(String::as_str)).unwrap();
        }
        writer.finish().unwrap()
    }

    fn line(cells: &[&str]) -> String {
        let row: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        String::from_utf8(write(&[row])).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(
            line(&["甲", "a,b", "say \"hi\"", "x\ny", "", " z"]),
            "\u{feff}甲,\"a,b\",\"say \"\"hi\"\"\",\"x\ny\",,\" z\"\r\n"
        );
        assert_eq!(line(&[""]), "\u{feff}\"\"\r\n");
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+86 29", "'+86 29"),
            ("-", "'-"),
            ("-12.5", "-12.5"),
            ("+3", "+3"),
            ("-1-1", "'-1-1"),
            ("\t=1", "\"'\t=1\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("'=1", "''=1"),
            ("'约'", "'约'"),
            ("'6101132010", "''6101132010"),
        ] {
            assert_eq!(line(&[cell]), format!("\u{feff}{written}\r\n"));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            rows in proptest::collection::vec(
                proptest::collection::vec("[-+=@'\"0-9a,;|\t\n渭\u{ff0c}\u{ff1d}·𠮷]{0,12}", 3), 1..12)
        ) {
            let kept: Vec<Vec<String>> = rows
                .into_iter()
                .map(|row| row.into_iter().map(|cell| cell.trim().to_owned()).collect())
                .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
                .collect();
            prop_assume!(!kept.is_empty());
            let options = ReadOptions {
                header: Header::Absent,
                width: Some(3),
                delimiter: Some(crate::read::Delimiter::Comma),
                ..ReadOptions::default()
            };
            let mut reader = RawReader::open(write(&kept), &Limits::default(), &options).unwrap();
            let chunk = reader.next_chunk().unwrap().unwrap();
            let read: Vec<Vec<String>> = (0..chunk.len())
                .map(|row| (0..3).map(|column| chunk.cell(column, row).to_owned()).collect())
                .collect();
            prop_assert_eq!(read, kept);
        }
    }
}
