//! Yearly headlines: pupils, classes, teachers of every stage of every institution, so that the stages add up
//! to the figures of [`crate::published`] exactly.
//!
//! Each stage of an institution has a size of its own by type and place, which follows the trend of its place
//! (cities grow, villages shrink), starts small after an opening and dwindles before a closing. A year's
//! pupils are the stage's total shared by these sizes. Classes follow from a class size by place, with one
//! factor for the province so that the year's total is met; none is above 55 on average (primary, junior)
//! but in the crowded city schools that hold the published number of classes of 56 to 65. Teachers follow
//! classes and pupils. Whole numbers only: the same on every machine.

use std::collections::BTreeMap;

use crate::apportion::apportion;
use crate::build::day;
use crate::model::{Headline, Institution, Setting, Stage, StagePart};
use crate::published::{FIRST_YEAR, LAST_YEAR, large_classes, stage_year};
use crate::random::Random;

/// The smallest number of pupils of a stage.
const LEAST_PUPILS: u64 = 4;
/// The trend begins here.
const TREND_FROM: i32 = FIRST_YEAR;

/// One stage of one institution, with what stays the same over the years.
struct Member {
    institution: usize,
    size: u64,
    /// Pupils in a class, in tenths.
    class_size: u64,
    /// Thousandths by which it has more or fewer teachers than others.
    staffing: u64,
    /// Its place among those that may be crowded; `None`: never.
    crowding: Option<u64>,
}

/// One stage of one institution in one year.
struct Entry<'m> {
    member: &'m Member,
    pupils: u64,
    classes: u64,
    is_crowded: bool,
}

/// The headlines of all institutions, by institution and year.
pub(crate) fn headlines(
    institutions: &[Institution],
    county_of: &dyn Fn(usize) -> usize,
    seed: u64,
) -> Vec<Headline> {
    let mut parts: BTreeMap<(usize, i32), Vec<StagePart>> = BTreeMap::new();
    for stage in Stage::ALL {
        let members = members(institutions, stage, county_of, seed);
        for year in FIRST_YEAR..=LAST_YEAR {
            for (institution, part) in stage_parts(institutions, &members, stage, year, seed) {
                parts.entry((institution, year)).or_default().push(part);
            }
        }
    }
    let areas = building_areas(institutions, &parts, seed);
    parts
        .into_iter()
        .map(|((institution, year), parts)| Headline {
            institution,
            year,
            parts,
            building_area: areas.get(institution).copied().unwrap_or(0),
        })
        .collect()
}

fn members(
    institutions: &[Institution],
    stage: Stage,
    county_of: &dyn Fn(usize) -> usize,
    seed: u64,
) -> Vec<Member> {
    let mut members = Vec::new();
    for (place, institution) in institutions.iter().enumerate() {
        // The pupils of a campus are reported by its school.
        if institution.campus_kind == "campus"
            || !Stage::of_type(institution.school_type).contains(&stage)
        {
            continue;
        }
        let mut random = Random::of(seed, "size", (place as u64) * 16 + stage as u64);
        let (from, to) = size_range(institution, stage);
        let size = random.between(from, to);
        let by_county = Random::of(
            seed,
            "county class size",
            county_of(institution.township) as u64,
        )
        .between(930, 1050);
        let own = random.between(880, 1090);
        let may_be_crowded = institution.school_type == "211"
            && matches!(institution.setting, Setting::City | Setting::Seat);
        members.push(Member {
            institution: place,
            size,
            class_size: class_size(stage, institution.setting) * by_county * own / 1_000_000,
            staffing: random.between(920, 1080),
            crowding: may_be_crowded.then(|| random.next()),
        });
    }
    members
}

/// Pupils of a stage, from and to, before they are brought to the province's totals.
fn size_range(institution: &Institution, stage: Stage) -> (u64, u64) {
    use Setting::{City, Seat, Site, Town, Village};
    let setting = institution.setting;
    match (stage, institution.school_type) {
        (Stage::Preschool, "119") => (12, 36),
        (Stage::Preschool, _) => match setting {
            City => (170, 340),
            Seat => (180, 330),
            Town => (110, 250),
            Village | Site => (35, 110),
        },
        (Stage::Primary, "218") => (6, 40),
        (Stage::Primary, "312") => match setting {
            City => (500, 1000),
            Seat => (450, 900),
            Town => (150, 420),
            Village | Site => (90, 260),
        },
        (Stage::Primary, "345") => (300, 700),
        (Stage::Primary, _) => match setting {
            City => (800, 2100),
            Seat => (700, 1900),
            Town => (260, 850),
            Village | Site => (45, 230),
        },
        (Stage::Junior, "312") => match setting {
            City => (250, 600),
            Seat => (250, 550),
            Town => (110, 300),
            Village | Site => (70, 180),
        },
        (Stage::Junior, "341") => (500, 1100),
        (Stage::Junior, "345") => (250, 600),
        (Stage::Junior, _) => match setting {
            City => (800, 1900),
            Seat => (900, 2100),
            Town => (260, 800),
            Village | Site => (180, 450),
        },
        (Stage::Senior, "342") => (1100, 2700),
        (Stage::Senior, "341") => (700, 1700),
        (Stage::Senior, _) => (200, 600),
        (Stage::Vocational, _) => (400, 2400),
        (Stage::Special, _) => (40, 160),
        (Stage::Higher, "411") => (22_000, 40_000),
        (Stage::Higher, "412") => (10_000, 20_000),
        (Stage::Higher, "415") => (7_000, 15_000),
        (Stage::Higher, _) => (5_500, 10_500),
        (Stage::Other, _) => (80, 80),
    }
}

