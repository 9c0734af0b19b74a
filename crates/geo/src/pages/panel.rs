//! `GET /map/place/{code}`: what the panel beside the map says of a place, as a fragment.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use standard::Direction;
use ui::{Cell, Column, Row, Shell, Stat, Table, Text, Tone};

use super::peers::Standing;
use super::{sections, send};
use crate::api::Geo;
use crate::drawn::{
    Drawn, definition_line, joined, lang, notes, nothing_words, single_norm, stat, value_cell,
    value_words,
};
use crate::error::GeoError;
use crate::figures::{self, Evaluation};
use crate::layers::PlaceNumber;
use crate::numbers::Numbers;
use crate::state::{MapState, clocks_of};

/// Institutions that are named.
const MOST_INSTITUTIONS: usize = 10;
/// Places below that are named; the list has all.
const MOST_BELOW: usize = 30;

pub(super) async fn send(
    State(geo): State<Geo>,
    permit: RequirePermit,
    Path(code): Path<String>,
    shell: Shell,
    headers: HeaderMap,
) -> Response {
    match fragment(&geo, &permit, &code, &shell).await {
        Ok(markup) => send::bytes(
            &headers,
            "text/html; charset=utf-8",
            markup.into_string().into_bytes(),
        ),
        Err(error) => error.as_json(),
    }
}

pub(crate) async fn fragment(
    geo: &Geo,
    permit: &Permit,
    code: &str,
    shell: &Shell,
) -> Result<Markup, GeoError> {
    let (as_of, known_on) = clocks_of(&shell.url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let state = MapState::read(geo, permit, &moment, &shell.url).await?;
    let place = geo.place(permit, &moment, code).await?;
    let place = place.ok_or_else(|| GeoError::NoSuch(format!("division {code} on this day")))?;
    let own_level = moment
        .scene
        .places
        .level_of(Some(place))
        .unwrap_or(state.level);
    for level in [state.level, own_level] {
        geo.prepare(&moment.scene, level).await?;
    }
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let drawn = Drawn::new(&state, &numbers);
    let crumbs = sections::crumb_list(&state, Some(place));
    let text = &shell.text;
    Ok(html! {
        (crumbs)
        (panel(geo, text, &state, &numbers, &drawn, Some(place)))
    })
}

/// The panel of a place, or of the whole.
pub(super) fn panel(
    geo: &Geo,
    text: &Text,
    state: &MapState<'_>,
    numbers: &Numbers,
    drawn: &Drawn,
    place: Option<PlaceNumber>,
) -> Markup {
    let scene = &state.moment.scene;
    let Some(number) = place.or(state.whole()) else {
        let words = nothing_words(text, geo, state, numbers);
        return html! { p { (words.unwrap_or_else(|| text.get("geo-no-divisions"))) } };
    };
    let Some(place) = scene.places.get(number) else {
        return html! {};
    };
    let bounds = scene.bounds(number).map(|bounds| {
        format!(
            "{:.5},{:.5},{:.5},{:.5}",
            bounds.west, bounds.south, bounds.east, bounds.north
        )
    });
    let standing = standing(state, drawn, number);
    let norm = single_norm(state.figure, &state.kinds);
    let inside = state
        .level_inside(number)
        .filter(|_| state.whole() != Some(number))
        .map(|_| state.inside(number));
    html! {
        div data-bounds=[bounds] {
            h2 {
                (place.name)
                @if scene.is_schematic(number) { " " (ui::badge(Tone::Plain, &text.get("ui-badge-schematic"))) }
                @if drawn.evaluation.synthetic > 0 { " " (ui::badge(Tone::Explain, &text.get("ui-badge-synthetic"))) }
            }
            p.hint { (ui::code(&place.code)) " " (text.get(sections::level_key(place.level))) }
            @if let Some(words) = nothing_words(text, geo, state, numbers) { (ui::notice(Tone::Explain, &words, html! {})) }
            (ui::stats(text, &stats(geo, text, state, numbers, drawn, number)))
            @if let Some(standing) = &standing { (standing.render(text, state.figure, norm)) }
            p.links {
                @if let Some(inside) = &inside {
                    a href=(inside.address("/map")) data-place=(place.code) data-level=(inside.level.layer()) { (text.get("geo-go-inside")) } " · "
                }
                a href=(state.clocks_at(&format!("/divisions/{}", place.code))) { (text.get("geo-open")) } " · "
                a href=(institutions_address(state, number)) { (text.get("geo-institutions-list")) }
            }
            (most_telling(text, state, numbers, &drawn.evaluation, number))
            (below(text, state, drawn, number))
            p.hint { (definition_line(text, state.figure)) }
            p.hint { (joined(text, &notes(text, geo, state, numbers, drawn))) }
        }
    }
}

/// The list of the institutions that the figure counts in a place.
pub(super) fn institutions_address(state: &MapState<'_>, number: PlaceNumber) -> ui::Url {
    let code = state
        .moment
        .scene
        .places
        .get(number)
        .map(|place| place.code.clone())
        .unwrap_or_default();
    let mut url = state
        .clocks_at("/institutions")
        .with("division", code)
        .with("status", "open");
    for kind in state.kinds.codes() {
        url = url.adding("kind", kind);
    }
    url
}

/// The figure of the map first, then the others that there are.
fn stats(
    geo: &Geo,
    text: &Text,
    state: &MapState<'_>,
    numbers: &Numbers,
    drawn: &Drawn,
    number: PlaceNumber,
) -> Vec<Stat> {
    let stat = |figure, evaluation: &Evaluation, href| {
        let coverage = evaluation.coverage(number);
        stat(text, figure, evaluation.of_place(number), coverage, href)
    };
    let mut stats = vec![stat(state.figure, &drawn.evaluation, None)];
    for figure in figures::shown(geo.standard()) {
        if figure.name == state.figure.name {
            continue;
        }
        let other = state.with_figure(figure, geo.standard());
        let evaluation = numbers.evaluate(state.moment, figure, &other.kinds);
        let href = other.with_place(Some(number)).address("/map").to_string();
        stats.push(stat(figure, &evaluation, Some(href)));
    }
    stats
}

/// Among the places shown, or among those of its level beside it.
fn standing(state: &MapState<'_>, drawn: &Drawn, number: PlaceNumber) -> Option<Standing> {
    let places = &state.moment.scene.places;
    let place = places.get(number)?;
    // A part of a place has no rank among whole ones.
    let value = |number: PlaceNumber| {
        drawn
            .evaluation
            .of_place(number)
            .filter(|_| drawn.evaluation.coverage(number).is_whole())
    };
    let is_shown = drawn.places.iter().any(|(known, _)| *known == number);
    if is_shown {
        let shown = drawn.places.iter().map(|(number, _)| value(*number));
        return Standing::new(value(number), shown);
    }
    let beside = places.of_level(place.above, place.level);
    Standing::new(value(number), beside.into_iter().map(value))
}

/// The institutions that tell most about the figure here: the worst by the figure's direction, else the
/// largest.
fn most_telling(
    text: &Text,
    state: &MapState<'_>,
    numbers: &Numbers,
    evaluation: &Evaluation,
    number: PlaceNumber,
) -> Markup {
    let figure = state.figure;
    // Where an institution is counted as one, all are alike.
    if !figures::is_of_institutions(figure) || figure.numerator.sum.is_none() {
        return html! {};
    }
    let range = state.moment.scene.places.range(number);
    let mut found: Vec<(f64, u32)> = evaluation
        .shares(range)
        .filter_map(|share| Some((evaluation.value_of(share)?, share.row)))
        .collect();
    found.sort_by(|one, other| match figure.direction {
        Direction::Higher => one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)),
        Direction::Lower | Direction::Neutral => {
            other.0.total_cmp(&one.0).then(one.1.cmp(&other.1))
        }
    });
    if found.is_empty() {
        return html! {};
    }
    let title = figure.title.get(lang(text));
    let row = |(value, row): &(f64, u32)| {
        let record = numbers.schools.get(*row)?.record;
        let href = state.clocks_at(&format!("/institutions/{record}"));
        let words = value_words(figure, Some(*value));
        Some(Row::new(vec![
            Cell::link(href.to_string(), numbers.schools.name(*row)),
            Cell::Number(words),
        ]))
    };
    let key = match figure.direction {
        Direction::Higher => "geo-lowest",
        Direction::Lower | Direction::Neutral => "geo-highest",
    };
    let caption = text.with(key, &[("figure", title)]);
    let table = Table::new(&caption)
        .show_caption()
        .column(Column::text("name", text.get("geo-institution")))
        .column(Column::number("value", title).unit(figure.unit.get(lang(text))))
        .rows(found.iter().take(MOST_INSTITUTIONS).filter_map(row));
    table.render(text)
}

