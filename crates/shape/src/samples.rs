//! Shapes for tests.

use crate::geometry::{MultiPolygon, Point, Ring};
use crate::random::Random;

/// A closed ring from pairs.
pub(crate) fn ring(points: &[(f64, f64)]) -> Ring {
    points
        .iter()
        .chain(points.first())
        .map(|(lon, lat)| Point::new(*lon, *lat))
        .collect()
}

/// A square with its south-western corner at (lon, lat).
pub(crate) fn square(lon: f64, lat: f64, side: f64) -> MultiPolygon {
    MultiPolygon::from_ring(ring(&[
        (lon, lat),
        (lon + side, lat),
        (lon + side, lat + side),
        (lon, lat + side),
    ]))
}

/// A star-shaped ring around a centre: never crosses itself.
pub(crate) fn star(centre: Point, radius: f64, corners: usize, seed: u64) -> MultiPolygon {
    let mut random = Random::new(seed);
    let corner = |index: usize, reach: f64| {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand corners")]
        let angle = index as f64 / corners as f64 * std::f64::consts::TAU;
        (
            centre.lon + reach * angle.cos(),
            centre.lat + reach * angle.sin(),
        )
    };
    let points: Vec<(f64, f64)> = (0..corners)
        .map(|index| corner(index, radius * (0.4 + 0.6 * random.unit())))
        .collect();
    MultiPolygon::from_ring(ring(&points))
}

/// A coverage of `columns` × `rows` cells whose shared borders wander: neighbours have the same points.
pub(crate) fn wandering_grid(
    columns: usize,
    rows: usize,
    steps: usize,
    seed: u64,
) -> Vec<(i64, MultiPolygon)> {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let at = |column: usize, row: usize, along: usize, across: bool| -> (f64, f64) {
        let share = along as f64 / steps as f64;
        let (x, y) = if across {
            (column as f64 + share, row as f64)
        } else {
            (column as f64, row as f64 + share)
        };
        let key = seed
            ^ ((column as u64) << 40)
            ^ ((row as u64) << 20)
            ^ ((along as u64) << 1)
            ^ u64::from(across);
        let mut random = Random::new(key);
        // Less sway near the ends, so that borders never cross each other.
        let sway = if along.is_multiple_of(steps) {
            0.0
        } else {
            0.8 * share.min(1.0 - share) * (random.unit() - 0.5)
        };
        let (x, y) = if across { (x, y + sway) } else { (x + sway, y) };
        (108.0 + x * 0.2, 34.0 + y * 0.2)
    };
    let mut cells = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let mut points = Vec::new();
            points.extend((0..steps).map(|along| at(column, row, along, true)));
            points.extend((0..steps).map(|along| at(column + 1, row, along, false)));
            points.extend((0..steps).map(|along| at(column, row + 1, steps - along, true)));
            points.extend((0..steps).map(|along| at(column, row, steps - along, false)));
            let id = i64::try_from(row * columns + column).unwrap();
            cells.push((id, MultiPolygon::from_ring(ring(&points))));
        }
    }
    cells
}
