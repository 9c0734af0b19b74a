//! Recomputing the chain from what is stored.

use std::collections::BTreeMap;

use kernel::{CommitNumber, RecordId};

use super::digest::{self, Encoder, Hash};
use super::error::LedgerError;
use super::model::Commit;
use super::{Ledger, store};

/// Something that does not agree with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A commit number is missing or out of order.
    Gap {
        /// The number that was expected.
        expected: CommitNumber,
        /// The number that was found; `None`: the log ends before the head says.
        found: Option<CommitNumber>,
    },
    /// A commit's hash does not follow from what it says.
    Hash(CommitNumber),
    /// A commit does not name the hash of the one before it.
    Parent(CommitNumber),
    /// A commit's time lies before that of the one ahead of it.
    Time(CommitNumber),
    /// A commit's rows give another root.
    Root(CommitNumber),
    /// A commit's rows are more or fewer than it says.
    Count {
        /// The commit.
        number: CommitNumber,
        /// Versions written and closed, as it says.
        said: (i64, i64),
        /// Versions written and closed, as stored.
        found: (i64, i64),
    },
    /// Versions name a commit that the log does not have.
    Orphans {
        /// The dataset.
        dataset: String,
        /// How many.
        versions: i64,
    },
    /// The head is not the last commit.
    Head,
    /// Open versions of a record overlap in effective time.
    Overlap {
        /// The dataset.
        dataset: String,
        /// The record.
        record: RecordId,
    },
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Commits read.
    pub commits: i64,
    /// Versions read, written and closed ones counted each.
    pub versions: i64,
    /// Hash of the last commit: the state of the whole ledger in 32 bytes.
    pub head: Hash,
    /// What does not agree; empty: the ledger is whole.
    pub findings: Vec<Finding>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::Gap {
                expected,
                found: Some(found),
            } => {
                write!(
                    out,
                    "commit {expected} is missing: {found} follows in its place"
                )
            }
            Finding::Gap {
                expected,
                found: None,
            } => write!(out, "the log ends before commit {expected}"),
            Finding::Hash(number) => {
                write!(out, "commit {number} does not say what its hash covers")
            }
            Finding::Parent(number) => write!(
                out,
                "commit {number} does not follow from the one before it"
            ),
            Finding::Time(number) => write!(out, "commit {number} is older than the one before it"),
            Finding::Root(number) => write!(
                out,
                "the rows of commit {number} were changed after it was made"
            ),
            Finding::Count {
                number,
                said,
                found,
            } => write!(
                out,
                "commit {number} wrote {} versions and closed {}, but {} and {} are stored",
                said.0, said.1, found.0, found.1
            ),
            Finding::Orphans { dataset, versions } => {
                write!(out, "{versions} versions of {dataset} belong to no commit")
            }
            Finding::Head => write!(out, "the head does not carry the hash of the last commit"),
            Finding::Overlap { dataset, record } => {
                write!(
                    out,
                    "record {record} of {dataset} has two versions for the same days"
                )
            }
        }
    }
}

/// So many leaves are held at a time.
const LEAVES_A_WINDOW: i64 = 400_000;
/// So many commits are read at a time.
const COMMITS_A_WINDOW: i64 = 2_000;

