//! `GET /clients` and the forms on it: programs that are let in, for those who manage accounts.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Day, UnitId};
use maud::{Markup, html};
use ui::{
    Cache, Cell, Choice, Column, Crumb, Fault, Field, FormState, Input, Language, Row, Shell,
    Table, Text, Tone, badge, button, code, error_summary, notice, post_button, section,
};

use super::{Sent, failed, go_to};
use crate::api::Security;
use crate::clients::rules::scopes;
use crate::clients::{ClientSecret, Listed, NewClient};
use crate::error::SecurityError;
use crate::permit::Permit;
use crate::web::{CSRF_FIELD, RequirePermit, Visit};

fn lang(text: &Text) -> standard::Lang {
    match text.language() {
        Language::Chinese => standard::Lang::Zh,
        Language::English => standard::Lang::En,
    }
}

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let state = FormState::new();
    page(
        &security,
        &permit,
        &visit,
        shell,
        state,
        StatusCode::OK,
        None,
    )
    .await
}

pub(super) async fn create(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let mut state =
        FormState::from_pairs(sent.iter().filter(|(name, _)| name != CSRF_FIELD).cloned());
    let new = match read(&security, &permit, &mut state).await {
        Ok(new) => new,
        Err(error) => return failed(shell, &error),
    };
    let Some(new) = new else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return page(&security, &permit, &visit, shell, state, status, None).await;
    };
    match security.create_client(&permit, new).await {
        Ok(secret) => {
            let state = FormState::new();
            page(
                &security,
                &permit,
                &visit,
                shell,
                state,
                StatusCode::OK,
                Some(secret),
            )
            .await
        }
        Err(error) => {
            let (field, key) = match &error {
                SecurityError::LoginFault(_) => ("login", "security-client-login-fault"),
                SecurityError::LoginTaken(_) => ("login", "security-client-login-taken"),
                SecurityError::NoScope(_) => ("scopes", "security-client-no-scope"),
                SecurityError::NoDataset(_) => ("datasets", "security-client-no-dataset"),
                SecurityError::NoPost(..) | SecurityError::Denied(_) => {
                    ("post", "security-client-no-post")
                }
                _ => return failed(shell, &error),
            };
            state.fail(field, Fault::Key(key));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&security, &permit, &visit, shell, state, status, None).await
        }
    }
}

/// What the form asks for; `None` where something is wrong with it, which is then said at its field.
async fn read(
    security: &Security,
    permit: &Permit,
    state: &mut FormState,
) -> Result<Option<NewClient>, SecurityError> {
    let login = state.required("login").unwrap_or_default();
    let display = state.required("display").unwrap_or_default();
    let post = state.required("post").unwrap_or_default();
    let expires = Day::parse(state.value("expires"));
    if expires.is_err() {
        state.fail("expires", Fault::DATE);
    } else if expires.is_ok_and(|day| day <= security.today()) {
        state.fail("expires", Fault::Key("security-client-past"));
    }
    let unit = state.value("unit").trim().to_owned();
    let unit: Option<UnitId> = if unit.is_empty() {
        if !permit.reaches_everything() {
            state.fail("unit", Fault::REQUIRED);
        }
        None
    } else {
        let found = match security.0.records.get() {
            Some(records) => records.unit_called(permit, &unit).await,
            None => None,
        };
        match found {
            Some(unit) => Some(unit),
            None => {
                state.fail("unit", Fault::Key("security-client-no-unit"));
                None
            }
        }
    };
    let datasets: Vec<String> = state
        .value("datasets")
        .split([' ', ',', '、', '，'])
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let wanted = scopes(&state.values("scopes").join(" ")).unwrap_or_default();
    if wanted.is_empty() {
        state.fail("scopes", Fault::Key("security-client-no-scope"));
    }
    let Ok(expires) = expires else {
        return Ok(None);
    };
    Ok(state.is_right().then_some(NewClient {
        login,
        display,
        post,
        unit,
        datasets: (!datasets.is_empty()).then_some(datasets),
        scopes: wanted,
        expires,
    }))
}

