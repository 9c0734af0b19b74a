//! docs/security/asvs.md: every requirement of the list beside it stands there once, and what it cites is there.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::File;
use super::{Fault, Tree};

const TABLE: &str = "docs/security/asvs.md";
/// Numbers and levels, tab between them.
const LIST: &str = "docs/security/asvs.tsv";
/// The heading under which what is open is told by weight.
const OPEN: &str = "## Open points";

const PROVED: [&str; 2] = ["proved", "proved in part"];
const NOT_PROVED: [&str; 2] = ["not applicable", "open"];

pub(super) fn requirements(tree: &Tree) -> Vec<Fault> {
    let (Some(table), Some(list)) = (tree.file(TABLE), tree.file(LIST)) else {
        let what = "the table of ASVS requirements, or the list of their numbers, is missing";
        return vec![Fault::new(
            TABLE,
            1,
            what,
            format!("keep {TABLE} and {LIST}"),
        )];
    };
    let (levels, mut faults) = levels(list);
    let mut seen = BTreeSet::new();
    let mut open = BTreeSet::new();
    for row in rows(table) {
        let mut fault = |what: String, instead: &str| {
            faults.push(Fault::new(TABLE, row.line, what, instead));
        };
        match levels.get(row.number) {
            None => fault(
                format!("{} stands in no list", row.number),
                "write a number of docs/security/asvs.tsv",
            ),
            Some(level) if *level != row.level => fault(
                format!("{} is of level {level}, not {}", row.number, row.level),
                "write the level of docs/security/asvs.tsv",
            ),
            Some(_) => {}
        }
        if !seen.insert(row.number) {
            fault(format!("{} stands twice", row.number), "keep one row");
        }
        let cited = row.cited();
        for span in &cited {
            if !is_there(tree, span) {
                fault(
                    format!("`{span}` is not there"),
                    "cite crate::module::test or file: words of the file, as they are now",
                );
            }
        }
        if PROVED.contains(&row.state) {
            if cited.is_empty() {
                fault(
                    format!("{} is {} by nothing", row.number, row.state),
                    "cite a test or a page, or write `open`",
                );
            }
        } else if NOT_PROVED.contains(&row.state) {
            if row.reason.is_empty() {
                fault(
                    format!("{} is {} without a reason", row.number, row.state),
                    "write the reason, or what is missing",
                );
            }
        } else {
            fault(
                format!("“{}” is no state", row.state),
                "write proved, proved in part, not applicable or open",
            );
        }
        if row.state == "open" {
            open.insert(row.number);
        }
    }
    let absent = levels.keys().filter(|number| !seen.contains(*number));
    faults.extend(absent.map(|number| {
        let what = format!("{number} is missing");
        Fault::new(TABLE, 1, what, "add its row")
    }));
    let (_, told) = table.text.split_once(OPEN).unwrap_or_default();
    let told: BTreeSet<&str> = numbers(told).collect();
    faults.extend(open.difference(&told).map(|number| {
        let what = format!("{number} is open and not among the open points");
        Fault::new(TABLE, 1, what, format!("name it under `{OPEN}`"))
    }));
    faults
}

/// The numbers of the list with their levels.
fn levels(list: &File) -> (BTreeMap<&str, &str>, Vec<Fault>) {
    let mut levels = BTreeMap::new();
    let mut faults = Vec::new();
    for (index, line) in list.text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = line
            .split_once('\t')
            .filter(|(number, level)| is_number(number) && matches!(*level, "1" | "2"));
        let is_new = pair.is_some_and(|(number, level)| levels.insert(number, level).is_none());
        if !is_new {
            let what = "no number with its level, or one that stands twice";
            let instead = "write NUMBER, a tab, and 1 or 2";
            faults.push(Fault::new(LIST, index + 1, what, instead));
        }
    }
    (levels, faults)
}

fn is_number(text: &str) -> bool {
    let mut parts = 0;
    let plain = text.split('.').all(|part| {
        parts += 1;
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    plain && parts == 3
}

/// Every number of a requirement in a text.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| is_number(word))
}

struct Row<'t> {
    line: usize,
    number: &'t str,
    level: &'t str,
    state: &'t str,
    reason: &'t str,
}

impl<'t> Row<'t> {
    /// What stands between backticks and names a test or a file.
    fn cited(&self) -> Vec<&'t str> {
        self.reason
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| span.contains("::") || file_of(span).is_some())
            .collect()
    }
}

fn rows(table: &File) -> impl Iterator<Item = Row<'_>> {
    table.text.lines().enumerate().filter_map(|(index, line)| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        let mut cells = inner.split('|').map(str::trim);
        let number = cells.next().filter(|cell| is_number(cell))?;
        let level = cells.next()?;
        let _what = cells.next()?;
        Some(Row {
            line: index + 1,
            number,
            level,
            state: cells.next()?,
            reason: cells.next()?,
        })
    })
}

