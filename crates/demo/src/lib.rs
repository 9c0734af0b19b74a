//! demo: to come in this slice.
