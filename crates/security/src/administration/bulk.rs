//! Accounts by file: a plan first, then all of it or nothing.
//!
//! The file is read elsewhere (workbooks are a higher room's); here come its cells. The plan is worked out anew
//! when it is confirmed, so nothing of it is kept meanwhile and nothing that a browser sends back is
//! believed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{Day, UnitId};
use standard::{Label, UnitLevel};

use super::model::{Invitation, NewPerson};
use super::store;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::NewGrant;
use crate::permit::Permit;
use crate::rules;
use crate::rules::grant::GrantFault;

/// Rows of a file at most: what fits into the form that confirms the plan.
pub(crate) const MOST_ROWS: usize = 2_000;

/// A row of the file as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkRow {
    /// Code or full name of the unit.
    pub unit: String,
    /// The person's name.
    pub display: String,
    /// The name to sign in with.
    pub login: String,
    /// The post, by its name or title; blank for none.
    pub post: String,
    /// The business line, by its name or title; blank for all.
    pub line: String,
    /// The first day on which the post no longer holds; blank for good.
    pub until: String,
}

/// Why a row is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BulkFault {
    /// No unit within reach has this code or name.
    NoUnit,
    /// Several units have this name.
    SeveralUnits,
    /// The name to sign in with cannot be used.
    Login,
    /// An earlier row has the same name to sign in with.
    Twice,
    /// The person's name is missing.
    NoName,
    /// No post has this name.
    NoPost,
    /// The giver's post may not give this one.
    MayNotGive,
    /// The post is not held at the level of the unit.
    WrongLevel,
    /// The post asks for training before it, which nobody has attended whose account is still to be made.
    Training,
    /// No business line has this name.
    NoLine,
    /// The day is none, or past.
    Day,
    /// The giver's own grant is narrower.
    Wider,
}

impl BulkFault {
    /// The end of the key of the sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoUnit => "no-unit",
            Self::SeveralUnits => "several-units",
            Self::Login => "login",
            Self::Twice => "twice",
            Self::NoName => "no-name",
            Self::NoPost => "no-post",
            Self::MayNotGive => "may-not-give",
            Self::WrongLevel => "wrong-level",
            Self::Training => "training",
            Self::NoLine => "no-line",
            Self::Day => "day",
            Self::Wider => "wider",
        }
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedRow {
    /// An account will be made.
    New(NewPerson),
    /// The name to sign in with is taken: nothing happens.
    Existing,
    /// It cannot be done.
    Refused(Vec<BulkFault>),
}

/// What a file would do, row by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkPlan {
    /// The rows as written, each with what becomes of it.
    pub rows: Vec<(BulkRow, PlannedRow)>,
}

impl BulkPlan {
    /// How many accounts would be made.
    #[must_use]
    pub fn new_accounts(&self) -> usize {
        let is_new = |(_, row): &&(BulkRow, PlannedRow)| matches!(row, PlannedRow::New(_));
        self.rows.iter().filter(is_new).count()
    }

    /// How many rows name an account that is there.
    #[must_use]
    pub fn existing(&self) -> usize {
        let is_there = |(_, row): &&(BulkRow, PlannedRow)| *row == PlannedRow::Existing;
        self.rows.iter().filter(is_there).count()
    }

    /// How many rows are refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.rows.len() - self.new_accounts() - self.existing()
    }

    /// The causes, each with how many rows it refuses and the first of them (counted from 1).
    #[must_use]
    pub fn causes(&self) -> Vec<(BulkFault, usize, usize)> {
        let mut causes: BTreeMap<BulkFault, (usize, usize)> = BTreeMap::new();
        for (place, (_, row)) in self.rows.iter().enumerate() {
            if let PlannedRow::Refused(faults) = row {
                for fault in faults {
                    causes.entry(*fault).or_insert((0, place + 1)).0 += 1;
                }
            }
        }
        causes
            .into_iter()
            .map(|(fault, (count, first))| (fault, count, first))
            .collect()
    }
}

fn is_named(text: &str, name: &str, title: &Label) -> bool {
    text == name || text == title.zh || text.eq_ignore_ascii_case(&title.en)
}

impl Security {
    /// Says what a file of accounts would do. Changes nothing.
    ///
    /// # Errors
    /// [`SecurityError::Denied`] without the right to manage accounts; [`SecurityError::TooManyRows`].
    pub async fn plan_accounts(
        &self,
        permit: &Permit,
        rows: Vec<BulkRow>,
    ) -> Result<BulkPlan, SecurityError> {
        permit.require(standard::Action::ManageAccounts)?;
        if rows.len() > MOST_ROWS {
            return Err(SecurityError::TooManyRows(MOST_ROWS));
        }
        let texts: BTreeSet<String> = rows.iter().map(|row| row.unit.clone()).collect();
        let texts: Vec<String> = texts.into_iter().collect();
        let units = self.units_named(permit, &texts).await?;
        let logins: Vec<String> = rows
            .iter()
            .filter_map(|row| rules::grant::login(&row.login))
            .collect();
        let taken: BTreeSet<String> = {
            let mut tx = self.0.work.read().await?;
            store::taken_logins(&mut tx, &logins)
                .await?
                .into_iter()
                .collect()
        };
        let mut seen = BTreeSet::new();
        let mut plan = BulkPlan::default();
        for row in rows {
            let found: Vec<(UnitId, UnitLevel)> = units
                .get(&row.unit)
                .into_iter()
                .flatten()
                .map(|found| (found.unit, found.facts.level))
                .collect();
            let login = rules::grant::login(&row.login);
            let planned = match &login {
                Some(login) if taken.contains(login) => PlannedRow::Existing,
                _ => {
                    let twice = login
                        .as_ref()
                        .is_some_and(|login| !seen.insert(login.clone()));
                    self.planned(permit, &row, &found, login, twice)
                }
            };
            plan.rows.push((row, planned));
        }
        Ok(plan)
    }

