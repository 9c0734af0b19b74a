//! 网络安全责任与处置: who answers for security in every unit, the register of information systems, incidents with
//! their deadlines, daily reports, training, and what is still to be done.
//!
//! What this room holds to:
//! - Everything is kept as events that are only appended to ([`store`]); what holds now is folded from them by
//!   pure rules, and each event stands in the audit log too, by ids.
//! - Contact data of staff is a name, a post and an office telephone, and is shown to those in the line only:
//!   the unit itself and the units above it; to a unit, those of the units above it.
//! - What is missing or late is computed from thresholds and deadlines that are definitions
//!   (`standard/assurance.toml`, `standard/incident_rules.toml`), never written down as a state.
//! - An escalation is written once, by a unique key, so that a restart neither loses nor repeats it.
//! - A post that a course is for is given only to those who attended it, whoever gives it and however.

pub mod api;
mod checks;
mod directory;
mod duties;
mod error;
mod events;
mod findings;
mod holders;
mod incidents;
mod pages;
mod reports;
mod store;
mod systems;
mod trainings;

pub use api::{Assurance, Parts};
pub use checks::{CertificateRole, Chain, Node, NodeCertificate, Seen};
pub use directory::{Directory, UnitEntry, UnitNames};
pub use duties::{Gap, Holder, NewDuty};
pub use error::AssuranceError;
pub use findings::{Finding, FindingSource, Found, Severity};
pub use pages::room;
pub use reports::UnitReports;
pub use systems::System;
pub use trainings::Attended;

/// The words of this room's pages.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("assurance")
}

#[cfg(test)]
mod tests;
