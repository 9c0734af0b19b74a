//! Recomputing the chain from what is stored.

use std::collections::BTreeMap;

use db::Tx;
use kernel::{CommitNumber, RecordId, UnitId};
use security::LedgerHead;
use standard::{Standard, UnitRule};

use super::digest::{self, Encoder, Hash};
use super::error::LedgerError;
use super::model::{Commit, Version};
use super::sealing::SealedFault;
use super::tables::{self, DatasetTable};
use super::unit_rules::{self, KnownStretch, Lives, UnitFault};
use super::{Ledger, store, store_verify};

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
    /// The ledger ends before a commit that it had: it lost its end, or was put back to an earlier state.
    Short {
        /// Its last commit.
        ends: CommitNumber,
        /// The last commit that it had, as the work database kept it.
        written: CommitNumber,
    },
    /// A commit does not have the hash that was kept in the work database when it was made.
    NotAsKept(CommitNumber),
    /// The ledger does not hold the commit that it is expected to hold, or with another hash.
    NotAsExpected(CommitNumber),
    /// The next free record id is in use.
    NextRecord {
        /// The id that would be given next.
        next: i64,
        /// The highest id in use.
        highest: RecordId,
    },
    /// The files of definitions that commits were made under are not kept, or are others.
    Definitions {
        /// The hash that the commits name.
        hash: String,
        /// How many files are kept under it.
        files: usize,
    },
    /// The table `unit` does not say of a unit what its records say.
    Unit {
        /// The unit.
        unit: UnitId,
        /// How it differs.
        fault: UnitFault,
    },
    /// So many more units differ.
    MoreUnits(usize),
    /// What is sealed of a record is not what was sealed.
    Sealed {
        /// The dataset.
        dataset: String,
        /// The record.
        record: RecordId,
        /// How it differs.
        fault: SealedFault,
    },
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
    /// Sealed parts that were opened and held against their digests.
    pub opened: i64,
    /// Persons who were erased: their digests stand, what they were made of is gone.
    pub erased: std::collections::BTreeSet<RecordId>,
    /// The keys of persons are not here, so that sealed parts were not opened.
    pub keys_absent: bool,
    /// Number of the last commit.
    pub number: CommitNumber,
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
            Finding::Short { ends, written } => {
                write!(
                    out,
                    "the ledger ends at commit {ends}, but {written} were written"
                )
            }
            Finding::NotAsKept(number) => write!(
                out,
                "commit {number} has another hash than was kept when it was made"
            ),
            Finding::NotAsExpected(number) => {
                write!(
                    out,
                    "the ledger does not hold commit {number} with the expected hash"
                )
            }
            Finding::NextRecord { next, highest } => {
                write!(out, "the next record id is {next}, but {highest} is in use")
            }
            Finding::Definitions { hash, files: 0 } => {
                write!(out, "the files of the definitions {hash} are not kept")
            }
            Finding::Definitions { hash, files } => write!(
                out,
                "the {files} files kept of the definitions {hash} do not give that hash"
            ),
            Finding::Unit { unit, fault } => write!(
                out,
                "the table of units differs from the records of unit {unit}: {}",
                fault.as_str()
            ),
            Finding::MoreUnits(count) => {
                write!(out, "the table of units differs for {count} more units")
            }
            Finding::Sealed {
                dataset,
                record,
                fault,
            } => write!(
                out,
                "what is sealed of record {record} of {dataset} {}",
                fault.words()
            ),
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
/// So many rows of the table `unit` are held at a time.
const UNITS_A_WINDOW: i64 = 200_000;
/// So many units are named; the rest is counted.
const UNITS_NAMED: usize = 100;

