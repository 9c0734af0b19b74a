//! Where an entry comes from: the request that is being answered.
//!
//! The gate says it once for each request, so that no one who writes an entry can forget it or say something
//! else. Work that a request leaves to another task has no request; its entries name the permit's post.

use std::future::Future;

use kernel::UnitId;

use crate::evidence::model::AuditDetail;
use crate::model::GrantId;
use crate::web::Visit;

tokio::task_local! {
    static ORIGIN: Origin;
}

/// The request in which something happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    unit: Option<UnitId>,
    post: String,
    grant: Option<GrantId>,
    session: Option<i64>,
    operation: String,
    address: String,
}

impl Origin {
    /// The request of a visit, under the operation id that the program gave it.
    #[must_use]
    pub fn of(visit: &Visit, operation: Option<&str>) -> Self {
        let signed = visit.signed();
        let grant = signed
            .and_then(|signed| signed.held.as_ref())
            .map(|held| &held.grant);
        Self {
            unit: grant.and_then(|grant| grant.unit),
            post: grant.map(|grant| grant.post.clone()).unwrap_or_default(),
            grant: grant.map(|grant| grant.id),
            session: signed.map(|signed| signed.session.number),
            operation: operation.unwrap_or_default().to_owned(),
            address: visit.address(),
        }
    }

    /// Does something as part of this request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        ORIGIN.scope(self, work).await
    }

    /// The request that is being answered; nothing outside of one.
    #[must_use]
    pub fn current() -> Self {
        ORIGIN.try_with(Clone::clone).unwrap_or_default()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Fills in what the note leaves open.
    pub(crate) fn complete(&self, detail: &mut AuditDetail) {
        detail.session = detail.session.or(self.session);
        if detail.operation.is_empty() {
            detail.operation.clone_from(&self.operation);
        }
        if detail.post.is_empty() {
            detail.post.clone_from(&self.post);
        }
        // The unit and the grant belong to the post: another post's are not mixed in.
        if detail.post == self.post {
            detail.unit = detail.unit.or(self.unit);
            detail.grant = detail.grant.or(self.grant);
        }
    }
}
