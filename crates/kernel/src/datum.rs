//! Datums: what a longitude and a latitude in China may be measured against.
//!
//! CGCS2000 (GB 22021, EPSG:4490) and WGS84 (EPSG:4326) differ by centimetres and are taken as
//! one. GCJ-02 (GB 20263, "火星坐标", used by Amap and Tencent) is WGS84 with a smooth shift of
//! 300 to 700 m inside China. BD-09 (Baidu) is GCJ-02 with a further shift. The formulas of the
//! shifts are the ones in public use; both are inverted by iteration, since the one-step
//! inverses in circulation are off by one to three metres.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

faults! {
    /// Why a text does not name a datum.
    DatumFault {
        /// None of the four.
        Unknown => "datum-unknown", "坐标系应为 wgs84、cgcs2000、gcj02 或 bd09", "a datum is one of wgs84, cgcs2000, gcj02, bd09";
    }
}

/// The datum of a pair of coordinates.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Datum {
    /// GPS, OpenStreetMap.
    #[default]
    Wgs84,
    /// 国家大地坐标系; 天地图 and official outlines.
    Cgcs2000,
    /// 高德, 腾讯.
    Gcj02,
    /// 百度.
    Bd09,
}

impl Datum {
    /// All four.
    pub const ALL: [Datum; 4] = [Datum::Wgs84, Datum::Cgcs2000, Datum::Gcj02, Datum::Bd09];

