//! The rows of a file as columns of text, 65,536 rows at a time.

use super::{Limits, ReadError};

/// Most rows of one chunk.
pub const CHUNK_ROWS: usize = 65_536;
/// A chunk ends early at this many bytes of text, so that offsets fit and memory stays small.
const CHUNK_BYTES: usize = 64 << 20;

/// One column of a chunk: all its cells in one text, and where each ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawColumn {
    text: String,
    ends: Vec<u32>,
}

impl RawColumn {
    /// The cell of the chunk's row `index`, trimmed; empty when blank.
    pub fn get(&self, index: usize) -> &str {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
        };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The cells in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0usize;
        self.ends.iter().map(move |end| {
            let cell = self.text.get(start..*end as usize).unwrap_or("");
            start = *end as usize;
            cell
        })
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// True when every cell is blank.
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

/// Something about a row that whoever takes it should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowNote {
    /// Index of the row in its chunk.
    pub index: usize,
    /// What it is.
    pub kind: NoteKind,
}

/// What a [`RowNote`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// More cells than there are columns; the surplus is not in the chunk. The cells are
    /// probably shifted.
    TooManyCells {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row, without blank ones that only pad it.
        found: usize,
    },
    /// A row of a text file with fewer cells than there are columns; the rest reads as blank.
    TooFewCells {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// An error value of a spreadsheet, such as `#REF!`; the cell holds it as text.
    CellError {
        /// Index of the column.
        column: usize,
    },
    /// A feature of a GeoJSON file that cannot be used; its row is blank.
    UnusableFeature {
        /// Stable code.
        code: &'static str,
        /// What is wrong, in Chinese.
        zh: String,
        /// What is wrong, in English.
        en: String,
    },
    /// A whole number of more than 15 digits in a number cell: the spreadsheet program has
    /// already replaced its last digits by zeros.
    LostDigits {
        /// Index of the column.
        column: usize,
    },
}

/// Some rows of a file. Blank rows are left out; every column has a cell for every row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawChunk {
    /// The columns, as many in every chunk of a file.
    pub columns: Vec<RawColumn>,
    /// The number of each row, counted from 1 as a spreadsheet program shows it (title,
    /// header and blank rows count). For JSON and GeoJSON: the number of the record.
    pub row_numbers: Vec<u64>,
    /// The geometry of each row as WKB, in the datum of the file; empty for files without.
    pub geometry: Vec<Option<Vec<u8>>>,
    /// What to know about single rows, in the order of the rows.
    pub notes: Vec<RowNote>,
}

impl RawChunk {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.row_numbers.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.row_numbers.is_empty()
    }

    /// The number of the first row in the file.
    pub fn first_row(&self) -> u64 {
        self.row_numbers.first().copied().unwrap_or(0)
    }

    /// The cell at a column and a row of this chunk; empty when there is none.
    pub fn cell(&self, column: usize, row: usize) -> &str {
        self.columns.get(column).map_or("", |cells| cells.get(row))
    }
}

/// One row as it comes from a source, before its cells are cleaned.
#[derive(Clone, Debug, Default)]
pub(super) struct RowBuffer {
    text: String,
    ends: Vec<usize>,
    /// As in [`RawChunk::row_numbers`].
    pub(super) number: u64,
    pub(super) geometry: Option<Vec<u8>>,
    /// Notes on single cells, by index of the column.
    pub(super) cell_notes: Vec<NoteKind>,
}

impl RowBuffer {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.geometry = None;
        self.cell_notes.clear();
    }

    pub(super) fn push_cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Adds to the cell that [`RowBuffer::end_cell`] will end.
    pub(super) fn push_text(&mut self, part: &str) {
        self.text.push_str(part);
    }

    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = self.text.get(start..*end).unwrap_or("");
            start = *end;
            cell
        })
    }

    /// True when every cell is blank.
    pub(super) fn is_blank(&self) -> bool {
        self.geometry.is_none() && self.cell_notes.is_empty() && trim(&self.text).is_empty()
    }

    /// Cells up to the last one that is not blank.
    pub(super) fn filled(&self) -> usize {
        let mut filled = 0;
        for (index, cell) in self.cells().enumerate() {
            if !trim(cell).is_empty() {
                filled = index + 1;
            }
        }
        filled
    }
}

/// What the cells of a source may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// Text files: guards against formulas are taken off, short rows are noted.
    Delimited,
    /// Workbooks and JSON: cells are what they are.
    Typed,
}

