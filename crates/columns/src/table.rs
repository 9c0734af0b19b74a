//! A named columnar batch.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchOptions, StringViewArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{Date32Type, Float64Type, Int64Type, SchemaRef};

use crate::{Cell, ColumnBuilder, ColumnType, ColumnsError, Schema};

/// Rows of named, typed columns in memory. Immutable and cheap to clone and to slice.
#[derive(Clone, Debug)]
pub struct Table {
    schema: Schema,
    arrow: SchemaRef,
    /// No batch is empty.
    batches: Arc<Vec<RecordBatch>>,
    /// First row of each batch, then the row count: one longer than `batches`.
    starts: Arc<Vec<usize>>,
}

impl Table {
    /// Puts filled columns together.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if a column has another type or length than the schema and the
    /// other columns ask for, if a value of a wrong type was appended, or if two names are equal.
    pub fn new(schema: Schema, columns: Vec<ColumnBuilder>) -> Result<Self, ColumnsError> {
        let arrow = checked_arrow(&schema)?;
        let rows = columns.first().map_or(0, ColumnBuilder::len);
        if columns.len() != schema.len() {
            return Err(ColumnsError::Shape(format!(
                "{} columns were filled but the schema names {}",
                columns.len(),
                schema.len()
            )));
        }
        for ((name, of), column) in schema.iter().zip(&columns) {
            if column.column_type() != of {
                return Err(ColumnsError::Shape(format!(
                    "column `{name}` is {of} but was filled as {}",
                    column.column_type()
                )));
            }
            if let Some((row, given)) = column.first_misfit() {
                return Err(ColumnsError::Shape(format!(
                    "column `{name}` is {of} but row {row} was given {given}"
                )));
            }
            if column.len() != rows {
                return Err(ColumnsError::Shape(format!(
                    "column `{name}` has {} rows but the first column has {rows}",
                    column.len()
                )));
            }
        }
        let mut chunks: Vec<_> = columns
            .into_iter()
            .map(|column| column.finish().into_iter())
            .collect();
        let mut batches = Vec::new();
        loop {
            let batch: Vec<ArrayRef> = chunks.iter_mut().filter_map(Iterator::next).collect();
            if batch.is_empty() {
                break;
            }
            batches.push(batch_of(&arrow, batch)?);
        }
        Ok(Self::from_batches(schema, arrow, batches))
    }

    /// A table with columns and no row.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if two names are equal.
    pub fn empty(schema: Schema) -> Result<Self, ColumnsError> {
        let arrow = checked_arrow(&schema)?;
        Ok(Self::from_batches(schema, arrow, Vec::new()))
    }

