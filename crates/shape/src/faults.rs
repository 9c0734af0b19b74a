//! What is wrong with a geometry, all of it, in words a sender can act on.

use crate::crossings::{first_crossing, first_touch};
use crate::geometry::{Bounds, Geometry, MultiPolygon, Point, Polygon, Ring};
use crate::predicate::{Side, edges, orientation, side_of_ring};

/// Which ring: part of the region, then ring of the part; both from 1, ring 1 is the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingNumber {
    /// Part, from 1.
    pub part: usize,
    /// Ring of the part, from 1.
    pub ring: usize,
}

/// One thing wrong with a geometry.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryFault {
    /// A region without parts.
    #[error("the geometry is empty; leave the field blank or give an outline")]
    Empty,
    /// NaN or infinite.
    #[error("a coordinate is not a number; check the file for empty or broken coordinates")]
    NotFinite,
    /// Latitude before longitude.
    #[error("{} {} looks like latitude before longitude; write longitude first: {} {}", at.lon, at.lat, at.lat, at.lon)]
    SwappedAxes {
        /// The point as given.
        at: Point,
    },
    /// A number too large by a power of ten.
    #[error("{given} at {} {} looks like {suggested} with its decimal point lost; put the point back", at.lon, at.lat)]
    LostDecimalPoint {
        /// The position as given.
        at: Point,
        /// As given.
        given: f64,
        /// What it may have been.
        suggested: f64,
    },
    /// Neither of the above, and not in China.
    #[error("{} {} is outside China (73–136° E, 3–54° N); check datum, order and unit of the coordinates", at.lon, at.lat)]
    OutsideChina {
        /// The first such point.
        at: Point,
    },
    /// A ring whose last point is not its first.
    #[error("ring {} of part {} begins at {} {} and ends at {} {}, so it is open; repeat the first point at the end", ring.ring, ring.part, first.lon, first.lat, last.lon, last.lat)]
    NotClosed {
        /// Which.
        ring: RingNumber,
        /// Where it begins.
        first: Point,
        /// Where it ends.
        last: Point,
    },
    /// Fewer than three different points (four with the closing one).
    #[error("ring {} of part {}{} has {points} points; a ring needs at least 4, the last equal to the first", ring.ring, ring.part, near(*first, ", beginning at ", ","))]
    TooFewPoints {
        /// Which.
        ring: RingNumber,
        /// Its first point, where it has one.
        first: Option<Point>,
        /// How many, the closing one included.
        points: usize,
    },
    /// All points on one line.
    #[error("ring {} of part {} encloses no area; remove it or correct its points", ring.ring, ring.part)]
    NoArea {
        /// Which.
        ring: RingNumber,
    },
    /// The first place found; there may be more.
    #[error("ring {} of part {} crosses itself near {:.6} {:.6}; repair the outline there", ring.ring, ring.part, at.lon, at.lat)]
    RingCrossesItself {
        /// Which.
        ring: RingNumber,
        /// Near where.
        at: Point,
    },
    /// A vertex met twice: to be drawn as two parts or as a hole.
    #[error("ring {} of part {} touches itself at {:.6} {:.6}; split it there into two parts, or into outline and hole", ring.ring, ring.part, at.lon, at.lat)]
    RingTouchesItself {
        /// Which.
        ring: RingNumber,
        /// Where.
        at: Point,
    },
    /// Two rings of the region cross or share an edge.
    #[error("ring {} of part {} and ring {} of part {} cross or share an edge near {:.6} {:.6}; merge the parts or move one", one.ring, one.part, other.ring, other.part, at.lon, at.lat)]
    RingsCross {
        /// The first.
        one: RingNumber,
        /// The second.
        other: RingNumber,
        /// Near where.
        at: Point,
    },
    /// A hole that is not in its outline.
    #[error("ring {} of part {} is a hole outside its outline; make it a part of its own or remove it", ring.ring, ring.part)]
    HoleOutside {
        /// Which.
        ring: RingNumber,
    },
    /// A part inside another part.
    #[error("part {part} lies inside part {inside}; remove it or make it a hole")]
    PartInsidePart {
        /// The inner one, from 1.
        part: usize,
        /// The outer one, from 1.
        inside: usize,
    },
}

