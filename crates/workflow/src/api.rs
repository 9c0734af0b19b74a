//! What other rooms and the program call: the [`Workflow`] handle.
//!
//! A room above opens a case ([`Workflow::open_case`]), registers what it carries out when one is decided
//! ([`Workflow::register`]), asks for an approval ([`Workflow::approved`]) or for time limits
//! ([`Workflow::timers`]), and tells people something ([`Workflow::notify`]).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use db::{Db, Tx};
use kernel::{Clock, UnitId};
use security::{Permit, Security};
use sha2::{Digest, Sha256};
use standard::{Action, Standard};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::effects::{Effect, UnitDirectory};
use crate::error::WorkflowError;
use crate::model::{Case, Mover, Stands};
use crate::notices::settings::NoticeSettings;
use crate::seal::{Seal, Sealing};
use crate::{rules, store};

const UPLOADS_AT_ONCE: usize = 4;

/// What [`Workflow::open`] needs.
pub struct Parts {
    /// The work database.
    pub work: Db,
    /// The definitions.
    pub standard: Arc<Standard>,
    /// Accounts, permits, units, audit.
    pub security: Security,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What seals forms, notes and files; `None` where there is no key.
    pub seal: Option<Arc<dyn Seal>>,
    /// The folder for attached files; no files are taken where `None`.
    pub files: Option<PathBuf>,
    /// Where notices may be sent.
    pub notices: NoticeSettings,
}

/// Cases, their moves and time limits, notices. Cheap to clone.
#[derive(Clone)]
pub struct Workflow(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) work: Db,
    pub(crate) standard: Arc<Standard>,
    pub(crate) security: Security,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealing: Sealing,
    pub(crate) files: Option<PathBuf>,
    pub(crate) notices: NoticeSettings,
    /// The words of mails.
    pub(crate) catalogue: Arc<ui::Catalogue>,
    /// So many uploads are held in memory at once; others wait.
    uploads: Semaphore,
    pub(crate) effects: RwLock<BTreeMap<String, Arc<dyn Effect>>>,
    pub(crate) directory: OnceLock<Arc<dyn UnitDirectory>>,
    /// Definitions of the standard and those that cases kept, by digest.
    definitions: RwLock<BTreeMap<String, Arc<standard::Workflow>>>,
}

impl std::fmt::Debug for Workflow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workflow").finish_non_exhaustive()
    }
}

impl Workflow {
    /// Opens the room: makes or renews its tables.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn open(parts: Parts) -> Result<Self, WorkflowError> {
        db::migrate(&parts.work, store::WORK_MIGRATIONS).await?;
        let workflow = Self::open_to_read(parts);
        let cases = crate::succession::CasesInHand(Arc::downgrade(&workflow.0));
        workflow.0.security.add_work(Arc::new(cases));
        Ok(workflow)
    }

    /// Opens the room as it is: makes and renews nothing.
    #[must_use]
    pub fn open_to_read(parts: Parts) -> Self {
        let definitions = parts
            .standard
            .workflows()
            .iter()
            .map(|workflow| (digest(&workflow.text), Arc::new(workflow.clone())))
            .collect();
        let grants = crate::grant::GrantEffect(parts.security.clone());
        let exports = crate::exports::ExportEffect(parts.security.clone());
        let workflow = Self(Arc::new(Inner {
            work: parts.work,
            standard: parts.standard,
            security: parts.security,
            clock: parts.clock,
            sealing: Sealing(parts.seal),
            files: parts.files,
            notices: parts.notices,
            catalogue: ui::Catalogue::new(vec![crate::messages()]),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            effects: RwLock::new(BTreeMap::new()),
            directory: OnceLock::new(),
            definitions: RwLock::new(definitions),
        }));
        workflow.register(crate::grant::NAME, Arc::new(grants));
        workflow.register(crate::exports::NAME, Arc::new(exports));
        workflow
    }

    /// Registers what a room carries out. Called once for each name, when the program starts.
    pub fn register(&self, name: &str, effect: Arc<dyn Effect>) {
        let mut effects = self
            .0
            .effects
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        effects.insert(name.to_owned(), effect);
    }

    /// Gives the room the names of units, which a room above knows. Called once, when the program starts.
    pub fn name_units(&self, directory: Arc<dyn UnitDirectory>) {
        let _ = self.0.directory.set(directory);
    }

    /// That every effect which a process names is carried out by some room.
    ///
    /// # Errors
    /// [`WorkflowError::NoEffect`] with the first that is not.
    pub fn check_effects(&self) -> Result<(), WorkflowError> {
        let effects = self
            .0
            .effects
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for workflow in self.0.standard.workflows() {
            for effect in workflow.effects() {
                if effect != crate::effects::APPROVAL && !effects.contains_key(effect) {
                    return Err(WorkflowError::NoEffect {
                        workflow: workflow.name.clone(),
                        effect: effect.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Accounts, permits and units.
    #[must_use]
    pub fn security(&self) -> &Security {
        &self.0.security
    }

    /// The definitions.
    #[must_use]
    pub fn standard(&self) -> &Standard {
        &self.0.standard
    }

    /// The processes that someone may begin, without those that an overlay put another in the place of.
    #[must_use]
    pub fn may_begin(&self, permit: &Permit) -> Vec<&standard::Workflow> {
        let workflows = self.0.standard.workflows();
        let mover = mover(permit, Stands::Apart);
        workflows
            .iter()
            .filter(|workflow| {
                !workflows
                    .iter()
                    .any(|other| other.replaces.as_ref() == Some(&workflow.name))
            })
            .filter(|workflow| rules::may_begin(&workflow.begin, &mover))
            .collect()
    }

    /// A turn to hold an upload in memory.
    pub(crate) async fn upload_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.uploads.acquire().await.ok()
    }

    /// The domains that notices may be mailed to; none where there is no mail server.
    pub(crate) fn mail_domains(&self) -> Vec<String> {
        let mail = self.0.notices.mail.as_ref();
        mail.map(|mail| mail.domains.clone()).unwrap_or_default()
    }

    /// The definition with which a case was begun.
    pub(crate) async fn definition(
        &self,
        tx: &mut Tx,
        case: &Case,
    ) -> Result<Arc<standard::Workflow>, WorkflowError> {
        {
            let known = self
                .0
                .definitions
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(workflow) = known.get(&case.digest) {
                return Ok(Arc::clone(workflow));
            }
        }
        let text = store::definition(tx, &case.digest).await?;
        let workflow = text
            .and_then(|text| Standard::kept_workflow(&text))
            .map(Arc::new)
            .ok_or(WorkflowError::Definition(case.id.0))?;
        let mut known = self
            .0
            .definitions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(case.digest.clone(), Arc::clone(&workflow));
        Ok(workflow)
    }

    /// How someone with a permit stands to a case of a unit.
    pub(crate) fn mover(&self, permit: &Permit, unit: UnitId) -> Mover {
        let tree = self.0.security.units();
        let stands = if permit.reaches_everything() {
            rules::stands_at(&tree, unit, None, true)
        } else if permit.units().contains(&unit) {
            Stands::Same
        } else if permit.sees(&tree, unit) {
            Stands::Above
        } else {
            Stands::Apart
        };
        mover(permit, stands)
    }
}

pub(crate) fn mover(permit: &Permit, stands: Stands) -> Mover {
    Mover {
        account: permit.actor().account(),
        post: permit.post().map(str::to_owned),
        actions: Action::CHOICES
            .iter()
            .map(|(_, action)| *action)
            .filter(|action| permit.allows(*action))
            .collect(),
        stands,
    }
}

/// SHA-256 of a definition's text, in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
