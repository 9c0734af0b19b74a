//! SQLite underneath the facade: connections, parameters, values.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use kernel::Value;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Decode, Pool,
    Row as _, Sqlite, SqliteConnection, TypeInfo as _, ValueRef as _,
};
use tokio::time::Instant;

use crate::scan::check_width;
use crate::statement::{check_count, refuse_nul};
use crate::tx::Loan;
use crate::{ColumnType, DbError, Row, ScanColumn, Settings, Tx};

/// How long SQLite itself waits inside one try; between tries the wait can be given up.
const ONE_TRY: Duration = Duration::from_secs(5);
/// Rows handed from SQLite's own thread at a time.
const ROWS_IN_FLIGHT: usize = 1024;

/// The two pools over one file.
#[derive(Debug, Clone)]
pub(crate) struct SqliteDatabase {
    pub(crate) file: String,
    /// One connection, given out in the order of asking. Where the file is opened for reading only it can
    /// be opened for nothing else either.
    pub(crate) writer: Pool<Sqlite>,
    pub(crate) readers: Pool<Sqlite>,
}

/// The path in `sqlite:///path/file.db` or `sqlite://relative.db`, taken as it stands.
pub(crate) fn file_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("sqlite:")?;
    let file = rest.strip_prefix("//").unwrap_or(rest);
    (!file.is_empty()).then_some(file)
}

fn common(file: &str, settings: &Settings) -> Result<SqliteConnectOptions, DbError> {
    Ok(SqliteConnectOptions::from_str("sqlite::memory:")?
        .in_memory(false)
        .shared_cache(false)
        .filename(file)
        .busy_timeout(ONE_TRY.min(settings.longest_wait))
        .foreign_keys(true)
        .row_buffer_size(ROWS_IN_FLIGHT)
        .pragma("temp_store", "MEMORY")
        .pragma("case_sensitive_like", "ON")
        .disable_statement_logging())
}

fn reading(common: SqliteConnectOptions) -> SqliteConnectOptions {
    common
        .pragma("query_only", "ON")
        .pragma("cache_size", "-16384")
        .pragma("mmap_size", "1073741824")
        .thread_name(|number| format!("db-read-{number}"))
}

fn reader_pool(settings: &Settings, options: SqliteConnectOptions) -> Pool<Sqlite> {
    PoolOptions::<Sqlite>::new()
        .max_connections(settings.readers.max(1))
        .acquire_timeout(settings.longest_wait)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_lazy_with(options)
}

pub(crate) async fn open(file: &str, settings: &Settings) -> Result<SqliteDatabase, DbError> {
    let common = common(file, settings)?;
    let writing = common
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "8192")
        .pragma("journal_size_limit", "268435456")
        .pragma("cache_size", "-65536")
        .thread_name(|number| format!("db-write-{number}"));
    let writer_pool = PoolOptions::<Sqlite>::new()
        .max_connections(1)
        .acquire_timeout(settings.longest_wait)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)));
    let writer = open_writer(file, writer_pool, writing, settings).await?;
    Ok(SqliteDatabase {
        file: file.to_owned(),
        writer,
        readers: reader_pool(settings, reading(common)),
    })
}

/// Opens a file that is there, for reading only.
///
/// A file with a write-ahead log is read through an index beside it. Where neither is there and the folder
/// cannot be written, so that none can be made, nothing waits in a log: the file is all there is, and
/// nobody can be writing to it; SQLite is then told so. What waits in a log without its index cannot be
/// read there, and leaving it out would show an older state as if it were the present one.
pub(crate) async fn open_to_read(
    file: &str,
    settings: &Settings,
) -> Result<SqliteDatabase, DbError> {
    if !std::path::Path::new(file).is_file() {
        return Err(DbError::Missing {
            what: format!("{file} is not there"),
        });
    }
    let as_it_is = reading(common(file, settings)?).read_only(true);
    let options = match can_be_read(&as_it_is).await {
        Ok(()) => as_it_is,
        Err(error) if !error.may_be_read_only() => return Err(named(error, file)),
        Err(_) if has_unmerged_log(file) => {
            return Err(DbError::LogLeft {
                file: file.to_owned(),
            });
        }
        // With an index of the log beside it somebody may be writing: then the fault is another one.
        Err(error) if std::path::Path::new(&format!("{file}-shm")).exists() => {
            return Err(named(error, file));
        }
        Err(_) => {
            let alone = as_it_is.immutable(true);
            can_be_read(&alone)
                .await
                .map_err(|error| named(error, file))?;
            alone
        }
    };
    let pool = reader_pool(settings, options);
    Ok(SqliteDatabase {
        file: file.to_owned(),
        writer: pool.clone(),
        readers: pool,
    })
}

