//! `/settings/signin`: the policy of signing in, and the gateways that codes are sent from.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Choice, Crumb, Fault, Field, FormState, Input, Shell, Text, Tone, button, error_summary,
    notice, section,
};

use super::{Sent, failed, go_to, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::factors::{FirstChange, HttpGateway, MailGateway, MailSecurity, SETTINGS};
use crate::web::{RequirePermit, Visit};

/// The fields of the gateways, in the order of their forms.
const SMS_FIELDS: [&str; 5] = ["url", "headers", "content_type", "body", "success"];
const MAIL_FIELDS: [&str; 8] = [
    "host",
    "port",
    "security",
    "user",
    "password",
    "from",
    "subject",
    "mail_body",
];

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let state = match held(&security, &permit, &shell.text).await {
        Ok(state) => state,
        Err(error) => return failed(shell, &error),
    };
    page(&security, &visit, shell, state, StatusCode::OK)
}

/// What is set now, as the forms hold it; secrets are not among it.
async fn held(
    security: &Security,
    permit: &RequirePermit,
    text: &Text,
) -> Result<FormState, SecurityError> {
    security.reload_policy().await?;
    let policy = security.policy();
    let mut state = SETTINGS.iter().fold(FormState::new(), |state, name| {
        state.with(name, policy.value(name))
    });
    let sms = of_the_node(security.sms_gateway(permit).await)?;
    let mail = of_the_node(security.mail_gateway(permit).await)?;
    let or = |value: &str, default: String| {
        if value.is_empty() {
            default
        } else {
            value.to_owned()
        }
    };
    let port = if mail.port == 0 { 465 } else { mail.port };
    for (name, value) in [
        ("url", sms.url.clone()),
        (
            "content_type",
            or(&sms.content_type, "application/json".to_owned()),
        ),
        (
            "body",
            or(&sms.body, text.get("security-gateway-sms-default")),
        ),
        ("success", sms.success.clone()),
        ("host", mail.host.clone()),
        ("port", port.to_string()),
        ("security", mail.security.as_str().to_owned()),
        ("user", mail.user.clone()),
        ("from", mail.from.clone()),
        (
            "subject",
            or(&mail.subject, text.get("security-gateway-subject-default")),
        ),
        (
            "mail_body",
            or(&mail.body, text.get("security-gateway-mail-default")),
        ),
    ] {
        state = state.with(name, value);
    }
    Ok(state)
}

/// A gateway as one may see it: who does not hold the whole node sees none, and cannot set one.
fn of_the_node<T: Default>(gateway: Result<Option<T>, SecurityError>) -> Result<T, SecurityError> {
    match gateway {
        Ok(gateway) => Ok(gateway.unwrap_or_default()),
        Err(SecurityError::Denied(_)) => Ok(T::default()),
        Err(error) => Err(error),
    }
}

