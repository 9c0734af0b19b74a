//! Bad input, each kind through the command line: a sentence that says what is wrong and what to do, and
//! nothing is changed.

use std::path::Path;

use testkit::program::{Ran, run};

const HEADER: &str = "学校名称,区县,办学类型\n";

/// A data folder and a place for files.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// With a ledger that holds one school.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        let school = format!("{HEADER}丹凤县第一小学,丹凤县,211\n");
        desk.import("institution", "first.csv", school, &[])
            .ended_with(0);
        desk
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Imports a file in Chinese or, with `--lang en` among `more`, in English.
    fn import(&self, dataset: &str, name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Ran {
        let path = self.write(name, bytes);
        let mut arguments = vec!["import", &path, "--dataset", dataset];
        arguments.extend_from_slice(more);
        run(&self.data(), &arguments)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// The commits there are, and that the ledger is whole.
    fn commits(&self) -> u64 {
        let answer = run(&self.data(), &["verify", "--format", "json"]).ended_with(0);
        answer.json()["commits"].as_u64().unwrap()
    }
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
}

fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, header) in ["学校名称", "区县"].iter().enumerate() {
        sheet
            .write(0, u16::try_from(column).unwrap(), *header)
            .unwrap();
    }
    sheet.write(1, 0, "甲小学").unwrap();
    sheet.write(1, 1, "雁塔区").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_file_that_cannot_be_read_whole_is_refused_in_the_reader_s_language() {
    let desk = Desk::new();
    let before = desk.commits();
    let whole = workbook();
    let cut = &whole[..whole.len() / 2];
    let chinese = desk
        .import("institution", "cut.xlsx", cut, &[])
        .ended_with(2);
    says(
        &chinese.stderr,
        &[
            "工作簿不完整或已损坏",
            "文件末尾的目录缺失",
            "另存",
            "file-damaged-workbook",
        ],
    );
    let english = desk
        .import("institution", "cut.xlsx", cut, &["--lang", "en"])
        .ended_with(2);
    says(&english.stderr, &["the workbook is incomplete or damaged"]);

    // UTF-8 cut off within a character, after what no other encoding has.
    let mut broken = format!("\u{feff}{HEADER}甲小学,雁塔区,211\n乙小学").into_bytes();
    broken.pop();
    let broken = desk
        .import("institution", "broken.csv", broken, &[])
        .ended_with(2);
    says(&broken.stderr, &["第 3 行", "UTF-8", "file-bad-bytes"]);

    let utf_32: Vec<u8> = format!("\u{feff}{HEADER}")
        .chars()
        .flat_map(|each| u32::from(each).to_le_bytes())
        .collect();
    let utf_32 = desk
        .import("institution", "utf32.csv", utf_32, &[])
        .ended_with(2);
    says(&utf_32.stderr, &["UTF-32", "另存为 UTF-8"]);

    // GB 18030 that is said to be UTF-8.
    let map = desk.write("map.toml", "encoding = \"utf-8\"\n");
    let gb = [
        b"\xd1\xa7\xd0\xa3\xc3\xfb\xb3\xc6,\xc7\xf8\xcf\xd8\n".as_slice(),
        b"a,b\n",
    ]
    .concat();
    let wrong = desk
        .import("institution", "gb.csv", gb, &["--map", &map])
        .ended_with(2);
    says(&wrong.stderr, &["UTF-8", "file-bad-bytes"]);
    assert_eq!(desk.commits(), before);
}