impl GeometryFault {
    /// A stable code, the key of its message.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "geometry-empty",
            Self::NotFinite => "geometry-not-finite",
            Self::SwappedAxes { .. } => "geometry-swapped-axes",
            Self::LostDecimalPoint { .. } => "geometry-lost-decimal-point",
            Self::OutsideChina { .. } => "geometry-outside-china",
            Self::NotClosed { .. } => "geometry-ring-not-closed",
            Self::TooFewPoints { .. } => "geometry-ring-too-few-points",
            Self::NoArea { .. } => "geometry-ring-no-area",
            Self::RingCrossesItself { .. } => "geometry-ring-crosses-itself",
            Self::RingTouchesItself { .. } => "geometry-ring-touches-itself",
            Self::RingsCross { .. } => "geometry-rings-cross",
            Self::HoleOutside { .. } => "geometry-hole-outside",
            Self::PartInsidePart { .. } => "geometry-part-inside-part",
        }
    }

    /// What is wrong and what to do, in Chinese; [`Self::en`] in English.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "图形为空;请留空该字段或给出轮廓".to_owned(),
            Self::NotFinite => "坐标不是有效数字;请检查文件中空缺或损坏的坐标".to_owned(),
            Self::SwappedAxes { at } => {
                format!(
                    "{} {} 疑似纬度写在经度之前;请先写经度:{} {}",
                    at.lon, at.lat, at.lat, at.lon
                )
            }
            Self::LostDecimalPoint {
                at,
                given,
                suggested,
            } => {
                format!(
                    "{} {} 处的 {given} 疑似丢失小数点,可能应为 {suggested};请补上小数点",
                    at.lon, at.lat
                )
            }
            Self::OutsideChina { at } => {
                format!(
                    "{} {} 不在中国范围内(东经73–136°,北纬3–54°);请检查坐标系、次序和单位",
                    at.lon, at.lat
                )
            }
            Self::NotClosed { ring, first, last } => format!(
                "{}起于 {} {}、止于 {} {},首尾不闭合;请在末尾重复第一个点",
                ring.zh(),
                first.lon,
                first.lat,
                last.lon,
                last.lat
            ),
            Self::TooFewPoints {
                ring,
                first,
                points,
            } => {
                format!(
                    "{}{}只有 {points} 个点;一个环至少要 4 个点,末点与首点相同",
                    ring.zh(),
                    near(*first, ",起点 ", ",")
                )
            }
            Self::NoArea { ring } => format!("{}没有面积;请删除该环或更正各点", ring.zh()),
            Self::RingCrossesItself { ring, at } => {
                format!(
                    "{}在 {:.6} {:.6} 附近自相交;请修正该处轮廓",
                    ring.zh(),
                    at.lon,
                    at.lat
                )
            }
            Self::RingTouchesItself { ring, at } => {
                format!(
                    "{}在 {:.6} {:.6} 处自相接触;请在该处拆成两个部分,或拆成外轮廓与内环",
                    ring.zh(),
                    at.lon,
                    at.lat
                )
            }
            Self::RingsCross { one, other, at } => {
                format!(
                    "{}与{}在 {:.6} {:.6} 附近相交或共边;请合并或移动其中一个",
                    one.zh(),
                    other.zh(),
                    at.lon,
                    at.lat
                )
            }
            Self::HoleOutside { ring } => {
                format!("{}是内环但不在外轮廓之内;请改为独立部分或删除", ring.zh())
            }
            Self::PartInsidePart { part, inside } => {
                format!("第 {part} 部分位于第 {inside} 部分之内;请删除或改为内环")
            }
        }
    }

    /// What is wrong and what to do, in English.
    #[must_use]
    pub fn en(&self) -> String {
        self.to_string()
    }
}

