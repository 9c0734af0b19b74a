//! 入库预览: what a file would do, as five numbers that open, and why rows are refused, cause by cause.

use kernel::Clocks;
use maud::{Markup, html};
use security::RequirePermit;
use standard::{Dataset, Lang};
use ui::{
    Cell, Column, Icon, PlanNumber, Row, Table, Text, Tone, Url, badge, key_values, link_button,
    notice, plan_numbers, section,
};

use super::failure::Failure;
use super::history::change_markup;
use super::words::{cause_words, counted_fields, field_title, severity_tone};
use super::{lang, shown_count};
use crate::api::Registry;
use crate::imports::Import;
use crate::intake::{Cause, Class, Plan, RowExample};
use crate::lists::Names;

/// Whose plan it is.
pub(super) struct Subject<'a> {
    pub registry: &'a Registry,
    pub text: &'a Text,
    pub lang: Lang,
    pub url: &'a Url,
    pub import: &'a Import,
}

impl Subject<'_> {
    fn dataset(&self) -> Option<&Dataset> {
        self.registry.standard().dataset(&self.import.dataset)
    }

    /// The page of a record of this dataset, where it has one.
    fn record_link(&self, record: kernel::RecordId, label: &str) -> Markup {
        if self.import.dataset == "institution" {
            html! { a href=(format!("/institutions/{record}")) { (label) } }
        } else {
            html! { (label) }
        }
    }
}

/// The five numbers and their keys in the address.
const OPENED: [&str; 5] = ["new", "changed", "unchanged", "refused", "missing"];

/// The plan.
pub(super) async fn body(
    what: &Subject<'_>,
    plan: &Plan,
    permit: &RequirePermit,
) -> Result<Markup, Failure> {
    let text = what.text;
    let open = open_part(what.url, plan);
    let numbers: Vec<PlanNumber> = OPENED
        .iter()
        .map(|key| PlanNumber {
            label: text.get(&format!("registry-class-{key}")),
            count: i64::try_from(count_of(plan, key)).unwrap_or(i64::MAX),
            tone: match *key {
                "new" | "changed" => Tone::Good,
                "refused" => Tone::Fix,
                "missing" => Tone::Explain,
                _ => Tone::Plain,
            },
            href: Some(what.url.with("show", key).to_string()),
            open: open == *key,
        })
        .collect();
    let opened = match open {
        "new" => examples(what, plan, Class::New),
        "changed" => changed(what, plan),
        "unchanged" => html! { p { (text.get("registry-unchanged-means")) } },
        "missing" => missing(what, plan),
        _ => refused(what, plan),
    };
    let complete_for = match &plan.complete_for {
        Some(unit) => Some(unit_name(what.registry, permit, unit).await?),
        None => None,
    };
    Ok(html! {
        (columns(what, plan))
        div #plan data-region="" {
            (plan_numbers(&text.get("registry-step-plan"), &numbers))
            @if let Some(unit) = &complete_for { p { (text.with("registry-complete-said", &[("unit", unit)])) } }
            (opened)
        }
        @if !plan.notices.is_empty() {
            (section(&text.get("registry-notices-title"), html! {}, causes(what, &plan.notices)))
        }
    })
}

async fn unit_name(
    registry: &Registry,
    permit: &RequirePermit,
    unit: &str,
) -> Result<String, Failure> {
    let names = Names::of(
        registry
            .view(permit, "education_unit", Clocks::latest(registry.today()))
            .await?,
    );
    let name = unit.parse().ok().and_then(|unit| names.name(unit));
    Ok(name.unwrap_or(unit).to_owned())
}

fn count_of(plan: &Plan, key: &str) -> u64 {
    match key {
        "new" => plan.count(Class::New),
        "changed" => plan.count(Class::Changed),
        "unchanged" => plan.count(Class::Unchanged),
        "refused" => plan.count(Class::Refused) + plan.count(Class::Review),
        _ => plan.missing_count,
    }
}

