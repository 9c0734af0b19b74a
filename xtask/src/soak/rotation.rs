//! Keys are rotated over a million persons and the rotation is killed again and again, while people read.

use crate::bench::{schools, write_persons};
use crate::client::{Client, spread};
use crate::clock;
use crate::process;
use crate::rounds::{Context, Report};
use crate::serving::{Served, SignIn, make_demo_data};
use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) const ABOUT: &str = "The master key and the lookup key are rotated over 1,000,000 persons; the rotating process is ended with kill -9 twenty times. The rotation must end complete, every key must open, the ledger must verify, and records of persons must be read throughout.";

const PERSONS: u32 = 1_000_000;
const KILLS: u32 = 20;
const PASSWORD: &str = "Only-For-This-Round-1";

pub(super) fn run(context: &Context) -> Result<Report> {
    let kills = context.rounds(KILLS);
    let mut report = Report::new(format!(
        "profile demo, SQLite, the demo province and {PERSONS} persons of its primary schools by `weihe import`; `weihe serve` answers one reader of records of persons all the time, `weihe keys rotate` is killed at a random moment; {kills} kills"
    ));
    let data = context.scratch.join("data");
    make_demo_data(&context.binary, &data)?;
    load(context, &data, &mut report)?;
    let reader = add_reader(context, &data)?;
    let served = Served::start(&context.binary, &data)?;
    let client = Client::signed_in(served.url(), &reader)?;
    let pages = persons_of(&mut client.clone())?;
    let is_over = Arc::new(AtomicBool::new(false));
    let reading = {
        let (is_over, mut client) = (Arc::clone(&is_over), client);
        std::thread::spawn(move || read_on(&mut client, &pages, &is_over))
    };
    let outcome = rotate(context, &data, kills, &mut report);
    is_over.store(true, Ordering::SeqCst);
    let read = reading
        .join()
        .map_err(|_| anyhow::anyhow!("the reader fell over"))?;
    outcome?;
    let (mut times, refused) = read?;
    let count = times.len();
    let (median, tail) = spread(&mut times);
    let longest = times.last().copied().unwrap_or_default();
    report.figure(
        "records of persons read meanwhile",
        format!(
            "{count}, {refused} refused; {median:.1} ms, p99 {tail:.1} ms, longest {}",
            clock::spoken(longest)
        ),
    );
    if refused > 0 || count == 0 {
        report.fault(format!("{refused} of {count} records could not be read"));
    }
    drop(served);
    let started = Instant::now();
    let checked = process::output(&mut keys(context, &data, &["check", "--format", "json"]))?;
    let checked: serde_json::Value = serde_json::from_str(checked.trim())?;
    if checked.pointer("/keys").and_then(serde_json::Value::as_u64) != Some(u64::from(PERSONS)) {
        report.fault(format!("not every key opened: {checked}"));
    }
    report.figure("every key opened", clock::spoken(started.elapsed()));
    if let Err(error) = process::output(&mut context.weihe("verify", &data)) {
        report.fault(format!("{error:#}"));
    }
    Ok(report)
}

fn load(context: &Context, data: &Path, report: &mut Report) -> Result<()> {
    let file = context.scratch.join("persons.csv");
    write_persons(&file, &schools(context, data)?, PERSONS)?;
    let started = Instant::now();
    let mut import = context.weihe("import", data);
    import
        .arg(&file)
        .args(["--dataset", "person", "--format", "json"]);
    let (printed, peak) = process::output_with_peak(&mut import)?;
    let told: serde_json::Value =
        serde_json::from_str(printed.trim()).context("the answer is no JSON")?;
    if told
        .pointer("/plan/counts/new")
        .and_then(serde_json::Value::as_u64)
        != Some(u64::from(PERSONS))
    {
        bail!("not every person was taken: {printed}");
    }
    report.figure(
        "import of the persons, each sealed under a key of its own",
        format!(
            "{:.0} persons/s ({}), {:.0} MB",
            f64::from(PERSONS) / started.elapsed().as_secs_f64(),
            clock::spoken(started.elapsed()),
            peak as f64 / 1e6
        ),
    );
    Ok(())
}

