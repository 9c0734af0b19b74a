//! The only place of this room with SQL.

mod sent;

pub(crate) use sent::{
    Delivery, StoredFile, accounts_with_mail, claim_delivery, delay_delivery, files,
    files_of_ended, finish_delivery, forget_deliveries, insert_delivery, insert_file,
    is_file_known, mail_of, put_mail, remove_file, waiting_deliveries,
};

use db::{DbError, Migration, Row, Tx};
use kernel::{AccountId, Millis, UnitId, Value};
use standard::StateKind;

use crate::model::{Case, CaseId, Event, EventKind, Notice, Task};
use crate::notices::NoticeKind;

/// The tables of this room in the work database.
pub(crate) const WORK_MIGRATIONS: &[Migration] = &[
    Migration {
        name: "workflow_1_cases",
        sql: include_str!("../sql/work_1.sql"),
    },
    Migration {
        name: "workflow_2_notices",
        sql: include_str!("../sql/work_notices.sql"),
    },
];

/// The next number of a kind. The row stays locked until the transaction ends.
pub(crate) async fn next_number(tx: &mut Tx, name: &str) -> Result<i64, DbError> {
    tx.fetch_one(
        "UPDATE workflow_number SET number = number + 1 WHERE name = $1 RETURNING number",
        &[name.into()],
    )
    .await?
    .int("number")
}

// Definitions

pub(crate) async fn keep_definition(
    tx: &mut Tx,
    digest: &str,
    name: &str,
    text: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_definition (digest, name, text, kept) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (digest) DO NOTHING",
        &[digest.into(), name.into(), text.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn definition(tx: &mut Tx, digest: &str) -> Result<Option<String>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT text FROM workflow_definition WHERE digest = $1",
            &[digest.into()],
        )
        .await?;
    row.map(|row| Ok(row.text("text")?.to_owned())).transpose()
}

// Cases

const CASE: &str = "SELECT c.id, c.workflow, c.digest, c.unit, c.applicant, c.holder, c.begun_by, c.begun, c.state, c.kind, \
     c.entered, c.due, c.wake, c.level, c.version, c.fields, c.origin, c.link, c.ended FROM workflow_case c";

fn millis(row: &Row, name: &str) -> Result<Option<Millis>, DbError> {
    Ok(row.opt_int(name)?.map(Millis::new))
}

fn account(row: &Row, name: &str) -> Result<Option<AccountId>, DbError> {
    Ok(row.opt_int(name)?.map(AccountId::new))
}

fn text(row: &Row, name: &str) -> Result<Option<String>, DbError> {
    Ok(row.opt_text(name)?.map(str::to_owned))
}

fn case_of(row: &Row) -> Result<Case, DbError> {
    let word = row.text("kind")?;
    let kind = StateKind::CHOICES
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| DbError::query(format!("`{word}` is no kind of state")))?;
    Ok(Case {
        id: CaseId(row.int("id")?),
        workflow: row.text("workflow")?.to_owned(),
        digest: row.text("digest")?.to_owned(),
        unit: UnitId::new(row.int("unit")?),
        applicant: account(row, "applicant")?,
        holder: account(row, "holder")?,
        begun_by: row.text("begun_by")?.to_owned(),
        begun: Millis::new(row.int("begun")?),
        state: row.text("state")?.to_owned(),
        kind,
        entered: Millis::new(row.int("entered")?),
        due: millis(row, "due")?,
        wake: millis(row, "wake")?,
        level: row.int("level")?,
        version: row.int("version")?,
        fields: row.bytes("fields")?.to_vec(),
        origin: text(row, "origin")?,
        link: text(row, "link")?,
        ended: millis(row, "ended")?,
    })
}

pub(crate) async fn case(tx: &mut Tx, id: CaseId) -> Result<Option<Case>, DbError> {
    let row = tx
        .fetch_optional(&format!("{CASE} WHERE c.id = $1"), &[id.0.into()])
        .await?;
    row.as_ref().map(case_of).transpose()
}

pub(crate) async fn case_of_origin(tx: &mut Tx, origin: &str) -> Result<Option<Case>, DbError> {
    let row = tx
        .fetch_optional(&format!("{CASE} WHERE c.origin = $1"), &[origin.into()])
        .await?;
    row.as_ref().map(case_of).transpose()
}

