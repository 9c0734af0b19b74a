//! The program's state, opened from a data folder.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use assurance::Assurance;
use axum::Router;
use db::{Db, DbError};
use geo_room::Geo;
use kernel::{Clock, Millis, SystemClock};
use registry::Registry;
use registry::ledger::Ledger;
use registry::read::Limits;
use security::people::KeySource;
use security::{Config, Permit, Random, RouteTable, Security, SystemRandom};
use standard::Standard;
use ui::Catalogue;
use workflow::{NoticeSettings, Workflow};

use crate::arrival::Patience;
use crate::connections::Connections;
use crate::definitions;
use crate::duties::{Evidence, Missing, Names, ThisNode};
use crate::error::OpenError;
use crate::metrics::Metrics;
use crate::pages::settings::Display;
use crate::rooms;
use crate::tls::TlsSettings;
use crate::units::{Directory, UnitNames};

/// Where the two databases are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The files `ledger.db` and `work.db` in the data folder.
    Embedded,
    /// A PostgreSQL server, with the schemas `ledger` and `work`.
    Server(String),
    /// Address and schema of each, for tests that share a server.
    Places {
        /// The ledger.
        ledger: (String, String),
        /// The work database.
        work: (String, String),
    },
}

/// What [`App::open`] needs.
pub struct Settings {
    /// The folder for databases, uploads and reports; made where it is missing.
    pub data: PathBuf,
    /// Where the databases are.
    pub database: Database,
    /// The operator's definitions; those of the data folder where `None`.
    pub overlay: Option<PathBuf>,
    /// This node's name in commits; counts when the ledger is made.
    pub node: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Accounts and sessions.
    pub security: Config,
    /// Who knows it may read `/metrics` from elsewhere.
    pub metrics_token: Option<String>,
    /// How long a request may take, uploads apart.
    pub longest_request: Duration,
    /// What a file that is imported may come to.
    pub limits: Limits,
    /// How long a client may take with what it sends, and with what it is sent.
    pub patience: Patience,
    /// How many connections there may be.
    pub connections: Connections,
    /// Certificate and key; plain HTTP without them.
    pub tls: Option<TlsSettings>,
    /// Where notices may be sent.
    pub notices: NoticeSettings,
}

impl Settings {
    /// The largest request: what the import pages promise, and room for what stands round a file in a form.
    pub(crate) fn largest_request(&self) -> usize {
        usize::try_from(self.limits.max_bytes)
            .unwrap_or(usize::MAX)
            .saturating_add(1 << 20)
    }