pub(super) async fn rotate(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    Path(id): Path<String>,
    shell: Shell,
    axum::Form(_sent): Sent,
) -> Response {
    match security.rotate_client(&permit, &id).await {
        Ok(secret) => {
            let state = FormState::new();
            page(
                &security,
                &permit,
                &visit,
                shell,
                state,
                StatusCode::OK,
                Some(secret),
            )
            .await
        }
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn end(
    State(security): State<Security>,
    permit: RequirePermit,
    Path(id): Path<String>,
    shell: Shell,
    axum::Form(_sent): Sent,
) -> Response {
    match security.end_client(&permit, &id).await {
        Ok(()) => go_to("/clients"),
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
    secret: Option<ClientSecret>,
) -> Response {
    let listed = async {
        let clients = security.clients(permit).await?;
        let units: Vec<UnitId> = clients.iter().filter_map(unit_of).collect();
        let facts = match security.0.records.get() {
            Some(records) if !units.is_empty() => records.unit_names(&units).await,
            _ => HashMap::new(),
        };
        Ok::<_, SecurityError>((clients, facts))
    };
    let (clients, facts) = match listed.await {
        Ok(listed) => listed,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let body = html! {
        @if let Some(secret) = &secret {
            (notice(Tone::Explain, &text.get("security-client-secret"), html! {
                p { (text.get("security-client-id")) " " (code(&secret.client)) }
                p { (text.get("security-client-secret-word")) " " (code(secret.reveal())) }
                p.hint { (text.get("security-client-secret-once")) }
            }))
        }
        (section(&text.get("security-clients"), html! {}, table(security, &text, visit, &clients, &facts)))
        (section(&text.get("security-client-new"), html! {}, form(security, &text, visit, &state)))
    };
    shell
        .page(text.get("security-clients"))
        .crumbs(vec![Crumb::here(text.get("security-clients"))])
        .lead(text.get("security-clients-lead"))
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

/// The unit of a program's post; `None`: the whole node.
fn unit_of(one: &Listed) -> Option<UnitId> {
    let grants = &one.account.grants;
    let grant = grants.iter().find(|grant| grant.id == one.client.grant)?;
    grant.unit
}

fn table(
    security: &Security,
    text: &Text,
    visit: &Visit,
    clients: &[Listed],
    facts: &HashMap<UnitId, String>,
) -> Markup {
    if clients.is_empty() {
        return html! { p { (text.get("security-clients-none")) } };
    }
    let today = security.today();
    let mut table = Table::new(text.get("security-clients"))
        .column(Column::text("display", text.get("security-client-display")))
        .column(Column::text("client", text.get("security-client-id")).narrow())
        .column(Column::text("unit", text.get("security-client-unit")))
        .column(Column::text("scopes", text.get("security-client-scopes")))
        .column(Column::text("expires", text.get("security-client-expires")).narrow())
        .column(Column::text("used", text.get("security-client-used")).narrow())
        .column(Column::text("state", text.get("security-client-state")).narrow())
        .column(Column::text("do", text.get("security-client-do")).narrow());
    for one in clients {
        let account = &one.account.account;
        let unit = match unit_of(one) {
            None => text.get("security-client-node"),
            Some(unit) => facts
                .get(&unit)
                .cloned()
                .unwrap_or_else(|| unit.to_string()),
        };
        let is_over = one.client.ended.is_some() || one.client.expires <= today;
        let state = if is_over {
            badge(Tone::Plain, &text.get("security-client-ended"))
        } else {
            badge(Tone::Good, &text.get("security-client-active"))
        };
        let id = &one.client.id;
        let csrf = [(CSRF_FIELD, visit.csrf())];
        let acts = html! {
            @if one.client.ended.is_none() {
                (post_button(&text.get("security-client-rotate"), &format!("/clients/{id}/rotate"), &csrf, Tone::Plain,
                    Some(&text.get("security-client-rotate-sure"))))
                " "
                (post_button(&text.get("security-client-end"), &format!("/clients/{id}/end"), &csrf, Tone::Fix,
                    Some(&text.get("security-client-end-sure"))))
            }
        };
        table = table.row(Row::new(vec![
            Cell::text(account.display.clone()),
            Cell::Markup(code(id)),
            Cell::text(unit),
            Cell::text(one.client.scopes.clone()),
            Cell::text(one.client.expires.to_string()),
            Cell::maybe_text(one.client.used.map(|used| used.to_string())),
            Cell::Markup(state),
            Cell::Markup(acts),
        ]));
    }
    table.render(text)
}

fn form(security: &Security, text: &Text, visit: &Visit, state: &FormState) -> Markup {
    let lang = lang(text);
    let posts: Vec<Choice> = security
        .posts()
        .iter()
        .map(|post| Choice::new(post.name.as_str(), post.title.get(lang)))
        .collect();
    let scopes: Vec<Choice> = standard::Action::CHOICES
        .iter()
        .map(|(word, _)| Choice::new(*word, *word))
        .collect();
    let named = |name: &'static str| (name, text.get(&format!("security-client-{name}")));
    let labels = [
        "display", "login", "post", "unit", "datasets", "scopes", "expires",
    ]
    .map(named);
    let shown: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let field = |name: &'static str| {
        let label = text.get(&format!("security-client-{name}"));
        Field::new(name, label)
    };
    html! {
        (error_summary(text, state, &shown))
        form method="post" action="/clients" {
            (visit.csrf_field())
            (field("display").required().max_length(64).render(text, state))
            (field("login").required().max_length(64).hint(text.get("security-client-login-hint")).render(text, state))
            (field("post").input(Input::Select { choices: posts, empty: Some(text.get("security-client-choose")) })
                .required().render(text, state))
            (field("unit").hint(text.get("security-client-unit-hint")).render(text, state))
            (field("scopes").input(Input::Boxes(scopes)).render(text, state))
            (field("datasets").hint(text.get("security-client-datasets-hint"))
                .render(text, state))
            (field("expires").input(Input::Date).required().render(text, state))
            div.actions { (button(&text.get("security-client-create"), true)) }
        }
    }
}
