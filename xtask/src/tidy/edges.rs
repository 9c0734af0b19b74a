//! Which crate may depend on which, and which crate is the home of which library.

use super::{Fault, Tree};
use std::collections::{BTreeMap, BTreeSet};

const KERNEL_ONLY: &[&str] = &["kernel", "testfiles"];
const GROUND: &[&str] = &[
    "kernel",
    "testfiles",
    "crypto",
    "shape",
    "standard",
    "db",
    "columns",
    "ui",
];

/// A crate and what it may use. A room that is not here may not exist yet.
struct Edges {
    of: &'static str,
    to: &'static [&'static str],
    /// Rooms and top crates it may use beside `to`
    and: &'static [&'static str],
}

/// ARCHITECTURE.md §2, as a table: the ground floor, the rooms downwards only, the top.
const TABLE: &[Edges] = &[
    Edges {
        of: "testfiles",
        to: &[],
        and: &[],
    },
    Edges {
        of: "kernel",
        to: &["testfiles"],
        and: &[],
    },
    Edges {
        of: "crypto",
        to: &["testfiles"],
        and: &[],
    },
    Edges {
        of: "shape",
        to: KERNEL_ONLY,
        and: &[],
    },
    Edges {
        of: "standard",
        to: KERNEL_ONLY,
        and: &[],
    },
    Edges {
        of: "db",
        to: KERNEL_ONLY,
        and: &[],
    },
    Edges {
        of: "columns",
        to: KERNEL_ONLY,
        and: &[],
    },
    Edges {
        of: "ui",
        to: KERNEL_ONLY,
        and: &[],
    },
    Edges {
        of: "security",
        to: GROUND,
        and: &[],
    },
    Edges {
        of: "workflow",
        to: GROUND,
        and: &["security"],
    },
    Edges {
        of: "assurance",
        to: GROUND,
        and: &["security", "workflow"],
    },
    Edges {
        of: "registry",
        to: GROUND,
        and: &["security", "workflow"],
    },
    Edges {
        of: "geo",
        to: GROUND,
        and: &["security", "workflow", "registry"],
    },
    Edges {
        of: "server",
        to: GROUND,
        and: &["security", "workflow", "assurance", "registry", "geo"],
    },
    Edges {
        of: "cli",
        to: GROUND,
        and: &[
            "security",
            "workflow",
            "assurance",
            "registry",
            "geo",
            "demo",
            "server",
        ],
    },
    Edges {
        of: "demo",
        to: GROUND,
        and: &["security", "workflow", "registry"],
    },
    Edges {
        of: "testkit",
        to: GROUND,
        and: &[
            "security",
            "workflow",
            "assurance",
            "registry",
            "geo",
            "demo",
            "server",
            "cli",
        ],
    },
    Edges {
        of: "e2e",
        to: GROUND,
        and: &[
            "security",
            "workflow",
            "assurance",
            "registry",
            "geo",
            "demo",
            "server",
            "cli",
            "testkit",
        ],
    },
    Edges {
        of: "xtask",
        to: &["kernel", "shape"],
        and: &[],
    },
];

/// Libraries that only some crates may name; `*` at the end stands for any ending.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx*", &["db"]),
    ("datafusion*", &["columns"]),
    ("arrow*", &["columns"]),
    ("parquet*", &["columns"]),
    ("aes-gcm", &["crypto"]),
    ("ed25519-dalek", &["crypto"]),
    ("sm2", &["crypto"]),
    ("sm3", &["crypto"]),
    ("sm4", &["crypto"]),
    ("geo", &["shape", "geo"]),
    ("geo-types", &["shape", "geo"]),
    ("geojson", &["shape", "geo"]),
    ("i_overlay", &["shape", "geo"]),
    ("robust", &["shape", "geo"]),
    ("rstar", &["shape", "geo"]),
    ("spade", &["shape", "geo"]),
    ("tokio-rustls", &["server"]),
];

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// A dependency in a manifest.
struct Dependency {
    name: String,
    line: usize,
}

