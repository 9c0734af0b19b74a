//! What other rooms and the program call: the [`Assurance`] handle. Its methods are spread over the parts.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use db::Db;
use kernel::{Clock, Day, UnitId};
use security::{Action, AuditAction, Outcome, Permit, Security, Subject, UnitTree};
use serde::Serialize;
use standard::{AssuranceRules, Standard};
use workflow::Workflow;

use crate::checks::Node;
use crate::directory::{Directory, UnitNames};
use crate::duties::Duties;
use crate::error::AssuranceError;
use crate::events::{Event, Fold, Kept};
use crate::findings::FindingSource;
use crate::incidents::Incidents;
use crate::incidents::rules::Book;
use crate::reports::Schedules;
use crate::store;
use crate::systems::Systems;
use crate::trainings::Drills;

/// What [`Assurance::open`] needs.
pub struct Parts {
    /// The work database.
    pub work: Db,
    /// Accounts, permits, the tree of units, audit.
    pub security: Security,
    /// The definitions.
    pub standard: Arc<Standard>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where notices are put; without it they stand on this room's own page only.
    pub workflow: Option<Workflow>,
    /// The names of units.
    pub directory: Arc<dyn Directory>,
    /// What other rooms find that is to be done.
    pub sources: Vec<Arc<dyn FindingSource>>,
    /// The program, whose chains and certificates are looked at; without it nothing is said of them.
    pub node: Option<Arc<dyn Node>>,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Assurance(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) work: Db,
    pub(crate) security: Security,
    pub(crate) standard: Arc<Standard>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) workflow: Option<Workflow>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) sources: Vec<Arc<dyn FindingSource>>,
    pub(crate) node: Option<Arc<dyn Node>>,
    /// A verification of the chains is under way.
    pub(crate) verifying: AtomicBool,
    pub(crate) duties: Kept<Duties>,
    pub(crate) systems: Kept<Systems>,
    pub(crate) incidents: Kept<Incidents>,
    pub(crate) drills: Kept<Drills>,
    pub(crate) schedules: Kept<Schedules>,
}

impl std::fmt::Debug for Assurance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Assurance").finish_non_exhaustive()
    }
}

/// An event to be written, with what the audit log says of it.
pub(crate) struct NewEvent<'a, B> {
    /// What it happened to; `None`: something new, which gets a number.
    pub(crate) subject: Option<i64>,
    /// The unit whose it is.
    pub(crate) unit: UnitId,
    /// What happened.
    pub(crate) body: &'a B,
    /// The last event that the writer knew of, where others must not have come between.
    pub(crate) after: Option<i64>,
    /// What the audit log calls it.
    pub(crate) action: AuditAction,
}

impl Assurance {
    /// Opens the room: makes or renews its tables.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(parts: Parts) -> Result<Self, AssuranceError> {
        db::migrate(&parts.work, store::MIGRATIONS).await?;
        Ok(Self::open_to_read(parts))
    }

    /// Opens the room as it is: makes and renews nothing.
    #[must_use]
    pub fn open_to_read(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            work: parts.work,
            security: parts.security,
            standard: parts.standard,
            clock: parts.clock,
            workflow: parts.workflow,
            directory: parts.directory,
            sources: parts.sources,
            node: parts.node,
            verifying: AtomicBool::new(false),
            duties: Kept::default(),
            systems: Kept::default(),
            incidents: Kept::default(),
            drills: Kept::default(),
            schedules: Kept::default(),
        }))
    }

    pub(crate) fn rules(&self) -> &AssuranceRules {
        self.0.standard.assurance()
    }

    /// The rules of incidents with the calendar that their working days are counted by.
    pub(crate) fn book(&self) -> Book<'_> {
        Book {
            rules: self.rules(),
            calendar: self.0.standard.calendar(),
        }
    }

    pub(crate) fn today(&self) -> Day {
        self.0.clock.today()
    }

    pub(crate) fn tree(&self) -> Arc<UnitTree> {
        self.0.security.units()
    }

    pub(crate) async fn names(&self) -> Result<Arc<UnitNames>, AssuranceError> {
        self.0
            .directory
            .units()
            .await
            .map_err(AssuranceError::Directory)
    }

    /// A unit that there is, that the permit reaches and whose security it may see.
    pub(crate) fn reached(&self, permit: &Permit, unit: UnitId) -> Result<(), AssuranceError> {
        self.allowed(permit, unit, Action::ReadSecurity)
    }

    /// As [`Assurance::reached`], for changing something.
    pub(crate) fn kept(&self, permit: &Permit, unit: UnitId) -> Result<(), AssuranceError> {
        self.allowed(permit, unit, Action::ManageSecurity)
    }

    fn allowed(&self, permit: &Permit, unit: UnitId, action: Action) -> Result<(), AssuranceError> {
        let tree = self.tree();
        if tree.position(unit).is_none() {
            return Err(AssuranceError::hidden());
        }
        permit.require_in(&tree, unit, action)?;
        Ok(())
    }

    /// The unit that a reader's pages begin with: the one that the post is for; of the whole node its first root.
    pub(crate) fn home(&self, permit: &Permit) -> Option<UnitId> {
        let tree = self.tree();
        if permit.reaches_everything() {
            let roots = tree.roots();
            // Of several trees the one with most in it.
            return roots
                .into_iter()
                .max_by_key(|root| tree.range(*root).map_or(0, |range| range.len()));
        }
        permit
            .units()
            .into_iter()
            .find(|unit| tree.position(*unit).is_some())
    }

    /// Writes an event and its entry of the audit log together; the number of what it happened to.
    pub(crate) async fn append<F: Fold, B: Serialize>(
        &self,
        permit: &Permit,
        address: &str,
        new: NewEvent<'_, B>,
    ) -> Result<i64, AssuranceError> {
        let body = serde_json::to_string(new.body)
            .map_err(|error| AssuranceError::Event(0, error.to_string()))?;
        let mut tx = self.0.work.write().await?;
        let number = store::next_number(&mut tx, "event").await?;
        let subject = match new.subject {
            Some(subject) => subject,
            None => store::next_number(&mut tx, "subject").await?,
        };
        if let Some(after) = new.after
            && store::last_event_of(&mut tx, F::KIND, subject).await? != after
        {
            return Err(AssuranceError::Changed);
        }
        let event = Event {
            number,
            subject,
            unit: new.unit,
            body,
            at: self.0.clock.now(),
            actor: permit.actor().to_string(),
        };
        store::insert_event(&mut tx, F::KIND, &event).await?;
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                new.action,
                &Subject::item(F::KIND, subject),
                Outcome::Done,
                Some(address).filter(|address| !address.is_empty()),
            )
            .await?;
        tx.commit().await?;
        Ok(subject)
    }

    /// The events of one thing, for its history.
    pub(crate) async fn history<F: Fold>(
        &self,
        subject: i64,
    ) -> Result<Vec<Event>, AssuranceError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::events_of(&mut tx, F::KIND, subject).await?)
    }
}
