//! The SQL of factors, codes and half-done sign-ins.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis, Value};

use super::model::{Factor, FactorId, FactorKind, Pending, Safety, SentCode, SetBy, StoredFactor};

// Accounts

pub(crate) async fn safety(tx: &mut Tx, account: AccountId) -> Result<Safety, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT must_change, demanded_since, handle FROM account_safety WHERE account = $1",
            &[account.into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Safety {
            set_by: SetBy::Holder,
            demanded_since: None,
            handle: None,
        });
    };
    Ok(Safety {
        set_by: SetBy::parse(row.int("must_change")?),
        demanded_since: row.opt_int("demanded_since")?.map(Millis::new),
        handle: row.opt_text("handle")?.map(str::to_owned),
    })
}

pub(crate) async fn put_set_by(
    tx: &mut Tx,
    account: AccountId,
    set_by: SetBy,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_safety (account, must_change) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET must_change = excluded.must_change",
        &[account.into(), set_by.as_number().into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn put_demanded_since(
    tx: &mut Tx,
    account: AccountId,
    since: Option<Millis>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_safety (account, demanded_since) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET demanded_since = excluded.demanded_since",
        &[account.into(), since.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn put_handle(
    tx: &mut Tx,
    account: AccountId,
    handle: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_safety (account, handle) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET handle = excluded.handle",
        &[account.into(), handle.into()],
    )
    .await?;
    Ok(())
}

/// When the present password was set, and its hash.
pub(crate) async fn password(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Option<(Millis, String)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT password_set, password_hash FROM account WHERE id = $1",
            &[account.into()],
        )
        .await?;
    row.map(|row| {
        Ok((
            Millis::new(row.int("password_set")?),
            row.text("password_hash")?.to_owned(),
        ))
    })
    .transpose()
}

/// The hashes of former passwords, the last one first.
pub(crate) async fn past_passwords(
    tx: &mut Tx,
    account: AccountId,
    most: i64,
) -> Result<Vec<String>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT hash FROM password_past WHERE account = $1 ORDER BY changed DESC LIMIT $2",
            &[account.into(), most.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(row.text("hash")?.to_owned()))
        .collect()
}

/// Remembers the present password as a former one.
pub(crate) async fn keep_password(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO password_past (account, changed, hash) \
         SELECT id, CAST($1 AS BIGINT), password_hash FROM account WHERE id = $2",
        &[now.into(), account.into()],
    )
    .await?;
    // Twenty-four is the most that a policy may ask for.
    tx.execute(
        "DELETE FROM password_past WHERE account = $1 AND changed NOT IN \
         (SELECT changed FROM password_past WHERE account = $1 ORDER BY changed DESC LIMIT 24)",
        &[account.into()],
    )
    .await?;
    Ok(())
}

// Factors

const FACTOR: &str = "SELECT id, account, kind, label, mark, secret, counter, ready, expires, made, used FROM factor";

fn factor_of(row: &Row) -> Result<StoredFactor, DbError> {
    let kind = row.text("kind")?;
    Ok(StoredFactor {
        factor: Factor {
            id: FactorId(row.int("id")?),
            account: AccountId::new(row.int("account")?),
            kind: FactorKind::parse(kind)
                .ok_or_else(|| DbError::query(format!("there is no kind of factor `{kind}`")))?,
            label: row.text("label")?.to_owned(),
            ready: row.bool("ready")?,
            made: Millis::new(row.int("made")?),
            used: row.opt_int("used")?.map(Millis::new),
            expires: row.opt_int("expires")?.map(Millis::new),
        },
        mark: row.opt_text("mark")?.map(str::to_owned),
        secret: row.bytes("secret")?.to_vec(),
        counter: row.int("counter")?,
    })
}

pub(crate) async fn factors(tx: &mut Tx, account: AccountId) -> Result<Vec<StoredFactor>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{FACTOR} WHERE account = $1 ORDER BY id"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(factor_of).collect()
}

/// The factors of all accounts.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<Factor>, DbError> {
    let rows = tx
        .fetch_all(&format!("{FACTOR} ORDER BY account, id"), &[])
        .await?;
    let stored: Result<Vec<StoredFactor>, DbError> = rows.iter().map(factor_of).collect();
    Ok(stored?.into_iter().map(|stored| stored.factor).collect())
}

/// The passkey or certificate with a mark, whoever has it.
pub(crate) async fn factor_by_mark(
    tx: &mut Tx,
    kind: FactorKind,
    mark: &str,
) -> Result<Option<StoredFactor>, DbError> {
    let row = tx
        .fetch_optional(
            &format!("{FACTOR} WHERE kind = $1 AND mark = $2"),
            &[kind.as_str().into(), mark.into()],
        )
        .await?;
    row.as_ref().map(factor_of).transpose()
}

