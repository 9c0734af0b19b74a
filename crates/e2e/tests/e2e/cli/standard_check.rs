//! `weihe standard check`

use testkit::program::run;

#[test]
fn the_definitions_of_the_release_have_no_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["standard", "check"]).ended_with(0);
    assert!(ran.stdout.contains("数据标准没有错误"), "{ran:?}");
}

#[test]
fn a_mistake_in_an_overlay_is_named_with_file_line_and_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("standard/checks")).unwrap();
    let check = "[[check]]\ncode = \"OURS-1\"\nseverity = \"explain\"\nkind = \"row\"\ndataset = \"institution\"\n\
        field = \"name\"\nmessage = { zh = \"甲\", en = \"a\" }\nrepair = { zh = \"乙\", en = \"b\" }\n\
        sql = \"length(nmae) > 3\"\nsource = \"ours\"\nconfidence = \"proposal\"\n";
    std::fs::write(data.join("standard/checks/ours.toml"), check).unwrap();
    let ran = run(&data, &["standard", "check"]).ended_with(1);
    assert!(
        ran.stdout.contains("standard/checks/ours.toml:9: "),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("`name`"), "{ran:?}");
    let told = run(&data, &["standard", "check", "--format", "json"])
        .ended_with(1)
        .json();
    assert_eq!(told["problems"][0]["line"], 9);
    // The program does not start with it either.
    let stopped = run(&data, &["user", "add", "wang"]).ended_with(2);
    assert!(stopped.stderr.contains("checks/ours.toml:9"), "{stopped:?}");
}

#[test]
fn a_data_folder_that_is_mistyped_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dtaa");
    let ran = run(&data, &["standard", "check"]).ended_with(2);
    assert!(
        ran.stderr.contains("dtaa") && ran.stderr.contains("--data"),
        "{ran:?}"
    );
    assert!(!data.exists());
}
