//! What stands round every request: an operation id, a line in the log, the counts, an end to what takes
//! too long or falls over, and a page for what went wrong without one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{FutureExt as _, StreamExt as _};
use security::{Load, RouteTable};
use tracing::Instrument as _;
use ui::{ErrorPage, Shell};

use crate::App;

/// The header that tells the operation id to programs.
const OPERATION_HEADER: HeaderName = HeaderName::from_static("x-operation-id");

/// How long an upload may take to arrive. Its pace is watched besides (`arrival`): this only ends what would never
/// end; at 10 kB a second 400 MB arrive in it.
const LONGEST_UPLOAD: Duration = Duration::from_secs(12 * 3600);

/// The outermost layer: gives the request its operation id, logs and counts it by its route.
pub(crate) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let operation = app.new_operation();
    let method = request.method().as_str().to_owned();
    // The address itself may hold what someone searched for; the route does not.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    request
        .extensions_mut()
        .insert(ui::OperationId(operation.clone()));
    let span = tracing::info_span!("request", operation, method, route);
    app.0.metrics.begin();
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status();
    app.0.metrics.end(&method, &route, status.as_u16(), took);
    span.in_scope(|| {
        let milliseconds = took.as_millis();
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), milliseconds, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), milliseconds, "answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&operation) {
        response.headers_mut().insert(OPERATION_HEADER, value);
    }
    response
}

/// What of a request is left to make a page from when its handler is gone.
pub(crate) struct Remains(Parts);

impl Remains {
    pub(crate) fn of(request: &Request) -> Self {
        let mut bare = Request::new(());
        *bare.method_mut() = request.method().clone();
        *bare.uri_mut() = request.uri().clone();
        *bare.headers_mut() = request.headers().clone();
        *bare.extensions_mut() = request.extensions().clone();
        Self(bare.into_parts().0)
    }

    pub(crate) async fn page(mut self, wrong: Wrong, status: StatusCode) -> Response {
        let (code, key) = wrong.words();
        let Ok(shell) = Shell::from_request_parts(&mut self.0, &()).await else {
            return (status, code).into_response();
        };
        ErrorPage {
            status,
            code: code.to_owned(),
            title: shell.text.get(&format!("{key}-title")),
            sentence: shell.text.get(key),
            operation: None,
        }
        .into_response(shell)
    }

    /// Whether a person looks at the answer: programs, tiles and scripts get what the handler said.
    fn wants_page(&self) -> bool {
        let accepts = self
            .0
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        accepts.is_some_and(|accepts| accepts.contains("text/html"))
            || self.0.headers.contains_key(ui::FRAGMENT_HEADER)
    }
}

/// What went wrong without a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Address,
    LongAddress,
    Method,
    TooLarge,
    Request,
    TooLong,
    TooSlow,
    Fault,
}

impl Wrong {
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::Address,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::URI_TOO_LONG => Self::LongAddress,
            status if status.is_client_error() => Self::Request,
            _ => Self::Fault,
        }
    }

    /// Code and message key.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Address => ("server.not_found", "server-not-found"),
            Self::LongAddress => ("server.long_address", "server-long-address"),
            Self::Method => ("server.method", "server-method"),
            Self::TooLarge => ("server.too_large", "server-too-large"),
            Self::Request => ("server.request", "server-request"),
            Self::TooLong => ("server.too_long", "server-too-long"),
            Self::TooSlow => ("server.too_slow", "server-too-slow"),
            Self::Fault => ("server.fault", "server-fault"),
        }
    }
}

/// Whether a request is for a route that takes files, which may take their time. What the request says of
/// itself does not count: anyone can say so.
pub(crate) fn is_upload(table: &RouteTable, request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    route.is_some_and(|route| table.load(request.method(), route.as_str()) == Load::Files)
}

/// The longest address in bytes, with what is asked. A page of choices repeats its address in a link for each of them,
/// so a page would grow with the square of it.
const LONGEST_ADDRESS: usize = 8 << 10;

/// The most values that an address may ask with: more than any page of choices has.
const MOST_VALUES: usize = 256;

fn asks_too_much(uri: &axum::http::Uri) -> bool {
    let length = uri.path_and_query().map_or(0, |all| all.as_str().len());
    let values = uri.query().unwrap_or_default().split('&').count();
    length > LONGEST_ADDRESS || values > MOST_VALUES
}

