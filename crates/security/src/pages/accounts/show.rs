//! `GET /accounts/{id}`: one account, its posts, and what may be done with it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::AccountId;
use maud::{Markup, html};
use ui::{
    Cache, Cell, Column, Crumb, FormState, Row, Shell, Table, Text, Tone, button, error_summary,
    key_values, notice, post_button, section,
};

use super::new::{post_fields, unit_field};
use super::{
    answer, days, facts_of, on_form, post_title, slips, state_word, typed_day, typed_unit,
    unit_name, units_of,
};
use crate::accounts::AccountWithGrants;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::{AccountKind, AccountState, GrantId, NewGrant};
use crate::pages::{Sent, failed, typed};
use crate::permit::Permit;
use crate::web::{CSRF_FIELD, RequirePermit, Visit};

fn id_of(text: &str) -> Result<AccountId, SecurityError> {
    text.parse()
        .map(AccountId::new)
        .map_err(|_| SecurityError::NoAccount(text.to_owned()))
}

/// The account that an address names, within reach and not one's own: that is kept at `/account`, where the
/// password is asked for.
async fn of_another(
    security: &Security,
    permit: &Permit,
    id: &str,
) -> Result<AccountId, SecurityError> {
    let account = security.account(permit, id_of(id)?).await?.account.id;
    if permit.actor().account() == Some(account) {
        return Err(crate::GrantFault::ToOneself.into());
    }
    Ok(account)
}

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(id): Path<String>,
) -> Response {
    let state = FormState::new();
    page(
        &security,
        &permit,
        &visit,
        shell,
        &id,
        &state,
        StatusCode::OK,
    )
    .await
}

pub(super) async fn give(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    Path(id): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    let mut state = FormState::from_pairs(sent);
    match given(&security, &permit, &shell, &id, &mut state).await {
        Ok(true) => super::go_to(&format!("/accounts/{id}?done=given")),
        Ok(false) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&security, &permit, &visit, shell, &id, &state, status).await
        }
        Err(error) => failed(shell, &error),
    }
}

async fn given(
    security: &Security,
    permit: &Permit,
    shell: &Shell,
    id: &str,
    state: &mut FormState,
) -> Result<bool, SecurityError> {
    let account = id_of(id)?;
    // What is out of reach does not exist, also not for a grant.
    security.account(permit, account).await?;
    let post = state.required("post").unwrap_or_default();
    let unit = typed_unit(security, permit, &shell.text, state, "unit").await?;
    let until = typed_day(state, "until");
    let line = Some(state.value("line").to_owned()).filter(|line| !line.is_empty());
    if !state.is_right() {
        return Ok(false);
    }
    let new = NewGrant {
        line,
        until,
        ..NewGrant::of(&post, unit)
    };
    match security.give(permit, account, &new).await {
        Ok(_) => Ok(true),
        Err(error) => on_form(state, error).map(|()| false),
    }
}

pub(super) async fn end_grant(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
    Path(id): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    let ended = async {
        let account = security.account(&permit, id_of(&id)?).await?;
        let number = typed(&sent, "grant").parse().map(GrantId);
        let grant = number.map_err(|_| SecurityError::NoGrant)?;
        if !account.grants.iter().any(|held| held.id == grant) {
            return Err(SecurityError::NoGrant);
        }
        security.end_grant(&permit, grant).await?;
        Ok(format!("/accounts/{id}?done=ended"))
    };
    answer(shell, ended.await)
}

pub(super) async fn set_state(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
    Path(id): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    let set = async {
        let account = of_another(&security, &permit, &id).await?;
        let enabled = match typed(&sent, "state").as_str() {
            "active" => true,
            "disabled" => false,
            // A form that names no state changes none.
            _ => return Ok(format!("/accounts/{id}")),
        };
        security.set_enabled(&permit, account, enabled).await?;
        Ok(format!("/accounts/{id}?done=state"))
    };
    answer(shell, set.await)
}

