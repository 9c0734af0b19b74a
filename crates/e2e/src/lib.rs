//! Nothing: the tests of the whole program are in `tests/e2e`, one binary whose folders mirror the routes.
