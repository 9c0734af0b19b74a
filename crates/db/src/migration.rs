//! The schema's history: texts that are run once, in order, and never changed afterwards.

use kernel::{Clock as _, SystemClock, Value};
use sha2::{Digest as _, Sha256};

use crate::table::{ColumnType, lock_schema};
use crate::{Db, DbError, Engine, Tx, statement};

/// A step of a schema. One text serves both engines: types are `BIGINT`, `TEXT` and `BYTES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// A name that no other step of the same database has, such as `ledger-1`.
    pub name: &'static str,
    /// Statements, separated by `;`.
    pub sql: &'static str,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, hash TEXT NOT NULL, at BIGINT NOT NULL)";

/// Runs the steps that this database has not seen, all in one transaction. Several rooms may
/// keep their steps in one database; processes that start at the same time take turns.
///
/// # Errors
/// [`DbError::Query`] where a step that was run has another text now, or a statement is refused:
/// then none of the steps was run.
pub async fn migrate(db: &Db, migrations: &[Migration]) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    lock_schema(&mut tx).await?;
    run_statement(&mut tx, TABLE).await?;
    for migration in migrations {
        run(&mut tx, migration).await?;
    }
    tx.commit().await
}

async fn run(tx: &mut Tx, migration: &Migration) -> Result<(), DbError> {
    let hash = hash_of(migration.sql);
    let name = Value::from(migration.name);
    let sql = "SELECT hash FROM schema_migration WHERE name = $1";
    if let Some(done) = tx.fetch_optional(sql, std::slice::from_ref(&name)).await? {
        if done.text("hash")? == hash {
            return Ok(());
        }
        return Err(DbError::query(format!(
            "the step `{}` of the schema has another text than when it was run; restore its text and write the change as a new step",
            migration.name
        )));
    }
    for statement in statement::split(migration.sql) {
        run_statement(tx, &statement)
            .await
            .map_err(|error| match error {
                DbError::Query { what } => DbError::query(format!(
                    "in the step `{}` of the schema: {what}",
                    migration.name
                )),
                other => other,
            })?;
    }
    tracing::info!(step = migration.name, "a step of the schema was run");
    let sql = "INSERT INTO schema_migration (name, hash, at) VALUES ($1, $2, $3)";
    tx.execute(sql, &[name, hash.into(), SystemClock.now().into()])
        .await?;
    Ok(())
}

async fn run_statement(tx: &mut Tx, sql: &str) -> Result<(), DbError> {
    let text = for_engine(sql, tx.engine());
    tx.execute(&text, &[]).await?;
    Ok(())
}

/// Puts the engine's own types in place of the common ones, in statements that make columns.
fn for_engine(sql: &str, engine: Engine) -> String {
    let with_bytes = statement::replace_word(sql, "BYTES", ColumnType::Bytes.sql(engine));
    let makes_columns = sql.starts_with("CREATE TABLE") || sql.starts_with("ALTER TABLE");
    if makes_columns {
        statement::replace_word(&with_bytes, "TEXT", ColumnType::Text.sql(engine))
    } else {
        with_bytes
    }
}

/// Line ends do not count, so that a checkout with other ones is not taken for a change.
fn hash_of(sql: &str) -> String {
    let digest = Sha256::digest(sql.replace("\r\n", "\n").trim().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
