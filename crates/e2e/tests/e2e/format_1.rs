//! The data folder of ledger format 1 in `fixtures/format-1`: every later release opens it, finds it whole,
//! answers at any two clocks what it answered then, and goes on writing in it. What is expected here stands
//! in the README.md beside it.

use std::path::Path;
use std::process::Command;

use db::testing::TestPlace;
use kernel::{Clocks, CommitNumber, Day, Value};
use registry::intake::Class;
use registry::ledger::{Version, hex};
use server::{Database, Settings};
use testkit::TestApp;
use testkit::fixtures::{csv, institution};

/// The last commit of the fixture.
const LAST: i64 = 48;
const LAST_HASH: &str = "7ed22976e0542d07ed012a6a3d99410f42bca4c38677873f7125c45c69d7904c";

/// Dataset, day, commit, and how many records it holds there.
const COUNTS: [(&str, &str, i64, usize); 17] = [
    ("institution", "2015-08-31", 48, 0),
    ("institution", "2015-09-01", 48, 240),
    ("institution", "2026-01-01", 5, 0),
    ("institution", "2026-01-01", 6, 60),
    ("institution", "2026-01-01", 9, 240),
    ("institution", "2022-08-31", 35, 240),
    ("institution", "2026-01-01", 35, 270),
    ("institution", "2026-01-01", 48, 240),
    ("institution_year", "2024-08-31", 48, 0),
    ("institution_year", "2024-09-01", 11, 120),
    ("institution_year", "2024-09-01", 48, 240),
    ("division_population", "2020-06-01", 47, 4),
    ("division_population", "2020-06-01", 48, 0),
    ("division_boundary", "2000-01-01", 4, 0),
    ("division_boundary", "2000-01-01", 48, 4),
    ("division", "2026-01-01", 48, 118),
    ("education_unit", "2026-01-01", 48, 124),
];

/// Day, commit, and how many institutions are open.
const OPEN: [(&str, i64, usize); 4] = [
    ("2025-08-31", 48, 240),
    ("2025-09-01", 30, 240),
    ("2025-09-01", 31, 235),
    ("2025-09-01", 48, 235),
];

/// Day, commit, name and address of the institution 2161000008.
const NAMED: [(&str, i64, &str, &str); 5] = [
    ("2016-01-01", 48, "合成第8学校", "合成路8号"),
    ("2019-01-01", 14, "合成第8学校", "合成路8号"),
    ("2019-01-01", 18, "合成新名第8学校", "合成路8号"),
    ("2021-01-01", 18, "合成新名第8学校", "合成路8号"),
    ("2021-01-01", 48, "合成再名第8学校", "合成迁址8号"),
];

/// The two databases, packed. They are in the test itself, wherever it is started.
const PACKED: [(&str, &[u8]); 2] = [
    (
        "ledger.db.gz",
        include_bytes!("../../fixtures/format-1/ledger.db.gz"),
    ),
    (
        "work.db.gz",
        include_bytes!("../../fixtures/format-1/work.db.gz"),
    ),
];

/// Lays a copy of the fixture into a data folder.
fn unpack(data: &Path) {
    std::fs::create_dir_all(data).unwrap();
    for (name, packed) in PACKED {
        let file = data.join(name);
        std::fs::write(&file, packed).unwrap();
        let unpacked = Command::new("gzip").arg("-d").arg(&file).status().unwrap();
        assert!(unpacked.success(), "{name}");
    }
}

/// The program on a copy of the fixture.
async fn opened(place: &TestPlace) -> TestApp {
    let on_a_copy = |settings: &mut Settings| {
        unpack(&settings.data);
        settings.database = Database::Embedded;
    };
    TestApp::start_with(place, on_a_copy).await
}

async fn read(app: &TestApp, dataset: &str, day: &str, commit: i64) -> Vec<Version> {
    let clocks = Clocks {
        as_of: Day::parse(day).unwrap(),
        as_known_on: CommitNumber::new(commit),
    };
    let mut versions = Vec::new();
    let permit = app.permit();
    let ledger = app.app.registry().ledger();
    let reading = ledger.read(&permit, dataset, clocks, |version| versions.push(version));
    reading.await.unwrap();
    versions
}

fn text<'v>(app: &TestApp, version: &'v Version, field: &str) -> Option<&'v str> {
    let table = app.app.registry().ledger().table("institution").unwrap();
    let place = table.position(field).unwrap();
    version.values.get(place).and_then(Value::as_text)
}

/// Verifies, and answers how many commits there are.
async fn verified(app: &TestApp) -> i64 {
    let ledger = app.app.registry().ledger();
    let report = ledger.verify(|_, _| true).await.unwrap();
    assert_eq!(report.findings, []);
    report.commits
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_of_format_1_opens_and_answers_as_it_did() {
    let place = TestPlace::sqlite().unwrap();
    let app = opened(&place).await;

    // Newer definitions are adopted by a commit of their own, so the head may be further on.
    assert!(verified(&app).await >= LAST);
    let last = app
        .app
        .registry()
        .ledger()
        .commit_entry(&app.permit(), CommitNumber::new(LAST))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(hex(&last.hash), LAST_HASH);
    assert_eq!(last.node, "fixture");

    for (dataset, day, commit, expected) in COUNTS {
        let found = read(&app, dataset, day, commit).await.len();
        assert_eq!(found, expected, "{dataset} on {day} at commit {commit}");
    }
    for (day, commit, expected) in OPEN {
        let found = read(&app, "institution", day, commit).await;
        let open = found
            .iter()
            .filter(|version| text(&app, version, "status") == Some("open"))
            .count();
        assert_eq!(open, expected, "open on {day} at commit {commit}");
    }
    for (day, commit, name, address) in NAMED {
        let found = read(&app, "institution", day, commit).await;
        let school = found
            .iter()
            .find(|version| text(&app, version, "code") == Some("2161000008"))
            .unwrap();
        assert_eq!(
            (text(&app, school, "name"), text(&app, school, "address")),
            (Some(name), Some(address)),
            "on {day} at commit {commit}"
        );
    }
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_into_the_data_folder_of_format_1_is_committed_and_verifies() {
    let place = TestPlace::sqlite().unwrap();
    let app = opened(&place).await;
    let before = verified(&app).await;

    // One that is held under its code and gets another address, and one that is new.
    let rows = csv(&[
        institution("合成第100学校", "610113")
            .with("code", "2161000100")
            .with("type", "311")
            .with("address", "合成新路100号"),
        institution("格式一之后的小学", "610113").with("code", "2161000900"),
    ]);
    let first = app
        .import("institution", "more.csv", rows.as_str())
        .await
        .unwrap();
    let counts = [Class::New, Class::Changed, Class::Refused].map(|class| first.plan.count(class));
    assert_eq!(counts, [1, 1, 0], "{:#?}", first.plan.causes);
    let written = first.written.unwrap();
    assert_eq!(
        (written.committed, written.resumed, written.closed),
        (1, 0, 1)
    );
    assert_eq!(verified(&app).await, before + 1);

    let again = app
        .import("institution", "more.csv", rows.as_str())
        .await
        .unwrap();
    assert_eq!(again.plan.count(Class::Unchanged), 2);
    assert_eq!(again.written.unwrap().committed, 0);

    // What was known before stays as it was.
    assert_eq!(
        read(&app, "institution", "2026-03-02", LAST).await.len(),
        240
    );
    assert_eq!(
        read(&app, "institution", "2026-03-02", before + 1)
            .await
            .len(),
        241
    );
    app.stop().await;
    place.remove().await.unwrap();
}
