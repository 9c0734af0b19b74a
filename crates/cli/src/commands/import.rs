//! `weihe import`: a file through the one way in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::ImportId;
use registry::imports::Request;
use registry::intake::{IntakeError, MappingFault, Progress, Step};
use security::{AuditAction, Outcome as AuditOutcome, Subject};
use serde_json::json;
use server::{App, Database, Settings, definitions};
use tempfile::TempDir;

use crate::Outcome;
use crate::arguments::Import;
use crate::commands::operator;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan_text::PlanText;
use crate::progress::Reporter;
use crate::stop::Stop;

/// Where there is no ledger yet, a dry run tries the file on a new one in a folder of its own, which goes
/// when the answer does: nothing is made where the settings say, which may be mistyped.
pub(crate) fn instead_of_new(settings: &mut Settings) -> Result<TempDir, Failure> {
    let scratch = tempfile::Builder::new().prefix("weihe-").tempdir()?;
    // The operator's own definitions count all the same.
    settings.overlay = settings
        .overlay
        .take()
        .or_else(|| definitions::overlay_of(&settings.data));
    settings.database = Database::Embedded;
    scratch.path().clone_into(&mut settings.data);
    Ok(scratch)
}

pub(crate) async fn run(
    app: &App,
    command: &Import,
    is_scratch: bool,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    let permit = operator()?;
    let request = Request {
        mapping: command
            .map
            .as_deref()
            .map(mapping_text)
            .transpose()?
            .unwrap_or_default(),
        datum: command.datum.clone().unwrap_or_default(),
        effective: command
            .effective
            .map(|day| day.to_string())
            .unwrap_or_default(),
        complete_for: command.complete_for.clone().unwrap_or_default(),
        reason: command.reason.clone(),
    };
    let reporter = Arc::new(Reporter::new(output, stop));
    let watching = Arc::clone(&reporter);
    let progress = Progress::to(move |step, done, total| watching.tell(key(step), done, total));
    let imports = app.registry().imports();
    if !command.dry_run && !app.is_read_only() {
        // What cannot be recorded is not written.
        let about = Subject::dataset(&command.dataset);
        app.security()
            .note_begun(&permit, AuditAction::Imported, about)
            .await?;
    }
    let finished = imports
        .run_now(
            &permit,
            &command.dataset,
            &command.file,
            &request,
            command.dry_run,
            progress,
        )
        .await;
    reporter.end();
    let (id, finished) = finished.map_err(|error| about_mapping(error, command))?;
    let written = finished.written.as_ref();
    if written.is_some_and(|written| written.committed > 0) {
        let subject = Subject::import(ImportId::new(id));
        let noted = app.security().audit_alone(
            permit.actor(),
            AuditAction::Imported,
            &subject,
            AuditOutcome::Done,
            None,
        );
        noted.await?;
    }
    let plan = &finished.plan;
    let refused: Option<PathBuf> = plan
        .has_refusals()
        .then(|| imports.refused_file(id, output.lang()))
        .filter(|path| !is_scratch && path.exists());
    output.tell(&json!({
        "import": id,
        "plan": plan,
        "written": written,
        "refused_file": refused.as_deref().map(Path::display).map(|path| path.to_string()),
    }));
    if let Some(dataset) = app.standard().dataset(&command.dataset) {
        let words = PlanText { output, dataset };
        words.reading(plan);
        words.numbers(plan);
        words.causes(plan);
        words.written(id, written, refused.as_deref());
    }
    Ok(if plan.has_refusals() {
        Outcome::Attention
    } else {
        Outcome::Done
    })
}

/// Names the mapping file where it is at fault.
fn about_mapping(error: IntakeError, command: &Import) -> Failure {
    match (&error, &command.map) {
        (IntakeError::Mapping(fault), Some(path)) if fault.is_of_mapping_file() => {
            Failure::Mapping {
                path: path.display().to_string(),
                error,
            }
        }
        _ => Failure::Intake(error),
    }
}

/// The message key of a step.
fn key(step: Step) -> &'static str {
    match step {
        Step::Read => "cli-step-read",
        Step::Check => "cli-step-check",
        Step::Compare => "cli-step-compare",
        Step::Write => "cli-step-write",
    }
}

fn mapping_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let what = format!("{}: {error}", path.display());
        Failure::Intake(IntakeError::Mapping(MappingFault::Syntax(what)))
    })
}
