//! What can go wrong, in words a person who writes definitions can act on.

use std::fmt;

/// A check whose SQL cannot be used, found before any row is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFault {
    /// Position of the check in the list given to [`crate::Checker::new`].
    pub check: usize,
    /// What is wrong, e.g. "unknown column `pupls`".
    pub what: String,
    /// What to write instead, where a near name exists, e.g. "pupils".
    pub instead: Option<String>,
}

impl fmt::Display for SqlFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(out, &self.what, self.instead.as_deref())
    }
}

/// Why a table could not be made or a query not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// Columns do not fit their schema or each other, or a table does not fit where it is given.
    #[error("{0}")]
    Shape(String),
    /// The SQL text cannot be used.
    #[error("{}", Fault { what: what.clone(), instead: instead.clone() })]
    Sql {
        /// What is wrong.
        what: String,
        /// What to write instead, where a near name exists.
        instead: Option<String>,
    },
    /// The SQL met a value it cannot work on, such as a cast that fails. The text may quote the
    /// value: show it to who may see the row, do not log it.
    #[error("the statement met a value it cannot work on: {0}")]
    Value(String),
    /// Row ranges that do not lie inside the rows held.
    #[error("{0}")]
    Range(String),
    /// Memory or time ran out.
    #[error("{0}; narrow the selection or split the question")]
    Limit(String),
    /// The engine failed for a reason that is not the caller's.
    #[error("columns engine: {0}")]
    Engine(String),
}

/// What is wrong with an SQL text, before it is known which check it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: String,
    pub(crate) instead: Option<String>,
}

impl Fault {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            instead: None,
        }
    }

    pub(crate) fn of_check(self, check: usize) -> SqlFault {
        SqlFault {
            check,
            what: self.what,
            instead: self.instead,
        }
    }
}

impl From<Fault> for ColumnsError {
    fn from(fault: Fault) -> Self {
        Self::Sql {
            what: fault.what,
            instead: fault.instead,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(out, &self.what, self.instead.as_deref())
    }
}

fn write_fault(out: &mut fmt::Formatter<'_>, what: &str, instead: Option<&str>) -> fmt::Result {
    match instead {
        Some(instead) => write!(out, "{what}; did you mean `{instead}`"),
        None => out.write_str(what),
    }
}

/// The known name nearest to a wrong one, if it is near enough to be meant.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let allowed = (wrong.chars().count() / 3).max(2);
    known
        .map(|name| {
            // A name left unfinished is nearer than one with as many letters wrong.
            let unfinished = wrong.len() > 3 && name.starts_with(wrong);
            (if unfinished { 1 } else { edits(wrong, name) }, name)
        })
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name.to_owned())
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one name into the other.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut from_before = None;
    for (line, from) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut last = line + 1;
        next.push(last);
        let mut to_before = None;
        for (column, to) in right.iter().copied().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let replaced = cell(&row, column) + usize::from(from != to);
            last = replaced.min(cell(&row, column + 1) + 1).min(last + 1);
            if from_before == Some(to) && to_before == Some(from) && column > 0 {
                last = last.min(cell(&above, column - 1) + 1);
            }
            next.push(last);
            to_before = Some(to);
        }
        above = std::mem::replace(&mut row, next);
        from_before = Some(from);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(edits("pupls", "pupils"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("学校", "学"), 1);
        assert_eq!(edits("same", "same"), 0);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("smu", "sum"), 1);
        assert_eq!(edits("lenght", "length"), 1);
    }

    #[test]
    fn suggests_only_near_names() {
        let known = ["pupils", "classes"];
        assert_eq!(
            nearest("pupls", known.into_iter()),
            Some("pupils".to_owned())
        );
        assert_eq!(nearest("teachers", known.into_iter()), None);
    }
}
