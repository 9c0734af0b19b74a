//! Beginning, moving and showing a case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use db::Tx;
use kernel::{AccountId, Millis, UnitId};
use security::{AuditAction, Outcome, Permit, Subject};
use standard::{Limit, State};

use crate::api::{Workflow, digest};
use crate::error::WorkflowError;
use crate::model::{
    Act, Case, CaseId, CaseView, Event, EventKind, Mover, Opening, Task, Timer, Told,
};
use crate::notices::NoticeKind;
use crate::rules::{self, Standing};
use crate::store::{self, EffectRow, NewEvent};

/// The longest note.
pub(crate) const LONGEST_NOTE: usize = 2000;
/// The longest key of a move.
const LONGEST_KEY: usize = 64;

/// A note that goes with an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewNote<'a>(Option<&'a str>);

impl<'a> NewNote<'a> {
    pub(crate) const NONE: NewNote<'static> = NewNote(None);

    fn of(text: &'a str) -> Self {
        let text = text.trim();
        Self((!text.is_empty()).then_some(text))
    }
}

/// A case on its way into a state: what it will be, who is asked then, and who is told.
#[derive(Debug, Clone)]
pub(crate) struct Entering {
    pub(crate) case: Case,
    pub(crate) tasks: Vec<Task>,
    pub(crate) people: BTreeSet<AccountId>,
    pub(crate) effect: Option<String>,
}

impl Workflow {
    /// Begins a case. One of the same [`Opening::origin`] is begun once: the same number is answered again.
    ///
    /// A process that only the program begins may be begun by any room with any permit: that room has judged.
    ///
    /// # Errors
    /// [`WorkflowError::NoWorkflow`] for a process that the permit may not begin, [`WorkflowError::Form`],
    /// [`WorkflowError::NoUnit`], [`WorkflowError::Hidden`] for a unit out of reach.
    pub async fn open_case(
        &self,
        permit: &Permit,
        opening: Opening,
    ) -> Result<CaseId, WorkflowError> {
        let no_workflow = || WorkflowError::NoWorkflow(opening.workflow.clone());
        let workflow = self
            .0
            .standard
            .workflow(&opening.workflow)
            .ok_or_else(no_workflow)?;
        let by_person = !workflow.begin.program;
        if by_person
            && !self
                .may_begin(permit)
                .iter()
                .any(|may| may.name == workflow.name)
        {
            return Err(no_workflow());
        }
        let fields = self.checked(&workflow.fields, &opening.fields).await?;
        let unit = self.unit_of(permit, workflow, &fields, opening.unit)?;
        let start = workflow.start().ok_or_else(no_workflow)?;
        let now = self.0.clock.now();
        let applicant = permit.actor().account().or(opening.applicant);
        let draft = Case {
            id: CaseId(0),
            workflow: workflow.name.clone(),
            digest: digest(&workflow.text),
            unit,
            applicant,
            holder: applicant,
            begun_by: permit.actor().to_string(),
            begun: now,
            state: String::new(),
            kind: start.kind,
            entered: now,
            due: None,
            wake: None,
            level: 0,
            version: 0,
            fields: Vec::new(),
            origin: opening.origin.clone(),
            link: opening.link.clone().filter(|link| is_local(link)),
            ended: None,
        };
        let mut entering = self
            .entering(workflow, &draft, start, now, opening.due)
            .await?;
        let mut tx = self.0.work.write().await?;
        let id = CaseId(store::next_number(&mut tx, "case").await?);
        // The number is locked by now, so a second case of the same origin waits here for the first.
        if let Some(origin) = &opening.origin
            && let Some(case) = store::case_of_origin(&mut tx, origin).await?
        {
            return Ok(case.id);
        }
        entering.case.id = id;
        entering.case.fields = self.seal_fields(id.0, &fields)?;
        let case = &entering.case;
        store::keep_definition(&mut tx, &case.digest, &workflow.name, &workflow.text, now).await?;
        store::insert_case(&mut tx, case).await?;
        let mut event = self.person_event(EventKind::Begun, permit);
        event.to = Some(start.name.clone());
        self.add_event(&mut tx, id, &event, NewNote::NONE).await?;
        self.write_entering(&mut tx, &entering, permit.actor().account())
            .await?;
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::CaseBegun,
                &Subject::case(id.0),
                Outcome::Done,
                None,
            )
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The unit that a new case belongs to.
    fn unit_of(
        &self,
        permit: &Permit,
        workflow: &standard::Workflow,
        fields: &BTreeMap<String, String>,
        given: Option<UnitId>,
    ) -> Result<UnitId, WorkflowError> {
        let tree = self.0.security.units();
        if let Some(field) = &workflow.unit_field {
            return fields
                .get(field)
                .and_then(|unit| unit.parse().ok())
                .ok_or(WorkflowError::NoUnit);
        }
        if let Some(unit) = given {
            if tree.position(unit).is_none() {
                return Err(WorkflowError::NoUnit);
            }
            let is_judged = workflow.begin.program || permit.actor().account().is_none();
            return if is_judged || permit.sees(&tree, unit) {
                Ok(unit)
            } else {
                Err(WorkflowError::Hidden)
            };
        }
        let own = permit.units().first().copied();
        own.or_else(|| tree.unit_at(0)).ok_or(WorkflowError::NoUnit)
    }

