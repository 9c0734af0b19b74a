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

#[test]
fn a_new_node_has_a_set_up_code_until_there_is_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let made = run(data, &["user", "setup-code", "--format", "json"])
        .ended_with(0)
        .json();
    let code = made["setup_code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 19);
    let other = run(data, &["user", "setup-code"]).ended_with(0).stdout;
    assert!(
        !other.contains(&code) && other.contains("先前的作废"),
        "{other}"
    );
    run(data, &["user", "add", "wang"]).ended_with(0);
    run(data, &["user", "setup-code"]).ended_with(2);
}

#[test]
fn lost_factors_are_taken_away_at_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    run(data, &["user", "add", "wang"]).ended_with(0);
    run(data, &["user", "reset-factors", "li"]).ended_with(2);
    let reset = run(data, &["user", "reset-factors", "wang", "--format", "json"])
        .ended_with(0)
        .json();
    assert_eq!(reset["factors_removed"], 0);
    run(data, &["verify"]).ended_with(0);
}
