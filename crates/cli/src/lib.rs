//! cli: to come in this slice.
