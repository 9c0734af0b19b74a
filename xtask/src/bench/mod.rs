//! `cargo xtask bench`: measurements. Each lives in a file of its own.

mod import;
mod pages;
mod persons;
mod size;
mod start;

use crate::rounds::{Book, Round};

pub(crate) use import::write_rows;
pub(crate) use persons::{schools, write_persons};

/// The book behind docs/benchmarks.md; add a measurement here.
pub(crate) const BOOK: Book = Book {
    title: "Benchmarks",
    about: "Figures of this program on a named machine. Written by `cargo xtask bench`; run it again rather than edit this page.",
    page: "docs/benchmarks.md",
    records: "docs/data/benchmarks.json",
    rounds: &[
        Round {
            name: "import",
            about: import::ABOUT,
            run: import::run,
        },
        Round {
            name: "pages",
            about: pages::PAGES,
            run: pages::pages,
        },
        Round {
            name: "tiles",
            about: pages::TILES,
            run: pages::tiles,
        },
        Round {
            name: "size",
            about: size::ABOUT,
            run: size::run,
        },
        Round {
            name: "start",
            about: start::ABOUT,
            run: start::run,
        },
    ],
};
