//! Activation codes, hand-over slips, and what is asked about many accounts at once.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis};

use super::model::{Handover, HandoverState};
use crate::model::GrantId;

/// The account that stands for the first start in `account_activation`.
pub(crate) const FIRST_START: AccountId = AccountId::new(0);

/// Keeps a code for an account; earlier ones of it are void.
pub(crate) async fn put_code(
    tx: &mut Tx,
    code_hash: &str,
    account: AccountId,
    by: &str,
    now: Millis,
    expires: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM account_activation WHERE account = $1 AND used IS NULL",
        &[account.into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO account_activation (code_hash, account, made, made_by, expires) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            code_hash.into(),
            account.into(),
            now.into(),
            by.into(),
            expires.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The account whose code this is, while it may be used.
pub(crate) async fn account_of_code(
    tx: &mut Tx,
    code_hash: &str,
    now: Millis,
) -> Result<Option<AccountId>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT account FROM account_activation \
             WHERE code_hash = $1 AND used IS NULL AND expires > $2",
            &[code_hash.into(), now.into()],
        )
        .await?;
    row.map(|row| Ok(AccountId::new(row.int("account")?)))
        .transpose()
}

/// Uses a code up; whether it could still be used.
pub(crate) async fn use_code(tx: &mut Tx, code_hash: &str, now: Millis) -> Result<bool, DbError> {
    let used = tx
        .execute(
            "UPDATE account_activation SET used = $1 \
             WHERE code_hash = $2 AND used IS NULL AND expires > $1",
            &[now.into(), code_hash.into()],
        )
        .await?;
    Ok(used > 0)
}

/// Until when the open code of an account may be used.
pub(crate) async fn code_open_until(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<Option<Millis>, DbError> {
    let row = tx
        .fetch_one(
            "SELECT max(expires) AS expires FROM account_activation \
             WHERE account = $1 AND used IS NULL AND expires > $2",
            &[account.into(), now.into()],
        )
        .await?;
    Ok(row.opt_int("expires")?.map(Millis::new))
}

/// Forgets codes that can no longer be used.
pub(crate) async fn sweep(tx: &mut Tx, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM account_activation WHERE expires < $1",
        &[now.into()],
    )
    .await?;
    Ok(())
}

/// The accounts with a second factor that is proved and has not expired.
pub(crate) async fn with_factor(tx: &mut Tx, now: Millis) -> Result<Vec<AccountId>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT DISTINCT account FROM factor \
             WHERE ready <> 0 AND (expires IS NULL OR expires > $1)",
            &[now.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(AccountId::new(row.int("account")?)))
        .collect()
}

/// The sign-in names of a list that are taken.
pub(crate) async fn taken_logins(tx: &mut Tx, logins: &[String]) -> Result<Vec<String>, DbError> {
    const AT_ONCE: usize = 500;
    let mut taken = Vec::new();
    for part in logins.chunks(AT_ONCE) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let params: Vec<_> = part.iter().map(|login| login.as_str().into()).collect();
        let rows = tx
            .fetch_all(
                &format!(
                    "SELECT login FROM account WHERE login IN ({})",
                    places.join(", ")
                ),
                &params,
            )
            .await?;
        for row in &rows {
            taken.push(row.text("login")?.to_owned());
        }
    }
    Ok(taken)
}

const HANDOVER: &str =
    "SELECT id, giver, taker, grants, received, state, offered, decided FROM handover";

fn numbers(words: &str) -> Vec<GrantId> {
    words
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .map(GrantId)
        .collect()
}

fn words(grants: &[GrantId]) -> String {
    let numbers: Vec<String> = grants.iter().map(|grant| grant.0.to_string()).collect();
    numbers.join(" ")
}

fn handover_of(row: &Row) -> Result<Handover, DbError> {
    Ok(Handover {
        id: row.int("id")?,
        giver: AccountId::new(row.int("giver")?),
        taker: AccountId::new(row.int("taker")?),
        grants: numbers(row.text("grants")?),
        received: numbers(row.text("received")?),
        state: HandoverState::parse(row.text("state")?),
        offered: Millis::new(row.int("offered")?),
        decided: row.opt_int("decided")?.map(Millis::new),
    })
}

pub(crate) async fn insert_handover(tx: &mut Tx, handover: &Handover) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO handover (id, giver, taker, grants, received, state, offered) \
         VALUES ($1, $2, $3, $4, '', $5, $6)",
        &[
            handover.id.into(),
            handover.giver.into(),
            handover.taker.into(),
            words(&handover.grants).into(),
            handover.state.as_str().into(),
            handover.offered.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn handover(tx: &mut Tx, id: i64) -> Result<Option<Handover>, DbError> {
    let row = tx
        .fetch_optional(&format!("{HANDOVER} WHERE id = $1"), &[id.into()])
        .await?;
    row.as_ref().map(handover_of).transpose()
}

/// Slips that an account gave or was given, the latest first.
pub(crate) async fn handovers_of(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<Handover>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{HANDOVER} WHERE giver = $1 OR taker = $1 ORDER BY id DESC LIMIT 50"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(handover_of).collect()
}

/// Decides an open slip; whether it was still open.
pub(crate) async fn decide_handover(
    tx: &mut Tx,
    id: i64,
    state: HandoverState,
    received: &[GrantId],
    now: Millis,
) -> Result<bool, DbError> {
    let decided = tx
        .execute(
            "UPDATE handover SET state = $1, received = $2, decided = $3 \
             WHERE id = $4 AND state = 'offered'",
            &[
                state.as_str().into(),
                words(received).into(),
                now.into(),
                id.into(),
            ],
        )
        .await?;
    Ok(decided > 0)
}

/// Notes that all work of an accepted slip has passed.
pub(crate) async fn note_passed(tx: &mut Tx, id: i64, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE handover SET passed = $1 WHERE id = $2",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Accepted slips of which not all work has passed.
pub(crate) async fn handovers_to_pass(tx: &mut Tx) -> Result<Vec<Handover>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{HANDOVER} WHERE state = 'accepted' AND passed IS NULL ORDER BY id"),
            &[],
        )
        .await?;
    rows.iter().map(handover_of).collect()
}

/// Takes back the slips that nobody decided since they were offered.
pub(crate) async fn lapse_handovers(
    tx: &mut Tx,
    offered_until: Millis,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE handover SET state = 'withdrawn', decided = $1 \
         WHERE state = 'offered' AND offered <= $2",
        &[now.into(), offered_until.into()],
    )
    .await?;
    Ok(())
}
