//! Every library's licence is one that deny.toml allows, read from `cargo metadata`, so that the
//! check runs where cargo-deny is not installed.

use super::{Fault, Tree};
use crate::process;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;

pub(super) fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let deny = tree
        .file("deny.toml")
        .context("there is no deny.toml: it lists the licences that are allowed")?;
    let deny: toml::Table = deny.text.parse().context("deny.toml")?;
    let allowed = allowed(&deny);
    let metadata =
        process::output(process::cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    Ok(faults(&metadata, &allowed))
}

fn allowed(deny: &toml::Table) -> BTreeSet<String> {
    let listed = deny
        .get("licenses")
        .and_then(|licenses| licenses.get("allow"))
        .and_then(toml::Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn faults(metadata: &serde_json::Value, allowed: &BTreeSet<String>) -> Vec<Fault> {
    let packages = metadata
        .get("packages")
        .and_then(serde_json::Value::as_array);
    let mut faults = Vec::new();
    for package in packages.into_iter().flatten() {
        let text = |key: &str| {
            package
                .get(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let is_ours = package.get("source").is_none_or(serde_json::Value::is_null);
        if is_ours || is_allowed(text("license"), allowed) {
            continue;
        }
        let what = format!(
            "{} {} has the licence “{}”",
            text("name"),
            text("version"),
            text("license")
        );
        let instead = "read the licence; allow it in deny.toml and record why in docs/adr/0002-dependencies.md, or do without the library";
        faults.push(Fault::new("Cargo.lock", 1, what, instead));
    }
    faults
}

/// An SPDX expression with AND, OR, WITH and parentheses; `MIT/Apache-2.0` is the old way to write OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        at: 0,
        allowed,
    };
    let outcome = reader.either();
    !words.is_empty() && reader.at == words.len() && outcome
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a BTreeSet<String>,
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is_next);
        is_next
    }

    fn either(&mut self) -> bool {
        let mut outcome = self.both();
        while self.takes("OR") {
            outcome |= self.both();
        }
        outcome
    }

    fn both(&mut self) -> bool {
        let mut outcome = self.one();
        while self.takes("AND") {
            outcome &= self.one();
        }
        outcome
    }

    /// A licence, alone or WITH an exception; an exception only widens what the licence permits.
    fn one(&mut self) -> bool {
        if self.takes("(") {
            let outcome = self.either();
            return self.takes(")") && outcome;
        }
        let Some(licence) = self.words.get(self.at) else {
            return false;
        };
        self.at += 1;
        if self.takes("WITH") {
            self.at += 1;
        }
        self.allowed.contains(*licence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> BTreeSet<String> {
        ["MIT", "Apache-2.0"].map(str::to_owned).into()
    }

    #[test]
    fn licence_expressions_are_understood() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR GPL-3.0) AND Apache-2.0",
            "MIT AND (Apache-2.0 OR ISC)",
        ] {
            assert!(is_allowed(good, &example()), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT AND",
            "MIT ISC",
        ] {
            assert!(!is_allowed(bad, &example()), "{bad}");
        }
    }

    #[test]
    fn a_package_with_another_licence_is_named() {
        let metadata = serde_json::json!({"packages": [
            {"name": "ours", "version": "0.1.0", "license": "Secret", "source": null},
            {"name": "good", "version": "1.0.0", "license": "MIT", "source": "registry"},
            {"name": "bad", "version": "2.0.0", "license": "AGPL-3.0", "source": "registry"},
        ]});
        let faults = faults(&metadata, &example());
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].what, "bad 2.0.0 has the licence “AGPL-3.0”");
    }
}
