//! `GET /dictionary/{dataset}`: a dataset with all that is defined of its fields.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use standard::{
    Authority, Dataset, EffectiveRule, Field, FieldKind, Lang, MissingRule, Precision, Standard,
    UnitRule,
};
use ui::{
    Cell, Column, Crumb, Row, Shell, Table, Text, Tone, badge, key_values, link_button,
    print_button, section,
};

use super::dictionary::confidence_badge;
use super::failure::Failure;
use super::lang;
use super::words::{dataset_of, field_title};
use crate::api::Registry;

pub(super) async fn show(
    State(registry): State<Registry>,
    Path(name): Path<String>,
    shell: Shell,
) -> Response {
    let Some(dataset) = registry.standard().dataset(&name) else {
        return Failure::Hidden.answer(&registry, shell);
    };
    let text = shell.text.clone();
    let lang = lang(&text);
    let standard = registry.standard();
    let body = html! {
        (key_values(&about(standard, &text, lang, dataset)))
        (section(&text.get("registry-fields"), html! {}, fields(standard, &text, lang, dataset)))
        @if dataset.fields.iter().any(|field| field.hint.is_some()) {
            (section(&text.get("registry-hints"), html! {}, hints(&text, lang, dataset)))
        }
    };
    let title = dataset.title.get(lang).to_owned();
    let other = dataset.title.get(match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    });
    shell
        .page(title.clone())
        .lead(dataset.about.get(lang))
        .crumbs(vec![
            Crumb::link(text.get("registry-dictionary"), "/dictionary"),
            Crumb::here(title),
        ])
        .badge(ui::code(&dataset.name))
        .badge(badge(Tone::Plain, other))
        .tool(link_button(
            &text.get("registry-checks"),
            &format!("/dictionary/checks?dataset={}", dataset.name),
            None,
            false,
        ))
        .tool(print_button(&text))
        .body(body)
        .into_response()
}

fn about(standard: &Standard, text: &Text, lang: Lang, dataset: &Dataset) -> Vec<(String, Markup)> {
    let titles = |names: &[String]| {
        names
            .iter()
            .map(|name| field_title(Some(dataset), lang, name))
            .collect::<Vec<_>>()
            .join(" + ")
    };
    let unit = match &dataset.unit {
        UnitRule::Root => text.get("registry-unit-root"),
        UnitRule::SelfUnit { parent_field } => text.with(
            "registry-unit-self",
            &[("field", &field_title(Some(dataset), lang, parent_field))],
        ),
        UnitRule::OfField(field) => text.with(
            "registry-unit-field",
            &[("field", &field_title(Some(dataset), lang, field))],
        ),
    };
    let effective = match &dataset.default_effective {
        EffectiveRule::Beginning => text.get("registry-since-ever"),
        EffectiveRule::Today => text.get("registry-effective-today"),
        EffectiveRule::Period(field) => text.with(
            "registry-effective-period",
            &[("field", &field_title(Some(dataset), lang, field))],
        ),
    };
    let missing = match &dataset.missing {
        MissingRule::Keep => text.get("registry-missing-keep"),
        MissingRule::Close { field, value } => {
            let shown = dataset
                .field(field)
                .and_then(|field| match &field.kind {
                    FieldKind::Code(set) => standard.code_set(set),
                    _ => None,
                })
                .map_or(value.as_str(), |set| set.name_of(value, lang));
            text.with(
                "registry-missing-close",
                &[
                    ("field", &field_title(Some(dataset), lang, field)),
                    ("value", shown),
                ],
            )
        }
    };
    let authority = match &dataset.authority {
        Authority::Here => text.get("registry-authority-here"),
        Authority::Elsewhere(label) => label.get(lang).to_owned(),
    };
    let keys: Vec<String> = dataset
        .match_keys
        .iter()
        .map(|key| {
            let fields = titles(&key.fields);
            if key.unique {
                text.with("registry-match-key-unique", &[("fields", &fields)])
            } else {
                fields
            }
        })
        .collect();
    let words = |key: &str, value: String| (text.get(key), html! { (value) });
    vec![
        words("registry-authority", authority),
        words("registry-match-keys", keys.join(" → ")),
        words("registry-unit-rule", unit),
        words("registry-default-effective", effective),
        words("registry-missing-rule", missing),
        (
            text.get("registry-origin-of"),
            html! { (dataset.source) " " (confidence_badge(text, dataset.confidence)) },
        ),
        words("registry-defined-at", dataset.at.to_string()),
    ]
}

