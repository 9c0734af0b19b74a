//! What a password must be, and how the program makes one.

use crate::random::{Random, RandomError};

/// Most characters: enough for any phrase, little enough to hash.
pub(crate) const LONGEST: usize = 128;

/// Words that guessing programs try first.
const COMMON: &str = include_str!("../../data/common_passwords.txt");

/// Passwords that stand most often in leaks: more than the 3,000 that guessing programs begin with.
const LEAKED: &str = include_str!("../../data/leaked_passwords.txt");

/// What the policy of an operator asks of a password (GB/T 22239-2019 §8.1.4.1 a asks for complexity and regular
/// change, without numbers).
#[derive(Debug, Clone, Copy)]
pub(crate) struct PasswordRules<'a> {
    /// Fewest characters.
    pub(crate) shortest: usize,
    /// How many of small letters, capitals, digits and others.
    pub(crate) kinds: usize,
    /// Words of the place, lower case, that count like those which everybody tries.
    pub(crate) refused_words: &'a [String],
}

impl PasswordRules<'static> {
    /// What the program's own passwords are held against.
    pub(crate) const OWN: Self = Self {
        shortest: 10,
        kinds: 3,
        refused_words: &[],
    };
}

/// Why a password is refused. The code names the message `security-password-fault-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// Fewer characters than the policy asks for.
    TooShort,
    /// Over 128 characters.
    TooLong,
    /// Fewer kinds of characters than the policy asks for.
    TooPlain,
    /// Holds the name one signs in with.
    HoldsName,
    /// Leaked often elsewhere, is little more than a word that guessing programs try first, or few different
    /// characters.
    Common,
    /// Was the account's password lately.
    Reused,
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
            Self::Reused => "security-password-fault-reused",
        }
    }
}

/// Checks a password that someone chose; the first fault found.
///
/// # Errors
/// [`PasswordFault`].
pub(crate) fn check(
    rules: &PasswordRules<'_>,
    password: &str,
    login: &str,
) -> Result<(), PasswordFault> {
    let length = password.chars().count();
    if length < rules.shortest {
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
    let is_guessed = different.len() < 5
        || LEAKED.lines().any(|leaked| leaked == lower)
        || left_beside_common(&lower, rules.refused_words) < 6;
    if is_guessed {
        return Err(PasswordFault::Common);
    }
    // A phrase of five words needs no capitals: length stands in for variety.
    if kinds(password) < rules.kinds && length < 20 {
        return Err(PasswordFault::TooPlain);
    }
    Ok(())
}

/// How many characters are left without the common words, also those with digits for letters.
fn left_beside_common(lower: &str, refused: &[String]) -> usize {
    let plain: String = lower
        .chars()
        .map(|letter| match letter {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    let mut words: Vec<&str> = COMMON
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .chain(refused.iter().map(String::as_str))
        .collect();
    // The longest first, or a part of it would leave the rest standing.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    [lower, &plain]
        .map(|text| {
            let mut text = text.to_owned();
            for word in &words {
                if text.contains(word) {
                    text = text.replace(word, " ");
                }
            }
            text.chars().filter(|letter| *letter != ' ').count()
        })
        .into_iter()
        .min()
        .unwrap_or_default()
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
        if check(&PasswordRules::OWN, &password, "").is_ok() {
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
            ("abzdefghijkl", Err(PasswordFault::TooPlain)),
            ("Wangmou-2025x", Err(PasswordFault::HoldsName)),
            ("Password2025", Err(PasswordFault::Common)),
            ("P@55w0rd-2025", Err(PasswordFault::Common)),
            ("Qwerty-123456-x", Err(PasswordFault::Common)),
            ("Woaini1314-x!", Err(PasswordFault::Common)),
            ("1qaz2wsx3EDC!", Err(PasswordFault::Common)),
            ("Aa1Aa1Aa1Aa1", Err(PasswordFault::Common)),
            ("Yan-ta-2025-sep", Ok(())),
            ("correct horse battery staple", Ok(())),
            ("渭水东流去2025年秋", Err(PasswordFault::TooPlain)),
            ("渭水东流去2025年秋Q", Ok(())),
        ];
        for (password, expected) in cases {
            assert_eq!(
                check(&PasswordRules::OWN, password, "wangmou"),
                expected,
                "{password}"
            );
        }
        let long = "aB3-".repeat(40);
        assert_eq!(
            check(&PasswordRules::OWN, &long, "x"),
            Err(PasswordFault::TooLong)
        );
    }

    #[test]
    fn the_policy_sets_length_kinds_and_words_of_the_place() {
        let words = ["baihe".to_owned(), "白河县".to_owned()];
        let rules = PasswordRules {
            shortest: 12,
            kinds: 4,
            refused_words: &words,
        };
        let verdict = |password| check(&rules, password, "x");
        assert_eq!(verdict("Liu-2026-tan"), Ok(()));
        assert_eq!(verdict("Liu-2026-ta"), Err(PasswordFault::TooShort));
        assert_eq!(verdict("liu-2026-tan"), Err(PasswordFault::TooPlain));
        assert_eq!(verdict("BaiHe-2026-1"), Ok(()));
        assert_eq!(verdict("BaiHe-baihe1"), Err(PasswordFault::Common));
        assert_eq!(
            verdict("白河县白河县白河县Aa1-"),
            Err(PasswordFault::Common)
        );
    }

    #[test]
    fn what_leaked_most_is_refused_whatever_the_policy() {
        let loosest = PasswordRules {
            shortest: 8,
            kinds: 1,
            refused_words: &[],
        };
        let leaked = LEAKED.lines().filter(|line| !line.starts_with('#'));
        let leaked: Vec<&str> = leaked.collect();
        assert!(leaked.len() > 8_000, "{}", leaked.len());
        for password in leaked {
            let verdict = check(&loosest, password, "");
            assert_eq!(verdict, Err(PasswordFault::Common), "{password}");
        }
        assert_eq!(
            check(&loosest, "Sunshine", ""),
            Err(PasswordFault::Common),
            "capitals make no other"
        );
        assert_eq!(check(&loosest, "baihe-tao-hua", ""), Ok(()));
    }

    #[test]
    fn generated_passwords_are_readable_and_pass_the_check() {
        let random = SeededRandom::new(7);
        let first = generate(&random).unwrap();
        assert_eq!(first.len(), 19);
        assert_eq!(check(&PasswordRules::OWN, &first, "admin"), Ok(()));
        assert!(
            first
                .bytes()
                .all(|byte| byte == b'-' || READABLE.contains(&byte))
        );
        assert_ne!(first, generate(&random).unwrap());
    }
}
