//! Reads what people upload into chunks of raw text columns: delimited text in every encoding
//! seen in China, workbooks (XLSX, XLSB, XLS, ODS), JSON records and GeoJSON.
//!
//! - What a file is, is decided by its content, never by its name alone.
//! - A file that cannot be read whole and for certain is refused with a [`ReadError`]; no
//!   character is guessed, no damaged part skipped.
//! - Cells are trimmed and otherwise as written; what they mean is for intake to say.
//! - Limits hold before memory is used, not after.
//!
//! ```
//! use registry::read::{Limits, RawReader, ReadOptions};
//!
//! let bytes = "学校名称,人数\n第一小学,20\n".as_bytes().to_vec();
//! let mut reader = RawReader::open(bytes, &Limits::default(), &ReadOptions::default())?;
//! assert_eq!(reader.headers(), Some(&["学校名称".to_owned(), "人数".to_owned()][..]));
//! let chunk = reader.next_chunk()?.unwrap_or_default();
//! assert_eq!((chunk.cell(0, 0), chunk.row_numbers[0]), ("第一小学", 2));
//! # Ok::<(), registry::read::ReadError>(())
//! ```

mod archive;
mod chunk;
mod csv;
mod error;
mod geojson;
mod json;
mod kind;
mod text;
mod workbook;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;

pub use chunk::{CHUNK_ROWS, NoteKind, RawChunk, RawColumn, RowNote};
use chunk::{Cells, ChunkBuilder, Meter, RowBuffer, Shape};
pub use csv::{Delimiter, UnknownDelimiter};
pub use error::{OtherKind, ReadError};
pub use text::{TextEncoding, UnknownEncoding};

/// How large a file may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub max_bytes: u64,
    /// Rows with content.
    pub max_rows: u64,
    /// Columns of a row.
    pub max_columns: u32,
    /// Cells of all rows together.
    pub max_cells: u64,
    /// Bytes of a workbook when unpacked, and of its cells in memory.
    pub max_expanded_bytes: u64,
}

impl Default for Limits {
    /// Room for a province's pupils in one CSV file of 25 columns; a workbook of a million rows.
    fn default() -> Limits {
        Limits {
            max_bytes: 2 << 30,
            max_rows: 10_000_000,
            max_columns: 2_000,
            max_cells: 250_000_000,
            max_expanded_bytes: 2 << 30,
        }
    }
}

/// Where the header of a table is.
#[derive(Clone, Copy, Default)]
pub enum Header<'a> {
    /// The first row with content.
    #[default]
    First,
    /// Among the first eleven rows with content the one with the highest score (of equals the
    /// first), so that title rows above it are passed over; none when every score is 0. The
    /// function is given the trimmed cells of a row and says how many of them it knows.
    Detect(&'a dyn Fn(&[&str]) -> usize),
    /// The row of this number, counted from 1 as a spreadsheet program shows it.
    Row(u64),
    /// There is none: every row is data.
    Absent,
}

/// What is known about a file before it is opened. Everything has a usual default.
#[derive(Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// The encoding of a text file; found when not stated.
    pub encoding: Option<TextEncoding>,
    /// The delimiter of a text file; found when not stated.
    pub delimiter: Option<Delimiter>,
    /// The sheet of a workbook; the first visible one with content when not stated.
    pub sheet: Option<&'a str>,
    /// Where the header is.
    pub header: Header<'a>,
    /// Columns of a file without header; the usual width of its first rows when not stated.
    pub width: Option<usize>,
    /// The column that takes up what a row of a text file has too much (a name with commas).
    pub absorb: Option<usize>,
}

/// Kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Delimited text.
    Text,
    /// Excel workbook since 2007, WPS.
    Xlsx,
    /// Excel binary workbook.
    Xlsb,
    /// Excel workbook before 2007.
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
    /// An array of records.
    Json,
    /// A feature collection.
    GeoJson,
}

impl FileKind {
    /// The word for reports.
    pub const fn name(self) -> &'static str {
        match self {
            FileKind::Text => "csv",
            FileKind::Xlsx => "xlsx",
            FileKind::Xlsb => "xlsb",
            FileKind::Xls => "xls",
            FileKind::Ods => "ods",
            FileKind::Json => "json",
            FileKind::GeoJson => "geojson",
        }
    }
}

/// What was found out about a file when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAbout {
    /// Its kind, by content.
    pub kind: FileKind,
    /// The encoding of a text file.
    pub encoding: Option<TextEncoding>,
    /// The delimiter of a text file.
    pub delimiter: Option<Delimiter>,
    /// The sheet that is read.
    pub sheet: Option<String>,
    /// The number of the header row.
    pub header_row: Option<u64>,
}

/// A source of rows.
trait RowSource: Send {
    /// Clears `row` and fills it with the next one; false at the end.
    fn next_row(&mut self, row: &mut RowBuffer) -> Result<bool, ReadError>;
}

