//! Rules over the text of any file.

use super::rust_source::RustSource;
use super::tree::File;
use super::{Fault, Tree};

const LONGEST: usize = 800;
const SOURCES: &[&str] = &[".rs", ".ts", ".css", ".mjs", ".sql"];

/// Written by package managers; their paths are names of packages.
const LOCK_FILES: &[&str] = &["Cargo.lock", "package-lock.json"];

/// Folders at the root of a developer's machine.
const MACHINE_FOLDERS: &[&str] = &["work", "root", "home", "Users"];

pub(super) fn lengths(tree: &Tree) -> Vec<Fault> {
    let is_source = |file: &&File| SOURCES.iter().any(|ending| file.path.ends_with(ending));
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(is_source) {
        let count = file.text.lines().count();
        if count > LONGEST {
            let what = format!("{count} lines, {LONGEST} are the limit");
            faults.push(Fault::new(
                &file.path,
                LONGEST,
                what,
                "split it into modules, one concern each",
            ));
        }
    }
    faults
}

pub(super) fn no_allow(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.rust_files() {
        for (number, line) in every_line_of_code(file) {
            let compact: String = line.split_whitespace().collect();
            if compact.contains("#[allow(") || compact.contains("#![allow(") {
                let instead = "write #[expect(lint, reason = \"…\")], which tells when it is no longer needed";
                faults.push(Fault::new(&file.path, number, "a lint is allowed", instead));
            }
        }
    }
    faults
}

/// The code with its comments and strings blanked; tests too, since this rule is for them as well.
fn every_line_of_code(file: &File) -> Vec<(usize, String)> {
    let unmarked = file.text.replace("#[cfg(test)]", "#[cfg(any())]");
    RustSource::parse(&unmarked)
        .lines()
        .map(|(number, line)| (number, line.to_owned()))
        .collect()
}

pub(super) fn no_machine_paths(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| !LOCK_FILES.contains(&file.name()))
    {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(folder) = machine_folder(line) {
                let instead = "write a path from the root of the clone, or $HOME";
                faults.push(Fault::new(
                    &file.path,
                    index + 1,
                    format!("a path of one machine, below /{folder}"),
                    instead,
                ));
            }
        }
    }
    faults
}

/// The machine's folder that a line names as an absolute path: `/NAME/x` at a word's start.
fn machine_folder(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.iter().copied().find(|folder| {
        let path = format!("/{folder}/");
        line.match_indices(&path).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line
                .get(at + path.len()..)
                .and_then(|after| after.chars().next());
            let starts_a_word =
                before.is_none_or(|letter| letter.is_whitespace() || "\"'`(=:,[<".contains(letter));
            starts_a_word && after.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
        })
    })
}

pub(super) fn reference_folder(tree: &Tree) -> Vec<Fault> {
    let name = ["..", "shared"].join("/");
    let mut faults = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| !may_name_the_reference_folder(file))
    {
        let in_tests = |number: usize| {
            file.is_rust()
                && !RustSource::parse(&file.text)
                    .lines()
                    .any(|(line, _)| line == number)
        };
        for (index, line) in file.text.lines().enumerate() {
            if line.contains(&name) && !in_tests(index + 1) {
                let instead = "only tests, xtask and developers' documents may name it: the program never reads it";
                faults.push(Fault::new(
                    &file.path,
                    index + 1,
                    format!("names {name}"),
                    instead,
                ));
            }
        }
    }
    faults
}

/// What writes HTML from text, runs text, or keeps something in the browser.
const NOT_IN_SCRIPTS: &[&str] = &[
    "innerHTML=",
    "outerHTML=",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "newFunction(",
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "document.cookie",
];

