//! `GET /institutions/{id}`: what an institution is, its year in figures, what belongs to it, its history.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::{RecordId, Value};
use maud::{Markup, html};
use security::{Action, RequirePermit};
use standard::{Dataset, Field, FieldKind, Lang, Standard};
use ui::{
    Cell, Change, Column, Crumb, NormBar, Row, Shell, Stat, Table, Text, Tone, Url, badge,
    key_values, link_button, norm_bar, notice, print_button, section, stats, timeline,
};

use super::failure::Failure;
use super::history::{events, steps};
use super::institution_list::division_crumbs;
use super::shown::{Showing, effective_day, is_synthetic, synthetic_badge, visible_fields};
use super::words::Actors;
use super::{Asked, keeping_clocks, lang};
use crate::api::Registry;
use crate::counting::Operating;
use crate::ledger::{Commit, Version};
use crate::lists::{Headline, Institutions};

const DATASET: &str = "institution";
/// Steps of the history that are shown at first.
const STEPS: usize = 30;

pub(super) async fn show(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&registry, &id, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The record that a path names.
pub(super) fn record_of(id: &str) -> Result<RecordId, Failure> {
    id.parse().map_err(|_| Failure::Hidden)
}

/// The definition of institutions.
pub(super) fn dataset(registry: &Registry) -> Result<&Dataset, Failure> {
    registry
        .standard()
        .dataset(DATASET)
        .ok_or_else(|| crate::ledger::LedgerError::UnknownDataset(DATASET.to_owned()).into())
}

/// The value of a field in a version.
pub(super) fn value_of<'v>(dataset: &Dataset, version: &'v Version, field: &str) -> &'v Value {
    const NONE: &Value = &Value::Null;
    dataset
        .stored_fields()
        .position(|each| each.name == field)
        .and_then(|place| version.values.get(place))
        .unwrap_or(NONE)
}

