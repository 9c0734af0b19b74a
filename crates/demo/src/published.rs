//! The figures that the province is calibrated to, and where each comes from.
//!
//! Published: 陕西省教育事业发展统计公报 of 2013, 2021 and 2022 and the census of 2020, all transcribed from
//! public web pages. Everything between and after is an estimate of ours and says so. Of the two versions of
//! the totals of 2022 (8,608,755 and 8,608,736 pupils) the first one, of 2023-05-12, is taken.

use crate::model::{Kind, Stage};

/// First and last school year that has yearly figures, by the year in which it begins.
pub const FIRST_YEAR: i32 = 2018;
/// See [`FIRST_YEAR`].
pub const LAST_YEAR: i32 = 2025;

/// The year to whose 1 September the history of openings and closings goes back.
pub const HISTORY_FROM: i32 = 2013;

/// The year of the published 14,961 institutions.
pub const REFERENCE_YEAR: i32 = 2022;

/// Schools on 1 September: published years, straight lines between them, level after the last.
///
/// Published: 2013 (kindergartens 6,356, primary 7,356, junior 1,741, special 50), 2021 (8,226, 4,559,
/// 1,646; 15,296 in all), 2022 (8,028, 4,407, 1,666, 79, 444, 225, 111; 14,961 in all). Ours: senior and
/// higher in 2013 and 2021 as in 2022, special schools of 2021 on the straight line (76), and vocational
/// schools of 2021 (233) as what is left of 15,296. The parts of 2022 add up to 14,960; the one that the
/// published total has over them is a 工读(专门)学校, the only kind that its breakdown does not name.
pub fn schools(kind: Kind, year: i32) -> u64 {
    let anchors: &[(i32, u64)] = match kind {
        Kind::Kindergarten => &[(2013, 6_356), (2021, 8_226), (2022, 8_028)],
        Kind::Primary => &[(2013, 7_356), (2021, 4_559), (2022, 4_407)],
        Kind::Junior => &[(2013, 1_741), (2021, 1_646), (2022, 1_666)],
        Kind::Special => &[(2013, 50), (2022, 79)],
        Kind::Senior => &[(2013, 444)],
        Kind::Vocational => &[(2013, 233), (2021, 233), (2022, 225)],
        Kind::Higher => &[(2013, 111)],
        Kind::Other => &[(2013, 1)],
    };
    let mut value = anchors.first().map_or(0, |(_, count)| *count);
    for pair in anchors.windows(2) {
        let [(from, before), (to, after)] = pair else {
            continue;
        };
        if year <= *from {
            return value;
        }
        let span = u64::from(to.abs_diff(*from));
        let passed = u64::from(year.min(*to).abs_diff(*from));
        value = (before * (span - passed) + after * passed + span / 2) / span;
    }
    value
}

/// Openings on 1 September of a year: what the stock grew by, and some that replace closings (ours).
pub fn openings(kind: Kind, year: i32) -> u64 {
    let replaced = match (kind, year > REFERENCE_YEAR) {
        (Kind::Kindergarten, false) => 40,
        (Kind::Kindergarten, true) => 60,
        (Kind::Primary, _) => 18,
        (Kind::Junior, _) => 6,
        _ => 0,
    };
    schools(kind, year).saturating_sub(schools(kind, year - 1)) + replaced
}

/// Closings in the summer before 1 September of a year.
pub fn closings(kind: Kind, year: i32) -> u64 {
    schools(kind, year - 1) + openings(kind, year) - schools(kind, year)
}

/// Years in which the history has openings and closings.
pub fn history_years() -> std::ops::RangeInclusive<i32> {
    HISTORY_FROM + 1..=LAST_YEAR
}

/// Shares of types within a kind (ours; the published totals do not split the kinds).
pub const TYPES: [(Kind, &[(&str, u64)]); 8] = [
    (Kind::Kindergarten, &[("111", 8_028)]),
    (Kind::Primary, &[("211", 4_407)]),
    (Kind::Junior, &[("311", 1_130), ("312", 536)]),
    (
        Kind::Special,
        &[("514", 66), ("513", 7), ("512", 5), ("511", 1)],
    ),
    (Kind::Senior, &[("342", 267), ("341", 122), ("345", 55)]),
    (
        Kind::Vocational,
        &[("361", 92), ("365", 74), ("362", 43), ("364", 16)],
    ),
    (
        Kind::Higher,
        &[
            ("415", 40),
            ("411", 35),
            ("412", 25),
            ("413", 8),
            ("414", 3),
        ],
    ),
    (Kind::Other, &[("371", 1)]),
];

/// Kindergartens of 2022 that are public, inclusive private and other private. Published: 7,493 inclusive
/// ones (public ones among them) of 8,028; how many of these are public is ours.
pub const KINDERGARTENS: [u64; 3] = [4_350, 3_143, 535];

