//! Current rows held in memory, and SQL over the rows that a permit allows.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{ParamValues, ScalarValue};

use crate::engine::{Engine, Limits, Sources, source};
use crate::planner::Planner;
use crate::{Cell, ColumnsError, Function, Schema, Table, runtime};

/// The current rows of one dataset, sorted by unit order, so that what a permit allows is a few
/// row ranges. Immutable; cheap to clone.
#[derive(Clone, Debug)]
pub struct Resident {
    table: Table,
}

impl Resident {
    /// Puts tables with the same columns one after the other.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if there is no table or the schemas differ.
    pub fn new(tables: &[Table]) -> Result<Self, ColumnsError> {
        Ok(Self {
            table: Table::concat(tables)?,
        })
    }

    /// Names and types of the columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.table.schema()
    }

    /// Number of rows held.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.table.rows()
    }

    /// The range of all rows.
    #[must_use]
    pub fn all(&self) -> Range<u64> {
        0..u64::try_from(self.rows()).unwrap_or(u64::MAX)
    }

    /// All rows as a table, without copying.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Bytes held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.table.memory()
    }

    /// Answers one `SELECT` over the rows in these ranges, under the table name `rows`.
    ///
    /// # Errors
    /// As [`Query::run`].
    pub async fn query(&self, sql: &str, ranges: &[Range<u64>]) -> Result<Table, ColumnsError> {
        Query::over(&[("rows", self, ranges)]).run(sql, &[]).await
    }

    /// Batches of the rows in these ranges. Ranges may overlap or touch; no row comes twice.
    fn allowed(&self, ranges: &[Range<u64>]) -> Result<Vec<RecordBatch>, ColumnsError> {
        let held = self.all().end;
        let mut sorted: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            if range.start > range.end || range.end > held {
                return Err(ColumnsError::Range(format!(
                    "rows {} to {} are not within the {held} rows held",
                    range.start, range.end
                )));
            }
            sorted.push(range.clone());
        }
        sorted.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        // The ranges lie within the rows held, whose number is a usize.
        let row = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        Ok(merged
            .into_iter()
            .flat_map(|range| self.table.sliced(row(range.start)..row(range.end)))
            .collect())
    }
}

/// One statement over one or several residents, each cut to the ranges of a permit first.
#[derive(Debug)]
pub struct Query {
    engine: Result<Engine, ColumnsError>,
    tables: Result<Vec<Cut>, ColumnsError>,
}

/// A resident under its name, cut to its ranges.
#[derive(Debug)]
struct Cut {
    name: String,
    schema: datafusion::arrow::datatypes::SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Query {
    /// The tables that SQL will find, by name, with the row ranges it may see of each. No range
    /// means no row.
    #[must_use]
    pub fn over(tables: &[(&str, &Resident, &[Range<u64>])]) -> Self {
        let mut cuts: Vec<Cut> = Vec::with_capacity(tables.len());
        for (name, resident, ranges) in tables {
            if cuts.iter().any(|cut| cut.name == *name) {
                let tables = Err(ColumnsError::Shape(format!(
                    "two tables are called `{name}`"
                )));
                return Self {
                    engine: Engine::shared(),
                    tables,
                };
            }
            match resident.allowed(ranges) {
                Ok(batches) => cuts.push(Cut {
                    name: (*name).to_owned(),
                    schema: Arc::clone(resident.table.arrow_schema()),
                    batches,
                }),
                Err(error) => {
                    return Self {
                        engine: Engine::shared(),
                        tables: Err(error),
                    };
                }
            }
        }
        Self {
            engine: Engine::shared(),
            tables: Ok(cuts),
        }
    }

    /// Adds functions that SQL may call, and sets limits of its own. This builds an engine, which
    /// takes some milliseconds, unless both are the default.
    #[must_use]
    pub fn with(mut self, functions: &[Function], limits: Limits) -> Self {
        self.engine = Engine::with(functions, limits);
        self
    }

    /// Answers one `SELECT`. `$1`, `$2`, … stand for the parameters, which are values and never
    /// part of the text. Without `ORDER BY` the order of rows is not promised.
    ///
    /// # Errors
    /// [`ColumnsError::Sql`] if the text cannot be used, [`ColumnsError::Range`] if a range lies
    /// outside the rows held, [`ColumnsError::Value`] if it met a value it cannot work on,
    /// [`ColumnsError::Limit`] if memory or time ran out.
    pub async fn run(self, sql: &str, params: &[Cell]) -> Result<Table, ColumnsError> {
        let engine = self.engine?;
        let tables = self.tables?;
        let sql = sql.to_owned();
        let params: Vec<ScalarValue> = params.iter().map(scalar).collect();
        let limits = engine.limits();
        runtime::run(limits.time, async move {
            let rows = tables
                .iter()
                .flat_map(|cut| &cut.batches)
                .map(RecordBatch::num_rows)
                .sum();
            let session = engine.session(rows);
            let mut sources = Sources::with_capacity(tables.len());
            for cut in tables {
                let source = source(cut.schema, cut.batches, session.partitions)?;
                sources.insert(cut.name, source);
            }
            let planner = Planner::new(&session.state, &sources);
            let plan = planner.select(&sql)?;
            let plan = plan
                .with_param_values(ParamValues::from(params))
                .map_err(|error| planner.fault(&error))?;
            session.answer(&plan).await
        })
        .await
    }
}

fn scalar(cell: &Cell) -> ScalarValue {
    match cell {
        Cell::Null => ScalarValue::Null,
        Cell::Int(value) => ScalarValue::Int64(Some(*value)),
        Cell::Real(value) => ScalarValue::Float64(Some(*value)),
        Cell::Text(value) => ScalarValue::Utf8View(Some(value.clone())),
        Cell::Bool(value) => ScalarValue::Boolean(Some(*value)),
        Cell::Day(value) => ScalarValue::Date32(Some(*value)),
    }
}