impl Ledger {
    /// Recomputes every root and every hash from what is stored, and holds what follows from it against
    /// it: the table of units, the definitions, the next record id, the heads kept in the work database.
    /// The tables are taken as they are stored, so other definitions than those of the commits do no harm.
    ///
    /// `progress` is told the commits done and in all; when it answers `false`, the work stops and the
    /// report speaks of what was read.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(i64, i64) -> bool + Send,
    ) -> Result<VerifyReport, LedgerError> {
        // Read first: what was kept by now is in the state of the ledger that is read next, whatever a
        // running program commits meanwhile.
        let kept = Kept::of(&self.security().ledger_heads().await?);
        let mut report = VerifyReport::default();
        let mut tx = self.db().read().await?;
        let stored = db::stored_tables(&mut tx, tables::PREFIX).await?;
        let with_person = |table: DatasetTable| match self.standard().dataset(table.dataset()) {
            Some(dataset) => table.with_person_of(dataset),
            None => table,
        };
        let tables: Vec<DatasetTable> = stored
            .iter()
            .filter_map(DatasetTable::stored)
            .map(with_person)
            .collect();
        let head = store::head(&mut tx).await?;
        let mut before: Option<Commit> = None;
        let mut next = CommitNumber::NONE.next();
        loop {
            let page = store::commits_from(&mut tx, next, COMMITS_A_WINDOW).await?;
            let Some(window) = window_of(page) else { break };
            for commit in &window {
                check_entry(commit, before.as_ref(), &mut report);
                if kept.contradicts(commit) {
                    report.findings.push(Finding::NotAsKept(commit.number));
                }
                before = Some(commit.clone());
            }
            let sealed = check_rows(&mut tx, &tables, &window, &mut report).await?;
            self.check_sealed(&mut tx, sealed, &mut report).await?;
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
        if kept.last > last_number {
            report.findings.push(Finding::Short {
                ends: last_number,
                written: kept.last,
            });
        }
        report.number = head.number;
        report.head = head.hash;
        check_tables(&mut tx, &tables, last_number, &mut report).await?;
        check_next_record(&mut tx, &tables, head.next_record, &mut report).await?;
        check_definitions(&mut tx, &mut report).await?;
        self.check_units(&mut tx, &tables, &mut report).await?;
        Ok(report)
    }

    /// Whether the ledger holds a commit with the hash that somebody kept elsewhere.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn check_expected(
        &self,
        expected: &LedgerHead,
    ) -> Result<Option<Finding>, LedgerError> {
        let held = store::commit(&mut self.db().read().await?, expected.number).await?;
        let is_held = held.is_some_and(|commit| commit.hash == expected.hash);
        Ok((!is_held).then_some(Finding::NotAsExpected(expected.number)))
    }

    /// Holds the table `unit` against the datasets whose records are units.
    async fn check_units(
        &self,
        tx: &mut Tx,
        tables: &[DatasetTable],
        report: &mut VerifyReport,
    ) -> Result<(), LedgerError> {
        let mut own: Vec<(&DatasetTable, Option<usize>)> = Vec::new();
        for table in tables {
            let dataset = self.standard().dataset(table.dataset());
            if let Some(UnitRule::SelfUnit { parent_field }) = dataset.map(|dataset| &dataset.unit)
            {
                own.push((table, table.position(parent_field)));
            }
        }
        let mut first = UnitId::new(i64::MIN);
        let mut unnamed = 0;
        loop {
            let end = security::api::last_unit_of(tx, first, UNITS_A_WINDOW).await?;
            let last = end.unwrap_or(UnitId::new(i64::MAX));
            let mut records = Lives::new();
            for (table, parent) in &own {
                store_verify::lives(tx, table, *parent, (first, last), &mut records).await?;
            }
            let mut kept = Lives::new();
            for version in security::api::unit_versions(tx, first, last).await? {
                kept.entry(version.unit).or_default().push(KnownStretch {
                    stretch: version.stretch,
                    since: version.since,
                    until: version.until,
                });
            }
            for (unit, fault) in unit_rules::faults(&records, &kept) {
                let named = report.findings.iter();
                if named
                    .filter(|finding| matches!(finding, Finding::Unit { .. }))
                    .count()
                    < UNITS_NAMED
                {
                    report.findings.push(Finding::Unit { unit, fault });
                } else {
                    unnamed += 1;
                }
            }
            match last.get().checked_add(1) {
                Some(next) if end.is_some() => first = UnitId::new(next),
                _ => break,
            }
        }
        if unnamed > 0 {
            report.findings.push(Finding::MoreUnits(unnamed));
        }
        Ok(())
    }
}

/// The heads that the work database kept.
struct Kept {
    hashes: BTreeMap<CommitNumber, Vec<Hash>>,
    last: CommitNumber,
}

