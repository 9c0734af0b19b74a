//! The built program, as a person or a script starts it.

mod bad_input;
mod demo;
mod export;
mod import;
mod kill;
mod serve;
mod standard_check;
mod user;
