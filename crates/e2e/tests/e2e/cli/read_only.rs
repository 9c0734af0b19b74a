//! Data folders that cannot be written: a backup on a disk that is mounted for reading only.

use std::path::Path;

use testkit::fixtures::{csv, institution};
use testkit::program::{Served, run};

use super::mounted::{shell, written};

/// Verifies and exports `$1` as a folder that cannot be written; the answers go to `$2`.
const READ: &str = r#"
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 9
if touch "$1/x" 2>/dev/null; then exit 8; fi
"$WEIHE" verify --data "$1" --format json >"$2/verify" 2>"$2/verify-said"; echo $? >"$2/verify-code"
"$WEIHE" export --dataset institution --names --data "$1" >"$2/export" 2>"$2/export-said"; echo $? >"$2/export-code"
"$WEIHE" verify --put-back --data "$1" >/dev/null 2>"$2/put-back-said"; echo $? >"$2/put-back-code"
"#;

fn copy(from: &Path, to: &Path, endings: &[&str]) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["ledger.db", "work.db"] {
        for ending in endings {
            let file = from.join(format!("{name}{ending}"));
            if file.exists() {
                std::fs::copy(file, to.join(format!("{name}{ending}"))).unwrap();
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_verified_and_exported() {
    let Some(shell) =
        shell("cli::read_only::a_folder_that_cannot_be_written_is_verified_and_exported")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (data, answers) = (folder.path().join("data"), folder.path().join("answers"));
    std::fs::create_dir(&answers).unwrap();
    let file = folder.path().join("schools.csv").display().to_string();
    std::fs::write(&file, csv(&[institution("甲小学", "610113")])).unwrap();
    run(&data, &["import", &file, "--dataset", "institution"]).ended_with(0);
    let head = run(&data, &["verify", "--format", "json"])
        .ended_with(0)
        .json();

    shell.run(READ, &[&data, &answers]);
    assert_eq!(
        written(&answers, "verify-code"),
        "0\n",
        "{}",
        written(&answers, "verify-said")
    );
    let told: serde_json::Value = serde_json::from_str(&written(&answers, "verify")).unwrap();
    assert_eq!(told, head);
    assert_eq!(
        written(&answers, "export-code"),
        "0\n",
        "{}",
        written(&answers, "export-said")
    );
    assert!(written(&answers, "export").contains("甲小学"));
    // What cannot be noted in the audit log is said.
    assert!(
        written(&answers, "export-said").contains("没有记入审计"),
        "{}",
        written(&answers, "export-said")
    );
    assert_eq!(written(&answers, "put-back-code"), "2\n");
    assert!(written(&answers, "put-back-said").contains("db.read_only"));
}

#[test]
fn what_a_killed_program_left_is_read_or_said_to_be_there() {
    let Some(shell) =
        shell("cli::read_only::what_a_killed_program_left_is_read_or_said_to_be_there")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let served = Served::start(&data, &["serve"]);
    // Everything stands in the logs still; dropping it is kill -9.
    let whole = folder.path().join("whole");
    copy(&data, &whole, &["", "-wal", "-shm"]);
    let lost_index = folder.path().join("lost-index");
    copy(&data, &lost_index, &["", "-wal"]);
    drop(served);
    assert!(
        std::fs::metadata(whole.join("ledger.db-wal"))
            .unwrap()
            .len()
            > 0
    );

    for (copied, code) in [(&whole, "0\n"), (&lost_index, "2\n")] {
        let answers = copied.join("../answers");
        let _ = std::fs::remove_dir_all(&answers);
        std::fs::create_dir(&answers).unwrap();
        shell.run(READ, &[copied, &answers]);
        let said = written(&answers, "verify-said");
        assert_eq!(written(&answers, "verify-code"), code, "{said}");
        if code == "2\n" {
            // An older state is never taken for the present one.
            assert!(
                said.contains("ledger.db-wal") && said.contains("db.log_left"),
                "{said}"
            );
        }
    }
    // Where the folder can be written nothing is lost.
    run(&lost_index, &["verify"]).ended_with(0);
}