impl Kept {
    fn of(heads: &[LedgerHead]) -> Kept {
        let mut hashes: BTreeMap<CommitNumber, Vec<Hash>> = BTreeMap::new();
        for head in heads {
            hashes.entry(head.number).or_default().push(head.hash);
        }
        let last = hashes.keys().next_back().copied();
        Kept {
            last: last.unwrap_or(CommitNumber::NONE),
            hashes,
        }
    }

    fn contradicts(&self, commit: &Commit) -> bool {
        let kept = self.hashes.get(&commit.number);
        kept.is_some_and(|kept| kept.iter().any(|hash| *hash != commit.hash))
    }
}

/// Versions of commits that the log does not have, and open stretches that overlap.
async fn check_tables(
    tx: &mut Tx,
    tables: &[DatasetTable],
    last: CommitNumber,
    report: &mut VerifyReport,
) -> Result<(), LedgerError> {
    // Numbers that no commit can have lie on both sides of the log.
    let outside = [
        (CommitNumber::new(i64::MIN), CommitNumber::NONE),
        (last.next(), CommitNumber::LATEST),
    ];
    for table in tables {
        let mut orphans = 0;
        for (first, last) in outside {
            store::versions_written(tx, table, first, last, |_| orphans += 1).await?;
            store::versions_closed(tx, table, first, last, |_| orphans += 1).await?;
        }
        if orphans > 0 {
            report.findings.push(Finding::Orphans {
                dataset: table.dataset().to_owned(),
                versions: orphans,
            });
        }
        for record in store::overlapping(tx, table).await? {
            report.findings.push(Finding::Overlap {
                dataset: table.dataset().to_owned(),
                record,
            });
        }
    }
    Ok(())
}

async fn check_next_record(
    tx: &mut Tx,
    tables: &[DatasetTable],
    next: i64,
    report: &mut VerifyReport,
) -> Result<(), LedgerError> {
    let mut highest = RecordId::new(0);
    for table in tables {
        highest = highest.max(
            store_verify::highest_record(tx, table)
                .await?
                .unwrap_or_default(),
        );
    }
    if highest.get() >= next {
        report.findings.push(Finding::NextRecord { next, highest });
    }
    Ok(())
}

/// The definitions of every commit can be read back.
async fn check_definitions(tx: &mut Tx, report: &mut VerifyReport) -> Result<(), LedgerError> {
    for hash in store_verify::definition_hashes(tx).await? {
        let files = store_verify::definition_files(tx, &hash).await?;
        if files.is_empty() || Standard::hash_of(&files) != hash {
            report.findings.push(Finding::Definitions {
                hash,
                files: files.len(),
            });
        }
    }
    Ok(())
}

async fn check_rows(
    tx: &mut Tx,
    tables: &[DatasetTable],
    window: &[Commit],
    report: &mut VerifyReport,
) -> Result<Vec<(DatasetTable, Vec<Version>)>, LedgerError> {
    let (Some(first), Some(last)) = (window.first(), window.last()) else {
        return Ok(Vec::new());
    };
    let mut sealed: Vec<(DatasetTable, Vec<Version>)> = Vec::new();
    let mut leaves: BTreeMap<CommitNumber, (Vec<Hash>, i64, i64)> = BTreeMap::new();
    for table in tables {
        let mut encoder = Encoder::default();
        let is_sealed = !table.levels().is_empty();
        let mut versions: Vec<Version> = Vec::new();
        store::versions_written(tx, table, first.number, last.number, |version| {
            let leaf = encoder.opened(table.dataset(), table.sorted_fields(), (&version).into());
            let entry = leaves.entry(version.since).or_default();
            entry.0.push(leaf);
            entry.1 += 1;
            if is_sealed {
                versions.push(version);
            }
        })
        .await?;
        store::versions_closed(tx, table, first.number, last.number, |version| {
            let leaf = encoder.closed(table.dataset(), version.record, version.since, version.from);
            let entry = leaves
                .entry(version.until.unwrap_or(CommitNumber::NONE))
                .or_default();
            entry.0.push(leaf);
            entry.2 += 1;
        })
        .await?;
        if !versions.is_empty() {
            sealed.push((table.clone(), versions));
        }
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
    Ok(sealed)
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
