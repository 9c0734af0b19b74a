//! What can go wrong between the house and a database.

use sqlx::error::ErrorKind;

/// A fault of the database, with a stable code and a sentence for the operator.
///
/// Messages name tables, columns and constraints, never the values of a row.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A row with the same key is already there.
    #[error("a row with the same key is already stored ({what}); nothing was written")]
    Unique {
        /// The table and columns, or the name of the constraint.
        what: String,
    },
    /// The turn to write did not come in time, or another writer was in the way.
    #[error("the database is busy: {what}; try again in a moment")]
    Busy {
        /// What was waited for.
        what: String,
    },
    /// No room is left for the data.
    #[error("the disk of the database is full; make room on it and try again ({what})")]
    DiskFull {
        /// The database's own message.
        what: String,
    },
    /// The database cannot be reached, opened, read or written.
    #[error("the database cannot be reached: {what}")]
    Connection {
        /// The cause, with the file or the server where known.
        what: String,
    },
    /// A program that was ended at once left changes in the write-ahead log of a file, in a folder where they
    /// cannot be read.
    #[error(
        "{file}: a program that was ended at once left changes in {file}-wal, and they cannot be read where the folder cannot be written; copy the folder to a place that can be written and read it there"
    )]
    LogLeft {
        /// The file.
        file: String,
    },
    /// There is no database at that address, and none was to be made.
    #[error("there is no database: {what}")]
    Missing {
        /// The file or the schema.
        what: String,
    },
    /// The stored bytes are damaged.
    #[error(
        "the database is damaged: {what}; restore the last backup or ask for help before writing to it"
    )]
    Corrupt {
        /// The database's own message.
        what: String,
    },
    /// A write was tried where only reading is possible.
    #[error("this database, or this transaction, can only be read: {what}")]
    ReadOnly {
        /// The database's own message.
        what: String,
    },
    /// A statement, a parameter or an answer is not as it must be: a mistake in the program or a definition.
    #[error("the database refused a statement: {what}")]
    Query {
        /// The database's own message, with the beginning of the statement where known.
        what: String,
    },
}

impl DbError {
    /// The stable code of this fault, as shown to users beside the sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unique { .. } => "db.unique",
            Self::Busy { .. } => "db.busy",
            Self::DiskFull { .. } => "db.disk_full",
            Self::Connection { .. } => "db.connection",
            Self::LogLeft { .. } => "db.log_left",
            Self::Missing { .. } => "db.missing",
            Self::Corrupt { .. } => "db.corrupt",
            Self::ReadOnly { .. } => "db.read_only",
            Self::Query { .. } => "db.query",
        }
    }

    /// True where it may be that only reading is possible: the file, its folder or the disk refuses writing.
    #[must_use]
    pub fn may_be_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly { .. } | Self::Connection { .. })
    }

    /// True where the same work may succeed if it is tried again later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Connection { .. })
    }

    /// A [`DbError::Query`] with this message.
    pub fn query(what: impl Into<String>) -> Self {
        Self::Query { what: what.into() }
    }

    /// A [`DbError::Connection`] with this message.
    pub(crate) fn connection(what: impl Into<String>) -> Self {
        Self::Connection { what: what.into() }
    }

    /// A [`DbError::Busy`] with this message.
    pub(crate) fn busy(what: impl Into<String>) -> Self {
        Self::Busy { what: what.into() }
    }

    /// Adds the beginning of the statement to a refused one.
    pub(crate) fn with_statement(self, sql: &str) -> Self {
        const SHOWN: usize = 200;
        match self {
            Self::Query { what } => {
                let shown: String = sql.chars().take(SHOWN).collect();
                let dots = if shown.len() < sql.len() { " …" } else { "" };
                Self::Query {
                    what: format!("{what} (statement: {shown}{dots})"),
                }
            }
            other => other,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                let message = database.message().to_owned();
                if database.kind() == ErrorKind::UniqueViolation {
                    return Self::Unique { what: message };
                }
                match database.code() {
                    Some(code) => match code.parse::<i32>() {
                        Ok(number) if code.len() < 5 => of_sqlite(number, message),
                        _ => of_postgres(&code, message),
                    },
                    None => Self::Query { what: message },
                }
            }
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => Self::DiskFull {
                what: io.to_string(),
            },
            sqlx::Error::Io(io) => Self::connection(io.to_string()),
            sqlx::Error::Tls(tls) => {
                Self::connection(format!("the encrypted connection failed: {tls}"))
            }
            sqlx::Error::Configuration(what) => {
                Self::connection(format!("the database address is not right: {what}"))
            }
            sqlx::Error::PoolTimedOut => Self::busy("no connection became free in time"),
            sqlx::Error::PoolClosed => {
                Self::connection("the connections were closed because the program is stopping")
            }
            sqlx::Error::WorkerCrashed => Self::connection("the connection has stopped working"),
            sqlx::Error::Protocol(what) => Self::Query { what },
            other => Self::Query {
                what: other.to_string(),
            },
        }
    }
}

/// Extended result codes of SQLite; the low byte is the primary code (<https://www.sqlite.org/rescode.html>).
fn of_sqlite(code: i32, what: String) -> DbError {
    const ROWID_TAKEN: i32 = 2579;
    // The index of the write-ahead log could not grow: no other cause than a full disk is known.
    const INDEX_OF_LOG_TOO_LARGE: i32 = 4874;
    match code {
        ROWID_TAKEN => return DbError::Unique { what },
        INDEX_OF_LOG_TOO_LARGE => return DbError::DiskFull { what },
        _ => {}
    }
    match code & 0xff {
        5 | 6 => DbError::busy(format!("another process is writing to it ({what})")),
        8 => DbError::ReadOnly { what },
        10 => DbError::connection(format!("its file cannot be read or written ({what})")),
        11 | 26 => DbError::Corrupt { what },
        13 => DbError::DiskFull { what },
        14 => DbError::connection(format!("its file cannot be opened ({what})")),
        _ => DbError::Query { what },
    }
}

/// SQLSTATE codes of PostgreSQL (appendix A of its manual).
fn of_postgres(code: &str, what: String) -> DbError {
    match code {
        "53100" => DbError::DiskFull { what },
        "25006" => DbError::ReadOnly { what },
        "XX001" | "XX002" => DbError::Corrupt { what },
        "55P03" | "40P01" | "40001" | "57014" | "53300" => DbError::busy(what),
        "57P01" | "57P02" | "57P03" | "3D000" => DbError::connection(what),
        // A statement that breaks the protocol is refused; the server is still there.
        "08P01" => DbError::Query { what },
        _ if code.starts_with("08") || code.starts_with("28") => DbError::connection(what),
        _ => DbError::Query { what },
    }
}