pub(super) fn crate_edges(tree: &Tree) -> Vec<Fault> {
    let folders = workspace_crates(tree);
    let mut faults = Vec::new();
    for (folder, manifest) in tree.manifests() {
        let Some(edges) = TABLE.iter().find(|edges| edges.of == folder) else {
            let instead =
                "add it with its edges to TABLE in xtask/src/tidy/edges.rs, and to ARCHITECTURE.md";
            faults.push(Fault::new(
                &manifest.path,
                1,
                format!("the crate {folder} is not in the table of edges"),
                instead,
            ));
            continue;
        };
        for dependency in dependencies(&manifest.text) {
            let Some(target) = folders.get(&dependency.name) else {
                continue;
            };
            let is_allowed =
                edges.to.contains(&target.as_str()) || edges.and.contains(&target.as_str());
            if !is_allowed {
                let what = format!("{folder} may not depend on {target}");
                let instead = "move what both need to a crate below them, or let the higher crate call; the table is in xtask/src/tidy/edges.rs";
                faults.push(Fault::new(&manifest.path, dependency.line, what, instead));
            }
        }
    }
    faults
}

pub(super) fn library_homes(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (folder, manifest) in tree.manifests() {
        for dependency in dependencies(&manifest.text) {
            let Some((_, homes)) = HOMES
                .iter()
                .find(|(library, _)| matches(library, &dependency.name))
            else {
                continue;
            };
            if !homes.contains(&folder) {
                let what = format!("{folder} names the library {}", dependency.name);
                let instead = format!("use what {} offers in plain types", homes.join(" or "));
                faults.push(Fault::new(&manifest.path, dependency.line, what, instead));
            }
        }
    }
    faults
}

/// Every library that the root manifest declares is used, and stands in the table of the decision record.
pub(super) fn libraries_are_recorded(tree: &Tree) -> Vec<Fault> {
    const RECORD: &str = "docs/adr/0002-dependencies.md";
    let Some(root) = tree.file("Cargo.toml") else {
        return Vec::new();
    };
    let Ok(manifest) = root.text.parse::<toml::Table>() else {
        return Vec::new();
    };
    let record = tree.file(RECORD).map_or("", |file| file.text.as_str());
    let declared = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table);
    let used: BTreeSet<String> = tree
        .manifests()
        .flat_map(|(_, manifest)| dependencies(&manifest.text))
        .map(|dependency| dependency.name)
        .collect();
    let mut faults = Vec::new();
    for (name, declaration) in declared.into_iter().flatten() {
        let is_ours = declaration.get("path").is_some();
        if !is_ours && !used.contains(name) {
            faults.push(Fault::new(
                "Cargo.toml",
                line_of(&root.text, name),
                format!("no crate uses the library {name}"),
                "remove the line",
            ));
        } else if !is_ours && !record.contains(&format!("| `{name}` |")) {
            let instead = format!("add a line to {RECORD}: what it is for, and its licence");
            faults.push(Fault::new(
                "Cargo.toml",
                line_of(&root.text, name),
                format!("the library {name} is not recorded"),
                instead,
            ));
        }
    }
    faults
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// The names under which the workspace's own crates are depended on, each with its folder.
fn workspace_crates(tree: &Tree) -> BTreeMap<String, String> {
    let mut crates = BTreeMap::new();
    let Some(root) = tree.file("Cargo.toml") else {
        return crates;
    };
    let Ok(manifest) = root.text.parse::<toml::Table>() else {
        return crates;
    };
    let declared = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table);
    for (name, declaration) in declared.into_iter().flatten() {
        let path = declaration.get("path").and_then(toml::Value::as_str);
        if let Some(folder) = path.and_then(|path| path.strip_prefix("crates/")) {
            crates.insert(name.clone(), folder.to_owned());
        }
    }
    crates
}

