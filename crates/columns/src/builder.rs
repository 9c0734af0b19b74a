//! Filling one column, cell by cell.

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringViewBuilder,
};
use datafusion::arrow::compute::concat;
use std::sync::Arc;

use kernel::Value;

use crate::{BATCH_ROWS, Cell, ColumnType};

/// Fills one column of a [`crate::Table`].
///
/// Appending never fails: a value of another type than the column's is remembered, and
/// [`crate::Table::new`] refuses the column. This keeps the inner loop of an import plain.
#[derive(Debug)]
pub struct ColumnBuilder {
    of: ColumnType,
    filling: Filling,
    in_chunk: usize,
    chunks: Vec<ArrayRef>,
    rows: usize,
    misfit: Option<(usize, &'static str)>,
}

#[derive(Debug)]
enum Filling {
    Int(Int64Builder),
    Real(Float64Builder),
    Text(StringViewBuilder),
    Bool(BooleanBuilder),
    Day(Date32Builder),
}

impl ColumnBuilder {
    /// An empty column of this type.
    #[must_use]
    pub fn new(of: ColumnType) -> Self {
        let filling = match of {
            ColumnType::Int => Filling::Int(Int64Builder::with_capacity(0)),
            ColumnType::Real => Filling::Real(Float64Builder::with_capacity(0)),
            ColumnType::Text => Filling::Text(StringViewBuilder::with_capacity(0)),
            ColumnType::Bool => Filling::Bool(BooleanBuilder::with_capacity(0)),
            ColumnType::Day => Filling::Day(Date32Builder::with_capacity(0)),
        };
        Self {
            of,
            filling,
            in_chunk: 0,
            chunks: Vec::new(),
            rows: 0,
            misfit: None,
        }
    }

    /// The type of the column.
    #[must_use]
    pub fn column_type(&self) -> ColumnType {
        self.of
    }

    /// Rows appended so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True if nothing was appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends a whole number or nothing.
    #[inline]
    pub fn append_int(&mut self, value: Option<i64>) {
        match &mut self.filling {
            Filling::Int(builder) => builder.append_option(value),
            _ => self.misfit(ColumnType::Int.name()),
        }
        self.appended();
    }

    /// Appends a double or nothing.
    #[inline]
    pub fn append_real(&mut self, value: Option<f64>) {
        match &mut self.filling {
            Filling::Real(builder) => builder.append_option(value),
            _ => self.misfit(ColumnType::Real.name()),
        }
        self.appended();
    }

    /// Appends a text or nothing. The empty text is a value, not nothing.
    #[inline]
    pub fn append_text(&mut self, value: Option<&str>) {
        match &mut self.filling {
            Filling::Text(builder) => builder.append_option(value),
            _ => self.misfit(ColumnType::Text.name()),
        }
        self.appended();
    }

    /// Appends true, false or nothing.
    #[inline]
    pub fn append_bool(&mut self, value: Option<bool>) {
        match &mut self.filling {
            Filling::Bool(builder) => builder.append_option(value),
            _ => self.misfit(ColumnType::Bool.name()),
        }
        self.appended();
    }

    /// Appends a day, counted from 1970-01-01, or nothing.
    #[inline]
    pub fn append_day(&mut self, value: Option<i32>) {
        match &mut self.filling {
            Filling::Day(builder) => builder.append_option(value),
            _ => self.misfit(ColumnType::Day.name()),
        }
        self.appended();
    }

    /// Appends nothing, whatever the type.
    #[inline]
    pub fn append_null(&mut self) {
        match &mut self.filling {
            Filling::Int(builder) => builder.append_null(),
            Filling::Real(builder) => builder.append_null(),
            Filling::Text(builder) => builder.append_null(),
            Filling::Bool(builder) => builder.append_null(),
            Filling::Day(builder) => builder.append_null(),
        }
        self.appended();
    }

    /// Appends a cell of the column's type, or nothing.
    pub fn append(&mut self, cell: &Cell) {
        match cell {
            Cell::Null => self.append_null(),
            Cell::Int(value) => self.append_int(Some(*value)),
            Cell::Real(value) => self.append_real(Some(*value)),
            Cell::Text(value) => self.append_text(Some(value)),
            Cell::Bool(value) => self.append_bool(Some(*value)),
            Cell::Day(value) => self.append_day(Some(*value)),
        }
    }

    /// Appends a stored value: an integer as what the column holds (a truth value is 0 or 1, a day
    /// is counted from 1970-01-01), text as text. Bytes fit no column.
    pub fn append_value(&mut self, value: &Value) {
        match (self.of, value) {
            (_, Value::Null) => self.append_null(),
            (ColumnType::Bool, Value::Int(value)) => self.append_bool(Some(*value != 0)),
            (ColumnType::Day, Value::Int(days)) => match i32::try_from(*days) {
                Ok(days) => self.append_day(Some(days)),
                Err(_) => self.append_int(None),
            },
            (_, Value::Int(value)) => self.append_int(Some(*value)),
            (_, Value::Text(value)) => self.append_text(Some(value)),
            (_, Value::Bytes(_)) => {
                self.misfit("bytes");
                self.appended();
            }
        }
    }

    #[cold]
    fn misfit(&mut self, given: &'static str) {
        self.misfit.get_or_insert((self.rows, given));
    }

    #[inline]
    fn appended(&mut self) {
        self.rows += 1;
        self.in_chunk += 1;
        if self.in_chunk == BATCH_ROWS {
            self.close_chunk();
        }
    }

    fn close_chunk(&mut self) {
        let chunk: ArrayRef = match &mut self.filling {
            Filling::Int(builder) => Arc::new(builder.finish()),
            Filling::Real(builder) => Arc::new(builder.finish()),
            Filling::Text(builder) => Arc::new(builder.finish()),
            Filling::Bool(builder) => Arc::new(builder.finish()),
            Filling::Day(builder) => Arc::new(builder.finish()),
        };
        self.in_chunk = 0;
        self.chunks.push(chunk);
    }

    /// The row and type of the first value that did not fit.
    pub(crate) fn first_misfit(&self) -> Option<(usize, &'static str)> {
        self.misfit
    }

    /// The whole column as one array.
    pub(crate) fn finish_one(mut self) -> datafusion::common::Result<ArrayRef> {
        if self.chunks.is_empty() || self.in_chunk > 0 {
            self.close_chunk();
        }
        let chunks: Vec<&dyn Array> = self.chunks.iter().map(AsRef::as_ref).collect();
        Ok(concat(&chunks)?)
    }

    /// The chunks of the column: all of [`BATCH_ROWS`] rows but the last.
    pub(crate) fn finish(mut self) -> Vec<ArrayRef> {
        if self.in_chunk > 0 {
            self.close_chunk();
        }
        self.chunks
    }
}
