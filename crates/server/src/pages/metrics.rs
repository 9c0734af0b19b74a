//! `GET /metrics`: figures of the running program, in the text format of Prometheus. From the machine
//! itself, or with the operator's token.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::Clocks;
use security::Permit;

use crate::metrics::{Exposition, Process};
use crate::{App, OpenError};

pub(super) async fn show(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !may_read(app.settings().metrics_token.as_deref(), peer, &headers) {
        // Not even that it is there.
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut text = Exposition::default();
    text.describe("weihe_info", "gauge", "The running program");
    let engine = app.databases()[0].1.engine().name();
    text.sample(
        "weihe_info",
        &[
            ("version", env!("CARGO_PKG_VERSION")),
            ("definitions", app.standard().version()),
            ("engine", engine),
        ],
        1.0,
    );
    write_process(&app, &mut text);
    app.0.metrics.write(&mut text);
    let reached = super::health::databases(&app).await;
    text.describe(
        "weihe_database_up",
        "gauge",
        "Whether a database answers: 1 or 0",
    );
    for (database, answers) in reached {
        let labels = [("database", database)];
        text.sample("weihe_database_up", &labels, f64::from(u8::from(answers)));
    }
    // What is known of the program is told also when a database is gone: that is when it is wanted.
    if reached.iter().all(|(_, answers)| *answers)
        && let Err(error) = held(&app, &mut text).await
    {
        tracing::error!(%error, "the figures of the ledger could not be read");
    }
    let kind = [
        (
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (kind, text.into_text()).into_response()
}

/// With a token, only who knows it. Without one, only the machine itself, and no proxy that stands on it
/// and carries requests from elsewhere.
fn may_read(token: Option<&str>, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let Some(token) = token else {
        let is_carried =
            headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
        return peer.ip().to_canonical().is_loopback() && !is_carried;
    };
    let said = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    said.and_then(|said| said.strip_prefix("Bearer "))
        .is_some_and(|said| is_same(said, token))
}

/// Takes as long for every wrong token of the same length.
fn is_same(said: &str, token: &str) -> bool {
    let differences = said
        .bytes()
        .zip(token.bytes())
        .fold(0_u8, |found, (one, other)| found | (one ^ other));
    said.len() == token.len() && differences == 0
}

/// What the machine says of the program, under the names that dashboards know. Only Linux tells it.
fn write_process(app: &App, text: &mut Exposition) {
    let name = "process_start_time_seconds";
    text.describe(name, "gauge", "When the program started");
    let started = app.0.started.get() as f64 / 1000.0;
    text.sample(name, &[], started);
    let process = Process::read();
    let measured = [
        (
            "process_resident_memory_bytes",
            "gauge",
            "Memory of the program",
            process.resident_bytes,
        ),
        (
            "process_cpu_seconds_total",
            "counter",
            "Processor time that the program has used",
            process.cpu_seconds,
        ),
        (
            "process_open_fds",
            "gauge",
            "Files and connections that are open",
            process.open_files,
        ),
        (
            "process_max_fds",
            "gauge",
            "How many files and connections may be open",
            process.most_files,
        ),
    ];
    for (name, kind, help, value) in measured {
        if let Some(value) = value {
            text.describe(name, kind, help);
            text.sample(name, &[], value);
        }
    }
}

async fn held(app: &App, text: &mut Exposition) -> Result<(), OpenError> {
    let permit = Permit::for_job("columns")?;
    let registry = app.registry();
    let head = registry.ledger().head().await?;
    text.describe("weihe_head_commit", "gauge", "Number of the last commit");
    text.sample("weihe_head_commit", &[], head.number.get() as f64);
    text.describe(
        "weihe_head_time_seconds",
        "gauge",
        "When the last commit was made",
    );
    text.sample(
        "weihe_head_time_seconds",
        &[],
        head.time.get() as f64 / 1000.0,
    );
    text.describe("weihe_rows", "gauge", "Records held today, by dataset");
    let clocks = Clocks::latest(registry.today());
    for dataset in app.standard().datasets() {
        let name = dataset.name.as_str();
        let commit = registry.ledger().last_commit_of(name, head.number).await?;
        // Counted again only after something was written, or on another day.
        let counted = match app.0.metrics.rows(name, commit, clocks.as_of) {
            Some(counted) => counted,
            None => {
                let counted = registry.ledger().count(&permit, name, clocks).await?;
                app.0.metrics.keep_rows(name, commit, clocks.as_of, counted);
                counted
            }
        };
        text.sample("weihe_rows", &[("dataset", name)], counted as f64);
    }
    text.describe(
        "weihe_held_bytes",
        "gauge",
        "Memory of the datasets that are kept as columns",
    );
    text.sample("weihe_held_bytes", &[], registry.held_bytes() as f64);
    text.describe("weihe_imports", "gauge", "Imports by state");
    let counts = registry.imports().counts(&permit).await;
    for (state, count) in counts.map_err(|error| OpenError::Program(error.to_string()))? {
        text.sample("weihe_imports", &[("state", state.as_str())], count as f64);
    }
    text.describe(
        "weihe_database_bytes",
        "gauge",
        "Size of a database on disk",
    );
    for (name, db) in app.databases() {
        text.sample(
            "weihe_database_bytes",
            &[("database", name)],
            db.size_bytes().await? as f64,
        );
    }
    text.describe(
        "weihe_units",
        "gauge",
        "Units in the tree that permits are judged by",
    );
    text.sample("weihe_units", &[], app.security().units().len() as f64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn without_a_token_only_the_machine_itself_reads() {
        let read = |peer: &str, pairs| may_read(None, peer.parse().unwrap(), &headers(pairs));
        assert!(read("127.0.0.1:5", &[]));
        assert!(read("[::ffff:127.0.0.1]:5", &[]));
        assert!(!read("127.0.0.1:5", &[("x-forwarded-for", "192.0.2.1")]));
        assert!(!read("192.0.2.1:5", &[]));
    }

    #[test]
    fn with_a_token_only_who_knows_it_reads() {
        let read = |pairs| {
            may_read(
                Some("secret"),
                "127.0.0.1:5".parse().unwrap(),
                &headers(pairs),
            )
        };
        assert!(read(&[("authorization", "Bearer secret")]));
        assert!(!read(&[("authorization", "Bearer secrex")]));
        assert!(!read(&[("authorization", "Bearer secret2")]));
        assert!(!read(&[]));
    }
}
