//! The nouns of the register.

use std::collections::BTreeMap;

use kernel::{Day, Millis, UnitId};
use serde::{Deserialize, Serialize};

use crate::error::AssuranceError;
use crate::events::{Event, Fold};

/// What is registered: 业务系统, 网站, 移动应用, 公众号.
pub(crate) const KINDS: [&str; 4] = ["system", "website", "app", "public_account"];

/// An information system or a site, as the register has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// The unit whose it is.
    pub unit: UnitId,
    /// Its name.
    pub name: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// 谁主管: who is in charge.
    pub in_charge: String,
    /// 谁运维: who runs it.
    pub run_by: String,
    /// 谁使用: who uses it.
    pub used_by: String,
    /// The domain name.
    pub domain: String,
    /// Network addresses, parted by blanks.
    pub addresses: String,
    /// The level of protection, 1 to 5.
    pub level: Option<i64>,
    /// The number of its filing.
    pub filing_number: String,
    /// The day of its filing.
    pub filed: Option<Day>,
    /// The day of the last assessment.
    pub assessed: Option<Day>,
    /// Whether it is critical information infrastructure.
    pub critical: bool,
    /// Who supplied it.
    pub supplier: String,
    /// Whom to ask.
    pub contact: String,
    /// The office telephone of whom to ask.
    pub contact_phone: String,
    /// Since which day it is out of use.
    pub retired: Option<Day>,
}

/// A system with when its entry was last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registered {
    /// Its number.
    pub(crate) number: i64,
    /// The last event of it.
    pub(crate) last: i64,
    /// When that was.
    pub(crate) changed: Millis,
    /// The entry.
    pub(crate) system: System,
}

/// The register.
#[derive(Debug, Clone, Default)]
pub(crate) struct Systems(BTreeMap<i64, Registered>);

impl Systems {
    pub(crate) fn get(&self, number: i64) -> Option<&Registered> {
        self.0.get(&number)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Registered> {
        self.0.values()
    }
}

impl Fold for Systems {
    const KIND: &'static str = "system";

    fn take(&mut self, event: &Event) -> Result<(), AssuranceError> {
        let entry = Registered {
            number: event.subject,
            last: event.number,
            changed: event.at,
            system: event.read()?,
        };
        self.0.insert(event.subject, entry);
        Ok(())
    }
}

/// What the register lacks of a system, or what is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemGap {
    /// 等级测评 was due on this day.
    AssessmentOverdue(Day),
    /// It was never assessed.
    NeverAssessed,
    /// It is not filed though its level asks for that.
    NotFiled,
    /// No level is entered.
    NoLevel,
    /// Nobody is in charge.
    NoneInCharge,
    /// Nobody runs it.
    NoneRuns,
    /// Nobody is said to use it.
    NoneUses,
    /// There is nobody to ask.
    NoContact,
    /// Neither domain nor address.
    NoAddress,
    /// 等级测评 is due on this day, soon.
    AssessmentSoon(Day),
}

impl SystemGap {
    /// The end of the message's key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::AssessmentOverdue(_) => "assurance-gap-assessment-overdue",
            Self::NeverAssessed => "assurance-gap-never-assessed",
            Self::NotFiled => "assurance-gap-not-filed",
            Self::NoLevel => "assurance-gap-no-level",
            Self::NoneInCharge => "assurance-gap-none-in-charge",
            Self::NoneRuns => "assurance-gap-none-runs",
            Self::NoneUses => "assurance-gap-none-uses",
            Self::NoContact => "assurance-gap-no-contact",
            Self::NoAddress => "assurance-gap-no-address",
            Self::AssessmentSoon(_) => "assurance-gap-assessment-soon",
        }
    }

    /// Whether it is late, rather than missing or soon.
    pub(crate) fn is_overdue(self) -> bool {
        matches!(self, Self::AssessmentOverdue(_) | Self::NeverAssessed)
    }

    /// Whether it only announces itself.
    pub(crate) fn is_notice(self) -> bool {
        matches!(self, Self::AssessmentSoon(_))
    }
}
