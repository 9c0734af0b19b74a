//! From slots to institutions: names, codes, sponsors, dates, addresses, positions.

use std::collections::BTreeMap;

use kernel::Day;
use shape::Point;

use crate::model::{Closing, Institution, Kind, Ownership, Setting};
use crate::names::{Coiner, Taken, numeral};
use crate::places::{Places, TownshipKind};
use crate::random::Random;
use crate::slots::{OLD_UNTIL, Site, Slot};

/// Builds institutions one after the other.
pub(crate) struct Builder<'p> {
    pub places: &'p Places,
    pub seed: u64,
    pub institutions: Vec<Institution>,
    /// The village of each institution, where it stands in one.
    pub villages: Vec<Option<usize>>,
    pub taken: Taken,
    coiners: Vec<Coiner>,
    /// 第一小学, 第二小学 … of a street; 第一初级中学 … of a county.
    ordinals: BTreeMap<(Kind, String), u64>,
    serials: BTreeMap<&'static str, u64>,
    universities: Vec<String>,
}

/// Townships whose schools a development zone manages (一般了解, to show that the two trees differ).
const ZONES: [(&str, &[&str]); 6] = [
    (
        "619901",
        &[
            "610112002",
            "610112012",
            "610116005",
            "610116006",
            "610116010",
            "610116020",
            "610118005",
            "610402007",
            "610402008",
            "610404006",
            "610404007",
            "610404008",
            "610404009",
            "610404010",
            "610423101",
            "610423108",
            "610423112",
            "610481106",
        ],
    ),
    (
        "619911",
        &[
            "610113007",
            "610113006",
            "610116015",
            "610116021",
            "610116022",
        ],
    ),
    ("619912", &["610112001", "610112007"]),
    ("619913", &["610113008"]),
    ("619914", &["610111008", "610111009"]),
    ("619915", &["610116013"]),
];

/// Serials of made-up codes begin here. Real ones are given out by the province one after the other from
/// 000001 within some tens of thousands.
const FIRST_SERIAL: u64 = 990_001;

