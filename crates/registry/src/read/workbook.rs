//! Rows of one sheet of a workbook.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xlsb, Xlsx,
};

use super::archive::Archive;
use super::chunk::{NoteKind, RowBuffer};
use super::{FileKind, Limits, ReadError, RowSource};

/// Numbers of more digits than this are not what was typed: doubles hold no more.
const MOST_DIGITS: f64 = 1e15;

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellNote {
    None,
    Error,
    LostDigits,
}

#[derive(Clone, Copy)]
struct SheetCell {
    row: u32,
    column: u32,
    start: u32,
    end: u32,
    note: CellNote,
}

/// The cells of a sheet that are not blank, in the order of rows and columns.
pub(super) struct SheetRows {
    text: String,
    cells: Vec<SheetCell>,
    next: usize,
    most_cells: u64,
    /// Bytes of text and places of cells together: one text of a workbook may stand in a million cells.
    most_bytes: u64,
}

/// Reads the sheet `name`, or the first visible one that has content. Gives its name.
pub(super) fn open(
    bytes: Vec<u8>,
    kind: FileKind,
    limits: &Limits,
    name: Option<&str>,
) -> Result<(String, SheetRows), ReadError> {
    if matches!(kind, FileKind::Xlsx | FileKind::Xlsb | FileKind::Ods) {
        Archive::read(&bytes)?.check_size(&bytes, limits)?;
    }
    // The library has been seen to panic on damaged files; that must not end the program.
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        FileKind::Xlsx => open_xlsx(bytes, limits, name),
        FileKind::Xlsb => open_xlsb(bytes, limits, name),
        _ => open_other(bytes, limits, name),
    }));
    read.unwrap_or_else(|_| Err(damaged("the reader had to stop")))
}

fn open_xlsx(
    bytes: Vec<u8>,
    limits: &Limits,
    name: Option<&str>,
) -> Result<(String, SheetRows), ReadError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    for sheet in candidates(workbook.sheets_metadata(), name)? {
        let mut rows = SheetRows::new(limits);
        let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            rows.push_ref(cell.get_position(), cell.get_value())?;
        }
        drop(cells);
        rows.sort();
        if rows.cells.is_empty() && name.is_none() {
            continue;
        }
        let merged = workbook
            .merge_cells_by_sheet_name(&sheet)
            .unwrap_or_default();
        rows.fill_merged(&merged)?;
        return Ok((sheet, rows));
    }
    Err(ReadError::Empty)
}

fn open_xlsb(
    bytes: Vec<u8>,
    limits: &Limits,
    name: Option<&str>,
) -> Result<(String, SheetRows), ReadError> {
    let mut workbook: Xlsb<_> = Xlsb::new(Cursor::new(bytes)).map_err(damaged)?;
    for sheet in candidates(workbook.sheets_metadata(), name)? {
        let mut rows = SheetRows::new(limits);
        let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            rows.push_ref(cell.get_position(), cell.get_value())?;
        }
        rows.sort();
        if !rows.cells.is_empty() || name.is_some() {
            return Ok((sheet, rows));
        }
    }
    Err(ReadError::Empty)
}

/// XLS and ODS, which the library reads a sheet at a time.
fn open_other(
    bytes: Vec<u8>,
    limits: &Limits,
    name: Option<&str>,
) -> Result<(String, SheetRows), ReadError> {
    let mut workbook = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(damaged)?;
    for sheet in candidates(workbook.sheets_metadata(), name)? {
        let range = workbook.worksheet_range(&sheet).map_err(damaged)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        let mut rows = SheetRows::new(limits);
        for (row, column, value) in range.used_cells() {
            let place = (
                first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX)),
                first_column.saturating_add(u32::try_from(column).unwrap_or(u32::MAX)),
            );
            rows.push(place, value)?;
        }
        if let calamine::Sheets::Xls(xls) = &workbook {
            rows.fill_merged(&xls.merge_cells_by_sheet_name(&sheet).unwrap_or_default())?;
        }
        if !rows.cells.is_empty() || name.is_some() {
            return Ok((sheet, rows));
        }
    }
    Err(ReadError::Empty)
}

/// The sheet that was asked for, or every visible worksheet.
fn candidates(sheets: &[Sheet], name: Option<&str>) -> Result<Vec<String>, ReadError> {
    let Some(wanted) = name else {
        return Ok(sheets
            .iter()
            .filter(|sheet| {
                sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
            })
            .map(|sheet| sheet.name.clone())
            .collect());
    };
    match sheets
        .iter()
        .find(|sheet| sheet.name.trim() == wanted.trim())
    {
        Some(sheet) => Ok(vec![sheet.name.clone()]),
        None => Err(ReadError::NoSuchSheet {
            name: wanted.to_owned(),
            present: sheets.iter().map(|sheet| sheet.name.clone()).collect(),
        }),
    }
}

fn damaged(error: impl std::fmt::Display) -> ReadError {
    ReadError::DamagedWorkbook {
        detail: error.to_string(),
    }
}

impl SheetRows {
    fn new(limits: &Limits) -> SheetRows {
        SheetRows {
            text: String::new(),
            cells: Vec::new(),
            next: 0,
            most_cells: limits.max_cells,
            most_bytes: limits.max_expanded_bytes,
        }
    }

