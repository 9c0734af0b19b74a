//! What kind of file it is, by its content; its name and what the browser says of it do not count. Nothing is unpacked.

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFault {
    /// Nothing in it.
    Empty,
    /// Larger than the process allows.
    TooLarge,
    /// As many as the process allows are there already.
    TooMany,
    /// None of the kinds that the process allows, or not whole.
    Kind,
    /// It holds something that runs: macros, scripts.
    Active,
    /// The case takes no files now.
    Closed,
}

impl FileFault {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Empty => "workflow.file_empty",
            Self::TooLarge => "workflow.file_too_large",
            Self::TooMany => "workflow.file_too_many",
            Self::Kind => "workflow.file_kind",
            Self::Active => "workflow.file_active",
            Self::Closed => "workflow.file_closed",
        }
    }
}

/// The kind of a file, as definitions spell it ([`standard::FileRule::KINDS`]).
pub(crate) fn kind_of(bytes: &[u8]) -> Result<&'static str, FileFault> {
    if bytes.is_empty() {
        return Err(FileFault::Empty);
    }
    if bytes.starts_with(b"%PDF-") {
        return pdf(bytes);
    }
    if bytes.starts_with(PNG) {
        return png(bytes).then_some("png").ok_or(FileFault::Kind);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return jpeg(bytes).then_some("jpeg").ok_or(FileFault::Kind);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return package(bytes);
    }
    if is_table_text(bytes) {
        return Ok("csv");
    }
    Err(FileFault::Kind)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part))
}

/// A PDF that ends as one, and says of nothing that it runs when it is opened.
fn pdf(bytes: &[u8]) -> Result<&'static str, FileFault> {
    let end = bytes.len().saturating_sub(1024);
    if !bytes.get(end..).is_some_and(|end| holds(end, b"%%EOF")) {
        return Err(FileFault::Kind);
    }
    // It is an archive as well: what opens is up to the program that opens it.
    let tail = bytes.len().saturating_sub(22 + 65_535);
    if bytes
        .get(tail..)
        .is_some_and(|tail| holds(tail, PACKAGE_END))
    {
        return Err(FileFault::Kind);
    }
    let runs: [&[u8]; 4] = [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"];
    let spelled = plain_names(bytes);
    if runs.iter().any(|part| holds(&spelled, part)) {
        return Err(FileFault::Active);
    }
    Ok("pdf")
}