impl<'p> Builder<'p> {
    pub(crate) fn new(places: &'p Places, seed: u64) -> Builder<'p> {
        let coiners = (0..places.counties.len() as u64)
            .map(|county| Coiner::new(&mut Random::of(seed, "coined words", county)))
            .collect();
        Builder {
            places,
            seed,
            institutions: Vec::with_capacity(21_000),
            villages: Vec::with_capacity(21_000),
            taken: Taken::default(),
            coiners,
            ordinals: BTreeMap::new(),
            serials: BTreeMap::new(),
            universities: Vec::new(),
        }
    }

    /// Builds what stands in a slot.
    pub(crate) fn build(&mut self, slot: &Slot) {
        let number = self.institutions.len() as u64;
        let mut random = Random::of(self.seed, "institution", number);
        let name = self.name(slot, &mut random);
        let founded = founded(slot, &mut random);
        let sponsor = sponsor(slot, &mut random);
        let village = match slot.site {
            Site::Village(village) => Some(village),
            Site::Central | Site::Centre => None,
        };
        let note = match slot.closed {
            Some((year, true)) => format!("{year} 年撤并"),
            Some((year, false)) => format!("{year} 年撤销"),
            None => String::new(),
        };
        let institution = Institution {
            kind: slot.kind,
            code: Some(self.code(slot.school_type)),
            former_name: None,
            school_type: slot.school_type,
            sponsor,
            ownership: slot.ownership,
            urban_rural: self.urban_rural(slot.township, village),
            unit: self.unit(slot.township, slot.kind, sponsor),
            township: slot.township,
            parent: None,
            counted: true,
            campus_kind: "main",
            address: self.address(slot.township, village),
            position: self.position(slot.township, village, number),
            founded,
            closing: slot.closed.map(|(year, merged)| Closing {
                on: closing_day(year, &mut random),
                merged,
            }),
            note,
            setting: slot.setting,
            name,
        };
        self.push(institution, village);
    }

    pub(crate) fn push(&mut self, institution: Institution, village: Option<usize>) {
        self.institutions.push(institution);
        self.villages.push(village);
    }

    fn coined(&mut self, township: usize) -> String {
        let county = self
            .places
            .townships
            .get(township)
            .map_or(0, |township| township.county);
        self.coiners
            .get_mut(county)
            .map_or_else(String::new, Coiner::word)
    }

    fn ordinal(&mut self, kind: Kind, within: &str) -> String {
        let number = self.ordinals.entry((kind, within.to_owned())).or_default();
        *number += 1;
        format!("第{}", numeral(*number))
    }

    /// A name that is free: the usual one, or one with a coined word.
    fn name(&mut self, slot: &Slot, random: &mut Random) -> String {
        if let Some(name) = self.local_name(slot)
            && self.taken.take(&name)
        {
            return name;
        }
        loop {
            let name = self.coined_name(slot, random);
            if self.taken.take(&name) {
                if slot.school_type == "411" {
                    self.universities.push(name.clone());
                }
                return name;
            }
        }
    }

    /// The name after the place, where the slot has one.
    fn local_name(&mut self, slot: &Slot) -> Option<String> {
        let county = self.places.county_of(slot.township)?.name.clone();
        let town = self.places.townships.get(slot.township)?.base.clone();
        let village = match slot.site {
            Site::Village(village) => self.places.villages.get(village)?.base.clone(),
            Site::Central | Site::Centre => None,
        };
        let is_rural = matches!(slot.setting, Setting::Town | Setting::Village);
        let is_public = slot.ownership == Ownership::Public;
        let junior = if slot.school_type == "312" {
            "九年制学校"
        } else {
            "初级中学"
        };
        let own = match (slot.kind, slot.site, village) {
            (Kind::Kindergarten, Site::Central, _) => format!("{town}中心幼儿园"),
            (Kind::Kindergarten, _, Some(village)) if is_public => format!("{town}{village}幼儿园"),
            (Kind::Primary, Site::Central, _) => format!("{town}中心小学"),
            (Kind::Primary, _, Some(village)) if is_rural && is_public => {
                format!("{town}{village}小学")
            }
            (Kind::Primary, _, _) if is_public => {
                // With 街道 in it: 城关第二小学 would be a real one in many counties.
                let full = &self.places.townships.get(slot.township)?.name;
                let ordinal = self.ordinal(Kind::Primary, &format!("{county}{full}"));
                format!("{full}{ordinal}小学")
            }
            (Kind::Junior, Site::Central, _) if slot.setting != Setting::Seat => {
                format!("{town}{junior}")
            }
            (Kind::Junior, _, Some(village)) if is_rural && is_public => {
                format!("{town}{village}{junior}")
            }
            (Kind::Junior, _, _) if is_public && slot.school_type == "311" => {
                format!("{}初级中学", self.ordinal(Kind::Junior, &county))
            }
            _ => return None,
        };
        Some(format!("{county}{own}"))
    }

    fn coined_name(&mut self, slot: &Slot, random: &mut Random) -> String {
        let word = self.coined(slot.township);
        let (county, city) = self
            .places
            .county_of(slot.township)
            .map_or((String::new(), String::new()), |county| {
                (county.name.clone(), county.city_name.clone())
            });
        let town = self
            .places
            .townships
            .get(slot.township)
            .map_or("", |township| township.base.as_str());
        let short = city.strip_suffix('市').unwrap_or(&city);
        let mut of =
            |endings: &[&str]| random.pick(endings).copied().unwrap_or_default().to_owned();
        match slot.school_type {
            "111" => format!("{county}{town}{word}幼儿园"),
            "211" if slot.setting == Setting::City || slot.setting == Setting::Seat => {
                format!("{county}{word}小学")
            }
            "211" => format!("{county}{town}{word}小学"),
            "311" => format!("{county}{word}初级中学"),
            "312" => format!("{county}{word}九年制学校"),
            "341" => format!("{county}{word}中学"),
            "342" => format!("{county}{word}高级中学"),
            "345" => format!("{county}{word}学校"),
            "361" => format!("{county}{word}中等职业学校"),
            "362" => format!("{city}{word}中等专业学校"),
            "364" => format!("{city}{word}成人中等专业学校"),
            "365" => format!("{county}{word}职业中学"),
            "511" => format!("{county}{word}盲人学校"),
            "512" => format!("{county}{word}聋人学校"),
            "513" => format!("{county}{word}培智学校"),
            "514" => format!("{county}{word}特殊教育学校"),
            "411" => format!(
                "陕西{word}{}",
                of(&[
                    "理工大学",
                    "师范大学",
                    "科技大学",
                    "医科大学",
                    "财经大学",
                    "农林大学"
                ])
            ),
            "412" => format!(
                "{short}{word}{}",
                of(&["工程学院", "文理学院", "师范学院", "医学院", "财经学院"])
            ),
            "413" => {
                let mother = random.pick(&self.universities).cloned();
                format!(
                    "{}{word}学院",
                    mother.unwrap_or_else(|| format!("陕西{word}大学"))
                )
            }
            "414" => format!(
                "{short}{word}{}",
                of(&["师范高等专科学校", "医学高等专科学校"])
            ),
            "415" => format!(
                "{short}{word}{}",
                of(&[
                    "职业技术学院",
                    "工业职业技术学院",
                    "卫生职业学院",
                    "农业职业学院"
                ])
            ),
            "371" => format!("{short}{word}专门学校"),
            _ => format!("{county}{word}学校"),
        }
    }

    /// A code that is well formed and cannot be a real one: category and 61, then a serial from
    /// [`FIRST_SERIAL`]; for universities 0 and a five-digit code below 10000, which are not given out.
    fn code(&mut self, school_type: &'static str) -> String {
        let category = school_type.get(..2).unwrap_or_default();
        let number = self.serials.entry(category).or_default();
        *number += 1;
        if category == "41" {
            format!("4161{number:06}")
        } else {
            format!("{category}61{}", FIRST_SERIAL - 1 + *number)
        }
    }

    pub(crate) fn urban_rural(&self, township: usize, village: Option<usize>) -> &'static str {
        let is_urban = self
            .places
            .county_of(township)
            .is_some_and(crate::places::County::is_urban);
        let Some(own) = self.places.townships.get(township) else {
            return "220";
        };
        let village = village.and_then(|village| self.places.villages.get(village));
        let is_village = village.is_some_and(|village| !village.is_community());
        match (own.kind, is_urban, is_village) {
            (TownshipKind::Subdistrict, true, false) => "111",
            (TownshipKind::Subdistrict, true, true) => "112",
            (TownshipKind::Subdistrict, false, true) => "122",
            (TownshipKind::Town, _, true) if own.is_seat => "122",
            (TownshipKind::Subdistrict | TownshipKind::Town, _, false) => "121",
            (TownshipKind::Township, _, false) => "210",
            _ => "220",
        }
    }

