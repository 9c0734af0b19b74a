//! `GET /institutions`: the list of institutions, everything about it in the address.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use security::{Action, RequirePermit};
use standard::{CodeEntry, FieldKind, Lang, Standard};
use ui::{
    Cascade, CascadeLevel, Cell, Chip, Choice, Column, Crumb, Field, FilterBar, FormState, Icon,
    Input, Pager, Row, Shell, Sort, Table, Text, Tone, Url, badge, chips, empty_state, link_button,
    print_button,
};

use super::failure::Failure;
use super::shown::{Showing, synthetic_badge};
use super::{Asked, lang};
use crate::api::{Nothing, Registry};
use crate::lists::{
    FILTERED_CODES, Filter, Found, Headline, Institutions, Labels, ListColumn, Names, Order, Place,
    Ratio, Totals,
};

/// Rows on a page.
const SIZE: u64 = 50;
/// How the list is sorted unless the reader says: in the order of the units.
const USUAL_ORDER: &str = "unit";

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

/// What the address asks for.
pub(super) struct Question<'s> {
    pub asked: Asked,
    pub list: Institutions,
    pub filter: Filter,
    pub order: Order,
    pub columns: Vec<ListColumn<'s>>,
    pub all_columns: Vec<ListColumn<'s>>,
}

impl<'s> Question<'s> {
    pub(super) async fn of(
        registry: &'s Registry,
        permit: &RequirePermit,
        url: &Url,
    ) -> Result<Question<'s>, Failure> {
        let asked = Asked::of(registry, url).await?;
        let list = Institutions::open(registry, permit, asked.clocks).await?;
        let filter = Filter::of(
            url,
            registry.standard(),
            &list.labels,
            &registry.security().units(),
        );
        let sort = Sort::from_url(url, USUAL_ORDER);
        let all_columns = ListColumn::all(registry.standard(), permit);
        let keys: Vec<&str> = url.values("col").filter(|key| !key.is_empty()).collect();
        let columns = ListColumn::chosen(&all_columns, &keys);
        let order = Order {
            key: sort.key,
            descending: sort.descending,
        };
        Ok(Question {
            asked,
            list,
            filter,
            order,
            columns,
            all_columns,
        })
    }
}

async fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let lang = lang(&text);
    let mut question = Question::of(registry, permit, &url).await?;
    let totals = question.list.totals(&question.filter).await?;
    let pager = Pager::from_url(&url, SIZE, totals.institutions);
    let found = question
        .list
        .find(
            &question.filter,
            &question.order,
            Some((pager.offset(), SIZE)),
        )
        .await?;
    let headlines = question.list.headlines(&found).await?;
    let parents = parents_of(&question.list, &found);
    question.list.labels.institutions = question.list.names_of(&parents).await?;
    let showing = Showing {
        standard: registry.standard(),
        labels: &question.list.labels,
        lang,
    };
    let why = match question.list.view.is_empty() {
        true => Some(
            registry
                .why_nothing(permit, "institution", question.asked.clocks)
                .await?,
        ),
        false => None,
    };
    let mixed = totals.synthetic > 0 && totals.synthetic < totals.institutions;
    let rows = found.iter().filter_map(|each| {
        let row = question.list.row_of(*each)?;
        let headline = headlines.get(&each.record);
        Some(table_row(
            &text, &url, &showing, &question, *each, row, headline, mixed,
        ))
    });
    let mut table = Table::new(text.get("registry-institutions"));
    for column in &question.columns {
        table = table.column(header(column, lang));
    }
    table = table
        .rows(rows)
        .totals(totals_row(&text, &question.columns, &totals))
        .sorted(
            Sort {
                key: question.order.key.clone(),
                descending: question.order.descending,
            },
            &url,
        )
        .empty(nothing(&text, why, &question.asked, permit, &url));
    let narrowed = chips_of(registry.standard(), &question.list.labels, &text, &url);
    let body = html! {
        (filters(registry.standard(), &question.list.labels, &text, &url))
        div #columns data-region="" { (choose_columns(&text, &url, &question, lang)) }
        div #results data-region="" {
            (chips(&text, &narrowed, &url.keeping(&["as_of", "known_on", "sort", "col"])))
            (table.render(&text))
            (pager.render(&text, &url))
        }
    };
    let mut page = shell
        .page(text.get("registry-institutions"))
        .crumbs(crumbs(&text, &question.list.labels.divisions, &url))
        .as_of(question.asked.control())
        .body(body)
        .source_line(source_line(
            registry,
            &text,
            &question.asked,
            &totals,
            permit,
        ));
    if permit.allows(Action::Edit) {
        page = page.tool(link_button(
            &text.get("registry-institution-add"),
            "/institutions/new",
            None,
            false,
        ));
    }
    if permit.allows(Action::Export) {
        let csv = url.without("page").at("/institutions.csv").to_string();
        page = page.tool(link_button(
            &text.get("ui-export"),
            &csv,
            Some(Icon::Download),
            false,
        ));
    }
    page = page.tool(print_button(&text));
    if totals.synthetic > 0 {
        page = page.badge(synthetic_badge(&text));
    }
    Ok(page.into_response())
}

