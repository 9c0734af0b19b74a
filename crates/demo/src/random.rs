//! Chance that is the same on every machine: SplitMix64, in whole numbers only.

use shape::Point;

/// A stream of numbers from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a purpose and a number, such as the place of the seventh township. Streams of
    /// different purposes have nothing to do with each other, so that a change in one leaves the others.
    pub(crate) fn of(seed: u64, purpose: &str, number: u64) -> Random {
        let mut state = mixed(seed ^ 0x9E37_79B9_7F4A_7C15);
        for byte in purpose.bytes() {
            state = mixed(state ^ u64::from(byte));
        }
        Random(mixed(state ^ number))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// In `0..count`; 0 where that is empty.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(count);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// In `from..=to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// A whole number in `from..=to`.
    pub(crate) fn year(&mut self, from: i32, to: i32) -> i32 {
        let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        from + i32::try_from(self.below(span + 1)).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of the items.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(items.len() as u64)).ok()?;
        items.get(place)
    }

    /// Puts the items into an order by chance.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            let other = usize::try_from(self.below(place as u64 + 1)).unwrap_or(0);
            items.swap(place, other);
        }
    }

    /// A step of at most `reach` degrees of latitude north or south, and as far east or west.
    pub(crate) fn step(&mut self, from: Point, reach: f64) -> Point {
        // Thousandths of the reach: only exact operations, so that every machine gets the same.
        let mut part = || self.between(0, 2000) as f64 / 1000.0 - 1.0;
        let (east, north) = (part(), part());
        Point::new(from.lon + east * reach * WIDER, from.lat + north * reach)
    }
}

/// Degrees of longitude to a degree of latitude, as far as it matters for scattering schools at 35° north.
pub(crate) const WIDER: f64 = 1.22;

const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
