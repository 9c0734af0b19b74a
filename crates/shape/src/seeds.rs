//! Points placed inside a region: spread evenly, or scattered by chance.

use crate::geometry::{MultiPolygon, Point};
use crate::measure::stretches;
use crate::random::Random;

/// Samples per point from which the even spread is worked out.
const SAMPLES_PER_POINT: usize = 48;
const ROUNDS: usize = 10;

/// `count` different points inside, well spread: each is moved a few times to the middle of what
/// lies nearest to it (Lloyd). Fewer only where the region has no area. Deterministic.
#[must_use]
pub fn seed_points(region: &MultiPolygon, count: usize, seed: u64) -> Vec<Point> {
    if count == 0 {
        return Vec::new();
    }
    let narrowing = region
        .bounds()
        .map_or(1.0, |bounds| bounds.centre().lat.to_radians().cos());
    let samples = scatter_points(
        region,
        count.saturating_mul(SAMPLES_PER_POINT).max(200),
        seed,
    );
    let mut points = spread_start(&samples, count, narrowing);
    for _ in 0..ROUNDS {
        points = moved_to_middles(&points, &samples, narrowing);
    }
    settled(&points, &samples, narrowing)
}

/// `count` points inside, evenly likely everywhere. Empty only where the region has no area.
/// Deterministic.
#[must_use]
pub fn scatter_points(region: &MultiPolygon, count: usize, seed: u64) -> Vec<Point> {
    let Some(bounds) = region.bounds() else {
        return Vec::new();
    };
    let rows = rows_of(region, bounds.south, bounds.north, count);
    let total: f64 = rows.iter().map(|row| row.width).sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let mut random = Random::new(seed);
    // Strata of equal weight: more even than chance alone, and a row is found by walking on.
    #[expect(clippy::cast_precision_loss, reason = "counts of points")]
    let step = total / count as f64;
    let mut points = Vec::with_capacity(count);
    let mut passed = 0.0;
    let mut rows = rows.iter().peekable();
    for number in 0..count {
        #[expect(clippy::cast_precision_loss, reason = "counts of points")]
        let target = (number as f64 + random.unit()) * step;
        while let Some(row) = rows.peek()
            && passed + row.width < target
        {
            passed += row.width;
            if rows.len() == 1 {
                break;
            }
            rows.next();
        }
        let Some(row) = rows.peek() else { break };
        points.push(row.point(random.unit()));
    }
    points
}

/// A parallel and what of it lies inside.
struct Row {
    lat: f64,
    stretches: Vec<(f64, f64)>,
    width: f64,
}

impl Row {
    fn point(&self, share: f64) -> Point {
        let mut rest = share * self.width;
        for (from, to) in &self.stretches {
            if rest <= to - from {
                // A hair's breadth off the border on either side.
                return Point::new(
                    from + rest.clamp((to - from) * 1e-6, (to - from) * (1.0 - 1e-6)),
                    self.lat,
                );
            }
            rest -= to - from;
        }
        let middle = self
            .stretches
            .last()
            .map_or(0.0, |(from, to)| f64::midpoint(*from, *to));
        Point::new(middle, self.lat)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn rows_of(region: &MultiPolygon, south: f64, north: f64, count: usize) -> Vec<Row> {
    let rows = count.clamp(64, 512);
    let row = |number: usize| {
        let lat = south + (number as f64 + 0.5) / rows as f64 * (north - south);
        let stretches = stretches(region, lat);
        let width = stretches.iter().map(|(from, to)| to - from).sum();
        Row {
            lat,
            stretches,
            width,
        }
    };
    (0..rows).map(row).collect()
}

fn distance(a: Point, b: Point, narrowing: f64) -> f64 {
    ((a.lon - b.lon) * narrowing).powi(2) + (a.lat - b.lat).powi(2)
}

/// Starting points far from each other: always the sample farthest from those chosen.
fn spread_start(samples: &[Point], count: usize, narrowing: f64) -> Vec<Point> {
    let Some(first) = samples.get(samples.len() / 2) else {
        return Vec::new();
    };
    let mut points = vec![*first];
    let mut gaps: Vec<f64> = samples
        .iter()
        .map(|sample| distance(*sample, *first, narrowing))
        .collect();
    while points.len() < count {
        let farthest = gaps
            .iter()
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(other.1).then(other.0.cmp(&one.0)));
        let Some(next) = farthest
            .and_then(|(position, _)| samples.get(position))
            .copied()
        else {
            break;
        };
        points.push(next);
        for (gap, sample) in gaps.iter_mut().zip(samples) {
            *gap = gap.min(distance(*sample, next, narrowing));
        }
    }
    points
}

fn nearest(points: &[Point], to: Point, narrowing: f64) -> Option<usize> {
    let ranked = points.iter().enumerate().min_by(|one, other| {
        distance(*one.1, to, narrowing).total_cmp(&distance(*other.1, to, narrowing))
    });
    ranked.map(|(position, _)| position)
}

fn moved_to_middles(points: &[Point], samples: &[Point], narrowing: f64) -> Vec<Point> {
    let mut sums: Vec<(f64, f64, f64)> = vec![(0.0, 0.0, 0.0); points.len()];
    for sample in samples {
        if let Some(sum) =
            nearest(points, *sample, narrowing).and_then(|position| sums.get_mut(position))
        {
            *sum = (sum.0 + sample.lon, sum.1 + sample.lat, sum.2 + 1.0);
        }
    }
    let middle = |(point, (lon, lat, weight)): (&Point, &(f64, f64, f64))| {
        if *weight > 0.0 {
            Point::new(lon / weight, lat / weight)
        } else {
            *point
        }
    };
    points.iter().zip(&sums).map(middle).collect()
}

/// Each point to the nearest sample not taken yet: middles may lie outside, samples do not.
fn settled(points: &[Point], samples: &[Point], narrowing: f64) -> Vec<Point> {
    let mut free: Vec<Point> = samples.to_vec();
    let settle = |point: &Point| {
        nearest(&free, *point, narrowing).map(|position| free.swap_remove(position))
    };
    points.iter().filter_map(settle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::contains;
    use crate::samples::{square, star};
    use proptest::prelude::*;

    #[test]
    fn an_empty_region_has_no_points() {
        assert!(seed_points(&MultiPolygon::default(), 5, 1).is_empty());
        assert!(seed_points(&square(108.0, 34.0, 1.0), 0, 1).is_empty());
        assert!(seed_points(&square(108.0, 34.0, 0.0), 3, 1).is_empty());
    }

    #[test]
    fn points_in_a_square_keep_their_distance() {
        let points = seed_points(&square(108.0, 34.0, 1.0), 16, 42);
        assert_eq!(points.len(), 16);
        assert_eq!(points, seed_points(&square(108.0, 34.0, 1.0), 16, 42));
        assert_ne!(points, seed_points(&square(108.0, 34.0, 1.0), 16, 43));
        for (position, one) in points.iter().enumerate() {
            for other in points.iter().skip(position + 1) {
                assert!(
                    distance(*one, *other, 0.83).sqrt() > 0.12,
                    "{one:?} {other:?}"
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn all_points_are_inside(seed in any::<u64>(), corners in 3_usize..40, count in 1_usize..40) {
            let shape = star(Point::new(108.0, 34.0), 0.5, corners, seed);
            for points in [seed_points(&shape, count, seed), scatter_points(&shape, count, seed)] {
                prop_assert_eq!(points.len(), count);
                for point in points {
                    prop_assert!(contains(&shape, point));
                }
            }
        }
    }
}
