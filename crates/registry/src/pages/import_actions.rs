//! What is done with an import: approve, stop, reverse, fetch the refused rows.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::ImportId;
use security::{AuditAction, Outcome, RequirePermit, Subject, Visit};
use standard::Lang;
use tokio::io::AsyncReadExt as _;
use ui::Shell;

use super::failure::Failure;
use super::import_show::find;
use super::{Sent, go_to, lang};
use crate::api::Registry;
use crate::intake::{IntakeError, Progress};

pub(super) async fn approve(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let approved = async {
        let import = find(&registry, &id, &permit).await?;
        registry
            .security()
            .note_begun(
                &permit,
                AuditAction::Imported,
                Subject::import(ImportId::new(import.id)),
            )
            .await?;
        registry.imports().approve(&permit, import.id).await?;
        note(&registry, &permit, &visit, AuditAction::Imported, import.id).await
    };
    answer(&registry, shell, &id, approved.await)
}

pub(super) async fn stop(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let stopped = async {
        let import = find(&registry, &id, &permit).await?;
        Ok(registry.imports().stop(&permit, import.id).await?)
    };
    answer(&registry, shell, &id, stopped.await)
}

pub(super) async fn reverse(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = ui::FormState::from_pairs(sent);
    let reversed = async {
        let import = find(&registry, &id, &permit).await?;
        // Without the box nothing happens: the page is shown again.
        if state.value("sure") != "1" {
            return Ok(());
        }
        // In a task of its own: it goes on to its end when the browser goes away.
        let reason = state.value("reason").to_owned();
        let (registry, permit, visit) = (registry.clone(), permit.clone(), visit.clone());
        let origin = security::Origin::current();
        let work = tokio::spawn(origin.scope(async move {
            let imports = registry.imports();
            let about = Subject::import(ImportId::new(import.id));
            registry
                .security()
                .note_begun(&permit, AuditAction::Reversed, about)
                .await?;
            let reversed = imports
                .reverse(&permit, import.id, &reason, &Progress::silent())
                .await;
            let come = registry
                .ledger()
                .reversal_of(&permit, import.id)
                .await
                .map_err(IntakeError::from)?;
            // A reversal that was interrupted is one, too.
            if come.reversed > 0 {
                note(&registry, &permit, &visit, AuditAction::Reversed, import.id).await?;
            }
            reversed.map_err(Failure::from).map(|_| ())
        }));
        work.await
            .map_err(|error| IntakeError::Stopped(error.to_string()))?
    };
    answer(&registry, shell, &id, reversed.await)
}

fn answer(registry: &Registry, shell: Shell, id: &str, outcome: Result<(), Failure>) -> Response {
    match outcome {
        Ok(()) => go_to(&format!("/imports/{id}")),
        Err(failure) => failure.answer(registry, shell),
    }
}

async fn note(
    registry: &Registry,
    permit: &RequirePermit,
    visit: &Visit,
    action: AuditAction,
    import: i64,
) -> Result<(), Failure> {
    let subject = Subject::import(ImportId::new(import));
    let address = visit.address();
    registry
        .security()
        .audit_alone(
            permit.actor(),
            action,
            &subject,
            Outcome::Done,
            Some(&address),
        )
        .await?;
    Ok(())
}

pub(super) async fn refused(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let sent = async {
        let import = find(&registry, &id, &permit).await?;
        let imports = registry.imports();
        let own = imports.refused_file(import.id, lang(&shell.text));
        // Earlier programs wrote the Chinese one only.
        let path = match tokio::fs::try_exists(&own).await? {
            true => own,
            false => imports.refused_file(import.id, Lang::Zh),
        };
        if imports.is_sealed(&import.dataset) && tokio::fs::try_exists(&path).await? {
            let opened = imports.read_kept(&path).await?;
            note(&registry, &permit, &visit, AuditAction::Exported, import.id).await?;
            let name = format!("refused-{}.csv", import.id);
            return Ok((attachment(&name), opened).into_response());
        }
        let file = match tokio::fs::File::open(path).await {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::Hidden);
            }
            Err(error) => return Err(error.into()),
        };
        note(&registry, &permit, &visit, AuditAction::Exported, import.id).await?;
        Ok(file_response(file, &format!("refused-{}.csv", import.id)))
    };
    match sent.await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// A file as an attachment, read as it is sent.
fn file_response(file: tokio::fs::File, name: &str) -> Response {
    const PART: usize = 64 * 1024;
    let parts = stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let mut part = vec![0; PART];
        match file.read(&mut part).await {
            Ok(0) => None,
            Ok(read) => {
                part.truncate(read);
                Some((Ok(Bytes::from(part)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    (attachment(name), Body::from_stream(parts)).into_response()
}

/// The headers of a table that is saved, not shown.
fn attachment(name: &str) -> [(header::HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}
