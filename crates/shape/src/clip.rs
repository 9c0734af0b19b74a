//! Cutting regions and lines to the rectangle of a tile.
//!
//! A clipped ring runs along the edge of the rectangle where the region goes on beyond it. Clip to
//! a rectangle a little larger than the tile, and those edges are not seen.

use crate::geometry::{Bounds, MultiPolygon, Point, Polygon, Ring};
use crate::mercator::Tile;

/// The part of a region inside a box (Sutherland and Hodgman, ring by ring). Parts that were
/// joined outside the box stay joined along its edge.
#[must_use]
pub fn clip_multi_polygon(region: &MultiPolygon, bounds: &Bounds) -> MultiPolygon {
    let clip = |ring: &Ring| match Bounds::around(ring) {
        Some(around) if !around.touches(bounds) => None,
        Some(around)
            if bounds.contains(Point::new(around.west, around.south))
                && bounds.contains(Point::new(around.east, around.north)) =>
        {
            Some(ring.clone())
        }
        _ => clip_ring(ring, bounds),
    };
    let part = |polygon: &Polygon| {
        clip(&polygon.outer).map(|outer| Polygon {
            outer,
            holes: polygon.holes.iter().filter_map(clip).collect(),
        })
    };
    MultiPolygon {
        polygons: region.polygons.iter().filter_map(part).collect(),
    }
}

/// The side of a box that a cut is made along: which coordinate, where, and which half stays.
#[derive(Clone, Copy)]
struct Cut {
    of_lon: bool,
    at: f64,
    keep_above: bool,
}

impl Cut {
    const fn all(bounds: &Bounds) -> [Self; 4] {
        [
            Self {
                of_lon: true,
                at: bounds.west,
                keep_above: true,
            },
            Self {
                of_lon: true,
                at: bounds.east,
                keep_above: false,
            },
            Self {
                of_lon: false,
                at: bounds.south,
                keep_above: true,
            },
            Self {
                of_lon: false,
                at: bounds.north,
                keep_above: false,
            },
        ]
    }

    fn keeps(&self, point: Point) -> bool {
        let value = if self.of_lon { point.lon } else { point.lat };
        if self.keep_above {
            value >= self.at
        } else {
            value <= self.at
        }
    }

    /// Where an edge that is cut meets the cut; the same for both directions of the edge.
    fn meets(&self, a: Point, b: Point) -> Point {
        let (a, b) = if a.order(&b).is_le() { (a, b) } else { (b, a) };
        if self.of_lon {
            Point::new(
                self.at,
                a.lat + (self.at - a.lon) / (b.lon - a.lon) * (b.lat - a.lat),
            )
        } else {
            Point::new(
                a.lon + (self.at - a.lat) / (b.lat - a.lat) * (b.lon - a.lon),
                self.at,
            )
        }
    }
}

fn clip_ring(ring: &[Point], bounds: &Bounds) -> Option<Ring> {
    let mut points: Ring = ring.to_vec();
    for cut in Cut::all(bounds) {
        let mut kept: Ring = Vec::with_capacity(points.len() + 4);
        for pair in points.windows(2) {
            let [here, next] = pair else { continue };
            if cut.keeps(*here) {
                kept.push(*here);
            }
            if cut.keeps(*here) != cut.keeps(*next) {
                kept.push(cut.meets(*here, *next));
            }
        }
        kept.dedup();
        kept.extend(kept.first().copied());
        points = kept;
    }
    points.dedup();
    (points.len() >= 4).then_some(points)
}

/// The stretches of a line inside a box.
#[must_use]
pub fn clip_line(line: &[Point], bounds: &Bounds) -> Vec<Vec<Point>> {
    let mut stretches: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in line.windows(2) {
        let [here, next] = pair else { continue };
        let Some((from, to)) = clip_segment(*here, *next, bounds) else {
            open = false;
            continue;
        };
        match stretches.last_mut() {
            Some(stretch) if open && stretch.last() == Some(&from) => stretch.push(to),
            _ => stretches.push(vec![from, to]),
        }
        open = to == *next;
    }
    stretches.retain(|stretch| stretch.iter().any(|point| Some(point) != stretch.first()));
    stretches
}

fn clip_segment(from: Point, to: Point, bounds: &Bounds) -> Option<(Point, Point)> {
    let (mut from, mut to) = (from, to);
    for cut in Cut::all(bounds) {
        match (cut.keeps(from), cut.keeps(to)) {
            (true, true) => {}
            (false, false) => return None,
            (true, false) => to = cut.meets(from, to),
            (false, true) => from = cut.meets(from, to),
        }
    }
    Some((from, to))
}

