//! How many institutions of each kind stand where, and from when to when: before they have names.

use crate::apportion::apportion;
use crate::model::{Kind, Ownership, Setting};
use crate::places::{Places, TownshipKind};
use crate::published::{
    CITY_POPULATION, HISTORY_FROM, KINDERGARTENS, REFERENCE_YEAR, TYPES, closings, history_years,
    openings, private_permille, schools,
};
use crate::random::Random;

/// Where in its township an institution stands, and what it is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// The centre of a town: 中心小学, 中心幼儿园, the town's junior school.
    Central,
    /// The centre, without being the central one.
    Centre,
    /// A village or community.
    Village(usize),
}

/// One institution to be.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub kind: Kind,
    pub school_type: &'static str,
    pub township: usize,
    pub site: Site,
    pub setting: Setting,
    pub ownership: Ownership,
    /// The year of its founding where the history says it; older ones get a plausible one.
    pub opened: Option<i32>,
    /// The summer in which it closed, and whether it was merged.
    pub closed: Option<(i32, bool)>,
}

/// Villages of each township that still lend their names, by purpose.
#[derive(Debug)]
pub(crate) struct FreeVillages(Vec<Vec<usize>>);

impl FreeVillages {
    pub(crate) fn new(places: &Places, seed: u64, purpose: &str) -> FreeVillages {
        let lists = (0..places.townships.len()).map(|township| {
            let mut villages: Vec<usize> = places
                .villages_of(township)
                .filter(|(_, village)| village.base.is_some())
                .map(|(place, _)| place)
                .collect();
            Random::of(seed, purpose, township as u64).shuffle(&mut villages);
            villages
        });
        FreeVillages(lists.collect())
    }

    pub(crate) fn take(&mut self, township: usize) -> Option<usize> {
        self.0.get_mut(township)?.pop()
    }

    /// As [`FreeVillages::take`], no communities.
    pub(crate) fn take_rural(&mut self, places: &Places, township: usize) -> Option<usize> {
        let list = self.0.get_mut(township)?;
        let place = list.iter().rposition(|village| {
            places
                .villages
                .get(*village)
                .is_some_and(|village| !village.is_community())
        })?;
        Some(list.remove(place))
    }
}

/// Makes the slots of all kinds.
pub(crate) struct Planner<'p> {
    places: &'p Places,
    seed: u64,
    slots: Vec<Slot>,
}

/// Weights in a thousand by the kind of township: a city's street, a county seat, a town, a township.
type ByPlace = [u64; 4];

impl<'p> Planner<'p> {
    /// All slots, kind by kind; `primary` are the villages that primary schools (and later teaching sites)
    /// are named after.
    pub(crate) fn plan(places: &'p Places, seed: u64, primary: &mut FreeVillages) -> Vec<Slot> {
        let mut planner = Planner {
            places,
            seed,
            slots: Vec::with_capacity(20_000),
        };
        let mut free = FreeVillages::new(places, seed, "kindergarten villages");
        planner.local(
            Kind::Kindergarten,
            true,
            [1000, 1050, 950, 900],
            [700, 800, 1000, 1000],
            &mut free,
        );
        planner.local(
            Kind::Primary,
            true,
            [450, 550, 1000, 1000],
            [0, 100, 1000, 1300],
            primary,
        );
        let mut free = FreeVillages::new(places, seed, "junior villages");
        planner.local(
            Kind::Junior,
            false,
            [750, 1100, 1000, 900],
            [20, 60, 1000, 1300],
            &mut free,
        );
        planner.by_county(Kind::Senior);
        planner.by_county(Kind::Vocational);
        planner.special();
        planner.higher();
        planner.other();
        for kind in Kind::ALL {
            planner.give_types(kind);
            planner.give_openings(kind);
        }
        planner.give_ownership();
        // Independent colleges are named after a university, which must be there before.
        planner.slots.sort_by_key(|slot| slot.school_type == "413");
        planner.slots
    }

    fn class_of(&self, township: usize) -> Option<usize> {
        let own = self.places.townships.get(township)?;
        let is_urban = self.places.county_of(township)?.is_urban();
        match own.kind {
            TownshipKind::Quasi => None,
            TownshipKind::Subdistrict if is_urban => Some(0),
            TownshipKind::Subdistrict => Some(1),
            _ if own.is_seat => Some(1),
            TownshipKind::Town => Some(2),
            TownshipKind::Township => Some(3),
        }
    }

    fn weights(&self, by_place: ByPlace) -> Vec<u64> {
        (0..self.places.townships.len())
            .map(|township| {
                let population = self
                    .places
                    .townships
                    .get(township)
                    .map_or(0, |each| each.population);
                self.class_of(township)
                    .and_then(|class| by_place.get(class))
                    .map_or(0, |weight| weight * population)
            })
            .collect()
    }

    fn setting(&self, township: usize, site: Site) -> Setting {
        let class = self.class_of(township).unwrap_or(3);
        let is_village = match site {
            Site::Village(village) => self
                .places
                .villages
                .get(village)
                .is_some_and(|each| !each.is_community()),
            Site::Central | Site::Centre => false,
        };
        match (class, is_village) {
            (0, false) => Setting::City,
            (1, false) => Setting::Seat,
            (1, true) | (_, false) => Setting::Town,
            (_, true) => Setting::Village,
        }
    }

