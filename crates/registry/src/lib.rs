//! The registry room: the ledger, the one way in, and what is held.
//!
//! It owns the datasets' tables, the commit log, imports and their plans, the lists and the pages of
//! institutions, imports, commits and the dictionary. Invariants: every write to a dataset is a commit
//! ([`ledger`]); nothing is written that was not shown as a plan ([`intake`]); nothing is read without a
//! permit ([`held`]).

pub mod api;
mod counting;
pub mod directory;
pub mod held;
pub mod imports;
pub mod intake;
pub mod ledger;
pub mod lists;
pub mod pages;
pub mod persons;
pub mod read;
pub mod search;
pub mod seed;
pub mod write;

#[cfg(test)]
mod real_input_tests;
#[cfg(test)]
mod testing;

pub use api::{Nothing, Parts, Registry};

/// The words of this room's pages.
pub fn messages() -> ui::RoomMessages {
    ui::messages!("registry")
}
