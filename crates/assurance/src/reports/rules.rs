//! Who owes a report, and how it stands.

use kernel::{Day, Millis, UnitId};
use security::UnitTree;

use super::model::{Below, KnownSchedule, Report, Schedule};

/// The longest period of one schedule, in days.
const LONGEST: i32 = 366;

/// The units that owe reports: those below the one that set it, as far as they exist.
pub(crate) fn owing(known: &KnownSchedule, tree: &UnitTree) -> Vec<UnitId> {
    match known.schedule.below {
        Below::Children => tree
            .children(known.unit)
            .into_iter()
            .filter(|unit| tree.is_valid(*unit))
            .collect(),
        Below::All => tree
            .subtree(known.unit)
            .filter(|unit| *unit != known.unit && tree.is_valid(*unit))
            .collect(),
    }
}

/// Whether a unit owes reports.
pub(crate) fn owes(known: &KnownSchedule, tree: &UnitTree, unit: UnitId) -> bool {
    let is_below = match known.schedule.below {
        Below::Children => tree.parent(unit) == Some(known.unit),
        Below::All => unit != known.unit && tree.contains(known.unit, unit),
    };
    is_below && tree.is_valid(unit)
}

/// How the report of a unit for a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReportStanding {
    /// It did not come by the hour.
    Missing,
    /// It has time.
    Awaited,
    /// It came after the hour.
    Late,
    /// It came.
    Came,
}

impl ReportStanding {
    pub(crate) const ALL: [Self; 4] = [Self::Missing, Self::Awaited, Self::Late, Self::Came];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Awaited => "awaited",
            Self::Late => "late",
            Self::Came => "came",
        }
    }
}

/// How it stands now.
pub(crate) fn standing(
    known: &KnownSchedule,
    day: Day,
    report: Option<&Report>,
    now: Millis,
) -> ReportStanding {
    let due = known.due(day);
    match report {
        Some(report) if report.at <= due => ReportStanding::Came,
        Some(_) => ReportStanding::Late,
        None if now <= due => ReportStanding::Awaited,
        None => ReportStanding::Missing,
    }
}

/// `18:00` as minutes after midnight.
pub(crate) fn minute_of(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once([':', '：'])?;
    let (hours, minutes): (i64, i64) = (hours.trim().parse().ok()?, minutes.trim().parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

/// Why a schedule is refused: a field and the message of its fault.
pub(crate) fn faults(schedule: &Schedule, today: Day) -> Vec<(&'static str, &'static str)> {
    let mut faults = Vec::new();
    if schedule.title.is_empty() {
        faults.push(("title", "ui-fault-required"));
    }
    if schedule.from < today {
        faults.push(("from", "assurance-fault-past"));
    }
    if schedule.to < schedule.from || schedule.to.days_since(schedule.from) > LONGEST {
        faults.push(("to", "assurance-fault-period"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use security::UnitNode;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn schedule(below: Below) -> KnownSchedule {
        KnownSchedule {
            number: 1,
            unit: UnitId::new(1),
            schedule: Schedule {
                title: "国庆值守".to_owned(),
                from: day("2026-10-01"),
                to: day("2026-10-07"),
                minute: 18 * 60,
                below,
            },
            ended: None,
            last: 1,
        }
    }

    fn tree() -> UnitTree {
        let node = |unit, parent: Option<i64>, valid| UnitNode {
            unit: UnitId::new(unit),
            parent: parent.map(UnitId::new),
            valid,
        };
        UnitTree::build(&[
            node(1, None, true),
            node(2, Some(1), true),
            node(3, Some(1), false),
            node(4, Some(2), true),
        ])
    }

    #[test]
    fn those_below_owe_a_report_and_closed_units_do_not() {
        let ids = |below| -> Vec<i64> {
            let known = schedule(below);
            let owing = owing(&known, &tree());
            for unit in (1..=4).map(UnitId::new) {
                assert_eq!(owes(&known, &tree(), unit), owing.contains(&unit), "{unit}");
            }
            owing.into_iter().map(UnitId::get).collect()
        };
        assert_eq!(ids(Below::Children), [2]);
        assert_eq!(ids(Below::All), [2, 4]);
    }

    #[test]
    fn a_report_is_awaited_until_the_hour_and_missing_after() {
        let known = schedule(Below::All);
        let on = day("2026-10-02");
        let six = on.start().add(18 * 3_600_000);
        let stands = |report: Option<&Report>, now| standing(&known, on, report, now);
        assert_eq!(stands(None, six), ReportStanding::Awaited);
        assert_eq!(stands(None, six.add(1)), ReportStanding::Missing);
        let mut report = Report {
            number: 1,
            schedule: 1,
            unit: UnitId::new(2),
            day: on,
            incidents: 0,
            note: String::new(),
            at: six,
            actor: String::new(),
        };
        assert_eq!(stands(Some(&report), six.add(9)), ReportStanding::Came);
        report.at = six.add(1);
        assert_eq!(stands(Some(&report), six.add(9)), ReportStanding::Late);
    }

    #[test]
    fn a_schedule_ends_when_it_is_ended() {
        let mut known = schedule(Below::All);
        assert!(!known.is_on(day("2026-09-30")) && known.is_on(day("2026-10-01")));
        assert!(known.is_on(day("2026-10-07")) && !known.is_on(day("2026-10-08")));
        known.ended = Some(day("2026-10-03"));
        assert!(known.is_on(day("2026-10-02")) && !known.is_on(day("2026-10-03")));
        assert_eq!(known.hour(), "18:00");
        assert_eq!(minute_of("18:00"), Some(1080));
        assert_eq!(minute_of("8：05"), Some(485));
        assert!(minute_of("24:00").is_none() && minute_of("1800").is_none());
    }

    #[test]
    fn a_schedule_is_refused_with_all_its_faults() {
        let today = day("2026-09-20");
        assert_eq!(faults(&schedule(Below::All).schedule, today), []);
        let wrong = Schedule {
            from: day("2026-09-01"),
            to: day("2026-08-01"),
            ..Schedule::default()
        };
        let fields: Vec<&str> = faults(&wrong, today)
            .iter()
            .map(|(field, _)| *field)
            .collect();
        assert_eq!(fields, ["title", "from", "to"]);
    }
}
