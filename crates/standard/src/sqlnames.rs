//! The names in the SQL of checks, held against the fields and functions that exist.
//!
//! Not a parser: the checker plans every statement at start. This finds misspelt names with their line and
//! the nearest right name, which a planner's message does not have.

use std::collections::BTreeSet;

/// A name in SQL that nothing knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownName {
    pub(crate) name: String,
    /// Lines below the first line of the SQL.
    pub(crate) line: u32,
    /// Stands before a bracket.
    pub(crate) is_function: bool,
}

/// Words of the dialect that definitions use.
const KEYWORDS: [&str; 60] = [
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "bigint",
    "by",
    "case",
    "cast",
    "cross",
    "current",
    "date",
    "desc",
    "distinct",
    "double",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "following",
    "from",
    "full",
    "group",
    "having",
    "ilike",
    "in",
    "inner",
    "interval",
    "intersect",
    "is",
    "join",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "nulls",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "preceding",
    "right",
    "row",
    "rows",
    "select",
    "similar",
    "then",
    "true",
    "union",
    "using",
    "varchar",
    "when",
    "where",
    "with",
];

/// Functions of the dialect that definitions may use.
pub(crate) const BUILT_IN: [&str; 44] = [
    "abs",
    "array_length",
    "avg",
    "btrim",
    "ceil",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "contains",
    "count",
    "date_part",
    "dense_rank",
    "ends_with",
    "extract",
    "first_value",
    "floor",
    "greatest",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "position",
    "rank",
    "regexp_count",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "replace",
    "right",
    "round",
    "row_number",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "sum",
    "trim",
];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Mark(char),
}

/// Names that are neither keywords, columns, known functions nor aliases made in the statement.
pub(crate) fn unknown_names(
    sql: &str,
    columns: &BTreeSet<&str>,
    functions: &BTreeSet<&str>,
) -> Vec<UnknownName> {
    let tokens = tokens(sql);
    let aliases = aliases(&tokens);
    let mut unknown: Vec<UnknownName> = Vec::new();
    for (place, (token, line)) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let is_function = matches!(tokens.get(place + 1), Some((Token::Mark('('), _)));
        let known = aliases.contains(word)
            || if is_function {
                functions.contains(word.as_str())
                    || BUILT_IN.contains(&word.as_str())
                    || KEYWORDS.contains(&word.as_str())
            } else {
                columns.contains(word.as_str())
                    || KEYWORDS.contains(&word.as_str())
                    || word == "staged"
                    || is_date_part(&tokens, place)
            };
        if !known && !unknown.iter().any(|other| other.name == *word) {
            unknown.push(UnknownName {
                name: word.clone(),
                line: *line,
                is_function,
            });
        }
    }
    unknown
}

/// `year` in `EXTRACT(year FROM …)`.
fn is_date_part(tokens: &[(Token, u32)], place: usize) -> bool {
    let before = |back: usize| {
        place
            .checked_sub(back)
            .and_then(|at| tokens.get(at))
            .map(|(token, _)| token)
    };
    before(1) == Some(&Token::Mark('(')) && before(2) == Some(&Token::Word("extract".to_owned()))
}

/// Names that the statement itself makes: after AS, before `AS (`, after a table or a closing bracket.
fn aliases(tokens: &[(Token, u32)]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for pair in tokens.windows(2) {
        let [(left, _), (right, _)] = pair else {
            continue;
        };
        let (left_word, right_word) = (word(left), word(right));
        if left_word == Some("as") || left_word == Some("staged") || *left == Token::Mark(')') {
            names.extend(
                right_word
                    .filter(|name| !KEYWORDS.contains(name))
                    .map(str::to_owned),
            );
        }
        if right_word == Some("as") || left_word == Some("with") {
            let made = if left_word == Some("with") {
                right_word
            } else {
                None
            };
            names.extend(made.map(str::to_owned));
        }
    }
    for triple in tokens.windows(3) {
        let [(name, _), (keyword, _), (mark, _)] = triple else {
            continue;
        };
        if word(keyword) == Some("as") && *mark == Token::Mark('(') {
            names.extend(word(name).map(str::to_owned));
        }
    }
    // A table made by WITH may carry an alias of its own.
    let made = names.clone();
    for pair in tokens.windows(2) {
        let [(left, _), (right, _)] = pair else {
            continue;
        };
        if word(left).is_some_and(|name| made.contains(name)) {
            names.extend(
                word(right)
                    .filter(|name| !KEYWORDS.contains(name))
                    .map(str::to_owned),
            );
        }
    }
    names
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word),
        Token::Mark(_) => None,
    }
}

fn tokens(sql: &str) -> Vec<(Token, u32)> {
    let mut tokens = Vec::new();
    let mut line = 0u32;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            '\'' => {
                // A string; a doubled quote opens the next string at once, which is the same here.
                for inner in chars.by_ref() {
                    if inner == '\n' {
                        line += 1;
                    }
                    if inner == '\'' {
                        break;
                    }
                }
            }
            '-' if chars.peek() == Some(&'-') => {
                while chars.peek().is_some_and(|next| *next != '\n') {
                    chars.next();
                }
            }
            '0'..='9' => {
                while chars
                    .peek()
                    .is_some_and(|next| next.is_ascii_alphanumeric() || *next == '.')
                {
                    chars.next();
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some(next) = chars
                    .peek()
                    .filter(|next| next.is_alphanumeric() || **next == '_')
                {
                    word.push(*next);
                    chars.next();
                }
                tokens.push((Token::Word(word.to_lowercase()), line));
            }
            c if c.is_whitespace() => {}
            c => tokens.push((Token::Mark(c), line)),
        }
    }
    tokens
}
