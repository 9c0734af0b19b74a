//! The tests in web/test, in headless Chromium against the built program.

use super::tally::Tally;
use super::{Setting, read_if_written, test_variables};
use crate::serving::{Served, add_account};
use crate::setup::Part;
use crate::workspace::Scratch;
use crate::{process, workspace};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

pub(super) fn run(setting: &Setting) -> Result<Tally> {
    let web = workspace::root().join("web");
    let tests = test_files(&web.join("test"))?;
    if tests.is_empty() {
        bail!("web/test holds no *.test.mjs");
    }
    if setting.lacks(Part::Chromium) || setting.lacks(Part::ChineseFonts) {
        return Ok(Tally::skip(
            "browser tests",
            "this machine has no Chromium or no Chinese font",
        ));
    }
    if !setting.build()? {
        return Ok(Tally::failure(
            "the program does not compile, so no browser test ran".to_owned(),
        ));
    }
    let scratch = Scratch::new(&workspace::cache_dir()?, "browser")?;
    let skipped_file = scratch.path().join("skipped");
    let report = scratch.path().join("report.tap");
    let data = scratch.path().join("data");
    let binary = workspace::binary("dev")?;
    let sign_in = setting.demo_data(&data)?;
    // Second factors are tried on an account of their own, or nobody else could sign in meanwhile.
    let second = add_account(&binary, &data, "second")?;
    let mut weihe = process::command(&binary);
    weihe.args(["user", "grant", &second.user, "--post", "visitor", "--data"]);
    process::output(weihe.arg(&data))?;
    let served = Served::start(&binary, &data)?;
    let mut node = process::command("node");
    node.args([
        "--test",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=tap",
    ]);
    node.arg(format!("--test-reporter-destination={}", report.display()))
        .args(&tests)
        .current_dir(&web);
    test_variables(&mut node, &skipped_file)?;
    node.env("WEIHE_URL", served.url())
        .env("WEIHE_USER", sign_in.user)
        .env("WEIHE_PASSWORD", sign_in.password)
        .env("WEIHE_SECOND_USER", second.user)
        .env("WEIHE_SECOND_PASSWORD", second.password);
    let succeeded = process::succeeds(&mut node)?;
    drop(served);
    let mut tally = Tally::default();
    tally.read_tap(&read_if_written(&report)?);
    tally.read_skipped_file(&read_if_written(&skipped_file)?);
    if !succeeded && tally.failed == 0 {
        tally.add(Tally::failure("node --test ended early".to_owned()));
    }
    Ok(tally)
}

/// The test files, as paths from web/.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let name = entry?.file_name();
        if name.to_string_lossy().ends_with(".test.mjs") {
            files.push(Path::new("test").join(name));
        }
    }
    files.sort();
    Ok(files)
}