/// The bytes of a PDF with the letters of names that are written as numbers (`/J#61vaScript`; ISO 32000-1, 7.3.5).
fn plain_names(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let letter = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match letter.filter(|_| *first == b'#') {
            Some(letter) => {
                plain.push(letter);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A PNG whose chunks follow one another up to its end, and nothing after it.
fn png(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(PNG.len()..).unwrap_or_default();
    let mut is_first = true;
    loop {
        let (Some(length), Some(name)) = (number(rest, 0), rest.get(4..8)) else {
            return false;
        };
        if is_first && name != b"IHDR" {
            return false;
        }
        is_first = false;
        let Some(after) = length.checked_add(12).and_then(|size| rest.get(size..)) else {
            return false;
        };
        if name == b"IEND" {
            return after.is_empty();
        }
        rest = after;
    }
}

/// Four bytes, the largest first.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// A JPEG whose segments lead to a picture, and that ends with its end mark and nothing after it.
fn jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let (Some(0xff), Some(mark)) = (bytes.get(at), bytes.get(at + 1)) else {
            return false;
        };
        if *mark == 0xda {
            break;
        }
        let (Some(high), Some(low)) = (bytes.get(at + 2), bytes.get(at + 3)) else {
            return false;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < 2 {
            return false;
        }
        at = at.saturating_add(2).saturating_add(length);
    }
    // The first end mark after the picture began is the end of the file: what comes behind it is a payload.
    let picture = bytes.get(at..).unwrap_or_default();
    let end = picture
        .windows(2)
        .position(|pair| pair == [0xff, 0xd9])
        .map(|place| place + 2);
    end == Some(picture.len())
}

/// A document in a package (xlsx, docx, ofd), told by the names in its directory.
fn package(bytes: &[u8]) -> Result<&'static str, FileFault> {
    let Directory { names, unpacked } = directory(bytes).ok_or(FileFault::Kind)?;
    // Whoever opens it later unpacks it.
    if unpacked > MOST_UNPACKED {
        return Err(FileFault::TooLarge);
    }
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let runs = names.iter().any(|name| {
        let name = name.to_lowercase();
        name.contains("vbaproject")
            || name.contains("activex/")
            || name.contains("/embeddings/")
            || [
                ".exe", ".dll", ".js", ".vbs", ".bat", ".cmd", ".ps1", ".jar", ".scr",
            ]
            .iter()
            .any(|end| name.ends_with(end))
    });
    if runs {
        return Err(FileFault::Active);
    }
    if has("[Content_Types].xml") && has("xl/workbook.xml") {
        Ok("xlsx")
    } else if has("[Content_Types].xml") && has("word/document.xml") {
        Ok("docx")
    } else if has("OFD.xml") {
        Ok("ofd")
    } else {
        Err(FileFault::Kind)
    }
}

/// No document has more parts.
const MOST_ENTRIES: usize = 10_000;
/// The most bytes that a document says it comes to.
const MOST_UNPACKED: u64 = 1 << 30;

/// What the directory of a ZIP file says.
struct Directory {
    names: Vec<String>,
    /// Bytes of all entries together, as they are declared.
    unpacked: u64,
}

/// The mark of the end of a ZIP file's directory (APPNOTE.TXT 4.3.16).
const PACKAGE_END: &[u8] = b"PK\x05\x06";

/// The directory of a ZIP file (APPNOTE.TXT 4.3.12, 4.3.16); `None` where it has none that fits.
fn directory(bytes: &[u8]) -> Option<Directory> {
    const ENTRY: &[u8] = b"PK\x01\x02";
    let earliest = bytes.len().saturating_sub(22 + 65_535);
    let tail = bytes.get(earliest..)?;
    let end = tail.windows(4).rposition(|window| window == PACKAGE_END)?;
    let end = tail.get(end..)?;
    let count = usize::from(short(end, 10)?);
    let start = usize::try_from(long(end, 16)?).ok()?;
    if count > MOST_ENTRIES {
        return None;
    }
    let mut rest = bytes.get(start..)?;
    let mut names = Vec::with_capacity(count);
    let mut unpacked = 0_u64;
    for _ in 0..count {
        if rest.get(..4)? != ENTRY {
            return None;
        }
        unpacked = unpacked.saturating_add(u64::from(long(rest, 24)?));
        let lengths = [short(rest, 28)?, short(rest, 30)?, short(rest, 32)?].map(usize::from);
        let [name, extra, comment] = lengths;
        let name_end = name.checked_add(46)?;
        names.push(String::from_utf8_lossy(rest.get(46..name_end)?).into_owned());
        rest = rest.get(name_end.checked_add(extra)?.checked_add(comment)?..)?;
    }
    Some(Directory { names, unpacked })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let two: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_le_bytes(two))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(four))
}

