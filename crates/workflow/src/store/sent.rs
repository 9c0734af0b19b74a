//! Statements on what is to be sent and on attached files.

use std::collections::BTreeSet;

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis, Value};

use crate::model::CaseId;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) channel: String,
    pub(crate) target: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) kind: String,
    pub(crate) case: Option<i64>,
    pub(crate) link: String,
    pub(crate) created: Millis,
    pub(crate) attempts: i64,
}

pub(crate) async fn insert_delivery(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_delivery (id, channel, target, account, kind, case_id, link, created, state, attempts, wake) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $8)",
        &[
            delivery.id.into(),
            delivery.channel.as_str().into(),
            delivery.target.as_str().into(),
            delivery.account.into(),
            delivery.kind.as_str().into(),
            delivery.case.into(),
            delivery.link.as_str().into(),
            delivery.created.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn waiting_deliveries(
    tx: &mut Tx,
    now: Millis,
    most: i64,
) -> Result<Vec<i64>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT id FROM workflow_delivery WHERE state = 'waiting' AND wake <= $1 ORDER BY wake, id LIMIT $2",
            &[now.into(), most.into()],
        )
        .await?;
    rows.iter().map(|row| row.int("id")).collect()
}

/// Takes a delivery that waits, until `lease`; `None` where another worker has it.
pub(crate) async fn claim_delivery(
    tx: &mut Tx,
    id: i64,
    now: Millis,
    lease: Millis,
) -> Result<Option<Delivery>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE workflow_delivery SET attempts = attempts + 1, wake = $1 \
             WHERE id = $2 AND state = 'waiting' AND wake <= $3 \
             RETURNING id, channel, target, account, kind, case_id, link, created, attempts",
            &[lease.into(), id.into(), now.into()],
        )
        .await?;
    row.map(|row| {
        Ok(Delivery {
            id: row.int("id")?,
            channel: row.text("channel")?.to_owned(),
            target: row.text("target")?.to_owned(),
            account: row.opt_int("account")?.map(AccountId::new),
            kind: row.text("kind")?.to_owned(),
            case: row.opt_int("case_id")?,
            link: row.text("link")?.to_owned(),
            created: Millis::new(row.int("created")?),
            attempts: row.int("attempts")?,
        })
    })
    .transpose()
}

pub(crate) async fn finish_delivery(
    tx: &mut Tx,
    id: i64,
    state: &str,
    code: Option<&str>,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE workflow_delivery SET state = $1, code = $2, finished = $3 WHERE id = $4",
        &[state.into(), code.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delay_delivery(
    tx: &mut Tx,
    id: i64,
    wake: Millis,
    code: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE workflow_delivery SET wake = $1, code = $2 WHERE id = $3 AND state = 'waiting'",
        &[wake.into(), code.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Forgets what was sent or given up before a moment.
pub(crate) async fn forget_deliveries(tx: &mut Tx, before: Millis) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM workflow_delivery WHERE state <> 'waiting' AND finished < $1",
        &[before.into()],
    )
    .await
}

// Addresses

pub(crate) async fn mail_of(tx: &mut Tx, account: AccountId) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT mail FROM workflow_address WHERE account = $1",
            &[account.into()],
        )
        .await?;
    row.map(|row| Ok(row.bytes("mail")?.to_vec())).transpose()
}

pub(crate) async fn put_mail(
    tx: &mut Tx,
    account: AccountId,
    mail: Option<Vec<u8>>,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM workflow_address WHERE account = $1",
        &[account.into()],
    )
    .await?;
    if let Some(mail) = mail {
        tx.execute(
            "INSERT INTO workflow_address (account, mail, changed) VALUES ($1, $2, $3)",
            &[account.into(), mail.into(), now.into()],
        )
        .await?;
    }
    Ok(())
}

