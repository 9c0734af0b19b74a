//! `weihe user`

use testkit::program::run;

#[test]
fn accounts_are_made_listed_granted_and_barred() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let add = [
        "user",
        "add",
        "Wang",
        "--name",
        "王某",
        "--post",
        "statistician",
        "--unit",
        "610113",
        "--format",
        "json",
    ];
    let made = run(data, &add).ended_with(0).json();
    assert!(made["password"].as_str().unwrap().len() >= 12);
    run(data, &["user", "add", "wang"]).ended_with(2);
    run(data, &["user", "grant", "wang", "--post", "no_such_post"]).ended_with(2);
    run(
        data,
        &[
            "user",
            "grant",
            "wang",
            "--post",
            "planner",
            "--unit",
            "不存在的单位",
        ],
    )
    .ended_with(2);
    run(
        data,
        &[
            "user",
            "grant",
            "wang",
            "--post",
            "planner",
            "--unit",
            "西安市教育局",
        ],
    )
    .ended_with(0);
    run(data, &["user", "disable", "wang"]).ended_with(0);
    let listed = run(data, &["user", "list", "--format", "json"])
        .ended_with(0)
        .json();
    assert_eq!(listed["state"], "disabled");
    assert_eq!(listed["grants"][0]["unit"], "610113");
    assert_eq!(listed["grants"][1]["unit"], "610100");
    let number = listed["grants"][1]["grant"].to_string();
    run(data, &["user", "revoke", &number]).ended_with(0);
    let listed = run(data, &["user", "list"]).ended_with(0).stdout;
    assert!(
        listed.contains("统计员@雁塔区教育局") && !listed.contains("西安市"),
        "{listed}"
    );
    run(data, &["verify"]).ended_with(0);
}
