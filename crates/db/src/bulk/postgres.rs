//! PostgreSQL's half: `COPY` in, arrays of keys.

use std::io::Write as _;
use std::ops::Range;

use kernel::Value;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection};

use super::Lookup;
use super::rows::Load;
use crate::statement::refuse_nul;
use crate::{DbError, Row, postgres};

/// Bytes sent to the server at a time.
const PIECE: usize = 1 << 18;
/// Keys sent in one statement.
const KEYS_AT_ONCE: usize = 20_000;

pub(super) async fn insert(
    connection: &mut PgConnection,
    into: &str,
    load: &Load<'_>,
) -> Result<u64, DbError> {
    let mut copy = connection
        .copy_in_raw(&format!("COPY {into} FROM STDIN"))
        .await?;
    let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
    for row in load.all() {
        if let Err(error) = write_row(&mut piece, row) {
            copy.abort("a value cannot be stored").await?;
            return Err(error);
        }
        if piece.len() >= PIECE {
            copy.send(piece.as_slice()).await?;
            piece.clear();
        }
    }
    copy.send(piece.as_slice()).await?;
    Ok(copy.finish().await?)
}

/// One line of the text format of `COPY`: tabs between values, `\N` for NULL, backslashes before
/// the characters that mean something.
fn write_row(piece: &mut Vec<u8>, row: &[Value]) -> Result<(), DbError> {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            piece.push(b'\t');
        }
        match value {
            Value::Null => piece.extend_from_slice(b"\\N"),
            Value::Int(number) => {
                write!(piece, "{number}").map_err(|error| DbError::query(error.to_string()))?;
            }
            Value::Text(text) => {
                refuse_nul(value, place)?;
                write_text(piece, text.as_bytes());
            }
            Value::Bytes(bytes) => write_hex(piece, bytes),
        }
    }
    piece.push(b'\n');
    Ok(())
}

fn write_text(piece: &mut Vec<u8>, text: &[u8]) {
    let is_special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
    if !text.iter().any(is_special) {
        piece.extend_from_slice(text);
        return;
    }
    for byte in text {
        match byte {
            b'\\' => piece.extend_from_slice(b"\\\\"),
            b'\t' => piece.extend_from_slice(b"\\t"),
            b'\n' => piece.extend_from_slice(b"\\n"),
            b'\r' => piece.extend_from_slice(b"\\r"),
            plain => piece.push(*plain),
        }
    }
}

fn write_hex(piece: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |half: u8| {
        if half < 10 {
            b'0' + half
        } else {
            b'a' + half - 10
        }
    };
    piece.extend_from_slice(b"\\\\x");
    for byte in bytes {
        piece.push(digit(byte >> 4));
        piece.push(digit(byte & 0x0f));
    }
}

pub(super) async fn update(
    connection: &mut PgConnection,
    lookup: &Lookup<'_>,
    set: &str,
    value: &Value,
) -> Result<u64, DbError> {
    let (from, meets) = joined(lookup, 2)?;
    let sql = format!(
        "UPDATE {} SET {set} = $1 FROM {from} WHERE {meets}",
        lookup.table
    );
    let mut total = 0;
    for chunk in lookup.keys.chunks(KEYS_AT_ONCE) {
        let mut arguments = PgArguments::default();
        postgres::add_untyped(&mut arguments, value)?;
        add_keys(&mut arguments, &lookup.keys, &chunk)?;
        // Not kept: the kind of the value may differ the next time.
        let query = sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments).persistent(false);
        total += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(total)
}

pub(super) async fn fetch(
    connection: &mut PgConnection,
    lookup: &Lookup<'_>,
    chosen: &str,
    condition: &str,
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let (from, meets) = joined(lookup, 1)?;
    // A key that is listed twice must not give its rows twice.
    let mut sql = format!(
        "SELECT {chosen} FROM {} WHERE EXISTS (SELECT 1 FROM {from} WHERE {meets})",
        lookup.table
    );
    if !condition.is_empty() {
        sql.push_str(&format!(" AND ({condition})"));
    }
    for chunk in lookup.keys.chunks(KEYS_AT_ONCE) {
        let mut arguments = PgArguments::default();
        add_keys(&mut arguments, &lookup.keys, &chunk)?;
        let query = sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments).persistent(false);
        postgres::stream_rows(query.fetch(&mut *connection), each).await?;
    }
    Ok(())
}

/// `unnest($2::bigint[], …) AS keys (k0, …)` and the condition that ties it to the table.
fn joined(lookup: &Lookup<'_>, first: usize) -> Result<(String, String), DbError> {
    let example = lookup.keys.rows.row(0);
    let mut arrays = Vec::new();
    let mut names = Vec::new();
    let mut conditions = Vec::new();
    for (place, (column, value)) in lookup.key_columns.iter().zip(example).enumerate() {
        let kind = match value {
            Value::Int(_) => "bigint",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytea",
            Value::Null => return Err(null_key()),
        };
        arrays.push(format!("${}::{kind}[]", first + place));
        names.push(format!("k{place}"));
        conditions.push(format!("{}.{column} = keys.k{place}", lookup.table));
    }
    let from = format!(
        "unnest({}) AS keys ({})",
        arrays.join(", "),
        names.join(", ")
    );
    Ok((from, conditions.join(" AND ")))
}

fn add_keys(
    arguments: &mut PgArguments,
    keys: &Load<'_>,
    chunk: &Range<usize>,
) -> Result<(), DbError> {
    for (place, example) in keys.rows.row(0).iter().enumerate() {
        let column = || {
            chunk
                .clone()
                .map(|row| keys.rows.row(row).get(place).unwrap_or(&Value::Null))
        };
        let added = match example {
            Value::Int(_) => {
                let numbers: Option<Vec<i64>> = column().map(Value::as_int).collect();
                arguments.add(numbers.ok_or_else(mixed_keys)?)
            }
            Value::Text(_) => {
                let texts: Option<Vec<&str>> = column().map(Value::as_text).collect();
                arguments.add(texts.ok_or_else(mixed_keys)?)
            }
            Value::Bytes(_) => {
                let pieces: Option<Vec<&[u8]>> = column().map(Value::as_bytes).collect();
                arguments.add(pieces.ok_or_else(mixed_keys)?)
            }
            Value::Null => return Err(null_key()),
        };
        added.map_err(|error| DbError::query(error.to_string()))?;
    }
    Ok(())
}

fn null_key() -> DbError {
    DbError::query("a key holds NULL, which matches nothing; leave it out")
}

fn mixed_keys() -> DbError {
    DbError::query(
        "the keys of one column are of different kinds; give all as numbers, all as text or all as bytes",
    )
}
