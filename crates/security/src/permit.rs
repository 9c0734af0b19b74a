//! The permit: proof that someone may do something to some units.
//!
//! No function that reads or writes records can be called without a `&Permit`, and only this crate makes
//! one: from a session, for a job of the list [`JOBS`], or for an operator at the machine itself. The
//! type keeps that promise: its fields are private, it has no `Default`, no `Deserialize`, and no `Clone`
//! (handlers share one behind an `Arc`), so a room can pass a permit on but never make or widen one.
//!
//! ```compile_fail,E0451
//! let forged = security::Permit { everything: true };
//! ```
//! ```compile_fail,E0277
//! fn needs_default<T: Default>() {}
//! needs_default::<security::Permit>();
//! ```
//! ```compile_fail,E0277
//! fn needs_clone<T: Clone>() {}
//! needs_clone::<security::Permit>();
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use axum::http::StatusCode;
use kernel::{AccountId, UnitId};
use standard::{Action, Scope, Sensitivity};

use crate::model::GrantId;
use crate::units::UnitTree;

/// Background work that may act without a person. Adding a name here is a decision to review.
pub const JOBS: [&str; 10] = [
    "import",
    "demo",
    "verify",
    "export",
    "columns",
    "tiles",
    "sweep",
    "bench",
    "directory",
    "workflow",
];

/// Programs at the machine itself: whoever can run them can read the data folder anyway.
pub const OPERATORS: [&str; 2] = ["cli", "first-start"];

/// Who acts, as audit and commits name them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person who signed in.
    Account {
        /// The account.
        id: AccountId,
        /// The name it signs in with.
        login: String,
    },
    /// A job of [`JOBS`].
    Job(&'static str),
    /// A program of [`OPERATORS`].
    Operator(&'static str),
}

impl Actor {
    /// The account, where a person acts.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::Job(_) | Self::Operator(_) => None,
        }
    }
}

/// `account:17`, `job:import`, `operator:cli`: the form that commits and audit keep.
impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { id, .. } => write!(formatter, "account:{id}"),
            Self::Job(name) => write!(formatter, "job:{name}"),
            Self::Operator(name) => write!(formatter, "operator:{name}"),
        }
    }
}

/// Which units a permit reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The whole tree, and records whose unit is not in it yet.
    Everything,
    /// These units, each with or without what stands below it.
    Units(Vec<(UnitId, Scope)>),
}

/// Which datasets a permit reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatasetReach {
    All,
    Only(BTreeSet<String>),
}

impl DatasetReach {
    /// What both reach.
    pub(crate) fn and(self, names: Option<&[String]>) -> Self {
        let Some(names) = names else { return self };
        let names: BTreeSet<String> = names.iter().cloned().collect();
        match self {
            Self::All => Self::Only(names),
            Self::Only(held) => Self::Only(held.intersection(&names).cloned().collect()),
        }
    }
}

/// Which posts a permit may give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gives {
    All,
    Only(BTreeSet<String>),
}

/// Proof that an actor may do certain things to certain units. See the module's page.
#[derive(Debug)]
pub struct Permit {
    actor: Actor,
    grant: Option<GrantId>,
    post: Option<String>,
    line: Option<String>,
    reach: Reach,
    actions: BTreeSet<Action>,
    gives: Gives,
    datasets: DatasetReach,
    /// Places and units, by which all else is named: read whatever the grant is narrowed to.
    common: Arc<BTreeSet<String>>,
    sees: Sensitivity,
}

/// What a permit is made of, inside this crate.
pub(crate) struct PermitParts {
    pub(crate) actor: Actor,
    pub(crate) grant: Option<GrantId>,
    pub(crate) post: Option<String>,
    pub(crate) line: Option<String>,
    pub(crate) reach: Reach,
    pub(crate) actions: BTreeSet<Action>,
    pub(crate) gives: Gives,
    pub(crate) datasets: DatasetReach,
    pub(crate) common: Arc<BTreeSet<String>>,
    pub(crate) sees: Sensitivity,
}

impl Permit {
    pub(crate) fn of(parts: PermitParts) -> Self {
        Self {
            actor: parts.actor,
            grant: parts.grant,
            post: parts.post,
            line: parts.line,
            reach: parts.reach,
            actions: parts.actions,
            gives: parts.gives,
            datasets: parts.datasets,
            common: parts.common,
            sees: parts.sees,
        }
    }

