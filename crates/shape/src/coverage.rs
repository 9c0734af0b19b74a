//! Regions that lie side by side, held as arcs: each stretch of border between two junctions is
//! stored once and used by the region on either side. What is done to an arc is done to both
//! neighbours, so they go on touching; and a union of regions is a choice of arcs, so it touches
//! its members exactly.
//!
//! Borders count as shared where neighbours have the same points. Where they do not (one side has
//! a vertex that the other lacks), each side keeps its own arc.

use std::collections::{BTreeMap, HashMap};

use crate::faults::ring_in_ring;
use crate::geometry::{MultiPolygon, Point, Polygon, Ring, signed_double_area};
use crate::random::mixed;
use crate::simplify::Simplifier;

/// Number of a point or an arc in a coverage.
pub(crate) type Number = u32;

/// Regions over shared arcs.
#[derive(Debug, Clone)]
pub struct Coverage {
    pub(crate) points: Vec<Point>,
    pub(crate) arcs: Vec<Vec<Number>>,
    pub(crate) regions: Vec<CoverageRegion>,
}

/// A region as a choice of arcs: parts, rings (outline first), arcs.
#[derive(Debug, Clone)]
pub struct CoverageRegion {
    /// The id it was given.
    pub id: i64,
    pub(crate) parts: Vec<Vec<Vec<ArcUse>>>,
}

/// An arc, walked forwards or backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArcUse {
    pub(crate) arc: Number,
    pub(crate) reversed: bool,
}

/// A stretch of border and the regions beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Border {
    /// The regions that have it as part of their outline, in ascending order: one or two.
    pub regions: Vec<i64>,
    /// Its points.
    pub line: Vec<Point>,
}

/// Fewer points, neighbours still touching: see [`Coverage::simplified`].
#[must_use]
pub fn simplify_coverage(
    regions: Vec<(i64, MultiPolygon)>,
    tolerance_m: f64,
) -> Vec<(i64, MultiPolygon)> {
    Coverage::new(&regions).simplified(tolerance_m).outlines()
}

impl Coverage {
    /// Finds the shared arcs of regions.
    #[must_use]
    pub fn new(regions: &[(i64, MultiPolygon)]) -> Self {
        let mut builder = Builder::default();
        let chains: Vec<(i64, Vec<Vec<Vec<Number>>>)> = regions
            .iter()
            .map(|(id, region)| (*id, builder.chains_of(&region.normalised())))
            .collect();
        let junctions = junctions_of(&chains, builder.points.len());
        let mut arcs = ArcTable {
            junctions,
            ..ArcTable::default()
        };
        let regions = chains
            .iter()
            .map(|(id, parts)| CoverageRegion {
                id: *id,
                parts: parts
                    .iter()
                    .map(|rings| rings.iter().map(|ring| arcs.cut(ring)).collect())
                    .collect(),
            })
            .collect();
        Self {
            points: builder.points,
            arcs: arcs.arcs,
            regions,
        }
    }

    /// The regions as outlines, in the order given.
    #[must_use]
    pub fn outlines(&self) -> Vec<(i64, MultiPolygon)> {
        self.outlines_of(&self.regions)
    }

    /// The outlines of regions over these arcs (from [`Self::dissolved`]).
    #[must_use]
    pub fn outlines_of(&self, regions: &[CoverageRegion]) -> Vec<(i64, MultiPolygon)> {
        regions
            .iter()
            .map(|region| (region.id, self.outline(region)))
            .collect()
    }

    fn outline(&self, region: &CoverageRegion) -> MultiPolygon {
        let polygon = |rings: &Vec<Vec<ArcUse>>| {
            let mut rings = rings.iter().map(|uses| self.ring(uses));
            rings.next().map(|outer| Polygon {
                outer,
                holes: rings.collect(),
            })
        };
        MultiPolygon {
            polygons: region.parts.iter().filter_map(polygon).collect(),
        }
        .normalised()
    }

    /// Different points.
    #[must_use]
    pub fn point_count(&self) -> usize {
        self.points.len()
    }

    /// Arcs.
    #[must_use]
    pub fn arc_count(&self) -> usize {
        self.arcs.len()
    }

