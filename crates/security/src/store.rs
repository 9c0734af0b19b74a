//! The only place of this room with SQL.

mod accounts;

pub(crate) use accounts::*;

use db::{ColumnType, DbError, Migration, Row, Tx};
use kernel::{AccountId, Clocks, CommitNumber, Day, Millis, UnitId, Value};

use crate::factors::{Duty, Strength};
use crate::model::{GrantId, Session, UnitLife, UnitStretch, UnitVersion};
use crate::rules::lockout::Tally;

/// The tables of this room in the ledger database.
pub(crate) const LEDGER_MIGRATIONS: &[Migration] = &[
    Migration {
        name: "security_1_unit",
        sql: include_str!("../sql/ledger_1.sql"),
    },
    Migration {
        name: "security_2_people",
        sql: include_str!("../sql/ledger_people.sql"),
    },
];
/// The tables of this room in the work database.
pub(crate) const WORK_MIGRATIONS: &[Migration] = &[
    Migration {
        name: "security_1_accounts",
        sql: include_str!("../sql/work_1.sql"),
    },
    Migration {
        name: "security_2_evidence",
        sql: include_str!("../sql/work_evidence.sql"),
    },
    Migration {
        name: "security_3_identity",
        sql: include_str!("../sql/work_identity.sql"),
    },
    Migration {
        name: "security_3_evidence",
        sql: include_str!("../sql/work_evidence_2.sql"),
    },
    Migration {
        name: "security_6_clients",
        sql: include_str!("../sql/work_clients.sql"),
    },
    Migration {
        name: "security_5_factors",
        sql: include_str!("../sql/work_factors.sql"),
    },
    Migration {
        name: "security_2_grants",
        sql: include_str!("../sql/work_grants.sql"),
    },
    Migration {
        name: "security_4_people",
        sql: include_str!("../sql/work_people.sql"),
    },
    Migration {
        name: "security_7_exports",
        sql: include_str!("../sql/work_exports.sql"),
    },
    Migration {
        name: "security_8_node_key",
        sql: include_str!("../sql/work_node_key.sql"),
    },
    Migration {
        name: "security_9_administration",
        sql: include_str!("../sql/work_administration.sql"),
    },
];

fn day(number: i64) -> Day {
    Day::new(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
}

// Numbers

/// The next number of a kind. The row stays locked until the transaction ends.
pub(crate) async fn next_number(tx: &mut Tx, name: &str) -> Result<i64, DbError> {
    tx.fetch_one(
        "UPDATE security_number SET number = number + 1 WHERE name = $1 RETURNING number",
        &[name.into()],
    )
    .await?
    .int("number")
}

// Sessions

const SESSION: &str = "SELECT number, account, grant_id, created, last_seen, expires, address, agent, strength, duties, \
     confirmed FROM session";

fn session_of(row: &Row) -> Result<Session, DbError> {
    Ok(Session {
        number: row.int("number")?,
        account: AccountId::new(row.int("account")?),
        grant: row.opt_int("grant_id")?.map(GrantId),
        created: Millis::new(row.int("created")?),
        last_seen: Millis::new(row.int("last_seen")?),
        expires: Millis::new(row.int("expires")?),
        address: row.text("address")?.to_owned(),
        agent: row.text("agent")?.to_owned(),
        strength: Strength::parse(row.text("strength")?),
        duties: row
            .text("duties")?
            .split(' ')
            .filter_map(Duty::parse)
            .collect(),
        confirmed: Millis::new(row.int("confirmed")?),
    })
}

pub(crate) async fn session(tx: &mut Tx, token_hash: &str) -> Result<Option<Session>, DbError> {
    let row = tx
        .fetch_optional(
            &format!("{SESSION} WHERE token_hash = $1"),
            &[token_hash.into()],
        )
        .await?;
    row.as_ref().map(session_of).transpose()
}

pub(crate) async fn sessions_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Session>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{SESSION} WHERE account = $1 ORDER BY last_seen DESC, number DESC"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(session_of).collect()
}

pub(crate) async fn insert_session(
    tx: &mut Tx,
    token_hash: &str,
    session: &Session,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO session \
         (token_hash, number, account, grant_id, created, last_seen, expires, address, agent, strength, \
         duties, confirmed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            token_hash.into(),
            session.number.into(),
            session.account.into(),
            session.grant.map(|grant| grant.0).into(),
            session.created.into(),
            session.last_seen.into(),
            session.expires.into(),
            session.address.as_str().into(),
            session.agent.as_str().into(),
            session.strength.as_str().into(),
            duties_text(&session.duties).into(),
            session.confirmed.into(),
        ],
    )
    .await?;
    Ok(())
}

