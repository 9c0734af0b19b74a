//! Instants.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Day;

/// Milliseconds from UTC to Beijing time, which has no summer time since 1991-09-15. Instants
/// of this program are all later than that, so one offset serves.
const SHANGHAI_OFFSET: i64 = 8 * 3_600_000;
pub(crate) const DAY_LENGTH: i64 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Shown in Beijing time to the minute.
/// In JSON it is the plain number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// Wraps a number read from the store.
    pub const fn new(milliseconds: i64) -> Millis {
        Millis(milliseconds)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The calendar day in Asia/Shanghai (UTC+8).
    pub fn day(self) -> Day {
        let days = self
            .0
            .saturating_add(SHANGHAI_OFFSET)
            .div_euclid(DAY_LENGTH);
        // i64 milliseconds span more days than i32 holds; such an instant is a broken clock.
        Day(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Hour, minute and second of the day in Asia/Shanghai.
    pub const fn time_of_day(self) -> (u8, u8, u8) {
        let seconds = self
            .0
            .saturating_add(SHANGHAI_OFFSET)
            .rem_euclid(DAY_LENGTH)
            / 1000;
        (
            (seconds / 3600) as u8,
            (seconds / 60 % 60) as u8,
            (seconds % 60) as u8,
        )
    }

    /// `2026-11-23T20:31:05.250+08:00`, for machines (ISO 8601 / GB/T 7408).
    pub fn iso(self) -> String {
        let (hour, minute, second) = self.time_of_day();
        let rest = self.0.rem_euclid(1000);
        format!(
            "{}T{hour:02}:{minute:02}:{second:02}.{rest:03}+08:00",
            self.day()
        )
    }

    /// This instant moved by `milliseconds`.
    #[must_use]
    pub const fn add(self, milliseconds: i64) -> Millis {
        Millis(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds from `earlier` to this instant.
    pub const fn since(self, earlier: Millis) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, _) = self.time_of_day();
        write!(formatter, "{} {hour:02}:{minute:02}", self.day())
    }
}

impl Day {
    /// The first instant of the day in Asia/Shanghai.
    pub fn start(self) -> Millis {
        Millis(i64::from(self.0) * DAY_LENGTH - SHANGHAI_OFFSET)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_instant_shows_beijing_time() {
        let instant = Millis(1_795_437_065_250); // 2026-11-23T12:31:05.250Z
        assert_eq!(instant.to_string(), "2026-11-23 20:31");
        assert_eq!(instant.iso(), "2026-11-23T20:31:05.250+08:00");
        assert_eq!(Millis(0).to_string(), "1970-01-01 08:00");
        assert_eq!(Millis(-8 * 3_600_000 - 1).day(), Day(-1));
    }

    proptest! {
        #[test]
        fn a_day_starts_in_itself(days in -719_162i32..2_932_896) {
            let day = Day(days);
            prop_assert_eq!(day.start().day(), day);
            prop_assert_eq!(day.start().add(-1).day(), day.add_days(-1));
            prop_assert_eq!(day.start().add(DAY_LENGTH - 1).day(), day);
        }
    }
}
