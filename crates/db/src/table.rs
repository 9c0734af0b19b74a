//! Tables made from definitions. DDL only adds: nothing is renamed, retyped or dropped here.

use crate::schema::{self, TableShape};
use crate::{DbError, Engine, Tx, identifier};

/// What a column holds: the three storage types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// BIGINT.
    Int,
    /// TEXT, ordered and compared by its bytes.
    Text,
    /// BYTEA or BLOB.
    Bytes,
}

impl ColumnType {
    /// The type's name in the SQL of an engine. PostgreSQL would order text by the language of
    /// the server; byte order gives the same answer on every machine and on both engines.
    #[must_use]
    pub fn sql(self, engine: Engine) -> &'static str {
        match (self, engine) {
            (Self::Int, _) => "BIGINT",
            (Self::Text, Engine::Sqlite) => "TEXT",
            (Self::Text, Engine::Postgres) => "TEXT COLLATE \"C\"",
            (Self::Bytes, Engine::Sqlite) => "BLOB",
            (Self::Bytes, Engine::Postgres) => "BYTEA",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Int => "BIGINT",
            Self::Text => "TEXT",
            Self::Bytes => "BYTES",
        }
    }

    /// The type of this name, as a table's shape has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Int, Self::Text, Self::Bytes]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may be NULL. A column that is added to a table later must be.
    pub nullable: bool,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSpec {
    /// Its name, unique in the schema.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<String>,
    /// Whether two rows may not have the same values.
    pub unique: bool,
    /// Whether only rows stand in it whose first column is not NULL: small where most are.
    pub filled_only: bool,
}

/// What a table must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<ColumnSpec>,
    /// The columns of its key in order.
    pub primary_key: Vec<String>,
    /// Its other indexes.
    pub indexes: Vec<IndexSpec>,
}

/// Makes a table, or adds what it lacks: columns that may be NULL, and indexes. What is there and
/// not named stays. Processes that do this at the same time take turns.
///
/// # Errors
/// [`DbError::Query`] where a column is there with another type, or a missing one may not be NULL.
pub async fn ensure_table(tx: &mut Tx, table: &TableSpec) -> Result<(), DbError> {
    lock_schema(tx).await?;
    match schema::table_shape(tx, identifier::check(&table.name)?).await? {
        None => {
            let sql = create_sql(table, tx.engine())?;
            tx.execute(&sql, &[]).await?;
        }
        Some(shape) => add_columns(tx, table, &shape).await?,
    }
    for index in &table.indexes {
        tx.execute(&index_sql(table, index)?, &[]).await?;
    }
    Ok(())
}

/// Holds off every other process that would change the schema, until the transaction ends.
pub(crate) async fn lock_schema(tx: &mut Tx) -> Result<(), DbError> {
    if tx.engine() == Engine::Postgres {
        // "WEIH" in ASCII, so that other programs' locks on the same server are not met.
        tx.execute(
            "SELECT pg_advisory_xact_lock(1464158536, hashtext(current_schema()))",
            &[],
        )
        .await?;
    }
    Ok(())
}

async fn add_columns(tx: &mut Tx, table: &TableSpec, shape: &TableShape) -> Result<(), DbError> {
    for column in &table.columns {
        let name = identifier::quote(&column.name)?;
        if let Some(found) = shape.columns.iter().find(|found| found.name == column.name) {
            if found.kind != column.kind.name() {
                return Err(DbError::query(format!(
                    "the column `{}` of `{}` holds {} and is now defined as {}; close the field and add a new one instead",
                    column.name,
                    table.name,
                    found.kind,
                    column.kind.name()
                )));
            }
            continue;
        }
        if !column.nullable {
            return Err(DbError::query(format!(
                "the column `{}` cannot be added to `{}`: rows that are there already would lack it, so it must be allowed to be NULL",
                column.name, table.name
            )));
        }
        let table_name = identifier::quote(&table.name)?;
        let kind = column.kind.sql(tx.engine());
        tx.execute(
            &format!("ALTER TABLE {table_name} ADD COLUMN {name} {kind}"),
            &[],
        )
        .await?;
    }
    Ok(())
}

fn create_sql(table: &TableSpec, engine: Engine) -> Result<String, DbError> {
    let mut lines = Vec::with_capacity(table.columns.len() + 1);
    for column in &table.columns {
        let must = if column.nullable { "" } else { " NOT NULL" };
        lines.push(format!(
            "{} {}{must}",
            identifier::quote(&column.name)?,
            column.kind.sql(engine)
        ));
    }
    if !table.primary_key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", quoted(&table.primary_key)?));
    }
    Ok(format!(
        "CREATE TABLE {} ({})",
        identifier::quote(&table.name)?,
        lines.join(", ")
    ))
}

fn index_sql(table: &TableSpec, index: &IndexSpec) -> Result<String, DbError> {
    let kind = if index.unique {
        "UNIQUE INDEX"
    } else {
        "INDEX"
    };
    let condition = match index.columns.first() {
        Some(first) if index.filled_only => {
            format!(" WHERE {} IS NOT NULL", identifier::quote(first)?)
        }
        _ => String::new(),
    };
    Ok(format!(
        "CREATE {kind} IF NOT EXISTS {} ON {} ({}){condition}",
        identifier::quote(&index.name)?,
        identifier::quote(&table.name)?,
        quoted(&index.columns)?
    ))
}

fn quoted(names: &[String]) -> Result<String, DbError> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    identifier::quote_list(&names)
}
