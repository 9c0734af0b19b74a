//! School years and terms.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Day;

faults! {
    /// Why a text is not a school year or a term of one.
    SchoolYearFault {
        /// Not two years, not `2025学年`.
        Shape => "school-year-shape", "不是学年，请写成 2025-2026", "not a school year; write it as 2025-2026";
        /// The second year is not the one after the first.
        NotConsecutive => "school-year-not-consecutive", "学年的两个年份应当相连，如 2025-2026", "the two years of a school year must follow each other, as 2025-2026";
        /// Before 1900 or after 2199.
        OutOfRange => "school-year-out-of-range", "学年应在 1900 至 2199 之间，请核对", "a school year lies between 1900 and 2199; check it";
        /// A term other than 1 or 2.
        Term => "school-year-term", "学期应为 1（第一学期）或 2（第二学期）", "a term is 1 (autumn) or 2 (spring)";
    }
}

/// A school year (学年, JY/T 1001 `XN` C9): 1 September to 31 August, written `2025-2026`.
/// Statistics count pupils on its first day (教育统计管理规定, 教育部令第44号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolYear(i16);

impl SchoolYear {
    /// The school year that begins in September of `year`.
    ///
    /// # Errors
    /// [`SchoolYearFault::OutOfRange`] outside 1900 to 2199.
    pub const fn starting(year: i32) -> Result<SchoolYear, SchoolYearFault> {
        if year < 1900 || year > 2199 {
            return Err(SchoolYearFault::OutOfRange);
        }
        Ok(SchoolYear(year as i16))
    }

    /// The school year that `day` lies in; the nearest one for days outside 1900 to 2199.
    pub const fn of(day: Day) -> SchoolYear {
        let (year, month, _) = day.ymd();
        let start = if month >= 9 { year } else { year - 1 };
        match start {
            ..1900 => SchoolYear(1900),
            2200.. => SchoolYear(2199),
            _ => SchoolYear(start as i16),
        }
    }

    /// The year in which it begins.
    pub const fn start_year(self) -> i32 {
        self.0 as i32
    }

    /// 1 September, the reference day of point-in-time statistics.
    pub const fn first_day(self) -> Day {
        match Day::from_ymd(self.0 as i32, 9, 1) {
            Ok(day) => day,
            Err(_) => Day::BEGINNING,
        }
    }

    /// 31 August of the next year.
    pub const fn last_day(self) -> Day {
        match Day::from_ymd(self.0 as i32 + 1, 8, 31) {
            Ok(day) => day,
            Err(_) => Day::END,
        }
    }

    /// The school year after this one.
    #[must_use]
    pub const fn next(self) -> SchoolYear {
        SchoolYear(if self.0 < 2199 { self.0 + 1 } else { self.0 })
    }

    /// The school year before this one.
    #[must_use]
    pub const fn previous(self) -> SchoolYear {
        SchoolYear(if self.0 > 1900 { self.0 - 1 } else { self.0 })
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.0, self.0 + 1)
    }
}

impl FromStr for SchoolYear {
    type Err = SchoolYearFault;

    /// Reads `2025-2026`, with any dash, slash or tilde, with or without 学年, and `2025学年`.
    fn from_str(text: &str) -> Result<SchoolYear, SchoolYearFault> {
        let trimmed = text.trim();
        let (years, named) = match trimmed.strip_suffix("学年") {
            Some(years) => (years.trim_end(), true),
            None => (trimmed, false),
        };
        let mut parts = years
            .split(['-', '/', '~', '至', '—', '–', '〜', '\u{ff5e}', '\u{ff0d}'])
            .filter(|part| !part.is_empty());
        let first = parse_year(parts.next())?;
        let second = match parts.next() {
            Some(part) => Some(parse_year(Some(part))?),
            None if named => None,
            None => return Err(SchoolYearFault::Shape),
        };
        if parts.next().is_some() {
            return Err(SchoolYearFault::Shape);
        }
        if second.is_some_and(|second| second != first + 1) {
            return Err(SchoolYearFault::NotConsecutive);
        }
        SchoolYear::starting(first)
    }
}

fn parse_year(part: Option<&str>) -> Result<i32, SchoolYearFault> {
    let digits = part
        .map(|part| part.trim().trim_end_matches('年'))
        .unwrap_or_default();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SchoolYearFault::Shape);
    }
    digits.parse().map_err(|_| SchoolYearFault::Shape)
}

