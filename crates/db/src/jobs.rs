//! The queue of long work: imports, exports, recomputing. It lives in the work database, so that
//! it can be watched and stopped from any page, and taken up again after a crash.
//!
//! A worker holds a job by a lease that it renews with every word of progress. When a worker is
//! killed its lease runs out and the job is taken again; so the work of a job must be resumable.

use kernel::{Millis, Value};

use crate::{DbError, Migration, Row, Tx};

/// The tables of the queue.
pub const MIGRATION: Migration = Migration {
    name: "jobs-1",
    sql: include_str!("sql/jobs_1.sql"),
};

/// A job that was taken this often without any progress is given up: it would kill its workers for ever.
pub const MOST_ATTEMPTS: i64 = 5;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waiting for a worker.
    Queued,
    /// Held by a worker, or left by one that was killed.
    Running,
    /// Ended well.
    Done,
    /// Ended with a fault; the message says which.
    Failed,
    /// Stopped because someone asked for it.
    Cancelled,
}

impl JobState {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True where nothing will change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    fn parse(word: &str) -> Result<Self, DbError> {
        let all = [
            Self::Queued,
            Self::Running,
            Self::Done,
            Self::Failed,
            Self::Cancelled,
        ];
        all.into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| DbError::query(format!("`{word}` is no state of a job")))
    }
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, from 1.
    pub id: i64,
    /// What is to be done, such as `import`.
    pub kind: String,
    /// What the worker needs to know; a text of the kind's own format.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// Steps done, and in all where that is known.
    pub progress: (i64, Option<i64>),
    /// The last word of the worker.
    pub message: Option<String>,
    /// When it was asked for.
    pub created: Millis,
    /// When a worker first took it.
    pub started: Option<Millis>,
    /// When it was over.
    pub finished: Option<Millis>,
    /// Who holds or last held it.
    pub worker: Option<String>,
    /// Until when.
    pub lease_until: Option<Millis>,
    /// How often it was taken since it last got on.
    pub attempts: i64,
    /// Whether someone asked to stop it.
    pub cancel_requested: bool,
}

/// What a worker is to do after telling its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Continue,
    /// Stop at the next safe place and call [`cancelled`].
    Cancel,
    /// Stop at once and write nothing more: the lease ran out and another worker has the job.
    Lost,
}

const COLUMNS: &str = "id, kind, payload, state, progress_done, progress_total, message, created, started, finished, \
                       worker, lease_until, attempts, cancel_requested";

/// Adds a job and answers its number.
///
/// # Errors
/// Any [`DbError`].
pub async fn enqueue(tx: &mut Tx, kind: &str, payload: &str, now: Millis) -> Result<i64, DbError> {
    let sql = "UPDATE job_number SET last = last + 1 WHERE id = 1 RETURNING last";
    let id = tx.fetch_one(sql, &[]).await?.int("last")?;
    let sql = "INSERT INTO job (id, kind, payload, state, progress_done, created, attempts, cancel_requested) \
               VALUES ($1, $2, $3, 'queued', 0, $4, 0, 0)";
    tx.execute(sql, &[id.into(), kind.into(), payload.into(), now.into()])
        .await?;
    Ok(id)
}

/// Whether [`take`] would find a job: a read that costs the writers nothing.
///
/// # Errors
/// Any [`DbError`].
pub async fn is_waiting(tx: &mut Tx, kinds: &[&str], now: Millis) -> Result<bool, DbError> {
    let sql = format!("SELECT id FROM job WHERE {} LIMIT 1", takeable(kinds, 2));
    let mut params = vec![now.into()];
    params.extend(kinds.iter().map(|kind| Value::from(*kind)));
    Ok(tx.fetch_optional(&sql, &params).await?.is_some())
}

/// Takes the oldest waiting job of these kinds, or one whose worker let its lease of `lease`
/// milliseconds run out. `None` where there is none, or another worker was quicker.
///
/// # Errors
/// Any [`DbError`].
pub async fn take(
    tx: &mut Tx,
    worker: &str,
    kinds: &[&str],
    now: Millis,
    lease: i64,
) -> Result<Option<Job>, DbError> {
    give_up_hopeless(tx, now).await?;
    let takeable = takeable(kinds, 4);
    // Said twice, because on PostgreSQL the second of two workers looks at the row again after waiting.
    let sql = format!(
        "UPDATE job SET state = 'running', worker = $2, lease_until = $3, attempts = attempts + 1, \
         started = coalesce(started, $1) \
         WHERE id = (SELECT min(id) FROM job WHERE {takeable}) AND {takeable} RETURNING {COLUMNS}"
    );
    let mut params = vec![now.into(), worker.into(), now.add(lease).into()];
    params.extend(kinds.iter().map(|kind| Value::from(*kind)));
    tx.fetch_optional(&sql, &params)
        .await?
        .as_ref()
        .map(job_of)
        .transpose()
}

async fn give_up_hopeless(tx: &mut Tx, now: Millis) -> Result<(), DbError> {
    let sql = "UPDATE job SET state = 'failed', finished = $1, message = $2 \
               WHERE state = 'running' AND lease_until <= $1 AND attempts >= $3";
    let message = "given up: its worker stopped several times without getting any further";
    tx.execute(sql, &[now.into(), message.into(), MOST_ATTEMPTS.into()])
        .await?;
    Ok(())
}

