//! Files that mean harm, or that somebody without harm in mind got from somewhere: each is refused in words, in both
//! languages, and none of them costs the program more memory than the operator allows.

use std::time::{Duration, Instant};

use flate2::{Compress, Compression, Crc, FlushCompress};
use registry::imports::State;
use rust_xlsxwriter::{Formula, Workbook};
use testkit::fixtures::{csv, institution};
use testkit::program::{Served, run};
use testkit::{Answer, Client, Part, TestApp, TestPlace};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MEBIBYTE: usize = 1 << 20;

/// A part of a package.
struct Entry {
    name: &'static str,
    /// As it is in the package.
    packed: Vec<u8>,
    is_deflated: bool,
    /// How many bytes it says that it comes to.
    declared: u32,
}

impl Entry {
    fn stored(name: &'static str, content: &[u8]) -> Self {
        Self {
            name,
            packed: content.to_vec(),
            is_deflated: false,
            declared: u32::try_from(content.len()).unwrap(),
        }
    }

    /// So many mebibytes of zeros.
    fn zeros(name: &'static str, mebibytes: usize, declared: usize) -> Self {
        Self {
            name,
            packed: deflated_zeros(mebibytes),
            is_deflated: true,
            declared: u32::try_from(declared).unwrap(),
        }
    }
}

/// A ZIP file. Its check sums are right where nothing is packed; elsewhere whoever gets as far as those has unpacked it.
fn package(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = u32::try_from(bytes.len()).unwrap();
        let method = if entry.is_deflated { 8_u16 } else { 0 };
        let mut about = Vec::new();
        about.extend_from_slice(&20_u16.to_le_bytes());
        about.extend_from_slice(&[0; 2]);
        about.extend_from_slice(&method.to_le_bytes());
        about.extend_from_slice(&[0; 4]);
        let mut sum = Crc::new();
        sum.update(&entry.packed);
        about.extend_from_slice(&sum.sum().to_le_bytes());
        about.extend_from_slice(&u32::try_from(entry.packed.len()).unwrap().to_le_bytes());
        about.extend_from_slice(&entry.declared.to_le_bytes());
        about.extend_from_slice(&u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        about.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&about);
        bytes.extend_from_slice(entry.name.as_bytes());
        bytes.extend_from_slice(&entry.packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&about);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&start.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes
}

/// Zeros as `deflate` packs them: one mebibyte is packed, and stands as often as it takes.
fn deflated_zeros(mebibytes: usize) -> Vec<u8> {
    let mut packer = Compress::new(Compression::best(), false);
    let mut one = Vec::with_capacity(MEBIBYTE);
    packer
        .compress_vec(&vec![0; MEBIBYTE], &mut one, FlushCompress::Full)
        .unwrap();
    let mut all = one.repeat(mebibytes);
    // An empty last block.
    all.extend_from_slice(&[0x03, 0x00]);
    all
}

const TYPES: &str = "[Content_Types].xml";
const BOOK: &str = "xl/workbook.xml";
const SHEET: &str = "xl/worksheets/sheet1.xml";

/// A workbook whose sheet comes to so many mebibytes, and says that it comes to so many bytes. Bytes that cannot be
/// packed lie beside it, or its ratio alone would give it away.
fn bomb(mebibytes: usize, declared: usize) -> Vec<u8> {
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    package(&[
        Entry::stored(TYPES, b"<Types/>"),
        Entry::stored(BOOK, b"<workbook/>"),
        Entry::stored("docProps/thumbnail.jpeg", &noise),
        Entry::zeros(SHEET, mebibytes, declared),
    ])
}