/// The path and the words that it must hold, of `path` or `path: words`.
fn file_of(span: &str) -> Option<(&str, &str)> {
    const ENDINGS: [&str; 9] = [
        ".md", ".mjs", ".ts", ".toml", ".tsv", ".rs", ".sql", ".txt", ".snap",
    ];
    let (path, words) = span.split_once(": ").unwrap_or((span, ""));
    let is_path = !path.contains(' ') && ENDINGS.iter().any(|ending| path.ends_with(ending));
    is_path.then_some((path, words))
}

fn is_there(tree: &Tree, span: &str) -> bool {
    if let Some((path, words)) = file_of(span) {
        return tree
            .file(path)
            .is_some_and(|file| file.text.contains(words));
    }
    let mut parts = span.split("::");
    let Some(folder) = parts.next() else {
        return false;
    };
    let mut modules: Vec<&str> = parts.collect();
    let Some(name) = modules.pop() else {
        return false;
    };
    tree.rust_files()
        .filter(|file| file.crate_folder() == Some(folder))
        .filter(|file| {
            let path = file.path.trim_end_matches(".rs");
            modules
                .iter()
                .all(|module| *module == "tests" || path.split('/').any(|part| part == *module))
        })
        .any(|file| has_test(&file.text, name))
}

/// Whether a text holds a test of this name, also one for both engines.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let start = format!("fn {name}(");
    let for_both = text.contains("on_both_engines!");
    lines.iter().enumerate().any(|(index, line)| {
        let bare = line.trim_start();
        let bare = bare.strip_prefix("async ").unwrap_or(bare);
        if !bare.starts_with(&start) {
            return false;
        }
        let is_within = line.starts_with("    async fn") && line.contains("(place: &TestPlace)");
        let before = lines
            .get(index.saturating_sub(4)..index)
            .unwrap_or_default();
        let is_marked = before
            .iter()
            .rev()
            .map(|line| line.trim())
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| line == "#[test]" || line.starts_with("#[tokio::test"));
        is_marked || (for_both && is_within)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: (&str, &str) = (LIST, "# from somewhere\n1.1.1\t2\n1.2.1\t1\n6.2.5\t1\n");
    const FLOW: (&str, &str) = (
        "crates/security/src/tests/flow.rs",
        "db::on_both_engines! {\n    async fn one_signs_in(place: &TestPlace) {}\n}\n\
         #[test]\n#[cfg(unix)]\nfn names_agree() {}\nfn helper() {}\n",
    );
    const BROWSER: (&str, &str) = ("web/test/a.test.mjs", "test(\"it works\", f);\n");

    fn check(table: &str) -> Vec<String> {
        let tree = Tree::example(&[LISTED, FLOW, BROWSER, (TABLE, table)]);
        let faults = requirements(&tree);
        faults.into_iter().map(|fault| fault.what).collect()
    }

    #[test]
    fn a_table_that_cites_what_is_there_is_right() {
        let table = "# ASVS\n| number | level | what | state | proof |\n|---|---|---|---|---|\n\
            | 1.1.1 | 2 | once | proved | `security::tests::flow::one_signs_in`, `security::flow::names_agree` |\n\
            | 1.2.1 | 1 | fits | proved in part | `web/test/a.test.mjs: it works`; no more than `Secure` |\n\
            | 6.2.5 | 1 | any | open | nothing asks for it |\n\n## Open points\n\n1. 6.2.5: nobody did it.\n";
        assert_eq!(check(table), [] as [String; 0]);
    }

    #[test]
    fn what_is_wrong_is_found() {
        let table = "| 1.1.1 | 1 | once | proved | yes |\n\
            | 1.1.1 | 2 | once | proved | `security::tests::flow::helper` |\n\
            | 9.9.9 | 2 | x | perhaps | y |\n\
            | 6.2.5 | 1 | any | open | |\n\
            | 1.2.1 | 1 | any | proved | `web/test/a.test.mjs: it fails` `db::flow::one_signs_in` |\n";
        let what = check(table);
        for part in [
            "1.1.1 is of level 2, not 1",
            "1.1.1 is proved by nothing",
            "1.1.1 stands twice",
            "`security::tests::flow::helper` is not there",
            "9.9.9 stands in no list",
            "“perhaps” is no state",
            "6.2.5 is open without a reason",
            "`web/test/a.test.mjs: it fails` is not there",
            "`db::flow::one_signs_in` is not there",
            "6.2.5 is open and not among the open points",
        ] {
            assert!(what.iter().any(|what| what == part), "{part}: {what:#?}");
        }
        assert_eq!(what.len(), 10, "{what:#?}");
        let bare = check("## Open points\n");
        assert_eq!(
            bare,
            ["1.1.1 is missing", "1.2.1 is missing", "6.2.5 is missing"]
        );
        let list = Tree::example(&[
            (LIST, "1.1\t2\n1.1.1\t3\n1.1.2\t2\n1.1.2\t2\n"),
            (TABLE, ""),
        ]);
        assert_eq!(requirements(&list).len(), 4);
        assert_eq!(requirements(&Tree::example(&[])).len(), 1);
    }
}
