//! SQLite's half: statements of many rows with bare `?`.

use std::ops::Range;
use std::sync::Arc;

use futures::future::join;
use kernel::Value;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, SqliteConnection};

use super::Lookup;
use super::rows::Load;
use crate::statement::refuse_nul;
use crate::{DbError, Row, sqlite};

/// The most placeholders that one statement of SQLite may have.
const MOST_PLACEHOLDERS: usize = 32_766;
/// Statements of up to this many rows stay prepared; larger ones take megabytes each.
const KEPT_ROWS: usize = 8;

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    into: &str,
    load: &Load<'_>,
) -> Result<u64, DbError> {
    let width = load.width;
    let fitting = rows_per_statement(width, 0)?.min(load.count());
    let text = |count: usize| -> Arc<str> {
        format!("INSERT INTO {into} VALUES {}", tuples(width, count)).into()
    };
    let full = text(fitting);
    let mut sharing = Sharing::new(width);
    let mut chunks = load.chunks(fitting);
    let mut total = 0;
    let mut next = chunks
        .next()
        .map(|chunk| sharing.bind(None, load, chunk))
        .transpose()?;
    while let Some(arguments) = next {
        let count = arguments.len() / width;
        let sql = if count == fitting {
            Arc::clone(&full)
        } else {
            text(count)
        };
        let kept = count <= KEPT_ROWS || (count == fitting && load.count() > fitting);
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(kept);
        // SQLite works in its own thread; the next arguments are built meanwhile.
        let working = query.execute(&mut *connection);
        let building = async {
            chunks
                .next()
                .map(|chunk| sharing.bind(None, load, chunk))
                .transpose()
        };
        let (done, built) = join(working, building).await;
        total += done?.rows_affected();
        next = built?;
    }
    if load.count() > fitting {
        connection.clear_cached_statements().await?;
    }
    Ok(total)
}

pub(super) async fn update(
    connection: &mut SqliteConnection,
    lookup: &Lookup<'_>,
    set: &str,
    value: &Value,
) -> Result<u64, DbError> {
    let mut sharing = Sharing::new(lookup.keys.width);
    let mut total = 0;
    for chunk in lookup
        .keys
        .chunks(rows_per_statement(lookup.keys.width, 1)?)
    {
        let condition = listed(lookup, chunk.len());
        let sql = format!("UPDATE {} SET {set} = ? WHERE {condition}", lookup.table);
        let kept = chunk.len() <= KEPT_ROWS;
        let arguments = sharing.bind(Some(value), &lookup.keys, chunk)?;
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(kept);
        total += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(total)
}

pub(super) async fn fetch(
    connection: &mut SqliteConnection,
    lookup: &Lookup<'_>,
    chosen: &str,
    condition: &str,
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let mut sharing = Sharing::new(lookup.keys.width);
    for chunk in lookup
        .keys
        .chunks(rows_per_statement(lookup.keys.width, 0)?)
    {
        let listed = listed(lookup, chunk.len());
        let mut sql = format!("SELECT {chosen} FROM {} WHERE {listed}", lookup.table);
        if !condition.is_empty() {
            sql.push_str(&format!(" AND ({condition})"));
        }
        let kept = chunk.len() <= KEPT_ROWS;
        let arguments = sharing.bind(None, &lookup.keys, chunk)?;
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(kept);
        sqlite::stream_rows(query.fetch(&mut *connection), each).await?;
    }
    Ok(())
}

fn rows_per_statement(width: usize, reserved: usize) -> Result<usize, DbError> {
    let fitting = (MOST_PLACEHOLDERS - reserved)
        .checked_div(width)
        .unwrap_or(0);
    if fitting == 0 {
        return Err(DbError::query(format!(
            "a row of {width} values cannot be stored; at most {MOST_PLACEHOLDERS} are possible"
        )));
    }
    Ok(fitting)
}

/// `(?,?),(?,?)`.
fn tuples(width: usize, count: usize) -> String {
    let mut tuple = "(".to_owned();
    tuple.push_str(&"?,".repeat(width));
    tuple.pop();
    tuple.push_str("),");
    let mut text = tuple.repeat(count);
    text.pop();
    text
}

fn listed(lookup: &Lookup<'_>, count: usize) -> String {
    format!(
        "({}) IN (VALUES {})",
        lookup.key_columns.join(", "),
        tuples(lookup.keys.width, count)
    )
}

/// Neighbouring rows often hold the same text (a county, a kind): it is copied once and shared.
struct Sharing {
    last: Vec<Arc<str>>,
}

impl Sharing {
    fn new(width: usize) -> Self {
        Self {
            last: vec![Arc::from(""); width],
        }
    }

    fn bind(
        &mut self,
        first: Option<&Value>,
        load: &Load<'_>,
        chunk: Range<usize>,
    ) -> Result<SqliteArguments, DbError> {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(chunk.len() * load.width + 1, 0);
        if let Some(first) = first {
            refuse_nul(first, 0)?;
            sqlite::add(&mut arguments, first)?;
        }
        for row in chunk.map(|place| load.rows.row(place)) {
            for (place, (value, last)) in row.iter().zip(&mut self.last).enumerate() {
                let Value::Text(text) = value else {
                    sqlite::add(&mut arguments, value)?;
                    continue;
                };
                if **last != **text {
                    refuse_nul(value, place)?;
                    *last = Arc::from(text.as_str());
                }
                let added = arguments.add(Arc::clone(last));
                added.map_err(|error| DbError::query(error.to_string()))?;
            }
        }
        Ok(arguments)
    }
}
