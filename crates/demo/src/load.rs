//! Loads the province as anyone loads files: through the imports of the registry, with their checks, plans,
//! commits and history.

use std::path::PathBuf;
use std::sync::Arc;

use registry::Registry;
use registry::imports::{Finished, Request};
use registry::intake::{Cause, Class, IntakeError, Progress, Step};
use security::Permit;

use crate::error::DemoError;
use crate::files;
use crate::model::Institution;
use crate::province::{Province, SEED};

/// A part of the load, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Townships, with positions.
    Townships,
    /// Villages.
    Villages,
    /// Outlines of counties, cities and the province.
    Boundaries,
    /// Schools of all times, each from its founding date on.
    Institutions,
    /// Teaching sites, attached classes and campuses.
    Attached,
    /// What was closed, each from its closing date on.
    Closings,
    /// Yearly headlines.
    Headlines,
    /// Population of 2020.
    Population,
}

impl Part {
    /// All of them, in the order in which they are loaded.
    pub const ALL: [Part; 8] = [
        Part::Townships,
        Part::Villages,
        Part::Boundaries,
        Part::Institutions,
        Part::Attached,
        Part::Closings,
        Part::Headlines,
        Part::Population,
    ];

    /// A word for message keys and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Townships => "townships",
            Part::Villages => "villages",
            Part::Boundaries => "boundaries",
            Part::Institutions => "institutions",
            Part::Attached => "attached",
            Part::Closings => "closings",
            Part::Headlines => "headlines",
            Part::Population => "population",
        }
    }

    /// The dataset that it goes to.
    pub fn dataset(self) -> &'static str {
        match self {
            Part::Townships | Part::Villages => "division",
            Part::Boundaries => "division_boundary",
            Part::Institutions | Part::Attached | Part::Closings => "institution",
            Part::Headlines => "institution_year",
            Part::Population => "division_population",
        }
    }

    fn file_name(self) -> String {
        let ending = if self == Part::Boundaries {
            "geojson"
        } else {
            "csv"
        };
        format!("demo-{}.{ending}", self.as_str())
    }

    /// The date field from which each row holds, where rows say it themselves.
    fn effective_field(self) -> Option<&'static str> {
        match self {
            Part::Institutions | Part::Attached => Some("founded"),
            Part::Closings => Some("closed"),
            _ => None,
        }
    }

    fn bytes(self, province: &Province) -> std::io::Result<Vec<u8>> {
        match self {
            Part::Townships => files::townships(&province.places),
            Part::Villages => files::villages(&province.places),
            Part::Boundaries => Ok(files::boundaries(&province.places)),
            Part::Institutions => files::institutions(province, false),
            Part::Attached => files::institutions(province, true),
            Part::Closings => files::closings(province),
            Part::Headlines => files::headlines(province),
            Part::Population => files::population(province),
        }
    }

    fn rows(self, province: &Province) -> u64 {
        let places = &province.places;
        let schools = |which: fn(&Institution) -> bool| {
            province
                .institutions
                .iter()
                .filter(|each| which(each))
                .count()
        };
        let count = match self {
            Part::Townships => places.townships.len(),
            Part::Villages => places.villages.len(),
            Part::Boundaries => places
                .outlines
                .layers
                .iter()
                .map(|layer| layer.regions.len())
                .sum(),
            Part::Institutions => schools(|each| each.parent.is_none()),
            Part::Attached => schools(|each| each.parent.is_some()),
            Part::Closings => schools(|each| each.closing.is_some()),
            Part::Headlines => province.headlines.len(),
            Part::Population => province.population.len(),
        };
        count as u64
    }
}

/// What became of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSummary {
    /// The part.
    pub part: Part,
    /// Rows of its file.
    pub rows: u64,
    /// New records.
    pub added: u64,
    /// Records with a new version.
    pub changed: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Commits.
    pub commits: u64,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Part by part.
    pub parts: Vec<PartSummary>,
    /// Institutions that are open and counted as schools.
    pub counted: u64,
    /// Records of institutions in all: with teaching sites, attached classes, campuses and what was closed.
    pub institutions: u64,
}

impl Summary {
    /// Whether everything was there already.
    pub fn wrote_nothing(&self) -> bool {
        self.parts.iter().all(|part| part.commits == 0)
    }
}