/// What is open: what the address says, else what needs a look first.
fn open_part(url: &Url, plan: &Plan) -> &'static str {
    let asked = url
        .get("show")
        .and_then(|asked| OPENED.into_iter().find(|key| *key == asked));
    asked.unwrap_or_else(|| {
        ["refused", "missing", "changed", "new"]
            .into_iter()
            .find(|key| count_of(plan, key) > 0)
            .unwrap_or("unchanged")
    })
}

/// How the file was read: recognised columns folded away, doubts in sight.
fn columns(what: &Subject<'_>, plan: &Plan) -> Markup {
    let text = what.text;
    let dataset = what.dataset();
    let unread: Vec<&str> = plan
        .columns
        .iter()
        .filter(|(header, field)| field.is_empty() && !header.is_empty())
        .map(|(header, _)| header.as_str())
        .collect();
    let read = plan.columns.iter().filter(|(_, field)| !field.is_empty());
    let mut table = Table::new(text.get("registry-columns-title"))
        .column(Column::text("header", text.get("registry-header")))
        .column(Column::text("field", text.get("registry-field")));
    for (header, field) in read.clone() {
        let header = if header.is_empty() {
            text.get("registry-header-none")
        } else {
            header.clone()
        };
        table = table.row(Row::new(vec![
            Cell::text(header),
            Cell::text(field_title(dataset, what.lang, field)),
        ]));
    }
    let reading: Vec<(String, Markup)> = plan
        .reading
        .iter()
        .map(|(key, value)| {
            (
                text.get(&format!("registry-reading-{}", key.replace('_', "-"))),
                html! { (value) },
            )
        })
        .collect();
    let recognised = shown_count(read.count() as u64);
    html! {
        @if !unread.is_empty() {
            (notice(Tone::Explain, &text.with("registry-columns-unread", &[("count", &shown_count(unread.len() as u64))]), html! {
                p { (unread.join("、")) }
                p { (text.get("registry-columns-unread-next")) }
            }))
        }
        details {
            summary { (text.with("registry-columns-read", &[("count", &recognised), ("rows", &shown_count(plan.rows))])) }
            (key_values(&reading))
            (table.render(text))
        }
    }
}

fn row_cell(number: u64) -> Cell {
    Cell::Number(shown_count(number))
}

fn examples(what: &Subject<'_>, plan: &Plan, class: Class) -> Markup {
    let text = what.text;
    let shown = plan
        .examples
        .get(class.as_str())
        .map_or(&[][..], Vec::as_slice);
    let mut table = Table::new(text.get(&format!("registry-class-{}", class.as_str())))
        .column(Column::number("row", text.get("registry-row")))
        .column(Column::text("label", text.get("registry-what")));
    for example in shown {
        table = table.row(Row::new(vec![
            row_cell(example.row),
            Cell::text(example.label.clone()),
        ]));
    }
    html! {
        (table.render(text))
        (not_all(text, shown.len(), plan.count(class)))
    }
}

fn not_all(text: &Text, shown: usize, all: u64) -> Markup {
    let more = all.saturating_sub(shown as u64);
    html! { @if more > 0 { p { (text.with("registry-and-more", &[("count", &shown_count(more))])) } } }
}

fn changed(what: &Subject<'_>, plan: &Plan) -> Markup {
    let text = what.text;
    let dataset = what.dataset();
    let shown = plan
        .examples
        .get(Class::Changed.as_str())
        .map_or(&[][..], Vec::as_slice);
    let mut table = Table::new(text.get("registry-class-changed"))
        .column(Column::number("row", text.get("registry-row")))
        .column(Column::text("label", text.get("registry-what")))
        .column(Column::text("changes", text.get("registry-changes")));
    for example in shown {
        let label = match example.record {
            Some(record) => what.record_link(record, &example.label),
            None => html! { (example.label) },
        };
        let changes = html! {
            @for change in &example.changes {
                (change_markup(text, &field_title(dataset, what.lang, &change.field), &change.old, &change.new))
            }
        };
        table = table.row(Row::new(vec![
            row_cell(example.row),
            Cell::Markup(label),
            Cell::Markup(changes),
        ]));
    }
    html! {
        p { (text.with("registry-changed-fields", &[("fields", &counted_fields(dataset, what.lang, &plan.changed_fields))])) }
        (table.render(text))
        (not_all(text, shown.len(), plan.count(Class::Changed)))
    }
}