    /// The same regions with fewer points (Visvalingam): a point goes when the triangle it makes
    /// with its neighbours is smaller than the square of `tolerance_m`, unless another point of
    /// the coverage lies in that triangle or the new edge exists already. So no ring collapses,
    /// nothing crosses that did not cross before, and junctions stay where they are.
    #[must_use]
    pub fn simplified(&self, tolerance_m: f64) -> Self {
        let arcs = Simplifier::new(&self.points, &self.arcs).run(tolerance_m * tolerance_m);
        let mut renumbered: Vec<Option<Number>> = vec![None; self.points.len()];
        let mut points = Vec::new();
        let mut renumber = |old: Number| -> Option<Number> {
            let slot = renumbered.get_mut(index(old))?;
            if slot.is_none() {
                *slot = Some(number(points.len()));
                points.push(*self.points.get(index(old))?);
            }
            *slot
        };
        let arcs = arcs
            .iter()
            .map(|arc| arc.iter().filter_map(|old| renumber(*old)).collect())
            .collect();
        Self {
            points,
            arcs,
            regions: self.regions.clone(),
        }
    }

    /// Unions of regions: those of one group (`None`: left out) become one region whose id is the
    /// group's, over the same arcs. Groups in ascending order.
    #[must_use]
    pub fn dissolved(&self, group_of: &dyn Fn(i64) -> Option<i64>) -> Vec<CoverageRegion> {
        let mut groups: BTreeMap<i64, BTreeMap<ArcUse, usize>> = BTreeMap::new();
        for region in &self.regions {
            let Some(group) = group_of(region.id) else {
                continue;
            };
            let uses = groups.entry(group).or_default();
            for arc_use in region.parts.iter().flatten().flatten() {
                *uses.entry(*arc_use).or_default() += 1;
            }
        }
        let region = |(id, uses): (i64, BTreeMap<ArcUse, usize>)| {
            // An arc that is used in both directions lies inside.
            let outer = uses
                .keys()
                .filter(|arc_use| !uses.contains_key(&arc_use.turned()))
                .copied();
            CoverageRegion {
                id,
                parts: self.parts_from(outer.collect()),
            }
        };
        groups.into_iter().map(region).collect()
    }

    /// The arcs with the regions beside each.
    #[must_use]
    pub fn borders(&self) -> Vec<Border> {
        self.borders_of(&self.regions)
    }

    /// [`Self::borders`] of regions over these arcs; arcs that none of them uses are left out.
    #[must_use]
    pub fn borders_of(&self, regions: &[CoverageRegion]) -> Vec<Border> {
        let mut beside: BTreeMap<Number, Vec<i64>> = BTreeMap::new();
        for region in regions {
            for arc_use in region.parts.iter().flatten().flatten() {
                beside.entry(arc_use.arc).or_default().push(region.id);
            }
        }
        let border = |(arc, mut regions): (Number, Vec<i64>)| {
            regions.sort_unstable();
            regions.dedup();
            Border {
                regions,
                line: self.walk(ArcUse {
                    arc,
                    reversed: false,
                }),
            }
        };
        beside.into_iter().map(border).collect()
    }

    fn walk(&self, arc_use: ArcUse) -> Vec<Point> {
        let Some(arc) = self.arcs.get(index(arc_use.arc)) else {
            return Vec::new();
        };
        let mut line: Vec<Point> = arc
            .iter()
            .filter_map(|point| self.points.get(index(*point)).copied())
            .collect();
        if arc_use.reversed {
            line.reverse();
        }
        line
    }

    fn ring(&self, uses: &[ArcUse]) -> Ring {
        let mut ring: Ring = Vec::new();
        for arc_use in uses {
            ring.pop();
            ring.extend(self.walk(*arc_use));
        }
        ring
    }

    fn ends(&self, arc_use: ArcUse) -> Option<(Number, Number)> {
        let arc = self.arcs.get(index(arc_use.arc))?;
        let (first, last) = (*arc.first()?, *arc.last()?);
        Some(if arc_use.reversed {
            (last, first)
        } else {
            (first, last)
        })
    }

    /// Rings from loose arcs (the region on their left), then outlines with their holes.
    fn parts_from(&self, uses: Vec<ArcUse>) -> Vec<Vec<Vec<ArcUse>>> {
        let mut outers: Vec<(f64, Ring, Vec<Vec<ArcUse>>)> = Vec::new();
        let mut holes: Vec<(Ring, Vec<ArcUse>)> = Vec::new();
        for uses in self.loops(uses) {
            let ring = self.ring(&uses);
            let area = signed_double_area(&ring);
            if area > 0.0 {
                outers.push((area, ring, vec![uses]));
            } else {
                holes.push((ring, uses));
            }
        }
        outers.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (ring, uses) in holes {
            let around = outers
                .iter_mut()
                .find(|(_, outer, _)| ring_in_ring(&ring, outer) == Some(true));
            if let Some((_, _, rings)) = around {
                rings.push(uses);
            }
        }
        outers.into_iter().map(|(_, _, rings)| rings).collect()
    }