/// Makes the demo province and loads it. What is there already is not written again: a load that was
/// interrupted goes on, and a second one writes nothing.
///
/// `progress` hears the part, how much of it is done and how much it is; it answers `false` to stop.
///
/// # Errors
/// [`DemoError`]. A row that the registry refuses is an error; parts before it stay loaded.
pub async fn load(
    registry: &Registry,
    permit: &Permit,
    progress: impl Fn(Part, u64, u64) -> bool + Send + Sync + 'static,
) -> Result<Summary, DemoError> {
    let province = tokio::task::spawn_blocking(|| Province::generate(SEED))
        .await
        .map_err(|error| DemoError::Data(error.to_string()))??;
    load_province(registry, permit, Arc::new(province), progress).await
}

/// As [`load`], with a province of one's own.
///
/// # Errors
/// As [`load`].
pub async fn load_province(
    registry: &Registry,
    permit: &Permit,
    province: Arc<Province>,
    progress: impl Fn(Part, u64, u64) -> bool + Send + Sync + 'static,
) -> Result<Summary, DemoError> {
    registry::seed::plant(registry.ledger(), permit).await?;
    let progress: Arc<Listener> = Arc::new(progress);
    let mut parts = Vec::with_capacity(Part::ALL.len());
    for part in Part::ALL {
        parts.push(load_part(registry, permit, &province, part, &progress).await?);
    }
    Ok(Summary {
        parts,
        counted: province.counted_today(),
        institutions: province.institutions.len() as u64,
    })
}

type Listener = dyn Fn(Part, u64, u64) -> bool + Send + Sync;

async fn load_part(
    registry: &Registry,
    permit: &Permit,
    province: &Arc<Province>,
    part: Part,
    progress: &Arc<Listener>,
) -> Result<PartSummary, DemoError> {
    let rows = part.rows(province);
    if !progress(part, 0, rows) {
        return Err(DemoError::Stopped);
    }
    let path = write_file(registry, province, part).await?;
    let request = Request {
        mapping: part
            .effective_field()
            .map(|field| format!("effective_field = \"{field}\"\n"))
            .unwrap_or_default(),
        datum: "cgcs2000".to_owned(),
        reason: "载入演示省份(合成数据)".to_owned(),
        ..Request::default()
    };
    let listener = Arc::clone(progress);
    let watched = Progress::to(move |step, done, total| {
        listener(part, overall(step, done, total, rows), rows)
    });
    let outcome = registry
        .imports()
        .run_now(permit, part.dataset(), &path, &request, false, watched)
        .await;
    // The file is made again from the seed whenever it is wanted.
    tokio::fs::remove_file(&path).await?;
    let (_, finished) = outcome.map_err(|source| match source {
        IntakeError::Stopped(_) => DemoError::Stopped,
        source => DemoError::Intake {
            stage: part.as_str(),
            source,
        },
    })?;
    refuse_refusals(part, &finished)?;
    let plan = &finished.plan;
    Ok(PartSummary {
        part,
        rows: plan.rows,
        added: plan.count(Class::New),
        changed: plan.count(Class::Changed),
        unchanged: plan.count(Class::Unchanged),
        commits: finished.written.map_or(0, |written| written.committed),
    })
}

async fn write_file(
    registry: &Registry,
    province: &Arc<Province>,
    part: Part,
) -> Result<PathBuf, DemoError> {
    let path = registry.imports().incoming(&part.file_name()).await?;
    let province = Arc::clone(province);
    let target = path.clone();
    tokio::task::spawn_blocking(move || std::fs::write(target, part.bytes(&province)?))
        .await
        .map_err(|error| DemoError::Data(error.to_string()))??;
    Ok(path)
}

/// How far a part has come: reading, comparing and writing are a third each.
fn overall(step: Step, done: u64, total: u64, rows: u64) -> u64 {
    let thirds = match step {
        Step::Read => done.min(rows),
        Step::Check => rows,
        Step::Compare => rows + done.min(rows),
        Step::Write => 2 * rows + rows * done.min(total) / total.max(1),
    };
    thirds / 3
}

fn refuse_refusals(part: Part, finished: &Finished) -> Result<(), DemoError> {
    let plan = &finished.plan;
    if !plan.has_refusals() {
        return Ok(());
    }
    let first: Option<&Cause> = plan.causes.first();
    let example = first.and_then(|cause| cause.examples.first());
    Err(DemoError::Refused {
        stage: part.as_str(),
        rows: plan.count(Class::Refused) + plan.count(Class::Review),
        code: first.map_or(String::new(), |cause| cause.code.clone()),
        message: first.map_or(String::new(), |cause| cause.message.0.clone()),
        example: example.map_or(String::new(), |row| {
            format!("{} {} {}", row.label, row.value, row.detail.zh)
        }),
    })
}