/// Within the gate: refuses addresses that are too long, ends handlers that take too long, catches those that fall over.
pub(crate) async fn guard(
    State((app, table)): State<(App, Arc<RouteTable>)>,
    request: Request,
    next: Next,
) -> Response {
    let remains = Remains::of(&request);
    if asks_too_much(request.uri()) {
        return remains
            .page(Wrong::LongAddress, StatusCode::URI_TOO_LONG)
            .await;
    }
    let longest = if is_upload(&table, &request) {
        LONGEST_UPLOAD
    } else {
        app.0.settings.longest_request
    };
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(longest, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let cause = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            tracing::error!(cause, "a handler fell over");
            remains
                .page(Wrong::Fault, StatusCode::INTERNAL_SERVER_ERROR)
                .await
        }
        Err(_) => {
            tracing::error!(
                seconds = longest.as_secs(),
                "a handler took too long and was ended"
            );
            remains
                .page(Wrong::TooLong, StatusCode::SERVICE_UNAVAILABLE)
                .await
        }
    }
}

/// Gives an answer that is an error without words a page. Laid inside the gate, where the page knows its
/// reader, and outside of it, for what the gate itself refuses so.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let remains = Remains::of(&request);
    let response = next.run(request).await;
    let status = response.status();
    let has_words = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| !kind.starts_with("text/plain"));
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || has_words || !remains.wants_page() {
        return response;
    }
    let (before, _) = response.into_parts();
    let mut page = remains.page(Wrong::of(status), status).await;
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = before.headers.get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// Within the compression, which asks a body once more after its end: streams of rooms need not bear that.
pub(crate) async fn end_once(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let is_stream = body.size_hint().exact().is_none();
    let body = if is_stream {
        Body::from_stream(body.into_data_stream().fuse())
    } else {
        body
    };
    Response::from_parts(parts, body)
}

/// The answer where no route has the address.
pub(crate) async fn no_such_page() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use axum::middleware::{from_fn, from_fn_with_state, map_response};
    use axum::routing::get;
    use axum::{Extension, Router};
    use tower::ServiceExt as _;

    use super::*;
    use crate::Settings;

    async fn falls_over() -> &'static str {
        panic!("a mistake of the program")
    }

    async fn takes_for_ever() -> &'static str {
        std::future::pending().await
    }

    async fn ask(path: &str, accept: &str) -> (StatusCode, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path().to_owned());
        settings.longest_request = Duration::from_millis(10);
        let app = App::open(settings).await.unwrap();
        let router: Router = Router::new()
            .route("/fault", get(falls_over))
            .route("/slow", get(takes_for_ever))
            .layer(from_fn(dress))
            .layer(from_fn_with_state(
                (app.clone(), Arc::new(RouteTable::default())),
                guard,
            ))
            .layer(from_fn_with_state(app.clone(), observe))
            .layer(Extension(app.catalogue().clone()));
        let request = Request::get(path)
            .header(header::ACCEPT, accept)
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let operation = parts.headers[&OPERATION_HEADER]
            .to_str()
            .unwrap()
            .to_owned();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        app.close().await;
        (parts.status, operation, text)
    }

    #[tokio::test]
    async fn a_handler_that_falls_over_is_answered_with_a_page_that_names_the_operation() {
        let (status, operation, text) = ask("/fault", "text/html").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            text.contains("程序出错") && text.contains(&operation),
            "{text}"
        );
        assert!(!text.contains("a mistake of the program"));
    }

    #[tokio::test]
    async fn a_stream_that_may_be_asked_once_only_is_compressed() {
        let rows = || {
            futures::stream::unfold(0, |row| async move {
                (row < 3).then(|| {
                    (
                        Ok::<_, std::convert::Infallible>("甲小学,".repeat(100)),
                        row + 1,
                    )
                })
            })
        };
        let router: Router = Router::new()
            .route("/rows", get(async move || Body::from_stream(rows())))
            .layer(map_response(end_once))
            .layer(tower_http::compression::CompressionLayer::new().gzip(true));
        let request = Request::get("/rows").header(header::ACCEPT_ENCODING, "gzip");
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(
            to_bytes(response.into_body(), usize::MAX)
                .await
                .unwrap()
                .len()
                < 200
        );
    }

    #[tokio::test]
    async fn what_takes_files_is_said_by_the_route_and_not_by_the_request() {
        let (router, routes) = security::Room::<()>::new()
            .post("/files", security::Access::Public, async || "")
            .taking_files()
            .post("/form", security::Access::Public, async || "")
            .into_parts();
        let table = Arc::new(RouteTable::new(routes).unwrap());
        let router = router.layer(from_fn(move |request: Request, _next: Next| {
            let table = Arc::clone(&table);
            async move { is_upload(&table, &request).to_string() }
        }));
        for (path, expected) in [("/files", "true"), ("/form", "false"), ("/none", "false")] {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
                .body(Body::empty())
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let said = to_bytes(response.into_body(), 100).await.unwrap();
            assert_eq!(said, expected, "{path}");
        }
    }

    #[tokio::test]
    async fn a_handler_that_takes_too_long_is_ended() {
        let (status, operation, text) = ask("/slow", "text/html").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            text.contains("处理时间太长") && text.contains(&operation),
            "{text}"
        );
    }
}
