//! From the cells of a file to typed columns. Every fault of every cell is kept, none stops the reading.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use columns::{Cell, ColumnBuilder, ColumnType, Schema, Table};
use kernel::text::{has_replacement_character, normalise_text};
use kernel::{Datum, Day, DayFault, RecordId, decimal};
use standard::{CodeSet, Dataset, Field, FieldKind, Precision, Resolution, Standard, split_many};

use super::cells::{integer, is_blank, is_clear, plain_number, truth, unscaled};
use super::mapping::{ColumnUse, Columns, Mapping};
use super::outlines::outlines;
use super::plan::Detail;
use super::references::{Clue, Reference, ReferenceIndex};
use crate::read::{NoteKind, RawChunk, RowNote};

/// What is wrong with a cell, or worth saying of it. The codes are shown to people and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellFault {
    /// A required field is blank.
    Required,
    /// Not a whole number.
    Integer,
    /// Not a number.
    Decimal,
    /// Outside the field's bounds.
    Range,
    /// Not a date.
    Date,
    /// A month that may be January or October.
    DateDoubtful,
    /// A date of which only the month is known, taken as its first day. Not an error.
    MonthOnly,
    /// Neither yes nor no.
    Bool,
    /// Not in the code set.
    Code,
    /// Several codes have this name.
    CodeAmbiguous,
    /// No record has this code or name.
    Reference,
    /// Several records have this name.
    ReferenceAmbiguous,
    /// Longer than the field.
    Length,
    /// Holds the trace of a wrong decoding.
    Damaged,
    /// Not a geometry that can be used; the code of what is wrong with it.
    Geometry(&'static str),
    /// An error value of a spreadsheet.
    CellError,
    /// A number so long that the spreadsheet program has lost its last digits.
    LostDigits,
    /// A feature that cannot be used.
    Feature,
    /// The row has more or fewer cells than the header.
    Ragged,
    /// A code that is no longer in force was replaced by the one that is. Not an error.
    Superseded,
}

impl CellFault {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            CellFault::Required => "CELL-REQUIRED",
            CellFault::Integer => "CELL-INTEGER",
            CellFault::Decimal => "CELL-DECIMAL",
            CellFault::Range => "CELL-RANGE",
            CellFault::Date => "CELL-DATE",
            CellFault::DateDoubtful => "CELL-DATE-DOUBTFUL",
            CellFault::MonthOnly => "CELL-MONTH",
            CellFault::Bool => "CELL-BOOL",
            CellFault::Code => "CELL-CODE",
            CellFault::CodeAmbiguous => "CELL-CODE-AMBIGUOUS",
            CellFault::Reference => "CELL-REFERENCE",
            CellFault::ReferenceAmbiguous => "CELL-REFERENCE-AMBIGUOUS",
            CellFault::Length => "CELL-LENGTH",
            CellFault::Damaged => "CELL-DAMAGED",
            CellFault::Geometry(code) => code,
            CellFault::CellError => "CELL-ERROR",
            CellFault::LostDigits => "CELL-LOST-DIGITS",
            CellFault::Feature => "ROW-FEATURE",
            CellFault::Ragged => "ROW-RAGGED",
            CellFault::Superseded => "CELL-SUPERSEDED",
        }
    }

    /// Whether the row is refused for it.
    pub fn refuses(self) -> bool {
        !matches!(self, CellFault::Superseded | CellFault::MonthOnly)
    }
}

/// A fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Row within the batch.
    pub row: u32,
    /// Place among the dataset's fields; `None`: the row as a whole.
    pub field: Option<usize>,
    /// What is wrong.
    pub fault: CellFault,
    /// The text of the cell.
    pub text: String,
    /// What was expected, or what was taken instead.
    pub detail: Detail,
}

/// A reference to a record of the same dataset that is perhaps in the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Row within the batch.
    pub row: u32,
    /// Place among the dataset's fields.
    pub field: usize,
    /// What the cell says.
    pub text: String,
}

