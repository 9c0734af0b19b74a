//! Checks over a staged table, planned once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema as ArrowSchema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

use crate::engine::{Engine, Sources, source};
use crate::error::Fault;
use crate::planner::Planner;
use crate::{ColumnType, ColumnsError, Function, Limits, Schema, SqlFault, Table, runtime};

/// The name under which set checks find the table being checked.
const STAGED: &str = "staged";
/// The column that says which row of the staged table a finding is about.
const ROW_NUMBER: &str = "row_no";

/// The SQL of one check. It describes what is wrong, and finds the rows that are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckSql {
    /// A boolean expression over one row: true is a finding; false and null are none.
    Row(String),
    /// `SELECT row_no FROM staged …` over the whole staged table, which has the extra column
    /// `row_no`: the position of the row. Each row number in the answer is a finding.
    Set(String),
}

/// The tables that the checks of one dataset may name.
#[derive(Clone, Debug)]
pub struct CheckerTables {
    /// Columns of the table being checked: those of a row check, and of `staged` in a set check.
    pub staged: Schema,
    /// Other tables that set checks may read, by name, such as `current`.
    pub others: Vec<(String, Schema)>,
}

impl CheckerTables {
    /// The staged table alone.
    #[must_use]
    pub fn staged(staged: Schema) -> Self {
        Self {
            staged,
            others: Vec::new(),
        }
    }

    /// Adds a table that set checks may read.
    #[must_use]
    pub fn with(mut self, name: &str, schema: Schema) -> Self {
        self.others.push((name.to_owned(), schema));
        self
    }
}

/// A row that a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// Position of the row in the staged table.
    pub row: u32,
    /// Position of the check in the list given to [`Checker::new`].
    pub check: u32,
    /// True if the check could not be computed for this row (such as a cast that fails). It counts
    /// as a finding, so that no row is taken unchecked.
    pub unjudged: bool,
}

/// All checks of a dataset, planned and ready. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    tables: CheckerTables,
    row_checks: Vec<RowCheck>,
    set_checks: Vec<SetCheck>,
}

#[derive(Debug)]
struct RowCheck {
    check: u32,
    predicate: Arc<dyn PhysicalExpr>,
}

#[derive(Debug)]
struct SetCheck {
    check: u32,
    sql: String,
}

