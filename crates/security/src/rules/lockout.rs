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

    /// The tally of a name after a right password, where `own` attempts failed at the same address for the same name,
    /// this one among them. The name gets back what its owner mistyped and keeps the guesses of others, or each day's
    /// sign-in would give them as many again.
    pub(crate) fn succeeded(self, counter: Counter, own: i64, now: Millis) -> Self {
        match counter {
            Counter::NameAtAddress => Self {
                last_succeeded: now.get(),
                ..Self::default()
            },
            Counter::Name => {
                let failed = self.failed.saturating_sub(own).max(0);
                let is_free = failed < counter.free_failures();
                Self {
                    failed,
                    locked_until: if is_free { 0 } else { self.locked_until },
                    ..self
                }
            }
            // Only what was counted is given back: [`Tally::given_back`].
            Counter::Address => self,
        }
    }

    /// The tally of an address after an attempt was right: it gets back that attempt, and the lock that came of it gives
    /// way to the one that was there before. Failures of others stay, and the locks that came of those, or one known
    /// password would let an attacker go on guessing the others.
    pub(crate) fn given_back(self, counted: Counted) -> Self {
        let is_own = self.locked_until == counted.address_lock;
        Self {
            failed: self.failed.saturating_sub(1),
            locked_until: if is_own {
                counted.lock_before
            } else {
                self.locked_until
            },
            ..self
        }
    }
}

/// An attempt that was counted before it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Until when its address was locked before it: whoever is familiar there is looked at all the same.
    pub(crate) lock_before: i64,
    /// Until when its address was locked by it.
    pub(crate) address_lock: i64,
}

/// What counting an attempt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It may be looked at.
    Counted(Counted),
    /// It is one too many, and counts for nothing before this moment.
    TooMany(Millis),
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
    fn success_gives_back_what_the_owner_mistyped_and_no_more() {
        let now = Millis::new(5_000_000);
        let attacked = after(Counter::Name, 60);
        let guessed = attacked.succeeded(Counter::Name, 3, now);
        assert_eq!(
            (guessed.failed, guessed.locked_until),
            (57, attacked.locked_until)
        );
        let mistyped = after(Counter::Name, 51).succeeded(Counter::Name, 4, now);
        assert_eq!((mistyped.failed, mistyped.locked_until), (47, 0));
        // The day after, the pair may remember more than the name does.
        let forgotten = after(Counter::Name, 2).succeeded(Counter::Name, 4, now);
        assert_eq!(forgotten.failed, 0);
        let before = after(Counter::Address, 20);
        assert_eq!(before.succeeded(Counter::Address, 1, now), before);
        let own = before.failed_once_more(Counter::Address, now);
        let counted = Counted {
            lock_before: before.locked_until,
            address_lock: own.locked_until,
        };
        assert_eq!(own.given_back(counted).failed, 20);
        let pair = after(Counter::NameAtAddress, 3).succeeded(Counter::NameAtAddress, 3, now);
        assert!(pair.is_familiar(now));
        assert!(!pair.is_familiar(Millis::new(now.get() + FAMILIAR)));
    }

    #[test]
    fn a_right_password_takes_off_its_own_lock_and_not_that_of_a_guess() {
        let now = Millis::new(5_000_000);
        // The right attempt is the thirtieth counted, and locks until it is known to be right.
        let own = after(Counter::Address, 29).failed_once_more(Counter::Address, now);
        let counted = Counted {
            lock_before: 0,
            address_lock: own.locked_until,
        };
        assert!(own.waits_until(now).is_some());
        let back = own.given_back(counted);
        assert_eq!((back.failed, back.waits_until(now)), (29, None));
        // A guess that was counted while the right password was looked at: its lock stays.
        let own = after(Counter::Address, 28).failed_once_more(Counter::Address, now);
        let counted = Counted {
            lock_before: 0,
            address_lock: own.locked_until,
        };
        let guess = own.failed_once_more(Counter::Address, Millis::new(now.get() + 5));
        let back = guess.given_back(counted);
        assert_eq!(back.failed, 29);
        assert!(back.waits_until(now).is_some());
        // Guesses that locked the address before a familiar name came: their lock stays.
        let guessed = after(Counter::Address, 31);
        let own = guessed.failed_once_more(Counter::Address, now);
        let counted = Counted {
            lock_before: guessed.locked_until,
            address_lock: own.locked_until,
        };
        let back = own.given_back(counted);
        assert_eq!((back.failed, back.locked_until), (31, guessed.locked_until));
    }
}
