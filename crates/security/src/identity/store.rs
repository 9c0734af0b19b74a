//! The SQL of sign-in through identity services.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis};

/// Someone who was sent to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) provider: String,
    /// What ties it to the browser that began it.
    pub(super) browser: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) next: String,
    /// The account to link; `None`: to sign in.
    pub(super) account: Option<AccountId>,
    pub(super) expires: Millis,
}

/// A link as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) provider: String,
    pub(crate) linked: Millis,
}

fn attempt_of(row: &Row) -> Result<Attempt, DbError> {
    Ok(Attempt {
        provider: row.text("provider")?.to_owned(),
        browser: row.text("browser")?.to_owned(),
        nonce: row.text("nonce")?.to_owned(),
        verifier: row.text("verifier")?.to_owned(),
        next: row.text("next")?.to_owned(),
        account: row.opt_int("account")?.map(AccountId::new),
        expires: Millis::new(row.int("expires")?),
    })
}

pub(super) async fn put_attempt(
    tx: &mut Tx,
    state_hash: &str,
    attempt: &Attempt,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO identity_attempt (state_hash, provider, browser, nonce, verifier, next, account, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            state_hash.into(),
            attempt.provider.as_str().into(),
            attempt.browser.as_str().into(),
            attempt.nonce.as_str().into(),
            attempt.verifier.as_str().into(),
            attempt.next.as_str().into(),
            attempt.account.into(),
            attempt.expires.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes an attempt away: it can be answered once.
pub(super) async fn take_attempt(
    tx: &mut Tx,
    state_hash: &str,
) -> Result<Option<Attempt>, DbError> {
    let row = tx
        .fetch_optional(
            "DELETE FROM identity_attempt WHERE state_hash = $1 \
             RETURNING provider, browser, nonce, verifier, next, account, expires",
            &[state_hash.into()],
        )
        .await?;
    row.as_ref().map(attempt_of).transpose()
}

pub(super) async fn account_of(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> Result<Option<AccountId>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT account FROM identity WHERE issuer = $1 AND subject = $2",
            &[issuer.into(), subject.into()],
        )
        .await?;
    row.map(|row| Ok(AccountId::new(row.int("account")?)))
        .transpose()
}

pub(super) async fn is_linked(
    tx: &mut Tx,
    issuer: &str,
    account: AccountId,
) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT provider FROM identity WHERE issuer = $1 AND account = $2",
            &[issuer.into(), account.into()],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn link(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    account: AccountId,
    provider: &str,
    by: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO identity (issuer, subject, account, provider, linked, linked_by) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            issuer.into(),
            subject.into(),
            account.into(),
            provider.into(),
            now.into(),
            by.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The links of an account, by the name of the service.
pub(super) async fn links_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Link>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT provider, linked FROM identity WHERE account = $1 ORDER BY provider",
            &[account.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Link {
                provider: row.text("provider")?.to_owned(),
                linked: Millis::new(row.int("linked")?),
            })
        })
        .collect()
}

/// Ends the links of an account with a service, or all of them; whether there was one.
pub(super) async fn unlink(
    tx: &mut Tx,
    account: AccountId,
    provider: Option<&str>,
) -> Result<bool, DbError> {
    let rows = tx
        .fetch_all(
            "DELETE FROM identity WHERE account = $1 AND ($2 = '' OR provider = $2) RETURNING provider",
            &[account.into(), provider.unwrap_or_default().into()],
        )
        .await?;
    Ok(!rows.is_empty())
}

pub(super) async fn note_session(tx: &mut Tx, session: i64, provider: &str) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO identity_session (session, provider) VALUES ($1, $2)",
        &[session.into(), provider.into()],
    )
    .await?;
    Ok(())
}

/// The service through which a session began.
pub(super) async fn provider_of(tx: &mut Tx, session: i64) -> Result<Option<String>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT provider FROM identity_session WHERE session = $1",
            &[session.into()],
        )
        .await?;
    row.map(|row| Ok(row.text("provider")?.to_owned()))
        .transpose()
}

/// Forgets those who did not come back, and sessions that ended.
pub(crate) async fn sweep(tx: &mut Tx, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM identity_attempt WHERE expires <= $1",
        &[now.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM identity_session WHERE session NOT IN (SELECT number FROM session)",
        &[],
    )
    .await?;
    Ok(())
}
