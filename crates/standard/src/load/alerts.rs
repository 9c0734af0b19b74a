//! `alerts.toml`.

use toml::de::DeTable;

use super::Builder;
use crate::alert::{AlertKind, AlertRule};
use crate::model::Confidence;
use crate::read::{Entry, Sheet};

const KINDS: [(&str, &str); 3] = [
    ("many", "many"),
    ("outside_hours", "outside_hours"),
    ("own_pattern", "own_pattern"),
];

pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>, overlay: bool) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("alert") {
        let rule = read_alert(&entry);
        let line = entry.line_of("name");
        let first = builder
            .alerts
            .iter_mut()
            .find(|first| first.name == rule.name);
        match first {
            Some(first) if overlay && first.kind.as_str() == rule.kind.as_str() => *first = rule,
            Some(first) if overlay => entry.problem(
                line,
                format!(
                    "an overlay may not change the kind of alert `{}`",
                    rule.name
                ),
                format!(
                    "write `kind = \"{}\"`, or give the alert another name",
                    first.kind.as_str()
                ),
            ),
            Some(first) => entry.problem(
                line,
                format!("alert `{}` is defined twice", rule.name),
                format!("give it another name; the other stands at {}", first.at),
            ),
            None => builder.alerts.push(rule),
        }
        entry.finish();
    }
    file.finish();
}

fn read_alert(entry: &Entry<'_>) -> AlertRule {
    let kind = entry.need_choice("kind", &KINDS).unwrap_or("many");
    AlertRule {
        name: entry.need_name("name"),
        title: entry.need_label("title"),
        about: entry.need_label("about"),
        kind: read_kind(entry, kind),
        persons: within(entry, "persons", 0, 100_000_000),
        masked: entry.flag("masked").unwrap_or(false),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        at: entry.at(),
    }
}

fn read_kind(entry: &Entry<'_>, kind: &str) -> AlertKind {
    match kind {
        "outside_hours" => AlertKind::OutsideHours {
            from: small(within(entry, "from_hour", 0, 23)),
            to: small(within(entry, "to_hour", 1, 24)),
            weekdays: weekdays(entry),
        },
        "own_pattern" => AlertKind::OwnPattern {
            history_days: i32::from(small(within(entry, "history_days", 7, 250))),
            active_days: usize::from(small(within(entry, "active_days", 3, 100))),
            factor: within(entry, "factor", 2, 1_000),
        },
        _ => AlertKind::Many {
            minutes: within(entry, "minutes", 1, 1_440),
        },
    }
}

fn weekdays(entry: &Entry<'_>) -> Vec<u8> {
    let days: Vec<u8> = entry
        .numbers("weekdays")
        .into_iter()
        .filter_map(|day| (1_u8..=7).find(|known| f64::from(*known) == day))
        .collect();
    if days.is_empty() {
        entry.problem(
            entry.line_of("weekdays"),
            "`weekdays` names no day",
            "write `weekdays = [1, 2, 3, 4, 5]`, 1 for Monday",
        );
    }
    days
}

fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// A whole number between two others; what is missing or out of them is reported.
fn within(entry: &Entry<'_>, key: &'static str, least: i64, most: i64) -> i64 {
    match entry.int(key) {
        Some(number) if (least..=most).contains(&number) => number,
        _ => {
            entry.problem(
                entry.line_of(key),
                format!("`{key}` must be a whole number from {least} to {most}"),
                format!("write `{key} = {least}` or more"),
            );
            least
        }
    }
}
