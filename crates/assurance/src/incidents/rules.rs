//! Deadlines of reports, and what may be done to an incident in which state.

use kernel::{Day, Millis};
use standard::{AssuranceRules, Calendar, DeadlineLength, DeadlineStart, IncidentDeadline};

use super::model::{Accountability, Incident, IncidentBody, IncidentState};

const MINUTE: i64 = 60_000;

/// The rules, with the calendar that working days are counted by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Book<'r> {
    pub(crate) rules: &'r AssuranceRules,
    pub(crate) calendar: &'r Calendar,
}

/// The end of the so-many-th working day after a day.
fn after_working_days(calendar: &Calendar, from: Day, days: i64) -> Millis {
    let count = u32::try_from(days).unwrap_or(u32::MAX);
    calendar.after(from, count).add_days(1).start()
}

/// How a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its clock has not started: it starts when the incident was dealt with.
    NotStarted,
    /// The report is due until then.
    Due(Millis),
    /// It was due until then and has not come.
    Overdue(Millis),
    /// It came in time.
    Met(Millis),
    /// It came, but late.
    Late {
        /// Until when it was due.
        due: Millis,
        /// When it came.
        at: Millis,
    },
}

/// A deadline of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timer<'r> {
    pub(crate) deadline: &'r IncidentDeadline,
    pub(crate) standing: Standing,
}

impl Timer<'_> {
    /// Until when a report that has not come is due.
    pub(crate) fn due(&self) -> Option<Millis> {
        match self.standing {
            Standing::Due(due) | Standing::Overdue(due) => Some(due),
            Standing::NotStarted | Standing::Met(_) | Standing::Late { .. } => None,
        }
    }

    pub(crate) fn is_overdue(&self) -> bool {
        matches!(self.standing, Standing::Overdue(_))
    }
}

/// The deadlines of an incident by its present level, the nearest first.
pub(crate) fn timers<'r>(book: Book<'r>, incident: &Incident, now: Millis) -> Vec<Timer<'r>> {
    let applies = |deadline: &&IncidentDeadline| {
        deadline.levels.contains(&incident.level)
            && deadline
                .critical
                .is_none_or(|critical| critical == incident.opening.critical)
    };
    let timer = |deadline: &'r IncidentDeadline| {
        let start = match deadline.after {
            DeadlineStart::Found => Some(incident.opening.found),
            DeadlineStart::Ended => incident.ended,
        };
        let due = start.map(|start| match deadline.length {
            DeadlineLength::Minutes(minutes) => start.add(minutes.saturating_mul(MINUTE)),
            DeadlineLength::WorkingDays(days) => {
                after_working_days(book.calendar, start.day(), days)
            }
        });
        let standing = match (due, incident.first_report(deadline.report.as_str())) {
            (Some(due), Some(at)) if at <= due => Standing::Met(at),
            (Some(due), Some(at)) => Standing::Late { due, at },
            (None, Some(at)) => Standing::Met(at),
            (None, None) => Standing::NotStarted,
            (Some(due), None) if now <= due => Standing::Due(due),
            (Some(due), None) => Standing::Overdue(due),
        };
        Timer { deadline, standing }
    };
    let mut timers: Vec<Timer<'r>> = book
        .rules
        .deadlines
        .iter()
        .filter(applies)
        .map(timer)
        .collect();
    timers.sort_by_key(|timer| timer.due().map_or(i64::MAX, Millis::get));
    timers
}

