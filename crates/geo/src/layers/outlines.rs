//! Outlines of the places of a day, generalised for every zoom.
//!
//! Cities and provinces are the unions of their counties, so that borders coincide; an outline of their
//! own is used only where not all of their counties have one. Townships without an imported outline are
//! cells of nearness around their points inside their county, and marked as schematic (示意).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use shape::{Bounds, MultiPolygon, Point, Pyramid};

use super::places::{PlaceNumber, Places};
use crate::model::Level;

/// The zooms that outlines are generalised for; beyond them the nearest is used.
const ZOOMS: std::ops::RangeInclusive<u8> = 4..=12;

/// An outline as it was imported.
#[derive(Debug, Clone)]
pub(crate) struct Imported {
    /// Whose it is.
    pub(crate) place: PlaceNumber,
    /// The region.
    pub(crate) region: MultiPolygon,
    /// Worked out by a program rather than surveyed.
    pub(crate) schematic: bool,
}

/// The outlines of a day.
#[derive(Debug)]
pub(crate) struct Outlines {
    counties: BTreeMap<PlaceNumber, MultiPolygon>,
    townships: BTreeMap<PlaceNumber, MultiPolygon>,
    schematic: BTreeSet<PlaceNumber>,
    /// Counties, cities and provinces over the same borders.
    shared: Pyramid,
    /// Cities and provinces with outlines of their own.
    own: [Pyramid; 2],
    bounds: HashMap<PlaceNumber, Bounds>,
    labels: HashMap<PlaceNumber, Point>,
    cells: OnceLock<Townships>,
}

#[derive(Debug)]
struct Townships {
    pyramid: Pyramid,
    bounds: HashMap<PlaceNumber, Bounds>,
    points: HashMap<PlaceNumber, Point>,
    schematic: BTreeSet<PlaceNumber>,
}

/// How the outline of a city or a province comes about.
enum Upper {
    FromCounties,
    Own(MultiPolygon),
}

impl Outlines {
    /// Makes the outlines of counties and above; those of townships wait until they are asked for.
    pub(crate) fn new(places: &Places, imported: Vec<Imported>) -> Self {
        let mut counties = BTreeMap::new();
        let mut townships = BTreeMap::new();
        let mut uppers: HashMap<PlaceNumber, MultiPolygon> = HashMap::new();
        let mut schematic = BTreeSet::new();
        for outline in imported {
            if outline.schematic {
                schematic.insert(outline.place);
            }
            match places.get(outline.place).map(|place| place.level) {
                Some(Level::County) => drop(counties.insert(outline.place, outline.region)),
                Some(Level::Township) => drop(townships.insert(outline.place, outline.region)),
                Some(Level::City | Level::Province) => {
                    drop(uppers.insert(outline.place, outline.region))
                }
                Some(Level::Village) | None => {}
            }
        }
        let mut from_counties: BTreeSet<PlaceNumber> = BTreeSet::new();
        let mut own: [Vec<(i64, MultiPolygon)>; 2] = [Vec::new(), Vec::new()];
        for (layer, level) in own.iter_mut().zip([Level::City, Level::Province]) {
            for number in places.of_level(None, level) {
                match upper(places, &counties, &mut uppers, number) {
                    Some(Upper::FromCounties) => drop(from_counties.insert(number)),
                    Some(Upper::Own(region)) => layer.push((i64::from(number), region)),
                    None => {}
                }
            }
        }
        let regions: Vec<(i64, MultiPolygon)> = counties
            .iter()
            .map(|(number, region)| (i64::from(*number), region.clone()))
            .collect();
        let group = |level: Level| {
            let from_counties = &from_counties;
            move |id: i64| {
                let above = places.at_or_above(u32::try_from(id).ok()?, level)?;
                from_counties.contains(&above).then(|| i64::from(above))
            }
        };
        let shared = Pyramid::new(
            &regions,
            &[&group(Level::City), &group(Level::Province)],
            ZOOMS,
        );
        let mut bounds = HashMap::new();
        let mut labels = HashMap::new();
        for (number, region) in &counties {
            bounds.extend(region.bounds().map(|bounds| (*number, bounds)));
            labels.extend(shape::interior_point(region).map(|point| (*number, point)));
        }
        let own = own.map(|regions| Pyramid::new(&regions, &[], ZOOMS));
        let finest = *ZOOMS.end();
        let dissolved = [shared.outlines(finest, 1), shared.outlines(finest, 2)]
            .into_iter()
            .flatten();
        let single = own.iter().flat_map(|pyramid| pyramid.outlines(finest, 0));
        for (id, region) in dissolved.chain(single) {
            let Ok(number) = u32::try_from(*id) else {
                continue;
            };
            bounds.extend(region.bounds().map(|bounds| (number, bounds)));
            labels.extend(shape::interior_point(region).map(|point| (number, point)));
        }
        Self {
            counties,
            townships,
            schematic,
            shared,
            own,
            bounds,
            labels,
            cells: OnceLock::new(),
        }
    }

