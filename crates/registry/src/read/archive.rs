//! The list of contents of a zip archive, which XLSX, XLSB and ODS files are, and whether it
//! may be opened: a few kilobytes can be made to expand to terabytes.

use std::io::Read;

use super::{Limits, ReadError};

const END_RECORD: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_ENTRY: &[u8] = b"PK\x03\x04";
/// The most that deflate can shrink anything.
const DEFLATE_RATIO: u64 = 1_032;
/// Sheets of repeated cells reach 200; nothing that people write reaches this.
const ABSURD_RATIO: u64 = 900;
/// Below this size a ratio says nothing.
const SMALL: u64 = 16 << 20;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

struct Entry {
    name: String,
    method: u16,
    packed: u64,
    declared: u64,
    offset: u64,
}

/// The list of contents.
pub(super) struct Archive {
    entries: Vec<Entry>,
}

impl Archive {
    /// Reads the list at the end of the archive.
    pub(super) fn read(bytes: &[u8]) -> Result<Archive, ReadError> {
        let cut_off = || damaged("the list of contents at its end is missing");
        let tail = bytes.len().saturating_sub(65_557);
        let end = bytes
            .get(tail..)
            .and_then(|window| window.windows(4).rposition(|four| four == END_RECORD))
            .ok_or_else(cut_off)?;
        let record = bytes.get(tail + end..).ok_or_else(cut_off)?;
        let count = u64::from(two(record, 10).ok_or_else(cut_off)?);
        let mut at = four(record, 16).ok_or_else(cut_off)? as usize;
        let mut entries = Vec::new();
        while (entries.len() as u64) < count {
            let entry = bytes
                .get(at..)
                .filter(|rest| rest.starts_with(ENTRY))
                .ok_or_else(cut_off)?;
            let (parsed, length) = read_entry(entry).ok_or_else(cut_off)?;
            entries.push(parsed);
            at += length;
        }
        Ok(Archive { entries })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// Whether the name of an entry holds this word, given in small letters.
    pub(super) fn has_part_of_name(&self, word: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name.to_ascii_lowercase().contains(word))
    }

    pub(super) fn has_under(&self, folder: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name.starts_with(folder))
    }

    /// Refuses an archive that declares too much, or that declares less than it holds.
    pub(super) fn check_size(&self, bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
        let limit = limits.max_expanded_bytes;
        let too_far = ReadError::ExpandsTooFar { limit };
        let declared = self
            .entries
            .iter()
            .fold(0u64, |sum, entry| sum.saturating_add(entry.declared));
        let packed = self
            .entries
            .iter()
            .fold(0u64, |sum, entry| sum.saturating_add(entry.packed));
        if declared > limit || (declared > SMALL && declared / packed.max(1) > ABSURD_RATIO) {
            return Err(too_far);
        }
        // What is declared can be a lie. Where even the truth could not exceed the limit, that
        // does not matter; else every entry is expanded once, to nowhere, to see.
        if packed.saturating_mul(DEFLATE_RATIO) <= limit {
            return Ok(());
        }
        for entry in &self.entries {
            entry.check_declared(bytes, &too_far)?;
        }
        Ok(())
    }
}

impl Entry {
    fn check_declared(&self, bytes: &[u8], too_far: &ReadError) -> Result<(), ReadError> {
        match self.method {
            STORED => return Ok(()),
            DEFLATED => {}
            _ => return Err(damaged("it is packed in a way that workbooks are not")),
        }
        let packed = self
            .packed_bytes(bytes)
            .ok_or_else(|| damaged("an entry lies outside the file"))?;
        let mut inflater =
            flate2::read::DeflateDecoder::new(packed).take(self.declared.saturating_add(1));
        match std::io::copy(&mut inflater, &mut std::io::sink()) {
            Ok(expanded) if expanded > self.declared => Err(too_far.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(damaged("an entry cannot be unpacked")),
        }
    }

    fn packed_bytes<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = bytes.get(usize::try_from(self.offset).ok()?..)?;
        if !local.starts_with(LOCAL_ENTRY) {
            return None;
        }
        let start = 30 + usize::from(two(local, 26)?) + usize::from(two(local, 28)?);
        local.get(start..start.checked_add(usize::try_from(self.packed).ok()?)?)
    }
}

fn read_entry(entry: &[u8]) -> Option<(Entry, usize)> {
    let name_length = usize::from(two(entry, 28)?);
    let extra_length = usize::from(two(entry, 30)?);
    let comment_length = usize::from(two(entry, 32)?);
    let name = entry.get(46..46 + name_length)?;
    let extra = entry.get(46 + name_length..46 + name_length + extra_length)?;
    let mut parsed = Entry {
        // Some programs write backslashes between folders.
        name: String::from_utf8_lossy(name).replace('\\', "/"),
        method: two(entry, 10)?,
        packed: u64::from(four(entry, 20)?),
        declared: u64::from(four(entry, 24)?),
        offset: u64::from(four(entry, 42)?),
    };
    apply_zip64(&mut parsed, extra);
    Some((parsed, 46 + name_length + extra_length + comment_length))
}

/// Numbers that do not fit four bytes stand in the extra field 1, in this order.
fn apply_zip64(entry: &mut Entry, mut extra: &[u8]) {
    while let (Some(id), Some(length)) = (two(extra, 0), two(extra, 2)) {
        let end = 4 + usize::from(length);
        if id == 1 {
            let mut at = 4;
            for number in [&mut entry.declared, &mut entry.packed, &mut entry.offset] {
                if *number == u64::from(u32::MAX)
                    && let Some(large) = extra
                        .get(at..at + 8)
                        .and_then(|eight| eight.try_into().ok())
                {
                    *number = u64::from_le_bytes(large);
                    at += 8;
                }
            }
        }
        extra = extra.get(end..).unwrap_or_default();
    }
}

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..at + 2)?
        .try_into()
        .ok()
        .map(u16::from_le_bytes)
}

fn four(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

fn damaged(detail: &str) -> ReadError {
    ReadError::DamagedWorkbook {
        detail: detail.to_owned(),
    }
}
