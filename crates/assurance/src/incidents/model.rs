//! The nouns of incidents. An incident is what its events make of it.

use std::collections::BTreeMap;

use kernel::{Millis, UnitId};
use serde::{Deserialize, Serialize};

use crate::error::AssuranceError;
use crate::events::{Event, Fold};

/// What happened to an incident. The words in the store never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum IncidentBody {
    /// It was found and entered.
    Opened(Opening),
    /// Its level was set anew.
    LevelChanged { level: String, reason: String },
    /// A report was sent, a further version of it where there was one.
    Reported { report: String, text: String },
    /// It was dealt with: since then.
    Ended { at: Millis },
    /// It was not over after all.
    Reopened { reason: String },
    /// Everything is done.
    Closed { conclusion: String },
    /// Something to remember.
    Noted { text: String },
    /// 问责: an accountability case was begun, went on or was decided.
    Case {
        /// Which case of the incident, from 1.
        case: i64,
        /// `opened`, `noted` or `decided`.
        step: String,
        /// Who is to answer: a unit or a post.
        who: String,
        text: String,
    },
}

/// What is known when an incident is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Opening {
    /// In a few words. No personal data.
    pub(crate) title: String,
    /// A kind of `standard/incident_rules.toml`.
    pub(crate) kind: String,
    /// A level of the same file.
    pub(crate) level: String,
    /// When it was found.
    pub(crate) found: Millis,
    /// The system of the register that it struck.
    pub(crate) system: Option<i64>,
    /// Whether that is critical infrastructure.
    pub(crate) critical: bool,
    /// What is known.
    pub(crate) summary: String,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncidentState {
    /// It is being dealt with.
    Open,
    /// It was dealt with; reports may still be due.
    Ended,
    /// Everything is done.
    Closed,
}

impl IncidentState {
    pub(crate) const ALL: [Self; 3] = [Self::Open, Self::Ended, Self::Closed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended => "ended",
            Self::Closed => "closed",
        }
    }
}

/// One version of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportVersion {
    pub(crate) report: String,
    pub(crate) text: String,
    pub(crate) at: Millis,
    pub(crate) actor: String,
}

/// An accountability case (问责) of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accountability {
    /// The unit or the post that is to answer.
    pub(crate) who: String,
    pub(crate) opened: Millis,
    /// When it was decided.
    pub(crate) decided: Option<Millis>,
    /// What was said last: the cause, how it went on, the decision.
    pub(crate) said: String,
}

impl Accountability {
    pub(crate) fn is_decided(&self) -> bool {
        self.decided.is_some()
    }
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    pub(crate) number: i64,
    pub(crate) unit: UnitId,
    pub(crate) opening: Opening,
    pub(crate) level: String,
    pub(crate) state: IncidentState,
    /// When it was dealt with.
    pub(crate) ended: Option<Millis>,
    pub(crate) reports: Vec<ReportVersion>,
    /// The accountability cases, by their number in the incident.
    pub(crate) cases: BTreeMap<i64, Accountability>,
    /// The last event.
    pub(crate) last: i64,
    pub(crate) entered: Millis,
}

impl Incident {
    /// When a report was first sent.
    pub(crate) fn first_report(&self, report: &str) -> Option<Millis> {
        self.reports
            .iter()
            .find(|version| version.report == report)
            .map(|version| version.at)
    }
}

/// All incidents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incidents(BTreeMap<i64, Incident>);

impl Incidents {
    pub(crate) fn get(&self, number: i64) -> Option<&Incident> {
        self.0.get(&number)
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.0.values()
    }
}

impl Fold for Incidents {
    const KIND: &'static str = "incident";

    fn take(&mut self, event: &Event) -> Result<(), AssuranceError> {
        let body: IncidentBody = event.read()?;
        if let IncidentBody::Opened(opening) = body {
            let incident = Incident {
                number: event.subject,
                unit: event.unit,
                level: opening.level.clone(),
                opening,
                state: IncidentState::Open,
                ended: None,
                reports: Vec::new(),
                cases: BTreeMap::new(),
                last: event.number,
                entered: event.at,
            };
            self.0.insert(event.subject, incident);
            return Ok(());
        }
        let Some(incident) = self.0.get_mut(&event.subject) else {
            return Err(AssuranceError::Event(
                event.number,
                "it is of an incident that was never opened".to_owned(),
            ));
        };
        incident.last = event.number;
        match body {
            IncidentBody::Opened(_) | IncidentBody::Noted { .. } => {}
            IncidentBody::LevelChanged { level, .. } => incident.level = level,
            IncidentBody::Reported { report, text } => incident.reports.push(ReportVersion {
                report,
                text,
                at: event.at,
                actor: event.actor.clone(),
            }),
            IncidentBody::Ended { at } => {
                incident.state = IncidentState::Ended;
                incident.ended = Some(at);
            }
            IncidentBody::Reopened { .. } => {
                incident.state = IncidentState::Open;
                incident.ended = None;
            }
            IncidentBody::Closed { .. } => incident.state = IncidentState::Closed,
            IncidentBody::Case {
                case,
                step,
                who,
                text,
            } => {
                let held = incident.cases.entry(case).or_insert(Accountability {
                    who,
                    opened: event.at,
                    decided: None,
                    said: String::new(),
                });
                held.said = text;
                held.decided = (step == "decided").then_some(event.at);
            }
        }
        Ok(())
    }
}
