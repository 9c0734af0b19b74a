//! Well-known binary: the bytes of a geometry in the ledger.
//!
//! [`encode`] is canonical: little endian, two dimensions, no SRID, every region a MultiPolygon,
//! rings in the form of [`Geometry::normalised`]. Equal shapes give equal bytes, whatever tool drew
//! them. [`decode`] also reads big endian, single polygons, Z and M (dropped), and the SRID of
//! PostGIS (ignored).

use crate::geometry::{Geometry, MultiPolygon, Point, Polygon, Ring};

/// Why bytes are not a geometry that can be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WkbError {
    /// Fewer bytes than announced.
    #[error("the geometry bytes end too early, at byte {at}; the value is damaged")]
    TooShort {
        /// Offset.
        at: usize,
    },
    /// Bytes after the end.
    #[error("{extra} bytes follow the geometry; the value is damaged")]
    TooLong {
        /// How many.
        extra: usize,
    },
    /// Neither 0 nor 1.
    #[error("byte order {found} is unknown; it is 0 or 1")]
    ByteOrder {
        /// The byte.
        found: u8,
    },
    /// A line, a collection…
    #[error("geometry type {found} is not kept; give a Point, Polygon or MultiPolygon")]
    Type {
        /// The WKB type number.
        found: u32,
    },
}

const POINT: u32 = 1;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;
const LITTLE: u8 = 1;

/// The canonical bytes.
#[must_use]
pub fn encode(geometry: &Geometry) -> Vec<u8> {
    encode_as_given(&geometry.normalised())
}

/// The bytes of a geometry as it is, with all that is wrong in it: to be judged later, not to be stored.
#[must_use]
pub fn encode_as_given(geometry: &Geometry) -> Vec<u8> {
    let mut bytes = Vec::new();
    match geometry {
        Geometry::Point(point) => {
            put_head(&mut bytes, POINT);
            put_point(&mut bytes, *point);
        }
        Geometry::MultiPolygon(region) => {
            put_head(&mut bytes, MULTI_POLYGON);
            put_count(&mut bytes, region.polygons.len());
            for polygon in &region.polygons {
                put_head(&mut bytes, POLYGON);
                put_count(&mut bytes, 1 + polygon.holes.len());
                for ring in polygon.rings() {
                    put_count(&mut bytes, ring.len());
                    ring.iter().for_each(|point| put_point(&mut bytes, *point));
                }
            }
        }
    }
    bytes
}

