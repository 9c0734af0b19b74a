//! `GET /commits/{number}`: an entry of the log, the records it touched, and taking it back.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Clocks, CommitNumber, RecordId, Value};
use maud::{Markup, html};
use security::{Action, AuditAction, Outcome, RequirePermit, Visit};
use standard::FieldKind;
use ui::{
    Cell, Column, Crumb, FormState, Page, Row, Shell, Table, Text, Tone, badge, key_values, notice,
    section,
};

use super::commit_list::is_listed;
use super::failure::Failure;
use super::import_show::reverse_form;
use super::shown::effective_day;
use super::words::{Actors, dataset_title, reason, source};
use super::{Sent, go_to, shown_count};
use crate::api::Registry;
use crate::intake::explain::Explainer;
use crate::ledger::{Commit, LedgerError, Touched, Version};
use crate::lists::Labels;

/// So many records are listed.
const RECORDS: usize = 200;

pub(super) async fn show(
    State(registry): State<Registry>,
    Path(number): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&registry, &number, &permit, shell.clone(), html! {}).await {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(super) async fn reverse(
    State(registry): State<Registry>,
    Path(number): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match take_back(&registry, &number, &permit, &visit, shell.clone(), &state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn take_back(
    registry: &Registry,
    number: &str,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
) -> Result<Response, Failure> {
    let commit = number_of(number)?;
    if state.value("sure") != "1" {
        return Ok(go_to(&format!("/commits/{commit}")));
    }
    registry
        .security()
        .note_begun(
            permit,
            AuditAction::Reversed,
            security::Subject::commit(commit),
        )
        .await?;
    match registry
        .ledger()
        .reverse(permit, commit, state.value("reason"))
        .await
    {
        Ok(outcome) => {
            let subject = security::Subject::commit(commit);
            let address = visit.address();
            registry
                .security()
                .audit_alone(
                    permit.actor(),
                    AuditAction::Reversed,
                    &subject,
                    Outcome::Done,
                    Some(&address),
                )
                .await?;
            let made = match outcome {
                crate::ledger::Outcome::Committed { number, .. } => number,
                crate::ledger::Outcome::Unchanged | crate::ledger::Outcome::AlreadyCommitted(_) => {
                    commit
                }
            };
            Ok(go_to(&format!("/commits/{made}")))
        }
        Err(LedgerError::Conflict { records, .. }) => {
            let said = conflicts(registry, permit, &shell.text, commit, &records).await?;
            let page = page(registry, number, permit, shell, said).await?;
            Ok(page.status(StatusCode::CONFLICT).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn number_of(text: &str) -> Result<CommitNumber, Failure> {
    text.parse().map_err(|_| Failure::Hidden)
}

/// The records that stand in the way of a reversal, each with what touched it last.
async fn conflicts(
    registry: &Registry,
    permit: &RequirePermit,
    text: &Text,
    commit: CommitNumber,
    records: &[RecordId],
) -> Result<Markup, Failure> {
    const SHOWN: usize = 50;
    let entry = registry
        .ledger()
        .commit_entry(permit, commit)
        .await?
        .ok_or(Failure::Hidden)?;
    let dataset = registry
        .standard()
        .dataset(&entry.dataset)
        .ok_or(Failure::Hidden)?;
    let explainer = Explainer::new(registry.standard(), dataset);
    let mut labels = Labels::open(registry, permit, Clocks::latest(registry.today())).await?;
    let mut table = Table::new(text.get("registry-reverse-conflict"))
        .column(Column::text("record", text.get("registry-what")))
        .column(Column::text("commit", text.get("registry-commit")).narrow())
        .column(Column::text("reason", text.get("registry-reason")));
    for record in records.iter().take(SHOWN) {
        let history = registry
            .ledger()
            .history(permit, &dataset.name, *record)
            .await?;
        let Some((version, later)) = history.first() else {
            continue;
        };
        let versions = std::slice::from_ref(version);
        name_institutions(registry, permit, &mut labels, &dataset.name, versions).await?;
        let label = explainer.label_with(&version.values, |dataset, record| {
            labels.of(dataset, record)
        });
        let later = later.as_ref();
        table = table.row(Row::new(vec![
            record_cell(&dataset.name, *record, &label),
            later.map_or(Cell::Missing, |later| {
                Cell::link(
                    format!("/commits/{}", later.number),
                    later.number.to_string(),
                )
            }),
            Cell::text(later.map_or("", |later| later.source.reason.as_str())),
        ]));
    }
    Ok(notice(
        Tone::Fix,
        &text.with(
            "registry-reverse-conflict-title",
            &[("count", &shown_count(records.len() as u64))],
        ),
        html! { p { (text.get("registry-reverse-conflict-next")) } (table.render(text)) },
    ))
}

fn record_cell(dataset: &str, record: RecordId, label: &str) -> Cell {
    let label = if label.is_empty() {
        record.to_string()
    } else {
        label.to_owned()
    };
    if dataset == "institution" {
        Cell::link(format!("/institutions/{record}"), label)
    } else {
        Cell::text(label)
    }
}

/// Adds the names of the institutions that versions of a dataset refer to.
async fn name_institutions(
    registry: &Registry,
    permit: &RequirePermit,
    labels: &mut Labels,
    dataset: &str,
    versions: &[Version],
) -> Result<(), LedgerError> {
    let Some(dataset) = registry.standard().dataset(dataset) else {
        return Ok(());
    };
    let institution = FieldKind::Ref("institution".to_owned());
    let mut referred: Vec<RecordId> = Vec::new();
    for (place, field) in dataset.stored_fields().enumerate() {
        if field.kind != institution || field.many {
            continue;
        }
        let records = versions
            .iter()
            .filter_map(|version| version.values.get(place));
        referred.extend(records.filter_map(Value::as_int).map(RecordId::new));
    }
    let ledger = registry.ledger();
    let name = ledger.table("institution")?.position("name");
    for version in ledger
        .open_versions(permit, "institution", &referred)
        .await?
    {
        let text = name.and_then(|place| version.values.get(place)?.as_text());
        if let Some(text) = text {
            labels
                .institutions
                .insert(version.record.get(), text.to_owned());
        }
    }
    Ok(())
}

async fn page(
    registry: &Registry,
    number: &str,
    permit: &RequirePermit,
    shell: Shell,
    said: Markup,
) -> Result<Page, Failure> {
    let text = shell.text.clone();
    let number = number_of(number)?;
    let commit = registry
        .ledger()
        .commit_entry(permit, number)
        .await?
        .ok_or(Failure::Hidden)?;
    let touched = registry.ledger().touched(permit, number, RECORDS).await?;
    // A commit of several units is seen by whoever sees one of its records.
    if !is_listed(permit, &registry.security().units(), &commit) && touched.count == 0 {
        return Err(Failure::Hidden);
    }
    let actors = Actors::of(registry, [commit.actor.as_str()]).await?;
    let mut labels = Labels::open(registry, permit, Clocks::latest(registry.today())).await?;
    name_institutions(
        registry,
        permit,
        &mut labels,
        &commit.dataset,
        &touched.records,
    )
    .await?;
    let csrf = shell.frame.form_token.clone().unwrap_or_default();
    let reversible =
        permit.allows(Action::Reverse) && !commit.dataset.is_empty() && touched.count > 0;
    let later = if reversible {
        registry
            .ledger()
            .later_changes(number, &commit.dataset)
            .await?
    } else {
        Vec::new()
    };
    let body = html! {
        (said)
        (key_values(&about(registry, &text, &commit, &actors, &labels)))
        (section(&text.get("registry-touched"), html! {}, records(registry, &text, &commit, &labels, &touched)))
        @if reversible {
            (section(&text.get("registry-reverse-commit"), html! {}, html! {
                @if later.is_empty() { (reverse_form(&text, &csrf, &format!("/commits/{number}/reverse"))) }
                @else { (conflicts(registry, permit, &text, number, &later).await?) }
            }))
        }
    };
    let title = text.with("registry-commit-number", &[("number", &number.to_string())]);
    let mut page = shell
        .page(title.clone())
        .crumbs(vec![
            Crumb::link(text.get("registry-commits"), "/commits"),
            Crumb::here(title),
        ])
        .body(body);
    if commit.source.reverses.is_some() {
        page = page.badge(badge(Tone::Explain, &text.get("registry-source-reversal")));
    }
    Ok(page)
}

fn about(
    registry: &Registry,
    text: &Text,
    commit: &Commit,
    actors: &Actors,
    labels: &Labels,
) -> Vec<(String, Markup)> {
    let mut pairs: Vec<(String, Markup)> = Vec::new();
    let mut say = |key: &str, value: Markup| pairs.push((text.get(key), value));
    say("registry-when", html! { (commit.time) });
    say("registry-who", html! { (actors.name(text, &commit.actor)) });
    if !commit.dataset.is_empty() {
        say(
            "registry-dataset",
            html! { (dataset_title(registry, text, &commit.dataset)) },
        );
    }
    if let Some(name) = commit.unit.and_then(|unit| labels.units.name(unit.get())) {
        say("registry-unit", html! { (name) });
    }
    say(
        "registry-source",
        html! {
            (source(text, commit))
            @if let Some(import) = commit.source.import { " " a href=(format!("/imports/{import}")) { (text.with("registry-import-number", &[("number", &import.to_string())])) } }
        },
    );
    if !commit.source.reason.is_empty() {
        say("registry-reason", html! { (reason(text, commit)) });
    }
    if let Some(reversed) = commit.source.reverses {
        say(
            "registry-reverses",
            html! { a href=(format!("/commits/{reversed}")) { (reversed) } },
        );
    }
    say(
        "registry-opened",
        html! { (ui::format::integer(commit.opened)) },
    );
    say(
        "registry-closed",
        html! { (ui::format::integer(commit.closed)) },
    );
    say("registry-definitions", html! { (commit.definitions.0) });
    say("registry-node", html! { (commit.node) });
    if let Some(origin) = &commit.source.origin {
        say(
            "registry-origin",
            html! { (origin.node) " " (origin.number) },
        );
    }
    say("registry-hash", ui::code(&crate::ledger::hex(&commit.hash)));
    say("registry-root", ui::code(&crate::ledger::hex(&commit.root)));
    say(
        "registry-parent",
        ui::code(&crate::ledger::hex(&commit.parent)),
    );
    pairs
}

fn records(
    registry: &Registry,
    text: &Text,
    commit: &Commit,
    labels: &Labels,
    touched: &Touched,
) -> Markup {
    let Some(dataset) = registry.standard().dataset(&commit.dataset) else {
        return html! { p { (text.get("registry-touched-none")) } };
    };
    let explainer = Explainer::new(registry.standard(), dataset);
    let mut table = Table::new(text.get("registry-touched"))
        .column(Column::text("record", text.get("registry-what")))
        .column(Column::text("effective", text.get("registry-effective")).narrow());
    for version in &touched.records {
        let label = explainer.label_with(&version.values, |dataset, record| {
            labels.of(dataset, record)
        });
        table = table.row(Row::new(vec![
            record_cell(&commit.dataset, version.record, &label),
            Cell::text(effective_day(text, version.from)),
        ]));
    }
    let more = touched.count.saturating_sub(touched.records.len() as u64);
    html! {
        (table.render(text))
        @if more > 0 { p { (text.with("registry-and-more", &[("count", &shown_count(more))])) } }
    }
}