    /// The outlines of a level for a zoom. Those of townships are worked out now if they were not before,
    /// which takes a second.
    pub(crate) fn of_level<'a>(
        &'a self,
        places: &Places,
        level: Level,
        zoom: u8,
    ) -> Vec<(PlaceNumber, &'a MultiPolygon)> {
        let parts: Vec<&'a [(i64, MultiPolygon)]> = match level {
            Level::County => vec![self.shared.outlines(zoom, 0)],
            Level::City => vec![self.shared.outlines(zoom, 1), self.own[0].outlines(zoom, 0)],
            Level::Province => vec![self.shared.outlines(zoom, 2), self.own[1].outlines(zoom, 0)],
            Level::Township => vec![self.cells(places).pyramid.outlines(zoom, 0)],
            Level::Village => Vec::new(),
        };
        parts
            .into_iter()
            .flatten()
            .filter_map(|(id, region)| Some((u32::try_from(*id).ok()?, region)))
            .collect()
    }

    /// The borders between the places of a level for a zoom, each once.
    pub(crate) fn borders(&self, level: Level, zoom: u8) -> &[shape::coverage::Border] {
        match level {
            Level::County => self.shared.borders(zoom, 0),
            Level::City => self.shared.borders(zoom, 1),
            Level::Province => self.shared.borders(zoom, 2),
            Level::Township | Level::Village => &[],
        }
    }

    /// The box around a place's outline.
    pub(crate) fn bounds(&self, number: PlaceNumber) -> Option<Bounds> {
        let cell = || self.cells.get().and_then(|cells| cells.bounds.get(&number));
        self.bounds.get(&number).or_else(cell).copied()
    }

    /// Where a place's label goes: inside its outline, else at its seat.
    pub(crate) fn label(&self, places: &Places, number: PlaceNumber) -> Option<Point> {
        let cell = || {
            self.cells
                .get()
                .and_then(|cells| cells.points.get(&number))
                .copied()
        };
        let seat = || places.get(number).and_then(|place| place.seat);
        self.labels
            .get(&number)
            .copied()
            .or_else(cell)
            .or_else(seat)
    }

    /// Whether a place's outline was worked out by the program.
    pub(crate) fn is_schematic(&self, number: PlaceNumber) -> bool {
        self.schematic.contains(&number)
            || self
                .cells
                .get()
                .is_some_and(|cells| cells.schematic.contains(&number))
    }

    /// The box around everything that has an outline.
    pub(crate) fn everything(&self) -> Option<Bounds> {
        self.bounds
            .values()
            .copied()
            .reduce(|one, other| one.union(&other))
    }

    /// Works out the townships now.
    pub(crate) fn prepare_townships(&self, places: &Places) {
        self.cells(places);
    }

    fn cells(&self, places: &Places) -> &Townships {
        self.cells.get_or_init(|| self.make_cells(places))
    }

    fn make_cells(&self, places: &Places) -> Townships {
        let mut regions: BTreeMap<PlaceNumber, MultiPolygon> = self.townships.clone();
        let mut points = HashMap::new();
        let mut schematic = BTreeSet::new();
        for (county, region) in &self.counties {
            let below = places.of_level(Some(*county), Level::Township);
            let wanting: Vec<PlaceNumber> = below
                .iter()
                .copied()
                .filter(|number| !self.townships.contains_key(number))
                .collect();
            if wanting.is_empty() {
                continue;
            }
            let free = self.free_of(region, &below);
            let sites = sites(places, *county, &wanting, &free);
            let placed: Vec<Point> = sites.iter().map(|(_, point)| *point).collect();
            for ((number, point), cell) in sites.iter().zip(shape::voronoi_cells(&placed, &free)) {
                points.insert(*number, *point);
                if !cell.is_empty() {
                    schematic.insert(*number);
                    regions.insert(*number, cell);
                }
            }
        }
        for (number, region) in &self.townships {
            points.extend(shape::interior_point(region).map(|point| (*number, point)));
        }
        let bounds = regions
            .iter()
            .filter_map(|(number, region)| Some((*number, region.bounds()?)))
            .collect();
        let regions: Vec<(i64, MultiPolygon)> = regions
            .into_iter()
            .map(|(number, region)| (i64::from(number), region))
            .collect();
        Townships {
            pyramid: Pyramid::new(&regions, &[], ZOOMS),
            bounds,
            points,
            schematic,
        }
    }

    /// What of a county the imported outlines of its townships leave over.
    fn free_of(&self, county: &MultiPolygon, townships: &[PlaceNumber]) -> MultiPolygon {
        let taken = townships
            .iter()
            .filter_map(|number| self.townships.get(number));
        taken.fold(county.clone(), |free, region| {
            shape::overlay::difference(&free, region)
        })
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        let points: usize = self
            .counties
            .values()
            .chain(self.townships.values())
            .map(MultiPolygon::point_count)
            .sum();
        // Nine levels of falling detail for three layers, and the townships to come.
        points * 16 * 8 + (8 << 20)
    }
}

