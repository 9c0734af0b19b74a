//! The one engine of every application and review: who begins a case, who may move it, by when, and who is told.
//!
//! What a process is stands in `standard/workflows/*.toml`, not in Rust. What this room holds to:
//! - A case keeps the text of the definition with which it was begun; a later definition changes only later cases.
//! - A case goes only where its definition lets it, and only by someone whom the definition lets (`rules`).
//! - Every move is one transaction: the state, an event that is never changed, an entry of the audit log, who is
//!   asked next, and what other rooms are to do. The same move sent twice happens once; of two people who
//!   move at the same time one is told to look again.
//! - What another room does ([`Effect`]) happens after the decision, once, also after a crash.
//! - Forms and notes are sealed at rest; notices hold no personal data, only a link.
//! - Files are told by their content, sealed at rest, and given out as downloads only; mails and hooks go where the operator
//!   said and nowhere else, after what they tell of was committed.
//! - A case out of reach answers like one that does not exist.

pub mod api;
mod cases;
mod effects;
mod error;
mod exports;
mod files;
mod form;
mod grant;
mod inbox;
mod model;
mod notices;
mod pages;
mod rules;
mod seal;
mod store;
mod succession;
mod timers;

pub use api::{Parts, Workflow};
pub use effects::{Carried, Decided, Effect, EffectFault, UnitDirectory};
pub use error::WorkflowError;
pub use files::Attached;
pub use inbox::{Box, Listed};
pub use model::{Act, Approval, CaseId, CaseView, Event, EventKind, Notice, Opening, Timer, Told};
pub use notices::NoticeKind;
pub use notices::settings::{Hook, MailSecurity, MailServer, NoticeSettings, NoticeSettingsFault};
pub use pages::room;
pub use seal::{NodeSeal, PlainSeal, Seal, SealFault};

/// The words of this room's pages.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("workflow")
}

#[cfg(test)]
mod tests;
