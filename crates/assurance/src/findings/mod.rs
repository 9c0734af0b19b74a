//! What is still to be done for security: counted here for this room, and asked of other rooms through
//! [`FindingSource`].

use futures::future::BoxFuture;
use kernel::UnitId;
use security::Permit;

use crate::api::Assurance;
use crate::checks::{Chain, rules as check_rules};
use crate::error::AssuranceError;
use crate::holders::Owed;
use crate::incidents::{IncidentState, rules as incident_rules};
use crate::reports::rules::{ReportStanding, standing};
use crate::systems::model::SystemGap;
use crate::systems::rules as system_rules;

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Must be put right at once.
    Urgent,
    /// Must be put right.
    Fix,
    /// Comes up.
    Notice,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name; the page's words are the messages `assurance-finding-NAME` and, for what to do,
    /// `assurance-finding-NAME-do`.
    pub name: &'static str,
    /// How many.
    pub count: i64,
    /// How urgent.
    pub severity: Severity,
    /// Where they are listed; `None` where there is no page of them.
    pub href: Option<String>,
}

/// What another room finds.
pub trait FindingSource: Send + Sync {
    /// What is to be done within a permit's reach. A finding with a count of 0 says that it was looked at and is in
    /// order; what the permit may not know is left out.
    ///
    /// # Errors
    /// A sentence for the log; the page says that it could not be looked at.
    fn findings<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Result<Vec<Finding>, String>>;

    /// The name of the source, for the log and for the page where it fails.
    fn name(&self) -> &'static str;
}

/// Everything that was found, and the sources that could not be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is to be done, the most urgent first.
    pub findings: Vec<Finding>,
    /// Sources that failed: what they look at is not known, which is not the same as in order.
    pub unknown: Vec<&'static str>,
}