    fn planned(
        &self,
        permit: &Permit,
        row: &BulkRow,
        units: &[(UnitId, UnitLevel)],
        login: Option<String>,
        twice: bool,
    ) -> PlannedRow {
        let mut faults = Vec::new();
        let unit = match units {
            [unit] => Some(*unit),
            [] => {
                faults.push(BulkFault::NoUnit);
                None
            }
            _ => {
                faults.push(BulkFault::SeveralUnits);
                None
            }
        };
        if login.is_none() {
            faults.push(BulkFault::Login);
        }
        if twice {
            faults.push(BulkFault::Twice);
        }
        if row.display.trim().is_empty() {
            faults.push(BulkFault::NoName);
        }
        let grant = match row.post.trim() {
            "" => None,
            name => self.planned_grant(permit, row, name, unit, &mut faults),
        };
        let tree = self.units();
        let reached =
            unit.is_none_or(|(unit, _)| rules::grant::may_reach(permit, &tree, Some(unit)).is_ok());
        if !reached {
            faults.push(BulkFault::NoUnit);
        }
        if !faults.is_empty() {
            return PlannedRow::Refused(faults);
        }
        PlannedRow::New(NewPerson {
            login: login.unwrap_or_default(),
            display: row.display.trim().to_owned(),
            home: unit.map(|(unit, _)| unit),
            grant,
        })
    }

    fn planned_grant(
        &self,
        permit: &Permit,
        row: &BulkRow,
        name: &str,
        unit: Option<(UnitId, UnitLevel)>,
        faults: &mut Vec<BulkFault>,
    ) -> Option<NewGrant> {
        let post = self
            .0
            .posts
            .iter()
            .find(|post| is_named(name, &post.name, &post.title));
        let Some(post) = post else {
            faults.push(BulkFault::NoPost);
            return None;
        };
        if !permit.may_give(&post.name) {
            faults.push(BulkFault::MayNotGive);
        }
        if unit.is_some_and(|(_, level)| !post.is_held_at(level)) {
            faults.push(BulkFault::WrongLevel);
        }
        if !post.training.is_empty() {
            faults.push(BulkFault::Training);
        }
        let line = match row.line.trim() {
            "" => None,
            name => {
                let line = self
                    .0
                    .lines
                    .iter()
                    .find(|line| is_named(name, &line.name, &line.title));
                if line.is_none() {
                    faults.push(BulkFault::NoLine);
                }
                line
            }
        };
        if rules::grant::is_no_wider(permit, line, None) == Err(GrantFault::Wider) {
            faults.push(BulkFault::Wider);
        }
        let until = match row.until.trim() {
            "" => None,
            text => match Day::parse(text) {
                Ok(day) if day > self.0.clock.today() => Some(day),
                _ => {
                    faults.push(BulkFault::Day);
                    None
                }
            },
        };
        Some(NewGrant {
            line: line.map(|line| line.name.clone()),
            until,
            ..NewGrant::of(&post.name, unit.map(|(unit, _)| unit))
        })
    }

    /// Does what a plan says, worked out anew from the same rows: every new account of it, or none.
    ///
    /// # Errors
    /// [`SecurityError::PlanChanged`] where another number of accounts would be made than was shown; those of
    /// [`Security::enrol`]. Then nothing is written.
    pub async fn make_accounts(
        &self,
        permit: &Permit,
        rows: Vec<BulkRow>,
        shown: usize,
    ) -> Result<Vec<Invitation>, SecurityError> {
        let plan = self.plan_accounts(permit, rows).await?;
        if plan.new_accounts() != shown || plan.refused() > 0 || shown == 0 {
            return Err(SecurityError::PlanChanged);
        }
        let homes: Vec<UnitId> = plan
            .rows
            .iter()
            .filter_map(|(_, row)| match row {
                PlannedRow::New(person) => person.home,
                PlannedRow::Existing | PlannedRow::Refused(_) => None,
            })
            .collect();
        let levels: HashMap<UnitId, UnitLevel> = self
            .unit_facts(&homes)
            .await?
            .into_iter()
            .map(|(unit, facts)| (unit, facts.level))
            .collect();
        let mut tx = self.0.work.write().await?;
        let mut invitations = Vec::with_capacity(shown);
        for (_, row) in &plan.rows {
            let PlannedRow::New(person) = row else {
                continue;
            };
            let level = person.home.and_then(|home| levels.get(&home).copied());
            invitations.push(self.enrol_within(&mut tx, permit, person, level).await?);
        }
        tx.commit().await?;
        Ok(invitations)
    }
}
