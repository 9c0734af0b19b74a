//! How long a start takes with the demo province loaded.

use crate::clock;
use crate::rounds::{Context, Report};
use crate::serving::{Served, make_demo_data};
use anyhow::Result;
use std::time::{Duration, Instant};

pub(super) const ABOUT: &str = "From the start of `weihe serve` on the loaded demo province to the first answer of /healthz; over 3 s is a fault.";

const LIMIT: Duration = Duration::from_secs(3);

pub(super) fn run(context: &Context) -> Result<Report> {
    let rounds = context.rounds(5).max(1);
    let data = context.scratch.join("data");
    let started = Instant::now();
    make_demo_data(&context.binary, &data)?;
    let loading = started.elapsed();
    let mut starts = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        let served = Served::start(&context.binary, &data)?;
        starts.push(started.elapsed());
        drop(served);
    }
    starts.sort();
    let median = starts.get(starts.len() / 2).copied().unwrap_or_default();
    let mut report = Report::new(format!("profile demo; the median of {rounds} starts"));
    report.figure("loading the demo province", clock::spoken(loading));
    report.figure("start", format!("{:.2} s", median.as_secs_f64()));
    if median > LIMIT {
        report.fault(format!(
            "{:.2} s is over the limit of {} s",
            median.as_secs_f64(),
            LIMIT.as_secs()
        ));
    }
    Ok(report)
}