fn parents_of(list: &Institutions, found: &[Found]) -> Vec<i64> {
    let Some(column) = list.view.column("parent") else {
        return Vec::new();
    };
    let mut parents: Vec<i64> = found
        .iter()
        .filter_map(|found| list.row_of(*found))
        .filter_map(|row| list.view.table().int(column, row))
        .collect();
    parents.sort_unstable();
    parents.dedup();
    parents
}

fn header(column: &ListColumn<'_>, lang: Lang) -> Column {
    let title = column.title(lang);
    let mut header = if column.is_numeric() {
        Column::number(column.key(), title)
    } else {
        Column::text(column.key(), title)
    };
    if let Some(unit) = column.unit(lang).filter(|unit| !unit.is_empty()) {
        header = header.unit(unit);
    }
    if column.sorts() {
        header = header.sortable();
    }
    if matches!(
        column.key(),
        "code" | "status" | "founded" | "closed" | "school_year"
    ) {
        header = header.narrow();
    }
    header
}

#[expect(clippy::too_many_arguments, reason = "one row with all that it shows")]
fn table_row(
    text: &Text,
    url: &Url,
    showing: &Showing<'_>,
    question: &Question<'_>,
    found: Found,
    row: usize,
    headline: Option<&Headline>,
    mixed: bool,
) -> Row {
    let table = question.list.view.table();
    let own = |name: &str| {
        table
            .position(name)
            .and_then(|column| table.text(column, row))
    };
    let cells = question
        .columns
        .iter()
        .map(|column| match column {
            ListColumn::Own(field) => {
                let words = showing.text_at(field, table, row);
                match field.name.as_str() {
                    "name" => {
                        let href =
                            super::keeping_clocks(url, &format!("/institutions/{}", found.record));
                        let synthetic = mixed && own("origin") == Some("synthetic");
                        Cell::Markup(html! {
                            a href=(href) { (words) }
                            @if synthetic { " " (synthetic_badge(text)) }
                        })
                    }
                    _ if words.is_empty() => Cell::Missing,
                    "code" => Cell::Markup(ui::code(&words)),
                    "status" if own("status") != Some("open") => {
                        Cell::Markup(badge(Tone::Explain, &words))
                    }
                    _ => Cell::text(words),
                }
            }
            ListColumn::Year(field) => year_cell(&field.name, headline),
            ListColumn::Ratio(ratio, _) => {
                let number = headline.and_then(|headline| match ratio {
                    Ratio::ClassSize => headline.class_size(),
                    Ratio::PupilsPerTeacher => headline.pupils_per_teacher(),
                });
                number.map_or(Cell::Missing, |number| Cell::real(number, 1))
            }
        })
        .collect();
    Row::new(cells).id(format!("r{}", found.record))
}

fn year_cell(field: &str, headline: Option<&Headline>) -> Cell {
    let Some(headline) = headline else {
        return Cell::Missing;
    };
    match field {
        "school_year" => Cell::text(headline.school_year.clone()),
        "pupils" => Cell::maybe_integer(headline.pupils),
        "classes" => Cell::maybe_integer(headline.classes),
        "fulltime_teachers" => Cell::maybe_integer(headline.teachers),
        "building_area" => headline
            .area
            .map_or(Cell::Missing, |area| Cell::real(area, 2)),
        _ => Cell::Missing,
    }
}

