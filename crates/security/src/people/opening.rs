//! What happens when the program opens its databases: keys are made where there are none, compared where there
//! are, and erasures that a restore undid are done again.

use super::master::{MasterKeyId, MasterKeys};
use super::model::{LookupKeyRow, PeopleError, State};
use super::{People, rules, store};
use crate::error::SecurityError;

impl People {
    /// Makes ready to write. Does nothing where no place of master keys is set.
    ///
    /// # Errors
    /// [`SecurityError::People`] where the ledger was written with a master key that is not there.
    pub(crate) async fn open(&self) -> Result<(), SecurityError> {
        if self.0.0.people.source.is_none() {
            return Ok(());
        }
        let mut ledger = self.0.0.ledger.write().await?;
        let fits = match store::lock_state(&mut ledger).await? {
            None => false,
            Some(state) => match self.check(&mut ledger, &state).await {
                Ok(()) => true,
                // A ledger without persons loses nothing by new keys, such as one that was copied without them.
                Err(error)
                    if store::holds_keys(&mut ledger).await?
                        || self.node_key_master().await?.is_some() =>
                {
                    return Err(error);
                }
                Err(SecurityError::People(
                    PeopleError::MasterMissing { .. } | PeopleError::WrongMaster { .. },
                )) => false,
                Err(error) => return Err(error),
            },
        };
        if !fits {
            self.begin(&mut ledger).await?;
        }
        let state = self.state(&mut ledger).await?;
        ledger.commit().await?;
        self.open_node_key(&state).await?;
        let again = self.replay_erasures().await?;
        if again > 0 {
            tracing::warn!(
                persons = again,
                "the ledger was restored from a backup: persons who had been erased were erased again"
            );
        }
        self.keep_erasures().await
    }

    /// Whether the master key in use is there and is the one that the ledger was written with.
    async fn check(&self, ledger: &mut db::Tx, state: &State) -> Result<(), SecurityError> {
        self.wrapping_key(state.master, state.suite)?;
        for row in store::lookup_keys(ledger).await? {
            self.lookup_hasher(&row)?;
        }
        let wanted = self.0.0.config.keys.suite;
        if let Some(wanted) = wanted.filter(|suite| *suite != state.suite) {
            tracing::warn!(
                set = %wanted,
                used = %state.suite,
                "another suite of algorithms is set than the one in use; only a rotation of the master key changes it"
            );
        }
        Ok(())
    }

    /// The first keys of a ledger.
    async fn begin(&self, ledger: &mut db::Tx) -> Result<(), SecurityError> {
        let settings = &self.0.0.config.keys;
        let master = self.first_master()?;
        let version = store::last_lookup_version(ledger).await? + 1;
        let state = State {
            suite: settings.suite.unwrap_or_default(),
            realm: settings.realm.clone(),
            master,
            lookup: version,
            next_lookup: None,
        };
        let row = self.new_lookup_key(&state, version)?;
        store::delete_lookup_keys_before(ledger, version).await?;
        store::insert_lookup_key(ledger, &row, self.0.0.clock.now()).await?;
        store::put_state(ledger, &state).await?;
        Ok(())
    }

    fn first_master(&self) -> Result<MasterKeyId, SecurityError> {
        let source: &dyn MasterKeys = self.source()?;
        if let Some(current) = source.current()? {
            return Ok(current);
        }
        let made = source.add(self.random(), self.0.0.clock.now())?;
        tracing::warn!(
            place = %source.place(),
            "a master key was made; keep a copy of it apart from the data: without it the personal data in this ledger cannot be read"
        );
        Ok(made)
    }

    pub(super) fn new_lookup_key(
        &self,
        state: &State,
        version: i64,
    ) -> Result<LookupKeyRow, SecurityError> {
        let secret = self.new_secret()?;
        let context = rules::lookup_context(version, &state.realm, state.suite);
        Ok(LookupKeyRow {
            version,
            realm: state.realm.clone(),
            suite: state.suite,
            master: state.master,
            wrapped: self.wrap(state, &context, &secret)?,
        })
    }
}
