//! Reading SQL text just far enough: placeholders, ends of statements, words outside of strings.

use kernel::Value;

use crate::DbError;

/// A stretch of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text outside of strings, quoted names and comments.
    Code(&'a str),
    /// A string, a quoted name or a comment, with its marks.
    Other(&'a str),
}

/// Cuts SQL text into code and everything that only looks like code.
pub(crate) fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let start = other_start(rest).unwrap_or(rest.len());
        let (code, behind) = rest.split_at(start);
        if !code.is_empty() {
            found.push(Piece::Code(code));
        }
        let (other, next) = behind.split_at(other_length(behind));
        if !other.is_empty() {
            found.push(Piece::Other(other));
        }
        rest = next;
    }
    found
}

fn other_start(text: &str) -> Option<usize> {
    let starts = ["'", "\"", "--", "/*"];
    starts.iter().filter_map(|start| text.find(start)).min()
}

/// A doubled quote inside a string reads as two strings side by side, which cuts the same way.
fn other_length(text: &str) -> usize {
    let (opening, closing) = match text.as_bytes() {
        [b'\'', ..] => (1, "'"),
        [b'"', ..] => (1, "\""),
        [b'-', b'-', ..] => (2, "\n"),
        [b'/', b'*', ..] => (2, "*/"),
        _ => return 0,
    };
    let inside = text.get(opening..).unwrap_or_default();
    inside
        .find(closing)
        .map_or(text.len(), |end| opening + end + closing.len())
}

/// The highest `$n` of a statement.
fn count_placeholders(sql: &str) -> usize {
    if !sql.contains('$') {
        return 0;
    }
    let mut highest = 0;
    for piece in pieces(sql) {
        let Piece::Code(code) = piece else { continue };
        for behind in code.split('$').skip(1) {
            let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
            let number = behind.get(..digits).and_then(|digits| digits.parse().ok());
            highest = highest.max(number.unwrap_or(0));
        }
    }
    highest
}

/// The statements of a text, cut at `;`, without empty ones.
pub(crate) fn split(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    for piece in pieces(sql) {
        match piece {
            Piece::Other(other) if other.starts_with("--") || other.starts_with("/*") => {
                current.push('\n')
            }
            Piece::Other(other) => current.push_str(other),
            Piece::Code(code) => {
                let mut parts = code.split(';');
                current.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    statements.push(std::mem::take(&mut current));
                    current.push_str(part);
                }
            }
        }
    }
    statements.push(current);
    statements.retain(|statement| !statement.trim().is_empty());
    statements
        .iter()
        .map(|statement| statement.trim().to_owned())
        .collect()
}

/// Puts `replacement` in place of a whole word outside of strings and quoted names.
pub(crate) fn replace_word(sql: &str, word: &str, replacement: &str) -> String {
    let mut changed = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match piece {
            Piece::Other(other) => changed.push_str(other),
            Piece::Code(code) => replace_in_code(code, word, replacement, &mut changed),
        }
    }
    changed
}

fn replace_in_code(code: &str, word: &str, replacement: &str, changed: &mut String) {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = code;
    while let Some(start) = rest.find(is_part) {
        let (before, behind) = rest.split_at(start);
        let (found, next) = behind.split_at(
            behind
                .find(|character| !is_part(character))
                .unwrap_or(behind.len()),
        );
        changed.push_str(before);
        changed.push_str(if found == word { replacement } else { found });
        rest = next;
    }
    changed.push_str(rest);
}

/// Refuses values without a placeholder and placeholders without a value.
pub(crate) fn check_count(sql: &str, params: &[Value]) -> Result<(), DbError> {
    let (wanted, given) = (count_placeholders(sql), params.len());
    if wanted == given {
        return Ok(());
    }
    Err(DbError::query(format!(
        "the statement has {wanted} placeholders and was given {given} values"
    )))
}

/// PostgreSQL cannot store U+0000 in text, so neither engine is given it.
pub(crate) fn refuse_nul(value: &Value, place: usize) -> Result<(), DbError> {
    match value {
        Value::Text(text) if text.as_bytes().contains(&0) => Err(DbError::query(format!(
            "the text given for ${} contains the character U+0000, which no text column can hold; remove it",
            place + 1
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_in_strings_and_comments_do_not_count() {
        assert_eq!(count_placeholders("select 1"), 0);
        assert_eq!(
            count_placeholders("select $2, $1 where a = '$9' -- $8\n and b = $3 /* $7 */"),
            3
        );
        assert_eq!(count_placeholders("select 'it''s $5', \"$6\", $12"), 12);
    }

    #[test]
    fn statements_are_cut_outside_of_strings() {
        let text = "CREATE TABLE a (x TEXT DEFAULT ';'); -- first; table\nCREATE INDEX i ON a (x) /* ; */;;\n INSERT INTO a VALUES ('it''s; so')";
        let statements = split(text);
        assert_eq!(statements.len(), 3);
        assert_eq!(statements[0], "CREATE TABLE a (x TEXT DEFAULT ';')");
        assert_eq!(statements[1], "CREATE INDEX i ON a (x)");
        assert_eq!(statements[2], "INSERT INTO a VALUES ('it''s; so')");
        assert!(split(" -- nothing\n ; ").is_empty());
        assert_eq!(split("SELECT 'open; end"), ["SELECT 'open; end"]);
    }

    #[test]
    fn whole_words_are_replaced() {
        assert_eq!(
            replace_word(
                "a BYTES, BYTESX 'BYTES' \"BYTES\" 学BYTES (BYTES)",
                "BYTES",
                "BLOB"
            ),
            "a BLOB, BYTESX 'BYTES' \"BYTES\" 学BYTES (BLOB)"
        );
    }
}