    /// The settings of a served program with its data in a folder.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            database: Database::Embedded,
            overlay: None,
            node: "local".to_owned(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            security: Config::default(),
            metrics_token: None,
            longest_request: Duration::from_secs(60),
            limits: Limits::default(),
            patience: Patience::default(),
            notices: NoticeSettings::default(),
            connections: Connections::default(),
            tls: None,
        }
    }

    /// Whether there is a ledger to read. Makes nothing.
    ///
    /// # Errors
    /// Where the database is there and cannot be read.
    pub async fn holds_ledger(&self) -> Result<bool, OpenError> {
        let [(url, schema), _] = self.places();
        let ledger = match Db::connect_to_read(&url, &schema).await {
            Ok(ledger) => ledger,
            Err(DbError::Missing { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let holds = Ledger::is_in(&ledger).await?;
        ledger.close().await;
        Ok(holds)
    }

    /// Where a ledger is looked for, in words.
    #[must_use]
    pub fn place(&self) -> String {
        if matches!(self.database, Database::Server(_)) && self.data.is_dir() {
            return "PostgreSQL (schema ledger)".to_owned();
        }
        let folder = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
        folder.display().to_string()
    }

    /// That there is no ledger where these settings say.
    #[must_use]
    pub fn no_ledger(&self) -> OpenError {
        OpenError::NoLedger {
            place: self.place(),
        }
    }

    fn definitions(&self) -> Result<Standard, OpenError> {
        let overlay = self
            .overlay
            .clone()
            .or_else(|| definitions::overlay_of(&self.data));
        definitions::load(overlay.as_deref())
    }

    /// The operator's settings, with keys in the data folder where no other place is set.
    fn security_config(&self) -> Config {
        let mut config = self.security.clone();
        if config.keys.source == KeySource::Nowhere {
            config.keys.source = KeySource::File(self.data.join("keys").join("master-keys"));
        }
        config
    }

    fn security_parts(&self, ledger: &Db, work: &Db, standard: &Standard) -> security::Parts {
        security::Parts {
            ledger: ledger.clone(),
            work: work.clone(),
            posts: standard.posts().to_vec(),
            lines: standard.lines().to_vec(),
            datasets: standard.dataset_names(),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            config: self.security_config(),
        }
    }

    fn workflow_parts(
        &self,
        work: &Db,
        standard: &Arc<Standard>,
        security: &Security,
    ) -> workflow::Parts {
        workflow::Parts {
            work: work.clone(),
            standard: Arc::clone(standard),
            security: security.clone(),
            clock: Arc::clone(&self.clock),
            seal: security
                .keeps_node_key()
                .then(|| Arc::new(workflow::NodeSeal(security.clone())) as Arc<dyn workflow::Seal>),
            files: Some(self.data.join("files").join("cases")),
            notices: self.notices.clone(),
        }
    }

    fn assurance_parts(
        &self,
        work: &Db,
        standard: &Arc<Standard>,
        workflow: &Workflow,
        registry: &Registry,
    ) -> assurance::Parts {
        let security = registry.security().clone();
        assurance::Parts {
            work: work.clone(),
            security: security.clone(),
            standard: Arc::clone(standard),
            clock: Arc::clone(&self.clock),
            workflow: Some(workflow.clone()),
            directory: Arc::new(Names::new(registry.clone())),
            sources: vec![Arc::new(Evidence(security))],
            node: Some(Arc::new(ThisNode {
                registry: registry.clone(),
                tls: self.tls.clone(),
            })),
        }
    }

    fn registry_parts(
        &self,
        ledger: &Db,
        work: &Db,
        standard: &Arc<Standard>,
        security: &Security,
        workflow: &Workflow,
    ) -> registry::Parts {
        registry::Parts {
            ledger: ledger.clone(),
            work: work.clone(),
            standard: Arc::clone(standard),
            security: security.clone(),
            workflow: Some(workflow.clone()),
            clock: Arc::clone(&self.clock),
            node: self.node.clone(),
            files: self.data.join("files"),
            limits: self.limits.clone(),
        }
    }

    fn places(&self) -> [(String, String); 2] {
        match &self.database {
            Database::Embedded => ["ledger", "work"].map(|name| {
                let file = self.data.join(format!("{name}.db"));
                (format!("sqlite://{}", file.display()), name.to_owned())
            }),
            Database::Server(url) => ["ledger", "work"].map(|name| (url.clone(), name.to_owned())),
            Database::Places { ledger, work } => [ledger.clone(), work.clone()],
        }
    }
}

/// The program. Cheap to clone.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) standard: Arc<Standard>,
    pub(crate) security: Security,
    workflow: Workflow,
    assurance: Assurance,
    pub(crate) registry: Registry,
    geo: Geo,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) metrics: Metrics,
    /// When the program was opened.
    pub(crate) started: Millis,
    pub(crate) unit_names: UnitNames,
    display: RwLock<Arc<Display>>,
    ledger: Db,
    work: Db,
}

