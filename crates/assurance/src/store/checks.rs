//! The SQL of verifications.

use db::{DbError, Row, Tx};
use kernel::Millis;

use crate::checks::{Chain, Check, CheckOutcome, Seen};

const CHECK: &str = "SELECT chain, outcome, looked_at, faults, first_fault, head, began, ended, actor \
                     FROM assurance_check";

/// A chain that no release knows is left out.
fn check_of(row: &Row) -> Result<Option<Check>, DbError> {
    let Some(chain) = Chain::parse(row.text("chain")?) else {
        return Ok(None);
    };
    Ok(Some(Check {
        chain,
        outcome: CheckOutcome::parse(row.text("outcome")?),
        seen: Seen {
            looked_at: row.int("looked_at")?,
            faults: row.int("faults")?,
            first_fault: row.text("first_fault")?.to_owned(),
            head: row.text("head")?.to_owned(),
        },
        began: Millis::new(row.int("began")?),
        ended: Millis::new(row.int("ended")?),
        actor: row.text("actor")?.to_owned(),
    }))
}

pub(crate) async fn insert(tx: &mut Tx, number: i64, check: &Check) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO assurance_check \
         (number, chain, outcome, looked_at, faults, first_fault, head, began, ended, actor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            number.into(),
            check.chain.as_str().into(),
            check.outcome.as_str().into(),
            check.seen.looked_at.into(),
            check.seen.faults.into(),
            check.seen.first_fault.as_str().into(),
            check.seen.head.as_str().into(),
            check.began.into(),
            check.ended.into(),
            check.actor.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// The last ones, newest first.
pub(crate) async fn last(tx: &mut Tx, most: i64) -> Result<Vec<Check>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{CHECK} ORDER BY number DESC LIMIT $1"),
            &[most.into()],
        )
        .await?;
    let checks: Result<Vec<Option<Check>>, DbError> = rows.iter().map(check_of).collect();
    Ok(checks?.into_iter().flatten().collect())
}

/// The last one of a chain.
pub(crate) async fn last_of(tx: &mut Tx, chain: Chain) -> Result<Option<Check>, DbError> {
    let row = tx
        .fetch_optional(
            &format!("{CHECK} WHERE chain = $1 ORDER BY number DESC LIMIT 1"),
            &[chain.as_str().into()],
        )
        .await?;
    match row {
        Some(row) => check_of(&row),
        None => Ok(None),
    }
}