fn fields(standard: &Standard, text: &Text, lang: Lang, dataset: &Dataset) -> Markup {
    let mut table = Table::new(text.get("registry-fields"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("name", text.get("registry-code-name")).narrow())
        .column(Column::text("kind", text.get("registry-field-kind")))
        .column(Column::text("required", text.get("registry-required")).narrow())
        .column(Column::text("sensitivity", text.get("registry-sensitivity")).narrow())
        .column(Column::text("owner", text.get("registry-owner")).narrow())
        .column(Column::text("jyt", "JY/T").narrow())
        .column(Column::text("source", text.get("registry-origin-of")));
    for field in dataset.stored_fields() {
        let other = match lang {
            Lang::Zh => &field.title.en,
            Lang::En => &field.title.zh,
        };
        let title = html! {
            (field.title.get(lang)) br; small { (other) }
            @if !field.about.get(lang).is_empty() { br; small { (field.about.get(lang)) } }
            @if !field.aliases.is_empty() {
                details { summary { small { (text.with("registry-aliases", &[("count", &super::shown_count(field.aliases.len() as u64))])) } } small { (field.aliases.join(super::between(lang))) } }
            }
        };
        let required = if field.required {
            Cell::Markup(badge(Tone::Good, &text.get("registry-yes")))
        } else {
            Cell::text("")
        };
        table = table.row(
            Row::new(vec![
                Cell::Markup(title),
                Cell::Markup(ui::code(&field.name)),
                Cell::Markup(kind(standard, text, lang, field)),
                required,
                Cell::text(text.get(&format!(
                    "registry-sensitivity-{}",
                    field.sensitivity.as_str()
                ))),
                Cell::text(text.get(&format!("registry-owner-{}", field.owner.as_str()))),
                field
                    .jyt
                    .as_ref()
                    .map_or(Cell::Missing, |jyt| Cell::Markup(ui::code(jyt))),
                Cell::Markup(
                    html! { (field.source) " " (confidence_badge(text, field.confidence)) },
                ),
            ])
            .id(field.name.clone()),
        );
    }
    table.render(text)
}

fn set_title<'s>(standard: &'s Standard, lang: Lang, name: &'s str) -> &'s str {
    standard
        .code_set(name)
        .map_or(name, |set| set.title.get(lang))
}

/// What a field holds, with its bounds, its length, its code set and its time of use.
fn kind(standard: &Standard, text: &Text, lang: Lang, field: &Field) -> Markup {
    let bounds = |min: Option<i64>, max: Option<i64>, scale: u8| {
        let shown = |bound: Option<i64>| {
            bound.map_or_else(
                || "…".to_owned(),
                |bound| kernel::format_decimal_short(bound, scale),
            )
        };
        (min.is_some() || max.is_some()).then(|| format!("{} – {}", shown(min), shown(max)))
    };
    let range = match &field.kind {
        FieldKind::Int { min, max } => bounds(*min, *max, 0),
        FieldKind::Decimal { scale, min, max } => bounds(*min, *max, *scale),
        _ => None,
    };
    let word = text.get(&format!("registry-kind-{}", field.kind.word()));
    html! {
        @match &field.kind {
            FieldKind::Code(set) => {
                (word) " " a href=(format!("/dictionary/codes/{set}")) { (set_title(standard, lang, set)) }
                br; small { (ui::code(set)) }
            },
            FieldKind::Ref(dataset) => {
                (word) " " a href=(format!("/dictionary/{dataset}")) { (dataset_of(standard, lang, dataset)) }
                br; small { (ui::code(dataset)) }
            },
            _ => (word),
        }
        @if field.many { " " (badge(Tone::Plain, &text.get("registry-many"))) }
        @if let Some(unit) = &field.unit { " (" (unit.get(lang)) ")" }
        @if let Some(range) = range { br; small { (range) } }
        @if let Some(most) = field.max_length { br; small { (text.with("registry-max-length", &[("most", &most.to_string())])) } }
        @if field.precision == Precision::Month { br; small { (text.get("registry-precision-month")) } }
        @if let Some(day) = field.valid_from { br; small { (text.with("registry-valid-from", &[("day", &day.to_string())])) } }
        @if let Some(day) = field.closed { br; small { (text.with("registry-closed-on", &[("day", &day.to_string())])) } }
    }
}

/// Columns that only help to find what a reference means.
fn hints(text: &Text, lang: Lang, dataset: &Dataset) -> Markup {
    let mut table = Table::new(text.get("registry-hints"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("helps", text.get("registry-hint-helps")))
        .column(Column::text("aliases", text.get("registry-header")));
    for field in dataset.fields.iter() {
        let Some(hint) = &field.hint else { continue };
        table = table.row(Row::new(vec![
            Cell::text(field.title.get(lang)),
            Cell::text(field_title(Some(dataset), lang, &hint.field)),
            Cell::text(field.aliases.join(super::between(lang))),
        ]));
    }
    html! { p { (text.get("registry-hints-lead")) } (table.render(text)) }
}