    /// Makes a move, and carries out at once what follows from it where another room can. Answers the new version
    /// of the case; a move that was made already (the same key) answers it too.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`], [`WorkflowError::Moved`] where someone else was quicker,
    /// [`WorkflowError::Refused`] with the rule that says no, [`WorkflowError::Form`].
    pub async fn act(
        &self,
        permit: &Permit,
        id: CaseId,
        act: &Act,
        address: Option<&str>,
    ) -> Result<i64, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let (case, workflow) = self.visible(&mut tx, permit, id).await?;
        if act.key.is_empty() || act.key.len() > LONGEST_KEY {
            return Err(WorkflowError::Refused("workflow.no_key"));
        }
        if store::has_key(&mut tx, id, &act.key).await? {
            return Ok(case.version);
        }
        let events = store::events(&mut tx, id).await?;
        drop(tx);
        let events: Vec<Event> = events.into_iter().map(|(event, _)| event).collect();
        if case.version != act.version {
            return Err(WorkflowError::Moved);
        }
        let mover = self.mover(permit, case.unit);
        let standing = Standing::from(&case);
        let step = rules::decide(&workflow, &act.step, standing, &mover, &events, &act.note)?;
        if act.note.chars().count() > LONGEST_NOTE {
            return Err(WorkflowError::Refused("workflow.long_note"));
        }
        let mut before = case.clone();
        if let Some(typed) = act.fields.as_ref().filter(|_| step.edits) {
            let fields = self.checked(&workflow.fields, typed).await?;
            before.fields = self.seal_fields(id.0, &fields)?;
            if workflow.unit_field.is_some() {
                before.unit = self.unit_of(permit, &workflow, &fields, None)?;
            }
        }
        let to = workflow
            .state(&step.to)
            .ok_or(WorkflowError::Definition(id.0))?;
        let now = self.0.clock.now();
        let entering = self.entering(&workflow, &before, to, now, None).await?;
        let mut event = self.person_event(EventKind::Moved, permit);
        event.step = Some(step.name.clone());
        event.from = Some(case.state.clone());
        event.to = Some(to.name.clone());
        event.key = Some(act.key.clone());

