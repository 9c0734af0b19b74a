//! Accounts and grants.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis, UnitId, Value};
use standard::Sensitivity;

use super::day;
use crate::model::{Account, AccountKind, AccountState, Grant, GrantId};

const ACCOUNT: &str = "SELECT id, login, display, state, created, language, kind, expires, home, last_used FROM account";

fn account_of(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        id: AccountId::new(row.int("id")?),
        login: row.text("login")?.to_owned(),
        display: row.text("display")?.to_owned(),
        state: AccountState::parse(row.text("state")?),
        created: Millis::new(row.int("created")?),
        language: row.opt_text("language")?.map(str::to_owned),
        kind: AccountKind::parse(row.text("kind")?),
        expires: row.opt_int("expires")?.map(day),
        home: row.opt_int("home")?.map(UnitId::new),
        last_used: row.opt_int("last_used")?.map(Millis::new),
    })
}

pub(crate) async fn count_accounts(tx: &mut Tx) -> Result<i64, DbError> {
    tx.fetch_one("SELECT count(*) AS accounts FROM account", &[])
        .await?
        .int("accounts")
}

pub(crate) async fn accounts(tx: &mut Tx) -> Result<Vec<Account>, DbError> {
    let rows = tx
        .fetch_all(&format!("{ACCOUNT} ORDER BY login"), &[])
        .await?;
    rows.iter().map(account_of).collect()
}

pub(crate) async fn account_by_login(tx: &mut Tx, login: &str) -> Result<Option<Account>, DbError> {
    let row = tx
        .fetch_optional(&format!("{ACCOUNT} WHERE login = $1"), &[login.into()])
        .await?;
    row.as_ref().map(account_of).transpose()
}

pub(crate) async fn account(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, DbError> {
    let row = tx
        .fetch_optional(&format!("{ACCOUNT} WHERE id = $1"), &[id.into()])
        .await?;
    row.as_ref().map(account_of).transpose()
}

/// The account a sign-in names, with the hash to verify against.
pub(crate) async fn password_of(
    tx: &mut Tx,
    login: &str,
) -> Result<Option<(AccountId, AccountState, String)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT id, state, password_hash FROM account WHERE login = $1",
            &[login.into()],
        )
        .await?;
    row.map(|row| {
        Ok((
            AccountId::new(row.int("id")?),
            AccountState::parse(row.text("state")?),
            row.text("password_hash")?.to_owned(),
        ))
    })
    .transpose()
}

