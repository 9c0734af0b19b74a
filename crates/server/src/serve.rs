//! Answering until told to stop.

use std::future::{Future, IntoFuture as _};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

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
    /// The socket failed.
    #[error("the network failed: {0}")]
    Network(#[from] std::io::Error),
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
    let (told, mut is_told) = tokio::sync::watch::channel(false);
    let graceful = async move {
        stop.await;
        let _ = told.send(true);
    };
    let serving = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(graceful)
    .into_future();
    let patience = async move {
        if is_told.wait_for(|told| *told).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        ended = serving => ended?,
        () = patience => tracing::warn!("requests that did not end in time were cut off"),
    }
    drop(jobs);
    app.close().await;
    Ok(())
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
