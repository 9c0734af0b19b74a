//! Imports that are killed at random moments, and files that are broken on purpose.

use crate::bench::write_rows;
use crate::rounds::{Context, Report};
use crate::{clock, process};
use anyhow::Result;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub(super) const KILL: &str = "An import of 60,000 rows is ended with kill -9 at a random moment, again and again; every change set must be whole or absent, the ledger must verify, and the batch must end complete.";
pub(super) const FUZZ: &str = "Files broken at random (bytes flipped, cut, doubled) are imported dry; the program must answer with a plan or a sentence, never with a panic.";

const ROWS: u32 = 60_000;

/// A small generator of numbers, so that a round can be done again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below.max(1)
    }
}

pub(super) fn kill(context: &Context) -> Result<Report> {
    let rounds = context.rounds(50);
    let file = context.scratch.join("institutions.csv");
    write_rows(&file, ROWS)?;
    let mut report = Report::new(format!(
        "{rounds} kills, profile demo, SQLite; a fresh data folder whenever an import got through; `weihe verify` after every kill"
    ));
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut data = context.scratch.join("data-0");
    let whole = whole_import(context, &file)?;
    let (mut kills, mut folder, mut resumed) = (0, 0, 0);
    let mut longest = whole;
    while kills < rounds {
        let mut import = context.weihe("import", &data);
        import
            .arg(&file)
            .args(["--dataset", "institution", "--format", "json"]);
        let started = Instant::now();
        let mut child = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let moment = Duration::from_millis(dice.roll(whole.as_millis() as u64));
        std::thread::sleep(moment);
        if child.try_wait()?.is_none() {
            child.kill()?;
            kills += 1;
        }
        child.wait()?;
        longest = longest.max(started.elapsed());
        match process::output(&mut context.weihe("verify", &data)) {
            // It was killed before there was a ledger: the next start begins anew.
            Err(error) if format!("{error:#}").contains("server.no_ledger") => {}
            Err(error) => report.fault(format!("kill {kills} after {moment:?}: {error:#}")),
            Ok(_) => {}
        }
        if kills % 5 == 0 {
            resumed += finish(context, &data, &file, &mut report)?;
            folder += 1;
            data = context.scratch.join(format!("data-{folder}"));
        }
    }
    report.figure("kills", kills.to_string());
    report.figure(
        "batches that ended complete after their kills",
        format!("{resumed} of {folder}"),
    );
    report.figure("an import left alone", clock::spoken(whole));
    Ok(report)
}

/// How long the import takes when nobody disturbs it.
fn whole_import(context: &Context, file: &std::path::Path) -> Result<Duration> {
    let data = context.scratch.join("undisturbed");
    let started = Instant::now();
    let mut import = context.weihe("import", &data);
    import
        .arg(file)
        .args(["--dataset", "institution", "--format", "json"]);
    process::output(&mut import)?;
    Ok(started.elapsed())
}

/// Runs the batch to its end and counts what the ledger holds then.
fn finish(
    context: &Context,
    data: &std::path::Path,
    file: &std::path::Path,
    report: &mut Report,
) -> Result<u32> {
    let mut import = context.weihe("import", data);
    import
        .arg(file)
        .args(["--dataset", "institution", "--format", "json"]);
    process::output(&mut import)?;
    let mut again = context.weihe("import", data);
    again
        .arg(file)
        .args(["--dataset", "institution", "--format", "json", "--dry-run"]);
    let told: serde_json::Value = serde_json::from_str(process::output(&mut again)?.trim())?;
    let unchanged = told
        .pointer("/plan/counts/unchanged")
        .and_then(serde_json::Value::as_u64);
    if unchanged == Some(u64::from(ROWS)) {
        return Ok(1);
    }
    report.fault(format!(
        "after the kills the ledger holds {unchanged:?} of {ROWS} rows"
    ));
    Ok(0)
}

pub(super) fn fuzz(context: &Context) -> Result<Report> {
    let rounds = context.rounds(400);
    let mut report = Report::new(format!(
        "{rounds} files made from a CSV, a GB18030 CSV and a GeoJSON file; profile demo"
    ));
    let data = context.scratch.join("data");
    // A dry run makes no ledger: it would plant a new one for each file.
    process::output(context.weihe("user", &data).args(["add", "fuzz"]))?;
    let csv = context.scratch.join("base.csv");
    write_rows(&csv, 300)?;
    let geojson = br#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"610113","name":"x"},"geometry":{"type":"Polygon","coordinates":[[[108.9,34.2],[109.0,34.2],[109.0,34.3],[108.9,34.2]]]}}]}"#.to_vec();
    let bases = [
        ("institution", "csv", std::fs::read(&csv)?),
        ("division_boundary", "geojson", geojson),
    ];
    let mut dice = Dice(0xD1B5_4A32_D192_ED03);
    let (mut read, mut refused) = (0, 0);
    for round in 0..rounds {
        let Some((dataset, ending, base)) = bases.get(dice.roll(bases.len() as u64) as usize)
        else {
            continue;
        };
        let file = context.scratch.join(format!("broken.{ending}"));
        std::fs::write(&file, broken(base, &mut dice))?;
        let mut import = context.weihe("import", &data);
        import
            .arg(&file)
            .args(["--dataset", dataset, "--format", "json", "--dry-run"]);
        let output = import.stdin(Stdio::null()).output()?;
        match output.status.code() {
            Some(0 | 1) => read += 1,
            Some(2) => refused += 1,
            other => report.fault(format!(
                "file {round} ended with {other:?}: {}",
                String::from_utf8_lossy(&output.stderr)
                    .lines()
                    .next()
                    .unwrap_or_default()
            )),
        }
        if String::from_utf8_lossy(&output.stderr).contains("panicked") {
            report.fault(format!("file {round}: a panic"));
            std::fs::copy(
                &file,
                std::env::temp_dir().join(format!("weihe-fuzz-{round}.{ending}")),
            )?;
        }
    }
    report.figure("files read to a plan", format!("{read}"));
    report.figure("files refused with a sentence", format!("{refused}"));
    Ok(report)
}

/// A file with a few wounds.
fn broken(base: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for _ in 0..=dice.roll(6) {
        let length = bytes.len() as u64;
        let place = dice.roll(length) as usize;
        match dice.roll(4) {
            0 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = dice.roll(256) as u8;
                }
            }
            1 => bytes.truncate(place),
            2 => {
                let end = (place + dice.roll(64) as usize).min(bytes.len());
                let part = bytes.get(place..end).unwrap_or_default().to_vec();
                bytes.extend(part);
            }
            _ => {
                let end = (place + dice.roll(16) as usize).min(bytes.len());
                bytes.drain(place..end);
            }
        }
    }
    bytes
}
