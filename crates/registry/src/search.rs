//! Finding by what people type: a part of a name, a code, or the pinyin initials of a name.

pub use kernel::{initials, looks_like_initials};

/// A text for a `LIKE` pattern, its own wildcards made harmless with `\`.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_text_mean_themselves() {
        assert_eq!(like_pattern("50%_"), "%50\\%\\_%");
    }
}
