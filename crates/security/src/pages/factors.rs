//! `/account/factors`: one's own second factors, and the password that is asked for before they are changed
//! (`/account/confirm`).

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ui::{
    Cache, Choice, Crumb, Fault, Field, FormState, Input, Island, Shell, Text, Tone, badge, button,
    code, error_summary, link_button, notice, post_button, print_button, section,
};

use super::second::passkey_element;
use super::{Sent, failed, go_to, set_cookie, typed};
use crate::api::Security;
use crate::error::SecurityError;
use crate::factors::{Factor, FactorFault, FactorId, FactorKind, Own, RecoveryCodes, TotpMaking};
use crate::rules::web::safe_next;
use crate::signin::Signed;
use crate::web::{CSRF_FIELD, ClientCertificate, SESSION_COOKIE, Visit};

const HERE: &str = "/account/factors";
const CONFIRM: &str = "/account/confirm?next=/account/factors";

fn crumbs(text: &Text, here: &str) -> Vec<Crumb> {
    vec![
        Crumb::link(text.get("security-account"), "/account"),
        Crumb::here(text.get(here)),
    ]
}

pub(super) async fn show(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    shown: Option<Extension<ClientCertificate>>,
) -> Response {
    let has_certificate = shown.is_some();
    list(
        &security,
        &visit,
        shell,
        has_certificate,
        FormState::new(),
        StatusCode::OK,
    )
    .await
}

/// What a change led to: the page again, the codes that are shown once, or why not.
async fn after(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    changed: Result<Option<RecoveryCodes>, SecurityError>,
) -> Response {
    match changed {
        Ok(None) => go_to("/account/factors?done=1"),
        Ok(Some(codes)) => codes_page(visit, shell, &codes),
        Err(error) => refused(security, visit, shell, error).await,
    }
}

async fn refused(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    error: SecurityError,
) -> Response {
    match error {
        SecurityError::Factor(FactorFault::NotConfirmed) => go_to(CONFIRM),
        SecurityError::Factor(_) | SecurityError::Ceremony(_) => {
            if let SecurityError::Ceremony(fault) = &error {
                tracing::info!(%fault, "a new passkey was refused");
            }
            let mut state = FormState::new();
            state.fail("", Fault::Key(error.code()));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            list(security, visit, shell, false, state, status).await
        }
        error => failed(shell, &error),
    }
}

