//! geo_room: to come in this slice.
