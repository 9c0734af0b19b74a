//! `GET /people/{id}`: one person, masked. `POST /people/{id}/full`: in full, for a purpose and for this answer only.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::RecordId;
use maud::{Markup, html};
use security::{Action, RequirePermit};
use ui::{
    Cell, Column, Crumb, Field, FormState, Row, Shell, Table, Text, Tone, badge, button,
    key_values, link_button, notice, section,
};

use super::super::failure::Failure;
use super::super::shown::effective_day;
use super::super::words::Actors;
use super::super::{Asked as Clocked, Sent, lang};
use super::{
    ASKED, Shown, asked, dataset, pairs, personal, purpose_fields, record_of, refused, summary,
};
use crate::api::Registry;
use crate::ledger::{Commit, Version};
use crate::persons::model::{Consent, PERSON};
use crate::persons::{Persons, rules};

pub(in crate::pages) async fn show(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let page = page(
        &registry,
        &id,
        &permit,
        shell.clone(),
        &FormState::new(),
        html! {},
    )
    .await;
    match page {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(in crate::pages) async fn full(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match in_full(&registry, &id, &permit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn in_full(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let record = record_of(id)?;
    let text = shell.text.clone();
    let lang = lang(&text);
    let persons = Persons::new(registry, permit)?;
    let clocked = Clocked::of(registry, &shell.url).await?;
    let Some(asked) = asked(&mut state) else {
        // Whoever is out of reach is not there, whatever else is wrong with the form.
        let page = page(registry, id, permit, shell, &state, html! {}).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    };
    let (version, recorded) = match persons.in_full(record, &asked, clocked.clocks).await? {
        Ok(shown) => shown,
        Err(refusal) => {
            let said = refused(&text, refusal);
            let page = page(registry, id, permit, shell, &state, said).await?;
            return Ok(page
                .status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response());
        }
    };
    let shown = Shown::of(registry, lang, [version.unit].into()).await?;
    let dataset = dataset(registry)?;
    let purpose = registry.standard().purpose(&asked.purpose);
    let purpose = purpose.map_or("", |purpose| purpose.title.get(lang));
    let body = html! {
        (notice(Tone::Explain, &text.get("registry-full-title"), html! {
            p { (text.with("registry-full-recorded", &[
                ("number", &recorded.number().to_string()),
                ("purpose", purpose),
                ("reference", &asked.reference),
                ("time", &recorded.at().to_string()),
            ])) }
        }))
        (key_values(&pairs(dataset, permit, &shown, &version, true)))
        p { a href=(format!("/people/{record}")) { (text.get("registry-full-back")) } }
    };
    let title = text.with("registry-person", &[("record", &record.to_string())]);
    let page = shell
        .page(title.clone())
        .crumbs(crumbs(&text, title))
        .body(body);
    Ok(personal(page, &recorded).into_response())
}

fn crumbs(text: &Text, title: String) -> Vec<Crumb> {
    vec![
        Crumb::link(text.get("registry-people"), "/people"),
        Crumb::here(title),
    ]
}

/// The page, with what was typed into the form for a purpose and what is said above it.
pub(super) async fn page(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    said: Markup,
) -> Result<ui::Page, Failure> {
    let record = record_of(id)?;
    let text = shell.text.clone();
    let lang = lang(&text);
    let persons = Persons::new(registry, permit)?;
    let clocked = Clocked::of(registry, &shell.url).await?;
    let history = registry.ledger().history(permit, PERSON, record).await?;
    let known = clocked.clocks.as_known_on;
    let life: Vec<&(Version, Option<Commit>)> = history
        .iter()
        .filter(|(version, _)| version.since <= known)
        .collect();
    if life.is_empty() {
        return Err(Failure::Hidden);
    }
    let found = persons.for_masks(&[record], clocked.clocks).await?;
    let current = found.versions.first();
    let dataset = dataset(registry)?;
    let shown = Shown::of(
        registry,
        lang,
        current.map(|version| version.unit).into_iter().collect(),
    )
    .await?;
    let mut who: Vec<&str> = Vec::new();
    for (_, commit) in &life {
        who.extend(commit.as_ref().map(|commit| commit.actor.as_str()));
    }
    let actors = Actors::of(registry, who).await?;
    let consents = persons.consents(record).await?;
    let is_erased = life.iter().any(|(version, _)| version.is_erased());
    let body = html! {
        (summary(&text, state, &ASKED))
        (said)
        @if is_erased {
            (notice(Tone::Explain, &text.get("registry-person-erased"), html! { p { (text.get("registry-person-erased-means")) } }))
        } @else if let Some(version) = current {
            (key_values(&pairs(dataset, permit, &shown, version, false)))
            (section(&text.get("registry-full"), html! {}, full_form(registry, permit, &shell, record, state)))
            (section(&text.get("registry-consents"), html! {}, consent_section(registry, permit, &shell, record, &consents)))
        } @else {
            (notice(Tone::Explain, &text.get("registry-not-in-force"), html! {}))
        }
        (section(&text.get("registry-history-title"), html! {}, versions(&text, &life, &actors)))
    };
    let title = text.with("registry-person", &[("record", &record.to_string())]);
    let mut page = shell
        .page(title.clone())
        .crumbs(crumbs(&text, title))
        .as_of(clocked.control())
        .body(body);
    if !is_erased {
        page = page.tool(link_button(
            &text.get("registry-all"),
            &format!("/people/{record}/all"),
            None,
            false,
        ));
        if permit.allows(Action::Reverse) {
            page = page.tool(link_button(
                &text.get("registry-erase"),
                &format!("/people/{record}/erase"),
                None,
                false,
            ));
        }
    }
    Ok(personal(page, &found.recorded))
}

fn full_form(
    registry: &Registry,
    permit: &RequirePermit,
    shell: &Shell,
    record: RecordId,
    state: &FormState,
) -> Markup {
    let text = &shell.text;
    html! {
        p { (text.get("registry-full-means")) }
        form method="post" action=(format!("/people/{record}/full")) {
            (shell.frame.form_field())
            (purpose_fields(registry, permit, text, lang(text), state))
            (button(&text.get("registry-full-do"), true))
        }
    }
}

fn consent_section(
    registry: &Registry,
    permit: &RequirePermit,
    shell: &Shell,
    record: RecordId,
    consents: &[Consent],
) -> Markup {
    let text = &shell.text;
    let lang = lang(text);
    let state = FormState::new();
    let purposes: Vec<ui::Choice> = registry
        .standard()
        .purposes()
        .iter()
        .filter(|purpose| purpose.basis == standard::LegalBasis::Consent)
        .map(|purpose| ui::Choice::new(&purpose.name, purpose.title.get(lang)))
        .collect();
    let states: Vec<ui::Choice> =
        registry
            .standard()
            .code_set("consent_state")
            .map_or_else(Vec::new, |set| {
                set.entries
                    .iter()
                    .map(|entry| ui::Choice::new(&entry.code, entry.name.get(lang)))
                    .collect()
            });
    let mut table = Table::new(text.get("registry-consents"))
        .column(Column::text("purpose", text.get("registry-purpose")))
        .column(Column::text("state", text.get("registry-state")).narrow())
        .column(Column::text("who", text.get("registry-consent-by")).narrow())
        .column(Column::text("when", text.get("registry-consent-on")).narrow())
        .empty(html! { p { (text.get("registry-consents-none")) } });
    for consent in consents {
        let purpose = registry.standard().purpose(&consent.purpose);
        let state = registry
            .standard()
            .code_set("consent_state")
            .map_or(consent.state.as_str(), |set| {
                set.name_of(&consent.state, lang)
            });
        let tone = match consent.state.as_str() {
            "given" => Tone::Good,
            _ => Tone::Explain,
        };
        let by = match consent.by_guardian {
            true => "registry-consent-guardian",
            false => "registry-consent-self",
        };
        table = table.row(Row::new(vec![
            Cell::text(purpose.map_or(consent.purpose.as_str(), |purpose| purpose.title.get(lang))),
            Cell::Markup(badge(tone, state)),
            Cell::text(text.get(by)),
            Cell::maybe_text(consent.said_on.map(|day| day.to_string())),
        ]));
    }
    let relations = [rules::ITSELF, "父亲", "母亲", "其他监护人"];
    html! {
        (table.render(text))
        @if permit.allows(Action::Edit) {
            details {
                summary { (text.get("registry-consent-add")) }
                form method="post" action=(format!("/people/{record}/consent")) {
                    (shell.frame.form_field())
                    (Field::new("purpose", text.get("registry-purpose")).input(ui::Input::Select { choices: purposes, empty: None }).required().render(text, &state))
                    (Field::new("state", text.get("registry-state")).input(ui::Input::Select { choices: states, empty: None }).required().render(text, &state))
                    (Field::new("said_on", text.get("registry-consent-on")).input(ui::Input::Date).required().render(text, &state))
                    (Field::new("given_by", text.get("registry-consent-name")).required().max_length(36).autocomplete("off").render(text, &state))
                    (Field::new("relation", text.get("registry-consent-relation")).input(ui::Input::Select {
                        choices: relations.iter().map(|relation| ui::Choice::new(*relation, text.get(relation_key(relation)))).collect(), empty: None,
                    }).required().hint(text.get("registry-consent-relation-hint")).render(text, &state))
                    (Field::new("evidence", text.get("registry-consent-evidence")).optional().max_length(200).autocomplete("off").render(text, &state))
                    (button(&text.get("registry-consent-do"), false))
                }
            }
        }
    }
}

fn relation_key(relation: &str) -> &'static str {
    match relation {
        rules::ITSELF => "registry-consent-self",
        "父亲" => "registry-relation-father",
        "母亲" => "registry-relation-mother",
        _ => "registry-relation-guardian",
    }
}

/// The versions of a person by day and commit, without a value.
fn versions(text: &Text, life: &[&(Version, Option<Commit>)], actors: &Actors) -> Markup {
    let mut table = Table::new(text.get("registry-history-title"))
        .column(Column::text("effective", text.get("registry-effective")).narrow())
        .column(Column::text("commit", text.get("registry-commit")).narrow())
        .column(Column::text("who", text.get("registry-who")).narrow())
        .column(Column::text("when", text.get("registry-when")).narrow());
    for (version, commit) in life {
        let days = match version.to {
            None => effective_day(text, version.from),
            Some(to) => format!(
                "{} – {}",
                effective_day(text, version.from),
                to.add_days(-1)
            ),
        };
        table = table.row(Row::new(vec![
            Cell::text(days),
            Cell::link(
                format!("/commits/{}", version.since),
                version.since.to_string(),
            ),
            Cell::maybe_text(
                commit
                    .as_ref()
                    .map(|commit| actors.name(text, &commit.actor)),
            ),
            Cell::maybe_text(commit.as_ref().map(|commit| commit.time.to_string())),
        ]));
    }
    table.render(text)
}
