//! The work on one import.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use kernel::Day;
use security::{GrantId, Permit};
use standard::Lang;

use super::model::{Import, ImportError, Request, State};
use super::{Finished, Imports, store};
use crate::intake::{self, Class, IntakeError, Mapping, Options, Progress, Step, parse_datum};
use crate::ledger::LedgerError;
use crate::read::{Delimiter, Header, RawReader, ReadOptions, TextEncoding};
use crate::write::CsvWriter;

/// Progress is written to the store at most so often.
const PROGRESS_EVERY_MS: i64 = 500;

/// The code of a full disk.
const DISK_FULL: &str = "db.disk_full";

/// The state of an import that a full disk ended is tried to be kept so often.
const KEEP_AGAIN: Duration = Duration::from_secs(10);

/// So often a plan is made before it is said that others keep coming between.
const MOST_PLANS: usize = 5;

impl Imports {
    /// Works on an import in the background, under the permit that its sender has by now.
    pub(super) fn spawn(&self, import: Import) {
        let imports = self.clone();
        tokio::spawn(async move {
            let id = import.id;
            let outcome = imports.background(&import).await;
            let is_written = matches!(&outcome, Ok(finished) if finished.written.is_some());
            if let Err(error) = &outcome {
                // What the database or the engine says in its own words is for the operator.
                tracing::warn!(import = id, code = error.code(), %error, "an import did not end");
            }
            while let Err(error) = imports.keep_outcome(id, &outcome).await {
                tracing::error!(import = id, %error, "the state of an import could not be kept");
                // The disk that ended the import is full for its state, too; there will be room again.
                if error.code() != DISK_FULL {
                    break;
                }
                tokio::time::sleep(KEEP_AGAIN).await;
            }
            if is_written {
                imports.drop_upload(id, &import.dataset).await;
            }
        });
    }

    async fn background(&self, import: &Import) -> Result<Finished, IntakeError> {
        let permit = match import.grant {
            Some(grant) => self
                .ledger
                .security()
                .permit_for_grant(GrantId(grant))
                .await
                .map_err(|error| IntakeError::Ledger(error.into()))?,
            None => return Err(security::Denied::Hidden.into()),
        };
        let progress = self.watched(import.id);
        let path = self.folder(import.id).join("source");
        self.work_through(
            &permit,
            import,
            &path,
            import.state == State::Writing,
            progress,
        )
        .await
    }

    /// Progress that is kept in the store, and stops when that was asked for.
    fn watched(&self, id: i64) -> Progress {
        let stop = Arc::new(AtomicBool::new(false));
        let last = Arc::new(AtomicI64::new(0));
        let imports = self.clone();
        let runtime = tokio::runtime::Handle::current();
        Progress::to(move |step, done, total| {
            let now = imports.clock.now();
            if now.get() - last.swap(now.get(), Ordering::Relaxed) >= PROGRESS_EVERY_MS {
                let (imports, stop) = (imports.clone(), Arc::clone(&stop));
                runtime.spawn(async move {
                    if let Ok(true) = imports.note(id, step, done, total).await {
                        stop.store(true, Ordering::Relaxed);
                    }
                });
            } else {
                last.store(now.get() - PROGRESS_EVERY_MS, Ordering::Relaxed);
            }
            !stop.load(Ordering::Relaxed)
        })
    }

    async fn note(&self, id: i64, step: Step, done: u64, total: u64) -> Result<bool, IntakeError> {
        let step = match step {
            Step::Read => "read",
            Step::Check => "check",
            Step::Compare => "compare",
            Step::Write => "write",
        };
        let mut tx = self.work.write().await?;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let stop = store::progress(
            &mut tx,
            id,
            step,
            number(done),
            number(total),
            self.clock.now(),
        )
        .await?;
        tx.commit().await?;
        Ok(stop)
    }

    /// Plans and, where it is wanted, commits. Where another program committed to the dataset meanwhile,
    /// the plan is made again on what is held now.
    pub(super) async fn work_through(
        &self,
        permit: &Permit,
        import: &Import,
        path: &Path,
        commit: bool,
        progress: Progress,
    ) -> Result<Finished, IntakeError> {
        let _alone = match commit {
            true => Some(self.writing.lock().await),
            false => None,
        };
        // Nobody closes it: an error is none.
        let _place = self.in_memory.acquire().await.ok();
        for _ in 0..MOST_PLANS {
            match self
                .work_once(permit, import, path, commit, progress.clone())
                .await
            {
                Err(IntakeError::Ledger(LedgerError::Overtaken(between))) => {
                    tracing::info!(import = import.id, %between, "planned again");
                }
                outcome => return outcome,
            }
        }
        self.work_once(permit, import, path, commit, progress).await
    }

