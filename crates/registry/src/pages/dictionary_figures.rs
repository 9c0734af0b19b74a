//! The figures as the dictionary shows them: how each is worked out, of what, and what it is held against.

use maud::{Markup, html};
use standard::{Confidence, Figure, Lang, Measure, Norm, Standard};
use ui::{Cell, Column, Row, Table, Text};

use super::dictionary::confidence_badge;
use super::words::{dataset_of, field_title, value_words};

pub(super) fn table(standard: &Standard, text: &Text, lang: Lang) -> Markup {
    let mut table = Table::new(text.get("registry-figures"))
        .column(Column::text("title", text.get("registry-title")))
        .column(Column::text("unit", text.get("registry-measure")).narrow())
        .column(Column::text("formula", text.get("registry-formula")))
        .column(Column::text("kinds", text.get("registry-usual-kinds")))
        .column(Column::text("norms", text.get("registry-norms")))
        .column(Column::text("source", text.get("registry-origin-of")));
    for figure in standard.figures() {
        let other = match lang {
            Lang::Zh => &figure.title.en,
            Lang::En => &figure.title.zh,
        };
        let title = html! {
            (figure.title.get(lang)) " " (ui::code(&figure.name)) br; small { (other) }
            br; small { (figure.about.get(lang)) }
        };
        let formula = html! {
            (formula(standard, text, lang, figure))
            @if figure.complete_pairs { br; small { (text.get("registry-complete-pairs")) } }
        };
        table = table.row(
            Row::new(vec![
                Cell::Markup(title),
                Cell::text(figure.unit.get(lang)),
                Cell::Markup(formula),
                Cell::text(kinds(standard, text, lang, &figure.kinds)),
                Cell::Markup(norms(standard, text, lang, &figure.norms)),
                Cell::Markup(sourced(text, &figure.source, figure.confidence)),
            ])
            .id(figure.name.clone()),
        );
    }
    table.render(text)
}

fn sourced(text: &Text, source: &str, confidence: Confidence) -> Markup {
    html! { (source) " " (confidence_badge(text, confidence)) }
}

fn formula(standard: &Standard, text: &Text, lang: Lang, figure: &Figure) -> String {
    let numerator = measure(standard, text, lang, &figure.numerator);
    match &figure.denominator {
        Some(denominator) => {
            format!(
                "{numerator} ÷ {}",
                measure(standard, text, lang, denominator)
            )
        }
        None => numerator,
    }
}

/// What is added up or counted, and of which records.
fn measure(standard: &Standard, text: &Text, lang: Lang, measure: &Measure) -> String {
    let dataset = standard.dataset(&measure.dataset);
    let title = dataset_of(standard, lang, &measure.dataset);
    let mut said = match &measure.sum {
        Some(field) => {
            let field = field_title(dataset, lang, field);
            text.with("registry-sum-of", &[("field", &field), ("dataset", &title)])
        }
        None => text.with("registry-count-of", &[("dataset", &title)]),
    };
    for (name, value) in &measure.filters {
        let field = dataset.and_then(|dataset| dataset.field(name));
        let value = value_words(standard, text, lang, field, value);
        let name = field_title(dataset, lang, name);
        said.push_str(&text.with("registry-where", &[("field", &name), ("value", &value)]));
    }
    said
}

fn kinds(standard: &Standard, text: &Text, lang: Lang, kinds: &[String]) -> String {
    if kinds.is_empty() {
        return text.get("registry-any");
    }
    let names: Vec<&str> = kinds
        .iter()
        .map(|kind| kind_name(standard, lang, kind))
        .collect();
    names.join(super::between(lang))
}

fn kind_name<'s>(standard: &'s Standard, lang: Lang, kind: &'s str) -> &'s str {
    standard
        .code_set("institution_kind")
        .map_or(kind, |set| set.name_of(kind, lang))
}

fn norms(standard: &Standard, text: &Text, lang: Lang, norms: &[Norm]) -> Markup {
    let of = |norm: &Norm| {
        let kind = norm.kind.as_deref();
        kind.map_or_else(
            || text.get("registry-any"),
            |kind| kind_name(standard, lang, kind).to_owned(),
        )
    };
    html! {
        @for (place, norm) in norms.iter().enumerate() {
            @if place > 0 { br; }
            (of(norm)) ": " (norm.title.get(lang)) " " (norm.value) " "
            small { (sourced(text, &norm.source, norm.confidence)) }
        }
    }
}
