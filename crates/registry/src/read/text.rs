//! From bytes to text: which encoding a file is in, whether all of it is, and its text block
//! by block. No character is ever guessed or replaced: a file that does not decode without
//! error is refused with the place of the first wrong byte.

use std::fmt;
use std::str::FromStr;

use encoding_rs::{BIG5, Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::ReadError;

/// The encodings of text files in China.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16, little endian ("Unicode" in Notepad and Excel).
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// GB 18030-2022, of which GBK and GB 2312 are parts.
    Gb18030,
    /// Big5 with the Hong Kong supplement.
    Big5,
}

impl TextEncoding {
    /// The name in messages and mapping files.
    pub const fn name(self) -> &'static str {
        match self {
            TextEncoding::Utf8 => "UTF-8",
            TextEncoding::Utf16Le => "UTF-16LE",
            TextEncoding::Utf16Be => "UTF-16BE",
            TextEncoding::Gb18030 => "GB18030",
            TextEncoding::Big5 => "Big5",
        }
    }

    fn codec(self) -> &'static Encoding {
        match self {
            TextEncoding::Utf8 => UTF_8,
            TextEncoding::Utf16Le => UTF_16LE,
            TextEncoding::Utf16Be => UTF_16BE,
            TextEncoding::Gb18030 => GB18030,
            TextEncoding::Big5 => BIG5,
        }
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text names no encoding that is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoding `{0}`; write utf-8, utf-16le, utf-16be, gb18030 or big5")]
pub struct UnknownEncoding(pub String);

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(text: &str) -> Result<TextEncoding, UnknownEncoding> {
        let word: String = text
            .chars()
            .filter(|character| character.is_ascii_alphanumeric())
            .map(|character| character.to_ascii_lowercase())
            .collect();
        match word.as_str() {
            "utf8" | "utf8sig" | "utf8bom" => Ok(TextEncoding::Utf8),
            "utf16le" | "utf16" | "unicode" => Ok(TextEncoding::Utf16Le),
            "utf16be" => Ok(TextEncoding::Utf16Be),
            "gb18030" | "gbk" | "gb2312" | "cp936" | "ansi" => Ok(TextEncoding::Gb18030),
            "big5" | "big5hkscs" | "cp950" => Ok(TextEncoding::Big5),
            _ => Err(UnknownEncoding(text.to_owned())),
        }
    }
}

/// How many bytes are looked at where a sample tells enough.
const SAMPLE: usize = 1 << 20;

/// The encoding of a text file, when all of it decodes.
pub(super) fn detect(bytes: &[u8]) -> Result<TextEncoding, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(ReadError::Utf32);
    }
    for (mark, encoding) in [
        (&[0xef, 0xbb, 0xbf][..], TextEncoding::Utf8),
        (&[0xff, 0xfe][..], TextEncoding::Utf16Le),
        (&[0xfe, 0xff][..], TextEncoding::Utf16Be),
        (&[0x84, 0x31, 0x95, 0x33][..], TextEncoding::Gb18030),
    ] {
        if bytes.starts_with(mark) {
            return check(bytes, encoding).map(|()| encoding);
        }
    }
    if bytes.contains(&0) {
        return detect_with_zeros(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_gb18030_in_disguise(text) => Ok(TextEncoding::Utf8),
        Ok(_) => Ok(TextEncoding::Gb18030),
        Err(_) if is_broken_utf8(bytes) => Err(bad_bytes(bytes, TextEncoding::Utf8)),
        Err(_) => detect_double_byte(bytes),
    }
}

/// Checks that every byte decodes.
pub(super) fn check(bytes: &[u8], encoding: TextEncoding) -> Result<(), ReadError> {
    match first_bad_byte(bytes, encoding) {
        None => Ok(()),
        Some(_) => Err(bad_bytes(bytes, encoding)),
    }
}

fn bad_bytes(bytes: &[u8], encoding: TextEncoding) -> ReadError {
    let byte = first_bad_byte(bytes, encoding).unwrap_or(0);
    let before = bytes.get(..byte).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
    ReadError::BadBytes {
        encoding,
        byte: byte as u64,
        line,
    }
}

