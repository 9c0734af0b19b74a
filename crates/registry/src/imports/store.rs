//! The imports' table in the work database, and every statement on it.

use db::{DbError, Migration, Row, Tx};
use kernel::{AccountId, Millis, Value};

use super::model::{Import, State};

/// The room's tables in the work database.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "registry-1-imports",
        sql: include_str!("sql/work_1.sql"),
    },
    Migration {
        name: "registry-2-persons",
        sql: include_str!("sql/work_persons.sql"),
    },
];

const COLUMNS: &str = "id, dataset, file, path, sha256, bytes, request, state, actor, account, granted, created, updated, \
     step, done, total, stop_requested, plan, written, error";

/// Writes a new import and answers its number, which is above `beyond`: the last that the ledger knows. A
/// work database may be new beside an old ledger, and commits are told apart by the import's number.
pub(super) async fn insert(tx: &mut Tx, import: &Import, beyond: i64) -> Result<i64, DbError> {
    let row = tx
        .fetch_one(
            "UPDATE import_number SET number = CASE WHEN number < $1 THEN $1 ELSE number END + 1 \
             WHERE id = 1 RETURNING number",
            &[beyond.into()],
        )
        .await?;
    let id = row.int("number")?;
    tx.execute(
        &format!(
            "INSERT INTO import ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', 0, 0, \
             0, NULL, NULL, NULL)"
        ),
        &[
            id.into(),
            import.dataset.as_str().into(),
            import.file.as_str().into(),
            import.path.as_str().into(),
            import.sha256.as_str().into(),
            import.bytes.into(),
            import.request.as_str().into(),
            import.state.as_str().into(),
            import.actor.as_str().into(),
            import.account.into(),
            import.grant.into(),
            import.created.into(),
            import.created.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// One import.
pub(super) async fn one(tx: &mut Tx, id: i64) -> Result<Option<Import>, DbError> {
    let row = tx
        .fetch_optional(
            &format!("SELECT {COLUMNS} FROM import WHERE id = $1"),
            &[id.into()],
        )
        .await?;
    row.as_ref().map(import_of).transpose()
}

/// Imports, the latest first.
pub(super) async fn latest(tx: &mut Tx, most: i64) -> Result<Vec<Import>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {COLUMNS} FROM import ORDER BY id DESC LIMIT $1"),
            &[most.into()],
        )
        .await?;
    rows.iter().map(import_of).collect()
}

/// Imports by state, of one actor or of all.
pub(super) async fn counts(tx: &mut Tx, actor: Option<&str>) -> Result<Vec<(State, u64)>, DbError> {
    let (condition, parameters) = match actor {
        Some(actor) => ("actor = $1", vec![Value::from(actor)]),
        None => ("1 = 1", Vec::new()),
    };
    let sql = format!(
        "SELECT state, count(*) AS number FROM import WHERE {condition} GROUP BY state ORDER BY state"
    );
    let rows = tx.fetch_all(&sql, &parameters).await?;
    rows.iter()
        .map(|row| {
            Ok((
                State::parse(row.text("state")?),
                u64::try_from(row.int("number")?).unwrap_or(0),
            ))
        })
        .collect()
}

/// Imports in these states, the oldest first.
pub(super) async fn in_states(tx: &mut Tx, states: [State; 2]) -> Result<Vec<Import>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {COLUMNS} FROM import WHERE state IN ($1, $2) ORDER BY id"),
            &states.map(|state| state.as_str().into()),
        )
        .await?;
    rows.iter().map(import_of).collect()
}

/// The last import of the same content for the same purpose that did not come to its end.
pub(super) async fn unfinished_of(tx: &mut Tx, import: &Import) -> Result<Option<i64>, DbError> {
    let row = tx
        .fetch_one(
            "SELECT max(id) AS id FROM import WHERE dataset = $1 AND sha256 = $2 AND request = $3 AND actor = $4 \
             AND state IN ('writing', 'stopped', 'failed')",
            &[
                import.dataset.as_str().into(),
                import.sha256.as_str().into(),
                import.request.as_str().into(),
                import.actor.as_str().into(),
            ],
        )
        .await?;
    row.opt_int("id")
}

/// Imports that nothing has happened to since an instant, the oldest first.
pub(super) async fn updated_before(tx: &mut Tx, before: Millis) -> Result<Vec<Import>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("SELECT {COLUMNS} FROM import WHERE updated < $1 ORDER BY id"),
            &[before.into()],
        )
        .await?;
    rows.iter().map(import_of).collect()
}

