//! Rows of delimited text (RFC 4180, and what programs make of it).

use std::fmt;
use std::str::FromStr;

use super::chunk::RowBuffer;
use super::text::TextStream;
use super::{ReadError, RowSource};

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// Tab.
    Tab,
    /// `;`
    Semicolon,
    /// `|`
    Pipe,
    /// U+FF0C, typed by hand with a Chinese keyboard.
    FullWidthComma,
}

impl Delimiter {
    /// All of them, the likelier first.
    pub const ALL: [Delimiter; 5] = [
        Delimiter::Comma,
        Delimiter::Tab,
        Delimiter::Semicolon,
        Delimiter::Pipe,
        Delimiter::FullWidthComma,
    ];

    /// The text between two cells.
    pub const fn text(self) -> &'static str {
        match self {
            Delimiter::Comma => ",",
            Delimiter::Tab => "\t",
            Delimiter::Semicolon => ";",
            Delimiter::Pipe => "|",
            Delimiter::FullWidthComma => "\u{ff0c}",
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Delimiter::Tab => "tab",
            other => other.text(),
        })
    }
}

/// The text names no delimiter that is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown delimiter `{0}`; write `,`, `tab`, `;`, `|` or the full-width comma")]
pub struct UnknownDelimiter(pub String);

impl FromStr for Delimiter {
    type Err = UnknownDelimiter;

    fn from_str(text: &str) -> Result<Delimiter, UnknownDelimiter> {
        if matches!(text, "tab" | "\\t" | "TAB") {
            return Ok(Delimiter::Tab);
        }
        Delimiter::ALL
            .into_iter()
            .find(|delimiter| delimiter.text() == text)
            .ok_or_else(|| UnknownDelimiter(text.to_owned()))
    }
}

/// What [`read_record`] found.
enum Record {
    /// A record of so many bytes, with so many line ends.
    Read { bytes: usize, lines: u64 },
    /// The text ends inside a record and there is more of it.
    Unfinished,
    /// The text ends, or another row begins, inside quotation marks.
    UnclosedQuote,
}

/// The rows of a text.
pub(super) struct CsvRows {
    stream: TextStream,
    delimiter: Delimiter,
    row: u64,
    line: u64,
}

impl CsvRows {
    /// Reads with `delimiter`, or the one that serves the text best; `score` says how much a
    /// row looks like a header.
    pub(super) fn open(
        mut stream: TextStream,
        delimiter: Option<Delimiter>,
        score: &dyn Fn(&[&str]) -> usize,
    ) -> CsvRows {
        let (stated, bytes) = stated_delimiter(stream.rest());
        stream.take(bytes);
        let skipped = u64::from(bytes > 0);
        let delimiter = delimiter
            .or(stated)
            .unwrap_or_else(|| detect(stream.rest(), stream.is_whole(), score));
        CsvRows {
            stream,
            delimiter,
            row: skipped,
            line: skipped,
        }
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }
}

impl RowSource for CsvRows {
    fn next_row(&mut self, row: &mut RowBuffer) -> Result<bool, ReadError> {
        loop {
            if self.stream.rest().is_empty() {
                if self.stream.is_whole() {
                    return Ok(false);
                }
                self.stream.more()?;
                continue;
            }
            row.clear();
            match read_record(
                self.stream.rest(),
                self.stream.is_whole(),
                self.delimiter,
                row,
            ) {
                Record::Read { bytes, lines } => {
                    self.stream.take(bytes);
                    self.row += 1;
                    self.line += lines;
                    row.number = self.row;
                    return Ok(true);
                }
                Record::Unfinished => self.stream.more()?,
                Record::UnclosedQuote => {
                    return Err(ReadError::UnclosedQuote {
                        row: self.row + 1,
                        line: self.line + 1,
                    });
                }
            }
        }
    }
}

/// Spreadsheet programs write `sep=;` into the first line to tell each other the delimiter.
fn stated_delimiter(text: &str) -> (Option<Delimiter>, usize) {
    let line = text.split_inclusive('\n').next().unwrap_or("");
    let stated = line
        .trim_end_matches(['\r', '\n'])
        .strip_prefix("sep=")
        .and_then(|mark| {
            Delimiter::ALL
                .into_iter()
                .find(|delimiter| delimiter.text() == mark)
        });
    (stated, if stated.is_some() { line.len() } else { 0 })
}

