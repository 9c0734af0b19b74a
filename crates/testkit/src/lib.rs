//! The program for tests of the whole: [`TestApp`] is a served app with a data folder, databases, a clock
//! and randomness of its own; [`Client`] is a browser that signs in; [`fixtures`] makes records through the
//! one way in; [`program`] starts the built binary.
//!
//! A test that cannot go on panics here with what it looked at: there is nobody to hand an error to.

// The helpers of tests fail as tests do.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on has failed its test"
)]

mod app;
mod client;
pub mod fixtures;
pub mod program;

pub use app::{PASSWORD, TODAY, TestApp};
pub use client::{Answer, Client};
pub use db::testing::TestPlace;
pub use reqwest::multipart::Part;
pub use scraper;