pub(super) fn scripts(tree: &Tree) -> Vec<Fault> {
    let is_script = |file: &&File| file.path.starts_with("web/src/") && file.path.ends_with(".ts");
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(is_script) {
        for (index, line) in file.text.lines().enumerate() {
            let compact: String = line.split_whitespace().collect();
            let compact = compact.replace("===", "").replace("==", "");
            for banned in NOT_IN_SCRIPTS {
                if compact.contains(banned) {
                    let what = format!("a script uses {}", banned.trim_end_matches(['=', '(']));
                    let instead = "put text in as text and nodes as nodes; what must be kept, the server keeps";
                    faults.push(Fault::new(&file.path, index + 1, what, instead));
                }
            }
        }
    }
    faults
}

fn may_name_the_reference_folder(file: &File) -> bool {
    let is_developers_document = file.path.starts_with("docs/") || file.path == "CONTRIBUTING.md";
    file.is_test()
        || is_developers_document
        || file.path.starts_with("xtask/")
        || LOCK_FILES.contains(&file.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_write_no_html_and_keep_nothing() {
        let good = "const same = one.innerHTML === other.innerHTML;\nplace.textContent = words;\n";
        assert_eq!(scripts(&Tree::example(&[("web/src/a.ts", good)])), []);
        let bad =
            "place.innerHTML = words;\nlocalStorage.setItem(a, b);\nnew Function (words)();\n";
        let faults = scripts(&Tree::example(&[
            ("web/src/map/a.ts", bad),
            ("web/test/a.mjs", bad),
        ]));
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 2, 3], "{faults:?}");
    }

    #[test]
    fn a_long_file_is_found_and_a_long_table_is_not() {
        let long = "x\n".repeat(LONGEST + 1);
        let faults = lengths(&Tree::example(&[
            ("crates/geo/src/lib.rs", &long),
            ("standard/codes/x.csv", &long),
        ]));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].what, "801 lines, 800 are the limit");
        assert_eq!(
            lengths(&Tree::example(&[("web/src/a.ts", &"x\n".repeat(LONGEST))])),
            []
        );
    }

    #[test]
    fn allow_is_found_also_in_tests_but_not_in_words() {
        let good = "// never #[allow(dead_code)]\n#[expect(dead_code, reason = \"x\")]\nconst A: &str = \"#[allow(x)]\";\n";
        assert_eq!(
            no_allow(&Tree::example(&[("crates/db/src/lib.rs", good)])),
            []
        );
        let bad = "#![allow(missing_docs)]\n#[cfg(test)]\nmod tests {\n    #[allow (unused)]\n    fn f() {}\n}\n";
        let faults = no_allow(&Tree::example(&[("crates/db/src/lib.rs", bad)]));
        assert_eq!(
            faults.iter().map(|fault| fault.line).collect::<Vec<_>>(),
            [1, 4]
        );
    }

    #[test]
    fn a_path_of_one_machine_is_found_and_an_address_is_not() {
        for folder in MACHINE_FOLDERS {
            let bad = format!("first\nlet path = \"/{folder}/somebody/file\";\n");
            assert_eq!(
                no_machine_paths(&Tree::example(&[("docs/x.md", &bad)]))[0].line,
                2
            );
        }
        let good = format!(
            "$HOME/.cache, ~/x, crates/{0}/src, https://example.org/{0}/x, /{0}-list, the folder /{0}/ itself\n",
            "home"
        );
        assert_eq!(
            no_machine_paths(&Tree::example(&[("docs/x.md", &good)])),
            []
        );
    }

    #[test]
    fn the_reference_folder_is_named_by_tests_only() {
        let line = format!("let folder = \"{}/data\";\n", ["..", "shared"].join("/"));
        let in_tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{line}}}\n");
        let good = [
            ("crates/testkit/src/lib.rs", line.as_str()),
            ("docs/first-run.md", &line),
            ("crates/geo/src/lib.rs", &in_tests),
        ];
        assert_eq!(reference_folder(&Tree::example(&good)), []);
        assert_eq!(
            reference_folder(&Tree::example(&[
                ("crates/geo/src/lib.rs", &line),
                ("standard/codes/x.csv", &line)
            ]))
            .len(),
            2
        );
    }
}