fn duties_text(duties: &[Duty]) -> String {
    let words: Vec<&str> = duties.iter().map(|duty| duty.as_str()).collect();
    words.join(" ")
}

/// What a session still owes.
pub(crate) async fn put_duties(tx: &mut Tx, number: i64, duties: &[Duty]) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET duties = $1 WHERE number = $2",
        &[duties_text(duties).into(), number.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn touch_session(tx: &mut Tx, number: i64, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET last_seen = $1 WHERE number = $2 AND last_seen < $1",
        &[now.into(), number.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_session_grant(
    tx: &mut Tx,
    number: i64,
    grant: GrantId,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET grant_id = $1 WHERE number = $2",
        &[grant.0.into(), number.into()],
    )
    .await?;
    Ok(())
}

/// Ends one session of an account; whether there was one.
pub(crate) async fn delete_session(
    tx: &mut Tx,
    account: AccountId,
    number: i64,
) -> Result<bool, DbError> {
    let ended = tx
        .execute(
            "DELETE FROM session WHERE account = $1 AND number = $2",
            &[account.into(), number.into()],
        )
        .await?;
    Ok(ended > 0)
}

/// Ends all sessions of an account, except one, and sign-ins that are half done.
pub(crate) async fn delete_sessions_of(
    tx: &mut Tx,
    account: AccountId,
    except: Option<i64>,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM session WHERE account = $1 AND number <> $2",
        &[account.into(), except.unwrap_or(-1).into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM signin_pending WHERE account = $1",
        &[account.into()],
    )
    .await?;
    Ok(())
}

/// Forgets sessions that ended by themselves and tallies that no longer count.
pub(crate) async fn sweep(
    tx: &mut Tx,
    expired_before: Millis,
    idle_before: Millis,
    tallies_before: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM session WHERE expires < $1 OR last_seen < $2",
        &[expired_before.into(), idle_before.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM signin_tally WHERE last_failed < $1 AND last_succeeded < $1",
        &[tallies_before.into()],
    )
    .await?;
    Ok(())
}

// Failed sign-ins

/// The tally of a subject. It is read for change: on PostgreSQL the row is made first where it is
/// missing, so that two tries at once wait for each other.
pub(crate) async fn tally(tx: &mut Tx, subject: &str) -> Result<Tally, DbError> {
    tx.execute(
        "INSERT INTO signin_tally (subject, failed, last_failed, locked_until, last_succeeded) \
         VALUES ($1, 0, 0, 0, 0) ON CONFLICT (subject) DO UPDATE SET failed = signin_tally.failed",
        &[subject.into()],
    )
    .await?;
    let row = tx
        .fetch_one(
            "SELECT failed, last_failed, locked_until, last_succeeded FROM signin_tally \
             WHERE subject = $1",
            &[subject.into()],
        )
        .await?;
    Ok(Tally {
        failed: row.int("failed")?,
        last_failed: row.int("last_failed")?,
        locked_until: row.int("locked_until")?,
        last_succeeded: row.int("last_succeeded")?,
    })
}

pub(crate) async fn put_tally(tx: &mut Tx, subject: &str, tally: Tally) -> Result<(), DbError> {
    tx.execute(
        "UPDATE signin_tally SET failed = $1, last_failed = $2, locked_until = $3, \
         last_succeeded = $4 WHERE subject = $5",
        &[
            tally.failed.into(),
            tally.last_failed.into(),
            tally.locked_until.into(),
            tally.last_succeeded.into(),
            subject.into(),
        ],
    )
    .await?;
    Ok(())
}

// Settings

pub(crate) async fn setting(tx: &mut Tx, name: &str) -> Result<Option<String>, DbError> {
    let row = tx
        .fetch_optional("SELECT value FROM setting WHERE name = $1", &[name.into()])
        .await?;
    row.map(|row| Ok(row.text("value")?.to_owned())).transpose()
}

pub(crate) async fn settings(tx: &mut Tx) -> Result<Vec<(String, String)>, DbError> {
    let rows = tx
        .fetch_all("SELECT name, value FROM setting ORDER BY name", &[])
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("name")?.to_owned(), row.text("value")?.to_owned())))
        .collect()
}

pub(crate) async fn put_setting(
    tx: &mut Tx,
    name: &str,
    value: &str,
    by: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO setting (name, value, changed, changed_by) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed = excluded.changed, \
         changed_by = excluded.changed_by",
        &[name.into(), value.into(), now.into(), by.into()],
    )
    .await?;
    Ok(())
}

// Units (in the ledger database)

/// A row of `unit` as of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnitRow {
    pub(crate) unit: UnitId,
    pub(crate) stretch: UnitStretch,
}

