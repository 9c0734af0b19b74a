//! The nouns of alerts.

use kernel::{Day, Millis, UnitId};

/// The number of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub i64);

/// Something unusual in what an account read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// The name of the rule in `standard/alerts.toml`.
    pub rule: String,
    /// Who read ([`crate::Actor`] as text).
    pub actor: String,
    /// The day it is about.
    pub day: Day,
    /// The unit of the grant in which it was read; `None` for one over the whole node.
    pub unit: Option<UnitId>,
    /// The first reading it is about.
    pub from: Millis,
    /// The last one.
    pub to: Millis,
    /// How many persons.
    pub persons: i64,
    /// How many on this account's middle day, where the rule compares with it.
    pub usual: Option<i64>,
    /// When it was raised.
    pub raised: Millis,
    /// When it was looked into.
    pub closed: Option<Millis>,
    /// By whom.
    pub closed_by: String,
    /// What came of it.
    pub note: String,
}
