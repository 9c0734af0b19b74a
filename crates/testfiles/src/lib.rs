//! For tests: files of this repository, files of real input that lie beside it and are no part of it, and
//! how a test says that it was skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The top folder of the checkout that is being tested. Looked up when the test runs: a test program that
/// was built in another checkout, with the same target folder, would remember that one.
///
/// # Panics
/// Where the test was not started from within a checkout.
#[expect(clippy::expect_used, reason = "a test without its files has failed")]
pub fn root() -> PathBuf {
    let here = std::env::current_dir().expect("a test runs in a folder");
    let found = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    found
        .expect("run tests from within the checkout")
        .to_owned()
}

/// A file below `../shared`. Where it is not there the test is listed as skipped and is to return; also on
/// the build server, which may have none of them.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let file = root().join("../shared").join(path);
    if file.exists() {
        return Some(file.canonicalize().unwrap_or(file));
    }
    skipped(test, &format!("../shared/{path} is not there"));
    None
}

/// The text of a file below `../shared`; see [`shared`].
///
/// # Panics
/// Where it is no UTF-8.
#[expect(clippy::expect_used, reason = "a test without its files has failed")]
pub fn shared_text(test: &str, path: &str) -> Option<String> {
    let file = shared(test, path)?;
    Some(std::fs::read_to_string(file).expect("the file is UTF-8"))
}

/// Lists a test as skipped, past the capturing of the test runner: in the file that `WEIHE_SKIPPED_FILE`
/// names, and on standard output.
pub fn skipped(test: &str, reason: &str) {
    if let Some(list) = variable("WEIHE_SKIPPED_FILE") {
        let list = Path::new(&list);
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(list);
        let _ =
            opened.and_then(|mut list| list.write_all(format!("{test}: {reason}\n").as_bytes()));
    }
    let _ = writeln!(std::io::stdout(), "SKIPPED: {test}: {reason}");
}

/// A variable of the environment; empty counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
