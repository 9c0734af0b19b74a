//! The pages, figures and tiles of this room. One operation a file.

mod described;
pub(crate) mod division_list;
pub(crate) mod division_show;
pub(crate) mod figures_csv;
pub(crate) mod figures_json;
pub(crate) mod map;
pub(crate) mod panel;
pub(crate) mod peers;
pub(crate) mod picture;
pub(crate) mod sections;
mod send;
pub(crate) mod table;
pub(crate) mod tile;
pub(crate) mod tile_json;

use security::{Access, Action, Room};

use crate::api::Geo;

/// The routes of this room.
pub fn room<S: Clone + Send + Sync + 'static>(geo: Geo) -> Room<S> {
    let read = Access::Action(Action::Read);
    Room::new()
        .get("/map", read, map::show)
        .get("/map/table", read, table::show)
        .get("/map/figures.json", read, figures_json::send)
        .described(&described::READ_FIGURES)
        .get(
            "/map/figures.csv",
            Access::Action(Action::Export),
            figures_csv::send,
        )
        .working_long()
        .described(&described::EXPORT_FIGURES)
        .get("/map/place/{code}", read, panel::send)
        .described(&described::READ_PANEL)
        .get("/tiles/{file}", read, tile_json::send)
        .described(&described::READ_LAYER)
        .get("/tiles/{layer}/{z}/{x}/{file}", read, tile::send)
        .described(&described::READ_TILE)
        .get("/divisions", read, division_list::show)
        .get("/divisions/{code}", read, division_show::show)
        .with_state(geo)
}
