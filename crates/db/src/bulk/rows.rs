//! Rows on their way into a table.

use std::ops::Range;

use kernel::Value;

use crate::DbError;

/// Rows of equal width in one piece of memory. `clear` keeps the memory for the next load.
#[derive(Debug, Clone, Default)]
pub struct BulkRows {
    width: usize,
    values: Vec<Value>,
}

impl BulkRows {
    /// No rows yet, each to have `width` values.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self {
            width,
            values: Vec::new(),
        }
    }

    /// As [`BulkRows::new`], with room for `rows`.
    #[must_use]
    pub fn with_capacity(width: usize, rows: usize) -> Self {
        Self {
            width,
            values: Vec::with_capacity(width * rows),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`DbError::Query`] where it has not exactly as many values as there are columns.
    pub fn push(&mut self, row: impl IntoIterator<Item = Value>) -> Result<(), DbError> {
        let before = self.values.len();
        self.values.extend(row);
        let given = self.values.len() - before;
        if given == self.width {
            return Ok(());
        }
        self.values.truncate(before);
        Err(DbError::query(format!(
            "a row has {given} values where {} are expected",
            self.width
        )))
    }

    /// Values in each row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// True where there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks_exact(self.width.max(1))
    }
}

/// Rows that can be loaded: [`BulkRows`], or a vector for each row where that is at hand already
/// (one more allocation per row).
pub trait RowSource: Sync {
    /// How many rows there are.
    fn count(&self) -> usize;

    /// The values of the row at a place, counted from 0; empty behind the last.
    fn row(&self, place: usize) -> &[Value];
}

impl RowSource for BulkRows {
    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, place: usize) -> &[Value] {
        let start = place * self.width;
        self.values
            .get(start..start + self.width)
            .unwrap_or_default()
    }
}

impl RowSource for Vec<Vec<Value>> {
    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, place: usize) -> &[Value] {
        self.get(place).map_or(&[], Vec::as_slice)
    }
}

/// Rows with the width that every one of them must have.
pub(super) struct Load<'a> {
    pub(super) width: usize,
    pub(super) rows: &'a dyn RowSource,
}

impl<'a> Load<'a> {
    pub(super) fn new(width: usize, rows: &'a dyn RowSource) -> Result<Self, DbError> {
        for place in 0..rows.count() {
            let given = rows.row(place).len();
            if given != width || width == 0 {
                return Err(DbError::query(format!(
                    "row {} has {given} values where {width} are expected",
                    place + 1
                )));
            }
        }
        Ok(Self { width, rows })
    }

    pub(super) fn count(&self) -> usize {
        self.rows.count()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a [Value]> {
        let rows = self.rows;
        (0..rows.count()).map(move |place| rows.row(place))
    }

    /// Ranges of up to so many rows.
    pub(super) fn chunks(&self, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let count = self.count();
        (0..count)
            .step_by(size.max(1))
            .map(move |start| start..(start + size).min(count))
    }
}