/// Some ten thousand rows of a file, typed.
#[derive(Debug)]
pub struct Batch {
    /// Number of each row in the file, as a person counts them there.
    pub source_rows: Vec<u64>,
    /// One column for each stored field but geometries, as the checks want them.
    pub table: Table,
    /// For each stored field, the rows that clear it, ascending.
    pub cleared: Vec<Vec<u32>>,
    /// For stored fields that were derived: which rows' values are only inferred.
    pub inferred: BTreeMap<usize, Vec<bool>>,
    /// Cells of which only the month was said: row, and place among the stored fields.
    pub month_only: BTreeSet<(u32, usize)>,
    /// Geometries, where the dataset has one.
    pub geometries: Vec<Option<Vec<u8>>>,
    /// What is wrong.
    pub flaws: Vec<Flaw>,
    /// References that wait for the rest of the file.
    pub pending: Vec<Pending>,
    /// The file's own cells, to show beside a fault.
    pub raw: RawChunk,
}

impl Batch {
    /// Whether the value of a stored field in a row was derived, not read.
    pub(super) fn is_inferred(&self, field: usize, row: u32) -> bool {
        self.inferred
            .get(&field)
            .and_then(|rows| rows.get(row as usize))
            .copied()
            .unwrap_or(false)
    }
}

/// The column in the checks' table for each field's kind.
pub(crate) fn column_type(field: &Field) -> Option<ColumnType> {
    if field.many {
        return Some(ColumnType::Text);
    }
    match field.kind {
        FieldKind::Text | FieldKind::Code(_) => Some(ColumnType::Text),
        FieldKind::Int { .. } | FieldKind::Ref(_) => Some(ColumnType::Int),
        FieldKind::Decimal { .. } | FieldKind::Lon | FieldKind::Lat => Some(ColumnType::Real),
        FieldKind::Bool => Some(ColumnType::Bool),
        FieldKind::Date => Some(ColumnType::Day),
        FieldKind::Geometry => None,
    }
}

/// The schema of the table that checks see as `staged`; the checker adds `row_no`.
pub fn staged_schema(dataset: &Dataset) -> Schema {
    let mut columns = Vec::new();
    for field in dataset.stored_fields() {
        if let Some(kind) = column_type(field) {
            columns.push((field.name.clone(), kind));
        }
    }
    Schema::new(columns)
}

/// What typing needs to know besides the cells.
pub(super) struct Typist<'a> {
    dataset: &'a Dataset,
    standard: &'a Standard,
    mapping: &'a Mapping,
    references: &'a BTreeMap<String, ReferenceIndex>,
    datum: Datum,
    /// For each stored field: its place among `dataset.fields` and the column of the file.
    stored: Vec<(usize, Option<usize>)>,
    /// For each reference field (place among `dataset.fields`): level and file column of its clues.
    clues: HashMap<usize, Vec<(String, usize)>>,
}

/// What a cell was found to hold.
enum Typed<'t> {
    Blank,
    Clear,
    Text(Cow<'t, str>),
    Value(Cell),
    Wrong(CellFault, String),
    /// A value, with something worth saying.
    Noted(Cell, CellFault, String),
    Pending,
}

