//! Which region a point lies in.

use rstar::{AABB, RTree, RTreeObject};

use crate::geometry::{Bounds, MultiPolygon, Point};
use crate::predicate::{Side, crossing_of_ray, edges, side_of_ring};

/// Whether a point lies in a region, border included.
#[must_use]
pub fn contains(region: &MultiPolygon, point: Point) -> bool {
    region
        .polygons
        .iter()
        .any(|polygon| match side_of_ring(&polygon.outer, point) {
            Side::Outside => false,
            Side::OnRing => true,
            Side::Inside => !polygon
                .holes
                .iter()
                .any(|hole| side_of_ring(hole, point) == Side::Inside),
        })
}

/// Many regions, ready to be asked which one a point lies in: a tree over their boxes, and per
/// region the edges sorted into bands of latitude, so that a question looks at a few edges only.
#[derive(Debug, Clone)]
pub struct RegionIndex {
    tree: RTree<Entry>,
    regions: Vec<Banded>,
}

#[derive(Debug, Clone)]
struct Entry {
    bounds: Bounds,
    number: usize,
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(
            [self.bounds.west, self.bounds.south],
            [self.bounds.east, self.bounds.north],
        )
    }
}

#[derive(Debug, Clone)]
struct Banded {
    id: i64,
    south: f64,
    bands_per_degree: f64,
    bands: Vec<Vec<(Point, Point)>>,
}

impl RegionIndex {
    /// An index over regions; where a point lies in several (on a border), the first given wins.
    #[must_use]
    pub fn new(regions: Vec<(i64, MultiPolygon)>) -> Self {
        let mut entries = Vec::new();
        let mut banded = Vec::new();
        for (id, region) in regions {
            if let Some(bounds) = region.bounds() {
                entries.push(Entry {
                    bounds,
                    number: banded.len(),
                });
                banded.push(Banded::new(id, &region, &bounds));
            }
        }
        Self {
            tree: RTree::bulk_load(entries),
            regions: banded,
        }
    }

    /// The id of the region at a position, border included.
    #[must_use]
    pub fn locate(&self, lon: f64, lat: f64) -> Option<i64> {
        if !lon.is_finite() || !lat.is_finite() {
            return None;
        }
        let here = AABB::from_point([lon, lat]);
        let candidates = self
            .tree
            .locate_in_envelope_intersecting(here)
            .map(|entry| entry.number);
        let holding = candidates.filter(|number| {
            self.regions
                .get(*number)
                .is_some_and(|region| region.contains(Point::new(lon, lat)))
        });
        holding
            .min()
            .and_then(|number| self.regions.get(number))
            .map(|region| region.id)
    }

    /// How many regions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.regions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}

impl Banded {
    #[expect(clippy::cast_precision_loss, reason = "a count of bands")]
    fn new(id: i64, region: &MultiPolygon, bounds: &Bounds) -> Self {
        let count = (region.point_count() / 4).clamp(1, 4096);
        let height = bounds.north - bounds.south;
        let bands_per_degree = if height > 0.0 {
            count as f64 / height
        } else {
            0.0
        };
        let mut banded = Self {
            id,
            south: bounds.south,
            bands_per_degree,
            bands: vec![Vec::new(); count],
        };
        for (a, b) in region.rings().flat_map(|ring| edges(ring)) {
            let (low, high) = (
                banded.band_of(a.lat.min(b.lat)),
                banded.band_of(a.lat.max(b.lat)),
            );
            for band in banded.bands.iter_mut().take(high + 1).skip(low) {
                band.push((a, b));
            }
        }
        banded
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest usize"
    )]
    fn band_of(&self, lat: f64) -> usize {
        (((lat - self.south) * self.bands_per_degree) as usize).min(self.bands.len() - 1)
    }

    fn contains(&self, point: Point) -> bool {
        let mut inside = false;
        for (a, b) in self
            .bands
            .get(self.band_of(point.lat))
            .into_iter()
            .flatten()
        {
            match crossing_of_ray(*a, *b, point) {
                None => return true,
                Some(true) => inside = !inside,
                Some(false) => {}
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{square, star, wandering_grid};
    use proptest::prelude::*;

    #[test]
    fn a_point_on_a_border_belongs_to_the_first() {
        let index = RegionIndex::new(vec![
            (7, square(108.0, 34.0, 1.0)),
            (8, square(109.0, 34.0, 1.0)),
        ]);
        assert_eq!(index.locate(108.5, 34.5), Some(7));
        assert_eq!(index.locate(109.0, 34.5), Some(7));
        assert_eq!(index.locate(109.5, 34.5), Some(8));
        assert_eq!(index.locate(110.5, 34.5), None);
        assert_eq!(index.locate(f64::NAN, 34.5), None);
        assert_eq!((index.len(), index.is_empty()), (2, false));
    }

    #[test]
    fn a_hole_is_not_inside_but_its_border_is() {
        let mut shape = square(108.0, 34.0, 1.0);
        shape.polygons[0]
            .holes
            .push(square(108.25, 34.25, 0.5).polygons[0].outer.clone());
        let index = RegionIndex::new(vec![(1, shape)]);
        assert_eq!(index.locate(108.5, 34.5), None);
        assert_eq!(index.locate(108.25, 34.5), Some(1));
        assert_eq!(index.locate(108.1, 34.5), Some(1));
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_looking_at_every_edge(seed in any::<u64>(), lon in 107.0..109.0, lat in 33.0..35.0) {
            let shape = star(Point::new(108.0, 34.0), 1.0, 80, seed);
            let index = RegionIndex::new(vec![(3, shape.clone())]);
            prop_assert_eq!(index.locate(lon, lat).is_some(), contains(&shape, Point::new(lon, lat)));
        }

        #[test]
        fn every_point_of_a_coverage_has_a_region(seed in any::<u64>(), x in 0.2..0.6, y in 0.2..0.6) {
            let index = RegionIndex::new(wandering_grid(4, 4, 9, seed));
            prop_assert!(index.locate(108.0 + x, 34.0 + y).is_some());
        }
    }
}
