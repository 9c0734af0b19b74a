//! Pinyin initials: how names are found by what people type.

use std::collections::HashMap;

use pinyin::ToPinyin;

/// The initials of a name: 西安市第一中学 → `xasdyzx`; letters and digits stay, the rest goes. A character
/// that is read in several ways takes its first reading; `known` keeps what was looked up.
pub fn initials(name: &str, known: &mut HashMap<char, char>) -> String {
    name.chars()
        .filter_map(|character| {
            if character.is_ascii_alphanumeric() {
                return Some(character.to_ascii_lowercase());
            }
            let initial = *known.entry(character).or_insert_with(|| {
                character
                    .to_pinyin()
                    .and_then(|pinyin| pinyin.first_letter().chars().next())
                    .unwrap_or('\0')
            });
            (initial != '\0').then_some(initial)
        })
        .collect()
}

/// Whether a search text can be initials: letters and digits only.
pub fn looks_like_initials(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_initials() {
        let mut known = HashMap::new();
        assert_eq!(initials("西安市第一中学", &mut known), "xasdyzx");
        assert_eq!(initials("延安市宝塔区 2 小", &mut known), "yasbtq2x");
        assert!(looks_like_initials("xasd"));
        assert!(!looks_like_initials("西安"));
    }
}
