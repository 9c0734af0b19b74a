//! Where master keys come from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ::crypto::{Secret, Suite};
use kernel::Millis;

use super::file::FileKeys;
use super::model::{Erased, PeopleError};
use crate::random::Random;

/// The number of a master key in its place, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKeyId(pub i64);

impl fmt::Display for MasterKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A place of master keys. The file is one ([`FileKeys`]); a hardware module or a key service stands here by
/// giving out, at start, the keys that it keeps.
pub trait MasterKeys: Send + Sync {
    /// Where this is, for messages.
    fn place(&self) -> String;

    /// The key that new keys are wrapped by; `None` where there is none at all yet.
    ///
    /// # Errors
    /// [`PeopleError::Master`].
    fn current(&self) -> Result<Option<MasterKeyId>, PeopleError>;

    /// A key by its number, also one that is no longer current.
    ///
    /// # Errors
    /// [`PeopleError::Master`].
    fn key(&self, id: MasterKeyId) -> Result<Option<Secret>, PeopleError>;

    /// Makes a new key and makes it the current one; lasting before this answers.
    ///
    /// # Errors
    /// [`PeopleError::Master`], also where keys are made elsewhere.
    fn add(&self, random: &dyn Random, now: Millis) -> Result<MasterKeyId, PeopleError>;

    /// Forgets a key that is not current.
    ///
    /// # Errors
    /// [`PeopleError::Master`].
    fn remove(&self, id: MasterKeyId) -> Result<(), PeopleError>;

    /// The erasure list as kept beside the master keys, apart from both databases; empty where this place keeps
    /// none.
    ///
    /// # Errors
    /// [`PeopleError::Master`].
    fn erasures(&self) -> Result<Vec<Erased>, PeopleError> {
        Ok(Vec::new())
    }

    /// Adds to that list; lasting before this answers.
    ///
    /// # Errors
    /// [`PeopleError::Master`].
    fn keep_erasures(&self, _erased: &[Erased]) -> Result<(), PeopleError> {
        Ok(())
    }
}

/// Which place.
#[derive(Clone, Default)]
pub enum KeySource {
    /// None: nothing of persons can be read or written.
    #[default]
    Nowhere,
    /// A file; made on first start.
    File(PathBuf),
    /// Another provider.
    Held(Arc<dyn MasterKeys>),
}

impl KeySource {
    pub(crate) fn open(&self) -> Option<Arc<dyn MasterKeys>> {
        match self {
            Self::Nowhere => None,
            Self::File(file) => Some(Arc::new(FileKeys::new(file.clone()))),
            Self::Held(keys) => Some(Arc::clone(keys)),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => formatter.write_str("Nowhere"),
            Self::File(file) => formatter.debug_tuple("File").field(file).finish(),
            Self::Held(keys) => formatter.debug_tuple("Held").field(&keys.place()).finish(),
        }
    }
}

impl PartialEq for KeySource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nowhere, Self::Nowhere) => true,
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Held(one), Self::Held(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for KeySource {}

/// What an operator sets about keys of persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySettings {
    /// Where master keys come from.
    pub source: KeySource,
    /// The suite; counts when the ledger's keys are first made, the international one where none is named. A later
    /// change is a rotation ([`super::People::rotate_master`]).
    pub suite: Option<Suite>,
    /// The realm of the lookup key, such as a province: nodes of one realm find the same persons. Counts when the
    /// ledger's keys are first made.
    pub realm: String,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            source: KeySource::Nowhere,
            suite: None,
            realm: "own".to_owned(),
        }
    }
}

/// Keys held in memory: for tests.
#[derive(Debug)]
pub struct HeldKeys(Mutex<BTreeMap<MasterKeyId, Secret>>);

impl HeldKeys {
    /// One key, the same in every test. It protects nothing.
    #[must_use]
    pub fn for_tests() -> Self {
        let first = Secret::take(&mut [0x5a; Secret::BYTES]);
        Self(Mutex::new(BTreeMap::from([(MasterKeyId(1), first)])))
    }
}

impl MasterKeys for HeldKeys {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn current(&self) -> Result<Option<MasterKeyId>, PeopleError> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.last_key_value().map(|(id, _)| *id))
    }

    fn key(&self, id: MasterKeyId) -> Result<Option<Secret>, PeopleError> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.get(&id).map(Secret::duplicate))
    }

    fn add(&self, random: &dyn Random, _now: Millis) -> Result<MasterKeyId, PeopleError> {
        let mut bytes = [0; Secret::BYTES];
        random
            .fill(&mut bytes)
            .map_err(|error| PeopleError::Master {
                place: self.place(),
                why: error.to_string(),
            })?;
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = MasterKeyId(keys.last_key_value().map_or(0, |(id, _)| id.0) + 1);
        keys.insert(id, Secret::take(&mut bytes));
        Ok(id)
    }

    fn remove(&self, id: MasterKeyId) -> Result<(), PeopleError> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&id);
        Ok(())
    }
}
