//! Keys of persons: what seals their data, finds them again, and forgets them.
//!
//! - Every person (a record of the dataset `person`) has a key of its own, kept wrapped by a master key that is
//!   not in the database ([`MasterKeys`]). Without it nothing that is sealed can be read.
//! - What is sealed says where it belongs ([`Place`]); moved to another row, it does not open.
//! - Identifiers are found by eight bytes of a keyed hash, never by value. A hit is a candidate only.
//! - Erasing a person deletes the key and the lookups. The row's digest stays, so the chain still verifies.
//! - Master and lookup keys are rotated while everything is in use ([`rotation`]); versions are never rewritten.
//!
//! Key sizes, nonces and what a stolen database tells: docs/adr/0012-person-keys.md.

mod erasure;
mod file;
mod keyring;
mod lookups;
mod master;
mod model;
mod node;
mod opening;
mod rotation;
mod rules;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ::crypto::{MacKey, NONCE_BYTES, SealingKey, Secret, Suite, Zeroizing, derive};
use db::Tx;
use kernel::RecordId;

use crate::api::Security;
use crate::error::SecurityError;
use crate::random::Random;

pub use file::FileKeys;
pub use keyring::Keyring;
pub use master::{HeldKeys, KeySettings, KeySource, MasterKeyId, MasterKeys};
pub use model::{
    Erased, Erasure, KeyStatus, Lookup, Opened, PeopleError, Place, Rotation, RotationKind,
    RotationStage, Sealed,
};
pub use rotation::BATCH;

use keyring::{Entry, PersonKey};
use model::{KeyRow, State};

/// The keys of persons of one node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct People(pub(crate) Security);

/// What [`Security`] keeps for this part.
pub(crate) struct PeopleInner {
    /// Where master keys come from; `None` where the program was opened without.
    pub(crate) source: Option<Arc<dyn MasterKeys>>,
    wrapping: Mutex<BTreeMap<(MasterKeyId, Suite), Arc<SealingKey>>>,
}

impl PeopleInner {
    pub(crate) fn new(settings: &KeySettings) -> Self {
        Self {
            source: settings.source.open(),
            wrapping: Mutex::default(),
        }
    }
}

impl Security {
    /// The keys of persons.
    #[must_use]
    pub fn people(&self) -> People {
        People(self.clone())
    }
}

impl People {
    fn source(&self) -> Result<&dyn MasterKeys, PeopleError> {
        let source = self.0.0.people.source.as_deref();
        source.ok_or(PeopleError::NoMasterKeys)
    }

    fn random(&self) -> &dyn Random {
        self.0.0.random.as_ref()
    }

    fn nonce(&self) -> Result<[u8; NONCE_BYTES], SecurityError> {
        let mut nonce = [0; NONCE_BYTES];
        self.random().fill(&mut nonce)?;
        Ok(nonce)
    }

    fn new_secret(&self) -> Result<Secret, SecurityError> {
        let mut bytes = Zeroizing::new([0_u8; Secret::BYTES]);
        self.random().fill(bytes.as_mut_slice())?;
        Ok(Secret::take(&mut bytes))
    }

    /// The key that wraps others, made of a master key.
    fn wrapping_key(
        &self,
        master: MasterKeyId,
        suite: Suite,
    ) -> Result<Arc<SealingKey>, PeopleError> {
        let cache = &self.0.0.people.wrapping;
        {
            let known = cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(key) = known.get(&(master, suite)) {
                return Ok(Arc::clone(key));
            }
        }
        let source = self.source()?;
        let secret = source
            .key(master)?
            .ok_or_else(|| PeopleError::MasterMissing {
                id: master,
                place: source.place(),
            })?;
        let key = derive(suite, &secret, rules::WRAPPING);
        let key = Arc::new(SealingKey::new(suite, &key));
        let mut known = cache.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((master, suite), Arc::clone(&key));
        Ok(key)
    }

    fn wrap(
        &self,
        state: &State,
        context: &[u8],
        secret: &Secret,
    ) -> Result<Vec<u8>, SecurityError> {
        let key = self.wrapping_key(state.master, state.suite)?;
        let wrapped = key.seal(&self.nonce()?, context, secret.expose());
        Ok(wrapped.map_err(PeopleError::Seal)?)
    }