/// The processes of open cases that are about something, by name: of this origin, or of one below it.
pub(crate) async fn under_way(tx: &mut Tx, origin: &str) -> Result<Vec<String>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT workflow FROM workflow_case \
             WHERE ended IS NULL AND (origin = $1 OR origin LIKE $2) ORDER BY workflow, id",
            &[origin.into(), format!("{origin}/%").into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(row.text("workflow")?.to_owned()))
        .collect()
}

pub(crate) async fn insert_case(tx: &mut Tx, case: &Case) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_case (id, workflow, digest, unit, applicant, holder, begun_by, begun, state, kind, entered, \
         due, wake, level, version, events, fields, origin, link, ended) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18, $19)",
        &[
            case.id.0.into(),
            case.workflow.as_str().into(),
            case.digest.as_str().into(),
            case.unit.into(),
            case.applicant.into(),
            case.holder.into(),
            case.begun_by.as_str().into(),
            case.begun.into(),
            case.state.as_str().into(),
            case.kind.as_str().into(),
            case.entered.into(),
            case.due.into(),
            case.wake.into(),
            case.level.into(),
            case.version.into(),
            case.fields.clone().into(),
            case.origin.as_deref().into(),
            case.link.as_deref().into(),
            case.ended.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Puts a case into its new state, where nobody moved it since `before`; false where somebody did.
pub(crate) async fn move_case(tx: &mut Tx, case: &Case, before: i64) -> Result<bool, DbError> {
    let moved = tx
        .execute(
            "UPDATE workflow_case SET state = $1, kind = $2, entered = $3, due = $4, wake = $5, level = $6, version = $7, \
             fields = $8, unit = $9, holder = $10, ended = $11 WHERE id = $12 AND version = $13",
            &[
                case.state.as_str().into(),
                case.kind.as_str().into(),
                case.entered.into(),
                case.due.into(),
                case.wake.into(),
                case.level.into(),
                case.version.into(),
                case.fields.clone().into(),
                case.unit.into(),
                case.holder.into(),
                case.ended.into(),
                case.id.0.into(),
                before.into(),
            ],
        )
        .await?;
    Ok(moved == 1)
}

/// Notes what a time limit did, where neither a move nor another worker was quicker.
pub(crate) async fn set_timer(
    tx: &mut Tx,
    case: &Case,
    wake: Option<Millis>,
    level: i64,
) -> Result<bool, DbError> {
    let noted = tx
        .execute(
            "UPDATE workflow_case SET wake = $1, level = $2 WHERE id = $3 AND version = $4 AND wake = $5",
            &[
                wake.into(),
                level.into(),
                case.id.0.into(),
                case.version.into(),
                case.wake.into(),
            ],
        )
        .await?;
    Ok(noted == 1)
}

pub(crate) async fn due_cases(tx: &mut Tx, now: Millis, most: i64) -> Result<Vec<CaseId>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT id FROM workflow_case WHERE wake <= $1 ORDER BY wake, id LIMIT $2",
            &[now.into(), most.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(CaseId(row.int("id")?))).collect()
}

/// Open cases after a number, for looking again who is asked.
pub(crate) async fn open_cases(
    tx: &mut Tx,
    after: CaseId,
    most: i64,
) -> Result<Vec<Case>, DbError> {
    let rows = tx
        .fetch_all(
            &format!(
                "{CASE} WHERE c.id > $1 AND c.kind IN ('open', 'returned') ORDER BY c.id LIMIT $2"
            ),
            &[after.0.into(), most.into()],
        )
        .await?;
    rows.iter().map(case_of).collect()
}

/// Cases in which an account is asked, or someone who holds a post at one of the units under one of the names.
pub(crate) async fn asked_cases(
    tx: &mut Tx,
    account: AccountId,
    units: &[i64],
    names: &[String],
    most: i64,
) -> Result<Vec<Case>, DbError> {
    let mut params: Vec<Value> = vec![account.into()];
    let mut place = |value: Value| {
        params.push(value);
        format!("${}", params.len())
    };
    let units: Vec<String> = units.iter().map(|unit| place((*unit).into())).collect();
    let names: Vec<String> = names
        .iter()
        .map(|name| place(name.as_str().into()))
        .collect();
    let most = place(most.into());
    let by_post = if units.is_empty() || names.is_empty() {
        String::new()
    } else {
        format!(
            " OR (t.unit IN ({}) AND t.asked IN ({}))",
            units.join(", "),
            names.join(", ")
        )
    };
    let sql = format!(
        "{CASE} WHERE c.id IN (SELECT t.case_id FROM workflow_task t WHERE t.account = $1{by_post}) \
         ORDER BY c.entered, c.id LIMIT {most}"
    );
    let rows = tx.fetch_all(&sql, &params).await?;
    rows.iter().map(case_of).collect()
}