async fn can_be_read(options: &SqliteConnectOptions) -> Result<(), DbError> {
    let mut connection = options.connect().await?;
    execute(&mut connection, "SELECT count(*) FROM sqlite_schema", &[]).await?;
    connection.close().await?;
    Ok(())
}

fn has_unmerged_log(file: &str) -> bool {
    std::fs::metadata(format!("{file}-wal")).is_ok_and(|log| log.len() > 0)
}

/// After some faults (a full disk, for one) SQLite ends the transaction by itself, and sqlx goes on
/// counting it as open; such a connection is closed instead of being used again.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Two processes may create the same file at the same moment: the second one waits its turn.
async fn open_writer(
    file: &str,
    pool: PoolOptions<Sqlite>,
    options: SqliteConnectOptions,
    settings: &Settings,
) -> Result<Pool<Sqlite>, DbError> {
    let give_up = Instant::now() + settings.longest_wait;
    loop {
        match pool
            .clone()
            .connect_with(options.clone())
            .await
            .map_err(DbError::from)
        {
            Ok(writer) => return Ok(writer),
            Err(DbError::Busy { .. }) if Instant::now() < give_up => pause().await,
            Err(error) => return Err(named(error, file)),
        }
    }
}

/// Begins a transaction that may write, waiting for another task or process to finish its own.
pub(crate) async fn begin_writing(
    database: &SqliteDatabase,
    settings: &Settings,
) -> Result<Tx, DbError> {
    let seconds = settings.longest_wait.as_secs();
    let give_up = Instant::now() + settings.longest_wait;
    loop {
        match database.writer.begin_with("BEGIN IMMEDIATE").await {
            Ok(transaction) => return Ok(Tx::new(Loan::Sqlite(transaction))),
            Err(sqlx::Error::PoolTimedOut) => {
                return Err(DbError::busy(format!(
                    "another task has been writing to it for more than {seconds} seconds"
                )));
            }
            Err(error) => match DbError::from(error) {
                DbError::Busy { .. } if Instant::now() < give_up => pause().await,
                DbError::Busy { .. } => {
                    return Err(DbError::busy(format!(
                        "another process has been writing to it for more than {seconds} seconds"
                    )));
                }
                other => return Err(other),
            },
        }
    }
}