/// Those of some accounts that want their notices by mail.
pub(crate) async fn accounts_with_mail(
    tx: &mut Tx,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<AccountId>, DbError> {
    const AT_ONCE: usize = 500;
    let all: Vec<AccountId> = accounts.iter().copied().collect();
    let mut found = Vec::new();
    for chunk in all.chunks(AT_ONCE) {
        let places: Vec<String> = (1..=chunk.len()).map(|place| format!("${place}")).collect();
        let params: Vec<Value> = chunk.iter().map(|account| (*account).into()).collect();
        let rows = tx
            .fetch_all(
                &format!(
                    "SELECT account FROM workflow_address WHERE account IN ({}) ORDER BY account",
                    places.join(", ")
                ),
                &params,
            )
            .await?;
        for row in &rows {
            found.push(AccountId::new(row.int("account")?));
        }
    }
    Ok(found)
}

// Files

/// A file of a case, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFile {
    pub(crate) id: i64,
    pub(crate) case: CaseId,
    pub(crate) name: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) bytes: i64,
    pub(crate) digest: Vec<u8>,
    pub(crate) stored: String,
    pub(crate) added: Millis,
    pub(crate) added_by: Option<AccountId>,
}

const FILE: &str =
    "SELECT f.id, f.case_id, f.name, f.kind, f.bytes, f.digest, f.stored, f.added, f.added_by";

fn file_of(row: &Row) -> Result<StoredFile, DbError> {
    Ok(StoredFile {
        id: row.int("id")?,
        case: CaseId(row.int("case_id")?),
        name: row.bytes("name")?.to_vec(),
        kind: row.text("kind")?.to_owned(),
        bytes: row.int("bytes")?,
        digest: row.bytes("digest")?.to_vec(),
        stored: row.text("stored")?.to_owned(),
        added: Millis::new(row.int("added")?),
        added_by: row.opt_int("added_by")?.map(AccountId::new),
    })
}

pub(crate) async fn insert_file(tx: &mut Tx, file: &StoredFile) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_file (id, case_id, name, kind, bytes, digest, stored, added, added_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            file.id.into(),
            file.case.0.into(),
            file.name.clone().into(),
            file.kind.as_str().into(),
            file.bytes.into(),
            file.digest.clone().into(),
            file.stored.as_str().into(),
            file.added.into(),
            file.added_by.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The files of a case that are there.
pub(crate) async fn files(tx: &mut Tx, case: CaseId) -> Result<Vec<StoredFile>, DbError> {
    let rows = tx
        .fetch_all(
            &format!(
                "{FILE} FROM workflow_file f WHERE f.case_id = $1 AND f.gone IS NULL ORDER BY f.id"
            ),
            &[case.0.into()],
        )
        .await?;
    rows.iter().map(file_of).collect()
}

/// Notes that a file is gone; false where it was.
pub(crate) async fn remove_file(tx: &mut Tx, id: i64, now: Millis) -> Result<bool, DbError> {
    let removed = tx
        .execute(
            "UPDATE workflow_file SET gone = $1 WHERE id = $2 AND gone IS NULL",
            &[now.into(), id.into()],
        )
        .await?;
    Ok(removed == 1)
}

/// Files of cases that are over, the longest ago first, each with when its case ended.
pub(crate) async fn files_of_ended(
    tx: &mut Tx,
    now: Millis,
    most: i64,
    skipped: i64,
) -> Result<Vec<(StoredFile, CaseId, Millis)>, DbError> {
    let rows = tx
        .fetch_all(
            &format!(
                "{FILE}, c.ended FROM workflow_file f JOIN workflow_case c ON c.id = f.case_id \
                 WHERE f.gone IS NULL AND c.ended IS NOT NULL AND c.ended <= $1 ORDER BY c.ended, f.id LIMIT $2 OFFSET $3"
            ),
            &[now.into(), most.into(), skipped.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let file = file_of(row)?;
            let case = file.case;
            Ok((file, case, Millis::new(row.int("ended")?)))
        })
        .collect()
}

/// Whether a file of that name is one of a case, and not gone.
pub(crate) async fn is_file_known(tx: &mut Tx, stored: &str) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM workflow_file WHERE stored = $1 AND gone IS NULL",
            &[stored.into()],
        )
        .await?;
    Ok(row.is_some())
}
