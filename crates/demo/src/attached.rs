//! What belongs to another institution and is not counted as a school: teaching sites, attached classes,
//! campuses; and former names.

use std::collections::BTreeMap;

use kernel::Day;

use crate::apportion::apportion;
use crate::build::{Builder, day};
use crate::model::{Institution, Kind, Ownership, Setting};
use crate::places::{Places, TownshipKind};
use crate::published::{
    ATTACHED_CLASSES, CAMPUSES, REFERENCE_YEAR, SITES_OF_CLOSED, TEACHING_SITES,
};
use crate::random::Random;
use crate::slots::FreeVillages;

/// Adds them all.
pub(crate) fn attach(builder: &mut Builder<'_>, places: &Places, free: &mut FreeVillages) {
    let schools = builder.institutions.len();
    teaching_sites(builder, places, free, schools);
    attached_classes(builder, schools);
    campuses(builder, schools);
    former_names(builder, schools);
}

/// The primary school of each township that sites belong to: the central one, else the first.
fn central_schools(builder: &Builder<'_>, schools: usize) -> BTreeMap<usize, usize> {
    let mut central: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, institution) in builder.institutions.iter().enumerate().take(schools) {
        if institution.kind == Kind::Primary && institution.closing.is_none() {
            central.entry(institution.township).or_insert(place);
        }
    }
    central
}

fn teaching_sites(
    builder: &mut Builder<'_>,
    places: &Places,
    free: &mut FreeVillages,
    schools: usize,
) {
    let central = central_schools(builder, schools);
    let mut random = Random::of(builder.seed, "teaching sites", 0);
    let mut closed: Vec<usize> = (0..schools)
        .filter(|place| {
            let Some(institution) = builder.institutions.get(*place) else {
                return false;
            };
            let closing = institution.closing.map(|closing| closing.on.year());
            institution.kind == Kind::Primary
                && closing.is_some_and(|year| year <= REFERENCE_YEAR)
                && institution.setting == Setting::Village
                && builder.villages.get(*place).is_some_and(Option::is_some)
        })
        .collect();
    random.shuffle(&mut closed);
    let mut made = 0;
    for place in closed
        .into_iter()
        .take(usize::try_from(SITES_OF_CLOSED).unwrap_or(0))
    {
        let Some(school) = builder.institutions.get(place).cloned() else {
            continue;
        };
        let village = builder.villages.get(place).copied().flatten();
        let (Some(parent), Some(closing)) = (central.get(&school.township), school.closing) else {
            continue;
        };
        let note = format!("原{},{} 年改设教学点", school.name, closing.on.year());
        made += u64::from(add_site(
            builder,
            places,
            school.township,
            village,
            *parent,
            closing.on,
            note,
        ));
    }
    let weights: Vec<u64> = places
        .townships
        .iter()
        .enumerate()
        .map(|(place, township)| {
            let is_rural = matches!(township.kind, TownshipKind::Town | TownshipKind::Township)
                && !township.is_seat;
            if is_rural && central.contains_key(&place) {
                township.villages.len() as u64
            } else {
                0
            }
        })
        .collect();
    for (township, count) in apportion(TEACHING_SITES - made, &weights, 0)
        .into_iter()
        .enumerate()
    {
        for _ in 0..count {
            let (Some(parent), village) =
                (central.get(&township), free.take_rural(places, township))
            else {
                continue;
            };
            let founded = day(random.year(1972, 2012), 9, 1);
            add_site(
                builder,
                places,
                township,
                village,
                *parent,
                founded,
                String::new(),
            );
        }
    }
}

fn add_site(
    builder: &mut Builder<'_>,
    places: &Places,
    township: usize,
    village: Option<usize>,
    parent: usize,
    founded: Day,
    note: String,
) -> bool {
    let (Some(school), Some(own)) = (
        builder.institutions.get(parent).cloned(),
        places.townships.get(township),
    ) else {
        return false;
    };
    let base = village
        .and_then(|village| places.villages.get(village))
        .and_then(|village| village.base.clone());
    let Some(base) = base else { return false };
    let county = places
        .county_of(township)
        .map_or("", |county| county.name.as_str());
    let name = format!("{county}{}{base}教学点", own.base);
    if !builder.taken.take(&name) {
        return false;
    }
    let number = builder.institutions.len() as u64;
    let site = Institution {
        kind: Kind::Primary,
        code: None,
        name,
        former_name: None,
        school_type: "218",
        sponsor: school.sponsor,
        ownership: Ownership::Public,
        urban_rural: builder.urban_rural(township, village),
        unit: school.unit,
        township,
        parent: Some(parent),
        counted: false,
        campus_kind: "teaching_site",
        address: builder.address(township, village),
        position: builder.position(township, village, number),
        founded: founded.max(school.founded),
        closing: None,
        note,
        setting: Setting::Site,
    };
    builder.push(site, village);
    true
}

