//! The server is killed while it serves, and must find its data whole.

use crate::rounds::{Context, Report};
use crate::serving::{Served, make_demo_data};
use crate::{clock, process};
use anyhow::Result;
use std::time::{Duration, Instant};

pub(super) const ABOUT: &str = "The server is ended with kill -9 while it serves; the ledger must verify and the next start must answer.";

pub(super) fn run(context: &Context) -> Result<Report> {
    let rounds = context.rounds(50);
    let mut report = Report::new(format!(
        "{rounds} times: `weihe serve` on the demo province, wait for /healthz, kill -9, `weihe verify`"
    ));
    let data = context.scratch.join("data");
    make_demo_data(&context.binary, &data)?;
    let mut slowest = Duration::ZERO;
    for round in 1..=rounds {
        let started = Instant::now();
        let served = Served::start(&context.binary, &data)?;
        slowest = slowest.max(started.elapsed());
        served.kill()?;
        if let Err(error) = process::output(&mut context.weihe("verify", &data)) {
            report.fault(format!("round {round}: {error:#}"));
        }
    }
    report.figure(
        "kills survived",
        format!("{} of {rounds}", rounds as usize - report.faults.len()),
    );
    report.figure("slowest start", clock::spoken(slowest));
    Ok(report)
}
