//! Functions that every check and query may call.

use kernel::codes;

use crate::Function;

/// The validators of codes as SQL functions: true if the text is well formed, null for null.
#[must_use]
pub fn builtin_functions() -> Vec<Function> {
    vec![
        Function::of_text("valid_school_code", |text| {
            codes::check_school_code(text).is_ok()
        }),
        Function::of_text("valid_uscc", |text| codes::check_uscc(text).is_ok()),
        Function::of_text("valid_citizen_id", |text| {
            codes::check_citizen_id(text).is_ok()
        }),
        Function::of_text("valid_student_number", |text| {
            codes::check_student_number(text).is_ok()
        }),
        Function::of_text("valid_division_code", |text| {
            codes::check_division_code(text).is_ok()
        }),
        Function::of_text("valid_phone", is_phone),
    ]
}

/// A mobile number (11 digits from 13 to 19), a fixed line with area code (7 or 8 digits, with an
/// optional extension), a 400 or 800 number, or a local number of 7 or 8 digits. Blanks, hyphens,
/// brackets and a leading +86 do not count.
fn is_phone(text: &str) -> bool {
    let (number, extension) = match text.split_once(['转', 'x', 'X']) {
        Some((number, extension)) => (number, Some(extension.trim())),
        None => (text, None),
    };
    let extension_is_wrong = extension.is_some_and(|digits| {
        !(1..=6).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if extension_is_wrong {
        return false;
    }
    let number = number.trim();
    let number = number.strip_prefix("+86").unwrap_or(number);
    let mut digits = [0_u8; 12];
    let mut count = 0;
    for letter in number.chars() {
        match letter {
            '0'..='9' => {
                let Some(place) = digits.get_mut(count) else {
                    return false;
                };
                *place = letter as u8;
                count += 1;
            }
            ' ' | '-' | '(' | ')' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}' => {}
            _ => return false,
        }
    }
    let (known, _) = digits.split_at(count);
    match known {
        [b'1', b'3'..=b'9', ..] if extension.is_none() => count == 11,
        // Two-digit area codes (010, 02x) are followed by eight digits, the others by seven or eight.
        [b'0', b'1' | b'2', ..] => count == 11,
        [b'0', b'3'..=b'9', ..] => count == 11 || count == 12,
        [b'4' | b'8', b'0', b'0', ..] if count == 10 => true,
        [b'2'..=b'8', ..] => count == 7 || count == 8,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_phone_numbers() {
        for right in [
            "13912345678",
            "029-85308889",
            "(0917) 326 1234",
            "0917-3261234转8001",
            "+86 13912345678",
            "400-810-8888",
            "85308889",
        ] {
            assert!(is_phone(right), "{right}");
        }
        for wrong in [
            "",
            "1391234567",
            "12345678901",
            "029-853088",
            "无",
            "110",
            "139123456789",
        ] {
            assert!(!is_phone(wrong), "{wrong}");
        }
    }
}