/// Private ones in a thousand, for the other kinds (ours).
pub fn private_permille(kind: Kind) -> u64 {
    match kind {
        Kind::Kindergarten | Kind::Special | Kind::Other => 0,
        Kind::Primary => 35,
        Kind::Junior => 65,
        Kind::Senior => 210,
        Kind::Vocational => 290,
        Kind::Higher => 270,
    }
}

/// Teaching sites, which are not counted as schools, as attached classes and campuses are not (all ours, and
/// at most so many: a site needs a village that is free).
pub const TEACHING_SITES: u64 = 1_100;
/// Of the teaching sites, those that stand where a primary school was closed.
pub const SITES_OF_CLOSED: u64 = 300;
/// Attached kindergarten classes.
pub const ATTACHED_CLASSES: u64 = 380;
/// Campuses.
pub const CAMPUSES: u64 = 46;

/// Figures of a stage in one school year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageYear {
    /// Pupils.
    pub pupils: u64,
    /// Classes; 0: not reported for this stage.
    pub classes: u64,
    /// Full-time teachers.
    pub teachers: u64,
}

const fn row(pupils: u64, classes: u64, teachers: u64) -> StageYear {
    StageYear {
        pupils,
        classes,
        teachers,
    }
}

/// Published: pupils of preschool, primary and junior stages in 2021 and 2022, of special education in 2022,
/// the grand totals of both years (8,477,099 and 8,608,755), primary classes of both years, teachers of
/// preschool (2022), primary (2022), of compulsory education and in all (both years). Higher education takes
/// what the grand totals leave: it includes adult and online students. The rest is ours.
const STAGES: [(Stage, [StageYear; 8]); 8] = [
    (
        Stage::Preschool,
        [
            row(1_416_000, 52_000, 88_000),
            row(1_431_000, 53_000, 92_500),
            row(1_425_000, 53_600, 97_000),
            row(1_373_463, 53_000, 100_400),
            row(1_325_550, 52_300, 101_595),
            row(1_229_000, 50_200, 98_500),
            row(1_098_000, 47_000, 92_000),
            row(982_000, 43_600, 86_000),
        ],
    ),
    (
        Stage::Primary,
        [
            row(2_659_000, 69_200, 171_000),
            row(2_759_000, 71_900, 175_500),
            row(2_853_000, 74_200, 181_000),
            row(2_964_036, 76_479, 186_500),
            row(2_988_032, 77_529, 187_963),
            row(3_021_000, 78_500, 189_500),
            row(2_987_000, 78_300, 189_000),
            row(2_896_000, 76_900, 187_000),
        ],
    ),
    (
        Stage::Junior,
        [
            row(1_071_000, 23_600, 99_500),
            row(1_112_000, 24_500, 100_500),
            row(1_156_000, 25_600, 101_800),
            row(1_204_702, 26_800, 102_821),
            row(1_271_445, 28_300, 106_155),
            row(1_309_000, 29_200, 109_000),
            row(1_361_000, 30_500, 112_500),
            row(1_428_000, 32_100, 117_000),
        ],
    ),
    (
        Stage::Senior,
        [
            row(724_000, 14_600, 57_400),
            row(708_000, 14_300, 57_900),
            row(697_000, 14_100, 58_300),
            row(693_000, 14_050, 58_900),
            row(702_000, 14_300, 60_500),
            row(716_000, 14_700, 61_800),
            row(739_000, 15_300, 63_500),
            row(768_000, 16_000, 65_500),
        ],
    ),
    (
        Stage::Vocational,
        [
            row(262_000, 6_400, 17_100),
            row(271_000, 6_600, 17_500),
            row(283_000, 6_900, 18_000),
            row(297_000, 7_200, 18_400),
            row(309_000, 7_500, 18_900),
            row(301_000, 7_350, 19_000),
            row(287_000, 7_050, 18_800),
            row(274_000, 6_750, 18_500),
        ],
    ),
    (
        Stage::Special,
        [
            row(5_600, 640, 1_560),
            row(6_100, 680, 1_650),
            row(6_600, 720, 1_750),
            row(7_000, 750, 1_850),
            row(7_391, 780, 1_920),
            row(7_700, 800, 1_980),
            row(7_900, 815, 2_020),
            row(8_000, 820, 2_050),
        ],
    ),
    (
        Stage::Higher,
        [
            row(1_700_000, 0, 70_100),
            row(1_770_000, 0, 71_400),
            row(1_850_000, 0, 72_800),
            row(1_937_818, 0, 74_384),
            row(2_005_251, 0, 76_267),
            row(2_050_000, 0, 78_000),
            row(2_080_000, 0, 79_500),
            row(2_100_000, 0, 80_800),
        ],
    ),
    (
        Stage::Other,
        [
            row(80, 4, 24),
            row(80, 4, 24),
            row(80, 4, 24),
            row(80, 4, 24),
            row(86, 4, 25),
            row(86, 4, 25),
            row(86, 4, 25),
            row(86, 4, 25),
        ],
    ),
];