impl<'a> Typist<'a> {
    /// Prepares the typing of one file.
    pub(super) fn new(
        dataset: &'a Dataset,
        standard: &'a Standard,
        columns: &'a Columns,
        mapping: &'a Mapping,
        references: &'a BTreeMap<String, ReferenceIndex>,
        datum: Datum,
    ) -> Typist<'a> {
        let stored = dataset
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.is_stored())
            .map(|(place, _)| (place, columns.column_of(place)))
            .collect();
        let mut clues: HashMap<usize, Vec<(String, usize)>> = HashMap::new();
        for (column, (_, usage)) in columns.uses.iter().enumerate() {
            let ColumnUse::Field(place) = usage else {
                continue;
            };
            let Some(hint) = dataset
                .fields
                .get(*place)
                .and_then(|field| field.hint.as_ref())
            else {
                continue;
            };
            let helped = dataset
                .fields
                .iter()
                .position(|field| field.name == hint.field);
            if let Some(helped) = helped {
                clues
                    .entry(helped)
                    .or_default()
                    .push((hint.level.clone(), column));
            }
        }
        Typist {
            dataset,
            standard,
            mapping,
            references,
            datum,
            stored,
            clues,
        }
    }

    /// Types a chunk.
    ///
    /// # Errors
    /// Only when the definitions and the table disagree, which is a fault of the program.
    pub(super) fn batch(&self, chunk: RawChunk) -> Result<Batch, columns::ColumnsError> {
        let rows = chunk.len();
        let schema = staged_schema(self.dataset);
        let mut builders = Vec::with_capacity(schema.len());
        let mut batch_flaws = Vec::new();
        let mut cleared = Vec::with_capacity(self.stored.len());
        let mut geometries = Vec::new();
        let mut pending = Vec::new();
        let mut month_only = BTreeSet::new();
        let (lon, lat) = self.coordinates(&chunk);
        for (place, column) in &self.stored {
            let Some(field) = self.dataset.fields.get(*place) else {
                continue;
            };
            let mut field_cleared = Vec::new();
            if field.kind == FieldKind::Geometry {
                geometries = outlines(*place, field, self.datum, &chunk, &mut batch_flaws);
                cleared.push(field_cleared);
                continue;
            }
            let Some(kind) = column_type(field) else {
                continue;
            };
            let mut builder = ColumnBuilder::new(kind);
            if column.is_none() && !self.speaks_without_a_column(*place, field) {
                (0..rows).for_each(|_| builder.append_null());
                builders.push(builder);
                cleared.push(field_cleared);
                continue;
            }
            let mut seen = Memo::default();
            for row in 0..rows {
                let number = u32::try_from(row).unwrap_or(u32::MAX);
                let text = column.map_or("", |column| chunk.cell(column, row));
                let typed = match field.kind {
                    FieldKind::Lon => coordinate(&lon, row, text),
                    FieldKind::Lat => coordinate(&lat, row, text),
                    _ => self.typed(*place, field, text, row, &chunk, &mut seen),
                };
                let mut flaw = |fault, detail| {
                    batch_flaws.push(Flaw {
                        row: number,
                        field: Some(*place),
                        fault,
                        text: text.to_owned(),
                        detail: Detail::from(detail),
                    });
                };
                match typed {
                    Typed::Blank => builder.append_null(),
                    Typed::Clear => {
                        field_cleared.push(number);
                        builder.append_null();
                    }
                    Typed::Text(text) => builder.append_text(Some(&text)),
                    Typed::Value(cell) => builder.append(&cell),
                    Typed::Wrong(fault, detail) => {
                        flaw(fault, detail);
                        builder.append_null();
                    }
                    Typed::Noted(cell, fault, detail) => {
                        flaw(fault, detail);
                        if fault == CellFault::MonthOnly {
                            month_only.insert((number, cleared.len()));
                        }
                        builder.append(&cell);
                    }
                    Typed::Pending => {
                        pending.push(Pending {
                            row: number,
                            field: *place,
                            text: text.to_owned(),
                        });
                        builder.append_null();
                    }
                }
            }
            builders.push(builder);
            cleared.push(field_cleared);
        }
        batch_flaws.extend(
            chunk
                .notes
                .iter()
                .filter_map(|note| self.flaw_of(note, &chunk)),
        );
        let table = Table::new(schema, builders)?;
        let source_rows = chunk.row_numbers.clone();
        Ok(Batch {
            source_rows,
            table,
            cleared,
            inferred: BTreeMap::new(),
            month_only,
            geometries,
            flaws: batch_flaws,
            pending,
            raw: chunk,
        })
    }

    /// Whether a field that no column of the file holds may have values all the same.
    fn speaks_without_a_column(&self, place: usize, field: &Field) -> bool {
        self.mapping.constants.contains_key(&field.name)
            || self.mapping.values.contains_key(&field.name)
            || self.clues.contains_key(&place)
    }

    /// What the reader said of a row, as a flaw of it. A row that ends early reads as blanks.
    fn flaw_of(&self, note: &RowNote, chunk: &RawChunk) -> Option<Flaw> {
        let (field, fault, text, detail) = match &note.kind {
            NoteKind::TooFewCells { .. } => return None,
            NoteKind::TooManyCells { expected, found } => (
                None,
                CellFault::Ragged,
                found.to_string(),
                Detail::from(expected.to_string()),
            ),
            NoteKind::UnusableFeature { zh, en, .. } => {
                let (zh, en) = (zh.clone(), en.clone());
                (None, CellFault::Feature, String::new(), Detail { zh, en })
            }
            NoteKind::CellError { column } | NoteKind::LostDigits { column } => {
                // A column that is no field of the dataset may hold anything.
                let (place, _) = self
                    .stored
                    .iter()
                    .find(|(_, read)| *read == Some(*column))?;
                let fault = match note.kind {
                    NoteKind::CellError { .. } => CellFault::CellError,
                    _ => CellFault::LostDigits,
                };
                let text = chunk.cell(*column, note.index).to_owned();
                (Some(*place), fault, text, Detail::default())
            }
        };
        Some(Flaw {
            row: u32::try_from(note.index).unwrap_or(u32::MAX),
            field,
            fault,
            text,
            detail,
        })
    }

    fn typed<'t>(
        &'t self,
        place: usize,
        field: &Field,
        raw: &'t str,
        row: usize,
        chunk: &RawChunk,
        seen: &'t mut Memo,
    ) -> Typed<'t> {
        let replaced = match self.mapping.values.is_empty() {
            true => None,
            false => self
                .mapping
                .values
                .get(&field.name)
                .and_then(|values| values.get(raw)),
        };
        let mut normal = normalise_text(replaced.map_or(raw, String::as_str));
        if is_blank(&normal) {
            match self.mapping.constants.get(&field.name) {
                Some(constant) => normal = Cow::Borrowed(constant),
                None if !matches!(field.kind, FieldKind::Ref(_)) => return Typed::Blank,
                None => normal = Cow::Borrowed(""),
            }
        }
        let text = normal.as_ref();
        if is_clear(text) {
            return if field.required {
                Typed::Wrong(CellFault::Required, String::new())
            } else {
                Typed::Clear
            };
        }
        if has_replacement_character(text) {
            return Typed::Wrong(CellFault::Damaged, String::new());
        }
        match &field.kind {
            FieldKind::Ref(target) if !field.many => {
                self.reference(place, target, text, row, chunk, seen)
            }
            FieldKind::Code(set) => {
                let Some(codes) = self.standard.code_set(set) else {
                    return Typed::Blank;
                };
                if field.many {
                    code_list(codes, text)
                } else {
                    seen.code(codes, text)
                }
            }
            _ if field.many => many(self.references, field, text),
            FieldKind::Text => match too_long(field, text) {
                Some(most) => Typed::Wrong(CellFault::Length, most.to_string()),
                None => Typed::Text(normal),
            },
            FieldKind::Int { min, max } => match integer(text) {
                Some(number) => {
                    in_range(number, *min, *max, 0).unwrap_or(Typed::Value(Cell::Int(number)))
                }
                None => Typed::Wrong(CellFault::Integer, String::new()),
            },
            FieldKind::Decimal { scale, min, max } => {
                match decimal::parse_decimal_rounded(&plain_number(text), *scale) {
                    Ok(scaled) => in_range(scaled, *min, *max, *scale)
                        .unwrap_or(Typed::Value(Cell::Real(unscaled(scaled, *scale)))),
                    Err(_) => Typed::Wrong(CellFault::Decimal, String::new()),
                }
            }
            FieldKind::Bool => match truth(text) {
                Some(truth) => Typed::Value(Cell::Bool(truth)),
                None => Typed::Wrong(CellFault::Bool, String::new()),
            },
            FieldKind::Date => date(field.precision, text),
            FieldKind::Lon | FieldKind::Lat | FieldKind::Geometry | FieldKind::Ref(_) => {
                Typed::Blank
            }
        }
    }

    fn reference(
        &self,
        place: usize,
        target: &str,
        text: &str,
        row: usize,
        chunk: &RawChunk,
        seen: &mut Memo,
    ) -> Typed<'static> {
        let Some(index) = self.references.get(target) else {
            return Typed::Blank;
        };
        let clues: Vec<Clue<'_>> = self
            .clues
            .get(&place)
            .map(|columns| {
                columns
                    .iter()
                    .map(|(level, column)| Clue {
                        level,
                        name: chunk.cell(*column, row).trim(),
                    })
                    .collect()
            })
            .unwrap_or_default();
        if text.is_empty() && clues.iter().all(|clue| clue.name.is_empty()) {
            return Typed::Blank;
        }
        let said = || {
            let mut parts: Vec<&str> = clues
                .iter()
                .map(|clue| clue.name)
                .filter(|name| !name.is_empty())
                .collect();
            if !text.is_empty() {
                parts.push(text);
            }
            parts.join(" ")
        };
        match seen.reference(index, text, &clues) {
            Reference::Found(record) => Typed::Value(Cell::Int(record.get())),
            Reference::Superseded { record, now } => Typed::Noted(
                Cell::Int(record.get()),
                CellFault::Superseded,
                format!("{now} {}", index.label(*record)),
            ),
            Reference::Ambiguous(records) => {
                let names: Vec<String> = records
                    .iter()
                    .take(5)
                    .map(|record| index.label(*record))
                    .collect();
                Typed::Wrong(
                    CellFault::ReferenceAmbiguous,
                    format!("{} ({})", said(), names.join(", ")),
                )
            }
            Reference::Unknown if target == self.dataset.name => Typed::Pending,
            Reference::Unknown => Typed::Wrong(CellFault::Reference, said()),
        }
    }

    /// Longitudes and latitudes of the chunk in CGCS2000, converted pair by pair.
    fn coordinates(&self, chunk: &RawChunk) -> (Vec<Coordinate>, Vec<Coordinate>) {
        let column_of = |kind: &FieldKind| {
            self.stored
                .iter()
                .find(|(place, _)| {
                    self.dataset
                        .fields
                        .get(*place)
                        .is_some_and(|field| field.kind == *kind)
                })
                .and_then(|(_, column)| *column)
        };
        let lon_column = column_of(&FieldKind::Lon);
        let lat_column = column_of(&FieldKind::Lat);
        let mut lons = Vec::with_capacity(chunk.len());
        let mut lats = Vec::with_capacity(chunk.len());
        for row in 0..chunk.len() {
            let lon = Coordinate::read(lon_column.map_or("", |column| chunk.cell(column, row)));
            let lat = Coordinate::read(lat_column.map_or("", |column| chunk.cell(column, row)));
            let (lon, lat) = match (lon, lat) {
                (Coordinate::At(lon), Coordinate::At(lat)) => {
                    let (lon, lat) = self.datum.to_wgs84(lon, lat);
                    (Coordinate::At(lon), Coordinate::At(lat))
                }
                either => either,
            };
            lons.push(lon);
            lats.push(lat);
        }
        (lons, lats)
    }
}

