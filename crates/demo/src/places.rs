//! The places: counties with their outlines, townships with positions, villages. Names, codes and outlines
//! are real (data/README.md); positions of townships are not: no open source has them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;

use shape::{Point, RegionIndex, Topology, seed_points};

use crate::apportion::apportion;
use crate::error::DemoError;
use crate::names::{township_base, village_base};
use crate::published::{CITY_POPULATION, YANGLING_POPULATION};
use crate::random::{Random, WIDER};

const BOUNDARIES: &[u8] = include_bytes!("../data/boundaries.topojson");
const TOWNSHIPS: &str = include_str!("../data/townships.csv");
const VILLAGES: &[u8] = include_bytes!("../data/villages.csv.gz");

/// Population goes to townships by shares: so many for a community (社区居委会) …
const COMMUNITY_SHARES: u64 = 3;
/// … one for a village (村委会), and so many for the township itself.
const TOWNSHIP_SHARES: u64 = 3;

/// A county-level division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct County {
    /// Six-digit code in force.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Code of its city.
    pub city: String,
    /// Name of its city.
    pub city_name: String,
    /// The places of its townships in [`Places::townships`].
    pub townships: Range<usize>,
    /// Census population of 2020 by our rule.
    pub population: u64,
}

impl County {
    /// Whether its streets are a city's: a district (市辖区) or a county-level city.
    pub fn is_urban(&self) -> bool {
        let digits = self.code.get(4..).unwrap_or_default();
        digits <= "20" || digits >= "81"
    }
}

/// What kind of township-level division it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TownshipKind {
    /// 街道.
    Subdistrict,
    /// 镇.
    Town,
    /// 乡.
    Township,
    /// Forest farms, parks, reservoirs: villages are counted under them, but they are no townships.
    Quasi,
}

impl TownshipKind {
    /// The code in the set `division_kind`.
    pub fn code(self) -> &'static str {
        match self {
            TownshipKind::Subdistrict => "subdistrict",
            TownshipKind::Town => "town",
            TownshipKind::Township => "township",
            TownshipKind::Quasi => "quasi_township",
        }
    }
}

/// A township-level division.
#[derive(Debug, Clone, PartialEq)]
pub struct Township {
    /// Nine-digit code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The name as it goes into the names of schools: streets without 街道.
    pub base: String,
    /// Its place in [`Places::counties`].
    pub county: usize,
    /// What it is.
    pub kind: TownshipKind,
    /// Whether it is the seat of its county: the one with the most communities.
    pub is_seat: bool,
    /// A position by chance inside the county.
    pub position: Point,
    /// Half the way to its nearest neighbour, in degrees.
    pub reach: f64,
    /// The places of its villages in [`Places::villages`].
    pub villages: Range<usize>,
    /// Census population of 2020 by our rule.
    pub population: u64,
}

/// A village-level division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Village {
    /// Twelve-digit code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The name as it goes into the names of schools; `None` where it is not fit for that.
    pub base: Option<String>,
    /// Its place in [`Places::townships`].
    pub township: usize,
}

impl Village {
    /// The code in the set `division_kind`; digits 10–12 of the code: from 200 villages, from 400 what is
    /// like a community or a village.
    pub fn kind_code(&self) -> &'static str {
        match self.code.get(9..10) {
            Some("0" | "1") => "residents_committee",
            Some("2" | "3") => "villagers_committee",
            _ => "quasi_village",
        }
    }

    /// Whether it is a community of a town or city.
    pub fn is_community(&self) -> bool {
        self.kind_code() == "residents_committee"
    }
}

/// All places.
#[derive(Debug)]
pub struct Places {
    /// By code.
    pub counties: Vec<County>,
    /// By code, and so by county.
    pub townships: Vec<Township>,
    /// By code, and so by township.
    pub villages: Vec<Village>,
    /// Outlines of counties, cities and the province.
    pub outlines: Topology,
    /// Finds a county (its place) by position.
    pub index: RegionIndex,
}

