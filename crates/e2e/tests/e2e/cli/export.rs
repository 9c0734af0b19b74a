//! `weihe export`

use testkit::fixtures::{csv, institution};
use testkit::program::run;

#[test]
fn what_is_exported_and_imported_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("schools.csv").display().to_string();
    let rows = [
        institution("中心小学", "610113")
            .with("code", "2161000001")
            .with("lon", "108.9532")
            .with("lat", "34.2185"),
        institution("=HYPERLINK(\"x\")小学", "610113")
            .with("code", "2161000002")
            .with("run_by", "inclusive_private")
            .with("former_names", "甲,乙小学|丙小学")
            .with("stages", "2|3")
            .with("founded", "1998-09-01")
            .with("counted", "是")
            .with("datum_origin", "gcj02")
            .with("phone", "'029-1"),
        institution("教学点", "610113")
            .with("type", "218")
            .with("parent", "2161000001"),
    ];
    std::fs::write(&file, csv(&rows)).unwrap();
    run(&data, &["import", &file, "--dataset", "institution"]).ended_with(0);
    for more in [&[][..], &["--names"][..], &["--lang", "en"][..]] {
        let out = folder.path().join("out.csv").display().to_string();
        let mut arguments = vec!["export", "--dataset", "institution", "--output", &out];
        arguments.extend_from_slice(more);
        run(&data, &arguments).ended_with(0);
        let again = [
            "import",
            &out,
            "--dataset",
            "institution",
            "--dry-run",
            "--format",
            "json",
        ];
        let plan = run(&data, &again).ended_with(0).json();
        let counts = &plan["plan"]["counts"];
        assert_eq!(
            counts["unchanged"],
            3,
            "{more:?}: {plan:#}\n{}",
            std::fs::read_to_string(&out).unwrap()
        );
    }
}

#[test]
fn codes_stand_beside_their_names_and_references_are_codes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("schools.csv").display().to_string();
    std::fs::write(&file, csv(&[institution("甲小学", "610113")])).unwrap();
    run(&data, &["import", &file, "--dataset", "institution"]).ended_with(0);
    let titles = run(&data, &["export", "--dataset", "institution"])
        .ended_with(0)
        .stdout;
    let header = titles
        .lines()
        .next()
        .unwrap()
        .trim_start_matches('\u{feff}');
    assert!(
        header.starts_with("学校(机构)标识码,学校(机构)名称,"),
        "{header}"
    );
    assert!(
        titles.contains(",211,小学,") && titles.contains(",610113,雁塔区"),
        "{titles}"
    );
    let json = run(
        &data,
        &["export", "--dataset", "institution", "--format", "json"],
    )
    .ended_with(0)
    .stdout;
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&rows[0]["type"], &rows[0]["division"]),
        (&"211".into(), &"610113".into())
    );
    let nothing = [
        "export",
        "--dataset",
        "institution",
        "--format",
        "json",
        "--as-of",
        "2000-01-01",
    ];
    assert_eq!(run(&data, &nothing).ended_with(0).stdout, "[]\n");
}
