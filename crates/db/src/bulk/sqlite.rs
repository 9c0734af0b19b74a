//! SQLite's half: statements of many rows with bare `?`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures::future::join;
use kernel::Value;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqliteConnection};

use super::Lookup;
use super::rows::Load;
use crate::statement::refuse_nul;
use crate::{DbError, Row, sqlite};

/// The most placeholders that one statement of SQLite may have.
const MOST_PLACEHOLDERS: usize = 32_766;
/// The most rows of one insert. Statements of this many rows, and of each smaller power of two for the rest, stay
/// prepared (about a kilobyte a row), so that a load of any length parses nothing after the first.
const INSERTED_ROWS: usize = 256;
/// Look-ups of up to this many keys stay prepared; larger ones take megabytes each.
const KEPT_ROWS: usize = 8;

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    into: &str,
    load: &Load<'_>,
) -> Result<u64, DbError> {
    let width = load.width;
    let most = largest_power(INSERTED_ROWS.min(rows_per_statement(width, 0)?));
    let mut texts: HashMap<usize, Arc<str>> = HashMap::new();
    let mut sharing = Sharing::new(width);
    let mut chunks = portions(load.count(), most);
    let mut total = 0;
    let mut next = chunks
        .next()
        .map(|chunk| sharing.bind(None, load, chunk))
        .transpose()?;
    while let Some(arguments) = next {
        let count = arguments.len() / width;
        let text = texts.entry(count).or_insert_with(|| {
            format!("INSERT INTO {into} VALUES {}", tuples(width, count)).into()
        });
        let query = sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments);
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
    Ok(total)
}

/// The largest power of two that is not above a number, at least 1.
fn largest_power(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

/// Cuts `count` rows into portions of `most`, and what is left into powers of two.
fn portions(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = count - start;
        if left == 0 {
            return None;
        }
        let portion = start..start + largest_power(left).min(most);
        start = portion.end;
        Some(portion)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_cover_every_row_once_and_come_in_few_sizes() {
        for (count, most, sizes) in [
            (0, 256, vec![]),
            (1, 256, vec![1]),
            (255, 256, vec![128, 64, 32, 16, 8, 4, 2, 1]),
            (256, 256, vec![256]),
            (600, 256, vec![256, 256, 64, 16, 8]),
            (5, 1, vec![1; 5]),
        ] {
            let cut: Vec<Range<usize>> = portions(count, most).collect();
            assert_eq!(cut.iter().map(Range::len).collect::<Vec<_>>(), sizes);
            assert!(cut.into_iter().flatten().eq(0..count));
        }
        assert_eq!(largest_power(255), 128);
        assert_eq!(largest_power(256), 256);
    }
}
