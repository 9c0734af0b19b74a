//! What a file may not name.

use super::rust_source::{RustSource, names_path};
use super::tree::File;
use super::{Fault, Tree};

/// A pure file decides; it neither reads the store nor knows the web.
const NOT_IN_RULES: &[&str] = &["sqlx", "axum", "db", "tokio", "crate::store", "std::fs"];

const PURE_CRATES: &[&str] = &["crypto", "kernel", "shape", "standard"];
const NOT_IN_PURE_CRATES: &[&str] = &["std::fs", "std::net", "std::process", "tokio", "axum"];

pub(super) fn rules_are_pure(tree: &Tree) -> Vec<Fault> {
    let is_rules = |file: &&File| {
        file.path.starts_with("crates/")
            && (file.name() == "rules.rs" || file.path.contains("/rules/"))
    };
    let instead = "take what is decided on as arguments and give the decision back; the handler reads and writes";
    tree.rust_files()
        .filter(is_rules)
        .flat_map(|file| named(file, NOT_IN_RULES, "rules are pure", instead))
        .collect()
}

pub(super) fn pure_crates(tree: &Tree) -> Vec<Fault> {
    let is_pure = |file: &&File| {
        file.crate_folder()
            .is_some_and(|folder| PURE_CRATES.contains(&folder))
            && file.name() != "build.rs"
            && !file.is_test()
    };
    let instead = "take bytes or text as an argument; the caller reads the file";
    tree.rust_files()
        .filter(is_pure)
        .flat_map(|file| named(file, NOT_IN_PURE_CRATES, "this crate does no I/O", instead))
        .collect()
}

fn named(file: &File, banned: &[&str], why: &str, instead: &str) -> Vec<Fault> {
    let source = RustSource::parse(&file.text);
    let mut faults = Vec::new();
    for (number, line) in source.lines() {
        for name in banned {
            if names_path(line, name) {
                faults.push(Fault::new(
                    &file.path,
                    number,
                    format!("{why}, but this names {name}"),
                    instead,
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_may_name_types_but_not_the_store() {
        let good = "//! Decides; never db::Tx.\nuse crate::model::Plan;\nfn decide(plan: &Plan) -> bool { true }\n#[cfg(test)]\nmod tests { use db::Db; }\n";
        assert_eq!(
            rules_are_pure(&Tree::example(&[("crates/registry/src/rules.rs", good)])),
            []
        );
        let bad = "use crate::model::Plan;\nuse db::Tx;\nasync fn f() { axum::body::to_bytes() }\nuse crate::store::read;\n";
        let faults = rules_are_pure(&Tree::example(&[
            ("crates/registry/src/rules.rs", bad),
            ("crates/registry/src/store.rs", bad),
        ]));
        assert_eq!(
            faults.iter().map(|fault| fault.line).collect::<Vec<_>>(),
            [2, 3, 4]
        );
    }

    #[test]
    fn pure_crates_do_not_touch_files() {
        let bad = "fn f() { let _ = std::fs::read(\"x\"); }\n";
        assert_eq!(
            pure_crates(&Tree::example(&[("crates/kernel/src/lib.rs", bad)])).len(),
            1
        );
        assert_eq!(
            pure_crates(&Tree::example(&[("crates/cli/src/lib.rs", bad)])),
            []
        );
    }
}
