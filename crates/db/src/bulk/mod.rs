//! Many rows at once. The only place with SQL text that differs by engine: `COPY` and arrays on
//! PostgreSQL; statements with as many rows as fit and bare `?` on SQLite (numbered placeholders
//! are looked up one by one there, which makes large statements a hundred times slower).

mod postgres;
mod rows;
mod sqlite;

pub use rows::{BulkRows, RowSource};

use kernel::Value;

use rows::Load;

use crate::tx::Loan;
use crate::{DbError, Row, Tx, identifier};

/// Inserts all rows and answers how many there were. All or none: a fault fails the transaction.
///
/// # Errors
/// [`DbError::Unique`] where a key is taken or given twice, and any other [`DbError`].
pub async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    rows: &dyn RowSource,
) -> Result<u64, DbError> {
    let into = format!(
        "{} ({})",
        identifier::quote(table)?,
        identifier::quote_list(columns)?
    );
    let load = Load::new(columns.len(), rows)?;
    if load.count() == 0 {
        return Ok(0);
    }
    tx.start()?;
    let result = match &mut tx.loan {
        Loan::Sqlite(connection) => sqlite::insert(connection, &into, &load).await,
        Loan::Postgres(connection) => postgres::insert(connection, &into, &load).await,
    };
    tx.finish(&format!("INSERT INTO {into}"), result)
}

/// Sets one column to one value in every row whose key is listed, and answers how many rows
/// changed. `keys` has one value for each of `key_columns`; a key that matches nothing is passed over.
///
/// # Errors
/// Any [`DbError`].
pub async fn update_by_keys(
    tx: &mut Tx,
    table: &str,
    set_column: &str,
    value: &Value,
    key_columns: &[&str],
    keys: &dyn RowSource,
) -> Result<u64, DbError> {
    let lookup = Lookup::new(table, key_columns, keys)?;
    let set = identifier::quote(set_column)?;
    if keys.count() == 0 {
        return Ok(0);
    }
    tx.start()?;
    let result = match &mut tx.loan {
        Loan::Sqlite(connection) => sqlite::update(connection, &lookup, &set, value).await,
        Loan::Postgres(connection) => postgres::update(connection, &lookup, &set, value).await,
    };
    tx.finish(&format!("UPDATE {} SET {set}", lookup.table), result)
}

/// Reads `columns` of every row whose key is listed and that meets `condition` (SQL over the
/// table's columns, such as `until IS NULL`; empty for none). Give each key once; rows come in no certain order.
///
/// # Errors
/// Any [`DbError`], and what `each` returns.
pub async fn for_each_by_keys(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    key_columns: &[&str],
    keys: &dyn RowSource,
    condition: &'static str,
    mut each: impl FnMut(Row) -> Result<(), DbError> + Send,
) -> Result<(), DbError> {
    let lookup = Lookup::new(table, key_columns, keys)?;
    let mut chosen = Vec::with_capacity(columns.len());
    for column in columns {
        chosen.push(format!("{}.{}", lookup.table, identifier::quote(column)?));
    }
    let chosen = chosen.join(", ");
    if keys.count() == 0 {
        return Ok(());
    }
    tx.start()?;
    let result = match &mut tx.loan {
        Loan::Sqlite(connection) => {
            sqlite::fetch(connection, &lookup, &chosen, condition, &mut each).await
        }
        Loan::Postgres(connection) => {
            postgres::fetch(connection, &lookup, &chosen, condition, &mut each).await
        }
    };
    tx.finish(&format!("SELECT FROM {} by keys", lookup.table), result)
}

/// A table, its key columns (quoted), and the keys to look for.
struct Lookup<'a> {
    table: String,
    key_columns: Vec<String>,
    keys: Load<'a>,
}

impl<'a> Lookup<'a> {
    fn new(table: &str, key_columns: &[&str], keys: &'a dyn RowSource) -> Result<Self, DbError> {
        let quoted: Result<Vec<String>, DbError> = key_columns
            .iter()
            .map(|column| identifier::quote(column))
            .collect();
        let keys = Load::new(key_columns.len(), keys)?;
        Ok(Self {
            table: identifier::quote(table)?,
            key_columns: quoted?,
            keys,
        })
    }
}

#[cfg(test)]
mod tests;
