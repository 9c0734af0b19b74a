//! Figures of the definitions, worked out for every place of a day in one pass.

pub(crate) mod classes;
mod given;
pub(crate) mod given_units;

use std::ops::Range;

use given::{Given, Part};
pub(crate) use given::{POPULATION, Sources, Span, YEARS};
use given_units::Placed;
use standard::{Figure, Standard};

use crate::coverage::Coverage;
use crate::layers::{PlaceNumber, Places};
use crate::model::Kinds;

/// What a figure comes to in one place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// What is divided, or the figure itself.
    pub(crate) numerator: f64,
    /// What it is divided by.
    pub(crate) denominator: f64,
    /// Institutions (or divisions) that were counted.
    pub(crate) used: u32,
    /// Institutions (or counties) that should have been counted and lack a number.
    pub(crate) missing: u32,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.numerator += other.numerator;
        self.denominator += other.denominator;
        self.used += other.used;
        self.missing += other.missing;
    }
}

/// What one institution gives to a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// Its row in the table of institutions.
    pub(crate) row: u32,
    /// The place it lies in.
    pub(crate) place: Option<PlaceNumber>,
    /// Its part of the numerator.
    pub(crate) numerator: f64,
    /// Its part of the denominator.
    pub(crate) denominator: f64,
}

/// A figure for every place.
#[derive(Debug, Default)]
pub(crate) struct Evaluation {
    /// By place; what lies within a place is in its sums.
    sums: Vec<Sums>,
    /// Institutions of which it is not known where they lie.
    pub(crate) nowhere: Sums,
    /// The institutions that were counted.
    shares: Vec<Share>,
    /// The years that the numbers are of.
    pub(crate) span: Option<Span>,
    /// How many of the institutions that were counted are synthetic.
    pub(crate) synthetic: u32,
    /// By place; empty where the permit covers everything.
    coverage: Vec<Coverage>,
    is_ratio: bool,
    is_count: bool,
}

/// The figures that maps can show, in their order.
pub(crate) fn shown(standard: &Standard) -> Vec<&Figure> {
    let is_known = |figure: &&Figure| {
        given::is_known(&figure.numerator)
            && figure.denominator.as_ref().is_none_or(given::is_known)
    };
    standard.figures().iter().filter(is_known).collect()
}

/// Whether a figure counts institutions, so that their kind matters.
pub(crate) fn is_of_institutions(figure: &Figure) -> bool {
    given::is_known(&figure.numerator) && figure.numerator.dataset != POPULATION
}

/// Works out a figure: institutions that are open and of the kinds, within the permit of the sources.
pub(crate) fn evaluate(figure: &Figure, kinds: &Kinds, sources: &Sources<'_>) -> Evaluation {
    let places = &sources.scene.places;
    let mut evaluation = Evaluation {
        sums: vec![Sums::default(); places.len()],
        is_ratio: figure.denominator.is_some(),
        is_count: figure.numerator.sum.is_none(),
        ..Evaluation::default()
    };
    if let Some(placed) = sources
        .placed
        .iter()
        .find(|placed| placed.figure == figure.name)
    {
        evaluation.take_units(places, placed);
        evaluation.coverage = sources
            .ground
            .of_places(places, sources.schools, &Kinds::all());
        return evaluation;
    }
    let numerator = given::part(&figure.numerator, sources, &mut evaluation.span);
    let denominator = figure
        .denominator
        .as_ref()
        .and_then(|measure| given::part(measure, sources, &mut evaluation.span));
    match (numerator, denominator) {
        (Some(Part::OfInstitutions(numbers)), Some(Part::OfInstitutions(over))) => {
            let pair = |row: usize| {
                let (part, whole) = (given_at(&numbers, row), given_at(&over, row));
                (
                    joined((part.0, whole.0), figure.complete_pairs),
                    part.1.or(whole.1),
                )
            };
            evaluation.add_institutions(kinds, sources, &pair);
        }
        (Some(Part::OfInstitutions(numbers)), over) => {
            let alone = |row: usize| {
                let part = given_at(&numbers, row);
                (joined((part.0, Given::Value(0.0)), true), part.1)
            };
            evaluation.add_institutions(kinds, sources, &alone);
            if let Some(Part::OfDivisions(over)) = over {
                evaluation.divide_by_divisions(places, &over);
            }
        }
        (Some(Part::OfDivisions(numbers)), _) => evaluation.take_divisions(places, &numbers),
        (None, _) => {}
    }
    if is_of_institutions(figure) {
        evaluation.coverage = sources.ground.of_places(places, sources.schools, kinds);
    }
    evaluation
}

