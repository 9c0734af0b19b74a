//! The nouns of daily reports.

use std::collections::BTreeMap;

use kernel::{Day, Millis, UnitId};
use serde::{Deserialize, Serialize};

use crate::error::AssuranceError;
use crate::events::{Event, Fold};

/// Who owes reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Below {
    /// The units directly below.
    #[default]
    Children,
    /// Every unit below.
    All,
}

/// A period in which every unit below reports every day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Schedule {
    /// What it is for: 国庆值守.
    pub(crate) title: String,
    /// The first day.
    pub(crate) from: Day,
    /// The last day.
    pub(crate) to: Day,
    /// Minutes after midnight by which a report is due.
    pub(crate) minute: i64,
    /// Who owes them.
    pub(crate) below: Below,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum ScheduleBody {
    /// It was set.
    Set(Schedule),
    /// From this day on nothing is owed.
    Ended { on: Day },
}

/// A schedule with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownSchedule {
    pub(crate) number: i64,
    /// The unit that set it.
    pub(crate) unit: UnitId,
    pub(crate) schedule: Schedule,
    pub(crate) ended: Option<Day>,
    pub(crate) last: i64,
}

impl KnownSchedule {
    /// Whether reports are owed for a day.
    pub(crate) fn is_on(&self, day: Day) -> bool {
        self.schedule.from <= day
            && day <= self.schedule.to
            && self.ended.is_none_or(|ended| day < ended)
    }

    /// Until when the report of a day is due.
    pub(crate) fn due(&self, day: Day) -> Millis {
        day.start().add(self.schedule.minute.saturating_mul(60_000))
    }

    /// The hour as it reads: `18:00`.
    pub(crate) fn hour(&self) -> String {
        format!(
            "{:02}:{:02}",
            self.schedule.minute / 60,
            self.schedule.minute % 60
        )
    }
}

/// All schedules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedules(BTreeMap<i64, KnownSchedule>);

impl Schedules {
    pub(crate) fn get(&self, number: i64) -> Option<&KnownSchedule> {
        self.0.get(&number)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &KnownSchedule> {
        self.0.values()
    }
}

impl Fold for Schedules {
    const KIND: &'static str = "schedule";

    fn take(&mut self, event: &Event) -> Result<(), AssuranceError> {
        match event.read()? {
            ScheduleBody::Set(schedule) => {
                let known = KnownSchedule {
                    number: event.subject,
                    unit: event.unit,
                    schedule,
                    ended: None,
                    last: event.number,
                };
                self.0.insert(event.subject, known);
            }
            ScheduleBody::Ended { on } => {
                if let Some(known) = self.0.get_mut(&event.subject) {
                    known.ended = Some(on);
                    known.last = event.number;
                }
            }
        }
        Ok(())
    }
}

/// A report that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) number: i64,
    pub(crate) schedule: i64,
    pub(crate) unit: UnitId,
    pub(crate) day: Day,
    /// How many incidents; 0 is 零报告.
    pub(crate) incidents: i64,
    pub(crate) note: String,
    pub(crate) at: Millis,
    pub(crate) actor: String,
}

/// A report to be filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewReport {
    pub(crate) schedule: i64,
    pub(crate) unit: UnitId,
    pub(crate) day: Day,
    /// How many incidents; 0 is 零报告.
    pub(crate) incidents: i64,
    pub(crate) note: String,
}
