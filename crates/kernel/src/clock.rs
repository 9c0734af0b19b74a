//! Where the time comes from: an argument, so that tests and replays can set it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Day, Millis};

/// A source of the present instant.
pub trait Clock: Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Millis;

    /// The present calendar day in Asia/Shanghai.
    fn today(&self) -> Day {
        self.now().day()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one home of the machine's time; everything else takes a Clock"
        )]
        let now = SystemTime::now();
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => {
                Millis(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms))
            }
        }
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at `instant`.
    pub const fn new(instant: Millis) -> FixedClock {
        FixedClock(AtomicI64::new(instant.0))
    }

    /// A clock that stands at noon in Shanghai of `day`.
    pub fn at_noon(day: Day) -> FixedClock {
        FixedClock::new(Millis(day.start().0.saturating_add(12 * 3_600_000)))
    }

    /// Moves the clock to `instant`.
    pub fn set(&self, instant: Millis) {
        self.0.store(instant.0, Ordering::SeqCst);
    }

    /// Moves the clock forward by `milliseconds`.
    pub fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::at_noon(Day::from_ymd(2026, 11, 23).unwrap());
        assert_eq!(clock.now().to_string(), "2026-11-23 12:00");
        clock.advance(12 * 3_600_000);
        assert_eq!(clock.today().to_string(), "2026-11-24");
    }

    #[test]
    fn the_machine_clock_is_after_this_was_written() {
        assert!(SystemClock.now() > Day::from_ymd(2024, 1, 1).unwrap().start());
    }
}
