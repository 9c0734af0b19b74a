//! Security incidents: found, levelled, reported by deadlines, dealt with, answered for, closed.

pub(crate) mod model;
pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::{AccountId, Millis, UnitId};
use security::{Action, AuditAction, Permit};
use workflow::{NoticeKind, Told};

pub(crate) use model::{Accountability, Incident, IncidentBody, IncidentState, Incidents, Opening};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;
use crate::store::{self, Notice};

/// Whether a notice stands in the inbox too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inbox {
    /// It does.
    Told,
    /// A case tells the same there.
    Quiet,
}

impl Assurance {
    pub(crate) async fn incidents(&self) -> Result<Arc<Incidents>, AssuranceError> {
        self.0.incidents.current(&self.0.work).await
    }

    pub(crate) fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// An incident that the permit reaches.
    pub(crate) async fn incident(
        &self,
        permit: &Permit,
        number: i64,
    ) -> Result<Incident, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let incidents = self.incidents().await?;
        let found = incidents.get(number).ok_or_else(AssuranceError::hidden)?;
        self.reached(permit, found.unit)?;
        Ok(found.clone())
    }

    /// The incidents that the permit reaches, the newest first.
    pub(crate) async fn incidents_in_reach(
        &self,
        permit: &Permit,
    ) -> Result<Vec<Incident>, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let incidents = self.incidents().await?;
        Ok(incidents
            .all()
            .rev()
            .filter(|known| permit.sees(&tree, known.unit))
            .cloned()
            .collect())
    }

    /// Enters an incident; its number. The unit above is told at once.
    pub(crate) async fn open_incident(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        opening: Opening,
    ) -> Result<i64, AssuranceError> {
        self.kept(permit, unit)?;
        let opening = match opening.system {
            None => opening,
            Some(number) => {
                let known = self.system(permit, number).await?;
                Opening {
                    critical: opening.critical || known.system.critical,
                    ..opening
                }
            }
        };
        let body = IncidentBody::Opened(opening);
        let event = NewEvent {
            subject: None,
            unit,
            body: &body,
            after: None,
            action: AuditAction::IncidentChanged,
        };
        let number = self.append::<Incidents, _>(permit, address, event).await?;
        let incident = self.incident(permit, number).await?;
        let is_asked = self.begin_escalation(permit, &incident).await?;
        if let Some(above) = self.tree().parent(unit) {
            let cause = format!("incident:{number}:opened");
            let inbox = match is_asked {
                true => Inbox::Quiet,
                false => Inbox::Told,
            };
            self.tell_in(above, "incident_opened", number, &cause, inbox)
                .await?;
        }
        Ok(number)
    }

    /// Begins the case in which the unit above acknowledges an incident, goes further up where it does not in time, and
    /// closes it. Begun once for an incident; whether somebody is asked there. The first limit is that of the
    /// first report.
    async fn begin_escalation(
        &self,
        permit: &Permit,
        incident: &Incident,
    ) -> Result<bool, AssuranceError> {
        let Some(workflow) = &self.0.workflow else {
            return Ok(false);
        };
        let now = self.now();
        let due = rules::timers(self.book(), incident, now)
            .first()
            .and_then(rules::Timer::due)
            .filter(|due| *due > now);
        let number = incident.number.to_string();
        let case = workflow
            .open_case(
                permit,
                workflow::Opening {
                    workflow: "incident_escalation".to_owned(),
                    unit: Some(incident.unit),
                    fields: BTreeMap::from([
                        ("incident".to_owned(), number.clone()),
                        ("level".to_owned(), incident.level.clone()),
                    ]),
                    origin: Some(format!("incident:{number}")),
                    link: Some(format!("/assurance/incidents/{number}")),
                    due,
                    applicant: None,
                },
            )
            .await?;
        let asker = Permit::for_job("workflow").map_err(security::SecurityError::from)?;
        Ok(workflow.case(&asker, case).await?.asked > 0)
    }

    /// The case in which the units above follow an incident, where the reader may see it.
    pub(crate) async fn escalation_of(
        &self,
        permit: &Permit,
        incident: i64,
    ) -> Result<Option<workflow::CaseView>, AssuranceError> {
        let Some(workflow) = &self.0.workflow else {
            return Ok(None);
        };
        let origin = format!("incident:{incident}");
        match workflow.case_of(permit, &origin).await? {
            Some(case) => Ok(Some(workflow.case(permit, case).await?)),
            None => Ok(None),
        }
    }

    /// Does something to an incident. `after` is the last event that the writer saw.
    pub(crate) async fn act_on_incident(
        &self,
        permit: &Permit,
        address: &str,
        number: i64,
        after: i64,
        body: &IncidentBody,
    ) -> Result<(), AssuranceError> {
        let incident = self.incident(permit, number).await?;
        self.kept(permit, incident.unit)?;
        if incident.last != after {
            return Err(AssuranceError::Changed);
        }
        if !rules::may(self.book(), &incident, body, self.now()) {
            return Err(AssuranceError::State);
        }
        let event = NewEvent {
            subject: Some(number),
            unit: incident.unit,
            body,
            after: Some(after),
            action: AuditAction::IncidentChanged,
        };
        self.append::<Incidents, _>(permit, address, event).await?;
        if let IncidentBody::LevelChanged { level, .. } = body
            && let Some(above) = self.tree().parent(incident.unit)
        {
            let cause = format!("incident:{number}:level:{level}:{after}");
            self.tell(above, "incident_level", number, &cause).await?;
        }
        Ok(())
    }

    /// Writes a notice for a unit, once for a cause, and puts it before those who may see the unit's security; where
    /// nobody does, before those of the next unit above. Answers whether it is new.
    pub(crate) async fn tell(
        &self,
        unit: UnitId,
        kind: &str,
        subject: i64,
        cause: &str,
    ) -> Result<bool, AssuranceError> {
        self.tell_in(unit, kind, subject, cause, Inbox::Told).await
    }

    async fn tell_in(
        &self,
        unit: UnitId,
        kind: &str,
        subject: i64,
        cause: &str,
        inbox: Inbox,
    ) -> Result<bool, AssuranceError> {
        {
            // The job looks every minute: what was told already costs the writers nothing.
            let mut tx = self.0.work.read().await?;
            if store::is_told(&mut tx, cause, unit).await? {
                return Ok(false);
            }
        }
        let to = self.readers_of(unit).await?;
        let mut tx = self.0.work.write().await?;
        let notice = Notice {
            number: store::next_number(&mut tx, "event").await?,
            unit,
            kind: kind.to_owned(),
            subject,
            at: self.now(),
        };
        if !store::insert_notice(&mut tx, cause, &notice).await? {
            return Ok(false);
        }
        if let Some(workflow) = self.0.workflow.as_ref().filter(|_| inbox == Inbox::Told) {
            let told = Told {
                kind: if kind.ends_with("overdue") || kind.ends_with("missing") {
                    NoticeKind::Overdue
                } else {
                    NoticeKind::Other
                },
                to,
                case: None,
                link: notice.link(),
            };
            workflow.tell(&mut tx, &told).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Begins the case of an incident that has none: the program ended between the two, or the incident is older than
    /// the process.
    async fn escalate_again(&self, incident: &Incident) -> Result<(), AssuranceError> {
        let job = Permit::for_job("workflow").map_err(security::SecurityError::from)?;
        if self.escalation_of(&job, incident.number).await?.is_none() {
            self.begin_escalation(&job, incident).await?;
        }
        Ok(())
    }

    /// Who may see the security of a unit by a post there, else of the next unit above that has somebody.
    async fn readers_of(&self, unit: UnitId) -> Result<BTreeSet<AccountId>, AssuranceError> {
        let tree = self.tree();
        let posts = self.0.security.posts();
        let today = self.today();
        let line = std::iter::once(Some(unit))
            .chain(tree.ancestors(unit).into_iter().map(Some))
            .chain([None]);
        for each in line {
            let grants = self.0.security.holders(&[each]).await?;
            let readers: BTreeSet<AccountId> = grants
                .iter()
                .filter(|grant| grant.until.is_none_or(|until| today < until))
                .filter(|grant| {
                    posts
                        .iter()
                        .any(|post| post.name == grant.post && post.allows(Action::ReadSecurity))
                })
                .map(|grant| grant.account)
                .collect();
            if !readers.is_empty() {
                return Ok(readers);
            }
        }
        Ok(BTreeSet::new())
    }

    /// The last notices of the units that a reader's post is for.
    pub(crate) async fn notices(&self, permit: &Permit) -> Result<Vec<Notice>, AssuranceError> {
        const MOST: i64 = 20;
        permit.require(Action::ReadSecurity)?;
        let units = match permit.reaches_everything() {
            true => self.tree().roots(),
            false => permit.units(),
        };
        let mut tx = self.0.work.read().await?;
        Ok(store::notices_of(&mut tx, &units, MOST).await?)
    }

    /// Tells the unit above of every report of an incident that is overdue. A job's work, every minute; what was
    /// told is kept, so it is told once, whatever ends in between. How many were told.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn escalate_incidents(&self) -> Result<usize, AssuranceError> {
        let incidents = self.incidents().await?;
        let tree = self.tree();
        let now = self.now();
        let mut told = 0;
        for incident in incidents.all() {
            if incident.state == IncidentState::Closed {
                continue;
            }
            self.escalate_again(incident).await?;
            for timer in rules::timers(self.book(), incident, now) {
                if !timer.is_overdue() {
                    continue;
                }
                let above = tree.parent(incident.unit).unwrap_or(incident.unit);
                let cause = format!(
                    "incident:{}:overdue:{}",
                    incident.number, timer.deadline.name
                );
                if self
                    .tell(above, "incident_overdue", incident.number, &cause)
                    .await?
                {
                    told += 1;
                }
            }
        }
        Ok(told)
    }
}
