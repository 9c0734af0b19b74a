//! The program: the rooms joined into one router, what stands round every request, the home page, the
//! settings, health and metrics, the jobs, and the orderly end.
//!
//! [`App::open`] opens a data folder, for the command line and for tests alike; [`App::router`] is every
//! route; [`serve`] answers requests until it is told to stop, and then lets commits finish.
//!
//! What this crate holds to:
//! - Every request has an operation id, which error pages show and the log repeats.
//! - Addresses are logged and counted by their route, never with what a reader typed into them.
//! - What goes wrong without a page of its own gets one here, in the reader's language.

mod app;
mod arrival;
mod connections;
pub mod definitions;
mod duties;
mod error;
mod frame;
mod jobs;
mod metrics;
mod middleware;
pub mod pages;
mod rooms;
mod serve;
mod store;
mod tls;
mod units;

pub use app::{App, Database, Settings};
pub use arrival::Patience;
pub use connections::Connections;
pub use error::OpenError;
pub use jobs::Jobs;
pub use serve::{ServeError, serve, until_told};
pub use tls::{TlsError, TlsSettings};
pub use units::{UnitNotFound, find_unit, unit_labels};

/// The words of this crate's pages.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("server")
}
