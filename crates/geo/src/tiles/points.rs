//! Points that cluster truthfully: at every zoom each point is in exactly one tile and in exactly one
//! feature of it, so that the numbers of any complete set of tiles add up to the number of points.
//!
//! Points are sorted along the Z-curve of the finest grid (zoom 24, some two metres). The points of a tile,
//! and those of a cell of a tile, are then one stretch of the list. A tile holds what lies on its western
//! and northern edge and not what lies on the others, as [`shape::Tile::at`] counts.

use std::ops::Range;

use shape::{Point, Tile};

use super::mvt::EXTENT;

/// The grid that points are sorted by.
const FINEST: u8 = 24;
/// A tile is cut into 2³ × 2³ cells, each of which is one cluster: 64 pixels of a tile of 512.
const CELLS: u8 = 3;
/// From this zoom on only points at the same place (about two metres) are one feature.
pub(crate) const SINGLE_FROM: u8 = 12;

/// Points in the order of the curve, each with the caller's number for it.
#[derive(Debug, Default)]
pub(crate) struct PointIndex {
    keys: Vec<u64>,
    numbers: Vec<u32>,
    points: Vec<Point>,
}

/// What is drawn as one feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cluster {
    /// Where, in units of the tile: 0 up to, not including, the extent.
    pub(crate) at: [i32; 2],
    /// The number of its first point.
    pub(crate) first: u32,
    /// How many points it stands for.
    pub(crate) count: u32,
}

impl PointIndex {
    /// An index of numbered points.
    pub(crate) fn new(points: impl IntoIterator<Item = (u32, Point)>) -> Self {
        let mut sorted: Vec<(u64, u32, Point)> = points
            .into_iter()
            .map(|(number, point)| (key_of(point), number, point))
            .collect();
        sorted.sort_unstable_by_key(|(key, number, _)| (*key, *number));
        Self {
            keys: sorted.iter().map(|(key, _, _)| *key).collect(),
            numbers: sorted.iter().map(|(_, number, _)| *number).collect(),
            points: sorted.iter().map(|(_, _, point)| *point).collect(),
        }
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    fn stretch(&self, tile: Tile) -> Range<usize> {
        let shift = 2 * u32::from(FINEST.saturating_sub(tile.z));
        let first = interleave(tile.x, tile.y) << shift;
        let after = first + (1 << shift);
        let place = |key: u64| self.keys.partition_point(|known| *known < key);
        place(first)..place(after)
    }

    /// The features of a tile, of the points that `keep` takes.
    pub(crate) fn clusters(&self, tile: Tile, keep: &dyn Fn(u32) -> bool) -> Vec<Cluster> {
        let cell_zoom = if tile.z < SINGLE_FROM {
            tile.z + CELLS
        } else {
            FINEST
        };
        let shift = 2 * u32::from(FINEST - cell_zoom);
        let range = self.stretch(tile);
        let part = |range: &Range<usize>| {
            let keys = self.keys.get(range.clone()).unwrap_or_default();
            let numbers = self.numbers.get(range.clone()).unwrap_or_default();
            let points = self.points.get(range.clone()).unwrap_or_default();
            keys.iter().zip(numbers).zip(points)
        };
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut open: Option<Gathering> = None;
        for ((key, number), point) in part(&range) {
            if !keep(*number) {
                continue;
            }
            let cell = key >> shift;
            match &mut open {
                Some(gathering) if gathering.cell == cell => gathering.add(tile, *point),
                _ => {
                    clusters.extend(open.take().map(|gathering| gathering.finish()));
                    let mut gathering = Gathering {
                        cell,
                        first: *number,
                        count: 0,
                        x: 0.0,
                        y: 0.0,
                    };
                    gathering.add(tile, *point);
                    open = Some(gathering);
                }
            }
        }
        clusters.extend(open.map(|gathering| gathering.finish()));
        clusters
    }
}

struct Gathering {
    cell: u64,
    first: u32,
    count: u32,
    x: f64,
    y: f64,
}

impl Gathering {
    fn add(&mut self, tile: Tile, point: Point) {
        let (x, y) = tile.local(point, f64::from(EXTENT));
        self.count += 1;
        self.x += x;
        self.y += y;
    }

    fn finish(self) -> Cluster {
        let last = f64::from(EXTENT - 1);
        let whole = |sum: f64| (sum / f64::from(self.count)).floor().clamp(0.0, last) as i32;
        Cluster {
            at: [whole(self.x), whole(self.y)],
            first: self.first,
            count: self.count,
        }
    }
}

fn key_of(point: Point) -> u64 {
    let tile = Tile::at(point, FINEST);
    interleave(tile.x, tile.y)
}

/// The place on the Z-curve: bits of y and x in turn.
fn interleave(x: u32, y: u32) -> u64 {
    spread(x) | spread(y) << 1
}

fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff_u64),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// All tiles of a zoom that hold any of the points.
    fn tiles(points: &[Point], z: u8) -> BTreeSet<Tile> {
        points.iter().map(|point| Tile::at(*point, z)).collect()
    }

    #[test]
    fn points_at_one_place_stay_one_feature_at_every_zoom() {
        let here = Point::new(108.9402, 34.3416);
        let index = PointIndex::new([(3, here), (1, here), (2, Point::new(108.95, 34.35))]);
        assert_eq!(index.len(), 3);
        for z in 12..=14 {
            let mut found: Vec<Cluster> = tiles(&[here, Point::new(108.95, 34.35)], z)
                .into_iter()
                .flat_map(|tile| index.clusters(tile, &|_| true))
                .collect();
            found.sort_by_key(|cluster| cluster.first);
            assert_eq!(
                found
                    .iter()
                    .map(|cluster| (cluster.first, cluster.count))
                    .collect::<Vec<_>>(),
                [(1, 2), (2, 1)]
            );
        }
    }

    #[test]
    fn a_point_on_an_edge_is_in_one_tile() {
        // The meridian 108°E is an edge of tiles at many zooms (108 / 360 · 2^z whole from z = 1 on: 0.8 · 2^z is not);
        // 112.5°E = 0.8125 · 360 − 180 is one from zoom 4 on.
        let edge = Point::new(112.5, 34.0);
        let index = PointIndex::new([(0, edge)]);
        for z in 4..=14 {
            let east = Tile::at(edge, z);
            let west = Tile {
                x: east.x - 1,
                ..east
            };
            assert_eq!(index.clusters(east, &|_| true).len(), 1);
            assert_eq!(index.clusters(west, &|_| true).len(), 0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_numbers_add_up_at_every_zoom(
            places in prop::collection::vec((105.0_f64..112.0, 31.0_f64..40.0), 1..200),
            repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            left_out in 0_u32..7,
        ) {
            let mut points: Vec<Point> = places.iter().map(|(lon, lat)| Point::new(*lon, *lat)).collect();
            for index in repeated {
                points.push(points[index.index(points.len())]);
            }
            let index = PointIndex::new(points.iter().enumerate().map(|(number, point)| (number as u32, *point)));
            let keep = |number: u32| number % 7 != left_out;
            let expected = (0..points.len() as u32).filter(|number| keep(*number)).count() as u32;
            for z in 0..=14 {
                let mut sum = 0;
                for tile in tiles(&points, z) {
                    for cluster in index.clusters(tile, &keep) {
                        prop_assert!(cluster.count > 0);
                        prop_assert!(cluster.at.iter().all(|each| (0..4096).contains(each)));
                        sum += cluster.count;
                    }
                }
                prop_assert_eq!(sum, expected, "zoom {}", z);
            }
        }
    }
}
