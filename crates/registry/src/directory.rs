//! Units by name for `security`, which knows them by number only: see [`security::Directory`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::future::{BoxFuture, FutureExt as _};
use kernel::{Clocks, CommitNumber, Day, UnitId, Value};
use security::{Directory, DirectoryError, Found, Permit, UnitFacts, UnitLevel};
use standard::{Dataset, Standard, UnitRule};

use crate::ledger::{Ledger, LedgerError};
use crate::search::{initials, looks_like_initials};

/// A unit as it is looked for.
#[derive(Debug)]
struct Entry {
    unit: UnitId,
    facts: UnitFacts,
    initials: String,
}

/// All units of a day, offices before institutions, each in the order of codes.
#[derive(Debug, Default)]
struct Entries {
    all: Vec<Entry>,
    by_unit: HashMap<UnitId, usize>,
}

impl Entries {
    fn get(&self, unit: UnitId) -> Option<&Entry> {
        self.by_unit
            .get(&unit)
            .and_then(|place| self.all.get(*place))
    }
}

/// The datasets whose records are units, the offices before the institutions they manage.
#[must_use]
pub fn unit_datasets(standard: &Standard) -> Vec<&Dataset> {
    let mut datasets: Vec<&Dataset> = standard
        .datasets()
        .iter()
        .filter(|dataset| matches!(dataset.unit, UnitRule::SelfUnit { .. }))
        .collect();
    let institution = standard
        .dataset("institution")
        .filter(|institution| !datasets.iter().any(|each| each.name == institution.name));
    datasets.extend(institution);
    datasets
}

/// What the entries were read at: the last commit of each dataset of units, and the day.
type ReadAt = (Vec<CommitNumber>, Day);

/// The units of the ledger, kept in memory until one of them is written.
///
/// It is held by the room that the ledger itself holds, so it knows the ledger weakly: a circle would keep both, and
/// their connections, for ever. Who holds the [`crate::Registry`] keeps it alive.
pub(crate) struct LedgerDirectory {
    ledger: Weak<Ledger>,
    known: Mutex<Option<(ReadAt, Arc<Entries>)>>,
}

impl LedgerDirectory {
    pub(crate) fn new(ledger: &Arc<Ledger>) -> Self {
        Self {
            ledger: Arc::downgrade(ledger),
            known: Mutex::new(None),
        }
    }

    fn ledger(&self) -> Result<Arc<Ledger>, DirectoryError> {
        self.ledger
            .upgrade()
            .ok_or_else(|| DirectoryError("the ledger is closed".to_owned()))
    }

    async fn entries(&self, ledger: &Ledger) -> Result<Arc<Entries>, LedgerError> {
        let standard = Arc::clone(ledger.standard());
        let datasets = unit_datasets(&standard);
        let today = ledger.clock().today();
        let mut commits = Vec::with_capacity(datasets.len());
        for dataset in &datasets {
            let last = ledger
                .last_commit_of(&dataset.name, CommitNumber::LATEST)
                .await?;
            commits.push(last);
        }
        let read_at = (commits, today);
        if let Some(known) = self.kept(&read_at) {
            return Ok(known);
        }
        let entries = Arc::new(read(ledger, &datasets, today).await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((read_at, Arc::clone(&entries)));
        Ok(entries)
    }

    fn kept(&self, read_at: &ReadAt) -> Option<Arc<Entries>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .filter(|(at, _)| at == read_at)
            .map(|(_, entries)| Arc::clone(entries))
    }
}

