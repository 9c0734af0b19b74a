//! `cargo test` over the workspace, with a PostgreSQL server of our own.

use super::tally::Tally;
use super::{Setting, read_if_written, test_variables};
use crate::postgres::Postgres;
use crate::setup::Part;
use crate::workspace::Scratch;
use crate::{process, workspace};
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn run(setting: &Setting) -> Result<Tally> {
    if !setting.build()? {
        return Ok(Tally::failure(
            "the workspace does not compile, so no Rust test ran".to_owned(),
        ));
    }
    let scratch = Scratch::new(&workspace::cache_dir()?, "test")?;
    let skipped_file = scratch.path().join("skipped");
    let snapshots_file = scratch.path().join("snapshots");
    let mut tally = Tally::default();
    let mut cargo = setting.cargo("test");
    cargo.arg("--no-fail-fast");
    test_variables(&mut cargo, &skipped_file)?;
    cargo
        .env("INSTA_UPDATE", "no")
        .env("INSTA_SNAPSHOT_REFERENCES_FILE", &snapshots_file);
    let postgres = if setting.lacks(Part::Postgres) {
        tally.add(Tally::skip(
            "every test on PostgreSQL",
            "this machine has no PostgreSQL server",
        ));
        None
    } else {
        let postgres = Postgres::start()?;
        cargo.env("WEIHE_TEST_POSTGRES", postgres.url());
        Some(postgres)
    };
    let succeeded = process::tee(&mut cargo, &mut |line| tally.read_libtest_line(line))?;
    drop(postgres);
    tally.read_skipped_file(&read_if_written(&skipped_file)?);
    if !succeeded && tally.failed == 0 {
        tally.add(Tally::failure(
            "cargo test ended early: a test program crashed or did not compile".to_owned(),
        ));
    }
    let every_test_ran = succeeded && tally.skips.is_empty() && setting.packages.is_empty();
    if every_test_ran {
        tally.add(check_snapshots(&read_if_written(&snapshots_file)?)?);
    }
    Ok(tally)
}

/// A golden file that no test reads any more is a failure. Only asked when every test ran.
fn check_snapshots(references: &str) -> Result<Tally> {
    let referenced: BTreeSet<PathBuf> = references
        .lines()
        .filter_map(|line| Path::new(line).canonicalize().ok())
        .collect();
    let mut snapshots = Vec::new();
    collect_snapshots(&workspace::root().join("crates"), &mut snapshots)?;
    if snapshots.is_empty() {
        return Ok(Tally::default());
    }
    let unread: Vec<String> = snapshots
        .iter()
        .filter(|file| !is_referenced(file, &referenced))
        .map(|file| file.display().to_string())
        .collect();
    if unread.is_empty() {
        return Ok(Tally::pass());
    }
    Ok(Tally::failure(format!(
        "golden files that no test reads; delete them: {}",
        unread.join(", ")
    )))
}

fn is_referenced(file: &Path, referenced: &BTreeSet<PathBuf>) -> bool {
    file.canonicalize()
        .is_ok_and(|file| referenced.contains(&file))
}

fn collect_snapshots(folder: &Path, snapshots: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_snapshots(&path, snapshots)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "snap")
        {
            snapshots.push(path);
        }
    }
    Ok(())
}