    fn push(&mut self, kind: Kind, township: usize, site: Site, closed: Option<(i32, bool)>) {
        let setting = self.setting(township, site);
        self.slots.push(Slot {
            kind,
            school_type: "",
            township,
            site,
            setting,
            ownership: Ownership::Public,
            opened: None,
            closed,
        });
    }

    /// Kindergartens, primary and junior schools: to every township by its population; one central one for
    /// every town and township where `has_central`.
    fn local(
        &mut self,
        kind: Kind,
        has_central: bool,
        open: ByPlace,
        closed: ByPlace,
        free: &mut FreeVillages,
    ) {
        let townships = self.places.townships.len();
        let is_town = |place: usize| {
            let own = self.places.townships.get(place);
            own.is_some_and(|own| matches!(own.kind, TownshipKind::Town | TownshipKind::Township))
        };
        let least: Vec<u64> = (0..townships)
            .map(|place| u64::from(has_central && is_town(place)))
            .collect();
        let rest = schools(kind, REFERENCE_YEAR) - least.iter().sum::<u64>();
        let today: Vec<u64> = apportion(rest, &self.weights(open), 0)
            .iter()
            .zip(&least)
            .map(|(share, least)| share + least)
            .collect();
        let towns: Vec<bool> = (0..townships).map(is_town).collect();
        for (township, count) in today.into_iter().enumerate() {
            for number in 0..count {
                let is_central = number == 0 && towns.get(township) == Some(&true);
                let site = match is_central {
                    true => Site::Central,
                    false => free.take(township).map_or(Site::Centre, Site::Village),
                };
                self.push(kind, township, site, None);
            }
        }
        let mut years = self.closing_years(kind).into_iter();
        let mut random = Random::of(self.seed, "merged", kind as u64);
        let merged = match kind {
            Kind::Primary => 720,
            Kind::Junior => 650,
            _ => 120,
        };
        let closings = apportion(years.len() as u64, &self.weights(closed), 0);
        for (township, count) in closings.into_iter().enumerate() {
            for _ in 0..count {
                let rural = if kind == Kind::Primary {
                    free.take_rural(self.places, township)
                } else {
                    None
                };
                let village = rural.or_else(|| free.take(township));
                let closed = years.next().map(|year| (year, random.chance(merged)));
                self.push(
                    kind,
                    township,
                    village.map_or(Site::Centre, Site::Village),
                    closed,
                );
            }
        }
    }

    fn closing_years(&self, kind: Kind) -> Vec<i32> {
        let mut years: Vec<i32> = history_years()
            .flat_map(|year| {
                std::iter::repeat_n(year, usize::try_from(closings(kind, year)).unwrap_or(0))
            })
            .collect();
        Random::of(self.seed, "closing years", kind as u64).shuffle(&mut years);
        years
    }

    /// A township of a county for a school that serves it all: one of the streets, the seat more often.
    fn main_township(&self, county: usize, random: &mut Random) -> Option<usize> {
        let streets: Vec<usize> = self
            .places
            .townships_of(county)
            .filter(|(_, township)| township.kind == TownshipKind::Subdistrict || township.is_seat)
            .map(|(place, _)| place)
            .collect();
        let seat = streets.iter().find(|place| {
            self.places
                .townships
                .get(**place)
                .is_some_and(|each| each.is_seat)
        });
        if random.chance(350) {
            seat.copied()
        } else {
            random.pick(&streets).copied()
        }
    }

