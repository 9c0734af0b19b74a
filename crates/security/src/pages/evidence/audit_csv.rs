//! `GET /audit.csv`: what the log's page shows, all of it, as a table for spreadsheet programs.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use ui::{ErrorPage, Shell};

use super::audit::asked;
use crate::api::Security;
use crate::describe::{Answer, DAY, In, LANGUAGE, Operation, Parameter};
use crate::error::SecurityError;
use crate::evidence::AuditFilter;
use crate::evidence::search::{COLUMNS, cells};
use crate::pages::failed;
use crate::web::RequirePermit;

const fn asked_for(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Query,
        about,
        schema,
    }
}

const WORD: &str = r#"{"type": "string", "maxLength": 64}"#;

pub(super) static EXPORT_AUDIT: Operation = Operation {
    id: "exportAudit",
    summary: "The entries of the audit log that a search finds, as a table",
    parameters: &[
        asked_for("from", "From this day on", DAY),
        asked_for("to", "Until this day", DAY),
        asked_for("actor", "Who: account:17, job:import", WORD),
        asked_for("action", "What: sign_in", WORD),
        asked_for("subject", "To what: account:17", WORD),
        asked_for(
            "outcome",
            "How it ended",
            r#"{"type": "string", "enum": ["done", "refused", "locked"]}"#,
        ),
        asked_for("address", "From which address", WORD),
        asked_for(
            "person",
            "The number of a person's record",
            r#"{"type": "integer", "minimum": 1, "maximum": 9007199254740991}"#,
        ),
        asked_for("trace", "The trace number of an export", WORD),
        asked_for("operation", "The operation id of a request", WORD),
        LANGUAGE,
    ],
    body: None,
    answers: &[Answer::csv("A header, and a line for each entry")],
};

/// Entries that are read and sent at once.
const PART: i64 = 1_000;

pub(super) async fn send(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let (filter, state) = asked(&shell.url);
    if !state.is_right() {
        return ErrorPage {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "security.audit_filter".to_owned(),
            title: shell.text.get("security-audit-filter-title"),
            sentence: shell.text.get("security-audit-filter"),
            operation: None,
        }
        .into_response(shell);
    }
    if let Err(error) = security.note_audit_read(&permit, &filter, true).await {
        return failed(shell, &error);
    }
    let day = security.0.clock.today();
    let begin = Export {
        security,
        permit,
        filter,
        before: None,
        state: Step::Head,
    };
    let parts = stream::unfold(begin, |mut export| async move {
        let part = export.part().await?;
        Some((part, export))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"audit-{day}.csv\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(parts)).into_response()
}

enum Step {
    Head,
    Rows,
    Done,
}

struct Export {
    security: Security,
    permit: RequirePermit,
    filter: AuditFilter,
    before: Option<i64>,
    state: Step,
}

impl Export {
    /// The header, then rows until there are none. A part that cannot be read breaks the file off, so that
    /// nobody takes it for whole.
    async fn part(&mut self) -> Option<Result<Bytes, SecurityError>> {
        match self.state {
            Step::Head => {
                self.state = Step::Rows;
                let mut head = "\u{feff}".to_owned();
                push_row(&mut head, COLUMNS.iter().copied());
                Some(Ok(Bytes::from(head)))
            }
            Step::Rows => {
                let page = self
                    .security
                    .audit_search(&self.permit, &self.filter, self.before, PART)
                    .await;
                let page = match page {
                    Ok(page) => page,
                    Err(error) => {
                        self.state = Step::Done;
                        return Some(Err(error));
                    }
                };
                self.before = page.next;
                if page.next.is_none() {
                    self.state = Step::Done;
                }
                let mut rows = String::new();
                for entry in &page.entries {
                    let cells = cells(entry);
                    push_row(&mut rows, cells.iter().map(String::as_str));
                }
                Some(Ok(Bytes::from(rows)))
            }
            Step::Done => None,
        }
    }
}

/// A row by RFC 4180. Entries hold ids and names only; a cell that a spreadsheet program would run gets an
/// apostrophe all the same.
fn push_row<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            "'"
        } else {
            ""
        };
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(guard);
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(guard);
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}
