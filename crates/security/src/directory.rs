//! What units are called and at which level they stand.
//!
//! The table `unit` knows units by number only; codes and names are records, which a higher room keeps. That
//! room gives this one a [`Directory`] when the program is opened, so that grants are judged by level and
//! pages show names. Without one nothing is known of any unit, and the rules take the narrower side.

use std::collections::HashMap;

use futures::future::BoxFuture;
use kernel::UnitId;
use standard::UnitLevel;

use crate::api::Security;
use crate::error::SecurityError;
use crate::permit::Permit;

/// What is known of a unit today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFacts {
    /// Its code; empty where it has none.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: UnitLevel,
}

/// A unit that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The unit.
    pub unit: UnitId,
    /// What is known of it.
    pub facts: UnitFacts,
}

/// The directory could not be read; the text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DirectoryError(pub String);

/// Who knows the units by name.
pub trait Directory: Send + Sync {
    /// What is known of some units; those that are not known are left out.
    fn facts<'a>(
        &'a self,
        units: &'a [UnitId],
    ) -> BoxFuture<'a, Result<HashMap<UnitId, UnitFacts>, DirectoryError>>;

    /// At most `most` units within the permit's reach whose name holds the text, whose code begins with it
    /// or whose pinyin initials hold it; offices before institutions.
    fn search<'a>(
        &'a self,
        permit: &'a Permit,
        text: &'a str,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Found>, DirectoryError>>;

    /// For each text the units within the permit's reach that have it as their code or, where none does, as
    /// their full name.
    fn named<'a>(
        &'a self,
        permit: &'a Permit,
        texts: &'a [String],
    ) -> BoxFuture<'a, Result<HashMap<String, Vec<Found>>, DirectoryError>>;
}

impl Security {
    /// Gives this room its directory, once; a second one is not taken.
    pub fn set_directory(&self, directory: std::sync::Arc<dyn Directory>) {
        if self.0.directory.set(directory).is_err() {
            tracing::debug!("a second directory of units was offered and not taken");
        }
    }

    /// What is known of some units; empty without a directory.
    ///
    /// # Errors
    /// [`SecurityError::Directory`].
    pub async fn unit_facts(
        &self,
        units: &[UnitId],
    ) -> Result<HashMap<UnitId, UnitFacts>, SecurityError> {
        match self.0.directory.get() {
            Some(directory) if !units.is_empty() => Ok(directory.facts(units).await?),
            _ => Ok(HashMap::new()),
        }
    }

    /// [`Directory::search`]; empty without a directory.
    ///
    /// # Errors
    /// [`SecurityError::Directory`].
    pub async fn search_units(
        &self,
        permit: &Permit,
        text: &str,
        most: usize,
    ) -> Result<Vec<Found>, SecurityError> {
        match self.0.directory.get() {
            Some(directory) => Ok(directory.search(permit, text, most).await?),
            None => Ok(Vec::new()),
        }
    }

    /// [`Directory::named`]; empty without a directory.
    ///
    /// # Errors
    /// [`SecurityError::Directory`].
    pub async fn units_named(
        &self,
        permit: &Permit,
        texts: &[String],
    ) -> Result<HashMap<String, Vec<Found>>, SecurityError> {
        match self.0.directory.get() {
            Some(directory) => Ok(directory.named(permit, texts).await?),
            None => Ok(HashMap::new()),
        }
    }

    /// The level of a unit; that of the province for the whole node. `None` where it is not known.
    pub(crate) async fn level_of(
        &self,
        unit: Option<UnitId>,
    ) -> Result<Option<UnitLevel>, SecurityError> {
        let Some(unit) = unit else {
            return Ok(Some(UnitLevel::Province));
        };
        let facts = self.unit_facts(&[unit]).await?;
        Ok(facts.get(&unit).map(|facts| facts.level))
    }
}

impl From<DirectoryError> for SecurityError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error.0)
    }
}

/// A directory of units that do not change: for rooms that are tested without the one that keeps them.
pub struct FixedDirectory {
    // Weak, as the room holds its directory: a circle would keep both, and their connections, for ever.
    security: std::sync::Weak<crate::api::Inner>,
    units: Vec<Found>,
}

impl FixedDirectory {
    /// The directory of some units with their levels and names; the code is the number.
    #[must_use]
    pub fn new(security: &Security, units: &[(UnitId, UnitLevel, &str)]) -> Self {
        let units = units.iter().map(|(unit, level, name)| Found {
            unit: *unit,
            facts: UnitFacts {
                code: unit.to_string(),
                name: (*name).to_owned(),
                level: *level,
            },
        });
        Self {
            security: std::sync::Arc::downgrade(&security.0),
            units: units.collect(),
        }
    }

    fn within<'a>(&'a self, permit: &'a Permit) -> impl Iterator<Item = &'a Found> + 'a {
        let tree = self
            .security
            .upgrade()
            .map(Security)
            .map(|room| room.units());
        self.units.iter().filter(move |one| {
            tree.as_ref()
                .is_some_and(|tree| permit.sees(tree, one.unit))
        })
    }
}

impl Directory for FixedDirectory {
    fn facts<'a>(
        &'a self,
        units: &'a [UnitId],
    ) -> BoxFuture<'a, Result<HashMap<UnitId, UnitFacts>, DirectoryError>> {
        let known = self.units.iter().filter(|one| units.contains(&one.unit));
        let facts = known.map(|one| (one.unit, one.facts.clone())).collect();
        Box::pin(std::future::ready(Ok(facts)))
    }

    fn search<'a>(
        &'a self,
        permit: &'a Permit,
        text: &'a str,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Found>, DirectoryError>> {
        let hits = self
            .within(permit)
            .filter(|one| one.facts.name.contains(text));
        let hits = hits.take(most).cloned().collect();
        Box::pin(std::future::ready(Ok(hits)))
    }

    fn named<'a>(
        &'a self,
        permit: &'a Permit,
        texts: &'a [String],
    ) -> BoxFuture<'a, Result<HashMap<String, Vec<Found>>, DirectoryError>> {
        let answers = texts.iter().map(|text| {
            let is_it = |one: &&Found| one.facts.code == *text || one.facts.name == *text;
            let found = self.within(permit).filter(is_it).cloned().collect();
            (text.clone(), found)
        });
        let answers = answers.collect();
        Box::pin(std::future::ready(Ok(answers)))
    }
}
