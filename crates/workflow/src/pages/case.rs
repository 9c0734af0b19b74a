//! `GET /cases/{id}`: what was asked, where it stands, what the reader may do, what happened.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use standard::{LimitUnit, Move, NoteRule};
use ui::{
    Cache, Crumb, Event as Shown, Field, FormState, Input, Island, Shell, Text, Tone, badge,
    button, choice_button, code, error_summary, key_values, link_button, notice, section, timeline,
};

use super::failure::failed;
use super::words::{Names, due, say, tone};
use super::{files, form, new_key};
use crate::api::Workflow;
use crate::cases::LONGEST_NOTE;
use crate::error::WorkflowError;
use crate::model::{CaseId, CaseView, Event, EventKind};

/// The id in an address; none that is no number.
pub(super) fn id_of(text: &str) -> Result<CaseId, WorkflowError> {
    text.parse().map(CaseId).map_err(|_| WorkflowError::Hidden)
}

pub(super) async fn show(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(id): Path<String>,
) -> Response {
    let shown = async {
        let id = id_of(&id)?;
        let case = workflow.case(&permit, id).await?;
        workflow.see_notices(&permit, Some(id)).await?;
        let state = form::typed(&workflow, &case.workflow.fields, &case.fields)
            .await
            .with("key", new_key(&workflow)?);
        page(
            &workflow,
            &permit,
            &visit,
            shell.clone(),
            &case,
            &state,
            StatusCode::OK,
        )
        .await
    };
    match shown.await {
        Ok(response) => response,
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn page(
    workflow: &Workflow,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
    case: &CaseView,
    state: &FormState,
    status: StatusCode,
) -> Result<Response, WorkflowError> {
    let text = shell.text.clone();
    let mut names = Names::new(workflow, &text);
    let process = &case.workflow;
    let number = case.id.to_string();
    let state_title = process
        .state(&case.state)
        .map_or("", |state| say(&text, &state.title));
    let done = shell.url.get("done").and_then(|done| match done {
        "begun" => Some("workflow-done-begun"),
        "moved" => Some("workflow-done-moved"),
        "file" => Some("workflow-done-file"),
        _ => None,
    });
    let mut labels = form::labels(&text, &process.fields);
    let note_label = text.get("workflow-note");
    labels.push(("note", &note_label));
    let standing = standing(workflow, &mut names, case).await?;
    let filled = form::filled(&mut names, &process.fields, &case.fields).await;
    let history = history(&mut names, case).await?;
    let attached = workflow.attached(permit, case.id).await?;
    let reader = permit.actor().account();
    let body = html! {
        @if let Some(key) = done { (notice(Tone::Good, &text.get(key), html! {})) }
        (error_summary(&text, state, &labels))
        @if !case.kind.is_over() && case.asked == 0 && case.kind != standard::StateKind::Returned {
            (notice(Tone::Fix, &text.get("workflow-nobody"), html! { p { (text.get("workflow-nobody-hint")) } }))
        }
        (section(&text.get("workflow-standing"), html! {}, key_values(&standing)))
        (section(&text.get("workflow-form"), html! {}, key_values(&filled)))
        (files::part(&text, visit, case, &attached, reader))
        (moves(workflow, visit, &text, case, state))
        (section(&text.get("workflow-history"), html! {}, timeline(&history)))
    };
    Ok(shell
        .page(text.with(
            "workflow-case-title",
            &[("process", say(&text, &process.title)), ("number", &number)],
        ))
        .crumbs(vec![
            Crumb::link(text.get("workflow-inbox"), "/inbox"),
            Crumb::here(text.with("workflow-case", &[("number", &number)])),
        ])
        .badge(badge(tone(case.kind), state_title))
        .section("/inbox")
        .island(Island::Upload)
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response())
}

async fn standing(
    workflow: &Workflow,
    names: &mut Names<'_>,
    case: &CaseView,
) -> Result<Vec<(String, Markup)>, WorkflowError> {
    let text = names.text;
    let unit = names.unit(case.unit).await;
    let mut pairs = vec![
        (text.get("workflow-unit"), html! { (unit) }),
        (
            text.get("workflow-applicant"),
            html! { (names.actor(&case.begun_by).await?) },
        ),
        (text.get("workflow-begun"), html! { (case.begun) }),
    ];
    if let Some(holder) = case.holder.filter(|_| case.holder != case.applicant) {
        let holder = names.actor(&format!("account:{holder}")).await?;
        pairs.push((text.get("workflow-holder"), html! { (holder) }));
    }
    if !case.kind.is_over() {
        let timer = &case.timer;
        let is_overdue = timer.left.is_some_and(|left| left <= 0);
        let counts_working_days = case
            .workflow
            .state(&case.state)
            .and_then(|state| state.limit.as_ref())
            .is_some_and(|limit| limit.count == LimitUnit::WorkingDays);
        let year = timer.due.map(|due| due.day().ymd().0);
        let unknown =
            year.filter(|year| counts_working_days && !workflow.standard().calendar().knows(*year));
        pairs.push((
            text.get("workflow-due"),
            html! {
                (due(text, timer.due, is_overdue))
                @if let Some(year) = unknown {
                    " " span.hint { (text.with("workflow-calendar-unknown", &[("year", &year.to_string())])) }
                }
            },
        ));
        let asked = i64::try_from(case.asked).unwrap_or(i64::MAX);
        pairs.push((
            text.get("workflow-asked"),
            html! { (text.count("workflow-asked-people", asked)) },
        ));
    }
    if let Some(link) = &case.link {
        pairs.push((
            text.get("workflow-about-what"),
            html! { (link_button(&text.get("workflow-open"), link, None, false)) },
        ));
    }
    Ok(pairs)
}

/// One form: the note once, a button for each move. A move that changes the form has one of its own.
fn moves(
    workflow: &Workflow,
    visit: &Visit,
    text: &Text,
    case: &CaseView,
    state: &FormState,
) -> Markup {
    if case.moves.is_empty() {
        return html! {};
    }
    let action = format!("/cases/{}/move", case.id);
    let hidden = html! {
        (visit.csrf_field())
        input type="hidden" name="version" value=(case.version);
        input type="hidden" name="key" value=(state.value("key"));
    };
    let (edits, plain): (Vec<&Move>, Vec<&Move>) = case.moves.iter().partition(|step| step.edits);
    let noted = plain.iter().any(|step| step.note != NoteRule::None);
    let must: Vec<&str> = plain
        .iter()
        .filter(|step| step.note == NoteRule::Required)
        .map(|step| say(text, &step.title))
        .collect();
    let note = Field::new("note", text.get("workflow-note"))
        .input(Input::Area { rows: 3 })
        .max_length(u32::try_from(LONGEST_NOTE).unwrap_or(u32::MAX));
    let note = if must.is_empty() {
        note.optional()
    } else {
        note.hint(text.with("workflow-note-must", &[("moves", &must.join(" / "))]))
    };
    let body = html! {
        @for step in edits {
            form method="post" action=(action) {
                (hidden)
                input type="hidden" name="move" value=(step.name);
                (form::fields(workflow, text, &case.workflow.fields, state))
                div.actions { (button(say(text, &step.title), true)) }
            }
        }
        @if !plain.is_empty() {
            form method="post" action=(action) {
                (hidden)
                @if noted { (note.render(text, state)) }
                div.actions {
                    @for (number, step) in plain.iter().enumerate() {
                        (choice_button(say(text, &step.title), "move", &step.name, number == 0))
                    }
                }
            }
        }
    };
    section(&text.get("workflow-moves"), html! {}, body)
}

async fn history(names: &mut Names<'_>, case: &CaseView) -> Result<Vec<Shown>, WorkflowError> {
    let mut shown = Vec::with_capacity(case.events.len());
    for event in case.events.iter().rev() {
        let about = names.by(event).await?;
        let detail = detail(names, event).await?;
        let text = names.text;
        shown.push(Shown {
            when: event.at.to_string(),
            title: title(text, case, event),
            about,
            body: Some(html! {
                @if let Some(note) = &event.note { @for line in note.lines() { p { (line) } } }
                @if let Some(detail) = detail { p { (detail) } }
            }),
        });
    }
    Ok(shown)
}

fn title(text: &Text, case: &CaseView, event: &Event) -> String {
    let step = event
        .step
        .as_ref()
        .and_then(|step| case.workflow.step(step))
        .map(|step| say(text, &step.title));
    let to = event
        .to
        .as_ref()
        .and_then(|to| case.workflow.state(to))
        .map(|state| say(text, &state.title));
    let what = match step {
        Some(step) => step.to_owned(),
        None => text.get(&format!(
            "workflow-event-{}",
            event.kind.as_str().replace('_', "-")
        )),
    };
    match to {
        Some(to) => format!("{what} → {to}"),
        None => what,
    }
}

async fn detail(names: &Names<'_>, event: &Event) -> Result<Option<Markup>, WorkflowError> {
    let Some(detail) = &event.detail else {
        return Ok(None);
    };
    let text = names.text;
    Ok(match event.kind {
        EventKind::Carried => Some(html! { (text.get("workflow-trace")) " " (code(detail)) }),
        EventKind::NotCarried => {
            let key = detail.replace(['.', '_'], "-");
            let key = format!("workflow-why-{key}");
            Some(html! { @if text.has(&key) { (text.get(&key)) " " } (code(detail)) })
        }
        EventKind::HandedOver => {
            let to = names.actor(detail).await?;
            Some(html! { (text.with("workflow-handed-to", &[("name", &to)])) })
        }
        EventKind::FileAdded | EventKind::FileRemoved => Some(html! { (code(detail)) }),
        _ => None,
    })
}
