//! Open cases go with a post to its successor: see [`security::administration::WorkInHand`].

use std::collections::BTreeSet;
use std::sync::Weak;

use db::Tx;
use futures::future::{BoxFuture, FutureExt as _};
use kernel::{AccountId, UnitId};
use security::administration::{PassFault, Passing, WorkInHand};
use security::{Grant, Permit};

use crate::api::{Inner, Workflow};
use crate::error::WorkflowError;
use crate::model::Told;
use crate::notices::NoticeKind;
use crate::store;

/// The cases of the room, as long as there is one.
pub(crate) struct CasesInHand(pub(crate) Weak<Inner>);

impl CasesInHand {
    fn room(&self) -> Result<Workflow, PassFault> {
        let room = self.0.upgrade().map(Workflow);
        room.ok_or_else(|| PassFault("the room of cases is closed".to_owned()))
    }

    async fn counted(
        &self,
        work: &mut Tx,
        giver: AccountId,
        units: &[Option<UnitId>],
    ) -> Result<u64, WorkflowError> {
        let Ok(room) = self.room() else { return Ok(0) };
        let mut count = 0;
        for case in store::held_cases(work, giver).await? {
            let workflow = room.definition(work, &case).await?;
            count += u64::from(room.goes_with(&workflow, &case, units));
        }
        Ok(count)
    }
}

impl WorkInHand for CasesInHand {
    fn label(&self) -> &'static str {
        "workflow-cases-in-hand"
    }

    fn count<'a>(
        &'a self,
        work: &'a mut Tx,
        giver: AccountId,
        grants: &'a [Grant],
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move {
            let units: Vec<Option<UnitId>> = grants.iter().map(|grant| grant.unit).collect();
            let counted = self.counted(work, giver, &units).await;
            counted.map_err(|error| PassFault(error.to_string()))
        }
        .boxed()
    }

    fn tell<'a>(
        &'a self,
        work: &'a mut Tx,
        account: AccountId,
        link: &'a str,
    ) -> BoxFuture<'a, Result<(), PassFault>> {
        async move {
            let told = Told {
                to: BTreeSet::from([account]),
                kind: NoticeKind::Succession,
                case: None,
                link: link.to_owned(),
            };
            let told = self.room()?.tell(work, &told).await;
            told.map_err(|error| PassFault(error.to_string()))
        }
        .boxed()
    }

    fn pass_after<'a>(
        &'a self,
        permit: &'a Permit,
        passing: &'a Passing,
    ) -> BoxFuture<'a, Result<u64, PassFault>> {
        async move {
            let passed = self
                .room()?
                .hand_over(permit, passing.giver, passing.taker, &passing.units)
                .await
                .map_err(|error| PassFault(error.to_string()))?;
            Ok(u64::try_from(passed).unwrap_or(u64::MAX))
        }
        .boxed()
    }
}
