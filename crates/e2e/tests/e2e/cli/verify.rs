//! `weihe verify`, and that commands which read make no ledger.

use std::path::Path;

use testkit::fixtures::{csv, institution};
use testkit::program::{copy, run};

fn import(data: &Path, name: &str) {
    let file = data.with_extension("csv").display().to_string();
    std::fs::write(&file, csv(&[institution(name, "610113")])).unwrap();
    run(data, &["import", &file, "--dataset", "institution"]).ended_with(0);
}

/// The head as it is printed: `48:7ed2…`.
fn head(data: &Path) -> String {
    let told = run(data, &["verify", "--format", "json"])
        .ended_with(0)
        .json();
    format!("{}:{}", told["number"], told["head"].as_str().unwrap())
}

#[test]
fn a_folder_without_a_ledger_is_refused_by_name_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("dtaa");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for data in [&missing, &empty] {
        for command in [
            &["verify"][..],
            &["export", "--dataset", "institution"][..],
            &["user", "list"][..],
            &["user", "password", "wang"][..],
        ] {
            let ran = run(data, command).ended_with(2);
            let name = data.file_name().unwrap().to_string_lossy();
            assert!(ran.stderr.contains(&*name), "{ran:?}");
            assert!(
                ran.stderr.contains("--data") && ran.stderr.contains("server.no_ledger"),
                "{ran:?}"
            );
            let mut english = command.to_vec();
            english.extend(["--lang", "en"]);
            let ran = run(data, &english).ended_with(2);
            assert!(ran.stderr.contains("there is no ledger in"), "{ran:?}");
        }
    }
    assert!(!missing.exists());
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

#[test]
fn a_dry_run_makes_nothing_and_an_import_says_that_the_ledger_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("schools.csv").display().to_string();
    std::fs::write(&file, csv(&[institution("甲小学", "610113")])).unwrap();
    let import = [
        "import",
        &file,
        "--dataset",
        "institution",
        "--format",
        "json",
    ];
    let dry: Vec<&str> = import.iter().copied().chain(["--dry-run"]).collect();

    let tried = run(&data, &dry).ended_with(0);
    assert_eq!(tried.json()["plan"]["counts"]["new"], 1);
    assert!(tried.stderr.contains("没有新建任何内容"), "{tried:?}");
    assert!(!data.exists());

    let first = run(&data, &import).ended_with(0);
    assert!(
        first.stderr.contains("已新建") && first.stderr.contains("data"),
        "{first:?}"
    );
    let again = run(&data, &dry).ended_with(0);
    assert_eq!(again.json()["plan"]["counts"]["unchanged"], 1);
    assert_eq!(again.stderr, "");
}

#[test]
fn a_head_kept_elsewhere_tells_whether_the_ledger_still_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import(&data, "甲小学");
    let kept = head(&data);
    let said = run(&data, &["verify"]).ended_with(0).stdout;
    assert!(said.contains(&kept), "{said}");
    import(&data, "乙小学");
    assert_ne!(head(&data), kept);
    run(&data, &["verify", "--expect", &kept]).ended_with(0);

    let (number, hash) = kept.split_once(':').unwrap();
    let other = format!("{number}:{}", hash.chars().rev().collect::<String>());
    let found = run(&data, &["verify", "--expect", &other, "--format", "json"])
        .ended_with(1)
        .json();
    assert_eq!(found["findings"][0]["kind"], "not-as-expected");
    let ahead = format!("999:{hash}");
    run(&data, &["verify", "--expect", &ahead]).ended_with(1);
    run(&data, &["verify", "--expect", hash]).ended_with(2);
}

#[test]
fn an_older_ledger_beside_a_newer_work_database_is_said_to_be_older_and_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import(&data, "甲小学");
    let backup = folder.path().join("backup");
    copy(&data, &backup);
    let older = head(&data);
    import(&data, "乙小学");
    let newer = head(&data);
    std::fs::copy(backup.join("ledger.db"), data.join("ledger.db")).unwrap();

    let found = run(&data, &["verify", "--format", "json"])
        .ended_with(1)
        .json();
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["findings"][0]["kind"], "short");
    let said = run(&data, &["verify", "--lang", "en"]).ended_with(1).stdout;
    let number = |head: &str| head.split(':').next().unwrap().to_owned();
    let sentence = format!(
        "the ledger ends at commit {}, but {} were written",
        number(&older),
        number(&newer)
    );
    assert!(said.contains(&sentence), "{said}");
    assert!(
        said.contains("--put-back") && !said.contains("Stop writing"),
        "{said}"
    );
    run(&data, &["verify", "--expect", &newer]).ended_with(1);

    run(&data, &["verify", "--put-back"]).ended_with(0);
    run(&data, &["verify"]).ended_with(0);
    import(&data, "丙小学");
    run(&data, &["verify"]).ended_with(0);
}

#[test]
fn verify_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import(&data, "甲小学");
    let before = std::fs::read(data.join("ledger.db")).unwrap();
    // Definitions of another day are not adopted by looking.
    std::fs::create_dir_all(data.join("standard/datasets")).unwrap();
    let overlay = "name = \"division\"\n[[field]]\nname = \"our_note\"\ntitle = { zh = \"本地备注\", en = \"Local note\" }\n\
        kind = \"text\"\nsource = \"ours\"\n";
    std::fs::write(data.join("standard/datasets/division.toml"), overlay).unwrap();
    run(&data, &["verify"]).ended_with(0);
    run(&data, &["export", "--dataset", "division", "--names"]).ended_with(0);
    assert!(std::fs::read(data.join("ledger.db")).unwrap() == before);
    std::fs::remove_file(data.join("work.db")).unwrap();
    let ran = run(&data, &["verify"]).ended_with(2);
    assert!(ran.stderr.contains("server.no_work"), "{ran:?}");
    assert!(!data.join("work.db").exists());
}
