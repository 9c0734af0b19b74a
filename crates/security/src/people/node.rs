//! The node's own key, for secrets of sign-in and for what other rooms seal: kept in the work database, wrapped by
//! the master key as keys of persons are.

use super::model::{NodeKeyRow, State};
use super::{MasterKeyId, People, rules, store};
use crate::error::SecurityError;
use crate::factors::NodeKey;

impl People {
    /// Makes or opens the node's key, and wraps it by the master key in use where another one still does.
    pub(super) async fn open_node_key(&self, state: &State) -> Result<(), SecurityError> {
        let mut work = self.0.0.work.write().await?;
        let row = match store::node_key(&mut work).await? {
            Some(row) => row,
            None => {
                let context = rules::node_context(state.suite);
                let row = NodeKeyRow {
                    suite: state.suite,
                    master: state.master,
                    wrapped: self.wrap(state, &context, &self.new_secret()?)?,
                };
                store::insert_node_key(&mut work, &row, self.0.0.clock.now()).await?;
                // That of another program, where it was first.
                store::node_key(&mut work).await?.unwrap_or(row)
            }
        };
        let context = rules::node_context(row.suite);
        let secret = self.unwrap_secret(row.master, &context, &row.wrapped)?;
        if row.master != state.master {
            let wrapped = self.wrap(state, &context, &secret)?;
            store::rewrap_node_key(&mut work, state.master, &wrapped).await?;
        }
        work.commit().await?;
        // One that is open already is the same.
        let _ = (self.0.0.node_key).set(NodeKey::new(secret, state.suite, row.suite));
        Ok(())
    }

    /// The master key that the node's key is wrapped by: what was sealed under it is lost without.
    pub(super) async fn node_key_master(&self) -> Result<Option<MasterKeyId>, SecurityError> {
        let mut work = self.0.0.work.read().await?;
        let row = store::node_key(&mut work).await?;
        Ok(row.map(|row| row.master))
    }
}
