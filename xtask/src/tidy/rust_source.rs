//! Rust text taken apart just far enough for the rules: code, string literals, test regions.

/// A string literal and the line it starts on (from 1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A Rust file without its comments, its strings apart.
pub(crate) struct RustSource {
    /// The code; comments and the insides of strings are blanks, so that lines and columns stay
    code: Vec<String>,
    literals: Vec<Literal>,
    in_tests: Vec<bool>,
}

impl RustSource {
    pub(crate) fn parse(text: &str) -> Self {
        let mut scanner = Scanner::new(text);
        scanner.run();
        let code: Vec<String> = scanner.code.split('\n').map(str::to_owned).collect();
        let in_tests = test_lines(&code);
        Self {
            code,
            literals: scanner.literals,
            in_tests,
        }
    }

    /// The lines of code that are not compiled for tests only, with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .iter()
            .enumerate()
            .map(|(index, line)| (index + 1, line.as_str()))
            .filter(|(number, _)| !self.is_test_line(*number))
    }

    /// The string literals outside tests.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &Literal> {
        self.literals
            .iter()
            .filter(|literal| !self.is_test_line(literal.line))
    }

    fn is_test_line(&self, number: usize) -> bool {
        self.in_tests.get(number - 1).copied().unwrap_or(false)
    }
}

/// True where `code` names a crate or module: as `name::…`, or after `use`.
pub(crate) fn names_path(code: &str, name: &str) -> bool {
    let mut from = 0;
    while let Some(found) = code.get(from..).and_then(|rest| rest.find(name)) {
        let start = from + found;
        let end = start + name.len();
        from = end;
        let before = code.get(..start).unwrap_or_default();
        let after = code.get(end..).unwrap_or_default();
        let starts_a_word = !before.ends_with(|letter: char| {
            letter.is_alphanumeric() || letter == '_' || letter == ':' || letter == '.'
        });
        let is_path = after.starts_with("::");
        let is_used = before.trim_end().ends_with("use") && after.starts_with([';', ' ']);
        if starts_a_word && (is_path || is_used) {
            return true;
        }
    }
    false
}

struct Scanner {
    letters: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    literals: Vec<Literal>,
}

impl Scanner {
    fn new(text: &str) -> Self {
        Self {
            letters: text.chars().collect(),
            at: 0,
            line: 1,
            code: String::with_capacity(text.len()),
            literals: Vec::new(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    /// Takes one letter; into the code as it is, or as a blank.
    fn take(&mut self, is_code: bool) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        if letter == '\n' {
            self.line += 1;
        }
        self.code.push(if is_code || letter == '\n' {
            letter
        } else {
            ' '
        });
        Some(letter)
    }

    fn run(&mut self) {
        while let Some(letter) = self.peek(0) {
            match (letter, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('r', Some('"' | '#')) if self.starts_raw_string() => self.raw_string(),
                ('\'', _) => self.letter_or_lifetime(),
                _ => {
                    self.take(true);
                }
            }
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|letter| letter != '\n') {
            self.take(false);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.take(false);
                    continue;
                }
            }
            self.take(false);
            self.take(false);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        self.take(true);
        let mut text = String::new();
        while let Some(letter) = self.peek(0) {
            if letter == '"' {
                break;
            }
            text.push(letter);
            self.take(false);
            if letter == '\\' {
                text.extend(self.take(false));
            }
        }
        self.take(true);
        self.literals.push(Literal { line, text });
    }

    /// `r"`, `r#"`, and `br"` and `cr"` with their first letter taken; not `r#type` or a name's end.
    fn starts_raw_string(&self) -> bool {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|index| self.letters.get(index));
        let ends_a_name = before.is_some_and(|letter| {
            (letter.is_alphanumeric() || *letter == '_') && !matches!(letter, 'b' | 'c')
        });
        let hashes = self.hashes_from(1);
        !ends_a_name && self.peek(1 + hashes) == Some('"')
    }

    fn hashes_from(&self, ahead: usize) -> usize {
        (ahead..)
            .take_while(|ahead| self.peek(*ahead) == Some('#'))
            .count()
    }