/// An account's own cases: applied for, or taken over. Newest first.
pub(crate) async fn own_cases(
    tx: &mut Tx,
    account: AccountId,
    returned_only: bool,
    most: i64,
    offset: i64,
) -> Result<(Vec<Case>, i64), DbError> {
    let kind = if returned_only {
        " AND c.kind = 'returned' AND c.holder = $1"
    } else {
        ""
    };
    let own = format!("WHERE (c.holder = $1 OR c.applicant = $1){kind}");
    let total = tx
        .fetch_one(
            &format!("SELECT count(*) AS cases FROM workflow_case c {own}"),
            &[account.into()],
        )
        .await?
        .int("cases")?;
    let rows = tx
        .fetch_all(
            &format!("{CASE} {own} ORDER BY c.begun DESC, c.id DESC LIMIT $2 OFFSET $3"),
            &[account.into(), most.into(), offset.into()],
        )
        .await?;
    let cases: Result<Vec<Case>, DbError> = rows.iter().map(case_of).collect();
    Ok((cases?, total))
}

/// Cases whose time limit ran out, the longest ago first.
pub(crate) async fn overdue_cases(
    tx: &mut Tx,
    now: Millis,
    most: i64,
) -> Result<Vec<Case>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{CASE} WHERE c.due <= $1 AND c.kind IN ('open', 'returned') ORDER BY c.due, c.id LIMIT $2"),
            &[now.into(), most.into()],
        )
        .await?;
    rows.iter().map(case_of).collect()
}

/// Open cases that an account acts for.
pub(crate) async fn held_cases(tx: &mut Tx, account: AccountId) -> Result<Vec<Case>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{CASE} WHERE c.holder = $1 AND c.kind IN ('open', 'returned') ORDER BY c.id"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(case_of).collect()
}

// Events

/// An event to be written; its number is given by the store.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(crate) at: Millis,
    pub(crate) kind: EventKind,
    pub(crate) actor: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) post: Option<String>,
    pub(crate) unit: Option<UnitId>,
    pub(crate) step: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) key: Option<String>,
}

/// The number of the case's next event; the case stays locked until the transaction ends.
pub(crate) async fn next_event(tx: &mut Tx, case: CaseId) -> Result<i64, DbError> {
    tx.fetch_one(
        "UPDATE workflow_case SET events = events + 1 WHERE id = $1 RETURNING events",
        &[case.0.into()],
    )
    .await?
    .int("events")
}

pub(crate) async fn insert_event(
    tx: &mut Tx,
    case: CaseId,
    number: i64,
    event: &NewEvent,
    note: Option<Vec<u8>>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_event (case_id, number, at, kind, actor, account, post, unit, move_name, from_state, to_state, \
         detail, note, move_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &[
            case.0.into(),
            number.into(),
            event.at.into(),
            event.kind.as_str().into(),
            event.actor.as_str().into(),
            event.account.into(),
            event.post.as_deref().into(),
            event.unit.into(),
            event.step.as_deref().into(),
            event.from.as_deref().into(),
            event.to.as_deref().into(),
            event.detail.as_deref().into(),
            note.into(),
            event.key.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}

/// The events of a case, oldest first, each with its sealed note.
pub(crate) async fn events(
    tx: &mut Tx,
    case: CaseId,
) -> Result<Vec<(Event, Option<Vec<u8>>)>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT number, at, kind, actor, account, post, unit, move_name, from_state, to_state, detail, note \
             FROM workflow_event WHERE case_id = $1 ORDER BY number",
            &[case.0.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let word = row.text("kind")?;
            let kind = EventKind::ALL
                .iter()
                .find(|(known, _)| *known == word)
                .map(|(_, kind)| *kind)
                .ok_or_else(|| DbError::query(format!("`{word}` is no kind of event")))?;
            let event = Event {
                number: row.int("number")?,
                at: Millis::new(row.int("at")?),
                kind,
                actor: row.text("actor")?.to_owned(),
                account: account(row, "account")?,
                post: text(row, "post")?,
                unit: row.opt_int("unit")?.map(UnitId::new),
                step: text(row, "move_name")?,
                from: text(row, "from_state")?,
                to: text(row, "to_state")?,
                detail: text(row, "detail")?,
                note: None,
            };
            Ok((event, row.opt_bytes("note")?.map(<[u8]>::to_vec)))
        })
        .collect()
}

