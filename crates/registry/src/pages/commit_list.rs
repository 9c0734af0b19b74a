//! `GET /commits`: 入库批次, the latest first.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{Clocks, CommitNumber};
use maud::html;
use security::{Permit, RequirePermit, UnitTree};
use ui::{Cell, Column, Crumb, Row, Shell, Table, Tone, badge};

use super::failure::Failure;
use super::words::{Actors, dataset_title, reason, short_hash, source};
use crate::api::Registry;
use crate::ledger::{Commit, sees};
use crate::lists::Labels;

/// Entries on a page.
const SIZE: usize = 50;
/// So many entries are read at once while those out of reach are passed over.
const AT_ONCE: i64 = 200;

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

/// Whether an entry of the log may be listed: those of one's own units, of common data, of definitions.
pub(super) fn is_listed(permit: &Permit, units: &UnitTree, commit: &Commit) -> bool {
    if commit.dataset.is_empty() {
        return true;
    }
    let dataset = commit.dataset.as_str();
    (permit.reaches_everything() && permit.sees_dataset(dataset))
        || commit
            .unit
            .is_some_and(|unit| sees(permit, units, dataset, unit))
}

/// The entries up to `last` that may be listed, and where the next page begins.
async fn entries(
    registry: &Registry,
    permit: &Permit,
    last: CommitNumber,
) -> Result<(Vec<Commit>, Option<CommitNumber>), Failure> {
    let units = registry.security().units();
    let mut listed = Vec::new();
    let mut next = last;
    loop {
        let part = registry.ledger().commits(permit, next, AT_ONCE).await?;
        let Some(lowest) = part.last().map(|commit| commit.number) else {
            return Ok((listed, None));
        };
        for commit in part {
            if listed.len() == SIZE {
                return Ok((listed, Some(commit.number)));
            }
            if is_listed(permit, &units, &commit) {
                listed.push(commit);
            }
        }
        if lowest.get() <= 1 {
            return Ok((listed, None));
        }
        next = CommitNumber::new(lowest.get() - 1);
    }
}

async fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let last = url
        .get("up_to")
        .and_then(|number| number.parse().ok())
        .unwrap_or(CommitNumber::LATEST);
    let (commits, next) = entries(registry, permit, last).await?;
    let actors = Actors::of(registry, commits.iter().map(|commit| commit.actor.as_str())).await?;
    let labels = Labels::open(registry, permit, Clocks::latest(registry.today())).await?;
    let mut table = Table::new(text.get("registry-commits"))
        .column(Column::text("number", text.get("registry-commit")).narrow())
        .column(Column::text("when", text.get("registry-when")).narrow())
        .column(Column::text("dataset", text.get("registry-dataset")).narrow())
        .column(Column::text("unit", text.get("registry-unit")))
        .column(Column::text("source", text.get("registry-source")))
        .column(Column::text("reason", text.get("registry-reason")))
        .column(Column::text("who", text.get("registry-who")).narrow())
        .column(Column::number("opened", text.get("registry-opened")))
        .column(Column::number("closed", text.get("registry-closed")))
        .column(Column::text("hash", text.get("registry-hash")).narrow());
    for commit in &commits {
        let reversal = commit.source.reverses.is_some();
        table = table.row(
            Row::new(vec![
                Cell::Markup(html! {
                    a href=(format!("/commits/{}", commit.number)) { (commit.number) }
                    @if reversal { " " (badge(Tone::Explain, &text.get("registry-source-reversal"))) }
                }),
                Cell::text(commit.time.to_string()),
                Cell::text(dataset_title(registry, &text, &commit.dataset)),
                Cell::maybe_text(commit.unit.and_then(|unit| labels.units.name(unit.get()).map(str::to_owned))),
                Cell::text(source(&text, commit)),
                Cell::text(reason(&text, commit)),
                Cell::text(actors.name(&text, &commit.actor)),
                Cell::integer(commit.opened),
                Cell::integer(commit.closed),
                Cell::Markup(short_hash(&commit.hash)),
            ])
            .id(format!("r{}", commit.number)),
        );
    }
    let body = html! {
        (table.render(&text))
        nav aria-label=(text.get("ui-pager")) {
            @if last != CommitNumber::LATEST { a href=(url.without("up_to")) { (text.get("registry-latest")) } " " }
            @if let Some(next) = next { a href=(url.with("up_to", next)) rel="next" { (text.get("ui-pager-next")) } }
        }
    };
    Ok(shell
        .page(text.get("registry-commits"))
        .lead(text.get("registry-commits-lead"))
        .crumbs(vec![
            Crumb::link(text.get("registry-imports"), "/imports"),
            Crumb::here(text.get("registry-commits")),
        ])
        .body(body)
        .into_response())
}
