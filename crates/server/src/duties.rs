//! What the room of security duties asks of the others: the names of units, what else is to be done, and the
//! figure that it gives to the map.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assurance::{
    Assurance, AssuranceError, Chain, Directory, Finding, FindingSource, Node, NodeCertificate,
    Seen, Severity, UnitEntry, UnitNames,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use geo_room::{UnitFigure, UnitNumber};
use kernel::{Clocks, CommitNumber, Day, UnitId};
use registry::Registry;
use security::{LedgerHead, Permit, Security, SecurityError};
use standard::{Action, Figure};

use crate::error::OpenError;
use crate::tls::TlsSettings;
use registry::directory::unit_datasets;

/// What names were read at: the last commit of each dataset of units, and the day.
type ReadAt = (Vec<CommitNumber>, Day);

/// The names of units, from the records of today.
pub(crate) struct Names {
    registry: Registry,
    kept: Mutex<Option<(ReadAt, Arc<UnitNames>)>>,
}

impl Names {
    pub(crate) fn new(registry: Registry) -> Self {
        Self {
            registry,
            kept: Mutex::new(None),
        }
    }

    async fn read(&self) -> Result<Arc<UnitNames>, OpenError> {
        let registry = &self.registry;
        let datasets = unit_datasets(registry.standard());
        let today = registry.today();
        let mut commits = Vec::new();
        for dataset in &datasets {
            let ledger = registry.ledger();
            commits.push(
                ledger
                    .last_commit_of(&dataset.name, CommitNumber::LATEST)
                    .await?,
            );
        }
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(((known, day), names)) = kept.as_ref()
                && (known, *day) == (&commits, today)
            {
                return Ok(Arc::clone(names));
            }
        }
        // Codes and names of units are public; what stands beside them is the page's own matter.
        let permit = Permit::for_job("columns")?;
        let mut names = HashMap::new();
        // From the institutions to the offices that manage them: where both have a number, the office counts.
        for dataset in datasets.iter().rev() {
            let view = registry
                .view(&permit, &dataset.name, Clocks::latest(today))
                .await?;
            let table = view.table();
            let [record, code, name, initials] =
                ["record_id", "code", "name", "initials"].map(|column| view.column(column));
            let text = |column: Option<usize>, row| {
                let text = column.and_then(|column| table.text(column, row));
                text.unwrap_or_default().to_owned()
            };
            for row in view.rows() {
                let Some(unit) = record.and_then(|column| table.int(column, row)) else {
                    continue;
                };
                let entry = UnitEntry {
                    code: text(code, row),
                    name: text(name, row),
                    initials: text(initials, row),
                };
                names.insert(UnitId::new(unit), entry);
            }
        }
        let names = Arc::new(UnitNames(names));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(((commits, today), Arc::clone(&names)));
        Ok(names)
    }
}

impl Directory for Names {
    fn units(&self) -> BoxFuture<'_, Result<Arc<UnitNames>, String>> {
        async { self.read().await.map_err(|error| error.to_string()) }.boxed()
    }
}

/// What a figure of the room counts, by the name that its definition gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Duties that nobody has.
    Duties,
    /// Reports of today that did not come.
    Reports,
}

impl Counted {
    fn of(name: &str) -> Option<Self> {
        match name {
            "unit_duty" => Some(Self::Duties),
            "unit_report" => Some(Self::Reports),
            _ => None,
        }
    }
}

/// What is missing in units, on the map.
pub(crate) struct Missing {
    assurance: Assurance,
    figure: Figure,
    counted: Counted,
}

impl Missing {
    /// The figures of the definitions that the map draws of the room.
    pub(crate) fn of(assurance: &Assurance, figures: &[Figure]) -> Vec<Arc<dyn UnitFigure>> {
        let drawn = figures.iter().filter_map(|figure| {
            let counted = Counted::of(&figure.numerator.dataset)?;
            Some(Arc::new(Self {
                assurance: assurance.clone(),
                figure: figure.clone(),
                counted,
            }) as Arc<dyn UnitFigure>)
        });
        drawn.collect()
    }

    async fn count(&self, permit: &Permit) -> Result<Vec<UnitNumber>, AssuranceError> {
        let number = |unit, numerator: i64, denominator: i64| UnitNumber {
            unit,
            numerator: numerator as f64,
            denominator: denominator as f64,
        };
        Ok(match self.counted {
            Counted::Duties => {
                let (missing, _) = self.assurance.missing_by_unit(permit).await?;
                missing
                    .into_iter()
                    .map(|(unit, missing)| number(unit, missing, 1))
                    .collect()
            }
            Counted::Reports => {
                let owed = self.assurance.reports_by_unit(permit).await?;
                owed.into_iter()
                    .map(|each| number(each.unit, each.missing, each.owed))
                    .collect()
            }
        })
    }
}

impl UnitFigure for Missing {
    fn figure(&self) -> &Figure {
        &self.figure
    }

    fn may(&self, permit: &Permit) -> bool {
        permit.allows(Action::ReadSecurity)
    }

    fn numbers<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Result<Vec<UnitNumber>, String>> {
        async { self.count(permit).await.map_err(|error| error.to_string()) }.boxed()
    }
}

/// The program itself: what goes through its chains and knows its certificates.
pub(crate) struct ThisNode {
    pub(crate) registry: Registry,
    pub(crate) tls: Option<TlsSettings>,
}

impl ThisNode {
    async fn look_at_ledger(&self) -> Result<Seen, OpenError> {
        let report = self.registry.ledger().verify(|_, _| true).await?;
        Ok(Seen {
            looked_at: report.commits,
            faults: count(report.findings.len()),
            first_fault: report
                .findings
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
            head: LedgerHead {
                number: report.number,
                hash: report.head,
            }
            .to_string(),
        })
    }

    async fn look_at_audit(&self) -> Result<Seen, OpenError> {
        let (_, report) = self.registry.security().check_audit().await?;
        Ok(Seen {
            looked_at: report.entries,
            faults: i64::from(report.fault.is_some()),
            first_fault: report
                .fault
                .map(|fault| format!("{}: {}", fault.number, fault.kind.as_str()))
                .unwrap_or_default(),
            head: format!("{}:{}", report.number, report.hash),
        })
    }
}

impl Node for ThisNode {
    fn certificates(&self) -> Result<Vec<NodeCertificate>, String> {
        match &self.tls {
            Some(tls) => tls.lives().map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        }
    }

    fn verify(&self, chain: Chain) -> BoxFuture<'_, Result<Seen, String>> {
        async move {
            let seen = match chain {
                Chain::Ledger => self.look_at_ledger().await,
                Chain::Audit => self.look_at_audit().await,
            };
            seen.map_err(|error| error.to_string())
        }
        .boxed()
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// What the log of evidence says: what alerts nobody has looked into.
pub(crate) struct Evidence(pub(crate) Security);

impl Evidence {
    async fn found(&self, permit: &Permit) -> Result<Vec<Finding>, SecurityError> {
        let mut found = Vec::new();
        if permit.allows(Action::ManageSecurity) {
            let open = self.0.alerts_open(permit).await?;
            found.push(Finding {
                name: "alerts_open",
                count: i64::try_from(open.len()).unwrap_or(i64::MAX),
                severity: Severity::Fix,
                href: Some("/alerts".to_owned()),
            });
        }
        Ok(found)
    }
}

impl FindingSource for Evidence {
    fn findings<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Result<Vec<Finding>, String>> {
        async { self.found(permit).await.map_err(|error| error.to_string()) }.boxed()
    }

    fn name(&self) -> &'static str {
        "evidence"
    }
}