async fn page(
    registry: &Registry,
    id: &str,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, Failure> {
    let record = record_of(id)?;
    let text = shell.text.clone();
    let url = shell.url.clone();
    let lang = lang(&text);
    let asked = Asked::of(registry, &url).await?;
    let history = registry.ledger().history(permit, DATASET, record).await?;
    let known = asked.clocks.as_known_on;
    let life: Vec<&Version> = history
        .iter()
        .map(|(version, _)| version)
        .filter(|version| version.since <= known)
        .collect();
    if life.is_empty() {
        return Err(Failure::Hidden);
    }
    let dataset = dataset(registry)?;
    let current = registry
        .ledger()
        .record(permit, DATASET, record, asked.clocks)
        .await?;
    let mut list = Institutions::open(registry, permit, asked.clocks).await?;
    list.labels.institutions = names_in(&list, dataset, &life).await?;
    let shown = current.as_ref().or(life.first().copied());
    let Some(shown) = shown else {
        return Err(Failure::Hidden);
    };
    let name = value_of(dataset, shown, "name")
        .as_text()
        .unwrap_or_default()
        .to_owned();
    let years = list.years_of(record.get()).await?;
    let operates = Operating::of(registry.standard(), dataset)
        .is_none_or(|operating| operating.holds(&shown.values));
    let below = below(&text, &url, &list, record.get()).await?;
    let all_steps = steps(&life, known);
    let commits = commits_of(registry, permit, &history, &all_steps).await?;
    let actors = Actors::of(registry, commits.iter().map(|commit| commit.actor.as_str())).await?;
    let showing = Showing {
        standard: registry.standard(),
        labels: &list.labels,
        lang,
    };
    let fields = visible_fields(dataset, permit);
    let whole = url.get("history") == Some("all");
    let told = all_steps
        .get(
            ..if whole {
                all_steps.len()
            } else {
                all_steps.len().min(STEPS)
            },
        )
        .unwrap_or_default();
    let body = html! {
        @if current.is_none() { (not_in_force(&text, &url, &life)) }
        @if let Some(headline) = years.first() {
            @let title = if operates { "registry-year-title" } else { "registry-last-year-title" };
            (section(&text.get(title), html! {}, year_section(&text, registry.standard(), dataset, shown, headline, years.get(1), lang)))
        }
        @for (key, pairs) in groups(&text, &url, &showing, &fields, shown) {
            (section(&text.get(key), html! {}, key_values(&pairs)))
        }
        @if years.len() > 1 { (section(&text.get("registry-years-title"), html! {}, year_table(&text, &years))) }
        @if let Some(below) = below { (section(&text.get("registry-below-title"), html! {}, below)) }
        (section(&text.get("registry-history-title"), html! {}, html! {
            (timeline(&events(&text, &showing, &fields, told, &commits, &actors)))
            @if told.len() < all_steps.len() { p { a href=(url.with("history", "all")) { (text.get("registry-history-all")) } } }
        }))
    };
    let mut page = shell
        .page(name.clone())
        .crumbs(crumbs(&text, &url, dataset, shown, &list, &name))
        .as_of(asked.control())
        .tool(print_button(&text))
        .source_line(source_line(&text, &asked, shown))
        .body(body);
    if permit.allows(Action::Edit) && current.is_some() {
        let edit = keeping_clocks(&url, &format!("/institutions/{record}/edit")).to_string();
        page = page.tool(link_button(
            &text.get("registry-institution-edit"),
            &edit,
            None,
            false,
        ));
    }
    if is_synthetic(dataset, &shown.values) {
        page = page.badge(synthetic_badge(&text));
    }
    if let Some(status) = unusual_status(registry.standard(), dataset, shown, lang) {
        page = page.badge(badge(Tone::Explain, &status));
    }
    Ok(page.into_response())
}

/// Names of the institutions that any version refers to.
async fn names_in(
    list: &Institutions,
    dataset: &Dataset,
    life: &[&Version],
) -> Result<std::collections::HashMap<i64, String>, Failure> {
    let places: Vec<usize> = dataset
        .stored_fields()
        .enumerate()
        .filter(|(_, field)| field.kind == FieldKind::Ref(DATASET.to_owned()))
        .map(|(place, _)| place)
        .collect();
    let mut records: Vec<i64> = life
        .iter()
        .flat_map(|version| {
            places
                .iter()
                .filter_map(|place| version.values.get(*place).and_then(Value::as_int))
        })
        .collect();
    records.sort_unstable();
    records.dedup();
    Ok(list.names_of(&records).await?)
}

/// The commits that the steps of a history speak of.
async fn commits_of(
    registry: &Registry,
    permit: &RequirePermit,
    history: &[(Version, Option<Commit>)],
    steps: &[super::history::Step],
) -> Result<Vec<Commit>, Failure> {
    let mut commits: Vec<Commit> = Vec::new();
    for step in steps {
        let known = history
            .iter()
            .filter_map(|(_, commit)| commit.as_ref())
            .find(|commit| commit.number == step.number);
        let commit = match known {
            Some(commit) => Some(commit.clone()),
            None => registry.ledger().commit_entry(permit, step.number).await?,
        };
        commits.extend(commit);
    }
    Ok(commits)
}

fn not_in_force(text: &Text, url: &Url, life: &[&Version]) -> Markup {
    let open = life.iter().filter(|version| version.until.is_none());
    let first = open.clone().map(|version| version.from).min();
    let last = open.filter_map(|version| version.to).max();
    let other = first.map(|day| {
        if day <= kernel::Day::BEGINNING {
            None
        } else {
            Some(day)
        }
    });
    html! {
        (notice(Tone::Explain, &text.get("registry-not-in-force"), html! {
            @if let Some(Some(day)) = other { p { a href=(url.with("as_of", day)) { (text.with("registry-in-force-from", &[("day", &day.to_string())])) } } }
            @if let Some(day) = last { p { a href=(url.with("as_of", day.add_days(-1))) { (text.with("registry-in-force-until", &[("day", &day.to_string())])) } } }
        }))
    }
}

fn unusual_status(
    standard: &Standard,
    dataset: &Dataset,
    shown: &Version,
    lang: Lang,
) -> Option<String> {
    let status = value_of(dataset, shown, "status")
        .as_text()
        .filter(|status| *status != "open")?;
    standard
        .code_set("institution_status")
        .map(|set| set.name_of(status, lang).to_owned())
}

fn crumbs(
    text: &Text,
    url: &Url,
    dataset: &Dataset,
    shown: &Version,
    list: &Institutions,
    name: &str,
) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb::link(
        text.get("registry-institutions"),
        keeping_clocks(url, "/institutions").to_string(),
    )];
    if let Some(division) = value_of(dataset, shown, "division").as_int() {
        crumbs.extend(division_crumbs(&list.labels.divisions, division, url));
    }
    crumbs.push(Crumb::here(name));
    crumbs
}

fn source_line(text: &Text, asked: &Asked, shown: &Version) -> Markup {
    let as_of = asked.clocks.as_of.to_string();
    let known = asked.known(text);
    let from = effective_day(text, shown.from);
    html! {
        (text.with("registry-record-source", &[("as_of", &as_of), ("known", &known), ("from", &from)]))
        " " a href=(format!("/commits/{}", shown.since)) { (text.with("registry-commit-number", &[("number", &shown.since.to_string())])) }
    }
}