fn first_bad_byte(bytes: &[u8], encoding: TextEncoding) -> Option<usize> {
    if encoding == TextEncoding::Utf8 {
        return std::str::from_utf8(bytes)
            .err()
            .map(|error| error.valid_up_to());
    }
    let mut decoder = encoding.codec().new_decoder_with_bom_removal();
    let mut scratch = [0u8; 16 << 10];
    let mut read_so_far = 0usize;
    loop {
        let rest = bytes.get(read_so_far..).unwrap_or_default();
        let (result, read, _) =
            decoder.decode_to_utf8_without_replacement(rest, &mut scratch, true);
        read_so_far += read;
        match result {
            DecoderResult::InputEmpty => return None,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                return Some(read_so_far.saturating_sub(usize::from(length) + usize::from(after)));
            }
        }
    }
}

/// A file with zero bytes is UTF-16 without a mark, or not text at all.
fn detect_with_zeros(bytes: &[u8]) -> Result<TextEncoding, ReadError> {
    let first_zero = bytes.iter().position(|byte| *byte == 0).unwrap_or(0) as u64;
    let not_text = ReadError::NotText { byte: first_zero };
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default();
    let mut zeros = [0usize; 4];
    for (index, byte) in sample.iter().enumerate() {
        if *byte == 0
            && let Some(count) = zeros.get_mut(index % 4)
        {
            *count += 1;
        }
    }
    let [zero, one, two, three] = zeros;
    let quarter = sample.len() / 4;
    if quarter > 0 && (one.min(two).min(three) == quarter || zero.min(one).min(two) == quarter) {
        return Err(ReadError::Utf32);
    }
    let little = plain_share_of_utf16(sample, u16::from_le_bytes);
    let big = plain_share_of_utf16(sample, u16::from_be_bytes);
    let (encoding, share) = if little >= big {
        (TextEncoding::Utf16Le, little)
    } else {
        (TextEncoding::Utf16Be, big)
    };
    if !bytes.len().is_multiple_of(2) || share < 0.9 || first_bad_byte(bytes, encoding).is_some() {
        return Err(not_text);
    }
    Ok(encoding)
}

/// The share of code units that texts of China consist of: ASCII, general and Chinese
/// punctuation, ideographs, full-width forms. With the bytes the wrong way round a line end is
/// U+0A00 and a digit U+3100 or so, which are none of these. (Half of noise is ideographs.)
fn plain_share_of_utf16(sample: &[u8], unit: fn([u8; 2]) -> u16) -> f64 {
    let units = sample.as_chunks::<2>().0;
    let plain = units.iter().filter(|pair| {
        matches!(unit(**pair), 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0xa0..=0xff | 0x2000..=0x206f
            | 0x3000..=0x303f | 0x3400..=0x9fff | 0xd800..=0xdfff | 0xff00..=0xffef)
    });
    if units.is_empty() {
        0.0
    } else {
        plain.count() as f64 / units.len() as f64
    }
}

/// Short GBK texts can be valid UTF-8 (联通 is the known case). Such a text has two-byte
/// sequences only, none of them Latin-1, and reads as GB 2312 throughout.
fn is_gb18030_in_disguise(text: &str) -> bool {
    let mut any = false;
    for character in text.chars() {
        match character {
            '\0'..='\u{7f}' => {}
            '\u{100}'..='\u{7ff}' => any = true,
            _ => return false,
        }
    }
    any && Census::of_gb18030(text.as_bytes()).plain_share() >= 1.0
        && first_bad_byte(text.as_bytes(), TextEncoding::Gb18030).is_none()
}

/// UTF-8 with few wrong bytes: cut off in a character, or pasted together from two files. It
/// may well decode as GB18030, to nonsense.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk
            .valid()
            .chars()
            .filter(|character| *character >= '\u{800}')
            .count();
        bad += usize::from(!chunk.invalid().is_empty());
        if bad > 100 && good < 4 * bad {
            return false; // text of another encoding shows it from the start
        }
    }
    good > 0 && good >= 4 * bad
}