/// A workbook of one sheet, written by hand.
fn workbook(sheet: &str, texts: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package_links = "http://schemas.openxmlformats.org/package/2006/relationships";
    let book = format!(
        r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let links = format!(
        r#"<Relationships xmlns="{package_links}"><Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let root = format!(
        r#"<Relationships xmlns="{package_links}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let sheet = sheet.replace("MAIN", main);
    let texts = texts.replace("MAIN", main);
    package(&[
        Entry::stored(TYPES, b"<Types/>"),
        Entry::stored("_rels/.rels", root.as_bytes()),
        Entry::stored(BOOK, book.as_bytes()),
        Entry::stored("xl/_rels/workbook.xml.rels", links.as_bytes()),
        Entry::stored("xl/sharedStrings.xml", texts.as_bytes()),
        Entry::stored(SHEET, sheet.as_bytes()),
    ])
}

/// A small workbook of which one long text stands in very many cells.
fn repeated(cells: u32) -> Vec<u8> {
    let rows: String = (1..=cells)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect();
    let sheet = format!(r#"<worksheet xmlns="MAIN"><sheetData>{rows}</sheetData></worksheet>"#);
    let long = "长".repeat(10_000);
    workbook(
        &sheet,
        &format!(r#"<sst xmlns="MAIN"><si><t>{long}</t></si></sst>"#),
    )
}

/// A workbook whose text is defined by texts that are defined by texts.
fn entities() -> Vec<u8> {
    let sheet = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<worksheet xmlns="MAIN"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&c;</t></is></c></row></sheetData></worksheet>"#;
    workbook(sheet, r#"<sst xmlns="MAIN"/>"#)
}

fn with_macros() -> Vec<u8> {
    package(&[
        Entry::stored(TYPES, b"<Types/>"),
        Entry::stored(BOOK, b"<workbook/>"),
        Entry::stored("xl/vbaProject.bin", b"Attribute VB_Name = \"ThisWorkbook\""),
    ])
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], name, body, &[0; 4]].concat()
}

fn picture() -> Vec<u8> {
    let header = chunk(b"IHDR", &[0; 13]);
    [PNG, &header, &chunk(b"IDAT", b"x"), &chunk(b"IEND", b"")].concat()
}

/// A photograph that says something of itself (EXIF), as cameras do.
fn photograph(exif: &[u8]) -> Vec<u8> {
    let length = u16::try_from(exif.len() + 8).unwrap().to_be_bytes();
    [
        &[0xff, 0xd8, 0xff, 0xe1][..],
        &length,
        b"Exif\0\0",
        exif,
        &[0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9],
    ]
    .concat()
}

async fn send(client: &Client, name: &'static str, bytes: Vec<u8>) -> Answer {
    let file = Part::bytes(bytes).file_name(name);
    client
        .multipart("/imports", |form| {
            form.text("dataset", "institution").part("file", file)
        })
        .await
}

async fn in_english(client: &Client, address: &str) -> String {
    let headers = [("accept", "text/html"), ("accept-language", "en")];
    client.get_with(address, &headers).await.text()
}

#[tokio::test]
async fn a_file_that_is_no_plain_table_is_refused_in_words() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start_with(&place, |settings| {
        settings.limits.max_bytes = 4 << 20;
        settings.limits.max_expanded_bytes = 8 << 20;
    })
    .await;
    let clerk = app.signed_in("statistician", Some("610113")).await;
    let nested = package(&[Entry::stored("学校.xlsx", &bomb(64, 64 * MEBIBYTE))]);
    let cases: [(&str, Vec<u8>, &str, [&str; 2]); 12] = [
        (
            "bomb.xlsx",
            bomb(64, 64 * MEBIBYTE),
            "file-expands-too-far",
            ["解压后超过", "expand beyond"],
        ),
        (
            "lies.xlsx",
            bomb(64, 1_000),
            "file-expands-too-far",
            ["解压后超过", "expand beyond"],
        ),
        (
            "repeated.xlsx",
            repeated(2_000),
            "file-expands-too-far",
            ["解压后超过", "expand beyond"],
        ),
        (
            "nested.zip",
            nested,
            "file-other-kind",
            ["压缩包", "an archive"],
        ),
        (
            "macros.xlsm",
            with_macros(),
            "file-macros",
            ["含有宏", "holds macros"],
        ),
        (
            "macros.xlsx",
            with_macros(),
            "file-macros",
            ["含有宏", "holds macros"],
        ),
        (
            "picture.csv",
            picture(),
            "file-other-kind",
            ["图片", "a picture"],
        ),
        (
            "photograph.csv",
            photograph(b"<script>"),
            "file-other-kind",
            ["图片", "a picture"],
        ),
        (
            "drawing.csv",
            b"<svg onload=\"alert(1)\"/>".to_vec(),
            "file-other-kind",
            ["图片", "a picture"],
        ),
        (
            "page.xls",
            b"<html><script>alert(1)</script>".to_vec(),
            "file-other-kind",
            ["网页", "a web page"],
        ),
        (
            "paper.xlsx",
            b"%PDF-1.7 /JavaScript".to_vec(),
            "file-other-kind",
            ["PDF", "a PDF file"],
        ),
        (
            "program.csv",
            b"MZ\x90\0\x03\0\0\0\xff\xff".to_vec(),
            "file-not-text",
            ["不是文字", "neither text"],
        ),
    ];
    for (number, (name, bytes, code, [zh, en])) in (1..).zip(cases) {
        let sent = send(&clerk, name, bytes).await;
        assert_eq!(sent.location(), format!("/imports/{number}"), "{name}");
        let import = app.settled(number).await;
        assert_eq!(import.state, State::Failed, "{name}");
        assert_eq!(import.failure().unwrap().code, code, "{name}");
        let address = format!("/imports/{number}");
        let page = clerk.get(&address).await.text();
        assert!(page.contains(zh), "{name}: {page}");
        let page = in_english(&clerk, &address).await;
        assert!(page.contains(en), "{name}: {page}");
    }
    // Whatever the reader makes of what it does not know, it does not spell it out.
    let sent = send(&clerk, "entities.xlsx", entities()).await;
    let import = app.settled(13).await;
    assert_eq!(import.failure().unwrap().code, "file-damaged-workbook");
    assert!(
        !clerk
            .get(sent.location())
            .await
            .text()
            .contains("aaaaaaaaaa")
    );

    let large = send(&clerk, "large.csv", vec![b'a'; (4 << 20) + 1]).await;
    assert_eq!(large.status, 422);
    assert!(large.text().contains("文件太大"), "{}", large.text());
    let beyond = send(&clerk, "beyond.csv", vec![b'a'; 6 << 20]).await;
    assert!(
        matches!(beyond.status.as_u16(), 413 | 422),
        "{}",
        beyond.status
    );
    let left = std::fs::read_dir(app.folder().join("data/files/incoming")).unwrap();
    assert_eq!(left.count(), 0);
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_formula_is_neither_run_nor_handed_on() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let clerk = app.signed_in("statistician", Some("610113")).await;
    let command = "=HYPERLINK(1)小学";
    app.load(&[institution(command, "610113")]).await;
    let table = clerk.fetch("/institutions.csv").await.text();
    assert!(table.contains(&format!("'{command}")), "{table}");
    assert!(!table.contains(&format!("\n{command}")), "{table}");
    // Of a cell of a workbook what it came to is read, and not how.
    let text = csv(&[institution("CELL", "610113")]);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(text.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            match cell {
                "CELL" => {
                    let formula = "=HYPERLINK(\"http://192.0.2.1/\",\"算式小学\")";
                    let formula = Formula::new(formula).set_result("算式小学");
                    sheet.write_formula(row, column, formula).unwrap();
                }
                cell => {
                    sheet.write_string(row, column, cell).unwrap();
                }
            }
        }
    }
    let sent = send(&clerk, "formulas.xlsx", workbook.save_to_buffer().unwrap()).await;
    let number: i64 = sent.location().rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(app.settled(number).await.state, State::Planned);
    let approved = clerk.form(&format!("/imports/{number}/approve"), &[]).await;
    assert_eq!(approved.status, 303);
    assert_eq!(app.settled(number).await.state, State::Done);
    let table = clerk.fetch("/institutions.csv").await.text();
    assert!(table.contains("算式小学"), "{table}");
    assert!(!table.contains("192.0.2.1"), "{table}");
    app.stop().await;
    place.remove().await.unwrap();
}

#[tokio::test]
async fn a_file_attached_to_a_case_is_what_it_says_and_runs_nothing() {
    let place = TestPlace::sqlite().unwrap();
    let app = TestApp::start(&place).await;
    let person = app.signed_in("planner", Some("610113")).await;
    let asked = [
        ("unit", "610113"),
        ("post", "inspector"),
        ("reason", "附件"),
    ];
    let case = person.form("/cases/new/grant_application", &asked).await;
    let case = case.location().split('?').next().unwrap().to_owned();
    let files = format!("{case}/files");
    let document = |entries: Vec<Entry>| {
        let whole = [
            Entry::stored(TYPES, b"<Types/>"),
            Entry::stored("word/document.xml", b"<document/>"),
        ];
        package(&whole.into_iter().chain(entries).collect::<Vec<_>>())
    };
    let archive = package(&[Entry::stored("payload.txt", b"x")]);
    let kind = ["不能识别这个文件", "not recognised"];
    let active = ["宏或脚本", "macros or scripts"];
    let large = ["文件太大", "too large"];
    let many = (0..10_000).map(|_| Entry::stored("word/a.xml", b""));
    let cases: [(&str, Vec<u8>, [&str; 2]); 13] = [
        ("many.docx", document(many.collect()), kind),
        (
            "bomb.docx",
            document(vec![Entry::zeros("word/media/a.bmp", 1, 2_000 * MEBIBYTE)]),
            large,
        ),
        (
            "large.png",
            [picture(), vec![0; 10 * MEBIBYTE]].concat(),
            large,
        ),
        (
            "macros.docx",
            document(vec![Entry::stored("word/vbaProject.bin", b"x")]),
            active,
        ),
        (
            "object.docx",
            document(vec![Entry::stored("word/embeddings/a.bin", b"MZ")]),
            active,
        ),
        (
            "script.pdf",
            b"%PDF-1.7 /OpenAction<</S/JavaScript/JS(x)>>\n%%EOF".to_vec(),
            active,
        ),
        (
            "hidden.pdf",
            b"%PDF-1.7 /S/J#61va#53cript/JS(x)\n%%EOF".to_vec(),
            active,
        ),
        (
            "archive.pdf",
            [&b"%PDF-1.7\n"[..], &archive, b"\n%%EOF"].concat(),
            kind,
        ),
        ("archive.png", [picture(), archive.clone()].concat(), kind),
        (
            "page.png",
            b"<html><script>alert(1)</script>".to_vec(),
            kind,
        ),
        (
            "drawing.png",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>".to_vec(),
            kind,
        ),
        (
            "payload.jpg",
            [photograph(b"x"), b"<?php system($_GET[0]);".to_vec()].concat(),
            kind,
        ),
        ("nested.zip", archive, kind),
    ];
    for (name, bytes, [zh, en]) in cases {
        for (lang, words) in [("zh-CN", zh), ("en", en)] {
            person.get(&format!("/language?to={lang}&back=%2F")).await;
            let file = Part::bytes(bytes.clone()).file_name(name);
            let answer = person
                .multipart(&files, |form| form.part("file", file))
                .await;
            assert_eq!(answer.status, 422, "{name}");
            assert!(answer.text().contains(words), "{name}: {}", answer.text());
        }
    }
    // What a camera says of its picture may be anything: nobody is shown it as a page.
    let file = Part::bytes(photograph(b"<script>alert(1)</script>")).file_name("a.html");
    let taken = person
        .multipart(&files, |form| form.part("file", file))
        .await;
    assert_eq!(taken.status, 303, "{}", taken.text());
    let given = person.get(&format!("{files}/1")).await;
    assert_eq!(given.header("content-type"), "application/octet-stream");
    assert_eq!(given.header("x-content-type-options"), "nosniff");
    assert!(
        given
            .header("content-disposition")
            .starts_with("attachment; filename=\"file.jpg\"")
    );
    assert!(given.header("content-security-policy").contains("sandbox"));
    app.stop().await;
    place.remove().await.unwrap();
}

/// Sends a form with a file that does not end before two gibibytes. Answers what the other side said, and how much it
/// had taken by then.
async fn endless(client: &Client, path: &str, says_length: bool) -> (String, u64) {
    const ALL: u64 = 2 << 30;
    let host = client.url().replace("http://", "");
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let start = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"dataset\"\r\n\r\ninstitution\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n",
        client.token()
    );
    let length = match says_length {
        true => format!("Content-Length: {}", start.len() as u64 + ALL),
        false => "Transfer-Encoding: chunked".to_owned(),
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nAccept: text/html\r\nContent-Type: multipart/form-data; boundary=b\r\n{length}\r\n\r\n",
        client.url(),
        client.cookie_line()
    );
    let framed = |bytes: &[u8]| match says_length {
        true => bytes.to_vec(),
        false => [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
    };
    let (mut from, mut to) = stream.split();
    to.write_all(head.as_bytes()).await.unwrap();
    let mut taken = 0;
    let sending = async {
        let piece = framed(&[b'a'; 64 * 1024]);
        let mut goes = to.write_all(&framed(start.as_bytes())).await.is_ok();
        while goes && taken < ALL {
            goes = to.write_all(&piece).await.is_ok();
            taken += 64 * 1024;
        }
        std::future::pending::<()>().await;
    };
    let mut said = vec![0; 64];
    let reading = async {
        let count = from.read(&mut said).await.unwrap_or(0);
        said.truncate(count);
    };
    let answered = async {
        tokio::select! {
            () = sending => {}
            () = reading => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(300), answered)
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    (said.lines().next().unwrap_or_default().to_owned(), taken)
}

/// What the file pages of a served program may cost, beyond what the operator allows: the reading of a file, another
/// that is on its way, and what the program keeps.
const SLACK: u64 = 200 << 20;
const ALLOWED_MIB: u64 = 64;

#[tokio::test]
async fn neither_two_gigabytes_nor_what_unpacks_to_them_costs_memory() {
    let test = "neither_two_gigabytes_nor_what_unpacks_to_them_costs_memory";
    // Made first: a connection that waits meanwhile would be closed.
    let files = [
        ("bomb.xlsx", bomb(2_000, 2_000 * MEBIBYTE)),
        ("lies.xlsx", bomb(2_000, 1_000)),
        ("repeated.xlsx", repeated(40_000)),
    ];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let limit = ALLOWED_MIB.to_string();
    let served = Served::start(
        &data,
        &["serve", "--upload-mib", &limit, "--unpacked-mib", &limit],
    );
    let Some((_, _)) = served.memory() else {
        testfiles::skipped(test, "only Linux tells how much memory a process has");
        return;
    };
    let added = [
        "user",
        "add",
        "clerk",
        "--post",
        "statistician",
        "--format",
        "json",
    ];
    let added = run(&data, &added).ended_with(0).json();
    let mut clerk = Client::at_url(served.url());
    let given = added["password"].as_str().unwrap();
    clerk.sign_in_first("clerk", given, testkit::PASSWORD).await;
    // A file that is none the worse, so that everything is there that reading needs.
    let plain = csv(&[institution("普通小学", "610113")]);
    settle(&clerk, send(&clerk, "plain.csv", plain.into_bytes()).await).await;
    let (before, _) = served.memory().unwrap();

    for says_length in [true, false] {
        let (said, taken) = endless(&clerk, "/imports", says_length).await;
        let is_refused = said.contains(" 413 ") || said.contains(" 422 ");
        // Some of it may be under way when the answer comes.
        assert!(is_refused || said.is_empty(), "{said}");
        assert!(taken < 512 << 20, "{taken} bytes were taken");
    }
    for (name, bytes) in files {
        let sent = send(&clerk, name, bytes).await;
        let page = settle(&clerk, sent).await;
        assert!(page.contains("解压后超过"), "{name}: {page}");
    }
    let (_, most) = served.memory().unwrap();
    let cost = most.saturating_sub(before);
    let allowed = (ALLOWED_MIB << 20) + SLACK;
    assert!(cost < allowed, "{} MiB more than before", cost >> 20);
    let left = std::fs::read_dir(data.join("files/incoming")).unwrap();
    assert_eq!(left.count(), 0);
    assert_eq!(served.terminate(), Some(0));
}

/// The page of an import once nothing is going on in it any more.
async fn settle(clerk: &Client, sent: Answer) -> String {
    assert_eq!(sent.status, 303, "{}", sent.text());
    let address = sent.location().to_owned();
    let started = Instant::now();
    loop {
        let page = clerk.get(&address).await.text();
        if !page.contains("/progress\"") {
            return page;
        }
        assert!(started.elapsed() < Duration::from_secs(240), "{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
