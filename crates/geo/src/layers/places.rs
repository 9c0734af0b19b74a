//! The tree of divisions as of a day: every place with its number in a walk that visits a place before
//! what lies below it, so that "within" is a range of numbers.

use std::collections::HashMap;
use std::ops::Range;

use shape::Point;

use crate::model::Level;

/// The number of a place in the walk.
pub(crate) type PlaceNumber = u32;

/// A division as the ledger has it on the day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Division {
    /// The record, which stays when the code changes.
    pub(crate) record: i64,
    /// The code on the day.
    pub(crate) code: String,
    /// The name on the day.
    pub(crate) name: String,
    /// The level.
    pub(crate) level: Level,
    /// A code of `division_kind`.
    pub(crate) kind: Option<String>,
    /// The record above.
    pub(crate) parent: Option<i64>,
    /// Its seat, or where it is drawn.
    pub(crate) seat: Option<Point>,
}

/// A division at its place in the tree.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The division.
    pub(crate) division: Division,
    /// The place above.
    pub(crate) above: Option<PlaceNumber>,
    /// The number after the last place within.
    end: PlaceNumber,
}

impl std::ops::Deref for Place {
    type Target = Division;

    fn deref(&self) -> &Division {
        &self.division
    }
}

/// All places of a day.
#[derive(Debug, Default)]
pub(crate) struct Places {
    places: Vec<Place>,
    by_code: HashMap<String, PlaceNumber>,
    by_record: HashMap<i64, PlaceNumber>,
}

impl Places {
    /// Numbers the divisions. Siblings stand in the order of their codes. What lies under a division that
    /// is not there, or in a circle, becomes a root of its own.
    pub(crate) fn new(mut divisions: Vec<Division>) -> Self {
        divisions.sort_by(|one, other| {
            one.code
                .cmp(&other.code)
                .then(one.record.cmp(&other.record))
        });
        let known: HashMap<i64, usize> = divisions
            .iter()
            .enumerate()
            .map(|(index, division)| (division.record, index))
            .collect();
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); divisions.len()];
        let mut roots = Vec::new();
        for (index, division) in divisions.iter().enumerate() {
            let above = division
                .parent
                .and_then(|parent| known.get(&parent))
                .filter(|above| **above != index);
            match above.and_then(|above| below.get_mut(*above)) {
                Some(list) => list.push(index),
                None => roots.push(index),
            }
        }
        let mut walk = Walk {
            divisions: divisions.into_iter().map(Some).collect(),
            below,
            places: Vec::new(),
        };
        for root in roots {
            walk.from(root);
        }
        // What no root reaches stands in a circle.
        for index in 0..walk.divisions.len() {
            walk.from(index);
        }
        let places = walk.places;
        let mut by_code = HashMap::with_capacity(places.len());
        let mut by_record = HashMap::with_capacity(places.len());
        for (number, place) in (0..).zip(&places) {
            by_code.entry(place.code.clone()).or_insert(number);
            by_record.insert(place.record, number);
        }
        Self {
            places,
            by_code,
            by_record,
        }
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// A place.
    pub(crate) fn get(&self, number: PlaceNumber) -> Option<&Place> {
        self.places.get(number as usize)
    }

    /// The level of a place, where there is one.
    pub(crate) fn level_of(&self, number: Option<PlaceNumber>) -> Option<Level> {
        number
            .and_then(|number| self.get(number))
            .map(|place| place.level)
    }

    /// All places with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PlaceNumber, &Place)> {
        (0..).zip(&self.places)
    }

    /// The place of a code on the day.
    pub(crate) fn by_code(&self, code: &str) -> Option<PlaceNumber> {
        self.by_code.get(code).copied()
    }

    /// The place of a record.
    pub(crate) fn by_record(&self, record: i64) -> Option<PlaceNumber> {
        self.by_record.get(&record).copied()
    }

    /// The place and everything within it.
    pub(crate) fn range(&self, number: PlaceNumber) -> Range<PlaceNumber> {
        self.get(number).map_or(0..0, |place| number..place.end)
    }

    /// The places with nothing above them.
    pub(crate) fn roots(&self) -> Vec<PlaceNumber> {
        self.iter()
            .filter(|(_, place)| place.above.is_none())
            .map(|(number, _)| number)
            .collect()
    }

    /// The places directly below one, by code.
    pub(crate) fn children(&self, number: PlaceNumber) -> Vec<PlaceNumber> {
        let range = self.range(number);
        let mut found = Vec::new();
        let mut next = range.start.saturating_add(1);
        while next < range.end {
            found.push(next);
            next = self.range(next).end.max(next + 1);
        }
        found
    }

    /// The place and those above it, the widest first.
    pub(crate) fn path(&self, number: PlaceNumber) -> Vec<PlaceNumber> {
        let mut path = vec![number];
        let mut current = number;
        while let Some(above) = self.get(current).and_then(|place| place.above) {
            path.push(above);
            current = above;
        }
        path.reverse();
        path
    }

    /// The place of a level that this one is or lies in.
    pub(crate) fn at_or_above(&self, number: PlaceNumber, level: Level) -> Option<PlaceNumber> {
        self.path(number)
            .into_iter()
            .find(|above| self.get(*above).is_some_and(|place| place.level == level))
    }

    /// The places of a level within one (all there are where `None`), by code within the same place above.
    pub(crate) fn of_level(&self, within: Option<PlaceNumber>, level: Level) -> Vec<PlaceNumber> {
        let range = within.map_or(
            0..u32::try_from(self.places.len()).unwrap_or(u32::MAX),
            |number| self.range(number),
        );
        range
            .filter(|number| self.get(*number).is_some_and(|place| place.level == level))
            .collect()
    }

    /// The narrowest place that all of these are or lie in.
    pub(crate) fn around(&self, numbers: &[PlaceNumber]) -> Option<PlaceNumber> {
        let first = *numbers.first()?;
        let holds_all = |number: &PlaceNumber| {
            let range = self.range(*number);
            numbers.iter().all(|each| range.contains(each))
        };
        self.path(first).into_iter().rev().find(holds_all)
    }

    /// A place's full name: that of the places above it below the province, and its own.
    pub(crate) fn full_name(&self, number: PlaceNumber) -> String {
        let path = self.path(number);
        let skipped = usize::from(path.len() > 1);
        path.into_iter()
            .skip(skipped)
            .filter_map(|each| self.get(each))
            .map(|place| place.name.as_str())
            .collect()
    }

    /// Bytes that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.places.len() * 240
    }
}

