//! docs/openapi.json: what programs read and send, written by the program itself.

use crate::workspace;
use anyhow::{Context as _, Result, bail};
use std::process::Command;

/// The document of the program as it is now.
pub(crate) fn document() -> Result<Option<String>> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", "weihe", "--", "openapi"])
        .current_dir(workspace::root());
    let output = command.output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "the program does not tell its routes: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout).context("the document is no UTF-8")?;
    Ok(Some(text))
}