pub(crate) async fn insert_account(
    tx: &mut Tx,
    account: &Account,
    password_hash: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account (id, login, display, password_hash, password_set, state, created, \
         language, kind, expires, home) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            account.id.into(),
            account.login.as_str().into(),
            account.display.as_str().into(),
            password_hash.into(),
            account.created.into(),
            account.state.as_str().into(),
            account.created.into(),
            account.language.as_deref().into(),
            account.kind.as_str().into(),
            account.expires.into(),
            account.home.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_password_hash(
    tx: &mut Tx,
    id: AccountId,
    hash: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account SET password_hash = $1, password_set = $2 WHERE id = $3",
        &[hash.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_state(
    tx: &mut Tx,
    id: AccountId,
    state: AccountState,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account SET state = $1 WHERE id = $2",
        &[state.as_str().into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_last_used(tx: &mut Tx, id: AccountId, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account SET last_used = $1 WHERE id = $2",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_grant_used(tx: &mut Tx, id: GrantId, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account_grant SET last_used = $1 WHERE id = $2",
        &[now.into(), id.0.into()],
    )
    .await?;
    Ok(())
}

// Grants

/// Those that nobody ended. A deputy's ends with the grant that it stands for, and while the holder of that
/// one is barred.
const GRANT: &str = "SELECT id, account, post, unit, line, datasets, sees, first_day, until, deputy_of, \
     last_used, given_by, given FROM account_grant WHERE ended IS NULL AND (deputy_of IS NULL OR EXISTS \
     (SELECT 1 FROM account_grant held JOIN account holder ON holder.id = held.account \
     WHERE held.id = account_grant.deputy_of AND held.ended IS NULL AND holder.state = 'active'))";

/// A word that no release knows shows the least.
fn sensitivity(word: &str) -> Sensitivity {
    Sensitivity::CHOICES
        .into_iter()
        .find(|(name, _)| *name == word)
        .map_or(Sensitivity::Public, |(_, sensitivity)| sensitivity)
}

fn grant_of(row: &Row) -> Result<Grant, DbError> {
    Ok(Grant {
        id: GrantId(row.int("id")?),
        account: AccountId::new(row.int("account")?),
        post: row.text("post")?.to_owned(),
        unit: row.opt_int("unit")?.map(UnitId::new),
        line: row.opt_text("line")?.map(str::to_owned),
        datasets: row
            .opt_text("datasets")?
            .map(|names| names.split_whitespace().map(str::to_owned).collect()),
        sees: row.opt_text("sees")?.map(sensitivity),
        from: row.opt_int("first_day")?.map(day),
        until: row.opt_int("until")?.map(day),
        deputy_of: row.opt_int("deputy_of")?.map(GrantId),
        last_used: row.opt_int("last_used")?.map(Millis::new),
        given_by: row.text("given_by")?.to_owned(),
        given: Millis::new(row.int("given")?),
    })
}

pub(crate) async fn grants(tx: &mut Tx) -> Result<Vec<Grant>, DbError> {
    let rows = tx
        .fetch_all(&format!("{GRANT} ORDER BY account_grant.id"), &[])
        .await?;
    rows.iter().map(grant_of).collect()
}

pub(crate) async fn grants_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Grant>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{GRANT} AND account = $1 ORDER BY account_grant.id"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(grant_of).collect()
}

/// The grants at units themselves (`None`: the whole node) of accounts that may sign in.
pub(crate) async fn grants_at(
    tx: &mut Tx,
    units: &[Option<UnitId>],
) -> Result<Vec<Grant>, DbError> {
    let params: Vec<Value> = units.iter().flatten().map(|unit| (*unit).into()).collect();
    let places: Vec<String> = (1..=params.len())
        .map(|place| format!("${place}"))
        .collect();
    let mut wanted = Vec::new();
    if !places.is_empty() {
        wanted.push(format!("unit IN ({})", places.join(", ")));
    }
    if units.contains(&None) {
        wanted.push("unit IS NULL".to_owned());
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .fetch_all(
            &format!(
                "{GRANT} AND ({}) AND account IN (SELECT id FROM account WHERE state = 'active') ORDER BY id",
                wanted.join(" OR ")
            ),
            &params,
        )
        .await?;
    rows.iter().map(grant_of).collect()
}

pub(crate) async fn grant(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>, DbError> {
    let row = tx
        .fetch_optional(&format!("{GRANT} AND id = $1"), &[id.0.into()])
        .await?;
    row.as_ref().map(grant_of).transpose()
}

/// A grant, also one that ended.
pub(crate) async fn any_grant(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT id, account, post, unit, line, datasets, sees, first_day, until, deputy_of, \
             last_used, given_by, given FROM account_grant WHERE id = $1",
            &[id.0.into()],
        )
        .await?;
    row.as_ref().map(grant_of).transpose()
}

/// The grants of the deputies of one.
pub(crate) async fn deputies_of(tx: &mut Tx, id: GrantId) -> Result<Vec<Grant>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{GRANT} AND deputy_of = $1 ORDER BY account_grant.id"),
            &[id.0.into()],
        )
        .await?;
    rows.iter().map(grant_of).collect()
}

pub(crate) async fn insert_grant(tx: &mut Tx, grant: &Grant) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_grant (id, account, post, unit, line, datasets, sees, first_day, until, \
         deputy_of, given_by, given) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            grant.id.0.into(),
            grant.account.into(),
            grant.post.as_str().into(),
            grant.unit.into(),
            grant.line.as_deref().into(),
            grant.datasets.as_ref().map(|names| names.join(" ")).into(),
            grant.sees.map(Sensitivity::as_str).into(),
            grant.from.into(),
            grant.until.into(),
            grant.deputy_of.map(|grant| grant.0).into(),
            grant.given_by.as_str().into(),
            grant.given.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end_grant(
    tx: &mut Tx,
    id: GrantId,
    by: &str,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account_grant SET ended = $1, ended_by = $2 WHERE id = $3 AND ended IS NULL",
        &[now.into(), by.into(), id.0.into()],
    )
    .await?;
    Ok(())
}