/// A place in a sentence, where there is one.
fn near(place: Option<Point>, before: &str, after: &str) -> String {
    place.map_or_else(String::new, |at| {
        format!("{before}{} {}{after}", at.lon, at.lat)
    })
}

impl RingNumber {
    fn zh(self) -> String {
        format!("第 {} 部分第 {} 环", self.part, self.ring)
    }
}

/// Everything that is wrong with a geometry; empty when it may be taken. Coordinates are judged
/// first: while they are wrong, rings are not looked at. One crossing is reported per ring.
#[must_use]
pub fn faults(geometry: &Geometry) -> Vec<GeometryFault> {
    match geometry {
        Geometry::Point(point) => position_faults([point]),
        Geometry::MultiPolygon(region) if region.is_empty() => vec![GeometryFault::Empty],
        Geometry::MultiPolygon(region) => {
            let found = position_faults(region.rings().flatten());
            if found.is_empty() {
                region_faults(region)
            } else {
                found
            }
        }
    }
}

/// One fault of each kind at most: a file with swapped axes has them everywhere.
fn position_faults<'a>(points: impl IntoIterator<Item = &'a Point>) -> Vec<GeometryFault> {
    let mut found: Vec<GeometryFault> = Vec::new();
    for fault in points
        .into_iter()
        .filter_map(|point| position_fault(*point))
    {
        if !found
            .iter()
            .any(|known| std::mem::discriminant(known) == std::mem::discriminant(&fault))
        {
            found.push(fault);
        }
    }
    found
}

const LON: std::ops::RangeInclusive<f64> = 73.0..=136.0;
const LAT: std::ops::RangeInclusive<f64> = 3.0..=54.0;

/// What is wrong with one position, if anything.
#[must_use]
pub fn position_fault(at: Point) -> Option<GeometryFault> {
    if !at.lon.is_finite() || !at.lat.is_finite() {
        return Some(GeometryFault::NotFinite);
    }
    if LON.contains(&at.lon) && LAT.contains(&at.lat) {
        return None;
    }
    if LON.contains(&at.lat) && LAT.contains(&at.lon) {
        return Some(GeometryFault::SwappedAxes { at });
    }
    let lost = lost_point(at, at.lon, 180.0, &LON).or_else(|| lost_point(at, at.lat, 90.0, &LAT));
    Some(lost.unwrap_or(GeometryFault::OutsideChina { at }))
}

/// A number beyond what an angle can be, that a power of ten brings into the range.
fn lost_point(
    at: Point,
    given: f64,
    limit: f64,
    range: &std::ops::RangeInclusive<f64>,
) -> Option<GeometryFault> {
    if given.abs() <= limit {
        return None;
    }
    let mut power = 10.0;
    while power <= 1e13 {
        let suggested = given / power;
        if range.contains(&suggested) {
            return Some(GeometryFault::LostDecimalPoint {
                at,
                given,
                suggested,
            });
        }
        power *= 10.0;
    }
    None
}

fn region_faults(region: &MultiPolygon) -> Vec<GeometryFault> {
    let mut found = Vec::new();
    for (ring, points) in numbered(region) {
        found.extend(ring_faults(ring, points));
    }
    if found.iter().any(|fault| {
        !matches!(
            fault,
            GeometryFault::NotClosed { .. } | GeometryFault::RingTouchesItself { .. }
        )
    }) {
        return found;
    }
    let rings: Vec<(RingNumber, &Ring)> = numbered(region).collect();
    if rings.len() > 1 {
        let points: Vec<&[Point]> = rings.iter().map(|(_, points)| points.as_slice()).collect();
        if let Some(crossing) = first_crossing(&points) {
            let number = |index: usize| {
                rings
                    .get(index)
                    .map_or(RingNumber { part: 1, ring: 1 }, |(number, _)| *number)
            };
            let (one, other) = (number(crossing.rings.0), number(crossing.rings.1));
            found.push(GeometryFault::RingsCross {
                one,
                other,
                at: crossing.at,
            });
            return found;
        }
    }
    found.extend(nesting_faults(region));
    found
}

