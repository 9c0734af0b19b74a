//! Events and what is folded from them: kept in memory as far as it was read, so that a page reads only what came
//! since, also from another process.

use std::sync::Arc;

use db::Db;
use kernel::{Millis, UnitId};
use tokio::sync::Mutex;

use crate::error::AssuranceError;
use crate::store;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its place in the order of all events of this room.
    pub(crate) number: i64,
    /// What it happened to, by the number of its kind.
    pub(crate) subject: i64,
    /// The unit whose it is.
    pub(crate) unit: UnitId,
    /// What happened, as JSON of the kind's own type.
    pub(crate) body: String,
    /// When it was recorded.
    pub(crate) at: Millis,
    /// Who recorded it ([`security::Actor`] as text).
    pub(crate) actor: String,
}

impl Event {
    /// What happened, in types.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, AssuranceError> {
        serde_json::from_str(&self.body)
            .map_err(|error| AssuranceError::Event(self.number, error.to_string()))
    }
}

/// What holds after a number of events.
pub(crate) trait Fold: Clone + Default + Send + Sync {
    /// The kind of the events.
    const KIND: &'static str;

    /// Takes one more event.
    fn take(&mut self, event: &Event) -> Result<(), AssuranceError>;
}

/// What was folded so far.
#[derive(Debug, Default)]
pub(crate) struct Kept<T>(Mutex<(i64, Arc<T>)>);

impl<T: Fold> Kept<T> {
    /// What holds now.
    pub(crate) async fn current(&self, work: &Db) -> Result<Arc<T>, AssuranceError> {
        let mut kept = self.0.lock().await;
        let fresh = {
            let mut tx = work.read().await?;
            store::events_after(&mut tx, T::KIND, kept.0).await?
        };
        if let Some(last) = fresh.last() {
            let mut next = T::clone(&kept.1);
            for event in &fresh {
                next.take(event)?;
            }
            *kept = (last.number, Arc::new(next));
        }
        Ok(Arc::clone(&kept.1))
    }
}
