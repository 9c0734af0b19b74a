//! One command a file.

pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod standard;
pub(crate) mod user;
pub(crate) mod verify;

use security::Permit;

use crate::failure::Failure;

/// The permit of whoever can run the program on this machine.
fn operator() -> Result<Permit, Failure> {
    Ok(Permit::for_operator("cli")?)
}
