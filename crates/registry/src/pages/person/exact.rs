//! `/people/exact`: does a person of exactly this name hold exactly this number, wherever in the province? The one
//! question that reaches beyond the permit; it is counted, recorded, and answers school, state and what is under way.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::RequirePermit;
use ui::{Crumb, Field, FormState, Shell, Tone, button, key_values, notice};

use super::super::failure::Failure;
use super::super::{Sent, lang};
use super::{asked, purpose_fields, refused, summary, unkept};
use crate::api::Registry;
use crate::persons::Persons;

pub(in crate::pages) async fn show(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let made = Persons::new(&registry, &permit).map(|_| ());
    match made {
        Ok(()) => page(&registry, &permit, shell, &FormState::new(), html! {}).into_response(),
        Err(error) => Failure::from(error).answer(&registry, shell),
    }
}

pub(in crate::pages) async fn ask(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match answer(&registry, &permit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn answer(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let persons = Persons::new(registry, permit)?;
    let name = state.required("name");
    let number = state.required("number");
    let asked = asked(&mut state);
    let (Some(name), Some(number), Some(asked)) = (name, number, asked) else {
        let page = page(registry, permit, shell, &state, html! {});
        return Ok(page
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .into_response());
    };
    let found = match persons.exact(&name, &number, &asked).await? {
        Ok(found) => found,
        Err(refusal) => {
            let status = match refusal {
                crate::persons::model::Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let page = page(registry, permit, shell, &state, refused(&text, refusal));
            return Ok(page.status(status).into_response());
        }
    };
    let said = match found {
        None => notice(
            Tone::Plain,
            &text.get("registry-exact-none"),
            html! { p { (text.get("registry-exact-none-means")) } },
        ),
        Some(exact) => {
            let state = match exact.in_force {
                true => "registry-exact-in-force",
                false => "registry-exact-ended",
            };
            notice(
                Tone::Good,
                &text.get("registry-exact-found"),
                key_values(&[
                    (text.get("registry-exact-keeper"), html! { (exact.keeper) }),
                    (text.get("registry-state"), html! { (text.get(state)) }),
                    (
                        text.get("registry-exact-pending"),
                        html! { (pending(registry, &text, &exact.pending)) },
                    ),
                ]),
            )
        }
    };
    // What was typed is not shown again: the answer stands alone.
    let page = page(registry, permit, shell, &FormState::new(), said);
    Ok(page.into_response())
}

/// The titles of processes.
fn pending(registry: &Registry, text: &ui::Text, names: &[String]) -> String {
    let lang = lang(text);
    let title = |name: &String| {
        let workflow = registry.standard().workflow(name);
        workflow.map_or(name.clone(), |workflow| workflow.title.get(lang).to_owned())
    };
    let titles: Vec<String> = names.iter().map(title).collect();
    match titles.is_empty() {
        true => text.get("registry-exact-pending-none"),
        false => titles.join(super::super::between(lang)),
    }
}

fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    said: Markup,
) -> ui::Page {
    let text = shell.text.clone();
    let fields = [
        ("name", "registry-exact-name"),
        ("number", "registry-exact-number"),
        ("purpose", "registry-purpose"),
        ("reference", "registry-reference"),
    ];
    let body = html! {
        (summary(&text, state, &fields))
        (said)
        form method="post" action="/people/exact" {
            (shell.frame.form_field())
            (Field::new("name", text.get("registry-exact-name")).required().max_length(36).autocomplete("off").render(&text, state))
            (Field::new("number", text.get("registry-exact-number")).required().max_length(20).autocomplete("off").render(&text, state))
            (purpose_fields(registry, permit, &text, lang(&text), state))
            (button(&text.get("registry-exact-do"), true))
        }
    };
    let title = text.get("registry-exact");
    let page = shell
        .page(title.clone())
        .lead(text.get("registry-exact-lead"))
        .crumbs(vec![
            Crumb::link(text.get("registry-people"), "/people"),
            Crumb::here(title),
        ])
        .body(body);
    unkept(page)
}