fn takeable(kinds: &[&str], first: usize) -> String {
    let places: Vec<String> = (0..kinds.len())
        .map(|place| format!("${}", first + place))
        .collect();
    let kinds = if places.is_empty() {
        "NULL".to_owned()
    } else {
        places.join(", ")
    };
    format!("(state = 'queued' OR (state = 'running' AND lease_until <= $1)) AND kind IN ({kinds})")
}

/// How far a worker has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Steps done.
    pub done: i64,
    /// Steps in all, where known.
    pub total: Option<i64>,
    /// A word on what is being done.
    pub message: Option<&'a str>,
}

/// Tells how far the work has come, renews the lease, and learns whether to go on.
///
/// # Errors
/// Any [`DbError`].
pub async fn progress(
    tx: &mut Tx,
    id: i64,
    worker: &str,
    progress: &Progress<'_>,
    now: Millis,
    lease: i64,
) -> Result<Signal, DbError> {
    let sql = "UPDATE job SET attempts = CASE WHEN $1 > progress_done THEN 1 ELSE attempts END, progress_done = $1, \
               progress_total = $2, message = $3, lease_until = $4 \
               WHERE id = $5 AND worker = $6 AND state = 'running' RETURNING cancel_requested";
    let params = [
        progress.done.into(),
        progress.total.into(),
        progress.message.into(),
        now.add(lease).into(),
        id.into(),
        worker.into(),
    ];
    match tx.fetch_optional(sql, &params).await? {
        None => Ok(Signal::Lost),
        Some(row) if row.bool("cancel_requested")? => Ok(Signal::Cancel),
        Some(_) => Ok(Signal::Continue),
    }
}

/// The work is done. False where the job was no longer this worker's.
///
/// # Errors
/// Any [`DbError`].
pub async fn finish(
    tx: &mut Tx,
    id: i64,
    worker: &str,
    message: Option<&str>,
    now: Millis,
) -> Result<bool, DbError> {
    end(tx, id, worker, (JobState::Done, message), now).await
}

/// The work has failed. False where the job was no longer this worker's.
///
/// # Errors
/// Any [`DbError`].
pub async fn fail(
    tx: &mut Tx,
    id: i64,
    worker: &str,
    message: &str,
    now: Millis,
) -> Result<bool, DbError> {
    end(tx, id, worker, (JobState::Failed, Some(message)), now).await
}

/// The work was stopped as asked. False where the job was no longer this worker's.
///
/// # Errors
/// Any [`DbError`].
pub async fn cancelled(
    tx: &mut Tx,
    id: i64,
    worker: &str,
    message: Option<&str>,
    now: Millis,
) -> Result<bool, DbError> {
    end(tx, id, worker, (JobState::Cancelled, message), now).await
}

async fn end(
    tx: &mut Tx,
    id: i64,
    worker: &str,
    (state, message): (JobState, Option<&str>),
    now: Millis,
) -> Result<bool, DbError> {
    let sql = "UPDATE job SET state = $1, message = coalesce($2, message), finished = $3, lease_until = NULL \
               WHERE id = $4 AND worker = $5 AND state = 'running'";
    let params = [
        state.as_str().into(),
        message.into(),
        now.into(),
        id.into(),
        worker.into(),
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Asks for a job to be stopped: at once where no worker has it, otherwise at the worker's next
/// safe place. False where it was over already.
///
/// # Errors
/// Any [`DbError`].
pub async fn request_cancel(tx: &mut Tx, id: i64, now: Millis) -> Result<bool, DbError> {
    let sql = "UPDATE job SET cancel_requested = 1, finished = CASE WHEN state = 'queued' THEN $1 END, \
               state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END \
               WHERE id = $2 AND state IN ('queued', 'running')";
    Ok(tx.execute(sql, &[now.into(), id.into()]).await? == 1)
}

/// A job by its number.
///
/// # Errors
/// Any [`DbError`].
pub async fn get(tx: &mut Tx, id: i64) -> Result<Option<Job>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE id = $1");
    tx.fetch_optional(&sql, &[id.into()])
        .await?
        .as_ref()
        .map(job_of)
        .transpose()
}

/// The newest jobs first.
///
/// # Errors
/// Any [`DbError`].
pub async fn newest(tx: &mut Tx, limit: i64) -> Result<Vec<Job>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM job ORDER BY id DESC LIMIT $1");
    tx.fetch_all(&sql, &[limit.into()])
        .await?
        .iter()
        .map(job_of)
        .collect()
}

fn job_of(row: &Row) -> Result<Job, DbError> {
    let instant =
        |name: &str| -> Result<Option<Millis>, DbError> { Ok(row.opt_int(name)?.map(Millis::new)) };
    Ok(Job {
        id: row.int("id")?,
        kind: row.text("kind")?.to_owned(),
        payload: row.text("payload")?.to_owned(),
        state: JobState::parse(row.text("state")?)?,
        progress: (row.int("progress_done")?, row.opt_int("progress_total")?),
        message: row.opt_text("message")?.map(str::to_owned),
        created: Millis::new(row.int("created")?),
        started: instant("started")?,
        finished: instant("finished")?,
        worker: row.opt_text("worker")?.map(str::to_owned),
        lease_until: instant("lease_until")?,
        attempts: row.int("attempts")?,
        cancel_requested: row.bool("cancel_requested")?,
    })
}