        let mut tx = self.0.work.write().await?;
        if !store::move_case(&mut tx, &entering.case, case.version).await? {
            // Sent twice at the same time: one of the two made it.
            return if store::has_key(&mut tx, id, &act.key).await? {
                Ok(entering.case.version)
            } else {
                Err(WorkflowError::Moved)
            };
        }
        self.add_event(&mut tx, id, &event, NewNote::of(&act.note))
            .await?;
        self.write_entering(&mut tx, &entering, mover.account)
            .await?;
        if let Some(effect) = &entering.effect {
            let row = EffectRow {
                effect: effect.clone(),
                decided_by: mover.account,
                decided_grant: act.grant.map(|grant| grant.0),
                decided: now,
                attempts: 0,
            };
            store::insert_effect(&mut tx, id, &row).await?;
        }
        self.audit_move(&mut tx, permit, id, address).await?;
        tx.commit().await?;
        if entering.effect.is_some()
            && let Err(error) = self.carry_out(id).await
        {
            // The decision stands, and the job tries again.
            tracing::warn!(case = id.0, %error, "what was decided could not be carried out at once");
        }
        Ok(entering.case.version)
    }

    pub(crate) async fn audit_move(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        id: CaseId,
        address: Option<&str>,
    ) -> Result<(), WorkflowError> {
        let subject = Subject::case(id.0);
        let audited = self.0.security.audit(
            tx,
            permit.actor(),
            AuditAction::CaseMoved,
            &subject,
            Outcome::Done,
            address,
        );
        Ok(audited.await?)
    }

    /// What a case becomes in a state: time limit, who is asked, what follows.
    pub(crate) async fn entering(
        &self,
        workflow: &standard::Workflow,
        before: &Case,
        to: &State,
        now: Millis,
        due: Option<Millis>,
    ) -> Result<Entering, WorkflowError> {
        let mut case = before.clone();
        case.state.clone_from(&to.name);
        case.kind = to.kind;
        case.entered = now;
        case.level = 0;
        case.version = before.version.saturating_add(1);
        case.ended = to.kind.is_over().then_some(now);
        (case.due, case.wake) = self.limits(to.limit.as_ref(), now, due);
        let (tasks, people) = self.who_is_asked(workflow, &case, to).await?;
        Ok(Entering {
            case,
            tasks,
            people,
            effect: to.effect.as_ref().map(|effect| effect.name.clone()),
        })
    }

    /// The end of a time limit that begins now, and when to look first.
    fn limits(
        &self,
        limit: Option<&Limit>,
        now: Millis,
        given: Option<Millis>,
    ) -> (Option<Millis>, Option<Millis>) {
        let Some(limit) = limit else {
            return (given, given);
        };
        let calendar = self.0.standard.calendar();
        if given.is_some() {
            return (given, given);
        }
        let due = calendar.deadline(now, limit.amount, limit.count);
        let reminder = limit
            .remind_before
            .and_then(|before| calendar.reminder(now, limit.amount, before, limit.count));
        (Some(due), Some(reminder.unwrap_or(due)))
    }

    /// Who is asked in a state, as tasks and as people.
    pub(crate) async fn who_is_asked(
        &self,
        workflow: &standard::Workflow,
        case: &Case,
        state: &State,
    ) -> Result<(Vec<Task>, BTreeSet<AccountId>), WorkflowError> {
        if state.kind.is_over() {
            return Ok((Vec::new(), BTreeSet::new()));
        }
        let tree = self.0.security.units();
        let line = rules::line_of(&tree, case.unit);
        let grants = self.0.security.holders(&line).await?;
        let movers: Vec<(Option<UnitId>, Mover)> = grants
            .iter()
            .filter_map(|grant| {
                let post = self.0.standard.post(&grant.post)?;
                Some((grant.unit, rules::mover_of(&tree, case.unit, grant, post)))
            })
            .collect();
        Ok(rules::asked(
            workflow,
            state,
            Standing::from(case),
            &line,
            &movers,
            case.level,
        ))
    }

    /// Writes who is asked, and tells them and the applicant. `by` is not told what they did themselves.
    pub(crate) async fn write_entering(
        &self,
        tx: &mut Tx,
        entering: &Entering,
        by: Option<AccountId>,
    ) -> Result<(), WorkflowError> {
        let case = &entering.case;
        store::put_tasks(tx, case.id, &entering.tasks).await?;
        let holder = case.holder.filter(|holder| Some(*holder) != by);
        let mut asked = entering.people.clone();
        if let Some(by) = by {
            asked.remove(&by);
        }
        if let Some(holder) = holder {
            asked.remove(&holder);
            let kind = match (case.version, case.kind) {
                (..=1, _) => NoticeKind::Asked,
                (_, standard::StateKind::Returned) => NoticeKind::Returned,
                (_, kind) if kind.is_over() => NoticeKind::Ended,
                _ => NoticeKind::Moved,
            };
            if case.version > 1 {
                self.tell(tx, &self.about(case.id, kind, BTreeSet::from([holder])))
                    .await?;
            }
        }
        self.tell(tx, &self.about(case.id, NoticeKind::Asked, asked))
            .await
    }

    pub(crate) fn about(&self, case: CaseId, kind: NoticeKind, to: BTreeSet<AccountId>) -> Told {
        Told {
            kind,
            to,
            case: Some(case),
            link: format!("/cases/{case}"),
        }
    }

    pub(crate) fn person_event(&self, kind: EventKind, permit: &Permit) -> NewEvent {
        NewEvent {
            at: self.0.clock.now(),
            kind,
            actor: permit.actor().to_string(),
            account: permit.actor().account(),
            post: permit.post().map(str::to_owned),
            unit: permit.units().first().copied(),
            step: None,
            from: None,
            to: None,
            detail: None,
            key: None,
        }
    }

    pub(crate) async fn add_event(
        &self,
        tx: &mut Tx,
        case: CaseId,
        event: &NewEvent,
        note: NewNote<'_>,
    ) -> Result<(), WorkflowError> {
        let number = store::next_event(tx, case).await?;
        let sealed = match note.0 {
            Some(text) => Some(
                self.0
                    .sealing
                    .seal(&note_place(case, number), text.as_bytes())?,
            ),
            None => None,
        };
        store::insert_event(tx, case, number, event, sealed).await?;
        Ok(())
    }

    /// A case that the permit may see. Jobs see every case.
    pub(crate) async fn visible(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        id: CaseId,
    ) -> Result<(Case, Arc<standard::Workflow>), WorkflowError> {
        let case = store::case(tx, id).await?.ok_or(WorkflowError::Hidden)?;
        let workflow = self.definition(tx, &case).await?;
        let Some(account) = permit.actor().account() else {
            return Ok((case, workflow));
        };
        let took_part = store::took_part(tx, id, account).await?;
        let mover = self.mover(permit, case.unit);
        if rules::may_see(&workflow, Standing::from(&case), &mover, took_part) {
            Ok((case, workflow))
        } else {
            Err(WorkflowError::Hidden)
        }
    }

    /// A case with its form, its history and what the reader may do.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`].
    pub async fn case(&self, permit: &Permit, id: CaseId) -> Result<CaseView, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let (case, workflow) = self.visible(&mut tx, permit, id).await?;
        let stored = store::events(&mut tx, id).await?;
        drop(tx);
        let mut events = Vec::with_capacity(stored.len());
        for (mut event, note) in stored {
            if let Some(blob) = note {
                let plain = self.0.sealing.open(&note_place(id, event.number), &blob)?;
                event.note = Some(String::from_utf8_lossy(&plain).into_owned());
            }
            events.push(event);
        }
        let mover = self.mover(permit, case.unit);
        let moves = rules::moves_of(&workflow, Standing::from(&case), &mover, &events)
            .into_iter()
            .cloned()
            .collect();
        let asked = match workflow.state(&case.state) {
            Some(state) => self.who_is_asked(&workflow, &case, state).await?.1.len(),
            None => 0,
        };
        let fields = self.open_fields(&case)?;
        Ok(CaseView {
            id,
            unit: case.unit,
            applicant: case.applicant,
            holder: case.holder,
            begun_by: case.begun_by.clone(),
            begun: case.begun,
            state: case.state.clone(),
            kind: case.kind,
            version: case.version,
            fields,
            events,
            timer: timer_of(&case, self.0.clock.now()),
            moves,
            level: case.level,
            asked,
            origin: case.origin.clone(),
            link: case.link.clone(),
            workflow,
        })
    }

    /// The time limits of a case.
    ///
    /// # Errors
    /// [`WorkflowError::Hidden`].
    pub async fn timers(&self, permit: &Permit, id: CaseId) -> Result<Timer, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let (case, _) = self.visible(&mut tx, permit, id).await?;
        Ok(timer_of(&case, self.0.clock.now()))
    }

    /// The case of an origin, such as `incident:5`; `None` where there is none within reach.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn case_of(
        &self,
        permit: &Permit,
        origin: &str,
    ) -> Result<Option<CaseId>, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        let Some(case) = store::case_of_origin(&mut tx, origin).await? else {
            return Ok(None);
        };
        match self.visible(&mut tx, permit, case.id).await {
            Ok(_) => Ok(Some(case.id)),
            Err(WorkflowError::Hidden) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The processes under way that are about something of another room, by name, whoever may see their cases: those
    /// whose origin is this one, such as `person:5`, or stands below it (`person:5/transfer`). For answers that tell
    /// that something is under way and nothing of it. Give numbers and names of the program only.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn under_way(&self, origin: &str) -> Result<Vec<String>, WorkflowError> {
        let mut tx = self.0.work.read().await?;
        Ok(store::under_way(&mut tx, origin).await?)
    }

    /// Passes the open cases that an account acts for in some units, and below, to a successor. Answers how many.
    /// The applicant stays who it was, and neither of the two may decide. What somebody asked for themselves, a
    /// post, stays theirs.
    ///
    /// The caller has judged that the two may: a hand-over slip that both signed.
    ///
    /// # Errors
    /// [`WorkflowError::Db`].
    pub async fn hand_over(
        &self,
        permit: &Permit,
        from: AccountId,
        to: AccountId,
        units: &[Option<UnitId>],
    ) -> Result<usize, WorkflowError> {
        let held = {
            let mut tx = self.0.work.read().await?;
            store::held_cases(&mut tx, from).await?
        };
        let mut passed = 0;
        for case in held {
            let workflow = {
                let mut tx = self.0.work.read().await?;
                self.definition(&mut tx, &case).await?
            };
            if !self.goes_with(&workflow, &case, units) {
                continue;
            }
            let mut fresh = case.clone();
            fresh.holder = Some(to);
            fresh.version = case.version.saturating_add(1);
            let Some(state) = workflow.state(&case.state) else {
                continue;
            };
            let (tasks, _) = self.who_is_asked(&workflow, &fresh, state).await?;
            let mut tx = self.0.work.write().await?;
            if !store::move_case(&mut tx, &fresh, case.version).await? {
                continue;
            }
            let mut event = self.person_event(EventKind::HandedOver, permit);
            event.detail = Some(format!("account:{to}"));
            self.add_event(&mut tx, case.id, &event, NewNote::NONE)
                .await?;
            store::put_tasks(&mut tx, case.id, &tasks).await?;
            self.tell(
                &mut tx,
                &self.about(case.id, NoticeKind::HandedOver, BTreeSet::from([to])),
            )
            .await?;
            self.0
                .security
                .audit(
                    &mut tx,
                    permit.actor(),
                    AuditAction::CaseHandedOver,
                    &Subject::case(case.id.0),
                    Outcome::Done,
                    None,
                )
                .await?;
            tx.commit().await?;
            passed += 1;
        }
        Ok(passed)
    }

    /// Whether a case goes with posts for these units (`None`: the whole node) to whoever succeeds in them.
    pub(crate) fn goes_with(
        &self,
        workflow: &standard::Workflow,
        case: &Case,
        units: &[Option<UnitId>],
    ) -> bool {
        let tree = self.0.security.units();
        let is_personal = workflow.effects().contains(crate::grant::NAME);
        let is_within = units
            .iter()
            .any(|unit| unit.is_none_or(|unit| tree.contains(unit, case.unit)));
        is_within && !is_personal
    }

    /// The process of that name, where the permit may begin it from the start page.
    ///
    /// # Errors
    /// [`WorkflowError::NoWorkflow`], also for one that only the program begins.
    pub fn beginnable(
        &self,
        permit: &Permit,
        name: &str,
    ) -> Result<&standard::Workflow, WorkflowError> {
        self.may_begin(permit)
            .into_iter()
            .find(|workflow| workflow.name == name)
            .ok_or_else(|| WorkflowError::NoWorkflow(name.to_owned()))
    }
}

pub(crate) fn timer_of(case: &Case, now: Millis) -> Timer {
    Timer {
        case: case.id,
        state: case.state.clone(),
        entered: case.entered,
        due: case.due,
        next: case.wake,
        level: case.level,
        left: case
            .due
            .filter(|_| !case.kind.is_over())
            .map(|due| due.since(now)),
    }
}

fn note_place(case: CaseId, number: i64) -> String {
    format!("workflow_event:{case}:{number}:note")
}

/// An address of this program, not of another.
pub(crate) fn is_local(link: &str) -> bool {
    link.starts_with('/')
        && !link.starts_with("//")
        && !link.contains(['\\', '\n', '\r'])
        && link.len() <= 300
}
