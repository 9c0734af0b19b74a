//! Units by code and by name: for the command line, and for the line that says under which unit someone
//! works.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use kernel::{Clocks, RecordId, UnitId, Value};
use registry::Registry;
use registry::directory::unit_datasets;
use registry::ledger::LedgerError;
use security::Permit;
use standard::Dataset;

use crate::App;

/// No unit has this code or name.
#[derive(Debug, thiserror::Error)]
pub enum UnitNotFound {
    /// None has it.
    #[error(
        "there is no unit `{0}`; write the code or the full name of an education unit or an institution"
    )]
    None(String),
    /// Several have it.
    #[error("several units are called `{0}`; write the code")]
    Several(String),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The unit that a code or a full name stands for, today: an education unit, or an institution.
///
/// # Errors
/// [`UnitNotFound`].
pub async fn find_unit(
    registry: &Registry,
    permit: &Permit,
    text: &str,
) -> Result<UnitId, UnitNotFound> {
    let wanted = kernel::normalise_text(text).into_owned();
    let clocks = Clocks::latest(registry.today());
    for dataset in unit_datasets(registry.standard()) {
        let places = ["code", "name"].map(|name| place_of(dataset, name));
        let mut by_code = None;
        let mut by_name = Vec::new();
        let read = registry
            .ledger()
            .read(permit, &dataset.name, clocks, |version| {
                let unit = UnitId::new(version.record.get());
                let text_at = |place: Option<usize>| {
                    place
                        .and_then(|place| version.values.get(place))
                        .and_then(Value::as_text)
                };
                let [code, name] = places;
                if text_at(code) == Some(wanted.as_str()) {
                    by_code = Some(unit);
                } else if text_at(name) == Some(wanted.as_str()) {
                    by_name.push(unit);
                }
            });
        read.await?;
        match (by_code, by_name.as_slice()) {
            (Some(unit), _) => return Ok(unit),
            (None, [unit]) => return Ok(*unit),
            (None, []) => {}
            (None, _) => return Err(UnitNotFound::Several(text.to_owned())),
        }
    }
    Err(UnitNotFound::None(text.to_owned()))
}

fn place_of(dataset: &Dataset, name: &str) -> Option<usize> {
    dataset.stored_fields().position(|field| field.name == name)
}

/// What units are called today, code and name, as far as there are any of that number.
///
/// # Errors
/// Those of the ledger.
pub async fn unit_labels(
    registry: &Registry,
    permit: &Permit,
    units: &[UnitId],
) -> Result<HashMap<UnitId, (String, String)>, LedgerError> {
    let clocks = Clocks::latest(registry.today());
    let mut labels = HashMap::new();
    for unit in units {
        for dataset in unit_datasets(registry.standard()) {
            let record = RecordId::new(unit.get());
            let found = registry
                .ledger()
                .record(permit, &dataset.name, record, clocks)
                .await?;
            let Some(version) = found else { continue };
            let text_of = |name| {
                place_of(dataset, name)
                    .and_then(|place| version.values.get(place))
                    .and_then(Value::as_text)
                    .unwrap_or_default()
                    .to_owned()
            };
            labels.insert(*unit, (text_of("code"), text_of("name")));
            break;
        }
    }
    Ok(labels)
}

/// The names of units, for the room of applications and reviews, which stands below the one that knows them.
pub(crate) struct Directory(pub(crate) Registry);

impl workflow::UnitDirectory for Directory {
    fn find<'a>(&'a self, text: &'a str) -> BoxFuture<'a, Option<UnitId>> {
        Box::pin(async move {
            // Codes and names of units are public; what a case of a unit shows is the case's own matter.
            let permit = Permit::for_job("workflow").ok()?;
            match find_unit(&self.0, &permit, text).await {
                Ok(unit) => Some(unit),
                Err(UnitNotFound::Ledger(error)) => {
                    tracing::warn!(%error, "a unit could not be looked up");
                    None
                }
                Err(UnitNotFound::None(_) | UnitNotFound::Several(_)) => None,
            }
        })
    }

    fn label(&self, unit: UnitId) -> BoxFuture<'_, Option<(String, String)>> {
        Box::pin(async move {
            let permit = Permit::for_job("workflow").ok()?;
            match unit_labels(&self.0, &permit, &[unit]).await {
                Ok(mut labels) => labels.remove(&unit),
                Err(error) => {
                    tracing::warn!(%error, "the name of a unit could not be read");
                    None
                }
            }
        })
    }
}

impl security::Records for Directory {
    fn unit_of<'a>(
        &'a self,
        permit: &'a Permit,
        person: RecordId,
    ) -> BoxFuture<'a, Option<UnitId>> {
        Box::pin(async move {
            // Definitions without persons have none.
            self.0.standard().dataset("person")?;
            let clocks = Clocks::latest(self.0.today());
            let found = self.0.ledger().record(permit, "person", person, clocks);
            match found.await {
                Ok(version) => version.map(|version| version.unit),
                Err(error) => {
                    tracing::warn!(%error, "the unit of a person could not be read");
                    None
                }
            }
        })
    }

    fn unit_names<'a>(&'a self, units: &'a [UnitId]) -> BoxFuture<'a, HashMap<UnitId, String>> {
        Box::pin(async move {
            let Ok(permit) = Permit::for_job("workflow") else {
                return HashMap::new();
            };
            match unit_labels(&self.0, &permit, units).await {
                Ok(labels) => labels
                    .into_iter()
                    .map(|(unit, (_, name))| (unit, name))
                    .collect(),
                Err(error) => {
                    tracing::warn!(%error, "the names of units could not be read");
                    HashMap::new()
                }
            }
        })
    }

    fn unit_called<'a>(
        &'a self,
        permit: &'a Permit,
        text: &'a str,
    ) -> BoxFuture<'a, Option<UnitId>> {
        Box::pin(async move {
            match find_unit(&self.0, permit, text).await {
                Ok(unit) => Some(unit),
                Err(UnitNotFound::None(_) | UnitNotFound::Several(_)) => None,
                Err(UnitNotFound::Ledger(error)) => {
                    tracing::warn!(%error, "a unit could not be looked for");
                    None
                }
            }
        })
    }
}

/// Names of units that stand on pages, kept for a while: a page asks for its reader's unit every time.
#[derive(Debug, Default)]
pub(crate) struct UnitNames {
    known: Mutex<HashMap<UnitId, (i64, String)>>,
}

/// A name is asked for again after so many milliseconds.
const KEPT: i64 = 60_000;

impl App {
    /// The name of a unit; empty where there is none today.
    pub(crate) async fn unit_name(&self, unit: UnitId) -> String {
        let now = self.0.settings.clock.now().get();
        {
            let known = self
                .0
                .unit_names
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some((since, name)) = known.get(&unit)
                && now - since < KEPT
            {
                return name.clone();
            }
        }
        let name = match self.read_unit_name(unit).await {
            Ok(name) => name,
            Err(error) => {
                tracing::warn!(%error, "the name of a unit could not be read");
                String::new()
            }
        };
        let mut known = self
            .0
            .unit_names
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(unit, (now, name.clone()));
        name
    }

    async fn read_unit_name(&self, unit: UnitId) -> Result<String, crate::OpenError> {
        // The reader works in this unit, whatever the post may read: its name is no secret from them.
        let permit = Permit::for_job("columns")?;
        let mut labels = unit_labels(&self.0.registry, &permit, &[unit]).await?;
        Ok(labels
            .remove(&unit)
            .map(|(_, name)| name)
            .unwrap_or_default())
    }
}
