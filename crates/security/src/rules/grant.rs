//! Who may give which post to whom.

use kernel::{AccountId, Day, Millis, UnitId};
use standard::{Action, Line, Post, UnitLevel};

use crate::model::{Account, Grant};
use crate::permit::{Denied, Permit};
use crate::units::UnitTree;

/// Why a grant is refused by the definitions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// The giver's post may not give this one (`may_grant`).
    #[error("this post may not give the post {0:?}")]
    MayNotGive(String),
    /// The post is not held at the level of the unit (`levels`).
    #[error("the post {0:?} is not held at the level of this unit")]
    WrongLevel(String),
    /// The account holds a post that excludes this one (`excludes`, 三员分立).
    #[error("the post {0:?} is not held together with {1:?}")]
    Excluded(String, String),
    /// The giver's own grant is narrower than what is to be given.
    #[error("a grant that is narrowed to some datasets gives no more than these")]
    Wider,
    /// Nobody gives a post to themselves.
    #[error("nobody gives a post to themselves")]
    ToOneself,
    /// The last day lies before the first, or in the past.
    #[error("the days of the grant hold no day that is still to come")]
    NoDay,
    /// The account already holds this post there.
    #[error("the account holds the post {0:?} for this unit already")]
    Twice(String),
    /// The account may not act: barred or expired.
    #[error("the account is barred or has expired")]
    Barred,
    /// The grant is itself that of a deputy, or a post that is not passed on.
    #[error("a deputy's post is not passed on")]
    OfDeputy,
    /// The other does not belong to the unit of the post.
    #[error("the other account does not belong to this unit")]
    Stranger,
}

impl GrantFault {
    /// The stable code, which is also the key of the sentence on pages with `-` for `.` and `_`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MayNotGive(_) => "security.grant.may_not_give",
            Self::WrongLevel(_) => "security.grant.wrong_level",
            Self::Excluded(..) => "security.grant.excluded",
            Self::Wider => "security.grant.wider",
            Self::ToOneself => "security.grant.to_oneself",
            Self::NoDay => "security.grant.no_day",
            Self::Twice(_) => "security.grant.twice",
            Self::Barred => "security.grant.barred",
            Self::OfDeputy => "security.grant.of_deputy",
            Self::Stranger => "security.grant.stranger",
        }
    }
}

impl GrantFault {
    /// The key of the sentence on pages.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::MayNotGive(_) => "security-fault-may-not-give",
            Self::WrongLevel(_) => "security-fault-wrong-level",
            Self::Excluded(..) => "security-fault-excluded",
            Self::Wider => "security-fault-wider",
            Self::ToOneself => "security-fault-to-oneself",
            Self::NoDay => "security-fault-no-day",
            Self::Twice(_) => "security-fault-twice",
            Self::Barred => "security-fault-barred",
            Self::OfDeputy => "security-fault-of-deputy",
            Self::Stranger => "security-fault-stranger",
        }
    }
}

