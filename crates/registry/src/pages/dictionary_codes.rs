//! `GET /dictionary/codes/{set}`: a code set with all its entries, searched and paged.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use standard::{CodeEntry, CodeSet, Lang, Standard};
use ui::{
    Cell, Column, Crumb, Field, FilterBar, FormState, Input, Pager, Row, Shell, Table, Text, Tone,
    badge, key_values, print_button,
};

use super::dictionary::confidence_badge;
use super::failure::Failure;
use super::lang;
use crate::api::Registry;

/// Entries on a page.
const SIZE: u64 = 200;
/// Shorter sets need no search.
const SEARCHED: usize = 30;

pub(super) async fn show(
    State(registry): State<Registry>,
    Path(name): Path<String>,
    shell: Shell,
) -> Response {
    let Some(set) = registry.standard().code_set(&name) else {
        return Failure::Hidden.answer(&registry, shell);
    };
    let text = shell.text.clone();
    let url = shell.url.clone();
    let lang = lang(&text);
    let asked = url.get("q").unwrap_or_default().to_lowercase();
    let fitting: Vec<&CodeEntry> = set
        .entries
        .iter()
        .filter(|entry| fits(entry, &asked))
        .collect();
    let pager = Pager::from_url(&url, SIZE, fitting.len() as u64);
    let from = usize::try_from(pager.offset()).unwrap_or(usize::MAX);
    let size = usize::try_from(SIZE).unwrap_or(usize::MAX);
    let shown: Vec<&CodeEntry> = fitting.into_iter().skip(from).take(size).collect();
    let state = FormState::new().with("q", url.get("q").unwrap_or_default());
    let search = Field::new("q", text.get("registry-codes-search"))
        .input(Input::Search)
        .render(&text, &state);
    let body = html! {
        (key_values(&about(&text, set)))
        @if set.entries.len() > SEARCHED { (FilterBar { fields: vec![search], keep: Vec::new() }.render(&text, &url)) }
        div #results data-region="" {
            (entries(registry.standard(), &text, lang, set, &shown))
            (pager.render(&text, &url))
        }
    };
    let title = set.title.get(lang).to_owned();
    shell
        .page(title.clone())
        .lead(set.about.get(lang))
        .crumbs(vec![
            Crumb::link(text.get("registry-dictionary"), "/dictionary"),
            Crumb::here(title),
        ])
        .badge(ui::code(&set.name))
        .tool(print_button(&text))
        .body(body)
        .into_response()
}

fn fits(entry: &CodeEntry, asked: &str) -> bool {
    asked.is_empty()
        || entry.code.contains(asked)
        || entry.name.zh.contains(asked)
        || entry.name.en.to_lowercase().contains(asked)
        || entry
            .aliases
            .iter()
            .any(|alias| alias.to_lowercase().contains(asked))
}

fn about(text: &Text, set: &CodeSet) -> Vec<(String, Markup)> {
    let mut pairs = vec![
        (
            text.get("registry-origin-of"),
            html! { (set.source) " " (confidence_badge(text, set.confidence)) },
        ),
        (
            text.get("registry-entries"),
            html! { (super::shown_count(set.entries.len() as u64)) },
        ),
    ];
    if let Some(day) = set.valid_from {
        pairs.push((text.get("registry-in-force"), html! { (day) }));
    }
    if !set.open.is_empty() {
        pairs.push((
            text.get("registry-open-codes"),
            html! { (set.open.join(", ")) },
        ));
    }
    if !set.file.is_empty() {
        pairs.push((text.get("registry-defined-at"), html! { (set.file) }));
    }
    pairs
}

fn entries(
    standard: &Standard,
    text: &Text,
    lang: Lang,
    set: &CodeSet,
    shown: &[&CodeEntry],
) -> Markup {
    let has_parents = set.entries.iter().any(|entry| entry.parent.is_some());
    let has_validity = set
        .entries
        .iter()
        .any(|entry| entry.valid_from.is_some() || entry.valid_to.is_some());
    let mut table = Table::new(set.title.get(lang))
        .column(Column::text("code", text.get("registry-code")).narrow())
        .column(Column::text("zh", text.get("registry-name-zh")))
        .column(Column::text("en", text.get("registry-name-en")));
    if has_parents {
        table = table.column(Column::text("parent", text.get("registry-code-above")).narrow());
    }
    if has_validity {
        table = table.column(Column::text("validity", text.get("registry-validity")).narrow());
    }
    for extra in &set.extra {
        table = table.column(Column::text(&extra.name, extra.title.get(lang)));
    }
    table = table.column(Column::text("aliases", text.get("registry-other-names")));
    for entry in shown {
        let mut cells = vec![
            Cell::Markup(html! {
                (ui::code(&entry.code))
                @if entry.valid_to.is_some() { " " (badge(Tone::Explain, &text.get("registry-superseded"))) }
            }),
            Cell::text(entry.name.zh.clone()),
            Cell::text(entry.name.en.clone()),
        ];
        if has_parents {
            cells.push(Cell::maybe_text(entry.parent.clone()));
        }
        if has_validity {
            cells.push(validity(text, entry));
        }
        for extra in &set.extra {
            let words = match extra
                .codes
                .as_deref()
                .and_then(|codes| standard.code_set(codes))
            {
                Some(codes) => {
                    let names: Vec<&str> = entry
                        .extra_many(&extra.name)
                        .into_iter()
                        .map(|code| codes.name_of(code, lang))
                        .collect();
                    names.join(super::between(lang))
                }
                None => entry
                    .extra(&extra.name)
                    .unwrap_or_default()
                    .replace('|', super::between(lang)),
            };
            cells.push(Cell::text(words));
        }
        cells.push(Cell::text(entry.aliases.join(super::between(lang))));
        table = table.row(Row::new(cells).id(entry.code.clone()));
    }
    table.render(text)
}

fn validity(text: &Text, entry: &CodeEntry) -> Cell {
    let from = entry
        .valid_from
        .map(|day| day.to_string())
        .unwrap_or_default();
    let to = entry
        .valid_to
        .map(|day| day.to_string())
        .unwrap_or_default();
    if from.is_empty() && to.is_empty() {
        return Cell::text("");
    }
    let successors = if entry.successors.is_empty() {
        String::new()
    } else {
        text.with(
            "registry-successors",
            &[("codes", &entry.successors.join("、"))],
        )
    };
    Cell::text(format!("{from} – {to} {successors}").trim().to_owned())
}