fn missing(what: &Subject<'_>, plan: &Plan) -> Markup {
    let text = what.text;
    let dataset = what.dataset();
    let mut table = Table::new(text.get("registry-class-missing"))
        .column(Column::text("label", text.get("registry-what")))
        .column(Column::text("proposal", text.get("registry-proposal")));
    for missing in &plan.missing {
        let proposal = missing.proposal.as_ref().map(|(field, value)| {
            let shown = dataset
                .and_then(|dataset| dataset.field(field))
                .and_then(|field| match &field.kind {
                    standard::FieldKind::Code(set) => what.registry.standard().code_set(set),
                    _ => None,
                })
                .map_or(value.as_str(), |set| set.name_of(value, what.lang));
            format!("{} → {shown}", field_title(dataset, what.lang, field))
        });
        table = table.row(Row::new(vec![
            Cell::Markup(what.record_link(missing.record, &missing.label)),
            proposal.map_or_else(
                || Cell::text(text.get("registry-proposal-none")),
                Cell::text,
            ),
        ]));
    }
    html! {
        p { (text.get("registry-missing-means")) }
        (table.render(text))
        (not_all(text, plan.missing.len(), plan.missing_count))
    }
}

/// 问题清单: the causes, and the rows as a file that can be mended and sent again.
fn refused(what: &Subject<'_>, plan: &Plan) -> Markup {
    let text = what.text;
    if plan.causes.is_empty() {
        return html! { p { (text.get("registry-no-refusals")) } };
    }
    let file = format!("/imports/{}/refused.csv", what.import.id);
    html! {
        (section(
            &text.get("registry-board"),
            link_button(&text.get("registry-refused-file"), &file, Some(Icon::Download), false),
            html! {
                p { (text.get("registry-refused-next")) }
                (causes(what, &plan.causes))
            },
        ))
    }
}

fn causes(what: &Subject<'_>, causes: &[Cause]) -> Markup {
    let text = what.text;
    let dataset = what.dataset();
    let mut table = Table::new(text.get("registry-board"))
        .column(Column::text("cause", text.get("registry-cause")))
        .column(Column::number("rows", text.get("registry-rows")))
        .column(Column::text("examples", text.get("registry-examples")))
        .column(Column::text("repair", text.get("registry-repair")));
    for cause in causes {
        let (message, repair) = cause_words(what.registry.standard(), what.lang, cause);
        let field = field_title(dataset, what.lang, &cause.field);
        let head = html! {
            (badge(severity_tone(&cause.severity), &text.get(&format!("registry-severity-{}", cause.severity.replace('_', "-")))))
            " " (message)
            @if !cause.field.is_empty() { br; small { (field) " · " (ui::code(&cause.code)) } } @else { br; small { (ui::code(&cause.code)) } }
        };
        table = table.row(Row::new(vec![
            Cell::Markup(head),
            row_cell(cause.rows),
            Cell::Markup(cause_examples(what, cause)),
            Cell::text(repair),
        ]));
    }
    table.render(text)
}

fn cause_examples(what: &Subject<'_>, cause: &Cause) -> Markup {
    let text = what.text;
    let line = |example: &RowExample| {
        let row = shown_count(example.row);
        let mut parts = vec![text.with("registry-row-number", &[("row", &row)])];
        parts.extend(
            [
                example.label.as_str(),
                example.value.as_str(),
                // Candidates follow as links.
                if example.candidates.is_empty() {
                    example.detail.get(lang(text))
                } else {
                    ""
                },
            ]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
        );
        parts.dedup();
        parts.join(" · ")
    };
    html! {
        @for example in cause.examples.iter().take(3) {
            (line(example))
            @for (record, name) in &example.candidates { " · " (what.record_link(*record, name)) }
            br;
        }
        @if cause.values.len() > 1 {
            details {
                summary { (text.get("registry-values")) }
                @for (value, count) in &cause.values { (value) " × " (shown_count(*count)) br; }
            }
        }
    }
}