#[test]
fn faulty_outlines_are_refused_each_with_its_own_sentence_and_place() {
    let desk = Desk::new();
    let outline = |rings: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"code":"610113"}},"geometry":{{"type":"MultiPolygon","coordinates":[{rings}]}}}}]}}"#
        )
    };
    let square = "[[[108,34],[109,34],[109,35],[108,35],[108,34]]]";
    let cases = [
        (
            "[[[108,34],[109,34],[109,35],[108,35]]]".to_owned(),
            "GEOMETRY-RING-OPEN",
            "起于 108 34、止于 108 35",
        ),
        (
            "[[[108,34],[109,34],[108,34]]]".to_owned(),
            "GEOMETRY-RING-TOO-FEW-POINTS",
            "只有 3 个点",
        ),
        (
            "[[[34,108],[34,109],[35,109],[34,108]]]".to_owned(),
            "GEOMETRY-SWAPPED-AXES",
            "请先写经度:108 34",
        ),
        (
            "[[[108,34],[10925,34],[109,35],[108,34]]]".to_owned(),
            "GEOMETRY-LOST-DECIMAL-POINT",
            "可能应为 109.25",
        ),
        (
            format!("{square},[[[108.5,34.5],[109.5,34.5],[109.5,35.5],[108.5,34.5]]]"),
            "GEOMETRY-RINGS-CROSS",
            "第 2 部分第 1 环",
        ),
        (
            "[[[108,34],[109,35],[109,34],[108,35],[108,34]]]".to_owned(),
            "GEOMETRY-RING-CROSSES-ITSELF",
            "108.500000 34.500000",
        ),
    ];
    let before = desk.commits();
    for (rings, code, place) in cases {
        let refused = desk
            .import("division_boundary", "outline.geojson", outline(&rings), &[])
            .ended_with(1);
        says(
            &refused.stdout,
            &[code, place, "雁塔区", "退回 1", "处理建议"],
        );
    }
    assert_eq!(desk.commits(), before);
    let taken = desk
        .import("division_boundary", "outline.geojson", outline(square), &[])
        .ended_with(0);
    says(&taken.stdout, &["新增 1"]);
}

#[test]
fn points_with_swapped_axes_or_a_lost_decimal_point_are_refused_with_their_values() {
    let desk = Desk::new();
    let before = desk.commits();
    let file = "学校名称,区县,经度,纬度\n甲小学,雁塔区,34.2,108.9\n乙小学,雁塔区,10895.3,34.2\n";
    let refused = desk
        .import("institution", "points.csv", file, &[])
        .ended_with(1);
    says(
        &refused.stdout,
        &[
            "经纬度疑似填反(经度 34.2,纬度 108.9)(INST-021)",
            "坐标疑似丢了小数点(经度 10895.3,纬度 34.2)(INST-022)",
            "例:第 3 行 乙小学",
        ],
    );
    assert_eq!(desk.commits(), before);
}

#[test]
fn a_key_that_stands_twice_in_a_file_is_refused_by_row() {
    let desk = Desk::new();
    let file = "学校标识码,学校名称,区县,办学类型\n2161000001,甲小学,雁塔区,211\n2161000001,乙小学,碑林区,211\n";
    let refused = desk
        .import("institution", "twice.csv", file, &["--dry-run"])
        .ended_with(1);
    says(
        &refused.stdout,
        &["ROW-DUPLICATE", "第 3 行 乙小学", "与第 2 行重复"],
    );
    let english = desk
        .import(
            "institution",
            "twice.csv",
            file,
            &["--dry-run", "--lang", "en"],
        )
        .ended_with(1);
    says(&english.stdout, &["same as row 2"]);
}

#[test]
fn formulas_come_out_of_an_export_and_of_the_refused_rows_without_their_power() {
    let desk = Desk::new();
    let file = format!(
        "{HEADER}\"=HYPERLINK(\"\"http://x\"\")小学\",雁塔区,211\n\"=cmd()小学\",雁塔区,没有这种\n"
    );
    let ran = desk
        .import("institution", "formulas.csv", file, &["--format", "json"])
        .ended_with(1);
    let refused = std::fs::read_to_string(ran.json()["refused_file"].as_str().unwrap()).unwrap();
    assert!(
        refused.contains("'=cmd()小学")
            && !refused.contains(",=cmd")
            && !refused.contains("\n=cmd"),
        "{refused}"
    );
    let exported = run(&desk.data(), &["export", "--dataset", "institution"])
        .ended_with(0)
        .stdout;
    assert!(
        exported.contains("\"'=HYPERLINK") && !exported.contains(",\"=HYPERLINK"),
        "{exported}"
    );
}

/// A character beyond the first plane as GB 18030 has it.
fn four_bytes(letter: char) -> [u8; 4] {
    let beyond = u32::from(letter) - 0x1_0000;
    let byte = |base: u32, place: u32| u8::try_from(base + place).unwrap();
    [
        byte(0x90, beyond / 12_600),
        byte(0x30, beyond / 1_260 % 10),
        byte(0x81, beyond / 10 % 126),
        byte(0x30, beyond % 10),
    ]
}

