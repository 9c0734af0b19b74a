//! What other rooms carry out when a case is decided: once, after the decision, also after a crash.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use futures::future::BoxFuture;
use kernel::{AccountId, Millis, UnitId};
use security::{GrantId, Permit};
use standard::StateKind;

use crate::api::{Workflow, hex};
use crate::cases::{Entering, NewNote};
use crate::error::WorkflowError;
use crate::model::{Approval, Case, CaseId, EventKind};
use crate::store::{self, EffectRow, NewEvent};

/// The effect of this room itself: an approval with a trace number, which another room asks for later.
pub(crate) const APPROVAL: &str = "workflow.approval";

/// An effect that is being carried out is taken again after so long: its worker was killed.
const LEASE: i64 = 60_000;
/// The first wait after a failure; doubled each time.
const FIRST_WAIT: i64 = 30_000;
/// The longest wait.
const LONGEST_WAIT: i64 = 3_600_000;
/// How many effects one round looks at.
const AT_ONCE: i64 = 100;

/// What a room carries out. It may be asked again for the same case after a crash, so it must find what it has
/// done already (idempotent by case).
pub trait Effect: Send + Sync {
    /// Carries out what was decided.
    fn carry_out<'a>(&'a self, decided: &'a Decided)
    -> BoxFuture<'a, Result<Carried, EffectFault>>;
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The case.
    pub case: CaseId,
    /// Of which process.
    pub workflow: String,
    /// The unit of the case.
    pub unit: UnitId,
    /// In which kind of state it ended: decided for, against, or taken back.
    pub kind: StateKind,
    /// Who applied.
    pub applicant: Option<AccountId>,
    /// The form.
    pub fields: BTreeMap<String, String>,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// Under which grant: an effect that needs a permit takes it from [`security::Security::permit_for_grant`],
    /// so that nobody has carried out what they could not do themselves.
    pub decided_grant: Option<GrantId>,
    /// When.
    pub decided: Millis,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// What it can be traced by: ids only, such as `grant:17`.
    pub trace: String,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectFault {
    /// It will be tried again; the words go to the log.
    Later(String),
    /// It will not be done; the stable code stands in the history of the case.
    Refused(&'static str),
}

/// The names of units, which a room above knows.
pub trait UnitDirectory: Send + Sync {
    /// The unit with a code or a full name.
    fn find<'a>(&'a self, text: &'a str) -> BoxFuture<'a, Option<UnitId>>;

    /// The code and the name of a unit.
    fn label(&self, unit: UnitId) -> BoxFuture<'_, Option<(String, String)>>;
}

impl Workflow {
    /// Carries out what waits: a job's work, every few seconds. Answers how many ended.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn carry_out_waiting(&self) -> Result<usize, WorkflowError> {
        let waiting = {
            let mut tx = self.0.work.read().await?;
            store::waiting_effects(&mut tx, self.0.clock.now(), AT_ONCE).await?
        };
        let mut ended = 0;
        for case in waiting {
            if self.carry_out(case).await? {
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Carries out the effect of a case, where it waits. True where it ended.
    pub(crate) async fn carry_out(&self, id: CaseId) -> Result<bool, WorkflowError> {
        let now = self.0.clock.now();
        let (case, row) = {
            let mut tx = self.0.work.write().await?;
            let Some(row) = store::claim_effect(&mut tx, id, now, now.add(LEASE)).await? else {
                return Ok(false);
            };
            let case = store::case(&mut tx, id)
                .await?
                .ok_or(WorkflowError::Hidden)?;
            tx.commit().await?;
            (case, row)
        };
        if row.effect == APPROVAL {
            self.approve(&case, &row).await?;
            return Ok(true);
        }
        let effect = {
            let effects = self
                .0
                .effects
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            effects.get(&row.effect).cloned()
        };
        let decided = self.decided(&case, &row)?;
        let outcome = match effect {
            Some(effect) => effect.carry_out(&decided).await,
            None => Err(EffectFault::Later(format!(
                "no room carries out {}",
                row.effect
            ))),
        };
        match outcome {
            Ok(carried) => {
                self.note_carried(&case, &carried.trace).await?;
                Ok(true)
            }
            Err(EffectFault::Refused(code)) => {
                self.note_refused(&case, code).await?;
                Ok(true)
            }
            Err(EffectFault::Later(why)) => {
                tracing::warn!(
                    case = id.0,
                    effect = row.effect,
                    attempts = row.attempts,
                    why,
                    "an effect will be tried again"
                );
                let doublings = u32::try_from(row.attempts.clamp(1, 16) - 1).unwrap_or(0);
                let wait = FIRST_WAIT
                    .saturating_mul(1_i64 << doublings)
                    .min(LONGEST_WAIT);
                let mut tx = self.0.work.write().await?;
                store::delay_effect(&mut tx, id, self.0.clock.now().add(wait), "later").await?;
                tx.commit().await?;
                Ok(false)
            }
        }
    }

    fn decided(&self, case: &Case, row: &EffectRow) -> Result<Decided, WorkflowError> {
        Ok(Decided {
            case: case.id,
            workflow: case.workflow.clone(),
            unit: case.unit,
            kind: case.kind,
            applicant: case.applicant,
            fields: self.open_fields(case)?,
            decided_by: row.decided_by,
            decided_grant: row.decided_grant.map(GrantId),
            decided: row.decided,
        })
    }

    /// Makes the approval and notes it, in one transaction.
    async fn approve(&self, case: &Case, row: &EffectRow) -> Result<(), WorkflowError> {
        let now = self.0.clock.now();
        let mut random = [0_u8; 5];
        let source = self.0.security.random();
        source
            .fill(&mut random)
            .map_err(security::SecurityError::from)?;
        let day = row.decided.day().to_string().replace('-', "");
        let trace = format!("W{day}-{}-{}", case.id, hex(&random).to_uppercase());
        let mut tx = self.0.work.write().await?;
        let workflow = self.definition(&mut tx, case).await?;
        let days = workflow
            .state(&case.state)
            .and_then(|state| state.effect.as_ref())
            .map_or(1, |effect| effect.valid_days);
        let valid_until = row
            .decided
            .day()
            .add_days(i32::try_from(days).unwrap_or(i32::MAX).saturating_add(1))
            .start();
        if !store::finish_effect(&mut tx, case.id, "done", None, Some(&trace), now).await? {
            return Ok(());
        }
        store::insert_approval(
            &mut tx,
            case.id,
            &trace,
            row.decided,
            row.decided_by,
            valid_until,
        )
        .await?;
        let event = self.job_event(EventKind::Carried, case, Some(trace));
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_carried(&self, case: &Case, trace: &str) -> Result<(), WorkflowError> {
        let now = self.0.clock.now();
        let mut tx = self.0.work.write().await?;
        if store::finish_effect(&mut tx, case.id, "done", None, Some(trace), now).await? {
            let event = self.job_event(EventKind::Carried, case, Some(trace.to_owned()));
            self.add_event(&mut tx, case.id, &event, NewNote::NONE)
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The other room refuses: the case goes where its definition says.
    async fn note_refused(&self, case: &Case, code: &'static str) -> Result<(), WorkflowError> {
        let now = self.0.clock.now();
        let workflow = {
            let mut tx = self.0.work.read().await?;
            self.definition(&mut tx, case).await?
        };
        let to = workflow
            .state(&case.state)
            .and_then(|state| state.effect.as_ref())
            .and_then(|effect| workflow.state(&effect.refused_to))
            .ok_or(WorkflowError::Definition(case.id.0))?;
        let mut event = self.job_event(EventKind::NotCarried, case, Some(code.to_owned()));
        event.from = Some(case.state.clone());
        event.to = Some(to.name.clone());
        let entering = self.entering(&workflow, case, to, now, None).await?;
        let mut tx = self.0.work.write().await?;
        if !store::finish_effect(&mut tx, case.id, "refused", Some(code), None, now).await? {
            return Ok(());
        }
        let Entering { case: fresh, .. } = &entering;
        if !store::move_case(&mut tx, fresh, case.version).await? {
            return Err(WorkflowError::Moved);
        }
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        self.write_entering(&mut tx, &entering, None).await?;
        let permit = Permit::for_job("workflow").map_err(security::SecurityError::from)?;
        self.audit_move(&mut tx, &permit, case.id, None).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) fn job_event(
        &self,
        kind: EventKind,
        case: &Case,
        detail: Option<String>,
    ) -> NewEvent {
        NewEvent {
            at: self.0.clock.now(),
            kind,
            actor: "job:workflow".to_owned(),
            account: None,
            post: None,
            unit: None,
            step: None,
            from: Some(case.state.clone()),
            to: None,
            detail,
            key: None,
        }
    }

    /// The approval that a case ended with, for one who may see the case; `None` where it has none (yet), or it
    /// may not be used any more. Whoever acts under it checks that the actor is [`Approval::applicant`].
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`] for a case out of reach.
    pub async fn approved(
        &self,
        permit: &Permit,
        id: CaseId,
    ) -> Result<Option<Approval>, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let (case, _) = self.visible(&mut tx, permit, id).await?;
        let Some((trace, approved, approved_by, valid_until)) =
            store::approval(&mut tx, id).await?
        else {
            return Ok(None);
        };
        if self.0.clock.now() >= valid_until {
            return Ok(None);
        }
        Ok(Some(Approval {
            case: id,
            workflow: case.workflow.clone(),
            unit: case.unit,
            applicant: case.applicant,
            fields: self.open_fields(&case)?,
            trace,
            approved,
            approved_by,
            valid_until,
        }))
    }
}
