//! `calendar.toml`: on which days offices work.

use kernel::Day;
use toml::de::DeTable;

use super::Builder;
use crate::calendar::CalendarYear;
use crate::model::Confidence;
use crate::read::{Entry, Sheet};

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Reads the calendar. An overlay brings years that the release does not have, or puts its own in their place:
/// the arrangement of a year is announced by the State Council, not by us.
pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>, overlay: bool) {
    let file = Entry::new(sheet, table, 1);
    if !overlay || file.has("weekend") {
        file.need_text("source");
        file.need_choice("confidence", &Confidence::CHOICES);
        let mut weekend = [false; 7];
        for (word, line) in file.list("weekend") {
            match WEEKDAYS.iter().position(|day| *day == word) {
                Some(place) => {
                    if let Some(closed) = weekend.get_mut(place) {
                        *closed = true;
                    }
                }
                None => file.problem(
                    line,
                    format!("`{word}` is no day of the week"),
                    crate::problem::write_instead(&word, WEEKDAYS),
                ),
            }
        }
        builder.calendar.weekend = weekend;
    }
    for entry in file.tables("year") {
        let at = entry.at();
        let number = entry.int("year").unwrap_or(0);
        let year = CalendarYear {
            year: i32::try_from(number).unwrap_or(0),
            off: days(&entry, "off", number),
            work: days(&entry, "work", number),
            source: entry.need_text("source"),
            confidence: entry
                .need_choice("confidence", &Confidence::CHOICES)
                .unwrap_or(Confidence::Proposal),
            at,
        };
        if !(1949..=2200).contains(&number) {
            entry.problem(
                entry.line_of("year"),
                format!("`{number}` is no year"),
                "write `year = 2026`",
            );
        }
        let years = &mut builder.calendar.years;
        match years.iter().position(|known| known.year == year.year) {
            Some(_) if !overlay => entry.problem(
                entry.line_of("year"),
                format!("year {number} is given twice"),
                "join the two",
            ),
            Some(place) => {
                years.remove(place);
                years.push(year);
            }
            None => years.push(year),
        }
        entry.finish();
    }
    builder.calendar.years.sort_by_key(|year| year.year);
    file.finish();
}

/// Days and stretches of days, `"2026-01-01"` or `"2026-01-01/2026-01-03"`, all of one year.
fn days(entry: &Entry<'_>, key: &'static str, year: i64) -> Vec<Day> {
    const LONGEST: i32 = 31;
    let mut all = Vec::new();
    for (text, line) in entry.list(key) {
        let (first, last) = text.split_once('/').unwrap_or((&text, &text));
        let stretch = match (Day::parse(first), Day::parse(last)) {
            (Ok(first), Ok(last)) if first <= last && last.0 - first.0 < LONGEST => {
                Some((first, last))
            }
            _ => None,
        };
        let Some((first, last)) = stretch else {
            entry.problem(
                line,
                format!("`{text}` is no stretch of days"),
                "write `\"2026-01-01\"` or `\"2026-01-01/2026-01-03\"`",
            );
            continue;
        };
        if i64::from(first.ymd().0) != year || i64::from(last.ymd().0) != year {
            entry.problem(
                line,
                format!("`{text}` is not in {year}"),
                "put it under its own year",
            );
        }
        all.extend((first.0..=last.0).map(Day));
    }
    all.sort_unstable();
    all.dedup();
    all
}
