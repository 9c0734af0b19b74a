//! How text from files and forms is brought to one form before it is compared or kept.
//!
//! Only what carries no meaning is changed: widths of letters and digits, the several middle
//! dots, blanks and invisible characters. Characters are never dropped for being rare: private
//! use, plane 2 and 3, GB 18030-2022 level 3, compatibility ideographs and variation selectors
//! stay as they are.

use std::borrow::Cow;

/// Brings text to the form in which it is kept:
/// - full-width ASCII (U+FF01–U+FF5E) becomes half-width, except U+FF0C, FF1A, FF1B, FF01 and FF1F, which are the
///   punctuation of Chinese text (GB/T 15834);
/// - the middle dots `· • ・ ‧ ∙ ⋅` and their like become U+00B7, the dot of transliterated
///   names (GB/T 15834 间隔号);
/// - every blank, tab and line break (also U+00A0, U+3000) becomes a space, runs of them one
///   space, and none stays at either end;
/// - zero-width and direction marks, the byte-order mark, the soft hyphen and control
///   characters go.
///
/// Text that is already in this form is returned as it is, without a copy.
pub fn normalise_text(text: &str) -> Cow<'_, str> {
    if is_plainly_normal(text) || is_normal(text) {
        return Cow::Borrowed(text);
    }
    let mut normal = String::with_capacity(text.len());
    let mut blank_waits = false;
    for character in text.chars() {
        match fold(character) {
            Folded::Gone => {}
            Folded::Blank => blank_waits = true,
            Folded::To(folded) => {
                if blank_waits && !normal.is_empty() {
                    normal.push(' ');
                }
                blank_waits = false;
                normal.push(folded);
            }
        }
    }
    Cow::Owned(normal)
}

/// A key under which two writings of one name meet: [`normalise_text`], then without blanks,
/// in lower case, with Chinese punctuation and brackets as ASCII, `.` or `●` between two
/// characters of a transliterated name as the middle dot, ordinals with digits (第三中学 and
/// 第3中学) and without variation selectors. Keys are for comparing, never for showing. A name that is its
/// own key, as most are, is returned as it is, without a copy.
pub fn name_key(name: &str) -> Cow<'_, str> {
    if is_its_own_key(name) {
        return Cow::Borrowed(name);
    }
    let folded: Vec<char> = normalise_text(name)
        .chars()
        .filter(|character| *character != ' ' && !is_variation_selector(*character))
        .map(fold_for_key)
        .flat_map(char::to_lowercase)
        .collect();
    let mut key = String::with_capacity(name.len());
    let mut rest = folded.as_slice();
    let mut before: Option<char> = None;
    while let Some((&character, after)) = rest.split_first() {
        rest = after;
        if character == '第' {
            key.push(character);
            if let Some((number, behind)) = chinese_number(after) {
                key.push_str(&number.to_string());
                rest = behind;
            }
        } else if matches!(character, '.' | '●')
            && before.is_some_and(is_ideograph)
            && after.first().copied().is_some_and(is_ideograph)
        {
            key.push('\u{b7}');
        } else {
            key.push(character);
        }
        before = Some(character);
    }
    Cow::Owned(key)
}

/// Whether a name surely is its own key: digits, small letters and ideographs of the common block without an
/// ordinal. Others may be as well.
fn is_its_own_key(name: &str) -> bool {
    // 0xe4–0xe9 begin U+4000–U+9FFF; what follows a first byte is 0x80–0xbf.
    let is_plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'(' | b')' | b'-' | 0x80..=0xbf | 0xe4..=0xe9);
    name.bytes().all(is_plain) && !name.contains('第')
}

/// True when text holds U+FFFD, the trace of a wrong decoding that happened before us.
pub fn has_replacement_character(text: &str) -> bool {
    text.contains('\u{FFFD}')
}

enum Folded {
    Gone,
    Blank,
    To(char),
}

fn fold(character: char) -> Folded {
    match character {
        '\t'
        | '\n'
        | '\r'
        | '\u{b}'
        | '\u{c}'
        | ' '
        | '\u{85}'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Folded::Blank,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}' => Folded::Gone,
        '\u{2d9}' | '\u{387}' | '\u{16eb}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}'
        | '\u{2981}' | '\u{2e31}' | '\u{30fb}' | '\u{ff65}' => Folded::To('\u{b7}'),
        '\u{ff0c}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff01}' | '\u{ff1f}' => Folded::To(character),
        '\u{ff01}'..='\u{ff5e}' => Folded::To(half_width(character)),
        '\u{ffe5}' => Folded::To('¥'),
        other => Folded::To(other),
    }
}

fn half_width(character: char) -> char {
    char::from_u32(character as u32 - 0xfee0).unwrap_or(character)
}

/// First bytes of UTF-8 sequences that [`fold`] may change; CJK text begins with others.
const fn may_change(byte: u8) -> bool {
    matches!(
        byte,
        0..=0x20 | 0x7f | 0xc2 | 0xcb | 0xce | 0xe1 | 0xe2 | 0xe3 | 0xef
    )
}

fn is_plainly_normal(text: &str) -> bool {
    !text.bytes().any(may_change)
}

fn is_normal(text: &str) -> bool {
    let mut after_blank = true;
    for character in text.chars() {
        match fold(character) {
            Folded::Gone => return false,
            Folded::Blank if after_blank || character != ' ' => return false,
            Folded::Blank => after_blank = true,
            Folded::To(folded) if folded != character => return false,
            Folded::To(_) => after_blank = false,
        }
    }
    !after_blank || text.is_empty()
}

const fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn fold_for_key(character: char) -> char {
    match character {
        '\u{ff0c}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff01}' | '\u{ff1f}' => half_width(character),
        '【' | '〔' | '[' | '〖' | '{' => '(',
        '】' | '〕' | ']' | '〗' | '}' => ')',
        '—' | '–' | '‐' | '‑' | '−' | '―' => '-',
        '“' | '”' | '„' | '「' | '」' | '『' | '』' => '"',
        '‘' | '’' => '\'',
        '、' => ',',
        '。' => '.',
        other => other,
    }
}

/// A Chinese number from 1 to 999 at the start of `characters`, and what is behind it.
fn chinese_number(characters: &[char]) -> Option<(u32, &[char])> {
    let length = characters
        .iter()
        .take_while(|character| "零〇一二三四五六七八九十百".contains(**character))
        .count();
    let (numerals, behind) = characters.split_at_checked(length)?;
    let mut total = 0u32;
    let mut digit: Option<u32> = None;
    for numeral in numerals {
        let step = match numeral {
            '百' => 100,
            '十' => 10,
            '零' | '〇' => continue,
            other => {
                let value = "一二三四五六七八九"
                    .chars()
                    .zip(1..)
                    .find(|(sign, _)| sign == other)?
                    .1;
                if digit.replace(value).is_some() {
                    return None; // 第一二三: digits in a row, not a number in words
                }
                continue;
            }
        };
        total += digit.take().unwrap_or(1) * step;
    }
    total += digit.unwrap_or(0);
    (1..=999).contains(&total).then_some((total, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widths_dots_and_blanks_meet() {
        for (text, normal) in [
            (
                "西安市第一中学\u{ff08}东校区\u{ff09}",
                "西安市第一中学(\u{4e1c}校区)",
            ),
            ("\u{ff27}\u{ff16}\u{ff11}", "G61"),
            (
                "地址\u{ff1a}\u{ff21}座\u{ff0c}三层",
                "地址\u{ff1a}A座\u{ff0c}三层",
            ),
            ("\u{feff} 名称\u{3000}", "名称"),
            ("\u{a0}a\u{a0}\u{3000} b\u{200b}\r\n", "a b"),
            ("艾力\u{b7}江", "艾力\u{b7}江"),
            ("艾力\u{2022}江", "艾力\u{b7}江"),
            ("艾力\u{30fb}江", "艾力\u{b7}江"),
            ("艾力\u{2027}江", "艾力\u{b7}江"),
            ("艾力\u{2219}江", "艾力\u{b7}江"),
            ("艾力\u{22c5}江", "艾力\u{b7}江"),
            ("艾力\u{ff65}江", "艾力\u{b7}江"),
            ("  ", ""),
            ("\u{200b}", ""),
            ("a\u{0}b", "ab"),
        ] {
            assert_eq!(normalise_text(text), normal, "{text:?}");
        }
    }

    #[test]
    fn rare_characters_are_kept() {
        // Plane 2, plane 3, private use, GB 18030-2022 level 3, compatibility, variation selector.
        for text in [
            "\u{20087}",
            "\u{30edd}",
            "\u{e815}",
            "\u{9fff}",
            "\u{2ffb}",
            "\u{f900}",
            "葛\u{e0100}",
            "𠮷野",
        ] {
            assert_eq!(normalise_text(text), text);
            assert!(matches!(normalise_text(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn normal_text_is_not_copied() {
        for text in [
            "",
            "西安中学",
            "a b c",
            "610113",
            "陕西省西安市碑林区咸宁西路28号",
            "·",
            "、。《》",
        ] {
            assert!(matches!(normalise_text(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn two_writings_of_one_name_have_one_key() {
        for (left, right) in [
            ("西安市第三中学", "西安市第3中学"),
            ("西安市第 八十三 中学", "西安市第83中学"),
            ("第一百零二小学", "第102小学"),
            (
                "西安交通大学\u{ff08}兴庆校区\u{ff09}",
                "西安交通大学【兴庆校区】",
            ),
            ("阿依古丽.买买提", "阿依古丽•买买提"),
            ("ABC 学校", "abc学校"),
            ("第十小学", "第10小学"),
        ] {
            assert_eq!(name_key(left), name_key(right), "{left} {right}");
        }
        for (left, right) in [
            ("第一二中学", "第3中学"),
            ("第二中学", "第三中学"),
            ("一中", "1中"),
            ("第十一中学", "第十中学"),
        ] {
            assert_ne!(name_key(left), name_key(right), "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_so(text in "[\\x00-\\u{ff}\\u{3000}-\\u{3010}\\u{ff00}-\\u{ffee}\\u{2000}-\\u{206f}中文𠮷·]{0,24}") {
            let normal = normalise_text(&text).into_owned();
            let again = normalise_text(&normal);
            prop_assert!(matches!(again, Cow::Borrowed(_)), "{:?}", normal);
            prop_assert_eq!(name_key(&normal), name_key(&text));
        }

        #[test]
        fn ideographs_are_never_changed(text in "[\\u{4e00}-\\u{9fff}\\u{3400}-\\u{4dbf}\\u{20000}-\\u{323af}\\u{e000}-\\u{f8ff}]{0,24}") {
            prop_assert_eq!(normalise_text(&text), text.as_str());
        }

        #[test]
        fn a_name_taken_for_its_own_key_goes_the_long_way_to_the_same(text in "[0-9a-zA-Z()\\- .、一二十百中学\u{9fff}\u{4000}第·\u{fe00}]{0,12}") {
            // The blank at the end keeps the second from being taken as it is.
            let behind = format!("{text} ");
            prop_assert_eq!(name_key(&text), name_key(&behind));
        }
    }
}
