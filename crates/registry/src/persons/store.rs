//! Exact queries that were made, in the work database: what their limit counts.

use db::{DbError, Tx};
use kernel::Millis;

/// Notes a query of an actor and answers how many they made since an instant, this one among them.
pub(super) async fn note_query(
    tx: &mut Tx,
    actor: &str,
    now: Millis,
    since: Millis,
) -> Result<i64, DbError> {
    tx.execute(
        "DELETE FROM person_query WHERE actor = $1 AND at <= $2",
        &[actor.into(), since.into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO person_query (actor, at) VALUES ($1, $2)",
        &[actor.into(), now.into()],
    )
    .await?;
    let row = tx
        .fetch_one(
            "SELECT count(*) AS number FROM person_query WHERE actor = $1",
            &[actor.into()],
        )
        .await?;
    row.int("number")
}