pub(super) async fn save(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let wanted: Vec<(String, String)> = SETTINGS
        .iter()
        .map(|name| ((*name).to_owned(), typed(&sent, name).trim().to_owned()))
        .map(|(name, value)| {
            // A box that is not ticked sends nothing.
            let is_box = matches!(
                name.as_str(),
                "signin_second_factor_cryptographic" | "signin_passkey_alone"
            );
            let value = if is_box && value.is_empty() {
                "0".to_owned()
            } else {
                value
            };
            (name, value)
        })
        .collect();
    match security.put_policy(&permit, &wanted).await {
        Ok(()) => go_to("/settings/signin?saved=1"),
        Err(SecurityError::Policy(faults)) => {
            let faults: Vec<(&str, &'static str)> = faults
                .iter()
                .map(|fault| (fault.name, fault.message))
                .collect();
            again(&security, &permit, &visit, shell, &sent, &faults).await
        }
        Err(error) => failed(shell, &error),
    }
}

/// The page with what was sent and every mistake in it.
async fn again(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    sent: &[(String, String)],
    faults: &[(&str, &'static str)],
) -> Response {
    let mut state = match held(security, permit, &shell.text).await {
        Ok(state) => state,
        Err(error) => return failed(shell, &error),
    };
    for (name, value) in sent {
        if !matches!(name.as_str(), "password" | "headers") {
            state = state.with(name, value.clone());
        }
    }
    for (name, message) in faults {
        state.fail(name, Fault::Key(message));
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(security, visit, shell, state, status)
}

pub(super) async fn save_sms(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let gateway = HttpGateway {
        url: typed(&sent, "url").trim().to_owned(),
        headers: typed(&sent, "headers"),
        content_type: typed(&sent, "content_type"),
        body: typed(&sent, "body"),
        success: typed(&sent, "success").trim().to_owned(),
    };
    let wanted = (!gateway.url.is_empty()).then_some(gateway);
    let saved = security.put_sms_gateway(&permit, wanted).await;
    saved_gateway(&security, &permit, &visit, shell, &sent, saved).await
}

pub(super) async fn save_mail(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let gateway = MailGateway {
        host: typed(&sent, "host").trim().to_owned(),
        port: typed(&sent, "port").trim().parse().unwrap_or_default(),
        security: MailSecurity::parse(&typed(&sent, "security")).unwrap_or_default(),
        user: typed(&sent, "user").trim().to_owned(),
        password: typed(&sent, "password"),
        from: typed(&sent, "from").trim().to_owned(),
        subject: typed(&sent, "subject").trim().to_owned(),
        body: typed(&sent, "mail_body"),
    };
    let wanted = (!gateway.host.is_empty()).then_some(gateway);
    let saved = security.put_mail_gateway(&permit, wanted).await;
    saved_gateway(&security, &permit, &visit, shell, &sent, saved).await
}

async fn saved_gateway(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    sent: &[(String, String)],
    saved: Result<(), SecurityError>,
) -> Response {
    match saved {
        Ok(()) => go_to("/settings/signin?saved=1"),
        Err(SecurityError::Gateway(faults)) => {
            let faults: Vec<(&str, &'static str)> = faults
                .iter()
                .map(|fault| (fault.field, fault.message))
                .collect();
            again(security, permit, visit, shell, sent, &faults).await
        }
        Err(error) => failed(shell, &error),
    }
}

fn key_of(name: &str) -> String {
    let short = name.strip_prefix("signin_").unwrap_or(name);
    format!("security-setting-{}", short.replace('_', "-"))
}

fn page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let names = SETTINGS.iter().chain(&SMS_FIELDS).chain(&MAIL_FIELDS);
    let labels: Vec<(&str, String)> = names.map(|name| (*name, text.get(&key_of(name)))).collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let form = |action: &str, fields: &[&'static str], save: &str| {
        html! {
            form method="post" action=(action) {
                (visit.csrf_field())
                @for name in fields { (field(security, &text, &state, name)) }
                div.actions { (button(&text.get(save), action == "/settings/signin")) }
            }
        }
    };
    let was_saved = shell.url.get("saved").is_some() && state.is_right();
    let body = html! {
        @if was_saved { (notice(Tone::Good, &text.get("security-policy-saved"), html! {})) }
        (error_summary(&text, &state, &labels))
        (form("/settings/signin", &SETTINGS, "security-policy-save"))
        (section(&text.get("security-gateway-sms"), html! {}, html! {
            p.hint { (text.get("security-gateway-sms-hint")) }
            (form("/settings/signin/sms", &SMS_FIELDS, "security-policy-save"))
        }))
        (section(&text.get("security-gateway-mail"), html! {}, html! {
            p.hint { (text.get("security-gateway-mail-hint")) }
            (form("/settings/signin/mail", &MAIL_FIELDS, "security-policy-save"))
        }))
    };
    shell
        .page(text.get("security-policy"))
        .crumbs(vec![Crumb::here(text.get("security-policy"))])
        .lead(text.get("security-policy-lead"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

fn choices(text: &Text, name: &str, words: &[&str]) -> Input {
    let choices = words
        .iter()
        .map(|word| Choice::new(*word, text.get(&format!("{}-{word}", key_of(name)))));
    Input::Select {
        choices: choices.collect(),
        empty: None,
    }
}

fn field(security: &Security, text: &Text, state: &FormState, name: &'static str) -> Markup {
    let key = key_of(name);
    let plain = Field::new(name, text.get(&key))
        .hint(text.get(&format!("{key}-hint")))
        .autocomplete("off");
    let input = match name {
        "signin_second_factor_cryptographic" | "signin_passkey_alone" => Input::Box,
        "signin_first_change" => choices(
            text,
            name,
            &[FirstChange::Off, FirstChange::Generated, FirstChange::All].map(FirstChange::as_str),
        ),
        "content_type" => Input::Select {
            choices: ["application/json", "application/x-www-form-urlencoded"]
                .map(|kind| Choice::new(kind, kind))
                .to_vec(),
            empty: None,
        },
        "security" => choices(
            text,
            name,
            &[
                MailSecurity::Tls,
                MailSecurity::Starttls,
                MailSecurity::None,
            ]
            .map(MailSecurity::as_str),
        ),
        "password" => Input::Password,
        "headers" => Input::Area { rows: 2 },
        "body" | "mail_body" => Input::Area { rows: 3 },
        "port"
        | "signin_second_factor_days"
        | "signin_password_shortest"
        | "signin_password_kinds"
        | "signin_password_past"
        | "signin_password_days" => Input::Number,
        _ => Input::Text,
    };
    let field = if name == "signin_second_factor_posts" {
        let names: Vec<&str> = security
            .posts()
            .iter()
            .map(|post| post.name.as_str())
            .collect();
        plain.hint(text.with(&format!("{key}-hint"), &[("posts", &names.join(" "))]))
    } else {
        plain
    };
    field.input(input).render(text, state)
}
