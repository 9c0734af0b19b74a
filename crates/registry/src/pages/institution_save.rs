//! `POST /institutions/new` and `POST /institutions/{id}/edit`: what a person typed takes the same way in
//! as a file. Only what was changed is sent on, so that nobody undoes what others did beside it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{CommitNumber, Datum, Day, RecordId, Value};
use maud::{Markup, html};
use security::{AuditAction, Outcome, RequirePermit, Visit};
use ui::{Cell, Column, Fault, FormState, Row, Shell, Table, Text, Tone, notice};

use super::failure::Failure;
use super::fields::{BOXES, cell_text};
use super::institution_form::{
    AS_OF, BASED_ON, CONFIRMED, CORRECTION, DATUM, EFFECTIVE, KEY, MODE, REASON, Said, Subject,
    is_inferred, notice_key, render, typed_words,
};
use super::institution_show::record_of;
use super::words::{Actors, cause_said};
use super::{Sent, go_to, lang};
use crate::api::Registry;
use crate::intake::{self, Cause, IntakeError, Plan, TypedRow};
use crate::ledger::LedgerError;

pub(super) async fn save_new(
    State(registry): State<Registry>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let form = Form {
        registry: &registry,
        permit: &permit,
        visit: &visit,
        shell: shell.clone(),
    };
    match form.save(None, sent).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(super) async fn save_edit(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let form = Form {
        registry: &registry,
        permit: &permit,
        visit: &visit,
        shell: shell.clone(),
    };
    let saved = match record_of(&id) {
        Ok(record) => form.save(Some(record), sent).await,
        Err(failure) => Err(failure),
    };
    match saved {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

struct Form<'r> {
    registry: &'r Registry,
    permit: &'r RequirePermit,
    visit: &'r Visit,
    shell: Shell,
}

/// A cell says: there is none.
const CLEAR: &str = "-";

impl Form<'_> {
    async fn save(
        self,
        record: Option<RecordId>,
        sent: Vec<(String, String)>,
    ) -> Result<Response, Failure> {
        let mut state = FormState::from_pairs(sent);
        let as_of = Day::parse(state.value(AS_OF)).unwrap_or_else(|_| self.registry.today());
        let based_on = match state.value(BASED_ON).parse() {
            Ok(number) => number,
            Err(_) => self.registry.ledger().head().await?.number,
        };
        let subject = Subject::of(self.registry, self.permit, record, as_of, based_on).await?;
        let cells = changed_cells(&subject, &state);
        if cells.is_empty() {
            match record {
                Some(record) => return Ok(go_to(&format!("/institutions/{record}"))),
                None => state.fail("name", Fault::REQUIRED),
            }
        }
        for (_, field) in subject.fields.iter().filter(|(_, field)| field.required) {
            let asked = record.is_none() || state.has(&field.name);
            if asked && state.values(&field.name).is_empty() && state.fault(&field.name).is_none() {
                state.fail(&field.name, Fault::REQUIRED);
            }
        }
        let reason = state.required(REASON).unwrap_or_default();
        let (from, to) = self.period(&subject, &mut state);
        let datum = Datum::ALL
            .into_iter()
            .find(|datum| datum.code() == state.value(DATUM));
        let row = TypedRow {
            target: record,
            cells,
            datum,
            from,
            to,
            reason,
            based_on: record.map(|_| based_on),
            key: Some(state.value(KEY))
                .filter(|key| !key.is_empty())
                .map(|key| format!("form:{key}")),
        };
        if row.cells.is_empty() {
            return Ok(render(
                self.shell,
                &subject,
                &state,
                Said::default(),
                StatusCode::UNPROCESSABLE_ENTITY,
            ));
        }
        let prepared = intake::prepare_row(
            self.registry.ledger(),
            self.permit,
            &subject.dataset.name,
            &row,
        )
        .await?;
        let text = self.shell.text.clone();
        let mut said = Said {
            taken: taken(&prepared.plan),
            ..Said::default()
        };
        take_faults(&text, &subject, &prepared.plan, &mut state);
        if !state.is_right() {
            said.notices = prepared.plan.notices;
            return Ok(render(
                self.shell,
                &subject,
                &state,
                said,
                StatusCode::UNPROCESSABLE_ENTITY,
            ));
        }
        let confirmed = state.values(CONFIRMED);
        let open = prepared
            .plan
            .notices
            .iter()
            .any(|cause| !confirmed.contains(&notice_key(cause).as_str()));
        if open {
            state.fail(CONFIRMED, Fault::Key("registry-confirm-first"));
            said.notices = prepared.plan.notices;
            return Ok(render(
                self.shell,
                &subject,
                &state,
                said,
                StatusCode::UNPROCESSABLE_ENTITY,
            ));
        }
        let about = record.map_or_else(
            || security::Subject::dataset("institution"),
            |record| security::Subject::record("institution", record),
        );
        self.registry
            .security()
            .note_begun(self.permit, AuditAction::Edited, about)
            .await?;
        match intake::commit_row(self.registry.ledger(), self.permit, &prepared, &row).await {
            Ok((written, outcome)) => self.written(record, written, &outcome).await,
            Err(IntakeError::Ledger(LedgerError::Conflict { .. })) => {
                self.conflict(subject, state).await
            }
            Err(IntakeError::Ledger(error @ LedgerError::KeyTaken(_))) => {
                self.taken_meanwhile(subject, state, &row, error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Another program gave the code to another record since the plan was made: a new plan says so at its
    /// field.
    async fn taken_meanwhile(
        self,
        subject: Subject<'_>,
        mut state: FormState,
        row: &TypedRow,
        error: LedgerError,
    ) -> Result<Response, Failure> {
        let ledger = self.registry.ledger();
        let prepared = intake::prepare_row(ledger, self.permit, &subject.dataset.name, row).await?;
        take_faults(&self.shell.text, &subject, &prepared.plan, &mut state);
        if state.is_right() {
            return Err(error.into());
        }
        let said = Said {
            taken: taken(&prepared.plan),
            ..Said::default()
        };
        Ok(render(
            self.shell,
            &subject,
            &state,
            said,
            StatusCode::CONFLICT,
        ))
    }

    /// From when to when it holds: a correction over the stretch that it corrects, a change from its day on.
    fn period(&self, subject: &Subject<'_>, state: &mut FormState) -> (Option<Day>, Option<Day>) {
        let read = |text: &str| Day::parse(text).map_err(|_| Fault::DATE);
        match &subject.base {
            Some(base) if state.value(MODE) == CORRECTION => (Some(base.from), base.to),
            Some(_) => {
                if state.value(EFFECTIVE).is_empty() {
                    state.fail(EFFECTIVE, Fault::REQUIRED);
                }
                (state.read(EFFECTIVE, read), None)
            }
            None => (state.read(EFFECTIVE, read), None),
        }
    }

    async fn written(
        self,
        target: Option<RecordId>,
        written: RecordId,
        outcome: &crate::ledger::Outcome,
    ) -> Result<Response, Failure> {
        let record = match (target, outcome) {
            // The form was sent twice: the record that the first sending made.
            (None, crate::ledger::Outcome::AlreadyCommitted(number)) => {
                let touched = self
                    .registry
                    .ledger()
                    .touched(self.permit, *number, 1)
                    .await?;
                touched
                    .records
                    .first()
                    .map_or(written, |version| version.record)
            }
            _ => written,
        };
        let subject = security::Subject::record("institution", record);
        self.registry
            .security()
            .audit_alone(
                self.permit.actor(),
                AuditAction::Edited,
                &subject,
                Outcome::Done,
                Some(&self.visit.address()),
            )
            .await?;
        Ok(go_to(&format!("/institutions/{record}")))
    }

    /// Someone else changed the record meanwhile: shows what, takes it over where this person did not
    /// touch it, and asks again.
    async fn conflict(
        self,
        before: Subject<'_>,
        mut state: FormState,
    ) -> Result<Response, Failure> {
        let text = self.shell.text.clone();
        let record = before.base.as_ref().map(|base| base.record);
        let now = self.registry.ledger().head().await?.number;
        let subject = Subject::of(self.registry, self.permit, record, before.as_of, now).await?;
        let mut table = Table::new(text.get("registry-conflict-title"))
            .column(Column::text("field", text.get("registry-field")))
            .column(Column::text("before", text.get("registry-conflict-before")))
            .column(Column::text("theirs", text.get("registry-conflict-theirs")))
            .column(Column::text("yours", text.get("registry-conflict-yours")));
        for (place, field) in &subject.fields {
            let at = |subject: &Subject<'_>| -> Vec<String> {
                let value = subject
                    .base
                    .as_ref()
                    .and_then(|base| base.values.get(*place));
                subject.values_of(field, value.unwrap_or(&Value::Null))
            };
            let (old, theirs) = (at(&before), at(&subject));
            let yours: Vec<String> = state
                .values(&field.name)
                .iter()
                .map(|text| (*text).to_owned())
                .collect();
            let cell = |values: &[String]| {
                cell_text(
                    field,
                    &values.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            };
            if cell(&old) == cell(&theirs) {
                continue;
            }
            table = table.row(Row::new(vec![
                Cell::text(field.title.get(lang(&text))),
                Cell::text(cell(&old)),
                Cell::text(cell(&theirs)),
                Cell::text(cell(&yours)),
            ]));
            if cell(&yours) == cell(&old) {
                state = state.with_many(&field.name, theirs);
            } else if cell(&yours) != cell(&theirs) {
                let said = text.with("registry-conflict-field", &[("theirs", &cell(&theirs))]);
                state.fail(&field.name, Fault::Said(said));
            }
        }
        let who = self.who(record, before.based_on, &text).await?;
        let conflict = html! {
            (notice(Tone::Fix, &text.get("registry-conflict-title"), html! {
                p { (text.get("registry-conflict-sentence")) }
                (who)
                (table.render(&text))
            }))
        };
        let said = Said {
            conflict: Some(conflict),
            ..Said::default()
        };
        Ok(render(
            self.shell,
            &subject,
            &state,
            said,
            StatusCode::CONFLICT,
        ))
    }

    /// Who changed the record since a commit.
    async fn who(
        &self,
        record: Option<RecordId>,
        since: CommitNumber,
        text: &Text,
    ) -> Result<Markup, Failure> {
        let Some(record) = record else {
            return Ok(html! {});
        };
        let history = self
            .registry
            .ledger()
            .history(self.permit, "institution", record)
            .await?;
        let mut commits: Vec<crate::ledger::Commit> = history
            .into_iter()
            .filter_map(|(_, commit)| commit)
            .filter(|commit| commit.number > since)
            .collect();
        commits.dedup_by_key(|commit| commit.number);
        let actors = Actors::of(
            self.registry,
            commits.iter().map(|commit| commit.actor.as_str()),
        )
        .await?;
        Ok(html! {
            ul { @for commit in &commits {
                li {
                    (commit.time) " " (actors.name(text, &commit.actor)) " "
                    a href=(format!("/commits/{}", commit.number)) { (text.with("registry-commit-number", &[("number", &commit.number.to_string())])) }
                    " " (commit.source.reason)
                }
            } }
        })
    }
}

/// The cells of the fields that say something else than what the form was opened with.
fn changed_cells(subject: &Subject<'_>, state: &FormState) -> Vec<(String, String)> {
    let mut cells: Vec<(String, String)> = Vec::new();
    let typed = |name: &str| -> Option<(String, String)> {
        let (place, field) = subject
            .fields
            .iter()
            .find(|(_, field)| field.name == name)?;
        let held = subject
            .base
            .as_ref()
            .and_then(|base| base.values.get(*place))
            .unwrap_or(&Value::Null);
        let held = subject.values_of(field, held);
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        Some((
            cell_text(field, &held),
            cell_text(field, &state.values(name)),
        ))
    };
    for (_, field) in &subject.fields {
        // Boxes of which none is ticked send nothing, which here means: none.
        let was_sent = state.has(&field.name) || state.values(BOXES).contains(&field.name.as_str());
        let Some((held, new)) = typed(&field.name).filter(|_| was_sent) else {
            continue;
        };
        if held == new {
            continue;
        }
        cells.push((
            field.name.clone(),
            if new.is_empty() {
                CLEAR.to_owned()
            } else {
                new
            },
        ));
    }
    take_both_coordinates(subject, state, &mut cells, typed);
    let types_are_typed = subject.fields.iter().any(|(_, field)| field.name == "type");
    if is_inferred(subject) && types_are_typed && !state.value("type").is_empty() {
        cells.push(("type_inferred".to_owned(), "0".to_owned()));
    }
    cells
}

/// A point is converted as a pair: where one coordinate changed the other is sent with it.
fn take_both_coordinates(
    subject: &Subject<'_>,
    state: &FormState,
    cells: &mut Vec<(String, String)>,
    typed: impl Fn(&str) -> Option<(String, String)>,
) {
    let moved = cells.iter().any(|(name, _)| name == "lon" || name == "lat");
    if !moved {
        return;
    }
    for name in ["lon", "lat"] {
        if cells.iter().any(|(own, _)| own == name) {
            continue;
        }
        if let Some((_, new)) = typed(name).filter(|(_, new)| !new.is_empty()) {
            cells.push((name.to_owned(), new));
        }
    }
    if subject.dataset.field("datum_origin").is_some() {
        let gone = cells
            .iter()
            .any(|(name, text)| name == "lon" && text == CLEAR);
        let datum = if gone { CLEAR } else { state.value(DATUM) };
        if !datum.is_empty() {
            cells.push(("datum_origin".to_owned(), datum.to_owned()));
        }
    }
}

/// The record that already has the key of a new one.
fn taken(plan: &Plan) -> Option<(String, String)> {
    let cause = plan
        .causes
        .iter()
        .find(|cause| cause.code == intake::TAKEN)?;
    let example = cause.examples.first()?;
    Some((example.detail.zh.clone(), example.value.clone()))
}

/// Refusals as faults of their fields, in the words of the definitions.
fn take_faults(text: &Text, subject: &Subject<'_>, plan: &Plan, state: &mut FormState) {
    for cause in &plan.causes {
        // A blank that was already pointed at is also why the row has no key.
        let said = match cause.code.as_str() {
            "CELL-REQUIRED" => state.fault(&cause.field).is_some(),
            "ROW-NO-KEY" => !state.is_right(),
            _ => false,
        };
        if said {
            continue;
        }
        let sentence = sentence(text, subject, cause, state);
        let typed = subject
            .fields
            .iter()
            .any(|(_, field)| field.name == cause.field);
        state.fail(if typed { &cause.field } else { "" }, Fault::Said(sentence));
    }
}

fn sentence(text: &Text, subject: &Subject<'_>, cause: &Cause, state: &FormState) -> String {
    let lang = lang(text);
    let (message, repair) = cause_said(subject.registry.standard(), lang, cause, |name| {
        typed_words(subject, state, lang, name)
    });
    let detail = match cause.examples.first() {
        Some(example) if cause.code != intake::TAKEN && !example.detail.zh.is_empty() => text.with(
            "registry-fault-detail",
            &[("detail", example.detail.get(lang))],
        ),
        _ => String::new(),
    };
    text.with(
        "registry-fault",
        &[
            ("message", &message),
            ("detail", &detail),
            ("repair", &repair),
        ],
    )
}
