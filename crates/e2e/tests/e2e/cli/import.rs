//! `weihe import`

use testkit::fixtures::{csv, institution};
use testkit::program::run;

const GOOD: [&str; 4] = ["--dataset", "institution", "--format", "json"];

fn import(data: &std::path::Path, file: &std::path::Path, more: &[&str]) -> testkit::program::Ran {
    let file = file.display().to_string();
    let arguments: Vec<&str> = ["import", &file]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    run(data, &arguments)
}

#[test]
fn the_exit_code_says_whether_all_some_or_nothing_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("schools.csv");

    std::fs::write(
        &file,
        csv(&[
            institution("甲小学", "610113"),
            institution("乙小学", "610113"),
        ]),
    )
    .unwrap();
    let answer = import(&data, &file, &GOOD).ended_with(0).json();
    assert_eq!(answer["plan"]["counts"]["new"], 2);
    assert_eq!(answer["written"]["opened"], 2);

    let again = import(&data, &file, &GOOD).ended_with(0).json();
    assert_eq!(again["plan"]["counts"]["unchanged"], 2);
    assert_eq!(again["written"]["commits"], serde_json::Value::Null);

    std::fs::write(
        &file,
        "name,division,unit,code\n丙小学,610113,610113,\n丁小学,610113,610113,12\n",
    )
    .unwrap();
    let some = import(&data, &file, &GOOD).ended_with(1).json();
    assert_eq!(some["plan"]["counts"]["refused"], 1);
    assert_eq!(some["written"]["opened"], 1);
    let refused = std::fs::read_to_string(some["refused_file"].as_str().unwrap()).unwrap();
    assert!(
        refused.contains("丁小学") && !refused.contains("丙小学"),
        "{refused}"
    );

    std::fs::write(&file, [0x25, 0x50, 0x44, 0x46, 0x2d, 0x31, 0x2e, 0x34]).unwrap();
    let unreadable = import(&data, &file, &GOOD).ended_with(2);
    assert!(
        unreadable.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("PDF"),
        "{unreadable:?}"
    );

    run(&data, &["verify"]).ended_with(0);
}

#[test]
fn a_person_is_told_in_chinese_what_the_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("名单.csv");
    let text = "学校名称,主管教育局,所在区县,标识码,颜色\n甲小学,610113,雁塔区,2161000001,红\n乙小学,610113,雁塔区,99,蓝\n";
    std::fs::write(&file, text).unwrap();
    let said = import(&data, &file, &["--dataset", "institution", "--dry-run"])
        .ended_with(1)
        .stdout;
    for part in [
        "读取 名单.csv:2 行",
        "标识码      →  学校(机构)标识码  code",
        "未使用的列:颜色",
        "新增 1 · 变更 0 · 不变 0 · 待确认 0 · 退回 1",
        "问题清单",
        "1 行 · 标识码“99”不合编法",
        "例:第 3 行 乙小学",
        "处理建议:",
        "只预览,没有入库",
    ] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    let english = import(
        &data,
        &file,
        &["--dataset", "institution", "--dry-run", "--lang", "en"],
    )
    .ended_with(1);
    assert!(english.stdout.contains("Plan"), "{english:?}");
}

#[test]
fn a_dataset_that_does_not_exist_is_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "name\n甲\n").unwrap();
    let ran = import(
        &folder.path().join("data"),
        &file,
        &["--dataset", "instituton"],
    )
    .ended_with(2);
    assert!(ran.stderr.contains("是不是“institution”"), "{ran:?}");
}
