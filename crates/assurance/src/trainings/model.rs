//! The nouns of training.

use kernel::{AccountId, Day, Millis, UnitId};
use serde::{Deserialize, Serialize};

use crate::error::AssuranceError;
use crate::events::{Event, Fold};

/// A training that an account attended, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attendance {
    pub(crate) number: i64,
    pub(crate) account: AccountId,
    pub(crate) course: String,
    /// The unit that recorded it.
    pub(crate) unit: UnitId,
    pub(crate) day: Day,
    pub(crate) hours: i64,
    pub(crate) at: Millis,
    pub(crate) actor: String,
    /// When it was taken back.
    pub(crate) withdrawn: Option<Millis>,
}

/// A drill that was held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Drill {
    /// What was drilled.
    pub(crate) title: String,
    /// When.
    pub(crate) day: Day,
    /// How many took part.
    pub(crate) people: i64,
    /// What was found.
    pub(crate) conclusion: String,
}

/// A drill with whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldDrill {
    pub(crate) number: i64,
    pub(crate) unit: UnitId,
    pub(crate) drill: Drill,
}

/// All drills.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drills(Vec<HeldDrill>);

impl Drills {
    pub(crate) fn all(&self) -> impl Iterator<Item = &HeldDrill> {
        self.0.iter()
    }
}

impl Fold for Drills {
    const KIND: &'static str = "drill";

    fn take(&mut self, event: &Event) -> Result<(), AssuranceError> {
        self.0.push(HeldDrill {
            number: event.subject,
            unit: event.unit,
            drill: event.read()?,
        });
        Ok(())
    }
}