    /// The same permit for some of its actions only and, where they are named, some of its datasets.
    pub(crate) fn with_only(
        mut self,
        actions: &BTreeSet<Action>,
        datasets: Option<&[String]>,
    ) -> Self {
        self.actions.retain(|action| actions.contains(action));
        self.datasets = self.datasets.and(datasets);
        self
    }

    /// The permit of a background job that acts for the node itself, over everything. A job that acts for
    /// a person takes that person's permit instead: [`crate::Security::permit_for_grant`].
    ///
    /// # Errors
    /// [`UnknownName`] for a name outside [`JOBS`].
    pub fn for_job(name: &str) -> Result<Self, UnknownName> {
        Ok(Self::over_everything(Actor::Job(listed(name, &JOBS)?)))
    }

    /// The permit of the command line on the machine itself, over everything.
    ///
    /// # Errors
    /// [`UnknownName`] for a name outside [`OPERATORS`].
    pub fn for_operator(name: &str) -> Result<Self, UnknownName> {
        Ok(Self::over_everything(Actor::Operator(listed(
            name, &OPERATORS,
        )?)))
    }

    fn over_everything(actor: Actor) -> Self {
        Self::of(PermitParts {
            actor,
            grant: None,
            post: None,
            line: None,
            reach: Reach::Everything,
            actions: Action::CHOICES.iter().map(|(_, action)| *action).collect(),
            gives: Gives::All,
            datasets: DatasetReach::All,
            common: Arc::default(),
            sees: Sensitivity::Sensitive,
        })
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The name of the post in which a person acts; `None` for jobs and operators.
    #[must_use]
    pub fn post(&self) -> Option<&str> {
        self.post.as_deref()
    }

    /// The grant in use; `None` for jobs, operators and those who hold no post.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        self.grant
    }

    /// The business line of the grant; `None`: all of them.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        self.line.as_deref()
    }

    /// Whether the permit may give a post to others. Where, is a matter of [`Permit::require_in`].
    #[must_use]
    pub fn may_give(&self, post: &str) -> bool {
        self.allows(Action::ManageAccounts)
            && match &self.gives {
                Gives::All => true,
                Gives::Only(names) => names.contains(post),
            }
    }

    /// Whether the permit holds the action, whatever the unit: for showing or hiding a button.
    #[must_use]
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Asks for an action, whatever the unit.
    ///
    /// # Errors
    /// [`Denied::Action`].
    pub fn require(&self, action: Action) -> Result<(), Denied> {
        if self.allows(action) {
            Ok(())
        } else {
            Err(Denied::Action(action))
        }
    }

    /// Asks for an action on a record of a unit. What the permit does not see does not exist, so that is
    /// asked first.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for a unit out of reach, [`Denied::Action`] for one within.
    pub fn require_in(&self, tree: &UnitTree, unit: UnitId, action: Action) -> Result<(), Denied> {
        if !self.sees(tree, unit) {
            return Err(Denied::Hidden);
        }
        self.require(action)
    }

    /// Whether records of this unit are within reach.
    #[must_use]
    pub fn sees(&self, tree: &UnitTree, unit: UnitId) -> bool {
        match &self.reach {
            Reach::Everything => true,
            Reach::Units(units) => units.iter().any(|(held, scope)| match scope {
                Scope::Subtree => tree.contains(*held, unit),
                Scope::Own => *held == unit && tree.position(unit).is_some(),
            }),
        }
    }

    /// Whether no unit is out of reach, not even one that is not in the tree yet: a query needs no ranges.
    #[must_use]
    pub fn reaches_everything(&self) -> bool {
        self.reach == Reach::Everything
    }

    /// The units within reach as ranges of their numbers in the tree: ascending, apart, never empty ones.
    #[must_use]
    pub fn ranges(&self, tree: &UnitTree) -> Vec<Range<u32>> {
        let mut ranges: Vec<Range<u32>> = match &self.reach {
            Reach::Everything => {
                std::iter::once(0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).collect()
            }
            Reach::Units(units) => units
                .iter()
                .filter_map(|(unit, scope)| {
                    let subtree = tree.range(*unit)?;
                    Some(match scope {
                        Scope::Subtree => subtree,
                        Scope::Own => subtree.start..subtree.start.saturating_add(1),
                    })
                })
                .collect(),
        };
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut joined: Vec<Range<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }

    /// The units that were granted, for the page's place and for a first filter; empty where everything
    /// is within reach.
    #[must_use]
    pub fn units(&self) -> Vec<UnitId> {
        match &self.reach {
            Reach::Everything => Vec::new(),
            Reach::Units(units) => units.iter().map(|(unit, _)| *unit).collect(),
        }
    }

    /// Whether the dataset may be read. Places and units may by every permit.
    #[must_use]
    pub fn sees_dataset(&self, dataset: &str) -> bool {
        self.writes_dataset(dataset) || self.common.contains(dataset)
    }

    /// Whether the dataset may be changed, as far as the permit's actions and units go.
    #[must_use]
    pub fn writes_dataset(&self, dataset: &str) -> bool {
        match &self.datasets {
            DatasetReach::All => true,
            DatasetReach::Only(names) => names.contains(dataset),
        }
    }

    /// The datasets within reach, by name; `None`: all of them.
    #[must_use]
    pub fn datasets(&self) -> Option<&BTreeSet<String>> {
        match &self.datasets {
            DatasetReach::All => None,
            DatasetReach::Only(names) => Some(names),
        }
    }

    /// Whether fields of this sensitivity may be shown.
    #[must_use]
    pub fn sees_field(&self, sensitivity: Sensitivity) -> bool {
        sensitivity <= self.sees
    }

    /// The most sensitive fields that may be shown.
    #[must_use]
    pub fn sensitivity(&self) -> Sensitivity {
        self.sees
    }
}

