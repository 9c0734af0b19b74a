//! `GET /people`: the persons within reach, masked. `POST /people`: those of exactly this name or number.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{RecordId, Value};
use maud::{Markup, html};
use security::RequirePermit;
use standard::Field;
use ui::{
    Cell, Column, Crumb, FormState, Pager, Row, Shell, Table, Text, empty_state, link_button,
};

use super::super::failure::Failure;
use super::super::{Asked as Clocked, Sent, lang, shown_count};
use super::{Shown, dataset, personal};
use crate::api::Registry;
use crate::ledger::Version;
use crate::persons::model::PERSON;
use crate::persons::{Persons, rules};

/// So many stand on a page: each reading is recorded person by person.
const ROWS: u64 = 50;
/// The columns of the list, where the permit sees them.
const COLUMNS: [&str; 6] = [
    "name",
    "document_number",
    "sex",
    "birth_date",
    "school",
    "document_type",
];

pub(in crate::pages) async fn show(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    answer(&registry, &permit, shell, None).await
}

pub(in crate::pages) async fn find(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    answer(&registry, &permit, shell, Some(state)).await
}

async fn answer(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    looked: Option<FormState>,
) -> Response {
    match page(registry, permit, shell.clone(), looked).await {
        Ok(response) => response,
        Err(failure) => failure.answer(registry, shell),
    }
}

async fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    looked: Option<FormState>,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let clocked = Clocked::of(registry, &url).await?;
    let persons = Persons::new(registry, permit)?;
    let (found, pager) = match &looked {
        Some(state) => {
            let found = persons.called(state.value("q"), clocked.clocks).await?;
            (found, None)
        }
        None => {
            let view = registry.view(permit, PERSON, clocked.clocks).await?;
            let pager = Pager::from_url(&url, ROWS, view.len());
            let column = view.column("record_id").unwrap_or(0);
            let from = usize::try_from(pager.offset()).unwrap_or(usize::MAX);
            let records: Vec<RecordId> = view
                .rows()
                .skip(from)
                .take(usize::try_from(ROWS).unwrap_or(50))
                .filter_map(|row| view.table().int(column, row))
                .map(RecordId::new)
                .collect();
            let shown = persons.for_masks(&records, clocked.clocks).await?;
            (shown, Some(pager))
        }
    };
    let crate::persons::Shown { versions, recorded } = found;
    let lang = lang(&text);
    let shown = Shown::of(
        registry,
        lang,
        versions.iter().map(|version| version.unit).collect(),
    )
    .await?;
    let dataset = dataset(registry)?;
    let seen = rules::seen_fields(dataset, permit);
    let columns: Vec<(usize, &Field)> = COLUMNS
        .iter()
        .filter_map(|name| seen.iter().find(|(_, field)| field.name == *name).copied())
        .collect();
    let count = pager.map_or(versions.len() as u64, |pager| pager.total);
    let body = html! {
        (finder(&shell, &text, looked.as_ref()))
        p { (text.with("registry-people-count", &[("count", &shown_count(count))])) }
        (table(&text, &columns, &shown, &versions, looked.is_some()))
        @if let Some(pager) = pager { (pager.render(&text, &url)) }
    };
    let page = shell
        .page(text.get("registry-people"))
        .lead(text.get("registry-people-lead"))
        .crumbs(vec![Crumb::here(text.get("registry-people"))])
        .as_of(clocked.control())
        .tool(match permit.allows(security::Action::Export) {
            true => link_button(
                &text.get("ui-export"),
                "/people/export",
                Some(ui::Icon::Download),
                false,
            ),
            false => html! {},
        })
        .tool(link_button(
            &text.get("registry-exact"),
            "/people/exact",
            None,
            false,
        ))
        .body(body);
    Ok(personal(page, &recorded).into_response())
}

fn finder(shell: &Shell, text: &Text, looked: Option<&FormState>) -> Markup {
    let empty = FormState::new();
    let state = looked.unwrap_or(&empty);
    html! {
        form method="post" action="/people" {
            (shell.frame.form_field())
            (ui::Field::new("q", text.get("registry-people-find"))
                .max_length(60)
                .autocomplete("off")
                .hint(text.get("registry-people-find-hint"))
                .render(text, state))
            (ui::button(&text.get("registry-people-find-do"), false))
            @if looked.is_some() { " " a href="/people" { (text.get("registry-people-all")) } }
        }
    }
}

fn table(
    text: &Text,
    columns: &[(usize, &Field)],
    shown: &Shown<'_>,
    versions: &[Version],
    is_found: bool,
) -> Markup {
    let mut table = Table::new(text.get("registry-people"))
        .column(Column::text("record", text.get("registry-person-record")).narrow());
    for (_, field) in columns {
        table = table.column(Column::text(
            field.name.clone(),
            field.title.get(shown.lang),
        ));
    }
    let (title, sentence) = match is_found {
        true => ("registry-people-none-title", "registry-people-none"),
        false => ("registry-people-empty-title", "registry-people-empty"),
    };
    table = table.empty(empty_state(&text.get(title), &text.get(sentence), None));
    for version in versions {
        let record = version.record;
        let mut cells = vec![Cell::link(format!("/people/{record}"), record.to_string())];
        if version.is_erased() {
            cells.push(Cell::text(text.get("registry-person-erased")));
            cells.extend(columns.iter().skip(1).map(|_| Cell::Missing));
        } else {
            cells.extend(columns.iter().map(|(place, field)| {
                let value = version.values.get(*place).unwrap_or(&Value::Null);
                Cell::text(shown.masked(field, value))
            }));
        }
        table = table.row(Row::new(cells));
    }
    table.render(text)
}