/// The dependencies of a manifest, under every section and target.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let Ok(parsed) = manifest.parse::<toml::Table>() else {
        return Vec::new();
    };
    let targets = parsed
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten();
    let tables = targets
        .filter_map(|(_, target)| target.as_table())
        .chain(std::iter::once(&parsed));
    let mut found = Vec::new();
    for table in tables {
        for section in SECTIONS {
            for (name, _) in table
                .get(*section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                found.push(Dependency {
                    name: name.clone(),
                    line: line_of(manifest, name),
                });
            }
        }
    }
    found
}

fn line_of(manifest: &str, name: &str) -> usize {
    let starts = |line: &str| {
        line.trim_start()
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
    };
    manifest
        .lines()
        .position(starts)
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: (&str, &str) = (
        "Cargo.toml",
        "[workspace.dependencies]\nkernel = { path = \"crates/kernel\" }\ndb = { path = \"crates/db\" }\nregistry = { path = \"crates/registry\" }\ngeo-room = { path = \"crates/geo\" }\nsqlx = \"0.9\"\ngeo = \"0.33\"\n",
    );

    #[test]
    fn an_edge_downwards_is_allowed() {
        let tree = Tree::example(&[
            ROOT,
            (
                "crates/registry/Cargo.toml",
                "[dependencies]\nkernel.workspace = true\ndb.workspace = true\n",
            ),
        ]);
        assert_eq!(crate_edges(&tree), []);
    }

    #[test]
    fn an_edge_upwards_is_found_with_its_line_in_every_section() {
        for section in SECTIONS {
            let manifest = format!(
                "[package]\nname = \"weihe-db\"\n[{section}]\nkernel.workspace = true\nregistry.workspace = true\n"
            );
            let faults = crate_edges(&Tree::example(&[ROOT, ("crates/db/Cargo.toml", &manifest)]));
            assert_eq!(faults.len(), 1);
            assert_eq!(
                (faults[0].line, faults[0].what.as_str()),
                (5, "db may not depend on registry")
            );
        }
    }

    #[test]
    fn a_room_is_known_by_its_folder_not_by_its_name() {
        let tree = Tree::example(&[
            ROOT,
            (
                "crates/registry/Cargo.toml",
                "[dependencies]\ngeo-room.workspace = true\n",
            ),
        ]);
        assert_eq!(crate_edges(&tree)[0].what, "registry may not depend on geo");
    }

    #[test]
    fn a_crate_outside_the_table_is_found() {
        let tree = Tree::example(&[ROOT, ("crates/novel/Cargo.toml", "[package]\n")]);
        assert_eq!(
            crate_edges(&tree)[0].what,
            "the crate novel is not in the table of edges"
        );
    }

    #[test]
    fn a_library_without_a_reason_or_a_use_is_found() {
        let record = (
            "docs/adr/0002-dependencies.md",
            "| `sqlx` | databases | MIT |\n",
        );
        let user = (
            "crates/geo/Cargo.toml",
            "[dependencies]\ngeo.workspace = true\n",
        );
        let faults = libraries_are_recorded(&Tree::example(&[ROOT, record, user]));
        let found: Vec<(usize, &str)> = faults
            .iter()
            .map(|fault| (fault.line, fault.what.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (7, "the library geo is not recorded"),
                (6, "no crate uses the library sqlx")
            ]
        );
    }

    #[test]
    fn a_library_outside_its_home_is_found() {
        let bad = Tree::example(&[
            ROOT,
            (
                "crates/registry/Cargo.toml",
                "[dependencies]\nsqlx.workspace = true\ngeo.workspace = true\n",
            ),
        ]);
        let lines: Vec<usize> = library_homes(&bad).iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [3, 2]);
        let good = Tree::example(&[
            ROOT,
            (
                "crates/db/Cargo.toml",
                "[dependencies]\nsqlx.workspace = true\n",
            ),
            (
                "crates/geo/Cargo.toml",
                "[dependencies]\ngeo.workspace = true\n",
            ),
        ]);
        assert_eq!(library_homes(&good), []);
    }
}
