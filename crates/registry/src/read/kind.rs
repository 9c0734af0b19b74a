//! What a file is, by its content. Names lie: much that is called `.xls` is text.

use super::archive::Archive;
use super::{FileKind, OtherKind, ReadError};

/// Tells text, workbooks and the rest apart. Text is decided further by [`super::text`].
pub(super) fn detect(bytes: &[u8]) -> Result<FileKind, ReadError> {
    let other = |found| Err(ReadError::OtherKind { found });
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        let archive = Archive::read(bytes)?;
        if archive.has_part_of_name("vbaproject") {
            return Err(ReadError::Macros);
        }
        if archive.has("xl/workbook.bin") {
            return Ok(FileKind::Xlsb);
        }
        if archive.has("xl/workbook.xml")
            || archive.has("[Content_Types].xml") && archive.has_under("xl/")
        {
            return Ok(FileKind::Xlsx);
        }
        if archive.has("word/document.xml") {
            return other(OtherKind::Document);
        }
        if archive.has("content.xml") && archive.has("mimetype") {
            return Ok(FileKind::Ods);
        }
        return other(OtherKind::Archive);
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        // Names in a compound file are UTF-16; a workbook with a password is one stream.
        if contains(bytes, &utf16("EncryptedPackage")) {
            return Err(ReadError::Encrypted);
        }
        if contains(bytes, &utf16("WordDocument")) {
            return other(OtherKind::Document);
        }
        if contains(bytes, &utf16("_VBA_PROJECT")) {
            return Err(ReadError::Macros);
        }
        return Ok(FileKind::Xls);
    }
    let magics: [(&[u8], OtherKind); 9] = [
        (b"%PDF-", OtherKind::Pdf),
        (b"\x1f\x8b", OtherKind::Archive),
        (b"Rar!\x1a\x07", OtherKind::Archive),
        (b"7z\xbc\xaf\x27\x1c", OtherKind::Archive),
        (b"\x89PNG\r\n", OtherKind::Picture),
        (b"\xff\xd8\xff", OtherKind::Picture),
        (b"GIF8", OtherKind::Picture),
        (b"II*\0", OtherKind::Picture),
        (b"{\\rtf", OtherKind::Document),
    ];
    for (magic, found) in magics {
        if bytes.starts_with(magic) {
            return other(found);
        }
    }
    Ok(FileKind::Text)
}

/// What decoded text is: delimited rows, JSON, or a page that only looks like a table.
pub(super) fn detect_in_text(start: &str) -> Result<FileKind, ReadError> {
    let start = start.trim_start();
    if start.starts_with('{') || is_json_array(start) {
        return Ok(FileKind::Json);
    }
    let head: String = start
        .chars()
        .take(512)
        .flat_map(char::to_lowercase)
        .collect();
    if head.starts_with("<!doctype html")
        || head.starts_with('<') && (head.contains("<html") || head.contains("<table"))
    {
        return Err(ReadError::OtherKind {
            found: OtherKind::WebPage,
        });
    }
    if head.starts_with("<svg") || head.starts_with("<?xml") && head.contains("<svg") {
        return Err(ReadError::OtherKind {
            found: OtherKind::Picture,
        });
    }
    if head.starts_with("<?xml") {
        return Err(ReadError::OtherKind {
            found: OtherKind::Xml,
        });
    }
    Ok(FileKind::Text)
}

/// `[` and then an object or the end: a text row may well begin with a bracket.
fn is_json_array(start: &str) -> bool {
    start
        .strip_prefix('[')
        .is_some_and(|rest| matches!(rest.trim_start().chars().next(), Some('{' | ']') | None))
}

fn utf16(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_content() {
        assert_eq!(detect(b"a,b\n").unwrap(), FileKind::Text);
        assert_eq!(
            detect(b"%PDF-1.7").unwrap_err(),
            ReadError::OtherKind {
                found: OtherKind::Pdf
            }
        );
        let mut locked = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        locked.extend(utf16("..EncryptedPackage"));
        assert_eq!(detect(&locked).unwrap_err(), ReadError::Encrypted);
        let mut running = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        running.extend(utf16("_VBA_PROJECT_CUR"));
        assert_eq!(detect(&running).unwrap_err(), ReadError::Macros);
        assert_eq!(
            detect_in_text("<svg onload='x'>").unwrap_err(),
            ReadError::OtherKind {
                found: OtherKind::Picture
            }
        );
        assert_eq!(detect_in_text(" [ {").unwrap(), FileKind::Json);
        assert_eq!(detect_in_text("[名称],代码").unwrap(), FileKind::Text);
        assert_eq!(detect_in_text("{\"type\"").unwrap(), FileKind::Json);
        assert_eq!(
            detect_in_text("<html xmlns:x='urn'><table>").unwrap_err(),
            ReadError::OtherKind {
                found: OtherKind::WebPage
            }
        );
        assert!(detect_in_text("<?xml version=\"1.0\"?><Workbook/>").is_err());
    }
}
