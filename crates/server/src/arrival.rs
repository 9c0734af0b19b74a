//! How long a client may take with what it sends. Whoever sends drop by drop would otherwise hold a
//! connection, and what stands behind it, for as long as it likes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use security::RouteTable;
use tokio::time::{Instant, Sleep};

use crate::App;
use crate::middleware::{Remains, Wrong, is_upload};

/// What a client is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the headers of a request; a connection that is kept open may be silent as long.
    pub header: Duration,
    /// For the whole of a body that is no upload.
    pub form: Duration,
    /// In so long an upload must bring [`Patience::upload_least`] bytes, as often as it likes.
    pub upload_pause: Duration,
    /// See [`Patience::upload_pause`].
    pub upload_least: usize,
    /// In so long a client must take [`Patience::answer_least`] bytes of an answer that waits for it.
    pub answer_pause: Duration,
    /// See [`Patience::answer_pause`].
    pub answer_least: usize,
}

impl Default for Patience {
    /// A county's line of 10 kB a second is quick enough; one that brings less than half a kilobyte is not.
    fn default() -> Self {
        Self {
            header: Duration::from_secs(30),
            form: Duration::from_secs(30),
            upload_pause: Duration::from_secs(30),
            upload_least: 16 << 10,
            answer_pause: Duration::from_secs(30),
            answer_least: 16 << 10,
        }
    }
}

/// Round every request: a body that does not arrive in time ends it, with 408 and the connection closed.
pub(crate) async fn limit(
    State((app, table)): State<(App, Arc<RouteTable>)>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let patience = app.settings().patience;
    let pace = if is_upload(&table, &request) {
        Pace {
            window: patience.upload_pause,
            least: patience.upload_least,
        }
    } else {
        Pace::all_within(patience.form)
    };
    let remains = Remains::of(&request);
    let late = Arc::new(AtomicBool::new(false));
    let (parts, body) = request.into_parts();
    let body = Body::from_stream(Arriving::new(body, pace, Arc::clone(&late)));
    let response = next.run(Request::from_parts(parts, body)).await;
    if !late.load(Ordering::Relaxed) {
        return response;
    }
    tracing::info!("a request whose body came too slowly was ended");
    let mut answer = remains
        .page(Wrong::TooSlow, StatusCode::REQUEST_TIMEOUT)
        .await;
    answer
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// So many bytes at least in each stretch of waiting.
#[derive(Debug, Clone, Copy)]
struct Pace {
    window: Duration,
    least: usize,
}

impl Pace {
    /// Everything within one stretch.
    fn all_within(window: Duration) -> Self {
        Self {
            window,
            least: usize::MAX,
        }
    }
}

/// The body did not come at its pace.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request came too slowly")]
struct TooSlow;

/// A body that is waited for at a pace. Only waiting counts: who reads it may take its time.
struct Arriving {
    body: BodyDataStream,
    pace: Pace,
    /// The end of the stretch, while there is one.
    end: Option<Pin<Box<Sleep>>>,
    /// Bytes that came in the stretch.
    arrived: usize,
    late: Arc<AtomicBool>,
}

impl Arriving {
    fn new(body: Body, pace: Pace, late: Arc<AtomicBool>) -> Self {
        Self {
            body: body.into_data_stream(),
            pace,
            end: None,
            arrived: 0,
            late,
        }
    }

    fn took(&mut self, bytes: usize) {
        self.arrived = self.arrived.saturating_add(bytes);
        if self.arrived >= self.pace.least {
            self.end = None;
        }
    }

    /// Whether the stretch is over. One begins with the first wait.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let end = match &mut self.end {
            Some(end) => end,
            None => {
                self.arrived = 0;
                let end = tokio::time::sleep_until(Instant::now() + self.pace.window);
                self.end.insert(Box::pin(end))
            }
        };
        end.as_mut().poll(context).is_ready()
    }
}

impl Stream for Arriving {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // What has come is taken before the time is looked at.
        match self.body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.took(bytes.len());
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending if self.is_over(context) => {
                self.late.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of so many parts, each a moment after the one before.
    fn parts(count: usize, bytes: usize) -> Body {
        let parts = futures::stream::unfold(0, move |part| async move {
            if part == count {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let sent: Result<Vec<u8>, std::convert::Infallible> = Ok(vec![b'x'; bytes]);
            Some((sent, part + 1))
        });
        Body::from_stream(Box::pin(parts))
    }

    /// The bytes that came before the end, and whether the end was that of patience.
    async fn read(body: Body, pace: Pace) -> (usize, bool) {
        let late = Arc::new(AtomicBool::new(false));
        let mut arriving = Arriving::new(body, pace, Arc::clone(&late));
        let mut bytes = 0;
        while let Some(part) = arriving.next().await {
            match part {
                Ok(part) => bytes += part.len(),
                Err(_) => break,
            }
        }
        (bytes, late.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn an_upload_that_goes_on_may_take_longer_than_a_pause() {
        let pace = Pace {
            window: Duration::from_millis(100),
            least: 1000,
        };
        // 600 ms in all.
        assert_eq!(read(parts(30, 1000), pace).await, (30_000, false));
    }

    #[tokio::test]
    async fn an_upload_that_comes_drop_by_drop_is_ended() {
        let pace = Pace {
            window: Duration::from_millis(100),
            least: 1000,
        };
        let (bytes, late) = read(parts(usize::MAX, 1), pace).await;
        assert!(late && bytes < 1000, "{bytes}");
    }

    #[tokio::test]
    async fn a_form_must_come_within_its_time_however_steadily() {
        let pace = Pace::all_within(Duration::from_millis(100));
        let (_, late) = read(parts(usize::MAX, 1000), pace).await;
        assert!(late);
        assert_eq!(read(parts(1, 1000), pace).await, (1000, false));
    }
}
