//! Columns: typed batches in memory, and SQL over them.
//!
//! Owns three things. A [`Table`] is a named batch of columns; a [`Checker`] runs the checks of a
//! dataset over a staged table; a [`Resident`] keeps the current rows of a dataset and answers
//! SQL over the row ranges that a permit allows.
//!
//! Invariants:
//! - No other crate names the analytics engine or its array types: public functions take and give
//!   plain types, so the engine can be replaced here and nowhere else.
//! - SQL reads named tables and nothing else: one `SELECT`, no files, no clock, no randomness.
//! - Row ranges are cut before the engine sees a table, so no expression can reach a row outside.
//! - Nothing is written to disk, not even when memory runs out: the query fails instead.

mod builder;
mod builtin;
mod checker;
mod engine;
mod error;
mod function;
mod planner;
mod resident;
mod rewrite;
mod runtime;
mod schema;
mod table;

#[cfg(test)]
mod tests;

pub use builder::ColumnBuilder;
pub use builtin::builtin_functions;
pub use checker::{CheckSql, Checker, CheckerTables, Finding};
pub use engine::Limits;
pub use error::{ColumnsError, SqlFault};
pub use function::{Arg, Body, Function};
pub use resident::{Query, Resident};
pub use schema::{Cell, ColumnType, Schema};
pub use table::Table;

/// Rows in one batch: large enough that per-batch cost vanishes, small enough for the cache.
pub const BATCH_ROWS: usize = 65_536;
