//! Who holds a post at a unit: for rooms that ask or tell whoever is responsible there.

use kernel::UnitId;

use crate::api::Security;
use crate::error::SecurityError;
use crate::model::Grant;
use crate::{rules, store};

impl Security {
    /// The grants in force of accounts that may sign in, at these units themselves; `None` stands for the whole
    /// node. For the program's own use: it shows nobody anything.
    ///
    /// # Errors
    /// [`SecurityError::Db`].
    pub async fn holders(&self, units: &[Option<UnitId>]) -> Result<Vec<Grant>, SecurityError> {
        let mut tx = self.0.work.read().await?;
        let grants = store::grants_at(&mut tx, units).await?;
        let held = rules::grant::in_force(&grants, &self.0.posts, self.0.clock.now());
        Ok(held.into_iter().map(|(grant, _)| grant.clone()).collect())
    }
}
