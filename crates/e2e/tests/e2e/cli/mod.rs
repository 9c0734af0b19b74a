//! The built program, as a person or a script starts it.

mod bad_input;
mod demo;
mod export;
mod full_disk;
mod import;
mod keys;
mod kill;
mod mounted;
mod read_only;
mod serve;
mod standard_check;
mod user;
mod verify;
