//! Decisions, pure: no I/O, no SQL, no web framework.

pub(crate) mod grant;
pub(crate) mod lockout;
pub(crate) mod password;
pub(crate) mod rate;
pub(crate) mod web;
