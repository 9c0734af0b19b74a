//! How large the program is that an operator downloads.

use crate::rounds::{Context, Report};
use crate::{process, workspace};
use anyhow::Result;

pub(super) const ABOUT: &str = "The size of the release binary; over 80 MB is a fault.";

const LIMIT_MEGABYTES: f64 = 80.0;

pub(super) fn run(_context: &Context) -> Result<Report> {
    process::run(process::cargo().args(["build", "--release", "--package", "weihe"]))?;
    let bytes = std::fs::metadata(workspace::binary("release")?)?.len();
    let megabytes = bytes as f64 / 1e6;
    let mut report =
        Report::new("`cargo build --release --package weihe`, stripped; the size of the file");
    report.figure("release binary", format!("{megabytes:.1} MB"));
    if megabytes > LIMIT_MEGABYTES {
        report.fault(format!(
            "{megabytes:.1} MB is over the limit of {LIMIT_MEGABYTES} MB"
        ));
    }
    Ok(report)
}