#[test]
fn rare_characters_and_middle_dots_arrive_whole_in_both_encodings() {
    let desk = Desk::new();
    // 学校名称,区县 · 𣲘小学, 𬇙小学 (plane 2), 龴小学 (moved by GB 18030-2022)
    let mut gb = b"\xd1\xa7\xd0\xa3\xc3\xfb\xb3\xc6,\xc7\xf8\xcf\xd8\n".to_vec();
    let yanta = b"\xd0\xa1\xd1\xa7,\xd1\xe3\xcb\xfe\xc7\xf8\n";
    for letter in ['𣲘', '𬇙'] {
        gb.extend(four_bytes(letter));
        gb.extend(yanta);
    }
    gb.extend(b"\xfe\x59");
    gb.extend(yanta);
    desk.import("institution", "gb.csv", gb, &[]).ended_with(0);
    let mut text = String::from("学校名称,区县\n䶮小学,雁塔区\n\u{9FEB}小学,雁塔区\n");
    for dot in ['·', '•', '・', '‧', '∙', '⋅'] {
        text += &format!("买买提{dot}吐尔逊小学,碑林区\n");
    }
    let dots = desk
        .import("institution", "dots.csv", text, &["--format", "json"])
        .ended_with(1)
        .json();
    assert_eq!(
        (
            &dots["plan"]["counts"]["new"],
            &dots["plan"]["counts"]["refused"]
        ),
        (&3.into(), &5.into())
    );
    let exported = run(&desk.data(), &["export", "--dataset", "institution"])
        .ended_with(0)
        .stdout;
    says(
        &exported,
        &[
            "𣲘小学",
            "𬇙小学",
            "\u{9FB4}小学",
            "䶮小学",
            "\u{9FEB}小学",
            "买买提·吐尔逊小学",
        ],
    );
}

#[test]
fn a_mapping_that_fits_nothing_stops_the_file_with_its_path_and_line() {
    let desk = Desk::new();
    let map = desk.write("map.toml", "[map]\n\"校名\" = \"name\"\n");
    let file = format!("{HEADER}甲小学,雁塔区,211\n");
    let ran = desk
        .import("institution", "a.csv", &file, &["--map", &map])
        .ended_with(2);
    says(
        &ran.stderr,
        &[
            "map.toml: 对照文件第 2 行：文件中没有“校名”这一列",
            "INTAKE-MAPPING",
        ],
    );
    let twice = "校名,区县,学校名称\n甲小学,雁塔区,乙小学\n";
    let ran = desk
        .import("institution", "twice.csv", twice, &[])
        .ended_with(2);
    says(
        &ran.stderr,
        &[
            "twice.csv 第 1 行：第 3 列“学校名称”和第 1 列“校名”都是“学校(机构)名称”",
            "[map]",
        ],
    );
}

#[test]
fn refused_rows_are_handed_back_in_the_language_of_the_command() {
    let desk = Desk::new();
    let file = format!("{HEADER}甲小学,雁塔区,没有这种\n");
    for (lang, words) in [("zh", "处理建议"), ("en", "what to do")] {
        let more = ["--dry-run", "--format", "json", "--lang", lang];
        let ran = desk
            .import("institution", "a.csv", &file, &more)
            .ended_with(1)
            .json();
        let path = ran["refused_file"].as_str().unwrap().to_owned();
        let refused = std::fs::read_to_string(Path::new(&path)).unwrap();
        says(&refused, &[words, "甲小学"]);
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_spoken_of_in_chinese() {
    let desk = Desk::new();
    for beside in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(desk.data().join(beside));
    }
    std::fs::write(
        desk.data().join("ledger.db"),
        "this is no database, and long enough to be looked at as one".repeat(40),
    )
    .unwrap();
    let ran = run(&desk.data(), &["verify"]).ended_with(2);
    says(&ran.stderr, &["数据库已损坏", "db.corrupt"]);
    assert!(!ran.stderr.contains("the database"), "{}", ran.stderr);
}
