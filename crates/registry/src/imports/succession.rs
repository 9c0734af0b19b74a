//! Imports that are under way go with a post to its successor: see [`security::administration::WorkInHand`].

use db::Tx;
use futures::future::{BoxFuture, FutureExt as _};
use kernel::AccountId;
use security::Grant;
use security::administration::{PassFault, Passing, WorkInHand};

use super::store;

/// The imports of the work database.
pub(crate) struct ImportsInHand;

impl WorkInHand for ImportsInHand {
    fn label(&self) -> &'static str {
        "registry-imports-in-hand"
    }

    fn count<'a>(
        &'a self,
        work: &'a mut Tx,
        giver: AccountId,
        grants: &'a [Grant],
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move {
            let mut all = 0;
            for grant in grants {
                let count = store::in_hand(work, giver, grant.id.0).await;
                all += count.map_err(|error| PassFault(error.to_string()))?;
            }
            Ok(all)
        }
        .boxed()
    }

    fn pass<'a>(
        &'a self,
        work: &'a mut Tx,
        passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move {
            let mut all = 0;
            for (old, new) in &passing.grants {
                let passed =
                    store::pass_on(work, (passing.giver, old.0), (passing.taker, new.0)).await;
                all += passed.map_err(|error| PassFault(error.to_string()))?;
            }
            Ok(all)
        }
        .boxed()
    }
}
