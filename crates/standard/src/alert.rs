//! Alerts on unusual reading of personal data: thresholds as data.

use crate::model::{At, Confidence, Label};

/// When an alert is raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertKind {
    /// Many persons within a time.
    Many {
        /// The time, in minutes.
        minutes: i64,
    },
    /// Persons read outside of working hours, in one day.
    OutsideHours {
        /// The hour with which work begins, Beijing time.
        from: u8,
        /// The hour with which it ends.
        to: u8,
        /// Days of the week on which there is work; 1 is Monday.
        weekdays: Vec<u8>,
    },
    /// Far more in one day than the account reads on its middle day.
    OwnPattern {
        /// How many days are looked back.
        history_days: i32,
        /// On how many of them there must have been readings.
        active_days: usize,
        /// How many times the middle day.
        factor: i64,
    },
}

impl AlertKind {
    /// The word in definition files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Many { .. } => "many",
            Self::OutsideHours { .. } => "outside_hours",
            Self::OwnPattern { .. } => "own_pattern",
        }
    }
}

/// An alert on unusual reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What it means.
    pub about: Label,
    /// When it is raised.
    pub kind: AlertKind,
    /// From how many persons on; 0: never.
    pub persons: i64,
    /// Whether readings of masked values count too.
    pub masked: bool,
    /// Where the thresholds come from.
    pub source: String,
    /// How sure they are.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}