/// A region in whole units of a tile: polygons, rings (outline first), points without the closing
/// one. Outlines run clockwise as seen on the screen (y down), as vector tiles have it, holes the
/// other way. Rings that shrink to nothing are left out.
#[must_use]
pub fn tile_polygons(
    region: &MultiPolygon,
    tile: Tile,
    extent: u32,
    buffer: u32,
) -> Vec<Vec<Vec<[i32; 2]>>> {
    let clipped = clip_multi_polygon(region, &tile.bounds(f64::from(buffer) / f64::from(extent)));
    let polygon = |polygon: &Polygon| -> Option<Vec<Vec<[i32; 2]>>> {
        let outer = tile_ring(&polygon.outer, tile, extent, true)?;
        let holes = polygon
            .holes
            .iter()
            .filter_map(|hole| tile_ring(hole, tile, extent, false));
        Some(std::iter::once(outer).chain(holes).collect())
    };
    clipped.polygons.iter().filter_map(polygon).collect()
}

/// A line in whole units of a tile, cut where it leaves it.
#[must_use]
pub fn tile_lines(line: &[Point], tile: Tile, extent: u32, buffer: u32) -> Vec<Vec<[i32; 2]>> {
    let stretches = clip_line(line, &tile.bounds(f64::from(buffer) / f64::from(extent)));
    let rounded = stretches
        .iter()
        .map(|stretch| tile_points(stretch, tile, extent));
    rounded.filter(|points| points.len() > 1).collect()
}

fn tile_ring(ring: &Ring, tile: Tile, extent: u32, is_outer: bool) -> Option<Vec<[i32; 2]>> {
    let mut points = tile_points(ring, tile, extent);
    while points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    if points.len() < 3 {
        return None;
    }
    let next = points.iter().skip(1).chain(points.first());
    let double_area: i64 = points
        .iter()
        .zip(next)
        .map(|([ax, ay], [bx, by])| {
            i64::from(*ax) * i64::from(*by) - i64::from(*bx) * i64::from(*ay)
        })
        .sum();
    if double_area == 0 {
        return None;
    }
    // With y down, a positive area runs clockwise on the screen.
    if (double_area > 0) != is_outer {
        points.reverse();
    }
    Some(points)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clipped to the tile and its margin"
)]
fn tile_points(points: &[Point], tile: Tile, extent: u32) -> Vec<[i32; 2]> {
    let rounded = points.iter().map(|point| {
        let (x, y) = tile.local(*point, f64::from(extent));
        [x.round() as i32, y.round() as i32]
    });
    let mut rounded: Vec<[i32; 2]> = rounded.collect();
    rounded.dedup();
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::area_km2;
    use crate::overlay::intersection;
    use crate::samples::{square, star};
    use proptest::prelude::*;

    const BOX: Bounds = Bounds {
        west: 108.25,
        south: 34.25,
        east: 108.75,
        north: 34.75,
    };

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        let line = [
            (108.0, 34.5),
            (108.5, 34.5),
            (109.0, 34.5),
            (109.0, 34.6),
            (108.5, 34.6),
        ]
        .map(|(lon, lat)| Point::new(lon, lat));
        let stretches = clip_line(&line, &BOX);
        assert_eq!(stretches.len(), 2);
        assert_eq!(
            stretches[0],
            [
                Point::new(108.25, 34.5),
                Point::new(108.5, 34.5),
                Point::new(108.75, 34.5)
            ]
        );
        assert!(clip_line(&line[2..4], &BOX).is_empty());
    }

    #[test]
    fn a_region_around_the_tile_fills_it() {
        let tile = Tile::at(Point::new(108.5, 34.5), 12);
        let polygons = tile_polygons(&square(108.0, 34.0, 1.0), tile, 4096, 64);
        assert_eq!(
            polygons,
            vec![vec![vec![
                [-64, -64],
                [4160, -64],
                [4160, 4160],
                [-64, 4160]
            ]]]
            .into_iter()
            .map(|polygon: Vec<Vec<[i32; 2]>>| {
                polygon
                    .into_iter()
                    .map(|mut ring| {
                        let start = ring
                            .iter()
                            .position(|point| *point == polygons[0][0][0])
                            .unwrap();
                        ring.rotate_left(start);
                        ring
                    })
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
        );
        assert!(tile_polygons(&square(110.0, 34.0, 1.0), tile, 4096, 64).is_empty());
        assert!(tile_polygons(&square(108.5, 34.5, 1e-9), tile, 4096, 64).is_empty());
    }

    proptest! {
        #[test]
        fn clipping_keeps_the_common_area(seed in any::<u64>(), corners in 3_usize..60) {
            let shape = star(Point::new(108.6, 34.4), 0.4, corners, seed);
            let clipped = clip_multi_polygon(&shape, &BOX);
            let window = square(BOX.west, BOX.south, 0.5);
            let expected = area_km2(&intersection(&shape, &window));
            prop_assert!((area_km2(&clipped) - expected).abs() < expected * 1e-3 + 1e-3);
            prop_assert!(clipped.bounds().is_none_or(|bounds| BOX.contains(Point::new(bounds.west, bounds.south)) && BOX.contains(Point::new(bounds.east, bounds.north))));
        }
    }
}
