//! Shown on real input: files that lie beside the clone.
