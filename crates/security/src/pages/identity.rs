//! Sign-in through identity services: `GET /signin/with/{provider}` sends the browser there, `…/back` takes
//! it in again, `…/leave` signs out there; `/account/identities` links one's account.
//!
//! The way there is a link, not a form: the content security policy lets forms lead to this program only.

use axum::extract::{Path, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Crumb, Fault, Field, FormState, Icon, Input, Language, Shell, Text, Tone, button,
    link_button, notice, post_button, section,
};

use super::second::follow;
use super::signin::form;
use super::{Sent, failed, go_to, set_cookie, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::identity::{Came, IdentityError, Provider, Returned, Traveller};
use crate::rules::web::{is_led_here, safe_next};
use crate::signin::Answer;
use crate::web::{CSRF_FIELD, VISITOR_COOKIE, Visit};

/// Where somebody goes who came back from a service: on, or to the second step.
async fn arrived(security: &Security, visit: &Visit, answer: &Answer, next: &str) -> Response {
    follow(security, visit, answer, &safe_next(Some(next)))
        .await
        .unwrap_or_else(|| go_to("/signin"))
}

fn title(text: &Text, provider: &Provider) -> String {
    let lang = match text.language() {
        Language::Chinese => standard::Lang::Zh,
        Language::English => standard::Lang::En,
    };
    provider.title.get(lang).to_owned()
}

fn named(text: &Text, security: &Security, name: &str) -> String {
    let found = security
        .identity_providers()
        .find(|provider| provider.name == name);
    found.map_or_else(|| name.to_owned(), |provider| title(text, provider))
}

/// The part of the sign-in page for identity services; nothing where there are none.
pub(super) fn ways(security: &Security, shell: &Shell, next: &str) -> Markup {
    let text = &shell.text;
    let providers: Vec<&Provider> = security.identity_providers().collect();
    let left = shell.url.get("left").and_then(|name| {
        let provider = providers.iter().find(|provider| provider.name == name)?;
        provider.sign_out.then_some(*provider)
    });
    html! {
        @if let Some(provider) = left {
            (notice(Tone::Plain, &text.get("security-identity-left"), html! {
                p { a href=(format!("/signin/with/{}/leave", provider.name)) {
                    (text.with("security-identity-leave", &[("service", &title(text, provider))])) } }
            }))
        }
        @if !providers.is_empty() {
            (section(&text.get("security-identity-ways"), html! {}, html! {
                @for provider in &providers {
                    @let to = ui::Url::parse(&format!("/signin/with/{}", provider.name)).with("next", next);
                    @let words = text.with("security-identity-with", &[("service", &title(text, provider))]);
                    p { (link_button(&words, &to.to_string(), None::<Icon>, false))
                        @if provider.scan { " " span.hint { (text.get("security-identity-scan")) } } }
                }
            }))
        }
    }
}

/// The sign-in page again, with what went wrong: the sign-in by name is always there.
async fn refused(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    provider: &str,
    error: &IdentityError,
) -> Response {
    if let IdentityError::Security(error) = error {
        return failed(shell, error);
    }
    if matches!(error, IdentityError::NoProvider) {
        return StatusCode::NOT_FOUND.into_response();
    }
    tracing::info!(provider, %error, "sign-in through an identity service did not come about");
    let mut state = FormState::new();
    let service = named(&shell.text, security, provider);
    state.fail("", Fault::KeyWith(error.key(), vec![("service", service)]));
    // Whoever signs in by name now can link the account at once.
    let next = if matches!(error, IdentityError::NotLinked) {
        "/account/identities"
    } else {
        "/"
    };
    form(security, visit, shell, next, state, error.status()).await
}

pub(super) async fn set_out(
    State(security): State<Security>,
    Path(provider): Path<String>,
    visit: Visit,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    let next = safe_next(shell.url.get("next"));
    let is_known = security
        .identity_providers()
        .any(|known| known.name == provider);
    if visit.signed().is_some() && is_known {
        return go_to(&next);
    }
    // Whoever has a session at the service would be signed in here by following a link of another site: the page
    // asks first.
    let fetch_site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    if is_led_here(fetch_site) && is_known {
        let page = ui::Url::parse("/signin").with("next", &next);
        return go_to(&page.to_string());
    }
    match security.set_out(&provider, &next, visit.csrf(), None).await {
        Ok(address) => {
            let mut response = go_to(&address);
            if let Some(visitor) = visit.fresh_visitor() {
                let https = security.config().https;
                set_cookie(response.headers_mut(), VISITOR_COOKIE, visitor, None, https);
            }
            response
        }
        Err(error) => refused(&security, &visit, shell, &provider, &error).await,
    }
}

pub(super) async fn come_back(
    State(security): State<Security>,
    Path(provider): Path<String>,
    visit: Visit,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    let said = |name: &str| shell.url.get(name).map(str::to_owned);
    let returned = Returned {
        state: said("state").unwrap_or_default(),
        code: said("code"),
        error: said("error"),
        issuer: said("iss"),
    };
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let who = Traveller {
        browser: visit.csrf(),
        signed: visit.signed().map(AsRef::as_ref),
        address: visit.ip(),
        agent: agent.unwrap_or_default(),
    };
    match security.come_back(&provider, returned, who).await {
        Ok(Came::In {
            token,
            language,
            next,
        }) => {
            let answer = Answer::In { token, language };
            arrived(&security, &visit, &answer, &next).await
        }
        Ok(Came::Second { token, next }) => {
            arrived(&security, &visit, &Answer::Second { token }, &next).await
        }
        Ok(Came::Linked) => go_to("/account/identities?done=linked"),
        Err(error) if visit.signed().is_some() && error.status() != StatusCode::NOT_FOUND => {
            let mut state = FormState::new();
            let service = named(&shell.text, &security, &provider);
            state.fail("", Fault::KeyWith(error.key(), vec![("service", service)]));
            page(&security, &visit, shell, state, error.status(), None).await
        }
        Err(error) => refused(&security, &visit, shell, &provider, &error).await,
    }
}

pub(super) async fn leave(
    State(security): State<Security>,
    Path(provider): Path<String>,
    visit: Visit,
    shell: Shell,
) -> Response {
    match security.way_out(&provider).await {
        Ok(Some(address)) => go_to(&address),
        Ok(None) => go_to("/signin"),
        Err(error) => refused(&security, &visit, shell, &provider, &error).await,
    }
}

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    let state = FormState::new();
    page(&security, &visit, shell, state, StatusCode::OK, None).await
}