impl Checker {
    /// Plans all checks.
    ///
    /// # Errors
    /// Every check that cannot be used, with what is wrong and what to write instead.
    pub fn new(
        checks: &[CheckSql],
        tables: CheckerTables,
        functions: &[Function],
        limits: Limits,
    ) -> Result<Self, Vec<SqlFault>> {
        let unusable = |error: ColumnsError| vec![Fault::new(error.to_string()).of_check(0)];
        let engine = Engine::with(functions, limits).map_err(unusable)?;
        let sources = empty_sources(&tables).map_err(unusable)?;
        let row = DFSchema::try_from_qualified_schema(STAGED, &tables.staged.arrow())
            .map_err(|error| vec![Fault::new(error.strip_backtrace()).of_check(0)])?;
        let planned = runtime::side_by_side(1, || plan(checks, &engine, &sources, &row));
        let mut planned = planned.map_err(unusable)?;
        let Planned {
            row_checks,
            set_checks,
            faults,
        } = planned.pop().unwrap_or_default();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                tables,
                row_checks,
                set_checks,
            }),
        })
    }

    /// Runs the row checks, a large table on all cores. Findings are in row order. The calling
    /// thread waits, so call from one that may.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if the table lacks a column of the schema.
    pub fn row_findings(&self, staged: &Table) -> Result<Vec<Finding>, ColumnsError> {
        let staged = staged.select(&self.inner.tables.staged)?;
        fits_row_numbers(&staged)?;
        let batches = staged.batches();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            loop {
                let taken = next.fetch_add(1, Ordering::Relaxed);
                let (Some(batch), Some(start)) = (batches.get(taken), staged.starts().get(taken))
                else {
                    return found;
                };
                let start = u32::try_from(*start).unwrap_or(u32::MAX);
                for check in &self.inner.row_checks {
                    check.judge(batch, start, &mut found);
                }
            }
        };
        let threads = runtime::threads().min(batches.len());
        let mut findings = runtime::side_by_side(threads, work)?.concat();
        findings.sort_unstable();
        Ok(findings)
    }

    /// Runs the set checks, with the other tables by name. Findings are in row order.
    ///
    /// # Errors
    /// [`ColumnsError::Shape`] if a table or a column of it is missing, [`ColumnsError::Value`] if
    /// a check met a value it cannot work on, [`ColumnsError::Limit`] if memory or time ran out.
    pub async fn set_findings(
        &self,
        staged: &Table,
        others: &[(&str, &Table)],
    ) -> Result<Vec<Finding>, ColumnsError> {
        if self.inner.set_checks.is_empty() {
            return Ok(Vec::new());
        }
        let staged = staged.select(&self.inner.tables.staged)?;
        let rows = fits_row_numbers(&staged)?;
        let total = rows + others.iter().map(|(_, table)| table.rows()).sum::<usize>();
        let partitions = self.inner.engine.session(total).partitions;
        let mut sources = Sources::new();
        sources.insert(STAGED.to_owned(), numbered(&staged, partitions)?);
        for (name, schema) in &self.inner.tables.others {
            let table = others
                .iter()
                .find(|(given, _)| given == name)
                .map(|(_, table)| table)
                .ok_or_else(|| ColumnsError::Shape(format!("table `{name}` was not given")))?;
            let table = table.select(schema)?;
            let batches = table.batches().to_vec();
            let other = source(Arc::clone(table.arrow_schema()), batches, partitions)?;
            sources.insert(name.clone(), other);
        }
        let inner = Arc::clone(&self.inner);
        runtime::run(self.time(), async move {
            inner.run_set_checks(&sources, rows, total).await
        })
        .await
    }

    fn time(&self) -> Duration {
        self.inner.engine.limits().time
    }

    /// Row checks, then set checks, all on the compute threads. Findings are in row order.
    ///
    /// # Errors
    /// As [`Checker::row_findings`] and [`Checker::set_findings`].
    pub async fn findings(
        &self,
        staged: &Table,
        others: &[(&str, &Table)],
    ) -> Result<Vec<Finding>, ColumnsError> {
        let checker = self.clone();
        let rows = staged.clone();
        let mut findings =
            runtime::run(self.time(), async move { checker.row_findings(&rows) }).await?;
        findings.extend(self.set_findings(staged, others).await?);
        findings.sort_unstable();
        Ok(findings)
    }
}

/// Checks that can be used, and the faults of those that cannot.
#[derive(Default)]
struct Planned {
    row_checks: Vec<RowCheck>,
    set_checks: Vec<SetCheck>,
    faults: Vec<SqlFault>,
}

fn plan(checks: &[CheckSql], engine: &Engine, sources: &Sources, row: &DFSchema) -> Planned {
    let session = engine.session(0);
    let mut planned = Planned::default();
    for (position, check) in checks.iter().enumerate() {
        let planner = Planner::new(&session.state, sources);
        let number = u32::try_from(position).unwrap_or(u32::MAX);
        let fault = match check {
            CheckSql::Row(sql) => match planner.predicate(sql, row) {
                Ok(predicate) => {
                    planned.row_checks.push(RowCheck {
                        check: number,
                        predicate,
                    });
                    None
                }
                Err(fault) => Some(fault),
            },
            CheckSql::Set(sql) => match usable_set_check(engine, &planner, sql) {
                Ok(()) => {
                    planned.set_checks.push(SetCheck {
                        check: number,
                        sql: sql.clone(),
                    });
                    None
                }
                Err(fault) => Some(fault),
            },
        };
        planned
            .faults
            .extend(fault.map(|fault| fault.of_check(position)));
    }
    planned
}

impl Inner {
    async fn run_set_checks(
        &self,
        sources: &Sources,
        rows: usize,
        total: usize,
    ) -> Result<Vec<Finding>, ColumnsError> {
        let session = self.engine.session(total);
        let mut findings = Vec::new();
        for check in &self.set_checks {
            let plan = Planner::new(&session.state, sources).select(&check.sql)?;
            let answer = session.answer(&plan).await?;
            let column = answer.position(ROW_NUMBER).unwrap_or(0);
            let numbers: BTreeSet<i64> = answer.ints(column).flatten().collect();
            for number in numbers {
                let row = u32::try_from(number)
                    .ok()
                    .filter(|row| (*row as usize) < rows)
                    .ok_or_else(|| {
                        ColumnsError::Value(format!("check {} gave row {number}", check.check))
                    })?;
                findings.push(Finding {
                    row,
                    check: check.check,
                    unjudged: false,
                });
            }
        }
        findings.sort_unstable();
        Ok(findings)
    }
}

