//! Whole rows of SQLite as one value each.
//!
//! The driver copies every value of a row by itself and hands it to another thread, which costs
//! more than reading it. So a scan asks SQLite to join the values of a row: `0xFF`, which no
//! UTF-8 text contains, stands for NULL, and `0x00`, which no stored text contains, parts them.

use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite};

use crate::{ColumnType, DbError, ScanColumn};

const NULL: &[u8] = &[0xff];
/// Below this a row costs less as it is; above, the joined expression becomes too deep for SQLite.
const FITTING: std::ops::RangeInclusive<usize> = 3..=400;

/// The statement that answers joined rows; `None` where the rows are better read as they are.
pub(crate) fn statement(sql: &str, kinds: &[ColumnType]) -> Option<String> {
    // Bytes would have to be written as digits, which doubles them.
    if !FITTING.contains(&kinds.len()) || kinds.contains(&ColumnType::Bytes) {
        return None;
    }
    let names: Vec<String> = (0..kinds.len()).map(|place| format!("c{place}")).collect();
    let values: Vec<String> = names
        .iter()
        .map(|name| format!("coalesce({name}, x'ff')"))
        .collect();
    Some(format!(
        "WITH row_source ({}) AS ({sql}) SELECT {} AS joined FROM row_source",
        names.join(", "),
        values.join(" || char(0) || ")
    ))
}

/// Puts the values of a joined row behind their columns.
pub(crate) fn unpack(
    row: &SqliteRow,
    kinds: &[ColumnType],
    columns: &mut [ScanColumn],
) -> Result<(), DbError> {
    let raw = row.try_get_raw(0)?;
    let joined = <&[u8] as Decode<'_, Sqlite>>::decode(raw);
    let joined = joined.map_err(|error| DbError::query(error.to_string()))?;
    let mut parts = joined.split(|byte| *byte == 0);
    for (place, (kind, column)) in kinds.iter().zip(columns).enumerate() {
        let part = parts.next().unwrap_or(NULL);
        if part == NULL {
            column.push_absent(*kind);
            continue;
        }
        let text = std::str::from_utf8(part).map_err(|_| not_as_said(place, *kind))?;
        match kind {
            ColumnType::Int => {
                column.push_int(text.parse().map_err(|_| not_as_said(place, *kind))?)
            }
            ColumnType::Text | ColumnType::Bytes => column.push_part(part),
        }
    }
    Ok(())
}

fn not_as_said(place: usize, kind: ColumnType) -> DbError {
    DbError::query(format!(
        "column {} of the answer holds something else where {kind:?} was said to be",
        place + 1
    ))
}
