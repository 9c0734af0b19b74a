//! What narrows a list, as the address of the page says it.

use std::ops::Range;

use security::UnitTree;
use standard::{CodeSet, Standard};
use ui::Url;

use super::names::{Labels, Names};

/// A field with codes that a list can be narrowed by: its key in the address and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeFilter {
    /// In the address.
    pub key: &'static str,
    /// In the dataset.
    pub field: &'static str,
}

/// The code fields of institutions that lists are narrowed by.
pub const FILTERED_CODES: [CodeFilter; 6] = [
    CodeFilter {
        key: "type",
        field: "type",
    },
    CodeFilter {
        key: "stage",
        field: "stages",
    },
    CodeFilter {
        key: "run_by",
        field: "run_by",
    },
    CodeFilter {
        key: "urban_rural",
        field: "urban_rural",
    },
    CodeFilter {
        key: "status",
        field: "status",
    },
    CodeFilter {
        key: "origin",
        field: "origin",
    },
];

/// What narrows a list of institutions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// A part of the name, a code, or initials.
    pub text: Option<String>,
    /// A division; what lies below it counts.
    pub division: Option<i64>,
    /// Places in the unit tree.
    pub units: Option<Range<u32>>,
    /// Field, whether it holds several codes, and the codes any of which it must have.
    pub codes: Vec<(&'static str, bool, Vec<String>)>,
    /// Counted as a school or not.
    pub counted: Option<bool>,
    /// The institution that it belongs to.
    pub parent: Option<i64>,
    /// Something in the address is not known, so nothing fits.
    pub nothing: bool,
}

/// Province, city, county and township as they are chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The prefecture.
    pub city: Option<i64>,
    /// The county.
    pub county: Option<i64>,
    /// The township.
    pub township: Option<i64>,
    /// The division that is meant in the end.
    pub division: Option<i64>,
    /// A code that no division has.
    pub unknown: bool,
}

impl Place {
    /// What an address says: `division=610113`, or `city`, `county` and `township`. The lowest level that
    /// lies below the others counts; one of another city, left over from a choice before, does not.
    pub fn of(url: &Url, divisions: &Names) -> Place {
        let mut place = Place::default();
        let chosen: Vec<Option<&str>> = ["city", "county", "township"]
            .iter()
            .map(|key| url.get(key))
            .collect();
        if let (true, Some(code)) = (chosen.iter().all(Option::is_none), url.get("division")) {
            let Some(division) = divisions.by_code(code) else {
                place.unknown = true;
                return place;
            };
            place.division = Some(division);
            for each in divisions.path(division) {
                match divisions.level(each) {
                    Some("prefecture") => place.city = Some(each),
                    Some("county") => place.county = Some(each),
                    Some("township") => place.township = Some(each),
                    _ => {}
                }
            }
            return place;
        }
        let mut above: Option<i64> = None;
        for (code, level) in chosen.into_iter().zip([0, 1, 2]) {
            let Some(code) = code else { continue };
            let Some(division) = divisions.by_code(code) else {
                place.unknown = true;
                continue;
            };
            let path = divisions.path(division);
            if above.is_some_and(|above| !path.contains(&above)) {
                continue;
            }
            above = Some(division);
            match level {
                0 => place.city = Some(division),
                1 => place.county = Some(division),
                _ => place.township = Some(division),
            }
        }
        if let (None, Some(county)) = (place.city, place.county.or(place.township)) {
            place.city = divisions
                .path(county)
                .into_iter()
                .find(|each| divisions.level(*each) == Some("prefecture"));
        }
        if let (None, Some(township)) = (place.county, place.township) {
            place.county = divisions.parent(township);
        }
        place.division = above;
        place
    }
}

impl Filter {
    /// What an address says.
    pub fn of(url: &Url, standard: &Standard, labels: &Labels, units: &UnitTree) -> Filter {
        let place = Place::of(url, &labels.divisions);
        let mut filter = Filter {
            text: url
                .get("q")
                .map(|text| kernel::normalise_text(text).into_owned())
                .filter(|text| !text.is_empty()),
            division: place.division,
            nothing: place.unknown,
            ..Filter::default()
        };
        if let Some(code) = url.get("unit") {
            let unit = labels.units.by_code(code).map(kernel::UnitId::new);
            filter.units = unit.and_then(|unit| units.range(unit));
            filter.nothing |= filter.units.is_none();
        }
        if let Some(record) = url.get("parent") {
            filter.parent = record.parse().ok();
            filter.nothing |= filter.parent.is_none();
        }
        filter.counted = match url.get("counted") {
            Some("1" | "yes") => Some(true),
            Some("0" | "no") => Some(false),
            _ => None,
        };
        let dataset = standard.dataset("institution");
        for each in FILTERED_CODES {
            let asked: Vec<&str> = url
                .values(each.key)
                .filter(|code| !code.is_empty())
                .collect();
            if asked.is_empty() {
                continue;
            }
            let field = dataset.and_then(|dataset| dataset.field(each.field));
            let set = field.and_then(|field| match &field.kind {
                standard::FieldKind::Code(set) => standard.code_set(set),
                _ => None,
            });
            let codes = set.map_or_else(Vec::new, |set| with_those_below(set, &asked));
            filter
                .codes
                .push((each.field, field.is_some_and(|field| field.many), codes));
        }
        let kinds: Vec<&str> = url.values("kind").filter(|kind| !kind.is_empty()).collect();
        if !kinds.is_empty() {
            let types = standard
                .code_set("school_type")
                .map_or_else(Vec::new, |set| {
                    set.entries
                        .iter()
                        .filter(|entry| {
                            entry
                                .extra("kind")
                                .is_some_and(|kind| kinds.contains(&kind))
                        })
                        .map(|entry| entry.code.clone())
                        .collect()
                });
            filter.codes.push(("type", false, types));
        }
        filter
    }
}

/// The codes and all that stand below them in their set.
fn with_those_below(set: &CodeSet, asked: &[&str]) -> Vec<String> {
    let mut codes: Vec<String> = asked.iter().map(|code| (*code).to_owned()).collect();
    let mut next = 0;
    while let Some(code) = codes.get(next).cloned() {
        next += 1;
        for entry in &set.entries {
            if entry.parent.as_deref() == Some(code.as_str()) && !codes.contains(&entry.code) {
                codes.push(entry.code.clone());
            }
        }
    }
    codes
}
