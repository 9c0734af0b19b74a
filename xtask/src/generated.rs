//! Files that are generated and committed: written by `cargo xtask gen`, compared by `gen --check`,
//! which is a step of the tests.

use crate::{bench, openapi, rounds, soak, workspace};
use anyhow::{Context as _, Result, bail};

/// One committed file and how it is made. `text` gives nothing where there is nothing to write yet.
pub(crate) struct Generated {
    /// Its path from the root of the clone
    pub(crate) path: &'static str,
    pub(crate) text: fn() -> Result<Option<String>>,
    /// Whether a test of the program compares it, which has the program built already
    pub(crate) is_tested: bool,
}

/// Every generated file; add yours here.
const FILES: &[Generated] = &[
    Generated {
        path: soak::BOOK.page,
        text: || rounds::page_of(&soak::BOOK),
        is_tested: false,
    },
    Generated {
        path: bench::BOOK.page,
        text: || rounds::page_of(&bench::BOOK),
        is_tested: false,
    },
    Generated {
        path: "docs/openapi.json",
        text: openapi::document,
        is_tested: true,
    },
];

/// `cargo xtask gen` and `gen --check`.
pub(crate) fn run(check: bool) -> Result<()> {
    if !check {
        return write_all();
    }
    let stale = stale_files()?;
    if !stale.is_empty() {
        bail!(
            "stale: {}. Run `cargo xtask gen` and commit what it writes",
            stale.join(", ")
        );
    }
    println!("{} generated files are up to date", FILES.len());
    Ok(())
}

fn write_all() -> Result<()> {
    for file in FILES {
        let Some(text) = (file.text)()? else { continue };
        write(file.path, &text)?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

/// Writes a file of the clone, with its folder.
pub(crate) fn write(path: &str, text: &str) -> Result<()> {
    let file = workspace::root().join(path);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(&file, text).with_context(|| format!("cannot write {path}"))
}

fn stale_files() -> Result<Vec<&'static str>> {
    let mut stale = Vec::new();
    for file in FILES.iter().filter(|file| !file.is_tested) {
        let Some(text) = (file.text)()? else { continue };
        let committed =
            std::fs::read_to_string(workspace::root().join(file.path)).unwrap_or_default();
        if committed != text {
            stale.push(file.path);
        }
    }
    Ok(stale)
}
