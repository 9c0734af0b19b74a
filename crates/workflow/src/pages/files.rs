//! `POST /cases/{id}/files`: a file comes in. `GET /cases/{id}/files/{file}`: it goes out, as a download only.
//! `POST /cases/{id}/files/{file}/remove`: it is taken away.

use axum::body::Body;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::web::CSRF_FIELD;
use security::{RequirePermit, Visit};
use standard::FileRule;
use ui::{
    Cell, Column, FileDrop, FormState, Row, Shell, Table, Text, Tone, format, post_button, section,
};

use super::case::id_of;
use super::failure::{failed, refused};
use super::go_to;
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::files::Attached;
use crate::files::kind::FileFault;
use crate::model::{CaseId, CaseView};

/// The files of a case, and the form for one more where the reader may attach one.
pub(super) fn part(
    text: &Text,
    visit: &Visit,
    case: &CaseView,
    files: &[Attached],
    reader: Option<kernel::AccountId>,
) -> Markup {
    let rule = &case.workflow.files;
    if rule.most == 0 && files.is_empty() {
        return html! {};
    }
    let is_open = !case.kind.is_over();
    let rows = files.iter().map(|file| {
        let action = format!("/cases/{}/files/{}", case.id, file.id);
        let remove = if is_open && file.added_by.is_some() && file.added_by == reader {
            post_button(
                &text.get("workflow-file-remove"),
                &format!("{action}/remove"),
                &[(CSRF_FIELD, visit.csrf())],
                Tone::Plain,
                None,
            )
        } else {
            html! {}
        };
        Row::new(vec![
            Cell::link(action, &file.name),
            Cell::text(format::bytes(file.bytes)),
            Cell::text(file.added.to_string()),
            Cell::Markup(remove),
        ])
    });
    let table = Table::new(text.get("workflow-files"))
        .column(Column::text("name", text.get("workflow-file-name")))
        .column(Column::text("bytes", text.get("workflow-file-size")).narrow())
        .column(Column::text("added", text.get("workflow-file-added")).narrow())
        .column(Column::text("remove", text.get("workflow-file-remove")).narrow())
        .rows(rows)
        .empty(html! { p { (text.get("workflow-files-none")) } });
    let may_add = is_open
        && (case.holder == reader || !case.moves.is_empty())
        && u32::try_from(files.len()).unwrap_or(u32::MAX) < rule.most;
    let body = html! {
        (table.render(text))
        @if may_add { (form(text, visit, case.id, rule)) }
    };
    section(&text.get("workflow-files"), html! {}, body)
}

fn form(text: &Text, visit: &Visit, case: CaseId, rule: &FileRule) -> Markup {
    let kinds = rule.kinds.join(", ");
    let most = format::bytes(rule.bytes);
    let count = rule.most.to_string();
    let hint = text.with(
        "workflow-file-rule",
        &[("kinds", &kinds), ("most", &most), ("count", &count)],
    );
    let accept: Vec<String> = rule
        .kinds
        .iter()
        .map(|kind| match kind.as_str() {
            "jpeg" => ".jpg,.jpeg".to_owned(),
            kind => format!(".{kind}"),
        })
        .collect();
    FileDrop {
        action: format!("/cases/{case}/files"),
        name: "file".to_owned(),
        label: text.get("workflow-file-add"),
        hint,
        accept: accept.join(","),
        most_bytes: rule.bytes,
        fields: vec![visit.csrf_field()],
        submit: text.get("workflow-file-send"),
    }
    .render(text, &FormState::new())
}

pub(super) async fn take(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(id): Path<String>,
    parts: Multipart,
) -> Response {
    let id = match id_of(&id) {
        Ok(id) => id,
        Err(error) => return failed(shell, &error),
    };
    let taken = async {
        // Whoever may not see the case sends nothing into memory.
        let case = workflow.case(&permit, id).await?;
        let _turn = workflow.upload_turn().await;
        let (name, bytes) = read_part(parts, case.workflow.files.bytes).await?;
        let address = visit.address();
        workflow
            .attach(&permit, id, &name, &bytes, Some(&address))
            .await
    };
    match taken.await {
        Ok(_) => go_to(&format!("/cases/{id}?done=file")),
        Err(error) => refused(shell, &error, id),
    }
}

/// The first file of a form; no more of it than the process allows is read.
async fn read_part(mut parts: Multipart, most: u64) -> Result<(String, Vec<u8>), WorkflowError> {
    let broken = |_| WorkflowError::File("workflow.file_broken_off");
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            let size = u64::try_from(bytes.len() + chunk.len()).unwrap_or(u64::MAX);
            if size > most {
                return Err(FileFault::TooLarge.into());
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok((name, bytes));
    }
    Err(FileFault::Empty.into())
}

pub(super) async fn give(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let read = async {
        let id = id_of(&id)?;
        let file = file.parse().map_err(|_| WorkflowError::Hidden)?;
        let address = visit.address();
        workflow.read_file(&permit, id, file, Some(&address)).await
    };
    match read.await {
        Ok((file, bytes)) => (download(&file.name), Body::from(bytes)).into_response(),
        Err(error) => failed(shell, &error),
    }
}

/// Headers under which no browser shows the content, whatever it is.
fn download(name: &str) -> HeaderMap {
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let disposition = format!("attachment; filename=\"file.{ending}\"; filename*=UTF-8''{encoded}");
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let disposition = HeaderValue::from_str(&disposition)
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers
}

pub(super) async fn remove(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let id = match id_of(&id) {
        Ok(id) => id,
        Err(error) => return failed(shell, &error),
    };
    let removed = async {
        let file = file.parse().map_err(|_| WorkflowError::Hidden)?;
        let address = visit.address();
        workflow.detach(&permit, id, file, Some(&address)).await
    };
    match removed.await {
        Ok(()) => go_to(&format!("/cases/{id}")),
        Err(error) => refused(shell, &error, id),
    }
}
