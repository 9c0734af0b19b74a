//! What must be written down, and where.

use super::tree::File;
use super::{Fault, Tree};

pub(super) fn crate_comments(tree: &Tree) -> Vec<Fault> {
    let is_root = |file: &&File| {
        let inner = file
            .path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once('/'))
            .map(|(_, inner)| inner);
        matches!(inner, Some("src/lib.rs" | "src/main.rs")) || file.path == "xtask/src/main.rs"
    };
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(is_root) {
        let first = file
            .text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        let comment = first.strip_prefix("//!").map(str::trim).unwrap_or_default();
        if comment.split_whitespace().count() < 3 {
            let instead = "start the file with //! and a sentence: what the crate owns and what always holds in it";
            faults.push(Fault::new(
                &file.path,
                1,
                "the crate does not say what it owns",
                instead,
            ));
        }
    }
    faults
}

pub(super) fn decision_records(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut numbers: Vec<(u32, &str)> = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.starts_with("docs/adr/") && file.path.ends_with(".md"))
    {
        let Some(number) = number_of(file.name()) else {
            faults.push(Fault::new(
                &file.path,
                1,
                "a decision record without a number",
                "name it NNNN-in-a-few-words.md",
            ));
            continue;
        };
        if let Some((_, other)) = numbers.iter().find(|(taken, _)| *taken == number) {
            faults.push(Fault::new(
                &file.path,
                1,
                format!("the number {number:04} is taken by {other}"),
                "take the next free number",
            ));
        }
        numbers.push((number, &file.path));
        let heading = format!("# {number:04}");
        if !file.text.starts_with(&heading) {
            faults.push(Fault::new(
                &file.path,
                1,
                "the heading lacks the number",
                format!("start with `{heading}` and the title"),
            ));
        }
    }
    faults
}

fn number_of(name: &str) -> Option<u32> {
    let (number, rest) = name.split_once('-')?;
    let is_right = number.len() == 4 && rest.len() > ".md".len();
    number.parse().ok().filter(|_| is_right)
}

pub(super) fn same_headings(tree: &Tree) -> Vec<Fault> {
    let (Some(english), Some(chinese)) = (tree.file("README.md"), tree.file("README.zh-CN.md"))
    else {
        return vec![Fault::new(
            "README.md",
            1,
            "README.md and README.zh-CN.md must both exist",
            "write the missing one",
        )];
    };
    let (ours, theirs) = (headings(&english.text), headings(&chinese.text));
    let differs = ours
        .iter()
        .zip(&theirs)
        .find(|(one, other)| one.level != other.level);
    let instead = "give both the same parts in the same order";
    if let Some((one, other)) = differs {
        let what = format!(
            "the heading “{}” stands where the other README has “{}”",
            other.text, one.text
        );
        return vec![Fault::new(&chinese.path, other.line, what, instead)];
    }
    if ours.len() != theirs.len() {
        let what = format!("{} headings; README.md has {}", theirs.len(), ours.len());
        return vec![Fault::new(&chinese.path, 1, what, instead)];
    }
    Vec::new()
}

struct Heading {
    level: usize,
    line: usize,
    text: String,
}

fn headings(text: &str) -> Vec<Heading> {
    let mut in_code = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !in_code && level > 0 {
            found.push(Heading {
                level,
                line: index + 1,
                text: line.trim_start_matches('#').trim().to_owned(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_says_what_it_owns() {
        let good = Tree::example(&[
            (
                "crates/db/src/lib.rs",
                "//! Two databases behind one facade.\n",
            ),
            ("crates/db/src/bulk.rs", ""),
        ]);
        assert_eq!(crate_comments(&good), []);
        let bad = Tree::example(&[
            ("crates/db/src/lib.rs", "//! db\npub fn f() {}\n"),
            ("crates/geo/src/lib.rs", "mod a;\n"),
        ]);
        assert_eq!(crate_comments(&bad).len(), 2);
    }

    #[test]
    fn decision_records_are_numbered_once() {
        let good = Tree::example(&[
            ("docs/adr/0001-records.md", "# 0001 Records\n"),
            ("docs/adr/0002-libraries.md", "# 0002: Libraries\n"),
        ]);
        assert_eq!(decision_records(&good), []);
        let bad = Tree::example(&[
            ("docs/adr/0001-a.md", "# 0001 A\n"),
            ("docs/adr/0001-b.md", "# 0001 B\n"),
            ("docs/adr/c.md", "# C\n"),
            ("docs/adr/0004-d.md", "# D\n"),
        ]);
        assert_eq!(decision_records(&bad).len(), 3);
    }

    #[test]
    fn both_readmes_have_the_same_parts() {
        let english = (
            "README.md",
            "# Weihe\n## Start\n```\n# not a heading\n```\n## Read on\n",
        );
        assert_eq!(
            same_headings(&Tree::example(&[
                english,
                ("README.zh-CN.md", "# 渭河\n## 开始\n## 继续阅读\n")
            ])),
            []
        );
        let shorter = same_headings(&Tree::example(&[
            english,
            ("README.zh-CN.md", "# 渭河\n## 开始\n"),
        ]));
        assert_eq!(shorter[0].what, "2 headings; README.md has 3");
        let other = same_headings(&Tree::example(&[
            english,
            ("README.zh-CN.md", "# 渭河\n### 开始\n## 继续阅读\n"),
        ]));
        assert_eq!(other[0].line, 2);
        assert_eq!(same_headings(&Tree::example(&[english])).len(), 1);
    }
}
