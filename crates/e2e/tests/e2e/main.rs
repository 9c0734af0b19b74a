//! The whole program, through its pages and its command line. Folders mirror the routes; names of tests
//! are sentences.

mod cli;
mod errors;
mod health;
mod home;
mod matrix;
mod metrics;
mod real;
mod settings;
mod signin;
