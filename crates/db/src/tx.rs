//! Transactions: the only way to read or write.

use kernel::Value;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::{DbError, Engine, Row, postgres, sqlite};

/// A connection on loan from its pool, inside a transaction. Dropping it queues a rollback.
#[derive(Debug)]
pub(crate) enum Loan {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction. Dropping it without [`Tx::commit`] rolls it back.
///
/// A statement that fails ends the transaction on both engines: what follows is refused, and
/// `commit` is refused too, so that nothing is ever half written.
///
/// Statements are one SQL text for both engines with `$1`, `$2`, …; every placeholder gets one of
/// the four values, and NULL fits every column.
#[derive(Debug)]
pub struct Tx {
    pub(crate) loan: Loan,
    /// A statement failed or was abandoned half-way: only rollback is left.
    failed: bool,
}

impl Tx {
    pub(crate) fn new(loan: Loan) -> Self {
        Self {
            loan,
            failed: false,
        }
    }

    /// The engine underneath, for the few places that must know.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.loan {
            Loan::Sqlite(_) => Engine::Sqlite,
            Loan::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and answers how many rows it changed.
    ///
    /// # Errors
    /// Any [`DbError`]; the transaction can then only be rolled back.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        self.start()?;
        let result = match &mut self.loan {
            Loan::Sqlite(connection) => sqlite::execute(connection, sql, params).await,
            Loan::Postgres(connection) => postgres::execute(connection, sql, params).await,
        };
        self.finish(sql, result)
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn fetch_all(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let mut rows = Vec::new();
        self.for_each(sql, params, |row| {
            rows.push(row);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// The first row of an answer, if there is one. Write `LIMIT 1` where there may be many.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn fetch_optional(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<Row>, DbError> {
        let mut first = None;
        self.for_each(sql, params, |row| {
            first.get_or_insert(row);
            Ok(())
        })
        .await?;
        Ok(first)
    }

    /// The first row of an answer that always has one.
    ///
    /// # Errors
    /// As [`Tx::execute`], and [`DbError::Query`] where the answer is empty.
    pub async fn fetch_one(&mut self, sql: &str, params: &[Value]) -> Result<Row, DbError> {
        let row = self.fetch_optional(sql, params).await?;
        row.ok_or_else(|| DbError::query("the answer has no row").with_statement(sql))
    }

    /// Gives each row to `each` as it comes, without holding the whole answer.
    ///
    /// # Errors
    /// As [`Tx::execute`], and what `each` returns.
    pub async fn for_each(
        &mut self,
        sql: &str,
        params: &[Value],
        mut each: impl FnMut(Row) -> Result<(), DbError> + Send,
    ) -> Result<(), DbError> {
        self.start()?;
        let result = match &mut self.loan {
            Loan::Sqlite(connection) => sqlite::for_each(connection, sql, params, &mut each).await,
            Loan::Postgres(connection) => {
                postgres::for_each(connection, sql, params, &mut each).await
            }
        };
        self.finish(sql, result)
    }

    /// Makes everything that was written lasting and visible at once.
    ///
    /// # Errors
    /// [`DbError::Query`] after a failed statement, and any [`DbError`]: nothing was written then.
    /// After [`DbError::Connection`] it is not known whether the server had taken it already.
    pub async fn commit(mut self) -> Result<(), DbError> {
        self.start()?;
        let result = match self.loan {
            Loan::Sqlite(transaction) => transaction.commit().await,
            Loan::Postgres(transaction) => transaction.commit().await,
        };
        result.map_err(|error| DbError::from(error).with_statement("COMMIT"))
    }

    /// Gives up everything that was written. Dropping does the same.
    pub fn rollback(self) {
        drop(self);
    }

    /// Every statement counts as failed until it has answered: a future that is dropped half-way
    /// leaves the transaction unusable instead of half done.
    pub(crate) fn start(&mut self) -> Result<(), DbError> {
        if self.failed {
            return Err(DbError::query(
                "an earlier statement of this transaction failed or was abandoned; it can only be rolled back",
            ));
        }
        self.failed = true;
        Ok(())
    }

    pub(crate) fn finish<T>(
        &mut self,
        sql: &str,
        result: Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.failed = result.is_err();
        result.map_err(|error| error.with_statement(sql))
    }
}
