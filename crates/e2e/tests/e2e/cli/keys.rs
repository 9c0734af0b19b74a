//! `weihe keys`, and what the program says where the master key is gone.

use std::path::Path;

use testkit::program::{Served, run};

fn begun(data: &Path, more: &[&str]) {
    let mut add = vec!["user", "add", "wang"];
    add.extend(more);
    run(data, &add).ended_with(0);
}

fn status(data: &Path) -> serde_json::Value {
    run(data, &["keys", "status", "--format", "json"])
        .ended_with(0)
        .json()
}

#[test]
fn both_keys_are_rotated_and_the_old_master_key_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    begun(&data, &[]);
    let before = status(&data);
    assert_eq!(
        (&before["suite"], &before["master"]),
        (&"international".into(), &1.into())
    );
    let used = run(&data, &["keys", "forget", "1"]).ended_with(2);
    assert!(used.stderr.contains("security.master_key_used"), "{used:?}");
    run(&data, &["keys", "rotate", "--suite", "sm"]).ended_with(0);
    run(&data, &["keys", "rotate", "--lookups"]).ended_with(0);
    let after = status(&data);
    assert_eq!(
        (&after["suite"], &after["master"], &after["lookup"]),
        (&"sm".into(), &2.into(), &2.into())
    );
    assert!(
        after["rotations"]
            .as_array()
            .unwrap()
            .iter()
            .all(|rotation| rotation["finished"].is_i64())
    );
    run(&data, &["keys", "forget", "1"]).ended_with(0);
    run(&data, &["keys", "check"]).ended_with(0);
    run(&data, &["keys", "resume"]).ended_with(0);
    run(&data, &["verify"]).ended_with(0);
    // What the node sealed is open still.
    drop(Served::start(&data, &["serve"]));
}

#[test]
fn the_algorithms_and_the_place_of_the_master_key_are_the_operators() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("elsewhere/keys").display().to_string();
    let place = ["--master-keys", &file, "--algorithms", "sm"];
    begun(&data, &place);
    assert!(!data.join("keys").exists());
    let told = run(
        &data,
        &["keys", "status", "--format", "json", "--master-keys", &file],
    )
    .ended_with(0)
    .json();
    assert_eq!(
        (&told["suite"], &told["place"]),
        (&"sm".into(), &file.into())
    );
}

#[test]
fn without_its_master_key_the_program_says_what_to_put_back_and_makes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    begun(&data, &[]);
    let file = data.join("keys/master-keys");
    let aside = folder.path().join("aside");
    std::fs::rename(&file, &aside).unwrap();
    for command in [
        &["keys", "rotate"][..],
        &["user", "add", "li"],
        &["serve", "--port", "0"],
    ] {
        let ran = run(&data, command).ended_with(2);
        assert!(
            ran.stderr.contains("security.master_key_missing") && ran.stderr.contains("请放回"),
            "{ran:?}"
        );
        assert!(!file.exists());
    }
    std::fs::write(&file, "not a key\n").unwrap();
    let ran = run(&data, &["keys", "rotate", "--lang", "en"]).ended_with(2);
    assert!(ran.stderr.contains("security.master_keys"), "{ran:?}");
    std::fs::remove_file(&file).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    run(&data, &["keys", "check"]).ended_with(0);
}