    /// Closed walks that meet no junction twice. At a junction with a choice the leftmost arc is
    /// taken, which keeps parts that touch in a point apart.
    fn loops(&self, uses: Vec<ArcUse>) -> Vec<Vec<ArcUse>> {
        let mut leaving: BTreeMap<Number, Vec<ArcUse>> = BTreeMap::new();
        for arc_use in uses {
            if let Some((start, _)) = self.ends(arc_use) {
                leaving.entry(start).or_default().push(arc_use);
            }
        }
        let mut loops = Vec::new();
        let mut walk: Vec<(Number, ArcUse)> = Vec::new();
        let mut at: Option<Number> = None;
        loop {
            let Some(here) = at.or_else(|| {
                leaving
                    .iter()
                    .find(|(_, uses)| !uses.is_empty())
                    .map(|(start, _)| *start)
            }) else {
                return loops;
            };
            let arriving = walk.last().map(|(_, arc_use)| *arc_use);
            let Some(next) = leaving
                .get_mut(&here)
                .and_then(|choices| self.take_leftmost(arriving, choices))
            else {
                // Loose ends, from input that is no coverage: what was walked is no ring.
                walk.clear();
                at = None;
                continue;
            };
            walk.push((here, next));
            at = self.ends(next).map(|(_, end)| end);
            if let Some(start) = walk.iter().position(|(start, _)| Some(*start) == at) {
                loops.push(
                    walk.split_off(start)
                        .into_iter()
                        .map(|(_, arc_use)| arc_use)
                        .collect(),
                );
                if walk.is_empty() {
                    at = None;
                }
            }
        }
    }

    fn take_leftmost(&self, arriving: Option<ArcUse>, choices: &mut Vec<ArcUse>) -> Option<ArcUse> {
        let mut best = 0;
        if choices.len() > 1
            && let Some((before, here)) = arriving.and_then(|arc_use| last_two(&self.walk(arc_use)))
        {
            let turn = |choice: &ArcUse| {
                let after = self.walk(*choice).get(1).copied().unwrap_or(here);
                let (back, on) = (
                    (here.lon - before.lon, here.lat - before.lat),
                    (after.lon - here.lon, after.lat - here.lat),
                );
                (back.0 * on.1 - back.1 * on.0).atan2(back.0 * on.0 + back.1 * on.1)
            };
            let ranked = choices
                .iter()
                .enumerate()
                .max_by(|one, other| turn(one.1).total_cmp(&turn(other.1)));
            best = ranked.map_or(0, |(position, _)| position);
        }
        (best < choices.len()).then(|| choices.remove(best))
    }
}

impl ArcUse {
    const fn turned(self) -> Self {
        Self {
            arc: self.arc,
            reversed: !self.reversed,
        }
    }
}

fn last_two(line: &[Point]) -> Option<(Point, Point)> {
    match line {
        [.., before, last] => Some((*before, *last)),
        _ => None,
    }
}

pub(crate) fn index(number: Number) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn number(index: usize) -> Number {
    Number::try_from(index).unwrap_or(Number::MAX)
}

/// Gives each different point a number.
#[derive(Default)]
struct Builder {
    points: Vec<Point>,
    known: HashMap<(u64, u64), Number>,
}

impl Builder {
    /// Rings as open chains of point numbers.
    fn chains_of(&mut self, region: &MultiPolygon) -> Vec<Vec<Vec<Number>>> {
        let mut chain = |ring: &Ring| {
            ring.iter()
                .skip(1)
                .map(|point| self.number_of(*point))
                .collect()
        };
        region
            .polygons
            .iter()
            .map(|polygon| polygon.rings().map(&mut chain).collect())
            .collect()
    }

    fn number_of(&mut self, point: Point) -> Number {
        let points = &mut self.points;
        *self
            .known
            .entry((point.lon.to_bits(), point.lat.to_bits()))
            .or_insert_with(|| {
                points.push(point);
                number(points.len() - 1)
            })
    }
}

fn edge(a: Number, b: Number) -> (Number, Number) {
    (a.min(b), a.max(b))
}

fn chain_edges(chain: &[Number]) -> impl Iterator<Item = (Number, Number)> {
    chain
        .iter()
        .copied()
        .zip(chain.iter().copied().cycle().skip(1))
}

