//! The tree of education units, numbered so that a subtree is a range.
//!
//! Every unit gets its place in a walk that visits a unit before its children (preorder). The units below
//! and including one unit then hold consecutive places, so a permit over a subtree becomes a range of
//! numbers that a scan can slice before it looks at any row.

use std::ops::Range;

use kernel::{Day, UnitId};

use crate::store::UnitRow;

/// One unit and its parent on the day of the tree, as `store` read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitNode {
    /// The unit.
    pub unit: UnitId,
    /// The unit above it; `None` for a root.
    pub parent: Option<UnitId>,
    /// Whether the unit exists on the day of the tree. A closed unit keeps its last place, so that
    /// its records stay with those who were responsible for them.
    pub valid: bool,
}

/// Every unit with the parent it has on a day. A unit that is closed by then keeps the place it had last,
/// one that is still to come has the place it will have: either way its records have someone responsible.
/// Rows come by unit and day.
pub(crate) fn nodes_on(day: Day, rows: &[UnitRow]) -> Vec<UnitNode> {
    let mut nodes: Vec<UnitNode> = Vec::new();
    for row in rows {
        let stretch = row.stretch;
        let valid = stretch.from <= day && stretch.to.is_none_or(|to| day < to);
        let node = UnitNode {
            unit: row.unit,
            parent: stretch.parent,
            valid,
        };
        match nodes.last_mut() {
            Some(last) if last.unit == row.unit => {
                if !last.valid && (valid || stretch.from <= day) {
                    *last = node;
                }
            }
            _ => nodes.push(node),
        }
    }
    nodes
}

/// All units in preorder. Immutable; a change of units makes a new tree.
#[derive(Debug, Default)]
pub struct UnitTree {
    places: Vec<Place>,
    /// All units, sorted, and the number of each.
    units: Vec<UnitId>,
    numbers: Vec<u32>,
    detached: Vec<UnitId>,
}

/// The number of a unit that has none yet.
const NOWHERE: u32 = u32::MAX;

/// Children as linked lists over the places of the sorted units.
struct Family {
    first: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
}

impl Family {
    fn of(units: usize) -> Self {
        Self {
            first: vec![None; units],
            next: vec![None; units],
        }
    }

    /// Puts a child before those that the parent has.
    fn adopt(&mut self, parent: usize, child: usize) {
        if let (Some(first), Some(next)) = (self.first.get_mut(parent), self.next.get_mut(child)) {
            *next = first.replace(child);
        }
    }

    fn children(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |child: &usize| self.next.get(*child).copied().flatten();
        std::iter::successors(self.first.get(parent).copied().flatten(), next)
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    unit: UnitId,
    parent: Option<u32>,
    end: u32,
    depth: u32,
    valid: bool,
}

impl UnitTree {
    /// Numbers the units. Siblings stand in the order of their ids, so the same units give the same numbers.
    ///
    /// A unit whose parent is unknown, or that stands in a circle of parents, becomes a root of its own
    /// (seen only by those who hold it or everything) and is listed in [`UnitTree::detached`].
    /// Where a unit is given twice, the first one counts.
    #[must_use]
    pub fn build(nodes: &[UnitNode]) -> Self {
        let mut known: Vec<UnitNode> = nodes.to_vec();
        known.sort_by_key(|node| node.unit);
        known.dedup_by_key(|node| node.unit);
        let at = |unit: UnitId| known.binary_search_by_key(&unit, |node| node.unit).ok();

        let mut family = Family::of(known.len());
        let mut roots = Vec::new();
        let mut detached = Vec::new();
        // From the last to the first, so that each list of children comes out in the order of ids.
        for (place, node) in known.iter().enumerate().rev() {
            match node.parent.map(|parent| (parent != node.unit, at(parent))) {
                None => roots.push(place),
                Some((true, Some(parent))) => family.adopt(parent, place),
                Some(_) => {
                    roots.push(place);
                    detached.push(node.unit);
                }
            }
        }
        roots.reverse();
        detached.reverse();

        let mut tree = Self {
            places: Vec::with_capacity(known.len()),
            units: known.iter().map(|node| node.unit).collect(),
            numbers: vec![NOWHERE; known.len()],
            detached,
        };
        for root in roots {
            tree.number(root, &known, &family);
        }
        // What no root reaches stands in a circle: cut it at its smallest id.
        for (place, node) in known.iter().enumerate() {
            if tree.numbers.get(place) == Some(&NOWHERE) {
                tree.detached.push(node.unit);
                tree.number(place, &known, &family);
            }
        }
        tree
    }

