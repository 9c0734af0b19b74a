//! Many readers while a file comes in.

use crate::bench::write_rows;
use crate::client::{Client, spread};
use crate::process;
use crate::rounds::{Context, Report};
use crate::serving::{Served, make_demo_data};
use anyhow::{Result, bail};
use std::process::Stdio;
use std::time::{Duration, Instant};

pub(super) const ABOUT: &str = "Eight readers go through the map, the list and tiles for a minute while 60,000 rows are imported beside the server; no answer may be an error.";

const READERS: usize = 8;
const PATHS: [&str; 5] = [
    "/map",
    "/institutions",
    "/institutions?q=zx",
    "/tiles/county/6/51/25.mvt",
    "/map/figures.json?level=county",
];

pub(super) fn run(context: &Context) -> Result<Report> {
    let seconds = u64::from(context.rounds(60));
    let data = context.scratch.join("data");
    let sign_in = make_demo_data(&context.binary, &data)?;
    let served = Served::start(&context.binary, &data)?;
    let file = context.scratch.join("institutions.csv");
    write_rows(&file, 60_000)?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let client = Client::signed_in(served.url(), &sign_in)?;
    let mut readers = Vec::new();
    for reader in 0..READERS {
        let mut client = client.clone();
        readers.push(std::thread::spawn(
            move || -> Result<(Vec<Duration>, u64)> {
                let (mut times, mut errors) = (Vec::new(), 0);
                let mut turn = reader;
                while Instant::now() < until {
                    let path = PATHS.get(turn % PATHS.len()).copied().unwrap_or("/map");
                    let answer = client.get(path)?;
                    if !matches!(answer.status, 200 | 204) {
                        errors += 1;
                    }
                    times.push(answer.took);
                    turn += 1;
                }
                Ok((times, errors))
            },
        ));
    }
    let mut import = context.weihe("import", &data);
    import
        .arg(&file)
        .args(["--dataset", "institution", "--format", "json"])
        .stdout(Stdio::null());
    let started = Instant::now();
    let imported = import.status()?;
    let import_time = started.elapsed();
    let mut report = Report::new(format!(
        "profile demo, SQLite, {READERS} clients for {seconds} s over loopback; `weihe import` as a second process"
    ));
    if !imported.success() {
        report.fault(format!("the import ended with {imported}"));
    }
    let (mut times, mut errors) = (Vec::new(), 0);
    for reader in readers {
        match reader.join() {
            Ok(Ok((own, failed))) => {
                times.extend(own);
                errors += failed;
            }
            Ok(Err(error)) => report.fault(format!("{error:#}")),
            Err(_) => bail!("a reader panicked"),
        }
    }
    let count = times.len();
    let (median, tail) = spread(&mut times);
    report.figure(
        "requests",
        format!("{count} ({:.0}/s)", count as f64 / seconds as f64),
    );
    report.figure(
        "time of an answer",
        format!("median {median:.1} ms, p99 {tail:.1} ms"),
    );
    report.figure(
        "import beside it",
        format!("{:.1} s", import_time.as_secs_f64()),
    );
    if errors > 0 {
        report.fault(format!("{errors} answers were errors"));
    }
    drop(served);
    process::output(&mut context.weihe("verify", &data))?;
    Ok(report)
}
