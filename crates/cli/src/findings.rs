//! Findings of a verification as sentences.

use registry::ledger::{Finding, SealedFault, hex};
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
        Finding::Short { .. } => "short",
        Finding::NotAsKept(_) => "not-as-kept",
        Finding::NotAsExpected(_) => "not-as-expected",
        Finding::NextRecord { .. } => "next-record",
        Finding::Definitions { files: 0, .. } => "definitions-missing",
        Finding::Definitions { .. } => "definitions",
        Finding::Unit { .. } => "unit",
        Finding::MoreUnits(_) => "more-units",
        Finding::Sealed { fault, .. } => match fault {
            SealedFault::Closed => "sealed-closed",
            SealedFault::Digest => "sealed-digest",
            SealedFault::Gone => "sealed-gone",
        },
    }
}

/// Whether a finding says only that the ledger is not the one that it was: it lost its end, or was put back
/// to an earlier state, and hangs together all the same.
pub(crate) fn is_of_another_state(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::Short { .. } | Finding::NotAsKept(_) | Finding::NotAsExpected(_)
    )
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
        | Finding::Root(number)
        | Finding::NotAsKept(number)
        | Finding::NotAsExpected(number) => text.with(&key, &[("number", &number.to_string())]),
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
        Finding::Overlap { dataset, record }
        | Finding::Sealed {
            dataset, record, ..
        } => text.with(
            &key,
            &[("dataset", dataset), ("record", &record.to_string())],
        ),
        Finding::Short { ends, written } => text.with(
            &key,
            &[
                ("ends", &ends.to_string()),
                ("written", &written.to_string()),
            ],
        ),
        Finding::NextRecord { next, highest } => text.with(
            &key,
            &[
                ("next", &next.to_string()),
                ("highest", &highest.to_string()),
            ],
        ),
        Finding::Definitions { hash, .. } => text.with(&key, &[("hash", hash)]),
        Finding::Unit { unit, fault } => {
            let fault = text.get(&format!("cli-unit-fault-{}", fault.as_str()));
            text.with(&key, &[("unit", &unit.to_string()), ("fault", &fault)])
        }
        Finding::MoreUnits(count) => text.with(&key, &[("count", &count.to_string())]),
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