/// Rows that may stand above a header, itself included.
const HEADER_SEARCH: usize = 11;
/// Rows that the width of a file without header is taken from.
const WIDTH_SAMPLE: usize = 200;

/// An open file: its header, and its rows chunk by chunk.
pub struct RawReader {
    source: Box<dyn RowSource>,
    waiting: VecDeque<RowBuffer>,
    row: RowBuffer,
    builder: ChunkBuilder,
    meter: Meter,
    limits: Limits,
    headers: Option<Vec<String>>,
    width: usize,
    about: FileAbout,
}

impl RawReader {
    /// Opens the file at `path`. It is read into memory whole.
    ///
    /// # Errors
    /// As [`RawReader::open`], and [`ReadError::Unreadable`].
    pub fn open_path(
        path: &Path,
        limits: &Limits,
        options: &ReadOptions<'_>,
    ) -> Result<RawReader, ReadError> {
        let unreadable = |error: std::io::Error| ReadError::Unreadable {
            detail: error.to_string(),
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > limits.max_bytes {
            return Err(ReadError::TooLarge {
                bytes: size,
                limit: limits.max_bytes,
            });
        }
        RawReader::open(std::fs::read(path).map_err(unreadable)?, limits, options)
    }

    /// Opens a file that is in memory.
    ///
    /// # Errors
    /// Everything about the file as a whole: its size, kind, encoding. Workbooks and JSON are
    /// read here; of text files only the encoding is checked to the end.
    pub fn open(
        bytes: Vec<u8>,
        limits: &Limits,
        options: &ReadOptions<'_>,
    ) -> Result<RawReader, ReadError> {
        let size = bytes.len() as u64;
        if size > limits.max_bytes {
            return Err(ReadError::TooLarge {
                bytes: size,
                limit: limits.max_bytes,
            });
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty);
        }
        let mut opened = open_source(bytes, limits, options)?;
        let mut waiting = VecDeque::new();
        let header = match opened.headers.take() {
            Some(headers) => {
                let usual = headers.len();
                Some(FoundHeader {
                    row: None,
                    usual,
                    headers,
                })
            }
            None => find_header(opened.source.as_mut(), &mut waiting, options, limits)?,
        };
        let header_row = header.as_ref().and_then(|found| found.row);
        let shape = match &header {
            Some(found) => {
                let width = found.headers.len();
                Shape {
                    width,
                    usual: found.usual,
                    ends_blank: found.usual > width,
                }
            }
            None => usual_shape(opened.source.as_mut(), &mut waiting, options.width)?,
        };
        if shape.width == 0 && opened.about.kind != FileKind::GeoJson {
            return Err(ReadError::Empty);
        }
        let between = opened.about.delimiter.map_or(",", Delimiter::text);
        let absorb = options.absorb.map(|column| (column, between.to_owned()));
        Ok(RawReader {
            source: opened.source,
            waiting,
            row: RowBuffer::default(),
            builder: ChunkBuilder::new(shape, opened.cells, absorb),
            meter: Meter::default(),
            limits: limits.clone(),
            headers: header.map(|found| found.headers),
            width: shape.width,
            about: FileAbout {
                header_row,
                ..opened.about
            },
        })
    }

    /// The cells of the header row, normalised ([`kernel::normalise_text`]); blank ones at its
    /// end are left out. None for a file without header.
    pub fn headers(&self) -> Option<&[String]> {
        self.headers.as_deref()
    }

    /// How many columns every chunk has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What was found out when the file was opened.
    pub fn about(&self) -> &FileAbout {
        &self.about
    }

    /// The next rows, none at the end. Blank rows are left out.
    ///
    /// # Errors
    /// [`ReadError::UnclosedQuote`] and what exceeds the limits. What was handed over before is
    /// then to be thrown away: a file is taken whole or not at all.
    pub fn next_chunk(&mut self) -> Result<Option<RawChunk>, ReadError> {
        while !self.builder.is_full() {
            match self.waiting.pop_front() {
                Some(row) => self.row = row,
                None => {
                    if !self.source.next_row(&mut self.row)? {
                        break;
                    }
                }
            }
            if !self.row.is_blank() {
                self.meter.count(&self.row, &self.limits)?;
                self.builder.push(&mut self.row);
            }
        }
        Ok(self.builder.take())
    }
}

struct Opened {
    source: Box<dyn RowSource>,
    cells: Cells,
    /// Of sources that know their columns.
    headers: Option<Vec<String>>,
    about: FileAbout,
}

