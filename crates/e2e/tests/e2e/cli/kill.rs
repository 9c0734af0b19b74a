//! The program killed in the middle of an import: what was committed is whole, the rest is absent, and the
//! same command goes on from there.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use security::{Random as _, SystemRandom};
use testkit::fixtures::many;
use testkit::program::{copy, run, weihe};

const ROUNDS: usize = 5;
const ROWS: usize = 20_000;
/// One change set for each.
const COUNTIES: [&str; 10] = [
    "610102", "610103", "610104", "610111", "610112", "610113", "610114", "610115", "610116",
    "610117",
];

/// A share of a whole, from nothing to nearly all of it.
fn random_share() -> f64 {
    let mut bytes = [0_u8; 2];
    SystemRandom.fill(&mut bytes).unwrap();
    f64::from(u16::from_le_bytes(bytes)) / 65_536.0
}

/// What is held, row by row, and how many institutions of each county.
fn held(data: &Path) -> (Vec<String>, BTreeMap<String, usize>) {
    let arguments = ["export", "--dataset", "institution", "--names"];
    let text = run(data, &arguments).ended_with(0).stdout;
    let mut rows: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    let mut by_county = BTreeMap::new();
    for row in &rows {
        let county = COUNTIES
            .into_iter()
            .find(|county| row.contains(&format!(",{county},{county},")))
            .unwrap();
        *by_county.entry(county.to_owned()).or_default() += 1;
    }
    (rows, by_county)
}

/// Starts an import and kills it after a while; false where it had ended by then.
fn killed_after(data: &Path, import: &[&str], after: Duration) -> bool {
    let mut command = weihe(data, import);
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().unwrap();
    std::thread::sleep(after.max(Duration::from_millis(1)));
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

#[test]
fn a_killed_import_leaves_whole_change_sets_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("fresh");
    run(&fresh, &["user", "add", "wang"]).ended_with(0);
    let file = folder.path().join("schools.csv").display().to_string();
    std::fs::write(&file, many(ROWS, &COUNTIES)).unwrap();
    let import = [
        "import",
        &file,
        "--dataset",
        "institution",
        "--format",
        "json",
    ];

    let whole = folder.path().join("whole");
    copy(&fresh, &whole);
    let started = Instant::now();
    run(&whole, &import).ended_with(0);
    let mut takes = started.elapsed();
    let (expected, _) = held(&whole);
    assert_eq!(expected.len(), ROWS);

    for round in 0..ROUNDS {
        let data = folder.path().join(format!("round-{round}"));
        let after = loop {
            let _ = std::fs::remove_dir_all(&data);
            copy(&fresh, &data);
            // A moment drawn anew each time; one round in each fifth of the import, so that all its
            // steps come up.
            let share = (round as f64 + random_share()) / ROUNDS as f64;
            let after = takes.mul_f64(share);
            if killed_after(&data, &import, after) {
                break after;
            }
            // The machine was busier when the whole was timed: it takes at most this long.
            takes = after;
        };

        let about = format!("round {round}, killed after {after:?} of {takes:?}");
        run(&data, &["verify"]).ended_with(0);
        let (before, by_county) = held(&data);
        for (county, count) in &by_county {
            assert_eq!(
                *count,
                ROWS / COUNTIES.len(),
                "{about}: the change set of {county} is not whole"
            );
        }
        let again = run(&data, &import).ended_with(0).json();
        let counts = &again["plan"]["counts"];
        let count = |class: &str| usize::try_from(counts[class].as_u64().unwrap_or(0)).unwrap();
        assert_eq!(
            (count("unchanged"), count("new")),
            (before.len(), ROWS - before.len()),
            "{about}"
        );
        let (after_all, _) = held(&data);
        assert!(
            after_all == expected,
            "{about}: the end differs from an import that was not interrupted"
        );
        run(&data, &["verify"]).ended_with(0);
    }
}