/// Fields that stand together on the page: key of the heading and their names. What is in none of them
/// stands under the last heading.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "registry-group-identity",
        &[
            "code",
            "name",
            "former_names",
            "type",
            "type_inferred",
            "stages",
            "sponsor",
            "run_by",
            "parent",
            "campus_kind",
            "counted",
            "unit",
        ],
    ),
    (
        "registry-group-place",
        &[
            "division",
            "urban_rural",
            "address",
            "lon",
            "lat",
            "datum_origin",
        ],
    ),
    ("registry-group-life", &["status", "founded", "closed"]),
    ("registry-group-contact", &["phone", "contact"]),
];
const REST: &str = "registry-group-rest";

type Pairs = Vec<(String, Markup)>;

fn groups(
    text: &Text,
    url: &Url,
    showing: &Showing<'_>,
    fields: &[(usize, &Field)],
    shown: &Version,
) -> Vec<(&'static str, Pairs)> {
    let mut groups: Vec<(&'static str, Pairs)> = Vec::new();
    for key in GROUPS.iter().map(|(key, _)| *key).chain([REST]) {
        let belongs = |field: &Field| {
            let own = GROUPS
                .iter()
                .find(|(_, names)| names.contains(&field.name.as_str()))
                .map(|(own, _)| *own);
            own.unwrap_or(REST) == key
        };
        let pairs: Pairs = fields
            .iter()
            .filter(|(_, field)| belongs(field))
            .filter_map(|(place, field)| {
                let value = shown
                    .values
                    .get(*place)
                    .filter(|value| !value.is_null())
                    .filter(|value| field.name != "type_inferred" || **value == Value::Int(1))?;
                Some((
                    field.title.get(showing.lang).to_owned(),
                    value_markup(text, url, showing, field, value),
                ))
            })
            .collect();
        if !pairs.is_empty() {
            groups.push((key, pairs));
        }
    }
    groups
}

fn value_markup(
    text: &Text,
    url: &Url,
    showing: &Showing<'_>,
    field: &Field,
    value: &Value,
) -> Markup {
    match (&field.kind, value) {
        (FieldKind::Ref(dataset), Value::Int(record)) if dataset == DATASET => {
            let href = keeping_clocks(url, &format!("/institutions/{record}"));
            html! { a href=(href) { (showing.text(field, value)) } }
        }
        (FieldKind::Ref(dataset), Value::Int(record)) if dataset == "division" => {
            let divisions = &showing.labels.divisions;
            let path: Vec<&str> = divisions
                .path(*record)
                .into_iter()
                .filter_map(|each| divisions.name(each))
                .collect();
            html! {
                (path.join(" › "))
                @if let Some(code) = divisions.code(*record) { " " (ui::code(code)) }
            }
        }
        (FieldKind::Ref(dataset), Value::Int(record)) if dataset == "education_unit" => {
            match showing.labels.units.code(*record) {
                Some(code) => {
                    let href = keeping_clocks(url, "/institutions").with("unit", code);
                    html! { a href=(href) { (showing.text(field, value)) } }
                }
                None => html! { (showing.text(field, value)) },
            }
        }
        (FieldKind::Bool, Value::Int(1)) if field.name == "type_inferred" => {
            html! { (badge(Tone::Explain, &text.get("ui-badge-inferred"))) }
        }
        _ => showing.markup(field, value),
    }
}

// Figures

fn year_section(
    text: &Text,
    standard: &Standard,
    dataset: &Dataset,
    shown: &Version,
    now: &Headline,
    before: Option<&Headline>,
    lang: Lang,
) -> Markup {
    let year = standard.dataset("institution_year");
    let label = |name: &str| super::words::field_title(year, lang, name);
    let unit = |name: &str| {
        year.and_then(|year| year.field(name))
            .and_then(|field| field.unit.as_ref())
            .map_or(String::new(), |unit| unit.get(lang).to_owned())
    };
    let count = |name: &str, now: Option<i64>, before: Option<i64>| {
        now.map(|now| Stat {
            label: label(name),
            value: ui::format::integer(now),
            unit: unit(name),
            change: before.map(|before| Change::between(now, before)),
            href: None,
        })
    };
    let ratio = |figure: &str, number: Option<f64>| {
        let figure = standard.figure(figure)?;
        number.map(|number| Stat {
            label: figure.title.get(lang).to_owned(),
            value: ui::format::real(number, usize::from(figure.decimals)),
            unit: figure.unit.get(lang).to_owned(),
            change: None,
            href: None,
        })
    };
    let figures: Vec<Stat> = [
        count(
            "pupils",
            now.pupils,
            before.and_then(|before| before.pupils),
        ),
        count(
            "classes",
            now.classes,
            before.and_then(|before| before.classes),
        ),
        count(
            "fulltime_teachers",
            now.teachers,
            before.and_then(|before| before.teachers),
        ),
        ratio("mean_class_size", now.class_size()),
        ratio("pupils_per_teacher", now.pupils_per_teacher()),
        now.area.map(|area| Stat {
            label: label("building_area"),
            value: ui::format::real(area, 0),
            unit: unit("building_area"),
            change: None,
            href: None,
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    html! {
        p { (text.with("registry-school-year", &[("year", &now.school_year)])) }
        (stats(text, &figures))
        @if let Some(bar) = norm(standard, dataset, shown, now, lang) { (norm_bar(text, &bar)) }
    }
}

/// The class size against the norm for this kind of institution.
fn norm(
    standard: &Standard,
    dataset: &Dataset,
    shown: &Version,
    now: &Headline,
    lang: Lang,
) -> Option<NormBar> {
    let figure = standard.figure("mean_class_size")?;
    let size = now.class_size()?;
    let kind = value_of(dataset, shown, "type")
        .as_text()
        .and_then(|code| {
            standard
                .code_set("school_type")
                .and_then(|set| set.entry(code))
        })
        .and_then(|entry| entry.extra("kind"))?;
    let norm = figure
        .norms
        .iter()
        .find(|norm| norm.kind.as_deref() == Some(kind))?;
    let decimals = usize::from(figure.decimals);
    Some(NormBar {
        label: figure.title.get(lang).to_owned(),
        value: (size, ui::format::real(size, decimals)),
        norm: Some((norm.value, format!("≤ {}", ui::format::real(norm.value, 0)))),
        most: (norm.value * 1.5).max(size),
        tone: if size > norm.value {
            Tone::Explain
        } else {
            Tone::Plain
        },
    })
}

fn year_table(text: &Text, years: &[Headline]) -> Markup {
    let mut table = Table::new(text.get("registry-years-title"))
        .column(Column::text("school_year", text.get("registry-year")).narrow())
        .column(Column::number("pupils", text.get("registry-pupils")))
        .column(Column::number("classes", text.get("registry-classes")))
        .column(Column::number("teachers", text.get("registry-teachers")))
        .column(Column::number(
            "class_size",
            text.get("registry-class-size"),
        ))
        .column(Column::number(
            "ratio",
            text.get("registry-pupils-per-teacher"),
        ));
    for year in years {
        let real =
            |number: Option<f64>| number.map_or(Cell::Missing, |number| Cell::real(number, 1));
        table = table.row(Row::new(vec![
            Cell::text(year.school_year.clone()),
            Cell::maybe_integer(year.pupils),
            Cell::maybe_integer(year.classes),
            Cell::maybe_integer(year.teachers),
            real(year.class_size()),
            real(year.pupils_per_teacher()),
        ]));
    }
    table.render(text)
}

/// Teaching sites, attached classes and campuses of this institution.
async fn below(
    text: &Text,
    url: &Url,
    list: &Institutions,
    record: i64,
) -> Result<Option<Markup>, Failure> {
    let found = list.below(record).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let headlines = list.headlines(&found).await?;
    let view = list.view.table();
    let words = |name: &str, row: usize| {
        view.position(name)
            .and_then(|column| view.text(column, row))
    };
    let mut table = Table::new(text.get("registry-below-title"))
        .column(Column::text("name", text.get("registry-name")))
        .column(Column::text("division", text.get("registry-place")))
        .column(Column::number("pupils", text.get("registry-pupils")))
        .column(Column::number("classes", text.get("registry-classes")));
    for each in found {
        let Some(row) = list.row_of(each) else {
            continue;
        };
        let headline = headlines.get(&each.record);
        let href = keeping_clocks(url, &format!("/institutions/{}", each.record)).to_string();
        let division = view
            .position("division")
            .and_then(|column| view.int(column, row))
            .and_then(|division| list.labels.divisions.short(division));
        table = table.row(Row::new(vec![
            Cell::link(href, words("name", row).unwrap_or_default()),
            Cell::maybe_text(division),
            Cell::maybe_integer(headline.and_then(|headline| headline.pupils)),
            Cell::maybe_integer(headline.and_then(|headline| headline.classes)),
        ]));
    }
    Ok(Some(table.render(text)))
}
