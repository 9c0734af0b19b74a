//! The SQL of the audit log.

use std::collections::BTreeMap;

use db::{DbError, Row, Tx};
use kernel::{Millis, RecordId, UnitId, Value};

use crate::evidence::chain::people_digest;
use crate::evidence::model::{AuditDetail, AuditSegment};
use crate::model::{AuditAction, AuditEntry, GrantId};

/// The columns of every entry.
const FIRST: &str = "number, at, actor, action, subject, outcome, address, hash";
/// Those of format 2.
const DETAIL: &str = "format, unit, post, grant_id, session, operation, purpose, reason, dataset, persons, \
                      records, level, in_full, trace, people_digest";

/// Whether the columns and tables of format 2 are there.
pub(crate) async fn has_tables(tx: &mut Tx) -> Result<bool, DbError> {
    let stored = db::stored_tables(tx, "audit").await?;
    Ok(stored.iter().any(|table| table.name == "audit_person"))
}

/// Takes the next number and answers it with the hash of the entry before. The head stays locked until
/// the transaction ends, so entries have no gaps and one order.
pub(crate) async fn head(tx: &mut Tx) -> Result<(i64, String), DbError> {
    let row = tx
        .fetch_one(
            "UPDATE audit_head SET number = number + 1 WHERE id = 1 RETURNING number, hash",
            &[],
        )
        .await?;
    Ok((row.int("number")?, row.text("hash")?.to_owned()))
}

pub(crate) async fn insert(tx: &mut Tx, entry: &AuditEntry, hash: &str) -> Result<(), DbError> {
    let mut values: Vec<Value> = vec![
        entry.number.into(),
        entry.at.into(),
        entry.actor.as_str().into(),
        entry.action.as_str().into(),
        entry.subject.as_str().into(),
        entry.outcome.as_str().into(),
        entry.address.as_str().into(),
        hash.into(),
    ];
    let mut columns = FIRST.to_owned();
    if let Some(detail) = &entry.detail {
        columns = format!("{FIRST}, {DETAIL}");
        values.extend([
            Value::from(2_i64),
            detail.unit.into(),
            detail.post.as_str().into(),
            detail.grant.map(|grant| grant.0).into(),
            detail.session.into(),
            detail.operation.as_str().into(),
            detail.purpose.as_str().into(),
            detail.reason.as_str().into(),
            detail.dataset.as_str().into(),
            detail.persons.into(),
            detail.records.into(),
            detail.level.as_str().into(),
            detail.in_full.map(i64::from).into(),
            detail.trace.as_str().into(),
            detail.people_digest.as_str().into(),
        ]);
    }
    let places: Vec<String> = (1..=values.len())
        .map(|place| format!("${place}"))
        .collect();
    tx.execute(
        &format!(
            "INSERT INTO audit ({columns}) VALUES ({})",
            places.join(", ")
        ),
        &values,
    )
    .await?;
    tx.execute(
        "UPDATE audit_head SET hash = $1 WHERE id = 1",
        &[hash.into()],
    )
    .await?;
    Ok(())
}

/// The index rows of an entry.
pub(crate) async fn insert_persons(
    tx: &mut Tx,
    number: i64,
    persons: &[RecordId],
) -> Result<(), DbError> {
    let mut rows = db::bulk::BulkRows::with_capacity(2, persons.len());
    for person in persons {
        rows.push([(*person).into(), number.into()])?;
    }
    db::bulk::insert(tx, "audit_person", &["person", "number"], &rows).await?;
    Ok(())
}

/// What a statement selects from `audit`.
pub(crate) fn columns(detailed: bool) -> String {
    if detailed {
        format!("{FIRST}, {DETAIL}")
    } else {
        FIRST.to_owned()
    }
}

pub(crate) fn entry_of(row: &Row, detailed: bool) -> Result<AuditEntry, DbError> {
    let format = if detailed {
        row.opt_int("format")?
    } else {
        None
    };
    let detail = match format {
        // An unknown format reads as the latest, so that its hash cannot match.
        Some(_) => Some(detail_of(row)?),
        None => None,
    };
    Ok(AuditEntry {
        number: row.int("number")?,
        at: Millis::new(row.int("at")?),
        actor: row.text("actor")?.to_owned(),
        action: row.text("action")?.to_owned(),
        subject: row.text("subject")?.to_owned(),
        outcome: row.text("outcome")?.to_owned(),
        address: row.text("address")?.to_owned(),
        detail,
    })
}

fn detail_of(row: &Row) -> Result<AuditDetail, DbError> {
    let word = |name: &str| -> Result<String, DbError> {
        Ok(row.opt_text(name)?.unwrap_or_default().to_owned())
    };
    Ok(AuditDetail {
        unit: row.opt_int("unit")?.map(UnitId::new),
        post: word("post")?,
        grant: row.opt_int("grant_id")?.map(GrantId),
        session: row.opt_int("session")?,
        operation: word("operation")?,
        purpose: word("purpose")?,
        reason: word("reason")?,
        dataset: word("dataset")?,
        persons: row.opt_int("persons")?,
        records: row.opt_int("records")?,
        level: word("level")?,
        in_full: row.opt_int("in_full")?.map(|flag| flag == 1),
        trace: word("trace")?,
        people_digest: word("people_digest")?,
    })
}

