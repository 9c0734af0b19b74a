//! `GET /api/openapi.json`: what programs read and send. It says nothing that the source does not, so anyone
//! may read it.

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use security::RouteTable;
use security::describe::{self, Answer, In, Operation, Parameter, TEXT};

/// The version of the document is that of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) static READ_OPENAPI: Operation = Operation {
    id: "readOpenApi",
    summary: "This document",
    parameters: &[],
    body: None,
    answers: &[Answer::json(
        "The document (OpenAPI 3.1)",
        r#"{"type": "object", "required": ["openapi", "info", "paths"]}"#,
    )],
};

const HEALTH: &str = r#"{
    "type": "object",
    "required": ["status", "version", "ledger", "work"],
    "properties": {
        "status": {"enum": ["ok", "unreachable"]},
        "version": {"type": "string"},
        "ledger": {"enum": ["ok", "unreachable"]},
        "work": {"enum": ["ok", "unreachable"]}
    }
}"#;

pub(super) static READ_HEALTH: Operation = Operation {
    id: "readHealth",
    summary: "Whether both databases answer",
    parameters: &[],
    body: None,
    answers: &[
        Answer::json("Both do", HEALTH),
        Answer::json("One of them does not", HEALTH).with_status(503),
    ],
};

pub(super) static READ_METRICS: Operation = Operation {
    id: "readMetrics",
    summary: "Figures of the running program, for the machine itself or with the operator's token",
    parameters: &[Parameter {
        name: "Authorization",
        place: In::Header,
        about: "Bearer and the operator's token, where one is set",
        schema: TEXT,
    }],
    body: None,
    answers: &[Answer::of(
        "text/plain; version=0.0.4; charset=utf-8",
        "The text format of Prometheus",
        TEXT,
    )],
};

/// The document as it is served and kept in docs/openapi.json.
pub(crate) fn text(table: &RouteTable) -> String {
    let document = describe::document(table, VERSION);
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    format!("{text}\n")
}

pub(super) async fn show(Extension(table): Extension<Arc<RouteTable>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, text(&table)).into_response()
}
