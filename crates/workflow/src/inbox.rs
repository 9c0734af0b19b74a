//! What needs someone: to decide, come back, overdue below, one's own applications, notices.

use kernel::{Millis, UnitId};
use security::Permit;
use standard::{Label, StateKind};

use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::model::{Case, CaseId, Event, NODE, Notice, Stands};
use crate::rules::{self, Standing};
use crate::store;

/// No inbox is counted further than this.
pub(crate) const MOST_COUNTED: i64 = 1000;
/// Overdue cases of the whole node are looked through so far.
const MOST_OVERDUE: i64 = 5000;

/// A part of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Box {
    /// What the reader is asked for now.
    ToDo,
    /// What came back to the reader.
    Returned,
    /// What is overdue in the units below.
    Overdue,
    /// What the reader applied for or took over.
    Mine,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: CaseId,
    /// The process.
    pub title: Label,
    /// The state.
    pub state: Label,
    /// What kind of state that is.
    pub kind: StateKind,
    /// The unit.
    pub unit: UnitId,
    /// When it was begun.
    pub begun: Millis,
    /// Since when it is in the state.
    pub entered: Millis,
    /// By when it should leave it.
    pub due: Option<Millis>,
    /// Whether that is past.
    pub is_overdue: bool,
}

impl Workflow {
    /// A page of a part of the inbox and how many there are in all (at most 1,000 are counted).
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn inbox(
        &self,
        permit: &Permit,
        part: Box,
        offset: u64,
        size: u64,
    ) -> Result<(Vec<Listed>, u64), WorkflowError> {
        let Some(account) = permit.actor().account() else {
            return Ok((Vec::new(), 0));
        };
        let (from, most) = (
            usize::try_from(offset).unwrap_or(usize::MAX),
            usize::try_from(size).unwrap_or(usize::MAX),
        );
        let mut tx = self.0.work.read().await?;
        let cases = match part {
            Box::ToDo => self.asked_of(&mut tx, permit).await?,
            Box::Overdue => self.overdue_below(&mut tx, permit).await?,
            Box::Mine | Box::Returned => {
                let (cases, total) = store::own_cases(
                    &mut tx,
                    account,
                    part == Box::Returned,
                    i64::try_from(size).unwrap_or(i64::MAX),
                    i64::try_from(offset).unwrap_or(i64::MAX),
                )
                .await?;
                let mut listed = Vec::with_capacity(cases.len());
                for case in &cases {
                    listed.push(self.listed(&mut tx, case).await?);
                }
                return Ok((listed, u64::try_from(total).unwrap_or(0)));
            }
        };
        let total = u64::try_from(cases.len()).unwrap_or(u64::MAX);
        let mut listed = Vec::new();
        for case in cases.iter().skip(from).take(most) {
            listed.push(self.listed(&mut tx, case).await?);
        }
        Ok((listed, total))
    }

    /// How many cases the reader is asked for: the number in the head of every page.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn inbox_count(&self, permit: &Permit) -> Result<u64, WorkflowError> {
        if permit.actor().account().is_none() {
            return Ok(0);
        }
        let mut tx = self.0.work.read().await?;
        let asked = self.asked_of(&mut tx, permit).await?;
        Ok(u64::try_from(asked.len()).unwrap_or(u64::MAX))
    }

    /// The cases in which someone is asked and may make a move now.
    async fn asked_of(&self, tx: &mut db::Tx, permit: &Permit) -> Result<Vec<Case>, WorkflowError> {
        let Some(account) = permit.actor().account() else {
            return Ok(Vec::new());
        };
        let units: Vec<i64> = if permit.reaches_everything() {
            vec![NODE]
        } else {
            permit.units().into_iter().map(UnitId::get).collect()
        };
        let names = rules::names_held(&crate::api::mover(permit, Stands::Apart));
        let found = store::asked_cases(tx, account, &units, &names, MOST_COUNTED).await?;
        let mut asked = Vec::with_capacity(found.len());
        for case in found {
            let workflow = self.definition(tx, &case).await?;
            let needs_history = workflow.moves.iter().any(|step| !step.not_after.is_empty());
            let events: Vec<Event> = if needs_history {
                let stored = store::events(tx, case.id).await?;
                stored.into_iter().map(|(event, _)| event).collect()
            } else {
                Vec::new()
            };
            let mover = self.mover(permit, case.unit);
            if rules::is_asked(&workflow, Standing::from(&case), &mover, &events) {
                asked.push(case);
            }
        }
        Ok(asked)
    }

    /// Overdue cases of the units within reach that the reader may see.
    async fn overdue_below(
        &self,
        tx: &mut db::Tx,
        permit: &Permit,
    ) -> Result<Vec<Case>, WorkflowError> {
        let tree = self.0.security.units();
        let overdue = store::overdue_cases(tx, self.0.clock.now(), MOST_OVERDUE).await?;
        let mut below = Vec::new();
        for case in overdue {
            if !permit.sees(&tree, case.unit) {
                continue;
            }
            let workflow = self.definition(tx, &case).await?;
            let mover = self.mover(permit, case.unit);
            if rules::may_see(&workflow, Standing::from(&case), &mover, false) {
                below.push(case);
            }
        }
        Ok(below)
    }

    async fn listed(&self, tx: &mut db::Tx, case: &Case) -> Result<Listed, WorkflowError> {
        let workflow = self.definition(tx, case).await?;
        let now = self.0.clock.now();
        Ok(Listed {
            id: case.id,
            title: workflow.title.clone(),
            state: workflow
                .state(&case.state)
                .map(|state| state.title.clone())
                .unwrap_or_default(),
            kind: case.kind,
            unit: case.unit,
            begun: case.begun,
            entered: case.entered,
            due: case.due.filter(|_| !case.kind.is_over()),
            is_overdue: !case.kind.is_over() && case.due.is_some_and(|due| due <= now),
        })
    }

    /// How many cases are overdue within reach of those that the reader may see.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn overdue(&self, permit: &Permit) -> Result<usize, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        Ok(self.overdue_below(&mut tx, permit).await?.len())
    }

    /// What an account was told, newest first: a page, how many there are, how many it has not looked at.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn notices(
        &self,
        permit: &Permit,
        offset: u64,
        size: u64,
    ) -> Result<(Vec<Notice>, u64, u64), WorkflowError> {
        let Some(account) = permit.actor().account() else {
            return Ok((Vec::new(), 0, 0));
        };
        let mut tx = self.0.work.read().await?;
        let (notices, total, unseen) = store::notices(
            &mut tx,
            account,
            i64::try_from(size).unwrap_or(i64::MAX),
            i64::try_from(offset).unwrap_or(i64::MAX),
        )
        .await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok((notices, count(total), count(unseen)))
    }

    /// Notes that an account looked at its notices: those of a case, or all.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn see_notices(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
    ) -> Result<(), WorkflowError> {
        let Some(account) = permit.actor().account() else {
            return Ok(());
        };
        let is_new = {
            let mut tx = self.0.work.read().await?;
            store::has_unseen(&mut tx, account, case).await?
        };
        if !is_new {
            return Ok(());
        }
        let mut tx = self.0.work.write().await?;
        store::see_notices(&mut tx, account, case, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}