async fn list(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    has_certificate: bool,
    state: FormState,
    status: StatusCode,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let own = match security.own_factors(signed).await {
        Ok(own) => own,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let view = List {
        text: &text,
        visit,
        own: &own,
        confirmed: security.is_confirmed(signed),
        has_site: security.policy().site.is_some(),
        has_certificate,
    };
    let was_done = shell.url.get("done").is_some() && state.is_right();
    let body = view.body(&state, was_done);
    shell
        .page(text.get("security-factors"))
        .crumbs(crumbs(&text, "security-factors"))
        .lead(text.get("security-factors-lead"))
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

struct List<'a> {
    text: &'a Text,
    visit: &'a Visit,
    own: &'a Own,
    confirmed: bool,
    has_site: bool,
    has_certificate: bool,
}

impl List<'_> {
    fn body(&self, state: &FormState, was_done: bool) -> Markup {
        let text = self.text;
        html! {
            @if was_done { (notice(Tone::Good, &text.get("security-factors-done"), html! {})) }
            @if let Some(due) = self.own.due {
                (notice(Tone::Explain, &text.with("security-factors-due", &[("day", &due.day().to_string())]),
                    html! { p { (text.get("security-factors-due-what")) } }))
            }
            (error_summary(text, state, &[]))
            @if self.own.factors.is_empty() { p { (text.get("security-factors-none")) } }
            @else { ul.plain-list { @for factor in &self.own.factors { li { (self.line(factor)) } } } }
            @if self.confirmed { (self.adding(state)) }
            @else {
                p { (text.get("security-factors-confirm")) }
                div.actions { (link_button(&text.get("security-confirm"), CONFIRM, None, true)) }
            }
            (section(&text.get("security-recovery"), html! {}, self.recovery()))
        }
    }

    fn kind(&self, kind: FactorKind) -> String {
        self.text.get(&format!("security-kind-{}", kind.as_str()))
    }

    fn line(&self, factor: &Factor) -> Markup {
        let text = self.text;
        let detail = self.own.details.iter().find(|(id, _)| *id == factor.id);
        let used = factor.used.map_or_else(
            || text.get("security-factor-unused"),
            |used| text.with("security-factor-used", &[("time", &used.to_string())]),
        );
        html! {
            strong { (self.kind(factor.kind)) }
            @if !factor.label.is_empty() { " " (factor.label) }
            @if let Some((_, detail)) = detail { " " (code(detail)) }
            @if let Some(expires) = factor.expires {
                " " (badge(Tone::Plain, &text.with("security-factor-until", &[("day", &expires.day().to_string())])))
            }
            " " span.hint { (used) } " "
            @if self.confirmed {
                (post_button(&text.get("security-factor-remove"), "/account/factors/remove",
                    &[(CSRF_FIELD, self.visit.csrf()), ("factor", &factor.id.0.to_string())], Tone::Plain,
                    Some(&text.get("security-factor-remove-sure"))))
            }
        }
    }

    fn adding(&self, state: &FormState) -> Markup {
        let text = self.text;
        let kinds: Vec<Choice> = self
            .own
            .can_send
            .iter()
            .map(|kind| Choice::new(kind.as_str(), self.kind(*kind)))
            .collect();
        let name = |id: &'static str| {
            Field::new(id, text.get("security-factor-label"))
                .max_length(40)
                .optional()
                .autocomplete("off")
                .render(text, state)
        };
        html! {
            (section(&text.get("security-add-totp"), html! {}, html! {
                p.hint { (text.get("security-add-totp-hint")) }
                form method="post" action="/account/factors/totp" {
                    (self.visit.csrf_field())
                    (name("totp_label"))
                    div.actions { (button(&text.get("security-add-totp"), true)) }
                }
            }))
            (section(&text.get("security-add-passkey"), html! {}, html! {
                @if self.has_site {
                    p.hint { (text.get("security-add-passkey-hint")) }
                    div.actions { (link_button(&text.get("security-add-passkey"), "/account/factors/passkey", None, false)) }
                } @else { p.hint { (text.get("security-add-passkey-site")) } }
            }))
            (section(&text.get("security-add-certificate"), html! {}, html! {
                @if self.has_certificate {
                    form method="post" action="/account/factors/certificate" {
                        (self.visit.csrf_field())
                        (name("certificate_label"))
                        div.actions { (button(&text.get("security-add-certificate"), false)) }
                    }
                } @else { p.hint { (text.get("security-second-no-certificate")) } }
            }))
            @if !kinds.is_empty() {
                (section(&text.get("security-add-address"), html! {}, html! {
                    p.hint { (text.get("security-add-address-hint")) }
                    form method="post" action="/account/factors/address" {
                        (self.visit.csrf_field())
                        (Field::new("kind", text.get("security-add-address-kind")).input(Input::Radios(kinds)).required().render(text, state))
                        (Field::new("address", text.get("security-add-address-to")).required().max_length(254).autocomplete("off").render(text, state))
                        div.actions { (button(&text.get("security-add-address-send"), false)) }
                    }
                }))
            }
        }
    }

    fn recovery(&self) -> Markup {
        let text = self.text;
        let left = self.own.recovery_left.to_string();
        html! {
            p { (text.with("security-recovery-left", &[("left", &left)])) }
            @if self.confirmed && !self.own.factors.is_empty() {
                (post_button(&text.get("security-recovery-new"), "/account/factors/recovery",
                    &[(CSRF_FIELD, self.visit.csrf())], Tone::Plain, Some(&text.get("security-recovery-sure"))))
            }
        }
    }
}

fn codes_page(visit: &Visit, shell: Shell, codes: &RecoveryCodes) -> Response {
    let text = shell.text.clone();
    let account = visit.signed().map(|signed| &signed.account);
    let login = account
        .map(|account| account.login.as_str())
        .unwrap_or_default();
    let body = html! {
        (notice(Tone::Explain, &text.get("security-recovery-once"), html! { p { (text.get("security-recovery-keep")) } }))
        p { (text.with("security-recovery-of", &[("login", login)])) }
        ul.plain-list { @for one in codes.reveal() { li { (code(one)) } } }
        div.actions {
            (print_button(&text))
            (link_button(&text.get("security-recovery-kept"), HERE, None, true))
        }
    };
    shell
        .page(text.get("security-recovery"))
        .crumbs(crumbs(&text, "security-recovery"))
        .narrow()
        .cache(Cache::Never)
        .body(body)
        .into_response()
}

// Authenticators

