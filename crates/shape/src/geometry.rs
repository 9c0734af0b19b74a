//! The plain types: points, rings, polygons, and their canonical form.

/// A position in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Longitude, degrees east.
    pub lon: f64,
    /// Latitude, degrees north.
    pub lat: f64,
}

/// A line of points that ends where it begins (as GeoJSON and WKB have it).
pub type Ring = Vec<Point>;

/// An outer ring and the holes in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polygon {
    /// The outline.
    pub outer: Ring,
    /// Rings cut out of it.
    pub holes: Vec<Ring>,
}

/// Any number of polygons that together are one region.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MultiPolygon {
    /// The parts.
    pub polygons: Vec<Polygon>,
}

/// What a record's geometry field may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// A position.
    Point(Point),
    /// A region; a single polygon is a region of one part.
    MultiPolygon(MultiPolygon),
}

/// A box in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl Point {
    /// A point from longitude and latitude.
    #[must_use]
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// Order west to east, then south to north; total, so that sorting never depends on chance.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.lon
            .total_cmp(&other.lon)
            .then(self.lat.total_cmp(&other.lat))
    }

    /// The nearest multiple of `1/steps` of a degree (`1e7`: about a centimetre).
    #[must_use]
    pub fn snapped(&self, steps: f64) -> Self {
        // Adding zero turns -0.0 into 0.0.
        Self {
            lon: (self.lon * steps).round() / steps + 0.0,
            lat: (self.lat * steps).round() / steps + 0.0,
        }
    }
}

impl Polygon {
    /// Outer ring first, then the holes.
    pub fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.outer).chain(&self.holes)
    }

    fn normalised(&self) -> Option<Self> {
        let outer = normalised_ring(&self.outer, true)?;
        let mut holes: Vec<Ring> = self
            .holes
            .iter()
            .filter_map(|hole| normalised_ring(hole, false))
            .collect();
        holes.sort_by(order_of_rings);
        Some(Self { outer, holes })
    }
}

impl MultiPolygon {
    /// One part, no holes.
    #[must_use]
    pub fn from_ring(outer: Ring) -> Self {
        Self {
            polygons: vec![Polygon {
                outer,
                holes: Vec::new(),
            }],
        }
    }

    /// Whether there is no part at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.polygons.is_empty()
    }

    /// Every ring of every part.
    pub fn rings(&self) -> impl Iterator<Item = &Ring> {
        self.polygons.iter().flat_map(Polygon::rings)
    }

    /// How many points are stored, closing points included.
    #[must_use]
    pub fn point_count(&self) -> usize {
        self.rings().map(Vec::len).sum()
    }

    /// The box around it; `None` when empty.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.rings().flatten())
    }

    /// The same shape with every point moved by `change`.
    #[must_use]
    pub fn map(&self, change: &dyn Fn(Point) -> Point) -> Self {
        let ring = |points: &Ring| points.iter().map(|point| change(*point)).collect::<Ring>();
        let polygon = |polygon: &Polygon| Polygon {
            outer: ring(&polygon.outer),
            holes: polygon.holes.iter().map(ring).collect(),
        };
        Self {
            polygons: self.polygons.iter().map(polygon).collect(),
        }
    }

    /// The canonical form: repeated points dropped, rings closed, outer rings counter-clockwise and
    /// holes clockwise, each ring beginning at its westernmost (then southernmost) point, parts and
    /// holes in the order of their first points. Rings with fewer than three different points go.
    #[must_use]
    pub fn normalised(&self) -> Self {
        let mut polygons: Vec<Polygon> = self
            .polygons
            .iter()
            .filter_map(Polygon::normalised)
            .collect();
        polygons.sort_by(|one, other| order_of_rings(&one.outer, &other.outer));
        Self { polygons }
    }

    /// Points rounded to multiples of `1/steps` of a degree, then [`Self::normalised`].
    #[must_use]
    pub fn snapped(&self, steps: f64) -> Self {
        self.map(&|point| point.snapped(steps)).normalised()
    }
}

impl Geometry {
    /// The canonical form, see [`MultiPolygon::normalised`].
    #[must_use]
    pub fn normalised(&self) -> Self {
        match self {
            Self::Point(point) => Self::Point(Point::new(point.lon + 0.0, point.lat + 0.0)),
            Self::MultiPolygon(region) => Self::MultiPolygon(region.normalised()),
        }
    }

    /// The same geometry without points that stand twice one after the other, which harm nothing. Open rings
    /// stay open.
    #[must_use]
    pub fn without_repeats(mut self) -> Self {
        if let Self::MultiPolygon(region) = &mut self {
            for polygon in &mut region.polygons {
                polygon.outer.dedup();
                polygon.holes.iter_mut().for_each(Vec::dedup);
            }
        }
        self
    }