fn upper(
    places: &Places,
    counties: &BTreeMap<PlaceNumber, MultiPolygon>,
    own: &mut HashMap<PlaceNumber, MultiPolygon>,
    number: PlaceNumber,
) -> Option<Upper> {
    let below = places.of_level(Some(number), Level::County);
    let outlined = below
        .iter()
        .filter(|county| counties.contains_key(county))
        .count();
    if outlined > 0 && outlined == below.len() {
        return Some(Upper::FromCounties);
    }
    match own.remove(&number) {
        Some(region) => Some(Upper::Own(region)),
        None if outlined > 0 => Some(Upper::FromCounties),
        None => None,
    }
}

/// The points of townships: their seats, and for those without one points spread over the county.
fn sites(
    places: &Places,
    county: PlaceNumber,
    townships: &[PlaceNumber],
    region: &MultiPolygon,
) -> Vec<(PlaceNumber, Point)> {
    let seat = |number: &PlaceNumber| places.get(*number).and_then(|place| place.seat);
    let unplaced = townships
        .iter()
        .filter(|number| seat(number).is_none())
        .count();
    let seed = places
        .get(county)
        .and_then(|place| place.code.parse().ok())
        .unwrap_or(0);
    let mut spread = shape::seed_points(region, unplaced, seed).into_iter();
    townships
        .iter()
        .filter_map(|number| Some((*number, seat(number).or_else(|| spread.next())?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::places::Division;

    fn square(west: f64, south: f64, size: f64) -> MultiPolygon {
        let corner = |x: f64, y: f64| Point::new(west + x * size, south + y * size);
        MultiPolygon::from_ring(vec![
            corner(0.0, 0.0),
            corner(1.0, 0.0),
            corner(1.0, 1.0),
            corner(0.0, 1.0),
            corner(0.0, 0.0),
        ])
    }

    fn places() -> Places {
        let division = |record, code: &str, level, parent, seat| Division {
            record,
            code: code.to_owned(),
            name: code.to_owned(),
            level,
            kind: None,
            parent,
            seat,
        };
        Places::new(vec![
            division(1, "610000", Level::Province, None, None),
            division(2, "610100", Level::City, Some(1), None),
            division(3, "610101", Level::County, Some(2), None),
            division(4, "610102", Level::County, Some(2), None),
            division(5, "610200", Level::City, Some(1), None),
            division(6, "610201", Level::County, Some(5), None),
            division(
                7,
                "610101001",
                Level::Township,
                Some(3),
                Some(Point::new(108.2, 34.5)),
            ),
            division(8, "610101002", Level::Township, Some(3), None),
            division(9, "610101003", Level::Township, Some(3), None),
        ])
    }

    #[test]
    fn cities_are_their_counties_or_their_own_outline() {
        let places = places();
        let number = |code: &str| places.by_code(code).unwrap();
        let import = |code: &str, region| Imported {
            place: number(code),
            region,
            schematic: false,
        };
        let outlines = Outlines::new(
            &places,
            vec![
                import("610101", square(108.0, 34.0, 1.0)),
                import("610102", square(109.0, 34.0, 1.0)),
                import("610100", square(100.0, 20.0, 1.0)),
                import("610200", square(110.0, 34.0, 1.0)),
            ],
        );
        let cities = outlines.of_level(&places, Level::City, 8);
        assert_eq!(cities.len(), 2);
        let bounds = outlines.bounds(number("610100")).unwrap();
        assert_eq!((bounds.west, bounds.east), (108.0, 110.0));
        assert_eq!(outlines.bounds(number("610200")).unwrap().west, 110.0);
        assert!(outlines.bounds(number("610201")).is_none());
        assert_eq!(outlines.of_level(&places, Level::Province, 8).len(), 1);
        assert_eq!(outlines.of_level(&places, Level::County, 8).len(), 2);
    }

    #[test]
    fn townships_without_an_outline_get_what_is_left_of_their_county() {
        let places = places();
        let number = |code: &str| places.by_code(code).unwrap();
        let county = square(108.0, 34.0, 1.0);
        let imported = Imported {
            place: number("610101003"),
            region: square(108.5, 34.5, 0.5),
            schematic: false,
        };
        let outlines = Outlines::new(
            &places,
            vec![
                Imported {
                    place: number("610101"),
                    region: county.clone(),
                    schematic: false,
                },
                imported,
            ],
        );
        let townships = outlines.of_level(&places, Level::Township, 12);
        assert_eq!(townships.len(), 3);
        let area: f64 = townships
            .iter()
            .map(|(_, region)| shape::area_km2(region))
            .sum();
        assert!(
            (area / shape::area_km2(&county) - 1.0).abs() < 1e-3,
            "{area}"
        );
        assert!(
            outlines.is_schematic(number("610101001"))
                && outlines.is_schematic(number("610101002"))
        );
        assert!(!outlines.is_schematic(number("610101003")));
        assert_eq!(
            outlines.label(&places, number("610101001")),
            Some(Point::new(108.2, 34.5))
        );
        assert!(outlines.label(&places, number("610101002")).is_some());
    }
}
