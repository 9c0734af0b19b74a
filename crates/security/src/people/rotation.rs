//! Rotation of the master key and of the lookup key, while everything is in use.
//!
//! A rotation is a row with a cursor. Each step is one transaction that does a batch and moves the cursor, so a
//! program that is killed goes on where the last commit was, whoever runs it. What is read in between opens with
//! either key: every wrapped key says by which master key it was wrapped.
//!
//! - Master key: from the first step on, new keys are wrapped by the new one; the steps wrap the others anew.
//! - Lookup key: from the first step on, new lookups are written for both versions; the steps build those of the
//!   new version from the sealed identifiers; one transaction puts it into use; the steps after it delete the old.

use std::collections::BTreeSet;
use std::time::Duration;

use ::crypto::Suite;
use db::Tx;
use kernel::RecordId;
use standard::Action;

use super::erasure::lookups_of;
use super::keyring::PersonKey;
use super::master::MasterKeyId;
use super::model::{KeyStatus, PeopleError, Rotation, RotationKind, RotationStage, State};
use super::{People, rules, store};
use crate::error::SecurityError;
use crate::model::{AuditAction, Outcome, Subject};
use crate::permit::{Denied, Permit};

/// How many rows a step does: short enough that a write behind it waits some tens of milliseconds.
pub const BATCH: i64 = 2_000;

/// How often a step is tried again where the database is busy.
const TRIES: u32 = 60;

impl People {
    /// Begins to rotate the master key, and changes the suite where one is named. A master key that was made
    /// already and is not in use yet is taken; else one is made.
    ///
    /// # Errors
    /// [`PeopleError::RotationRuns`]; [`SecurityError`].
    pub async fn rotate_master(
        &self,
        permit: &Permit,
        suite: Option<Suite>,
    ) -> Result<Rotation, SecurityError> {
        require_whole_node(permit)?;
        let mut ledger = self.0.0.ledger.write().await?;
        let state = self.lock_state(&mut ledger).await?;
        self.refuse_while_running(&mut ledger).await?;
        let source = self.source()?;
        let target = match source.current()? {
            Some(current) if current != state.master => current,
            _ => source.add(self.random(), self.0.0.clock.now())?,
        };
        let next = State {
            suite: suite.unwrap_or(state.suite),
            master: target,
            ..state.clone()
        };
        for row in store::lookup_keys(&mut ledger).await? {
            let context = rules::lookup_context(row.version, &row.realm, row.suite);
            let secret = self.unwrap_secret(row.master, &context, &row.wrapped)?;
            let wrapped = self.wrap(&next, &context, &secret)?;
            store::rewrap_lookup_key(&mut ledger, row.version, target, &wrapped).await?;
        }
        store::put_state(&mut ledger, &next).await?;
        let (total, last) = store::count_keys(&mut ledger).await?;
        let rotation = self
            .begin_rotation(
                &mut ledger,
                permit,
                RotationKind::Master,
                target.0,
                (total, last),
            )
            .await?;
        ledger.commit().await?;
        self.note(permit, &rotation).await?;
        Ok(rotation)
    }

    /// Begins to rotate the lookup key. The new one is of the suite in use.
    ///
    /// # Errors
    /// [`PeopleError::RotationRuns`]; [`SecurityError`].
    pub async fn rotate_lookups(&self, permit: &Permit) -> Result<Rotation, SecurityError> {
        require_whole_node(permit)?;
        let mut ledger = self.0.0.ledger.write().await?;
        let state = self.lock_state(&mut ledger).await?;
        self.refuse_while_running(&mut ledger).await?;
        let version = store::last_lookup_version(&mut ledger).await? + 1;
        let row = self.new_lookup_key(&state, version)?;
        store::insert_lookup_key(&mut ledger, &row, self.0.0.clock.now()).await?;
        let next = State {
            next_lookup: Some(version),
            ..state
        };
        store::put_state(&mut ledger, &next).await?;
        let (total, last) = store::count_identifiers(&mut ledger).await?;
        let rotation = self
            .begin_rotation(
                &mut ledger,
                permit,
                RotationKind::Lookup,
                version,
                (total, last),
            )
            .await?;
        ledger.commit().await?;
        self.note(permit, &rotation).await?;
        Ok(rotation)
    }

    async fn refuse_while_running(&self, ledger: &mut Tx) -> Result<(), SecurityError> {
        match store::unfinished_rotation(ledger).await? {
            None => Ok(()),
            Some(_) => Err(PeopleError::RotationRuns.into()),
        }
    }

    async fn begin_rotation(
        &self,
        ledger: &mut Tx,
        permit: &Permit,
        kind: RotationKind,
        target: i64,
        (total, last_person): (i64, Option<i64>),
    ) -> Result<Rotation, SecurityError> {
        let last = store::rotations(ledger, 1).await?;
        let rotation = Rotation {
            number: last.first().map_or(0, |last| last.number) + 1,
            kind,
            target,
            stage: match kind {
                RotationKind::Master => RotationStage::Wrap,
                RotationKind::Lookup => RotationStage::Build,
            },
            cursor: i64::MIN,
            last: last_person.unwrap_or(i64::MIN),
            done: 0,
            total,
            started: self.0.0.clock.now(),
            by: permit.actor().to_string(),
            finished: None,
        };
        store::insert_rotation(ledger, &rotation).await?;
        Ok(rotation)
    }

