//! `/people/{id}/erase`: erasing what is held on a person, in two steps: a reason that the law knows, then the number
//! of the record typed by hand.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Action, RequirePermit};
use ui::{Choice, Crumb, Fault, Field, FormState, Input, Shell, Tone, button, notice};

use super::super::failure::Failure;
use super::super::{Sent, go_to, lang};
use super::{record_of, refused, summary, unkept};
use crate::api::Registry;
use crate::persons::Persons;
use crate::persons::model::PERSON;

pub(in crate::pages) async fn show(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let state = FormState::new();
    match page(
        &registry,
        &id,
        &permit,
        shell.clone(),
        &state,
        html! {},
        false,
    )
    .await
    {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(in crate::pages) async fn erase(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match step(&registry, &id, &permit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn step(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let person = record_of(id)?;
    let text = shell.text.clone();
    let persons = Persons::new(registry, permit)?;
    let Some(reason) = state.required("reason") else {
        let page = page(registry, id, permit, shell, &state, html! {}, false).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    };
    if let Err(refusal) = persons.may_erase(person, &reason).await? {
        let said = refused(&text, refusal);
        let page = page(registry, id, permit, shell, &state, said, false).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    }
    if !state.has("typed") {
        let page = page(registry, id, permit, shell, &state, html! {}, true).await?;
        return Ok(page.into_response());
    }
    if state.value("typed") != person.to_string() {
        state.fail("typed", Fault::Key("registry-erase-typed-wrong"));
        let page = page(registry, id, permit, shell, &state, html! {}, true).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    }
    if let Err(refusal) = persons.erase(person, &reason).await? {
        let said = refused(&text, refusal);
        let page = page(registry, id, permit, shell, &state, said, false).await?;
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    }
    Ok(go_to(&format!("/people/{person}")))
}

async fn page(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    said: Markup,
    is_second: bool,
) -> Result<ui::Page, Failure> {
    let person = record_of(id)?;
    Persons::new(registry, permit)?;
    let history = registry.ledger().history(permit, PERSON, person).await?;
    if history.is_empty() {
        return Err(Failure::Hidden);
    }
    permit
        .require(Action::Reverse)
        .map_err(security::SecurityError::from)?;
    let text = shell.text.clone();
    let lang = lang(&text);
    let reasons: Vec<Choice> = registry
        .standard()
        .erasure_reasons()
        .iter()
        .map(|reason| Choice::new(&reason.name, reason.title.get(lang)))
        .collect();
    let reason = registry
        .standard()
        .erasure_reason(state.value("reason"))
        .map_or("", |reason| reason.title.get(lang));
    let fields = [
        ("reason", "registry-erase-reason"),
        ("typed", "registry-erase-typed"),
    ];
    let body = html! {
        (summary(&text, state, &fields))
        (said)
        (notice(Tone::Fix, &text.get("registry-erase-means-title"), html! { p { (text.get("registry-erase-means")) } }))
        form method="post" action=(format!("/people/{person}/erase")) {
            (shell.frame.form_field())
            @if is_second {
                input type="hidden" name="reason" value=(state.value("reason"));
                p { (text.get("registry-erase-reason")) ": " strong { (reason) } }
                (Field::new("typed", text.get("registry-erase-typed")).required().autocomplete("off")
                    .hint(text.with("registry-erase-typed-hint", &[("record", &person.to_string())]))
                    .render(&text, state))
                (button(&text.get("registry-erase-do"), true))
            } @else {
                (Field::new("reason", text.get("registry-erase-reason"))
                    .input(Input::Select { choices: reasons, empty: Some(text.get("registry-purpose-none")) })
                    .required()
                    .render(&text, state))
                (button(&text.get("registry-erase-next"), false))
            }
        }
        p { a href=(format!("/people/{person}")) { (text.get("registry-erase-back")) } }
    };
    let title = text.get("registry-erase");
    let of = text.with("registry-person", &[("record", &person.to_string())]);
    let page = shell
        .page(title.clone())
        .crumbs(vec![
            Crumb::link(text.get("registry-people"), "/people"),
            Crumb::link(of, format!("/people/{person}")),
            Crumb::here(title),
        ])
        .body(body);
    Ok(unkept(page))
}
