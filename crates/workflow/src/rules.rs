//! Who may begin, see and move a case, and who is asked. Pure.

use std::collections::BTreeSet;

use kernel::{AccountId, UnitId};
use security::{Grant, UnitTree};
use standard::{Begin, Move, NoteRule, Post, Relation, Scope, State, Who, Workflow};

use crate::model::{Case, Event, Mover, NODE, Stands, Task};

/// Why a move is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The process knows no such move.
    NoMove,
    /// The move does not lead out of the present state.
    NotFromHere,
    /// The definition does not let this person.
    NotYou,
    /// The applicant may not decide (four eyes).
    OwnCase,
    /// Who made an earlier move may not make this one.
    SamePerson,
    /// A note is missing.
    NoNote,
}

impl Refusal {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoMove => "workflow.no_move",
            Self::NotFromHere => "workflow.not_from_here",
            Self::NotYou => "workflow.not_you",
            Self::OwnCase => "workflow.own_case",
            Self::SamePerson => "workflow.same_person",
            Self::NoNote => "workflow.no_note",
        }
    }
}

/// What of a case the rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) state: &'a str,
    pub(crate) applicant: Option<AccountId>,
    pub(crate) holder: Option<AccountId>,
}

impl<'a> From<&'a Case> for Standing<'a> {
    fn from(case: &'a Case) -> Self {
        Self {
            state: &case.state,
            applicant: case.applicant,
            holder: case.holder,
        }
    }
}

/// Whether someone may begin a case; `post` and `allows` are those of the post in which the person works.
pub(crate) fn may_begin(begin: &Begin, mover: &Mover) -> bool {
    if begin.program || mover.account.is_none() {
        return false;
    }
    if begin.anyone {
        return true;
    }
    let Some(post) = &mover.post else {
        return false;
    };
    let is_post = begin.posts.is_empty() || begin.posts.contains(post);
    is_post
        && begin
            .action
            .is_none_or(|action| mover.actions.contains(&action))
}

/// Whether one line of `who` lets someone.
fn fits(who: &Who, standing: Standing<'_>, mover: &Mover) -> bool {
    let Some(account) = mover.account else {
        return false;
    };
    if who.relation == Relation::Applicant {
        return standing.holder == Some(account);
    }
    stands(who.relation, mover.stands) && holds(who, mover)
}

fn stands(relation: Relation, stands: Stands) -> bool {
    match stands {
        Stands::Apart => false,
        Stands::Same => matches!(relation, Relation::Same | Relation::Within),
        Stands::Above => matches!(relation, Relation::Above | Relation::Within),
        Stands::Node { is_root } => relation != Relation::Same || is_root,
    }
}

fn holds(who: &Who, mover: &Mover) -> bool {
    let Some(post) = &mover.post else {
        return false;
    };
    let is_post = who.posts.is_empty() || who.posts.contains(post);
    is_post
        && who
            .action
            .is_none_or(|action| mover.actions.contains(&action))
}

/// Whether someone may make a move now, whatever is noted.
pub(crate) fn may_move(
    step: &Move,
    standing: Standing<'_>,
    mover: &Mover,
    events: &[Event],
) -> Result<(), Refusal> {
    if !step.from.iter().any(|from| from == standing.state) {
        return Err(Refusal::NotFromHere);
    }
    if !step.who.iter().any(|who| fits(who, standing, mover)) {
        return Err(Refusal::NotYou);
    }
    if step.not_applicant && is_own(standing, mover.account) {
        return Err(Refusal::OwnCase);
    }
    let made_before = events.iter().any(|event| {
        event.account.is_some()
            && event.account == mover.account
            && event
                .step
                .as_ref()
                .is_some_and(|made| step.not_after.contains(made))
    });
    if made_before {
        return Err(Refusal::SamePerson);
    }
    Ok(())
}

/// Whether the case is the mover's own: who applied, or who took it over.
fn is_own(standing: Standing<'_>, account: Option<AccountId>) -> bool {
    account.is_some() && (standing.applicant == account || standing.holder == account)
}

/// The move of that name, where it may be made with this note.
pub(crate) fn decide<'w>(
    workflow: &'w Workflow,
    name: &str,
    standing: Standing<'_>,
    mover: &Mover,
    events: &[Event],
    note: &str,
) -> Result<&'w Move, Refusal> {
    let step = workflow.step(name).ok_or(Refusal::NoMove)?;
    may_move(step, standing, mover, events)?;
    if step.note == NoteRule::Required && note.trim().is_empty() {
        return Err(Refusal::NoNote);
    }
    Ok(step)
}

/// The moves that someone may make now.
pub(crate) fn moves_of<'w>(
    workflow: &'w Workflow,
    standing: Standing<'_>,
    mover: &Mover,
    events: &[Event],
) -> Vec<&'w Move> {
    workflow
        .moves
        .iter()
        .filter(|step| may_move(step, standing, mover, events).is_ok())
        .collect()
}

/// Whether someone is asked for something in the present state: a move that is theirs to make, other than taking
/// back their own application.
pub(crate) fn is_asked(
    workflow: &Workflow,
    standing: Standing<'_>,
    mover: &Mover,
    events: &[Event],
) -> bool {
    let is_back = workflow
        .state(standing.state)
        .is_some_and(asks_the_applicant);
    moves_of(workflow, standing, mover, events)
        .into_iter()
        .any(|step| {
            step.who.iter().any(|who| {
                (is_back || who.relation != Relation::Applicant) && fits(who, standing, mover)
            })
        })
}

