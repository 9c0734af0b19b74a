//! Area, centre, distance.
//!
//! Areas are taken in the cylindrical equal-area projection of the WGS 84 ellipsoid, which keeps
//! areas exactly; edges are straight in that projection. So areas of neighbours add up to the area
//! of their union to the last digits, and differ from the geodesic area by less than one part in
//! a million for edges of a few kilometres.

use crate::geometry::{MultiPolygon, Point};
use crate::predicate::edges;

const EQUATORIAL_RADIUS_KM: f64 = 6378.137;
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// Square kilometres; holes subtracted whichever way they run.
#[must_use]
pub fn area_km2(region: &MultiPolygon) -> f64 {
    let part = |polygon: &crate::geometry::Polygon| {
        let holes: f64 = polygon
            .holes
            .iter()
            .map(|hole| ring_area_km2(hole).abs())
            .sum();
        ring_area_km2(&polygon.outer).abs() - holes
    };
    region.polygons.iter().map(part).sum()
}

/// Signed: positive when counter-clockwise.
pub(crate) fn ring_area_km2(ring: &[Point]) -> f64 {
    let Some(origin) = ring.first().map(|point| equal_area(*point)) else {
        return 0.0;
    };
    let term = |(a, b): (Point, Point)| {
        let ((ax, ay), (bx, by)) = (equal_area(a), equal_area(b));
        (ax - origin.0) * (by - origin.1) - (bx - origin.0) * (ay - origin.1)
    };
    edges(ring).map(term).sum::<f64>() / 2.0
}

/// Kilometres east, and kilometres north in the sense of equal areas.
pub(crate) fn equal_area(point: Point) -> (f64, f64) {
    let squared = FLATTENING * (2.0 - FLATTENING);
    let eccentricity = squared.sqrt();
    let sine = point.lat.to_radians().sin();
    let part = sine / (1.0 - squared * sine * sine) + (eccentricity * sine).atanh() / eccentricity;
    (
        EQUATORIAL_RADIUS_KM * point.lon.to_radians(),
        EQUATORIAL_RADIUS_KM * (1.0 - squared) * part / 2.0,
    )
}

/// Metres along a great circle of a sphere of the mean radius (within 0.3 % of the ellipsoid).
#[must_use]
pub fn distance_m(a: Point, b: Point) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let chord = half(a.lat, b.lat)
        + a.lat.to_radians().cos() * b.lat.to_radians().cos() * half(a.lon, b.lon);
    2.0 * 6_371_008.8 * chord.sqrt().min(1.0).asin()
}

/// The centre of gravity; it may lie outside. `None` when the region has no area.
#[must_use]
pub fn centroid(region: &MultiPolygon) -> Option<Point> {
    let origin = region.rings().flatten().next().copied()?;
    let (mut weight, mut lon, mut lat) = (0.0, 0.0, 0.0);
    for polygon in &region.polygons {
        for (number, ring) in polygon.rings().enumerate() {
            let (double_area, ring_lon, ring_lat) = moments(ring, origin);
            let sign = if (double_area > 0.0) == (number == 0) {
                1.0
            } else {
                -1.0
            };
            weight += sign * double_area;
            lon += sign * ring_lon;
            lat += sign * ring_lat;
        }
    }
    (weight != 0.0).then(|| {
        Point::new(
            origin.lon + lon / (3.0 * weight),
            origin.lat + lat / (3.0 * weight),
        )
    })
}

fn moments(ring: &[Point], origin: Point) -> (f64, f64, f64) {
    edges(ring).fold((0.0, 0.0, 0.0), |(area, lon, lat), (a, b)| {
        let (a_lon, a_lat) = (a.lon - origin.lon, a.lat - origin.lat);
        let (b_lon, b_lat) = (b.lon - origin.lon, b.lat - origin.lat);
        let cross = a_lon * b_lat - b_lon * a_lat;
        (
            area + cross,
            lon + (a_lon + b_lon) * cross,
            lat + (a_lat + b_lat) * cross,
        )
    })
}

/// A point well inside the region, for a label: the middle of the widest stretch along a few
/// parallels. `None` when the region has no area.
#[must_use]
pub fn interior_point(region: &MultiPolygon) -> Option<Point> {
    let bounds = region.bounds()?;
    let height = bounds.north - bounds.south;
    // Uneven shares, so that vertices of tidy shapes are not hit; the middle wins where equal.
    let shares = [
        0.4987, 0.4213, 0.5791, 0.3319, 0.6677, 0.2411, 0.7591, 0.1583, 0.8419, 0.0713, 0.9291,
        0.0117, 0.9887,
    ];
    let mut best: Option<(f64, Point)> = None;
    for share in shares {
        let lat = bounds.south + share * height;
        for (from, to) in stretches(region, lat) {
            // What lies far from the middle must be wider to win.
            let worth = (to - from) * (1.0 - (share - 0.5_f64).abs() * 0.6);
            if to > from && best.is_none_or(|(known, _)| worth > known) {
                best = Some((worth, Point::new(f64::midpoint(from, to), lat)));
            }
        }
    }
    best.map(|(_, point)| point)
}

/// The stretches of a parallel that lie inside, west to east.
pub(crate) fn stretches(region: &MultiPolygon, lat: f64) -> Vec<(f64, f64)> {
    let crossing = |(a, b): (Point, Point)| {
        let crosses = (a.lat <= lat) != (b.lat <= lat);
        crosses.then(|| a.lon + (lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon))
    };
    let mut crossings: Vec<f64> = region
        .rings()
        .flat_map(|ring| edges(ring).filter_map(crossing))
        .collect();
    crossings.sort_by(f64::total_cmp);
    crossings
        .chunks_exact(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.last()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::contains;
    use crate::samples::{ring, square, star};
    use proptest::prelude::*;

    #[test]
    fn a_square_degree_has_the_area_of_the_ellipsoid() {
        // 1° × 1° at 34° N, by the closed formula of the zone between two parallels.
        let area = area_km2(&square(108.0, 34.0, 1.0));
        assert!((area - 10_176.0).abs() < 15.0, "{area}");
        // The whole of a hemisphere: half of 510,065,621.7 km².
        let hemisphere = MultiPolygon::from_ring(ring(&[
            (-180.0, 0.0),
            (180.0, 0.0),
            (180.0, 90.0),
            (-180.0, 90.0),
        ]));
        assert!((area_km2(&hemisphere) - 255_032_810.9).abs() < 1.0);
    }

    #[test]
    fn holes_are_subtracted_from_area_and_centre() {
        let mut shape = square(108.0, 34.0, 1.0);
        let whole = area_km2(&shape);
        shape.polygons[0]
            .holes
            .push(square(108.5, 34.25, 0.5).polygons[0].outer.clone());
        assert!((area_km2(&shape) / whole - 0.75).abs() < 0.001);
        let centre = centroid(&shape).unwrap();
        assert!(
            (centre.lon - (108.5 - 0.25 / 3.0)).abs() < 1e-9,
            "{centre:?}"
        );
        assert!((centre.lat - 34.5).abs() < 1e-9);
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        assert!(
            (distance_m(Point::new(108.0, 34.0), Point::new(108.0, 35.0)) - 111_195.0).abs() < 1.0
        );
    }

    proptest! {
        #[test]
        fn the_interior_point_is_inside(seed in any::<u64>(), corners in 3_usize..60) {
            let shape = star(Point::new(108.0, 34.0), 1.0, corners, seed);
            let point = interior_point(&shape).unwrap();
            prop_assert!(contains(&shape, point));
        }
    }
}
