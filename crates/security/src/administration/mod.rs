//! How people come to accounts and posts, and how posts go on to others: invitations, the first three
//! administrators, accounts by file, deputies, hand-over.
//!
//! - Nobody ever chooses a password for another person: an account begins with a code that is shown once,
//!   kept as a hash, used once, and expires.
//! - A file of accounts is a plan first ([`bulk`]), and committed whole or not at all.
//! - A deputy's grant is never wider than the one it stands for and ends with it.
//! - A hand-over counts when the successor accepts it. The posts and what is held under them pass in one
//!   transaction; what a room can only pass afterwards is passed until it is done.

pub(crate) mod bulk;
pub(crate) mod care;
pub(crate) mod code;
mod invitation;
pub(crate) mod model;
pub(crate) mod store;
mod succession;

pub use bulk::{BulkFault, BulkPlan, BulkRow, PlannedRow};
pub use model::{Handover, HandoverState, Invitation, NewPerson, OneTimeCode, PersonName};
pub use succession::{DeputyRequest, HandoverShown, PassFault, Passing, WorkInHand};
