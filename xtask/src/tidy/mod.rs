//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that no compiler checks.
//!
//! Each rule reads the files of the clone as text and is tested on a good and a bad example.

mod asvs;
mod documents;
mod edges;
mod files;
mod imports;
mod jobs;
mod licences;
mod rust_source;
mod sql;
mod tree;

use anyhow::{Result, bail};
use std::fmt;
pub(crate) use tree::Tree;

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// What is wrong
    pub(crate) what: String,
    /// What to do
    pub(crate) instead: String,
}

impl Fault {
    pub(crate) fn new(
        path: &str,
        line: usize,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
            instead: instead.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}: {}\n    {}",
            self.path, self.line, self.what, self.instead
        )
    }
}

/// A rule over the files of the clone.
struct Rule {
    about: &'static str,
    check: fn(&Tree) -> Vec<Fault>,
}

const RULES: &[Rule] = &[
    Rule {
        about: "crates depend only downwards",
        check: edges::crate_edges,
    },
    Rule {
        about: "heavy libraries have one home",
        check: edges::library_homes,
    },
    Rule {
        about: "every library is recorded with its reason",
        check: edges::libraries_are_recorded,
    },
    Rule {
        about: "rules.rs decides without I/O",
        check: imports::rules_are_pure,
    },
    Rule {
        about: "kernel, shape and standard do no I/O",
        check: imports::pure_crates,
    },
    Rule {
        about: "SQL stands in stores",
        check: sql::sql_has_a_home,
    },
    Rule {
        about: "no source file is over 800 lines",
        check: files::lengths,
    },
    Rule {
        about: "lints are expected, not allowed",
        check: files::no_allow,
    },
    Rule {
        about: "no path of one machine",
        check: files::no_machine_paths,
    },
    Rule {
        about: "the reference folder is named by tests only",
        check: files::reference_folder,
    },
    Rule {
        about: "scripts write no HTML and keep nothing",
        check: files::scripts,
    },
    Rule {
        about: "every crate says what it owns",
        check: documents::crate_comments,
    },
    Rule {
        about: "decision records are numbered",
        check: documents::decision_records,
    },
    Rule {
        about: "both READMEs have the same parts",
        check: documents::same_headings,
    },
    Rule {
        about: "every job that gets a permit is listed",
        check: jobs::permits_of_jobs,
    },
    Rule {
        about: "every ASVS requirement is answered, by tests that are there",
        check: asvs::requirements,
    },
];

/// `cargo xtask tidy`.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::of_the_clone()?;
    let mut faults: Vec<Fault> = RULES.iter().flat_map(|rule| (rule.check)(&tree)).collect();
    faults.extend(licences::check(&tree)?);
    faults.sort();
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("tidy found {} places to change", faults.len());
    }
    println!(
        "tidy: {} files keep {} rules",
        tree.files.len(),
        RULES.len() + 1
    );
    for rule in RULES {
        println!("  {}", rule.about);
    }
    println!("  every library's licence is allowed");
    Ok(())
}