/// Someone who may read persons of the whole province.
fn add_reader(context: &Context, data: &Path) -> Result<SignIn> {
    let mut add = context.weihe("user", data);
    add.args(["add", "reader", "--post", "registrar", "--password-stdin"]);
    let mut child = add
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start weihe user add")?;
    if let Some(stdin) = child.stdin.as_mut() {
        writeln!(stdin, "{PASSWORD}")?;
    }
    if !child.wait()?.success() {
        bail!("the account of the reader could not be made");
    }
    Ok(SignIn {
        user: "reader".to_owned(),
        password: PASSWORD.to_owned(),
    })
}

/// Addresses of records, from the list.
fn persons_of(client: &mut Client) -> Result<Vec<String>> {
    let list = client.get_plain("/people")?;
    let text = String::from_utf8_lossy(&list.bytes).into_owned();
    let pages: Vec<String> = text
        .split("href=\"/people/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit()))
        .map(|id| format!("/people/{id}"))
        .collect();
    if list.status != 200 || pages.is_empty() {
        bail!(
            "the list of persons answered {} without a person",
            list.status
        );
    }
    Ok(pages)
}

/// Reads records until the rotation is over: how long each took, and how many were refused. A page that could not
/// open its person would be no 200, or would not hold a masked name.
fn read_on(
    client: &mut Client,
    pages: &[String],
    is_over: &AtomicBool,
) -> Result<(Vec<Duration>, u32)> {
    let (mut times, mut refused) = (Vec::new(), 0);
    for page in pages.iter().cycle() {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let answer = client.get_plain(page)?;
        let text = String::from_utf8_lossy(&answer.bytes);
        if answer.status != 200 || !text.contains("619999") {
            refused += 1;
        }
        times.push(answer.took);
        // Below the number of requests that one account may send.
        std::thread::sleep(Duration::from_millis(80));
    }
    Ok((times, refused))
}

fn keys(context: &Context, data: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = context.weihe("keys", data);
    command.args(arguments);
    command
}

/// Rotates both keys, the one after the other, until there were enough kills; then lets the last one end.
fn rotate(context: &Context, data: &Path, kills: u32, report: &mut Report) -> Result<()> {
    let started = Instant::now();
    let mut killed = 0;
    let mut finished: u32 = 0;
    // A small generator, so that the round can be done again.
    let mut dice: u64 = 0x2545_F491_4F6C_DD1D;
    while killed < kills || finished == 0 {
        let arguments: &[&str] = match finished % 2 {
            0 => &["rotate"],
            _ => &["rotate", "--lookups"],
        };
        let mut child = keys(context, data, arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let moment = Instant::now() + Duration::from_millis(300 + dice % 2_700);
        let ended = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if killed < kills && Instant::now() >= moment {
                child.kill()?;
                child.wait()?;
                killed += 1;
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        match ended {
            Some(status) if status.success() => finished += 1,
            Some(status) => bail!("weihe keys rotate ended with {status}"),
            None => {}
        }
    }
    process::output(&mut keys(context, data, &["resume"]))?;
    report.figure("kills", killed.to_string());
    report.figure(
        "rotations that ended complete",
        format!("{finished} in {}", clock::spoken(started.elapsed())),
    );
    let status = process::output(&mut keys(context, data, &["status", "--format", "json"]))?;
    let status: serde_json::Value = serde_json::from_str(status.trim())?;
    let number = |pointer: &str| status.pointer(pointer).and_then(serde_json::Value::as_i64);
    let wrapped = status
        .pointer("/wrapped")
        .and_then(serde_json::Value::as_array)
        .map_or(0, Vec::len);
    if wrapped != 1
        || number("/wrapped/0/master") != number("/master")
        || number("/wrapped/0/keys") != Some(i64::from(PERSONS))
    {
        report.fault(format!(
            "not every key is wrapped by the master key in use: {status}"
        ));
    }
    let versions = status
        .pointer("/lookups")
        .and_then(serde_json::Value::as_array)
        .map_or(0, Vec::len);
    if versions != 1 || number("/lookups/0/version") != number("/lookup") {
        report.fault(format!("lookups of an older key are left: {status}"));
    }
    Ok(())
}
