//! `GET /dictionary`: what the data standard holds; `GET /dictionary/checks`: what data is held against.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use standard::{Confidence, Lang, Standard};
use ui::{
    Cell, Column, Crumb, Icon, Row, Shell, Tab, Table, Text, Tone, badge, link_button,
    print_button, section, tabs,
};

use super::lang;
use super::words::severity_tone;
use crate::api::Registry;
use crate::intake::explain::filled;

pub(super) async fn show(State(registry): State<Registry>, shell: Shell) -> Response {
    let text = shell.text.clone();
    let standard = registry.standard();
    let lang = lang(&text);
    let version = standard.version_info();
    let body = html! {
        (section(&text.get("registry-datasets"), html! {}, datasets(standard, &text, lang)))
        (section(&text.get("registry-code-sets"), html! {}, code_sets(standard, &text, lang)))
        (section(&text.get("registry-checks"), html! {}, html! {
            p { a href="/dictionary/checks" { (text.with("registry-checks-count", &[("count", &super::shown_count(standard.checks().len() as u64))])) } }
        }))
        (section(&text.get("registry-figures"), html! {}, super::dictionary_figures::table(standard, &text, lang)))
        (section(&text.get("registry-posts"), html! {}, posts(standard, &text, lang)))
    };
    shell
        .page(text.get("registry-dictionary"))
        .lead(text.with(
            "registry-dictionary-lead",
            &[
                ("version", &version.version),
                ("about", version.about.get(lang)),
            ],
        ))
        .crumbs(vec![Crumb::here(text.get("registry-dictionary"))])
        .tool(link_button(
            "JSON",
            "/dictionary.json",
            Some(Icon::Download),
            false,
        ))
        .tool(print_button(&text))
        .source_line(
            html! { (text.get("registry-definitions-hash")) " " (ui::code(standard.hash())) },
        )
        .body(body)
        .into_response()
}

/// How sure a source is, as a badge.
pub(super) fn confidence_badge(text: &Text, confidence: Confidence) -> Markup {
    let tone = match confidence {
        Confidence::Seen => Tone::Good,
        Confidence::General => Tone::Explain,
        Confidence::Proposal => Tone::Plain,
    };
    badge(
        tone,
        &text.get(&format!("registry-confidence-{}", confidence.as_str())),
    )
}

