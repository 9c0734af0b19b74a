//! The same store tests on both engines.

mod isolation;
mod jobs;
mod limits;
mod schema;
mod values;

use crate::{Db, DbError};

/// Runs statements in a transaction of their own; BYTES stands for the engine's bytes.
async fn run(db: &Db, statements: &[&str]) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    for sql in statements {
        let bytes = match db.engine() {
            crate::Engine::Sqlite => "BLOB",
            crate::Engine::Postgres => "BYTEA",
        };
        tx.execute(&sql.replace("BYTES", bytes), &[]).await?;
    }
    tx.commit().await
}

pub(crate) async fn count(db: &Db, table: &str) -> i64 {
    let mut tx = db.read().await.unwrap();
    let sql = format!("SELECT count(*) AS rows FROM {table}");
    tx.fetch_one(&sql, &[]).await.unwrap().int("rows").unwrap()
}