/// Points where borders part: other than two edges meet, or the regions beside the two differ.
fn junctions_of(chains: &[(i64, Vec<Vec<Vec<Number>>>)], point_count: usize) -> Vec<bool> {
    // The set of regions beside an edge, as the sum of their hashes.
    let mut owners: HashMap<(Number, Number), u64> = HashMap::new();
    for (region, (_, parts)) in chains.iter().enumerate() {
        let hash = mixed(u64::try_from(region).unwrap_or(u64::MAX).wrapping_add(1));
        for (a, b) in parts.iter().flatten().flat_map(|chain| chain_edges(chain)) {
            let owner = owners.entry(edge(a, b)).or_default();
            *owner = owner.wrapping_add(hash);
        }
    }
    let mut seen: Vec<(u8, u64)> = vec![(0, 0); point_count];
    let mut junctions = vec![false; point_count];
    for ((a, b), owner) in owners {
        for point in [a, b] {
            let Some((count, first)) = seen.get_mut(index(point)) else {
                continue;
            };
            let differs = *count == 1 && *first != owner;
            if (*count >= 2 || differs)
                && let Some(junction) = junctions.get_mut(index(point))
            {
                *junction = true;
            }
            *count = count.saturating_add(1);
            *first = owner;
        }
    }
    junctions
}

/// Arcs found so far, by their first step from either end.
#[derive(Default)]
struct ArcTable {
    junctions: Vec<bool>,
    arcs: Vec<Vec<Number>>,
    by_step: HashMap<(Number, Number), ArcUse>,
}

impl ArcTable {
    /// Cuts an open chain, taken as a ring, at its junctions.
    fn cut(&mut self, chain: &[Number]) -> Vec<ArcUse> {
        let is_junction =
            |point: &Number| self.junctions.get(index(*point)).copied().unwrap_or(false);
        // A ring without junction begins at its least point, so that both sides agree.
        let least = chain
            .iter()
            .enumerate()
            .min_by_key(|(_, point)| **point)
            .map(|(position, _)| position);
        let start = chain.iter().position(is_junction).or(least).unwrap_or(0);
        let mut line: Vec<Number> = Vec::with_capacity(chain.len() + 1);
        let mut pieces: Vec<Vec<Number>> = Vec::new();
        for point in chain.iter().cycle().skip(start).take(chain.len() + 1) {
            line.push(*point);
            if line.len() > 1 && is_junction(point) {
                pieces.push(std::mem::replace(&mut line, vec![*point]));
            }
        }
        if line.len() > 1 {
            pieces.push(line);
        }
        pieces
            .into_iter()
            .filter_map(|piece| self.arc_of(piece))
            .collect()
    }

