//! Mistakes in definitions: where, what, and what to write instead.

use std::cell::RefCell;
use std::fmt;

/// A mistake in a definition file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path inside the definitions folder.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub instead: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "standard/{}:{}: {}; {}",
            self.file, self.line, self.what, self.instead
        )
    }
}

impl std::error::Error for Problem {}

/// Collects problems while files are read, so that all are found and not the first alone.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: RefCell<Vec<Problem>>,
}

impl Report {
    pub(crate) fn add(
        &self,
        file: &str,
        line: u32,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(Problem {
            file: file.to_owned(),
            line,
            what: what.into(),
            instead: instead.into(),
        });
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// "write `x`" for the nearest of the allowed words, or the list of them when none is near.
pub(crate) fn write_instead<'w>(wrong: &str, allowed: impl IntoIterator<Item = &'w str>) -> String {
    let allowed: Vec<&str> = allowed
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(near) = nearest(wrong, allowed.iter().copied()) {
        return format!("write `{near}`");
    }
    match allowed.len() {
        0 => "remove it".to_owned(),
        1..=12 => format!("write one of: {}", allowed.join(", ")),
        _ => format!(
            "write one of: {}, … ({} in all)",
            allowed
                .iter()
                .take(12)
                .copied()
                .collect::<Vec<_>>()
                .join(", "),
            allowed.len()
        ),
    }
}

/// The word nearest to `wrong` by edit distance, if one is near enough to be meant.
pub fn nearest<'w>(wrong: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let length = wrong.chars().count();
    words
        .into_iter()
        .map(|word| (distance(wrong, word), word))
        .filter(|(far, word)| *far <= (length.max(word.chars().count()) / 3).max(1))
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein distance in characters; a swap of neighbours counts 1.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut earlier_char = None;
    for (index, left_char) in left.chars().enumerate() {
        let mut next = vec![index + 1];
        for (column, right_char) in right.iter().enumerate() {
            let at =
                |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let substitution = at(&row, column) + usize::from(left_char != *right_char);
            let mut best = substitution
                .min(at(&row, column + 1) + 1)
                .min(at(&next, column) + 1);
            let swapped = column > 0
                && earlier_char == Some(*right_char)
                && right.get(column - 1) == Some(&left_char);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        earlier_char = Some(left_char);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named() {
        assert_eq!(nearest("requried", ["required", "many"]), Some("required"));
        assert_eq!(
            nearest("shcool_type", ["school_type", "stage"]),
            Some("school_type")
        );
        assert_eq!(nearest("zebra", ["school_type", "stage"]), None);
        assert_eq!(
            write_instead("zebra", ["many", "title"]),
            "write one of: many, title"
        );
    }
}
