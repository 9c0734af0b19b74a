//! server: to come in this slice.