    /// The unit that manages it: the province for higher education and its own schools, the city for the
    /// city's, else the zone or the county.
    pub(crate) fn unit(&self, township: usize, kind: Kind, sponsor: &str) -> String {
        let Some(county) = self.places.county_of(township) else {
            return "610000".to_owned();
        };
        match (kind, sponsor) {
            (Kind::Higher, _) | (_, "811" | "812") => return "610000".to_owned(),
            (Kind::Other, _) | (Kind::Senior | Kind::Vocational | Kind::Special, "821" | "822") => {
                return county.city.clone();
            }
            _ => {}
        }
        let code = self
            .places
            .townships
            .get(township)
            .map_or("", |township| township.code.as_str());
        let zone = ZONES
            .iter()
            .find(|(_, townships)| townships.contains(&code));
        zone.map_or_else(|| county.code.clone(), |(zone, _)| (*zone).to_owned())
    }

    pub(crate) fn address(&self, township: usize, village: Option<usize>) -> String {
        let Some(county) = self.places.county_of(township) else {
            return String::new();
        };
        let town = self
            .places
            .townships
            .get(township)
            .map_or("", |township| township.name.as_str());
        let village = village.and_then(|village| self.places.villages.get(village));
        let place =
            village.and_then(|village| Some((village.base.as_deref()?, village.is_community())));
        let place = match place {
            Some((base, true)) => format!("{base}社区"),
            Some((base, false)) => base.to_owned(),
            None => String::new(),
        };
        format!("陕西省{}{}{town}{place}", county.city_name, county.name)
    }

    /// A place in the village, or about the centre of the township; always in the county.
    pub(crate) fn position(&self, township: usize, village: Option<usize>, number: u64) -> Point {
        let Some(own) = self.places.townships.get(township) else {
            return Point::new(0.0, 0.0);
        };
        let mut random = Random::of(self.seed, "position", number);
        match village {
            None => self.near(township, own.position, own.reach * 0.35, &mut random),
            Some(village) => {
                let centre = self.village_point(township, village);
                self.near(township, centre, (own.reach * 0.1).min(0.004), &mut random)
            }
        }
    }

