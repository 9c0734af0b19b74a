//! SQL stands where a reader looks for it: in `db`, in stores, in `columns`, and in .sql files.

use super::rust_source::RustSource;
use super::tree::File;
use super::{Fault, Tree};

const STARTS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
];

pub(super) fn sql_has_a_home(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree
        .rust_files()
        .filter(|file| file.path.starts_with("crates/") && !may_hold_sql(file))
    {
        for literal in RustSource::parse(&file.text).literals() {
            if is_sql(&literal.text) {
                let instead = "move the statement to the room's store.rs, store/ or sql/*.sql";
                faults.push(Fault::new(
                    &file.path,
                    literal.line,
                    "SQL outside a store",
                    instead,
                ));
            }
        }
    }
    faults
}

fn may_hold_sql(file: &File) -> bool {
    let is_home = matches!(file.crate_folder(), Some("db" | "columns"));
    let is_store = file.name() == "store.rs"
        || file.path.contains("/store/")
        || file.name().starts_with("store_");
    is_home || is_store || file.is_test()
}

/// A literal that is a statement: it starts with its verb in capitals and goes on like one.
fn is_sql(text: &str) -> bool {
    let text: String = text
        .trim_start_matches(['\\', '\n', ' ', '\t'])
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        + " ";
    let starts = STARTS.iter().any(|start| text.starts_with(start));
    let is_with = text.starts_with("WITH ") && text.contains(" AS (") && text.contains("SELECT ");
    let is_select_of_something = !text.starts_with("SELECT ") || text.len() > "SELECT ".len();
    let is_update = !text.starts_with("UPDATE ") || text.contains(" SET ");
    (starts && is_select_of_something && is_update) || is_with
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: &str = "fn f(tx: &mut Tx) {\n    tx.fetch_all(\"SELECT id FROM unit\", &[]);\n    tx.execute(\n        \"\\\n        UPDATE unit SET until = $1\", &[]);\n}\n";

    #[test]
    fn a_statement_outside_a_store_is_found_with_its_line() {
        let faults = sql_has_a_home(&Tree::example(&[(
            "crates/registry/src/pages/list.rs",
            BAD,
        )]));
        assert_eq!(
            faults.iter().map(|fault| fault.line).collect::<Vec<_>>(),
            [2, 4]
        );
    }

    #[test]
    fn stores_the_facade_columns_and_tests_may_hold_statements() {
        let homes = [
            "crates/registry/src/store.rs",
            "crates/registry/src/ledger/store/read.rs",
            "crates/db/src/jobs.rs",
            "crates/columns/src/checker.rs",
            "crates/registry/src/ledger/tests.rs",
            "crates/e2e/src/lib.rs",
        ];
        for home in homes {
            assert_eq!(sql_has_a_home(&Tree::example(&[(home, BAD)])), [], "{home}");
        }
        let in_test_module = format!("#[cfg(test)]\nmod tests {{\n{BAD}\n}}\n");
        assert_eq!(
            sql_has_a_home(&Tree::example(&[(
                "crates/geo/src/layers.rs",
                &in_test_module
            )])),
            []
        );
    }

    #[test]
    fn words_are_not_statements() {
        for words in [
            "Select a file",
            "UPDATE the list",
            "SELECT",
            "Please DELETE FROM here",
        ] {
            assert!(!is_sql(words), "{words}");
        }
        assert!(is_sql("WITH open AS (SELECT 1) SELECT * FROM open"));
        assert!(is_sql("SELECT\n  name\nFROM unit"));
    }
}