impl Places {
    /// Reads the data in the program and gives the townships their positions.
    pub(crate) fn read(seed: u64) -> Result<Places, DemoError> {
        let outlines =
            Topology::read(BOUNDARIES).map_err(|error| DemoError::Data(error.to_string()))?;
        let mut regions: Vec<_> = outlines.layer("county").iter().collect();
        regions.sort_by(|one, other| one.code.cmp(&other.code));
        let cities: BTreeMap<&str, &str> = outlines
            .layer("city")
            .iter()
            .map(|city| (city.code.as_str(), city.name.as_str()))
            .collect();
        let mut counties = Vec::with_capacity(regions.len());
        for region in &regions {
            let city = format!("{}00", region.code.get(..4).unwrap_or_default());
            let city_name = cities
                .get(city.as_str())
                .copied()
                .unwrap_or_default()
                .to_owned();
            counties.push(County {
                code: region.code.clone(),
                name: region.name.clone(),
                city,
                city_name,
                townships: 0..0,
                population: 0,
            });
        }
        let index = RegionIndex::new(
            regions
                .iter()
                .zip(0_i64..)
                .map(|(region, place)| (place, region.outline.clone()))
                .collect(),
        );
        let mut townships = read_townships(&mut counties)?;
        let villages = read_villages(&mut townships)?;
        let mut places = Places {
            counties,
            townships,
            villages,
            outlines: Topology { layers: Vec::new() },
            index,
        };
        places.find_seats();
        for (number, region) in regions.iter().enumerate() {
            places.place_townships(seed, number, &region.outline);
        }
        places.spread_population();
        places.outlines = outlines;
        Ok(places)
    }

    /// The county of a township.
    pub fn county_of(&self, township: usize) -> Option<&County> {
        self.counties.get(self.townships.get(township)?.county)
    }

    /// The townships of a county with their places.
    pub fn townships_of(&self, county: usize) -> impl Iterator<Item = (usize, &Township)> {
        let range = self
            .counties
            .get(county)
            .map_or(0..0, |county| county.townships.clone());
        range
            .clone()
            .zip(self.townships.get(range).unwrap_or_default())
    }

    /// The villages of a township with their places.
    pub fn villages_of(&self, township: usize) -> impl Iterator<Item = (usize, &Village)> {
        let range = self
            .townships
            .get(township)
            .map_or(0..0, |township| township.villages.clone());
        range
            .clone()
            .zip(self.villages.get(range).unwrap_or_default())
    }

    /// Whether a position lies in the county of a township and nearer to the township than to any other.
    pub(crate) fn is_within(&self, township: usize, at: Point) -> bool {
        let Some(own) = self.townships.get(township) else {
            return false;
        };
        if self.index.locate(at.lon, at.lat) != i64::try_from(own.county).ok() {
            return false;
        }
        let own_distance = squared(own.position, at);
        self.townships_of(own.county)
            .all(|(_, other)| own_distance <= squared(other.position, at))
    }

    fn communities(&self, township: usize) -> u64 {
        self.villages_of(township)
            .filter(|(_, village)| village.is_community())
            .count() as u64
    }

    fn find_seats(&mut self) {
        for county in 0..self.counties.len() {
            let seat = self
                .townships_of(county)
                .filter(|(_, township)| township.kind != TownshipKind::Quasi)
                .max_by_key(|(place, _)| (self.communities(*place), std::cmp::Reverse(*place)))
                .map(|(place, _)| place);
            if let Some(township) = seat.and_then(|place| self.townships.get_mut(place)) {
                township.is_seat = true;
            }
        }
    }

    /// Gives the townships of a county well-spread points: the seat the one nearest the middle of them all,
    /// then those with most communities for their villages.
    fn place_townships(&mut self, seed: u64, county: usize, outline: &shape::MultiPolygon) {
        let mut order: Vec<(bool, bool, u64, usize)> = self
            .townships_of(county)
            .map(|(place, township)| {
                let units = township.villages.len() as u64;
                let share = self.communities(place) * 1000 / units.max(1);
                (
                    township.kind == TownshipKind::Quasi,
                    !township.is_seat,
                    1000 - share.min(1000),
                    place,
                )
            })
            .collect();
        order.sort_unstable();
        let code = self
            .counties
            .get(county)
            .and_then(|county| county.code.parse().ok())
            .unwrap_or(0);
        let mut points: Vec<Point> = seed_points(
            outline,
            order.len(),
            Random::of(seed, "townships", code).next(),
        )
        .into_iter()
        .map(|point| point.snapped(1e6))
        .collect();
        let count = points.len().max(1) as f64;
        let middle = Point::new(
            points.iter().map(|point| point.lon).sum::<f64>() / count,
            points.iter().map(|point| point.lat).sum::<f64>() / count,
        );
        points.sort_by(|one, other| {
            squared(*one, middle)
                .total_cmp(&squared(*other, middle))
                .then_with(|| one.order(other))
        });
        for ((_, _, _, place), point) in order.into_iter().zip(&points) {
            let nearest = points
                .iter()
                .filter(|other| *other != point)
                .map(|other| squared(*point, *other))
                .min_by(f64::total_cmp);
            if let Some(township) = self.townships.get_mut(place) {
                township.position = *point;
                township.reach = nearest.map_or(0.05, |distance| distance.sqrt() / 2.0);
            }
        }
    }

