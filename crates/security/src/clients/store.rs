//! The SQL of programs that are let in.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Day, Millis};

use crate::model::GrantId;

/// A program that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) grant: GrantId,
    /// The words of its scopes.
    pub(crate) scopes: String,
    /// Only these datasets; `None`: all that the post reaches.
    pub(crate) datasets: Option<Vec<String>>,
    /// The first day on which it may no longer act.
    pub(crate) expires: Day,
    /// When it got a token last.
    pub(crate) used: Option<Millis>,
    pub(crate) secret_made: Millis,
    pub(crate) created: Millis,
    pub(crate) ended: Option<Millis>,
}

const CLIENT: &str = "SELECT id, account, grant_id, scopes, datasets, expires, used, secret_hash, secret_made, created, ended FROM api_client";

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn day(number: i64) -> Day {
    // A day out of range has passed: such a program is let in no more.
    Day::new(i32::try_from(number).unwrap_or(i32::MIN))
}

fn client_of(row: &Row) -> Result<Client, DbError> {
    Ok(Client {
        id: row.text("id")?.to_owned(),
        account: AccountId::new(row.int("account")?),
        grant: GrantId(row.int("grant_id")?),
        scopes: row.text("scopes")?.to_owned(),
        datasets: row.opt_text("datasets")?.map(words),
        expires: day(row.int("expires")?),
        used: row.opt_int("used")?.map(Millis::new),
        secret_made: Millis::new(row.int("secret_made")?),
        created: Millis::new(row.int("created")?),
        ended: row.opt_int("ended")?.map(Millis::new),
    })
}

pub(super) async fn insert(tx: &mut Tx, client: &Client, secret_hash: &str) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO api_client (id, account, grant_id, scopes, datasets, expires, secret_hash, secret_made, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            client.id.as_str().into(),
            client.account.into(),
            client.grant.0.into(),
            client.scopes.as_str().into(),
            client.datasets.as_ref().map(|names| names.join(" ")).as_deref().into(),
            i64::from(client.expires.get()).into(),
            secret_hash.into(),
            client.secret_made.into(),
            client.created.into(),
        ],
    )
    .await?;
    Ok(())
}

/// All of them, the newest first.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Client>, DbError> {
    let rows = tx
        .fetch_all(&format!("{CLIENT} ORDER BY created DESC, id"), &[])
        .await?;
    rows.iter().map(client_of).collect()
}

pub(super) async fn named(tx: &mut Tx, id: &str) -> Result<Option<Client>, DbError> {
    let row = tx
        .fetch_optional(&format!("{CLIENT} WHERE id = $1"), &[id.into()])
        .await?;
    row.as_ref().map(client_of).transpose()
}

/// A program that has not ended, with the hash of its secret.
pub(super) async fn with_secret(
    tx: &mut Tx,
    id: &str,
) -> Result<Option<(Client, String)>, DbError> {
    let row = tx
        .fetch_optional(
            &format!("{CLIENT} WHERE id = $1 AND ended IS NULL"),
            &[id.into()],
        )
        .await?;
    row.map(|row| Ok((client_of(&row)?, row.text("secret_hash")?.to_owned())))
        .transpose()
}

pub(super) async fn set_secret(
    tx: &mut Tx,
    id: &str,
    secret_hash: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE api_client SET secret_hash = $1, secret_made = $2 WHERE id = $3",
        &[secret_hash.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_used(tx: &mut Tx, id: &str, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE api_client SET used = $1 WHERE id = $2",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn end(tx: &mut Tx, id: &str, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE api_client SET ended = $1 WHERE id = $2 AND ended IS NULL",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_token(
    tx: &mut Tx,
    token_hash: &str,
    client: &str,
    scopes: &str,
    issued: Millis,
    expires: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO api_token (token_hash, client, scopes, issued, expires) VALUES ($1, $2, $3, $4, $5)",
        &[
            token_hash.into(),
            client.into(),
            scopes.into(),
            issued.into(),
            expires.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The program and the scopes of a token that holds now.
pub(super) async fn token(
    tx: &mut Tx,
    token_hash: &str,
    now: Millis,
) -> Result<Option<(Client, String)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT c.id AS id, c.account AS account, c.grant_id AS grant_id, t.scopes AS scopes, \
             c.datasets AS datasets, c.expires AS expires, c.used AS used, c.secret_made AS secret_made, c.created AS created, c.ended AS ended, c.scopes AS allowed \
             FROM api_token t JOIN api_client c ON c.id = t.client \
             WHERE t.token_hash = $1 AND t.expires > $2 AND c.ended IS NULL",
            &[token_hash.into(), now.into()],
        )
        .await?;
    row.map(|row| {
        let mut client = client_of(&row)?;
        let scopes = std::mem::replace(&mut client.scopes, row.text("allowed")?.to_owned());
        Ok((client, scopes))
    })
    .transpose()
}

/// Takes a token of a program back, or all of its tokens.
pub(super) async fn delete_tokens(
    tx: &mut Tx,
    client: &str,
    token_hash: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM api_token WHERE client = $1 AND ($2 = '' OR token_hash = $2)",
        &[client.into(), token_hash.unwrap_or_default().into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn sweep(tx: &mut Tx, now: Millis) -> Result<(), DbError> {
    tx.execute("DELETE FROM api_token WHERE expires <= $1", &[now.into()])
        .await?;
    Ok(())
}
