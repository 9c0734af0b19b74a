//! Findings of a verification as sentences.

use registry::ledger::{Finding, hex};
use serde_json::{Value, json};
use ui::Text;

/// The stable word of a finding, for programs.
pub(crate) fn kind(finding: &Finding) -> &'static str {
    match finding {
        Finding::Gap { .. } => "gap",
        Finding::Hash(_) => "hash",
        Finding::Parent(_) => "parent",
        Finding::Time(_) => "time",
        Finding::Root(_) => "root",
        Finding::Count { .. } => "count",
        Finding::Orphans { .. } => "orphans",
        Finding::Head => "head",
        Finding::Overlap { .. } => "overlap",
    }
}

/// What a finding means, and of which commit.
pub(crate) fn sentence(finding: &Finding, text: &Text) -> String {
    let key = format!("cli-finding-{}", kind(finding));
    match finding {
        Finding::Gap { expected, found } => {
            let found = found.map_or_else(
                || text.get("cli-finding-nothing"),
                |found| found.to_string(),
            );
            text.with(
                &key,
                &[("expected", &expected.to_string()), ("found", &found)],
            )
        }
        Finding::Hash(number)
        | Finding::Parent(number)
        | Finding::Time(number)
        | Finding::Root(number) => text.with(&key, &[("number", &number.to_string())]),
        Finding::Count {
            number,
            said,
            found,
        } => text.with(
            &key,
            &[
                ("number", &number.to_string()),
                ("said", &format!("{} + {}", said.0, said.1)),
                ("found", &format!("{} + {}", found.0, found.1)),
            ],
        ),
        Finding::Orphans { dataset, versions } => text.with(
            &key,
            &[("dataset", dataset), ("versions", &versions.to_string())],
        ),
        Finding::Head => text.get(&key),
        Finding::Overlap { dataset, record } => text.with(
            &key,
            &[("dataset", dataset), ("record", &record.to_string())],
        ),
    }
}

/// A finding for programs.
pub(crate) fn as_json(finding: &Finding, text: &Text) -> Value {
    json!({ "kind": kind(finding), "message": sentence(finding, text) })
}

/// The ledger's state in 64 digits.
pub(crate) fn head(hash: &registry::ledger::Hash) -> String {
    hex(hash)
}