fn detect_double_byte(bytes: &[u8]) -> Result<TextEncoding, ReadError> {
    let is_control = |byte: &u8| matches!(byte, 1..=8 | 0x0e..=0x1a | 0x1c..=0x1f);
    if let Some(byte) = bytes.iter().position(is_control) {
        return Err(ReadError::NotText { byte: byte as u64 });
    }
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default();
    let gb18030 = Census::of_gb18030(sample);
    let looks_gb18030 = gb18030.plain_share() >= 0.9;
    let looks_big5 = !looks_gb18030 && Census::of_big5(sample).plain_share() >= 0.8;
    match first_bad_byte(bytes, TextEncoding::Gb18030) {
        None if !looks_big5 || first_bad_byte(bytes, TextEncoding::Big5).is_some() => {
            Ok(TextEncoding::Gb18030)
        }
        None => Ok(guess(sample)),
        Some(byte) if gb18030.pairs == 0 => Err(ReadError::NotText { byte: byte as u64 }),
        Some(_) if looks_big5 => check(bytes, TextEncoding::Big5).map(|()| TextEncoding::Big5),
        Some(_) => Err(bad_bytes(bytes, TextEncoding::Gb18030)),
    }
}

/// Between GB18030 and Big5, where both decode and neither is plain.
fn guess(sample: &[u8]) -> TextEncoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guessed = detector.guess(None, chardetng::Utf8Detection::Deny);
    if guessed == BIG5 {
        TextEncoding::Big5
    } else {
        TextEncoding::Gb18030
    }
}

/// How many two-byte characters a text would have in an encoding, and how many of them lie
/// where the usual characters of that encoding lie.
struct Census {
    pairs: usize,
    plain: usize,
}

impl Census {
    fn plain_share(&self) -> f64 {
        if self.pairs == 0 {
            0.0
        } else {
            self.plain as f64 / self.pairs as f64
        }
    }

    /// Usual: the symbols and characters of GB 2312.
    fn of_gb18030(bytes: &[u8]) -> Census {
        Census::of(bytes, |lead, trail| {
            matches!((lead, trail), (0xa1..=0xa9 | 0xb0..=0xf7, 0xa1..=0xfe))
        })
    }

    /// Usual: the symbols and the frequent characters.
    fn of_big5(bytes: &[u8]) -> Census {
        Census::of(bytes, |lead, trail| {
            matches!((lead, trail), (0xa1..=0xc6, 0x40..=0x7e | 0xa1..=0xfe))
        })
    }

    fn of(bytes: &[u8], is_plain: fn(u8, u8) -> bool) -> Census {
        let mut census = Census { pairs: 0, plain: 0 };
        let mut rest = bytes.iter();
        while let Some(lead) = rest.next() {
            if *lead < 0x80 {
                continue;
            }
            let Some(trail) = rest.next() else { break };
            if trail.is_ascii_digit() {
                rest.nth(1); // a four-byte character of GB18030 says nothing
                continue;
            }
            census.pairs += 1;
            census.plain += usize::from(is_plain(*lead, *trail));
        }
        census
    }
}

/// A file's text, all at once where it is UTF-8, else decoded block by block.
pub(super) struct TextStream {
    text: String,
    position: usize,
    undecoded: Option<(Decoder, Vec<u8>, usize)>,
    encoding: TextEncoding,
    block: usize,
}

/// Bytes decoded at a time; few in tests, so that blocks end everywhere.
const BLOCK: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

