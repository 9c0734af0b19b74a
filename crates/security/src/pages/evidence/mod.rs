//! Pages of evidence: the log for the audit administrator, alerts for the security administrator, and who looked at
//! one's own record.

mod alerts;
mod audit;
mod audit_csv;
mod described;
mod links;
mod looks;
mod words;

use standard::Action;

use crate::api::Security;
use crate::routes::{Access, Room};

pub(super) fn room() -> Room<Security> {
    Room::new()
        .get("/audit", Access::Action(Action::ReadAudit), audit::show)
        .get(
            "/audit.csv",
            Access::Action(Action::ReadAudit),
            audit_csv::send,
        )
        .working_long()
        .described(&described::EXPORT_AUDIT)
        .working_long()
        .described(&audit_csv::EXPORT_AUDIT)
        .get(
            "/alerts",
            Access::Action(Action::ManageSecurity),
            alerts::show,
        )
        .post(
            "/alerts/{id}",
            Access::Action(Action::ManageSecurity),
            alerts::close,
        )
        .get(
            "/person-links",
            Access::Action(Action::ManageAccounts),
            links::show,
        )
        .post(
            "/person-links",
            Access::Action(Action::ManageAccounts),
            links::tie,
        )
        .post(
            "/person-links/{id}/end",
            Access::Action(Action::ManageAccounts),
            links::end,
        )
        .get("/account/readings", Access::SignedIn, looks::show)
}
