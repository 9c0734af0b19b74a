//! The map room: layers as of a day, vector tiles, figures by place, the pages of maps and divisions.
//!
//! Invariants:
//! - A map is drawn at a pair of clocks: the divisions, outlines and institutions of that day, as known at
//!   that commit ([`api`]).
//! - Points cluster truthfully: the numbers of any complete set of tiles add up to the number of open
//!   institutions with coordinates that the permit reaches (`tiles::points`).
//! - Cities and provinces have the very borders of their counties; what the program worked out itself is
//!   marked as schematic (`layers::outlines`).
//! - A figure is what standard/figures.toml says, over the permit's rows, and is sent with its parts, with
//!   what is missing, and with the years and the commit it is of (`figures`).
//! - A figure of a place that the permit covers in part says so; outside of it there is none (`coverage`).
//! - Every map carries the map review number, or that there is none, and 示意图,不作为划界依据.

pub mod api;
mod cache;
mod coverage;
mod drawn;
pub mod error;
mod figures;
mod history;
mod layers;
mod model;
mod numbers;
mod pages;
mod schools;
mod state;
mod tiles;

#[cfg(test)]
mod tests;

pub use api::Geo;
pub use error::GeoError;
pub use figures::given_units::{UnitFigure, UnitNumber};
pub use model::{Kinds, Level};
pub use pages::room;

/// The words of this room's pages.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("geo")
}