    fn raw_string(&mut self) {
        let line = self.line;
        let hashes = self.hashes_from(1);
        for _ in 0..hashes + 2 {
            self.take(true);
        }
        let mut text = String::new();
        while let Some(letter) = self.peek(0) {
            if letter == '"' && self.hashes_from(1) >= hashes {
                break;
            }
            text.push(letter);
            self.take(false);
        }
        for _ in 0..=hashes {
            self.take(true);
        }
        self.literals.push(Literal { line, text });
    }

    fn letter_or_lifetime(&mut self) {
        let is_escape = self.peek(1) == Some('\\');
        let is_letter = self.peek(2) == Some('\'') && self.peek(1) != Some('\'');
        self.take(true);
        if is_escape {
            self.take(false);
            self.take(false);
            while self
                .peek(0)
                .is_some_and(|letter| letter != '\'' && letter != '\n')
            {
                self.take(false);
            }
            self.take(true);
        } else if is_letter {
            self.take(false);
            self.take(true);
        }
    }
}

/// Marks the lines from each `#[cfg(test)]` to the end of the item after it.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marked = vec![false; code.len()];
    let mut index = 0;
    while index < code.len() {
        let Some(column) = code.get(index).and_then(|line| line.find("#[cfg(test)]")) else {
            index += 1;
            continue;
        };
        let last = end_of_item(code, index, column + "#[cfg(test)]".len());
        for mark in marked.iter_mut().take(last + 1).skip(index) {
            *mark = true;
        }
        index = last + 1;
    }
    marked
}

/// The line on which the item ends that starts after (line, column): at its `;`, or at the brace
/// that closes its first one.
fn end_of_item(code: &[String], line: usize, column: usize) -> usize {
    let mut depth = 0_usize;
    for (index, text) in code.iter().enumerate().skip(line) {
        let text = if index == line {
            text.get(column..).unwrap_or_default()
        } else {
            text.as_str()
        };
        for letter in text.chars() {
            match letter {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let is_end = (letter == '}' || letter == ';') && depth == 0;
            if is_end {
                return index;
            }
        }
    }
    code.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> String {
        RustSource::parse(text).code.join("\n")
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let code =
            code_of("let a = \"sqlx::query\"; // sqlx::query\n/* one /* two */ sqlx */ b();");
        assert!(!code.contains("sqlx"), "{code}");
        assert!(code.contains("let a ="), "{code}");
        assert!(code.contains("b();"), "{code}");
    }

    #[test]
    fn strings_of_every_kind_are_found_with_their_line() {
        let source = RustSource::parse(
            "f(\"a\\\"b\");\ng(r#\"c\"d\"#, '\"', b\"e\");\nlet r#type: &'static str = \"f\";",
        );
        let found: Vec<(usize, &str)> = source
            .literals()
            .map(|literal| (literal.line, literal.text.as_str()))
            .collect();
        assert_eq!(found, [(1, "a\\\"b"), (2, "c\"d"), (2, "e"), (3, "f")]);
    }

    #[test]
    fn a_test_module_is_left_out_and_what_follows_is_not() {
        let text = "fn a() { x::y() }\n#[cfg(test)]\nmod tests {\n    fn b() { \"in\"; }\n}\nfn c() { \"out\"; }\n#[cfg(test)]\nuse d;\nfn e() {}\n";
        let source = RustSource::parse(text);
        let lines: Vec<usize> = source.lines().map(|(number, _)| number).collect();
        assert_eq!(lines, [1, 6, 9, 10]);
        assert_eq!(
            source
                .literals()
                .map(|literal| literal.text.as_str())
                .collect::<Vec<_>>(),
            ["out"]
        );
    }

    #[test]
    fn a_path_is_told_from_a_word() {
        assert!(names_path("use db;", "db"));
        assert!(names_path("use db::Tx;", "db"));
        assert!(names_path("fn f(tx: &mut db::Tx)", "db"));
        assert!(names_path("use sqlx as s;", "sqlx"));
        assert!(!names_path("let db = 1;", "db"));
        assert!(!names_path("use crate::db::x;", "db"));
        assert!(!names_path("other_db::x", "db"));
    }
}
