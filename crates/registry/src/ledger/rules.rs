//! How a change bears on the stretches of a record. Pure.
//!
//! A record is a function from days to values, stored as stretches that never overlap. A change speaks
//! of a period `[from, to)`: on each of its days the record exists and the named fields have the named
//! values, or the record does not exist. What the change does not speak of stays. Stretches that come
//! out as they were are left alone, so a change that says nothing new writes nothing.

use kernel::{Day, UnitId, Value};

use super::model::{Action, Change};

/// A piece of a record's life while a change set is being worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First day.
    pub from: Day,
    /// The day after the last; `None`: for good.
    pub to: Option<Day>,
    /// The unit it is judged by.
    pub unit: UnitId,
    /// One value a field.
    pub values: Vec<Value>,
    /// Position in the list that was read from the store, for stretches that are still as read.
    pub stored: Option<usize>,
}

impl Stretch {
    fn overlaps(&self, from: Day, to: Option<Day>) -> bool {
        self.to.is_none_or(|own_end| from < own_end) && to.is_none_or(|end| self.from < end)
    }
}

/// The stretches of a record after a change. `stretches` must not overlap; the result does not, and is
/// ordered by day. `width` is the number of fields.
pub(super) fn apply(stretches: Vec<Stretch>, change: &Change, width: usize) -> Vec<Stretch> {
    if change.to.is_some_and(|to| to <= change.from) {
        return stretches;
    }
    let mut result = Vec::with_capacity(stretches.len() + 2);
    let mut covered: Vec<(Day, Option<Day>)> = Vec::new();
    for stretch in stretches {
        if !stretch.overlaps(change.from, change.to) {
            result.push(stretch);
            continue;
        }
        let inner_from = stretch.from.max(change.from);
        let inner_to = earlier_end(stretch.to, change.to);
        covered.push((inner_from, inner_to));
        let new_values = match &change.action {
            Action::End => None,
            Action::Assert(patch) => Some(patched(&stretch.values, patch)),
        };
        if new_values.as_ref() == Some(&stretch.values) && stretch.unit == change.unit {
            result.push(stretch);
            continue;
        }
        if stretch.from < inner_from {
            result.push(Stretch {
                to: Some(inner_from),
                stored: None,
                ..stretch.clone()
            });
        }
        if let (Some(end), true) = (inner_to, inner_to != stretch.to) {
            result.push(Stretch {
                from: end,
                stored: None,
                ..stretch.clone()
            });
        }
        if let Some(values) = new_values {
            result.push(Stretch {
                from: inner_from,
                to: inner_to,
                unit: change.unit,
                values,
                stored: None,
            });
        }
    }
    if let Action::Assert(patch) = &change.action {
        covered.sort();
        let blank = vec![Value::Null; width];
        for (from, to) in gaps(change.from, change.to, &covered) {
            let values = patched(&blank, patch);
            result.push(Stretch {
                from,
                to,
                unit: change.unit,
                values,
                stored: None,
            });
        }
    }
    result.sort_by_key(|stretch| stretch.from);
    result
}

/// The values with the patch laid over them.
fn patched(values: &[Value], patch: &[Option<Value>]) -> Vec<Value> {
    values
        .iter()
        .enumerate()
        .map(|(position, value)| match patch.get(position) {
            Some(Some(new)) => new.clone(),
            _ => value.clone(),
        })
        .collect()
}

fn earlier_end(one: Option<Day>, other: Option<Day>) -> Option<Day> {
    match (one, other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (end, None) | (None, end) => end,
    }
}

/// The parts of `[from, to)` that the sorted, disjoint periods leave free.
fn gaps(from: Day, to: Option<Day>, covered: &[(Day, Option<Day>)]) -> Vec<(Day, Option<Day>)> {
    let mut free = Vec::new();
    let mut next = from;
    for (start, end) in covered {
        if next < *start {
            free.push((next, Some(*start)));
        }
        match end {
            Some(end) => next = next.max(*end),
            None => return free,
        }
    }
    if to.is_none_or(|end| next < end) {
        free.push((next, to));
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::model::Target;
    use kernel::RecordId;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const HORIZON: i32 = 30;

    fn day(offset: i32) -> Day {
        Day::new(offset)
    }

    /// The naive model: a table of days.
    type Days = BTreeMap<i32, (UnitId, Vec<Value>)>;

    fn apply_naively(days: &mut Days, change: &Change, width: usize) {
        let end = change.to.map_or(HORIZON, |to| to.get().min(HORIZON));
        for each in change.from.get()..end {
            match &change.action {
                Action::End => {
                    days.remove(&each);
                }
                Action::Assert(patch) => {
                    let old = days
                        .get(&each)
                        .map_or(vec![Value::Null; width], |(_, values)| values.clone());
                    days.insert(each, (change.unit, patched(&old, patch)));
                }
            }
        }
    }

    fn days_of(stretches: &[Stretch]) -> Days {
        let mut days = Days::new();
        for stretch in stretches {
            let end = stretch.to.map_or(HORIZON, |to| to.get().min(HORIZON));
            for each in stretch.from.get()..end {
                let before = days.insert(each, (stretch.unit, stretch.values.clone()));
                assert!(before.is_none(), "stretches overlap on day {each}");
            }
        }
        days
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let value = prop_oneof![
            2 => Just(None),
            1 => Just(Some(Value::Null)),
            4 => (0i64..3).prop_map(|n| Some(Value::Int(n))),
        ];
        let action = prop_oneof![
            5 => proptest::collection::vec(value, 2).prop_map(Action::Assert),
            1 => Just(Action::End),
        ];
        (0..20i32, proptest::option::of(1..10i32), action, 1..3i64).prop_map(
            |(from, length, action, unit)| Change {
                target: Target::Existing(RecordId::new(1)),
                unit: UnitId::new(unit),
                from: day(from),
                to: length.map(|length| day(from + length)),
                action,
            },
        )
    }

    proptest! {
        #[test]
        fn stretches_say_what_a_table_of_days_says(changes in proptest::collection::vec(any_change(), 1..12)) {
            let mut stretches = Vec::new();
            let mut days = Days::new();
            for change in &changes {
                stretches = apply(stretches, change, 2);
                apply_naively(&mut days, change, 2);
                prop_assert_eq!(&days_of(&stretches), &days);
            }
        }

        #[test]
        fn saying_the_same_twice_changes_nothing(changes in proptest::collection::vec(any_change(), 1..8)) {
            let mut stretches = Vec::new();
            for change in &changes {
                stretches = apply(stretches, change, 2);
            }
            let last = changes.last().unwrap();
            let again = apply(stretches.clone(), last, 2);
            prop_assert_eq!(again, stretches);
        }
    }

    #[test]
    fn a_change_from_a_day_trims_the_old_stretch_and_opens_a_new_one() {
        let old = Stretch {
            from: day(0),
            to: None,
            unit: UnitId::new(1),
            values: vec![Value::Int(1), Value::Int(2)],
            stored: Some(0),
        };
        let change = Change {
            target: Target::Existing(RecordId::new(1)),
            unit: UnitId::new(1),
            from: day(10),
            to: None,
            action: Action::Assert(vec![Some(Value::Int(9)), None]),
        };
        let after = apply(vec![old], &change, 2);
        assert_eq!(after.len(), 2);
        assert_eq!((after[0].from, after[0].to), (day(0), Some(day(10))));
        assert_eq!(after[1].values, vec![Value::Int(9), Value::Int(2)]);
        assert!(after.iter().all(|stretch| stretch.stored.is_none()));
    }
}