pub(super) async fn begin_totp(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    match security
        .begin_totp(signed, &typed(&sent, "totp_label"))
        .await
    {
        Ok(()) => go_to("/account/factors/totp"),
        Err(error) => refused(&security, &visit, shell, error).await,
    }
}

pub(super) async fn show_totp(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    totp_page(&security, &visit, shell, FormState::new(), StatusCode::OK).await
}

async fn totp_page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let text = shell.text.clone();
    let issuer = text.get("security-issuer");
    let making = security
        .totp_in_making(signed, &issuer, &text.get("security-totp-picture"))
        .await;
    let TotpMaking { picture, spelled } = match making {
        Ok(Some(making)) => making,
        Ok(None) => return go_to(HERE),
        Err(error) => return refused(security, visit, shell, error).await,
    };
    let label = text.get("security-second-totp");
    let body = html! {
        (error_summary(&text, &state, &[("totp", &label)]))
        ol {
            li { (text.get("security-totp-scan")) }
            li { (text.get("security-totp-type")) " " (code(&spelled)) }
            li { (text.get("security-totp-enter")) }
        }
        p { (picture) }
        form method="post" action="/account/factors/totp/check" {
            (visit.csrf_field())
            (Field::new("totp", &label).required().autocomplete("one-time-code").max_length(20).render(&text, &state))
            div.actions { (button(&text.get("security-factor-add"), true)) }
        }
    };
    shell
        .page(text.get("security-add-totp"))
        .crumbs(crumbs(&text, "security-add-totp"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

pub(super) async fn check_totp(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    match security
        .prove_totp(signed, &typed(&sent, "totp"), visit.ip())
        .await
    {
        Err(SecurityError::Factor(FactorFault::WrongCode)) => {
            let mut state = FormState::new();
            state.fail("totp", Fault::Key(FactorFault::WrongCode.code()));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            totp_page(&security, &visit, shell, state, status).await
        }
        changed => after(&security, &visit, shell, changed).await,
    }
}

// Passkeys and certificates

pub(super) async fn show_passkey(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let options = match security.new_passkey_options(signed, visit.csrf()).await {
        Ok(Some(options)) => options,
        Ok(None) => return go_to(HERE),
        Err(error) => return refused(&security, &visit, shell, error).await,
    };
    let text = shell.text.clone();
    let label = Field::new("label", text.get("security-factor-label"))
        .max_length(40)
        .optional()
        .autocomplete("off")
        .render(&text, &FormState::new());
    let element = passkey_element(
        &text,
        &visit,
        ("create", "/account/factors/passkey", &options),
        label,
    );
    shell
        .page(text.get("security-add-passkey"))
        .crumbs(crumbs(&text, "security-add-passkey"))
        .lead(text.get("security-add-passkey-hint"))
        .narrow()
        .cache(Cache::Never)
        .island(Island::Passkey)
        .body(element)
        .into_response()
}

pub(super) async fn add_passkey(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let (json, label) = (typed(&sent, "credential"), typed(&sent, "label"));
    let changed = security
        .add_passkey(signed, &json, &label, visit.csrf(), visit.ip())
        .await;
    after(&security, &visit, shell, changed).await
}

pub(super) async fn add_certificate(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    shown: Option<Extension<ClientCertificate>>,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let label = typed(&sent, "certificate_label");
    let shown = shown.as_ref().map(|shown| &shown.0);
    let changed = security
        .add_certificate(signed, shown, &label, visit.ip())
        .await;
    after(&security, &visit, shell, changed).await
}

// Addresses

fn sent_kind(word: &str) -> Option<FactorKind> {
    FactorKind::parse(word).filter(|kind| kind.is_sent())
}

pub(super) async fn begin_address(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Some(kind)) = (visit.signed(), sent_kind(&typed(&sent, "kind"))) else {
        return go_to(HERE);
    };
    let begun = security
        .begin_address(signed, kind, &typed(&sent, "address"), visit.ip())
        .await;
    match begun {
        Ok(()) => go_to(&format!("/account/factors/address?kind={}", kind.as_str())),
        Err(error) => refused(&security, &visit, shell, error).await,
    }
}

pub(super) async fn show_address(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    let Some(kind) = shell.url.get("kind").and_then(sent_kind) else {
        return go_to(HERE);
    };
    address_page(
        &security,
        &visit,
        shell,
        kind,
        FormState::new(),
        StatusCode::OK,
    )
    .await
}

async fn address_page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    kind: FactorKind,
    state: FormState,
    status: StatusCode,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let address = match security.address_in_making(signed, kind).await {
        Ok(Some(address)) => address,
        Ok(None) => return go_to(HERE),
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let label = text.get("security-second-code");
    let body = html! {
        (error_summary(&text, &state, &[("code", &label)]))
        p { (text.with("security-second-sent", &[("address", &address)])) }
        form method="post" action="/account/factors/address/check" {
            (visit.csrf_field())
            input type="hidden" name="kind" value=(kind.as_str());
            (Field::new("code", &label).required().autocomplete("one-time-code").max_length(20).render(&text, &state))
            div.actions { (button(&text.get("security-factor-add"), true)) }
        }
    };
    shell
        .page(text.get("security-add-address"))
        .crumbs(crumbs(&text, "security-add-address"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

pub(super) async fn check_address(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Some(kind)) = (visit.signed(), sent_kind(&typed(&sent, "kind"))) else {
        return go_to(HERE);
    };
    let changed = security
        .prove_address(signed, kind, &typed(&sent, "code"), visit.ip())
        .await;
    match changed {
        Err(SecurityError::Factor(FactorFault::WrongCode)) => {
            let mut state = FormState::new();
            state.fail("code", Fault::Key(FactorFault::WrongCode.code()));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            address_page(&security, &visit, shell, kind, state, status).await
        }
        changed => after(&security, &visit, shell, changed).await,
    }
}

// Recovery codes, taking away, the password before it

pub(super) async fn new_codes(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let made = security.new_recovery_codes(signed).await.map(Some);
    after(&security, &visit, shell, made).await
}

pub(super) async fn remove(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Ok(factor)) = (visit.signed(), typed(&sent, "factor").parse()) else {
        return go_to(HERE);
    };
    let removed = security
        .remove_factor(signed, FactorId(factor), visit.ip())
        .await;
    after(&security, &visit, shell, removed.map(|()| None)).await
}

pub(super) async fn show_confirm(visit: Visit, shell: Shell) -> Response {
    let next = safe_next(shell.url.get("next"));
    confirm_page(&visit, shell, &next, &FormState::new(), StatusCode::OK)
}

pub(super) async fn confirm(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let next = safe_next(Some(&typed(&sent, "next")));
    match security
        .confirm(signed, typed(&sent, "present"), visit.ip())
        .await
    {
        Ok(token) => renewed(&security, &token, &next),
        Err(SecurityError::WrongPassword) => {
            let mut state = FormState::new();
            state.fail("present", Fault::Key("security-password-wrong"));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            confirm_page(&visit, shell, &next, &state, status)
        }
        Err(error) => failed(shell, &error),
    }
}

/// Goes on with the session's new token.
pub(super) fn renewed(security: &Security, token: &str, next: &str) -> Response {
    let mut response = go_to(next);
    let https = security.config().https;
    set_cookie(response.headers_mut(), SESSION_COOKIE, token, None, https);
    response
}

fn confirm_page(
    visit: &Visit,
    shell: Shell,
    next: &str,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let label = text.get("security-password-present");
    let body = html! {
        (error_summary(&text, state, &[("present", &label)]))
        form method="post" action="/account/confirm" {
            (visit.csrf_field())
            input type="hidden" name="next" value=(next);
            (Field::new("present", &label).input(Input::Password).required().autocomplete("current-password").render(&text, state))
            div.actions { (button(&text.get("security-confirm"), true)) }
        }
        p.hint { (text.get("security-confirm-other")) }
    };
    shell
        .page(text.get("security-confirm"))
        .crumbs(crumbs(&text, "security-confirm"))
        .lead(text.get("security-confirm-lead"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

/// The part of the account page that leads here.
pub(super) fn part(text: &Text, own: &Own, signed: &Signed) -> Markup {
    let strength = match signed.session.strength {
        crate::Strength::One => "security-strength-one",
        crate::Strength::Two => "security-strength-two",
    };
    html! {
        @if let Some(due) = own.due {
            (notice(Tone::Explain, &text.with("security-factors-due", &[("day", &due.day().to_string())]), html! {}))
        }
        p {
            @if own.factors.is_empty() { (text.get("security-factors-none")) }
            @else { (text.with("security-factors-count", &[("count", &own.factors.len().to_string())])) }
            " " span.hint { (text.get(strength)) }
        }
        @if !own.factors.is_empty() {
            ul.plain-list {
                @for factor in &own.factors { li { (text.get(&format!("security-kind-{}", factor.kind.as_str()))) " " (factor.label) } }
            }
        }
        div.actions { (link_button(&text.get("security-factors-change"), HERE, None, false)) }
    }
}