fn totals_row(text: &Text, columns: &[ListColumn<'_>], totals: &Totals) -> Vec<Cell> {
    let count = i64::try_from(totals.institutions).unwrap_or(i64::MAX);
    columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column {
            _ if place == 0 => Cell::text(text.count("registry-list-total", count)),
            ListColumn::Own(_) => Cell::text(""),
            ListColumn::Year(field) => match field.name.as_str() {
                "pupils" => Cell::maybe_integer(totals.pupils),
                "classes" => Cell::maybe_integer(totals.classes),
                "fulltime_teachers" => Cell::maybe_integer(totals.teachers),
                "building_area" => totals
                    .area
                    .map_or(Cell::Missing, |area| Cell::real(area, 2)),
                _ => Cell::text(""),
            },
            ListColumn::Ratio(Ratio::ClassSize, _) => totals
                .class_size
                .map_or(Cell::Missing, |number| Cell::real(number, 1)),
            ListColumn::Ratio(Ratio::PupilsPerTeacher, _) => totals
                .pupils_per_teacher
                .map_or(Cell::Missing, |number| Cell::real(number, 1)),
        })
        .collect()
}

/// The empty list: nothing yet on this day, nothing known by then, nothing at all, or nothing that fits.
fn nothing(
    text: &Text,
    why: Option<Nothing>,
    asked: &Asked,
    permit: &RequirePermit,
    url: &Url,
) -> Markup {
    let said = |key: &str, day: String, sentence: String, href: Url| {
        let link = html! { a href=(href) { (text.get(&format!("{key}-link"))) } };
        let title = text.with(&format!("{key}-title"), &[("day", &day)]);
        empty_state(&title, &sentence, Some(link))
    };
    if let Some(Nothing::Before(first)) = why {
        let key = "registry-list-before";
        let sentence = text.with(key, &[("first", &first.to_string())]);
        let day = asked.clocks.as_of.to_string();
        return said(key, day, sentence, url.without("page").with("as_of", first));
    }
    if let (Some(Nothing::NotKnown), Some(day)) = (why, asked.known_on) {
        let key = "registry-list-not-known";
        let now = url.without("page").without("known_on");
        return said(key, day.to_string(), text.get(key), now);
    }
    if why.is_some() {
        let start = permit.allows(Action::Import).then(|| {
            link_button(
                &text.get("registry-imports-new"),
                "/imports/new?dataset=institution",
                None,
                true,
            )
        });
        return empty_state(
            &text.get("registry-list-empty-title"),
            &text.get("registry-list-empty"),
            start,
        );
    }
    let all = url
        .keeping(&["as_of", "known_on", "sort", "col"])
        .to_string();
    let mut sentence = text.get("registry-list-none");
    if !permit.reaches_everything() {
        sentence = format!("{} {sentence}", text.get("registry-list-none-own"));
    }
    empty_state(
        &text.get("registry-list-none-title"),
        &sentence,
        Some(html! { a href=(all) { (text.get("ui-filter-clear")) } }),
    )
}

fn crumbs(text: &Text, divisions: &Names, url: &Url) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb::link(
        text.get("registry-institutions"),
        super::keeping_clocks(url, "/institutions").to_string(),
    )];
    if let Some(division) = Place::of(url, divisions).division {
        crumbs.extend(division_crumbs(divisions, division, url));
    }
    crumbs
}

/// A division and those above it, each leading to its institutions.
pub(super) fn division_crumbs(divisions: &Names, division: i64, url: &Url) -> Vec<Crumb> {
    divisions
        .path(division)
        .into_iter()
        .filter_map(|each| {
            let code = divisions.code(each)?;
            let href = super::keeping_clocks(url, "/institutions").with("division", code);
            Some(Crumb::link(divisions.name(each)?, href.to_string()))
        })
        .collect()
}