fn datasets(standard: &Standard, text: &Text, lang: Lang) -> Markup {
    let mut table = Table::new(text.get("registry-datasets"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("name", text.get("registry-code-name")).narrow())
        .column(Column::number("fields", text.get("registry-fields")))
        .column(Column::number("checks", text.get("registry-checks")))
        .column(Column::text("about", text.get("registry-about")))
        .column(Column::text("authority", text.get("registry-authority")));
    for dataset in standard.datasets() {
        let authority = match &dataset.authority {
            standard::Authority::Here => text.get("registry-authority-here"),
            standard::Authority::Elsewhere(label) => label.get(lang).to_owned(),
        };
        table = table.row(Row::new(vec![
            Cell::link(
                format!("/dictionary/{}", dataset.name),
                dataset.title.get(lang),
            ),
            Cell::Markup(ui::code(&dataset.name)),
            Cell::Number(super::shown_count(dataset.stored_fields().count() as u64)),
            Cell::Number(super::shown_count(
                standard.checks_for(&dataset.name).len() as u64
            )),
            Cell::text(dataset.about.get(lang)),
            Cell::text(authority),
        ]));
    }
    table.render(text)
}

fn code_sets(standard: &Standard, text: &Text, lang: Lang) -> Markup {
    let mut table = Table::new(text.get("registry-code-sets"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("name", text.get("registry-code-name")).narrow())
        .column(Column::number("entries", text.get("registry-entries")))
        .column(Column::text("source", text.get("registry-origin-of")))
        .column(Column::text("confidence", text.get("registry-confidence")).narrow());
    for set in standard.code_sets() {
        table = table.row(Row::new(vec![
            Cell::link(
                format!("/dictionary/codes/{}", set.name),
                set.title.get(lang),
            ),
            Cell::Markup(ui::code(&set.name)),
            Cell::Number(super::shown_count(set.entries.len() as u64)),
            Cell::text(set.source.clone()),
            Cell::Markup(confidence_badge(text, set.confidence)),
        ]));
    }
    table.render(text)
}

fn posts(standard: &Standard, text: &Text, lang: Lang) -> Markup {
    let mut table = Table::new(text.get("registry-posts"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("about", text.get("registry-about")))
        .column(Column::text("actions", text.get("registry-may")))
        .column(Column::text("levels", text.get("registry-levels")))
        .column(Column::text("scope", text.get("registry-scope")).narrow())
        .column(Column::text("sees", text.get("registry-sees")).narrow());
    for post in standard.posts() {
        let actions: Vec<String> = post
            .actions
            .iter()
            .map(|action| {
                text.get(&format!(
                    "registry-action-{}",
                    action.as_str().replace('_', "-")
                ))
            })
            .collect();
        let levels: Vec<String> = post
            .levels
            .iter()
            .map(|level| text.get(&format!("registry-level-{}", level.as_str())))
            .collect();
        let scope = match post.scope {
            standard::Scope::Subtree => "registry-scope-subtree",
            standard::Scope::Own => "registry-scope-own",
        };
        table = table.row(Row::new(vec![
            Cell::Markup(html! { (post.title.get(lang)) " " (ui::code(&post.name)) }),
            Cell::text(post.about.get(lang)),
            Cell::text(actions.join(super::between(lang))),
            Cell::text(levels.join(super::between(lang))),
            Cell::text(text.get(scope)),
            Cell::text(text.get(&format!("registry-sensitivity-{}", post.sees.as_str()))),
        ]));
    }
    table.render(text)
}

pub(super) async fn checks(State(registry): State<Registry>, shell: Shell) -> Response {
    let text = shell.text.clone();
    let standard = registry.standard();
    let lang = lang(&text);
    let with_checks: Vec<&standard::Dataset> = standard
        .datasets()
        .iter()
        .filter(|dataset| !standard.checks_for(&dataset.name).is_empty())
        .collect();
    let asked = shell
        .url
        .get("dataset")
        .and_then(|name| with_checks.iter().find(|dataset| dataset.name == name));
    let current = asked.or_else(|| {
        with_checks
            .iter()
            .find(|dataset| dataset.name == "institution")
    });
    let current = current
        .or(with_checks.first())
        .map_or("", |dataset| dataset.name.as_str());
    let views: Vec<Tab> = with_checks
        .iter()
        .map(|dataset| Tab {
            label: dataset.title.get(lang).to_owned(),
            href: shell.url.with("dataset", &dataset.name).to_string(),
            count: i64::try_from(standard.checks_for(&dataset.name).len()).ok(),
            current: dataset.name == current,
        })
        .collect();
    let body = html! {
        (tabs(&text.get("registry-datasets"), &views))
        (check_table(standard, &text, lang, current))
        (section(&text.get("registry-functions"), html! {}, functions(standard, &text, lang)))
    };
    shell
        .page(text.get("registry-checks"))
        .lead(text.get("registry-checks-lead"))
        .crumbs(vec![
            Crumb::link(text.get("registry-dictionary"), "/dictionary"),
            Crumb::here(text.get("registry-checks")),
        ])
        .tool(print_button(&text))
        .body(body)
        .into_response()
}

/// The checks of a dataset with their SQL and where they come from.
fn check_table(standard: &Standard, text: &Text, lang: Lang, dataset: &str) -> Markup {
    let definition = standard.dataset(dataset);
    let mut table = Table::new(text.get("registry-checks"))
        .column(Column::text("code", text.get("registry-check")).narrow())
        .column(Column::text("severity", text.get("registry-severity")).narrow())
        .column(Column::text("field", text.get("registry-field")).narrow())
        .column(Column::text("message", text.get("registry-sentence")))
        .column(Column::text("repair", text.get("registry-repair")))
        .column(Column::text("source", text.get("registry-origin-of")));
    for check in standard.checks_for(dataset) {
        let severity = check.severity.as_str();
        let message = html! {
            (filled(check.message.get(lang), |_| None))
            details { summary { "SQL" } pre { (check.sql.trim()) } }
        };
        table = table.row(
            Row::new(vec![
                Cell::Markup(ui::code(&check.code)),
                Cell::Markup(badge(
                    severity_tone(severity),
                    &text.get(&format!("registry-severity-{}", severity.replace('_', "-"))),
                )),
                Cell::text(super::words::field_title(definition, lang, &check.field)),
                Cell::Markup(message),
                Cell::text(filled(check.repair.get(lang), |_| None)),
                Cell::Markup(
                    html! { (check.source) " " (confidence_badge(text, check.confidence)) },
                ),
            ])
            .id(check.code.clone()),
        );
    }
    table.render(text)
}

fn functions(standard: &Standard, text: &Text, lang: Lang) -> Markup {
    let mut table = Table::new(text.get("registry-functions"))
        .column(Column::text("name", text.get("registry-code-name")))
        .column(Column::text("about", text.get("registry-about")));
    for function in standard.functions() {
        let call = format!(
            "{}({}) → {}",
            function.name,
            function.arguments.join(", "),
            function.returns
        );
        table = table.row(Row::new(vec![
            Cell::Markup(ui::code(&call)),
            Cell::text(function.about.get(lang)),
        ]));
    }
    table.render(text)
}