fn listed<const N: usize>(
    name: &str,
    names: &'static [&'static str; N],
) -> Result<&'static str, UnknownName> {
    names
        .iter()
        .find(|listed| **listed == name)
        .copied()
        .ok_or_else(|| UnknownName(name.to_owned()))
}

/// A permit was asked for under a name that no list holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no permit is made for {0:?}: add the name to security::JOBS or security::OPERATORS")]
pub struct UnknownName(String);

/// Why a permit says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The record is out of reach: answered exactly like a record that does not exist.
    #[error("no such record")]
    Hidden,
    /// The record may be seen, but not this be done to it.
    #[error("the post does not allow {}", .0.as_str())]
    Action(Action),
}

impl Denied {
    /// The status a request is answered with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Hidden => StatusCode::NOT_FOUND,
            Self::Action(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The code for pages and programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hidden => "security.not_found",
            Self::Action(_) => "security.not_allowed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::units::UnitNode;

    fn permit(units: Vec<(UnitId, Scope)>, actions: &[Action]) -> Permit {
        Permit::of(PermitParts {
            actor: Actor::Account {
                id: AccountId::new(17),
                login: "wang".to_owned(),
            },
            grant: None,
            post: Some("planner".to_owned()),
            line: None,
            reach: Reach::Units(units),
            actions: actions.iter().copied().collect(),
            gives: Gives::Only(BTreeSet::new()),
            datasets: DatasetReach::All.and(Some(&["budget".to_owned(), "institution".to_owned()])),
            common: Arc::new(BTreeSet::from(["division".to_owned()])),
            sees: Sensitivity::Internal,
        })
    }

    fn tree() -> UnitTree {
        let node = |unit, parent: Option<i64>| UnitNode {
            unit: UnitId::new(unit),
            parent: parent.map(UnitId::new),
            valid: true,
        };
        UnitTree::build(&[
            node(1, None),
            node(2, Some(1)),
            node(3, Some(1)),
            node(4, Some(2)),
        ])
    }

    #[test]
    fn what_is_not_seen_does_not_exist_and_what_is_seen_may_be_forbidden() {
        let permit = permit(vec![(UnitId::new(2), Scope::Subtree)], &[Action::Read]);
        let ask = |unit, action| permit.require_in(&tree(), UnitId::new(unit), action);
        assert_eq!(ask(4, Action::Read), Ok(()));
        assert_eq!(ask(4, Action::Edit), Err(Denied::Action(Action::Edit)));
        assert_eq!(ask(3, Action::Edit), Err(Denied::Hidden));
        assert_eq!(ask(99, Action::Read), Err(Denied::Hidden));
    }

    #[test]
    fn a_post_for_its_own_unit_reaches_nothing_below() {
        let permit = permit(vec![(UnitId::new(2), Scope::Own)], &[Action::Read]);
        assert!(permit.sees(&tree(), UnitId::new(2)));
        assert!(!permit.sees(&tree(), UnitId::new(4)));
        assert_eq!(
            permit.ranges(&tree()).as_slice(),
            std::slice::from_ref(&(1..2))
        );
    }

    #[test]
    fn only_listed_jobs_and_operators_get_permits() {
        assert!(Permit::for_job("import").is_ok());
        assert!(Permit::for_job("cli").is_err());
        let operator = Permit::for_operator("cli").unwrap();
        assert_eq!(operator.actor().to_string(), "operator:cli");
        assert!(operator.sees(&UnitTree::default(), UnitId::new(5)));
        assert!(Permit::for_operator("demo").is_err());
    }

    #[test]
    fn sensitivity_is_a_ceiling() {
        let permit = permit(Vec::new(), &[]);
        assert!(permit.sees_field(Sensitivity::Public));
        assert!(permit.sees_field(Sensitivity::Internal));
        assert!(!permit.sees_field(Sensitivity::Personal));
    }

    #[test]
    fn datasets_are_those_that_every_narrowing_leaves() {
        let permit = permit(Vec::new(), &[Action::ManageAccounts]);
        assert!(permit.sees_dataset("institution") && !permit.sees_dataset("student"));
        assert!(permit.sees_dataset("division") && !permit.writes_dataset("division"));
        let names = ["student".to_owned(), "budget".to_owned()];
        let both = DatasetReach::Only(BTreeSet::from(["budget".to_owned()]));
        assert_eq!(permit.datasets.clone().and(Some(&names)), both);
        assert_eq!(both.clone().and(None), both);
        assert!(!permit.may_give("planner"));
        assert!(Permit::for_operator("cli").unwrap().may_give("planner"));
    }

    proptest! {
        /// Against the plain walk: a unit is within the ranges exactly when going up from it meets a
        /// granted unit. Parents are drawn freely, so circles and missing parents occur.
        #[test]
        fn ranges_hold_exactly_what_a_walk_up_the_tree_allows(
            parents in prop::collection::vec(prop::option::of(0_i64..40), 1..40),
            granted in prop::collection::vec((0_i64..40, prop::bool::ANY), 0..4),
        ) {
            let nodes: Vec<UnitNode> = parents.iter().enumerate().map(|(unit, parent)| UnitNode {
                unit: UnitId::new(unit as i64),
                parent: parent.map(UnitId::new),
                valid: true,
            }).collect();
            let tree = UnitTree::build(&nodes);
            prop_assert_eq!(tree.len(), nodes.len());

            let granted: Vec<(UnitId, Scope)> = granted.into_iter()
                .map(|(unit, below)| (UnitId::new(unit), if below { Scope::Subtree } else { Scope::Own }))
                .collect();
            let permit = permit(granted.clone(), &[Action::Read]);
            let ranges = permit.ranges(&tree);
            for pair in ranges.windows(2) {
                prop_assert!(pair[0].end < pair[1].start);
            }

            // The plain walk, on the parents as given; a detached unit has no one above it.
            let above: HashMap<UnitId, Option<UnitId>> = nodes.iter()
                .map(|node| (node.unit, node.parent.filter(|_| !tree.detached().contains(&node.unit))))
                .collect();
            for node in &nodes {
                let mut allowed = granted.iter().any(|(unit, _)| *unit == node.unit);
                let mut current = above[&node.unit];
                while let Some(unit) = current {
                    allowed |= granted.contains(&(unit, Scope::Subtree));
                    current = above[&unit];
                }
                let position = tree.position(node.unit).unwrap();
                let in_ranges = ranges.iter().any(|range| range.contains(&position));
                prop_assert_eq!(in_ranges, allowed);
                prop_assert_eq!(permit.sees(&tree, node.unit), allowed);
            }
        }
    }
}