impl RowCheck {
    /// Judges a batch whose first row is `start`. Where the engine fails on a value, the batch is
    /// halved until the row is alone.
    fn judge(&self, batch: &RecordBatch, start: u32, found: &mut Vec<Finding>) {
        let rows = batch.num_rows();
        match self.predicate.evaluate(batch) {
            Ok(ColumnarValue::Array(array)) => {
                if let Some(verdicts) = array.as_boolean_opt() {
                    self.collect(verdicts, start, found);
                }
            }
            Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(true)))) => {
                self.collect(&BooleanArray::from(vec![true; rows]), start, found);
            }
            Ok(ColumnarValue::Scalar(_)) => {}
            Err(_) if rows <= 1 => {
                found.push(Finding {
                    row: start,
                    check: self.check,
                    unjudged: true,
                });
            }
            Err(_) => {
                let half = rows / 2;
                let middle = start.saturating_add(u32::try_from(half).unwrap_or(u32::MAX));
                self.judge(&batch.slice(0, half), start, found);
                self.judge(&batch.slice(half, rows - half), middle, found);
            }
        }
    }

    fn collect(&self, verdicts: &BooleanArray, start: u32, found: &mut Vec<Finding>) {
        if !verdicts.has_true() {
            return;
        }
        let certain = match verdicts.nulls() {
            Some(nulls) => verdicts.values() & nulls.inner(),
            None => verdicts.values().clone(),
        };
        found.extend(certain.set_indices().map(|at| Finding {
            row: start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)),
            check: self.check,
            unjudged: false,
        }));
    }
}

fn usable_set_check(engine: &Engine, planner: &Planner<'_>, sql: &str) -> Result<(), Fault> {
    let plan = planner.select(sql)?;
    let numbered = plan.schema().fields().iter().any(|field| {
        field.name() == ROW_NUMBER
            && ColumnType::of_arrow(field.data_type()) == Some(ColumnType::Int)
    });
    if !numbered {
        return Err(Fault::new(
            "a set check must give `row_no`: SELECT row_no FROM staged …",
        ));
    }
    // Types are checked by the optimiser, so run it now rather than at the first import.
    let state = &engine.session(0).state;
    state
        .optimize(&plan)
        .map(|_| ())
        .map_err(|error| planner.fault(&error))
}

fn fits_row_numbers(staged: &Table) -> Result<usize, ColumnsError> {
    if u32::try_from(staged.rows()).is_err() {
        return Err(ColumnsError::Shape(
            "a staged table holds at most 4,294,967,295 rows".to_owned(),
        ));
    }
    Ok(staged.rows())
}

fn empty_sources(tables: &CheckerTables) -> Result<Sources, ColumnsError> {
    let mut sources = Sources::new();
    sources.insert(
        STAGED.to_owned(),
        numbered(&Table::empty(tables.staged.clone())?, 1)?,
    );
    for (name, schema) in &tables.others {
        let other = source(
            Table::empty(schema.clone())?.arrow_schema().clone(),
            Vec::new(),
            1,
        )?;
        if sources.insert(name.clone(), other).is_some() {
            return Err(ColumnsError::Shape(format!(
                "two tables are called `{name}`"
            )));
        }
    }
    Ok(sources)
}

/// The staged table with the position of each row as a last column.
fn numbered(
    staged: &Table,
    partitions: usize,
) -> Result<Arc<dyn datafusion::logical_expr::TableSource>, ColumnsError> {
    if staged.position(ROW_NUMBER).is_some() {
        return Err(ColumnsError::Shape(format!(
            "`{ROW_NUMBER}` is added by the checker"
        )));
    }
    let mut fields = staged.arrow_schema().fields().to_vec();
    fields.push(Arc::new(Field::new(
        ROW_NUMBER,
        ColumnType::Int.arrow(),
        false,
    )));
    let schema = Arc::new(ArrowSchema::new(fields));
    let mut batches = Vec::with_capacity(staged.batches().len());
    for (batch, start) in staged.batches().iter().zip(staged.starts()) {
        let first = i64::try_from(*start).unwrap_or(i64::MAX);
        let numbers: Int64Array = (first..).take(batch.num_rows()).collect();
        let mut arrays: Vec<ArrayRef> = batch.columns().to_vec();
        arrays.push(Arc::new(numbers));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)
            .map_err(|error| ColumnsError::Engine(error.to_string()))?;
        batches.push(batch);
    }
    source(schema, batches, partitions)
}
