//! What other rooms and the program call.

use std::path::PathBuf;
use std::sync::Arc;

use db::Db;
use kernel::{Clock, Clocks, CommitNumber, Day};
use security::{Permit, Security};
use standard::Standard;
use workflow::Workflow;

use crate::directory::LedgerDirectory;
use crate::held::{Cache, View};
use crate::imports::{Imports, ImportsInHand};
use crate::ledger::{Ledger, LedgerError};
use crate::read::Limits;

/// What [`Registry::open`] needs.
pub struct Parts {
    /// The ledger database, with the tables of `security` in it.
    pub ledger: Db,
    /// The work database.
    pub work: Db,
    /// The definitions.
    pub standard: Arc<Standard>,
    /// Accounts, permits, the unit tree.
    pub security: Security,
    /// Applications and reviews; without it nothing is under way.
    pub workflow: Option<Workflow>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// This node's name.
    pub node: String,
    /// The folder for uploads and reports.
    pub files: PathBuf,
    /// What a file may come to.
    pub limits: Limits,
}

/// Why a dataset holds nothing at two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// By the second clock nothing had come in.
    NotKnown,
    /// What is known begins later, on this day.
    Before(Day),
    /// There is nothing, or nothing within reach.
    AtAll,
}

/// The registry. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    ledger: Ledger,
    /// What the directory of units reads, as long as there is a registry.
    #[expect(dead_code, reason = "held, so that the directory finds it")]
    of_directory: Arc<Ledger>,
    imports: Imports,
    cases: Option<Workflow>,
    cache: Arc<Cache>,
}

impl Registry {
    /// Opens the room: makes its tables, adopts the definitions.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(parts: Parts) -> Result<Registry, LedgerError> {
        db::migrate(&parts.work, crate::imports::work_migrations()).await?;
        let ledger = Ledger::open(
            parts.ledger,
            parts.standard,
            parts.security,
            parts.clock,
            &parts.node,
        )
        .await?;
        let imports = Imports::new(parts.work, ledger.clone(), parts.files, parts.limits);
        let whole = Arc::new(ledger.clone());
        let directory = LedgerDirectory::new(&whole);
        ledger.security().set_directory(Arc::new(directory));
        ledger.security().add_work(Arc::new(ImportsInHand));
        Ok(Registry {
            ledger,
            of_directory: whole,
            imports,
            cases: parts.workflow,
            cache: Arc::new(Cache::default()),
        })
    }

    /// Opens the room as it is, for reading: makes and renews nothing.
    ///
    /// # Errors
    /// [`LedgerError::NotThere`]; those of the store.
    pub async fn open_to_read(parts: Parts) -> Result<Registry, LedgerError> {
        let ledger =
            Ledger::open_to_read(parts.ledger, parts.standard, parts.security, parts.clock).await?;
        let imports = Imports::new(parts.work, ledger.clone(), parts.files, parts.limits);
        let whole = Arc::new(ledger.clone());
        let directory = LedgerDirectory::new(&whole);
        ledger.security().set_directory(Arc::new(directory));
        Ok(Registry {
            ledger,
            of_directory: whole,
            imports,
            cases: parts.workflow,
            cache: Arc::new(Cache::default()),
        })
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The imports.
    pub fn imports(&self) -> &Imports {
        &self.imports
    }

    /// Applications and reviews, where the registry was opened with them.
    pub fn cases(&self) -> Option<&Workflow> {
        self.cases.as_ref()
    }

    /// The definitions.
    pub fn standard(&self) -> &Arc<Standard> {
        self.ledger.standard()
    }

    /// Accounts, permits, the unit tree.
    pub fn security(&self) -> &Security {
        self.ledger.security()
    }

    /// Today in Shanghai.
    pub fn today(&self) -> Day {
        self.ledger.clock().today()
    }

    /// What the permit reaches of a dataset at two clocks, as columns in memory.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn view(
        &self,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
    ) -> Result<View, LedgerError> {
        self.cache.view(&self.ledger, permit, dataset, clocks).await
    }

    /// Bytes of datasets that are held in memory, for measurements.
    pub fn held_bytes(&self) -> usize {
        self.cache.memory()
    }

    /// Why a view is empty, for the sentence that says so.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn why_nothing(
        &self,
        permit: &Permit,
        dataset: &str,
        clocks: Clocks,
    ) -> Result<Nothing, LedgerError> {
        let known = clocks.as_known_on;
        let ever = self
            .ledger
            .last_commit_of(dataset, CommitNumber::LATEST)
            .await?;
        let by_then = self.ledger.last_commit_of(dataset, known).await?;
        if by_then == CommitNumber::NONE && ever != CommitNumber::NONE {
            return Ok(Nothing::NotKnown);
        }
        let first = self.ledger.first_day(permit, dataset, known).await?;
        Ok(match first {
            Some(first) if first > clocks.as_of => Nothing::Before(first),
            _ => Nothing::AtAll,
        })
    }

    /// The clocks of a read as a page states them: a day, and the day on which it was known.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn clocks(
        &self,
        as_of: Option<Day>,
        known_on: Option<Day>,
    ) -> Result<Clocks, LedgerError> {
        let as_known_on = match known_on {
            Some(day) => self.ledger.known_on(day).await?,
            None => CommitNumber::LATEST,
        };
        Ok(Clocks {
            as_of: as_of.unwrap_or_else(|| self.today()),
            as_known_on,
        })
    }
}
