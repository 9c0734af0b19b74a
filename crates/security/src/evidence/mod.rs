//! Evidence: who read whose data, who took data out, and whether the log that says so is whole.
//!
//! What this part holds to:
//! - An entry is written in the transaction of what it is about, or before what it is about is shown: the
//!   proof of a recorded reading is a type, [`Recorded`], which only this part makes.
//! - An entry names ids and names of definitions, never values.
//! - Entries are chained. One that was changed, taken out, put in or moved is found by number; so is an index
//!   row of a person. Entries past their retention leave as a segment whose last hash stays.
//! - Only the audit administrator's action opens the log ([`standard::Action::ReadAudit`]).

mod alerts;
mod chain;
mod exports;
mod model;
mod origin;
mod prune;
mod reading;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod store;
mod subjects;
mod verify;

pub use alerts::{Alert, AlertId};
pub use exports::{Export, ExportId, ExportRequest, ExportState, ExportTicket};
pub use model::{
    AuditDetail, AuditFault, AuditFaultKind, AuditReport, AuditSegment, Note, Reading, Recorded,
};
pub use origin::Origin;
pub use prune::Pruned;
pub use search::{AuditFilter, AuditPage};
pub use subjects::{Link, LinkId, Look, Looks, Records, Relation};