/// The code that a text means, and what is wrong with it or worth saying.
type CodeOutcome = (Option<String>, Option<(CellFault, String)>);

/// Answers for texts that occur again and again in a column.
#[derive(Default)]
struct Memo {
    codes: HashMap<String, CodeOutcome>,
    references: HashMap<String, Reference>,
    /// Text and clues as one key, kept for its memory.
    key: String,
}

impl Memo {
    fn code(&mut self, codes: &CodeSet, text: &str) -> Typed<'_> {
        if !self.codes.contains_key(text) {
            self.codes
                .insert(text.to_owned(), code_outcome(codes, text));
        }
        match self.codes.get(text) {
            Some((Some(code), None)) => Typed::Text(Cow::Borrowed(code)),
            Some((Some(code), Some((fault, detail)))) => {
                Typed::Noted(Cell::Text(code.clone()), *fault, detail.clone())
            }
            Some((None, Some((fault, detail)))) => Typed::Wrong(*fault, detail.clone()),
            Some((None, None)) | None => Typed::Blank,
        }
    }

    fn reference(&mut self, index: &ReferenceIndex, text: &str, clues: &[Clue<'_>]) -> &Reference {
        self.key.clear();
        self.key.push_str(text);
        for clue in clues {
            self.key.push('\u{1f}');
            self.key.push_str(clue.name);
        }
        if !self.references.contains_key(&self.key) {
            let found = index.resolve(text, clues);
            self.references.insert(self.key.clone(), found);
        }
        self.references
            .get(&self.key)
            .unwrap_or(&Reference::Unknown)
    }
}

