//! Calendar days.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

faults! {
    /// Why a text is not a day.
    DayFault {
        /// Nothing that looks like year, month and day.
        Shape => "day-shape", "不是日期，请写成 2025-09-01", "not a date; write it as 2025-09-01";
        /// Year and month, or the year alone.
        Incomplete => "day-incomplete", "日期不完整，请写到日，如 2025-09-01", "the date is incomplete; write year, month and day, as 2025-09-01";
        /// `2015.1`: January, or October after a spreadsheet has dropped the zero.
        DoubtfulMonth => "day-doubtful-month", "月份分不清是 1 月还是 10 月(末尾的 0 可能已被表格软件去掉)，请写成 2015-01 或 2015-10", "the month may be 1 or, with its zero dropped by a spreadsheet, 10; write 2015-01 or 2015-10";
        /// 30 February, month 13.
        NotInCalendar => "day-not-in-calendar", "日历上没有这一天，请核对年月日", "there is no such day in the calendar; check year, month and day";
    }
}

/// A calendar day in Asia/Shanghai: days since 1970-01-01, proleptic Gregorian calendar
/// (GB/T 7408). Effective dates of the ledger are of this type. In JSON it is the ISO text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// 0001-01-01, which stands for "since unknown".
    pub const BEGINNING: Day = Day(-719_162);
    /// 9999-12-31, the last day that a text can name.
    pub const END: Day = Day(2_932_896);

    /// Wraps a number of days since 1970-01-01.
    pub const fn new(days: i32) -> Day {
        Day(days)
    }

    /// Days since 1970-01-01.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// The day of a year (1 to 9999), month (1 to 12) and day of the month.
    ///
    /// # Errors
    /// [`DayFault::NotInCalendar`] when there is no such day.
    pub const fn from_ymd(year: i32, month: u32, day: u32) -> Result<Day, DayFault> {
        if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
            return Err(DayFault::NotInCalendar);
        }
        if day > days_in_month(year, month) {
            return Err(DayFault::NotInCalendar);
        }
        Ok(Day(days_from_civil(year, month, day)))
    }

    /// Reads `2025-09-01`, `2025/9/1`, `2025.9.1`, `20250901` or `2025年9月1日`. A time of
    /// midnight behind it, which spreadsheets add, is taken off.
    ///
    /// # Errors
    /// A [`DayFault`] that says whether the shape, a missing part or the calendar is at fault.
    pub fn parse(text: &str) -> Result<Day, DayFault> {
        let trimmed = strip_midnight(text.trim());
        if trimmed.len() == 8 && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
            return parse_compact(trimmed);
        }
        match numbers_of(trimmed)? {
            (3, [year, month, day]) => Day::from_ymd(year.cast_signed(), month, day),
            (1 | 2, _) => Err(DayFault::Incomplete),
            _ => Err(DayFault::Shape),
        }
    }

    /// Reads a month: `2015-09`, `2015/9`, `2015.09`, `201509` or `2015年9月`. The first day of it stands for
    /// it. `2015.1` may be what a spreadsheet made of `2015.10` and is not read.
    ///
    /// # Errors
    /// A [`DayFault`] that says whether the shape, a missing month, a doubtful one or the calendar is at
    /// fault; [`DayFault::Shape`] for a whole date.
    pub fn parse_month(text: &str) -> Result<Day, DayFault> {
        let trimmed = text.trim();
        if trimmed.len() == 6 && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
            let number: u32 = trimmed.parse().map_err(|_| DayFault::Shape)?;
            return Day::from_ymd((number / 100).cast_signed(), number % 100, 1);
        }
        match numbers_of(trimmed)? {
            (2, [_, 1, _]) if trimmed.ends_with(".1") => Err(DayFault::DoubtfulMonth),
            (2, [year, month, _]) => Day::from_ymd(year.cast_signed(), month, 1),
            (1, _) => Err(DayFault::Incomplete),
            _ => Err(DayFault::Shape),
        }
    }

    /// Year, month and day of the month.
    pub const fn ymd(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// The year.
    pub const fn year(self) -> i32 {
        self.ymd().0
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u32 {
        self.ymd().1
    }

    /// The day of the month, 1 to 31.
    pub const fn day(self) -> u32 {
        self.ymd().2
    }

    /// The day `days` later (earlier when negative).
    #[must_use]
    pub const fn add_days(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this day.
    pub const fn days_since(self, earlier: Day) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Full years from `birth` to this day (周岁): one more on each birthday; who was born on
    /// 29 February has the birthday on 1 March in other years.
    pub const fn full_years_since(self, birth: Day) -> i32 {
        let (year, month, day) = self.ymd();
        let (birth_year, birth_month, birth_day) = birth.ymd();
        let before_birthday = month < birth_month || (month == birth_month && day < birth_day);
        year - birth_year - before_birthday as i32
    }
}

/// The numbers of a date and how many there are.
fn numbers_of(text: &str) -> Result<(usize, [u32; 3]), DayFault> {
    let mut numbers = [0u32; 3];
    let mut found = 0usize;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let longest = if found == 0 { 4 } else { 2 };
        if digits == 0 || digits > longest || (found == 0 && digits != 4) {
            return Err(DayFault::Shape);
        }
        let (number, after) = rest.split_at(digits);
        let Some(slot) = numbers.get_mut(found) else {
            return Err(DayFault::Shape);
        };
        *slot = number.parse().map_err(|_| DayFault::Shape)?;
        found += 1;
        rest = strip_separator(after, found)?;
    }
    Ok((found, numbers))
}

fn strip_midnight(text: &str) -> &str {
    for tail in ["00:00:00.000", "00:00:00", "00:00", "0:00:00", "0:00"] {
        if let Some(date) = text.strip_suffix(tail)
            && let Some(date) = date.strip_suffix([' ', 'T'])
        {
            return date.trim_end();
        }
    }
    text
}

fn parse_compact(digits: &str) -> Result<Day, DayFault> {
    let number: u32 = digits.parse().map_err(|_| DayFault::Shape)?;
    Day::from_ymd(
        (number / 10_000).cast_signed(),
        number / 100 % 100,
        number % 100,
    )
}

/// Takes the separator behind the `found`-th number off; the last number may have none.
fn strip_separator(text: &str, found: usize) -> Result<&str, DayFault> {
    let mark = match found {
        1 => '年',
        2 => '月',
        _ => '日',
    };
    if let Some(rest) = text.strip_prefix(mark) {
        return Ok(rest);
    }
    if found == 3 {
        return match text.strip_prefix('号').unwrap_or(text) {
            "" => Ok(""),
            _ => Err(DayFault::Shape),
        };
    }
    match text.strip_prefix(['-', '/', '.', '\u{ff0d}', '\u{ff0f}', '\u{ff0e}']) {
        Some("") => Err(DayFault::Shape),
        Some(rest) => Ok(rest),
        None if text.is_empty() => Ok(text),
        None => Err(DayFault::Shape),
    }
}

const fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that begin on 1 March, so that the leap day is the last of its year, in
/// eras of 400 years (146,097 days).
const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let march_month = ((month + 9) % 12).cast_signed();
    let day_of_year = (153 * march_month + 2) / 5 + day.cast_signed() - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = days as i64 + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + (month <= 2) as i64;
    (year as i32, month as u32, day as u32)
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = DayFault;

    fn from_str(text: &str) -> Result<Day, DayFault> {
        Day::parse(text)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Day::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_read_in_every_usual_writing() {
        let first = Day::from_ymd(2025, 9, 1).unwrap();
        for text in [
            "2025-09-01",
            "2025/9/1",
            "2025.9.1",
            "20250901",
            "2025年9月1日",
            "2025年09月01号",
            " 2025-9-1 ",
            "2025-09-01 00:00:00",
            "2025-09-01T00:00:00",
            "2025/9/1 0:00",
            "2025-9-1日",
        ] {
            assert_eq!(Day::parse(text), Ok(first), "{text}");
        }
        assert_eq!(first.to_string(), "2025-09-01");
        assert_eq!((first.year(), first.month(), first.day()), (2025, 9, 1));
    }

    #[test]
    fn what_is_not_a_day_is_refused_with_the_reason() {
        use DayFault::{Incomplete, NotInCalendar, Shape};
        for (text, fault) in [
            ("", Shape),
            ("25-09-01", Shape),
            ("2025-09-01 08:00", Shape),
            ("1/9/2025", Shape),
            ("2025-09-", Shape),
            ("2025-09-01-02", Shape),
            ("2025-009-01", Shape),
            ("四月", Shape),
            ("2025", Incomplete),
            ("2025-09", Incomplete),
            ("2025年9月", Incomplete),
            ("2025-02-29", NotInCalendar),
            ("20251301", NotInCalendar),
            ("2025-00-01", NotInCalendar),
            ("00000101", NotInCalendar),
        ] {
            assert_eq!(Day::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_month_is_read_in_every_usual_writing_and_never_guessed() {
        let first = Day::from_ymd(2015, 9, 1);
        for text in [
            "2015-09",
            "2015-9",
            "2015/09",
            "2015.9",
            "2015.09",
            "201509",
            "2015年9月",
            " 2015年09月 ",
        ] {
            assert_eq!(Day::parse_month(text), first, "{text}");
        }
        assert_eq!(Day::parse_month("2015.10"), Day::from_ymd(2015, 10, 1));
        assert_eq!(Day::parse_month("2015-1"), Day::from_ymd(2015, 1, 1));
        for (text, fault) in [
            ("2015.1", DayFault::DoubtfulMonth),
            ("2015", DayFault::Incomplete),
            ("2015年", DayFault::Incomplete),
            ("2015-09-01", DayFault::Shape),
            ("201513", DayFault::NotInCalendar),
            ("2015-00", DayFault::NotInCalendar),
            ("九月", DayFault::Shape),
            ("", DayFault::Shape),
        ] {
            assert_eq!(Day::parse_month(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_where_the_constants_say() {
        assert_eq!(Day::from_ymd(1, 1, 1), Ok(Day::BEGINNING));
        assert_eq!(Day::from_ymd(9999, 12, 31), Ok(Day::END));
        assert_eq!(Day::BEGINNING.to_string(), "0001-01-01");
        assert_eq!(Day(i32::MAX).add_days(1), Day(i32::MAX));
        assert!(!Day(i32::MIN).to_string().is_empty());
    }

    #[test]
    fn full_years_change_on_the_birthday() {
        let birth = Day::from_ymd(2019, 9, 1).unwrap();
        assert_eq!(
            Day::from_ymd(2025, 8, 31).unwrap().full_years_since(birth),
            5
        );
        assert_eq!(
            Day::from_ymd(2025, 9, 1).unwrap().full_years_since(birth),
            6
        );
    }

    #[test]
    fn in_json_a_day_is_its_iso_text() {
        let day = Day::from_ymd(2025, 9, 1).unwrap();
        let json = serde_json::to_string(&day).unwrap();
        assert_eq!(json, "\"2025-09-01\"");
        assert_eq!(serde_json::from_str::<Day>(&json).unwrap(), day);
    }

    proptest! {
        #[test]
        fn every_day_agrees_with_an_independent_calendar(days in Day::BEGINNING.0..=Day::END.0) {
            let day = Day(days);
            let (year, month, date) = day.ymd();
            prop_assert_eq!(Day::from_ymd(year, month, date), Ok(day));
            prop_assert_eq!(Day::parse(&day.to_string()), Ok(day));
            let independent = jiff::civil::Date::new(year as i16, month as i8, date as i8).unwrap();
            let epoch = jiff::civil::date(1970, 1, 1);
            prop_assert_eq!(epoch.until(independent).unwrap().get_days(), days);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,20}") {
            let _ = Day::parse(&text);
        }
    }
}
