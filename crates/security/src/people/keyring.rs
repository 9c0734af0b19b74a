//! The keys of some persons, unwrapped, for as long as one operation takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::crypto::{MacKey, NONCE_BYTES, SealingKey, Secret, Suite, derive, sealed_by};
use kernel::RecordId;

use super::model::{Opened, PeopleError, Place, Sealed};
use super::rules;
use crate::error::SecurityError;
use crate::random::Random;

/// A person's key. Keys for its purposes are derived when they are used: a ring of a whole change set stays small.
#[derive(Debug)]
pub(crate) struct PersonKey {
    pub(crate) secret: Secret,
    /// The suite of this person's digests. It never changes, so that a digest can be compared over the years.
    pub(crate) digests: Suite,
}

impl PersonKey {
    pub(crate) fn sealing(&self, suite: Suite) -> SealingKey {
        SealingKey::new(suite, &derive(suite, &self.secret, rules::SEALING))
    }

    pub(crate) fn tags(&self) -> MacKey {
        let key = derive(self.digests, &self.secret, rules::TAGS);
        MacKey::new(self.digests, &key)
    }

    fn digest(&self, context: &[u8], plain: &[u8]) -> [u8; 32] {
        let key = derive(self.digests, &self.secret, rules::DIGESTS);
        MacKey::new(self.digests, &key).mac(&[context, plain])
    }
}

#[derive(Debug)]
pub(crate) enum Entry {
    Key(PersonKey),
    Erased,
}

/// The keys of some persons. Wiped when dropped.
pub struct Keyring {
    suite: Suite,
    random: Arc<dyn Random>,
    entries: BTreeMap<RecordId, Entry>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Keyring");
        shown.field("persons", &self.entries.len());
        shown.finish_non_exhaustive()
    }
}

impl Keyring {
    pub(crate) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            suite: Suite::default(),
            random,
            entries: BTreeMap::new(),
        }
    }

    pub(crate) fn seals_by(&mut self, suite: Suite) {
        self.suite = suite;
    }

    pub(crate) fn put(&mut self, person: RecordId, entry: Entry) {
        self.entries.insert(person, entry);
    }

    pub(crate) fn knows(&self, person: RecordId) -> bool {
        self.entries.contains_key(&person)
    }

    /// The key; an error where there is none or the person was erased.
    pub(crate) fn key(&self, person: RecordId) -> Result<&PersonKey, PeopleError> {
        match self.entries.get(&person) {
            Some(Entry::Key(key)) => Ok(key),
            Some(Entry::Erased) => Err(PeopleError::Erased(person)),
            None => Err(PeopleError::NoKey(person)),
        }
    }

    /// Whether the person was erased.
    #[must_use]
    pub fn is_erased(&self, person: RecordId) -> bool {
        matches!(self.entries.get(&person), Some(Entry::Erased))
    }

    /// Seals the canonical bytes of one level of one version, and gives their digest.
    ///
    /// # Errors
    /// [`SecurityError::People`] where the ring has no key of the person or the person was erased.
    pub fn seal(
        &self,
        person: RecordId,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Sealed, SecurityError> {
        let key = self.key(person)?;
        let context = rules::place_context(person, place);
        Ok(Sealed {
            blob: self.seal_under(key, &context, plain)?,
            digest: key.digest(&context, plain),
        })
    }

    pub(crate) fn seal_under(
        &self,
        key: &PersonKey,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, SecurityError> {
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce)?;
        let blob = key.sealing(self.suite).seal(&nonce, context, plain);
        Ok(blob.map_err(PeopleError::Seal)?)
    }

    /// Opens a blob of a row, whichever suite sealed it.
    ///
    /// # Errors
    /// [`SecurityError::People`] where the ring has no key of the person, or the blob was changed or belongs
    /// to another row.
    pub fn open(
        &self,
        person: RecordId,
        place: &Place<'_>,
        blob: &[u8],
    ) -> Result<Opened, SecurityError> {
        if self.is_erased(person) {
            return Ok(Opened::Erased);
        }
        let key = self.key(person)?;
        let suite = sealed_by(blob).map_err(PeopleError::Seal)?;
        let plain = key
            .sealing(suite)
            .open(&rules::place_context(person, place), blob)
            .map_err(PeopleError::Seal)?;
        Ok(Opened::Plain(plain))
    }

    /// The keyed hash of the plain bytes under the person's key: the same for the same bytes in the same place
    /// for as long as the person has a key, also after every rotation.
    ///
    /// # Errors
    /// As [`Keyring::seal`].
    pub fn digest(
        &self,
        person: RecordId,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<[u8; 32], SecurityError> {
        let context = rules::place_context(person, place);
        Ok(self.key(person)?.digest(&context, plain))
    }
}
