//! Web Mercator: the world as a square, cut into tiles.

use std::f64::consts::PI;

use crate::geometry::{Bounds, Point};

/// The latitude at which the world's square ends.
pub const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

/// A tile, counted from the north-western corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Zoom: the world is 2^z tiles wide; at most 24.
    pub z: u8,
    /// Column, from the west.
    pub x: u32,
    /// Row, from the north.
    pub y: u32,
}

/// A position in the world's square: (0, 0) north-west, (1, 1) south-east.
#[must_use]
pub fn to_square(point: Point) -> (f64, f64) {
    let lat = point.lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
    (
        (point.lon + 180.0) / 360.0,
        (1.0 - lat.tan().asinh() / PI) / 2.0,
    )
}

/// The inverse of [`to_square`].
#[must_use]
pub fn from_square(x: f64, y: f64) -> Point {
    Point::new(
        x * 360.0 - 180.0,
        (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees(),
    )
}

/// Metres on the ground per pixel at a latitude, for tiles of 512 pixels.
#[must_use]
pub fn metres_per_pixel(zoom: u8, lat: f64) -> f64 {
    40_075_016.685_578_5 * lat.to_radians().cos() / 512.0 / f64::from(zoom).exp2()
}

impl Tile {
    /// A tile that exists.
    #[must_use]
    pub const fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        if z <= 24 && x >> z == 0 && y >> z == 0 {
            Some(Self { z, x, y })
        } else {
            None
        }
    }

    /// The tile at a position.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the tiles there are"
    )]
    pub fn at(point: Point, z: u8) -> Self {
        let z = z.min(24);
        let count = f64::from(z).exp2();
        let (x, y) = to_square(point);
        let clamped = |share: f64| (share * count).floor().clamp(0.0, count - 1.0) as u32;
        Self {
            z,
            x: clamped(x),
            y: clamped(y),
        }
    }

    /// A position in this tile's own units: (0, 0) north-west, (extent, extent) south-east.
    #[must_use]
    pub fn local(&self, point: Point, extent: f64) -> (f64, f64) {
        let count = f64::from(self.z).exp2();
        let (x, y) = to_square(point);
        (
            (x * count - f64::from(self.x)) * extent,
            (y * count - f64::from(self.y)) * extent,
        )
    }

    /// What it covers, in degrees, with a margin given as a share of its width.
    #[must_use]
    pub fn bounds(&self, margin: f64) -> Bounds {
        let count = f64::from(self.z).exp2();
        let corner = |x: f64, y: f64| {
            from_square(
                (f64::from(self.x) + x) / count,
                (f64::from(self.y) + y) / count,
            )
        };
        let (north_west, south_east) =
            (corner(-margin, -margin), corner(1.0 + margin, 1.0 + margin));
        Bounds {
            west: north_west.lon,
            south: south_east.lat,
            east: south_east.lon,
            north: north_west.lat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_province_is_where_it_is() {
        let xian = Point::new(108.9402, 34.3416);
        assert_eq!(Tile::at(xian, 0), Tile { z: 0, x: 0, y: 0 });
        assert_eq!(
            Tile::at(xian, 10),
            Tile {
                z: 10,
                x: 821,
                y: 407
            }
        );
        let (x, y) = Tile::at(xian, 10).local(xian, 4096.0);
        assert!((0.0..4096.0).contains(&x) && (0.0..4096.0).contains(&y));
        assert!((metres_per_pixel(0, 0.0) - 78_271.516_964).abs() < 1e-3);
    }

    #[test]
    fn a_tile_outside_the_world_does_not_exist() {
        assert_eq!(Tile::new(1, 2, 0), None);
        assert_eq!(Tile::new(25, 0, 0), None);
        assert_eq!(Tile::new(1, 1, 1), Some(Tile { z: 1, x: 1, y: 1 }));
    }

    proptest! {
        #[test]
        fn there_and_back(lon in -180.0..180.0, lat in -85.0..85.0) {
            let (x, y) = to_square(Point::new(lon, lat));
            let back = from_square(x, y);
            prop_assert!((back.lon - lon).abs() < 1e-9 && (back.lat - lat).abs() < 1e-9);
        }

        #[test]
        fn a_tile_holds_its_points(lon in 73.0..136.0, lat in 3.0..54.0, z in 0_u8..16) {
            let point = Point::new(lon, lat);
            prop_assert!(Tile::at(point, z).bounds(1e-9).contains(point));
        }
    }
}
