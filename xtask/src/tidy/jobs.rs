//! A job, and a command at the machine itself, reads and writes without a person who signed in: each
//! that may is named here, with its reason. `security` refuses any other name when the program runs;
//! this rule sees to it that a reviewer of this file has seen the name.

use super::rust_source::RustSource;
use super::tree::File;
use super::{Fault, Tree};

/// A way to get a permit without a person, and who may use it for what.
struct Door {
    /// The function of `Permit`
    function: &'static str,
    /// The list in `security` that must hold the same names
    list: &'static str,
    names: &'static [(&'static str, &'static str)],
}

const DOORS: &[Door] = &[
    Door {
        function: "for_job",
        list: "JOBS",
        names: &[
            ("import", "commits the batches that a person confirmed"),
            (
                "demo",
                "loads the synthetic province into an empty data folder",
            ),
            (
                "verify",
                "recomputes every hash; shows counts and numbers only",
            ),
            (
                "export",
                "writes the file that a person asked for, over that person's units",
            ),
            (
                "columns",
                "loads the resident columns that every read is then cut from",
            ),
            ("tiles", "prepares the tiles of public fields"),
            ("sweep", "removes what has expired"),
            ("bench", "measures on data that the measurement made"),
            (
                "directory",
                "tells `security` the names and levels of units that it then shows within reach",
            ),
            (
                "workflow",
                "moves cases whose time limit ran out, and carries out what people decided",
            ),
        ],
    },
    Door {
        function: "for_operator",
        list: "OPERATORS",
        names: &[
            (
                "cli",
                "whoever can run the program there can read the data folder anyway",
            ),
            ("first-start", "makes the first account and the first units"),
        ],
    },
];

/// Where `security` keeps its lists.
const LISTS: &str = "crates/security/src/permit.rs";

pub(super) fn permits_of_jobs(tree: &Tree) -> Vec<Fault> {
    DOORS.iter().flat_map(|door| check(tree, door)).collect()
}

fn check(tree: &Tree, door: &Door) -> Vec<Fault> {
    let is_room = |file: &&File| file.path.starts_with("crates/") && !file.is_test();
    let mut faults: Vec<Fault> = tree
        .rust_files()
        .filter(is_room)
        .flat_map(|file| calls(file, door))
        .collect();
    if let Some(lists) = tree.file(LISTS) {
        faults.extend(same_names(lists, door));
    }
    faults
}

fn calls(file: &File, door: &Door) -> Vec<Fault> {
    let call = format!("{}(", door.function);
    let definition = format!("fn {call}");
    let source = RustSource::parse(&file.text);
    let mut faults = Vec::new();
    for (number, line) in source.lines() {
        if !line.contains(&call) || line.contains(&definition) {
            continue;
        }
        let name = source
            .literals()
            .find(|literal| literal.line == number || literal.line == number + 1);
        match name {
            None => {
                let what = format!("{} without a literal name", door.function);
                let instead =
                    "write the name as a literal in the call, so that it can be looked up";
                faults.push(Fault::new(&file.path, number, what, instead));
            }
            Some(name) if !door.has(&name.text) => {
                let what = format!("{}: “{}” is not listed", door.function, name.text);
                let instead = "add it with its reason to DOORS in xtask/src/tidy/jobs.rs, and to the list in security; a reviewer decides";
                faults.push(Fault::new(&file.path, number, what, instead));
            }
            Some(_) => {}
        }
    }
    faults
}

/// The list in `security` and the one here hold the same names.
fn same_names(lists: &File, door: &Door) -> Vec<Fault> {
    let source = RustSource::parse(&lists.text);
    let start = format!("const {}:", door.list);
    let Some((first, _)) = source.lines().find(|(_, line)| line.contains(&start)) else {
        let what = format!("there is no list {}", door.list);
        return vec![Fault::new(
            &lists.path,
            1,
            what,
            "keep the list here, or change LISTS in xtask/src/tidy/jobs.rs",
        )];
    };
    let last = source
        .lines()
        .find(|(number, line)| *number >= first && line.trim_end().ends_with("];"))
        .map_or(first, |(number, _)| number);
    let theirs: Vec<&str> = source
        .literals()
        .filter(|literal| (first..=last).contains(&literal.line))
        .map(|literal| literal.text.as_str())
        .collect();
    let unknown = theirs.iter().filter(|name| !door.has(name));
    let unused = door
        .names
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !theirs.contains(name));
    let fault = |name: &&str| {
        let what = format!(
            "{}: “{name}” stands in one list and not in the other",
            door.list
        );
        Fault::new(
            &lists.path,
            first,
            what,
            "make it agree with DOORS in xtask/src/tidy/jobs.rs",
        )
    };
    unknown.chain(unused).map(fault).collect()
}

impl Door {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|(listed, _)| *listed == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: Door = Door {
        function: "for_job",
        list: "JOBS",
        names: &[("import", "writes what a person confirmed")],
    };

    #[test]
    fn a_job_that_is_not_listed_is_found() {
        let text = "impl Permit {\n    pub fn for_job(name: &str) -> Self { todo(name) }\n}\nfn f() { Permit::for_job(\"import\"); Permit::for_job(name); }\nfn g() {\n    Permit::for_job(\n        \"other\",\n    );\n}\n";
        let faults = check(
            &Tree::example(&[("crates/registry/src/jobs.rs", text)]),
            &DOOR,
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(
            (faults[0].line, faults[0].what.as_str()),
            (6, "for_job: “other” is not listed")
        );
        let variable = Tree::example(&[(
            "crates/registry/src/jobs.rs",
            "fn f() { Permit::for_job(name); }\n",
        )]);
        assert_eq!(
            check(&variable, &DOOR)[0].what,
            "for_job without a literal name"
        );
    }

    #[test]
    fn the_list_in_security_agrees() {
        let good = Tree::example(&[(
            LISTS,
            "/// Jobs.\npub const JOBS: [&str; 1] = [\n    \"import\",\n];\nconst OTHER: &str = \"x\";\n",
        )]);
        assert_eq!(check(&good, &DOOR), []);
        let bad = Tree::example(&[(LISTS, "pub const JOBS: [&str; 1] = [\"novel\"];\n")]);
        let what: Vec<String> = check(&bad, &DOOR)
            .into_iter()
            .map(|fault| fault.what)
            .collect();
        assert_eq!(what.len(), 2);
        assert!(
            what[0].contains("“novel”") && what[1].contains("“import”"),
            "{what:?}"
        );
    }
}