impl TextStream {
    /// The text of `bytes`, in `encoding` or the one that is found.
    pub(super) fn open(
        bytes: Vec<u8>,
        encoding: Option<TextEncoding>,
    ) -> Result<TextStream, ReadError> {
        let encoding = match encoding {
            Some(stated) if stated != TextEncoding::Utf8 => {
                check(&bytes, stated).map(|()| stated)?
            }
            Some(stated) => stated,
            None => detect(&bytes)?,
        };
        let mut stream = TextStream {
            text: String::new(),
            position: 0,
            undecoded: None,
            encoding,
            block: BLOCK,
        };
        if encoding == TextEncoding::Utf8 {
            stream.text = String::from_utf8(bytes)
                .map_err(|error| bad_bytes(error.as_bytes(), TextEncoding::Utf8))?;
        } else {
            let decoder = encoding.codec().new_decoder_with_bom_removal();
            stream.undecoded = Some((decoder, bytes, 0));
            stream.more()?;
        }
        // The decoder takes off the marks of UTF-16 only.
        if stream.text.starts_with('\u{feff}') {
            stream.position = '\u{feff}'.len_utf8();
        }
        Ok(stream)
    }

    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The decoded text that has not been taken.
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or("")
    }

    /// Marks the first `bytes` of [`TextStream::rest`] as taken.
    pub(super) fn take(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// True when nothing is left to decode.
    pub(super) fn is_whole(&self) -> bool {
        self.undecoded.is_none()
    }

    /// Decodes more behind what there is. Blocks grow while nothing is taken, so that one very
    /// long record costs no more than its length.
    pub(super) fn more(&mut self) -> Result<(), ReadError> {
        let Some((decoder, bytes, read_so_far)) = &mut self.undecoded else {
            return Ok(());
        };
        self.block = if self.position == 0 && !self.text.is_empty() {
            self.block * 2
        } else {
            BLOCK
        };
        self.text.drain(..self.position);
        self.position = 0;
        let end = bytes.len().min(*read_so_far + self.block);
        let is_last = end == bytes.len();
        let mut input = bytes.get(*read_so_far..end).unwrap_or_default();
        loop {
            let needed = decoder.max_utf8_buffer_length_without_replacement(input.len());
            self.text.reserve(needed.unwrap_or(input.len() * 3 + 16));
            let (result, read) =
                decoder.decode_to_string_without_replacement(input, &mut self.text, is_last);
            *read_so_far += read;
            input = input.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(bad_bytes(bytes, self.encoding)),
            }
        }
        if is_last {
            self.undecoded = None;
        }
        Ok(())
    }

    /// All of the text, for formats that are not read row by row.
    pub(super) fn into_whole(mut self) -> Result<String, ReadError> {
        while !self.is_whole() {
            self.more()?;
        }
        self.text.drain(..self.position);
        Ok(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPLIFIED: &str =
        "学校名称,所在县区\n西安市第一中学,碑林区\n西安市灞桥区席王街道中心小学,灞桥区\n";
    const TRADITIONAL: &str =
        "學校名稱,所在縣區\n臺北市立第一女子高級中學,中正區\n香港浸會大學附屬學校,沙田區\n";

    fn decode(bytes: Vec<u8>) -> (TextEncoding, String) {
        let stream = TextStream::open(bytes, None).unwrap();
        (stream.encoding(), stream.into_whole().unwrap())
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn every_encoding_is_recognised_by_content() {
        let marked = format!("\u{feff}{SIMPLIFIED}");
        let big5 = BIG5.encode(TRADITIONAL).0.into_owned();
        for (bytes, encoding, text) in [
            (
                SIMPLIFIED.as_bytes().to_vec(),
                TextEncoding::Utf8,
                SIMPLIFIED,
            ),
            (marked.as_bytes().to_vec(), TextEncoding::Utf8, SIMPLIFIED),
            (
                GB18030.encode(SIMPLIFIED).0.into_owned(),
                TextEncoding::Gb18030,
                SIMPLIFIED,
            ),
            (
                GB18030.encode(TRADITIONAL).0.into_owned(),
                TextEncoding::Gb18030,
                TRADITIONAL,
            ),
            (big5, TextEncoding::Big5, TRADITIONAL),
            (
                utf16(SIMPLIFIED, u16::to_le_bytes),
                TextEncoding::Utf16Le,
                SIMPLIFIED,
            ),
            (
                utf16(SIMPLIFIED, u16::to_be_bytes),
                TextEncoding::Utf16Be,
                SIMPLIFIED,
            ),
            (
                utf16(&marked, u16::to_le_bytes),
                TextEncoding::Utf16Le,
                SIMPLIFIED,
            ),
            (
                utf16(&marked, u16::to_be_bytes),
                TextEncoding::Utf16Be,
                SIMPLIFIED,
            ),
            (
                utf16("a,b\n1,2\n", u16::to_le_bytes),
                TextEncoding::Utf16Le,
                "a,b\n1,2\n",
            ),
        ] {
            assert_eq!(decode(bytes), (encoding, text.to_owned()));
        }
    }

    #[test]
    fn rare_characters_survive_gb18030() {
        // Plane 2 (𠮷, 𬭎 of the 2013 list), plane 3, level 3 of 2022, and A6D9, which the
        // edition of 2022 moved from private use to U+FE10.
        let rare = "姓名\n𠮷𬭎\u{30edd}\u{9fff}\u{4dbf}䶮\n";
        assert_eq!(
            decode(GB18030.encode(rare).0.into_owned()),
            (TextEncoding::Gb18030, rare.to_owned())
        );
        let (_, moved) = decode(b"\xd0\xd5\xc3\xfb\n\xa6\xd9\n".to_vec());
        assert_eq!(moved, "姓名\n\u{fe10}\n");
    }

    #[test]
    fn the_known_short_gbk_text_is_not_taken_for_utf8() {
        assert_eq!(decode(GB18030.encode("联通").0.into_owned()).1, "联通");
        assert_eq!(
            decode("caf\u{e9}·x".as_bytes().to_vec()).0,
            TextEncoding::Utf8
        );
    }

    #[test]
    fn wrong_bytes_are_named_with_their_place() {
        let cut = &SIMPLIFIED.as_bytes()[..SIMPLIFIED.len() - 2];
        let whole = std::str::from_utf8(&cut[..cut.len() - 2]).unwrap().len();
        assert_eq!(
            detect(cut),
            Err(ReadError::BadBytes {
                encoding: TextEncoding::Utf8,
                byte: whole as u64,
                line: 3
            })
        );
        let mut gbk = GB18030.encode(SIMPLIFIED).0.into_owned();
        let at = gbk.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        gbk.insert(at, 0xff);
        assert_eq!(
            detect(&gbk),
            Err(ReadError::BadBytes {
                encoding: TextEncoding::Gb18030,
                byte: at as u64,
                line: 2
            })
        );
        let mut mixed = SIMPLIFIED.as_bytes().to_vec();
        mixed.extend(GB18030.encode("碑林\n").0.iter());
        assert!(matches!(
            detect(&mixed),
            Err(ReadError::BadBytes {
                encoding: TextEncoding::Utf8,
                ..
            })
        ));
        assert_eq!(
            check(b"a\0\n\0b", TextEncoding::Utf16Le),
            Err(ReadError::BadBytes {
                encoding: TextEncoding::Utf16Le,
                byte: 4,
                line: 2
            })
        );
    }

    #[test]
    fn what_is_not_text_is_refused() {
        let utf32: Vec<u8> = SIMPLIFIED
            .chars()
            .flat_map(|character| (character as u32).to_le_bytes())
            .collect();
        let ascii32: Vec<u8> = "a,b\n"
            .chars()
            .flat_map(|character| (character as u32).to_be_bytes())
            .collect();
        let marked: Vec<u8> = [0xff, 0xfe, 0, 0]
            .into_iter()
            .chain(utf32.clone())
            .collect();
        assert_eq!(detect(&marked), Err(ReadError::Utf32));
        assert_eq!(detect(&ascii32), Err(ReadError::Utf32));
        assert!(detect(&utf32).is_err());
        let noise: Vec<u8> = (0..2000u32)
            .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        assert!(matches!(detect(&noise), Err(ReadError::NotText { .. })));
        assert!(matches!(
            detect(b"\x01\x02\xff\xfe\xff\xff"),
            Err(ReadError::NotText { .. })
        ));
    }

    #[test]
    fn long_texts_come_in_blocks() {
        let long = SIMPLIFIED.repeat(300);
        let mut stream = TextStream::open(GB18030.encode(&long).0.into_owned(), None).unwrap();
        let mut read = String::new();
        loop {
            let half = stream.rest().len() / 2;
            let half = (0..=half)
                .rev()
                .find(|at| stream.rest().is_char_boundary(*at))
                .unwrap();
            read.push_str(&stream.rest()[..half]);
            stream.take(half);
            if stream.is_whole() {
                break;
            }
            stream.more().unwrap();
        }
        read.push_str(stream.rest());
        assert!(read == long);
    }
}