/// Pupils in a class, in tenths.
fn class_size(stage: Stage, setting: Setting) -> u64 {
    let place = match setting {
        Setting::City => 0,
        Setting::Seat => 1,
        Setting::Town => 2,
        Setting::Village => 3,
        Setting::Site => 4,
    };
    let sizes: [u64; 5] = match stage {
        Stage::Preschool => [290, 300, 260, 190, 160],
        Stage::Primary => [430, 440, 385, 205, 85],
        Stage::Junior => [465, 480, 425, 340, 340],
        Stage::Senior => [495, 505, 500, 480, 480],
        Stage::Vocational => [410; 5],
        Stage::Special => [95; 5],
        Stage::Higher | Stage::Other => [215; 5],
    };
    sizes.get(place).copied().unwrap_or(400)
}

/// No class of the demo is larger on average.
fn largest_class(stage: Stage) -> u64 {
    match stage {
        Stage::Preschool => 38,
        Stage::Primary | Stage::Junior | Stage::Vocational => 55,
        Stage::Senior => 58,
        Stage::Special => 16,
        Stage::Higher | Stage::Other => 60,
    }
}

/// Thousandths by which a place grows in a year.
fn trend(setting: Setting) -> u64 {
    match setting {
        Setting::City => 1024,
        Setting::Seat => 1012,
        Setting::Town => 994,
        Setting::Village => 960,
        Setting::Site => 970,
    }
}

/// How many of its usual pupils an institution has in a year, in millionths; 0: it is not open.
fn fullness(institution: &Institution, year: i32) -> u64 {
    let reference = day(year, 9, 1);
    if !institution.is_open_on(reference) {
        return 0;
    }
    let mut share: u64 = 1_000_000;
    for _ in TREND_FROM..year {
        share = share * trend(institution.setting) / 1000;
    }
    let age = year - institution.founded.year();
    share = share
        * match age {
            ..1 => 720,
            1 => 860,
            2 => 950,
            _ => 1000,
        }
        / 1000;
    if let Some(closing) = institution.closing {
        // 1 September before the summer of its closing is the last.
        share = share
            * match closing.on.year() - year {
                ..=1 => 560,
                2 => 680,
                3 => 830,
                _ => 1000,
            }
            / 1000;
    }
    share
}

fn stage_parts(
    institutions: &[Institution],
    members: &[Member],
    stage: Stage,
    year: i32,
    seed: u64,
) -> Vec<(usize, StagePart)> {
    let total = stage_year(stage, year);
    let mut open: Vec<&Member> = Vec::new();
    let mut weights = Vec::new();
    for member in members {
        let fullness = institutions
            .get(member.institution)
            .map_or(0, |institution| fullness(institution, year));
        if fullness > 0 {
            let number = (member.institution as u64) * 4096 + u64::from(year.unsigned_abs());
            let by_chance = Random::of(seed, "year", number * 16 + stage as u64).between(975, 1025);
            weights.push(member.size * fullness / 1000 * by_chance);
            open.push(member);
        }
    }
    let pupils = apportion(total.pupils, &weights, LEAST_PUPILS);
    let mut entries: Vec<Entry<'_>> = open
        .into_iter()
        .zip(pupils)
        .map(|(member, pupils)| Entry {
            member,
            pupils,
            classes: 0,
            is_crowded: false,
        })
        .collect();
    if total.classes > 0 {
        let large = if stage == Stage::Primary {
            crowd(&mut entries, large_classes(year))
        } else {
            0
        };
        give_classes(&mut entries, total.classes - large, stage);
    }
    let weights: Vec<u64> = entries
        .iter()
        .map(|entry| {
            let classes = if total.classes > 0 {
                entry.classes
            } else {
                entry.pupils / 40
            };
            (classes * 12 + entry.pupils) * entry.member.staffing
        })
        .collect();
    let teachers = apportion(total.teachers, &weights, 1);
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    entries
        .into_iter()
        .zip(teachers)
        .map(|(entry, teachers)| {
            let part = StagePart {
                stage,
                pupils: number(entry.pupils),
                classes: (total.classes > 0).then(|| number(entry.classes)),
                teachers: number(teachers),
            };
            (entry.member.institution, part)
        })
        .collect()
}

