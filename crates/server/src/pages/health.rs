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
    let reached = databases(&app).await;
    let word = |answers: bool| if answers { "ok" } else { "unreachable" };
    let all = reached.iter().all(|(_, answers)| *answers);
    let mut body = serde_json::json!({
        "status": word(all),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let Some(body) = body.as_object_mut() {
        for (database, answers) in reached {
            body.insert(database.to_owned(), word(answers).into());
        }
    }
    let status = if all {
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

/// Each database, and whether it answers a question.
pub(super) async fn databases(app: &App) -> [(&'static str, bool); 2] {
    let (ledger, work) = tokio::join!(
        answers("ledger", app.registry().ledger().head()),
        answers("work", app.security().setting(super::settings::NAME)),
    );
    [("ledger", ledger), ("work", work)]
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