pub(crate) async fn insert_factor(tx: &mut Tx, factor: &StoredFactor) -> Result<(), DbError> {
    let plain = &factor.factor;
    tx.execute(
        "INSERT INTO factor (id, account, kind, label, mark, secret, counter, ready, expires, made, used) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            plain.id.0.into(),
            plain.account.into(),
            plain.kind.as_str().into(),
            plain.label.as_str().into(),
            factor.mark.as_deref().into(),
            factor.secret.as_slice().into(),
            factor.counter.into(),
            plain.ready.into(),
            plain.expires.into(),
            plain.made.into(),
            plain.used.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes a use: only where the counter goes up, so that one code serves once even for two at once; whether
/// it did. A passkey that does not count keeps 0.
pub(crate) async fn use_factor(
    tx: &mut Tx,
    id: FactorId,
    counter: i64,
    now: Millis,
) -> Result<bool, DbError> {
    let used = tx
        .execute(
            "UPDATE factor SET counter = $1, used = $2, ready = 1 \
             WHERE id = $3 AND (counter < $1 OR (counter = 0 AND $1 = 0))",
            &[counter.into(), now.into(), id.0.into()],
        )
        .await?;
    Ok(used > 0)
}

pub(crate) async fn delete_factor(
    tx: &mut Tx,
    account: AccountId,
    id: FactorId,
) -> Result<bool, DbError> {
    let gone = tx
        .execute(
            "DELETE FROM factor WHERE account = $1 AND id = $2",
            &[account.into(), id.0.into()],
        )
        .await?;
    Ok(gone > 0)
}

/// Takes away factors of a kind that were never proved.
pub(crate) async fn delete_unproved(
    tx: &mut Tx,
    account: AccountId,
    kind: FactorKind,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM factor WHERE account = $1 AND kind = $2 AND ready = 0",
        &[account.into(), kind.as_str().into()],
    )
    .await?;
    Ok(())
}

/// Takes away all factors and recovery codes; how many factors there were.
pub(crate) async fn delete_factors(tx: &mut Tx, account: AccountId) -> Result<u64, DbError> {
    for sql in [
        "DELETE FROM recovery_code WHERE account = $1",
        "DELETE FROM factor_code WHERE account = $1",
        "DELETE FROM signin_pending WHERE account = $1",
    ] {
        tx.execute(sql, &[account.into()]).await?;
    }
    tx.execute("DELETE FROM factor WHERE account = $1", &[account.into()])
        .await
}

// Recovery codes

pub(crate) async fn put_recovery(
    tx: &mut Tx,
    account: AccountId,
    marks: &[String],
    now: Millis,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM recovery_code WHERE account = $1",
        &[account.into()],
    )
    .await?;
    for mark in marks {
        tx.execute(
            "INSERT INTO recovery_code (account, mark, made) VALUES ($1, $2, $3)",
            &[account.into(), mark.as_str().into(), now.into()],
        )
        .await?;
    }
    Ok(())
}

/// How many are left.
pub(crate) async fn recovery_left(tx: &mut Tx, account: AccountId) -> Result<i64, DbError> {
    tx.fetch_one(
        "SELECT count(*) AS left_over FROM recovery_code WHERE account = $1 AND used IS NULL",
        &[account.into()],
    )
    .await?
    .int("left_over")
}

/// Uses one up; whether there was it.
pub(crate) async fn use_recovery(
    tx: &mut Tx,
    account: AccountId,
    mark: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let used = tx
        .execute(
            "UPDATE recovery_code SET used = $1 WHERE account = $2 AND mark = $3 AND used IS NULL",
            &[now.into(), account.into(), mark.into()],
        )
        .await?;
    Ok(used > 0)
}

// Half-done sign-ins

pub(crate) async fn insert_pending(
    tx: &mut Tx,
    token_hash: &str,
    pending: &Pending,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO signin_pending (token_hash, account, by_password, expires, tries) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            token_hash.into(),
            pending.account.into(),
            pending.by_password.into(),
            pending.expires.into(),
            pending.tries.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn pending(tx: &mut Tx, token_hash: &str) -> Result<Option<Pending>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT account, by_password, expires, tries FROM signin_pending WHERE token_hash = $1",
            &[token_hash.into()],
        )
        .await?;
    row.map(|row| {
        Ok(Pending {
            account: AccountId::new(row.int("account")?),
            by_password: row.bool("by_password")?,
            expires: Millis::new(row.int("expires")?),
            tries: row.int("tries")?,
        })
    })
    .transpose()
}

/// Counts one more try; how many there were with it.
pub(crate) async fn try_pending(tx: &mut Tx, token_hash: &str) -> Result<Option<i64>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE signin_pending SET tries = tries + 1 WHERE token_hash = $1 RETURNING tries",
            &[token_hash.into()],
        )
        .await?;
    row.map(|row| row.int("tries")).transpose()
}

pub(crate) async fn delete_pending(tx: &mut Tx, token_hash: &str) -> Result<bool, DbError> {
    let gone = tx
        .execute(
            "DELETE FROM signin_pending WHERE token_hash = $1",
            &[token_hash.into()],
        )
        .await?;
    Ok(gone > 0)
}

// Codes on their way