fn put_head(bytes: &mut Vec<u8>, kind: u32) {
    bytes.push(LITTLE);
    bytes.extend(kind.to_le_bytes());
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_point(bytes: &mut Vec<u8>, point: Point) {
    bytes.extend(point.lon.to_le_bytes());
    bytes.extend(point.lat.to_le_bytes());
}

/// Reads one geometry that fills the bytes exactly; rings are kept as they are.
///
/// # Errors
/// [`WkbError`] when damaged or of a kind that is not kept.
pub fn decode(bytes: &[u8]) -> Result<Geometry, WkbError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        little: true,
        dimensions: 2,
    };
    let geometry = match reader.head()? {
        POINT => Geometry::Point(reader.point()?),
        POLYGON => Geometry::MultiPolygon(MultiPolygon {
            polygons: reader.polygon()?.into_iter().collect(),
        }),
        MULTI_POLYGON => {
            let count = reader.count(9)?;
            let mut polygons = Vec::with_capacity(count);
            for _ in 0..count {
                match reader.head()? {
                    POLYGON => polygons.extend(reader.polygon()?),
                    found => return Err(WkbError::Type { found }),
                }
            }
            Geometry::MultiPolygon(MultiPolygon { polygons })
        }
        found => return Err(WkbError::Type { found }),
    };
    match bytes.len() - reader.at {
        0 => Ok(geometry),
        extra => Err(WkbError::TooLong { extra }),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    little: bool,
    dimensions: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let rest = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk::<N>());
        let chunk = *rest.ok_or(WkbError::TooShort { at: self.at })?;
        self.at += N;
        Ok(chunk)
    }

    fn number(&mut self) -> Result<u32, WkbError> {
        let chunk = self.take()?;
        Ok(if self.little {
            u32::from_le_bytes(chunk)
        } else {
            u32::from_be_bytes(chunk)
        })
    }

    fn ordinate(&mut self) -> Result<f64, WkbError> {
        let chunk = self.take()?;
        Ok(if self.little {
            f64::from_le_bytes(chunk)
        } else {
            f64::from_be_bytes(chunk)
        })
    }

    /// Byte order and type; leaves the number of dimensions behind.
    fn head(&mut self) -> Result<u32, WkbError> {
        let [order] = self.take::<1>()?;
        self.little = match order {
            0 => false,
            LITTLE => true,
            found => return Err(WkbError::ByteOrder { found }),
        };
        let found = self.number()?;
        // PostGIS: flags in the top bits. ISO: thousands.
        let (flags, kind) = (found >> 29, found & 0x1FFF_FFFF);
        if flags & 0b001 != 0 {
            self.number()?;
        }
        let (thousands, kind) = (kind / 1000, kind % 1000);
        let extra_iso = match thousands {
            0 => 0,
            1 | 2 => 1,
            3 => 2,
            _ => return Err(WkbError::Type { found }),
        };
        let extra_postgis = usize::from(flags & 0b100 != 0) + usize::from(flags & 0b010 != 0);
        self.dimensions = 2 + extra_iso.max(extra_postgis);
        Ok(kind)
    }

    /// A count of things of at least `least` bytes each: more than can follow is damage, found
    /// before memory is asked for.
    fn count(&mut self, least: usize) -> Result<usize, WkbError> {
        let at = self.at;
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let fits = count
            .checked_mul(least)
            .is_some_and(|needed| needed <= self.bytes.len() - self.at);
        if fits {
            Ok(count)
        } else {
            Err(WkbError::TooShort { at })
        }
    }

    fn point(&mut self) -> Result<Point, WkbError> {
        let point = Point::new(self.ordinate()?, self.ordinate()?);
        for _ in 2..self.dimensions {
            self.ordinate()?;
        }
        Ok(point)
    }

    fn polygon(&mut self) -> Result<Option<Polygon>, WkbError> {
        let count = self.count(4)?;
        let mut rings: Vec<Ring> = Vec::with_capacity(count);
        for _ in 0..count {
            let points = self.count(8 * self.dimensions)?;
            rings.push(
                (0..points)
                    .map(|_| self.point())
                    .collect::<Result<Ring, WkbError>>()?,
            );
        }
        let mut rings = rings.into_iter();
        Ok(rings.next().map(|outer| Polygon {
            outer,
            holes: rings.collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{square, star};
    use proptest::prelude::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn a_point_has_the_bytes_of_the_standard() {
        let bytes = encode(&Geometry::Point(Point::new(1.0, 2.0)));
        assert_eq!(hex(&bytes), "0101000000000000000000f03f0000000000000040");
    }

    #[test]
    fn reads_what_other_programs_write() {
        // Big endian; ISO Z; PostGIS with SRID 4326.
        let cases = [
            "00000000013ff00000000000004000000000000000",
            "01e9030000000000000000f03f00000000000000400000000000000840",
            "0101000020e6100000000000000000f03f0000000000000040",
        ];
        for text in cases {
            let bytes: Vec<u8> = (0..text.len() / 2)
                .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
                .collect();
            assert_eq!(
                decode(&bytes),
                Ok(Geometry::Point(Point::new(1.0, 2.0))),
                "{text}"
            );
        }
    }

    #[test]
    fn damage_is_named() {
        let bytes = encode(&Geometry::MultiPolygon(square(108.0, 34.0, 1.0)));
        assert_eq!(decode(&[]), Err(WkbError::TooShort { at: 0 }));
        assert_eq!(decode(&[9, 1]), Err(WkbError::ByteOrder { found: 9 }));
        assert_eq!(decode(&[1, 2, 0, 0, 0]), Err(WkbError::Type { found: 2 }));
        assert_eq!(
            decode(&[1, 6, 0, 0, 0, 255, 255, 255, 255]),
            Err(WkbError::TooShort { at: 5 })
        );
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(decode(&longer), Err(WkbError::TooLong { extra: 1 }));
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seed in any::<u64>(), corners in 3_usize..40, lon in 80.0..120.0, lat in 20.0..50.0) {
            let shape = Geometry::MultiPolygon(star(Point::new(lon, lat), 1.5, corners, seed));
            let bytes = encode(&shape);
            let read = decode(&bytes).unwrap();
            prop_assert_eq!(&read, &shape.normalised());
            prop_assert_eq!(encode(&read), bytes);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes));
        }
    }
}
