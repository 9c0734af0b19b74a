//! The nouns of duties.

use std::collections::HashMap;

use kernel::{Day, Millis, UnitId};
use serde::{Deserialize, Serialize};

use crate::error::AssuranceError;
use crate::events::{Event, Fold};

/// Who has a duty: no more of a person than the office needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of the person, or of the department.
    pub name: String,
    /// The post of the person, or who leads the department.
    pub post: String,
    /// The office telephone.
    pub phone: String,
}

/// A duty to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDuty {
    /// Which: a name of `standard/assurance.toml`.
    pub duty: String,
    /// Who.
    pub holder: Holder,
    /// From which day.
    pub from: Day,
    /// The first day on which it no longer holds.
    pub until: Option<Day>,
}

/// What an event says. The words in the store never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum DutyBody {
    /// Somebody has the duty from a day.
    Named {
        duty: String,
        holder: Holder,
        from: Day,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Day>,
    },
    /// Nobody has it from a day on.
    Ended { duty: String, from: Day },
}

impl DutyBody {
    pub(crate) fn duty(&self) -> &str {
        match self {
            Self::Named { duty, .. } | Self::Ended { duty, .. } => duty,
        }
    }

    pub(crate) fn from(&self) -> Day {
        match self {
            Self::Named { from, .. } | Self::Ended { from, .. } => *from,
        }
    }
}

/// An event with when it was recorded and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DutyEvent {
    pub(crate) number: i64,
    pub(crate) body: DutyBody,
    pub(crate) at: Millis,
    pub(crate) actor: String,
}

/// All events of duties, by unit, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Duties(HashMap<UnitId, Vec<DutyEvent>>);

impl Duties {
    pub(crate) fn of(&self, unit: UnitId) -> &[DutyEvent] {
        self.0.get(&unit).map_or(&[], Vec::as_slice)
    }
}

impl Fold for Duties {
    const KIND: &'static str = "duty";

    fn take(&mut self, event: &Event) -> Result<(), AssuranceError> {
        self.0.entry(event.unit).or_default().push(DutyEvent {
            number: event.number,
            body: event.read()?,
            at: event.at,
            actor: event.actor.clone(),
        });
        Ok(())
    }
}

/// What is wrong with a duty of a unit on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Nobody was ever named.
    Missing,
    /// Whoever had it has it no more since this day.
    Ended(Day),
    /// Whoever has it has it until this day.
    EndsSoon(Day),
}

impl Gap {
    /// Whether nobody has it.
    #[must_use]
    pub fn is_missing(self) -> bool {
        !matches!(self, Self::EndsSoon(_))
    }
}