/// Makes some city schools crowded: together they have `large` classes of 56 to 65 pupils on average. Answers
/// how many classes they have.
fn crowd(entries: &mut [Entry<'_>], large: u64) -> u64 {
    let mut order: Vec<(u64, usize)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.pupils >= 700)
        .filter_map(|(place, entry)| Some((entry.member.crowding?, place)))
        .collect();
    order.sort_unstable();
    let mut left = large;
    for (_, place) in order {
        let Some(entry) = entries.get_mut(place) else {
            continue;
        };
        // The last one fills up what is left; the others leave enough for a last one.
        let classes = entry.pupils / 57;
        let is_last = left * 56 <= entry.pupils && entry.pupils <= left * 65;
        if is_last || classes + 20 <= left {
            entry.classes = if is_last { left } else { classes };
            entry.is_crowded = true;
            left -= entry.classes;
        }
        if left == 0 {
            break;
        }
    }
    large - left
}

/// Gives the entries that are not crowded `total` classes.
fn give_classes(entries: &mut [Entry<'_>], total: u64, stage: Stage) {
    let most = largest_class(stage);
    let (mut low, mut high) = (300, 3000);
    // The smallest factor on class sizes with which there are not too many classes.
    while low < high {
        let middle = (low + high) / 2;
        let sum: u64 = entries
            .iter()
            .filter(|entry| !entry.is_crowded)
            .map(|entry| classes_of(entry.pupils, entry.member.class_size, middle, most, stage))
            .sum();
        if sum <= total {
            high = middle
        } else {
            low = middle + 1
        }
    }
    let mut given = 0;
    for entry in entries.iter_mut().filter(|entry| !entry.is_crowded) {
        entry.classes = classes_of(entry.pupils, entry.member.class_size, low, most, stage);
        given += entry.classes;
    }
    // What is still missing goes to the fullest classes.
    let mut order: Vec<(std::cmp::Reverse<u64>, usize)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !entry.is_crowded && entry.pupils > entry.classes * 3)
        .map(|(place, entry)| {
            (
                std::cmp::Reverse(entry.pupils * 1000 / entry.classes.max(1)),
                place,
            )
        })
        .collect();
    order.sort_unstable();
    let mut missing = total.saturating_sub(given);
    while missing > 0 && !order.is_empty() {
        for (_, place) in order
            .iter()
            .take(usize::try_from(missing).unwrap_or(usize::MAX))
        {
            if let Some(entry) = entries.get_mut(*place) {
                entry.classes += 1;
                missing -= 1;
            }
        }
    }
}

/// Classes for so many pupils: by the class size, not fuller than allowed, and a class for each grade as soon
/// as there are pupils enough.
fn classes_of(pupils: u64, class_size: u64, factor: u64, most: u64, stage: Stage) -> u64 {
    let by_size = (pupils * 10_000).div_ceil((class_size * factor).max(1));
    let grades = match stage {
        Stage::Primary => (pupils / 11).min(6),
        Stage::Preschool | Stage::Junior | Stage::Senior | Stage::Vocational => {
            (pupils / 16).min(3)
        }
        _ => 1,
    };
    by_size.max(pupils.div_ceil(most)).max(grades).max(1)
}

/// Hundredths of square metres of each institution, enough for its fullest year and the same in all of them.
fn building_areas(
    institutions: &[Institution],
    parts: &BTreeMap<(usize, i32), Vec<StagePart>>,
    seed: u64,
) -> Vec<u32> {
    let mut tenths = vec![0_u64; institutions.len()];
    for ((place, _), parts) in parts {
        let need: u64 = parts
            .iter()
            .map(|part| u64::from(part.pupils) * tenths_of_metres(part.stage))
            .sum();
        if let Some(most) = tenths.get_mut(*place) {
            *most = need.max(*most);
        }
    }
    institutions
        .iter()
        .zip(tenths)
        .enumerate()
        .map(|(place, (institution, tenths))| {
            let by_place = match institution.setting {
                Setting::City => 850,
                Setting::Seat => 950,
                Setting::Town => 1150,
                Setting::Village => 1500,
                Setting::Site => 1800,
            };
            let by_chance =
                Random::of(seed, "building area", place as u64).between(78_000, 128_000);
            u32::try_from(tenths * by_place * by_chance / 10_000_000).unwrap_or(u32::MAX)
        })
        .collect()
}

/// Building area for a pupil in tenths of square metres (ours; no total is published).
fn tenths_of_metres(stage: Stage) -> u64 {
    match stage {
        Stage::Preschool => 95,
        Stage::Primary => 80,
        Stage::Junior => 130,
        Stage::Senior => 190,
        Stage::Vocational => 170,
        Stage::Higher | Stage::Special | Stage::Other => 300,
    }
}
