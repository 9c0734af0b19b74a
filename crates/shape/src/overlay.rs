//! Two regions laid over each other.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::float::single::SingleFloatOverlay;

use crate::geometry::{MultiPolygon, Point, Polygon, Ring};
use crate::measure::area_km2;

pub(crate) type Shapes = Vec<Vec<Vec<[f64; 2]>>>;

/// What two regions have in common.
#[must_use]
pub fn intersection(one: &MultiPolygon, other: &MultiPolygon) -> MultiPolygon {
    overlay(one, other, OverlayRule::Intersect)
}

/// What lies in either.
#[must_use]
pub fn union(one: &MultiPolygon, other: &MultiPolygon) -> MultiPolygon {
    overlay(one, other, OverlayRule::Union)
}

/// What lies in the first and not in the second.
#[must_use]
pub fn difference(one: &MultiPolygon, other: &MultiPolygon) -> MultiPolygon {
    overlay(one, other, OverlayRule::Difference)
}

/// Intersection over union of the areas: 1 for equal regions, 0 for separate ones.
#[must_use]
pub fn iou(one: &MultiPolygon, other: &MultiPolygon) -> f64 {
    let apart = match (one.bounds(), other.bounds()) {
        (Some(here), Some(there)) => !here.touches(&there),
        _ => true,
    };
    if apart {
        return 0.0;
    }
    let common = area_km2(&intersection(one, other));
    let either = area_km2(one) + area_km2(other) - common;
    if either > 0.0 {
        (common / either).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

fn overlay(one: &MultiPolygon, other: &MultiPolygon, rule: OverlayRule) -> MultiPolygon {
    from_shapes(to_shapes(one).overlay(&to_shapes(other), rule, FillRule::EvenOdd))
}

pub(crate) fn to_shapes(region: &MultiPolygon) -> Shapes {
    let path = |ring: &Ring| {
        let open = if ring.first() == ring.last() {
            ring.len().saturating_sub(1)
        } else {
            ring.len()
        };
        ring.iter()
            .take(open)
            .map(|point| [point.lon, point.lat])
            .collect()
    };
    region
        .polygons
        .iter()
        .map(|polygon| polygon.rings().map(path).collect())
        .collect()
}

pub(crate) fn from_shapes(shapes: Shapes) -> MultiPolygon {
    let ring = |path: Vec<[f64; 2]>| -> Ring {
        let mut points: Ring = path
            .into_iter()
            .map(|[lon, lat]| Point::new(lon, lat))
            .collect();
        points.extend(points.first().copied());
        points
    };
    let polygon = |paths: Vec<Vec<[f64; 2]>>| {
        let mut rings = paths.into_iter().map(ring);
        rings.next().map(|outer| Polygon {
            outer,
            holes: rings.collect(),
        })
    };
    MultiPolygon {
        polygons: shapes.into_iter().filter_map(polygon).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{square, star};
    use proptest::prelude::*;

    #[test]
    fn half_overlapping_squares_share_a_third() {
        let share = iou(&square(108.0, 34.0, 1.0), &square(108.5, 34.0, 1.0));
        assert!((share - 1.0 / 3.0).abs() < 1e-6, "{share}");
        assert!(iou(&square(108.0, 34.0, 1.0), &square(109.0, 34.0, 1.0)) < 1e-6);
        assert!((iou(&square(108.0, 34.0, 1.0), &square(112.0, 34.0, 1.0))).abs() < f64::EPSILON);
        assert!((iou(&MultiPolygon::default(), &square(112.0, 34.0, 1.0))).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn union_and_intersection_add_up(one in any::<u64>(), other in any::<u64>()) {
            let one = star(Point::new(108.0, 34.0), 1.0, 30, one);
            let other = star(Point::new(108.4, 34.2), 1.0, 30, other);
            let parts = area_km2(&intersection(&one, &other)) + area_km2(&union(&one, &other));
            let wholes = area_km2(&one) + area_km2(&other);
            // New corners on long edges: these are straight in degrees, areas are taken in another plane.
            prop_assert!((parts / wholes - 1.0).abs() < 1e-4);
            prop_assert!((iou(&one, &one) - 1.0).abs() < 1e-6);
        }
    }
}
