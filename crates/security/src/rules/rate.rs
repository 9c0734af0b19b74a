//! How often one caller may ask, pure: a bucket that fills evenly and from which each request takes one.

/// How often one caller may ask, per minute. As many as this may also come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Pages, forms and tiles of someone who is signed in, or of a program. A map that is dragged asks for
    /// some forty tiles at a time.
    pub ordinary: u32,
    /// What works long: exports.
    pub heavy: u32,
    /// All requests of those who are not signed in, by address: a bureau may stand behind one.
    pub visitors: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            ordinary: 1_200,
            heavy: 60,
            visitors: 3_000,
        }
    }
}

impl Rates {
    /// So many that no test meets them by accident.
    #[must_use]
    pub const fn for_tests() -> Self {
        Self {
            ordinary: 1_000_000,
            heavy: 1_000_000,
            visitors: 1_000_000,
        }
    }
}

/// What is left to a caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    left: f64,
    /// When it was looked at last, in milliseconds.
    at: u64,
}

impl Bucket {
    pub(crate) fn full(per_minute: u32, now: u64) -> Self {
        Self {
            left: f64::from(per_minute),
            at: now,
        }
    }

    /// Takes one; where there is none, after how many seconds there is (at least one).
    pub(crate) fn take(&mut self, per_minute: u32, now: u64) -> Result<(), u64> {
        let per_minute = f64::from(per_minute.max(1));
        let waited = now.saturating_sub(self.at) as f64;
        self.left = (self.left + waited * per_minute / 60_000.0).min(per_minute);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let seconds = (1.0 - self.left) * 60.0 / per_minute;
        Err(seconds.ceil().max(1.0) as u64)
    }

    /// Whether it has been left alone so long that it is full again.
    pub(crate) fn is_idle(&self, now: u64) -> bool {
        now.saturating_sub(self.at) > 60_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_so_many_at_once_and_then_evenly() {
        let mut bucket = Bucket::full(60, 0);
        for _ in 0..60 {
            assert_eq!(bucket.take(60, 0), Ok(()));
        }
        assert_eq!(bucket.take(60, 0), Err(1));
        assert_eq!(bucket.take(60, 999), Err(1));
        assert_eq!(bucket.take(60, 1_000), Ok(()));
        assert_eq!(bucket.take(60, 1_001), Err(1));
        // An hour away gives no more than a minute.
        let later = 3_600_000;
        assert!(bucket.is_idle(later));
        let given = (0..100).filter(|_| bucket.take(60, later).is_ok()).count();
        assert_eq!(given, 60);
        let mut slow = Bucket::full(2, 0);
        assert_eq!((slow.take(2, 0), slow.take(2, 0)), (Ok(()), Ok(())));
        assert_eq!(slow.take(2, 0), Err(30));
        assert_eq!(slow.take(0, 0), Err(60));
    }
}
