//! Training and drills, and the condition that a post is given only to those who were trained for it.

pub(crate) mod model;
pub(crate) mod rules;

use std::sync::Arc;

use db::Tx;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use kernel::{AccountId, Clock, Day, UnitId};
use security::{
    Action, Actor, AuditAction, GrantAsked, GrantCondition, GrantRefused, Outcome, Permit,
    SecurityError, Subject,
};

use standard::{Label, Standard};

pub(crate) use model::{Attendance, Drill, Drills, HeldDrill};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;
use crate::store;

/// A training that an account attended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attended {
    /// Who.
    pub account: AccountId,
    /// A course of `standard/assurance.toml`.
    pub course: String,
    /// The unit that held it.
    pub unit: UnitId,
    /// When.
    pub day: Day,
    /// For how many hours.
    pub hours: i64,
}

impl Assurance {
    /// Records that an account attended a training.
    ///
    /// # Errors
    /// [`AssuranceError`]; a unit out of reach and a course that there is not do not exist. Nobody attests the own
    /// training ([`AssuranceError::State`]).
    pub async fn record_attendance(
        &self,
        permit: &Permit,
        address: &str,
        attended: &Attended,
    ) -> Result<i64, AssuranceError> {
        self.kept(permit, attended.unit)?;
        if self.rules().course(&attended.course).is_none() {
            return Err(AssuranceError::hidden());
        }
        let is_own = permit.actor().account() == Some(attended.account);
        let hours_fit = (1..=24).contains(&attended.hours);
        if is_own || !hours_fit || attended.day > self.today() {
            return Err(AssuranceError::State);
        }
        let mut tx = self.0.work.write().await?;
        if security::api::account(&mut tx, attended.account)
            .await?
            .is_none()
        {
            return Err(AssuranceError::hidden());
        }
        let entry = Attendance {
            number: store::next_number(&mut tx, "subject").await?,
            account: attended.account,
            course: attended.course.clone(),
            unit: attended.unit,
            day: attended.day,
            hours: attended.hours,
            at: self.now(),
            actor: permit.actor().to_string(),
            withdrawn: None,
        };
        store::insert_attendance(&mut tx, &entry).await?;
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::TrainingRecorded,
                &Subject::item("attendance", entry.number),
                Outcome::Done,
                Some(address).filter(|address| !address.is_empty()),
            )
            .await?;
        tx.commit().await?;
        Ok(entry.number)
    }

    /// Takes an entry back that was wrong. It stays visible as withdrawn.
    ///
    /// # Errors
    /// [`AssuranceError`]; an entry of a unit out of reach does not exist.
    pub async fn withdraw_attendance(
        &self,
        permit: &Permit,
        address: &str,
        number: i64,
    ) -> Result<(), AssuranceError> {
        permit.require(Action::ManageSecurity)?;
        let mut tx = self.0.work.write().await?;
        let entry = store::attendance(&mut tx, number)
            .await?
            .ok_or_else(AssuranceError::hidden)?;
        self.kept(permit, entry.unit)?;
        let by = permit.actor().to_string();
        if !store::withdraw_attendance(&mut tx, number, self.now(), &by).await? {
            return Err(AssuranceError::State);
        }
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::TrainingRecorded,
                &Subject::item("attendance", number),
                Outcome::Done,
                Some(address).filter(|address| !address.is_empty()),
            )
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The attendance that units within reach recorded, newest first.
    pub(crate) async fn attendances(
        &self,
        permit: &Permit,
    ) -> Result<Vec<Attendance>, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let mut tx = self.0.work.read().await?;
        let mut entries = store::attendances(&mut tx).await?;
        entries.retain(|entry| permit.sees(&tree, entry.unit));
        Ok(entries)
    }

    /// Records a drill of a unit.
    pub(crate) async fn record_drill(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        drill: &Drill,
    ) -> Result<i64, AssuranceError> {
        self.kept(permit, unit)?;
        if drill.day > self.today() {
            return Err(AssuranceError::State);
        }
        let event = NewEvent {
            subject: None,
            unit,
            body: drill,
            after: None,
            action: AuditAction::TrainingRecorded,
        };
        self.append::<Drills, _>(permit, address, event).await
    }

    /// The drills of units within reach, newest first.
    pub(crate) async fn drills(&self, permit: &Permit) -> Result<Vec<HeldDrill>, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let drills = self.0.drills.current(&self.0.work).await?;
        let mut held: Vec<HeldDrill> = drills
            .all()
            .filter(|held| permit.sees(&tree, held.unit))
            .cloned()
            .collect();
        held.sort_by_key(|held| (std::cmp::Reverse(held.drill.day), held.number));
        Ok(held)
    }

    /// The condition for [`security::Security::add_grant_condition`].
    #[must_use]
    pub fn grant_condition(&self) -> Arc<dyn GrantCondition> {
        Arc::new(TrainedFirst {
            standard: Arc::clone(&self.0.standard),
            clock: Arc::clone(&self.0.clock),
        })
    }
}

/// No security post without the training before it.
/// It holds no handle of the room, which holds one of `security`, which holds this.
struct TrainedFirst {
    standard: Arc<Standard>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for TrainedFirst {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TrainedFirst")
            .finish_non_exhaustive()
    }
}

/// A number, which reads the same in every language.
fn same(number: i64) -> Label {
    Label {
        zh: number.to_string(),
        en: number.to_string(),
    }
}

impl GrantCondition for TrainedFirst {
    fn holds<'a>(
        &'a self,
        work: &'a mut Tx,
        asked: GrantAsked<'a>,
    ) -> BoxFuture<'a, Result<Option<GrantRefused>, SecurityError>> {
        async move {
            // On a node without accounts there is nobody yet who could record a training.
            if matches!(asked.actor, Actor::Operator("first-start")) {
                return Ok(None);
            }
            let courses = self.standard.courses_before(asked.post);
            if courses.is_empty() {
                return Ok(None);
            }
            let attended = store::attendance_of_account(work, asked.account).await?;
            let today = self.clock.today();
            let lacking = courses
                .into_iter()
                .find(|course| !rules::is_trained(course, &attended, today));
            Ok(lacking.map(|course| GrantRefused {
                code: "assurance.not_trained",
                sentence: format!(
                    "the post {} is given only after the course {} ({} hours); record who attended it first",
                    asked.post, course.name, course.hours
                ),
                message: "assurance-not-trained",
                words: vec![("course", course.title.clone()), ("hours", same(course.hours))],
            }))
        }
        .boxed()
    }
}
