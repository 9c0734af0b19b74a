//! The register of information systems and sites.

pub(crate) mod model;
pub(crate) mod rules;

use std::sync::Arc;

use security::{Action, AuditAction, Permit};

pub use model::System;
pub(crate) use model::{KINDS, Registered, Systems};

use crate::api::{Assurance, NewEvent};
use crate::error::AssuranceError;

impl Assurance {
    pub(crate) async fn systems(&self) -> Result<Arc<Systems>, AssuranceError> {
        self.0.systems.current(&self.0.work).await
    }

    /// A system that the permit reaches.
    ///
    /// # Errors
    /// One out of reach does not exist.
    pub(crate) async fn system(
        &self,
        permit: &Permit,
        number: i64,
    ) -> Result<Registered, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let systems = self.systems().await?;
        let found = systems.get(number).ok_or_else(AssuranceError::hidden)?;
        self.reached(permit, found.system.unit)?;
        Ok(found.clone())
    }

    /// Every system that the permit reaches, in the order of its number.
    ///
    /// # Errors
    /// [`AssuranceError`].
    pub(crate) async fn systems_in_reach(
        &self,
        permit: &Permit,
    ) -> Result<Vec<Registered>, AssuranceError> {
        permit.require(Action::ReadSecurity)?;
        let tree = self.tree();
        let systems = self.systems().await?;
        Ok(systems
            .all()
            .filter(|known| permit.sees(&tree, known.system.unit))
            .cloned()
            .collect())
    }

    /// Enters a system; its number.
    ///
    /// # Errors
    /// [`AssuranceError`]; a unit out of reach does not exist.
    pub async fn register_system(
        &self,
        permit: &Permit,
        address: &str,
        system: &System,
    ) -> Result<i64, AssuranceError> {
        self.kept(permit, system.unit)?;
        let event = NewEvent {
            subject: None,
            unit: system.unit,
            body: system,
            after: None,
            action: AuditAction::SystemChanged,
        };
        self.append::<Systems, _>(permit, address, event).await
    }

    /// Changes what the register says of a system. `after` is the last event that the writer saw.
    ///
    /// # Errors
    /// [`AssuranceError::Changed`] where somebody else was quicker; a system out of reach does not exist, nor does
    /// a unit that it is to be moved to.
    pub async fn change_system(
        &self,
        permit: &Permit,
        address: &str,
        number: i64,
        after: i64,
        system: &System,
    ) -> Result<(), AssuranceError> {
        self.system(permit, number).await?;
        self.kept(permit, system.unit)?;
        let event = NewEvent {
            subject: Some(number),
            unit: system.unit,
            body: system,
            after: Some(after),
            action: AuditAction::SystemChanged,
        };
        self.append::<Systems, _>(permit, address, event).await?;
        Ok(())
    }
}
