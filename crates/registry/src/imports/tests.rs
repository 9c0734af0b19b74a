//! Imports that are approved late, stopped, cut off and taken back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use db::on_both_engines;
use db::testing::TestPlace;
use kernel::{Clocks, Day, Value};
use security::{NewAccount, Permit};

use super::{Import, Request, State};
use crate::api::Registry;
use crate::intake::{Class, IntakeError, Progress, Step};
use crate::ledger::{LedgerError, Version};
use crate::testing::{permit, registry};

/// A change set for each of the four counties.
const FILE: &str = "学校标识码,学校名称,区县,办学类型,地址\n\
    2161000001,甲小学,雁塔区,211,甲路 1 号\n2161000002,乙小学,碑林区,211,乙路 1 号\n\
    2161000003,丙小学,莲湖区,211,丙路 1 号\n2161000004,丁小学,灞桥区,211,丁路 1 号\n";
const SETS: u64 = 4;

fn since_2020() -> Request {
    Request {
        effective: "2020-09-01".to_owned(),
        ..Request::default()
    }
}

async fn run(
    registry: &Registry,
    text: &str,
    progress: Progress,
) -> Result<(i64, super::Finished), IntakeError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.csv");
    std::fs::write(&file, text).unwrap();
    registry
        .imports()
        .run_now(
            &permit(),
            "institution",
            &file,
            &since_2020(),
            false,
            progress,
        )
        .await
}

/// Progress that goes well until so many times of a step were told.
fn stopping_after(wanted: Step, times: u64) -> Progress {
    let told = AtomicU64::new(0);
    Progress::to(move |step, _, _| {
        step != wanted || told.fetch_add(1, Ordering::SeqCst) + 1 < times
    })
}

async fn schools(registry: &Registry) -> Vec<Version> {
    let mut found = Vec::new();
    let clocks = Clocks::latest(Day::parse("2025-01-01").unwrap());
    let permit = permit();
    let reading = registry
        .ledger()
        .read(&permit, "institution", clocks, |version| {
            found.push(version)
        });
    reading.await.unwrap();
    found
}

/// The address of the school of that name.
async fn address(registry: &Registry, name: &str) -> Option<String> {
    let table = registry.ledger().table("institution").unwrap();
    let [own, place] = ["name", "address"].map(|field| table.position(field).unwrap());
    let found = schools(registry).await;
    let school = found
        .iter()
        .find(|version| version.values[own] == Value::from(name));
    school.and_then(|version| version.values[place].as_text().map(str::to_owned))
}

async fn state(registry: &Registry, id: i64) -> State {
    registry
        .imports()
        .find(&permit(), id)
        .await
        .unwrap()
        .unwrap()
        .state
}

async fn verified(registry: &Registry) {
    let report = registry.ledger().verify(|_, _| true).await.unwrap();
    assert_eq!(report.findings, []);
}

/// Someone who may import everywhere, with the number of the post.
async fn statistician(registry: &Registry) -> (Permit, i64) {
    let security = registry.security();
    let account = NewAccount {
        login: "liu".to_owned(),
        display: "刘某".to_owned(),
        password: None,
    };
    let (id, _) = security.create_account(&permit(), account).await.unwrap();
    let grant = security
        .grant(&permit(), id, "statistician", None, None)
        .await
        .unwrap();
    (security.permit_for_grant(grant).await.unwrap(), grant.0)
}

