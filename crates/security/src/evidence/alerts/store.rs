//! The SQL of alerts.

use db::{DbError, Row, Tx};
use kernel::{Day, Millis, UnitId};

use crate::evidence::alerts::model::{Alert, AlertId};
use crate::evidence::alerts::rules::{Fact, Found};
use crate::model::AuditAction;

/// Up to when readings were looked at.
pub(crate) async fn scanned(tx: &mut Tx) -> Result<Millis, DbError> {
    let row = tx
        .fetch_one("SELECT at FROM alert_scan WHERE id = 1", &[])
        .await?;
    Ok(Millis::new(row.int("at")?))
}

pub(crate) async fn set_scanned(tx: &mut Tx, at: Millis) -> Result<(), DbError> {
    tx.execute("UPDATE alert_scan SET at = $1 WHERE id = 1", &[at.into()])
        .await?;
    Ok(())
}

/// What accounts read and took out since a moment. What jobs and operators do is not a person's reading.
pub(crate) async fn facts(tx: &mut Tx, since: Millis) -> Result<Vec<Fact>, DbError> {
    let mut facts = Vec::new();
    tx.for_each(
        "SELECT actor, at, persons, in_full, unit FROM audit \
         WHERE at >= $1 AND persons > 0 AND action IN ($2, $3) AND outcome = 'done' \
           AND actor LIKE 'account:%'",
        &[
            since.into(),
            AuditAction::PersonalRead.as_str().into(),
            AuditAction::Exported.as_str().into(),
        ],
        |row| {
            facts.push(Fact {
                actor: row.text("actor")?.to_owned(),
                at: Millis::new(row.int("at")?),
                persons: row.int("persons")?,
                in_full: row.opt_int("in_full")? == Some(1),
                unit: row.opt_int("unit")?.map(UnitId::new),
            });
            Ok(())
        },
    )
    .await?;
    Ok(facts)
}

/// How many persons an account read on each day that it read any, from a moment to another.
pub(crate) async fn day_totals(
    tx: &mut Tx,
    actor: &str,
    from: Millis,
    to: Millis,
    masked: bool,
) -> Result<Vec<i64>, DbError> {
    let mut by_day: std::collections::BTreeMap<Day, i64> = std::collections::BTreeMap::new();
    tx.for_each(
        "SELECT at, persons FROM audit \
         WHERE actor = $1 AND at >= $2 AND at < $3 AND persons > 0 AND action IN ($4, $5) \
           AND outcome = 'done' AND (in_full = 1 OR $6 = 1)",
        &[
            actor.into(),
            from.into(),
            to.into(),
            AuditAction::PersonalRead.as_str().into(),
            AuditAction::Exported.as_str().into(),
            i64::from(masked).into(),
        ],
        |row| {
            let total = by_day.entry(Millis::new(row.int("at")?).day()).or_default();
            *total = total.saturating_add(row.int("persons")?);
            Ok(())
        },
    )
    .await?;
    Ok(by_day.into_values().collect())
}

pub(crate) async fn is_raised(
    tx: &mut Tx,
    rule: &str,
    actor: &str,
    day: Day,
) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM alert WHERE rule = $1 AND actor = $2 AND day = $3",
            &[rule.into(), actor.into(), day.into()],
        )
        .await?;
    Ok(row.is_some())
}

pub(crate) async fn raise(
    tx: &mut Tx,
    id: i64,
    rule: &str,
    actor: &str,
    day: Day,
    found: &Found,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO alert (id, rule, actor, day, unit, from_at, to_at, persons, usual, raised) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            id.into(),
            rule.into(),
            actor.into(),
            day.into(),
            found.unit.into(),
            found.from.into(),
            found.to.into(),
            found.persons.into(),
            found.usual.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Open ones first, the latest first.
pub(crate) async fn alerts(tx: &mut Tx, most: i64) -> Result<Vec<Alert>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT id, rule, actor, day, unit, from_at, to_at, persons, usual, raised, closed, \
                    closed_by, note \
             FROM alert \
             ORDER BY CASE WHEN closed IS NULL THEN 0 ELSE 1 END, id DESC LIMIT $1",
            &[most.into()],
        )
        .await?;
    rows.iter().map(alert_of).collect()
}

fn alert_of(row: &Row) -> Result<Alert, DbError> {
    Ok(Alert {
        id: AlertId(row.int("id")?),
        rule: row.text("rule")?.to_owned(),
        actor: row.text("actor")?.to_owned(),
        day: Day::new(i32::try_from(row.int("day")?).unwrap_or_default()),
        unit: row.opt_int("unit")?.map(UnitId::new),
        from: Millis::new(row.int("from_at")?),
        to: Millis::new(row.int("to_at")?),
        persons: row.int("persons")?,
        usual: row.opt_int("usual")?,
        raised: Millis::new(row.int("raised")?),
        closed: row.opt_int("closed")?.map(Millis::new),
        closed_by: row.opt_text("closed_by")?.unwrap_or_default().to_owned(),
        note: row.opt_text("note")?.unwrap_or_default().to_owned(),
    })
}

/// Closes an open alert; whether it was open.
pub(crate) async fn close(
    tx: &mut Tx,
    id: AlertId,
    by: &str,
    note: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let closed = tx
        .execute(
            "UPDATE alert SET closed = $1, closed_by = $2, note = $3 \
             WHERE id = $4 AND closed IS NULL",
            &[now.into(), by.into(), note.into(), id.0.into()],
        )
        .await?;
    Ok(closed > 0)
}