/// A term (学期, JY/T 1001 `XQ` C1): first (autumn) or second (spring).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Term {
    /// 第一学期: September to January.
    First,
    /// 第二学期: February to August.
    Second,
}

impl Term {
    /// The one-character code, `1` or `2`.
    pub const fn code(self) -> char {
        match self {
            Term::First => '1',
            Term::Second => '2',
        }
    }
}

/// A school year or one term of it, written `2025-2026` or `2025-2026-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The school year.
    pub year: SchoolYear,
    /// The term; none for the whole year.
    pub term: Option<Term>,
}

impl Period {
    /// The whole of `year`.
    pub const fn whole(year: SchoolYear) -> Period {
        Period { year, term: None }
    }

    /// The term that `day` lies in. The calendar of a year may move the winter holiday by some
    /// weeks; 1 February is the nearest fixed border.
    pub const fn of(day: Day) -> Period {
        let term = match day.month() {
            2..=8 => Term::Second,
            _ => Term::First,
        };
        Period {
            year: SchoolYear::of(day),
            term: Some(term),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.term {
            None => self.year.fmt(formatter),
            Some(term) => write!(formatter, "{}-{}", self.year, term.code()),
        }
    }
}

impl FromStr for Period {
    type Err = SchoolYearFault;

    fn from_str(text: &str) -> Result<Period, SchoolYearFault> {
        let trimmed = text.trim();
        if let Ok(year) = trimmed.parse() {
            return Ok(Period::whole(year));
        }
        let Some((year, term)) = trimmed.rsplit_once('-') else {
            return trimmed.parse().map(Period::whole);
        };
        let term = match term {
            "1" => Term::First,
            "2" => Term::Second,
            _ => return Err(SchoolYearFault::Term),
        };
        Ok(Period {
            year: year.parse()?,
            term: Some(term),
        })
    }
}

macro_rules! serde_as_text {
    ($($name:ty),+) => {
        $(
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                }
            }
        )+
    };
}

serde_as_text!(SchoolYear, Period);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_school_year_is_read_in_every_usual_writing() {
        let year = SchoolYear::starting(2025).unwrap();
        for text in [
            "2025-2026",
            "2025—2026",
            "2025——2026学年",
            "2025~2026",
            "2025/2026",
            "2025学年",
            "2025-2026 学年",
            "2025年-2026年",
        ] {
            assert_eq!(text.parse(), Ok(year), "{text}");
        }
        assert_eq!(
            "2025-2027".parse::<SchoolYear>(),
            Err(SchoolYearFault::NotConsecutive)
        );
        assert_eq!("2025".parse::<SchoolYear>(), Err(SchoolYearFault::Shape));
        assert_eq!("25-26".parse::<SchoolYear>(), Err(SchoolYearFault::Shape));
        assert_eq!(
            "1800-1801".parse::<SchoolYear>(),
            Err(SchoolYearFault::OutOfRange)
        );
    }

    #[test]
    fn the_year_turns_on_the_first_of_september() {
        let last = Day::from_ymd(2025, 8, 31).unwrap();
        assert_eq!(SchoolYear::of(last).to_string(), "2024-2025");
        assert_eq!(SchoolYear::of(last.add_days(1)).to_string(), "2025-2026");
        assert_eq!(SchoolYear::of(last).last_day(), last);
        assert_eq!(SchoolYear::of(last).next().first_day(), last.add_days(1));
    }

    #[test]
    fn a_period_is_a_year_or_a_term() {
        let autumn: Period = "2025-2026-1".parse().unwrap();
        assert_eq!(autumn, Period::of(Day::from_ymd(2026, 1, 15).unwrap()));
        assert_eq!(autumn.to_string(), "2025-2026-1");
        assert_eq!("2025-2026".parse::<Period>().unwrap().term, None);
        assert_eq!("2025-2026-3".parse::<Period>(), Err(SchoolYearFault::Term));
        assert_eq!(serde_json::to_string(&autumn).unwrap(), "\"2025-2026-1\"");
    }

    proptest! {
        #[test]
        fn every_day_lies_in_its_school_year(days in -25_000i32..80_000) {
            let day = Day(days);
            let year = SchoolYear::of(day);
            prop_assert!(year.first_day() <= day && day <= year.last_day());
            prop_assert_eq!(year.to_string().parse(), Ok(year));
            let period = Period::of(day);
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }
    }
}
