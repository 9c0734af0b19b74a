//! Databases for tests: each test has its own, gone when it is over.
//!
//! A PostgreSQL is used where `WEIHE_TEST_POSTGRES` holds the address of one
//! (`postgres://weihe@127.0.0.1:5432/postgres`, a role that may make schemas). Without it those
//! tests say that they were skipped, and fail where `WEIHE_REQUIRE_ALL=1` is set.

use std::future::Future;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt as _;

use crate::{Db, DbError, Engine, Settings};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A place for the databases of one test.
#[derive(Debug)]
pub struct TestPlace {
    engine: Engine,
    /// The base address on PostgreSQL.
    url: String,
    /// The folder on SQLite.
    folder: PathBuf,
    prefix: String,
}

impl TestPlace {
    /// A fresh folder for SQLite files.
    ///
    /// # Errors
    /// [`DbError::Connection`] where the folder cannot be made.
    pub fn sqlite() -> Result<Self, DbError> {
        let place = Self::new(Engine::Sqlite, String::new());
        std::fs::create_dir_all(&place.folder)
            .map_err(|error| DbError::connection(error.to_string()))?;
        Ok(place)
    }

    /// Fresh schemas on the PostgreSQL of `WEIHE_TEST_POSTGRES`; `None`, with a line that says
    /// so, where there is none.
    ///
    /// # Panics
    /// Where there is none and `WEIHE_REQUIRE_ALL=1` is set.
    #[must_use]
    pub fn postgres(test: &str) -> Option<Self> {
        match environment("WEIHE_TEST_POSTGRES") {
            Some(url) => Some(Self::postgres_at(&url)),
            None => {
                skip(test, "no PostgreSQL (WEIHE_TEST_POSTGRES is not set)");
                None
            }
        }
    }

    /// Fresh schemas on a given PostgreSQL.
    #[must_use]
    pub fn postgres_at(url: &str) -> Self {
        Self::new(Engine::Postgres, url.to_owned())
    }

    fn new(engine: Engine, url: String) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{}_{number}", std::process::id());
        let folder = std::env::temp_dir().join(format!("weihe-{prefix}"));
        Self {
            engine,
            url,
            folder,
            prefix,
        }
    }

    /// The engine that is used here.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The address and the schema under which [`Db::connect`] finds a database of this place.
    #[must_use]
    pub fn address(&self, name: &str) -> (String, String) {
        let schema = format!("{}_{name}", self.prefix);
        match self.engine {
            Engine::Sqlite => (
                format!("sqlite://{}/{name}.db", self.folder.display()),
                schema,
            ),
            Engine::Postgres => (self.url.clone(), schema),
        }
    }

    /// Opens a database by name, such as `ledger`. The same name opened twice gives two handles
    /// that know nothing of each other, as two processes do.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn open(&self, name: &str) -> Result<Db, DbError> {
        let settings = Settings {
            readers: 4,
            connections: 5,
            longest_wait: Duration::from_secs(20),
        };
        self.open_with(name, &settings).await
    }

    /// As [`TestPlace::open`], with settings.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn open_with(&self, name: &str, settings: &Settings) -> Result<Db, DbError> {
        let (url, schema) = self.address(name);
        Db::connect_with(&url, &schema, settings).await
    }

    /// Removes everything of this place.
    ///
    /// # Errors
    /// Any [`DbError`]. What is left over does no harm to other tests.
    pub async fn remove(self) -> Result<(), DbError> {
        match self.engine {
            Engine::Sqlite => std::fs::remove_dir_all(&self.folder)
                .map_err(|error| DbError::connection(error.to_string())),
            Engine::Postgres => {
                let db = Db::connect(&self.url, "public").await?;
                let mut tx = db.write().await?;
                let pattern = format!("{}\\_%", self.prefix.replace('_', "\\_"));
                let sql = "SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE $1";
                for row in tx.fetch_all(sql, &[pattern.into()]).await? {
                    let name = crate::identifier::quote(row.text("name")?)?;
                    tx.execute(&format!("DROP SCHEMA {name} CASCADE"), &[])
                        .await?;
                }
                tx.commit().await?;
                db.close().await;
                Ok(())
            }
        }
    }
}

/// Says that a test was skipped, past the capturing of the test runner.
///
/// # Panics
/// Where `WEIHE_REQUIRE_ALL=1` is set.
#[expect(
    clippy::panic,
    reason = "on the build server a missing part is a failed test"
)]
pub fn skip(test: &str, why: &str) {
    if environment("WEIHE_REQUIRE_ALL").as_deref() == Some("1") {
        panic!("{test}: {why}, and WEIHE_REQUIRE_ALL=1 allows no test to be skipped");
    }
    let _ = writeln!(std::io::stdout(), "SKIPPED: {test}: {why}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs a test in a place, and removes the place also where the test fails.
///
/// # Panics
/// Where the test does.
#[expect(
    clippy::expect_used,
    reason = "a test without a runtime or a folder has failed"
)]
pub fn run<Test, Running>(place: TestPlace, test: Test)
where
    Test: FnOnce(&'static TestPlace) -> Running,
    Running: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime for the test");
    // A reference that outlives the test lets tests be plain functions; one place is leaked per test.
    let place: &'static TestPlace = Box::leak(Box::new(place));
    let outcome = runtime.block_on(async {
        let outcome = AssertUnwindSafe(test(place)).catch_unwind().await;
        let leftover = TestPlace {
            engine: place.engine,
            url: place.url.clone(),
            folder: place.folder.clone(),
            prefix: place.prefix.clone(),
        };
        if let Err(error) = leftover.remove().await {
            let _ = writeln!(
                std::io::stderr(),
                "the databases of a test are left over: {error}"
            );
        }
        outcome
    });
    if let Err(cause) = outcome {
        std::panic::resume_unwind(cause);
    }
}

/// Makes two tests of one, `name::sqlite` and `name::postgres`. The test is given a [`Db`], or
/// the [`TestPlace`] where it needs several databases.
///
/// ```text
/// db::on_both_engines! {
///     async fn a_row_is_found(db: Db) { … }
///     async fn two_databases(place: &TestPlace) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    () => {};
    ($(#[$attribute:meta])* async fn $name:ident($db:ident: Db) $body:block $($rest:tt)*) => {
        $crate::on_both_engines! {
            $(#[$attribute])*
            async fn $name(place: &TestPlace) {
                let $db: $crate::Db = place.open("main").await.expect("a database for the test");
                $body
            }
            $($rest)*
        }
    };
    ($(#[$attribute:meta])* async fn $name:ident($place:ident: &TestPlace) $body:block $($rest:tt)*) => {
        $(#[$attribute])*
        async fn $name($place: &'static $crate::testing::TestPlace) $body

        mod $name {
            #[test]
            fn sqlite() {
                let place = $crate::testing::TestPlace::sqlite().expect("a folder for the test");
                $crate::testing::run(place, super::$name);
            }

            #[test]
            fn postgres() {
                let name = concat!(module_path!(), "::postgres");
                if let Some(place) = $crate::testing::TestPlace::postgres(name) {
                    $crate::testing::run(place, super::$name);
                }
            }
        }
        $crate::on_both_engines! { $($rest)* }
    };
}
