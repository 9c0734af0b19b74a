//! Who answers for a unit: the CIO, the leader in charge, the departments, the information officer.

pub(crate) mod model;
pub(crate) mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Day, UnitId};
use security::{Action, AuditAction, Permit, UnitTree};

pub(crate) use model::{Duties, DutyBody, DutyEvent};
pub use model::{Gap, Holder, NewDuty};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;

/// How a unit, or a subtree, stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DutyCount {
    /// Units that there are.
    pub(crate) units: i64,
    /// Units of which nobody is missing.
    pub(crate) complete: i64,
    /// Duties that nobody has.
    pub(crate) missing: i64,
    /// Duties whose time ends soon.
    pub(crate) ending: i64,
}

impl DutyCount {
    pub(crate) fn add(&mut self, other: Self) {
        self.units += other.units;
        self.complete += other.complete;
        self.missing += other.missing;
        self.ending += other.ending;
    }
}

impl Assurance {
    /// Names who has a duty of a unit, from a day and perhaps until one.
    ///
    /// # Errors
    /// [`AssuranceError`]; a unit out of reach does not exist.
    pub async fn name_duty(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        new: &NewDuty,
    ) -> Result<(), AssuranceError> {
        self.kept(permit, unit)?;
        let body = DutyBody::Named {
            duty: new.duty.clone(),
            holder: new.holder.clone(),
            from: new.from,
            until: new.until,
        };
        self.write_duty(permit, address, unit, &body).await
    }

    /// Says that nobody has a duty of a unit from a day on.
    ///
    /// # Errors
    /// [`AssuranceError`]; a unit out of reach does not exist.
    pub async fn end_duty(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        duty: &str,
        from: Day,
    ) -> Result<(), AssuranceError> {
        self.kept(permit, unit)?;
        let body = DutyBody::Ended {
            duty: duty.to_owned(),
            from,
        };
        self.write_duty(permit, address, unit, &body).await
    }

    async fn write_duty(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        body: &DutyBody,
    ) -> Result<(), AssuranceError> {
        if self.rules().duty(body.duty()).is_none() {
            return Err(AssuranceError::hidden());
        }
        let event = NewEvent {
            subject: Some(unit.get()),
            unit,
            body,
            after: None,
            action: AuditAction::DutyChanged,
        };
        self.append::<Duties, _>(permit, address, event).await?;
        Ok(())
    }

    pub(crate) async fn duties(&self) -> Result<Arc<Duties>, AssuranceError> {
        self.0.duties.current(&self.0.work).await
    }

    /// Who has the duties of a unit on a day: those in reach, for whoever may keep them.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn holders(
        &self,
        permit: &Permit,
        unit: UnitId,
        on: Day,
    ) -> Result<BTreeMap<String, Holder>, AssuranceError> {
        self.reached(permit, unit)?;
        let duties = self.duties().await?;
        Ok(rules::holders(duties.of(unit), on))
    }

    /// Every valid unit with how its duties stand, by its place in the tree: for sums over subtrees.
    pub(crate) async fn duty_counts(
        &self,
        tree: &UnitTree,
        on: Day,
    ) -> Result<Vec<DutyCount>, AssuranceError> {
        let duties = self.duties().await?;
        let rules = self.rules();
        let count = |position: u32| match tree.unit_at(position) {
            Some(unit) if tree.is_valid(unit) => {
                let gaps = rules::gaps(rules, duties.of(unit), on);
                let missing = gaps.iter().filter(|(_, gap)| gap.is_missing()).count();
                DutyCount {
                    units: 1,
                    complete: i64::from(missing == 0),
                    missing: i64::try_from(missing).unwrap_or(i64::MAX),
                    ending: i64::try_from(gaps.len() - missing).unwrap_or(i64::MAX),
                }
            }
            _ => DutyCount::default(),
        };
        let most = u32::try_from(tree.len()).unwrap_or(u32::MAX);
        Ok((0..most).map(count).collect())
    }

    /// How many duties nobody has in every valid unit that the permit reaches, and how many duties a unit has.
    /// For the map.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn missing_by_unit(
        &self,
        permit: &Permit,
    ) -> Result<(Vec<(UnitId, i64)>, i64), AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let counts = self.duty_counts(&tree, self.today()).await?;
        let mut found = Vec::new();
        for range in permit.ranges(&tree) {
            for position in range {
                let count = counts
                    .get(position as usize)
                    .filter(|count| count.units == 1);
                if let (Some(unit), Some(count)) = (tree.unit_at(position), count) {
                    found.push((unit, count.missing));
                }
            }
        }
        let of = i64::try_from(self.rules().duties.len()).unwrap_or(i64::MAX);
        Ok((found, of))
    }
}
