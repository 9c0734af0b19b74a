//! Exports that were reviewed in the inbox: `security` asks here, since `workflow` stands above it.

use futures::future::BoxFuture;
use security::{Approvals, Permit};
use workflow::{CaseId, Workflow};

/// The process whose approvals count.
const PROCESS: &str = "export_approval";

/// Cases of the process of review.
pub(crate) struct Reviewed(pub(crate) Workflow);

impl Approvals for Reviewed {
    fn covers<'a>(
        &'a self,
        permit: &'a Permit,
        case: i64,
        dataset: &'a str,
        persons: i64,
    ) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let approval = match self.0.approved(permit, CaseId(case)).await {
                Ok(Some(approval)) => approval,
                Ok(None) => return false,
                Err(error) => {
                    tracing::warn!(case, %error, "a case that an export rests on could not be read");
                    return false;
                }
            };
            let field = |name: &str| approval.fields.get(name).map_or("", String::as_str);
            approval.workflow == PROCESS
                && approval.applicant.is_some()
                && approval.applicant == permit.actor().account()
                && field("dataset") == dataset
                && field("persons")
                    .parse::<i64>()
                    .is_ok_and(|approved| persons <= approved)
        })
    }
}