/// How many cells the rows of a file have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Columns of the table.
    pub(super) width: usize,
    /// Cells of a usual row, which may end in a delimiter with nothing behind it.
    pub(super) usual: usize,
    /// True when usual rows end in a blank cell.
    pub(super) ends_blank: bool,
}

impl Shape {
    /// By how many cells a row is too long. Blank cells at its end do not count, unless usual
    /// rows end in a blank cell too: then a longer row has its cells shifted.
    fn surplus(&self, row: &RowBuffer) -> usize {
        let beyond_usual = row.len().saturating_sub(self.usual);
        let filled_beyond = row.filled().saturating_sub(self.width);
        if filled_beyond > 0 || self.ends_blank {
            beyond_usual.max(filled_beyond)
        } else {
            0
        }
    }
}

/// Collects rows into a chunk.
pub(super) struct ChunkBuilder {
    chunk: RawChunk,
    cells: Cells,
    shape: Shape,
    absorb: Option<(usize, String)>,
    bytes: usize,
}

impl ChunkBuilder {
    pub(super) fn new(shape: Shape, cells: Cells, absorb: Option<(usize, String)>) -> ChunkBuilder {
        ChunkBuilder {
            chunk: empty_chunk(shape.width),
            cells,
            shape,
            absorb,
            bytes: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.chunk.len() >= CHUNK_ROWS || self.bytes >= CHUNK_BYTES
    }

    pub(super) fn push(&mut self, row: &mut RowBuffer) {
        let index = self.chunk.len();
        let found = row.len();
        let width = self.shape.width;
        if found > width && self.cells == Cells::Delimited {
            let surplus = self.shape.surplus(row);
            if surplus > 0 {
                if let Some((column, between)) = &self.absorb {
                    *row = absorb(row, *column, surplus, between);
                } else {
                    let kind = NoteKind::TooManyCells {
                        expected: width,
                        found: width + surplus,
                    };
                    self.chunk.notes.push(RowNote { index, kind });
                }
            }
        } else if found < width && self.cells == Cells::Delimited {
            let kind = NoteKind::TooFewCells {
                expected: width,
                found,
            };
            self.chunk.notes.push(RowNote { index, kind });
        }
        for kind in row.cell_notes.drain(..) {
            self.chunk.notes.push(RowNote { index, kind });
        }
        let mut cells = row.cells();
        for column in &mut self.chunk.columns {
            let raw = cells.next().unwrap_or("");
            let cell = match self.cells {
                Cells::Delimited => clean(raw),
                Cells::Typed => trim(raw),
            };
            self.bytes += cell.len();
            column.push(cell);
        }
        drop(cells);
        if row.geometry.is_some() && self.chunk.geometry.is_empty() {
            self.chunk.geometry.resize(index, None);
        }
        if row.geometry.is_some() || !self.chunk.geometry.is_empty() {
            self.bytes += row.geometry.as_ref().map_or(0, Vec::len);
            self.chunk.geometry.push(row.geometry.take());
        }
        self.chunk.row_numbers.push(row.number);
    }

    /// The chunk so far, if it has rows; the builder starts anew.
    pub(super) fn take(&mut self) -> Option<RawChunk> {
        if self.chunk.is_empty() {
            return None;
        }
        self.bytes = 0;
        // The next chunk is most likely of the same size; one allocation a column serves it.
        let mut next = empty_chunk(self.shape.width);
        for (column, full) in next.columns.iter_mut().zip(&self.chunk.columns) {
            column.text.reserve(full.text.len() + full.text.len() / 16);
            column.ends.reserve(full.ends.len());
        }
        Some(std::mem::replace(&mut self.chunk, next))
    }
}

fn empty_chunk(width: usize) -> RawChunk {
    RawChunk {
        columns: vec![RawColumn::default(); width],
        ..RawChunk::default()
    }
}

/// The row with `surplus` cells behind `column` joined to it.
fn absorb(row: &RowBuffer, column: usize, surplus: usize, between: &str) -> RowBuffer {
    let mut joined = RowBuffer {
        number: row.number,
        ..RowBuffer::default()
    };
    for (index, cell) in row.cells().enumerate() {
        if index > column && index <= column + surplus {
            joined.push_text(between);
        } else if index > 0 {
            joined.end_cell();
        }
        joined.push_text(cell);
    }
    joined.end_cell();
    joined
}

/// Counts rows and cells against the limits.
#[derive(Debug, Default)]
pub(super) struct Meter {
    rows: u64,
    cells: u64,
}

impl Meter {
    pub(super) fn count(&mut self, row: &RowBuffer, limits: &Limits) -> Result<(), ReadError> {
        self.rows += 1;
        self.cells += row.len() as u64;
        if self.rows > limits.max_rows {
            return Err(ReadError::TooManyRows {
                limit: limits.max_rows,
            });
        }
        if self.cells > limits.max_cells {
            return Err(ReadError::TooManyCells {
                limit: limits.max_cells,
            });
        }
        if row.len() > limits.max_columns as usize {
            return Err(ReadError::TooManyColumns {
                row: row.number,
                limit: limits.max_columns,
            });
        }
        Ok(())
    }
}

/// Without blanks of any width, byte-order marks and zero-width spaces at its ends.
pub(super) fn trim(cell: &str) -> &str {
    const fn may_begin_blank(byte: u8) -> bool {
        matches!(byte, 0..=0x20 | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef)
    }
    const fn may_end_blank(byte: u8) -> bool {
        matches!(byte, 0..=0x20 | 0x80..=0x8b | 0x9f | 0xa0 | 0xa8 | 0xa9 | 0xaf | 0xbf)
    }
    match (cell.as_bytes().first(), cell.as_bytes().last()) {
        (Some(first), Some(last)) if may_begin_blank(*first) || may_end_blank(*last) => cell
            .trim_matches(|character: char| {
                character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}')
            }),
        _ => cell,
    }
}