fn given_at(given: &[(Given, Option<i32>)], row: usize) -> (Given, Option<i32>) {
    given.get(row).copied().unwrap_or((Given::NotCounted, None))
}

/// What an institution gives, and the year it is of.
type Joined = (Result<(f64, f64), bool>, Option<i32>);

/// What an institution gives to both parts: `Err(true)` where it lacks a number that it should have.
fn joined(pair: (Given, Given), complete_pairs: bool) -> Result<(f64, f64), bool> {
    match pair {
        (Given::NotCounted, _) | (_, Given::NotCounted) => Err(false),
        (Given::Value(numerator), Given::Value(denominator)) => Ok((numerator, denominator)),
        (Given::Value(numerator), Given::Missing) if !complete_pairs => Ok((numerator, 0.0)),
        (Given::Missing, Given::Value(denominator)) if !complete_pairs => Ok((0.0, denominator)),
        (Given::Missing, _) | (_, Given::Missing) => Err(true),
    }
}

impl Evaluation {
    fn add_institutions(
        &mut self,
        kinds: &Kinds,
        sources: &Sources<'_>,
        given: &dyn Fn(usize) -> Joined,
    ) {
        for (row, school) in sources.schools.iter() {
            if !school.is_open || !kinds.hold(school.kind) {
                continue;
            }
            let (parts, year) = given(row as usize);
            let (numerator, denominator, used, missing) = match parts {
                Ok((numerator, denominator)) => (numerator, denominator, 1, 0),
                Err(true) => (0.0, 0.0, 0, 1),
                Err(false) => continue,
            };
            let sums = Sums {
                numerator,
                denominator,
                used,
                missing,
            };
            let place = school
                .place
                .and_then(|place| self.sums.get_mut(place as usize));
            place.unwrap_or(&mut self.nowhere).add(&sums);
            if used == 1 {
                if let Some(year) = year {
                    Span::add(&mut self.span, year, true);
                }
                self.synthetic += u32::from(school.is_synthetic);
                self.shares.push(Share {
                    row,
                    place: school.place,
                    numerator,
                    denominator,
                });
            }
        }
        self.roll_up(&sources.scene.places);
    }

    /// Adds what lies within to every place above.
    fn roll_up(&mut self, places: &Places) {
        let above: Vec<Option<PlaceNumber>> = places.iter().map(|(_, place)| place.above).collect();
        for (number, above) in above.into_iter().enumerate().rev() {
            let Some(own) = self.sums.get(number).copied() else {
                continue;
            };
            if let Some(slot) = above.and_then(|above| self.sums.get_mut(above as usize)) {
                slot.add(&own);
            }
        }
    }

    fn divide_by_divisions(&mut self, places: &Places, over: &[Option<f64>]) {
        for (number, _) in places.iter() {
            let slot = self.sums.get_mut(number as usize);
            if let (Some(sums), Some(amount)) = (slot, over.get(number as usize).copied().flatten())
            {
                sums.denominator = amount;
            }
        }
    }

    /// Numbers that another room gives for units, whatever their kind.
    fn take_units(&mut self, places: &Places, placed: &Placed) {
        for (place, numerator, denominator) in &placed.numbers {
            if let Some(slot) = self.sums.get_mut(*place as usize) {
                slot.add(&Sums {
                    numerator: *numerator,
                    denominator: *denominator,
                    used: 1,
                    missing: 0,
                });
            }
        }
        self.nowhere = Sums {
            numerator: placed.nowhere.0,
            denominator: placed.nowhere.1,
            used: placed.nowhere.2,
            missing: 0,
        };
        self.roll_up(places);
    }

