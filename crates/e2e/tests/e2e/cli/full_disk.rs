//! An import that fills the disk.

use std::path::Path;
use std::process::Command;

use testkit::fixtures::many;
use testkit::program::run;

use super::mounted::{shell, written};

const ROWS: usize = 20_000;
/// One change set for each.
const COUNTIES: [&str; 10] = [
    "610102", "610103", "610104", "610111", "610112", "610113", "610114", "610115", "610116",
    "610117",
];

/// `$1`: the file; `$2`: a data folder to begin with; `$3`: where the disk is mounted; `$4`: a folder whose name
/// is the size of the disk in kilobytes; `$5`: for the answers. First the disk is too small, then it grows.
const FILL: &str = r#"
mount -t tmpfs -o size=$(basename "$4")k none "$3" || exit 9
cp -r "$2" "$3/data" || exit 8
again() { "$WEIHE" import "$1" --dataset institution --data "$2/data" --format json --lang en; }
again "$1" "$3" >"$5/first" 2>"$5/first-said"; echo $? >"$5/first-code"
mount -o remount,size=500m "$3" || exit 7
"$WEIHE" verify --data "$3/data" >"$5/verify" 2>&1; echo $? >"$5/verify-code"
again "$1" "$3" >"$5/second" 2>"$5/second-said"; echo $? >"$5/second-code"
"$WEIHE" verify --data "$3/data" >"$5/verify-again" 2>&1; echo $? >"$5/verify-again-code"
"#;

/// Kilobytes that a folder takes.
fn size(folder: &Path) -> u64 {
    let ran = Command::new("du")
        .args(["-sk", "--apparent-size"])
        .arg(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

fn json(answers: &Path, name: &str) -> serde_json::Value {
    let text = written(answers, name);
    serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_full_disk_says_what_was_committed_and_the_same_command_goes_on() {
    let Some(shell) =
        shell("cli::full_disk::a_full_disk_says_what_was_committed_and_the_same_command_goes_on")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let (fresh, whole) = (folder.path().join("fresh"), folder.path().join("whole"));
    let file = folder.path().join("schools.csv");
    std::fs::write(&file, many(ROWS, &COUNTIES)).unwrap();
    for data in [&fresh, &whole] {
        run(data, &["user", "add", "wang"]).ended_with(0);
    }
    let import = [
        "import",
        &file.display().to_string(),
        "--dataset",
        "institution",
    ];
    run(&whole, &import).ended_with(0);
    let grows = size(&whole) - size(&fresh);

    // How much of the log stands beside the file differs from run to run: the first share of the room that
    // ends in the middle of the import counts.
    let mut was_in_the_middle = false;
    for share in [60, 90, 40, 120, 25, 150] {
        let kilobytes = size(&fresh) + grows * share / 100;
        let room = path(&format!("room/{kilobytes}"));
        let answers = path(&format!("answers-{share}"));
        shell.run(FILL, &[&file, &fresh, &path("disk"), &room, &answers]);
        if written(&answers, "first-code") == "0\n" {
            continue;
        }
        assert_eq!(
            written(&answers, "first-code"),
            "2\n",
            "{}",
            written(&answers, "first-said")
        );
        let error = &json(&answers, "first")["error"];
        assert_eq!(error["code"], "db.disk_full", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.contains("nothing was written"), "{message}");
        assert!(message.contains("make room"), "{message}");

        assert_eq!(
            written(&answers, "verify-code"),
            "0\n",
            "{}",
            written(&answers, "verify")
        );
        assert_eq!(
            written(&answers, "second-code"),
            "0\n",
            "{}",
            written(&answers, "second-said")
        );
        assert_eq!(
            written(&answers, "verify-again-code"),
            "0\n",
            "{}",
            written(&answers, "verify-again")
        );
        let second = json(&answers, "second");
        let held = second["plan"]["counts"]["unchanged"].as_u64().unwrap();
        let taken = second["plan"]["counts"]["new"].as_u64().unwrap();
        assert_eq!(held + taken, ROWS as u64);
        let Some(committed) = error["committed"].as_u64() else {
            assert_eq!(held, 0, "{error}");
            continue;
        };
        // What it said is what is there.
        assert_eq!(error["change_sets"], COUNTIES.len());
        assert_eq!(held, committed * (ROWS / COUNTIES.len()) as u64, "{error}");
        if (1..COUNTIES.len() as u64).contains(&committed) {
            let sentence = format!(
                "{committed} of {} change sets of import {}",
                COUNTIES.len(),
                error["import"]
            );
            assert!(message.contains(&sentence), "{message}");
            assert!(message.contains("the same command goes on"), "{message}");
            assert_eq!(
                second["import"], error["import"],
                "it is one import, reversible as one"
            );
            was_in_the_middle = true;
            break;
        }
    }
    assert!(
        was_in_the_middle,
        "no size of the disk ended the import in its middle"
    );
}
