//! e2e: to come in this slice.
