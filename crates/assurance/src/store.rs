//! The only place of this room with SQL.

use db::{DbError, Migration, Row, Tx};
use kernel::{AccountId, Day, Millis, UnitId, Value};

use crate::events::Event;
use crate::reports::Report;
use crate::trainings::Attendance;

pub(crate) mod checks;

/// The tables of this room in the work database.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "assurance_1",
        sql: include_str!("../sql/work_1.sql"),
    },
    Migration {
        name: "assurance_checks",
        sql: include_str!("../sql/work_checks.sql"),
    },
];

fn day(number: i64) -> Day {
    Day::new(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
}

/// The next number of a kind. The row stays locked until the transaction ends.
pub(crate) async fn next_number(tx: &mut Tx, name: &str) -> Result<i64, DbError> {
    tx.fetch_one(
        "UPDATE assurance_number SET number = number + 1 WHERE name = $1 RETURNING number",
        &[name.into()],
    )
    .await?
    .int("number")
}

// Events

const EVENT: &str = "SELECT number, kind, subject, unit, body, at, actor FROM assurance_event";

fn event_of(row: &Row) -> Result<Event, DbError> {
    Ok(Event {
        number: row.int("number")?,
        subject: row.int("subject")?,
        unit: UnitId::new(row.int("unit")?),
        body: row.text("body")?.to_owned(),
        at: Millis::new(row.int("at")?),
        actor: row.text("actor")?.to_owned(),
    })
}

pub(crate) async fn insert_event(tx: &mut Tx, kind: &str, event: &Event) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO assurance_event (number, kind, subject, unit, body, at, actor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            event.number.into(),
            kind.into(),
            event.subject.into(),
            event.unit.into(),
            event.body.as_str().into(),
            event.at.into(),
            event.actor.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// The events of a kind after a number, in their order.
pub(crate) async fn events_after(
    tx: &mut Tx,
    kind: &str,
    after: i64,
) -> Result<Vec<Event>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{EVENT} WHERE kind = $1 AND number > $2 ORDER BY number"),
            &[kind.into(), after.into()],
        )
        .await?;
    rows.iter().map(event_of).collect()
}

/// All events of one thing, in their order.
pub(crate) async fn events_of(
    tx: &mut Tx,
    kind: &str,
    subject: i64,
) -> Result<Vec<Event>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{EVENT} WHERE kind = $1 AND subject = $2 ORDER BY number"),
            &[kind.into(), subject.into()],
        )
        .await?;
    rows.iter().map(event_of).collect()
}

/// The number of the last event of one thing; 0 where there is none.
pub(crate) async fn last_event_of(tx: &mut Tx, kind: &str, subject: i64) -> Result<i64, DbError> {
    tx.fetch_one(
        "SELECT coalesce(max(number), 0) AS number FROM assurance_event WHERE kind = $1 AND subject = $2",
        &[kind.into(), subject.into()],
    )
    .await?
    .int("number")
}

// Attendance

fn attendance_of(row: &Row) -> Result<Attendance, DbError> {
    Ok(Attendance {
        number: row.int("number")?,
        account: AccountId::new(row.int("account")?),
        course: row.text("course")?.to_owned(),
        unit: UnitId::new(row.int("unit")?),
        day: day(row.int("day")?),
        hours: row.int("hours")?,
        at: Millis::new(row.int("at")?),
        actor: row.text("actor")?.to_owned(),
        withdrawn: row.opt_int("withdrawn")?.map(Millis::new),
    })
}

const ATTENDANCE: &str = "SELECT number, account, course, unit, day, hours, at, actor, withdrawn \
                          FROM assurance_attendance";

