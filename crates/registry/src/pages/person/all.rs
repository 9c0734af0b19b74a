//! `/people/{id}/all`: everything that is held on one person, as a page or as JSON, for the person or a guardian who
//! asks for it (《个人信息保护法》第四十五条).

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{RecordId, Value};
use maud::{Markup, html};
use security::{Action, AuditAction, Outcome, RequirePermit, Subject, Visit};
use serde_json::{Map, Value as Json, json};
use ui::{Crumb, FormState, Shell, Tone, button, key_values, notice, section};

use super::super::failure::Failure;
use super::super::shown::effective_day;
use super::super::{Sent, lang};
use super::{ASKED, Shown, asked, personal, purpose_fields, record_of, refused, summary, unkept};
use crate::api::Registry;
use crate::ledger::{Commit, Version};
use crate::persons::Persons;
use crate::persons::model::{Life, PERSON};

pub(in crate::pages) async fn show(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match form(
        &registry,
        &id,
        &permit,
        shell.clone(),
        &FormState::new(),
        html! {},
    )
    .await
    {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(in crate::pages) async fn send(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match answer(&registry, &id, &permit, &visit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn form(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    said: Markup,
) -> Result<ui::Page, Failure> {
    let record = record_of(id)?;
    Persons::new(registry, permit)?;
    let history = registry.ledger().history(permit, PERSON, record).await?;
    if history.is_empty() {
        return Err(Failure::Hidden);
    }
    let text = shell.text.clone();
    let body = html! {
        (summary(&text, state, &ASKED))
        (said)
        form method="post" action=(format!("/people/{record}/all")) {
            (shell.frame.form_field())
            (purpose_fields(registry, permit, &text, lang(&text), state))
            p {
                label { input type="radio" name="format" value="page" checked; " " (text.get("registry-all-page")) } " "
                label { input type="radio" name="format" value="json"; " " (text.get("registry-all-json")) }
            }
            (button(&text.get("registry-all-do"), true))
        }
    };
    Ok(unkept(framed(shell, record, body)))
}

fn framed(shell: Shell, record: RecordId, body: Markup) -> ui::Page {
    let text = shell.text.clone();
    let person = text.with("registry-person", &[("record", &record.to_string())]);
    shell
        .page(text.get("registry-all"))
        .lead(text.get("registry-all-lead"))
        .crumbs(vec![
            Crumb::link(text.get("registry-people"), "/people"),
            Crumb::link(person, format!("/people/{record}")),
            Crumb::here(text.get("registry-all")),
        ])
        .tool(ui::print_button(&text))
        .body(body)
}

async fn answer(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let record = record_of(id)?;
    let text = shell.text.clone();
    let persons = Persons::new(registry, permit)?;
    permit
        .require(Action::Export)
        .map_err(security::SecurityError::from)?;
    let Some(asked) = asked(&mut state) else {
        let page = form(registry, id, permit, shell, &state, html! {}).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    };
    let (lives, recorded) = match persons.everything(record, &asked).await? {
        Ok(everything) => everything,
        Err(refusal) => {
            let said = refused(&text, refusal);
            let page = form(registry, id, permit, shell, &state, said).await?;
            return Ok(page
                .status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response());
        }
    };
    let subject = Subject::record("person", record);
    let address = visit.address();
    registry
        .security()
        .audit_alone(
            permit.actor(),
            AuditAction::Exported,
            &subject,
            Outcome::Done,
            Some(&address),
        )
        .await?;
    let mut units = std::collections::BTreeSet::new();
    for life in &lives {
        units.extend(life.versions.iter().map(|(version, _)| version.unit));
    }
    let shown = Shown::of(registry, lang(&text), units).await?;
    if state.value("format") == "json" {
        let whole = json!({
            "person": record.get(),
            "recorded_as": recorded.number(),
            "time": recorded.at().iso(),
            "purpose": asked.purpose,
            "reference": asked.reference,
            "records": lives.iter().map(|life| life_json(registry, &shown, life)).collect::<Vec<Json>>(),
        });
        let headers = [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"person-{record}.json\""),
            ),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        let body = serde_json::to_string_pretty(&whole).unwrap_or_default();
        return Ok((headers, body).into_response());
    }
    let body = html! {
        (notice(Tone::Explain, &text.get("registry-full-title"), html! {
            p { (text.with("registry-all-recorded", &[("number", &recorded.number().to_string()), ("time", &recorded.at().to_string())])) }
        }))
        @for life in &lives { (life_section(registry, &text, &shown, life)) }
    };
    Ok(personal(framed(shell, record, body), &recorded).into_response())
}

fn life_json(registry: &Registry, shown: &Shown<'_>, life: &Life) -> Json {
    let Some(dataset) = registry.standard().dataset(&life.dataset) else {
        return Json::Null;
    };
    let version_json = |(version, commit): &(Version, Option<Commit>)| {
        let fields: Map<String, Json> = dataset
            .stored_fields()
            .zip(&version.values)
            .filter(|(_, value)| !value.is_null())
            .map(|(field, value)| {
                let stored = match value {
                    Value::Int(number) => json!(number),
                    Value::Text(text) => json!(text),
                    Value::Null | Value::Bytes(_) => Json::Null,
                };
                let said = json!({
                    "title": field.title.get(shown.lang),
                    "value": stored,
                    "shown": shown.full(field, value),
                });
                (field.name.clone(), said)
            })
            .collect();
        json!({
            "from": version.from.to_string(),
            "to": version.to.map(|day| day.to_string()),
            "known_since": version.since.get(),
            "known_until": version.until.map(|number| number.get()),
            "written": commit.as_ref().map(|commit| json!({
                "time": commit.time.iso(),
                "by": commit.actor,
                "source": commit.source.kind,
            })),
            "fields": fields,
        })
    };
    json!({
        "dataset": dataset.name,
        "title": dataset.title.get(shown.lang),
        "purposes": dataset.purposes,
        "retention_years": dataset.retention.as_ref().map(|retention| retention.years),
        "record": life.record.get(),
        "versions": life.versions.iter().map(version_json).collect::<Vec<Json>>(),
    })
}

fn life_section(registry: &Registry, text: &ui::Text, shown: &Shown<'_>, life: &Life) -> Markup {
    let Some(dataset) = registry.standard().dataset(&life.dataset) else {
        return html! {};
    };
    let pairs_of = |version: &Version| -> Vec<(String, Markup)> {
        dataset
            .stored_fields()
            .zip(&version.values)
            .filter(|(_, value)| !value.is_null())
            .map(|(field, value)| {
                let words = shown.full(field, value);
                (field.title.get(shown.lang).to_owned(), html! { (words) })
            })
            .collect()
    };
    section(
        &format!("{} {}", dataset.title.get(shown.lang), life.record),
        html! {},
        html! {
            @for (version, commit) in &life.versions {
                h3 {
                    (effective_day(text, version.from))
                    @if let Some(to) = version.to { " – " (to.add_days(-1)) }
                    @if let Some(commit) = commit { " · " (commit.time) }
                    @if version.until.is_some() { " · " (text.get("registry-all-replaced")) }
                }
                (key_values(&pairs_of(version)))
            }
        },
    )
}
