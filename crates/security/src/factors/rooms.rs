//! Sealing for rooms above, under the node's key: forms and files of cases.

use crate::api::Security;
use crate::error::SecurityError;

impl Security {
    /// Whether the node has a key: where there is no place of master keys nothing can be sealed.
    #[must_use]
    pub fn keeps_node_key(&self) -> bool {
        self.0.people.source.is_some()
    }

    /// Seals bytes of a room above for a place: what was moved to another place does not open.
    ///
    /// # Errors
    /// [`SecurityError::Seal`], and those of the key's file.
    pub fn seal_for_room(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SecurityError> {
        let place = format!("room:{place}");
        Ok(self
            .node_key()?
            .seal(self.0.random.as_ref(), &place, plain)?)
    }

    /// Opens what [`Security::seal_for_room`] sealed for the same place.
    ///
    /// # Errors
    /// [`SecurityError::Seal`] for anything else.
    pub fn open_for_room(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SecurityError> {
        Ok(self.node_key()?.open(&format!("room:{place}"), blob)?)
    }
}
