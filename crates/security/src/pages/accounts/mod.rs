//! Accounts of others: the list, one account, new ones. For those who manage accounts, within their reach.

mod list;
mod new;
mod show;
pub mod slips;

use std::collections::HashMap;

use axum::response::Response;
use kernel::{Day, UnitId};
use standard::{Action, Lang};
use ui::{Choice, Fault, FormState, Language, Shell, Text};

use super::{failed, go_to};
use crate::accounts::AccountWithGrants;
use crate::api::Security;
use crate::directory::UnitFacts;
use crate::error::SecurityError;
use crate::model::{AccountState, Grant};
use crate::permit::Permit;
use crate::routes::{Access, Room};

/// How many units are named where what was typed fits none exactly.
const NEAR: usize = 8;

/// The routes of this part.
pub(super) fn room() -> Room<Security> {
    let managing = Access::Action(Action::ManageAccounts);
    Room::new()
        .get("/accounts", managing, list::show)
        .get("/accounts/new", managing, new::show)
        .post("/accounts/new", managing, new::send)
        .get("/accounts/{id}", managing, show::show)
        .post("/accounts/{id}/grants", managing, show::give)
        .post("/accounts/{id}/end-grant", managing, show::end_grant)
        .post("/accounts/{id}/state", managing, show::set_state)
        .post("/accounts/{id}/invite", managing, show::invite)
        .post("/accounts/{id}/end-sessions", managing, show::end_sessions)
        .post(
            "/accounts/{id}/reset-factors",
            managing,
            show::reset_factors,
        )
}

pub(crate) fn lang_of(text: &Text) -> Lang {
    match text.language() {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}

/// The names of the units that grants and accounts name.
pub(crate) async fn facts_of(
    security: &Security,
    units: Vec<Option<UnitId>>,
) -> Result<HashMap<UnitId, UnitFacts>, SecurityError> {
    let mut units: Vec<UnitId> = units.into_iter().flatten().collect();
    units.sort_unstable();
    units.dedup();
    security.unit_facts(&units).await
}

fn units_of(one: &AccountWithGrants) -> Vec<Option<UnitId>> {
    let mut units: Vec<Option<UnitId>> = one.grants.iter().map(|grant| grant.unit).collect();
    units.push(one.account.home);
    units
}

pub(crate) fn unit_name(
    text: &Text,
    facts: &HashMap<UnitId, UnitFacts>,
    unit: Option<UnitId>,
) -> String {
    match unit {
        None => text.get("security-whole-node"),
        Some(unit) => facts
            .get(&unit)
            .map_or_else(|| format!("#{unit}"), |facts| facts.name.clone()),
    }
}

/// The post of a grant as pages name it, with its business line.
pub(crate) fn post_title(security: &Security, text: &Text, grant: &Grant) -> String {
    let lang = lang_of(text);
    let posts = security.posts().iter();
    let title = posts
        .filter(|post| post.name == grant.post)
        .map(|post| post.title.get(lang))
        .next()
        .unwrap_or(&grant.post);
    let line = grant.line.as_ref().and_then(|name| {
        let lines = security.lines().iter();
        lines
            .filter(|line| line.name == *name)
            .map(|line| line.title.get(lang))
            .next()
    });
    match line {
        Some(line) => format!("{title} / {line}"),
        None => title.to_owned(),
    }
}

/// The days of a grant in words.
pub(crate) fn days(text: &Text, grant: &Grant) -> String {
    let from = grant
        .from
        .map(|day| text.with("security-post-from", &[("day", &day.to_string())]));
    let until = grant.until.map_or_else(
        || text.get("security-post-open"),
        |day| text.with("security-post-until", &[("day", &day.to_string())]),
    );
    from.into_iter()
        .chain([until])
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn state_word(text: &Text, state: AccountState) -> String {
    text.get(&format!("security-account-{}", state.as_str()))
}

/// The posts that the permit may give, as choices.
fn given_posts(security: &Security, permit: &Permit, text: &Text) -> Vec<Choice> {
    let lang = lang_of(text);
    let posts = security.posts().iter();
    posts
        .filter(|post| permit.may_give(&post.name))
        .map(|post| Choice::new(&post.name, post.title.get(lang)))
        .collect()
}

fn line_choices(security: &Security, text: &Text) -> Vec<Choice> {
    let lang = lang_of(text);
    let lines = security.lines().iter();
    lines
        .map(|line| Choice::new(&line.name, line.title.get(lang)))
        .collect()
}

/// The unit that a field names by code or full name. Blank is the reader's own; what fits no unit exactly
/// becomes a fault that names those near it.
async fn typed_unit(
    security: &Security,
    permit: &Permit,
    text: &Text,
    state: &mut FormState,
    name: &str,
) -> Result<Option<UnitId>, SecurityError> {
    let typed = state.value(name).to_owned();
    if typed.is_empty() {
        return Ok(permit.units().first().copied());
    }
    let named = security
        .units_named(permit, std::slice::from_ref(&typed))
        .await?;
    let found = named.get(&typed).map(Vec::as_slice).unwrap_or_default();
    if let [one] = found {
        return Ok(Some(one.unit));
    }
    let near = match found {
        [] => security.search_units(permit, &typed, NEAR).await?,
        several => several.iter().take(NEAR).cloned().collect(),
    };
    let near: Vec<String> = near
        .iter()
        .map(|one| {
            format!("{} {}", one.facts.code, one.facts.name)
                .trim()
                .to_owned()
        })
        .collect();
    let sentence = match near.is_empty() {
        true => text.get("security-fault-unit"),
        false => text.with("security-fault-unit-near", &[("units", &near.join("; "))]),
    };
    state.fail(name, Fault::Said(sentence));
    Ok(None)
}

fn typed_day(state: &mut FormState, name: &str) -> Option<Day> {
    state.read(name, |text| Day::parse(text).map_err(|_| Fault::DATE))
}

/// Puts what the rules refuse on the field that it is about; gives back what is no matter of the form.
pub(crate) fn on_form(state: &mut FormState, error: SecurityError) -> Result<(), SecurityError> {
    let key = match &error {
        SecurityError::Grant(fault) => fault.message(),
        SecurityError::GrantRefused(_) => "security-fault-refused",
        SecurityError::LoginFault(_) => "security-fault-login",
        SecurityError::LoginTaken(_) => "security-fault-login-taken",
        _ => return Err(error),
    };
    let field = match &error {
        SecurityError::LoginFault(_) | SecurityError::LoginTaken(_) => "login",
        _ => "",
    };
    state.fail(field, Fault::Key(key));
    Ok(())
}

fn answer(shell: Shell, result: Result<String, SecurityError>) -> Response {
    match result {
        Ok(address) => go_to(&address),
        Err(error) => failed(shell, &error),
    }
}