/// Text of a table: no control characters, no markup, and a separator or several lines.
fn is_table_text(bytes: &[u8]) -> bool {
    let is_plain = bytes
        .iter()
        .all(|byte| *byte >= 0x20 || matches!(byte, b'\t' | b'\r' | b'\n'));
    let marks: [&[u8]; 4] = [b"<html", b"<script", b"<svg", b"<?"];
    let is_markup =
        bytes.trim_ascii_start().starts_with(b"<") || marks.iter().any(|mark| holds(bytes, mark));
    let is_table = bytes
        .iter()
        .any(|byte| matches!(byte, b',' | b';' | b'\t' | b'\n'));
    is_plain && !is_markup && is_table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }

    fn picture() -> Vec<u8> {
        [
            PNG.to_vec(),
            chunk(b"IHDR", &[0; 13]),
            chunk(b"IDAT", b"x"),
            chunk(b"IEND", b""),
        ]
        .concat()
    }

    fn photo() -> Vec<u8> {
        [
            &[0xff, 0xd8, 0xff, 0xe0, 0, 4, b'J', b'F'][..],
            &[0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9],
        ]
        .concat()
    }

    /// A ZIP file's directory, which is all that is looked at.
    fn zip(names: &[&str]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        let start = u32::try_from(bytes.len()).unwrap();
        for name in names {
            bytes.extend_from_slice(b"PK\x01\x02");
            bytes.extend_from_slice(&[0; 24]);
            bytes.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(&[0; 16]);
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\0\0");
        bytes.extend_from_slice(&u16::try_from(names.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&start.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes
    }

    #[test]
    fn kinds_are_told_by_content() {
        assert_eq!(kind_of(b"%PDF-1.7\n...\n%%EOF\n"), Ok("pdf"));
        assert_eq!(kind_of(&picture()), Ok("png"));
        assert_eq!(kind_of(&photo()), Ok("jpeg"));
        let types = "[Content_Types].xml";
        assert_eq!(kind_of(&zip(&[types, "xl/workbook.xml"])), Ok("xlsx"));
        assert_eq!(kind_of(&zip(&[types, "word/document.xml"])), Ok("docx"));
        assert_eq!(kind_of(&zip(&["OFD.xml", "Doc_0/Document.xml"])), Ok("ofd"));
        assert_eq!(kind_of("名称,人数\n一小,300\n".as_bytes()), Ok("csv"));
    }

    #[test]
    fn what_is_something_else_is_refused() {
        let types = "[Content_Types].xml";
        for (bytes, fault) in [
            (Vec::new(), FileFault::Empty),
            (b"<html><script>alert(1)</script>".to_vec(), FileFault::Kind),
            (b"a,b\n<script>x</script>".to_vec(), FileFault::Kind),
            (b"<svg xmlns='x'/>".to_vec(), FileFault::Kind),
            (b"MZ\x90\0\x03".to_vec(), FileFault::Kind),
            (b"%PDF-1.7 without an end".to_vec(), FileFault::Kind),
            (
                b"%PDF-1.7 /JavaScript (app.alert) %%EOF".to_vec(),
                FileFault::Active,
            ),
            (
                b"%PDF-1.7 /J#61vaScript (app.alert) %%EOF".to_vec(),
                FileFault::Active,
            ),
            (
                [b"%PDF-1.7 ".to_vec(), zip(&["a.txt"]), b"%%EOF".to_vec()].concat(),
                FileFault::Kind,
            ),
            (
                [picture(), b"PK\x03\x04payload".to_vec()].concat(),
                FileFault::Kind,
            ),
            (
                [photo(), b"<?php system() ?>".to_vec()].concat(),
                FileFault::Kind,
            ),
            (PNG.to_vec(), FileFault::Kind),
            (
                zip(&[types, "xl/workbook.xml", "xl/vbaProject.bin"]),
                FileFault::Active,
            ),
            (
                zip(&[types, "word/document.xml", "word/embeddings/x.bin"]),
                FileFault::Active,
            ),
            (zip(&["photo.png", "setup.exe"]), FileFault::Active),
            (zip(&["something.txt"]), FileFault::Kind),
            (b"PK\x03\x04 cut off".to_vec(), FileFault::Kind),
        ] {
            assert_eq!(
                kind_of(&bytes),
                Err(fault),
                "{:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }

    #[test]
    fn no_content_makes_it_fall_over() {
        use proptest::prelude::*;
        let heads: Vec<Vec<u8>> = vec![
            b"%PDF-".to_vec(),
            PNG.to_vec(),
            vec![0xff, 0xd8, 0xff],
            b"PK\x03\x04".to_vec(),
            Vec::new(),
        ];
        proptest!(|(head in prop::sample::select(heads), rest in prop::collection::vec(any::<u8>(), 0..300))| {
            let _ = kind_of(&[head, rest].concat());
        });
    }
}