fn code_outcome(codes: &CodeSet, text: &str) -> CodeOutcome {
    match codes.resolve(text) {
        Resolution::Exact(code) | Resolution::ByName(code) => (Some(code.to_owned()), None),
        Resolution::Superseded { new, .. } => (
            Some(new.to_owned()),
            Some((CellFault::Superseded, new.to_owned())),
        ),
        Resolution::Ambiguous(candidates) => (
            None,
            Some((CellFault::CodeAmbiguous, candidates.join(", "))),
        ),
        Resolution::Unknown => {
            let near = codes
                .suggestion(text)
                .map(|entry| format!("{} {}", entry.code, entry.name.zh));
            (None, Some((CellFault::Code, near.unwrap_or_default())))
        }
    }
}

fn code_list(codes: &CodeSet, text: &str) -> Typed<'static> {
    let mut list: Vec<String> = Vec::new();
    for (part, meaning) in codes.resolve_many(text) {
        match meaning.code() {
            Some(code) => {
                if !list.iter().any(|known| known == code) {
                    list.push(code.to_owned());
                }
            }
            None => return Typed::Wrong(CellFault::Code, part),
        }
    }
    list.sort();
    Typed::Value(Cell::Text(list.join("|")))
}

fn many(
    references: &BTreeMap<String, ReferenceIndex>,
    field: &Field,
    text: &str,
) -> Typed<'static> {
    let FieldKind::Ref(target) = &field.kind else {
        return Typed::Value(Cell::Text(split_many(text).join("|")));
    };
    let Some(index) = references.get(target) else {
        return Typed::Blank;
    };
    let mut records: Vec<RecordId> = Vec::new();
    for part in split_many(text) {
        match index.resolve(&part, &[]) {
            Reference::Found(record) | Reference::Superseded { record, .. } => records.push(record),
            Reference::Ambiguous(_) => return Typed::Wrong(CellFault::ReferenceAmbiguous, part),
            Reference::Unknown => return Typed::Wrong(CellFault::Reference, part),
        }
    }
    records.sort_unstable();
    records.dedup();
    let texts: Vec<String> = records.iter().map(ToString::to_string).collect();
    Typed::Value(Cell::Text(texts.join("|")))
}

