//! `GET /assurance`: the page of whoever is responsible for security: what is still to be done.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{Cache, Cell, Column, Page, Row, Shell, Table, Text, Tone, badge, notice, section};

use super::views;
use crate::api::Assurance;
use crate::error::AssuranceError;
use crate::findings::{Finding, Severity};
use crate::store::Notice;

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&assurance, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(crate) async fn page(
    assurance: &Assurance,
    permit: &Permit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let text = shell.text.clone();
    let found = assurance.find(permit).await?;
    let notices = assurance.notices(permit).await?;
    let names = assurance.names().await?;
    let (todo, done): (Vec<&Finding>, Vec<&Finding>) =
        found.findings.iter().partition(|finding| finding.count > 0);
    let mut table = Table::new(text.get("assurance-findings"))
        .column(Column::text("finding", text.get("assurance-finding")))
        .column(Column::number("count", text.get("assurance-count")))
        .column(Column::text("severity", text.get("assurance-severity")).narrow())
        .column(Column::text("do", text.get("assurance-to-do")))
        .empty(html! { (text.get("assurance-all-in-order")) });
    for finding in &todo {
        table = table.row(row(&text, finding));
    }
    let body = html! {
        (views(&text, permit, "/assurance"))
        @for source in &found.unknown {
            (notice(Tone::Fix, &text.get("assurance-source-failed"), html! { (source) }))
        }
        (table.render(&text))
        @if !done.is_empty() {
            (section(&text.get("assurance-in-order"), html! {}, html! {
                ul.plain-list { @for finding in &done { li { (title(&text, finding)) } } }
            }))
        }
        @if !notices.is_empty() {
            (section(&text.get("assurance-notices"), html! {}, html! {
                ul.plain-list {
                    @for notice in &notices {
                        li { span.hint { (notice.at) } " " (names.name(notice.unit)) " " (notice_link(&text, notice)) }
                    }
                }
            }))
        }
    };
    Ok(shell
        .page(text.get("assurance"))
        .section("/assurance")
        .lead(text.get("assurance-lead"))
        .tool(ui::print_button(&text))
        .cache(Cache::Never)
        .body(body))
}

fn title(text: &Text, finding: &Finding) -> String {
    text.get(&format!(
        "assurance-finding-{}",
        finding.name.replace('_', "-")
    ))
}

fn row(text: &Text, finding: &Finding) -> Row {
    let words = title(text, finding);
    let name = match &finding.href {
        Some(href) => Cell::link(href.clone(), words),
        None => Cell::text(words),
    };
    let (tone, key) = match finding.severity {
        Severity::Urgent => (Tone::Fix, "assurance-severity-urgent"),
        Severity::Fix => (Tone::Explain, "assurance-severity-fix"),
        Severity::Notice => (Tone::Plain, "assurance-severity-notice"),
    };
    let do_key = format!("assurance-finding-{}-do", finding.name.replace('_', "-"));
    Row::new(vec![
        name,
        Cell::integer(finding.count),
        Cell::Markup(badge(tone, &text.get(key))),
        Cell::text(text.get(&do_key)),
    ])
}

fn notice_link(text: &Text, notice: &Notice) -> Markup {
    let key = format!("assurance-notice-{}", notice.kind.replace('_', "-"));
    html! { a href=(notice.link()) { (text.get(&key)) } }
}