    async fn work_once(
        &self,
        permit: &Permit,
        import: &Import,
        path: &Path,
        commit: bool,
        progress: Progress,
    ) -> Result<Finished, IntakeError> {
        let request: Request = serde_json::from_str(&import.request).unwrap_or_default();
        let mapping = Mapping::parse(&request.mapping)?;
        let mut options = self.options(permit, &request).await?;
        options.effective_field = mapping.effective_field.clone();
        let reader = self.open(&import.dataset, path, &mapping).await?;
        let prepared = intake::prepare(
            &self.ledger,
            permit,
            &import.dataset,
            &import.file,
            reader,
            mapping,
            &options,
            progress.clone(),
        )
        .await?;
        if prepared.plan.has_refusals() {
            self.write_refused(import.id, &prepared).await?;
        }
        if !commit {
            return Ok(Finished {
                plan: prepared.plan,
                written: None,
            });
        }
        self.refuse_changed_plan(import, &prepared).await?;
        let plan = self.plan_to_keep(&import.dataset, import.id, &prepared.plan)?;
        let mut tx = self.work.write().await?;
        store::set_state(
            &mut tx,
            import.id,
            State::Writing,
            store::Outcome::Plan(&plan),
            self.clock.now(),
        )
        .await?;
        tx.commit().await?;
        let prepared = Arc::new(prepared);
        let written = intake::commit(
            &self.ledger,
            permit,
            &prepared,
            &options,
            import.id,
            &progress,
        )
        .await?;
        Ok(Finished {
            plan: prepared.plan.clone(),
            written: Some(written),
        })
    }

    /// What a person approved must be what is committed. An import that was interrupted while it was
    /// being committed has, of course, fewer rows left.
    async fn refuse_changed_plan(
        &self,
        import: &Import,
        prepared: &intake::Prepared,
    ) -> Result<(), IntakeError> {
        let now = &prepared.plan;
        let Some(shown) = import
            .plan
            .as_deref()
            .and_then(|plan| serde_json::from_str::<intake::Plan>(plan).ok())
        else {
            return Ok(());
        };
        let fewer = [Class::New, Class::Changed]
            .iter()
            .all(|class| now.count(*class) <= shown.count(*class));
        let same_refusals = [Class::Refused, Class::Review]
            .iter()
            .all(|class| now.count(*class) == shown.count(*class));
        if !fewer || !same_refusals || now.missing_count > shown.missing_count {
            return Err(IntakeError::PlanChanged(now.based_on));
        }
        // What someone corrected since would be overwritten unseen.
        let touched = self
            .ledger
            .touched_after(&import.dataset, &prepared.changed_records(), shown.based_on)
            .await?;
        if touched.is_empty() {
            Ok(())
        } else {
            Err(IntakeError::PlanChanged(now.based_on))
        }
    }

    async fn options(&self, permit: &Permit, request: &Request) -> Result<Options, IntakeError> {
        let datum = match request.datum.as_str() {
            "" => None,
            name => Some(parse_datum(name)?),
        };
        let effective = match request.effective.as_str() {
            "" => None,
            text => Some(Day::parse(text).map_err(|fault| {
                IntakeError::Mapping(intake::MappingFault::Syntax(format!("{text}: {fault}")))
            })?),
        };
        let complete_for = match request.complete_for.trim() {
            "" => None,
            text => Some(intake::context::unit_named(&self.ledger, permit, text).await?),
        };
        Ok(Options {
            datum,
            effective,
            effective_field: None,
            complete_for,
            reason: request.reason.clone(),
            strict: false,
        })
    }