    /// The middle of a village, by chance: communities lie about the centre of their township.
    fn village_point(&self, township: usize, village: usize) -> Point {
        let Some(own) = self.places.townships.get(township) else {
            return Point::new(0.0, 0.0);
        };
        let mut random = Random::of(self.seed, "village", village as u64);
        let is_community = self
            .places
            .villages
            .get(village)
            .is_some_and(crate::places::Village::is_community);
        let mut reach = own.reach * if is_community { 0.8 } else { 2.0 };
        for _ in 0..12 {
            let point = random.step(own.position, reach);
            if self.places.is_within(township, point) {
                return point;
            }
            reach *= 0.9;
        }
        own.position
    }

    /// A point near another one in the county of a township, to a millionth of a degree.
    pub(crate) fn near(
        &self,
        township: usize,
        centre: Point,
        reach: f64,
        random: &mut Random,
    ) -> Point {
        let county = self
            .places
            .townships
            .get(township)
            .and_then(|township| i64::try_from(township.county).ok());
        let mut reach = reach;
        for _ in 0..40 {
            let point = random.step(centre, reach).snapped(1e6);
            if self.places.index.locate(point.lon, point.lat) == county {
                return point;
            }
            reach *= 0.8;
        }
        self.places
            .townships
            .get(township)
            .map_or(centre, |township| township.position)
    }
}

/// A day of the calendar; the beginning where there is none.
pub(crate) fn day(year: i32, month: u32, day: u32) -> Day {
    Day::from_ymd(year, month, day).unwrap_or(Day::BEGINNING)
}

/// A day of the summer holidays.
fn closing_day(year: i32, random: &mut Random) -> Day {
    day(year, 7, 10).add_days(i32::try_from(random.below(50)).unwrap_or(0))
}

fn founded(slot: &Slot, random: &mut Random) -> Day {
    if let Some(year) = slot.opened {
        return day(year, 9, 1);
    }
    let (from, to) = match (slot.kind, slot.site, slot.setting) {
        (Kind::Kindergarten, _, Setting::City) => (1986, OLD_UNTIL),
        (Kind::Kindergarten, _, _) => (1995, OLD_UNTIL),
        (Kind::Primary, Site::Central, _) => (1912, 1978),
        (Kind::Primary, _, Setting::City) => (1950, OLD_UNTIL),
        (Kind::Primary, _, _) => (1949, 1992),
        (Kind::Junior, Site::Central, _) => (1956, 1984),
        (Kind::Junior, _, _) => (1958, 2008),
        (Kind::Senior, _, _) => (1926, 2010),
        (Kind::Vocational, _, _) => (1958, 2008),
        (Kind::Special, _, _) => (1978, 2010),
        (Kind::Higher, _, _) => (1937, 2008),
        (Kind::Other, _, _) => (1980, 1990),
    };
    let to = if slot.ownership == Ownership::Public {
        to
    } else {
        to.max(2005)
    };
    let from = if slot.ownership == Ownership::Public {
        from
    } else {
        from.max(1993)
    };
    let year = random.year(
        from,
        to.min(slot.closed.map_or(OLD_UNTIL, |_| OLD_UNTIL - 1)),
    );
    if random.chance(850) {
        day(year, 9, 1)
    } else {
        day(year, 3, 1)
    }
}

fn sponsor(slot: &Slot, random: &mut Random) -> &'static str {
    if slot.ownership != Ownership::Public {
        return "999";
    }
    let shares: &[(&str, u64)] = match slot.kind {
        Kind::Kindergarten if slot.site == Site::Central => &[("831", 1000)],
        Kind::Kindergarten => &[
            ("831", 790),
            ("894", 100),
            ("892", 70),
            ("891", 25),
            ("822", 10),
            ("893", 5),
        ],
        Kind::Primary | Kind::Junior => &[("831", 980), ("821", 12), ("891", 8)],
        Kind::Special => &[("831", 900), ("821", 100)],
        Kind::Senior => &[("831", 780), ("821", 205), ("811", 15)],
        Kind::Vocational => &[
            ("831", 560),
            ("821", 220),
            ("822", 120),
            ("812", 70),
            ("891", 30),
        ],
        Kind::Higher => &[("811", 590), ("821", 250), ("812", 120), ("891", 40)],
        Kind::Other => &[("821", 1000)],
    };
    let mut rest = random.below(1000);
    for (code, permille) in shares {
        if rest < *permille {
            return code;
        }
        rest -= permille;
    }
    "831"
}