/// Whether a move of this key was made in the case.
pub(crate) async fn has_key(tx: &mut Tx, case: CaseId, key: &str) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM workflow_event WHERE case_id = $1 AND move_key = $2",
            &[case.0.into(), key.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// Whether an account had a part in a case.
pub(crate) async fn took_part(
    tx: &mut Tx,
    case: CaseId,
    account: AccountId,
) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM workflow_event WHERE case_id = $1 AND account = $2 LIMIT 1",
            &[case.0.into(), account.into()],
        )
        .await?;
    Ok(row.is_some())
}

// Tasks

pub(crate) async fn put_tasks(tx: &mut Tx, case: CaseId, tasks: &[Task]) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM workflow_task WHERE case_id = $1",
        &[case.0.into()],
    )
    .await?;
    for task in tasks {
        tx.execute(
            "INSERT INTO workflow_task (case_id, unit, asked, account) VALUES ($1, $2, $3, $4)",
            &[
                case.0.into(),
                task.unit.into(),
                task.asked.as_str().into(),
                task.account.into(),
            ],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn tasks(tx: &mut Tx, case: CaseId) -> Result<Vec<Task>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT unit, asked, account FROM workflow_task WHERE case_id = $1",
            &[case.0.into()],
        )
        .await?;
    let mut tasks = rows
        .iter()
        .map(|row| {
            Ok(Task {
                unit: row.opt_int("unit")?,
                asked: row.text("asked")?.to_owned(),
                account: account(row, "account")?,
            })
        })
        .collect::<Result<Vec<Task>, DbError>>()?;
    tasks.sort();
    Ok(tasks)
}

// Effects

/// What another room is to carry out.
#[derive(Debug, Clone)]
pub(crate) struct EffectRow {
    pub(crate) effect: String,
    pub(crate) decided_by: Option<AccountId>,
    pub(crate) decided_grant: Option<i64>,
    pub(crate) decided: Millis,
    pub(crate) attempts: i64,
}

pub(crate) async fn insert_effect(
    tx: &mut Tx,
    case: CaseId,
    row: &EffectRow,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_effect (case_id, effect, decided_by, decided_grant, decided, state, attempts, wake) \
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $5)",
        &[
            case.0.into(),
            row.effect.as_str().into(),
            row.decided_by.into(),
            row.decided_grant.into(),
            row.decided.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes an effect that waits, until `lease`; `None` where there is none, or another worker has it.
pub(crate) async fn claim_effect(
    tx: &mut Tx,
    case: CaseId,
    now: Millis,
    lease: Millis,
) -> Result<Option<EffectRow>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE workflow_effect SET attempts = attempts + 1, wake = $1 \
             WHERE case_id = $2 AND state = 'waiting' AND wake <= $3 \
             RETURNING effect, decided_by, decided_grant, decided, attempts",
            &[lease.into(), case.0.into(), now.into()],
        )
        .await?;
    row.map(|row| {
        Ok(EffectRow {
            effect: row.text("effect")?.to_owned(),
            decided_by: account(&row, "decided_by")?,
            decided_grant: row.opt_int("decided_grant")?,
            decided: Millis::new(row.int("decided")?),
            attempts: row.int("attempts")?,
        })
    })
    .transpose()
}

/// Notes the end of an effect; false where it had ended before.
pub(crate) async fn finish_effect(
    tx: &mut Tx,
    case: CaseId,
    state: &str,
    code: Option<&str>,
    trace: Option<&str>,
    now: Millis,
) -> Result<bool, DbError> {
    let ended = tx
        .execute(
            "UPDATE workflow_effect SET state = $1, code = $2, trace = $3, finished = $4 \
             WHERE case_id = $5 AND state = 'waiting'",
            &[
                state.into(),
                code.into(),
                trace.into(),
                now.into(),
                case.0.into(),
            ],
        )
        .await?;
    Ok(ended == 1)
}

