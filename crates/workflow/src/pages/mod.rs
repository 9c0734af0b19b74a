//! The pages of this room. One operation a file.

use security::Room;

use crate::api::Workflow;

/// The routes of this room.
#[must_use]
pub fn room<S: Clone + Send + Sync + 'static>(workflow: Workflow) -> Room<S> {
    Room::new().with_state(workflow)
}