    fn push_ref(&mut self, place: (u32, u32), value: &DataRef<'_>) -> Result<(), ReadError> {
        match value {
            DataRef::SharedString(text) => self.push_text(place, text, CellNote::None),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                self.push_text(place, text, CellNote::None)
            }
            other => self.push(place, &Data::from(other.clone())),
        }
    }

    fn push(&mut self, place: (u32, u32), value: &Data) -> Result<(), ReadError> {
        match value {
            Data::Empty => Ok(()),
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
                self.push_text(place, text, CellNote::None)
            }
            Data::Int(number) => self.push_text(place, &number.to_string(), CellNote::None),
            Data::Float(number) => {
                let lost = number.fract() == 0.0 && number.abs() >= MOST_DIGITS;
                let note = if lost {
                    CellNote::LostDigits
                } else {
                    CellNote::None
                };
                self.push_text(place, &number_text(*number), note)
            }
            Data::Bool(truth) => {
                self.push_text(place, if *truth { "TRUE" } else { "FALSE" }, CellNote::None)
            }
            Data::DateTime(moment) => self.push_text(place, &moment_text(moment), CellNote::None),
            Data::Error(error) => self.push_text(place, &error.to_string(), CellNote::Error),
        }
    }

    fn push_text(
        &mut self,
        (row, column): (u32, u32),
        text: &str,
        note: CellNote,
    ) -> Result<(), ReadError> {
        if super::chunk::trim(text).is_empty() {
            return Ok(());
        }
        let start = self.text.len();
        self.text.push_str(text);
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.text.len())) else {
            return Err(ReadError::ExpandsTooFar {
                limit: u64::from(u32::MAX),
            });
        };
        let places = (self.cells.len() as u64).saturating_mul(size_of::<SheetCell>() as u64);
        if places.saturating_add(u64::from(end)) > self.most_bytes {
            return Err(ReadError::ExpandsTooFar {
                limit: self.most_bytes,
            });
        }
        self.cells.push(SheetCell {
            row,
            column,
            start,
            end,
            note,
        });
        if self.cells.len() as u64 > self.most_cells {
            return Err(ReadError::TooManyCells {
                limit: self.most_cells,
            });
        }
        Ok(())
    }

    /// Programs write cells in order; those that do not are put in order.
    fn sort(&mut self) {
        if !self.cells.is_sorted_by_key(|cell| (cell.row, cell.column)) {
            self.cells.sort_by_key(|cell| (cell.row, cell.column));
        }
    }

    /// A cell merged over several rows holds for each of them. (A cell merged over several
    /// columns is a title and stays in its first column.)
    fn fill_merged(&mut self, regions: &[Dimensions]) -> Result<(), ReadError> {
        let Some(last_row) = self.cells.last().map(|cell| cell.row) else {
            return Ok(());
        };
        let read = self.cells.len();
        // Regions of a real sheet do not overlap, so they cannot outnumber its cells by much; a small file
        // that says otherwise would fill the memory.
        let most_cells = self.most_cells.min(8 * read as u64 + 100_000);
        for region in regions {
            let place = region.start;
            let Some(cell) = self
                .cells
                .get(..read)
                .and_then(|cells| {
                    let found = cells.binary_search_by_key(&place, |cell| (cell.row, cell.column));
                    found.ok().and_then(|index| cells.get(index))
                })
                .copied()
            else {
                continue;
            };
            for row in cell.row.saturating_add(1)..=region.end.0.min(last_row) {
                if self.cells.len() as u64 > most_cells {
                    return Err(ReadError::TooManyCells { limit: most_cells });
                }
                self.cells.push(SheetCell { row, ..cell });
            }
        }
        self.sort();
        Ok(())
    }
}

impl RowSource for SheetRows {
    fn next_row(&mut self, row: &mut RowBuffer) -> Result<bool, ReadError> {
        row.clear();
        let rest = self.cells.get(self.next..).unwrap_or_default();
        let Some(first) = rest.first() else {
            return Ok(false);
        };
        row.number = u64::from(first.row) + 1;
        for cell in rest.iter().take_while(|cell| cell.row == first.row) {
            self.next += 1;
            let column = cell.column as usize;
            if column < row.len() {
                continue; // the same place twice: the first counts
            }
            while row.len() < column {
                row.push_cell("");
            }
            row.push_cell(
                self.text
                    .get(cell.start as usize..cell.end as usize)
                    .unwrap_or(""),
            );
            match cell.note {
                CellNote::None => {}
                CellNote::Error => row.cell_notes.push(NoteKind::CellError { column }),
                CellNote::LostDigits => row.cell_notes.push(NoteKind::LostDigits { column }),
            }
        }
        Ok(true)
    }
}

/// The number as a person sees it in the sheet: whole numbers without `.0`, others with the
/// fifteen digits that spreadsheet programs show, never in scientific notation.
fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < MOST_DIGITS {
        return format!("{number:.0}");
    }
    let fifteen_digits: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    fifteen_digits.to_string()
}

/// `2025-09-01`, `2025-09-01 08:30:00`, or `08:30:00` where there is no day.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let serial = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&serial) {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    if serial.fract() == 0.0 {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_person_sees_them() {
        for (number, text) in [
            (12.0, "12"),
            (-12.5, "-12.5"),
            (0.1 + 0.2, "0.3"),
            (1e-7, "0.0000001"),
            (610_113_201_009.0, "610113201009"),
            (6.101_132_010_090_1e17, "610113201009010000"),
            (-0.0, "0"),
            (108.983_686_953_560_73, "108.983686953561"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }
}
