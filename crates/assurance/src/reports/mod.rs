//! Daily reports and 零报告: a unit above sets a schedule for a period (a holiday, 重保), every unit below reports
//! every day by an hour, if only that nothing happened.

pub(crate) mod model;
pub(crate) mod rules;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::{Day, UnitId};
use security::{Action, AuditAction, Outcome, Permit, Subject};

pub(crate) use model::{KnownSchedule, NewReport, Report, Schedule, ScheduleBody, Schedules};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;
use crate::store;

/// How the units of a schedule stand on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DayOfReports {
    /// The units that owe a report, each with the last one that came.
    pub(crate) units: Vec<(UnitId, Option<Report>)>,
}

/// What a unit owes today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitReports {
    /// The unit.
    pub unit: UnitId,
    /// How many reports.
    pub owed: i64,
    /// How many of them did not come by their hour.
    pub missing: i64,
}

impl Assurance {
    pub(crate) async fn schedules(&self) -> Result<Arc<Schedules>, AssuranceError> {
        self.0.schedules.current(&self.0.work).await
    }

    /// Sets a schedule for the units below one; its number.
    pub(crate) async fn set_schedule(
        &self,
        permit: &Permit,
        address: &str,
        unit: UnitId,
        schedule: Schedule,
    ) -> Result<i64, AssuranceError> {
        self.kept(permit, unit)?;
        let body = ScheduleBody::Set(schedule);
        let event = NewEvent {
            subject: None,
            unit,
            body: &body,
            after: None,
            action: AuditAction::DailyReport,
        };
        self.append::<Schedules, _>(permit, address, event).await
    }

    /// Ends a schedule early: from a day on nothing is owed.
    pub(crate) async fn end_schedule(
        &self,
        permit: &Permit,
        address: &str,
        number: i64,
    ) -> Result<(), AssuranceError> {
        let known = self.schedule_of(permit, number).await?;
        self.kept(permit, known.unit)?;
        let body = ScheduleBody::Ended { on: self.today() };
        let event = NewEvent {
            subject: Some(number),
            unit: known.unit,
            body: &body,
            after: Some(known.last),
            action: AuditAction::DailyReport,
        };
        self.append::<Schedules, _>(permit, address, event).await?;
        Ok(())
    }

    /// A schedule that the reader set or must follow.
    pub(crate) async fn schedule_of(
        &self,
        permit: &Permit,
        number: i64,
    ) -> Result<KnownSchedule, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let schedules = self.schedules().await?;
        let known = schedules.get(number).ok_or_else(AssuranceError::hidden)?;
        let tree = self.tree();
        let follows = permit
            .units()
            .iter()
            .any(|unit| tree.contains(known.unit, *unit));
        if permit.sees(&tree, known.unit) || follows {
            Ok(known.clone())
        } else {
            Err(AssuranceError::hidden())
        }
    }

    /// The schedules that the reader set or must follow, the newest first.
    pub(crate) async fn schedules_in_reach(
        &self,
        permit: &Permit,
    ) -> Result<Vec<KnownSchedule>, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let schedules = self.schedules().await?;
        let tree = self.tree();
        let units = permit.units();
        let mut found: Vec<KnownSchedule> = schedules
            .all()
            .filter(|known| {
                permit.sees(&tree, known.unit)
                    || units.iter().any(|unit| tree.contains(known.unit, *unit))
            })
            .cloned()
            .collect();
        found.reverse();
        Ok(found)
    }

    /// Files the report of a unit for a day. A second one stands beside the first.
    pub(crate) async fn file_report(
        &self,
        permit: &Permit,
        address: &str,
        new: &NewReport,
    ) -> Result<(), AssuranceError> {
        let (number, unit, day) = (new.schedule, new.unit, new.day);
        self.kept(permit, unit)?;
        let known = self.schedule_of(permit, number).await?;
        let tree = self.tree();
        if !rules::owes(&known, &tree, unit) || !known.is_on(day) || day > self.today() {
            return Err(AssuranceError::State);
        }
        let mut tx = self.0.work.write().await?;
        let report = Report {
            number: store::next_number(&mut tx, "event").await?,
            schedule: number,
            unit,
            day,
            incidents: new.incidents,
            note: new.note.clone(),
            at: self.now(),
            actor: permit.actor().to_string(),
        };
        store::insert_report(&mut tx, &report).await?;
        self.0
            .security
            .audit(
                &mut tx,
                permit.actor(),
                AuditAction::DailyReport,
                &Subject::item("report", report.number),
                Outcome::Done,
                Some(address).filter(|address| !address.is_empty()),
            )
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// How the units of a schedule within the permit's reach stand on a day.
    pub(crate) async fn day_of_reports(
        &self,
        permit: &Permit,
        known: &KnownSchedule,
        day: Day,
    ) -> Result<DayOfReports, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let mut tx = self.0.work.read().await?;
        let mut last: HashMap<UnitId, Report> = HashMap::new();
        for report in store::reports_of_day(&mut tx, known.number, day).await? {
            last.insert(report.unit, report);
        }
        let units = rules::owing(known, &tree)
            .into_iter()
            .filter(|unit| permit.sees(&tree, *unit))
            .map(|unit| (unit, last.remove(&unit)))
            .collect();
        Ok(DayOfReports { units })
    }

    /// The units within a permit's reach that owe a report today, each with how many are owed and how many of these did
    /// not come by their hour.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn reports_by_unit(
        &self,
        permit: &Permit,
    ) -> Result<Vec<UnitReports>, AssuranceError> {
        let (today, now) = (self.today(), self.now());
        let mut counted: BTreeMap<UnitId, UnitReports> = BTreeMap::new();
        for known in self.schedules_in_reach(permit).await? {
            if !known.is_on(today) {
                continue;
            }
            for (unit, report) in self.day_of_reports(permit, &known, today).await?.units {
                let standing = rules::standing(&known, today, report.as_ref(), now);
                let held = counted.entry(unit).or_insert(UnitReports {
                    unit,
                    owed: 0,
                    missing: 0,
                });
                held.owed += 1;
                held.missing += i64::from(standing == rules::ReportStanding::Missing);
            }
        }
        Ok(counted.into_values().collect())
    }

    /// Tells the units above of units whose report of today or yesterday did not come by the hour. A job's work;
    /// what was told is kept. How many were told.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn escalate_reports(&self) -> Result<usize, AssuranceError> {
        let schedules = self.schedules().await?;
        let tree = self.tree();
        let now = self.now();
        let mut told = 0;
        for known in schedules.all() {
            // Yesterday too: a program that stood still over midnight makes up for it.
            for day in [now.day().add_days(-1), now.day()] {
                if !known.is_on(day) || now <= known.due(day) {
                    continue;
                }
                let came: std::collections::HashSet<UnitId> = {
                    let mut tx = self.0.work.read().await?;
                    let reports = store::reports_of_day(&mut tx, known.number, day).await?;
                    reports.iter().map(|report| report.unit).collect()
                };
                // One notice for each unit above that has somebody missing, not one for each school.
                let mut above: Vec<UnitId> = rules::owing(known, &tree)
                    .into_iter()
                    .filter(|unit| !came.contains(unit))
                    .filter_map(|unit| tree.parent(unit))
                    .collect();
                above.sort_unstable();
                above.dedup();
                for unit in above {
                    let cause = format!("report:{}:{day}", known.number);
                    if self
                        .tell(unit, "report_missing", known.number, &cause)
                        .await?
                    {
                        told += 1;
                    }
                }
            }
        }
        Ok(told)
    }
}