pub(crate) async fn insert_attendance(tx: &mut Tx, entry: &Attendance) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO assurance_attendance (number, account, course, unit, day, hours, at, actor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            entry.number.into(),
            entry.account.into(),
            entry.course.as_str().into(),
            entry.unit.into(),
            entry.day.into(),
            entry.hours.into(),
            entry.at.into(),
            entry.actor.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// What an account attended, oldest first.
pub(crate) async fn attendance_of_account(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<Attendance>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{ATTENDANCE} WHERE account = $1 ORDER BY day, number"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(attendance_of).collect()
}

/// All attendance, newest first.
pub(crate) async fn attendances(tx: &mut Tx) -> Result<Vec<Attendance>, DbError> {
    let rows = tx
        .fetch_all(&format!("{ATTENDANCE} ORDER BY day DESC, number DESC"), &[])
        .await?;
    rows.iter().map(attendance_of).collect()
}

pub(crate) async fn attendance(tx: &mut Tx, number: i64) -> Result<Option<Attendance>, DbError> {
    let row = tx
        .fetch_optional(&format!("{ATTENDANCE} WHERE number = $1"), &[number.into()])
        .await?;
    row.as_ref().map(attendance_of).transpose()
}

/// Withdraws an entry; answers whether it stood until now.
pub(crate) async fn withdraw_attendance(
    tx: &mut Tx,
    number: i64,
    at: Millis,
    by: &str,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE assurance_attendance SET withdrawn = $2, withdrawn_by = $3 \
             WHERE number = $1 AND withdrawn IS NULL",
            &[number.into(), at.into(), by.into()],
        )
        .await?;
    Ok(changed == 1)
}

// Daily reports

pub(crate) async fn insert_report(tx: &mut Tx, report: &Report) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO assurance_report (number, schedule, unit, day, incidents, note, at, actor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            report.number.into(),
            report.schedule.into(),
            report.unit.into(),
            report.day.into(),
            report.incidents.into(),
            report.note.as_str().into(),
            report.at.into(),
            report.actor.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// The reports of a schedule for a day, in the order in which they came.
pub(crate) async fn reports_of_day(
    tx: &mut Tx,
    schedule: i64,
    on: Day,
) -> Result<Vec<Report>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT number, schedule, unit, day, incidents, note, at, actor FROM assurance_report \
             WHERE schedule = $1 AND day = $2 ORDER BY number",
            &[schedule.into(), on.into()],
        )
        .await?;
    let read = |row: &Row| {
        Ok(Report {
            number: row.int("number")?,
            schedule: row.int("schedule")?,
            unit: UnitId::new(row.int("unit")?),
            day: day(row.int("day")?),
            incidents: row.int("incidents")?,
            note: row.text("note")?.to_owned(),
            at: Millis::new(row.int("at")?),
            actor: row.text("actor")?.to_owned(),
        })
    };
    rows.iter().map(read).collect()
}

// Notices

/// Something that a unit was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) number: i64,
    pub(crate) unit: UnitId,
    pub(crate) kind: String,
    pub(crate) subject: i64,
    pub(crate) at: Millis,
}

impl Notice {
    /// Where to look.
    pub(crate) fn link(&self) -> String {
        let page = if self.kind.starts_with("report") {
            "reports"
        } else {
            "incidents"
        };
        format!("/assurance/{page}/{}", self.subject)
    }
}

/// Writes a notice unless the same cause was told to the unit before; answers whether it is new.
pub(crate) async fn insert_notice(
    tx: &mut Tx,
    cause: &str,
    notice: &Notice,
) -> Result<bool, DbError> {
    let written = tx
        .execute(
            "INSERT INTO assurance_notice (number, cause, unit, kind, subject, at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (cause, unit) DO NOTHING",
            &[
                notice.number.into(),
                cause.into(),
                notice.unit.into(),
                notice.kind.as_str().into(),
                notice.subject.into(),
                notice.at.into(),
            ],
        )
        .await?;
    Ok(written == 1)
}

/// Whether a cause was told to a unit.
pub(crate) async fn is_told(tx: &mut Tx, cause: &str, unit: UnitId) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM assurance_notice WHERE cause = $1 AND unit = $2",
            &[cause.into(), unit.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// The last notices of units, newest first, at most so many.
pub(crate) async fn notices_of(
    tx: &mut Tx,
    units: &[UnitId],
    most: i64,
) -> Result<Vec<Notice>, DbError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (0..units.len())
        .map(|place| format!("${}", place + 2))
        .collect();
    let mut values: Vec<Value> = vec![most.into()];
    values.extend(units.iter().map(|unit| Value::from(*unit)));
    let rows = tx
        .fetch_all(
            &format!(
                "SELECT number, unit, kind, subject, at FROM assurance_notice WHERE unit IN ({}) \
                 ORDER BY number DESC LIMIT $1",
                places.join(", ")
            ),
            &values,
        )
        .await?;
    let read = |row: &Row| {
        Ok(Notice {
            number: row.int("number")?,
            unit: UnitId::new(row.int("unit")?),
            kind: row.text("kind")?.to_owned(),
            subject: row.int("subject")?,
            at: Millis::new(row.int("at")?),
        })
    };
    rows.iter().map(read).collect()
}