    /// Senior and vocational schools: one for each county, the rest by population.
    fn by_county(&mut self, kind: Kind) {
        let populations: Vec<u64> = self
            .places
            .counties
            .iter()
            .map(|county| county.population)
            .collect();
        let counts = apportion(schools(kind, REFERENCE_YEAR), &populations, 1);
        let mut random = Random::of(self.seed, "county schools", kind as u64);
        for (county, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                if let Some(township) = self.main_township(county, &mut random) {
                    self.push(kind, township, Site::Centre, None);
                }
            }
        }
        for year in self.closing_years(kind) {
            let county = usize::try_from(random.below(populations.len() as u64)).unwrap_or(0);
            if let Some(township) = self.main_township(county, &mut random) {
                let merged = random.chance(700);
                self.push(kind, township, Site::Centre, Some((year, merged)));
            }
        }
    }

    /// One special school for each of the most populous counties.
    fn special(&mut self) {
        let mut counties: Vec<(u64, usize)> = self
            .places
            .counties
            .iter()
            .enumerate()
            .map(|(place, county)| (county.population, place))
            .collect();
        counties.sort_unstable_by(|one, other| other.cmp(one));
        counties.truncate(usize::try_from(schools(Kind::Special, REFERENCE_YEAR)).unwrap_or(0));
        counties.sort_unstable_by_key(|(_, place)| *place);
        let mut random = Random::of(self.seed, "special", 0);
        for (_, county) in counties {
            if let Some(township) = self.main_township(county, &mut random) {
                self.push(Kind::Special, township, Site::Centre, None);
            }
        }
    }

    /// Universities and colleges by city, most of them in 西安 (our shares).
    fn higher(&mut self) {
        let by_city = [79, 1, 3, 12, 3, 3, 3, 3, 2, 2];
        let mut random = Random::of(self.seed, "higher", 0);
        for (city, count) in CITY_POPULATION.iter().zip(by_city) {
            let streets: Vec<usize> = (0..self.places.townships.len())
                .filter(|place| {
                    let county = self.places.county_of(*place);
                    county.is_some_and(|county| county.city == city.code && county.is_urban())
                        && self.class_of(*place) == Some(0)
                })
                .collect();
            for _ in 0..count {
                if let Some(township) = random.pick(&streets) {
                    self.push(Kind::Higher, *township, Site::Centre, None);
                }
            }
        }
    }

    fn other(&mut self) {
        let seat = self
            .places
            .townships
            .iter()
            .position(|township| township.is_seat);
        if let Some(township) = seat {
            self.push(Kind::Other, township, Site::Centre, None);
        }
    }

    fn give_types(&mut self, kind: Kind) {
        let shares = TYPES
            .iter()
            .find(|(each, _)| *each == kind)
            .map_or(&[][..], |(_, types)| *types);
        let mut types: Vec<&'static str> = shares
            .iter()
            .flat_map(|(code, count)| {
                std::iter::repeat_n(*code, usize::try_from(*count).unwrap_or(0))
            })
            .collect();
        Random::of(self.seed, "types", kind as u64).shuffle(&mut types);
        let first = shares.first().map_or("", |(code, _)| *code);
        let mut types = types.into_iter();
        for slot in self.slots.iter_mut().filter(|slot| slot.kind == kind) {
            slot.school_type = if slot.closed.is_some() {
                first
            } else {
                types.next().unwrap_or(first)
            };
        }
    }

    /// Chooses which of today's institutions were opened in the years of the history: rather in cities and
    /// county seats.
    fn give_openings(&mut self, kind: Kind) {
        let mut years: Vec<i32> = history_years()
            .flat_map(|year| {
                std::iter::repeat_n(year, usize::try_from(openings(kind, year)).unwrap_or(0))
            })
            .collect();
        let mut random = Random::of(self.seed, "openings", kind as u64);
        random.shuffle(&mut years);
        let mut order: Vec<(u64, usize)> = Vec::new();
        for (place, slot) in self.slots.iter().enumerate() {
            let is_old = kind != Kind::Kindergarten && slot.site == Site::Central;
            if slot.kind == kind && slot.closed.is_none() && !is_old {
                let reluctance = match slot.setting {
                    Setting::City | Setting::Seat => 10,
                    Setting::Town => 16,
                    Setting::Village | Setting::Site => 30,
                };
                order.push((random.below(1000) * reluctance, place));
            }
        }
        order.sort_unstable();
        for ((_, place), year) in order.into_iter().zip(years) {
            if let Some(slot) = self.slots.get_mut(place) {
                slot.opened = Some(year);
            }
        }
    }

    fn give_ownership(&mut self) {
        let mut random = Random::of(self.seed, "ownership", 0);
        // Kindergartens: exact numbers; the central ones are public, villages rather so.
        let mut order: Vec<(u64, usize)> = Vec::new();
        for (place, slot) in self.slots.iter().enumerate() {
            if slot.kind == Kind::Kindergarten && slot.closed.is_none() {
                let bonus = match (slot.site, slot.setting) {
                    (Site::Central, _) => 10_000,
                    (_, Setting::Village) => 250,
                    (_, Setting::Town) => 150,
                    _ => 0,
                };
                order.push((20_000 - bonus - random.below(1000), place));
            }
        }
        order.sort_unstable();
        let [public, inclusive, _] = KINDERGARTENS;
        for (rank, (_, place)) in (0_u64..).zip(order) {
            if let Some(slot) = self.slots.get_mut(place) {
                slot.ownership = match rank {
                    rank if rank < public => Ownership::Public,
                    rank if rank < public + inclusive => Ownership::InclusivePrivate,
                    _ => Ownership::Private,
                };
            }
        }
        for slot in &mut self.slots {
            let permille = match (slot.kind, slot.closed) {
                (Kind::Kindergarten, Some(_)) => 550,
                (Kind::Kindergarten, None) => continue,
                (kind, _) => private_permille(kind),
            };
            // The central schools of towns and village schools are public.
            let may_be_private = slot.kind == Kind::Kindergarten
                || (slot.site != Site::Central
                    && !matches!(slot.setting, Setting::Village | Setting::Town));
            // Where only some may be private, more of them are.
            let permille = if matches!(slot.kind, Kind::Primary | Kind::Junior) {
                permille * 3
            } else {
                permille
            };
            if may_be_private && random.chance(permille) {
                slot.ownership = Ownership::Private;
            }
        }
    }
}

/// The year up to which institutions without a year of opening were founded.
pub(crate) const OLD_UNTIL: i32 = HISTORY_FROM - 1;