/// Whether someone may see a case: the applicant, whoever had a part in it, and whoever may have a say in one of
/// its states.
pub(crate) fn may_see(
    workflow: &Workflow,
    standing: Standing<'_>,
    mover: &Mover,
    took_part: bool,
) -> bool {
    if is_own(standing, mover.account) || (took_part && mover.account.is_some()) {
        return true;
    }
    workflow
        .moves
        .iter()
        .flat_map(|step| &step.who)
        .any(|who| fits(who, standing, mover))
}

/// Where a unit at which a post is held stands, seen from the unit of a case. `None` is the whole node.
pub(crate) fn stands_at(
    tree: &UnitTree,
    case_unit: UnitId,
    unit: Option<UnitId>,
    reaches_below: bool,
) -> Stands {
    match unit {
        None => Stands::Node {
            is_root: tree.parent(case_unit).is_none(),
        },
        Some(unit) if unit == case_unit => Stands::Same,
        Some(unit) if reaches_below && tree.contains(unit, case_unit) => Stands::Above,
        Some(_) => Stands::Apart,
    }
}

/// The mover that a grant makes of its holder.
pub(crate) fn mover_of(tree: &UnitTree, case_unit: UnitId, grant: &Grant, post: &Post) -> Mover {
    let stands = stands_at(tree, case_unit, grant.unit, post.scope == Scope::Subtree);
    Mover {
        account: Some(grant.account),
        post: Some(grant.post.clone()),
        actions: post.actions.iter().copied().collect(),
        stands,
    }
}

/// The units at which one may stand to be asked, nearest first; `None` is the whole node.
pub(crate) fn line_of(tree: &UnitTree, case_unit: UnitId) -> Vec<Option<UnitId>> {
    std::iter::once(case_unit)
        .chain(tree.ancestors(case_unit))
        .map(Some)
        .chain([None])
        .collect()
}

/// Who is asked in a state: for every line of `who`, those at the nearest unit where there is someone, and at as
/// many further units as the case was escalated. The people are none where nobody can decide.
pub(crate) fn asked(
    workflow: &Workflow,
    state: &State,
    standing: Standing<'_>,
    line: &[Option<UnitId>],
    movers: &[(Option<UnitId>, Mover)],
    level: i64,
) -> (Vec<Task>, BTreeSet<AccountId>) {
    let mut tasks = BTreeSet::new();
    let mut people = BTreeSet::new();
    let depth = usize::try_from(level).unwrap_or(0).saturating_add(1);
    for step in workflow.moves_from(&state.name) {
        for who in &step.who {
            if who.relation == Relation::Applicant {
                // Taking back what one asked for is no task; mending what came back is.
                if let Some(holder) = standing.holder.filter(|_| asks_the_applicant(state)) {
                    people.insert(holder);
                    tasks.insert(Task {
                        unit: None,
                        asked: String::new(),
                        account: Some(holder),
                    });
                }
                continue;
            }
            let fitting = |unit: &Option<UnitId>| -> Vec<AccountId> {
                movers
                    .iter()
                    .filter(|(at, mover)| {
                        at == unit
                            && fits(who, standing, mover)
                            && !(step.not_applicant && is_own(standing, mover.account))
                    })
                    .filter_map(|(_, mover)| mover.account)
                    .collect()
            };
            let mut levels: Vec<Option<UnitId>> = Vec::new();
            for unit in line {
                let accounts = fitting(unit);
                if !accounts.is_empty() && levels.len() < depth {
                    people.extend(accounts);
                    levels.push(*unit);
                }
            }
            if levels.is_empty() {
                // Nobody yet: whoever is given the post first finds it.
                levels = possible(who.relation, line);
            }
            for unit in levels {
                tasks.extend(names_asked(who).into_iter().map(|asked| Task {
                    unit: Some(unit.map_or(NODE, UnitId::get)),
                    asked,
                    account: None,
                }));
            }
        }
    }
    (tasks.into_iter().collect(), people)
}

/// The units of a line at which a relation lets one stand.
fn possible(relation: Relation, line: &[Option<UnitId>]) -> Vec<Option<UnitId>> {
    let places = line.iter().copied();
    match relation {
        Relation::Applicant => Vec::new(),
        Relation::Same => places.take(1).collect(),
        Relation::Above => places.skip(1).collect(),
        Relation::Within => places.collect(),
        Relation::Node => vec![None],
    }
}

/// Whether a state is one in which the applicant is asked for something.
fn asks_the_applicant(state: &State) -> bool {
    state.kind == standard::StateKind::Returned
}

fn names_asked(who: &Who) -> Vec<String> {
    match (who.posts.as_slice(), who.action) {
        ([], None) => vec!["any".to_owned()],
        ([], Some(action)) => vec![format!("action:{}", action.as_str())],
        (posts, _) => posts.iter().map(|post| format!("post:{post}")).collect(),
    }
}

/// The names under which someone may be asked: the other side of the names of tasks.
pub(crate) fn names_held(mover: &Mover) -> Vec<String> {
    let Some(post) = &mover.post else {
        return Vec::new();
    };
    [format!("post:{post}"), "any".to_owned()]
        .into_iter()
        .chain(
            mover
                .actions
                .iter()
                .map(|action| format!("action:{}", action.as_str())),
        )
        .collect()
}
