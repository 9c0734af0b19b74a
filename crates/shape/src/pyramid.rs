//! A coverage made ready for every zoom: borders simplified once per zoom, so that neighbours
//! touch, and unions of regions have the very borders of their members.

use crate::coverage::{Border, Coverage};
use crate::geometry::MultiPolygon;
use crate::mercator::metres_per_pixel;

/// Several layers of outlines at several levels of detail.
#[derive(Debug, Clone)]
pub struct Pyramid {
    levels: Vec<Level>,
}

#[derive(Debug, Clone)]
struct Level {
    zoom: u8,
    layers: Vec<Layer>,
}

#[derive(Debug, Clone)]
struct Layer {
    outlines: Vec<(i64, MultiPolygon)>,
    borders: Vec<Border>,
}

/// Which union a region belongs to.
pub type GroupOf<'a> = &'a dyn Fn(i64) -> Option<i64>;

impl Pyramid {
    /// Simplifies for each of `zooms`, from the most detailed down, to about a pixel of a tile of
    /// 512 pixels. Layer 0 is the regions themselves; each of `groupings` makes one more layer.
    #[must_use]
    pub fn new(
        regions: &[(i64, MultiPolygon)],
        groupings: &[GroupOf<'_>],
        zooms: std::ops::RangeInclusive<u8>,
    ) -> Self {
        let middle = regions
            .iter()
            .filter_map(|(_, region)| region.bounds())
            .reduce(|one, other| one.union(&other));
        let lat = middle.map_or(0.0, |bounds| bounds.centre().lat);
        let mut coverage = Coverage::new(regions);
        let mut levels = Vec::new();
        for zoom in zooms.rev() {
            coverage = coverage.simplified(metres_per_pixel(zoom, lat));
            levels.push(Level {
                zoom,
                layers: layers_of(&coverage, groupings),
            });
        }
        Self { levels }
    }

    /// The outlines of a layer for a zoom; beyond the zooms there are, the nearest.
    #[must_use]
    pub fn outlines(&self, zoom: u8, layer: usize) -> &[(i64, MultiPolygon)] {
        self.layer(zoom, layer).map_or(&[], |layer| &layer.outlines)
    }

    /// The borders of a layer for a zoom, each once.
    #[must_use]
    pub fn borders(&self, zoom: u8, layer: usize) -> &[Border] {
        self.layer(zoom, layer).map_or(&[], |layer| &layer.borders)
    }

    fn layer(&self, zoom: u8, layer: usize) -> Option<&Layer> {
        let nearest = self
            .levels
            .iter()
            .min_by_key(|level| level.zoom.abs_diff(zoom))?;
        nearest.layers.get(layer)
    }
}

fn layers_of(coverage: &Coverage, groupings: &[GroupOf<'_>]) -> Vec<Layer> {
    let own = Layer {
        outlines: coverage.outlines(),
        borders: coverage.borders(),
    };
    let grouped = groupings.iter().map(|group_of| {
        let unions = coverage.dissolved(*group_of);
        Layer {
            outlines: coverage.outlines_of(&unions),
            borders: coverage.borders_of(&unions),
        }
    });
    std::iter::once(own).chain(grouped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::area_km2;
    use crate::samples::wandering_grid;

    #[test]
    fn layers_of_one_zoom_have_the_same_borders() {
        let grid = wandering_grid(4, 4, 60, 3);
        let pyramid = Pyramid::new(&grid, &[&|id| Some(id / 4), &|_| Some(1)], 4..=11);
        let mut points_before = 0;
        for zoom in 4..=11 {
            let layers: Vec<f64> = (0..3)
                .map(|layer| {
                    pyramid
                        .outlines(zoom, layer)
                        .iter()
                        .map(|(_, region)| area_km2(region))
                        .sum()
                })
                .collect();
            assert!(
                (layers[0] - layers[1]).abs() < 1e-6 && (layers[0] - layers[2]).abs() < 1e-6,
                "{layers:?}"
            );
            let points: usize = pyramid
                .outlines(zoom, 0)
                .iter()
                .map(|(_, region)| region.point_count())
                .sum();
            assert!(points >= points_before);
            points_before = points;
        }
        assert_eq!(pyramid.outlines(20, 0), pyramid.outlines(11, 0));
        assert_eq!(
            pyramid
                .borders(8, 2)
                .iter()
                .filter(|border| border.regions.len() > 1)
                .count(),
            0
        );
        assert!(pyramid.outlines(8, 9).is_empty());
    }
}