fn numbered(region: &MultiPolygon) -> impl Iterator<Item = (RingNumber, &Ring)> {
    region
        .polygons
        .iter()
        .enumerate()
        .flat_map(|(part, polygon)| {
            polygon.rings().enumerate().map(move |(ring, points)| {
                (
                    RingNumber {
                        part: part + 1,
                        ring: ring + 1,
                    },
                    points,
                )
            })
        })
}

fn ring_faults(ring: RingNumber, points: &Ring) -> Vec<GeometryFault> {
    let mut found = Vec::new();
    let closed = points.len() > 1 && points.first() == points.last();
    if let (false, Some(first), Some(last)) = (closed, points.first(), points.last())
        && points.len() > 1
    {
        found.push(GeometryFault::NotClosed {
            ring,
            first: *first,
            last: *last,
        });
    }
    let open = if closed {
        points.len() - 1
    } else {
        points.len()
    };
    if open < 3 {
        found.push(GeometryFault::TooFewPoints {
            ring,
            first: points.first().copied(),
            points: points.len(),
        });
        return found;
    }
    if let Some(crossing) = first_crossing(&[points]) {
        let crossed = GeometryFault::RingCrossesItself {
            ring,
            at: crossing.at,
        };
        found.push(if on_one_line(points) {
            GeometryFault::NoArea { ring }
        } else {
            crossed
        });
    } else if let Some(at) = first_touch(points) {
        found.push(GeometryFault::RingTouchesItself { ring, at });
    }
    found
}

fn on_one_line(points: &[Point]) -> bool {
    let Some((a, b)) = edges(points).next() else {
        return true;
    };
    points.iter().all(|point| orientation(a, b, *point) == 0.0)
}

fn nesting_faults(region: &MultiPolygon) -> Vec<GeometryFault> {
    let boxes: Vec<Option<Bounds>> = region
        .polygons
        .iter()
        .map(|polygon| Bounds::around(&polygon.outer))
        .collect();
    let parts: Vec<(&Polygon, &Option<Bounds>)> = region.polygons.iter().zip(&boxes).collect();
    let mut found = Vec::new();
    for (part, (polygon, around)) in parts.iter().enumerate() {
        for (hole, points) in polygon.holes.iter().enumerate() {
            if ring_in_ring(points, &polygon.outer) == Some(false) {
                found.push(GeometryFault::HoleOutside {
                    ring: RingNumber {
                        part: part + 1,
                        ring: hole + 2,
                    },
                });
            }
        }
        for (other, (outer, other_around)) in parts.iter().enumerate() {
            let near = around
                .zip(**other_around)
                .is_some_and(|(here, there)| here.touches(&there));
            if part != other && near && ring_in_part(&polygon.outer, outer) {
                found.push(GeometryFault::PartInsidePart {
                    part: part + 1,
                    inside: other + 1,
                });
            }
        }
    }
    found
}

fn ring_in_part(ring: &Ring, part: &Polygon) -> bool {
    ring_in_ring(ring, &part.outer) == Some(true)
        && !part
            .holes
            .iter()
            .any(|hole| ring_in_ring(ring, hole) != Some(false))
}