impl Ledger {
    /// Recomputes every root and every hash from what is stored. `progress` is told the commits done
    /// and in all; when it answers `false`, the work stops and the report speaks of what was read.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(i64, i64) -> bool + Send,
    ) -> Result<VerifyReport, LedgerError> {
        let mut report = VerifyReport::default();
        let mut tx = self.db().read().await?;
        let head = store::head(&mut tx).await?;
        let mut before: Option<Commit> = None;
        let mut next = CommitNumber::NONE.next();
        loop {
            let page = store::commits_from(&mut tx, next, COMMITS_A_WINDOW).await?;
            let Some(window) = window_of(page) else { break };
            for commit in &window {
                check_entry(commit, before.as_ref(), &mut report);
                before = Some(commit.clone());
            }
            self.check_rows(&mut tx, &window, &mut report).await?;
            report.commits += i64::try_from(window.len()).unwrap_or(i64::MAX);
            next = window.last().map_or(next, |commit| commit.number.next());
            if !progress(report.commits, head.number.get()) {
                return Ok(report);
            }
        }
        let (last_number, last_hash) = before
            .map_or((CommitNumber::NONE, digest::NO_PARENT), |commit| {
                (commit.number, commit.hash)
            });
        if last_number != head.number {
            report.findings.push(Finding::Gap {
                expected: last_number.next(),
                found: None,
            });
        } else if last_hash != head.hash {
            report.findings.push(Finding::Head);
        }
        report.head = head.hash;
        let beyond = last_number.next();
        for table in self.tables.values() {
            let mut orphans = 0;
            // Numbers that no commit can have lie on both sides of the log.
            let before = (CommitNumber::new(i64::MIN), CommitNumber::NONE);
            for (first, last) in [before, (beyond, CommitNumber::LATEST)] {
                store::versions_written(&mut tx, table, first, last, |_| orphans += 1).await?;
                store::versions_closed(&mut tx, table, first, last, |_| orphans += 1).await?;
            }
            if orphans > 0 {
                report.findings.push(Finding::Orphans {
                    dataset: table.dataset().to_owned(),
                    versions: orphans,
                });
            }
            for record in store::overlapping(&mut tx, table).await? {
                report.findings.push(Finding::Overlap {
                    dataset: table.dataset().to_owned(),
                    record,
                });
            }
        }
        Ok(report)
    }

    async fn check_rows(
        &self,
        tx: &mut db::Tx,
        window: &[Commit],
        report: &mut VerifyReport,
    ) -> Result<(), LedgerError> {
        let (Some(first), Some(last)) = (window.first(), window.last()) else {
            return Ok(());
        };
        let mut leaves: BTreeMap<CommitNumber, (Vec<Hash>, i64, i64)> = BTreeMap::new();
        for table in self.tables.values() {
            let mut encoder = Encoder::default();
            store::versions_written(tx, table, first.number, last.number, |version| {
                let leaf =
                    encoder.opened(table.dataset(), table.sorted_fields(), (&version).into());
                let entry = leaves.entry(version.since).or_default();
                entry.0.push(leaf);
                entry.1 += 1;
            })
            .await?;
            store::versions_closed(tx, table, first.number, last.number, |version| {
                let leaf =
                    encoder.closed(table.dataset(), version.record, version.since, version.from);
                let entry = leaves
                    .entry(version.until.unwrap_or(CommitNumber::NONE))
                    .or_default();
                entry.0.push(leaf);
                entry.2 += 1;
            })
            .await?;
        }
        for commit in window {
            let (own_leaves, opened, closed) = leaves.remove(&commit.number).unwrap_or_default();
            report.versions += opened + closed;
            if (commit.opened, commit.closed) != (opened, closed) {
                report.findings.push(Finding::Count {
                    number: commit.number,
                    said: (commit.opened, commit.closed),
                    found: (opened, closed),
                });
            } else if digest::root(own_leaves) != commit.root {
                report.findings.push(Finding::Root(commit.number));
            }
        }
        Ok(())
    }
}

/// The commits at the front of the page whose leaves fit into memory together; at least one.
fn window_of(page: Vec<Commit>) -> Option<Vec<Commit>> {
    let mut leaves = 0;
    let mut window = Vec::new();
    for commit in page {
        leaves += commit.opened + commit.closed;
        if leaves > LEAVES_A_WINDOW && !window.is_empty() {
            break;
        }
        window.push(commit);
    }
    (!window.is_empty()).then_some(window)
}

fn check_entry(commit: &Commit, before: Option<&Commit>, report: &mut VerifyReport) {
    let expected = before
        .map_or(CommitNumber::NONE, |before| before.number)
        .next();
    if commit.number != expected {
        report.findings.push(Finding::Gap {
            expected,
            found: Some(commit.number),
        });
    }
    if commit.parent != before.map_or(digest::NO_PARENT, |before| before.hash) {
        report.findings.push(Finding::Parent(commit.number));
    }
    if before.is_some_and(|before| before.time > commit.time) {
        report.findings.push(Finding::Time(commit.number));
    }
    if Encoder::default().commit(commit) != commit.hash {
        report.findings.push(Finding::Hash(commit.number));
    }
}
