//! Files of real input that lie beside the clone and are no part of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file below `../shared/data`. Where it is not there the test is recorded as skipped (in the file that
/// `WEIHE_SKIPPED_FILE` names) and is to return; also on the build server, which may have none of them.
pub fn shared_data(test: &str, path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    if file.exists() {
        return Some(file.canonicalize().unwrap_or(file));
    }
    let reason = format!("../shared/data/{path} is not there");
    if let Some(list) = variable("WEIHE_SKIPPED_FILE") {
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(list);
        let _ =
            opened.and_then(|mut list| list.write_all(format!("{test}: {reason}\n").as_bytes()));
    }
    let _ = writeln!(std::io::stdout(), "SKIPPED: {test}: {reason}");
    None
}

/// A variable of the environment; empty counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
