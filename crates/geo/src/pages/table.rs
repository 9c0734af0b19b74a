//! `GET /map/table`: what the map shows as a list.

use std::cmp::Ordering;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;
use security::{Permit, RequirePermit};
use standard::Action;
use ui::{Cell, Column, Icon, Page, Pager, Row, Shell, Sort, Table, Text};

use super::sections;
use crate::api::Geo;
use crate::coverage::Coverage;
use crate::drawn::{Drawn, definition_line, joined, lang, norms, notes, value_cell};
use crate::error::GeoError;
use crate::figures::{self, Sums};
use crate::layers::{Place, PlaceNumber};
use crate::numbers::Numbers;
use crate::state::{MapState, clocks_of};

/// Rows on a page.
const ROWS: u64 = 120;

pub(super) async fn show(State(geo): State<Geo>, permit: RequirePermit, shell: Shell) -> Response {
    match page(&geo, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

/// One row of the list.
pub(super) struct Line<'a> {
    pub(super) number: PlaceNumber,
    pub(super) place: &'a Place,
    pub(super) value: Option<f64>,
    pub(super) sums: Sums,
    pub(super) coverage: Coverage,
}

/// The rows of a state in the order that an address asks for.
pub(super) fn lines<'a>(state: &'a MapState<'_>, drawn: &Drawn, sort: &Sort) -> Vec<Line<'a>> {
    let places = &state.moment.scene.places;
    let mut lines: Vec<Line<'a>> = drawn
        .places
        .iter()
        .filter_map(|(number, value)| {
            let place = places.get(*number)?;
            Some(Line {
                number: *number,
                place,
                value: *value,
                sums: drawn.evaluation.sums(*number),
                coverage: drawn.evaluation.coverage(*number),
            })
        })
        .collect();
    lines.sort_by(|one, other| order(&sort.key, sort.descending, one, other));
    lines
}

/// Places without a value stand last either way.
fn order(key: &str, descending: bool, one: &Line<'_>, other: &Line<'_>) -> Ordering {
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    let by_number = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => turned(one.total_cmp(&other)),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    let first = match key {
        "value" => by_number(one.value, other.value),
        "numerator" => by_number(Some(one.sums.numerator), Some(other.sums.numerator)),
        "denominator" => by_number(Some(one.sums.denominator), Some(other.sums.denominator)),
        "used" => by_number(
            Some(f64::from(one.sums.used)),
            Some(f64::from(other.sums.used)),
        ),
        "missing" => by_number(
            Some(f64::from(one.sums.missing)),
            Some(f64::from(other.sums.missing)),
        ),
        "name" => turned(one.place.name.cmp(&other.place.name)),
        _ => turned(one.place.code.cmp(&other.place.code)),
    };
    first.then_with(|| one.place.code.cmp(&other.place.code))
}

pub(crate) async fn page(geo: &Geo, permit: &Permit, shell: Shell) -> Result<Page, GeoError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let (as_of, known_on) = clocks_of(&url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let state = MapState::read(geo, permit, &moment, &url).await?;
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let drawn = Drawn::new(&state, &numbers);
    let sort = Sort::from_url(&url, "-value");
    let lines = lines(&state, &drawn, &sort);
    let pager = Pager::from_url(&url, ROWS, lines.len() as u64);
    let table = table(&text, &state, &drawn, sort, &url, &lines, &pager);
    let norms = norms(state.figure, &state.kinds);
    let notes = notes(&text, geo, &state, &numbers, &drawn);
    let body = html! {
        (sections::controls(geo, &text, &state, "/map/table"))
        div #map-table data-region="" {
            (table.render(&text))
            (pager.render(&text, &url))
            @for norm in norms {
                p.hint { (norm.title.get(lang(&text))) " " (ui::format::real(norm.value, usize::from(state.figure.decimals))) " (" (norm.source) ")" }
            }
        }
    };
    let mut page = shell
        .page(text.with(
            "geo-table-title",
            &[("figure", state.figure.title.get(lang(&text)))],
        ))
        .crumbs(sections::crumbs(&state, state.within))
        .section("/map")
        .as_of(sections::as_of(&moment))
        .tool(ui::link_button(
            &text.get("geo-as-map"),
            &state.address("/map").to_string(),
            Some(Icon::Map),
            false,
        ));
    if permit.allows(Action::Export) {
        let href = state.address("/map/figures.csv").to_string();
        page = page.tool(ui::link_button(
            &text.get("ui-export"),
            &href,
            Some(Icon::Download),
            false,
        ));
    }
    if let Some(badge) = sections::synthetic_badge(&text, &drawn) {
        page = page.badge(badge);
    }
    let source = html! { (definition_line(&text, state.figure)) " " (joined(&text, &notes)) };
    Ok(page
        .tool(ui::print_button(&text))
        .body(body)
        .source_line(source))
}