/// Begins a transaction that reads, and fixes what it sees with a first read.
pub(crate) async fn begin_reading(database: &SqliteDatabase) -> Result<Tx, DbError> {
    let mut transaction = database.readers.begin_with("BEGIN DEFERRED").await?;
    execute(&mut transaction, "SELECT 1 FROM sqlite_schema LIMIT 1", &[]).await?;
    Ok(Tx::new(Loan::Sqlite(transaction)))
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

fn named(error: DbError, file: &str) -> DbError {
    match error {
        DbError::Connection { what } => DbError::connection(format!("{file}: {what}")),
        other => other,
    }
}

pub(crate) async fn execute(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[Value],
) -> Result<u64, DbError> {
    let arguments = bind(sql, params)?;
    let done = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn for_each(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[Value],
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let arguments = bind(sql, params)?;
    stream_rows(
        sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(connection),
        each,
    )
    .await
}

/// As [`for_each`], with rows as they came.
pub(crate) async fn for_each_raw(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[Value],
    each: &mut (dyn FnMut(&SqliteRow) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let arguments = bind(sql, params)?;
    let mut rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

/// Gives each row of an answer away, decoded.
pub(crate) async fn stream_rows(
    mut rows: BoxStream<'_, Result<SqliteRow, sqlx::Error>>,
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let mut shared: Option<Arc<[String]>> = None;
    while let Some(raw) = rows.try_next().await? {
        let names = shared.get_or_insert_with(|| names(&raw));
        let mut values = Vec::with_capacity(names.len());
        for place in 0..names.len() {
            values.push(decode(&raw, place)?);
        }
        each(Row {
            names: Arc::clone(names),
            values,
        })?;
    }
    Ok(())
}

fn names(row: &SqliteRow) -> Arc<[String]> {
    row.columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// One value of a row.
fn decode(row: &SqliteRow, place: usize) -> Result<Value, DbError> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    let value = match kind.name() {
        "INTEGER" => <i64 as Decode<'_, Sqlite>>::decode(raw).map(Value::Int),
        "TEXT" => <String as Decode<'_, Sqlite>>::decode(raw).map(Value::Text),
        "BLOB" => <Vec<u8> as Decode<'_, Sqlite>>::decode(raw).map(Value::Bytes),
        other => {
            let name = row.columns().get(place).map_or("?", |column| column.name());
            return Err(DbError::query(format!(
                "the column `{name}` is of type {other}; only whole numbers, text and bytes can be read: round it in the statement"
            )));
        }
    };
    value.map_err(|error| DbError::query(error.to_string()))
}

fn bind(sql: &str, params: &[Value]) -> Result<SqliteArguments, DbError> {
    check_count(sql, params)?;
    let mut arguments = SqliteArguments::default();
    arguments.reserve(params.len(), 0);
    for (place, value) in params.iter().enumerate() {
        refuse_nul(value, place)?;
        add(&mut arguments, value)?;
    }
    Ok(arguments)
}

pub(crate) fn add(arguments: &mut SqliteArguments, value: &Value) -> Result<(), DbError> {
    let added = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Int(number) => arguments.add(*number),
        Value::Text(text) => arguments.add(Arc::<str>::from(text.as_str())),
        Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
    };
    added.map_err(|error| DbError::query(error.to_string()))
}

/// The values of a row, put behind their columns.
pub(crate) fn decode_row_into(
    row: &SqliteRow,
    kinds: &[ColumnType],
    columns: &mut [ScanColumn],
) -> Result<(), DbError> {
    check_width(row.columns().len(), kinds)?;
    for (place, (kind, column)) in kinds.iter().zip(columns).enumerate() {
        decode_into(row, place, *kind, column)?;
    }
    Ok(())
}

fn decode_into(
    row: &SqliteRow,
    place: usize,
    kind: ColumnType,
    column: &mut ScanColumn,
) -> Result<(), DbError> {
    let raw = row.try_get_raw(place)?;
    let found = raw.type_info().into_owned();
    // A NULL is reported with the type of its column, so it is asked for last.
    match (kind, found.name()) {
        _ if raw.is_null() => column.push_absent(kind),
        (ColumnType::Int, "INTEGER") => {
            column.push_int(decoded(<i64 as Decode<'_, Sqlite>>::decode(raw))?)
        }
        (ColumnType::Text, "TEXT") => {
            column.push_part(decoded(<&str as Decode<'_, Sqlite>>::decode(raw))?.as_bytes())
        }
        (ColumnType::Bytes, "BLOB") => {
            column.push_part(decoded(<&[u8] as Decode<'_, Sqlite>>::decode(raw))?)
        }
        (_, other) => {
            let name = row.columns().get(place).map_or("?", |column| column.name());
            return Err(DbError::query(format!(
                "the column `{name}` holds {other} where {kind:?} was said to be"
            )));
        }
    }
    Ok(())
}

fn decoded<T>(result: Result<T, sqlx::error::BoxDynError>) -> Result<T, DbError> {
    result.map_err(|error| DbError::query(error.to_string()))
}
