//! `GET /accounts`: the accounts within reach, filtered, sorted and paged by the address.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::UnitId;
use maud::{Markup, html};
use ui::{
    Cache, Cell, Choice, Column, Crumb, Field, FilterBar, FormState, Icon, Input, Pager, Row,
    Shell, Sort, Table, Text, Tone, badge, link_button,
};

use super::{facts_of, given_posts, post_title, state_word, unit_name, units_of};
use crate::accounts::AccountWithGrants;
use crate::administration::care::{Care, UNUSED_DAYS};
use crate::api::Security;
use crate::directory::UnitFacts;
use crate::error::SecurityError;
use crate::model::{AccountKind, AccountState};
use crate::pages::failed;
use crate::web::RequirePermit;

/// Rows on a page.
const SIZE: u64 = 50;
/// Posts that a row names.
const POSTS_SHOWN: usize = 3;

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&security, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, SecurityError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let mut found = security.list_accounts(permit).await?;
    let wanted = url.get("q").unwrap_or_default().trim().to_lowercase();
    let asked = |key: &str| url.get(key).filter(|value| !value.is_empty());
    let (state, post, kind) = (asked("state"), asked("post"), asked("kind"));
    let care = Care::ALL
        .into_iter()
        .find(|care| asked("care") == Some(care.as_str()));
    if let Some(care) = care {
        security.keep_those_to_look_at(&mut found, care).await?;
    }
    let mut sounds = HashMap::new();
    found.retain(|one| {
        let account = &one.account;
        state.is_none_or(|state| account.state.as_str() == state)
            && kind.is_none_or(|kind| account.kind.as_str() == kind)
            && post.is_none_or(|post| one.grants.iter().any(|grant| grant.post == post))
            && (wanted.is_empty()
                || account.login.contains(&wanted)
                || account.display.to_lowercase().contains(&wanted)
                || (kernel::looks_like_initials(&wanted)
                    && kernel::initials(&account.display, &mut sounds).contains(&wanted)))
    });
    let sort = Sort::from_url(&url, "login");
    match sort.key.as_str() {
        "name" => found.sort_by(|left, right| left.account.display.cmp(&right.account.display)),
        "used" => found.sort_by_key(|one| one.account.last_used),
        _ => {}
    }
    if sort.descending {
        found.reverse();
    }
    let pager = Pager::from_url(&url, SIZE, found.len() as u64);
    let shown = pager.of(&found);
    let units = shown.iter().flat_map(units_of).collect();
    let facts = facts_of(security, units).await?;
    let mut table = Table::new(text.get("security-accounts"))
        .column(Column::text("login", text.get("security-login")).sortable())
        .column(Column::text("name", text.get("security-name")).sortable())
        .column(Column::text("posts", text.get("security-posts")))
        .column(Column::text("home", text.get("security-home")))
        .column(Column::text("state", text.get("security-state")).narrow())
        .column(
            Column::text("used", text.get("security-last-used"))
                .sortable()
                .narrow(),
        );
    table = table
        .empty(ui::empty_state(
            &text.get("security-accounts-none"),
            &text.get("security-accounts-none-hint"),
            None,
        ))
        .rows(shown.iter().map(|one| row(security, &text, &facts, one)))
        .sorted(sort, &url);
    let body = html! {
        (filters(security, permit, &text, &url))
        div #results data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    Ok(shell
        .page(text.get("security-accounts"))
        .crumbs(vec![Crumb::here(text.get("security-accounts"))])
        .tool(link_button(
            &text.get("security-account-new"),
            "/accounts/new",
            Some(Icon::People),
            true,
        ))
        .tool(link_button(
            &text.get("security-bulk"),
            "/accounts/bulk",
            None,
            false,
        ))
        .cache(Cache::Never)
        .body(body)
        .into_response())
}

fn row(
    security: &Security,
    text: &Text,
    facts: &HashMap<UnitId, UnitFacts>,
    one: &AccountWithGrants,
) -> Row {
    let account = &one.account;
    let mut posts: Vec<String> = one
        .grants
        .iter()
        .take(POSTS_SHOWN)
        .map(|grant| {
            let post = post_title(security, text, grant);
            format!("{post} · {}", unit_name(text, facts, grant.unit))
        })
        .collect();
    if one.grants.len() > POSTS_SHOWN {
        posts.push("…".to_owned());
    }
    Row::new(vec![
        Cell::link(format!("/accounts/{}", account.id), account.login.clone()),
        Cell::text(account.display.clone()),
        Cell::Markup(html! { @for post in &posts { div { (post) } } }),
        Cell::text(unit_name(text, facts, account.home)),
        Cell::Markup(state_badge(text, one)),
        Cell::maybe_text(account.last_used.map(|used| used.to_string())),
    ])
}

fn state_badge(text: &Text, one: &AccountWithGrants) -> Markup {
    let tone = match one.account.state {
        AccountState::Active => Tone::Good,
        AccountState::Disabled => Tone::Plain,
    };
    html! {
        (badge(tone, &state_word(text, one.account.state)))
        @if one.account.kind == AccountKind::Service { " " (badge(Tone::Plain, &text.get("security-kind-service"))) }
    }
}

fn filters(security: &Security, permit: &RequirePermit, text: &Text, url: &ui::Url) -> Markup {
    let keys = ["q", "post", "state", "kind", "care"];
    let state = keys.into_iter().fold(FormState::new(), |state, key| {
        state.with(key, url.get(key).unwrap_or_default())
    });
    let all = Some(text.get("security-all"));
    let states = [AccountState::Active, AccountState::Disabled]
        .map(|state| Choice::new(state.as_str(), state_word(text, state)));
    let kinds = [AccountKind::Person, AccountKind::Service].map(|kind| {
        Choice::new(
            kind.as_str(),
            text.get(&format!("security-kind-{}", kind.as_str())),
        )
    });
    let days = UNUSED_DAYS.to_string();
    let cares = Care::ALL.map(|care| {
        let key = format!("security-care-{}", care.as_str());
        Choice::new(care.as_str(), text.with(&key, &[("days", &days)]))
    });
    let select = |name: &str, key: &str, choices: Vec<Choice>| {
        Field::new(name, text.get(key))
            .input(Input::Select {
                choices,
                empty: all.clone(),
            })
            .inline()
            .render(text, &state)
    };
    FilterBar {
        fields: vec![
            Field::new("q", text.get("security-accounts-search"))
                .input(Input::Search)
                .inline()
                .render(text, &state),
            select("post", "security-post", given_posts(security, permit, text)),
            select("state", "security-state", states.to_vec()),
            select("kind", "security-kind", kinds.to_vec()),
            select("care", "security-care", cares.to_vec()),
        ],
        keep: vec!["sort"],
    }
    .render(text, url)
}
