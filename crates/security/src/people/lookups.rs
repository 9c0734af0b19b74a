//! Finding persons by identifiers.

use std::collections::{BTreeMap, BTreeSet};

use ::crypto::MacKey;
use db::Tx;
use kernel::RecordId;

use super::model::{IdentifierRow, Lookup, LookupRow, PeopleError, State};
use super::{Keyring, People, rules, store};
use crate::error::SecurityError;

/// A lookup key with its version.
pub(super) struct Hasher {
    pub(super) version: i64,
    pub(super) key: MacKey,
}

impl People {
    /// The keys of some versions.
    pub(super) async fn hashers(
        &self,
        ledger: &mut Tx,
        wanted: impl Fn(i64) -> bool,
    ) -> Result<Vec<Hasher>, SecurityError> {
        let mut hashers = Vec::new();
        for row in store::lookup_keys(ledger).await? {
            if wanted(row.version) {
                hashers.push(Hasher {
                    version: row.version,
                    key: self.lookup_hasher(&row)?,
                });
            }
        }
        Ok(hashers)
    }

    /// Makes these persons findable by these identifiers. What is there already stays. Every person needs a key
    /// ([`People::make_keys`]).
    ///
    /// # Errors
    /// [`SecurityError::Db`]; [`SecurityError::People`].
    pub async fn add_lookups(
        &self,
        ledger: &mut Tx,
        lookups: &[Lookup<'_>],
    ) -> Result<(), SecurityError> {
        if lookups.is_empty() {
            return Ok(());
        }
        let state = self.lock_state(ledger).await?;
        let in_use = |version| version == state.lookup || Some(version) == state.next_lookup;
        let hashers = self.hashers(ledger, in_use).await?;
        let persons: Vec<RecordId> = lookups.iter().map(|lookup| lookup.person).collect();
        let ring = self.keyring(ledger, &persons).await?;
        let mut wanted: BTreeMap<(RecordId, i64), &Lookup<'_>> = BTreeMap::new();
        for (lookup, tag) in lookups.iter().zip(tags(&ring, lookups)?) {
            wanted.insert((lookup.person, tag), lookup);
        }
        let keys: Vec<(RecordId, i64)> = wanted.keys().copied().collect();
        for known in store::identifiers_among(ledger, &keys).await? {
            wanted.remove(&known);
        }
        let mut identifiers = Vec::with_capacity(wanted.len());
        let mut rows = BTreeSet::new();
        for ((person, tag), lookup) in wanted {
            let plain = rules::identifier_bytes(lookup.kind, lookup.value);
            let plain = plain.ok_or(PeopleError::Kind)?;
            let context = rules::identifier_context(person, tag);
            identifiers.push(IdentifierRow {
                person,
                tag,
                sealed: ring.seal_under(ring.key(person)?, &context, &plain)?,
            });
            rows.extend(rows_of(&hashers, person, lookup.kind, lookup.value));
        }
        store::insert_identifiers(ledger, &identifiers).await?;
        store::insert_missing_lookups(ledger, &rows).await?;
        Ok(())
    }

    /// Takes identifiers away from persons, such as one that was corrected. What is not there is passed over.
    ///
    /// # Errors
    /// As [`People::add_lookups`].
    pub async fn remove_lookups(
        &self,
        ledger: &mut Tx,
        lookups: &[Lookup<'_>],
    ) -> Result<(), SecurityError> {
        if lookups.is_empty() {
            return Ok(());
        }
        self.lock_state(ledger).await?;
        let hashers = self.hashers(ledger, |_| true).await?;
        let persons: Vec<RecordId> = lookups.iter().map(|lookup| lookup.person).collect();
        let ring = self.keyring(ledger, &persons).await?;
        for (lookup, tag) in lookups.iter().zip(tags(&ring, lookups)?) {
            store::delete_identifier(ledger, lookup.person, tag).await?;
            for row in rows_of(&hashers, lookup.person, lookup.kind, lookup.value) {
                store::delete_lookup(ledger, &row).await?;
            }
        }
        Ok(())
    }

    /// Who may have these identifiers: for each value, in its order, the candidates by id. A candidate is certain
    /// only when its value was opened and compared: eight bytes of a hash can agree by chance.
    ///
    /// # Errors
    /// As [`People::keyring`].
    pub async fn find(
        &self,
        ledger: &mut Tx,
        kind: &str,
        values: &[&str],
    ) -> Result<Vec<Vec<RecordId>>, SecurityError> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let mut state = self.state(ledger).await?;
        loop {
            let found = self.find_in(ledger, &state, kind, values).await?;
            // On PostgreSQL a writing transaction sees what others commit between its statements: a cut-over
            // to new lookups, too.
            let after = self.state(ledger).await?;
            if after.lookup == state.lookup {
                return Ok(found);
            }
            state = after;
        }
    }

    async fn find_in(
        &self,
        ledger: &mut Tx,
        state: &State,
        kind: &str,
        values: &[&str],
    ) -> Result<Vec<Vec<RecordId>>, SecurityError> {
        let current = |version| version == state.lookup;
        let hashers = self.hashers(ledger, current).await?;
        let Some(hasher) = hashers.first() else {
            return Err(PeopleError::NoMasterKeys.into());
        };
        let hashes: Vec<i64> = values
            .iter()
            .map(|value| rules::identifier_hash(&hasher.key, kind, value))
            .collect();
        let wanted: BTreeSet<i64> = hashes.iter().copied().collect();
        let mut by_hash: BTreeMap<i64, Vec<RecordId>> = BTreeMap::new();
        for row in store::lookups_among(ledger, state.lookup, &wanted).await? {
            by_hash.entry(row.hash).or_default().push(row.person);
        }
        for persons in by_hash.values_mut() {
            persons.sort_unstable();
        }
        Ok(hashes
            .iter()
            .map(|hash| by_hash.get(hash).cloned().unwrap_or_default())
            .collect())
    }
}

fn tags(ring: &Keyring, lookups: &[Lookup<'_>]) -> Result<Vec<i64>, PeopleError> {
    let mut tags = Vec::with_capacity(lookups.len());
    for lookup in lookups {
        let key = ring.key(lookup.person)?.tags();
        tags.push(rules::identifier_hash(&key, lookup.kind, lookup.value));
    }
    Ok(tags)
}

/// The rows by which an identifier is found, one for each version.
pub(super) fn rows_of(
    hashers: &[Hasher],
    person: RecordId,
    kind: &str,
    value: &str,
) -> impl Iterator<Item = LookupRow> {
    hashers.iter().map(move |hasher| LookupRow {
        version: hasher.version,
        hash: rules::identifier_hash(&hasher.key, kind, value),
        person,
    })
}
