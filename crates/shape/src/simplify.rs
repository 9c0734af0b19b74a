//! Takes points out of arcs, the least important first (Visvalingam), without ever making lines
//! cross, rings collapse or two arcs run together.

#![expect(
    clippy::indexing_slicing,
    reason = "all vectors here have one entry per point, and every number is that of a point"
)]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use crate::coverage::{Number, index};
use crate::geometry::{Bounds, Point};
use crate::predicate::orientation;

const NONE: Number = Number::MAX;
/// Points that were held by others get another chance this many times.
const ROUNDS: usize = 8;

pub(crate) struct Simplifier<'a> {
    points: &'a [Point],
    arcs: &'a [Vec<Number>],
    /// Neighbours along the arc; only for points inside an arc (each lies in one arc only).
    before: Vec<Number>,
    after: Vec<Number>,
    alive: Vec<bool>,
    edges: HashSet<(Number, Number)>,
    grid: Grid,
}

impl<'a> Simplifier<'a> {
    pub(crate) fn new(points: &'a [Point], arcs: &'a [Vec<Number>]) -> Self {
        let mut before = vec![NONE; points.len()];
        let mut after = vec![NONE; points.len()];
        let mut edges = HashSet::new();
        for arc in arcs {
            for step in arc.windows(3) {
                if let [one, middle, other] = step {
                    before[index(*middle)] = *one;
                    after[index(*middle)] = *other;
                }
            }
            edges.extend(arc.windows(2).filter_map(|step| match step {
                [one, other] => Some(edge(*one, *other)),
                _ => None,
            }));
        }
        let alive = vec![true; points.len()];
        Self {
            points,
            arcs,
            before,
            after,
            alive,
            edges,
            grid: Grid::new(points),
        }
    }

    /// The arcs without the points whose triangle is smaller than `area` square metres.
    pub(crate) fn run(mut self, area: f64) -> Vec<Vec<Number>> {
        for _ in 0..ROUNDS {
            if !self.round(area) {
                break;
            }
        }
        let keep = |arc: &Vec<Number>| {
            arc.iter()
                .copied()
                .filter(|point| self.alive[index(*point)])
                .collect()
        };
        self.arcs.iter().map(keep).collect()
    }

    /// Whether a point was held back that may go in another round.
    fn round(&mut self, limit: f64) -> bool {
        let mut heap: BinaryHeap<Reverse<(u64, Number)>> = BinaryHeap::new();
        let removable = (0..self.points.len())
            .filter(|point| self.alive[*point] && self.before[*point] != NONE);
        heap.extend(
            removable
                .filter_map(|point| Number::try_from(point).ok())
                .map(|point| Reverse((self.weight(point), point))),
        );
        let (mut removed, mut held) = (0_usize, 0_usize);
        while let Some(Reverse((weight, point))) = heap.pop() {
            if f64::from_bits(weight) > limit {
                break;
            }
            if !self.alive[index(point)] || weight != self.weight(point) {
                continue;
            }
            if !self.may_go(point) {
                held += 1;
                continue;
            }
            removed += 1;
            for neighbour in self.remove(point) {
                if self.before[index(neighbour)] != NONE {
                    heap.push(Reverse((self.weight(neighbour), neighbour)));
                }
            }
        }
        removed > 0 && held > 0
    }

    /// Square metres of the triangle with both neighbours, as bits: they sort as the numbers do.
    fn weight(&self, point: Number) -> u64 {
        let (a, b, c) = self.triangle(point);
        let metres_per_degree = 111_195.0;
        let narrowing = b.lat.to_radians().cos();
        let cross = (b.lon - a.lon) * (c.lat - a.lat) - (c.lon - a.lon) * (b.lat - a.lat);
        (cross * narrowing * metres_per_degree * metres_per_degree / 2.0)
            .abs()
            .to_bits()
    }

    fn triangle(&self, point: Number) -> (Point, Point, Point) {
        let at = index(point);
        (
            self.points[index(self.before[at])],
            self.points[at],
            self.points[index(self.after[at])],
        )
    }

