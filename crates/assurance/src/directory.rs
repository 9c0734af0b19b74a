//! What units are called: asked of the program, since this room stands beside the one that keeps records.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use kernel::UnitId;

/// A unit as pages name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitEntry {
    /// Its code; empty where it has none.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The initials of the name in pinyin, for searching.
    pub initials: String,
}

/// The names of all units today.
#[derive(Debug, Default)]
pub struct UnitNames(pub HashMap<UnitId, UnitEntry>);

impl UnitNames {
    /// The name of a unit, or its number where it has none today.
    #[must_use]
    pub fn name(&self, unit: UnitId) -> String {
        match self.0.get(&unit) {
            Some(entry) if !entry.name.is_empty() => entry.name.clone(),
            _ => format!("#{unit}"),
        }
    }

    /// Whether a unit's name, code or initials hold what was typed.
    #[must_use]
    pub fn fits(&self, unit: UnitId, typed: &str) -> bool {
        if typed.is_empty() {
            return true;
        }
        let lowered = typed.to_lowercase();
        self.0.get(&unit).is_some_and(|entry| {
            entry.name.contains(typed)
                || entry.code.starts_with(typed)
                || entry.initials.to_lowercase().contains(&lowered)
        })
    }
}

/// Gives the names of units.
pub trait Directory: Send + Sync {
    /// The names as of now. Kept by whoever gives them: it is asked for every page.
    ///
    /// # Errors
    /// A sentence for the log where they cannot be read.
    fn units(&self) -> BoxFuture<'_, Result<Arc<UnitNames>, String>>;
}