async fn read(ledger: &Ledger, datasets: &[&Dataset], today: Day) -> Result<Entries, LedgerError> {
    let permit = Permit::for_job("directory").map_err(security::SecurityError::from)?;
    let mut entries = Entries::default();
    let mut sounds = HashMap::new();
    for dataset in datasets {
        let place = |name: &str| dataset.stored_fields().position(|field| field.name == name);
        let places = ["code", "name", "kind"].map(place);
        let is_office = matches!(dataset.unit, UnitRule::SelfUnit { .. });
        let mut part = Vec::new();
        ledger
            .read(&permit, &dataset.name, Clocks::latest(today), |version| {
                let [code, name, kind] = places.map(|place| {
                    place
                        .and_then(|place| version.values.get(place))
                        .and_then(Value::as_text)
                        .unwrap_or_default()
                        .to_owned()
                });
                part.push(Entry {
                    unit: UnitId::new(version.record.get()),
                    initials: initials(&name, &mut sounds),
                    facts: UnitFacts {
                        code,
                        name,
                        level: match is_office {
                            true => UnitLevel::of_unit_kind(&kind),
                            false => UnitLevel::Institution,
                        },
                    },
                });
            })
            .await?;
        part.sort_by(|left, right| {
            (&left.facts.code, left.unit).cmp(&(&right.facts.code, right.unit))
        });
        entries.all.extend(part);
    }
    // Backwards, so that the first of two of one number is the one that is found.
    for (place, entry) in entries.all.iter().enumerate().rev() {
        entries.by_unit.insert(entry.unit, place);
    }
    Ok(entries)
}

fn fault(error: LedgerError) -> DirectoryError {
    DirectoryError(error.to_string())
}

fn found(entry: &Entry) -> Found {
    Found {
        unit: entry.unit,
        facts: entry.facts.clone(),
    }
}

impl Directory for LedgerDirectory {
    fn facts<'a>(
        &'a self,
        units: &'a [UnitId],
    ) -> BoxFuture<'a, Result<HashMap<UnitId, UnitFacts>, DirectoryError>> {
        async move {
            let ledger = self.ledger()?;
            let entries = self.entries(&ledger).await.map_err(fault)?;
            Ok(units
                .iter()
                .filter_map(|unit| Some((*unit, entries.get(*unit)?.facts.clone())))
                .collect())
        }
        .boxed()
    }

    fn search<'a>(
        &'a self,
        permit: &'a Permit,
        text: &'a str,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Found>, DirectoryError>> {
        async move {
            let wanted = kernel::normalise_text(text);
            if wanted.is_empty() {
                return Ok(Vec::new());
            }
            let lowered = wanted.to_lowercase();
            let sounds = looks_like_initials(&lowered);
            let ledger = self.ledger()?;
            let entries = self.entries(&ledger).await.map_err(fault)?;
            let tree = ledger.security().units();
            Ok(entries
                .all
                .iter()
                .filter(|entry| {
                    let facts = &entry.facts;
                    (facts.name.contains(wanted.as_ref())
                        || facts.code.starts_with(wanted.as_ref())
                        || (sounds && entry.initials.contains(&lowered)))
                        && permit.sees(&tree, entry.unit)
                })
                .take(most)
                .map(found)
                .collect())
        }
        .boxed()
    }

    fn named<'a>(
        &'a self,
        permit: &'a Permit,
        texts: &'a [String],
    ) -> BoxFuture<'a, Result<HashMap<String, Vec<Found>>, DirectoryError>> {
        async move {
            let ledger = self.ledger()?;
            let entries = self.entries(&ledger).await.map_err(fault)?;
            let tree = ledger.security().units();
            let mut codes: HashMap<&str, Vec<&Entry>> = HashMap::new();
            let mut names: HashMap<&str, Vec<&Entry>> = HashMap::new();
            let within = |entry: &&Entry| permit.sees(&tree, entry.unit);
            for entry in entries.all.iter().filter(within) {
                codes.entry(&entry.facts.code).or_default().push(entry);
                names.entry(&entry.facts.name).or_default().push(entry);
            }
            let mut answers = HashMap::with_capacity(texts.len());
            for text in texts {
                let wanted = kernel::normalise_text(text);
                if wanted.is_empty() {
                    continue;
                }
                let held = codes
                    .get(wanted.as_ref())
                    .or_else(|| names.get(wanted.as_ref()));
                let units: Vec<Found> = held
                    .into_iter()
                    .flatten()
                    .map(|entry| found(entry))
                    .collect();
                answers.insert(text.clone(), units);
            }
            Ok(answers)
        }
        .boxed()
    }
}