pub(super) async fn invite(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
    Path(id): Path<String>,
) -> Response {
    let invited = async {
        let invitation = security
            .invite(&permit, of_another(&security, &permit, &id).await?)
            .await?;
        let facts = facts_of(&security, vec![invitation.home]).await?;
        Ok::<_, SecurityError>((invitation, facts))
    };
    match invited.await {
        Ok((invitation, facts)) => {
            let back = (invitation.login.clone(), format!("/accounts/{id}"));
            slips::page(&security, shell, &[invitation], &facts, back)
        }
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn end_sessions(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
    Path(id): Path<String>,
) -> Response {
    let ended = async {
        let account = of_another(&security, &permit, &id).await?;
        security.end_sessions(&permit, account).await?;
        Ok(format!("/accounts/{id}?done=sessions"))
    };
    answer(shell, ended.await)
}

pub(super) async fn reset_factors(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
    Path(id): Path<String>,
) -> Response {
    let reset = async {
        let account = of_another(&security, &permit, &id).await?;
        security.reset_factors(&permit, account).await?;
        Ok(format!("/accounts/{id}?done=factors"))
    };
    answer(shell, reset.await)
}

async fn page(
    security: &Security,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
    id: &str,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let found = async {
        let one = security.account(permit, id_of(id)?).await?;
        let facts = facts_of(security, units_of(&one)).await?;
        let invited = security.invited_until(permit, one.account.id).await?;
        let sessions = security.sessions_of(permit, one.account.id).await?;
        let factors = security.factors_of(permit, one.account.id).await?;
        Ok::<_, SecurityError>((one, facts, invited, (sessions, factors)))
    };
    let (one, facts, invited, (sessions, factors)) = match found.await {
        Ok(found) => found,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let account = &one.account;
    let moment = |moment: Option<kernel::Millis>| moment.map(|moment| moment.to_string());
    let mut about = vec![
        (text.get("security-name"), html! { (account.display) }),
        (
            text.get("security-home"),
            html! { (unit_name(&text, &facts, account.home)) },
        ),
        (
            text.get("security-state"),
            html! { (state_word(&text, account.state)) },
        ),
        (
            text.get("security-kind"),
            html! { (text.get(&format!("security-kind-{}", account.kind.as_str()))) },
        ),
        (
            text.get("security-last-used"),
            html! { (moment(account.last_used).unwrap_or_else(|| text.get("security-never"))) },
        ),
    ];
    if account.kind == AccountKind::Person {
        let kinds: Vec<String> = factors
            .iter()
            .filter(|factor| factor.ready)
            .map(|factor| text.get(&format!("security-kind-{}", factor.kind.as_str())))
            .collect();
        let shown = match kinds.is_empty() {
            true => text.get("security-account-no-factor"),
            false => kinds.join(text.get("security-list-join").as_str()),
        };
        about.push((text.get("security-factors"), html! { (shown) }));
        let open = sessions.len().to_string();
        about.push((
            text.get("security-sessions"),
            html! { (text.with("security-account-sessions", &[("count", &open)])) },
        ));
    }
    if let Some(expires) = account.expires {
        about.push((text.get("security-expires"), html! { (expires) }));
    }
    if let Some(until) = invited {
        about.push((text.get("security-code-open"), html! { (until) }));
    }
    let done = shell.url.get("done").filter(|_| state.is_right());
    let done = done.map(|done| format!("security-done-{done}"));
    let labels = [
        ("post", text.get("security-post")),
        ("unit", text.get("security-unit")),
        ("until", text.get("security-until")),
    ];
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let body = html! {
        @if let Some(done) = done.filter(|done| text.has(done)) { (notice(Tone::Good, &text.get(&done), html! {})) }
        (key_values(&about))
        (section(&text.get("security-posts"), html! {}, grants(security, &text, visit, &one, &facts)))
        (section(&text.get("security-give"), html! {}, html! {
            (error_summary(&text, state, &labels))
            form method="post" action={ "/accounts/" (account.id) "/grants" } {
                (visit.csrf_field())
                (unit_field(&text, state))
                (post_fields(security, permit, &text, state, true))
                div.actions { (button(&text.get("security-give"), true)) }
            }
        }))
        (section(&text.get("security-account-actions"), html! {}, actions(&text, visit, permit, &one)))
    };
    shell
        .page(account.login.clone())
        .crumbs(vec![
            Crumb::link(text.get("security-accounts"), "/accounts"),
            Crumb::here(account.login.clone()),
        ])
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

fn grants(
    security: &Security,
    text: &Text,
    visit: &Visit,
    one: &AccountWithGrants,
    facts: &std::collections::HashMap<kernel::UnitId, crate::UnitFacts>,
) -> Markup {
    let mut table = Table::new(text.get("security-posts"))
        .column(Column::text("post", text.get("security-post")))
        .column(Column::text("unit", text.get("security-unit")))
        .column(Column::text("days", text.get("security-days")))
        .column(Column::text("end", text.get("security-end-grant")).narrow());
    for grant in &one.grants {
        let deputy = grant.deputy_of.map(|_| text.get("security-deputy"));
        let end = post_button(
            &text.get("security-end-grant"),
            &format!("/accounts/{}/end-grant", one.account.id),
            &[
                (CSRF_FIELD, visit.csrf()),
                ("grant", &grant.id.0.to_string()),
            ],
            Tone::Plain,
            Some(&text.get("security-end-grant-sure")),
        );
        table = table.row(Row::new(vec![
            Cell::Markup(html! {
                (post_title(security, text, grant))
                @if let Some(deputy) = deputy { " " (ui::badge(Tone::Plain, &deputy)) }
            }),
            Cell::text(unit_name(text, facts, grant.unit)),
            Cell::text(days(text, grant)),
            Cell::Markup(end),
        ]));
    }
    table.render(text)
}

fn actions(text: &Text, visit: &Visit, permit: &Permit, one: &AccountWithGrants) -> Markup {
    if permit.actor().account() == Some(one.account.id) {
        return html! { p { (text.get("security-account-own")) " " a href="/account" { (text.get("security-account")) } } };
    }
    let id = one.account.id;
    let token = [(CSRF_FIELD, visit.csrf())];
    let press = |key: &str, path: &str, more: &[(&str, &str)]| {
        let values: Vec<(&str, &str)> = token.iter().chain(more).copied().collect();
        let sure = text.get(&format!("{key}-sure"));
        post_button(
            &text.get(key),
            &format!("/accounts/{id}/{path}"),
            &values,
            Tone::Plain,
            Some(&sure),
        )
    };
    let is_person = one.account.kind == AccountKind::Person;
    html! {
        @match one.account.state {
            AccountState::Active => {
                @if is_person {
                    (press("security-invite", "invite", &[])) " "
                    (press("security-end-sessions", "end-sessions", &[])) " "
                    (press("security-reset-factors", "reset-factors", &[])) " "
                }
                (press("security-disable", "state", &[("state", AccountState::Disabled.as_str())]))
            }
            AccountState::Disabled => {
                (press("security-enable", "state", &[("state", AccountState::Active.as_str())]))
            }
        }
    }
}
