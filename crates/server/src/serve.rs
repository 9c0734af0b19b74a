//! Answering until told to stop.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use security::ClientCertificate;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::connections::{Counter, Place, Watched, descriptors};
use crate::tls::{Tls, TlsError};
use crate::{App, OpenError, Patience};

/// Requests that are under way when the program is told to stop may take so long.
const LAST_REQUESTS: Duration = Duration::from_secs(15);

/// What a connection too many is told.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Why serving ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The program could not be put together.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    let tls = app.settings().tls.as_ref().map(Tls::open).transpose()?;
    let jobs = app.start_jobs().await?;
    let mut following = JoinSet::new();
    if let Some(tls) = tls.clone() {
        following.spawn(tls.follow());
    }
    let limits = app.settings().connections.within(descriptors());
    let connections = Taking {
        router,
        tls,
        counter: Counter::new(limits, app.security().config().trusted_proxies.clone()),
        patience: app.settings().patience,
    }
    .until(listener, stop)
    .await;
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(LAST_REQUESTS) => tracing::warn!("requests that did not end in time were cut off"),
    }
    drop(following);
    drop(jobs);
    app.close().await;
    Ok(())
}

/// How connections are taken.
struct Taking {
    router: Router,
    tls: Option<Tls>,
    counter: Counter,
    patience: Patience,
}

impl Taking {
    /// Takes connections until `stop` is ready. Answers those that are still open.
    async fn until(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> GracefulShutdown {
        let connections = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            let (stream, peer) = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&listener) => accepted,
            };
            let Some(place) = self.counter.admit(peer) else {
                tracing::debug!("a connection too many was turned away");
                if self.tls.is_none() {
                    // It fits into a buffer that is empty yet; whether it is read is the client's affair.
                    let _ = stream.try_write(TOO_MANY);
                }
                continue;
            };
            // A click is answered at once, not when a packet is full.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            let stream = Watched::new(stream, &self.patience);
            tokio::spawn(begin(
                stream,
                peer,
                place,
                self.router.clone(),
                self.tls.clone(),
                self.patience,
                connections.watcher(),
            ));
        }
        connections
    }
}

/// One connection from its greeting to its end.
async fn begin(
    stream: Watched,
    peer: SocketAddr,
    _place: Place,
    router: Router,
    tls: Option<Tls>,
    patience: Patience,
    watcher: Watcher,
) {
    let Some(tls) = tls else {
        let answering = answering(router, peer, None);
        converse(stream, patience, answering, watcher).await;
        return;
    };
    let greeting = tls.acceptor().accept(stream);
    let stream = match tokio::time::timeout(patience.header, greeting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection did not come to speak TLS");
            return;
        }
        Err(_) => return,
    };
    let shown = stream.get_ref().1.peer_certificates();
    let certificate = shown.and_then(<[_]>::first).map(|der| ClientCertificate {
        der: Arc::from(der.as_ref()),
    });
    let answering = answering(router, peer, certificate);
    converse(stream, patience, answering, watcher).await;
}

/// Answers what comes over one connection until it ends.
async fn converse<Connection, Answering>(
    connection: Connection,
    patience: Patience,
    answering: Answering,
    watcher: Watcher,
) where
    Connection: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Answering: hyper::service::Service<
            Request<Incoming>,
            Response = Response,
            Error = Infallible,
            Future: Send + 'static,
        > + Send,
{
    // HTTP/1 only: a proxy in front speaks HTTP/2 to browsers.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.header)
        .serve_connection(TokioIo::new(connection), answering);
    // Clients that go away, that are too slow or do not speak HTTP are none of our faults.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended");
    }
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

/// The router as one connection asks it, with the address that it comes from and the certificate it showed.
fn answering(
    router: Router,
    peer: SocketAddr,
    certificate: Option<ClientCertificate>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future: Send + 'static,
> + Send {
    hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
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

#[cfg(test)]
mod tests;
