//! Answering until told to stop.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::{App, OpenError};

/// Requests that are under way when the program is told to stop may take so long.
const LAST_REQUESTS: Duration = Duration::from_secs(15);

/// Why serving ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The program could not be put together.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Interrupted imports could not be looked for.
    #[error(transparent)]
    Jobs(#[from] registry::intake::IntakeError),
}

/// Serves until `stop` is ready; then takes no new requests, lets those under way end, lets commits
/// finish, and closes the databases.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (router, _) = app.router()?;
    let jobs = app.start_jobs().await?;
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener) => accepted,
        };
        let (stream, peer) = accepted;
        // A click is answered at once, not when a packet is full.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        // HTTP/1 only: a proxy in front speaks HTTP/2 to browsers.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(app.settings().patience.header)
            .serve_connection(TokioIo::new(stream), answering(router.clone(), peer));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // Clients that go away, that are too slow or do not speak HTTP are none of our faults.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(LAST_REQUESTS) => tracing::warn!("requests that did not end in time were cut off"),
    }
    drop(jobs);
    app.close().await;
    Ok(())
}

/// The next connection. Where the machine has none to give it is asked again, not given up.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_client(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::ConnectionRefused
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::ConnectionReset
    )
}

/// The router as one connection asks it, with the address that it comes from.
fn answering(
    router: Router,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future: Send + 'static,
> + Send {
    hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    })
}

/// Ready when the machine tells the program to end: Ctrl-C, or `SIGTERM`.
///
/// # Errors
/// Where the system lets no signal be listened for.
pub fn until_told() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
