//! Whether the table `unit` says of a unit what its records say. Pure.
//!
//! Both tell stretches of a unit's life over the two clocks, and need not be cut alike: a commit that
//! changed only a unit's name wrote a version of its record and nothing into the table. So a stretch's
//! times of knowledge are joined where one follows the other, and then held against each other.

use std::collections::BTreeMap;

use kernel::{CommitNumber, Day, UnitId};
use security::UnitStretch;

/// How the table `unit` differs from the records of the datasets whose records are units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitFault {
    /// The table lacks the unit.
    Missing,
    /// The table has a unit of which there is no record.
    Extra,
    /// The unit stands under another parent.
    Parent,
    /// The unit holds on other days, or was known at other times.
    Validity,
}

impl UnitFault {
    /// The stable word, for messages and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            UnitFault::Missing => "missing",
            UnitFault::Extra => "extra",
            UnitFault::Parent => "parent",
            UnitFault::Validity => "validity",
        }
    }
}

/// A stretch, and between which commits it was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownStretch {
    pub stretch: UnitStretch,
    pub since: CommitNumber,
    pub until: Option<CommitNumber>,
}

/// Per unit, what is told of it.
pub(super) type Lives = BTreeMap<UnitId, Vec<KnownStretch>>;

/// Holds the table against the records; the units that differ, in their order.
pub(super) fn faults(records: &Lives, table: &Lives) -> Vec<(UnitId, UnitFault)> {
    let mut found = Vec::new();
    for (unit, told) in records {
        let fault = match table.get(unit) {
            None => Some(UnitFault::Missing),
            Some(kept) => difference(told, kept),
        };
        found.extend(fault.map(|fault| (*unit, fault)));
    }
    let extra = table.keys().filter(|unit| !records.contains_key(unit));
    found.extend(extra.map(|unit| (*unit, UnitFault::Extra)));
    found.sort();
    found
}

fn difference(told: &[KnownStretch], kept: &[KnownStretch]) -> Option<UnitFault> {
    let with_parent = |known: &KnownStretch| Some(known.stretch.parent);
    let without = |_: &KnownStretch| None;
    if joined(told, with_parent) == joined(kept, with_parent) {
        None
    } else if joined(told, without) == joined(kept, without) {
        Some(UnitFault::Parent)
    } else {
        Some(UnitFault::Validity)
    }
}

/// What a stretch says apart from when it was known.
type Said = (Day, Option<Day>, Option<Option<UnitId>>);
/// From one commit up to but not including another.
type Knowledge = Vec<(CommitNumber, CommitNumber)>;

fn joined(
    known: &[KnownStretch],
    parent: impl Fn(&KnownStretch) -> Option<Option<UnitId>>,
) -> BTreeMap<Said, Knowledge> {
    let mut by_stretch: BTreeMap<Said, Knowledge> = BTreeMap::new();
    for each in known {
        let said = (each.stretch.from, each.stretch.to, parent(each));
        let until = each.until.unwrap_or(CommitNumber::LATEST);
        by_stretch
            .entry(said)
            .or_default()
            .push((each.since, until));
    }
    for times in by_stretch.values_mut() {
        times.sort_unstable();
        times.dedup_by(|next, before| {
            let follows = next.0 <= before.1;
            if follows {
                before.1 = before.1.max(next.1);
            }
            follows
        });
    }
    by_stretch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(
        from: i32,
        to: Option<i32>,
        parent: i64,
        since: i64,
        until: Option<i64>,
    ) -> KnownStretch {
        KnownStretch {
            stretch: UnitStretch {
                from: Day::new(from),
                to: to.map(Day::new),
                parent: (parent != 0).then(|| UnitId::new(parent)),
            },
            since: CommitNumber::new(since),
            until: until.map(CommitNumber::new),
        }
    }

    fn lives(lives: &[(i64, &[KnownStretch])]) -> Lives {
        lives
            .iter()
            .map(|(unit, known)| (UnitId::new(*unit), known.to_vec()))
            .collect()
    }

    fn fault(told: &[KnownStretch], kept: &[KnownStretch]) -> Option<UnitFault> {
        faults(&lives(&[(7, told)]), &lives(&[(7, kept)]))
            .first()
            .map(|(_, fault)| *fault)
    }

    #[test]
    fn a_change_of_the_name_alone_need_not_show() {
        let told = [known(0, None, 1, 3, Some(5)), known(0, None, 1, 5, None)];
        assert_eq!(fault(&told, &[known(0, None, 1, 3, None)]), None);
        // Unknown for a while is something else.
        let gap = [known(0, None, 1, 3, Some(5)), known(0, None, 1, 6, None)];
        assert_eq!(
            fault(&gap, &[known(0, None, 1, 3, None)]),
            Some(UnitFault::Validity)
        );
    }

    #[test]
    fn another_parent_other_days_and_other_commits_are_found() {
        let told = [known(0, None, 1, 3, None)];
        assert_eq!(
            fault(&told, &[known(0, None, 2, 3, None)]),
            Some(UnitFault::Parent)
        );
        assert_eq!(
            fault(&told, &[known(0, None, 0, 3, None)]),
            Some(UnitFault::Parent)
        );
        for kept in [
            known(1, None, 1, 3, None),
            known(0, Some(9), 1, 3, None),
            known(0, None, 1, 2, None),
            known(0, None, 1, 3, Some(4)),
        ] {
            assert_eq!(fault(&told, &[kept]), Some(UnitFault::Validity), "{kept:?}");
        }
    }

    #[test]
    fn units_that_only_one_of_them_has_are_found() {
        let one = [known(0, None, 0, 3, None)];
        let records = lives(&[(1, &one), (2, &one)]);
        let table = lives(&[(2, &one), (3, &one)]);
        assert_eq!(
            faults(&records, &table),
            [
                (UnitId::new(1), UnitFault::Missing),
                (UnitId::new(3), UnitFault::Extra)
            ]
        );
    }
}
