//! `GET` and `POST /accounts/new`: an account for one person, with a post.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{Cache, Choice, Crumb, Field, FormState, Input, Shell, Text, button, error_summary};

use super::{facts_of, given_posts, line_choices, on_form, slips, typed_day, typed_unit};
use crate::administration::NewPerson;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::NewGrant;
use crate::pages::{Sent, failed};
use crate::permit::Permit;
use crate::web::{RequirePermit, Visit};

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    form(
        &security,
        &permit,
        &visit,
        shell,
        &FormState::new(),
        StatusCode::OK,
    )
}

pub(super) async fn send(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let mut state = FormState::from_pairs(sent);
    match made(&security, &permit, &shell, &mut state).await {
        Ok(Some(response)) => response,
        Ok(None) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            form(&security, &permit, &visit, shell, &state, status)
        }
        Err(error) => failed(shell, &error),
    }
}

async fn made(
    security: &Security,
    permit: &Permit,
    shell: &Shell,
    state: &mut FormState,
) -> Result<Option<Response>, SecurityError> {
    let text = &shell.text;
    let login = state.required("login").unwrap_or_default();
    let display = state.required("display").unwrap_or_default();
    let unit = typed_unit(security, permit, text, state, "unit").await?;
    let until = typed_day(state, "until");
    let post = Some(state.value("post").to_owned()).filter(|post| !post.is_empty());
    let line = Some(state.value("line").to_owned()).filter(|line| !line.is_empty());
    if !state.is_right() {
        return Ok(None);
    }
    let person = NewPerson {
        login,
        display,
        home: unit,
        grant: post.map(|post| NewGrant {
            line,
            until,
            ..NewGrant::of(&post, unit)
        }),
    };
    match security.enrol(permit, &person).await {
        Ok(invitation) => {
            let facts = facts_of(security, vec![invitation.home]).await?;
            let address = format!("/accounts/{}", invitation.account);
            let back = (invitation.login.clone(), address);
            Ok(Some(slips::page(
                security,
                shell.clone(),
                &[invitation],
                &facts,
                back,
            )))
        }
        Err(error) => on_form(state, error).map(|()| None),
    }
}

/// The fields of a post: which, of which line, where, until when.
pub(super) fn post_fields(
    security: &Security,
    permit: &Permit,
    text: &Text,
    state: &FormState,
    required: bool,
) -> Markup {
    let select = |name: &str, label: &str, choices: Vec<Choice>, empty: &str| {
        let empty = Some(text.get(empty));
        let field = Field::new(name, text.get(label)).input(Input::Select { choices, empty });
        if required && name == "post" {
            field.required()
        } else {
            field
        }
        .render(text, state)
    };
    html! {
        (select("post", "security-post", given_posts(security, permit, text), "security-post-none"))
        (select("line", "security-line", line_choices(security, text), "security-line-all"))
        (Field::new("until", text.get("security-until")).input(Input::Date)
            .hint(text.get("security-until-hint")).render(text, state))
    }
}

pub(super) fn unit_field(text: &Text, state: &FormState) -> Markup {
    Field::new("unit", text.get("security-unit"))
        .hint(text.get("security-unit-hint"))
        .autocomplete("off")
        .render(text, state)
}

fn form(
    security: &Security,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let labels: Vec<(&str, String)> = [
        ("login", "security-login"),
        ("display", "security-name"),
        ("unit", "security-unit"),
        ("until", "security-until"),
    ]
    .map(|(name, key)| (name, text.get(key)))
    .into();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let body = html! {
        (error_summary(&text, state, &labels))
        form method="post" action="/accounts/new" {
            (visit.csrf_field())
            (Field::new("login", text.get("security-login")).required().max_length(64)
                .hint(text.get("security-login-hint")).autocomplete("off").render(&text, state))
            (Field::new("display", text.get("security-name")).required().max_length(64)
                .autocomplete("off").render(&text, state))
            (unit_field(&text, state))
            (post_fields(security, permit, &text, state, false))
            div.actions { (button(&text.get("security-account-make"), true)) }
        }
    };
    shell
        .page(text.get("security-account-new"))
        .lead(text.get("security-account-new-lead"))
        .crumbs(vec![
            Crumb::link(text.get("security-accounts"), "/accounts"),
            Crumb::here(text.get("security-account-new")),
        ])
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}