/// The figures of a stage in the school year that begins in `year`; zeros for years without figures.
pub fn stage_year(stage: Stage, year: i32) -> StageYear {
    let place = usize::try_from(year - FIRST_YEAR).unwrap_or(usize::MAX);
    let rows = STAGES.iter().find(|(each, _)| *each == stage);
    rows.and_then(|(_, years)| years.get(place))
        .copied()
        .unwrap_or(row(0, 0, 0))
}

/// Primary classes of 56 to 65 pupils by school year. Published: 765 in 2021, 396 in 2022, none above 65 in
/// 2021; the others are ours.
pub fn large_classes(year: i32) -> u64 {
    let by_year = [3_300, 2_300, 1_400, 765, 396, 220, 120, 60];
    usize::try_from(year - FIRST_YEAR)
        .ok()
        .and_then(|place| by_year.get(place))
        .copied()
        .unwrap_or(0)
}

/// Population of a city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CityPopulation {
    /// Six-digit division code.
    pub code: &'static str,
    /// Permanent residents at the census of 2020-11-01.
    pub census: u64,
    /// Registered residents at the end of 2020.
    pub registered: u64,
}

const fn city(code: &'static str, census: u64, registered: u64) -> CityPopulation {
    CityPopulation {
        code,
        census,
        registered,
    }
}

/// The province as published; the cities and 杨凌 add up to it.
pub const PROVINCE_POPULATION: CityPopulation = city("610000", 39_528_999, 40_678_918);

/// 杨凌示范区 on 杨陵区. Published beside the cities; 咸阳市 below is without it.
pub const YANGLING_POPULATION: CityPopulation = city("610403", 253_871, 191_858);

/// The cities as published. 西安市 is with 西咸新区, a statistical area that is not the administrative one.
pub const CITY_POPULATION: [CityPopulation; 10] = [
    city("610100", 12_952_907, 9_779_653),
    city("610200", 698_322, 784_880),
    city("610300", 3_321_853, 3_745_069),
    city("610400", 3_959_842, 5_239_990),
    city("610500", 4_688_744, 5_406_663),
    city("610600", 2_282_581, 2_337_826),
    city("610700", 3_211_462, 3_803_820),
    city("610800", 3_624_750, 3_858_938),
    city("610900", 2_493_436, 3_032_089),
    city("611000", 2_041_231, 2_498_132),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_to_the_published_totals() {
        let schools_of = |year| {
            Kind::ALL
                .iter()
                .map(|kind| schools(*kind, year))
                .sum::<u64>()
        };
        assert_eq!(
            (schools_of(2021), schools_of(2022), schools_of(2025)),
            (15_296, 14_961, 14_961)
        );
        for (kind, types) in TYPES {
            assert_eq!(
                types.iter().map(|(_, count)| count).sum::<u64>(),
                schools(kind, 2022),
                "{kind:?}"
            );
        }
        assert_eq!(KINDERGARTENS.iter().sum::<u64>(), 8_028);
        let sum_of = |year, of: fn(&StageYear) -> u64| {
            Stage::ALL
                .iter()
                .map(|stage| of(&stage_year(*stage, year)))
                .sum::<u64>()
        };
        assert_eq!(sum_of(2021, |figures| figures.pupils), 8_477_099);
        assert_eq!(sum_of(2022, |figures| figures.pupils), 8_608_755);
        assert_eq!(sum_of(2021, |figures| figures.teachers), 543_279);
        assert_eq!(sum_of(2022, |figures| figures.teachers), 553_325);
        let compulsory = |year| {
            stage_year(Stage::Primary, year).teachers + stage_year(Stage::Junior, year).teachers
        };
        assert_eq!((compulsory(2021), compulsory(2022)), (289_321, 294_118));
        let cities: u64 = CITY_POPULATION.iter().map(|city| city.census).sum();
        assert_eq!(
            cities + YANGLING_POPULATION.census,
            PROVINCE_POPULATION.census
        );
    }

    #[test]
    fn the_history_leads_from_year_to_year() {
        for kind in Kind::ALL {
            for year in history_years() {
                assert_eq!(
                    schools(kind, year - 1) + openings(kind, year),
                    schools(kind, year) + closings(kind, year)
                );
            }
        }
        assert_eq!(schools(Kind::Primary, 2017), 5_958);
    }
}
