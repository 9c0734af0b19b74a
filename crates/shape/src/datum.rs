//! Geometries from one datum to another.

use kernel::Datum;

use crate::geometry::{Geometry, MultiPolygon, Point};

/// A geometry given in `from`, in WGS 84 / CGCS 2000.
///
/// Each point is converted by itself, so borders that two regions share stay shared.
#[must_use]
pub fn convert(geometry: &Geometry, from: Datum) -> Geometry {
    match geometry {
        Geometry::Point(point) => Geometry::Point(convert_point(*point, from)),
        Geometry::MultiPolygon(region) => Geometry::MultiPolygon(convert_region(region, from)),
    }
}

/// [`convert`] for a region.
#[must_use]
pub fn convert_region(region: &MultiPolygon, from: Datum) -> MultiPolygon {
    region.map(&|point| convert_point(point, from))
}

/// [`convert`] for a point.
#[must_use]
pub fn convert_point(point: Point, from: Datum) -> Point {
    let (lon, lat) = from.to_wgs84(point.lon, point.lat);
    Point::new(lon, lat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::distance_m;

    #[test]
    fn a_point_comes_back_to_where_it_was() {
        let place = Point::new(108.9402, 34.3416);
        let (lon, lat) = Datum::Gcj02.from_wgs84(place.lon, place.lat);
        let shifted = Point::new(lon, lat);
        assert!(distance_m(place, shifted) > 300.0);
        assert!(distance_m(place, convert_point(shifted, Datum::Gcj02)) < 0.1);
        assert_eq!(
            convert(&Geometry::Point(place), Datum::Cgcs2000),
            Geometry::Point(place)
        );
    }
}