    /// The box around it; `None` when empty.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Point(point) => Bounds::around([point]),
            Self::MultiPolygon(region) => region.bounds(),
        }
    }

    /// The region, if it is one.
    #[must_use]
    pub const fn as_multi_polygon(&self) -> Option<&MultiPolygon> {
        match self {
            Self::MultiPolygon(region) => Some(region),
            Self::Point(_) => None,
        }
    }
}

impl Bounds {
    /// The box around some points; `None` without points.
    pub fn around<'a>(points: impl IntoIterator<Item = &'a Point>) -> Option<Self> {
        points
            .into_iter()
            .fold(None, |bounds: Option<Self>, point| {
                Some(bounds.map_or(
                    Self {
                        west: point.lon,
                        south: point.lat,
                        east: point.lon,
                        north: point.lat,
                    },
                    |bounds| Self {
                        west: bounds.west.min(point.lon),
                        south: bounds.south.min(point.lat),
                        east: bounds.east.max(point.lon),
                        north: bounds.north.max(point.lat),
                    },
                ))
            })
    }

    /// The smallest box around both.
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Whether a point lies in it, edge included.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        (self.west..=self.east).contains(&point.lon)
            && (self.south..=self.north).contains(&point.lat)
    }

    /// Whether the two boxes share a point.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// The middle.
    #[must_use]
    pub fn centre(&self) -> Point {
        Point::new(
            f64::midpoint(self.west, self.east),
            f64::midpoint(self.south, self.north),
        )
    }
}

/// Twice the signed area in square degrees; positive when counter-clockwise.
pub(crate) fn signed_double_area(ring: &[Point]) -> f64 {
    let Some(origin) = ring.first() else {
        return 0.0;
    };
    let next = ring.iter().skip(1).chain([origin]);
    // Relative to the first point, so that no digits are lost to the distance from (0, 0).
    let term = |(here, there): (&Point, &Point)| {
        (here.lon - origin.lon) * (there.lat - origin.lat)
            - (there.lon - origin.lon) * (here.lat - origin.lat)
    };
    ring.iter().zip(next).map(term).sum()
}

fn normalised_ring(ring: &[Point], counter_clockwise: bool) -> Option<Ring> {
    let mut open: Ring = Vec::with_capacity(ring.len());
    for point in ring {
        let point = Point::new(point.lon + 0.0, point.lat + 0.0);
        if open.last() != Some(&point) {
            open.push(point);
        }
    }
    while open.len() > 1 && open.first() == open.last() {
        open.pop();
    }
    if open.len() < 3 {
        return None;
    }
    if (signed_double_area(&open) > 0.0) != counter_clockwise {
        open.reverse();
    }
    let start = open
        .iter()
        .enumerate()
        .min_by(|one, other| one.1.order(other.1))
        .map_or(0, |(index, _)| index);
    open.rotate_left(start);
    open.extend(open.first().copied());
    Some(open)
}

fn order_of_rings(one: &Ring, other: &Ring) -> std::cmp::Ordering {
    let differing = one
        .iter()
        .zip(other)
        .map(|(here, there)| here.order(there))
        .find(|order| order.is_ne());
    differing.unwrap_or_else(|| one.len().cmp(&other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::square;

    #[test]
    fn the_canonical_form_does_not_depend_on_start_or_direction() {
        let shape = square(108.0, 34.0, 1.0);
        let mut turned = shape.clone();
        let outer = &mut turned.polygons[0].outer;
        outer.pop();
        outer.rotate_left(2);
        outer.reverse();
        let repeated = outer[0];
        outer.insert(0, repeated);
        assert_eq!(turned.normalised(), shape.normalised());
        assert_eq!(shape.normalised().normalised(), shape.normalised());
    }

    #[test]
    fn a_hole_runs_clockwise() {
        let mut shape = square(108.0, 34.0, 1.0);
        shape.polygons[0]
            .holes
            .push(square(108.25, 34.25, 0.5).polygons[0].outer.clone());
        let shape = shape.normalised();
        assert!(signed_double_area(&shape.polygons[0].outer) > 0.0);
        assert!(signed_double_area(&shape.polygons[0].holes[0]) < 0.0);
    }

    #[test]
    fn bounds_are_those_of_the_points() {
        let bounds = square(108.0, 34.0, 1.0).bounds().unwrap();
        assert_eq!(
            bounds,
            Bounds {
                west: 108.0,
                south: 34.0,
                east: 109.0,
                north: 35.0
            }
        );
        assert!(MultiPolygon::default().bounds().is_none());
    }
}
