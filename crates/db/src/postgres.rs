//! PostgreSQL underneath the facade: connections, parameters, values.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use kernel::Value;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::pool::PoolOptions;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnectOptions, PgRow, PgSslMode, PgTypeInfo, PgValueRef,
};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either,
    Executor as _, PgConnection, Pool, Postgres, Row as _, SqlSafeStr as _, Statement as _, Type,
    TypeInfo as _,
};

use crate::row::kind_of;
use crate::scan::check_width;
use crate::statement::{check_count, refuse_nul};
use crate::tx::Loan;
use crate::{ColumnType, DbError, Row, ScanColumn, Settings, Tx, identifier};

/// How long one try to reach the server may take.
const ONE_TRY: Duration = Duration::from_secs(10);

// The server's numbers for its types (pg_type.dat).
const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const NUMERIC: u32 = 1700;
const UNSPECIFIED: u32 = 0;

/// A pool whose connections all look at one schema.
#[derive(Debug, Clone)]
pub(crate) struct PostgresDatabase {
    pub(crate) schema: String,
    pub(crate) pool: Pool<Postgres>,
}

/// Opens the pool. A missing schema is made, or [`DbError::Missing`] where it `may_be_made` not.
pub(crate) async fn open(
    url: &str,
    schema: &str,
    may_be_made: bool,
    settings: &Settings,
) -> Result<PostgresDatabase, DbError> {
    let lock_timeout = settings.longest_wait.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?
        .application_name("weihe")
        .options([
            ("search_path", identifier::check(schema)?),
            ("lock_timeout", &lock_timeout),
            ("client_min_messages", "warning"),
        ])
        .statement_cache_capacity(200)
        .disable_statement_logging();
    if is_open_way(&options) {
        tracing::warn!(
            host = options.get_host(),
            "nothing makes sure that this is the database and that nobody listens: write sslmode=verify-full in its address"
        );
    }
    let mut first = connect_now(&options).await?;
    if !has_schema(&mut first, schema).await? {
        if !may_be_made {
            return Err(DbError::Missing {
                what: format!(
                    "{}:{} has no schema `{schema}`",
                    options.get_host(),
                    options.get_port()
                ),
            });
        }
        make_schema(&mut first, schema).await?;
    }
    first.close().await?;
    let pool = PoolOptions::<Postgres>::new()
        .max_connections(settings.connections.max(2))
        .acquire_timeout(settings.longest_wait)
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            // A server that was restarted is noticed here, not in the middle of the work.
            Box::pin(async move {
                if idle.idle_for.as_secs() >= 2 {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    Ok(PostgresDatabase {
        schema: schema.to_owned(),
        pool,
    })
}

/// Whether what is said to the server may be overheard, or be said to another: it is on another machine, and its
/// certificate is not looked at.
fn is_open_way(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    !is_here && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
}

/// The pool tries again and again until its time is over; one plain try tells at once what is wrong.
async fn connect_now(options: &PgConnectOptions) -> Result<PgConnection, DbError> {
    match tokio::time::timeout(ONE_TRY, PgConnection::connect_with(options)).await {
        Ok(connected) => connected.map_err(|error| match DbError::from(error) {
            DbError::Query { what } => DbError::connection(what),
            other => other,
        }),
        Err(_) => Err(DbError::connection(format!(
            "{}:{} does not answer",
            options.get_host(),
            options.get_port()
        ))),
    }
}

async fn has_schema(connection: &mut PgConnection, schema: &str) -> Result<bool, DbError> {
    let known = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1")
        .bind(schema)
        .fetch_optional(connection)
        .await?;
    Ok(known.is_some())
}

async fn make_schema(connection: &mut PgConnection, schema: &str) -> Result<(), DbError> {
    let create = format!("CREATE SCHEMA IF NOT EXISTS {}", identifier::quote(schema)?);
    match sqlx::raw_sql(AssertSqlSafe(create))
        .execute(connection)
        .await
        .map_err(DbError::from)
    {
        // Two processes made it at the same moment.
        Ok(_) | Err(DbError::Unique { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Begins a transaction that may write.
pub(crate) async fn begin_writing(database: &PostgresDatabase) -> Result<Tx, DbError> {
    begin(database, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await
}

/// Begins a transaction that reads, and fixes what it sees with a first read.
pub(crate) async fn begin_reading(database: &PostgresDatabase) -> Result<Tx, DbError> {
    begin(
        database,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1",
    )
    .await
}

async fn begin(database: &PostgresDatabase, sql: &'static str) -> Result<Tx, DbError> {
    match database.pool.begin_with(sql).await {
        Ok(transaction) => Ok(Tx::new(Loan::Postgres(transaction))),
        Err(sqlx::Error::PoolTimedOut) => {
            // All connections are in use, or the server is gone: one try tells which.
            connect_now(&database.pool.connect_options())
                .await?
                .close()
                .await?;
            Err(DbError::busy("all its connections are in use"))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn execute(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Value],
) -> Result<u64, DbError> {
    let arguments = bind(connection, sql, params).await?;
    let done = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn for_each(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Value],
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let arguments = bind(connection, sql, params).await?;
    stream_rows(
        sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(connection),
        each,
    )
    .await
}

/// As [`for_each`], with rows as they came.
pub(crate) async fn for_each_raw(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Value],
    each: &mut (dyn FnMut(&PgRow) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let arguments = bind(connection, sql, params).await?;
    let mut rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

/// Gives each row of an answer away, decoded.
pub(crate) async fn stream_rows(
    mut rows: BoxStream<'_, Result<PgRow, sqlx::Error>>,
    each: &mut (dyn FnMut(Row) -> Result<(), DbError> + Send),
) -> Result<(), DbError> {
    let mut layout: Option<(Arc<[String]>, Vec<Wire>)> = None;
    while let Some(raw) = rows.try_next().await? {
        let (names, wires) = match &mut layout {
            Some(known) => known,
            unknown => unknown.insert((names(&raw), wires(&raw)?)),
        };
        let mut values = Vec::with_capacity(wires.len());
        for (place, wire) in wires.iter().enumerate() {
            values.push(decode(&raw, place, *wire)?);
        }
        each(Row {
            names: Arc::clone(names),
            values,
        })?;
    }
    Ok(())
}

/// A parameter of the type that it has by itself, for statements that are not kept.
pub(crate) fn add_untyped(arguments: &mut PgArguments, value: &Value) -> Result<(), DbError> {
    refuse_nul(value, 0)?;
    let kind = declared_type(value);
    let added = arguments.add(Parameter { value, kind: &kind });
    added.map_err(|error| DbError::query(error.to_string()))
}

/// Parameters are encoded for the types that the server has settled on, because a statement is
/// prepared once and its first values need not be of the same kind as the next ones.
async fn bind(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Value],
) -> Result<PgArguments, DbError> {
    check_count(sql, params)?;
    let mut arguments = PgArguments::default();
    if params.is_empty() {
        return Ok(arguments);
    }
    let declared: Vec<PgTypeInfo> = params.iter().map(declared_type).collect();
    let statement = connection
        .prepare_with(AssertSqlSafe(sql).into_sql_str(), &declared)
        .await?;
    let Some(Either::Left(wanted)) = statement.parameters() else {
        return Err(DbError::query(
            "the server named no types for the placeholders",
        ));
    };
    arguments.reserve(params.len(), params.len() * 16);
    for (place, (value, kind)) in params.iter().zip(wanted).enumerate() {
        refuse_nul(value, place)?;
        let parameter = Parameter { value, kind };
        arguments.add(parameter).map_err(|error| {
            DbError::query(format!(
                "the value given for ${} does not fit: {error}",
                place + 1
            ))
        })?;
    }
    Ok(arguments)
}

/// NULL is of no type, so that it fits every column.
fn declared_type(value: &Value) -> PgTypeInfo {
    let number = match value {
        Value::Null => UNSPECIFIED,
        Value::Int(_) => INT8,
        Value::Text(_) => TEXT,
        Value::Bytes(_) => BYTEA,
    };
    PgTypeInfo::with_oid(Oid(number))
}

struct Parameter<'a> {
    value: &'a Value,
    kind: &'a PgTypeInfo,
}

impl Type<Postgres> for Parameter<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(UNSPECIFIED))
    }
}

impl Encode<'_, Postgres> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let kind = self.kind.oid().map_or(UNSPECIFIED, |oid| oid.0);
        match (self.value, kind) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), INT8) => buffer.extend_from_slice(&number.to_be_bytes()),
            (Value::Int(number), INT4) => {
                buffer.extend_from_slice(&i32::try_from(*number)?.to_be_bytes());
            }
            (Value::Int(number), INT2) => {
                buffer.extend_from_slice(&i16::try_from(*number)?.to_be_bytes());
            }
            (Value::Text(text), TEXT | VARCHAR | BPCHAR | NAME) => {
                buffer.extend_from_slice(text.as_bytes());
            }
            (Value::Bytes(bytes), BYTEA) => buffer.extend_from_slice(bytes),
            (value, _) => {
                let wanted = self.kind.name();
                return Err(
                    format!("{} was given where {wanted} is expected", kind_of(value)).into(),
                );
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.clone())
    }
}

fn names(row: &PgRow) -> Arc<[String]> {
    row.columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// What a column of an answer is decoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Int8,
    Int4,
    Int2,
    Bool,
    Text,
    Bytes,
    Numeric,
}

/// How each column of an answer is decoded, found once per answer.
pub(crate) fn wires(row: &PgRow) -> Result<Vec<Wire>, DbError> {
    let mut found = Vec::with_capacity(row.columns().len());
    for column in row.columns() {
        found.push(match column.type_info().oid().map_or(UNSPECIFIED, |oid| oid.0) {
            INT8 => Wire::Int8,
            INT4 => Wire::Int4,
            INT2 => Wire::Int2,
            BOOL => Wire::Bool,
            TEXT | VARCHAR | BPCHAR | NAME => Wire::Text,
            BYTEA => Wire::Bytes,
            NUMERIC => Wire::Numeric,
            _ => {
                return Err(DbError::query(format!(
                    "the column `{}` is of type {}; only whole numbers, text and bytes can be read: round it in the statement",
                    column.name(),
                    column.type_info().name()
                )));
            }
        });
    }
    Ok(found)
}

/// One value of a row.
fn decode(row: &PgRow, place: usize, wire: Wire) -> Result<Value, DbError> {
    match raw(row, place)? {
        None => Ok(Value::Null),
        Some(bytes) => match wire {
            Wire::Text => Ok(Value::Text(as_text(bytes)?.to_owned())),
            Wire::Bytes => Ok(Value::Bytes(bytes.to_vec())),
            number => Ok(Value::Int(as_int(bytes, number)?)),
        },
    }
}

/// The bytes of a value as they came over the wire; `None` for NULL.
fn raw(row: &PgRow, place: usize) -> Result<Option<&[u8]>, DbError> {
    let raw: PgValueRef<'_> = row.try_get_raw(place)?;
    Ok(raw.as_bytes().ok())
}

fn as_text(bytes: &[u8]) -> Result<&str, DbError> {
    std::str::from_utf8(bytes).map_err(|_| DbError::query("a stored text is not valid UTF-8"))
}

fn as_int(bytes: &[u8], wire: Wire) -> Result<i64, DbError> {
    let number = match wire {
        Wire::Int8 => bytes.try_into().ok().map(i64::from_be_bytes),
        Wire::Int4 => bytes
            .try_into()
            .ok()
            .map(|four| i64::from(i32::from_be_bytes(four))),
        Wire::Int2 => bytes
            .try_into()
            .ok()
            .map(|two| i64::from(i16::from_be_bytes(two))),
        Wire::Bool => bytes.first().map(|byte| i64::from(*byte != 0)),
        Wire::Numeric => whole_numeric(bytes),
        Wire::Text | Wire::Bytes => None,
    };
    number.ok_or_else(|| DbError::query("a number of the answer is no whole number of 64 bits"))
}

/// `sum(bigint)` answers NUMERIC: base-10000 digits behind a header of four 16-bit numbers.
fn whole_numeric(bytes: &[u8]) -> Option<i64> {
    const NEGATIVE: u16 = 0x4000;
    let mut words = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
    let digits = words.next()?;
    let weight = i64::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = words.next()?;
    if scale != 0 || (sign != 0 && sign != NEGATIVE) {
        return None;
    }
    if digits == 0 {
        return Some(0);
    }
    let mut total: i128 = 0;
    for _ in 0..=weight.min(8) {
        total = total * 10_000 + i128::from(words.next().unwrap_or(0));
    }
    let signed = if sign == NEGATIVE { -total } else { total };
    i64::try_from(signed).ok().filter(|_| weight <= 8)
}

/// The values of a row, put behind their columns.
pub(crate) fn decode_row_into(
    row: &PgRow,
    kinds: &[ColumnType],
    wires: &[Wire],
    columns: &mut [ScanColumn],
) -> Result<(), DbError> {
    check_width(wires.len(), kinds)?;
    for (place, ((kind, wire), column)) in kinds.iter().zip(wires).zip(columns).enumerate() {
        decode_into(row, place, *wire, *kind, column)?;
    }
    Ok(())
}

fn decode_into(
    row: &PgRow,
    place: usize,
    wire: Wire,
    kind: ColumnType,
    column: &mut ScanColumn,
) -> Result<(), DbError> {
    let Some(bytes) = raw(row, place)? else {
        column.push_absent(kind);
        return Ok(());
    };
    match (kind, wire) {
        (ColumnType::Text, Wire::Text) => column.push_part(as_text(bytes)?.as_bytes()),
        (ColumnType::Bytes, Wire::Bytes) => column.push_part(bytes),
        (ColumnType::Int, Wire::Text | Wire::Bytes) | (ColumnType::Text | ColumnType::Bytes, _) => {
            let name = row.columns().get(place).map_or("?", |column| column.name());
            return Err(DbError::query(format!(
                "the column `{name}` holds {wire:?} where {kind:?} was said to be"
            )));
        }
        (ColumnType::Int, number) => column.push_int(as_int(bytes, number)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_another_machine_is_open_unless_its_certificate_is_looked_at() {
        let is_open = |address: &str| {
            let url = format!("postgres://weihe:x@{address}");
            is_open_way(&PgConnectOptions::from_str(&url).unwrap())
        };
        for open in [
            "10.1.2.3/weihe?sslmode=prefer",
            "db.example/weihe?sslmode=require",
            "db.example/weihe?sslmode=verify-ca",
            "localhost.example/weihe?sslmode=disable",
        ] {
            assert!(is_open(open), "{open}");
        }
        for shut in [
            "db.example/weihe?sslmode=verify-full",
            "127.0.0.1:5433/weihe?sslmode=disable",
            "[::1]/weihe?sslmode=disable",
            "localhost/weihe?sslmode=disable",
            "%2Fvar%2Frun%2Fpostgresql/weihe?sslmode=disable",
        ] {
            assert!(!is_open(shut), "{shut}");
        }
    }
}
