//! The files of the clone, as the rules see them.

use crate::{process, workspace};
use anyhow::{Context as _, Result};
use std::path::Path;

/// Larger files are data; no rule reads them.
const LARGEST_READ: u64 = 4 * 1024 * 1024;

/// A text file and its path from the root of the clone, with `/` between the parts.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder under crates/ (or `xtask`) that holds the file.
    pub(crate) fn crate_folder(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split('/').next(),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// True for a file that only tests compile.
    pub(crate) fn is_test(&self) -> bool {
        let in_test_crate = matches!(self.crate_folder(), Some("testfiles" | "testkit" | "e2e"));
        let in_test_folder = self.path.contains("/tests/") || self.path.contains("/test/");
        in_test_crate
            || in_test_folder
            || self.name() == "tests.rs"
            || self.name().ends_with("_tests.rs")
    }
}

/// Every text file that is tracked, or would be.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    pub(crate) fn of_the_clone() -> Result<Self> {
        let root = workspace::root();
        let mut git = process::command("git");
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(&root);
        let listed =
            process::output(&mut git).context("tidy asks git which files belong to the clone")?;
        let mut files = Vec::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            if let Some(text) = read_text(&root.join(path))? {
                files.push(File {
                    path: path.to_owned(),
                    text,
                });
            }
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn example(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        Self { files }
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(crate) fn rust_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// Each `crates/NAME/Cargo.toml`, and xtask's, with NAME.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files
            .iter()
            .filter(|file| file.name() == "Cargo.toml")
            .filter_map(|file| Some((file.crate_folder()?, file)))
    }
}

/// The text of a file; nothing where it is data, is gone from the work tree, or is a link.
fn read_text(file: &Path) -> Result<Option<String>> {
    let Ok(facts) = std::fs::symlink_metadata(file) else {
        return Ok(None);
    };
    if !facts.is_file() || facts.len() > LARGEST_READ {
        return Ok(None);
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.contains(&0) {
        return Ok(None);
    }
    Ok(String::from_utf8(bytes).ok())
}