pub(super) async fn link(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let provider = typed(&sent, "provider");
    let mut state = FormState::new();
    let password = typed(&sent, "present");
    if password.is_empty() {
        state.fail("present", Fault::REQUIRED);
    } else {
        match security
            .confirm_own_password(signed, password, visit.ip())
            .await
        {
            Ok(()) => {}
            Err(SecurityError::WrongPassword) => {
                state.fail("present", Fault::Key("security-password-wrong"));
            }
            Err(error) => return failed(shell, &error),
        }
    }
    if !state.is_right() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return page(&security, &visit, shell, state, status, None).await;
    }
    let account = Some(signed.account.id);
    match security
        .set_out(&provider, "/account/identities", visit.csrf(), account)
        .await
    {
        Ok(address) => {
            let words = named(&shell.text, &security, &provider);
            let way = Some((words, address));
            page(&security, &visit, shell, state, StatusCode::OK, way).await
        }
        Err(IdentityError::NoProvider) => StatusCode::NOT_FOUND.into_response(),
        Err(IdentityError::Security(error)) => failed(shell, &error),
        Err(error) => {
            let service = named(&shell.text, &security, &provider);
            state.fail("", Fault::KeyWith(error.key(), vec![("service", service)]));
            page(&security, &visit, shell, state, error.status(), None).await
        }
    }
}

pub(super) async fn unlink(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let provider = typed(&sent, "provider");
    match security
        .end_own_identity(signed, &provider, &visit.address())
        .await
    {
        Ok(()) => go_to("/account/identities?done=unlinked"),
        Err(error) => failed(shell, &error),
    }
}

/// One's links with services. `way` is where to go to finish one.
async fn page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
    way: Option<(String, String)>,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let links = match security.own_identities(signed).await {
        Ok(links) => links,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let done = match shell.url.get("done") {
        Some("linked") => Some("security-identity-linked"),
        Some("unlinked") => Some("security-identity-unlinked"),
        _ => None,
    };
    let present = text.get("security-password-present");
    let body = html! {
        @if let Some(done) = done { (notice(Tone::Good, &text.get(done), html! {})) }
        (ui::error_summary(&text, &state, &[("present", present.as_str())]))
        @if let Some((service, address)) = &way {
            (notice(Tone::Plain, &text.get("security-identity-go-on"), html! {
                p { (link_button(&text.with("security-identity-with", &[("service", service)]), address, None, true)) }
            }))
        }
        @for provider in security.identity_providers() {
            @let link = links.iter().find(|link| link.provider == provider.name);
            (section(&title(&text, provider), html! {}, html! {
                @if provider.scan { p.hint { (text.get("security-identity-scan")) } }
                @if let Some(link) = link {
                    p { (text.with("security-identity-since", &[("time", &link.linked.to_string())])) }
                    (post_button(&text.get("security-identity-unlink"), "/account/identities/end",
                        &[(CSRF_FIELD, visit.csrf()), ("provider", &provider.name)], Tone::Plain, None))
                } @else {
                    form method="post" action="/account/identities" {
                        (visit.csrf_field())
                        input type="hidden" name="provider" value=(provider.name);
                        (Field::new("present", &present).input(Input::Password).required()
                            .autocomplete("current-password").render(&text, &state))
                        div.actions { (button(&text.get("security-identity-link"), false)) }
                    }
                }
            }))
        }
        @if security.identity_providers().next().is_none() { p { (text.get("security-identity-none")) } }
    };
    shell
        .page(text.get("security-identities"))
        .crumbs(vec![
            Crumb::link(text.get("security-account"), "/account"),
            Crumb::here(text.get("security-identities")),
        ])
        .lead(text.get("security-identities-lead"))
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}
