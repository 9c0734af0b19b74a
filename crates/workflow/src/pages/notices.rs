//! The notices of the inbox, and `POST /inbox/notices`: they were looked at.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use security::{RequirePermit, Visit};
use ui::{Cell, Column, Row, Shell, Table, Text, Tone, badge, empty_state, post_button};

use super::failure::failed;
use super::go_to;
use crate::api::Workflow;
use crate::model::Notice;

pub(super) fn list(text: &Text, visit: &Visit, notices: &[Notice], unseen: u64) -> Markup {
    let rows = notices.iter().map(|notice| {
        let about = notice.case.map_or_else(String::new, |case| {
            text.with("workflow-case", &[("number", &case.to_string())])
        });
        let new = if notice.seen {
            html! {}
        } else {
            badge(Tone::Explain, &text.get("workflow-notice-new"))
        };
        let row = Row::new(vec![
            Cell::text(notice.at.to_string()),
            Cell::link(
                &notice.link,
                text.get(&format!(
                    "workflow-notice-{}",
                    notice.kind.as_str().replace('_', "-")
                )),
            ),
            Cell::text(about),
            Cell::Markup(new),
        ]);
        if notice.seen { row } else { row.strong() }
    });
    let table = Table::new(text.get("workflow-tab-notices"))
        .column(Column::text("at", text.get("workflow-notice-at")).narrow())
        .column(Column::text("what", text.get("workflow-notice-what")))
        .column(Column::text("about", text.get("workflow-notice-about")))
        .column(Column::text("new", text.get("workflow-notice-seen")).narrow())
        .rows(rows)
        .empty(empty_state(
            &text.get("workflow-empty-notices"),
            &text.get("workflow-empty-notices-hint"),
            None,
        ));
    html! {
        @if unseen > 0 {
            (post_button(&text.get("workflow-notices-seen"), "/inbox/notices",
                &[(security::web::CSRF_FIELD, visit.csrf())], Tone::Plain, None))
        }
        (table.render(text))
    }
}

pub(super) async fn seen(
    State(workflow): State<Workflow>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match workflow.see_notices(&permit, None).await {
        Ok(()) => go_to("/inbox?tab=notices"),
        Err(error) => failed(shell, &error),
    }
}