/// The places of the next level inside, which open their panels.
fn below(text: &Text, state: &MapState<'_>, drawn: &Drawn, number: PlaceNumber) -> Markup {
    let places = &state.moment.scene.places;
    let Some(level) = state.level_inside(number) else {
        return html! {};
    };
    let mut found: Vec<(PlaceNumber, Option<f64>)> = places
        .of_level(Some(number), level)
        .into_iter()
        .map(|each| (each, drawn.evaluation.of_place(each)))
        .collect();
    let all = found.len();
    // Those with a value first, the greatest on top.
    found.sort_by(|one, other| {
        other
            .1
            .unwrap_or(f64::NEG_INFINITY)
            .total_cmp(&one.1.unwrap_or(f64::NEG_INFINITY))
    });
    let row = |(each, value): &(PlaceNumber, Option<f64>)| {
        let place = places.get(*each)?;
        let state = state.with_level(level);
        let href = state.with_place(Some(*each)).address("/map");
        let link = html! { a href=(href) data-place=(place.code) { (place.name) } };
        let coverage = drawn.evaluation.coverage(*each);
        let cell = value_cell(text, state.figure, *value, coverage);
        Some(Row::new(vec![Cell::Markup(link), cell]))
    };
    let caption = text.get(sections::level_key(level));
    let table = Table::new(&caption)
        .column(Column::text("name", caption.clone()))
        .column(
            Column::number("value", state.figure.title.get(lang(text)))
                .unit(state.figure.unit.get(lang(text))),
        )
        .rows(found.iter().take(MOST_BELOW).filter_map(row));
    let list = state.inside(number).with_level(level);
    html! {
        (table.render(text))
        @if all > MOST_BELOW {
            p { a href=(list.address("/map/table")) { (text.count("geo-all-places", i64::try_from(all).unwrap_or(i64::MAX))) } }
        }
    }
}
