//! Who may give which post to whom.

use kernel::{Millis, UnitId};
use standard::{Action, Post};

use crate::model::Grant;
use crate::permit::{Denied, Permit};
use crate::units::UnitTree;

/// Whether the permit may create accounts and give them posts at this unit. Nobody gives what they do not
/// reach themselves: the whole tree can only be granted by one who has it.
pub(crate) fn may_grant(
    permit: &Permit,
    tree: &UnitTree,
    unit: Option<UnitId>,
) -> Result<(), Denied> {
    match unit {
        Some(unit) => permit.require_in(tree, unit, Action::ManageAccounts),
        None if permit.reaches_everything() => permit.require(Action::ManageAccounts),
        None => Err(Denied::Hidden),
    }
}

/// The grants that hold now, for posts that the definitions still have.
pub(crate) fn in_force<'a>(
    grants: &'a [Grant],
    posts: &'a [Post],
    now: Millis,
) -> Vec<(&'a Grant, &'a Post)> {
    grants
        .iter()
        .filter(|grant| grant.until.is_none_or(|until| now.day() < until))
        .filter_map(|grant| {
            let post = posts.iter().find(|post| post.name == grant.post)?;
            Some((grant, post))
        })
        .collect()
}

/// Whether the permit may change an account that holds these posts: all of them must be within its reach,
/// or a county could set the password of the province's administrator who also sits in the county.
/// An account without posts may be managed by anyone who manages accounts.
pub(crate) fn may_manage(permit: &Permit, tree: &UnitTree, grants: &[Grant]) -> Result<(), Denied> {
    permit.require(Action::ManageAccounts)?;
    grants
        .iter()
        .try_for_each(|grant| may_grant(permit, tree, grant.unit))
}

/// A name to sign in with, lowered: 2 to 64 letters (Chinese ones too), digits, dots, hyphens, underscores, @.
pub(crate) fn login(name: &str) -> Option<String> {
    let lowered = name.trim().to_lowercase();
    let length = lowered.chars().count();
    let fits = (2..=64).contains(&length)
        && lowered
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@'));
    fits.then_some(lowered)
}
