//! The database as a whole.

use std::sync::Arc;
use std::time::Duration;

use crate::postgres::{self, PostgresDatabase};
use crate::sqlite::{self, SqliteDatabase};
use crate::tx::Tx;
use crate::{DbError, identifier};

/// Which engine is underneath. Only `db` may write different SQL for the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// An embedded file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connections that read on SQLite, each with a thread of its own.
    pub readers: u32,
    /// Connections in all on PostgreSQL.
    pub connections: u32,
    /// How long to wait for a turn before [`DbError::Busy`].
    pub longest_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            readers: 8,
            connections: 16,
            longest_wait: Duration::from_secs(30),
        }
    }
}

#[derive(Debug)]
enum Backend {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// A database: one SQLite file, or one schema of a PostgreSQL server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    backend: Arc<Backend>,
    settings: Arc<Settings>,
    is_to_be_read: bool,
}

impl Db {
    /// Opens `sqlite:///path/file.db` (the file is made where it is missing) or `postgres://…`.
    /// `schema` is the PostgreSQL schema to work in, made where it is missing; SQLite has no use for it.
    ///
    /// # Errors
    /// [`DbError::Connection`] where it cannot be reached or the address cannot be understood.
    pub async fn connect(url: &str, schema: &str) -> Result<Self, DbError> {
        Self::connect_with(url, schema, &Settings::default()).await
    }

    /// As [`Db::connect`], with settings.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn connect_with(
        url: &str,
        schema: &str,
        settings: &Settings,
    ) -> Result<Self, DbError> {
        identifier::check(schema)?;
        let backend = match sqlite::file_of(url) {
            Some(file) => Backend::Sqlite(sqlite::open(file, settings).await?),
            None if is_postgres(url) => {
                Backend::Postgres(postgres::open(url, schema, true, settings).await?)
            }
            None => return Err(not_understood()),
        };
        Ok(Self {
            backend: Arc::new(backend),
            settings: Arc::new(settings.clone()),
            is_to_be_read: false,
        })
    }

    /// Opens a database that is there already, for reading only: makes and changes nothing in it, also
    /// where its file or its folder cannot be written.
    ///
    /// # Errors
    /// [`DbError::Missing`] where it is not there; as [`Db::connect`].
    pub async fn connect_to_read(url: &str, schema: &str) -> Result<Self, DbError> {
        Self::connect_to_read_with(url, schema, &Settings::default()).await
    }

    /// As [`Db::connect_to_read`], with settings.
    ///
    /// # Errors
    /// As [`Db::connect_to_read`].
    pub async fn connect_to_read_with(
        url: &str,
        schema: &str,
        settings: &Settings,
    ) -> Result<Self, DbError> {
        identifier::check(schema)?;
        let backend = match sqlite::file_of(url) {
            Some(file) => Backend::Sqlite(sqlite::open_to_read(file, settings).await?),
            None if is_postgres(url) => {
                Backend::Postgres(postgres::open(url, schema, false, settings).await?)
            }
            None => return Err(not_understood()),
        };
        Ok(Self {
            backend: Arc::new(backend),
            settings: Arc::new(settings.clone()),
            is_to_be_read: true,
        })
    }

    /// Whether it was opened for reading only.
    #[must_use]
    pub fn is_to_be_read(&self) -> bool {
        self.is_to_be_read
    }

    /// The engine underneath.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Begins a transaction that reads one unchanging state: what was committed when this returned.
    ///
    /// # Errors
    /// [`DbError::Busy`] where no connection becomes free in time, or [`DbError::Connection`].
    pub async fn read(&self) -> Result<Tx, DbError> {
        match &*self.backend {
            Backend::Sqlite(database) => sqlite::begin_reading(database).await,
            Backend::Postgres(database) => postgres::begin_reading(database).await,
        }
    }

    /// Begins a transaction that may write. On SQLite there is one writer at a time, in the order
    /// of asking; on PostgreSQL writers run side by side (READ COMMITTED).
    ///
    /// # Errors
    /// [`DbError::Busy`] where the turn does not come in time, [`DbError::Connection`], or
    /// [`DbError::ReadOnly`] where it was opened for reading only.
    pub async fn write(&self) -> Result<Tx, DbError> {
        if self.is_to_be_read {
            return Err(DbError::ReadOnly {
                what: "it was opened for reading only".to_owned(),
            });
        }
        match &*self.backend {
            Backend::Sqlite(database) => sqlite::begin_writing(database, &self.settings).await,
            Backend::Postgres(database) => postgres::begin_writing(database).await,
        }
    }

    /// Moves what the write-ahead log holds into the database file. Nothing to do on PostgreSQL.
    ///
    /// # Errors
    /// Any [`DbError`] of the engine.
    pub async fn checkpoint(&self) -> Result<(), DbError> {
        if let Backend::Sqlite(database) = &*self.backend
            && !self.is_to_be_read
        {
            let mut connection = database.writer.acquire().await?;
            sqlite::execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
        }
        Ok(())
    }

    /// The size on disk in bytes: the file with its log, or the tables and indexes of the schema.
    ///
    /// # Errors
    /// Any [`DbError`] of the engine.
    pub async fn size_bytes(&self) -> Result<u64, DbError> {
        match &*self.backend {
            Backend::Sqlite(database) => {
                let mut total = 0;
                for ending in ["", "-wal"] {
                    let file = format!("{}{ending}", database.file);
                    total += tokio::fs::metadata(file)
                        .await
                        .map_or(0, |found| found.len());
                }
                Ok(total)
            }
            Backend::Postgres(database) => {
                let sql = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS size FROM pg_class c \
                           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
                let row = self
                    .read()
                    .await?
                    .fetch_one(sql, &[database.schema.as_str().into()])
                    .await?;
                Ok(u64::try_from(row.int("size")?).unwrap_or(0))
            }
        }
    }

    /// Closes all connections; later calls answer [`DbError::Connection`].
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(database) => {
                database.readers.close().await;
                database.writer.close().await;
            }
            Backend::Postgres(database) => database.pool.close().await,
        }
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn not_understood() -> DbError {
    DbError::connection(
        "its address cannot be understood; write sqlite:///path/file.db or postgres://user:password@host/database",
    )
}
