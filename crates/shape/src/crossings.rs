//! Finds where rings cross themselves or each other, in n log n, with exact predicates.
//!
//! A sweep from west to east (Shamos and Hoey): the segments under the sweep line are kept in
//! their order from south to north, and only neighbours are compared. Up to the first crossing that
//! order is true, and the two segments of the first crossing are neighbours before it: so if there
//! is a crossing one is found. The sweep stops at the first.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use crate::geometry::Point;
use crate::predicate::{Meeting, edges, meeting, orientation};

/// Where two rings (or one ring and itself) cross or run along each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crossing {
    pub(crate) rings: (usize, usize),
    pub(crate) at: Point,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    left: Point,
    right: Point,
    ring: usize,
    number: usize,
}

impl Ord for Segment {
    /// South before north, where the later of the two begins.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.number == other.number {
            return Ordering::Equal;
        }
        if self.left.order(&other.left).is_gt() {
            return other.cmp(self).reverse();
        }
        // Not total_cmp: the orientation may be -0.0.
        let by = |point: Point| {
            0.0_f64
                .partial_cmp(&orientation(self.left, self.right, point))
                .unwrap_or(Ordering::Equal)
        };
        match by(other.left) {
            Ordering::Equal => match by(other.right) {
                Ordering::Equal => self.number.cmp(&other.number),
                order => order,
            },
            order => order,
        }
    }
}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Segment {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Segment {}

/// The first crossing, touch in the middle of an edge, or shared stretch. Rings that meet at a
/// common vertex are judged by [`first_crossing_at_vertex`]. Coordinates must be finite.
pub(crate) fn first_crossing(rings: &[&[Point]]) -> Option<Crossing> {
    sweep(rings).or_else(|| first_crossing_at_vertex(rings))
}

fn sweep(rings: &[&[Point]]) -> Option<Crossing> {
    let mut events: Vec<(Point, bool, Segment)> = Vec::new();
    let mut number = 0;
    for (ring, points) in rings.iter().enumerate() {
        for (a, b) in edges(points) {
            let (left, right) = if a.order(&b).is_lt() { (a, b) } else { (b, a) };
            let segment = Segment {
                left,
                right,
                ring,
                number,
            };
            number += 1;
            events.push((left, true, segment));
            events.push((right, false, segment));
        }
    }
    // Segments leave before others enter at the same point.
    events.sort_by(|one, other| {
        one.0
            .order(&other.0)
            .then(one.1.cmp(&other.1))
            .then(one.2.number.cmp(&other.2.number))
    });
    let mut active: BTreeSet<Segment> = BTreeSet::new();
    for (_, enters, segment) in events {
        let below = active
            .range((Unbounded, Excluded(segment)))
            .next_back()
            .copied();
        let above = active.range((Excluded(segment), Unbounded)).next().copied();
        let found = if enters {
            active.insert(segment);
            let south = below.and_then(|below| crossing_of(&below, &segment));
            south.or_else(|| above.and_then(|above| crossing_of(&segment, &above)))
        } else {
            active.remove(&segment);
            below
                .zip(above)
                .and_then(|(below, above)| crossing_of(&below, &above))
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn crossing_of(one: &Segment, other: &Segment) -> Option<Crossing> {
    match meeting(one.left, one.right, other.left, other.right) {
        Meeting::At(at) => Some(Crossing {
            rings: (one.ring.min(other.ring), one.ring.max(other.ring)),
            at,
        }),
        Meeting::None | Meeting::AtEnds => None,
    }
}

/// Passages through one vertex that are compared with each other. Two already are a fault of a ring;
/// the limit keeps a ring that was made to return to one vertex forever from taking forever.
const MOST_PASSAGES: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Visit {
    before: Point,
    at: Point,
    after: Point,
    ring: usize,
}

/// A vertex that is met twice, where the two passages cross rather than touch.
fn first_crossing_at_vertex(rings: &[&[Point]]) -> Option<Crossing> {
    shared_vertices(rings)
        .into_iter()
        .find(|(one, other)| cross(one, other))
        .map(|(one, other)| Crossing {
            rings: (one.ring.min(other.ring), one.ring.max(other.ring)),
            at: one.at,
        })
}

/// A vertex that one ring meets twice.
pub(crate) fn first_touch(ring: &[Point]) -> Option<Point> {
    shared_vertices(&[ring]).first().map(|(one, _)| one.at)
}

fn shared_vertices(rings: &[&[Point]]) -> Vec<(Visit, Visit)> {
    let mut visits: Vec<Visit> = Vec::new();
    for (ring, points) in rings.iter().enumerate() {
        let lines: Vec<(Point, Point)> = edges(points).collect();
        let following = lines.iter().skip(1).chain(lines.first());
        visits.extend(lines.iter().zip(following).map(|(line, next)| Visit {
            before: line.0,
            at: line.1,
            after: next.1,
            ring,
        }));
    }
    visits.sort_by(|one, other| one.at.order(&other.at));
    let groups = visits
        .chunk_by(|one, other| one.at == other.at)
        .filter(|group| group.len() > 1);
    let pairs = groups.flat_map(|group| {
        let considered = group.get(..MOST_PASSAGES).unwrap_or(group);
        considered.iter().enumerate().flat_map(|(index, one)| {
            considered
                .iter()
                .skip(index + 1)
                .map(|other| (*one, *other))
        })
    });
    pairs.collect()
}

fn cross(one: &Visit, other: &Visit) -> bool {
    let inside = |point: Point| in_sector(one.at, one.before, one.after, point);
    match (inside(other.before), inside(other.after)) {
        (Some(first), Some(second)) => first != second,
        _ => false,
    }
}

/// Whether the direction to `point` lies counter-clockwise between two others; `None` when along one of them.
fn in_sector(at: Point, from: Point, to: Point, point: Point) -> Option<bool> {
    if along(at, from, point) || along(at, to, point) {
        return None;
    }
    let narrow = |from: Point, to: Point| {
        orientation(at, from, point) > 0.0 && orientation(at, point, to) > 0.0
    };
    let turn = orientation(at, from, to);
    if turn > 0.0 {
        Some(narrow(from, to))
    } else if turn < 0.0 {
        Some(!narrow(to, from))
    } else {
        Some(orientation(at, from, point) > 0.0)
    }
}

fn along(at: Point, one: Point, other: Point) -> bool {
    let scalar =
        (one.lon - at.lon) * (other.lon - at.lon) + (one.lat - at.lat) * (other.lat - at.lat);
    orientation(at, one, other) == 0.0 && scalar > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::samples::{ring, star};
    use proptest::prelude::*;

    /// Every pair of edges.
    fn crosses_naively(points: &[Point]) -> bool {
        let lines: Vec<(Point, Point)> = edges(points).collect();
        let mut pairs = lines
            .iter()
            .enumerate()
            .flat_map(|(index, one)| lines.iter().skip(index + 1).map(move |other| (one, other)));
        pairs.any(|(one, other)| matches!(meeting(one.0, one.1, other.0, other.1), Meeting::At(_)))
    }

    #[test]
    fn a_bow_tie_crosses_itself() {
        let bow = ring(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]);
        assert_eq!(
            first_crossing(&[&bow]),
            Some(Crossing {
                rings: (0, 0),
                at: Point::new(1.0, 1.0)
            })
        );
    }

    #[test]
    fn a_spike_runs_along_itself() {
        let spike = ring(&[(0.0, 0.0), (2.0, 0.0), (3.0, 0.0), (2.0, 0.0), (2.0, 2.0)]);
        assert!(first_crossing(&[&spike]).is_some());
    }

    #[test]
    fn a_vertex_met_twice_touches_or_crosses() {
        let touch = ring(&[
            (0.0, 0.0),
            (4.0, 0.0),
            (2.0, 2.0),
            (4.0, 4.0),
            (0.0, 4.0),
            (2.0, 2.0),
        ]);
        assert_eq!(first_crossing(&[&touch]), None);
        assert_eq!(first_touch(&touch), Some(Point::new(2.0, 2.0)));
        let cross = ring(&[
            (0.0, 0.0),
            (2.0, 2.0),
            (4.0, 4.0),
            (4.0, 0.0),
            (2.0, 2.0),
            (0.0, 4.0),
        ]);
        assert_eq!(
            first_crossing(&[&cross]).map(|crossing| crossing.at),
            Some(Point::new(2.0, 2.0))
        );
    }

    #[test]
    fn twenty_thousand_vertices_take_no_time_to_speak_of() {
        let shape = star(Point::new(108.0, 34.0), 2.0, 20_000, 7);
        assert_eq!(first_crossing(&[&shape.polygons[0].outer]), None);
    }

    #[test]
    fn a_ring_that_returns_to_one_vertex_ten_thousand_times_is_judged_at_once() {
        let spoke = |number: usize| {
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let angle = number as f64 / 20_000.0 * std::f64::consts::TAU;
            (angle.cos(), angle.sin())
        };
        let points: Vec<(f64, f64)> = (0..10_000)
            .flat_map(|number| [(0.0, 0.0), spoke(2 * number), spoke(2 * number + 1)])
            .collect();
        let points = ring(&points);
        assert_eq!(first_crossing(&[&points]), None);
        assert_eq!(first_touch(&points), Some(Point::new(0.0, 0.0)));
    }

    proptest! {
        #[test]
        fn agrees_with_comparing_every_pair(seed in any::<u64>(), corners in 3_usize..14, span in 3_u32..12) {
            let mut random = Random::new(seed);
            // Whole numbers: many touches, overlaps and vertical edges.
            let points: Vec<(f64, f64)> = (0..corners)
                .map(|_| ((random.unit() * f64::from(span)).floor(), (random.unit() * f64::from(span)).floor()))
                .collect();
            let points = ring(&points);
            prop_assert_eq!(sweep(&[&points]).is_some(), crosses_naively(&points));
        }
    }
}