/// For rings that do not cross: decided by the first vertex that does not lie on the other ring.
pub(crate) fn ring_in_ring(ring: &[Point], other: &[Point]) -> Option<bool> {
    let sides = ring.iter().map(|point| side_of_ring(other, *point));
    sides
        .into_iter()
        .find(|side| *side != Side::OnRing)
        .map(|side| side == Side::Inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{ring, square, star};

    fn codes(geometry: &Geometry) -> Vec<&'static str> {
        faults(geometry).iter().map(GeometryFault::code).collect()
    }

    fn point(lon: f64, lat: f64) -> Geometry {
        Geometry::Point(Point::new(lon, lat))
    }

    fn region(parts: Vec<Polygon>) -> Geometry {
        Geometry::MultiPolygon(MultiPolygon { polygons: parts })
    }

    fn part(outer: &[(f64, f64)], holes: &[&[(f64, f64)]]) -> Polygon {
        Polygon {
            outer: ring(outer),
            holes: holes.iter().map(|hole| ring(hole)).collect(),
        }
    }

    #[test]
    fn positions_are_judged_one_by_one() {
        for (given, expected) in [
            (point(108.95, 34.26), vec![]),
            (point(34.26, 108.95), vec!["geometry-swapped-axes"]),
            (point(10895.32, 34.26), vec!["geometry-lost-decimal-point"]),
            (point(108.95, 3426.0), vec!["geometry-lost-decimal-point"]),
            (
                point(1_089_532.0, 342_600.0),
                vec!["geometry-lost-decimal-point"],
            ),
            (point(0.0, 0.0), vec!["geometry-outside-china"]),
            (point(-73.9, 40.7), vec!["geometry-outside-china"]),
            (point(f64::NAN, 34.0), vec!["geometry-not-finite"]),
        ] {
            assert_eq!(codes(&given), expected, "{given:?}");
        }
        assert_eq!(
            faults(&point(10895.32, 34.26))
                .first()
                .map(ToString::to_string),
            Some(
                "10895.32 at 10895.32 34.26 looks like 108.9532 with its decimal point lost; put the point back"
                    .to_owned()
            )
        );
    }

    #[test]
    fn rings_are_judged_one_by_one() {
        let good: &[(f64, f64)] = &[(108.0, 34.0), (109.0, 34.0), (109.0, 35.0), (108.0, 35.0)];
        let bow: &[(f64, f64)] = &[(108.0, 34.0), (109.0, 35.0), (109.0, 34.0), (108.0, 35.0)];
        let inner: &[(f64, f64)] = &[(108.2, 34.2), (108.4, 34.2), (108.4, 34.4), (108.2, 34.4)];
        let outside: &[(f64, f64)] = &[(110.2, 34.2), (110.4, 34.2), (110.4, 34.4)];
        let across: &[(f64, f64)] = &[(108.9, 34.2), (109.4, 34.2), (109.4, 34.4)];
        let flat: &[(f64, f64)] = &[(108.0, 34.0), (109.0, 34.0), (108.5, 34.0)];
        let mut unclosed = part(good, &[]);
        unclosed.outer.pop();
        for (given, expected) in [
            (vec![part(good, &[inner])], vec![]),
            (vec![part(good, &[]), part(outside, &[])], vec![]),
            (vec![part(bow, &[])], vec!["geometry-ring-crosses-itself"]),
            (vec![unclosed], vec!["geometry-ring-not-closed"]),
            (
                vec![part(&good[..2], &[])],
                vec!["geometry-ring-too-few-points"],
            ),
            (vec![part(flat, &[])], vec!["geometry-ring-no-area"]),
            (vec![part(good, &[outside])], vec!["geometry-hole-outside"]),
            (vec![part(good, &[across])], vec!["geometry-rings-cross"]),
            (
                vec![part(good, &[]), part(inner, &[])],
                vec!["geometry-part-inside-part"],
            ),
            (
                vec![part(good, &[inner]), part(inner, &[])],
                vec!["geometry-rings-cross"],
            ),
            (vec![], vec!["geometry-empty"]),
        ] {
            assert_eq!(codes(&region(given.clone())), expected, "{given:?}");
        }
    }

    #[test]
    fn every_sentence_says_what_to_do_in_both_languages() {
        let bow = region(vec![part(
            &[(108.0, 34.0), (109.0, 35.0), (109.0, 34.0), (108.0, 35.0)],
            &[],
        )]);
        let fault = faults(&bow).remove(0);
        assert_eq!(
            fault.to_string(),
            "ring 1 of part 1 crosses itself near 108.500000 34.500000; repair the outline there"
        );
        assert_eq!(
            fault.zh(),
            "第 1 部分第 1 环在 108.500000 34.500000 附近自相交;请修正该处轮廓"
        );
    }

    /// A fault of a file, its sentences in English and Chinese.
    fn says(given: &Geometry, en: &str, zh: &str) {
        let found = faults(given);
        let said: Vec<(String, String)> =
            found.iter().map(|fault| (fault.en(), fault.zh())).collect();
        assert_eq!(said, [(en.to_owned(), zh.to_owned())]);
    }

    #[test]
    fn an_open_ring_says_where_it_begins_and_ends() {
        let mut open = part(&[(108.0, 34.0), (109.0, 34.0), (109.0, 35.0)], &[]);
        open.outer.pop();
        says(
            &region(vec![open]),
            "ring 1 of part 1 begins at 108 34 and ends at 109 35, so it is open; repeat the first point at the end",
            "第 1 部分第 1 环起于 108 34、止于 109 35,首尾不闭合;请在末尾重复第一个点",
        );
    }

    #[test]
    fn a_ring_of_three_points_says_which_and_how_many_it_needs() {
        says(
            &region(vec![part(&[(108.0, 34.0), (109.0, 34.0)], &[])]),
            "ring 1 of part 1, beginning at 108 34, has 3 points; a ring needs at least 4, the last equal to the first",
            "第 1 部分第 1 环,起点 108 34,只有 3 个点;一个环至少要 4 个点,末点与首点相同",
        );
    }

    #[test]
    fn swapped_axes_show_the_point_as_it_is_and_as_it_should_be() {
        let swapped: &[(f64, f64)] = &[(34.0, 108.0), (34.0, 109.0), (35.0, 109.0)];
        says(
            &region(vec![part(swapped, &[])]),
            "34 108 looks like latitude before longitude; write longitude first: 108 34",
            "34 108 疑似纬度写在经度之前;请先写经度:108 34",
        );
    }

    #[test]
    fn a_lost_decimal_point_says_where_and_what_it_may_have_been() {
        let lost: &[(f64, f64)] = &[(108.0, 34.0), (10_925.0, 34.0), (109.0, 35.0)];
        says(
            &region(vec![part(lost, &[])]),
            "10925 at 10925 34 looks like 109.25 with its decimal point lost; put the point back",
            "10925 34 处的 10925 疑似丢失小数点,可能应为 109.25;请补上小数点",
        );
    }

    #[test]
    fn crossing_polygons_say_which_and_where() {
        let one: &[(f64, f64)] = &[(108.0, 34.0), (109.0, 34.0), (109.0, 35.0), (108.0, 35.0)];
        let other: &[(f64, f64)] = &[(108.5, 34.5), (109.5, 34.5), (109.5, 35.5), (108.5, 35.5)];
        let found = faults(&region(vec![part(one, &[]), part(other, &[])]));
        assert_eq!(
            found.iter().map(GeometryFault::code).collect::<Vec<_>>(),
            ["geometry-rings-cross"]
        );
        let zh = found[0].zh();
        assert!(
            zh.starts_with("第 1 部分第 1 环与第 2 部分第 1 环在 10")
                && zh.ends_with("附近相交或共边;请合并或移动其中一个"),
            "{zh}"
        );
    }

    #[test]
    fn stars_and_squares_have_no_faults() {
        for seed in 0..20 {
            let shape = Geometry::MultiPolygon(star(Point::new(108.0, 34.0), 1.0, 50, seed));
            assert_eq!(codes(&shape), Vec::<&str>::new());
        }
        assert!(codes(&Geometry::MultiPolygon(square(108.0, 34.0, 1.0))).is_empty());
    }
}
