//! How many wrong passwords are too many, and how long to wait after them.
//!
//! Attempts are counted under three subjects: the address, the name as seen from one address, and the name
//! from everywhere. Names are counted whether or not an account has them, so a refusal says nothing about
//! which names exist. An attempt counts as failed before the password is verified and is forgiven when it
//! was right, so a thousand attempts sent at once gain nothing.

use kernel::Millis;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Which counter an attempt moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// All names from one address. High, since a whole school may share one.
    Address,
    /// One name from one address.
    NameAtAddress,
    /// One name from everywhere. Does not hold back an address from which the name signed in lately,
    /// or an attacker could lock an official out of their own office.
    Name,
}

impl Counter {
    fn free_failures(self) -> i64 {
        match self {
            Self::NameAtAddress => 5,
            Self::Address => 30,
            Self::Name => 50,
        }
    }
}

/// What is remembered about one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) failed: i64,
    pub(crate) last_failed: i64,
    pub(crate) locked_until: i64,
    pub(crate) last_succeeded: i64,
}

/// How long a counter remembers failures: an address that was quiet for a day starts afresh.
pub(crate) const MEMORY: i64 = DAY;

/// How long a successful sign-in keeps an address familiar.
pub(crate) const FAMILIAR: i64 = 30 * DAY;

impl Tally {
    /// The moment from which the subject may try again, where that is later than now.
    pub(crate) fn waits_until(&self, now: Millis) -> Option<Millis> {
        (self.locked_until > now.get()).then(|| Millis::new(self.locked_until))
    }

    /// Whether a sign-in succeeded within [`FAMILIAR`].
    pub(crate) fn is_familiar(&self, now: Millis) -> bool {
        self.last_succeeded > 0 && now.get().saturating_sub(self.last_succeeded) < FAMILIAR
    }

    /// The tally after one more failure.
    pub(crate) fn failed_once_more(self, counter: Counter, now: Millis) -> Self {
        let remembered = if now.get().saturating_sub(self.last_failed) > MEMORY {
            0
        } else {
            self.failed
        };
        let failed = remembered.saturating_add(1);
        Self {
            failed,
            last_failed: now.get(),
            locked_until: now.get().saturating_add(delay(counter, failed)),
            last_succeeded: self.last_succeeded,
        }
    }

    /// The tally after a right password. The address keeps its count but gets back the attempt itself,
    /// or one known password would let an attacker go on guessing the others.
    pub(crate) fn succeeded(self, counter: Counter, now: Millis) -> Self {
        match counter {
            Counter::NameAtAddress => Self {
                last_succeeded: now.get(),
                ..Self::default()
            },
            Counter::Name => Self::default(),
            Counter::Address => Self {
                failed: self.failed.saturating_sub(1),
                locked_until: 0,
                ..self
            },
        }
    }
}

/// Milliseconds to wait after the `failed`th failure: none while within the free ones, then half a minute
/// that doubles up to an hour.
fn delay(counter: Counter, failed: i64) -> i64 {
    let beyond = failed.saturating_sub(counter.free_failures());
    if beyond < 0 {
        return 0;
    }
    let doublings = u32::try_from(beyond).unwrap_or(u32::MAX).min(7);
    (MINUTE / 2)
        .saturating_mul(1_i64 << doublings)
        .min(60 * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(counter: Counter, failures: i64) -> Tally {
        (0..failures).fold(Tally::default(), |tally, at| {
            tally.failed_once_more(counter, Millis::new(1_000_000 + at))
        })
    }

    #[test]
    fn the_wait_starts_with_the_fifth_failure_and_grows_to_an_hour() {
        let waits: Vec<i64> = (1..=14)
            .map(|failed| delay(Counter::NameAtAddress, failed) / 1000)
            .collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
    }

    #[test]
    fn a_shared_address_has_more_free_failures() {
        assert_eq!(after(Counter::Address, 29).locked_until, 1_000_028);
        assert!(
            after(Counter::Address, 30)
                .waits_until(Millis::new(1_000_100))
                .is_some()
        );
    }

    #[test]
    fn a_quiet_day_forgets() {
        let tally = after(Counter::NameAtAddress, 9);
        let later = Millis::new(tally.last_failed + MEMORY + 1);
        assert_eq!(
            tally.failed_once_more(Counter::NameAtAddress, later).failed,
            1
        );
    }

    #[test]
    fn success_clears_the_name_but_not_the_address() {
        let now = Millis::new(5_000_000);
        assert_eq!(
            after(Counter::Name, 60)
                .succeeded(Counter::Name, now)
                .failed,
            0
        );
        let address = after(Counter::Address, 20).succeeded(Counter::Address, now);
        assert_eq!(address.failed, 19);
        assert_eq!(address.waits_until(now), None);
        let pair = after(Counter::NameAtAddress, 3).succeeded(Counter::NameAtAddress, now);
        assert!(pair.is_familiar(now));
        assert!(!pair.is_familiar(Millis::new(now.get() + FAMILIAR)));
    }
}
