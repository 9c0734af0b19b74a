//! A served program of a test's own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use db::testing::TestPlace;
use kernel::{AccountId, Day, FixedClock, UnitId};
use registry::imports::{Import, Request};
use registry::intake::{IntakeError, Progress};
use security::people::KeySettings;
use security::{Config, NewAccount, Permit, SeededRandom};
use server::{App, Database, Settings};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Client;

/// The day on which tests stand, at noon in Shanghai.
pub const TODAY: &str = "2026-03-02";

/// An import in the background that takes longer hangs.
const LONGEST_IMPORT: Duration = Duration::from_secs(120);

/// The password of every account that a test makes.
pub const PASSWORD: &str = "Wei-He river 2026";

/// The program, served on a port of its own.
pub struct TestApp {
    /// The program itself, for what has no page.
    pub app: App,
    /// The clock, to be moved.
    pub clock: Arc<FixedClock>,
    address: SocketAddr,
    folder: tempfile::TempDir,
    accounts: AtomicU32,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl TestApp {
    /// A program on the databases of a place, holding what comes with the definitions.
    pub async fn start(place: &TestPlace) -> Self {
        Self::start_with(place, |_| {}).await
    }

    /// As [`TestApp::start`], with other settings.
    pub async fn start_with(place: &TestPlace, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at_noon(Day::parse(TODAY).unwrap()));
        let mut settings = Settings::new(folder.path().join("data"));
        settings.database = Database::Places {
            ledger: place.address("ledger"),
            work: place.address("work"),
        };
        settings.node = "test".to_owned();
        settings.clock = Arc::<FixedClock>::clone(&clock);
        settings.random = Arc::new(SeededRandom::new(7));
        settings.security = Config::for_tests();
        // As a served program has them: in the data folder.
        settings.security.keys = KeySettings::default();
        change(&mut settings);
        let app = App::open(settings).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = app.clone();
        let serving = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            server::serve(served, listener, stopped).await.unwrap();
        });
        Self {
            app,
            clock,
            address,
            folder,
            accounts: AtomicU32::new(0),
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    /// Where it is served: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A folder of the test's own, gone with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A permit over everything, for what a test prepares and looks up.
    pub fn permit(&self) -> Permit {
        Permit::for_operator("cli").unwrap()
    }

    /// The unit with a code or a name.
    pub async fn unit(&self, code: &str) -> UnitId {
        server::find_unit(self.app.registry(), &self.permit(), code)
            .await
            .unwrap()
    }

    /// A browser in which nobody is signed in.
    pub fn visitor(&self) -> Client {
        Client::new(self.url())
    }

    /// Makes an account that holds a post for a unit (`None`: the whole node). Answers its name.
    pub async fn account(&self, post: &str, unit: Option<&str>) -> String {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        let login = format!("{post}-{number}");
        let unit = match unit {
            Some(code) => Some(self.unit(code).await),
            None => None,
        };
        let new = NewAccount {
            login: login.clone(),
            display: format!("测试{number}"),
            password: Some(PASSWORD.to_owned()),
        };
        let security = self.app.security();
        let (account, _) = security.create_account(&self.permit(), new).await.unwrap();
        self.train(account, post).await;
        security
            .grant(&self.permit(), account, post, unit, None)
            .await
            .unwrap();
        login
    }

    /// Records the trainings that must come before a post.
    pub async fn train(&self, account: AccountId, post: &str) {
        let assurance = self.app.assurance();
        for course in self.app.standard().courses_before(post) {
            let attended = assurance::Attended {
                account,
                course: course.name.clone(),
                unit: self.app.security().units().roots()[0],
                day: self.app.registry().today(),
                hours: course.hours,
            };
            assurance
                .record_attendance(&self.permit(), "", &attended)
                .await
                .unwrap();
        }
    }

    /// A browser in which someone is signed in who holds a post for a unit (`None`: the whole node).
    pub async fn signed_in(&self, post: &str, unit: Option<&str>) -> Client {
        let login = self.account(post, unit).await;
        let mut client = self.visitor();
        client.sign_in(&login, PASSWORD).await;
        client
    }

    /// Imports a file's text, as `weihe import` does.
    ///
    /// # Errors
    /// What stops the whole file.
    pub async fn import(
        &self,
        dataset: &str,
        file: &str,
        text: impl AsRef<[u8]>,
    ) -> Result<registry::imports::Finished, IntakeError> {
        let path = self.folder().join(file);
        std::fs::write(&path, text).unwrap();
        self.import_file(dataset, &path, &Request::default()).await
    }

    /// Imports a file, as `weihe import` does.
    ///
    /// # Errors
    /// What stops the whole file.
    pub async fn import_file(
        &self,
        dataset: &str,
        path: &Path,
        request: &Request,
    ) -> Result<registry::imports::Finished, IntakeError> {
        let imports = self.app.registry().imports();
        let (_, finished) = imports
            .run_now(
                &self.permit(),
                dataset,
                path,
                request,
                false,
                Progress::silent(),
            )
            .await?;
        Ok(finished)
    }

    /// An import, once nothing is going on in it any more: its plan waits, or it has ended.
    pub async fn settled(&self, import: i64) -> Import {
        let permit = self.permit();
        let imports = self.app.registry().imports();
        let looked = async {
            loop {
                let found = imports
                    .find(&permit, import)
                    .await
                    .unwrap()
                    .expect("such an import");
                if !found.state.is_running() {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONGEST_IMPORT, looked)
            .await
            .expect("an import that ends")
    }

    /// Stops it as `SIGTERM` would, and waits until it has ended.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            serving.await.unwrap();
        }
    }
}
