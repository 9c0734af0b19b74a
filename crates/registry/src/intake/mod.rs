//! The one way in: a file becomes a plan, a plan becomes commits.
//!
//! file → cells ([`crate::read`]) → columns recognised ([`mapping`]) → typed ([`typing`]), derived
//! ([`derive`]), checked as columns → matched against what is held ([`context`]) → compared: the plan
//! ([`plan`]), which people look at before anything is written → one change set a reporting unit
//! ([`commit`]).

mod cells;
mod checks;
mod commit;
mod compare;
pub mod context;
mod derive;
mod error;
pub mod explain;
pub mod mapping;
mod outlines;
mod owners;
pub mod plan;
mod prepare;
pub mod references;
mod rows;
mod single;
#[cfg(test)]
mod tests;
mod typing;
mod work;

pub(crate) use cells::{cell_of, stored_value};
pub(crate) use typing::column_type;

use std::sync::Arc;

use kernel::{Datum, Day, UnitId};
use security::Permit;
use serde::{Deserialize, Serialize};

pub use checks::checker_for;
pub use commit::Written;
pub use error::IntakeError;
pub use mapping::{Mapping, MappingFault, parse_datum};
pub use owners::Level;
pub use plan::{Cause, Class, Detail, FieldChange, Missing, Plan, RowExample};
pub use prepare::Prepared;
pub use single::{TAKEN, TypedRow, commit_row, prepare_row};
pub use typing::staged_schema;

use crate::ledger::Ledger;
use crate::read::RawReader;

/// How a file is to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The datum of its coordinates, where it is not the mapping that says it; CGCS2000 otherwise.
    pub datum: Option<Datum>,
    /// From when its values hold; the dataset's own rule otherwise.
    pub effective: Option<Day>,
    /// The date field from which each row says itself when it holds ([`Mapping::effective_field`]); it goes
    /// before `effective`.
    pub effective_field: Option<String>,
    /// The unit for which it is a complete list.
    pub complete_for: Option<UnitId>,
    /// Why, in the words of whoever imports it.
    pub reason: String,
    /// Refuse to write when other commits touched the same records since the plan was shown.
    pub strict: bool,
}

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reading and typing.
    Read,
    /// Running the checks.
    Check,
    /// Holding rows against what is held.
    Compare,
    /// Committing.
    Write,
}

/// Receives the step, rows done and rows in all (0: not known); answers `false` to stop the work.
type Listener = dyn Fn(Step, u64, u64) -> bool + Send + Sync;

/// Where progress is told and where a wish to stop comes from.
#[derive(Clone)]
pub struct Progress(Arc<Listener>);

impl Progress {
    /// Progress that nobody watches.
    pub fn silent() -> Progress {
        Progress(Arc::new(|_, _, _| true))
    }

    /// Progress told to a function.
    pub fn to(listener: impl Fn(Step, u64, u64) -> bool + Send + Sync + 'static) -> Progress {
        Progress(Arc::new(listener))
    }

    pub(crate) fn tell(&self, step: Step, done: u64, total: u64) -> Result<(), IntakeError> {
        if (self.0)(step, done, total) {
            Ok(())
        } else {
            Err(IntakeError::Stopped(format!("{done} / {total}")))
        }
    }
}

/// Reads a file and says what it would do. Writes nothing.
///
/// # Errors
/// Only what stops the whole file; rows at fault are part of the plan.
#[expect(
    clippy::too_many_arguments,
    reason = "a file with all that is said of it; imports is the one caller"
)]
pub async fn prepare(
    ledger: &Ledger,
    permit: &Permit,
    dataset: &str,
    file: &str,
    reader: RawReader,
    mapping: Mapping,
    options: &Options,
    progress: Progress,
) -> Result<Prepared, IntakeError> {
    permit.require(standard::Action::Import)?;
    let preparation = prepare::Preparation {
        ledger,
        permit,
        dataset: dataset_named(ledger, permit, dataset)?,
        options,
        mapping,
        progress,
        single: None,
    };
    preparation.run(reader, file).await
}

/// The dataset of that name. One that the permit does not write does not exist for an import.
pub(crate) fn dataset_named(
    ledger: &Ledger,
    permit: &Permit,
    name: &str,
) -> Result<Arc<standard::Dataset>, IntakeError> {
    let standard = ledger.standard();
    let writable = || {
        let all = standard.datasets().iter();
        all.filter(|dataset| permit.writes_dataset(&dataset.name))
    };
    let dataset = writable()
        .find(|dataset| dataset.name == name)
        .ok_or_else(|| IntakeError::UnknownDataset {
            name: name.to_owned(),
            instead: standard::nearest(name, writable().map(|each| each.name.as_str()))
                .map(str::to_owned),
        })?;
    Ok(Arc::new(dataset.clone()))
}

/// Commits what was prepared, one change set a reporting unit.
///
/// # Errors
/// What was committed before a failure stays; the same file under the same import number goes on from
/// there.
pub async fn commit(
    ledger: &Ledger,
    permit: &Permit,
    prepared: &Arc<Prepared>,
    options: &Options,
    import: i64,
    progress: &Progress,
) -> Result<Written, IntakeError> {
    commit::commit(ledger, permit, prepared, options, import, progress).await
}
