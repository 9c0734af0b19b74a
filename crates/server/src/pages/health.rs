//! `GET /healthz`: whether both databases answer. For load balancers and for the commands that wait for a
//! start.

use std::future::Future;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;

/// A database that has not answered by then is counted as gone.
const LONGEST: Duration = Duration::from_secs(5);

pub(super) async fn show(State(app): State<App>) -> Response {
    let (ledger, work) = tokio::join!(
        answers("ledger", app.registry().ledger().head()),
        answers("work", app.security().setting(super::settings::NAME)),
    );
    let word = |answers: bool| if answers { "ok" } else { "unreachable" };
    let body = serde_json::json!({
        "status": word(ledger && work),
        "ledger": word(ledger),
        "work": word(work),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let status = if ledger && work {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{body}\n")).into_response()
}

async fn answers<T, E: std::fmt::Display>(
    database: &'static str,
    question: impl Future<Output = Result<T, E>>,
) -> bool {
    match tokio::time::timeout(LONGEST, question).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::error!(database, %error, "a database does not answer");
            false
        }
        Err(_) => {
            tracing::error!(
                database,
                seconds = LONGEST.as_secs(),
                "a database does not answer in time"
            );
            false
        }
    }
}