/// Rows that are read to compare delimiters.
const SAMPLE_ROWS: usize = 40;

/// The delimiter under which a row looks most like a header; among equals, the one that cuts
/// most rows into the same number of cells, more than one; among equals, the most cells.
fn detect(text: &str, whole: bool, score: &dyn Fn(&[&str]) -> usize) -> Delimiter {
    let mut best = (Delimiter::Comma, (0usize, 0usize, 0usize));
    for delimiter in Delimiter::ALL {
        let merit = merit(text, whole, delimiter, score);
        if merit > best.1 {
            best = (delimiter, merit);
        }
    }
    best.0
}

fn merit(
    text: &str,
    whole: bool,
    delimiter: Delimiter,
    score: &dyn Fn(&[&str]) -> usize,
) -> (usize, usize, usize) {
    let mut rest = text;
    let mut row = RowBuffer::default();
    let mut widths = Vec::with_capacity(SAMPLE_ROWS);
    let mut likeness = 0;
    while widths.len() < SAMPLE_ROWS && !rest.is_empty() {
        row.clear();
        match read_record(rest, whole, delimiter, &mut row) {
            Record::Read { bytes, .. } => rest = rest.get(bytes..).unwrap_or(""),
            Record::Unfinished | Record::UnclosedQuote => break,
        }
        if row.is_blank() {
            continue;
        }
        let cells: Vec<&str> = row.cells().map(super::chunk::trim).collect();
        likeness = likeness.max(score(&cells));
        widths.push(row.len());
    }
    let usual = |width: usize| widths.iter().filter(|other| **other == width).count();
    let (rows, width) = widths
        .iter()
        .filter(|width| **width > 1)
        .map(|width| (usual(*width), *width))
        .max()
        .unwrap_or((0, 0));
    (likeness, rows, width)
}

/// Reads one record from the start of `text` into `row`. `whole`: nothing follows `text`.
fn read_record(text: &str, whole: bool, delimiter: Delimiter, row: &mut RowBuffer) -> Record {
    let between = delimiter.text().as_bytes();
    let lead = between.first().copied().unwrap_or(b',');
    let bytes = text.as_bytes();
    let mut at = 0usize;
    let mut lines = 0u64;
    loop {
        let mut spans_lines = false;
        if let Some(start) = quoted_from(bytes, at) {
            let Some(closed) = read_quoted(text, start, whole, row) else {
                return if whole {
                    Record::UnclosedQuote
                } else {
                    Record::Unfinished
                };
            };
            let inside = bytes.get(start..closed).unwrap_or_default();
            let ends = inside.iter().filter(|byte| **byte == b'\n').count() as u64;
            lines += ends;
            spans_lines = ends > 0;
            at = closed;
        }
        // Up to the next delimiter or line end; behind a closing quotation mark this is empty.
        let from = at;
        let stop = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(offset) = rest
                .iter()
                .position(|byte| *byte == lead || *byte == b'\n' || *byte == b'\r')
            else {
                at = bytes.len();
                break None;
            };
            at += offset;
            let found = bytes.get(at..).unwrap_or_default();
            match found.first() {
                Some(b'\n' | b'\r') => break found.first().copied(),
                _ if found.starts_with(between) => break Some(lead),
                _ => at += 1, // another character that begins with the same byte
            }
        };
        let plain = text.get(from..at).unwrap_or("");
        if spans_lines && !plain.trim().is_empty() {
            return Record::UnclosedQuote;
        }
        row.push_text(plain);
        row.end_cell();
        match stop {
            None if !whole => return Record::Unfinished,
            None => {
                return Record::Read {
                    bytes: at,
                    lines: lines + 1,
                };
            }
            Some(b'\n') => {
                return Record::Read {
                    bytes: at + 1,
                    lines: lines + 1,
                };
            }
            Some(b'\r') => {
                return match bytes.get(at + 1) {
                    Some(b'\n') => Record::Read {
                        bytes: at + 2,
                        lines: lines + 1,
                    },
                    None if !whole => Record::Unfinished,
                    _ => Record::Read {
                        bytes: at + 1,
                        lines: lines + 1,
                    },
                };
            }
            Some(_) => at += between.len(),
        }
    }
}