/// Whether something may be done to an incident as it stands.
pub(crate) fn may(book: Book<'_>, incident: &Incident, body: &IncidentBody, now: Millis) -> bool {
    use IncidentBody::{Case, Closed, Ended, LevelChanged, Noted, Opened, Reopened, Reported};
    let state = incident.state;
    match body {
        Opened(_) => false,
        LevelChanged { level, .. } => {
            state != IncidentState::Closed
                && book.rules.level(level).is_some()
                && *level != incident.level
        }
        // A report that is late is better than none, also when the rest is done.
        Reported { report, .. } => {
            state != IncidentState::Closed
                && standard::IncidentReport::CHOICES
                    .iter()
                    .any(|(word, _)| word == report)
        }
        Ended { at } => state == IncidentState::Open && *at >= incident.opening.found && *at <= now,
        Reopened { .. } => state != IncidentState::Open,
        // Nothing is closed over a report that is owed.
        Closed { .. } => {
            state == IncidentState::Ended
                && timers(book, incident, now)
                    .iter()
                    .all(|timer| timer.due().is_none())
                && incident.cases.values().all(Accountability::is_decided)
        }
        Noted { .. } => true,
        Case { case, step, .. } => match step.as_str() {
            "opened" => !incident.cases.contains_key(case),
            "noted" | "decided" => incident
                .cases
                .get(case)
                .is_some_and(|held| !held.is_decided()),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kernel::UnitId;

    use super::super::model::{Opening, ReportVersion};
    use super::*;

    fn at(day: &str, hour: i64, minute: i64) -> Millis {
        Day::parse(day)
            .unwrap()
            .start()
            .add((hour * 60 + minute) * MINUTE)
    }

    fn incident(level: &str) -> Incident {
        Incident {
            number: 1,
            unit: UnitId::new(1),
            opening: Opening {
                found: at("2026-03-05", 9, 0),
                ..Opening::default()
            },
            level: level.to_owned(),
            state: IncidentState::Open,
            ended: None,
            reports: Vec::new(),
            cases: BTreeMap::new(),
            last: 1,
            entered: at("2026-03-05", 9, 5),
        }
    }

    fn book(standard: &standard::Standard) -> Book<'_> {
        Book {
            rules: standard.assurance(),
            calendar: standard.calendar(),
        }
    }

    fn names(incident: &Incident, now: Millis) -> Vec<(String, Standing)> {
        let standard = standard::embedded().unwrap();
        timers(book(&standard), incident, now)
            .iter()
            .map(|timer| (timer.deadline.name.clone(), timer.standing))
            .collect()
    }

    #[test]
    fn every_rule_has_its_own_clock() {
        let mut major = incident("iii");
        let nine = at("2026-03-05", 9, 0);
        assert_eq!(
            names(&major, nine),
            [
                (
                    "education_first_word".to_owned(),
                    Standing::Due(at("2026-03-05", 9, 30))
                ),
                (
                    "national".to_owned(),
                    Standing::Due(at("2026-03-05", 13, 0))
                ),
                (
                    "education_progress".to_owned(),
                    Standing::Due(at("2026-03-05", 17, 0))
                ),
                ("education_final".to_owned(), Standing::NotStarted),
            ]
        );
        major.reports.push(ReportVersion {
            report: "urgent".to_owned(),
            text: String::new(),
            at: at("2026-03-05", 9, 31),
            actor: String::new(),
        });
        // Thursday; the fifth working day after is the Thursday of the next week, to its end.
        major.ended = Some(at("2026-03-05", 20, 0));
        major.state = IncidentState::Ended;
        let evening = at("2026-03-05", 18, 0);
        assert_eq!(
            names(&major, evening),
            [
                (
                    "education_progress".to_owned(),
                    Standing::Overdue(at("2026-03-05", 17, 0))
                ),
                (
                    "education_final".to_owned(),
                    Standing::Due(at("2026-03-13", 0, 0))
                ),
                (
                    "education_first_word".to_owned(),
                    Standing::Late {
                        due: at("2026-03-05", 9, 30),
                        at: at("2026-03-05", 9, 31)
                    }
                ),
                (
                    "national".to_owned(),
                    Standing::Met(at("2026-03-05", 9, 31))
                ),
            ]
        );
        assert_eq!(names(&incident("iv"), nine), []);
    }

    #[test]
    fn critical_infrastructure_has_one_hour() {
        let mut critical = incident("ii");
        critical.opening.critical = true;
        let names: Vec<String> = names(&critical, critical.opening.found)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert!(names.contains(&"national_critical".to_owned()));
        assert!(!names.contains(&"national".to_owned()));
    }

    #[test]
    fn nothing_is_closed_over_a_report_or_a_case_that_is_owed() {
        let standard = standard::embedded().unwrap();
        let rules = book(&standard);
        let now = at("2026-03-06", 9, 0);
        let closed = IncidentBody::Closed {
            conclusion: "完成".to_owned(),
        };
        let mut major = incident("iii");
        assert!(!may(rules, &major, &closed, now));
        let ended = |at| IncidentBody::Ended { at };
        assert!(may(rules, &major, &ended(at("2026-03-05", 20, 0)), now));
        assert!(
            !may(rules, &major, &ended(at("2026-03-05", 8, 0)), now),
            "before it was found"
        );
        assert!(
            !may(rules, &major, &ended(at("2026-03-07", 8, 0)), now),
            "in the future"
        );
        major.state = IncidentState::Ended;
        major.ended = Some(at("2026-03-05", 20, 0));
        assert!(!may(rules, &major, &closed, now), "reports are owed");
        for (report, _) in standard::IncidentReport::CHOICES {
            major.reports.push(ReportVersion {
                report: report.to_owned(),
                text: String::new(),
                at: now,
                actor: String::new(),
            });
        }
        assert!(may(rules, &major, &closed, now));
        let mut case = Accountability {
            who: "信息中心".to_owned(),
            opened: now,
            decided: None,
            said: String::new(),
        };
        major.cases.insert(1, case.clone());
        assert!(!may(rules, &major, &closed, now), "a case is open");
        let decided = IncidentBody::Case {
            case: 1,
            step: "decided".to_owned(),
            who: String::new(),
            text: String::new(),
        };
        assert!(may(rules, &major, &decided, now));
        case.decided = Some(now);
        major.cases.insert(1, case);
        assert!(may(rules, &major, &closed, now));
        assert!(!may(rules, &major, &decided, now), "decided once");
        let same = IncidentBody::LevelChanged {
            level: "iii".to_owned(),
            reason: String::new(),
        };
        assert!(!may(rules, &major, &same, now));
    }

    #[test]
    fn a_deadline_of_working_days_ends_with_the_last_of_them() {
        let day = |text: &str| Day::parse(text).unwrap();
        let calendar = Calendar::default();
        assert_eq!(
            after_working_days(&calendar, day("2026-03-06"), 1),
            day("2026-03-10").start()
        );
    }
}
