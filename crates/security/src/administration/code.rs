//! One-time codes: short enough to be typed from a slip of paper, too many to be guessed.

use super::model::OneTimeCode;
use crate::crypto;
use crate::error::SecurityError;
use crate::random::Random;

/// Digits and letters that are not taken for one another on paper (Crockford's base 32).
const LETTERS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];
/// Letters of a code: 80 bits.
const LENGTH: usize = 16;

/// A new code, in groups of four.
pub(crate) fn new_code(random: &dyn Random) -> Result<OneTimeCode, SecurityError> {
    let mut bytes = [0_u8; LENGTH];
    random.fill(&mut bytes)?;
    let mut code = String::with_capacity(LENGTH + 3);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32: every letter is as likely as any other.
        if let Some(letter) = LETTERS.get(usize::from(byte % 32)) {
            code.push(*letter);
        }
    }
    Ok(OneTimeCode(code))
}

/// What the store keeps of a code as someone typed it: blanks, hyphens, case and look-alikes do not count.
pub(crate) fn hash_of(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .take(64)
        .flat_map(char::to_uppercase)
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    crypto::token_hash(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let random = SeededRandom::new(11);
        let code = new_code(&random).unwrap();
        assert_eq!(code.reveal().len(), 19);
        let typed = code
            .reveal()
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        assert_eq!(hash_of(&typed), hash_of(code.reveal()));
        let other = new_code(&random).unwrap();
        assert_ne!(hash_of(other.reveal()), hash_of(code.reveal()));
        assert_eq!(format!("{code:?}"), "OneTimeCode(…)");
    }
}