/// The work database that is there: to be written where it can be.
async fn existing(url: &str, schema: &str) -> Result<Db, OpenError> {
    let to_read = match Db::connect_to_read(url, schema).await {
        Ok(to_read) => to_read,
        Err(DbError::Missing { what }) => return Err(OpenError::NoWork { place: what }),
        Err(error) => return Err(error.into()),
    };
    match writable(url, schema).await {
        Ok(work) => {
            to_read.close().await;
            Ok(work)
        }
        Err(error) if error.may_be_read_only() => Ok(to_read),
        Err(error) => Err(error.into()),
    }
}

/// A database that can be written: an engine may open one that cannot, and say so only then.
async fn writable(url: &str, schema: &str) -> Result<Db, DbError> {
    let db = Db::connect(url, schema).await?;
    match db.write().await {
        // Somebody is writing to it.
        Ok(_) | Err(DbError::Busy { .. }) => Ok(db),
        Err(error) => Err(error),
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Opens a data folder: loads the definitions, makes or renews the tables, and plants the records that
    /// come with the definitions.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        std::fs::create_dir_all(&settings.data).map_err(|cause| OpenError::Folder {
            folder: settings.data.display().to_string(),
            cause,
        })?;
        let standard = Arc::new(settings.definitions()?);
        let [(ledger_url, ledger_schema), (work_url, work_schema)] = settings.places();
        let ledger = Db::connect(&ledger_url, &ledger_schema).await?;
        let work = Db::connect(&work_url, &work_schema).await?;
        let security = Security::open(settings.security_parts(&ledger, &work, &standard)).await?;
        let workflow = Workflow::open(settings.workflow_parts(&work, &standard, &security)).await?;
        let parts = settings.registry_parts(&ledger, &work, &standard, &security, &workflow);
        let registry = Registry::open(parts).await?;
        registry::seed::plant(registry.ledger(), &Permit::for_operator("first-start")?).await?;
        let parts = settings.assurance_parts(&work, &standard, &workflow, &registry);
        let assurance = Assurance::open(parts).await?;
        security.add_grant_condition(assurance.grant_condition());
        Self::of(
            settings,
            standard,
            (workflow, assurance),
            registry,
            [ledger, work],
        )
        .await
    }

    /// Opens a data folder as it is, for a command that reads: makes nothing, renews nothing, adopts no
    /// definitions. It need not be possible to write it; where it is, the audit log can be written.
    ///
    /// # Errors
    /// [`OpenError::NoLedger`] and [`OpenError::NoWork`] where there is nothing to read; [`OpenError`].
    pub async fn open_to_read(settings: Settings) -> Result<Self, OpenError> {
        // Also beside a server: definitions of the operator's own stand in the folder.
        if !settings.data.is_dir() || !settings.holds_ledger().await? {
            return Err(settings.no_ledger());
        }
        let standard = Arc::new(settings.definitions()?);
        let [(ledger_url, ledger_schema), (work_url, work_schema)] = settings.places();
        let ledger = Db::connect_to_read(&ledger_url, &ledger_schema).await?;
        let work = existing(&work_url, &work_schema).await?;
        let parts = settings.security_parts(&ledger, &work, &standard);
        let security = Security::open_to_read(parts).await?;
        let parts = settings.workflow_parts(&work, &standard, &security);
        let workflow = Workflow::open_to_read(parts);
        let parts = settings.registry_parts(&ledger, &work, &standard, &security, &workflow);
        let registry = Registry::open_to_read(parts).await?;
        let parts = settings.assurance_parts(&work, &standard, &workflow, &registry);
        let assurance = Assurance::open_to_read(parts);
        Self::of(
            settings,
            standard,
            (workflow, assurance),
            registry,
            [ledger, work],
        )
        .await
    }

    async fn of(
        settings: Settings,
        standard: Arc<Standard>,
        (workflow, assurance): (Workflow, Assurance),
        registry: Registry,
        [ledger, work]: [Db; 2],
    ) -> Result<Self, OpenError> {
        workflow.name_units(Arc::new(Directory(registry.clone())));
        workflow.check_effects()?;
        let security = registry.security().clone();
        security.use_alerts(standard.alerts());
        let purposes = standard.purposes().iter();
        security
            .use_purposes(purposes.map(|purpose| (purpose.name.clone(), purpose.title.clone())));
        security.use_records(Arc::new(Directory(registry.clone())));
        let display = Display::read(&security).await?;
        let started = settings.clock.now();
        let layers = Missing::of(&assurance, &standard.assurance().figures);
        Ok(Self(Arc::new(Inner {
            settings,
            standard,
            security,
            workflow,
            geo: Geo::with_figures(registry.clone(), layers),
            assurance,
            registry,
            catalogue: Catalogue::new(rooms::messages()),
            metrics: Metrics::default(),
            started,
            unit_names: UnitNames::default(),
            display: RwLock::new(Arc::new(display)),
            ledger,
            work,
        })))
    }

    /// Whether nothing can be written, not even to the audit log.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.work.is_to_be_read()
    }

    /// Every route with the gate and the middleware round it, and the table of who may call which.
    ///
    /// # Errors
    /// [`OpenError::Program`] where two rooms declare the same route.
    pub fn router(&self) -> Result<(Router, Arc<RouteTable>), OpenError> {
        rooms::program(self)
    }

    /// The OpenAPI document of what programs read and send, as it is served.
    ///
    /// # Errors
    /// [`OpenError::Program`].
    pub fn openapi(&self) -> Result<String, OpenError> {
        let (_, table) = self.router()?;
        Ok(crate::pages::openapi::text(&table))
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The definitions.
    #[must_use]
    pub fn standard(&self) -> &Arc<Standard> {
        &self.0.standard
    }

    /// Accounts, permits, the unit tree, audit.
    #[must_use]
    pub fn security(&self) -> &Security {
        &self.0.security
    }

    /// Who answers for security, systems, incidents, training.
    #[must_use]
    pub fn assurance(&self) -> &Assurance {
        &self.0.assurance
    }

    /// Applications and reviews.
    #[must_use]
    pub fn workflow(&self) -> &Workflow {
        &self.0.workflow
    }

    /// The ledger and the imports.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Layers, tiles, figures and maps.
    #[must_use]
    pub fn geo(&self) -> &Geo {
        &self.0.geo
    }

    /// The words of all pages.
    #[must_use]
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.0.catalogue
    }

    /// The ledger's and the work database, in that order, for measurements.
    #[must_use]
    pub fn databases(&self) -> [(&'static str, &Db); 2] {
        [("ledger", &self.0.ledger), ("work", &self.0.work)]
    }

    /// What an operator has set to be shown on pages.
    #[must_use]
    pub fn display(&self) -> Arc<Display> {
        let display = self
            .0
            .display
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&display)
    }

    /// Reads what is to be shown on pages again, after a setting was changed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reload_display(&self) -> Result<(), security::SecurityError> {
        let fresh = Arc::new(Display::read(&self.0.security).await?);
        *self
            .0
            .display
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// A new operation id: twelve hexadecimal digits.
    pub(crate) fn new_operation(&self) -> String {
        let mut bytes = [0_u8; 6];
        if self.0.settings.random.fill(&mut bytes).is_err() {
            // Only an id is wanted, not a secret: the time does when there is no randomness.
            let now = self.0.settings.clock.now().get().to_be_bytes();
            for (target, source) in bytes.iter_mut().zip(now.iter().skip(2)) {
                *target = *source;
            }
        }
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Ends the program in order: waits for transactions that are under way, then closes both databases.
    /// An import that is being committed stops after its present change set and goes on at the next start.
    pub async fn close(&self) {
        const LONGEST: Duration = Duration::from_secs(30);
        // The work database first, so that a stopped import cannot be noted there as failed.
        for db in [&self.0.work, &self.0.ledger] {
            if tokio::time::timeout(LONGEST, db.close()).await.is_err() {
                tracing::warn!("a transaction did not end in time; it is undone at the next start");
            }
        }
    }
}
