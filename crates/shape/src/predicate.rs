//! Exact yes-or-no questions about points, segments and rings.

use crate::geometry::Point;

/// Positive when `c` lies left of the line from `a` to `b`, negative when right, zero when on it. Exact.
pub(crate) fn orientation(a: Point, b: Point, c: Point) -> f64 {
    let coord = |point: Point| robust::Coord {
        x: point.lon,
        y: point.lat,
    };
    robust::orient2d(coord(a), coord(b), coord(c))
}

/// Where a point lies with regard to a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Inside,
    OnRing,
    Outside,
}

/// Exact; the ring may be open or closed.
pub(crate) fn side_of_ring(ring: &[Point], point: Point) -> Side {
    let mut inside = false;
    for (a, b) in edges(ring) {
        match crossing_of_ray(a, b, point) {
            None => return Side::OnRing,
            Some(true) => inside = !inside,
            Some(false) => {}
        }
    }
    if inside { Side::Inside } else { Side::Outside }
}

/// Whether the ray from `point` to the east crosses the edge; `None` when the point lies on the edge.
pub(crate) fn crossing_of_ray(a: Point, b: Point, point: Point) -> Option<bool> {
    let (low, high) = if a.lat <= b.lat { (a, b) } else { (b, a) };
    if point.lat < low.lat || point.lat > high.lat {
        return Some(false);
    }
    if low.lat == high.lat {
        let between = point.lon >= a.lon.min(b.lon) && point.lon <= a.lon.max(b.lon);
        return if between { None } else { Some(false) };
    }
    if point.lon > low.lon.max(high.lon) {
        return Some(false);
    }
    let turn = orientation(low, high, point);
    if turn == 0.0 {
        return None;
    }
    // The upper end does not count, so that a vertex is met once.
    Some(turn > 0.0 && point.lat < high.lat)
}

/// The edges of a ring, closed or not; edges without length are left out.
pub(crate) fn edges(ring: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    let next = ring.iter().skip(1).chain(ring.first());
    ring.iter()
        .zip(next)
        .map(|(a, b)| (*a, *b))
        .filter(|(a, b)| a != b)
}

/// How two segments meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meeting {
    None,
    /// They share an end and nothing else.
    AtEnds,
    /// They cross, touch or overlap elsewhere; the point is near the place.
    At(Point),
}

/// Exact as to whether and how; the place of a crossing is rounded.
pub(crate) fn meeting(a: Point, b: Point, c: Point, d: Point) -> Meeting {
    if a.lon.max(b.lon) < c.lon.min(d.lon)
        || c.lon.max(d.lon) < a.lon.min(b.lon)
        || a.lat.max(b.lat) < c.lat.min(d.lat)
        || c.lat.max(d.lat) < a.lat.min(b.lat)
    {
        return Meeting::None;
    }
    let (c_side, d_side) = (orientation(a, b, c), orientation(a, b, d));
    let (a_side, b_side) = (orientation(c, d, a), orientation(c, d, b));
    if c_side == 0.0 && d_side == 0.0 {
        return meeting_on_one_line(a, b, c, d);
    }
    if c_side * d_side > 0.0
        || a_side * b_side > 0.0
        || (c_side > 0.0 && d_side > 0.0)
        || (c_side < 0.0 && d_side < 0.0)
    {
        return Meeting::None;
    }
    if (a_side > 0.0 && b_side > 0.0) || (a_side < 0.0 && b_side < 0.0) {
        return Meeting::None;
    }
    if a == c || a == d || b == c || b == d {
        return Meeting::AtEnds;
    }
    if a_side == 0.0 {
        return Meeting::At(a);
    }
    if b_side == 0.0 {
        return Meeting::At(b);
    }
    if c_side == 0.0 {
        return Meeting::At(c);
    }
    if d_side == 0.0 {
        return Meeting::At(d);
    }
    let share = a_side / (a_side - b_side);
    Meeting::At(Point::new(
        a.lon + share * (b.lon - a.lon),
        a.lat + share * (b.lat - a.lat),
    ))
}

fn meeting_on_one_line(a: Point, b: Point, c: Point, d: Point) -> Meeting {
    let ordered = |one: Point, other: Point| {
        if one.order(&other).is_le() {
            (one, other)
        } else {
            (other, one)
        }
    };
    let ((a, b), (c, d)) = (ordered(a, b), ordered(c, d));
    let start = if a.order(&c).is_ge() { a } else { c };
    let end = if b.order(&d).is_le() { b } else { d };
    match start.order(&end) {
        std::cmp::Ordering::Less => Meeting::At(start),
        std::cmp::Ordering::Equal => Meeting::AtEnds,
        std::cmp::Ordering::Greater => Meeting::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::ring;

    fn at(lon: f64, lat: f64) -> Point {
        Point::new(lon, lat)
    }

    #[test]
    fn a_point_on_the_edge_is_neither_inside_nor_outside() {
        let ring = ring(&[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 1.0), (0.0, 2.0)]);
        for (point, side) in [
            (at(1.0, 0.5), Side::Inside),
            (at(1.0, 1.5), Side::Outside),
            (at(0.5, 1.5), Side::OnRing),
            (at(0.25, 1.5), Side::Inside),
            (at(1.0, 1.0), Side::OnRing),
            (at(0.0, 2.0), Side::OnRing),
            (at(-1.0, 2.0), Side::Outside),
            (at(-1.0, 1.0), Side::Outside),
            (at(3.0, 0.0), Side::Outside),
            (at(-1.0, 0.0), Side::Outside),
        ] {
            assert_eq!(side_of_ring(&ring, point), side, "{point:?}");
        }
    }

    #[test]
    fn segments_meet_in_every_way() {
        let (a, b) = (at(0.0, 0.0), at(2.0, 2.0));
        assert_eq!(
            meeting(a, b, at(0.0, 2.0), at(2.0, 0.0)),
            Meeting::At(at(1.0, 1.0))
        );
        assert_eq!(meeting(a, b, at(2.0, 2.0), at(3.0, 0.0)), Meeting::AtEnds);
        assert_eq!(
            meeting(a, b, at(1.0, 1.0), at(3.0, 0.0)),
            Meeting::At(at(1.0, 1.0))
        );
        assert_eq!(
            meeting(a, b, at(1.0, 1.0), at(3.0, 3.0)),
            Meeting::At(at(1.0, 1.0))
        );
        assert_eq!(meeting(a, b, at(2.0, 2.0), at(3.0, 3.0)), Meeting::AtEnds);
        assert_eq!(meeting(a, b, at(2.5, 2.5), at(3.0, 3.0)), Meeting::None);
        assert_eq!(meeting(a, b, at(0.0, 1.0), at(0.4, 0.6)), Meeting::None);
    }
}
