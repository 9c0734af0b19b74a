//! A region divided among points: to each what lies nearest to it.
//!
//! All dividing lines cut the region in one operation on one grid, so the cells have the same
//! points along a line and touch exactly.

use std::collections::HashMap;

use i_overlay::core::fill_rule::FillRule;
use i_overlay::float::slice::FloatSlice;
use spade::{DelaunayTriangulation, Point2, Triangulation};

use crate::clip::clip_line;
use crate::geometry::{Bounds, MultiPolygon, Point};
use crate::measure::interior_point;
use crate::overlay::{from_shapes, to_shapes};

/// Steps per degree that new corners are rounded to: about a centimetre.
const STEPS: f64 = 1e7;

/// One cell per point, in the order of the points; together they are the region. A point that
/// repeats an earlier one, or whose surroundings lie outside the region, has an empty cell.
/// Nearness is judged on a map stretched to the region's middle latitude. Deterministic.
#[must_use]
pub fn voronoi_cells(points: &[Point], region: &MultiPolygon) -> Vec<MultiPolygon> {
    let mut cells = vec![MultiPolygon::default(); points.len()];
    let Some(bounds) = region.bounds() else {
        return cells;
    };
    let sites = Sites::new(points, &bounds);
    let lines = sites.dividing_lines(&bounds);
    if lines.is_empty() {
        // One point, or none: there is nothing to divide.
        if let Some(cell) = sites
            .places
            .first()
            .and_then(|(number, _)| cells.get_mut(*number))
        {
            *cell = region.normalised();
        }
        return cells;
    }
    let sliced = to_shapes(region).slice_by_fixed_scale(&lines, FillRule::EvenOdd, STEPS);
    let pieces = sliced.unwrap_or_else(|_| to_shapes(region).slice_by(&lines, FillRule::EvenOdd));
    for piece in pieces {
        let piece = from_shapes(vec![piece]).snapped(STEPS);
        let owner = interior_point(&piece).and_then(|inside| sites.nearest(inside));
        if let Some(cell) = owner.and_then(|owner| cells.get_mut(owner)) {
            cell.polygons.extend(piece.polygons);
        }
    }
    cells.iter().map(MultiPolygon::normalised).collect()
}

/// The different points, on a plane where a degree is as long eastwards as northwards.
struct Sites {
    narrowing: f64,
    /// Number in the input, place on the plane.
    places: Vec<(usize, Point2<f64>)>,
}

impl Sites {
    fn new(points: &[Point], bounds: &Bounds) -> Self {
        let narrowing = bounds.centre().lat.to_radians().cos().max(0.01);
        let mut seen: HashMap<(u64, u64), ()> = HashMap::new();
        let mut places = Vec::new();
        for (number, point) in points.iter().enumerate() {
            let fresh = seen
                .insert((point.lon.to_bits(), point.lat.to_bits()), ())
                .is_none();
            if fresh && point.lon.is_finite() && point.lat.is_finite() {
                places.push((number, Point2::new(point.lon * narrowing, point.lat)));
            }
        }
        Self { narrowing, places }
    }

    fn nearest(&self, to: Point) -> Option<usize> {
        let (x, y) = (to.lon * self.narrowing, to.lat);
        let gap = |place: &Point2<f64>| (place.x - x).powi(2) + (place.y - y).powi(2);
        let ranked = self
            .places
            .iter()
            .min_by(|one, other| gap(&one.1).total_cmp(&gap(&other.1)));
        ranked.map(|(number, _)| *number)
    }