fn date(precision: Precision, text: &str) -> Typed<'static> {
    let month = match (Day::parse(text), precision) {
        (Ok(day), _) => return Typed::Value(Cell::Day(day.get())),
        (Err(_), Precision::Day) => return Typed::Wrong(CellFault::Date, String::new()),
        (Err(_), Precision::Month) => Day::parse_month(text),
    };
    match month {
        Ok(day) => Typed::Noted(Cell::Day(day.get()), CellFault::MonthOnly, day.to_string()),
        Err(DayFault::DoubtfulMonth) => Typed::Wrong(CellFault::DateDoubtful, String::new()),
        Err(_) => Typed::Wrong(CellFault::Date, String::new()),
    }
}

/// The most characters of a field, where a text has more.
fn too_long(field: &Field, text: &str) -> Option<u32> {
    field
        .max_length
        .filter(|most| text.len() > *most as usize && text.chars().count() > *most as usize)
}

/// A longitude or latitude before it is typed.
#[derive(Debug, Clone, Copy)]
enum Coordinate {
    Blank,
    Clear,
    Wrong,
    At(f64),
}

impl Coordinate {
    fn read(raw: &str) -> Coordinate {
        let text = normalise_text(raw);
        let text = text.as_ref();
        if is_blank(text) {
            Coordinate::Blank
        } else if is_clear(text) {
            Coordinate::Clear
        } else {
            let number = text.trim_end_matches(['°', 'E', 'N', 'e', 'n']);
            number
                .parse()
                .ok()
                .filter(|degrees: &f64| degrees.is_finite())
                .map_or(Coordinate::Wrong, Coordinate::At)
        }
    }
}

fn coordinate(all: &[Coordinate], row: usize, text: &str) -> Typed<'static> {
    match all.get(row).copied().unwrap_or(Coordinate::Blank) {
        Coordinate::Blank => Typed::Blank,
        Coordinate::Clear => Typed::Clear,
        Coordinate::Wrong => Typed::Wrong(CellFault::Decimal, text.to_owned()),
        Coordinate::At(degrees) => Typed::Value(Cell::Real(
            (degrees * COORDINATE_FACTOR).round() / COORDINATE_FACTOR,
        )),
    }
}

/// Coordinates are kept to seven digits, about a centimetre.
const COORDINATE_FACTOR: f64 = 1e7;

fn in_range(number: i64, min: Option<i64>, max: Option<i64>, scale: u8) -> Option<Typed<'static>> {
    let low = min.is_some_and(|min| number < min);
    let high = max.is_some_and(|max| number > max);
    (low || high || number.unsigned_abs() > MOST_EXACT).then(|| {
        let bound = |bound: Option<i64>| {
            bound.map_or("…".to_owned(), |b| {
                decimal::format_decimal_short(b, scale)
            })
        };
        Typed::Wrong(CellFault::Range, format!("{} – {}", bound(min), bound(max)))
    })
}

/// The largest scaled number that goes through a double unharmed.
pub(super) const MOST_EXACT: u64 = 1 << 50;