    pub(crate) fn from_batches(
        schema: Schema,
        arrow: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Self {
        let batches: Vec<RecordBatch> = batches
            .into_iter()
            .filter(|batch| batch.num_rows() > 0)
            .collect();
        let mut starts = Vec::with_capacity(batches.len() + 1);
        let mut rows = 0;
        starts.push(rows);
        for batch in &batches {
            rows += batch.num_rows();
            starts.push(rows);
        }
        Self {
            schema,
            arrow,
            batches: Arc::new(batches),
            starts: Arc::new(starts),
        }
    }

    /// Takes what the engine computed, each column converted to one of the five types.
    pub(crate) fn of_answer(
        answer: &SchemaRef,
        batches: &[RecordBatch],
    ) -> Result<Self, ColumnsError> {
        let mut columns = Vec::with_capacity(answer.fields().len());
        for field in answer.fields() {
            let of = ColumnType::holding(field.data_type()).ok_or_else(|| ColumnsError::Sql {
                what: format!(
                    "column `{}` has the type {}, which a table does not hold; cast it to bigint, \
                     double, text, boolean or date",
                    field.name(),
                    field.data_type()
                ),
                instead: None,
            })?;
            columns.push((field.name().clone(), of));
        }
        let schema = Schema::new(columns);
        if let Some(name) = schema.duplicate() {
            return Err(ColumnsError::Sql {
                what: format!("two columns of the answer are called `{name}`; give one an alias"),
                instead: None,
            });
        }
        let arrow = schema.arrow();
        let mut converted = Vec::with_capacity(batches.len());
        for batch in batches {
            let mut arrays = Vec::with_capacity(schema.len());
            for (array, (_, of)) in batch.columns().iter().zip(schema.iter()) {
                arrays.push(converted_array(array, of)?);
            }
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&arrow), arrays, &options)
                .map_err(|error| ColumnsError::Engine(error.to_string()))?;
            converted.push(batch);
        }
        Ok(Self::from_batches(schema, arrow, converted))
    }

    /// Names and types of the columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// True if there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Position of the column with this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.schema.position(name)
    }

    /// The whole number at (column, row); `None` if null, outside, or another type.
    #[must_use]
    pub fn int(&self, column: usize, row: usize) -> Option<i64> {
        let (array, at) = self.locate(column, row)?;
        let array = array.as_primitive_opt::<Int64Type>()?;
        array.is_valid(at).then(|| array.value(at))
    }

    /// The double at (column, row); `None` if null, outside, or another type.
    #[must_use]
    pub fn real(&self, column: usize, row: usize) -> Option<f64> {
        let (array, at) = self.locate(column, row)?;
        let array = array.as_primitive_opt::<Float64Type>()?;
        array.is_valid(at).then(|| array.value(at))
    }

    /// The text at (column, row); `None` if null, outside, or another type.
    #[must_use]
    pub fn text(&self, column: usize, row: usize) -> Option<&str> {
        let (array, at) = self.locate(column, row)?;
        let array = array.as_string_view_opt()?;
        array.is_valid(at).then(|| array.value(at))
    }

    /// True or false at (column, row); `None` if null, outside, or another type.
    #[must_use]
    pub fn bool(&self, column: usize, row: usize) -> Option<bool> {
        let (array, at) = self.locate(column, row)?;
        let array = array.as_boolean_opt()?;
        array.is_valid(at).then(|| array.value(at))
    }

    /// The day at (column, row), counted from 1970-01-01; `None` if null, outside, or another type.
    #[must_use]
    pub fn day(&self, column: usize, row: usize) -> Option<i32> {
        let (array, at) = self.locate(column, row)?;
        let array = array.as_primitive_opt::<Date32Type>()?;
        array.is_valid(at).then(|| array.value(at))
    }

    /// The cell at (column, row), whatever its type; null outside the table.
    #[must_use]
    pub fn cell(&self, column: usize, row: usize) -> Cell {
        let value = match self.schema.column_type(column) {
            Some(ColumnType::Int) => self.int(column, row).map(Cell::Int),
            Some(ColumnType::Real) => self.real(column, row).map(Cell::Real),
            Some(ColumnType::Text) => self
                .text(column, row)
                .map(|text| Cell::Text(text.to_owned())),
            Some(ColumnType::Bool) => self.bool(column, row).map(Cell::Bool),
            Some(ColumnType::Day) => self.day(column, row).map(Cell::Day),
            None => None,
        };
        value.unwrap_or(Cell::Null)
    }

    /// All whole numbers of a column in row order; nothing if the column is another type.
    pub fn ints(&self, column: usize) -> impl Iterator<Item = Option<i64>> + '_ {
        self.arrays::<Int64Array>(column)
            .flat_map(|array| array.iter())
    }

    /// All doubles of a column in row order; nothing if the column is another type.
    pub fn reals(&self, column: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.arrays::<Float64Array>(column)
            .flat_map(|array| array.iter())
    }

    /// All texts of a column in row order; nothing if the column is another type.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = Option<&str>> + '_ {
        self.arrays::<StringViewArray>(column)
            .flat_map(|array| array.iter())
    }

    /// All booleans of a column in row order; nothing if the column is another type.
    pub fn bools(&self, column: usize) -> impl Iterator<Item = Option<bool>> + '_ {
        self.arrays::<BooleanArray>(column)
            .flat_map(|array| array.iter())
    }

    /// All days of a column in row order; nothing if the column is another type.
    pub fn days(&self, column: usize) -> impl Iterator<Item = Option<i32>> + '_ {
        self.arrays::<Date32Array>(column)
            .flat_map(|array| array.iter())
    }

    /// Whether there is no value in a cell; also outside the table.
    #[must_use]
    pub fn is_null(&self, column: usize, row: usize) -> bool {
        self.locate(column, row)
            .is_none_or(|(array, at)| array.is_null(at))
    }

    /// The rows of a range, without copying. What lies outside the table is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let batches = self.sliced(range).collect();
        Self::from_batches(self.schema.clone(), Arc::clone(&self.arrow), batches)
    }

    /// The table with one column filled anew; the others are not copied.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if there is no such column, or the new one has another type or length.
    pub fn with_column(&self, column: usize, filled: ColumnBuilder) -> Result<Self, ColumnsError> {
        let name = self.schema.name(column).unwrap_or_default().to_owned();
        let of = self.schema.column_type(column).ok_or_else(|| {
            ColumnsError::Shape(format!("there is no column {column} to fill anew"))
        })?;
        let single = Self::new(Schema::new([(name, of)]), vec![filled])?;
        if single.rows() != self.rows() {
            return Err(ColumnsError::Shape(format!(
                "the new column has {} rows, the table {}",
                single.rows(),
                self.rows()
            )));
        }
        let mut batches = Vec::with_capacity(self.batches.len());
        for (batch, start) in self.batches.iter().zip(self.starts.iter()) {
            let fresh: Vec<RecordBatch> =
                single.sliced(*start..*start + batch.num_rows()).collect();
            let [fresh] = fresh.as_slice() else {
                return Err(ColumnsError::Shape(
                    "the new column is cut into other batches".to_owned(),
                ));
            };
            let mut arrays = batch.columns().to_vec();
            if let Some(slot) = arrays.get_mut(column) {
                *slot = Arc::clone(fresh.column(0));
            }
            batches.push(batch_of(&self.arrow, arrays)?);
        }
        Ok(Self::from_batches(
            self.schema.clone(),
            Arc::clone(&self.arrow),
            batches,
        ))
    }

    /// The rows of several tables one after the other, without copying.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if there is no table or the schemas differ.
    pub fn concat(tables: &[Self]) -> Result<Self, ColumnsError> {
        let Some(first) = tables.first() else {
            return Err(ColumnsError::Shape("no table to put together".to_owned()));
        };
        let mut batches = Vec::new();
        for table in tables {
            if table.schema != first.schema {
                return Err(ColumnsError::Shape(
                    "tables with different columns cannot be put together".to_owned(),
                ));
            }
            batches.extend(table.batches.iter().cloned());
        }
        Ok(Self::from_batches(
            first.schema.clone(),
            Arc::clone(&first.arrow),
            batches,
        ))
    }

    /// The columns that another schema names, in its order, without copying.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if a column is missing or has another type.
    pub fn select(&self, schema: &Schema) -> Result<Self, ColumnsError> {
        if *schema == self.schema {
            return Ok(self.clone());
        }
        let mut positions = Vec::with_capacity(schema.len());
        for (name, of) in schema.iter() {
            let position = self
                .position(name)
                .ok_or_else(|| ColumnsError::Shape(format!("the table has no column `{name}`")))?;
            if self.schema.column_type(position) != Some(of) {
                return Err(ColumnsError::Shape(format!("column `{name}` must be {of}")));
            }
            positions.push(position);
        }
        let arrow = checked_arrow(schema)?;
        let mut batches = Vec::with_capacity(self.batches.len());
        for batch in self.batches.iter() {
            let arrays: Vec<ArrayRef> = positions
                .iter()
                .filter_map(|position| batch.columns().get(*position).cloned())
                .collect();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&arrow), arrays, &options)
                .map_err(|error| ColumnsError::Engine(error.to_string()))?;
            batches.push(batch);
        }
        Ok(Self::from_batches(schema.clone(), arrow, batches))
    }

    /// Bytes that the columns hold. A slice counts the whole buffers that it shares.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.batches
            .iter()
            .map(RecordBatch::get_array_memory_size)
            .sum()
    }

    pub(crate) fn arrow_schema(&self) -> &SchemaRef {
        &self.arrow
    }

    pub(crate) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// First row of each batch.
    pub(crate) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// Zero-copy batches of the rows in a range, clamped to the table.
    pub(crate) fn sliced(&self, range: Range<usize>) -> impl Iterator<Item = RecordBatch> + '_ {
        let end = range.end.min(self.rows());
        let start = range.start.min(end);
        let first = self
            .starts
            .partition_point(|at| *at <= start)
            .saturating_sub(1);
        self.batches
            .iter()
            .zip(self.starts.iter())
            .skip(first)
            .take_while(move |(_, at)| **at < end)
            .filter_map(move |(batch, at)| {
                let from = start.max(*at) - at;
                let to = (end - at).min(batch.num_rows());
                (from < to).then(|| batch.slice(from, to - from))
            })
    }

    fn arrays<A: Array + 'static>(&self, column: usize) -> impl Iterator<Item = &A> + '_ {
        self.batches
            .iter()
            .filter_map(move |batch| batch.columns().get(column)?.as_any().downcast_ref::<A>())
    }

    fn locate(&self, column: usize, row: usize) -> Option<(&ArrayRef, usize)> {
        // `starts` begins with 0, so at least one start is not after the row.
        let batch = match self.batches.len() {
            1 => 0,
            _ => self
                .starts
                .partition_point(|at| *at <= row)
                .checked_sub(1)?,
        };
        let at = row.checked_sub(*self.starts.get(batch)?)?;
        let batch = self.batches.get(batch)?;
        let array = batch.columns().get(column)?;
        (at < array.len()).then_some((array, at))
    }
}

fn checked_arrow(schema: &Schema) -> Result<SchemaRef, ColumnsError> {
    match schema.duplicate() {
        Some(name) => Err(ColumnsError::Shape(format!(
            "two columns are called `{name}`"
        ))),
        None => Ok(schema.arrow()),
    }
}

fn batch_of(arrow: &SchemaRef, arrays: Vec<ArrayRef>) -> Result<RecordBatch, ColumnsError> {
    RecordBatch::try_new(Arc::clone(arrow), arrays)
        .map_err(|error| ColumnsError::Shape(error.to_string()))
}

fn converted_array(array: &ArrayRef, of: ColumnType) -> Result<ArrayRef, ColumnsError> {
    if *array.data_type() == of.arrow() {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, &of.arrow(), &options)
        .map_err(|error| ColumnsError::Value(error.to_string()))
}