fn open_source(
    bytes: Vec<u8>,
    limits: &Limits,
    options: &ReadOptions<'_>,
) -> Result<Opened, ReadError> {
    let kind = kind::detect(&bytes)?;
    let mut about = FileAbout {
        kind,
        encoding: None,
        delimiter: None,
        sheet: None,
        header_row: None,
    };
    if kind != FileKind::Text {
        let (name, rows) = workbook::open(bytes, kind, limits, options.sheet)?;
        about.sheet = Some(name);
        return Ok(Opened {
            source: Box::new(rows),
            cells: Cells::Typed,
            headers: None,
            about,
        });
    }
    let stream = text::TextStream::open(bytes, options.encoding)?;
    about.encoding = Some(stream.encoding());
    if kind::detect_in_text(stream.rest())? == FileKind::Json {
        let text = stream.into_whole()?;
        let (kind, headers, rows) = if text.trim_start().starts_with('{') {
            let (headers, rows) = geojson::open(&text, limits)?;
            (FileKind::GeoJson, headers, rows)
        } else {
            let (headers, rows) = json::open(&text, limits)?;
            (FileKind::Json, headers, rows)
        };
        about.kind = kind;
        return Ok(Opened {
            source: Box::new(rows),
            cells: Cells::Typed,
            headers: Some(headers),
            about,
        });
    }
    let nothing_known = |_: &[&str]| 0;
    let score: &dyn Fn(&[&str]) -> usize = match options.header {
        Header::Detect(score) => score,
        _ => &nothing_known,
    };
    let rows = csv::CsvRows::open(stream, options.delimiter, score);
    about.delimiter = Some(rows.delimiter());
    Ok(Opened {
        source: Box::new(rows),
        cells: Cells::Delimited,
        headers: None,
        about,
    })
}

/// Reads rows with content into `waiting` until it holds `wanted`.
fn read_ahead(
    source: &mut dyn RowSource,
    waiting: &mut VecDeque<RowBuffer>,
    wanted: usize,
) -> Result<(), ReadError> {
    let mut row = RowBuffer::default();
    while waiting.len() < wanted && source.next_row(&mut row)? {
        if !row.is_blank() {
            waiting.push_back(std::mem::take(&mut row));
        }
    }
    Ok(())
}

struct FoundHeader {
    row: Option<u64>,
    headers: Vec<String>,
    /// Cells of the row, blank ones at its end among them.
    usual: usize,
}

/// Finds the header and leaves in `waiting` the rows below it; without header, all rows.
fn find_header(
    source: &mut dyn RowSource,
    waiting: &mut VecDeque<RowBuffer>,
    options: &ReadOptions<'_>,
    limits: &Limits,
) -> Result<Option<FoundHeader>, ReadError> {
    let index = match options.header {
        Header::Absent => return Ok(None),
        Header::First => {
            read_ahead(source, waiting, 1)?;
            0
        }
        Header::Row(number) => {
            // Row 3 is at most the third row with content.
            read_ahead(
                source,
                waiting,
                usize::try_from(number).unwrap_or(usize::MAX).min(1_000),
            )?;
            match waiting.iter().position(|row| row.number >= number) {
                Some(index) => index,
                None => return Err(ReadError::Empty),
            }
        }
        Header::Detect(score) => {
            read_ahead(source, waiting, HEADER_SEARCH)?;
            let mut best = (0, 0);
            for (index, row) in waiting.iter().enumerate().take(HEADER_SEARCH) {
                if row.len() > limits.max_columns as usize {
                    return Err(ReadError::TooManyColumns {
                        row: row.number,
                        limit: limits.max_columns,
                    });
                }
                let cells: Vec<&str> = row.cells().map(chunk::trim).collect();
                let known = score(&cells);
                if known > best.1 {
                    best = (index, known);
                }
            }
            if best.1 == 0 {
                return Ok(None);
            }
            best.0
        }
    };
    waiting.drain(..index);
    let Some(row) = waiting.pop_front() else {
        return Err(ReadError::Empty);
    };
    let headers = row
        .cells()
        .take(row.filled())
        .map(|cell| kernel::normalise_text(cell).into_owned())
        .collect();
    Ok(Some(FoundHeader {
        row: Some(row.number),
        headers,
        usual: row.len(),
    }))
}

/// The shape of a file without header: the number of cells that most of its first rows have (of
/// equals the larger), unless it is stated.
fn usual_shape(
    source: &mut dyn RowSource,
    waiting: &mut VecDeque<RowBuffer>,
    stated: Option<usize>,
) -> Result<Shape, ReadError> {
    read_ahead(source, waiting, WIDTH_SAMPLE)?;
    let rows_of = |width: usize| waiting.iter().filter(move |row| row.len() == width);
    let commonest = waiting
        .iter()
        .map(|row| (rows_of(row.len()).count(), row.len()))
        .max();
    let usual = stated.unwrap_or(commonest.map_or(0, |(_, width)| width));
    let ending_blank = rows_of(usual).filter(|row| row.filled() < usual).count();
    let ends_blank = 2 * ending_blank > rows_of(usual).count();
    Ok(Shape {
        width: usual,
        usual,
        ends_blank,
    })
}