struct Walk {
    divisions: Vec<Option<Division>>,
    below: Vec<Vec<usize>>,
    places: Vec<Place>,
}

impl Walk {
    /// Numbers a division and what lies below it, unless it has its number.
    fn from(&mut self, root: usize) {
        let mut steps = vec![Step::Enter(root, None)];
        while let Some(step) = steps.pop() {
            let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            match step {
                Step::Enter(index, above) => {
                    let Some(division) = self.divisions.get_mut(index).and_then(Option::take)
                    else {
                        continue;
                    };
                    self.places.push(Place {
                        division,
                        above,
                        end: next,
                    });
                    steps.push(Step::Leave(next));
                    let below = self.below.get(index).map_or(&[][..], Vec::as_slice);
                    steps.extend(
                        below
                            .iter()
                            .rev()
                            .map(|child| Step::Enter(*child, Some(next))),
                    );
                }
                Step::Leave(number) => {
                    if let Some(place) = self.places.get_mut(number as usize) {
                        place.end = next;
                    }
                }
            }
        }
    }
}

enum Step {
    Enter(usize, Option<PlaceNumber>),
    Leave(PlaceNumber),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn division(record: i64, code: &str, level: Level, parent: Option<i64>) -> Division {
        Division {
            record,
            code: code.to_owned(),
            name: format!("地{code}"),
            level,
            kind: None,
            parent,
            seat: None,
        }
    }

    fn places() -> Places {
        Places::new(vec![
            division(5, "610305", Level::County, Some(2)),
            division(1, "610000", Level::Province, None),
            division(2, "610300", Level::City, Some(1)),
            division(3, "610100", Level::City, Some(1)),
            division(4, "610113", Level::County, Some(3)),
            division(6, "610113001", Level::Township, Some(4)),
            division(7, "990000", Level::County, Some(77)),
            division(8, "999999", Level::County, Some(9)),
            division(9, "999998", Level::County, Some(8)),
        ])
    }

    #[test]
    fn within_is_a_range_of_numbers() {
        let places = places();
        let number = |code: &str| places.by_code(code).unwrap();
        assert_eq!(places.len(), 9);
        assert_eq!(places.range(number("610000")), 0..6);
        assert_eq!(
            places.children(number("610000")),
            [number("610100"), number("610300")]
        );
        assert_eq!(
            places.of_level(Some(number("610000")), Level::County),
            [number("610113"), number("610305")]
        );
        assert_eq!(
            places.at_or_above(number("610113001"), Level::City),
            Some(number("610100"))
        );
        assert_eq!(
            places.around(&[number("610113001"), number("610113")]),
            Some(number("610113"))
        );
        assert_eq!(
            places.around(&[number("610113"), number("610305")]),
            Some(0)
        );
        assert_eq!(places.full_name(number("610113")), "地610100地610113");
    }

    #[test]
    fn what_hangs_in_the_air_is_a_root_and_a_circle_is_cut() {
        let places = places();
        let roots: Vec<&str> = places
            .roots()
            .into_iter()
            .filter_map(|number| places.get(number))
            .map(|place| place.code.as_str())
            .collect();
        assert_eq!(roots, ["610000", "990000", "999998"]);
        assert_eq!(places.path(places.by_code("999999").unwrap()).len(), 2);
    }
}
