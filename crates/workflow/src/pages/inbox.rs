//! `GET /inbox`: what needs the reader, in parts.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{RequirePermit, Visit};
use ui::{
    Cache, Cell, Column, Crumb, Icon, Pager, Row, Shell, Tab, Table, Text, badge, empty_state,
    link_button, tabs,
};

use super::failure::failed;
use super::words::{Names, due, say, tone};
use crate::api::Workflow;
use crate::error::WorkflowError;
use crate::inbox::{Box as Part, Listed};

const SIZE: u64 = 20;

/// The parts: in the address, and what they show.
const PARTS: [(&str, Option<Part>); 5] = [
    ("todo", Some(Part::ToDo)),
    ("returned", Some(Part::Returned)),
    ("overdue", Some(Part::Overdue)),
    ("mine", Some(Part::Mine)),
    ("notices", None),
];

pub(super) async fn show(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match body(&workflow, &permit, &visit, &shell).await {
        Ok(body) => {
            let text = shell.text.clone();
            shell
                .page(text.get("workflow-inbox"))
                .crumbs(vec![Crumb::here(text.get("workflow-inbox"))])
                .tool(link_button(
                    &text.get("workflow-begin"),
                    "/cases/new",
                    Some(Icon::Tray),
                    true,
                ))
                .tool(link_button(
                    &text.get("workflow-mail-title"),
                    "/inbox/mail",
                    None,
                    false,
                ))
                .section("/inbox")
                .cache(Cache::Never)
                .body(body)
                .into_response()
        }
        Err(error) => failed(shell, &error),
    }
}

async fn body(
    workflow: &Workflow,
    permit: &RequirePermit,
    visit: &Visit,
    shell: &Shell,
) -> Result<Markup, WorkflowError> {
    let (text, url) = (&shell.text, &shell.url);
    let asked = url.get("tab").unwrap_or("todo");
    let (tab, part) = PARTS
        .iter()
        .find(|(word, _)| *word == asked)
        .copied()
        .unwrap_or(("todo", Some(Part::ToDo)));
    let todo = workflow.inbox_count(permit).await?;
    let (_, returned) = workflow.inbox(permit, Part::Returned, 0, 0).await?;
    let (_, _, unseen) = workflow.notices(permit, 0, 0).await?;
    let counted = |word: &str| match word {
        "todo" => Some(todo),
        "returned" => Some(returned),
        "notices" => Some(unseen),
        _ => None,
    };
    let items: Vec<Tab> = PARTS
        .iter()
        .map(|(word, _)| Tab {
            label: text.get(&format!("workflow-tab-{word}")),
            href: format!("/inbox?tab={word}"),
            count: counted(word).and_then(|count| i64::try_from(count).ok()),
            current: *word == tab,
        })
        .collect();
    let first = Pager {
        page: 1,
        size: SIZE,
        total: u64::MAX,
    };
    let page = url
        .get("page")
        .and_then(|page| page.parse::<u64>().ok())
        .unwrap_or(1)
        .clamp(1, 10_000);
    let offset = Pager { page, ..first }.offset();
    let list = match part {
        Some(part) => {
            let (cases, total) = workflow.inbox(permit, part, offset, SIZE).await?;
            let pager = Pager::from_url(url, SIZE, total);
            html! {
                (table(workflow, text, tab, &cases).await)
                (pager.render(text, url))
            }
        }
        None => {
            let (notices, total, unseen) = workflow.notices(permit, offset, SIZE).await?;
            let pager = Pager::from_url(url, SIZE, total);
            html! {
                (super::notices::list(text, visit, &notices, unseen))
                (pager.render(text, url))
            }
        }
    };
    Ok(html! {
        div #inbox data-region="" {
            (tabs(&text.get("workflow-inbox"), &items))
            (list)
        }
    })
}

async fn table(workflow: &Workflow, text: &Text, tab: &str, cases: &[Listed]) -> Markup {
    let mut names = Names::new(workflow, text);
    let mut table = Table::new(text.get(&format!("workflow-tab-{tab}")))
        .column(Column::number("number", text.get("workflow-number")).narrow())
        .column(Column::text("process", text.get("workflow-process")))
        .column(Column::text("unit", text.get("workflow-unit")))
        .column(Column::text("state", text.get("workflow-state")).narrow())
        .column(Column::text("begun", text.get("workflow-begun")).narrow())
        .column(Column::text("due", text.get("workflow-due")).narrow())
        .empty(empty_state(
            &text.get(&format!("workflow-empty-{tab}")),
            &text.get(&format!("workflow-empty-{tab}-hint")),
            None,
        ));
    for case in cases {
        table = table.row(Row::new(vec![
            Cell::integer(case.id.0),
            Cell::link(format!("/cases/{}", case.id), say(text, &case.title)),
            Cell::text(names.unit(case.unit).await),
            Cell::Markup(badge(tone(case.kind), say(text, &case.state))),
            Cell::text(case.begun.to_string()),
            Cell::Markup(due(text, case.due, case.is_overdue)),
        ]));
    }
    table.render(text)
}
