//! What happens when a time limit comes near or runs out. A job's work; two workers do it once.

use security::Permit;
use standard::{AtLimit, State};

use crate::api::Workflow;
use crate::cases::{Entering, NewNote};
use crate::error::WorkflowError;
use crate::model::{Case, CaseId, EventKind};
use crate::notices::NoticeKind;
use crate::store;

/// How many cases one round looks at.
const AT_ONCE: i64 = 200;

/// What is to be done at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn<'w> {
    Remind,
    Limit(&'w AtLimit),
    /// The definition has no limit: another room gave the moment.
    Overdue,
}

fn turn<'w>(state: &'w State, case: &Case, now: kernel::Millis) -> Turn<'w> {
    let is_early = case.due.is_some_and(|due| now < due);
    match &state.limit {
        Some(_) if is_early => Turn::Remind,
        Some(limit) => Turn::Limit(&limit.then),
        None => Turn::Overdue,
    }
}

impl Workflow {
    /// Does what time limits ask for. Answers how many cases were looked at.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn run_timers(&self) -> Result<usize, WorkflowError> {
        let due = {
            let mut tx = self.0.work.read().await?;
            store::due_cases(&mut tx, self.0.clock.now(), AT_ONCE).await?
        };
        for id in &due {
            self.run_timer(*id).await?;
        }
        Ok(due.len())
    }

    async fn run_timer(&self, id: CaseId) -> Result<(), WorkflowError> {
        let now = self.0.clock.now();
        let (case, workflow) = {
            let mut tx = self.0.work.read().await?;
            let Some(case) = store::case(&mut tx, id).await? else {
                return Ok(());
            };
            let workflow = self.definition(&mut tx, &case).await?;
            (case, workflow)
        };
        // Another worker may have been at it since the list was read.
        if case.wake.is_none_or(|wake| wake > now) {
            return Ok(());
        }
        let Some(state) = workflow.state(&case.state) else {
            return Ok(());
        };
        match turn(state, &case, now) {
            Turn::Remind => {
                self.remind(&workflow, &case, state, EventKind::Reminded, case.due)
                    .await
            }
            Turn::Overdue | Turn::Limit(AtLimit::Remind) => {
                self.remind(&workflow, &case, state, EventKind::Overdue, None)
                    .await
            }
            Turn::Limit(AtLimit::Escalate) => self.escalate(&workflow, &case, state).await,
            Turn::Limit(AtLimit::Lapse(to)) => {
                let to = workflow
                    .state(to)
                    .ok_or(WorkflowError::Definition(case.id.0))?;
                self.lapse(&workflow, &case, to).await
            }
        }
    }

    async fn remind(
        &self,
        workflow: &standard::Workflow,
        case: &Case,
        state: &State,
        kind: EventKind,
        wake: Option<kernel::Millis>,
    ) -> Result<(), WorkflowError> {
        let (tasks, people) = self.who_is_asked(workflow, case, state).await?;
        let mut tx = self.0.work.write().await?;
        if !store::set_timer(&mut tx, case, wake, case.level).await? {
            return Ok(());
        }
        let event = self.job_event(kind, case, None);
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        store::put_tasks(&mut tx, case.id, &tasks).await?;
        let notice = match kind {
            EventKind::Reminded => NoticeKind::DueSoon,
            _ => NoticeKind::Overdue,
        };
        self.tell(&mut tx, &self.about(case.id, notice, people))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Asks those one level up as well; where there is no level left, it is said once that the limit ran out.
    async fn escalate(
        &self,
        workflow: &standard::Workflow,
        case: &Case,
        state: &State,
    ) -> Result<(), WorkflowError> {
        let (_, before) = self.who_is_asked(workflow, case, state).await?;
        let mut raised = case.clone();
        raised.level = case.level.saturating_add(1);
        let (tasks, people) = self.who_is_asked(workflow, &raised, state).await?;
        if people == before {
            return self
                .remind(workflow, case, state, EventKind::Overdue, None)
                .await;
        }
        let now = self.0.clock.now();
        let wake = state.limit.as_ref().map(|limit| {
            self.0
                .standard
                .calendar()
                .deadline(now, limit.amount, limit.count)
        });
        let mut tx = self.0.work.write().await?;
        if !store::set_timer(&mut tx, case, wake, raised.level).await? {
            return Ok(());
        }
        let event = self.job_event(EventKind::Escalated, case, Some(raised.level.to_string()));
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        store::put_tasks(&mut tx, case.id, &tasks).await?;
        self.tell(&mut tx, &self.about(case.id, NoticeKind::Escalated, people))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn lapse(
        &self,
        workflow: &standard::Workflow,
        case: &Case,
        to: &State,
    ) -> Result<(), WorkflowError> {
        let entering = self
            .entering(workflow, case, to, self.0.clock.now(), None)
            .await?;
        let mut event = self.job_event(EventKind::Lapsed, case, None);
        event.to = Some(to.name.clone());
        let Entering { case: fresh, .. } = &entering;
        let mut tx = self.0.work.write().await?;
        if !store::move_case(&mut tx, fresh, case.version).await? {
            return Ok(());
        }
        self.add_event(&mut tx, case.id, &event, NewNote::NONE)
            .await?;
        self.write_entering(&mut tx, &entering, None).await?;
        let permit = Permit::for_job("workflow").map_err(security::SecurityError::from)?;
        self.audit_move(&mut tx, &permit, case.id, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Looks again who is asked in every open case: posts were given and taken meanwhile. A job's work, once an
    /// hour.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn ask_again(&self) -> Result<(), WorkflowError> {
        let mut after = CaseId(0);
        loop {
            let cases = {
                let mut tx = self.0.work.read().await?;
                store::open_cases(&mut tx, after, AT_ONCE).await?
            };
            let Some(last) = cases.last() else {
                return Ok(());
            };
            after = last.id;
            for case in &cases {
                let (workflow, present) = {
                    let mut tx = self.0.work.read().await?;
                    let workflow = self.definition(&mut tx, case).await?;
                    (workflow, store::tasks(&mut tx, case.id).await?)
                };
                let Some(state) = workflow.state(&case.state) else {
                    continue;
                };
                let (tasks, _) = self.who_is_asked(&workflow, case, state).await?;
                if tasks == present {
                    continue;
                }
                let mut tx = self.0.work.write().await?;
                let now_is = store::case(&mut tx, case.id).await?;
                if now_is.is_some_and(|now_is| now_is.version == case.version) {
                    store::put_tasks(&mut tx, case.id, &tasks).await?;
                    tx.commit().await?;
                }
            }
        }
    }
}