    fn arc_of(&mut self, piece: Vec<Number>) -> Option<ArcUse> {
        let forwards = (*piece.first()?, *piece.get(1)?);
        let backwards = (*piece.last()?, *piece.get(piece.len().checked_sub(2)?)?);
        if let Some(known) = self.by_step.get(&forwards) {
            return Some(*known);
        }
        let arc = number(self.arcs.len());
        self.by_step.insert(
            forwards,
            ArcUse {
                arc,
                reversed: false,
            },
        );
        self.by_step.insert(
            backwards,
            ArcUse {
                arc,
                reversed: true,
            },
        );
        self.arcs.push(piece);
        Some(ArcUse {
            arc,
            reversed: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::faults;
    use crate::geometry::Geometry;
    use crate::measure::area_km2;
    use crate::overlay::{intersection, iou};
    use crate::samples::{ring, square, wandering_grid};
    use proptest::prelude::*;

    fn total_area(regions: &[(i64, MultiPolygon)]) -> f64 {
        regions.iter().map(|(_, region)| area_km2(region)).sum()
    }

    #[test]
    fn a_grid_has_the_arcs_of_a_grid() {
        let coverage = Coverage::new(&wandering_grid(3, 2, 8, 1));
        // 17 borders, of which those at the four outer corners are two in one.
        assert_eq!(coverage.arc_count(), 17 - 4);
        let shared = coverage
            .borders()
            .iter()
            .filter(|border| border.regions.len() == 2)
            .count();
        assert_eq!(shared, 7);
    }

    #[test]
    fn nothing_changes_without_simplifying() {
        let grid: Vec<(i64, MultiPolygon)> = wandering_grid(3, 3, 8, 2)
            .into_iter()
            .map(|(id, region)| (id, region.normalised()))
            .collect();
        assert_eq!(Coverage::new(&grid).outlines(), grid);
    }

    #[test]
    fn an_enclave_keeps_touching_the_region_around_it() {
        let mut around = square(108.0, 34.0, 1.0);
        let enclave = crate::samples::star(Point::new(108.5, 34.5), 0.2, 200, 5);
        around.polygons[0]
            .holes
            .push(enclave.polygons[0].outer.clone());
        let regions = vec![(1, around.normalised()), (2, enclave.normalised())];
        let simple = simplify_coverage(regions.clone(), 20_000.0);
        let mut hole = simple[0].1.polygons[0].holes[0].clone();
        hole.reverse();
        assert_eq!(hole, simple[1].1.polygons[0].outer);
        assert_eq!(hole.len(), 4, "a ring never gets fewer than three corners");
        let united = Coverage::new(&regions).dissolved(&|_| Some(9));
        assert_eq!(
            Coverage::new(&regions).outlines_of(&united)[0].1,
            square(108.0, 34.0, 1.0).normalised()
        );
    }

    #[test]
    fn parts_that_touch_in_a_point_stay_apart() {
        let regions = vec![
            (1, square(108.0, 34.0, 1.0)),
            (2, square(109.0, 35.0, 1.0)),
            (3, square(109.0, 34.0, 1.0)),
        ];
        let coverage = Coverage::new(&regions);
        let united = coverage.dissolved(&|id| Some(if id == 3 { 30 } else { 10 }));
        let outlines = coverage.outlines_of(&united);
        assert_eq!(outlines[0].1.polygons.len(), 2);
        assert!(faults(&Geometry::MultiPolygon(outlines[0].1.clone())).is_empty());
    }

    #[test]
    fn a_ring_of_regions_has_a_hole_in_the_middle() {
        let grid = wandering_grid(3, 3, 6, 4);
        let coverage = Coverage::new(&grid);
        let united = coverage.outlines_of(&coverage.dissolved(&|id| (id != 4).then_some(1)));
        assert_eq!(united.len(), 1);
        assert_eq!(united[0].1.polygons[0].holes.len(), 1);
        assert!((area_km2(&united[0].1) + area_km2(&grid[4].1) - total_area(&grid)).abs() < 1e-6);
    }

    #[test]
    fn two_arcs_between_the_same_junctions_do_not_become_one() {
        let lens = ring(&[(108.0, 34.0), (108.5, 33.9), (109.0, 34.0), (108.5, 34.1)]);
        let north = ring(&[
            (108.0, 34.0),
            (108.5, 34.1),
            (109.0, 34.0),
            (109.0, 35.0),
            (108.0, 35.0),
        ]);
        let south = ring(&[
            (108.0, 34.0),
            (108.0, 33.0),
            (109.0, 33.0),
            (109.0, 34.0),
            (108.5, 33.9),
        ]);
        let regions = [lens, north, south]
            .into_iter()
            .map(MultiPolygon::from_ring);
        let regions: Vec<(i64, MultiPolygon)> = (1..).zip(regions).collect();
        let simple = simplify_coverage(regions, 1e6);
        assert!(area_km2(&simple[0].1) > 0.0, "{simple:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn neighbours_still_touch_after_simplifying(seed in any::<u64>(), steps in 4_usize..40, tolerance in 100.0..20_000.0) {
            let grid = wandering_grid(3, 3, steps, seed);
            let before = Coverage::new(&grid);
            let after = before.simplified(tolerance);
            prop_assert!(after.point_count() <= before.point_count());
            let outlines = after.outlines();
            let united = after.outlines_of(&after.dissolved(&|_| Some(1)));
            prop_assert!((total_area(&outlines) / total_area(&united) - 1.0).abs() < 1e-12);
            for (position, (_, one)) in outlines.iter().enumerate() {
                prop_assert_eq!(faults(&Geometry::MultiPolygon(one.clone())), vec![]);
                for (_, other) in outlines.iter().skip(position + 1) {
                    prop_assert!(area_km2(&intersection(one, other)) < 1e-4);
                }
            }
        }

        #[test]
        fn a_small_tolerance_changes_little(seed in any::<u64>()) {
            let grid = wandering_grid(2, 2, 30, seed);
            for ((_, before), (_, after)) in grid.iter().zip(simplify_coverage(grid.clone(), 200.0)) {
                prop_assert!(iou(before, &after) > 0.99);
            }
        }
    }
}