impl Assurance {
    /// Everything that is to be done within a permit's reach.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub async fn find(&self, permit: &Permit) -> Result<Found, AssuranceError> {
        let mut findings = self.own_findings(permit).await?;
        let mut unknown = Vec::new();
        for source in &self.0.sources {
            match source.findings(permit).await {
                Ok(found) => findings.extend(found),
                Err(error) => {
                    tracing::error!(
                        source = source.name(),
                        error,
                        "findings could not be asked for"
                    );
                    unknown.push(source.name());
                }
            }
        }
        findings.sort_by_key(|finding| (finding.count == 0, finding.severity));
        Ok(Found { findings, unknown })
    }

    async fn own_findings(&self, permit: &Permit) -> Result<Vec<Finding>, AssuranceError> {
        permit.require(security::Action::ReadSecurity)?;
        let tree = self.tree();
        let (today, now) = (self.today(), self.now());
        let finding = |name, count: usize, severity, href: &str| Finding {
            name,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            severity,
            href: Some(href.to_owned()),
        };

        let counts = self.duty_counts(&tree, today).await?;
        let (mut without, mut ending) = (0, 0);
        for range in permit.ranges(&tree) {
            for count in range.filter_map(|position| counts.get(position as usize)) {
                without += usize::from(count.missing > 0);
                ending += usize::from(count.ending > 0);
            }
        }

        let (mut unassessed, mut unfiled, mut incomplete, mut soon) = (0, 0, 0, 0);
        for known in self.systems_in_reach(permit).await? {
            let gaps = system_rules::gaps(self.rules(), &known.system, today);
            unassessed += usize::from(gaps.iter().any(|gap| gap.is_overdue()));
            unfiled += usize::from(gaps.contains(&SystemGap::NotFiled));
            soon += usize::from(gaps.iter().any(|gap| gap.is_notice()));
            incomplete +=
                usize::from(gaps.iter().any(|gap| {
                    !gap.is_overdue() && !gap.is_notice() && *gap != SystemGap::NotFiled
                }));
        }

        let (mut overdue, mut open, mut unanswered) = (0, 0, 0);
        for incident in self.incidents_in_reach(permit).await? {
            unanswered += incident
                .cases
                .values()
                .filter(|case| !case.is_decided())
                .count();
            if incident.state == IncidentState::Closed {
                continue;
            }
            open += 1;
            let timers = incident_rules::timers(self.book(), &incident, now);
            overdue += usize::from(timers.iter().any(incident_rules::Timer::is_overdue));
        }

        let mut missing_reports = 0;
        for known in self.schedules_in_reach(permit).await? {
            if !known.is_on(today) {
                continue;
            }
            let day = self.day_of_reports(permit, &known, today).await?;
            missing_reports += day
                .units
                .iter()
                .filter(|(_, report)| {
                    standing(&known, today, report.as_ref(), now) == ReportStanding::Missing
                })
                .count();
        }

        let undrilled = self.units_without_drill(permit).await?.len();
        let mut found = self.node_findings(permit).await?;
        found.extend(self.holder_findings(permit).await?);
        found.extend(self.case_findings(permit).await?);
        found.extend(vec![
            finding(
                "incidents_overdue",
                overdue,
                Severity::Urgent,
                "/assurance/incidents?overdue=1",
            ),
            finding(
                "reports_missing",
                missing_reports,
                Severity::Urgent,
                "/assurance/reports",
            ),
            finding(
                "incidents_open",
                open,
                Severity::Fix,
                "/assurance/incidents?state=open",
            ),
            finding(
                "accountability_open",
                unanswered,
                Severity::Fix,
                "/assurance/accountability?state=open",
            ),
            finding(
                "units_without_duty",
                without,
                Severity::Fix,
                "/assurance/units?only=missing",
            ),
            finding(
                "systems_unassessed",
                unassessed,
                Severity::Fix,
                "/assurance/systems?gap=overdue",
            ),
            finding(
                "systems_unfiled",
                unfiled,
                Severity::Fix,
                "/assurance/systems?gap=unfiled",
            ),
            finding(
                "systems_incomplete",
                incomplete,
                Severity::Fix,
                "/assurance/systems?gap=incomplete",
            ),
            finding(
                "drills_missing",
                undrilled,
                Severity::Fix,
                "/assurance/trainings#drills",
            ),
            finding(
                "systems_soon",
                soon,
                Severity::Notice,
                "/assurance/systems?gap=soon",
            ),
            finding(
                "duties_ending",
                ending,
                Severity::Notice,
                "/assurance/units?only=ending",
            ),
        ]);
        Ok(found)
    }

    /// What holders of posts owe for them.
    async fn holder_findings(&self, permit: &Permit) -> Result<Vec<Finding>, AssuranceError> {
        let owing = self.owing(permit).await?;
        let finding = |name, owed: Owed, severity| {
            let count = owing.iter().filter(|one| one.owed == owed).count();
            Finding {
                name,
                count: i64::try_from(count).unwrap_or(i64::MAX),
                severity,
                href: Some(format!("/assurance/accounts?what={}", owed.as_str())),
            }
        };
        Ok(vec![
            finding("factors_missing", Owed::Factor, Severity::Fix),
            finding("trainings_missing", Owed::Training, Severity::Fix),
            finding("grants_unused", Owed::Unused, Severity::Fix),
            finding("factors_ending", Owed::Certificate, Severity::Notice),
        ])
    }

    /// Applications and incidents that nobody decided on in time in the units below.
    async fn case_findings(&self, permit: &Permit) -> Result<Vec<Finding>, AssuranceError> {
        let Some(workflow) = &self.0.workflow else {
            return Ok(Vec::new());
        };
        let overdue = workflow.overdue(permit).await?;
        Ok(vec![Finding {
            name: "cases_overdue",
            count: i64::try_from(overdue).unwrap_or(i64::MAX),
            severity: Severity::Fix,
            href: Some("/inbox?tab=overdue".to_owned()),
        }])
    }

    /// What is to be done on the node itself: nothing that those of a part of it are told.
    async fn node_findings(&self, permit: &Permit) -> Result<Vec<Finding>, AssuranceError> {
        let Some(node) = self.node_in_reach(permit) else {
            return Ok(Vec::new());
        };
        let (rules, now) = (self.rules(), self.now());
        let last = self.last_checks().await?;
        let finding = |name, count: i64, severity| Finding {
            name,
            count,
            severity,
            href: Some("/assurance/node".to_owned()),
        };
        let unverified = check_rules::unverified(&last, rules.days("verification"), now);
        let mut found = vec![
            finding(
                "ledger_broken",
                check_rules::faults(&last, Chain::Ledger),
                Severity::Urgent,
            ),
            finding(
                "audit_broken",
                check_rules::faults(&last, Chain::Audit),
                Severity::Urgent,
            ),
            finding(
                "chains_unverified",
                i64::try_from(unverified).unwrap_or(i64::MAX),
                Severity::Fix,
            ),
        ];
        match node.certificates() {
            Ok(certificates) => {
                let days = rules.days("certificate_notice");
                let (count, is_over) = check_rules::ending(&certificates, days, now);
                let severity = match is_over {
                    true => Severity::Urgent,
                    false => Severity::Fix,
                };
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                found.push(finding("certificates_ending", count, severity));
            }
            Err(error) => {
                tracing::error!(error, "the certificates of the node could not be read");
                found.push(finding("certificates_unknown", 1, Severity::Fix));
            }
        }
        Ok(found)
    }

    /// Units with a post in reach that keep systems and held no drill within the days of the rule. A unit without a
    /// system of its own has nothing to drill for.
    pub(crate) async fn units_without_drill(
        &self,
        permit: &Permit,
    ) -> Result<Vec<UnitId>, AssuranceError> {
        let days = i32::try_from(self.rules().days("drill")).unwrap_or(i32::MAX);
        let since = self.today().add_days(-days);
        let mut units: Vec<UnitId> = self
            .systems_in_reach(permit)
            .await?
            .into_iter()
            .filter(|known| known.system.retired.is_none_or(|day| day > self.today()))
            .map(|known| known.system.unit)
            .collect();
        units.sort_unstable();
        units.dedup();
        let drills = self.drills(permit).await?;
        let has_drilled = |unit: &UnitId| {
            drills
                .iter()
                .any(|held| held.unit == *unit && held.drill.day >= since)
        };
        units.retain(|unit| !has_drilled(unit));
        Ok(units)
    }
}
