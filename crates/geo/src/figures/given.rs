//! What the parts of a figure are given for: a number for each institution, or for each division.

use columns::Table;
use registry::held::View;
use standard::Measure;

use crate::coverage::Ground;
use crate::layers::{Places, Scene};
use crate::model::Level;
use crate::numbers::Years;
use crate::schools::{INSTITUTION, Schools};

/// The dataset of yearly headlines.
pub(crate) const YEARS: &str = "institution_year";
/// The dataset of population.
pub(crate) const POPULATION: &str = "division_population";

/// What one institution gives to a part of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Given {
    /// A number.
    Value(f64),
    /// It should give one and has none.
    Missing,
    /// It is not asked.
    NotCounted,
}

/// A part of a figure before it is added up.
#[derive(Debug)]
pub(crate) enum Part {
    /// By row of the table of institutions, with the year in which each number's school year begins.
    OfInstitutions(Vec<(Given, Option<i32>)>),
    /// By place: numbers that were published for the division itself.
    OfDivisions(Vec<Option<f64>>),
}

/// The views that figures are worked out from, all at the same clocks and within one permit.
pub(crate) struct Sources<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) schools: &'a Schools,
    pub(crate) years: &'a Years,
    pub(crate) population: &'a View,
    pub(crate) ground: &'a Ground,
    /// Numbers of other rooms.
    pub(crate) placed: &'a [super::given_units::Placed],
}

/// Which years numbers are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first; of a school year the calendar year in which it begins.
    pub(crate) first: i32,
    /// The last.
    pub(crate) last: i32,
    /// Whether they are school years.
    pub(crate) of_school: bool,
}

impl Span {
    /// Takes a year in.
    pub(crate) fn add(span: &mut Option<Self>, year: i32, of_school: bool) {
        let held = span.get_or_insert(Self {
            first: year,
            last: year,
            of_school,
        });
        held.first = held.first.min(year);
        held.last = held.last.max(year);
    }
}

/// The part that a measure asks for; `None` where its dataset is not one of places or institutions.
pub(crate) fn part(
    measure: &Measure,
    sources: &Sources<'_>,
    span: &mut Option<Span>,
) -> Option<Part> {
    match measure.dataset.as_str() {
        INSTITUTION => Some(Part::OfInstitutions(of_institutions(measure, sources))),
        YEARS => Some(Part::OfInstitutions(of_years(measure, sources))),
        POPULATION => Some(Part::OfDivisions(of_divisions(measure, sources, span))),
        _ => None,
    }
}

/// Whether figures can use a measure.
pub(crate) fn is_known(measure: &Measure) -> bool {
    [INSTITUTION, YEARS, POPULATION].contains(&measure.dataset.as_str())
}

fn of_institutions(measure: &Measure, sources: &Sources<'_>) -> Vec<(Given, Option<i32>)> {
    let table = sources.schools.columns();
    let filters = Filters::new(measure, table);
    let field = measure.sum.as_deref().and_then(|name| table.position(name));
    let mut given = vec![(Given::NotCounted, None); table.rows()];
    for (row, _) in sources.schools.iter() {
        if let Some(slot) = given
            .get_mut(row as usize)
            .filter(|_| filters.fit(table, row as usize))
        {
            slot.0 = value(measure, table, field, row as usize);
        }
    }
    given
}

fn of_years(measure: &Measure, sources: &Sources<'_>) -> Vec<(Given, Option<i32>)> {
    let table = sources.years.columns();
    let filters = Filters::new(measure, table);
    let field = measure.sum.as_deref().and_then(|name| table.position(name));
    // An institution that never reported lacks the number.
    let mut given = vec![(Given::Missing, None); sources.schools.columns().rows()];
    for latest in sources.years.latest() {
        let row = latest.row as usize;
        if let Some(slot) = given.get_mut(latest.school as usize) {
            *slot = if filters.fit(table, row) {
                (value(measure, table, field, row), latest.first)
            } else {
                (Given::NotCounted, None)
            };
        }
    }
    given
}

/// The last year of which any division has a number: a census, not a mixture of two.
fn of_divisions(
    measure: &Measure,
    sources: &Sources<'_>,
    span: &mut Option<Span>,
) -> Vec<Option<f64>> {
    let table = sources.population.table();
    let places = &sources.scene.places;
    let filters = Filters::new(measure, table);
    let field = measure.sum.as_deref().and_then(|name| table.position(name));
    let mut given = vec![None; places.len()];
    let (Some(division), Some(year)) = (table.position("division"), table.position("year")) else {
        return given;
    };
    let rows = || {
        sources
            .population
            .rows()
            .filter(|row| filters.fit(table, *row))
    };
    let Some(last) = rows().filter_map(|row| table.int(year, row)).max() else {
        return given;
    };
    Span::add(span, i32::try_from(last).unwrap_or_default(), false);
    for row in rows().filter(|row| table.int(year, *row) == Some(last)) {
        let place = table
            .int(division, row)
            .and_then(|record| places.by_record(record));
        let slot = place.and_then(|place| given.get_mut(place as usize));
        if let (Some(slot), Given::Value(number)) = (slot, value(measure, table, field, row)) {
            *slot = Some(number);
        }
    }
    added_up(places, given)
}

/// A division without a number of its own has the sum of those within it.
fn added_up(places: &Places, mut given: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let own: Vec<bool> = given.iter().map(Option::is_some).collect();
    let numbered: Vec<_> = places
        .iter()
        .map(|(number, place)| (number, place.above))
        .collect();
    for (number, above) in numbered.into_iter().rev() {
        let Some(amount) = given.get(number as usize).copied().flatten() else {
            continue;
        };
        let Some(above) = above.map(|above| above as usize) else {
            continue;
        };
        if own.get(above) == Some(&false)
            && let Some(slot) = given.get_mut(above)
        {
            *slot = Some(slot.unwrap_or(0.0) + amount);
        }
    }
    given
}

/// Counties within a place that have no number, where numbers of divisions are asked for.
pub(crate) fn counties_without(places: &Places, given: &[Option<f64>], within: u32) -> u32 {
    let counties = places.of_level(Some(within), Level::County);
    let lacks = |county: &&u32| given.get(**county as usize).copied().flatten().is_none();
    u32::try_from(counties.iter().filter(lacks).count()).unwrap_or(u32::MAX)
}

fn value(measure: &Measure, table: &Table, field: Option<usize>, row: usize) -> Given {
    if measure.sum.is_none() {
        return Given::Value(1.0);
    }
    let number = field.and_then(|column| {
        table
            .int(column, row)
            .map(|number| number as f64)
            .or_else(|| table.real(column, row))
    });
    number.map_or(Given::Missing, Given::Value)
}

/// The conditions of a measure, each with the column it looks at.
struct Filters<'m>(Vec<(Option<usize>, &'m str)>);

impl<'m> Filters<'m> {
    fn new(measure: &'m Measure, table: &Table) -> Self {
        Self(
            measure
                .filters
                .iter()
                .map(|(field, value)| (table.position(field), value.as_str()))
                .collect(),
        )
    }

    fn fit(&self, table: &Table, row: usize) -> bool {
        self.0.iter().all(|(column, wanted)| {
            let Some(column) = *column else { return false };
            if let Some(text) = table.text(column, row) {
                return text == *wanted;
            }
            if let Some(flag) = table.bool(column, row) {
                return (flag && *wanted == "true") || (!flag && *wanted == "false");
            }
            table
                .int(column, row)
                .is_some_and(|number| number.to_string() == *wanted)
        })
    }
}