    async fn open(
        &self,
        dataset: &str,
        path: &Path,
        mapping: &Mapping,
    ) -> Result<RawReader, IntakeError> {
        let standard = Arc::clone(self.ledger.standard());
        // What is sealed is opened in memory only.
        let is_sealed = Self::is_sealed_file(path)
            .await
            .map_err(super::unreadable)?;
        let opened = match is_sealed {
            true => Some(self.read_kept(path).await?),
            false => None,
        };
        let dataset = dataset.to_owned();
        let mapping = mapping.clone();
        let path = path.to_owned();
        let limits = self.limits.clone();
        let task = tokio::task::spawn_blocking(move || -> Result<RawReader, IntakeError> {
            let dataset = standard.dataset(&dataset);
            let known = |cells: &[&str]| {
                let mapped = cells
                    .iter()
                    .filter(|cell| mapping.map.contains_key(**cell))
                    .count();
                let recognised =
                    dataset.map_or(0, |dataset| dataset.assign(cells).iter().flatten().count());
                mapped.max(recognised)
            };
            let names = mapping.columns.as_deref().unwrap_or_default();
            let encoding = mapping
                .encoding
                .as_deref()
                .map(str::parse::<TextEncoding>)
                .transpose();
            let delimiter = mapping
                .delimiter
                .as_deref()
                .map(str::parse::<Delimiter>)
                .transpose();
            let syntax = |text: String| IntakeError::Mapping(intake::MappingFault::Syntax(text));
            let options = ReadOptions {
                encoding: encoding.map_err(|fault| syntax(fault.to_string()))?,
                delimiter: delimiter.map_err(|fault| syntax(fault.to_string()))?,
                sheet: mapping.sheet.as_deref(),
                header: match mapping.header {
                    Some(false) => Header::Absent,
                    Some(true) if mapping.columns.is_some() => Header::First,
                    _ if mapping.columns.is_some() => Header::Absent,
                    _ => Header::Detect(&known),
                },
                width: (!names.is_empty()).then_some(names.len()),
                absorb: names.iter().position(|name| name.ends_with('+')),
            };
            Ok(match opened {
                Some(bytes) => RawReader::open(bytes, &limits, &options)?,
                None => RawReader::open_path(&path, &limits, &options)?,
            })
        });
        task.await
            .map_err(|error| IntakeError::Stopped(error.to_string()))?
    }

    /// Writes the refused rows with their reasons, in each language, as tables that can be mended and imported
    /// again.
    async fn write_refused(&self, id: i64, prepared: &intake::Prepared) -> Result<(), IntakeError> {
        let unwritable = |error: std::io::Error| IntakeError::unwritable(&error);
        tokio::fs::create_dir_all(self.folder(id))
            .await
            .map_err(unwritable)?;
        for lang in [Lang::Zh, Lang::En] {
            let bytes = self.refused_csv(prepared, lang).map_err(unwritable)?;
            let path = self.refused_file(id, lang);
            if self.is_sealed(&prepared.plan.dataset) {
                self.write_sealed(&path, &bytes).await?;
            } else {
                tokio::fs::write(path, bytes).await.map_err(unwritable)?;
            }
        }
        Ok(())
    }

    fn refused_csv(&self, prepared: &intake::Prepared, lang: Lang) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut writer = CsvWriter::new(&mut bytes)?;
        for row in prepared.refused_table(self.ledger.standard(), lang) {
            writer.write_row(row.iter().map(String::as_str))?;
        }
        writer.finish()?;
        Ok(bytes)
    }

    /// Keeps what an import came to.
    pub(super) async fn keep_outcome(
        &self,
        id: i64,
        outcome: &Result<Finished, IntakeError>,
    ) -> Result<(), IntakeError> {
        let plan = match outcome {
            Ok(Finished {
                plan,
                written: None,
            }) => self.plan_to_keep(&plan.dataset, id, plan)?,
            _ => String::new(),
        };
        let mut tx = self.work.write().await?;
        let now = self.clock.now();
        match outcome {
            Ok(Finished { written: None, .. }) => {
                store::set_state(
                    &mut tx,
                    id,
                    State::Planned,
                    store::Outcome::Plan(&plan),
                    now,
                )
                .await?;
            }
            Ok(Finished {
                written: Some(written),
                ..
            }) => {
                let written = serde_json::to_string(written).unwrap_or_default();
                store::set_state(
                    &mut tx,
                    id,
                    State::Done,
                    store::Outcome::Written(&written),
                    now,
                )
                .await?;
            }
            Err(IntakeError::Stopped(what)) => {
                store::set_state(
                    &mut tx,
                    id,
                    State::Stopped,
                    store::Outcome::Error(what),
                    now,
                )
                .await?;
            }
            Err(error) => {
                let sentence = serde_json::to_string(&ImportError {
                    code: error.code().to_owned(),
                    zh: error.zh(),
                    en: error.to_string(),
                })
                .unwrap_or_default();
                store::set_state(
                    &mut tx,
                    id,
                    State::Failed,
                    store::Outcome::Error(&sentence),
                    now,
                )
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
