//! The second step of signing in: `GET /signin/second`, `POST /signin/second`, `POST /signin/second/send`, and
//! `POST /signin/passkey`, which needs no first one.

use axum::Extension;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Fault, Field, FormState, Island, Shell, Text, Tone, button, error_summary, notice,
    post_button, section,
};

use super::{Sent, clear_second, failed, go_to, set_cookie, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::factors::{FactorId, FactorKind, Offered, Proof};
use crate::rules::web::safe_next;
use crate::signin::Answer;
use crate::web::{
    CSRF_FIELD, ClientCertificate, SECOND_COOKIE, SESSION_COOKIE, VISITOR_COOKIE, Visit,
    cookie_name,
};

/// Seconds that the browser keeps the cookie of the second step; the program counts for itself.
const SECONDS: i64 = 300;

/// What a first or second step leads to; `None` where the page is shown again. The session that the browser had
/// until now ends: its cookie is replaced, and nobody else should have it.
pub(super) async fn follow(
    security: &Security,
    visit: &Visit,
    answer: &Answer,
    next: &str,
) -> Option<Response> {
    let https = security.config().https;
    match answer {
        Answer::In { token, language } => {
            if let Some(former) = visit.signed()
                && let Err(error) = security.sign_out(former, &visit.address()).await
            {
                tracing::error!(code = error.code(), %error, "the session before a sign-in was not ended");
            }
            let mut response = go_to(next);
            let headers = response.headers_mut();
            set_cookie(headers, SESSION_COOKIE, token, None, https);
            set_cookie(headers, VISITOR_COOKIE, "", Some(0), https);
            clear_second(headers, https);
            if let Some(language) = language {
                set_cookie(headers, "lang", language, Some(31_536_000), https);
            }
            Some(response)
        }
        Answer::Second { token } => {
            let address = ui::Url::parse("/signin/second").with("next", next);
            let mut response = go_to(&address.to_string());
            set_cookie(
                response.headers_mut(),
                SECOND_COOKIE,
                token,
                Some(SECONDS),
                https,
            );
            Some(response)
        }
        Answer::Gone => {
            let address = ui::Url::parse("/signin")
                .with("next", next)
                .with("late", "1");
            let mut response = go_to(&address.to_string());
            clear_second(response.headers_mut(), https);
            Some(response)
        }
        Answer::Wrong | Answer::Locked { .. } => None,
    }
}

/// What is said where it leads nowhere, and with which status.
pub(super) fn say(state: &mut FormState, answer: &Answer, wrong: &'static str) -> StatusCode {
    if let Answer::Locked { minutes } = answer {
        let minutes = vec![("minutes", minutes.to_string())];
        state.fail("", Fault::KeyWith("security-signin-locked", minutes));
        StatusCode::TOO_MANY_REQUESTS
    } else {
        state.fail("", Fault::Key(wrong));
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

pub(super) fn agent_of(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

fn token_of(security: &Security, headers: &HeaderMap) -> String {
    let name = cookie_name(SECOND_COOKIE, security.config().https);
    ui::cookie(headers, &name).unwrap_or_default().to_owned()
}

/// The element that asks the browser for a passkey. Without a script it is not there: a code does the same.
pub(super) fn passkey_element(
    text: &Text,
    visit: &Visit,
    (mode, action, options): (&str, &str, &str),
    more: Markup,
) -> Markup {
    let label = text.get(if mode == "create" {
        "security-passkey-make"
    } else {
        "security-passkey-use"
    });
    html! {
        weihe-passkey data-mode=(mode) data-options=(options) data-failed=(text.get("security-passkey-failed"))
            data-none=(text.get("security-passkey-none")) data-script="" {
            form method="post" action=(action) {
                (visit.csrf_field())
                input type="hidden" name="method" value="passkey";
                input type="hidden" name="credential" value="";
                (more)
                div.actions { (button(&label, false)) }
                p.hint role="status" {}
            }
        }
        p.hint data-no-script="" { (text.get("security-passkey-script")) }
    }
}

pub(super) async fn show(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    shown: Option<Extension<ClientCertificate>>,
    headers: HeaderMap,
) -> Response {
    let next = safe_next(shell.url.get("next"));
    if visit.signed().is_some() {
        return go_to(&next);
    }
    let page = Page {
        security: &security,
        visit: &visit,
        token: token_of(&security, &headers),
        shown: shown.map(|shown| shown.0),
        next,
        sent: shell.url.get("sent").and_then(|sent| sent.parse().ok()),
    };
    page.show(shell, FormState::new(), StatusCode::OK).await
}

pub(super) async fn send(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    shown: Option<Extension<ClientCertificate>>,
    headers: HeaderMap,
    axum::Form(sent): Sent,
) -> Response {
    let next = safe_next(Some(&typed(&sent, "next")));
    let token = token_of(&security, &headers);
    let shown = shown.map(|shown| shown.0);
    let factor = typed(&sent, "factor").parse().ok();
    let proof = match (typed(&sent, "method").as_str(), factor, &shown) {
        ("totp", ..) => Some(Proof::Totp(typed(&sent, "totp"))),
        ("recovery", ..) => Some(Proof::Recovery(typed(&sent, "recovery"))),
        ("sent", Some(factor), _) => Some(Proof::Sent(FactorId(factor), typed(&sent, "code"))),
        ("passkey", ..) => {
            let browser = visit.csrf().to_owned();
            Some(Proof::Passkey(typed(&sent, "credential"), browser))
        }
        ("certificate", _, Some(shown)) => Some(Proof::Certificate(shown.clone())),
        _ => None,
    };
    let mut state = FormState::new();
    let answer = match proof {
        None => Answer::Wrong,
        Some(proof) => {
            let agent = agent_of(&headers);
            match security
                .second_step(&token, proof, visit.ip(), &agent)
                .await
            {
                Ok(answer) => answer,
                Err(error) => return failed(shell, &error),
            }
        }
    };
    if let Some(response) = follow(&security, &visit, &answer, &next).await {
        return response;
    }
    let status = say(&mut state, &answer, "security-second-wrong");
    let page = Page {
        security: &security,
        visit: &visit,
        token,
        shown,
        next,
        sent: factor,
    };
    page.show(shell, state, status).await
}

pub(super) async fn send_code(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    shown: Option<Extension<ClientCertificate>>,
    headers: HeaderMap,
    axum::Form(sent): Sent,
) -> Response {
    let next = safe_next(Some(&typed(&sent, "next")));
    let token = token_of(&security, &headers);
    let factor = typed(&sent, "factor").parse().unwrap_or_default();
    let mut state = FormState::new();
    match security
        .send_second(&token, FactorId(factor), visit.ip())
        .await
    {
        Ok(true) => {
            let address = ui::Url::parse("/signin/second")
                .with("next", &next)
                .with("sent", factor);
            return go_to(&address.to_string());
        }
        Ok(false) => {
            return follow(&security, &visit, &Answer::Gone, &next)
                .await
                .unwrap_or_else(|| go_to("/signin"));
        }
        Err(SecurityError::Factor(fault)) => state.fail("", Fault::Key(fault.code())),
        Err(error) => return failed(shell, &error),
    }
    let page = Page {
        security: &security,
        visit: &visit,
        token,
        shown: shown.map(|shown| shown.0),
        next,
        sent: None,
    };
    page.show(shell, state, StatusCode::UNPROCESSABLE_ENTITY)
        .await
}

pub(super) async fn by_passkey(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    headers: HeaderMap,
    axum::Form(sent): Sent,
) -> Response {
    let next = safe_next(Some(&typed(&sent, "next")));
    let agent = agent_of(&headers);
    let json = typed(&sent, "credential");
    let answer = security
        .sign_in_by_passkey(&json, visit.csrf(), visit.ip(), &agent)
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return failed(shell, &error),
    };
    if let Some(response) = follow(&security, &visit, &answer, &next).await {
        return response;
    }
    let mut state = FormState::new();
    let status = say(&mut state, &answer, "security-passkey-wrong");
    super::signin::form(&security, &visit, shell, &next, state, status).await
}

struct Page<'a> {
    security: &'a Security,
    visit: &'a Visit,
    token: String,
    shown: Option<ClientCertificate>,
    next: String,
    /// The factor that a code was sent to.
    sent: Option<i64>,
}

impl Page<'_> {
    async fn show(self, shell: Shell, state: FormState, status: StatusCode) -> Response {
        let offered = self
            .security
            .offered(&self.token, self.visit.csrf(), self.shown.as_ref())
            .await;
        let offered = match offered {
            Ok(Some(offered)) => offered,
            Ok(None) => {
                // Nobody is on the way: from the beginning, on this very page.
                let mut state = FormState::new();
                state.fail("", Fault::Key("security-second-late"));
                let (security, visit) = (self.security, self.visit);
                let mut response =
                    super::signin::form(security, visit, shell, &self.next, state, status).await;
                clear_second(response.headers_mut(), security.config().https);
                return response;
            }
            Err(error) => return failed(shell, &error),
        };
        let text = shell.text.clone();
        let body = self.body(&text, &state, &offered);
        let mut page = shell
            .page(text.get("security-second"))
            .narrow()
            .lead(text.get("security-second-lead"))
            .cache(Cache::Never)
            .status(status)
            .body(body);
        if offered.passkey.is_some() {
            page = page.island(Island::Passkey);
        }
        page.into_response()
    }

    fn body(&self, text: &Text, state: &FormState, offered: &Offered) -> Markup {
        let labels = ["totp", "code", "recovery"]
            .map(|name| (name, text.get(&format!("security-second-{name}"))));
        let labels: Vec<(&str, &str)> = labels
            .iter()
            .map(|(name, label)| (*name, label.as_str()))
            .collect();
        html! {
            (error_summary(text, state, &labels))
            @if let Some(options) = &offered.passkey {
                (section(&text.get("security-kind-passkey"), html! {},
                    passkey_element(text, self.visit, ("get", "/signin/second", options), self.next_field())))
            }
            @if offered.totp {
                (section(&text.get("security-kind-totp"), html! {}, self.code_form(text, state, "totp", "totp", None)))
            }
            @for (id, kind, address) in &offered.sent { (self.sent(text, state, *id, *kind, address)) }
            @if offered.has_certificate { (self.certificate(text, offered.certificate)) }
            @if offered.recovery {
                (section(&text.get("security-recovery"), html! {}, html! {
                    p.hint { (text.get("security-second-recovery-hint")) }
                    (self.code_form(text, state, "recovery", "recovery", None))
                }))
            }
            p.hint { (text.get("security-second-lost")) " " a href="/signin" { (text.get("security-second-again")) } }
        }
    }

    fn next_field(&self) -> Markup {
        html! { input type="hidden" name="next" value=(self.next); }
    }

    fn code_form(
        &self,
        text: &Text,
        state: &FormState,
        method: &str,
        name: &'static str,
        factor: Option<FactorId>,
    ) -> Markup {
        let label = text.get(&format!("security-second-{name}"));
        let kind = if name == "recovery" {
            "off"
        } else {
            "one-time-code"
        };
        html! {
            form method="post" action="/signin/second" {
                (self.visit.csrf_field())
                input type="hidden" name="method" value=(method);
                (self.next_field())
                @if let Some(factor) = factor { input type="hidden" name="factor" value=(factor.0); }
                (Field::new(name, label).required().autocomplete(kind).max_length(20).render(text, state))
                div.actions { (button(&text.get("security-second-send"), name != "recovery")) }
            }
        }
    }

    fn sent(
        &self,
        text: &Text,
        state: &FormState,
        id: FactorId,
        kind: FactorKind,
        address: &str,
    ) -> Markup {
        let title = text.get(&format!("security-kind-{}", kind.as_str()));
        let id_text = id.0.to_string();
        let ask = post_button(
            &text.with("security-second-ask", &[("address", address)]),
            "/signin/second/send",
            &[
                (CSRF_FIELD, self.visit.csrf()),
                ("factor", &id_text),
                ("next", &self.next),
            ],
            Tone::Plain,
            None,
        );
        section(
            &title,
            html! {},
            html! {
                @if self.sent == Some(id.0) {
                    (notice(Tone::Good, &text.with("security-second-sent", &[("address", address)]), html! {}))
                    (self.code_form(text, state, "sent", "code", Some(id)))
                }
                (ask)
            },
        )
    }

    fn certificate(&self, text: &Text, shown: bool) -> Markup {
        section(
            &text.get("security-kind-certificate"),
            html! {},
            html! {
                @if shown {
                    (post_button(&text.get("security-second-certificate"), "/signin/second",
                        &[(CSRF_FIELD, self.visit.csrf()), ("method", "certificate"), ("next", &self.next)],
                        Tone::Plain, None))
                } @else {
                    p.hint { (text.get("security-second-no-certificate")) }
                }
            },
        )
    }
}