fn code_of(row: &Row) -> Result<SentCode, DbError> {
    Ok(SentCode {
        number: row.int("number")?,
        account: AccountId::new(row.int("account")?),
        factor: FactorId(row.int("factor")?),
        mark: row.text("mark")?.to_owned(),
        target: row.text("target")?.to_owned(),
        place: row.text("place")?.to_owned(),
        sent: Millis::new(row.int("sent")?),
        expires: Millis::new(row.int("expires")?),
        tries: row.int("tries")?,
    })
}

const CODE: &str =
    "SELECT number, account, factor, mark, target, place, sent, expires, tries FROM factor_code";

/// The codes that count for the rate: of an account, to an address, asked for from a place.
pub(crate) async fn recent_codes(
    tx: &mut Tx,
    account: AccountId,
    target: &str,
    place: &str,
    since: Millis,
) -> Result<Vec<SentCode>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{CODE} WHERE sent >= $1 AND (account = $2 OR target = $3 OR place = $4)"),
            &[since.into(), account.into(), target.into(), place.into()],
        )
        .await?;
    rows.iter().map(code_of).collect()
}

pub(crate) async fn insert_code(tx: &mut Tx, code: &SentCode) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO factor_code (number, account, factor, mark, target, place, sent, expires, tries) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            code.number.into(),
            code.account.into(),
            code.factor.0.into(),
            code.mark.as_str().into(),
            code.target.as_str().into(),
            code.place.as_str().into(),
            code.sent.into(),
            code.expires.into(),
            code.tries.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The last code of a factor, with one more try counted.
pub(crate) async fn try_code(tx: &mut Tx, factor: FactorId) -> Result<Option<SentCode>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE factor_code SET tries = tries + 1 WHERE number = \
             (SELECT max(number) FROM factor_code WHERE factor = $1) \
             RETURNING number, account, factor, mark, target, place, sent, expires, tries",
            &[factor.0.into()],
        )
        .await?;
    row.as_ref().map(code_of).transpose()
}

/// Uses a code up; it still counts for the rate.
pub(crate) async fn spend_code(tx: &mut Tx, number: i64, mark: &str) -> Result<bool, DbError> {
    let spent = tx
        .execute(
            "UPDATE factor_code SET mark = '-' WHERE number = $1 AND mark = $2",
            &[number.into(), mark.into()],
        )
        .await?;
    Ok(spent > 0)
}

// Challenges

/// Notes that a challenge was answered; whether it is the first time.
pub(crate) async fn spend_challenge(
    tx: &mut Tx,
    mark: &str,
    until: Millis,
) -> Result<bool, DbError> {
    let first = tx
        .execute(
            "INSERT INTO factor_spent (mark, until) VALUES ($1, $2) ON CONFLICT (mark) DO NOTHING",
            &[mark.into(), until.into()],
        )
        .await?;
    Ok(first > 0)
}

// Gateways

pub(crate) async fn gateway(tx: &mut Tx, kind: FactorKind) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT settings FROM factor_gateway WHERE kind = $1",
            &[kind.as_str().into()],
        )
        .await?;
    row.map(|row| Ok(row.bytes("settings")?.to_vec()))
        .transpose()
}

pub(crate) async fn put_gateway(
    tx: &mut Tx,
    kind: FactorKind,
    settings: Option<&[u8]>,
    now: Millis,
) -> Result<(), DbError> {
    let kind = Value::from(kind.as_str());
    let Some(settings) = settings else {
        tx.execute("DELETE FROM factor_gateway WHERE kind = $1", &[kind])
            .await?;
        return Ok(());
    };
    tx.execute(
        "INSERT INTO factor_gateway (kind, settings, changed) VALUES ($1, $2, $3) \
         ON CONFLICT (kind) DO UPDATE SET settings = excluded.settings, changed = excluded.changed",
        &[kind, settings.into(), now.into()],
    )
    .await?;
    Ok(())
}

// Sessions

/// Gives a session another token.
pub(crate) async fn renew_session(
    tx: &mut Tx,
    number: i64,
    token_hash: &str,
) -> Result<bool, DbError> {
    let renewed = tx
        .execute(
            "UPDATE session SET token_hash = $1 WHERE number = $2",
            &[token_hash.into(), number.into()],
        )
        .await?;
    Ok(renewed > 0)
}

pub(crate) async fn confirm_session(tx: &mut Tx, number: i64, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET confirmed = $1 WHERE number = $2",
        &[now.into(), number.into()],
    )
    .await?;
    Ok(())
}

/// Forgets what has run out.
pub(crate) async fn sweep(tx: &mut Tx, now: Millis, codes_before: Millis) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM signin_pending WHERE expires < $1",
        &[now.into()],
    )
    .await?;
    tx.execute("DELETE FROM factor_spent WHERE until < $1", &[now.into()])
        .await?;
    tx.execute(
        "DELETE FROM factor_code WHERE sent < $1",
        &[codes_before.into()],
    )
    .await?;
    Ok(())
}