fn source_line(
    registry: &Registry,
    text: &Text,
    asked: &Asked,
    totals: &Totals,
    permit: &RequirePermit,
) -> Markup {
    let dataset = registry.standard().dataset("institution_year");
    let source = dataset.map_or("", |dataset| dataset.source.as_str());
    let as_of = asked.clocks.as_of.to_string();
    let known = asked.known(text);
    let operating = super::shown_count(totals.operating);
    let schools = super::shown_count(totals.schools);
    let said = [
        ("as_of", as_of.as_str()),
        ("known", &known),
        ("operating", &operating),
        ("schools", &schools),
        ("source", source),
    ];
    html! {
        @if !permit.reaches_everything() { (text.get("registry-list-own-only")) " " }
        (text.with("registry-list-source", &said))
        " " a href="/dictionary/institution_year" { (text.get("registry-dictionary")) }
    }
}

// The filter bar

fn select(text: &Text, key: &str, label: &str, choices: Vec<Choice>, state: &FormState) -> Markup {
    Field::new(key, label)
        .input(Input::Select {
            choices,
            empty: Some(text.get("registry-any")),
        })
        .render(text, state)
}

fn code_choices<'e>(entries: impl Iterator<Item = &'e CodeEntry>, lang: Lang) -> Vec<Choice> {
    entries
        .map(|entry| Choice::new(&entry.code, entry.name.get(lang)))
        .collect()
}

fn filters(standard: &Standard, labels: &Labels, text: &Text, url: &Url) -> Markup {
    let lang = lang(text);
    let place = Place::of(url, &labels.divisions);
    let state = FormState::from_pairs(url.pairs().iter().cloned());
    let dataset = standard.dataset("institution");
    let mut fields = vec![
        Field::new("q", text.get("registry-list-search"))
            .input(Input::Search)
            .render(text, &state),
        cascade(text, &labels.divisions, &place),
        select(
            text,
            "unit",
            &text.get("registry-unit"),
            unit_choices(&labels.units),
            &state,
        ),
    ];
    for filter in FILTERED_CODES {
        let Some(field) = dataset.and_then(|dataset| dataset.field(filter.field)) else {
            continue;
        };
        let FieldKind::Code(set) = &field.kind else {
            continue;
        };
        let Some(set) = standard.code_set(set) else {
            continue;
        };
        let choices = code_choices(set.current(), lang);
        fields.push(select(
            text,
            filter.key,
            field.title.get(lang),
            choices,
            &state,
        ));
    }
    FilterBar {
        fields,
        keep: vec![
            "as_of", "known_on", "sort", "col", "kind", "counted", "parent",
        ],
    }
    .render(text, url)
}

fn cascade(text: &Text, divisions: &Names, place: &Place) -> Markup {
    let choices = |records: Vec<i64>| {
        records
            .into_iter()
            .filter_map(|record| {
                Some(Choice::new(
                    divisions.code(record)?,
                    divisions.name(record)?,
                ))
            })
            .collect::<Vec<_>>()
    };
    let below = |record: Option<i64>| {
        record.map_or_else(Vec::new, |record| divisions.children(Some(record)))
    };
    let cities: Vec<i64> = divisions
        .children(None)
        .into_iter()
        .flat_map(|top| match divisions.level(top) {
            Some("province") => divisions.children(Some(top)),
            _ => vec![top],
        })
        .collect();
    let level = |name: &str, records: Vec<i64>, chosen: Option<i64>| CascadeLevel {
        name: name.to_owned(),
        label: text.get(&format!("registry-{name}")),
        empty: text.get("registry-any"),
        choices: choices(records),
        value: chosen
            .and_then(|record| divisions.code(record))
            .unwrap_or_default()
            .to_owned(),
    };
    Cascade {
        levels: vec![
            level("city", cities, place.city),
            level("county", below(place.city), place.county),
            level("township", below(place.county), place.township),
        ],
        options: "/institutions/places.json?parent={value}".to_owned(),
    }
    .render(text)
}

/// The units within reach in the order of their tree, each set in below the one above it.
fn unit_choices(units: &Names) -> Vec<Choice> {
    units
        .all()
        .into_iter()
        .filter_map(|record| {
            let depth = units.path(record).len().saturating_sub(1);
            let label = format!("{}{}", "\u{3000}".repeat(depth), units.name(record)?);
            Some(Choice::new(units.code(record)?, label))
        })
        .collect()
}

