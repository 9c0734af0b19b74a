//! `GET /account/readings`: who looked at my record, for a person and for a guardian.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::RecordId;
use maud::{Markup, html};
use ui::{Cache, Cell, Column, Crumb, Row, Shell, Table, Text, empty_state, print_button};

use super::words::{Names, post, purpose, word};
use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{Link, Look, Looks};
use crate::pages::{failed, go_to};
use crate::permit::Denied;
use crate::web::Visit;

pub(super) async fn show(State(security): State<Security>, visit: Visit, shell: Shell) -> Response {
    match page(&security, &visit, shell.clone()).await {
        Ok(response) => response,
        Err(error) => failed(shell, &error),
    }
}

async fn page(security: &Security, visit: &Visit, shell: Shell) -> Result<Response, SecurityError> {
    let Some(signed) = visit.signed() else {
        return Ok(go_to("/signin"));
    };
    let text = shell.text.clone();
    let url = shell.url.clone();
    let tied = security.own_records(signed).await?;
    let asked = match url.get("person") {
        None => tied.first().map(|link| link.person),
        Some(number) => Some(RecordId::new(number.parse().map_err(|_| Denied::Hidden)?)),
    };
    let before = url.get("before").and_then(|number| number.parse().ok());
    let looks = match asked {
        Some(person) => security.looks_at(signed, person, before).await?,
        None => Looks::default(),
    };
    let units: Vec<kernel::UnitId> = looks.looks.iter().filter_map(|look| look.unit).collect();
    let names = Names::of(security, &[], &units).await?;
    let body = html! {
        @if tied.is_empty() {
            (empty_state(&text.get("security-looks-no-record"), &text.get("security-looks-no-record-hint"), None))
        } @else {
            (records(&text, &tied, asked))
            (table(security, &text, &names, &looks.looks))
            nav.pager aria-label=(text.get("ui-pager")) {
                ul {
                    @if before.is_some() { li { a href=(url.without("before")) { (text.get("security-audit-latest")) } } }
                    @if let Some(next) = looks.next { li { a href=(url.with("before", next)) rel="next" { (text.get("ui-pager-next")) } } }
                }
            }
        }
    };
    Ok(shell
        .page(text.get("security-looks"))
        .lead(text.get("security-looks-lead"))
        .crumbs(vec![
            Crumb::link(text.get("security-account"), "/account"),
            Crumb::here(text.get("security-looks")),
        ])
        .tool(print_button(&text))
        .cache(Cache::Never)
        .body(body)
        .into_response())
}

/// The records that one may ask about, where there are several: a guardian of two children.
fn records(text: &Text, tied: &[Link], asked: Option<RecordId>) -> Markup {
    html! {
        ul.plain-list {
            @for link in tied {
                li {
                    @let label = format!("{} {}", word(text, "security-relation", link.relation.as_str()), link.person);
                    @if Some(link.person) == asked { strong aria-current="true" { (label) } }
                    @else { a href=(format!("/account/readings?person={}", link.person)) { (label) } }
                }
            }
        }
    }
}

fn table(security: &Security, text: &Text, names: &Names, looks: &[Look]) -> Markup {
    let named = looks.iter().any(|look| look.reader.is_some());
    let mut table = Table::new(text.get("security-looks"))
        .column(Column::text("at", text.get("security-audit-at")).narrow())
        .column(Column::text("unit", text.get("security-looks-unit")))
        .column(Column::text("post", text.get("security-looks-post")))
        .column(Column::text("what", text.get("security-audit-action")))
        .column(Column::text("purpose", text.get("security-audit-purpose")))
        .column(Column::text("shown", text.get("security-looks-shown")).narrow())
        .empty(empty_state(
            &text.get("security-looks-none"),
            &text.get("security-looks-none-hint"),
            None,
        ));
    if named {
        table = table.column(Column::text("who", text.get("security-audit-actor")));
    }
    for look in looks {
        let shown = match look.in_full {
            Some(true) => Some(text.get("security-audit-full")),
            Some(false) => Some(text.get("security-audit-masked")),
            None => None,
        };
        let mut cells = vec![
            Cell::text(look.at.to_string()),
            Cell::text(look.unit.map_or_else(
                || text.get("security-looks-node"),
                |unit| names.unit(text, unit),
            )),
            match look.post.as_str() {
                "" => Cell::text(text.get("security-looks-program")),
                name => Cell::text(post(security, text, name)),
            },
            Cell::text(word(text, "security-audit-do", &look.action)),
            Cell::text(purpose(security, text, &look.purpose)),
            Cell::maybe_text(shown),
        ];
        if named {
            cells.push(Cell::maybe_text(look.reader.clone()));
        }
        table = table.row(Row::new(cells));
    }
    table.render(text)
}
