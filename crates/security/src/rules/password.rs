//! What a password must be, and how the program makes one.

use crate::random::{Random, RandomError};

/// Fewest characters (GB/T 22239-2019 §8.1.4.1 asks for complexity and regular change; length is ours).
pub(crate) const SHORTEST: usize = 10;
/// Most characters: enough for any phrase, little enough to hash.
pub(crate) const LONGEST: usize = 128;

/// Beginnings that guessing programs try first.
const COMMON: [&str; 12] = [
    "password", "passw0rd", "qwerty", "123456", "111111", "000000", "abc123", "admin", "weihe",
    "shaanxi", "jiaoyu", "welcome",
];

/// Why a password is refused. The code names the message `security-password-fault-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// Under 10 characters.
    TooShort,
    /// Over 128 characters.
    TooLong,
    /// Fewer than three of: small letters, capitals, digits, others.
    TooPlain,
    /// Holds the name one signs in with.
    HoldsName,
    /// Is little more than a word that guessing programs try first, or few different characters.
    Common,
}

impl PasswordFault {
    /// The stable code, which is also the key of the message.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "security-password-fault-short",
            Self::TooLong => "security-password-fault-long",
            Self::TooPlain => "security-password-fault-plain",
            Self::HoldsName => "security-password-fault-name",
            Self::Common => "security-password-fault-common",
        }
    }
}

/// Checks a password that someone chose; the first fault found.
///
/// # Errors
/// [`PasswordFault`].
pub(crate) fn check(password: &str, login: &str) -> Result<(), PasswordFault> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(PasswordFault::TooShort);
    }
    if length > LONGEST {
        return Err(PasswordFault::TooLong);
    }
    let lower = password.to_lowercase();
    if login.chars().count() >= 3 && lower.contains(&login.to_lowercase()) {
        return Err(PasswordFault::HoldsName);
    }
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    let beyond_common_word = COMMON
        .iter()
        .filter(|word| lower.contains(*word))
        .map(|word| length.saturating_sub(word.len()))
        .min()
        .unwrap_or(length);
    if different.len() < 5 || beyond_common_word < 6 {
        return Err(PasswordFault::Common);
    }
    // A phrase of five words needs no capitals: length stands in for variety.
    if kinds(password) < 3 && length < 20 {
        return Err(PasswordFault::TooPlain);
    }
    Ok(())
}

fn kinds(password: &str) -> usize {
    let tests: [fn(char) -> bool; 4] = [
        |letter| letter.is_lowercase(),
        |letter| letter.is_uppercase(),
        |letter| letter.is_ascii_digit(),
        |letter| !letter.is_lowercase() && !letter.is_uppercase() && !letter.is_ascii_digit(),
    ];
    tests
        .iter()
        .filter(|test| password.chars().any(**test))
        .count()
}

/// Letters and digits that cannot be taken for each other on paper.
const READABLE: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Makes a password to be read from a screen once: four groups of four, about 79 bits.
///
/// # Errors
/// [`RandomError`] from the generator.
pub(crate) fn generate(random: &dyn Random) -> Result<String, RandomError> {
    loop {
        let mut password = String::with_capacity(19);
        while password.len() < 19 {
            if password.len() % 5 == 4 {
                password.push('-');
                continue;
            }
            let mut byte = [0_u8; 1];
            random.fill(&mut byte)?;
            let [drawn] = byte;
            // 248 = 8 × 31: beyond it the first letters would come up more often.
            if drawn < 248
                && let Some(letter) = READABLE.get(usize::from(drawn) % READABLE.len())
            {
                password.push(char::from(*letter));
            }
        }
        if check(&password, "").is_ok() {
            return Ok(password);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn each_fault_has_its_case() {
        let cases = [
            ("Ab1-defgh", Err(PasswordFault::TooShort)),
            ("abcdefghijkl", Err(PasswordFault::TooPlain)),
            ("Wangmou-2025x", Err(PasswordFault::HoldsName)),
            ("Password2025", Err(PasswordFault::Common)),
            ("Aa1Aa1Aa1Aa1", Err(PasswordFault::Common)),
            ("Yan-ta-2025-sep", Ok(())),
            ("correct horse battery staple", Ok(())),
            ("渭水东流去2025年秋", Err(PasswordFault::TooPlain)),
            ("渭水东流去2025年秋Q", Ok(())),
        ];
        for (password, expected) in cases {
            assert_eq!(check(password, "wangmou"), expected, "{password}");
        }
        assert_eq!(check(&"aB3-".repeat(40), "x"), Err(PasswordFault::TooLong));
    }

    #[test]
    fn generated_passwords_are_readable_and_pass_the_check() {
        let random = SeededRandom::new(7);
        let first = generate(&random).unwrap();
        assert_eq!(first.len(), 19);
        assert_eq!(check(&first, "admin"), Ok(()));
        assert!(
            first
                .bytes()
                .all(|byte| byte == b'-' || READABLE.contains(&byte))
        );
        assert_ne!(first, generate(&random).unwrap());
    }
}
