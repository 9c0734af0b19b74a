//! Who may do what: accounts, sign-in, posts and grants, the permit, the tree of units, audit.
//!
//! What this room holds to:
//! - A [`Permit`] is made here and nowhere else, so a function that asks for `&Permit` cannot be reached
//!   by anyone whom this room has not let through.
//! - Every route is declared with who may call it ([`Room`]); one that is not declared does not answer.
//! - Every request that changes something carries a token of its session.
//! - A right password of an account with a second factor is no session yet; what a session owes by the policy
//!   of signing in (a new password, a second factor) it must do before anything else answers.
//! - Passwords are kept as argon2id hashes, session tokens as SHA-256; neither is ever logged.
//! - The audit log is appended to and chained; it holds ids, never values. It keeps the heads that the ledger
//!   had, so that a ledger that lost its last commits is found out.
//! - What is personal is sealed under a key per person, which a master key outside the databases wraps ([`people`]).
//! - The table `unit` is written in the transaction of the commit that changed the units.

pub mod api;
pub mod describe;
pub mod pages;
pub mod people;
pub mod routes;
pub mod web;

mod accounts;
pub mod administration;
mod audit;
mod clients;
mod conditions;
mod crypto;
mod directory;
mod error;
mod evidence;
mod factors;
mod holders;
pub mod identity;
mod model;
mod permit;
mod random;
mod rules;
mod signin;
mod store;
mod units;
mod watch;

pub use accounts::{AccountWithGrants, FirstAccount};
pub use api::{Config, Parts, Security};
pub use clients::{ClientSecret, NewClient};
pub use conditions::{GrantAsked, GrantCondition, GrantRefused};
pub use crypto::PasswordProfile;
pub use directory::{Directory, DirectoryError, FixedDirectory, Found, UnitFacts};
pub use error::SecurityError;
pub use evidence::{
    Alert, AlertId, AuditDetail, AuditFault, AuditFaultKind, AuditFilter, AuditPage, AuditReport,
    AuditSegment, Export, ExportId, ExportRequest, ExportState, ExportTicket, Link, LinkId, Look,
    Looks, Note, Origin, Pruned, Reading, Recorded, Records, Relation,
};
pub use factors::{
    CeremonyFault, Duty, Factor, FactorFault, FactorId, FactorKind, FirstChange, GatewayFault,
    HttpGateway, MailGateway, MailSecurity, PolicyFault, RecoveryCodes,
    SETTINGS as SIGN_IN_SETTINGS, SealError, SignInPolicy, Site, Strength, certificate_end,
};
pub use model::{
    Account, AccountKind, AccountState, AuditAction, AuditEntry, GeneratedPassword, Grant, GrantId,
    LedgerHead, NewAccount, NewGrant, NewServiceAccount, NoLedgerHead, Outcome, Session, Subject,
    UnitLife, UnitStretch, UnitVersion,
};
pub use permit::{Actor, Denied, JOBS, OPERATORS, Permit, UnknownName};
pub use random::{Random, RandomError, SeededRandom, SystemRandom};
pub use routes::{Access, Load, Method, Room, Route, RouteTable, TwiceDeclared};
pub use rules::grant::GrantFault;
pub use rules::password::PasswordFault;
pub use rules::rate::Rates;
pub use signin::{Held, Signed};
pub use standard::{Action, Sensitivity, UnitLevel};
pub use units::{UnitNode, UnitTree};
pub use watch::Watched;
pub use web::{ClientCertificate, RequirePermit, Visit};

/// The words of this room's pages.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("security")
}

#[cfg(test)]
mod tests;
