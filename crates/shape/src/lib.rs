//! Shapes on the earth: points and outlines in degrees, and what can be worked out from them.
//!
//! Ground floor: pure, no I/O, knows no business noun. The only crate that names geometry
//! libraries; its public functions take and give the plain types of [`geometry`].
//!
//! Invariants:
//! - Coordinates are longitude, latitude in degrees, WGS 84 / CGCS 2000, unless a function says
//!   otherwise ([`datum::convert`] is where other datums come in).
//! - Rings are closed (the first point repeated at the end), outer rings run counter-clockwise and
//!   holes clockwise in everything this crate makes; what it reads is kept as read, so that
//!   [`faults::faults`] can report on it.
//! - Every function is deterministic: same input and seed, same bytes out.

pub mod clip;
pub mod coverage;
mod crossings;
pub mod datum;
pub mod faults;
pub mod geojson;
pub mod geometry;
pub mod locate;
pub mod measure;
pub mod mercator;
pub mod overlay;
mod predicate;
pub mod pyramid;
mod random;
pub mod seeds;
mod simplify;
pub mod topology;
pub mod voronoi;
pub mod wkb;

#[cfg(test)]
mod demo_tests;
#[cfg(test)]
mod samples;

pub use clip::{clip_line, clip_multi_polygon};
pub use coverage::{Coverage, simplify_coverage};
pub use datum::convert;
pub use faults::{GeometryFault, faults};
pub use geojson::{Feature, FeatureFile, FeatureProblem, GeoJsonError, read_features};
pub use geometry::{Bounds, Geometry, MultiPolygon, Point, Polygon, Ring};
pub use locate::RegionIndex;
pub use measure::{area_km2, centroid, distance_m, interior_point};
pub use mercator::Tile;
pub use overlay::iou;
pub use pyramid::Pyramid;
pub use seeds::{scatter_points, seed_points};
pub use topology::Topology;
pub use voronoi::voronoi_cells;