/// Waits until nothing goes on in an import.
async fn settled(registry: &Registry, id: i64) -> Import {
    let looked = async {
        loop {
            let import = registry
                .imports()
                .find(&permit(), id)
                .await
                .unwrap()
                .unwrap();
            if !import.state.is_running() {
                return import;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looked)
        .await
        .unwrap()
}

/// Sends a file as a person does in a browser; its plan waits.
async fn sent(registry: &Registry, who: &Permit, grant: i64, text: &str) -> i64 {
    let path = registry.imports().incoming("upload").await.unwrap();
    std::fs::write(&path, text).unwrap();
    let id = registry
        .imports()
        .submit(
            who,
            Some(grant),
            "institution",
            "file.csv",
            &path,
            &since_2020(),
        )
        .await
        .unwrap();
    let import = settled(registry, id).await;
    assert_eq!(import.state, State::Planned, "{:?}", import.error);
    id
}

on_both_engines! {
    async fn what_an_upload_left_is_deleted_after_a_day(place: &TestPlace) {
        let registry = registry(place).await;
        let imports = registry.imports();
        let left = imports.incoming("left.part").await.unwrap();
        std::fs::write(&left, "x").unwrap();
        assert_eq!(imports.sweep_incoming().await.unwrap(), 0);
        let file = std::fs::File::options().write(true).open(&left).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(imports.sweep_incoming().await.unwrap(), 1);
        assert!(!left.exists());
        assert_eq!(imports.sweep_incoming().await.unwrap(), 0);
    }

    async fn an_approved_plan_does_not_overwrite_a_correction_made_since(place: &TestPlace) {
        let registry = registry(place).await;
        run(&registry, FILE, Progress::silent()).await.unwrap();
        let (liu, grant) = statistician(&registry).await;
        let planned = sent(&registry, &liu, grant, &FILE.replace("甲路 1 号", "甲路 2 号")).await;
        // As many rows change after the correction as before it: only the record tells.
        run(&registry, &FILE.replace("甲路 1 号", "甲路 9 号"), Progress::silent()).await.unwrap();
        let head = registry.ledger().head().await.unwrap();

        registry.imports().approve(&liu, planned).await.unwrap();
        let ended = settled(&registry, planned).await;
        assert_eq!(ended.state, State::Failed);
        assert_eq!(ended.failure().unwrap().code, "INTAKE-PLAN-CHANGED");
        assert_eq!(address(&registry, "甲小学").await.as_deref(), Some("甲路 9 号"));
        assert_eq!(registry.ledger().head().await.unwrap(), head, "nothing was written");
    }

    async fn an_approved_plan_goes_through_where_the_correction_was_of_another_record(place: &TestPlace) {
        let registry = registry(place).await;
        run(&registry, FILE, Progress::silent()).await.unwrap();
        let (liu, grant) = statistician(&registry).await;
        let only = "学校标识码,学校名称,区县,办学类型,地址\n2161000001,甲小学,雁塔区,211,甲路 2 号\n";
        let planned = sent(&registry, &liu, grant, only).await;
        run(&registry, &FILE.replace("乙路 1 号", "乙路 9 号"), Progress::silent()).await.unwrap();

        registry.imports().approve(&liu, planned).await.unwrap();
        let ended = settled(&registry, planned).await;
        assert_eq!(ended.state, State::Done, "{:?}", ended.error);
        assert_eq!(address(&registry, "甲小学").await.as_deref(), Some("甲路 2 号"));
        assert_eq!(address(&registry, "乙小学").await.as_deref(), Some("乙路 9 号"));
        verified(&registry).await;
    }

    async fn an_interrupted_reversal_is_shown_as_partial_and_goes_on(place: &TestPlace) {
        let registry = registry(place).await;
        let (id, _) = run(&registry, FILE, Progress::silent()).await.unwrap();
        let imports = registry.imports();
        let stopping = stopping_after(Step::Write, 2);
        let stopped = imports.reverse(&permit(), id, "误传", &stopping).await;
        assert!(matches!(stopped, Err(IntakeError::Stopped(_))), "{stopped:?}");
        assert_eq!(state(&registry, id).await, State::Reversing);
        let come = registry.ledger().reversal_of(&permit(), id).await.unwrap();
        assert!(come.is_partial());
        assert_eq!((come.commits, come.reversed), (SETS, 2));
        assert_eq!(schools(&registry).await.len(), 2);
        verified(&registry).await;

        // The program may have ended before it noted anything: the ledger tells all the same.
        let again = crate::testing::registry(place).await;
        let come = again.imports().reverse(&permit(), id, "误传", &Progress::silent()).await.unwrap();
        assert_eq!((come.commits, come.reversed), (SETS, SETS));
        assert_eq!(state(&registry, id).await, State::Reversed);
        assert_eq!(schools(&registry).await.len(), 0);
        verified(&registry).await;

        // There is nothing left to reverse.
        let head = registry.ledger().head().await.unwrap();
        imports.reverse(&permit(), id, "误传", &Progress::silent()).await.unwrap();
        assert_eq!(registry.ledger().head().await.unwrap(), head);
    }

    async fn conflicts_of_the_whole_import_are_found_before_the_first_reversal(place: &TestPlace) {
        let registry = registry(place).await;
        let (id, finished) = run(&registry, FILE, Progress::silent()).await.unwrap();
        // The commit that would be reversed last has the record that was corrected.
        let first = finished.written.unwrap().commits.unwrap().0;
        let commit = registry.ledger().commit_entry(&permit(), kernel::CommitNumber::new(first)).await.unwrap().unwrap();
        let touched = registry.ledger().touched(&permit(), commit.number, 1).await.unwrap();
        let table = registry.ledger().table("institution").unwrap();
        let name = touched.records[0].values[table.position("name").unwrap()].as_text().unwrap().to_owned();
        let before = format!("{}路 1 号", name.trim_end_matches("小学"));
        run(&registry, &FILE.replace(&before, "改后的地址"), Progress::silent()).await.unwrap();
        let head = registry.ledger().head().await.unwrap();

        let refused = registry.imports().reverse(&permit(), id, "误传", &Progress::silent()).await;
        let Err(IntakeError::Ledger(LedgerError::Conflict { records, .. })) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(records, [touched.records[0].record]);
        assert_eq!(registry.ledger().head().await.unwrap(), head, "nothing was written");
        assert_eq!(state(&registry, id).await, State::Done);
    }

    async fn a_stopped_import_goes_on_under_its_number_unless_others_came_between(place: &TestPlace) {
        let registry = registry(place).await;
        let stopped = run(&registry, FILE, stopping_after(Step::Write, 2)).await;
        assert!(matches!(stopped, Err(IntakeError::Stopped(_))), "{stopped:?}");
        assert_eq!(schools(&registry).await.len(), 2);
        let (id, finished) = run(&registry, FILE, Progress::silent()).await.unwrap();
        assert_eq!(finished.plan.count(Class::Unchanged), 2);
        let commits = registry.ledger().commits_of_import(&permit(), id).await.unwrap();
        assert_eq!(commits.len() as u64, SETS, "all of it can be reversed as one");
        assert_eq!(state(&registry, id).await, State::Done);

        let renamed = FILE.replace(" 1 号", " 2 号");
        run(&registry, &renamed, stopping_after(Step::Write, 1)).await.unwrap_err();
        let first = registry.imports().latest(&permit(), 1).await.unwrap()[0].id;
        let written = registry.ledger().commits_of_import(&permit(), first).await.unwrap();
        assert_eq!(written.len(), 1);
        // Someone takes back what was committed: under the same number it would not be committed again.
        registry.ledger().reverse(&permit(), written[0].number, "误传").await.unwrap();
        let (second, finished) = run(&registry, &renamed, Progress::silent()).await.unwrap();
        assert_ne!(second, first);
        assert_eq!(finished.written.unwrap().committed, SETS);
        for name in ["甲", "乙", "丙", "丁"] {
            assert_eq!(address(&registry, &format!("{name}小学")).await, Some(format!("{name}路 2 号")));
        }
        verified(&registry).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_the_disk_was_full_is_said_and_the_same_command_goes_on() {
    let place = TestPlace::sqlite().unwrap();
    let registry = registry(&place).await;
    let mut text = String::from("学校名称,区县\n");
    for number in 0..4_000 {
        let county = ["雁塔区", "碑林区", "莲湖区", "灞桥区"][number % 4];
        text.push_str(&format!("第{number}小学,{county}\n"));
    }
    let limit = async |pages: i64| {
        // The limit belongs to the one connection that writes.
        let mut tx = registry.ledger().db().write().await.unwrap();
        let held = tx.fetch_one("PRAGMA page_count", &[]).await.unwrap();
        let most = held.int("page_count").unwrap() + pages;
        tx.fetch_all(&format!("PRAGMA max_page_count = {most}"), &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let mut committed = 0;
    for pages in [100, 150, 200, 250, 300] {
        limit(pages).await;
        let error = run(&registry, &text, Progress::silent()).await.unwrap_err();
        assert_eq!(error.code(), "db.disk_full", "{error}");
        let sentence = error.to_string();
        let IntakeError::Interrupted {
            committed: sets,
            sets: all,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert!(!sentence.contains("nothing was written"), "{sentence}");
        assert!(
            sentence.contains(&format!("{sets} of {all} change sets")),
            "{sentence}"
        );
        committed += sets;
        let held = schools(&registry).await.len() as u64;
        assert_eq!(held, committed * 1_000, "{sentence}");
        if committed > 0 {
            break;
        }
    }
    assert!((1..SETS).contains(&committed), "{committed}");
    limit(1_000_000).await;
    let (id, finished) = run(&registry, &text, Progress::silent()).await.unwrap();
    assert_eq!(finished.plan.count(Class::Unchanged), committed * 1_000);
    assert_eq!(schools(&registry).await.len(), 4_000);
    let commits = registry
        .ledger()
        .commits_of_import(&permit(), id)
        .await
        .unwrap();
    assert_eq!(commits.len() as u64, SETS);
    verified(&registry).await;
    drop(registry);
    place.remove().await.unwrap();
}