/// Where the text inside quotation marks begins, when the cell at `at` is quoted. Blanks in
/// front of the mark are forgiven.
fn quoted_from(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    (rest.get(blanks) == Some(&b'"')).then_some(at + blanks + 1)
}

/// Reads up to the closing mark; two marks stand for one. Gives the offset behind it.
fn read_quoted(text: &str, start: usize, whole: bool, row: &mut RowBuffer) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = start;
    loop {
        let length = bytes.get(from..)?.iter().position(|byte| *byte == b'"')?;
        let mark = from + length;
        match bytes.get(mark + 1) {
            Some(b'"') => {
                row.push_text(text.get(from..=mark)?);
                from = mark + 2;
            }
            None if !whole => return None, // the second mark of two may follow
            _ => {
                row.push_text(text.get(from..mark)?);
                return Some(mark + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(
        text: &str,
        delimiter: Option<Delimiter>,
    ) -> Result<Vec<(u64, Vec<String>)>, ReadError> {
        let stream = TextStream::open(text.as_bytes().to_vec(), None)?;
        let mut source = CsvRows::open(stream, delimiter, &|_| 0);
        let mut row = RowBuffer::default();
        let mut all = Vec::new();
        while source.next_row(&mut row)? {
            all.push((row.number, row.cells().map(str::to_owned).collect()));
        }
        Ok(all)
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        rows(text, None)
            .unwrap()
            .into_iter()
            .map(|(_, cells)| cells)
            .collect()
    }

    #[test]
    fn quotes_line_ends_and_blanks() {
        assert_eq!(
            cells("a,\"b,1\",\"say \"\"hi\"\"\"\r\n\"x\ny\",,z\n\r\nlast, \"q\""),
            [
                vec!["a", "b,1", "say \"hi\""],
                vec!["x\ny", "", "z"],
                vec![""],
                vec!["last", "q"],
            ]
        );
        assert_eq!(cells("a,b\rc,d\r"), [["a", "b"], ["c", "d"]]);
        assert_eq!(cells("a,b\"c\"d,\"e\"f"), [["a", "b\"c\"d", "ef"]]);
        assert_eq!(cells("a,\"\"\n\"\",b"), [["a", ""], ["", "b"]]);
    }

    #[test]
    fn every_delimiter_is_found() {
        for delimiter in Delimiter::ALL {
            let between = delimiter.text();
            let text = format!(
                "名称{between}地址{between}人数\n甲{between}西路1号{between}20\n乙{between}东街{between}30\n"
            );
            assert_eq!(
                rows(&text, None).unwrap()[1].1,
                ["甲", "西路1号", "20"],
                "{delimiter}"
            );
        }
        // Full-width commas inside cells do not make a delimiter.
        assert_eq!(
            cells("名称,备注\n甲,好\u{ff0c}很好\u{ff0c}真好\n乙,\n")[1],
            ["甲", "好\u{ff0c}很好\u{ff0c}真好"]
        );
        assert_eq!(cells("sep=;\na;b,c\n"), [["a", "b,c"]]);
        assert_eq!(cells("名称\n甲\n"), [["名称"], ["甲"]]);
    }

    #[test]
    fn an_unpaired_quote_is_an_error_with_its_place() {
        let unclosed = Err(ReadError::UnclosedQuote { row: 3, line: 4 });
        assert_eq!(rows("a,b\n\"x\ny\",1\n\"甲,2\n乙,3\n", None), unclosed);
        assert_eq!(
            rows("a,b\n\"x\ny\",1\n\"甲,2\n乙,3\n\"丙,4\n", None),
            unclosed
        );
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_program_does() {
        let numbers: Vec<u64> = rows("a,b\n\n\"x\ny\",1\nz,2", None)
            .unwrap()
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }

    #[test]
    fn delimiters_have_names() {
        assert_eq!("tab".parse(), Ok(Delimiter::Tab));
        assert_eq!("\t".parse(), Ok(Delimiter::Tab));
        assert_eq!("\u{ff0c}".parse(), Ok(Delimiter::FullWidthComma));
        assert!("x".parse::<Delimiter>().is_err());
        for delimiter in Delimiter::ALL {
            assert_eq!(delimiter.to_string().parse(), Ok(delimiter));
        }
    }
}
