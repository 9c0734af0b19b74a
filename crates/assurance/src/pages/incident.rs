//! `GET /assurance/incidents/{id}` and its forms: one incident with its clocks, reports, cases and history.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::Millis;
use maud::{Markup, html};
use security::{Permit, RequirePermit, Visit};
use standard::IncidentReport;
use ui::{
    Cache, Cell, Choice, Column, Event as TimelineEvent, Fault, Field, FormState, Input, Page, Row,
    Shell, Table, Text, Tone, badge, button, error_summary, key_values, section,
};

use super::incident_new::instant;
use super::incidents::{kind_words, level_words, state_badge, time_left};
use super::{
    Sent, actor_name, go_to, keep_short, may_keep, number, page as room_page, said, status_of,
    unit_link, views,
};
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::incidents::rules::{Standing, Timer, timers};
use crate::incidents::{Incident, IncidentBody, IncidentState, Incidents};

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
) -> Response {
    let shown = async {
        let incident = assurance.incident(&permit, number(&id)?).await?;
        page(
            &assurance,
            &permit,
            &visit,
            &incident,
            &FormState::new(),
            shell.clone(),
        )
        .await
    };
    match shown.await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(super) async fn act(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let done = async {
        let incident = assurance.incident(&permit, number(&id)?).await?;
        let mut state = FormState::from_pairs(sent);
        let after = state.value("after").parse().unwrap_or(0);
        match read(&assurance, &incident, &mut state) {
            Some(body) => {
                assurance
                    .act_on_incident(&permit, &visit.address(), incident.number, after, &body)
                    .await?;
                Ok(go_to(&format!("/assurance/incidents/{}", incident.number)))
            }
            None => {
                let page = page(
                    &assurance,
                    &permit,
                    &visit,
                    &incident,
                    &state,
                    shell.clone(),
                )
                .await?;
                Ok::<_, AssuranceError>(page.into_response())
            }
        }
    };
    match done.await {
        Ok(response) => response,
        Err(error) => error.as_page(shell),
    }
}

/// What a form wants to be done; none where something is wrong with it.
fn read(assurance: &Assurance, incident: &Incident, state: &mut FormState) -> Option<IncidentBody> {
    keep_short(state, &[("text", 4000), ("reason", 400), ("who", 60)]);
    let op = state.value("op").to_owned();
    let body = match op.as_str() {
        "level" => {
            let (level, reason) = (state.required("level"), state.required("reason"));
            IncidentBody::LevelChanged {
                level: level?,
                reason: reason?,
            }
        }
        "report" => {
            let (report, text) = (state.required("report"), state.required("text"));
            IncidentBody::Reported {
                report: report?,
                text: text?,
            }
        }
        "end" => IncidentBody::Ended {
            at: instant(assurance, state, "ended_day", "ended_time")?,
        },
        "reopen" => IncidentBody::Reopened {
            reason: state.required("reason")?,
        },
        "close" => IncidentBody::Closed {
            conclusion: state.required("text")?,
        },
        "note" => IncidentBody::Noted {
            text: state.required("text")?,
        },
        "case" => {
            let step = state.value("step").to_owned();
            let next = incident.cases.keys().max().copied().unwrap_or(0) + 1;
            let case = match step.as_str() {
                "opened" => Some(next),
                _ => state.read("case", |text| text.parse().map_err(|_| Fault::CHOICE)),
            };
            let who = match step.as_str() {
                "opened" => state.required("who"),
                _ => Some(state.value("who").to_owned()),
            };
            let text = state.required("text");
            IncidentBody::Case {
                case: case?,
                step,
                who: who?,
                text: text?,
            }
        }
        _ => {
            state.fail("", Fault::CHOICE);
            return None;
        }
    };
    state.is_right().then_some(body)
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    incident: &Incident,
    state: &FormState,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let names = assurance.names().await?;
    let now = assurance.now();
    let timers = timers(assurance.book(), incident, now);
    let system = match incident.opening.system {
        Some(number) => assurance.system(permit, number).await.ok(),
        None => None,
    };
    let mut facts = vec![
        (text.get("assurance-unit"), unit_link(&names, incident.unit)),
        (
            text.get("assurance-kind"),
            html! { (kind_words(assurance, &text, &incident.opening.kind)) },
        ),
        (
            text.get("assurance-incident-level"),
            html! { (level_words(assurance, &text, &incident.level)) },
        ),
        (
            text.get("assurance-incident-state"),
            state_badge(&text, incident.state),
        ),
        (
            text.get("assurance-found"),
            html! { (incident.opening.found) },
        ),
        (text.get("assurance-entered"), html! { (incident.entered) }),
    ];
    if let Some(ended) = incident.ended {
        facts.push((text.get("assurance-ended"), html! { (ended) }));
    }
    if incident.opening.critical {
        facts.push((
            text.get("assurance-critical"),
            html! { (text.get("assurance-yes")) },
        ));
    }
    if let Some(known) = &system {
        facts.push((
            text.get("assurance-system"),
            html! { a href=(format!("/assurance/systems/{}", known.number)) { (known.system.name) } },
        ));
    }
    if let Some(case) = assurance.escalation_of(permit, incident.number).await? {
        let state = case.workflow.state(&case.state);
        facts.push((
            text.get("assurance-escalation"),
            html! {
                a href=(format!("/cases/{}", case.id)) {
                    (state.map_or(case.state.as_str(), |state| said(&text, &state.title)))
                }
                @if case.timer.left.is_some_and(|left| left < 0) { " " (badge(Tone::Fix, &text.get("assurance-escalation-late"))) }
                @if case.asked == 0 && !case.kind.is_over() { " " span.hint { (text.get("assurance-escalation-nobody")) } }
            },
        ));
    }
    let history = history(assurance, &text, incident).await?;
    let versions = incident.reports.iter().rev();
    let body = html! {
        (views(&text, permit, "/assurance/incidents"))
        (error_summary(&text, state, &[]))
        (key_values(&facts))
        @if !incident.opening.summary.is_empty() {
            (section(&text.get("assurance-field-summary"), html! {}, html! { p { (incident.opening.summary) } }))
        }
        (section(&text.get("assurance-deadlines"), html! {}, deadlines(&text, &timers, now)))
        @if incident.state != IncidentState::Closed && may_keep(permit) { (forms(assurance, &text, visit, incident, state, now)) }
        @if !incident.reports.is_empty() {
            (section(&text.get("assurance-report-versions"), html! {}, html! {
                @for (index, version) in versions.enumerate() {
                    details open[index == 0] {
                        summary { (text.get(&report_key(&version.report))) " · " (version.at) }
                        p { (version.text) }
                    }
                }
            }))
        }
        (section(&text.get("assurance-history"), html! {}, ui::timeline(&history)))
    };
    Ok(room_page(
        shell,
        incident.opening.title.clone(),
        vec![(
            text.get("assurance-incidents"),
            "/assurance/incidents".to_owned(),
        )],
    )
    .tool(ui::print_button(&text))
    .cache(Cache::Never)
    .status(status_of(state))
    .body(body))
}

fn report_key(report: &str) -> String {
    format!("assurance-report-{report}")
}

fn deadlines(text: &Text, timers: &[Timer<'_>], now: Millis) -> Markup {
    let mut table = Table::new(text.get("assurance-deadlines"))
        .column(Column::text("report", text.get("assurance-report")))
        .column(Column::text("to", text.get("assurance-report-to")))
        .column(Column::text("standing", text.get("assurance-standing")))
        .column(Column::text("source", text.get("ui-source")))
        .empty(html! { (text.get("assurance-no-deadlines")) });
    for timer in timers {
        let standing = match timer.standing {
            Standing::NotStarted => badge(Tone::Plain, &text.get("assurance-not-started")),
            Standing::Due(due) | Standing::Overdue(due) => html! {
                (time_left(text, due, now)) " " span.hint { (text.with("assurance-due", &[("at", &due.to_string())])) }
            },
            Standing::Met(at) => html! {
                (badge(Tone::Good, &text.get("assurance-met"))) " " span.hint { (at) }
            },
            Standing::Late { due, at } => html! {
                (badge(Tone::Explain, &text.get("assurance-late"))) " "
                span.hint { (text.with("assurance-late-at", &[("due", &due.to_string()), ("at", &at.to_string())])) }
            },
        };
        let grounds = &timer.deadline.grounds;
        let sure = text.get(&format!("assurance-sure-{}", grounds.confidence.as_str()));
        table = table.row(Row::new(vec![
            Cell::text(said(text, &timer.deadline.title)),
            Cell::text(said(text, &timer.deadline.to)),
            Cell::Markup(standing),
            Cell::Markup(html! { span.hint { (grounds.source) " (" (sure) ")" } }),
        ]));
    }
    table.render(text)
}

/// A form of its own for each thing that may be done.
fn forms(
    assurance: &Assurance,
    text: &Text,
    visit: &Visit,
    incident: &Incident,
    state: &FormState,
    now: Millis,
) -> Markup {
    let action = format!("/assurance/incidents/{}", incident.number);
    let empty = FormState::new();
    // Only the form that was sent shows what was typed and what is wrong with it.
    let held = |op: &str| {
        if state.value("op") == op {
            state
        } else {
            &empty
        }
    };
    let area = |op: &str, label: &str, most: u32| {
        Field::new("text", text.get(label))
            .input(Input::Area { rows: 4 })
            .required()
            .max_length(most)
            .hint(text.get("assurance-hint-summary"))
            .render(text, held(op))
    };
    let reason = |op: &str| {
        Field::new("reason", text.get("assurance-field-reason"))
            .required()
            .max_length(400)
            .autocomplete("off")
            .render(text, held(op))
    };
    let form = |op: &str, inner: Markup, label: &str, main: bool| {
        html! {
            form method="post" action=(action) {
                (visit.csrf_field())
                input type="hidden" name="op" value=(op);
                input type="hidden" name="after" value=(incident.last);
                (inner)
                div.actions { (button(&text.get(label), main)) }
            }
        }
    };
    let folded = |op: &str, title: &str, inner: Markup| {
        html! { details open[state.value("op") == op] { summary { (text.get(title)) } (inner) } }
    };
    let reports = IncidentReport::CHOICES
        .iter()
        .map(|(word, _)| Choice::new(*word, text.get(&report_key(word))))
        .collect();
    let levels = assurance
        .rules()
        .levels
        .iter()
        .filter(|level| level.name != incident.level)
        .map(|level| Choice::new(&level.name, said(text, &level.title)))
        .collect();
    let report = html! {
        (Field::new("report", text.get("assurance-report")).input(Input::Radios(reports)).required().render(text, held("report")))
        (area("report", "assurance-report-text", 4000))
    };
    let level = html! {
        (Field::new("level", text.get("assurance-incident-level")).input(Input::Radios(levels)).required().render(text, held("level")))
        (reason("level"))
    };
    let (hour, minute, _) = now.time_of_day();
    let ended = FormState::new()
        .with("ended_day", now.day().to_string())
        .with("ended_time", format!("{hour:02}:{minute:02}"));
    let ended = if state.value("op") == "end" {
        state
    } else {
        &ended
    };
    let end = html! {
        (Field::new("ended_day", text.get("assurance-field-ended-day")).input(Input::Date).required().render(text, ended))
        (Field::new("ended_time", text.get("assurance-field-ended-time")).required().max_length(5).hint(text.get("assurance-hint-time")).render(text, ended))
    };
    let open_cases: Vec<i64> = incident
        .cases
        .iter()
        .filter(|(_, held)| !held.is_decided())
        .map(|(case, _)| *case)
        .collect();
    let case_new = html! {
        input type="hidden" name="step" value="opened";
        (Field::new("who", text.get("assurance-field-who")).required().max_length(60).hint(text.get("assurance-hint-who")).autocomplete("off").render(text, held("case")))
        (area("case", "assurance-case-cause", 4000))
    };
    html! {
        (section(&text.get("assurance-report-send"), html! {}, form("report", report, "assurance-report-send", true)))
        (folded("level", "assurance-level-change", form("level", level, "assurance-level-change", false)))
        @if incident.state == IncidentState::Open {
            (folded("end", "assurance-end", form("end", end, "assurance-end", false)))
        } @else {
            (folded("reopen", "assurance-reopen", form("reopen", reason("reopen"), "assurance-reopen", false)))
            (folded("close", "assurance-close", html! {
                p.hint { (text.get("assurance-close-hint")) }
                (form("close", area("close", "assurance-conclusion", 4000), "assurance-close", false))
            }))
        }
        (folded("note", "assurance-note", form("note", area("note", "assurance-note-text", 4000), "assurance-note", false)))
        (folded("case", "assurance-case-open", form("case", case_new, "assurance-case-open", false)))
        @for case in &open_cases {
            @let title = text.with("assurance-case-number", &[("number", &case.to_string())]);
            @let is_sent = state.value("op") == "case" && state.value("case") == case.to_string();
            details id=(format!("case-{case}")) open[is_sent] {
                summary { (title) }
                (form("case", html! {
                    input type="hidden" name="case" value=(case);
                    (Field::new("step", text.get("assurance-case-step")).input(Input::Radios(vec![
                        Choice::new("noted", text.get("assurance-case-noted")),
                        Choice::new("decided", text.get("assurance-case-decided")),
                    ])).required().render(text, if is_sent { state } else { &empty }))
                    (area(if is_sent { "case" } else { "case-step" }, "assurance-case-text", 4000))
                }, "assurance-save", false))
            }
        }
    }
}

async fn history(
    assurance: &Assurance,
    text: &Text,
    incident: &Incident,
) -> Result<Vec<TimelineEvent>, AssuranceError> {
    let mut entries = Vec::new();
    for event in assurance.history::<Incidents>(incident.number).await? {
        let body: IncidentBody = event.read()?;
        let (title, said) = match body {
            IncidentBody::Opened(opening) => (
                text.with(
                    "assurance-history-opened",
                    &[("level", &level_words(assurance, text, &opening.level))],
                ),
                String::new(),
            ),
            IncidentBody::LevelChanged { level, reason } => (
                text.with(
                    "assurance-history-level",
                    &[("level", &level_words(assurance, text, &level))],
                ),
                reason,
            ),
            IncidentBody::Reported { report, .. } => (
                text.with(
                    "assurance-history-reported",
                    &[("report", &text.get(&report_key(&report)))],
                ),
                String::new(),
            ),
            IncidentBody::Ended { at } => (
                text.with("assurance-history-over", &[("at", &at.to_string())]),
                String::new(),
            ),
            IncidentBody::Reopened { reason } => (text.get("assurance-history-reopened"), reason),
            IncidentBody::Closed { conclusion } => {
                (text.get("assurance-history-closed"), conclusion)
            }
            IncidentBody::Noted { text: said } => (text.get("assurance-note"), said),
            IncidentBody::Case {
                case,
                step,
                who,
                text: said,
            } => {
                let title = text.with("assurance-case-number", &[("number", &case.to_string())]);
                let step = text.get(&format!("assurance-case-{step}"));
                (format!("{title} · {step} {who}"), said)
            }
        };
        entries.push(TimelineEvent {
            when: event.at.to_string(),
            title,
            about: actor_name(assurance, text, &event.actor).await?,
            body: (!said.is_empty()).then(|| html! { p { (said) } }),
        });
    }
    entries.reverse();
    Ok(entries)
}
