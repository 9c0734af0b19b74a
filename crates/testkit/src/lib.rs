//! testkit: to come in this slice.