    /// The word for commands and files: `wgs84`, `cgcs2000`, `gcj02`, `bd09`.
    pub const fn code(self) -> &'static str {
        match self {
            Datum::Wgs84 => "wgs84",
            Datum::Cgcs2000 => "cgcs2000",
            Datum::Gcj02 => "gcj02",
            Datum::Bd09 => "bd09",
        }
    }

    /// Longitude and latitude in degrees of this datum → WGS84 / CGCS2000.
    /// The inverse of [`Datum::from_wgs84`] to better than a millimetre inside China; points
    /// outside China's box are taken as they are, as the formulas demand.
    pub fn to_wgs84(self, longitude: f64, latitude: f64) -> (f64, f64) {
        match self {
            Datum::Wgs84 | Datum::Cgcs2000 => (longitude, latitude),
            Datum::Gcj02 => gcj02_to_wgs84(longitude, latitude),
            Datum::Bd09 => {
                if outside_china(longitude, latitude) {
                    return (longitude, latitude);
                }
                let (gcj_longitude, gcj_latitude) = bd09_to_gcj02(longitude, latitude);
                gcj02_to_wgs84(gcj_longitude, gcj_latitude)
            }
        }
    }

    /// WGS84 / CGCS2000 longitude and latitude in degrees → this datum.
    pub fn from_wgs84(self, longitude: f64, latitude: f64) -> (f64, f64) {
        match self {
            Datum::Wgs84 | Datum::Cgcs2000 => (longitude, latitude),
            Datum::Gcj02 => wgs84_to_gcj02(longitude, latitude),
            Datum::Bd09 => {
                if outside_china(longitude, latitude) {
                    return (longitude, latitude);
                }
                let (gcj_longitude, gcj_latitude) = wgs84_to_gcj02(longitude, latitude);
                gcj02_to_bd09(gcj_longitude, gcj_latitude)
            }
        }
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Datum {
    type Err = DatumFault;

    /// Reads the four words in any case, with or without hyphens, and common other names.
    fn from_str(text: &str) -> Result<Datum, DatumFault> {
        let word: String = text
            .chars()
            .filter(|character| !matches!(character, '-' | '_' | ' ' | ':'))
            .flat_map(char::to_lowercase)
            .collect();
        match word.as_str() {
            "wgs84" | "wgs1984" | "epsg4326" | "gps" => Ok(Datum::Wgs84),
            "cgcs2000" | "epsg4490" | "国家2000" | "2000国家大地坐标系" | "天地图" => {
                Ok(Datum::Cgcs2000)
            }
            "gcj02" | "gcj" | "火星" | "火星坐标" | "高德" | "腾讯" => Ok(Datum::Gcj02),
            "bd09" | "bd09ll" | "百度" => Ok(Datum::Bd09),
            _ => Err(DatumFault::Unknown),
        }
    }
}

/// Krasovsky 1940, which the shift is computed on.
const SEMI_MAJOR_AXIS: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
const BAIDU_ANGLE: f64 = PI * 3000.0 / 180.0;

/// The inverses stop when a step is below this, about 0.1 mm, or after this many steps. The
/// shift changes by less than 1 % over its own length, so each step gains two digits.
const SETTLED_DEGREES: f64 = 1e-9;
const MOST_STEPS: usize = 30;

/// The box outside of which the formulas leave a point as it is.
fn outside_china(longitude: f64, latitude: f64) -> bool {
    !(72.004..=137.8347).contains(&longitude) || !(0.8293..=55.8271).contains(&latitude)
}

fn wgs84_to_gcj02(longitude: f64, latitude: f64) -> (f64, f64) {
    if outside_china(longitude, latitude) {
        return (longitude, latitude);
    }
    let (x, y) = (longitude - 105.0, latitude - 35.0);
    let wave = |value: f64, amplitude: f64, divisor: f64| amplitude * (value / divisor * PI).sin();
    let common = (wave(x, 20.0, 1.0 / 6.0) + wave(x, 20.0, 0.5)) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + (wave(y, 20.0, 1.0) + wave(y, 40.0, 3.0)) * 2.0 / 3.0
        + (wave(y, 160.0, 12.0) + wave(y, 320.0, 30.0)) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + (wave(x, 20.0, 1.0) + wave(x, 40.0, 3.0)) * 2.0 / 3.0
        + (wave(x, 150.0, 12.0) + wave(x, 300.0, 30.0)) * 2.0 / 3.0;
    let radians = latitude.to_radians();
    let magic = 1.0 - ECCENTRICITY_SQUARED * radians.sin().powi(2);
    let meridian_radius = SEMI_MAJOR_AXIS * (1.0 - ECCENTRICITY_SQUARED) / (magic * magic.sqrt());
    let parallel_radius = SEMI_MAJOR_AXIS / magic.sqrt() * radians.cos();
    (
        longitude + (east / parallel_radius).to_degrees(),
        latitude + (north / meridian_radius).to_degrees(),
    )
}

fn gcj02_to_bd09(longitude: f64, latitude: f64) -> (f64, f64) {
    let radius = longitude.hypot(latitude) + 0.000_02 * (latitude * BAIDU_ANGLE).sin();
    let angle = latitude.atan2(longitude) + 0.000_003 * (longitude * BAIDU_ANGLE).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

fn gcj02_to_wgs84(longitude: f64, latitude: f64) -> (f64, f64) {
    invert(wgs84_to_gcj02, longitude, latitude)
}

fn bd09_to_gcj02(longitude: f64, latitude: f64) -> (f64, f64) {
    invert(gcj02_to_bd09, longitude, latitude)
}

/// The point that `forward` takes to (longitude, latitude).
fn invert(forward: fn(f64, f64) -> (f64, f64), longitude: f64, latitude: f64) -> (f64, f64) {
    let (mut guess_longitude, mut guess_latitude) = (longitude, latitude);
    for _ in 0..MOST_STEPS {
        let (reached_longitude, reached_latitude) = forward(guess_longitude, guess_latitude);
        let (east, north) = (longitude - reached_longitude, latitude - reached_latitude);
        guess_longitude += east;
        guess_latitude += north;
        if east.abs() < SETTLED_DEGREES && north.abs() < SETTLED_DEGREES {
            break;
        }
    }
    (guess_longitude, guess_latitude)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Metres between two points that are near each other.
    fn metres((lon1, lat1): (f64, f64), (lon2, lat2): (f64, f64)) -> f64 {
        let east = (lon2 - lon1) * 111_320.0 * lat1.to_radians().cos();
        east.hypot((lat2 - lat1) * 110_946.0)
    }

    /// 209 campuses worked out independently; the file is test data and may be absent.
    #[test]
    fn the_campuses_agree_with_an_independent_conversion() {
        let test = "kernel: the_campuses_agree_with_an_independent_conversion";
        let path = "data/schools/shaanxi_universities_3crs_derived.csv";
        let Some(text) = testfiles::shared_text(test, path) else {
            return;
        };
        let mut compared = 0;
        let (mut worst_gcj, mut worst_wgs): (f64, f64) = (0.0, 0.0);
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            // The address may hold commas; coordinates are counted from both ends.
            let number = |index: usize| cells[index].parse::<f64>();
            let last = cells.len();
            let (Ok(lon), Ok(lat)) = (number(3), number(4)) else {
                continue;
            };
            let gcj = (number(last - 4).unwrap(), number(last - 3).unwrap());
            let wgs = (number(last - 2).unwrap(), number(last - 1).unwrap());
            worst_gcj = worst_gcj.max(metres(bd09_as_gcj02(lon, lat), gcj));
            worst_wgs = worst_wgs.max(metres(Datum::Bd09.to_wgs84(lon, lat), wgs));
            worst_wgs = worst_wgs.max(metres(Datum::Gcj02.to_wgs84(gcj.0, gcj.1), wgs));
            compared += 1;
        }
        println!("{compared} campuses, worst {worst_gcj:.3} m (GCJ-02), {worst_wgs:.3} m (WGS84)");
        assert!(compared >= 200, "{compared}");
        assert!(
            worst_gcj < 1.5 && worst_wgs < 1.5,
            "{worst_gcj} {worst_wgs}"
        );
    }

    fn bd09_as_gcj02(longitude: f64, latitude: f64) -> (f64, f64) {
        let (wgs_longitude, wgs_latitude) = Datum::Bd09.to_wgs84(longitude, latitude);
        Datum::Gcj02.from_wgs84(wgs_longitude, wgs_latitude)
    }

    #[test]
    fn the_bell_tower_moves_by_half_a_kilometre() {
        let bell_tower = (108.942_2, 34.260_6);
        let shifted = Datum::Gcj02.from_wgs84(bell_tower.0, bell_tower.1);
        let distance = metres(bell_tower, shifted);
        assert!((400.0..600.0).contains(&distance), "{distance}");
        assert_eq!(
            Datum::Cgcs2000.to_wgs84(bell_tower.0, bell_tower.1),
            bell_tower
        );
    }

    #[test]
    fn points_abroad_and_nonsense_are_left_as_they_are() {
        assert_eq!(Datum::Gcj02.to_wgs84(2.35, 48.85), (2.35, 48.85));
        assert_eq!(Datum::Bd09.to_wgs84(2.35, 48.85), (2.35, 48.85));
        let (longitude, latitude) = Datum::Bd09.to_wgs84(f64::NAN, f64::INFINITY);
        assert!(longitude.is_nan() && latitude.is_infinite());
    }

    #[test]
    fn datums_are_named_in_many_ways() {
        for datum in Datum::ALL {
            assert_eq!(datum.code().parse(), Ok(datum));
        }
        assert_eq!("GCJ-02".parse(), Ok(Datum::Gcj02));
        assert_eq!("EPSG:4490".parse(), Ok(Datum::Cgcs2000));
        assert_eq!("西安80".parse::<Datum>(), Err(DatumFault::Unknown));
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(lon in 73.5f64..135.0, lat in 18.0f64..53.5) {
            for datum in Datum::ALL {
                let (there_lon, there_lat) = datum.from_wgs84(lon, lat);
                let back = datum.to_wgs84(there_lon, there_lat);
                prop_assert!(metres((lon, lat), back) < 0.001, "{} {:?}", datum, back);
            }
        }
    }
}
