//! `GET /map`: the map page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;
use security::{Permit, RequirePermit};
use serde_json::{Value, json};
use standard::Action;
use ui::{Icon, Island, MapFrame, Page, Shell};

use super::{panel, picture, sections};
use crate::api::Geo;
use crate::drawn::{Drawn, lang};
use crate::error::GeoError;
use crate::model::{Level, kind_codes};
use crate::numbers::Numbers;
use crate::state::{MapState, clocks_of};
use crate::tiles::{DEEPEST_AREAS, DEEPEST_POINTS, INSTITUTIONS};

pub(super) async fn show(State(geo): State<Geo>, permit: RequirePermit, shell: Shell) -> Response {
    match page(&geo, &permit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

pub(crate) async fn page(geo: &Geo, permit: &Permit, shell: Shell) -> Result<Page, GeoError> {
    let text = shell.text.clone();
    let (as_of, known_on) = clocks_of(&shell.url)?;
    let moment = geo.moment(permit, as_of, known_on).await?;
    let state = MapState::read(geo, permit, &moment, &shell.url).await?;
    geo.prepare(&moment.scene, state.level).await?;
    let numbers = Numbers::read(geo, permit, &moment).await?;
    let drawn = Drawn::new(&state, &numbers);
    let list = (
        text.get("geo-as-list"),
        state.address("/map/table").to_string(),
    );
    let frame = MapFrame {
        config: config(geo, &state).to_string(),
        controls: sections::controls(geo, &text, &state, "/map"),
        legend: sections::legend(geo, &text, &state, &numbers, &drawn),
        panel: panel::panel(
            geo,
            &text,
            &state,
            &numbers,
            &drawn,
            state.place.or(state.within),
        ),
        picture: still(&text, &state, &drawn, &numbers),
        list: Some(list),
        review: sections::review_line(geo, &text).await?,
    };
    let mut page = shell
        .page(text.get("geo-map"))
        .crumbs(sections::crumbs(&state, state.place.or(state.within)))
        .as_of(sections::as_of(&moment))
        .island(Island::Map)
        .filling();
    if let Some(badge) = sections::synthetic_badge(&text, &drawn) {
        page = page.tool(badge);
    }
    if permit.allows(Action::Export) {
        let href = state.address("/map/figures.csv").to_string();
        page = page.tool(ui::link_button(
            &text.get("ui-export"),
            &href,
            Some(Icon::Download),
            false,
        ));
    }
    Ok(page.tool(ui::print_button(&text)).body(frame.render(&text)))
}

/// The still picture. Of more places than a page can carry it shows the counties.
fn still(text: &ui::Text, state: &MapState<'_>, drawn: &Drawn, numbers: &Numbers) -> maud::Markup {
    let drawn_picture = if drawn.places.len() > picture::MOST_PLACES {
        let wider = state.with_level(Level::County);
        let wider_drawn = Drawn::new(&wider, numbers);
        picture::picture(text, &wider, &wider_drawn, numbers).map(|svg| {
            html! {
                p.hint { (text.get("geo-picture-counties")) }
                (svg)
            }
        })
    } else {
        picture::picture(text, state, drawn, numbers)
    };
    drawn_picture.unwrap_or_else(|| picture::empty(text, lang(text)))
}

/// What the map element must know (the page of `ui::MapFrame` documents it).
fn config(geo: &Geo, state: &MapState<'_>) -> Value {
    let scene = &state.moment.scene;
    let home = state
        .home
        .and_then(|home| scene.places.get(home))
        .map(|place| place.code.clone())
        .unwrap_or_default();
    let bounds = state
        .home
        .and_then(|home| scene.bounds(home))
        .or_else(|| scene.everything());
    // Without any outline the map shows the country.
    let bounds = bounds.map_or([73.0, 18.0, 135.5, 53.8], |bounds| {
        [bounds.west, bounds.south, bounds.east, bounds.north]
    });
    let areas: Vec<&str> = Level::MAPPED.iter().map(|level| level.layer()).collect();
    let zooms: serde_json::Map<String, Value> = areas
        .iter()
        .map(|area| ((*area).to_owned(), json!([0, DEEPEST_AREAS])))
        .collect();
    // The colours of kinds: those that most maps are about come first.
    let mut kinds = kind_codes(geo.standard());
    kinds.sort_by_key(|kind| {
        ["primary", "junior", "senior", "kindergarten", "vocational"]
            .iter()
            .position(|known| known == kind)
            .unwrap_or(usize::MAX)
    });
    let pairs: serde_json::Map<String, Value> = state
        .pairs()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::String(value)))
        .collect();
    json!({
        "bounds": bounds,
        "home": home,
        "tiles": "/tiles/{layer}/{z}/{x}/{y}.mvt?as_of={as_of}&known_on={known_on}&kind={kind}",
        "areas": areas,
        "areaZooms": zooms,
        "points": { "layer": INSTITUTIONS, "zooms": [0, DEEPEST_POINTS], "kinds": kinds },
        "figures": "/map/figures.json",
        "panel": "/map/place/{code}",
        "pointPage": "/institutions/{id}",
        "state": pairs,
    })
}
