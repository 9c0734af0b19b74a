//! The whole program, through its pages and its command line. Folders mirror the routes; names of tests
//! are sentences.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on has failed its test"
)]

mod accounts;
mod bad_files;
mod cli;
mod crawler;
mod errors;
mod exports;
mod figures;
mod format_1;
mod health;
mod home;
mod imports;
mod languages;
mod matrix;
mod messages;
mod metrics;
mod openapi;
mod real;
mod settings;
mod signin;
mod slow;
mod walls;
