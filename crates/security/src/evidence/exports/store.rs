//! The SQL of export requests.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis, UnitId};
use standard::Sensitivity;

use crate::evidence::exports::model::{ExportId, ExportRequest, ExportState};

const REQUEST: &str = "SELECT id, account, unit, dataset, selection, persons, level, in_full, \
                       purpose, reason, state, asked, decided, decided_by, expires, downloads, \
                       recipient, trace FROM export_request";

fn request_of(row: &Row) -> Result<ExportRequest, DbError> {
    let level = row.text("level")?;
    let level = Sensitivity::CHOICES
        .iter()
        .find(|(word, _)| *word == level)
        .map_or(Sensitivity::Sensitive, |(_, level)| *level);
    Ok(ExportRequest {
        id: ExportId(row.int("id")?),
        account: AccountId::new(row.int("account")?),
        unit: row.opt_int("unit")?.map(UnitId::new),
        dataset: row.text("dataset")?.to_owned(),
        selection: row.text("selection")?.to_owned(),
        persons: row.int("persons")?,
        level,
        in_full: row.int("in_full")? == 1,
        purpose: row.text("purpose")?.to_owned(),
        reason: row.text("reason")?.to_owned(),
        state: ExportState::parse(row.text("state")?),
        asked: Millis::new(row.int("asked")?),
        decided: row.opt_int("decided")?.map(Millis::new),
        decided_by: row.opt_text("decided_by")?.unwrap_or_default().to_owned(),
        expires: Millis::new(row.int("expires")?),
        downloads: row.int("downloads")?,
        recipient: row.opt_text("recipient")?.unwrap_or_default().to_owned(),
        trace: row.opt_text("trace")?.unwrap_or_default().to_owned(),
    })
}

/// Writes a request. `link` is the sealed address at which its file is fetched.
pub(crate) async fn insert(
    tx: &mut Tx,
    request: &ExportRequest,
    link: Option<Vec<u8>>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO export_request (id, account, unit, dataset, selection, persons, level, in_full, \
         purpose, reason, state, asked, expires, downloads, recipient, link) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            request.id.0.into(),
            request.account.into(),
            request.unit.into(),
            request.dataset.as_str().into(),
            request.selection.as_str().into(),
            request.persons.into(),
            request.level.as_str().into(),
            i64::from(request.in_full).into(),
            request.purpose.as_str().into(),
            request.reason.as_str().into(),
            request.state.as_str().into(),
            request.asked.into(),
            request.expires.into(),
            request.downloads.into(),
            request.recipient.as_str().into(),
            link.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn request(tx: &mut Tx, id: ExportId) -> Result<Option<ExportRequest>, DbError> {
    let row = tx
        .fetch_optional(&format!("{REQUEST} WHERE id = $1"), &[id.0.into()])
        .await?;
    row.as_ref().map(request_of).transpose()
}

/// The latest 200 of an account.
pub(crate) async fn of_account(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<ExportRequest>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{REQUEST} WHERE account = $1 ORDER BY id DESC LIMIT 200"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(request_of).collect()
}

/// Those that wait, the oldest first.
pub(crate) async fn asked(tx: &mut Tx) -> Result<Vec<ExportRequest>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{REQUEST} WHERE state = $1 ORDER BY id"),
            &[ExportState::Asked.as_str().into()],
        )
        .await?;
    rows.iter().map(request_of).collect()
}

/// Writes a decision on a request that waits; whether it did.
pub(crate) async fn decide(
    tx: &mut Tx,
    id: ExportId,
    state: ExportState,
    by: &str,
    now: Millis,
    expires: Millis,
) -> Result<bool, DbError> {
    let decided = tx
        .execute(
            "UPDATE export_request SET state = $1, decided_by = $2, decided = $3, expires = $4 \
             WHERE id = $5 AND state = $6",
            &[
                state.as_str().into(),
                by.into(),
                now.into(),
                expires.into(),
                id.0.into(),
                ExportState::Asked.as_str().into(),
            ],
        )
        .await?;
    Ok(decided > 0)
}

/// The sealed address at which the file of a request is fetched.
pub(crate) async fn link(tx: &mut Tx, id: ExportId) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT link FROM export_request WHERE id = $1",
            &[id.0.into()],
        )
        .await?;
    match row {
        Some(row) => Ok(row.opt_bytes("link")?.map(<[u8]>::to_vec)),
        None => Ok(None),
    }
}

pub(crate) async fn count_download(tx: &mut Tx, id: ExportId, trace: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE export_request SET downloads = downloads + 1, trace = $1 WHERE id = $2",
        &[trace.into(), id.0.into()],
    )
    .await?;
    Ok(())
}
