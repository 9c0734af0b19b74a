//! `GET /imports`: the files that came in, the latest first.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use security::RequirePermit;
use ui::{Cell, Column, Crumb, Row, Shell, Table, Text, Tone, badge, empty_state, link_button};

use super::failure::Failure;
use super::words::{Actors, dataset_title};
use crate::api::Registry;
use crate::imports::{Import, State as Stage};
use crate::intake::{Class, Plan};

/// So many imports are listed.
const MOST: i64 = 200;

pub(super) async fn show(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&registry, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The plan of an import, where it has been made.
pub(super) fn plan_of(import: &Import) -> Option<Plan> {
    import
        .plan
        .as_deref()
        .and_then(|plan| serde_json::from_str(plan).ok())
}

/// The state as a badge.
pub(super) fn stage_badge(text: &Text, stage: Stage) -> Markup {
    let tone = match stage {
        Stage::Done => Tone::Good,
        Stage::Planned | Stage::Stopped | Stage::Reversing => Tone::Explain,
        Stage::Failed => Tone::Fix,
        Stage::Reading | Stage::Writing | Stage::Discarded | Stage::Reversed => Tone::Plain,
    };
    badge(
        tone,
        &text.get(&format!("registry-import-state-{}", stage.as_str())),
    )
}

async fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let imports = registry.imports().latest(permit, MOST).await?;
    let actors = Actors::of(registry, imports.iter().map(|import| import.actor.as_str())).await?;
    let mut table = Table::new(text.get("registry-imports"))
        .column(Column::text("file", text.get("registry-file")))
        .column(Column::text("dataset", text.get("registry-dataset")).narrow())
        .column(Column::text("state", text.get("registry-state")).narrow())
        .column(Column::number("new", text.get("registry-class-new")))
        .column(Column::number(
            "changed",
            text.get("registry-class-changed"),
        ))
        .column(Column::number(
            "refused",
            text.get("registry-class-refused"),
        ))
        .column(Column::text("who", text.get("registry-who")).narrow())
        .column(Column::text("when", text.get("registry-when")).narrow())
        .empty(empty_state(
            &text.get("registry-imports-empty-title"),
            &text.get("registry-imports-empty"),
            Some(link_button(
                &text.get("registry-imports-new"),
                "/imports/new",
                None,
                true,
            )),
        ));
    for import in &imports {
        let plan = plan_of(import);
        let count = |classes: &[Class]| {
            plan.as_ref().map_or(Cell::Missing, |plan| {
                let count: u64 = classes.iter().map(|class| plan.count(*class)).sum();
                Cell::Number(super::shown_count(count))
            })
        };
        let file = if import.file.is_empty() {
            text.get("registry-file-unnamed")
        } else {
            import.file.clone()
        };
        table = table.row(
            Row::new(vec![
                Cell::link(format!("/imports/{}", import.id), file),
                Cell::text(dataset_title(registry, &text, &import.dataset)),
                Cell::Markup(stage_badge(&text, import.state)),
                count(&[Class::New]),
                count(&[Class::Changed]),
                count(&[Class::Refused, Class::Review]),
                Cell::text(actors.name(&text, &import.actor)),
                Cell::text(import.created.to_string()),
            ])
            .id(format!("r{}", import.id)),
        );
    }
    Ok(shell
        .page(text.get("registry-imports"))
        .lead(text.get("registry-imports-lead"))
        .crumbs(vec![Crumb::here(text.get("registry-imports"))])
        .tool(link_button(
            &text.get("registry-imports-new"),
            "/imports/new",
            None,
            true,
        ))
        .tool(link_button(
            &text.get("registry-commits"),
            "/commits",
            None,
            false,
        ))
        .body(table.render(&text))
        .into_response())
}
