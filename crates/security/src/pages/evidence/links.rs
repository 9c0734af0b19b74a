//! `GET` and `POST /person-links`: accounts of persons and guardians, for those who manage accounts where the
//! record of the person stands and who have seen the papers.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{RecordId, UnitId};
use maud::{Markup, html};
use ui::{
    Cache, Cell, Choice, Column, Crumb, Fault, Field, FormState, Input, Row, Shell, Table, Text,
    Tone, button, error_summary, post_button, section,
};

use super::words::{Names, word};
use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{LinkId, Relation};
use crate::pages::{Sent, failed, go_to, typed};
use crate::permit::Denied;
use crate::rules;
use crate::web::{CSRF_FIELD, RequirePermit, Visit};

const LABELS: [(&str, &str); 3] = [
    ("person", "security-audit-person"),
    ("login", "security-login"),
    ("relation", "security-link-relation"),
];

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    let asked = shell
        .url
        .get("person")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let mut state = FormState::new().with("person", asked.clone());
    if !asked.is_empty() && asked.parse::<i64>().is_err() {
        state.fail("person", Fault::NUMBER);
    }
    answer(&security, &permit, &visit, shell, state, StatusCode::OK).await
}

pub(super) async fn tie(
    State(security): State<Security>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let mut state = FormState::from_pairs(sent);
    let person = match state.value("person").trim().parse() {
        Ok(number) => Some(RecordId::new(number)),
        Err(_) => {
            state.fail("person", Fault::NUMBER);
            None
        }
    };
    let relation = Relation::of_word(state.value("relation"));
    if relation.is_none() {
        state.fail("relation", Fault::CHOICE);
    }
    let login = state.value("login").trim().to_owned();
    if login.is_empty() {
        state.fail("login", Fault::REQUIRED);
    }
    if let (Some(person), Some(relation), true) = (person, relation, state.is_right()) {
        match write(&security, &permit, &login, person, relation).await {
            Ok(()) => return go_to(&format!("/person-links?person={person}")),
            Err(SecurityError::Denied(Denied::Hidden)) => {
                state.fail("person", Fault::Key("security-link-no-person"));
            }
            Err(SecurityError::NoAccount(_)) => {
                state.fail("login", Fault::Key("security-link-no-account"));
            }
            Err(SecurityError::OwnMatter) => {
                state.fail("login", Fault::Key("security-own-matter"));
            }
            Err(error) => return failed(shell, &error),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    answer(&security, &permit, &visit, shell, state, status).await
}

pub(super) async fn end(
    State(security): State<Security>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let ended = async {
        let hidden = || SecurityError::from(Denied::Hidden);
        let id = id.parse().map(LinkId).map_err(|_| hidden())?;
        let person = typed(&sent, "person").parse().map_err(|_| hidden())?;
        let person = RecordId::new(person);
        let unit = unit_of(&security, &permit, person).await?;
        let held = security.links_to(&permit, person, unit).await?;
        if !held.iter().any(|link| link.id == id) {
            return Err(hidden());
        }
        security.unlink_person(&permit, id, unit).await?;
        Ok(person)
    };
    match ended.await {
        Ok(person) => go_to(&format!("/person-links?person={person}")),
        Err(error) => failed(shell, &error),
    }
}

/// The unit in which a person's record stands; one out of reach is like one that is not there.
async fn unit_of(
    security: &Security,
    permit: &RequirePermit,
    person: RecordId,
) -> Result<UnitId, SecurityError> {
    let unit = match security.0.records.get() {
        Some(records) => records.unit_of(permit, person).await,
        None => None,
    };
    unit.ok_or_else(|| Denied::Hidden.into())
}

async fn write(
    security: &Security,
    permit: &RequirePermit,
    login: &str,
    person: RecordId,
    relation: Relation,
) -> Result<(), SecurityError> {
    let unit = unit_of(security, permit, person).await?;
    // The name of a guardian's account need not be within reach: it holds no post here.
    let known = match rules::grant::login(login) {
        Some(login) => {
            let mut tx = security.0.work.read().await?;
            crate::store::account_by_login(&mut tx, &login).await?
        }
        None => None,
    };
    let account = known.ok_or_else(|| SecurityError::NoAccount(login.to_owned()))?;
    security
        .link_person(permit, account.id, person, unit, relation)
        .await?;
    Ok(())
}

async fn answer(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    state: FormState,
    status: StatusCode,
) -> Response {
    match page(security, permit, visit, shell.clone(), state).await {
        Ok(page) => page.status(status).into_response(),
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    permit: &RequirePermit,
    visit: &Visit,
    shell: Shell,
    state: FormState,
) -> Result<ui::Page, SecurityError> {
    let text = shell.text.clone();
    let asked: Option<RecordId> = state.value("person").trim().parse().ok().map(RecordId::new);
    let held = match asked {
        None => None,
        Some(person) => match unit_of(security, permit, person).await {
            Ok(unit) => Some((person, security.links_to(permit, person, unit).await?)),
            Err(SecurityError::Denied(Denied::Hidden)) => None,
            Err(error) => return Err(error),
        },
    };
    let labels: Vec<(&str, String)> = LABELS
        .iter()
        .map(|(name, key)| (*name, text.get(key)))
        .collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let tied = match &held {
        Some((person, links)) => {
            let title = text.with("security-links-of", &[("person", &person.to_string())]);
            let table = table(security, &text, visit, *person, links).await?;
            Some(section(&title, html! {}, table))
        }
        None => None,
    };
    let is_unknown = asked.is_some() && held.is_none() && state.is_right();
    let body = html! {
        @if is_unknown { (ui::notice(Tone::Explain, &text.get("security-link-no-person"), html! {})) }
        @if let Some(tied) = tied { (tied) }
        (error_summary(&text, &state, &labels))
        (section(&text.get("security-link-new"), html! {}, form(&text, visit, &state)))
    };
    Ok(shell
        .page(text.get("security-links"))
        .lead(text.get("security-links-lead"))
        .crumbs(vec![Crumb::here(text.get("security-links"))])
        .cache(Cache::Never)
        .body(body))
}

async fn table(
    security: &Security,
    text: &Text,
    visit: &Visit,
    person: RecordId,
    links: &[crate::evidence::Link],
) -> Result<Markup, SecurityError> {
    let actors: Vec<String> = links
        .iter()
        .flat_map(|link| {
            [
                format!("account:{}", link.account),
                link.verified_by.clone(),
            ]
        })
        .collect();
    let names = Names::of(security, &actors, &[]).await?;
    let mut table = Table::new(text.get("security-links"))
        .column(Column::text("account", text.get("security-link-account")))
        .column(Column::text("relation", text.get("security-link-relation")).narrow())
        .column(Column::text("verified", text.get("security-link-verified")).narrow())
        .column(Column::text("by", text.get("security-link-by")))
        .column(Column::text("end", text.get("security-link-end")).narrow());
    for link in links {
        let account = format!("account:{}", link.account);
        table = table.row(Row::new(vec![
            Cell::text(names.actor(text, &account)),
            Cell::text(word(text, "security-link-is", link.relation.as_str())),
            Cell::text(link.verified.to_string()),
            Cell::text(names.actor(text, &link.verified_by)),
            Cell::Markup(post_button(
                &text.get("security-link-end"),
                &format!("/person-links/{}/end", link.id.0),
                &[(CSRF_FIELD, visit.csrf()), ("person", &person.to_string())],
                Tone::Plain,
                None,
            )),
        ]));
    }
    Ok(table.render(text))
}

fn form(text: &Text, visit: &Visit, state: &FormState) -> Markup {
    let relations = [Relation::Own, Relation::Guardian]
        .map(|relation| {
            let word = word(text, "security-link-is", relation.as_str());
            Choice::new(relation.as_str(), word)
        })
        .to_vec();
    html! {
        form method="post" action="/person-links" {
            (visit.csrf_field())
            (Field::new("person", text.get("security-audit-person")).input(Input::Number).required()
                .hint(text.get("security-link-person-hint")).render(text, state))
            (Field::new("login", text.get("security-login")).required().autocomplete("off").max_length(64)
                .render(text, state))
            (Field::new("relation", text.get("security-link-relation")).input(Input::Radios(relations)).required()
                .render(text, state))
            div.actions { (button(&text.get("security-link-tie"), true)) }
        }
    }
}
