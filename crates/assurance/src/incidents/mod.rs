//! Security incidents: found, levelled, reported by deadlines, dealt with, answered for, closed.

pub(crate) mod model;
pub(crate) mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::{AccountId, Millis, UnitId};
use security::{Action, AuditAction, Permit};
use workflow::{NoticeKind, Told};

pub(crate) use model::{Incident, IncidentBody, IncidentState, Incidents, Opening};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;
use crate::store::{self, Notice};

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
        if let Some(above) = self.tree().parent(unit) {
            self.tell(
                above,
                "incident_opened",
                number,
                &format!("incident:{number}:opened"),
            )
            .await?;
        }
        Ok(number)
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
        if let Some(workflow) = &self.0.workflow {
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