    /// City totals of the census to townships, by communities, villages and the township itself. 杨凌 has a
    /// total of its own.
    fn spread_population(&mut self) {
        let totals = CITY_POPULATION.iter().chain([&YANGLING_POPULATION]);
        for total in totals {
            let members: Vec<usize> = (0..self.townships.len())
                .filter(|place| {
                    let Some(county) = self.county_of(*place) else {
                        return false;
                    };
                    let is_yangling = county.code == YANGLING_POPULATION.code;
                    if total.code == YANGLING_POPULATION.code {
                        is_yangling
                    } else {
                        !is_yangling && county.city == total.code
                    }
                })
                .collect();
            let weights: Vec<u64> = members
                .iter()
                .map(|place| {
                    let communities = self.communities(*place);
                    let units = self.villages_of(*place).count() as u64;
                    let is_quasi = self
                        .townships
                        .get(*place)
                        .is_some_and(|each| each.kind == TownshipKind::Quasi);
                    let own = if is_quasi { 0 } else { TOWNSHIP_SHARES };
                    communities * COMMUNITY_SHARES + (units - communities) + own
                })
                .collect();
            for (place, share) in members
                .into_iter()
                .zip(apportion(total.census, &weights, 0))
            {
                let Some(township) = self.townships.get_mut(place) else {
                    continue;
                };
                township.population = share;
                if let Some(county) = self.counties.get_mut(township.county) {
                    county.population += share;
                }
            }
        }
    }
}

/// The square of a distance in degrees of latitude.
pub(crate) fn squared(one: Point, other: Point) -> f64 {
    let east = (one.lon - other.lon) / WIDER;
    let north = one.lat - other.lat;
    east * east + north * north
}

fn read_townships(counties: &mut [County]) -> Result<Vec<Township>, DemoError> {
    let mut townships: Vec<Township> = Vec::new();
    for line in TOWNSHIPS.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [code, name, parent, pseudo] = cells.as_slice() else {
            return Err(DemoError::Data(format!("townships.csv: {line}")));
        };
        let place = counties.binary_search_by(|county| county.code.as_str().cmp(parent));
        let Some((number, county)) = place
            .ok()
            .and_then(|number| Some((number, counties.get_mut(number)?)))
        else {
            return Err(DemoError::Data(format!(
                "townships.csv: no county {parent}"
            )));
        };
        if county.townships.is_empty() {
            county.townships = townships.len()..townships.len();
        }
        if county.townships.end != townships.len() {
            return Err(DemoError::Data(format!(
                "townships.csv: {code} stands apart from its county"
            )));
        }
        county.townships.end += 1;
        let kind = match (*pseudo, code.get(6..7)) {
            ("1", _) => TownshipKind::Quasi,
            (_, Some("0")) => TownshipKind::Subdistrict,
            (_, Some("1")) => TownshipKind::Town,
            _ => TownshipKind::Township,
        };
        townships.push(Township {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            base: township_base(name),
            county: number,
            kind,
            is_seat: false,
            position: Point::new(0.0, 0.0),
            reach: 0.0,
            villages: 0..0,
            population: 0,
        });
    }
    Ok(townships)
}

fn read_villages(townships: &mut [Township]) -> Result<Vec<Village>, DemoError> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(VILLAGES)
        .read_to_string(&mut text)
        .map_err(|error| DemoError::Data(format!("villages.csv.gz: {error}")))?;
    let mut villages: Vec<Village> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [code, name, parent] = cells.as_slice() else {
            return Err(DemoError::Data(format!("villages.csv.gz: {line}")));
        };
        let place = townships.binary_search_by(|township| township.code.as_str().cmp(parent));
        let Some((number, township)) = place
            .ok()
            .and_then(|number| Some((number, townships.get_mut(number)?)))
        else {
            return Err(DemoError::Data(format!(
                "villages.csv.gz: no township {parent}"
            )));
        };
        if township.villages.is_empty() {
            township.villages = villages.len()..villages.len();
        }
        if township.villages.end != villages.len() {
            return Err(DemoError::Data(format!(
                "villages.csv.gz: {code} stands apart from its township"
            )));
        }
        township.villages.end += 1;
        let mut village = Village {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            base: None,
            township: number,
        };
        village.base = village_base(name, village.is_community());
        villages.push(village);
    }
    Ok(villages)
}