/// All stretches of all units as known at a commit, by unit and day.
pub(crate) async fn units(tx: &mut Tx, clocks: Clocks) -> Result<Vec<UnitRow>, DbError> {
    const BATCH: usize = 8192;
    let known_on: Value = clocks.as_known_on.into();
    let mut rows = Vec::new();
    tx.scan(
        "SELECT id, effective_from, effective_to, parent FROM unit \
         WHERE since <= $1 AND (until IS NULL OR until > $1)",
        &[known_on],
        &[ColumnType::Int; 4],
        BATCH,
        |batch| {
            if let [id, from, to, parent] = batch.columns() {
                rows.extend((0..batch.rows()).map(|row| UnitRow {
                    unit: UnitId::new(id.int(row).unwrap_or_default()),
                    stretch: UnitStretch {
                        from: day(from.int(row).unwrap_or_default()),
                        to: to.int(row).map(day),
                        parent: parent.int(row).map(UnitId::new),
                    },
                }));
            }
            Ok(())
        },
    )
    .await?;
    // The store has them nearly in this order; sorting there would copy a million rows.
    rows.sort_by_key(|row| (row.unit, row.stretch.from));
    Ok(rows)
}

fn unit_row(row: &Row) -> Result<UnitRow, DbError> {
    Ok(UnitRow {
        unit: UnitId::new(row.int("id")?),
        stretch: UnitStretch {
            from: day(row.int("effective_from")?),
            to: row.opt_int("effective_to")?.map(day),
            parent: row.opt_int("parent")?.map(UnitId::new),
        },
    })
}

/// The last of the first `most` rows from a unit on; `None` where there are none.
pub(crate) async fn last_unit_of(
    tx: &mut Tx,
    first: UnitId,
    most: i64,
) -> Result<Option<UnitId>, DbError> {
    let row = tx
        .fetch_one(
            "SELECT max(id) AS last FROM (SELECT id FROM unit WHERE id >= $1 ORDER BY id LIMIT $2) part",
            &[first.into(), most.into()],
        )
        .await?;
    Ok(row.opt_int("last")?.map(UnitId::new))
}

/// Every stretch that the units of a range ever had, whenever it was known.
pub(crate) async fn unit_versions(
    tx: &mut Tx,
    first: UnitId,
    last: UnitId,
) -> Result<Vec<UnitVersion>, DbError> {
    let mut versions = Vec::new();
    tx.for_each(
        "SELECT id, effective_from, effective_to, parent, since, until FROM unit WHERE id >= $1 AND id <= $2",
        &[first.into(), last.into()],
        |row| {
            let UnitRow { unit, stretch } = unit_row(&row)?;
            versions.push(UnitVersion {
                unit,
                stretch,
                since: CommitNumber::new(row.int("since")?),
                until: row.opt_int("until")?.map(CommitNumber::new),
            });
            Ok(())
        },
    )
    .await?;
    Ok(versions)
}

/// The open stretches of some units (at most [`UNITS_AT_ONCE`]).
pub(crate) async fn open_stretches(tx: &mut Tx, units: &[UnitId]) -> Result<Vec<UnitRow>, DbError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=units.len()).map(|place| format!("${place}")).collect();
    let params: Vec<Value> = units.iter().map(|unit| (*unit).into()).collect();
    let rows = tx
        .fetch_all(
            &format!(
                "SELECT id, effective_from, effective_to, parent FROM unit \
                 WHERE until IS NULL AND id IN ({}) ORDER BY id, effective_from",
                places.join(", ")
            ),
            &params,
        )
        .await?;
    rows.iter().map(unit_row).collect()
}

/// How many units one statement asks for.
pub(crate) const UNITS_AT_ONCE: usize = 500;

pub(crate) async fn close_stretch(
    tx: &mut Tx,
    unit: UnitId,
    from: Day,
    commit: CommitNumber,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE unit SET until = $1 WHERE id = $2 AND effective_from = $3 AND until IS NULL",
        &[commit.into(), unit.into(), from.into()],
    )
    .await?;
    Ok(())
}

/// Writes new stretches, known since a commit.
pub(crate) async fn insert_stretches(
    tx: &mut Tx,
    commit: CommitNumber,
    lives: &[UnitLife],
) -> Result<u64, DbError> {
    const COLUMNS: [&str; 6] = [
        "id",
        "since",
        "effective_from",
        "effective_to",
        "until",
        "parent",
    ];
    let mut rows = db::bulk::BulkRows::with_capacity(COLUMNS.len(), lives.len());
    for life in lives {
        for stretch in &life.stretches {
            rows.push([
                life.unit.into(),
                commit.into(),
                stretch.from.into(),
                stretch.to.into(),
                Value::Null,
                stretch.parent.into(),
            ])?;
        }
    }
    db::bulk::insert(tx, "unit", &COLUMNS, &rows).await
}
