//! Ten minutes of the API against its document: see `crate::api`.

use crate::api;
use crate::rounds::{Context, Report};
use crate::serving::make_demo_data;
use anyhow::Result;
use std::time::Duration;

pub(super) const ABOUT: &str = "schemathesis calls every operation of the API's document for ten minutes, as each of three posts; an answer that the document does not know, or a fault of the server, is a failure.";

pub(super) fn run(context: &Context) -> Result<Report> {
    let minutes = u64::from(context.rounds(10));
    let time = Duration::from_secs(minutes * 60);
    let mut report = Report::new(format!(
        "the demo province on SQLite, {minutes} minutes as all three posts at once; phases examples, coverage, fuzzing"
    ));
    let data = context.scratch.join("data");
    make_demo_data(&context.binary, &data)?;
    for run in api::run(&context.binary, &data, &context.scratch, time)? {
        report.figure(format!("as {}", run.post), run.cases);
        if !run.passed {
            report.fault(format!("as {}: see what was printed", run.post));
        }
    }
    Ok(report)
}