fn table(
    text: &Text,
    state: &MapState<'_>,
    drawn: &Drawn,
    sort: Sort,
    url: &ui::Url,
    lines: &[Line<'_>],
    pager: &Pager,
) -> Table {
    let lang = lang(text);
    let places = &state.moment.scene.places;
    let figure = state.figure;
    let is_ratio = drawn.evaluation.is_ratio();
    let of_institutions = figures::is_of_institutions(figure);
    let cells = |name: Cell, code: Cell, above: Cell, value: Option<f64>, sums: &Sums, coverage| {
        let mut cells = vec![name, value_cell(text, figure, value, coverage), code, above];
        if coverage == Coverage::Outside {
            let others = 2 * usize::from(is_ratio) + 2 * usize::from(of_institutions);
            cells.extend(std::iter::repeat_n(Cell::Missing, others));
            return cells;
        }
        if is_ratio {
            cells.extend([sums.numerator, sums.denominator].map(|number| Cell::real(number, 0)));
        }
        if of_institutions {
            cells.extend([sums.used, sums.missing].map(|count| Cell::integer(i64::from(count))));
        }
        cells
    };
    let row = |line: &Line<'_>| {
        let href = match state.level_inside(line.number) {
            Some(_) => state.inside(line.number).address("/map/table").to_string(),
            None => state
                .clocks_at(&format!("/divisions/{}", line.place.code))
                .to_string(),
        };
        let above = line
            .place
            .above
            .and_then(|above| places.get(above))
            .map(|above| above.name.clone());
        let code = Cell::Markup(ui::code(&line.place.code));
        Row::new(cells(
            Cell::link(href, &line.place.name),
            code,
            Cell::maybe_text(above),
            line.value,
            &line.sums,
            line.coverage,
        ))
        .id(format!("d{}", line.place.code))
    };
    let shown = pager.of(lines).iter();
    let mut table = Table::new(text.with("geo-table-title", &[("figure", figure.title.get(lang))]))
        .column(Column::text("name", text.get(sections::level_key(state.level))).sortable())
        // Beside the name, where a phone shows it too.
        .column(
            Column::number("value", figure.title.get(lang))
                .unit(figure.unit.get(lang))
                .hint(figure.about.get(lang))
                .sortable(),
        )
        .column(
            Column::text("code", text.get("geo-code"))
                .narrow()
                .sortable(),
        )
        .column(Column::text("above", text.get("geo-above")).narrow());
    if is_ratio {
        table = table
            .column(Column::number("numerator", text.get("geo-numerator")).sortable())
            .column(Column::number("denominator", text.get("geo-denominator")).sortable());
    }
    if of_institutions {
        table = table
            .column(Column::number("used", text.get("geo-used")).sortable())
            .column(Column::number("missing", text.get("geo-lacking")).sortable());
    }
    let rest = drawn.not_in_places();
    if rest.used + rest.missing > 0 && of_institutions {
        let value = drawn.evaluation.value(&rest);
        table = table.rows(shown.map(row)).row(Row::new(cells(
            Cell::text(text.get("geo-not-in-places")),
            Cell::Missing,
            Cell::Missing,
            value,
            &rest,
            drawn.coverage,
        )));
    } else {
        table = table.rows(shown.map(row));
    }
    let total = drawn.evaluation.value(&drawn.total);
    table
        .totals(cells(
            Cell::text(text.get("ui-table-total")),
            Cell::text(""),
            Cell::text(""),
            total,
            &drawn.total,
            drawn.coverage,
        ))
        .sorted(sort, url)
}
