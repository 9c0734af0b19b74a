//! 网络安全责任: duties, protection levels, thresholds, courses, and the rules of incidents.

use crate::figure::Figure;
use crate::model::{At, Confidence, Label};

/// Where a rule comes from and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// The document.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}

/// Whether a duty is a person's or a department's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DutyKind {
    /// A person.
    Person,
    /// A department.
    Department,
}

/// Something that every unit names somebody for: the CIO, the information officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its name in the store.
    pub name: String,
    /// Its title.
    pub title: Label,
    /// What it is.
    pub about: Label,
    /// Whose it is.
    pub kind: DutyKind,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// A level of 网络安全等级保护.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionLevel {
    /// 1 to 5.
    pub level: i64,
    /// Its title.
    pub title: Label,
    /// Whether a system of this level is filed with the police.
    pub filing: bool,
    /// At most so many months lie between two assessments; `None`: no rule known.
    pub assessment_months: Option<i64>,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// A number of days from which something is pointed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// One of [`Threshold::NAMES`].
    pub name: String,
    /// How many days.
    pub days: i64,
    /// What they count.
    pub about: Label,
    /// Where it comes from.
    pub grounds: Grounds,
}

impl Threshold {
    /// The thresholds that there are.
    pub const NAMES: [&'static str; 6] = [
        "assessment_notice",
        "duty_notice",
        "unused_grant",
        "certificate_notice",
        "drill",
        "verification",
    ];
}

/// A course of training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Its name in the store.
    pub name: String,
    /// Its title.
    pub title: Label,
    /// What it is.
    pub about: Label,
    /// So many hours of attendance make it complete.
    pub hours: i64,
    /// For so many months attendance counts; `None`: for ever.
    pub valid_months: Option<i64>,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// A kind of incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentKind {
    /// Its name in the store.
    pub name: String,
    /// Its title.
    pub title: Label,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// A level of incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentLevel {
    /// Its name in the store.
    pub name: String,
    /// 1 is the gravest.
    pub rank: i64,
    /// Its title.
    pub title: Label,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// The three reports of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentReport {
    /// 紧急报告
    Urgent,
    /// 事中报告
    Progress,
    /// 事后整改报告
    Final,
}

impl IncidentReport {
    /// Spelling in definition files and in the store.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("urgent", Self::Urgent),
        ("progress", Self::Progress),
        ("final", Self::Final),
    ];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Progress => "progress",
            Self::Final => "final",
        }
    }
}

/// When the clock of a deadline starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineStart {
    /// When the incident was found.
    Found,
    /// When it was dealt with.
    Ended,
}

/// How long a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineLength {
    /// So many minutes, by day and night.
    Minutes(i64),
    /// Until the end of the so-many-th working day after.
    WorkingDays(i64),
}

/// Until when a report is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentDeadline {
    /// Its name.
    pub name: String,
    /// Which report.
    pub report: IncidentReport,
    /// What the report is called there.
    pub title: Label,
    /// To whom it goes.
    pub to: Label,
    /// The levels of incident that it is for.
    pub levels: Vec<String>,
    /// Only for critical infrastructure, only for what is none, or for both.
    pub critical: Option<bool>,
    /// When its clock starts.
    pub after: DeadlineStart,
    /// How long it is.
    pub length: DeadlineLength,
    /// Where it comes from.
    pub grounds: Grounds,
}

/// All definitions of the files `assurance.toml` and `incident_rules.toml`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssuranceRules {
    /// What every unit names somebody for, in the order of pages.
    pub duties: Vec<Duty>,
    /// Levels of protection.
    pub protection_levels: Vec<ProtectionLevel>,
    /// Numbers of days.
    pub thresholds: Vec<Threshold>,
    /// Courses of training.
    pub courses: Vec<Course>,
    /// Kinds of incident.
    pub kinds: Vec<IncidentKind>,
    /// Levels of incident.
    pub levels: Vec<IncidentLevel>,
    /// Deadlines of reports.
    pub deadlines: Vec<IncidentDeadline>,
    /// Figures that the map can draw of this.
    pub figures: Vec<Figure>,
}

impl AssuranceRules {
    /// A duty.
    #[must_use]
    pub fn duty(&self, name: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.name == name)
    }

    /// A level of protection.
    #[must_use]
    pub fn protection_level(&self, level: i64) -> Option<&ProtectionLevel> {
        self.protection_levels
            .iter()
            .find(|known| known.level == level)
    }

    /// The days of a threshold; 0 for one that the definitions do not have.
    #[must_use]
    pub fn days(&self, name: &str) -> i64 {
        self.thresholds
            .iter()
            .find(|threshold| threshold.name == name)
            .map_or(0, |threshold| threshold.days)
    }

    /// A course.
    #[must_use]
    pub fn course(&self, name: &str) -> Option<&Course> {
        self.courses.iter().find(|course| course.name == name)
    }

    /// A kind of incident.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&IncidentKind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// A level of incident.
    #[must_use]
    pub fn level(&self, name: &str) -> Option<&IncidentLevel> {
        self.levels.iter().find(|level| level.name == name)
    }
}
