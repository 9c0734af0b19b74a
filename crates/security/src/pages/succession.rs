//! `GET /account/succession`: deputies for one's own posts, and handing posts over to a successor.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Day;
use maud::{Markup, html};
use ui::{
    Cache, Choice, Crumb, Fault, Field, FormState, Input, Shell, Text, Tone, badge, button,
    error_summary, notice, post_button, section,
};

use super::accounts::{days, facts_of, on_form, post_title, unit_name};
use super::{Sent, failed, go_to, typed};
use crate::administration::{DeputyRequest, HandoverShown, HandoverState};
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::{Grant, GrantId};
use crate::signin::Signed;
use crate::web::{CSRF_FIELD, Visit};

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    page(&security, &visit, shell, &FormState::new(), StatusCode::OK).await
}

pub(super) async fn delegate(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let mut state = FormState::from_pairs(sent);
    let grant = grant_number(&mut state, "grant");
    let login = state.required("deputy").unwrap_or_default();
    let day = |state: &mut FormState, name: &str| {
        state.read(name, |text| Day::parse(text).map_err(|_| Fault::DATE))
    };
    let from = day(&mut state, "from");
    let until = day(&mut state, "until");
    if until.is_none() && state.fault("until").is_none() {
        state.fail("until", Fault::REQUIRED);
    }
    if let (Some(grant), Some(until), true) = (grant, until, state.is_right()) {
        let request = DeputyRequest {
            grant,
            login,
            from,
            until,
        };
        let error = match security.delegate(signed, &request).await {
            Ok(_) => return go_to("/account/succession?done=deputy"),
            Err(error) => error,
        };
        if let Err(error) = on_form(&mut state, error) {
            return failed(shell, &error);
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(&security, &visit, shell, &state, status).await
}

pub(super) async fn end_deputy(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Ok(grant)) = (visit.signed(), typed(&sent, "grant").parse()) else {
        return go_to("/account/succession");
    };
    match security.end_deputy(signed, GrantId(grant)).await {
        Ok(()) => go_to("/account/succession?done=deputy-ended"),
        Err(error) => failed(shell, &error),
    }
}

pub(super) async fn offer(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let mut state = FormState::from_pairs(sent);
    let login = state.required("successor").unwrap_or_default();
    let grants: Vec<GrantId> = state
        .values("grants")
        .into_iter()
        .filter_map(|number| number.parse().ok())
        .map(GrantId)
        .collect();
    if grants.is_empty() {
        state.fail("grants", Fault::REQUIRED);
    }
    if state.is_right() {
        let error = match security.offer_handover(signed, &login, &grants).await {
            Ok(_) => return go_to("/account/succession?done=offered"),
            Err(error) => error,
        };
        if let Err(error) = on_form(&mut state, error) {
            return failed(shell, &error);
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(&security, &visit, shell, &state, status).await
}

pub(super) async fn decide(
    State(security): State<Security>,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let (Some(signed), Ok(slip)) = (visit.signed(), typed(&sent, "slip").parse()) else {
        return go_to("/account/succession");
    };
    let decided = match typed(&sent, "decision").as_str() {
        "accept" => security.accept_handover(signed, slip).await,
        "refuse" => security.refuse_handover(signed, slip).await,
        _ => return go_to("/account/succession"),
    };
    match decided {
        Ok(()) => go_to("/account/succession?done=decided"),
        Err(error) => {
            let mut state = FormState::new();
            if let Err(error) = on_form(&mut state, error) {
                return failed(shell, &error);
            }
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&security, &visit, shell, &state, status).await
        }
    }
}

fn grant_number(state: &mut FormState, name: &str) -> Option<GrantId> {
    let typed = state.required(name)?;
    match typed.parse() {
        Ok(number) => Some(GrantId(number)),
        Err(_) => {
            state.fail(name, Fault::CHOICE);
            None
        }
    }
}

/// What stands on the page.
struct Shown<'a> {
    security: &'a Security,
    text: Text,
    visit: &'a Visit,
    signed: &'a Signed,
    facts: std::collections::HashMap<kernel::UnitId, crate::UnitFacts>,
}

async fn page(
    security: &Security,
    visit: &Visit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Response {
    let Some(signed) = visit.signed() else {
        return go_to("/signin");
    };
    let found = async {
        let deputies = security.deputies(signed).await?;
        let slips = security.handovers(signed).await?;
        let own = signed.held.iter().chain(&signed.others);
        let mut units: Vec<_> = own.map(|held| held.grant.unit).collect();
        units.extend(deputies.iter().map(|(grant, _)| grant.unit));
        for slip in &slips {
            units.extend(slip.grants.iter().map(|grant| grant.unit));
        }
        let facts = facts_of(security, units).await?;
        Ok::<_, SecurityError>((deputies, slips, facts))
    };
    let (deputies, slips, facts) = match found.await {
        Ok(found) => found,
        Err(error) => return failed(shell, &error),
    };
    let text = shell.text.clone();
    let shown = Shown {
        security,
        text: text.clone(),
        visit,
        signed,
        facts,
    };
    let labels = ["grant", "deputy", "from", "until", "successor", "grants"]
        .map(|name| (name, text.get(&format!("security-succession-{name}"))));
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let done = shell.url.get("done").filter(|_| state.is_right());
    let done = done.map(|done| format!("security-succession-done-{done}"));
    let body = html! {
        @if let Some(done) = done.filter(|done| text.has(done)) { (notice(Tone::Good, &text.get(&done), html! {})) }
        (error_summary(&text, state, &labels))
        (section(&text.get("security-deputies"), html! {}, shown.deputies(&deputies, state)))
        (section(&text.get("security-handover"), html! {}, shown.handover(&slips, state)))
    };
    shell
        .page(text.get("security-succession"))
        .lead(text.get("security-succession-lead"))
        .crumbs(vec![
            Crumb::link(text.get("security-account"), "/account"),
            Crumb::here(text.get("security-succession")),
        ])
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}

impl Shown<'_> {
    fn name(&self, grant: &Grant) -> String {
        let post = post_title(self.security, &self.text, grant);
        format!(
            "{post} · {}",
            unit_name(&self.text, &self.facts, grant.unit)
        )
    }

    /// The posts that are one's own to give on.
    fn choices(&self) -> Vec<Choice> {
        let own = self.signed.held.iter().chain(&self.signed.others);
        own.filter(|held| held.grant.deputy_of.is_none())
            .map(|held| Choice::new(held.grant.id.0.to_string(), self.name(&held.grant)))
            .collect()
    }

    fn deputies(&self, deputies: &[(Grant, String)], state: &FormState) -> Markup {
        let text = &self.text;
        let label = |name: &str| text.get(&format!("security-succession-{name}"));
        let choices = self.choices();
        html! {
            @if !deputies.is_empty() {
                ul.plain-list {
                    @for (grant, name) in deputies {
                        li {
                            (name) " " (self.name(grant)) " " span.hint { (days(text, grant)) } " "
                            (post_button(&text.get("security-end-grant"), "/account/deputies/end",
                                &[(CSRF_FIELD, self.visit.csrf()), ("grant", &grant.id.0.to_string())], Tone::Plain, None))
                        }
                    }
                }
            }
            @if choices.is_empty() { p { (text.get("security-no-post")) } } @else {
                form method="post" action="/account/deputies" {
                    (self.visit.csrf_field())
                    (Field::new("grant", label("grant")).input(Input::Select { choices, empty: None }).required().render(text, state))
                    (Field::new("deputy", label("deputy")).hint(text.get("security-succession-who")).required().autocomplete("off").render(text, state))
                    (Field::new("from", label("from")).input(Input::Date).render(text, state))
                    (Field::new("until", label("until")).input(Input::Date).hint(text.get("security-until-hint")).required().render(text, state))
                    div.actions { (button(&text.get("security-delegate"), true)) }
                }
            }
        }
    }

    fn handover(&self, slips: &[HandoverShown], state: &FormState) -> Markup {
        let text = &self.text;
        let label = |name: &str| text.get(&format!("security-succession-{name}"));
        let choices = self.choices();
        html! {
            @for shown in slips { (self.slip(shown)) }
            @if !choices.is_empty() {
                form method="post" action="/account/handovers" {
                    (self.visit.csrf_field())
                    (Field::new("grants", label("grants")).input(Input::Boxes(choices)).required().render(text, state))
                    (Field::new("successor", label("successor")).hint(text.get("security-succession-who")).required().autocomplete("off").render(text, state))
                    div.actions { (button(&text.get("security-handover-offer"), true)) }
                }
            }
        }
    }

    fn slip(&self, shown: &HandoverShown) -> Markup {
        let text = &self.text;
        let slip = &shown.slip;
        let number = slip.id.to_string();
        let is_open = slip.state == HandoverState::Offered;
        let is_mine = slip.taker == self.signed.account.id;
        let press = |key: &str, decision: &str, tone: Tone| {
            let sure = format!("{key}-sure");
            let sure = text.has(&sure).then(|| text.get(&sure));
            post_button(
                &text.get(key),
                "/account/handovers/decide",
                &[
                    (CSRF_FIELD, self.visit.csrf()),
                    ("slip", &number),
                    ("decision", decision),
                ],
                tone,
                sure.as_deref(),
            )
        };
        let people = [
            ("giver", shown.giver.as_str()),
            ("taker", shown.taker.as_str()),
        ];
        let tone = if is_open { Tone::Explain } else { Tone::Plain };
        html! {
            div.card {
                p {
                    strong { (text.with("security-handover-slip", &people)) } " "
                    (badge(tone, &text.get(&format!("security-handover-{}", slip.state.as_str())))) " "
                    span.hint { (slip.offered) }
                }
                ul.plain-list {
                    @for grant in &shown.grants { li { (self.name(grant)) } }
                    @for (key, count) in shown.work.iter().filter(|(_, count)| *count > 0) {
                        li { (text.with(key, &[("count", &count.to_string())])) }
                    }
                }
                @if is_open && is_mine {
                    (press("security-handover-accept", "accept", Tone::Good)) " "
                    (press("security-handover-decline", "refuse", Tone::Plain))
                }
                @if is_open && !is_mine { (press("security-handover-withdraw", "refuse", Tone::Plain)) }
            }
        }
    }
}
