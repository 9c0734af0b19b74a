//! Imports: files on their way from upload to commits, kept so that a stop loses nothing.
//!
//! An import is a row of the work database and a file. Its plan is made (`reading`), waits for a decision
//! (`planned`), and is committed (`writing`). A program that ends in between takes both up again at its
//! next start ([`Imports::resume`]): planning starts over, committing goes on with the change sets that
//! are still missing.

mod incoming;
mod model;
mod run;
mod store;
mod succession;
#[cfg(test)]
mod tests;
mod vault;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use db::Db;
use kernel::Clock;
use security::Permit;
use sha2::{Digest, Sha256};
use standard::{Action, Lang};

pub use model::{Import, ImportError, Request, State};
pub(crate) use succession::ImportsInHand;
pub use vault::{DAYS_SETTING, Receiving};

use crate::intake::{self, IntakeError, Plan, Progress, Step, Written};
use crate::ledger::{Ledger, Reversal, hex};
use crate::read::Limits;

/// The imports of this node.
#[derive(Clone)]
pub struct Imports {
    work: Db,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    files: PathBuf,
    /// Imports that write go one after the other in this process: which rows are new depends on what is
    /// held. Those of other processes are noticed when a change set is committed.
    writing: Arc<tokio::sync::Mutex<()>>,
    /// Each holds a file in memory; the others wait.
    in_memory: Arc<tokio::sync::Semaphore>,
    limits: Limits,
}

/// How many files are held in memory at a time.
const IN_MEMORY: usize = 2;

/// The room's tables in the work database.
pub fn work_migrations() -> &'static [db::Migration] {
    store::MIGRATIONS
}

/// What an import came to.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The plan.
    pub plan: Plan,
    /// What was written; `None` for a dry run.
    pub written: Option<Written>,
}

impl Imports {
    /// The imports kept in a work database, their files in a folder, none of them beyond the limits.
    pub fn new(work: Db, ledger: Ledger, files: PathBuf, limits: Limits) -> Imports {
        let clock = Arc::clone(ledger.clock());
        Imports {
            writing: Arc::default(),
            work,
            ledger,
            clock,
            files,
            in_memory: Arc::new(tokio::sync::Semaphore::new(IN_MEMORY)),
            limits,
        }
    }

    /// The work database, for this room's own tables in it.
    pub(crate) fn work(&self) -> &Db {
        &self.work
    }

    /// What a file may come to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The folder of one import's files.
    pub fn folder(&self, id: i64) -> PathBuf {
        self.files.join("imports").join(id.to_string())
    }

    /// The table of refused rows with their reasons in a language, where the plan has any.
    pub fn refused_file(&self, id: i64, lang: Lang) -> PathBuf {
        self.folder(id).join(match lang {
            Lang::Zh => "refused.csv",
            Lang::En => "refused-en.csv",
        })
    }