    fn unwrap_secret(
        &self,
        master: MasterKeyId,
        context: &[u8],
        wrapped: &[u8],
    ) -> Result<Secret, PeopleError> {
        let suite = ::crypto::sealed_by(wrapped).map_err(PeopleError::Seal)?;
        let key = self.wrapping_key(master, suite)?;
        let plain = key.open(context, wrapped).map_err(|_| {
            let place = self
                .source()
                .map_or_else(|_| String::new(), MasterKeys::place);
            PeopleError::WrongMaster { id: master, place }
        })?;
        Secret::of_slice(&plain).ok_or(PeopleError::Seal(::crypto::SealFault::Format))
    }

    fn person_key(&self, row: &KeyRow) -> Result<PersonKey, PeopleError> {
        let context = rules::person_context(row.person, row.mark, row.suite);
        let secret = self.unwrap_secret(row.master, &context, &row.wrapped)?;
        Ok(PersonKey {
            secret,
            digests: row.suite,
        })
    }

    /// The key under which identifiers are hashed, of one version.
    fn lookup_hasher(&self, row: &model::LookupKeyRow) -> Result<MacKey, PeopleError> {
        let context = rules::lookup_context(row.version, &row.realm, row.suite);
        let secret = self.unwrap_secret(row.master, &context, &row.wrapped)?;
        Ok(MacKey::new(row.suite, &secret))
    }

    /// The keys of these persons. One that was erased is told apart from one that never had a key.
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::People`] where the master key is not there or another one.
    pub async fn keyring(
        &self,
        ledger: &mut Tx,
        persons: &[RecordId],
    ) -> Result<Keyring, SecurityError> {
        let mut ring = Keyring::new(Arc::clone(&self.0.0.random));
        let wanted: BTreeSet<RecordId> = persons.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(ring);
        }
        let state = self.state(ledger).await?;
        ring.seals_by(state.suite);
        self.fill(ledger, &mut ring, &wanted).await?;
        Ok(ring)
    }

    async fn fill(
        &self,
        ledger: &mut Tx,
        ring: &mut Keyring,
        wanted: &BTreeSet<RecordId>,
    ) -> Result<BTreeSet<RecordId>, SecurityError> {
        for row in store::keys(ledger, wanted).await? {
            ring.put(row.person, Entry::Key(self.person_key(&row)?));
        }
        let missing: BTreeSet<RecordId> = wanted
            .iter()
            .copied()
            .filter(|person| !ring.knows(*person))
            .collect();
        let mut unknown = missing.clone();
        for person in store::erased_among(ledger, &missing).await? {
            unknown.remove(&person);
            ring.put(person, Entry::Erased);
        }
        Ok(unknown)
    }

    /// The keys of these persons, made where there are none yet. An erased person is given no new one.
    ///
    /// # Errors
    /// As [`People::keyring`].
    pub async fn make_keys(
        &self,
        ledger: &mut Tx,
        persons: &[RecordId],
    ) -> Result<Keyring, SecurityError> {
        let mut ring = Keyring::new(Arc::clone(&self.0.0.random));
        let wanted: BTreeSet<RecordId> = persons.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(ring);
        }
        let state = self.lock_state(ledger).await?;
        ring.seals_by(state.suite);
        let unknown = self.fill(ledger, &mut ring, &wanted).await?;
        let mut rows = Vec::with_capacity(unknown.len());
        for person in unknown {
            let mut mark = [0; 8];
            self.random().fill(&mut mark)?;
            let mark = i64::from_be_bytes(mark);
            let secret = self.new_secret()?;
            let context = rules::person_context(person, mark, state.suite);
            rows.push(KeyRow {
                person,
                mark,
                suite: state.suite,
                master: state.master,
                wrapped: self.wrap(&state, &context, &secret)?,
            });
            let digests = state.suite;
            ring.put(person, Entry::Key(PersonKey { secret, digests }));
        }
        store::insert_keys(ledger, &rows).await?;
        Ok(ring)
    }

    /// What is in use, as this transaction sees it.
    pub(crate) async fn state(&self, ledger: &mut Tx) -> Result<State, SecurityError> {
        let state = store::state(ledger).await?;
        Ok(state.ok_or(PeopleError::NoMasterKeys)?)
    }

    /// As [`People::state`], and nobody else writes keys or lookups until the transaction ends.
    async fn lock_state(&self, ledger: &mut Tx) -> Result<State, SecurityError> {
        let state = store::lock_state(ledger).await?;
        Ok(state.ok_or(PeopleError::NoMasterKeys)?)
    }
}
