//! Large answers column by column, for whoever builds columns in memory.

use kernel::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use crate::tx::Loan;
use crate::{ColumnType, DbError, Tx, packed, postgres, sqlite};

/// Some rows of an answer, column by column. The memory is used again for the next rows.
#[derive(Debug)]
pub struct ColumnBatch {
    columns: Vec<ScanColumn>,
    rows: usize,
}

/// One column of a [`ColumnBatch`]. Texts and bytes of all rows lie behind each other in `bytes`;
/// `ends` holds the end of each row's part. An absent value is 0, or an empty part.
#[derive(Debug, Default)]
pub struct ScanColumn {
    /// Whether each row has a value.
    pub present: Vec<bool>,
    /// The numbers of a BIGINT column.
    pub numbers: Vec<i64>,
    /// The contents of a TEXT (valid UTF-8) or BYTES column.
    pub bytes: Vec<u8>,
    /// Where each row's part of `bytes` ends.
    pub ends: Vec<usize>,
}

impl ColumnBatch {
    fn new(columns: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| ScanColumn::default()).collect(),
            rows: 0,
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in the order of the statement.
    #[must_use]
    pub fn columns(&self) -> &[ScanColumn] {
        &self.columns
    }

    /// The column at a place, counted from 0.
    #[must_use]
    pub fn column(&self, place: usize) -> Option<&ScanColumn> {
        self.columns.get(place)
    }

    fn clear(&mut self) {
        self.rows = 0;
        for column in &mut self.columns {
            column.present.clear();
            column.numbers.clear();
            column.bytes.clear();
            column.ends.clear();
        }
    }
}

impl ScanColumn {
    /// The number of a row; `None` where it is absent.
    #[must_use]
    pub fn int(&self, row: usize) -> Option<i64> {
        let present = self.present.get(row).copied().unwrap_or(false);
        self.numbers.get(row).copied().filter(|_| present)
    }

    /// The text of a row; `None` where it is absent.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        self.part(row)
            .and_then(|part| std::str::from_utf8(part).ok())
    }

    /// The text or the bytes of a row; `None` where it is absent.
    #[must_use]
    pub fn part(&self, row: usize) -> Option<&[u8]> {
        let present = self.present.get(row).copied().unwrap_or(false);
        let start = match row.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        let end = *self.ends.get(row)?;
        self.bytes.get(start..end).filter(|_| present)
    }

    pub(crate) fn push_int(&mut self, number: i64) {
        self.present.push(true);
        self.numbers.push(number);
    }

    pub(crate) fn push_part(&mut self, part: &[u8]) {
        self.present.push(true);
        self.bytes.extend_from_slice(part);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn push_absent(&mut self, kind: ColumnType) {
        self.present.push(false);
        match kind {
            ColumnType::Int => self.numbers.push(0),
            ColumnType::Text | ColumnType::Bytes => self.ends.push(self.bytes.len()),
        }
    }
}

impl Tx {
    /// Reads a large answer in batches of up to `batch_rows` rows. `kinds` says what each column of
    /// the statement holds.
    ///
    /// # Errors
    /// As [`Tx::execute`], what `each` returns, and [`DbError::Query`] where a value is of another
    /// kind than said.
    pub async fn scan(
        &mut self,
        sql: &str,
        params: &[Value],
        kinds: &[ColumnType],
        batch_rows: usize,
        mut each: impl FnMut(&ColumnBatch) -> Result<(), DbError> + Send,
    ) -> Result<(), DbError> {
        self.start()?;
        let mut batch = ColumnBatch::new(kinds.len());
        let mut after_row = |batch: &mut ColumnBatch, last: bool| {
            if batch.rows < batch_rows && !last {
                return Ok(());
            }
            if batch.rows > 0 {
                each(batch)?;
            }
            batch.clear();
            Ok(())
        };
        let result = match &mut self.loan {
            Loan::Sqlite(connection) => {
                let joined = packed::statement(sql, kinds);
                let mut take = |row: &SqliteRow| {
                    if joined.is_some() {
                        packed::unpack(row, kinds, &mut batch.columns)?;
                    } else {
                        sqlite::decode_row_into(row, kinds, &mut batch.columns)?;
                    }
                    batch.rows += 1;
                    after_row(&mut batch, false)
                };
                let sql = joined.as_deref().unwrap_or(sql);
                sqlite::for_each_raw(connection, sql, params, &mut take).await
            }
            Loan::Postgres(connection) => {
                let mut wires = Vec::new();
                let mut take = |row: &PgRow| {
                    if wires.is_empty() {
                        wires = postgres::wires(row)?;
                    }
                    postgres::decode_row_into(row, kinds, &wires, &mut batch.columns)?;
                    batch.rows += 1;
                    after_row(&mut batch, false)
                };
                postgres::for_each_raw(connection, sql, params, &mut take).await
            }
        };
        let result = result.and_then(|()| after_row(&mut batch, true));
        self.finish(sql, result)
    }
}

/// Refuses an answer with other columns than were said.
pub(crate) fn check_width(found: usize, kinds: &[ColumnType]) -> Result<(), DbError> {
    if found == kinds.len() {
        return Ok(());
    }
    let said = kinds.len();
    Err(DbError::query(format!(
        "the answer has {found} columns where {said} were said to be"
    )))
}