/// A cell of a text file: trimmed, and without what programs put around a text so that
/// spreadsheets do not take it for a formula or a number: `="0123"` and a leading apostrophe.
fn clean(raw: &str) -> &str {
    let cell = trim(raw);
    match cell.as_bytes().first() {
        Some(b'\'') => crate::write::without_guard(cell),
        Some(b'=') => cell
            .strip_prefix("=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'))
            .map_or(cell, trim),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> RowBuffer {
        let mut row = RowBuffer {
            number: 2,
            ..RowBuffer::default()
        };
        for cell in cells {
            row.push_cell(cell);
        }
        row
    }

    #[test]
    fn cells_lie_in_their_columns() {
        let mut builder = ChunkBuilder::new(
            Shape {
                width: 2,
                usual: 2,
                ends_blank: false,
            },
            Cells::Delimited,
            None,
        );
        builder.push(&mut row(&[" 甲\u{3000}", "1"]));
        builder.push(&mut row(&["乙", "", "", ""]));
        builder.push(&mut row(&["丙"]));
        builder.push(&mut row(&["丁", "2", "3"]));
        let chunk = builder.take().unwrap();
        assert_eq!(
            chunk.columns[0].iter().collect::<Vec<_>>(),
            ["甲", "乙", "丙", "丁"]
        );
        assert_eq!(
            chunk.columns[1].iter().collect::<Vec<_>>(),
            ["1", "", "", "2"]
        );
        assert_eq!(chunk.cell(0, 3), "丁");
        assert_eq!(chunk.cell(7, 9), "");
        assert_eq!(
            chunk.notes,
            [
                RowNote {
                    index: 2,
                    kind: NoteKind::TooFewCells {
                        expected: 2,
                        found: 1
                    }
                },
                RowNote {
                    index: 3,
                    kind: NoteKind::TooManyCells {
                        expected: 2,
                        found: 3
                    }
                },
            ]
        );
        assert!(builder.take().is_none());
    }

    #[test]
    fn a_column_can_take_up_what_a_row_has_too_much() {
        let mut builder = ChunkBuilder::new(
            Shape {
                width: 3,
                usual: 3,
                ends_blank: false,
            },
            Cells::Delimited,
            Some((0, ",".to_owned())),
        );
        builder.push(&mut row(&["学院", "校区", "29.2", "117.2"]));
        builder.push(&mut row(&["学院", "29.2", "117.2", ""]));
        let chunk = builder.take().unwrap();
        assert_eq!(
            chunk.columns[0].iter().collect::<Vec<_>>(),
            ["学院,校区", "学院"]
        );
        assert_eq!(
            chunk.columns[2].iter().collect::<Vec<_>>(),
            ["117.2", "117.2"]
        );
        assert_eq!(chunk.notes, []);
    }

    #[test]
    fn guards_of_exporting_programs_are_taken_off() {
        for (raw, cell) in [
            ("'6101132010", "6101132010"),
            ("'=1+1", "=1+1"),
            ("''=1+1", "'=1+1"),
            ("=\"0123\"", "0123"),
            ("=A1", "=A1"),
            ("'约'", "'约'"),
            ("\u{feff}名称\u{a0}", "名称"),
        ] {
            assert_eq!(clean(raw), cell, "{raw}");
        }
    }
}
