//! `GET /account`: one's own posts, sessions and password; and the forms on it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Cell, Column, Crumb, Fault, Field, FormState, Input, Language, Row, Shell, Table, Text,
    Tone, badge, button, error_summary, post_button, section,
};

use super::factors::{self, renewed};
use super::{Sent, failed, go_to, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::factors::Duty;
use crate::model::{AuditAction, GrantId, Session};
use crate::signin::{Held, Signed};
use crate::web::{CSRF_FIELD, Visit};

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    page(&security, &visit, shell, FormState::new(), StatusCode::OK).await
}

pub(super) async fn change_password(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let present = typed(&sent, "present");
    let wanted = typed(&sent, "wanted");
    let mut state = FormState::new();
    if present.is_empty() {
        state.fail("present", Fault::REQUIRED);
    }
    if wanted.is_empty() {
        state.fail("wanted", Fault::REQUIRED);
    }
    if wanted != typed(&sent, "again") {
        state.fail("again", Fault::Key("security-password-differs"));
    }
    if state.is_right() {
        let answer = security
            .change_own_password(signed, present, &wanted, visit.ip())
            .await;
        match answer {
            Ok(token) => return renewed(&security, &token, "/account?done=password"),
            Err(SecurityError::PasswordFault(fault)) => {
                state.fail("wanted", Fault::Key(fault.code()));
            }
            Err(SecurityError::WrongPassword) => {
                state.fail("present", Fault::Key("security-password-wrong"));
            }
            Err(error) => return failed(shell, &error),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if visit.duty().is_some() {
        return password_page(&security, &visit, shell, &state, status);
    }
    page(&security, &visit, shell, state, status).await
}

/// `GET /account/password`: the form alone, also for those who must change it first.
pub(super) async fn show_password(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    password_page(&security, &visit, shell, &FormState::new(), StatusCode::OK)
}

fn password_page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let must = visit.duty() == Some(Duty::Password);
    let body = html! {
        @if must { (ui::notice(Tone::Explain, &text.get("security-password-must"), html! { p { (text.get("security-password-must-why")) } })) }
        (password_form(&text, security, visit, state))
    };
    shell
        .page(text.get("security-password-change"))
        .crumbs(vec![Crumb::here(text.get("security-password-change"))])
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

pub(super) async fn end_others(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/account");
    };
    match security.end_other_sessions(signed, &visit.address()).await {
        Ok(()) => go_to("/account"),
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn end_session(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Ok(number)) = (visit.signed(), typed(&sent, "session").parse()) else {
        return go_to("/account");
    };
    let ended = security
        .end_own_session(signed, number, AuditAction::SessionEnded, &visit.address())
        .await;
    match ended {
        Ok(_) => go_to("/account"),
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn switch_post(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Ok(grant)) = (visit.signed(), typed(&sent, "grant").parse()) else {
        return go_to("/account");
    };
    let switched = security
        .switch_post(signed, GrantId(grant), &visit.address())
        .await;
    match switched {
        Ok(()) => go_to("/"),
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let sessions = match security.own_sessions(signed).await {
        Ok(sessions) => sessions,
        Err(error) => return failed(shell, &error),
    };
    let own = match security.own_factors(signed).await {
        Ok(own) => own,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let done = shell.url.get("done") == Some("password");
    let body = html! {
        @if done { (ui::notice(Tone::Good, &text.get("security-password-done"), html! {})) }
        (section(&text.get("security-posts"), ui::link_button(&text.get("security-succession"), "/account/succession", None, false), posts(&text, visit, signed)))
        (section(&text.get("security-factors"), html! {}, factors::part(&text, &own, signed)))
        (section(&text.get("security-sessions"), html! {}, html! {
            (session_table(&text, visit, signed, &sessions))
            @if sessions.len() > 1 {
                (post_button(&text.get("security-session-end-others"), "/account/sessions/others",
                    &[(CSRF_FIELD, visit.csrf())], Tone::Plain, None))
            }
        }))
        @if security.identity_providers().next().is_some() {
            p { a href="/account/identities" { (text.get("security-identities")) } }
        }
        (section(&text.get("security-password-change"), html! {}, password_form(&text, security, visit, &state)))
    };
    shell
        .page(text.get("security-account"))
        .crumbs(vec![Crumb::here(text.get("security-account"))])
        .lead(text.with(
            "security-account-lead",
            &[
                ("display", &signed.account.display),
                ("login", &signed.account.login),
            ],
        ))
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

fn title(text: &Text, held: &Held) -> String {
    let language = match text.language() {
        Language::Chinese => standard::Lang::Zh,
        Language::English => standard::Lang::En,
    };
    held.title.get(language).to_owned()
}

fn posts(text: &Text, visit: &Visit, signed: &Arc<Signed>) -> Markup {
    let Some(current) = &signed.held else {
        return html! { p { (text.get("security-no-post")) } };
    };
    let until = |held: &Held| {
        held.grant.until.map_or_else(
            || text.get("security-post-open"),
            |day| text.with("security-post-until", &[("day", &day.to_string())]),
        )
    };
    html! {
        ul.plain-list {
            li { strong { (title(text, current)) } " " (badge(Tone::Good, &text.get("security-post-current"))) " " span.hint { (until(current)) } }
            @for held in &signed.others {
                li {
                    (title(text, held)) " " span.hint { (until(held)) } " "
                    (post_button(&text.get("security-post-switch"), "/account/post",
                        &[(CSRF_FIELD, visit.csrf()), ("grant", &held.grant.id.0.to_string())], Tone::Plain, None))
                }
            }
        }
    }
}

fn session_table(text: &Text, visit: &Visit, signed: &Arc<Signed>, sessions: &[Session]) -> Markup {
    let mut table = Table::new(text.get("security-sessions"))
        .column(Column::text("created", text.get("security-session-created")).narrow())
        .column(Column::text("seen", text.get("security-session-seen")).narrow())
        .column(Column::text("address", text.get("security-session-address")).narrow())
        .column(Column::text("agent", text.get("security-session-agent")))
        .column(Column::text("end", text.get("security-session-end")).narrow());
    for session in sessions {
        let end = if session.number == signed.session.number {
            badge(Tone::Good, &text.get("security-session-this"))
        } else {
            post_button(
                &text.get("security-session-end"),
                "/account/sessions",
                &[
                    (CSRF_FIELD, visit.csrf()),
                    ("session", &session.number.to_string()),
                ],
                Tone::Plain,
                None,
            )
        };
        table = table.row(Row::new(vec![
            Cell::text(session.created.to_string()),
            Cell::text(session.last_seen.to_string()),
            Cell::text(session.address.clone()),
            Cell::text(session.agent.clone()),
            Cell::Markup(end),
        ]));
    }
    table.render(text)
}

fn password_form(text: &Text, security: &Security, visit: &Visit, state: &FormState) -> Markup {
    let rule = super::password_rule(text, security);
    let field = |name: &'static str, key: &str, token: &'static str| {
        Field::new(name, text.get(key))
            .input(Input::Password)
            .required()
            .autocomplete(token)
    };
    let labels = [
        ("present", text.get("security-password-present")),
        ("wanted", text.get("security-password-wanted")),
        ("again", text.get("security-password-again")),
    ];
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    html! {
        (error_summary(text, state, &labels))
        form method="post" action="/account/password" {
            (visit.csrf_field())
            (field("present", "security-password-present", "current-password").render(text, state))
            (field("wanted", "security-password-wanted", "new-password")
                .hint(rule).render(text, state))
            (field("again", "security-password-again", "new-password").render(text, state))
            div.actions { (button(&text.get("security-password-change"), true)) }
        }
    }
}