    /// Numbers a unit, by its place among the sorted ones, and everything below it.
    fn number(&mut self, root: usize, known: &[UnitNode], family: &Family) {
        enum Step {
            Enter(usize, Option<u32>, u32),
            Leave(u32),
        }
        let mut steps = vec![Step::Enter(root, None, 0)];
        let mut below = Vec::new();
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(at, parent, depth) => {
                    let number = self.next_place();
                    let Some((slot, node)) = self.numbers.get_mut(at).zip(known.get(at)) else {
                        continue;
                    };
                    if *slot != NOWHERE {
                        continue;
                    }
                    *slot = number;
                    self.places.push(Place {
                        unit: node.unit,
                        parent,
                        end: number,
                        depth,
                        valid: node.valid,
                    });
                    steps.push(Step::Leave(number));
                    below.extend(family.children(at));
                    while let Some(child) = below.pop() {
                        steps.push(Step::Enter(child, Some(number), depth.saturating_add(1)));
                    }
                }
                Step::Leave(place) => {
                    let end = self.next_place();
                    if let Some(left) = self.places.get_mut(place as usize) {
                        left.end = end;
                    }
                }
            }
        }
    }

    fn next_place(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    fn place(&self, unit: UnitId) -> Option<&Place> {
        self.places.get(self.position(unit)? as usize)
    }

    /// How many units the tree holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no unit has been read yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The unit's number in the walk.
    #[must_use]
    pub fn position(&self, unit: UnitId) -> Option<u32> {
        let place = self.units.binary_search(&unit).ok()?;
        self.numbers.get(place).copied()
    }

    /// The unit at a number.
    #[must_use]
    pub fn unit_at(&self, position: u32) -> Option<UnitId> {
        self.places.get(position as usize).map(|place| place.unit)
    }

    /// The numbers of the unit and of everything below it.
    #[must_use]
    pub fn range(&self, unit: UnitId) -> Option<Range<u32>> {
        let start = self.position(unit)?;
        Some(start..self.place(unit)?.end)
    }

    /// The unit above.
    #[must_use]
    pub fn parent(&self, unit: UnitId) -> Option<UnitId> {
        self.unit_at(self.place(unit)?.parent?)
    }

    /// How far below its root the unit stands; 0 for a root.
    #[must_use]
    pub fn depth(&self, unit: UnitId) -> Option<u32> {
        Some(self.place(unit)?.depth)
    }

    /// Whether the unit exists on the day of the tree.
    #[must_use]
    pub fn is_valid(&self, unit: UnitId) -> bool {
        self.place(unit).is_some_and(|place| place.valid)
    }

    /// The units above, nearest first, without the unit itself.
    #[must_use]
    pub fn ancestors(&self, unit: UnitId) -> Vec<UnitId> {
        let mut above = Vec::new();
        let mut current = unit;
        while let Some(parent) = self.parent(current) {
            above.push(parent);
            current = parent;
        }
        above
    }

    /// The units directly below, in their order.
    #[must_use]
    pub fn children(&self, unit: UnitId) -> Vec<UnitId> {
        let Some(range) = self.range(unit) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut next = range.start.saturating_add(1);
        while next < range.end {
            let Some(place) = self.places.get(next as usize) else {
                break;
            };
            found.push(place.unit);
            next = place.end.max(next.saturating_add(1));
        }
        found
    }

    /// The unit and everything below it, in preorder.
    pub fn subtree(&self, unit: UnitId) -> impl Iterator<Item = UnitId> + '_ {
        self.range(unit)
            .and_then(|range| self.places.get(range.start as usize..range.end as usize))
            .unwrap_or_default()
            .iter()
            .map(|place| place.unit)
    }

    /// The roots, in their order.
    #[must_use]
    pub fn roots(&self) -> Vec<UnitId> {
        self.places
            .iter()
            .filter(|place| place.parent.is_none())
            .map(|place| place.unit)
            .collect()
    }

    /// Whether `inner` is `outer` or stands below it.
    #[must_use]
    pub fn contains(&self, outer: UnitId, inner: UnitId) -> bool {
        match (self.range(outer), self.position(inner)) {
            (Some(range), Some(position)) => range.contains(&position),
            _ => false,
        }
    }

    /// Units whose parent is missing or circular: a fault in the data, for the operator's log.
    #[must_use]
    pub fn detached(&self) -> &[UnitId] {
        &self.detached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(unit: i64, parent: i64) -> UnitNode {
        UnitNode {
            unit: UnitId::new(unit),
            parent: (parent != 0).then(|| UnitId::new(parent)),
            valid: true,
        }
    }

    fn ids(units: &[UnitId]) -> Vec<i64> {
        units.iter().map(|unit| unit.get()).collect()
    }

    #[test]
    fn a_subtree_is_a_range() {
        let tree = UnitTree::build(&[node(1, 0), node(2, 1), node(3, 1), node(4, 2), node(5, 2)]);
        assert_eq!(tree.range(UnitId::new(2)), Some(1..4));
        assert_eq!(tree.range(UnitId::new(1)), Some(0..5));
        assert_eq!(ids(&tree.children(UnitId::new(1))), [2, 3]);
        assert_eq!(ids(&tree.ancestors(UnitId::new(5))), [2, 1]);
        assert_eq!(tree.depth(UnitId::new(5)), Some(2));
        let below: Vec<UnitId> = tree.subtree(UnitId::new(2)).collect();
        assert_eq!(ids(&below), [2, 4, 5]);
    }

    #[test]
    fn a_unit_stands_where_the_day_says_and_else_where_it_was_or_will_be() {
        let row = |unit, from, to: Option<i32>, parent| UnitRow {
            unit: UnitId::new(unit),
            stretch: crate::model::UnitStretch {
                from: Day::new(from),
                to: to.map(Day::new),
                parent: Some(UnitId::new(parent)),
            },
        };
        let rows = [
            row(1, 0, Some(10), 100),
            row(1, 10, None, 200),
            row(2, 0, Some(5), 100),
            row(2, 5, Some(8), 200),
            row(3, 20, Some(30), 100),
            row(3, 30, None, 200),
        ];
        let on = |day| -> Vec<(i64, i64, bool)> {
            nodes_on(Day::new(day), &rows)
                .iter()
                .map(|node| (node.unit.get(), node.parent.unwrap().get(), node.valid))
                .collect()
        };
        assert_eq!(on(9), [(1, 100, true), (2, 200, false), (3, 100, false)]);
        assert_eq!(on(10), [(1, 200, true), (2, 200, false), (3, 100, false)]);
        assert_eq!(on(4), [(1, 100, true), (2, 100, true), (3, 100, false)]);
    }

    #[test]
    fn a_missing_parent_and_a_circle_become_detached_roots() {
        let tree = UnitTree::build(&[node(1, 0), node(2, 99), node(3, 4), node(4, 3), node(5, 5)]);
        assert_eq!(tree.len(), 5);
        assert_eq!(ids(tree.detached()), [2, 5, 3]);
        assert!(!tree.contains(UnitId::new(1), UnitId::new(2)));
        assert!(tree.contains(UnitId::new(3), UnitId::new(4)));
        assert!(!tree.contains(UnitId::new(4), UnitId::new(3)));
    }
}
