//! `cargo xtask soak`: the rounds that take too long for every commit. Each lives in a file of its own.

mod api;
mod import;
mod load;
mod restart;
mod rotation;
mod signin;

use crate::rounds::{Book, Round};

/// The book behind docs/reliability.md; add a round here.
pub(crate) const BOOK: Book = Book {
    title: "Reliability",
    about: "What was done to the program, and what came of it. Written by `cargo xtask soak`; run it again rather than edit this page.",
    page: "docs/reliability.md",
    records: "docs/data/reliability.json",
    rounds: &[
        Round {
            name: "restart",
            about: restart::ABOUT,
            run: restart::run,
        },
        Round {
            name: "import-kill",
            about: import::KILL,
            run: import::kill,
        },
        Round {
            name: "fuzz",
            about: import::FUZZ,
            run: import::fuzz,
        },
        Round {
            name: "load",
            about: load::ABOUT,
            run: load::run,
        },
        Round {
            name: "rotation",
            about: rotation::ABOUT,
            run: rotation::run,
        },
        Round {
            name: "signin",
            about: signin::ABOUT,
            run: signin::run,
        },
        Round {
            name: "api",
            about: api::ABOUT,
            run: api::run,
        },
    ],
};
