//! `assurance.toml` and `incident_rules.toml`. An overlay may add to both; it may not change what is there.

use toml::de::DeTable;

use super::Builder;
use crate::assurance::{
    Course, DeadlineLength, DeadlineStart, Duty, DutyKind, Grounds, IncidentDeadline, IncidentKind,
    IncidentLevel, IncidentReport, ProtectionLevel, Threshold,
};
use crate::model::Confidence;
use crate::problem::write_instead;
use crate::read::{Entry, Sheet};

/// The longest period that makes sense, in days and in months.
const MOST_DAYS: i64 = 3650;
const MOST_MONTHS: i64 = 120;

fn grounds(entry: &Entry<'_>) -> Grounds {
    Grounds {
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        at: entry.at(),
    }
}

/// Reports a name that is there already; true when it is.
fn is_twice(entry: &Entry<'_>, what: &str, name: &str, first: Option<&Grounds>) -> bool {
    let Some(first) = first else { return false };
    entry.problem(
        entry.line_of("name"),
        format!("{what} `{name}` is defined twice"),
        format!("give it another name; the other stands at {}", first.at),
    );
    true
}

fn within(entry: &Entry<'_>, key: &'static str, least: i64, most: i64) -> Option<i64> {
    let number = entry.int(key)?;
    if (least..=most).contains(&number) {
        return Some(number);
    }
    entry.problem(
        entry.line_of(key),
        format!("`{key}` is {number}"),
        format!("write a whole number from {least} to {most}"),
    );
    None
}

fn need_within(entry: &Entry<'_>, key: &'static str, least: i64, most: i64) -> i64 {
    if !entry.has(key) {
        entry.problem(
            entry.line,
            format!("`{key}` is missing"),
            format!("write `{key} = {least}`"),
        );
    }
    within(entry, key, least, most).unwrap_or(least)
}

pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>) {
    let file = Entry::new(sheet, table, 1);
    let rules = &mut builder.assurance;
    for entry in file.tables("duty") {
        let name = entry.need_name("name");
        let known = rules.duties.iter().find(|duty| duty.name == name);
        let is_known = is_twice(&entry, "duty", &name, known.map(|duty| &duty.grounds));
        let duty = Duty {
            title: entry.need_label("title"),
            about: entry.need_label("about"),
            kind: entry
                .need_choice(
                    "kind",
                    &[
                        ("person", DutyKind::Person),
                        ("department", DutyKind::Department),
                    ],
                )
                .unwrap_or(DutyKind::Person),
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.duties.push(duty);
        }
    }
    for entry in file.tables("protection_level") {
        let level = need_within(&entry, "level", 1, 5);
        if rules.protection_level(level).is_some() {
            entry.problem(
                entry.line_of("level"),
                format!("protection level {level} is defined twice"),
                "keep one of them",
            );
        }
        let read = ProtectionLevel {
            level,
            title: entry.need_label("title"),
            filing: entry.flag("filing").unwrap_or(false),
            assessment_months: within(&entry, "assessment_months", 1, MOST_MONTHS),
            grounds: grounds(&entry),
        };
        entry.finish();
        rules.protection_levels.push(read);
    }
    for entry in file.tables("threshold") {
        let name = entry.need_name("name");
        if !Threshold::NAMES.contains(&name.as_str()) {
            entry.problem(
                entry.line_of("name"),
                format!("there is no threshold `{name}`"),
                write_instead(&name, Threshold::NAMES),
            );
        }
        let known = rules.thresholds.iter().find(|known| known.name == name);
        let is_known = is_twice(
            &entry,
            "threshold",
            &name,
            known.map(|known| &known.grounds),
        );
        let threshold = Threshold {
            days: need_within(&entry, "days", 1, MOST_DAYS),
            about: entry.need_label("about"),
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.thresholds.push(threshold);
        }
    }
    for entry in file.tables("figure") {
        let name = entry.need_name("name");
        if rules.figures.iter().any(|known| known.name == name) {
            entry.problem(
                entry.line_of("name"),
                format!("figure `{name}` is defined twice"),
                "give it another name",
            );
        }
        rules.figures.push(super::others::read_figure(entry, name));
    }
    for entry in file.tables("course") {
        let name = entry.need_name("name");
        let is_known = is_twice(
            &entry,
            "course",
            &name,
            rules.course(&name).map(|course| &course.grounds),
        );
        let course = Course {
            title: entry.need_label("title"),
            about: entry.need_label("about"),
            hours: need_within(&entry, "hours", 1, 1000),
            valid_months: within(&entry, "valid_months", 1, MOST_MONTHS),
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.courses.push(course);
        }
    }
    file.finish();
}

pub(super) fn read_incidents(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>) {
    let file = Entry::new(sheet, table, 1);
    let rules = &mut builder.assurance;
    for entry in file.tables("kind") {
        let name = entry.need_name("name");
        let known = rules.kind(&name).map(|kind| &kind.grounds);
        let is_known = is_twice(&entry, "kind", &name, known);
        let kind = IncidentKind {
            title: entry.need_label("title"),
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.kinds.push(kind);
        }
    }
    for entry in file.tables("level") {
        let name = entry.need_name("name");
        let known = rules.level(&name).map(|level| &level.grounds);
        let is_known = is_twice(&entry, "level", &name, known);
        let level = IncidentLevel {
            rank: need_within(&entry, "rank", 1, 9),
            title: entry.need_label("title"),
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.levels.push(level);
        }
    }
    for entry in file.tables("deadline") {
        let name = entry.need_name("name");
        let known = rules.deadlines.iter().find(|known| known.name == name);
        let is_known = is_twice(&entry, "deadline", &name, known.map(|known| &known.grounds));
        let mut levels = Vec::new();
        for (word, line) in entry.list("levels") {
            if rules.level(&word).is_none() {
                let names: Vec<&str> = rules
                    .levels
                    .iter()
                    .map(|level| level.name.as_str())
                    .collect();
                entry.problem(
                    line,
                    format!("there is no level `{word}` of incidents"),
                    write_instead(&word, names),
                );
            }
            levels.push(word);
        }
        if levels.is_empty() {
            entry.problem(
                entry.line,
                format!("deadline `{name}` is for no level"),
                "write `levels = [\"i\"]`",
            );
        }
        let minutes = within(&entry, "minutes", 1, MOST_DAYS * 1440);
        let working_days = within(&entry, "working_days", 1, MOST_DAYS);
        let length = match (minutes, working_days) {
            (Some(minutes), None) => DeadlineLength::Minutes(minutes),
            (None, Some(days)) => DeadlineLength::WorkingDays(days),
            _ => {
                entry.problem(
                    entry.line,
                    format!("deadline `{name}` does not say how long it is"),
                    "write either `minutes = 240` or `working_days = 5`",
                );
                DeadlineLength::Minutes(1)
            }
        };
        let deadline = IncidentDeadline {
            report: entry
                .need_choice("report", &IncidentReport::CHOICES)
                .unwrap_or(IncidentReport::Urgent),
            title: entry.need_label("title"),
            to: entry.need_label("to"),
            levels,
            critical: entry.flag("critical"),
            after: entry
                .need_choice(
                    "after",
                    &[
                        ("found", DeadlineStart::Found),
                        ("ended", DeadlineStart::Ended),
                    ],
                )
                .unwrap_or(DeadlineStart::Found),
            length,
            grounds: grounds(&entry),
            name,
        };
        entry.finish();
        if !is_known {
            rules.deadlines.push(deadline);
        }
    }
    file.finish();
}