    /// The lines between cells, cut to the surroundings of the box.
    fn dividing_lines(&self, bounds: &Bounds) -> Vec<Vec<[f64; 2]>> {
        if self.places.len() < 2 {
            return Vec::new();
        }
        let everything = self.places.iter().fold(*bounds, |around, (_, place)| {
            let point = Point::new(place.x / self.narrowing, place.y);
            around.union(&Bounds {
                west: point.lon,
                south: point.lat,
                east: point.lon,
                north: point.lat,
            })
        });
        let (width, height) = (
            everything.east - everything.west,
            everything.north - everything.south,
        );
        let margin = (width + height) * 0.05;
        let window = Bounds {
            west: bounds.west - margin,
            south: bounds.south - margin,
            east: bounds.east + margin,
            north: bounds.north + margin,
        };
        let mut triangulation: DelaunayTriangulation<Point2<f64>> = DelaunayTriangulation::new();
        // Far points all around make every cell of a true point finite without reaching the box.
        let (centre, far) = (everything.centre(), (width + height) * 20.0);
        let ring = (0..8).map(|number| (f64::from(number) + 0.1) * std::f64::consts::FRAC_PI_4);
        let around = ring.map(|angle| {
            Point2::new(
                centre.lon * self.narrowing + far * angle.cos(),
                centre.lat + far * angle.sin(),
            )
        });
        for place in self.places.iter().map(|(_, place)| *place).chain(around) {
            // Refused are only numbers beyond what the triangulation can hold: no place on earth.
            let _ = triangulation.insert(place);
        }
        let mut lines = Vec::new();
        for line in triangulation.undirected_voronoi_edges() {
            let [Some(from), Some(to)] = line.vertices().map(|vertex| vertex.position()) else {
                continue;
            };
            let ends = [
                Point::new(from.x / self.narrowing, from.y),
                Point::new(to.x / self.narrowing, to.y),
            ];
            for stretch in clip_line(&ends, &window) {
                lines.push(stretch.iter().map(|point| [point.lon, point.lat]).collect());
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::faults;
    use crate::geometry::{Geometry, signed_double_area};
    use crate::locate::contains;
    use crate::measure::area_km2;
    use crate::overlay::intersection;
    use crate::samples::{square, star};
    use crate::seeds::seed_points;
    use proptest::prelude::*;

    fn square_degrees(region: &MultiPolygon) -> f64 {
        region
            .rings()
            .map(|ring| signed_double_area(ring) / 2.0)
            .sum()
    }

    #[test]
    fn two_points_share_a_square_in_halves() {
        let cells = voronoi_cells(
            &[Point::new(108.25, 34.5), Point::new(108.75, 34.5)],
            &square(108.0, 34.0, 1.0),
        );
        assert_eq!(cells[0].bounds().map(|bounds| bounds.east), Some(108.5));
        assert!((area_km2(&cells[0]) / area_km2(&cells[1]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn few_points_and_repeated_points_are_no_matter() {
        let region = square(108.0, 34.0, 1.0);
        let here = Point::new(108.25, 34.5);
        assert!(voronoi_cells(&[], &region).is_empty());
        assert_eq!(voronoi_cells(&[here], &region), [region.normalised()]);
        assert_eq!(
            voronoi_cells(&[here, here], &region),
            [region.normalised(), MultiPolygon::default()]
        );
        let cells = voronoi_cells(&[here, Point::new(108.75, 34.5), here], &region);
        assert!(!cells[0].is_empty() && !cells[1].is_empty() && cells[2].is_empty());
        let on_a_line: Vec<Point> = (1..9)
            .map(|number| Point::new(108.0 + f64::from(number) / 10.0, 34.5))
            .collect();
        assert!(
            voronoi_cells(&on_a_line, &region)
                .iter()
                .all(|cell| !cell.is_empty())
        );
    }

    #[test]
    fn a_hole_and_an_exclave_are_divided_as_well() {
        let mut region = square(108.0, 34.0, 1.0);
        region.polygons[0]
            .holes
            .push(square(108.25, 34.25, 0.5).polygons[0].outer.clone());
        region.polygons.extend(square(109.5, 34.0, 0.5).polygons);
        let cells = voronoi_cells(&seed_points(&region, 9, 3), &region);
        let total: f64 = cells.iter().map(area_km2).sum();
        assert!((total / area_km2(&region) - 1.0).abs() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn cells_fill_the_region_and_do_not_overlap(seed in any::<u64>(), corners in 3_usize..60, count in 2_usize..30) {
            let region = star(Point::new(108.0, 34.0), 0.5, corners, seed).snapped(STEPS);
            let points = seed_points(&region, count, seed);
            let cells = voronoi_cells(&points, &region);
            prop_assert_eq!(&cells, &voronoi_cells(&points, &region));
            let total: f64 = cells.iter().map(square_degrees).sum();
            prop_assert!((total / square_degrees(&region) - 1.0).abs() < 1e-5);
            for (position, (point, cell)) in points.iter().zip(&cells).enumerate() {
                prop_assert!(contains(cell, *point));
                prop_assert_eq!(faults(&Geometry::MultiPolygon(cell.clone())), vec![]);
                for other in cells.iter().skip(position + 1) {
                    prop_assert!(area_km2(&intersection(cell, other)) < 1e-4);
                }
            }
        }
    }
}