    /// A place in the files folder for an upload that is still coming in.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub async fn incoming(&self, name: &str) -> std::io::Result<PathBuf> {
        let folder = self.files.join("incoming");
        tokio::fs::create_dir_all(&folder).await?;
        Ok(folder.join(name))
    }

    /// Takes a file that a person sent, and starts to make its plan in the background.
    ///
    /// # Errors
    /// Without the right to import, for an unknown dataset, when the store or the folder fails.
    pub async fn submit(
        &self,
        permit: &Permit,
        grant: Option<i64>,
        dataset: &str,
        file: &str,
        upload: &Path,
        request: &Request,
    ) -> Result<i64, IntakeError> {
        permit.require(Action::Import)?;
        intake::dataset_named(&self.ledger, permit, dataset)?;
        match (
            self.is_sealed(dataset),
            Self::is_sealed_file(upload).await.map_err(unreadable)?,
        ) {
            (true, false) => {
                let plain = tokio::fs::read(upload).await.map_err(unreadable)?;
                self.write_sealed(upload, &plain).await?;
            }
            (false, true) => self.unseal_file(upload).await?,
            _ => {}
        }
        let sha256 = digest_of(upload).await?;
        let bytes = tokio::fs::metadata(upload).await.map_err(unreadable)?.len();
        let mut import = self.fresh(permit, grant, dataset, file, "", sha256, bytes, request);
        let beyond = self.ledger.last_import().await?;
        let mut tx = self.work.write().await?;
        let id = store::insert(&mut tx, &import, beyond).await?;
        let folder = self.folder(id);
        let unwritable = |error: std::io::Error| IntakeError::unwritable(&error);
        tokio::fs::create_dir_all(&folder)
            .await
            .map_err(unwritable)?;
        tokio::fs::rename(upload, folder.join("source"))
            .await
            .map_err(unwritable)?;
        tx.commit().await?;
        import.id = id;
        self.spawn(import);
        Ok(id)
    }

    /// Reads a file, and commits it unless it is only to be tried: what the command line does. An import
    /// of the same file that was stopped while it was being committed goes on.
    ///
    /// # Errors
    /// What stops the whole file.
    pub async fn run_now(
        &self,
        permit: &Permit,
        dataset: &str,
        path: &Path,
        request: &Request,
        dry_run: bool,
        progress: Progress,
    ) -> Result<(i64, Finished), IntakeError> {
        permit.require(Action::Import)?;
        intake::dataset_named(&self.ledger, permit, dataset)?;
        let file = path
            .file_name()
            .map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let sha256 = digest_of(path).await?;
        let bytes = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
        let kept = path.to_string_lossy();
        let mut import = self.fresh(permit, None, dataset, &file, &kept, sha256, bytes, request);
        let beyond = self.ledger.last_import().await?;
        let unfinished = match dry_run {
            true => None,
            false => self.unfinished(permit, &import).await?,
        };
        import.id = match unfinished {
            Some(id) => id,
            None => {
                let mut tx = self.work.write().await?;
                let id = store::insert(&mut tx, &import, beyond).await?;
                tx.commit().await?;
                id
            }
        };
        let id = import.id;
        let outcome = self
            .work_through(permit, &import, path, !dry_run, progress)
            .await;
        let kept = self.keep_outcome(id, &outcome).await;
        let finished = match (outcome, kept) {
            (Ok(finished), Ok(())) => finished,
            // What came of the import is told, also where it cannot be kept.
            (Err(error), _) => return Err(error),
            (Ok(finished), Err(error)) => {
                let written = finished.written.unwrap_or_default();
                let sets = written.committed + written.resumed;
                return Err(error.after(id, sets, sets));
            }
        };
        Ok((id, finished))
    }

    /// An import of the same file that did not come to its end and can be gone on with under its number.
    /// Where someone else committed to the dataset since it began, a row of it may need to be committed
    /// again, which one import never does: then a new one compares the file with what is held.
    async fn unfinished(
        &self,
        permit: &Permit,
        import: &Import,
    ) -> Result<Option<i64>, IntakeError> {
        let found = store::unfinished_of(&mut self.work.read().await?, import).await?;
        let Some(id) = found else { return Ok(None) };
        let commits = self.ledger.commits_of_import(permit, id).await?;
        let Some(first) = commits.first() else {
            return Ok(found);
        };
        let others = self
            .ledger
            .commit_of_others(&import.dataset, first.number, id)
            .await?;
        Ok(found.filter(|_| others.is_none()))
    }

    /// Commits a planned import in the background.
    ///
    /// # Errors
    /// Without the right to import; when the import does not wait for a decision.
    pub async fn approve(&self, permit: &Permit, id: i64) -> Result<(), IntakeError> {
        permit.require(Action::Import)?;
        let mut tx = self.work.write().await?;
        let Some(mut import) = store::one(&mut tx, id).await? else {
            return Err(security::Denied::Hidden.into());
        };
        self.own(permit, &import)?;
        if import.state != State::Planned {
            return Err(IntakeError::Stopped(import.state.as_str().to_owned()));
        }
        store::set_state(
            &mut tx,
            id,
            State::Writing,
            store::Outcome::Nothing,
            self.clock.now(),
        )
        .await?;
        tx.commit().await?;
        import.state = State::Writing;
        self.open_plans(std::slice::from_mut(&mut import));
        self.spawn(import);
        Ok(())
    }

    /// Asks a running import to stop, or puts a planned one aside.
    ///
    /// # Errors
    /// Without the right to import.
    pub async fn stop(&self, permit: &Permit, id: i64) -> Result<(), IntakeError> {
        permit.require(Action::Import)?;
        let mut tx = self.work.write().await?;
        let Some(import) = store::one(&mut tx, id).await? else {
            return Err(security::Denied::Hidden.into());
        };
        self.own(permit, &import)?;
        match import.state {
            State::Planned => {
                store::set_state(
                    &mut tx,
                    id,
                    State::Discarded,
                    store::Outcome::Nothing,
                    self.clock.now(),
                )
                .await?;
            }
            state if state.is_running() => store::request_stop(&mut tx, id).await?,
            _ => {}
        }
        tx.commit().await?;
        Ok(())
    }

    /// Reverses the commits of an import, all that are not reversed yet. Where it is interrupted the import
    /// stays [`State::Reversing`], and the same call goes on.
    ///
    /// # Errors
    /// [`crate::ledger::LedgerError::Conflict`] where later commits touched its records: found in all of
    /// its commits before the first is reversed. [`IntakeError::Stopped`] while the import is under way, or
    /// where `progress` says so.
    pub async fn reverse(
        &self,
        permit: &Permit,
        id: i64,
        reason: &str,
        progress: &Progress,
    ) -> Result<Reversal, IntakeError> {
        permit.require(Action::Reverse)?;
        let _alone = self.writing.lock().await;
        let before = store::one(&mut self.work.read().await?, id)
            .await?
            .map(|import| import.state);
        if let Some(state) = before.filter(|state| state.is_running()) {
            return Err(IntakeError::Stopped(state.as_str().to_owned()));
        }
        let began = self.ledger.reversal_of(permit, id).await?;
        self.mark(id, State::Reversing).await?;
        let go_on = |reversal: Reversal| {
            let told = progress.tell(Step::Write, reversal.reversed, reversal.commits);
            told.is_ok()
        };
        let outcome = self.ledger.reverse_import(permit, id, reason, go_on).await;
        let come = self.ledger.reversal_of(permit, id).await?;
        let state = match before {
            // It had ended before it reversed anything.
            Some(State::Reversing) if come.reversed == 0 => State::Done,
            Some(before) if come.reversed == 0 => before,
            _ if !come.is_unfinished() => State::Reversed,
            _ => State::Reversing,
        };
        self.mark(id, state).await?;
        match outcome {
            Ok(_) if !come.is_unfinished() => Ok(come),
            Err(error) if come.reversed == began.reversed => Err(error.into()),
            outcome => {
                if let Err(error) = outcome {
                    tracing::error!(import = id, %error, "a reversal was interrupted");
                }
                // Something was written: none of the ledger's own faults says so.
                Err(IntakeError::Stopped(State::Reversing.as_str().to_owned()))
            }
        }
    }

    async fn mark(&self, id: i64, state: State) -> Result<(), IntakeError> {
        let mut tx = self.work.write().await?;
        store::set_state_only(&mut tx, id, state, self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One import that the permit may see: one's own, or any for those who hold everything.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find(&self, permit: &Permit, id: i64) -> Result<Option<Import>, IntakeError> {
        permit.require(Action::Import)?;
        let import = store::one(&mut self.work.read().await?, id).await?;
        let Some(mut import) = import.filter(|import| self.own(permit, import).is_ok()) else {
            return Ok(None);
        };
        self.open_plans(std::slice::from_mut(&mut import));
        Ok(Some(import))
    }

    /// The latest imports that the permit may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn latest(&self, permit: &Permit, most: i64) -> Result<Vec<Import>, IntakeError> {
        permit.require(Action::Import)?;
        let mut imports = store::latest(&mut self.work.read().await?, most).await?;
        imports.retain(|import| self.own(permit, import).is_ok());
        self.open_plans(&mut imports);
        Ok(imports)
    }

    /// How many imports that the permit may see stand in each state, for the inbox and for operators.
    ///
    /// # Errors
    /// Without the right to import; those of the store.
    pub async fn counts(&self, permit: &Permit) -> Result<Vec<(State, u64)>, IntakeError> {
        permit.require(Action::Import)?;
        let actor = permit.actor().to_string();
        let only = (!permit.reaches_everything()).then_some(actor.as_str());
        Ok(store::counts(&mut self.work.read().await?, only).await?)
    }

    /// Takes up imports that the end of the program interrupted. Those of the command line are left to
    /// whoever calls it again. Answers how many.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self) -> Result<usize, IntakeError> {
        let mut waiting = store::in_states(
            &mut self.work.read().await?,
            [State::Reading, State::Writing],
        )
        .await?;
        waiting.retain(|import| import.path.is_empty());
        self.open_plans(&mut waiting);
        let count = waiting.len();
        for import in waiting {
            self.spawn(import);
        }
        Ok(count)
    }

    fn own(&self, permit: &Permit, import: &Import) -> Result<(), IntakeError> {
        if permit.reaches_everything() || permit.actor().to_string() == import.actor {
            Ok(())
        } else {
            Err(security::Denied::Hidden.into())
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one record")]
    fn fresh(
        &self,
        permit: &Permit,
        grant: Option<i64>,
        dataset: &str,
        file: &str,
        path: &str,
        sha256: String,
        bytes: u64,
        request: &Request,
    ) -> Import {
        Import {
            id: 0,
            dataset: dataset.to_owned(),
            file: file.to_owned(),
            path: path.to_owned(),
            sha256,
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            request: serde_json::to_string(request).unwrap_or_default(),
            state: State::Reading,
            actor: permit.actor().to_string(),
            account: permit.actor().account().map(kernel::AccountId::get),
            grant,
            created: self.clock.now(),
            updated: self.clock.now(),
            step: String::new(),
            done: 0,
            total: 0,
            plan: None,
            written: None,
            error: None,
        }
    }
}

async fn digest_of(path: &Path) -> Result<String, IntakeError> {
    let path = path.to_owned();
    let digest = tokio::task::spawn_blocking(move || -> std::io::Result<String> {
        let mut file = std::fs::File::open(&path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = std::io::Read::read(&mut file, &mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                return Ok(hex(&hasher.finalize()));
            };
            hasher.update(part);
        }
    });
    match digest.await {
        Ok(digest) => digest.map_err(unreadable),
        Err(error) => Err(IntakeError::Stopped(error.to_string())),
    }
}

fn unreadable(error: std::io::Error) -> IntakeError {
    IntakeError::Read(crate::read::ReadError::Unreadable {
        detail: error.to_string(),
    })
}
