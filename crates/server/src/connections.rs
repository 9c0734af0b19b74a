//! Connections: how many there may be, and how long one may keep an answer waiting that it does not read.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use security::web::address_group;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::Patience;

/// How many connections there may be at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// In all.
    pub most: usize,
    /// Of one address (an IPv6 address counts with its /64). A bureau behind one address needs about six for
    /// each person at work; proxies that are trusted may have as many as there are.
    pub most_of_address: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            most: 4096,
            most_of_address: 512,
        }
    }
}

/// Descriptors that the databases, files and the log need besides connections.
const OTHER_DESCRIPTORS: usize = 128;

impl Connections {
    /// As many as the system lets the program hold open.
    pub(crate) fn within(self, descriptors: Option<usize>) -> Self {
        let Some(descriptors) = descriptors else {
            return self;
        };
        let possible = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(16);
        if possible < self.most {
            tracing::warn!(
                most = possible,
                "the system lets the program hold fewer connections than it is set to; raise the limit of open files"
            );
        }
        Self {
            most: self.most.min(possible),
            ..self
        }
    }
}

/// How many files and connections the system lets this process hold open; `None` where it does not say.
pub(crate) fn descriptors() -> Option<usize> {
    descriptors_in(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

fn descriptors_in(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Counts connections.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    limits: Connections,
    trusted: Arc<Vec<IpAddr>>,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<String, usize>,
}

/// One connection that is counted, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    counter: Counter,
    group: String,
}

impl Counter {
    pub(crate) fn new(limits: Connections, trusted: Vec<IpAddr>) -> Self {
        Self {
            limits,
            trusted: Arc::new(trusted),
            open: Arc::default(),
        }
    }

    /// A place for a connection; `None` where there are too many.
    pub(crate) fn admit(&self, peer: SocketAddr) -> Option<Place> {
        let address = peer.ip().to_canonical();
        let group = address_group(address);
        let most_of_address = if self.trusted.contains(&address) {
            usize::MAX
        } else {
            self.limits.most_of_address
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.of.get(&group).copied().unwrap_or(0);
        if open.all >= self.limits.most || of_address >= most_of_address {
            return None;
        }
        open.all += 1;
        open.of.insert(group.clone(), of_address + 1);
        Some(Place {
            counter: self.clone(),
            group,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .counter
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.of.get_mut(&self.group) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.of.remove(&self.group);
            }
        }
    }
}

/// A connection whose other end must take what is written to it.
pub(crate) struct Watched {
    stream: TcpStream,
    pause: Duration,
    least: usize,
    /// Since when a write waits, and when that is too long.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// How long writes waited since the last [`Patience::answer_least`] bytes were taken.
    waited: Duration,
    taken: usize,
}

impl Watched {
    pub(crate) fn new(stream: TcpStream, patience: &Patience) -> Self {
        Self {
            stream,
            pause: patience.answer_pause,
            least: patience.answer_least,
            waiting: None,
            waited: Duration::ZERO,
            taken: 0,
        }
    }

    /// What a write came to. Only waiting counts: whoever makes the answer may take its time.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = written else {
            let left = self.pause.saturating_sub(self.waited);
            let (_, end) = self.waiting.get_or_insert_with(|| {
                let now = Instant::now();
                (now, Box::pin(tokio::time::sleep_until(now + left)))
            });
            ready!(end.as_mut().poll(context));
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client does not read its answer",
            )));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        self.taken += written.as_ref().copied().unwrap_or(0);
        if self.taken >= self.least {
            self.taken = 0;
            self.waited = Duration::ZERO;
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 4000)
    }

    #[test]
    fn an_address_and_all_together_have_their_share_and_give_it_back() {
        let limits = Connections {
            most: 3,
            most_of_address: 2,
        };
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let counter = Counter::new(limits, vec![proxy]);
        let first = counter.admit(peer("198.51.100.7")).unwrap();
        let _second = counter.admit(peer("::ffff:198.51.100.7")).unwrap();
        assert!(counter.admit(peer("198.51.100.7")).is_none());
        let third = counter.admit(peer("10.0.0.1")).unwrap();
        assert!(counter.admit(peer("192.0.2.1")).is_none());
        drop(first);
        let _fourth = counter.admit(peer("10.0.0.1")).unwrap();
        drop(third);
        let _fifth = counter.admit(peer("198.51.100.7")).unwrap();
        assert_eq!(counter.open.lock().unwrap().of.len(), 2);
    }

    #[test]
    fn a_neighbour_in_the_same_network_counts_as_the_same() {
        let limits = Connections {
            most: 9,
            most_of_address: 1,
        };
        let counter = Counter::new(limits, Vec::new());
        let _one = counter.admit(peer("2001:db8:1:2::1")).unwrap();
        assert!(counter.admit(peer("2001:db8:1:2::99")).is_none());
        assert!(counter.admit(peer("2001:db8:1:3::1")).is_some());
    }

    #[test]
    fn the_limit_of_open_files_is_kept() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max processes             127235               127235               processes \n\
            Max open files            1024                 524288               files     \n";
        assert_eq!(descriptors_in(limits), Some(1024));
        assert_eq!(
            descriptors_in("Max open files unlimited unlimited files"),
            None
        );
        assert_eq!(Connections::default().within(Some(1024)).most, 896);
        assert_eq!(Connections::default().within(None), Connections::default());
    }
}