/// Entries after a number, in their order, each with its hash.
pub(crate) async fn after(
    tx: &mut Tx,
    number: i64,
    most: i64,
    detailed: bool,
) -> Result<Vec<(AuditEntry, String)>, DbError> {
    let rows = tx
        .fetch_all(
            &format!(
                "SELECT {} FROM audit WHERE number > $1 ORDER BY number LIMIT $2",
                columns(detailed)
            ),
            &[number.into(), most.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((entry_of(row, detailed)?, row.text("hash")?.to_owned())))
        .collect()
}

/// Entries about one of two things, oldest first, without detail.
pub(crate) async fn of_actions(
    tx: &mut Tx,
    actions: [AuditAction; 2],
) -> Result<Vec<AuditEntry>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {FIRST} FROM audit WHERE action IN ($1, $2) ORDER BY number"),
            &actions.map(|action| action.as_str().into()),
        )
        .await?;
    rows.iter().map(|row| entry_of(row, false)).collect()
}

/// The last entry about one of two things, without detail.
pub(crate) async fn last_of_actions(
    tx: &mut Tx,
    actions: [AuditAction; 2],
) -> Result<Option<AuditEntry>, DbError> {
    let row = tx
        .fetch_optional(
            &format!(
                "SELECT {FIRST} FROM audit WHERE action IN ($1, $2) ORDER BY number DESC LIMIT 1"
            ),
            &actions.map(|action| action.as_str().into()),
        )
        .await?;
    row.as_ref().map(|row| entry_of(row, false)).transpose()
}

/// The number and the hash that the chain ends with.
pub(crate) async fn end(tx: &mut Tx) -> Result<(i64, String), DbError> {
    let row = tx
        .fetch_one("SELECT number, hash FROM audit_head WHERE id = 1", &[])
        .await?;
    Ok((row.int("number")?, row.text("hash")?.to_owned()))
}

/// The digest of the index rows of each entry of `after < number <= to` that has some.
pub(crate) async fn index_digests(
    tx: &mut Tx,
    after: i64,
    to: i64,
) -> Result<BTreeMap<i64, String>, DbError> {
    let mut digests = BTreeMap::new();
    let mut current: Option<i64> = None;
    let mut persons: Vec<RecordId> = Vec::new();
    tx.for_each(
        "SELECT number, person FROM audit_person WHERE number > $1 AND number <= $2 \
         ORDER BY number, person",
        &[after.into(), to.into()],
        |row| {
            let number = row.int("number")?;
            if current != Some(number) {
                if let Some(done) = current.replace(number) {
                    digests.insert(done, people_digest(&persons));
                }
                persons.clear();
            }
            persons.push(RecordId::new(row.int("person")?));
            Ok(())
        },
    )
    .await?;
    if let Some(done) = current {
        digests.insert(done, people_digest(&persons));
    }
    Ok(digests)
}

/// An entry that index rows name and that is not in the log between two numbers.
pub(crate) async fn stray_index(tx: &mut Tx, after: i64, to: i64) -> Result<Option<i64>, DbError> {
    let row = tx
        .fetch_one(
            "SELECT min(number) AS number FROM audit_person WHERE number <= $1 OR number > $2",
            &[after.into(), to.into()],
        )
        .await?;
    row.opt_int("number")
}

/// What was dropped, in order.
pub(crate) async fn segments(tx: &mut Tx) -> Result<Vec<AuditSegment>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT first_number, last_number, hash, first_at, last_at, dropped FROM audit_segment \
             ORDER BY last_number",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AuditSegment {
                first: row.int("first_number")?,
                last: row.int("last_number")?,
                hash: row.text("hash")?.to_owned(),
                first_at: Millis::new(row.int("first_at")?),
                last_at: Millis::new(row.int("last_at")?),
                dropped: Millis::new(row.int("dropped")?),
            })
        })
        .collect()
}

/// The number of the first entry that was written at a moment or later.
pub(crate) async fn first_since(tx: &mut Tx, at: Millis) -> Result<Option<i64>, DbError> {
    let row = tx
        .fetch_one(
            "SELECT min(number) AS number FROM audit WHERE at >= $1",
            &[at.into()],
        )
        .await?;
    row.opt_int("number")
}

/// The times of the first and of the last entry up to a number, and the hash of the last.
pub(crate) async fn part_up_to(
    tx: &mut Tx,
    last: i64,
) -> Result<Option<(i64, Millis, Millis, String)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT (SELECT min(number) FROM audit) AS first_number, \
                    (SELECT at FROM audit ORDER BY number LIMIT 1) AS first_at, at, hash \
             FROM audit WHERE number = $1",
            &[last.into()],
        )
        .await?;
    row.map(|row| {
        Ok((
            row.int("first_number")?,
            Millis::new(row.int("first_at")?),
            Millis::new(row.int("at")?),
            row.text("hash")?.to_owned(),
        ))
    })
    .transpose()
}

/// Drops everything up to the last number of a segment and keeps the segment.
pub(crate) async fn drop_segment(tx: &mut Tx, segment: &AuditSegment) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM audit_person WHERE number <= $1",
        &[segment.last.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM audit WHERE number <= $1",
        &[segment.last.into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO audit_segment (first_number, last_number, hash, first_at, last_at, dropped) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            segment.first.into(),
            segment.last.into(),
            segment.hash.as_str().into(),
            segment.first_at.into(),
            segment.last_at.into(),
            segment.dropped.into(),
        ],
    )
    .await?;
    Ok(())
}