/// Keeps the numbers of an import whose rows have expired.
pub(super) async fn expire(
    tx: &mut Tx,
    id: i64,
    state: State,
    plan: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE import SET state = $1, plan = $2 WHERE id = $3",
        &[state.as_str().into(), plan.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Changes the state, with what came of it.
pub(super) async fn set_state(
    tx: &mut Tx,
    id: i64,
    state: State,
    outcome: Outcome<'_>,
    now: Millis,
) -> Result<(), DbError> {
    let (column, text): (&str, Value) = match outcome {
        Outcome::Nothing => ("error", Value::Null),
        Outcome::Plan(plan) => ("plan", plan.into()),
        Outcome::Written(written) => ("written", written.into()),
        Outcome::Error(error) => ("error", error.into()),
    };
    tx.execute(
        &format!("UPDATE import SET state = $1, {column} = $2, updated = $3, stop_requested = 0 WHERE id = $4"),
        &[state.as_str().into(), text, now.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Changes the state alone.
pub(super) async fn set_state_only(
    tx: &mut Tx,
    id: i64,
    state: State,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE import SET state = $1, updated = $2 WHERE id = $3",
        &[state.as_str().into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// What came of a state.
pub(super) enum Outcome<'a> {
    Nothing,
    Plan(&'a str),
    Written(&'a str),
    Error(&'a str),
}

/// Notes progress and answers whether a stop was asked for.
pub(super) async fn progress(
    tx: &mut Tx,
    id: i64,
    step: &str,
    done: i64,
    total: i64,
    now: Millis,
) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE import SET step = $1, done = $2, total = $3, updated = $4 WHERE id = $5 RETURNING stop_requested",
            &[step.into(), done.into(), total.into(), now.into(), id.into()],
        )
        .await?;
    row.map_or(Ok(true), |row| Ok(row.int("stop_requested")? != 0))
}

/// Asks a running import to stop.
pub(super) async fn request_stop(tx: &mut Tx, id: i64) -> Result<(), DbError> {
    tx.execute(
        "UPDATE import SET stop_requested = 1 WHERE id = $1",
        &[id.into()],
    )
    .await?;
    Ok(())
}

fn import_of(row: &Row) -> Result<Import, DbError> {
    Ok(Import {
        id: row.int("id")?,
        dataset: row.text("dataset")?.to_owned(),
        file: row.text("file")?.to_owned(),
        path: row.text("path")?.to_owned(),
        sha256: row.text("sha256")?.to_owned(),
        bytes: row.int("bytes")?,
        request: row.text("request")?.to_owned(),
        state: State::parse(row.text("state")?),
        actor: row.text("actor")?.to_owned(),
        account: row.opt_int("account")?,
        grant: row.opt_int("granted")?,
        created: Millis::new(row.int("created")?),
        updated: Millis::new(row.int("updated")?),
        step: row.text("step")?.to_owned(),
        done: row.int("done")?,
        total: row.int("total")?,
        plan: row.opt_text("plan")?.map(str::to_owned),
        written: row.opt_text("written")?.map(str::to_owned),
        error: row.opt_text("error")?.map(str::to_owned),
    })
}

/// States in which an import still waits for someone.
const IN_HAND: &str = "state IN ('reading', 'planned', 'failed', 'stopped')";

/// How many imports wait for an account under a grant.
pub(super) async fn in_hand(tx: &mut Tx, account: AccountId, grant: i64) -> Result<u64, DbError> {
    let row = tx
        .fetch_one(
            &format!(
                "SELECT count(*) AS imports FROM import WHERE account = $1 AND granted = $2 AND {IN_HAND}"
            ),
            &[account.into(), grant.into()],
        )
        .await?;
    Ok(u64::try_from(row.int("imports")?).unwrap_or(0))
}

/// Passes the imports that wait on to another account and grant.
pub(super) async fn pass_on(
    tx: &mut Tx,
    (giver, old): (AccountId, i64),
    (taker, new): (AccountId, i64),
) -> Result<u64, DbError> {
    tx.execute(
        &format!(
            "UPDATE import SET account = $1, granted = $2, actor = $3 \
             WHERE account = $4 AND granted = $5 AND {IN_HAND}"
        ),
        &[
            taker.into(),
            new.into(),
            format!("account:{taker}").into(),
            giver.into(),
            old.into(),
        ],
    )
    .await
}