pub(crate) async fn delay_effect(
    tx: &mut Tx,
    case: CaseId,
    wake: Millis,
    code: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE workflow_effect SET wake = $1, code = $2 WHERE case_id = $3 AND state = 'waiting'",
        &[wake.into(), code.into(), case.0.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn waiting_effects(
    tx: &mut Tx,
    now: Millis,
    most: i64,
) -> Result<Vec<CaseId>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT case_id FROM workflow_effect WHERE state = 'waiting' AND wake <= $1 ORDER BY wake, case_id LIMIT $2",
            &[now.into(), most.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(CaseId(row.int("case_id")?)))
        .collect()
}

// Approvals

pub(crate) async fn insert_approval(
    tx: &mut Tx,
    case: CaseId,
    trace: &str,
    approved: Millis,
    by: Option<AccountId>,
    valid_until: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_approval (case_id, trace, approved, approved_by, valid_until) VALUES ($1, $2, $3, $4, $5)",
        &[
            case.0.into(),
            trace.into(),
            approved.into(),
            by.into(),
            valid_until.into(),
        ],
    )
    .await?;
    Ok(())
}

/// An approval: trace number, when, by whom, until when.
pub(crate) async fn approval(
    tx: &mut Tx,
    case: CaseId,
) -> Result<Option<(String, Millis, Option<AccountId>, Millis)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT trace, approved, approved_by, valid_until FROM workflow_approval WHERE case_id = $1",
            &[case.0.into()],
        )
        .await?;
    row.map(|row| {
        Ok((
            row.text("trace")?.to_owned(),
            Millis::new(row.int("approved")?),
            account(&row, "approved_by")?,
            Millis::new(row.int("valid_until")?),
        ))
    })
    .transpose()
}

// Notices

pub(crate) async fn insert_notice(
    tx: &mut Tx,
    to: AccountId,
    kind: NoticeKind,
    case: Option<CaseId>,
    link: &str,
    at: Millis,
) -> Result<i64, DbError> {
    let id = next_number(tx, "notice").await?;
    tx.execute(
        "INSERT INTO workflow_notice (id, account, kind, case_id, link, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            id.into(),
            to.into(),
            kind.as_str().into(),
            case.map(|case| case.0).into(),
            link.into(),
            at.into(),
        ],
    )
    .await?;
    Ok(id)
}

pub(crate) async fn notices(
    tx: &mut Tx,
    account: AccountId,
    most: i64,
    offset: i64,
) -> Result<(Vec<Notice>, i64, i64), DbError> {
    let counts = tx
        .fetch_one(
            "SELECT count(*) AS notices, count(seen) AS seen FROM workflow_notice WHERE account = $1",
            &[account.into()],
        )
        .await?;
    let total = counts.int("notices")?;
    let unseen = total - counts.int("seen")?;
    let rows = tx
        .fetch_all(
            "SELECT id, kind, case_id, link, at, seen FROM workflow_notice WHERE account = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",
            &[account.into(), most.into(), offset.into()],
        )
        .await?;
    let notices: Result<Vec<Notice>, DbError> = rows
        .iter()
        .map(|row| {
            Ok(Notice {
                id: row.int("id")?,
                kind: NoticeKind::parse(row.text("kind")?),
                case: row.opt_int("case_id")?.map(CaseId),
                link: row.text("link")?.to_owned(),
                at: Millis::new(row.int("at")?),
                seen: row.opt_int("seen")?.is_some(),
            })
        })
        .collect();
    Ok((notices?, total, unseen))
}

pub(crate) async fn see_notices(
    tx: &mut Tx,
    account: AccountId,
    case: Option<CaseId>,
    now: Millis,
) -> Result<u64, DbError> {
    match case {
        Some(case) => {
            tx.execute(
                "UPDATE workflow_notice SET seen = $1 WHERE account = $2 AND case_id = $3 AND seen IS NULL",
                &[now.into(), account.into(), case.0.into()],
            )
            .await
        }
        None => {
            tx.execute(
                "UPDATE workflow_notice SET seen = $1 WHERE account = $2 AND seen IS NULL",
                &[now.into(), account.into()],
            )
            .await
        }
    }
}

pub(crate) async fn has_unseen(
    tx: &mut Tx,
    account: AccountId,
    case: Option<CaseId>,
) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM workflow_notice WHERE account = $1 AND ($2 < 0 OR case_id = $2) AND seen IS NULL LIMIT 1",
            &[account.into(), case.map_or(-1, |case| case.0).into()],
        )
        .await?;
    Ok(row.is_some())
}