    async fn note(&self, permit: &Permit, rotation: &Rotation) -> Result<(), SecurityError> {
        let subject = Subject::setting(&format!("keys.{}.{}", rotation.kind, rotation.target));
        let (actor, action) = (permit.actor(), AuditAction::KeysRotated);
        self.0
            .audit_alone(actor, action, &subject, Outcome::Done, None)
            .await
    }

    /// The rotation that is not finished; `None` where none runs, also in a ledger that knows of none yet.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn running_rotation(&self) -> Result<Option<Rotation>, SecurityError> {
        let mut ledger = self.0.0.ledger.read().await?;
        Ok(store::unfinished_rotation(&mut ledger).await?)
    }

    /// Does one batch of the rotation that runs, in one transaction, and answers how far it is then; `None` where
    /// none runs.
    ///
    /// # Errors
    /// [`SecurityError`]: nothing of the batch was done then.
    pub async fn rotation_step(&self, batch: i64) -> Result<Option<Rotation>, SecurityError> {
        let mut ledger = self.0.0.ledger.write().await?;
        let state = self.lock_state(&mut ledger).await?;
        let Some(mut rotation) = store::unfinished_rotation(&mut ledger).await? else {
            return Ok(None);
        };
        match rotation.stage {
            RotationStage::Wrap => {
                self.wrap_batch(&mut ledger, &state, &mut rotation, batch)
                    .await?
            }
            RotationStage::Build => {
                self.build_batch(&mut ledger, &state, &mut rotation, batch)
                    .await?
            }
            RotationStage::Purge => {
                self.purge_batch(&mut ledger, &state, &mut rotation, batch)
                    .await?
            }
            RotationStage::Done => rotation.finished = Some(self.0.0.clock.now()),
        }
        store::put_progress(&mut ledger, &rotation).await?;
        ledger.commit().await?;
        Ok(Some(rotation))
    }

    fn finish(&self, rotation: &mut Rotation) {
        rotation.stage = RotationStage::Done;
        rotation.finished = Some(self.0.0.clock.now());
    }

    async fn wrap_batch(
        &self,
        ledger: &mut Tx,
        state: &State,
        rotation: &mut Rotation,
        batch: i64,
    ) -> Result<(), SecurityError> {
        let after = rotation.cursor;
        let Some(last) = store::last_key_of(ledger, after, rotation.last, batch).await? else {
            // Where the program ends between the two, this is done again.
            self.open_node_key(state).await?;
            self.finish(rotation);
            return Ok(());
        };
        let mut rows = store::keys_between(ledger, after, last).await?;
        for row in &mut rows {
            let context = rules::person_context(row.person, row.mark, row.suite);
            let secret = self.unwrap_secret(row.master, &context, &row.wrapped)?;
            row.wrapped = self.wrap(state, &context, &secret)?;
            row.master = state.master;
        }
        // The rows of a range written anew at once: ten times faster than one by one.
        store::delete_keys_between(ledger, after, last).await?;
        store::insert_keys(ledger, &rows).await?;
        rotation.cursor = last;
        rotation.done += i64::try_from(rows.len()).unwrap_or(0);
        Ok(())
    }

    async fn build_batch(
        &self,
        ledger: &mut Tx,
        state: &State,
        rotation: &mut Rotation,
        batch: i64,
    ) -> Result<(), SecurityError> {
        let after = rotation.cursor;
        let Some(last) = store::last_identified_of(ledger, after, rotation.last, batch).await?
        else {
            // All are built: put into use what was built.
            let next = State {
                lookup: rotation.target,
                next_lookup: None,
                ..state.clone()
            };
            store::put_state(ledger, &next).await?;
            rotation.stage = RotationStage::Purge;
            return Ok(());
        };
        let target = rotation.target;
        let hashers = self.hashers(ledger, |version| version == target).await?;
        let identifiers = store::identifiers_between(ledger, after, last).await?;
        let persons: BTreeSet<RecordId> = identifiers.iter().map(|row| row.person).collect();
        let mut keys: Vec<(RecordId, PersonKey)> = Vec::with_capacity(persons.len());
        for row in store::keys(ledger, &persons).await? {
            keys.push((row.person, self.person_key(&row)?));
        }
        let mut rows = BTreeSet::new();
        for identifier in &identifiers {
            let at = keys
                .binary_search_by_key(&identifier.person, |(person, _)| *person)
                .ok();
            let key = at.and_then(|at| keys.get(at));
            let (_, key) = key.ok_or(PeopleError::NoKey(identifier.person))?;
            rows.extend(lookups_of(&hashers, key, identifier)?);
        }
        store::insert_missing_lookups(ledger, &rows).await?;
        rotation.cursor = last;
        rotation.done += i64::try_from(identifiers.len()).unwrap_or(0);
        Ok(())
    }

    async fn purge_batch(
        &self,
        ledger: &mut Tx,
        state: &State,
        rotation: &mut Rotation,
        batch: i64,
    ) -> Result<(), SecurityError> {
        if store::purge_lookups(ledger, state.lookup, batch).await? == 0 {
            store::delete_lookup_keys_before(ledger, state.lookup).await?;
            self.finish(rotation);
        }
        Ok(())
    }

    /// Carries the rotation that runs to its end, or until `go_on` says no; tells it after every batch how far it
    /// is. Answers the last state; `None` where none ran.
    ///
    /// # Errors
    /// [`SecurityError`], after a minute of trying where the database is busy.
    pub async fn run_rotation(
        &self,
        batch: i64,
        mut go_on: impl FnMut(&Rotation) -> bool,
    ) -> Result<Option<Rotation>, SecurityError> {
        let mut last = None;
        let mut tries = 0;
        loop {
            match self.rotation_step(batch).await {
                Ok(None) => return Ok(last),
                Ok(Some(rotation)) => {
                    tries = 0;
                    let goes_on = go_on(&rotation);
                    let is_finished = rotation.finished.is_some();
                    last = Some(rotation);
                    if is_finished || !goes_on {
                        return Ok(last);
                    }
                }
                Err(SecurityError::Db(error)) if error.is_passing() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error),
            }
            // Others who wait for the database go first.
            tokio::task::yield_now().await;
        }
    }

    /// Counts of everything; ids and values are not among them.
    ///
    /// # Errors
    /// [`SecurityError`].
    pub async fn key_status(&self, permit: &Permit) -> Result<KeyStatus, SecurityError> {
        require_whole_node(permit)?;
        let mut ledger = self.0.0.ledger.read().await?;
        let state = self.state(&mut ledger).await?;
        Ok(KeyStatus {
            place: self.source()?.place(),
            suite: state.suite,
            realm: state.realm,
            master: state.master,
            wrapped: store::wrapped_by(&mut ledger).await?,
            lookup: state.lookup,
            lookups: store::lookups_by_version(&mut ledger).await?,
            erased: store::count_erased(&mut ledger).await?,
            rotations: store::rotations(&mut ledger, 10).await?,
        })
    }

    /// Opens every wrapped key, in batches, and answers how many there are.
    ///
    /// # Errors
    /// [`SecurityError::People`] at the first that does not open.
    pub async fn check_keys(
        &self,
        permit: &Permit,
        mut progress: impl FnMut(i64),
    ) -> Result<i64, SecurityError> {
        require_whole_node(permit)?;
        let mut ledger = self.0.0.ledger.read().await?;
        for row in store::lookup_keys(&mut ledger).await? {
            self.lookup_hasher(&row)?;
        }
        let (mut after, mut checked) = (i64::MIN, 0);
        while let Some(last) = store::last_key_of(&mut ledger, after, i64::MAX, BATCH).await? {
            for row in store::keys_between(&mut ledger, after, last).await? {
                self.person_key(&row)?;
                checked += 1;
            }
            after = last;
            progress(checked);
        }
        Ok(checked)
    }

    /// Forgets a master key by which nothing is wrapped any more. A backup of the ledger that is older than the
    /// rotation cannot be read without it.
    ///
    /// # Errors
    /// [`PeopleError::StillUsed`]; [`SecurityError`].
    pub async fn forget_master(
        &self,
        permit: &Permit,
        id: MasterKeyId,
    ) -> Result<(), SecurityError> {
        require_whole_node(permit)?;
        let mut ledger = self.0.0.ledger.write().await?;
        let state = self.lock_state(&mut ledger).await?;
        self.refuse_while_running(&mut ledger).await?;
        let own = self.node_key_master().await? == Some(id);
        let rows = store::count_wrapped_by(&mut ledger, id).await? + i64::from(own);
        if rows > 0 || state.master == id {
            return Err(PeopleError::StillUsed { id, rows }.into());
        }
        let source = self.source()?;
        if source.key(id)?.is_none() {
            let place = source.place();
            return Err(PeopleError::MasterMissing { id, place }.into());
        }
        source.remove(id)?;
        ledger.rollback();
        let subject = Subject::setting(&format!("keys.master.{id}"));
        let (actor, action) = (permit.actor(), AuditAction::MasterKeyForgotten);
        self.0
            .audit_alone(actor, action, &subject, Outcome::Done, None)
            .await
    }
}

/// Keys are the whole node's: a post over a part of it may not touch them.
fn require_whole_node(permit: &Permit) -> Result<(), Denied> {
    permit.require(Action::ManageSettings)?;
    if permit.reaches_everything() {
        Ok(())
    } else {
        Err(Denied::Action(Action::ManageSettings))
    }
}
