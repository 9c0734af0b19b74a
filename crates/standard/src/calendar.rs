//! On which days offices work.

use kernel::{Day, Millis};

use crate::model::{At, Confidence};
use crate::workflow::LimitUnit;

/// The calendar of working days: weekends, and what each year's notice changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Whether offices are closed, Monday first.
    pub weekend: [bool; 7],
    /// Years whose arrangement is known, ascending.
    pub years: Vec<CalendarYear>,
}

/// Saturday and Sunday, and no year known.
impl Default for Calendar {
    fn default() -> Self {
        Self {
            weekend: [false, false, false, false, false, true, true],
            years: Vec::new(),
        }
    }
}

/// What the notice of a year says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarYear {
    /// The year.
    pub year: i32,
    /// Days off.
    pub off: Vec<Day>,
    /// Days of a weekend on which offices work.
    pub work: Vec<Day>,
    /// Where it comes from.
    pub source: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}

/// Nobody waits longer than this for a working day: a calendar without one must not hold the program.
const FURTHEST: i32 = 4000;

const HOUR: i64 = 3_600_000;

impl Calendar {
    /// Whether the holidays of a year are known. Where they are not, weekends alone count.
    pub fn knows(&self, year: i32) -> bool {
        self.years.iter().any(|known| known.year == year)
    }

    /// Whether offices work on a day.
    pub fn is_working(&self, day: Day) -> bool {
        let named = self.years.iter().find_map(|year| {
            match (year.off.contains(&day), year.work.contains(&day)) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            }
        });
        // 1 January 1970 was a Thursday.
        let weekday = usize::try_from((i64::from(day.0) + 3).rem_euclid(7)).unwrap_or(0);
        named.unwrap_or_else(|| !self.weekend.get(weekday).copied().unwrap_or(false))
    }

    /// The working day that is `count` working days after a day, which is not counted itself.
    pub fn after(&self, day: Day, count: u32) -> Day {
        let mut current = day;
        let mut left = count;
        for _ in 0..FURTHEST {
            if left == 0 {
                break;
            }
            current = current.add_days(1);
            if self.is_working(current) {
                left -= 1;
            }
        }
        current
    }

    /// The moment at which a limit that began at `since` runs out: the end of its last day, or so many hours
    /// later. The day on which it begins is not counted (民法典 Art. 201).
    pub fn deadline(&self, since: Millis, amount: u32, count: LimitUnit) -> Millis {
        match count {
            LimitUnit::Hours => since.add(i64::from(amount).saturating_mul(HOUR)),
            LimitUnit::Days => {
                let days = i32::try_from(amount).unwrap_or(i32::MAX).saturating_add(1);
                since.day().add_days(days).start()
            }
            LimitUnit::WorkingDays => self.after(since.day(), amount).add_days(1).start(),
        }
    }

    /// The moment of the reminder, `before` of the same unit ahead of the deadline; `None` where that is not
    /// after `since`.
    pub fn reminder(
        &self,
        since: Millis,
        amount: u32,
        before: u32,
        count: LimitUnit,
    ) -> Option<Millis> {
        let rest = amount.checked_sub(before)?;
        let moment = self.deadline(since, rest, count);
        (before > 0 && moment > since).then_some(moment)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn working_days_leave_out_weekends_and_what_the_notice_says() {
        let plain = Calendar::default();
        // 2026-11-25 is a Wednesday.
        assert_eq!(plain.after(day("2026-11-25"), 3).to_string(), "2026-11-30");
        assert!(!plain.knows(2026));
        let mut known = plain.clone();
        known.years.push(CalendarYear {
            year: 2026,
            off: vec![day("2026-11-27")],
            work: vec![day("2026-11-28")],
            source: "test".to_owned(),
            confidence: Confidence::Proposal,
            at: At {
                file: Arc::from("calendar.toml"),
                line: 1,
            },
        });
        assert_eq!(known.after(day("2026-11-25"), 2).to_string(), "2026-11-28");
        assert_eq!(known.after(day("2026-11-25"), 3).to_string(), "2026-11-30");
        assert!(known.knows(2026));
    }

    #[test]
    fn a_limit_ends_with_its_last_day() {
        let calendar = Calendar::default();
        let noon = day("2026-11-27").start().add(12 * HOUR);
        let end = calendar.deadline(noon, 1, LimitUnit::WorkingDays);
        assert_eq!(end.to_string(), "2026-12-01 00:00");
        assert_eq!(
            calendar.deadline(noon, 8, LimitUnit::Hours).to_string(),
            "2026-11-27 20:00"
        );
        assert_eq!(
            calendar.deadline(noon, 2, LimitUnit::Days).to_string(),
            "2026-11-30 00:00"
        );
        let reminder = calendar.reminder(noon, 3, 1, LimitUnit::Days).unwrap();
        assert_eq!(reminder.to_string(), "2026-11-30 00:00");
        assert_eq!(calendar.reminder(noon, 1, 2, LimitUnit::Days), None);
    }

    #[test]
    fn a_calendar_without_a_working_day_ends() {
        let never = Calendar {
            weekend: [true; 7],
            years: Vec::new(),
        };
        assert!(never.after(day("2026-11-25"), 1) > day("2026-11-25"));
    }
}
