//! `GET /divisions/{code}`: what a division is, what it was called when, what lies in it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::Day;
use maud::{Markup, html};
use registry::held::View;
use security::{Permit, RequirePermit};
use standard::{Lang, Standard};
use ui::{Cell, Column, Crumb, Icon, Page, Pager, Row, Shell, Stat, Table, Text, Tone, Url};

use super::division_list::{Columns, commit_words};
use super::sections;
use crate::api::{Geo, Moment};
use crate::coverage::Coverage;
use crate::drawn::{lang, stat};
use crate::error::GeoError;
use crate::figures::is_of_institutions;
use crate::history::{Histories, Life};
use crate::layers::{PlaceNumber, Scene};
use crate::numbers::Numbers;
use crate::state::{clocks_at, clocks_of};

/// Divisions below on one page.
const BELOW: u64 = 50;
/// Institutions that are named; the list has all.
const INSTITUTIONS: usize = 20;

pub(super) async fn show(
    State(geo): State<Geo>,
    permit: RequirePermit,
    Path(code): Path<String>,
    shell: Shell,
) -> Response {
    match page(&geo, &permit, &code, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(crate) async fn page(
    geo: &Geo,
    permit: &Permit,
    code: &str,
    shell: Shell,
) -> Result<Page, GeoError> {
    let text = shell.text.clone();
    let (as_of, known_on) = clocks_of(&shell.url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let histories = geo.histories(permit).await?;
    let at = |path: &str| clocks_at(&moment, geo.registry().today(), path);
    let place = geo.place(permit, &moment, code).await?;
    let record = match place.and_then(|number| moment.scene.places.get(number)) {
        Some(place) => place.record,
        None => *histories
            .records(code)
            .first()
            .ok_or_else(|| GeoError::NoSuch(format!("division {code}")))?,
    };
    let lives = histories.lives(record);
    let changes = geo
        .registry()
        .view(permit, "division_change", moment.clocks)
        .await?;
    let versions = versions(&text, geo.standard(), &histories, lives, &moment, &at);
    let documented = documented(&text, &changes, lives);
    let Some(number) = place else {
        let body = html! {
            (ui::notice(Tone::Explain, &text.with("geo-not-then", &[("day", &moment.clocks.as_of.to_string())]), html! {}))
            (versions) (documented)
        };
        let name = lives.last().map_or(code, |life| life.name.as_str());
        return Ok(shell
            .page(name)
            .crumbs(vec![Crumb::link(
                text.get("geo-divisions"),
                at("/divisions").to_string(),
            )])
            .section("/divisions")
            .as_of(sections::as_of(&moment))
            .body(body));
    };
    let scene = &moment.scene;
    geo.prepare(
        scene,
        scene.places.level_of(place).unwrap_or(crate::Level::County),
    )
    .await?;
    let found = scene
        .places
        .get(number)
        .ok_or_else(|| GeoError::NoSuch(format!("division {code}")))?;
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let columns = Columns::new(geo, &moment, &numbers);
    let body = html! {
        @if found.code != code {
            (ui::notice(Tone::Plain, &text.with("geo-code-changed", &[("old", code), ("new", &found.code), ("name", &found.name)]), html! {}))
        }
        (ui::key_values(&facts(&text, geo.standard(), scene, number)))
        (ui::stats(&text, &stats(&text, &columns, number, &found.code, &at)))
        (versions)
        (documented)
        (below(&text, &moment, &columns, number, &shell.url, &at))
        (institutions(&text, &numbers, scene, number, numbers.coverage(&moment, number), &at))
    };
    let mut page = shell
        .page(found.name.clone())
        .crumbs(crumbs(scene, number, &at))
        .section("/divisions")
        .as_of(sections::as_of(&moment))
        .tool(ui::link_button(
            &text.get("geo-as-map"),
            &map_address(scene, number, &at).to_string(),
            Some(Icon::Map),
            false,
        ))
        .tool(ui::print_button(&text));
    if columns.is_synthetic() {
        page = page.badge(ui::badge(Tone::Explain, &text.get("ui-badge-synthetic")));
    }
    Ok(page.body(body).source_line(
        html! { (text.get("geo-divisions-source")) " " (commit_words(&text, &moment)) },
    ))
}

fn crumbs(scene: &Scene, number: PlaceNumber, at: &dyn Fn(&str) -> Url) -> Vec<Crumb> {
    let step = |each: PlaceNumber| {
        let place = scene.places.get(each)?;
        Some(if each == number {
            Crumb::here(place.name.clone())
        } else {
            Crumb::link(
                place.name.clone(),
                at(&format!("/divisions/{}", place.code)).to_string(),
            )
        })
    };
    scene
        .places
        .path(number)
        .into_iter()
        .filter_map(step)
        .collect()
}

fn map_address(scene: &Scene, number: PlaceNumber, at: &dyn Fn(&str) -> Url) -> Url {
    let code = scene
        .places
        .get(number)
        .map(|place| place.code.clone())
        .unwrap_or_default();
    at("/map").with("place", code)
}

fn facts(
    text: &Text,
    standard: &Standard,
    scene: &Scene,
    number: PlaceNumber,
) -> Vec<(String, Markup)> {
    let Some(place) = scene.places.get(number) else {
        return Vec::new();
    };
    let mut facts = vec![
        (text.get("geo-code"), ui::code(&place.code)),
        (
            text.get("geo-level"),
            html! { (text.get(sections::level_key(place.level))) },
        ),
    ];
    if let Some(kind) = &place.kind {
        facts.push((
            text.get("geo-division-kind"),
            html! { (kind_words(standard, kind, lang(text))) },
        ));
    }
    facts.push((
        text.get("geo-full-name"),
        html! { (scene.places.full_name(number)) },
    ));
    let outline = if scene.is_schematic(number) {
        "geo-outline-schematic"
    } else if scene.bounds(number).is_some() {
        "geo-outline-imported"
    } else {
        "geo-outline-none"
    };
    facts.push((text.get("geo-outline"), html! { (text.get(outline)) }));
    facts
}

fn kind_words<'s>(standard: &'s Standard, kind: &'s str, lang: Lang) -> &'s str {
    standard
        .code_set("division_kind")
        .map_or(kind, |set| set.name_of(kind, lang))
}

fn stats(
    text: &Text,
    columns: &Columns<'_>,
    number: PlaceNumber,
    code: &str,
    at: &dyn Fn(&str) -> Url,
) -> Vec<Stat> {
    columns
        .of(number)
        .map(|(figure, value, coverage)| {
            let href = is_of_institutions(figure).then(|| {
                at("/map")
                    .with("figure", &figure.name)
                    .with("place", code)
                    .to_string()
            });
            stat(text, figure, value, coverage, href)
        })
        .collect()
}

/// Its versions, the latest first. The one of the day shown is marked.
fn versions(
    text: &Text,
    standard: &Standard,
    histories: &Histories,
    lives: &[Life],
    moment: &Moment,
    at: &dyn Fn(&str) -> Url,
) -> Markup {
    let today = moment.clocks.as_of;
    let row = |life: &Life| {
        let from = if life.from <= Day::BEGINNING {
            text.get("geo-since-ever")
        } else {
            life.from.to_string()
        };
        let to = life.to.map_or_else(
            || text.get("geo-until-now"),
            |to| to.add_days(-1).to_string(),
        );
        // A day on which this version holds shows the map as it was.
        let day = life.to.map(|to| to.add_days(-1)).filter(|day| *day < today);
        let name = match day {
            Some(day) => Cell::link(
                at(&format!("/divisions/{}", life.code))
                    .with("as_of", day)
                    .to_string(),
                &life.name,
            ),
            None => Cell::text(&life.name),
        };
        let above = life
            .parent
            .and_then(|parent| histories.name(parent))
            .map(str::to_owned);
        let kind = life
            .kind
            .as_deref()
            .map(|kind| kind_words(standard, kind, lang(text)).to_owned());
        let cells = vec![
            name,
            Cell::Markup(ui::code(&life.code)),
            Cell::maybe_text(kind),
            Cell::maybe_text(above),
            Cell::text(from),
            Cell::text(to),
            Cell::maybe_text(life.source.clone()),
        ];
        let holds = life.from <= today && life.to.is_none_or(|to| today < to);
        if holds {
            Row::new(cells).strong()
        } else {
            Row::new(cells)
        }
    };
    let table = Table::new(text.get("geo-versions"))
        .column(Column::text("name", text.get("geo-name")))
        .column(Column::text("code", text.get("geo-code")).narrow())
        .column(Column::text("kind", text.get("geo-division-kind")).narrow())
        .column(Column::text("above", text.get("geo-above")).narrow())
        .column(Column::text("from", text.get("geo-from")).narrow())
        .column(Column::text("to", text.get("geo-to")).narrow())
        .column(Column::text("source", text.get("geo-source")))
        .rows(lives.iter().rev().map(row));
    ui::section(&text.get("geo-versions"), html! {}, table.render(text))
}

/// What the documents say of changes of its codes.
fn documented(text: &Text, changes: &View, lives: &[Life]) -> Markup {
    let table = changes.table();
    let columns = [
        "old_code",
        "old_name",
        "new_code",
        "new_name",
        "date_text",
        "source",
    ]
    .map(|name| changes.column(name));
    let cell = |column: usize, row: usize| {
        let column = columns.get(column).copied().flatten()?;
        table.text(column, row).map(str::to_owned)
    };
    let concerns = |row: &usize| {
        [0, 2]
            .iter()
            .filter_map(|column| cell(*column, *row))
            .any(|code| lives.iter().any(|life| life.code == code))
    };
    let rows: Vec<Row> = changes
        .rows()
        .filter(concerns)
        .map(|row| {
            Row::new(
                (0..columns.len())
                    .map(|column| Cell::maybe_text(cell(column, row)))
                    .collect(),
            )
        })
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let mut shown = Table::new(text.get("geo-changes"));
    for (key, label) in [
        ("old_code", "geo-old-code"),
        ("old_name", "geo-old-name"),
        ("new_code", "geo-new-code"),
        ("new_name", "geo-new-name"),
        ("date", "geo-date"),
        ("source", "geo-source"),
    ] {
        shown = shown.column(Column::text(key, text.get(label)));
    }
    ui::section(
        &text.get("geo-changes"),
        html! {},
        shown.rows(rows).render(text),
    )
}

/// The divisions directly below, page by page.
fn below(
    text: &Text,
    moment: &Moment,
    columns: &Columns<'_>,
    number: PlaceNumber,
    url: &Url,
    at: &dyn Fn(&str) -> Url,
) -> Markup {
    let children = moment.scene.places.children(number);
    if children.is_empty() {
        return html! {};
    }
    let pager = Pager::from_url(url, BELOW, children.len() as u64);
    let from = usize::try_from(pager.offset()).unwrap_or(0);
    let shown: Vec<PlaceNumber> = children
        .iter()
        .skip(from)
        .take(BELOW as usize)
        .copied()
        .collect();
    let title = text.get("geo-below-title");
    let table = html! {
        div #below data-region="" {
            (columns.table(text, moment, &title, &shown, at))
            (pager.render(text, url))
        }
    };
    ui::section(&title, html! {}, table)
}

/// The open institutions in it, by name, and where all of them are.
fn institutions(
    text: &Text,
    numbers: &Numbers,
    scene: &Scene,
    number: PlaceNumber,
    coverage: Coverage,
    at: &dyn Fn(&str) -> Url,
) -> Markup {
    let range = scene.places.range(number);
    let schools = &numbers.schools;
    let mut found: Vec<(&str, i64)> = schools
        .iter()
        .filter(|(_, school)| {
            school.is_open && school.place.is_some_and(|place| range.contains(&place))
        })
        .map(|(row, school)| (schools.name(row), school.record))
        .collect();
    found.sort_unstable();
    let code = scene
        .places
        .get(number)
        .map(|place| place.code.clone())
        .unwrap_or_default();
    let all = at("/institutions")
        .with("division", code)
        .with("status", "open")
        .to_string();
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let body = html! {
        @if let (Coverage::Part, Some(key)) = (coverage, coverage.key()) { p.hint { (text.get(key)) } }
        @if found.is_empty() {
            p.empty { (text.get(if coverage == Coverage::Outside { "geo-outside" } else { "geo-no-institutions" })) }
        } @else {
            ul.columns {
                @for (name, record) in found.iter().take(INSTITUTIONS) {
                    li { a href=(at(&format!("/institutions/{record}"))) { (name) } }
                }
            }
            p { a href=(all) { (text.count("geo-all-institutions", count)) } }
        }
    };
    ui::section(&text.get("geo-institutions"), html! {}, body)
}