/// Whether the permit may manage accounts at this unit. Nobody gives what they do not reach themselves: the
/// whole tree can only be granted by one who has it.
pub(crate) fn may_reach(
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

/// Whether the permit may give the post to someone else, at a level that may hold it. `None` is the level
/// of a unit of which nothing is known: it may hold what may be held at every level.
pub(crate) fn may_give(
    permit: &Permit,
    post: &Post,
    level: Option<UnitLevel>,
    to: AccountId,
) -> Result<(), GrantFault> {
    if permit.actor().account() == Some(to) {
        return Err(GrantFault::ToOneself);
    }
    if !permit.may_give(&post.name) {
        return Err(GrantFault::MayNotGive(post.name.clone()));
    }
    is_held_at(post, level)
}

pub(crate) fn is_held_at(post: &Post, level: Option<UnitLevel>) -> Result<(), GrantFault> {
    let fits = match level {
        Some(level) => post.is_held_at(level),
        None => UnitLevel::ALL
            .into_iter()
            .all(|level| post.is_held_at(level)),
    };
    if fits {
        Ok(())
    } else {
        Err(GrantFault::WrongLevel(post.name.clone()))
    }
}

/// The one rule of what an account may hold together, for every way in which a post comes to someone: a
/// grant, a deputy's, a hand-over, a file of accounts, the command line. `held` are the grants that nobody
/// ended; those whose days are past do not count, those still to come do.
pub(crate) fn fits_beside(
    held: &[Grant],
    posts: &[Post],
    post: &Post,
    unit: Option<UnitId>,
    line: Option<&str>,
    today: Day,
) -> Result<(), GrantFault> {
    for grant in held
        .iter()
        .filter(|grant| grant.until.is_none_or(|until| today < until))
    {
        let same = grant.post == post.name && grant.unit == unit && grant.line.as_deref() == line;
        if same && grant.deputy_of.is_none() {
            return Err(GrantFault::Twice(post.name.clone()));
        }
        let other = posts.iter().find(|known| known.name == grant.post);
        if let Some(other) = other.filter(|other| other.excludes(post)) {
            return Err(GrantFault::Excluded(post.name.clone(), other.name.clone()));
        }
    }
    Ok(())
}

/// Whether what is given reaches no further than a giver whose own grant was narrowed to some datasets.
pub(crate) fn is_no_wider(
    permit: &Permit,
    line: Option<&Line>,
    datasets: Option<&[String]>,
) -> Result<(), GrantFault> {
    let Some(own) = permit.datasets() else {
        return Ok(());
    };
    let given = datasets.or(line.and_then(|line| line.datasets.as_deref()));
    match given {
        Some(names) if names.iter().all(|name| own.contains(name)) => Ok(()),
        _ => Err(GrantFault::Wider),
    }
}

/// Whether the days of a grant hold one that is still to come.
pub(crate) fn has_days(
    from: Option<Day>,
    until: Option<Day>,
    today: Day,
) -> Result<(), GrantFault> {
    match until {
        Some(until) if until <= today || from.is_some_and(|from| until <= from) => {
            Err(GrantFault::NoDay)
        }
        _ => Ok(()),
    }
}

/// The grants that hold now, for posts that the definitions still have.
pub(crate) fn in_force<'a>(
    grants: &'a [Grant],
    posts: &'a [Post],
    now: Millis,
) -> Vec<(&'a Grant, &'a Post)> {
    let mut held: Vec<(&Grant, &Post)> = grants
        .iter()
        .filter(|grant| grant.holds_on(now.day()))
        .filter_map(|grant| {
            let post = posts.iter().find(|post| post.name == grant.post)?;
            Some((grant, post))
        })
        .collect();
    // Definitions may come to exclude what was granted before: the post that was held first stays.
    let mut kept: Vec<(&Grant, &Post)> = Vec::with_capacity(held.len());
    for (grant, post) in held.drain(..) {
        let excluded =
            |(other, held): &(&Grant, &Post)| other.account == grant.account && held.excludes(post);
        if !kept.iter().any(excluded) {
            kept.push((grant, post));
        }
    }
    kept
}

/// Whether the permit may change an account: every post it holds or will hold must be within reach and one
/// that the permit may give, or a county could set the password of the province's administrator who also
/// sits in the county, and a system administrator that of the auditor. An account without posts belongs to
/// its unit.
pub(crate) fn may_manage(
    permit: &Permit,
    tree: &UnitTree,
    account: &Account,
    grants: &[Grant],
    today: Day,
) -> Result<(), Denied> {
    permit.require(Action::ManageAccounts)?;
    let mut held = grants
        .iter()
        .filter(|grant| grant.until.is_none_or(|until| today < until))
        .peekable();
    if held.peek().is_none() {
        return may_reach(permit, tree, account.home);
    }
    for grant in held {
        may_reach(permit, tree, grant.unit)?;
        if !permit.may_give(&grant.post) {
            return Err(Denied::Hidden);
        }
    }
    Ok(())
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
