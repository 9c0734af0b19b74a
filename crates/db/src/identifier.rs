//! Names of tables and columns that come from definitions.

use crate::DbError;

/// PostgreSQL cuts longer names off silently.
const LONGEST: usize = 63;

/// Checks that a name may stand in SQL text: `[a-z_][a-z0-9_]*`, at most 63 characters.
///
/// # Errors
/// [`DbError::Query`] naming the refused name.
pub fn check(name: &str) -> Result<&str, DbError> {
    let mut characters = name.bytes();
    let first_is_right = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == b'_');
    let rest_is_right =
        characters.all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == b'_');
    if first_is_right && rest_is_right && name.len() <= LONGEST {
        return Ok(name);
    }
    let shown: String = name.chars().take(LONGEST).collect();
    Err(DbError::query(format!(
        "`{shown}` is not a name for a table or a column; write lower-case letters a-z, digits and _ only, a letter first, at most {LONGEST} of them"
    )))
}

/// The name in double quotes, so that it may be a word of SQL (`order`, `user`).
///
/// # Errors
/// As [`check`].
pub fn quote(name: &str) -> Result<String, DbError> {
    Ok(format!("\"{}\"", check(name)?))
}

/// Several names, quoted and separated by commas.
///
/// # Errors
/// As [`check`].
pub fn quote_list(names: &[&str]) -> Result<String, DbError> {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&quote(name)?);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_taken() {
        assert_eq!(quote("order").unwrap(), "\"order\"");
        assert_eq!(quote_list(&["a", "_b1"]).unwrap(), "\"a\", \"_b1\"");
        for name in [
            "",
            "1a",
            "A",
            "a b",
            "a\"b",
            "a;b",
            "学校",
            "a-b",
            &"a".repeat(64),
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