    fn take_divisions(&mut self, places: &Places, numbers: &[Option<f64>]) {
        for (number, _) in places.iter() {
            let missing = given::counties_without(places, numbers, number);
            let Some(sums) = self.sums.get_mut(number as usize) else {
                continue;
            };
            match numbers.get(number as usize).copied().flatten() {
                Some(amount) => {
                    *sums = Sums {
                        numerator: amount,
                        denominator: 0.0,
                        used: 1,
                        missing,
                    }
                }
                None => sums.missing = missing,
            }
        }
    }

    /// What the figure comes to in a place.
    pub(crate) fn sums(&self, place: PlaceNumber) -> Sums {
        self.sums.get(place as usize).copied().unwrap_or_default()
    }

    /// How much of a place the permit covers.
    pub(crate) fn coverage(&self, place: PlaceNumber) -> Coverage {
        self.coverage
            .get(place as usize)
            .copied()
            .unwrap_or_default()
    }

    /// How much is covered of a place, or of everything.
    pub(crate) fn coverage_of(&self, within: Option<PlaceNumber>) -> Coverage {
        match within {
            Some(place) => self.coverage(place),
            None if self.coverage.is_empty() => Coverage::Whole,
            None => Coverage::Part,
        }
    }

    /// The figure of a place; none where the permit covers nothing of it.
    pub(crate) fn of_place(&self, place: PlaceNumber) -> Option<f64> {
        if self.coverage(place) == Coverage::Outside {
            return None;
        }
        self.value(&self.sums(place))
    }

    /// What the figure comes to over everything, those of unknown place among them.
    pub(crate) fn total(&self, places: &Places, within: Option<PlaceNumber>) -> Sums {
        if let Some(place) = within {
            return self.sums(place);
        }
        let mut total = self.nowhere;
        for root in places.roots() {
            total.add(&self.sums(root));
        }
        total
    }

    /// The figure itself; `None` where there is nothing to work it out from.
    pub(crate) fn value(&self, sums: &Sums) -> Option<f64> {
        if self.is_ratio {
            return (sums.denominator > 0.0 && sums.used > 0)
                .then(|| sums.numerator / sums.denominator);
        }
        (sums.used > 0 || self.is_count).then_some(sums.numerator)
    }

    /// Whether the figure is one number over another.
    pub(crate) fn is_ratio(&self) -> bool {
        self.is_ratio
    }

    /// The figure of one institution.
    pub(crate) fn value_of(&self, share: &Share) -> Option<f64> {
        if self.is_ratio {
            return (share.denominator > 0.0).then(|| share.numerator / share.denominator);
        }
        Some(share.numerator)
    }

    /// The institutions that were counted within a place.
    pub(crate) fn shares(&self, within: Range<PlaceNumber>) -> impl Iterator<Item = &Share> {
        self.shares
            .iter()
            .filter(move |share| share.place.is_some_and(|place| within.contains(&place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_counts_only_when_both_parts_are_there() {
        assert_eq!(
            joined((Given::Value(90.0), Given::Value(2.0)), true),
            Ok((90.0, 2.0))
        );
        assert_eq!(
            joined((Given::Value(90.0), Given::Missing), true),
            Err(true)
        );
        assert_eq!(
            joined((Given::Value(90.0), Given::Missing), false),
            Ok((90.0, 0.0))
        );
        assert_eq!(
            joined((Given::Missing, Given::NotCounted), true),
            Err(false)
        );
    }

    #[test]
    fn a_ratio_of_nothing_is_no_value_and_a_count_of_nothing_is_zero() {
        let none = Sums::default();
        let ratio = Evaluation {
            is_ratio: true,
            ..Evaluation::default()
        };
        assert_eq!(ratio.value(&none), None);
        let count = Evaluation {
            is_count: true,
            ..Evaluation::default()
        };
        assert_eq!(count.value(&none), Some(0.0));
        assert_eq!(Evaluation::default().value(&none), None);
    }
}