    fn may_go(&self, point: Number) -> bool {
        let (before, after) = (self.before[index(point)], self.after[index(point)]);
        if before == after || self.edges.contains(&edge(before, after)) {
            return false;
        }
        let (a, b, c) = self.triangle(point);
        let Some(bounds) = Bounds::around([&a, &b, &c]) else {
            return false;
        };
        !self.grid.any_within(&bounds, &|other| {
            other != point
                && other != before
                && other != after
                && self.alive[index(other)]
                && in_triangle(a, b, c, self.points[index(other)])
        })
    }

    fn remove(&mut self, point: Number) -> [Number; 2] {
        let at = index(point);
        let (before, after) = (self.before[at], self.after[at]);
        self.alive[at] = false;
        self.grid.remove(point, self.points[at]);
        self.edges.remove(&edge(before, point));
        self.edges.remove(&edge(point, after));
        self.edges.insert(edge(before, after));
        if self.before[index(before)] != NONE {
            self.after[index(before)] = after;
        }
        if self.before[index(after)] != NONE {
            self.before[index(after)] = before;
        }
        [before, after]
    }
}

fn edge(a: Number, b: Number) -> (Number, Number) {
    (a.min(b), a.max(b))
}

/// Border included. Exact.
fn in_triangle(a: Point, b: Point, c: Point, point: Point) -> bool {
    let sides = [
        orientation(a, b, point),
        orientation(b, c, point),
        orientation(c, a, point),
    ];
    let within_box = Bounds::around([&a, &b, &c]).is_some_and(|bounds| bounds.contains(point));
    within_box && (sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0))
}

/// Points by square cell.
struct Grid {
    west: f64,
    south: f64,
    cells_per_degree: f64,
    columns: usize,
    rows: usize,
    cells: Vec<Vec<Number>>,
}

impl Grid {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of cells"
    )]
    fn new(points: &[Point]) -> Self {
        let bounds = Bounds::around(points).unwrap_or(Bounds {
            west: 0.0,
            south: 0.0,
            east: 0.0,
            north: 0.0,
        });
        let (width, height) = (bounds.east - bounds.west, bounds.north - bounds.south);
        let cells_per_degree = (points.len() as f64 / (width * height).max(1e-12))
            .sqrt()
            .min(1e6);
        let (columns, rows) = (
            (width * cells_per_degree) as usize + 1,
            (height * cells_per_degree) as usize + 1,
        );
        let (columns, rows) = (columns.min(4096), rows.min(4096));
        let mut grid = Self {
            west: bounds.west,
            south: bounds.south,
            cells_per_degree,
            columns,
            rows,
            cells: vec![Vec::new(); columns * rows],
        };
        for (number, point) in points.iter().enumerate() {
            let cell = grid.cell(*point);
            grid.cells[cell].extend(Number::try_from(number).ok());
        }
        grid
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest usize"
    )]
    fn column_and_row(&self, point: Point) -> (usize, usize) {
        let column = ((point.lon - self.west) * self.cells_per_degree) as usize;
        let row = ((point.lat - self.south) * self.cells_per_degree) as usize;
        (column.min(self.columns - 1), row.min(self.rows - 1))
    }

    fn cell(&self, point: Point) -> usize {
        let (column, row) = self.column_and_row(point);
        row * self.columns + column
    }

    fn remove(&mut self, number: Number, point: Point) {
        let cell = self.cell(point);
        self.cells[cell].retain(|known| *known != number);
    }

    fn any_within(&self, bounds: &Bounds, holds: &dyn Fn(Number) -> bool) -> bool {
        let (west, south) = self.column_and_row(Point::new(bounds.west, bounds.south));
        let (east, north) = self.column_and_row(Point::new(bounds.east, bounds.north));
        (south..=north).any(|row| {
            let cells = &self.cells[row * self.columns + west..=row * self.columns + east];
            cells.iter().flatten().any(|number| holds(*number))
        })
    }
}