/// Kindergarten classes in village schools.
fn attached_classes(builder: &mut Builder<'_>, schools: usize) {
    let mut random = Random::of(builder.seed, "attached classes", 0);
    let mut hosts: Vec<usize> = (0..schools)
        .filter(|place| {
            builder.institutions.get(*place).is_some_and(|institution| {
                institution.kind == Kind::Primary
                    && institution.closing.is_none()
                    && institution.setting == Setting::Village
                    && institution.ownership == Ownership::Public
            })
        })
        .collect();
    random.shuffle(&mut hosts);
    hosts.truncate(usize::try_from(ATTACHED_CLASSES).unwrap_or(0));
    hosts.sort_unstable();
    for parent in hosts {
        let Some(school) = builder.institutions.get(parent).cloned() else {
            continue;
        };
        let name = format!("{}附设幼儿班", school.name);
        if !builder.taken.take(&name) {
            continue;
        }
        // In a building of its own on the same ground.
        let position = builder.near(school.township, school.position, 0.0003, &mut random);
        let founded = day(random.year(2004, 2016), 9, 1).max(school.founded);
        let village = builder.villages.get(parent).copied().flatten();
        let class = Institution {
            kind: Kind::Kindergarten,
            code: None,
            name,
            school_type: "119",
            parent: Some(parent),
            counted: false,
            campus_kind: "attached_class",
            position,
            founded,
            setting: Setting::Site,
            ..school
        };
        builder.push(class, village);
    }
}

/// Second grounds of universities and large schools. Their pupils are reported by the school.
fn campuses(builder: &mut Builder<'_>, schools: usize) {
    let mut random = Random::of(builder.seed, "campuses", 0);
    let mut hosts: Vec<usize> = (0..schools)
        .filter(|place| {
            builder.institutions.get(*place).is_some_and(|institution| {
                let is_large = matches!(
                    institution.school_type,
                    "411" | "412" | "415" | "342" | "341"
                ) || (institution.school_type == "211"
                    && institution.setting == Setting::City);
                is_large && institution.closing.is_none() && institution.founded.year() < 2000
            })
        })
        .collect();
    random.shuffle(&mut hosts);
    // Universities first.
    hosts.sort_by_key(|place| {
        builder
            .institutions
            .get(*place)
            .is_none_or(|each| each.kind != Kind::Higher)
    });
    let universities = usize::try_from(CAMPUSES / 2).unwrap_or(0);
    let higher: Vec<usize> = hosts.iter().copied().take(universities).collect();
    let others = hosts
        .iter()
        .rev()
        .copied()
        .take(usize::try_from(CAMPUSES).unwrap_or(0) - higher.len());
    let chosen: Vec<usize> = higher.iter().copied().chain(others).collect();
    for parent in chosen {
        let Some(school) = builder.institutions.get(parent).cloned() else {
            continue;
        };
        let side = random
            .pick(&["东", "南", "西", "北", "新"])
            .copied()
            .unwrap_or("新");
        let name = format!("{}{side}校区", school.name);
        let county = builder
            .places
            .townships
            .get(school.township)
            .map_or(0, |township| township.county);
        let elsewhere: Vec<usize> = builder
            .places
            .townships_of(county)
            .filter(|(place, township)| {
                *place != school.township
                    && matches!(
                        township.kind,
                        TownshipKind::Subdistrict | TownshipKind::Town
                    )
            })
            .map(|(place, _)| place)
            .collect();
        let Some(township) = random.pick(&elsewhere).copied() else {
            continue;
        };
        if !builder.taken.take(&name) {
            continue;
        }
        let number = builder.institutions.len() as u64;
        let campus = Institution {
            code: None,
            name,
            township,
            parent: Some(parent),
            counted: false,
            campus_kind: "campus",
            urban_rural: builder.urban_rural(township, None),
            address: builder.address(township, None),
            position: builder.position(township, None, number),
            founded: day(random.year(2002, 2019), 9, 1),
            former_name: None,
            ..school
        };
        builder.push(campus, None);
    }
}

/// Some nine-year schools were junior schools before.
fn former_names(builder: &mut Builder<'_>, schools: usize) {
    let mut random = Random::of(builder.seed, "former names", 0);
    for place in 0..schools {
        let Some(institution) = builder.institutions.get(place) else {
            continue;
        };
        if institution.school_type != "312" || !random.chance(400) {
            continue;
        }
        let Some(stem) = institution.name.strip_suffix("九年制学校") else {
            continue;
        };
        let former = format!("{stem}初级中学");
        if !builder.taken.has(&former)
            && let Some(institution) = builder.institutions.get_mut(place)
        {
            institution.former_name = Some(former);
        }
    }
}
