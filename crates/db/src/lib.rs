//! One facade over SQLite and PostgreSQL.
//!
//! - [`Db`] is one SQLite file or one schema of a PostgreSQL server; [`Tx`] is the only way to read
//!   or write. A read sees one unchanging state; a write that is not committed is gone; a failed
//!   statement fails its transaction.
//! - One SQL text serves both engines, with `$1`, `$2`, … and the four values of [`kernel::Value`].
//!   [`bulk`] and the reading of the schema are the only places with engine-specific text.
//! - Columns are BIGINT, TEXT (in byte order on both engines) and BYTES; `LIKE` minds upper and lower
//!   case on both. What differs and must be kept out of statements: booleans as values (write
//!   `CASE`), floating-point numbers, `SELECT *`, string functions beyond `length`, `substr`,
//!   `lower`, `upper`, `replace`, `trim` and `||`.
//! - Definitions name tables and columns; [`identifier`] lets only plain names into SQL text.
//!
//! This room knows no business noun. Invariant: sqlx is named nowhere else.

pub mod bulk;
mod database;
mod error;
pub mod identifier;
pub mod jobs;
mod migration;
mod packed;
mod postgres;
mod row;
mod scan;
mod schema;
mod sqlite;
mod statement;
mod table;
pub mod testing;
#[cfg(test)]
mod tests;
mod tx;

pub use database::{Db, Engine, Settings};
pub use error::DbError;
pub use migration::{Migration, migrate};
pub use row::Row;
pub use scan::{ColumnBatch, ScanColumn};
pub use schema::{StoredTable, schema_text, stored_tables};
pub use table::{ColumnSpec, ColumnType, IndexSpec, TableSpec, ensure_table};
pub use tx::Tx;