fn choose_columns(text: &Text, url: &Url, question: &Question<'_>, lang: Lang) -> Markup {
    let choices = question
        .all_columns
        .iter()
        .filter(|column| column.key() != "name")
        .map(|column| Choice::new(column.key(), column.title(lang)))
        .collect();
    let chosen = question
        .columns
        .iter()
        .map(|column| column.key().to_owned())
        .collect();
    let known_on = question
        .asked
        .known_on
        .map_or(String::new(), |day| day.to_string());
    let state = FormState::new()
        .with_many("col", chosen)
        .with("known_on", known_on);
    html! {
        details {
            summary { (text.get("registry-list-options")) }
            form method="get" action=(url.path()) {
                @for (key, value) in url.pairs().iter().filter(|(key, value)| !matches!(key.as_str(), "col" | "page" | "known_on") && !value.is_empty()) {
                    input type="hidden" name=(key) value=(value);
                }
                (Field::new("col", text.get("registry-list-columns")).input(Input::Boxes(choices)).render(text, &state))
                (Field::new("known_on", text.get("ui-as-known-on")).input(Input::Date)
                    .hint(text.get("registry-known-hint")).render(text, &state))
                (ui::button(&text.get("ui-apply"), false))
            }
        }
    }
}

/// What narrows the list now, each as a chip that takes it away.
fn chips_of(standard: &Standard, labels: &Labels, text: &Text, url: &Url) -> Vec<Chip> {
    let lang = lang(text);
    let plain = url.without("page");
    let chip = |name: &str, value: &str, remove: Url| Chip {
        label: text.with("registry-chip", &[("name", name), ("value", value)]),
        remove,
    };
    let mut chips = Vec::new();
    if let Some(asked) = url.get("q") {
        chips.push(chip(
            &text.get("registry-chip-text"),
            asked,
            plain.without("q"),
        ));
    }
    let place = Place::of(url, &labels.divisions);
    if let Some(division) = place.division {
        let name = labels.divisions.name(division).unwrap_or_default();
        let remove = plain
            .without("division")
            .without("city")
            .without("county")
            .without("township");
        chips.push(chip(&text.get("registry-place"), name, remove));
    } else if place.unknown {
        let remove = plain
            .without("division")
            .without("city")
            .without("county")
            .without("township");
        chips.push(chip(&text.get("registry-place"), "?", remove));
    }
    if let Some(code) = url.get("unit") {
        let name = labels
            .units
            .by_code(code)
            .and_then(|unit| labels.units.name(unit))
            .unwrap_or(code);
        chips.push(chip(
            &text.get("registry-unit"),
            name,
            plain.without("unit"),
        ));
    }
    let dataset = standard.dataset("institution");
    for filter in FILTERED_CODES {
        let Some(field) = dataset.and_then(|dataset| dataset.field(filter.field)) else {
            continue;
        };
        let FieldKind::Code(set) = &field.kind else {
            continue;
        };
        for code in url.values(filter.key).filter(|code| !code.is_empty()) {
            let name = standard
                .code_set(set)
                .map_or(code, |set| set.name_of(code, lang));
            chips.push(chip(
                field.title.get(lang),
                name,
                plain.without_pair(filter.key, code),
            ));
        }
    }
    for kind in url.values("kind").filter(|kind| !kind.is_empty()) {
        let name = standard
            .code_set("institution_kind")
            .map_or(kind, |set| set.name_of(kind, lang));
        chips.push(chip(
            &text.get("registry-kind"),
            name,
            plain.without_pair("kind", kind),
        ));
    }
    if let Some(counted) = url.get("counted") {
        let title = dataset
            .and_then(|dataset| dataset.field("counted"))
            .map_or("", |field| field.title.get(lang));
        let word = if matches!(counted, "1" | "yes") {
            "registry-yes"
        } else {
            "registry-no"
        };
        chips.push(chip(title, &text.get(word), plain.without("counted")));
    }
    chips
}
