//! The nouns of the ledger: what a change set asks, what a version is, what a commit says.

use kernel::{CommitNumber, Day, Millis, RecordId, UnitId, Value};
use standard::Sensitivity;

/// Which record a change speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A record that the ledger already holds.
    Existing(RecordId),
    /// A record that this change set creates, under an id that was reserved for it
    /// ([`super::Ledger::reserve_records`]), so that other rows of the same batch can refer to it.
    New(RecordId),
}

impl Target {
    /// The record's id, whether the record exists yet or not.
    pub fn record(self) -> RecordId {
        match self {
            Target::Existing(record) | Target::New(record) => record,
        }
    }
}

/// What a change says of a record over its period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// On every day of the period the record exists and the named fields have these values. One entry
    /// a field, in the order of the dataset's fields: `None` leaves the field as it is,
    /// `Some(Value::Null)` clears it.
    Assert(Vec<Option<Value>>),
    /// The record does not exist on the days of the period.
    End,
}

/// One row of a change set: what holds of one record from one day to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The record.
    pub target: Target,
    /// The unit that the row reports under; decides who may see and change the version.
    pub unit: UnitId,
    /// First day on which the change holds.
    pub from: Day,
    /// The day on which it no longer holds; `None`: for good.
    pub to: Option<Day>,
    /// What holds.
    pub action: Action,
}

/// The rows of one reporting unit, committed whole or not at all.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The dataset's name in the standard.
    pub dataset: String,
    /// At most [`ChangeSet::MOST_ROWS`] rows.
    pub changes: Vec<Change>,
    /// Who, why and where from.
    pub source: Source,
    /// The commit that the author had seen. A record that a later commit touched is a conflict, and
    /// nothing is written. `None`: the author claims to know the present state (bulk loads that plan
    /// and write in one go under the same lock use it).
    pub based_on: Option<CommitNumber>,
    /// A change set with a key that was committed before is not committed again.
    pub idempotency_key: Option<String>,
    /// More change sets of the same batch follow: the unit tree is read again after the last
    /// ([`super::Ledger::settle`]), not after each.
    pub more_follows: bool,
}

impl ChangeSet {
    /// A larger file is a batch of several change sets.
    pub const MOST_ROWS: usize = 100_000;
}

/// Why a change set exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// In the author's words; shown in the history.
    pub reason: String,
    /// `file`, `form`, `api`, `node`, `definitions`, `reversal`, `demo`.
    pub kind: String,
    /// The file's name, the form's name; empty where there is none.
    pub name: String,
    /// The import that this change set is a part of, where there is one.
    pub import: Option<i64>,
    /// The commit on another node that this one carries over, where there is one.
    pub origin: Option<Origin>,
    /// The commit that this one undoes, where it does.
    pub reverses: Option<CommitNumber>,
}

/// Where a commit was first made, if on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The other node's name.
    pub node: String,
    /// Its number there.
    pub number: i64,
    /// Its hash there.
    pub hash: [u8; 32],
}

/// One version: what a record is over one stretch of days, as known since one commit (and, once
/// closed, until another).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The record.
    pub record: RecordId,
    /// The unit it is judged by.
    pub unit: UnitId,
    /// The commit that wrote it.
    pub since: CommitNumber,
    /// The commit that closed it; `None` while it stands.
    pub until: Option<CommitNumber>,
    /// First day it speaks of.
    pub from: Day,
    /// The day after the last it speaks of; `None`: for good.
    pub to: Option<Day>,
    /// One value a field, in the order of the dataset's fields. Those of personal fields are empty until the sealed
    /// part of their level was opened.
    pub values: Vec<Value>,
    /// The sealed parts as they are stored, one a level that the dataset has; empty before the version is stored.
    pub sealed: Vec<SealedPart>,
}

impl Version {
    /// What became of the sealed part of a level; `None` where the version has none.
    pub fn part(&self, level: Sensitivity) -> Option<&SealedPart> {
        self.sealed.iter().find(|part| part.level == level)
    }

    /// Whether the key of its person is gone, and with it all personal fields.
    pub fn is_erased(&self) -> bool {
        self.sealed
            .iter()
            .any(|part| part.state == PartState::Erased)
    }
}

/// The fields of one level of a version, sealed under the key of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPart {
    /// The level.
    pub level: Sensitivity,
    /// The sealed bytes; `None` where no field of the level is filled, or after an erasure.
    pub blob: Option<Vec<u8>>,
    /// The keyed digest of what is sealed: what the chain covers. `None` where no field of the level is filled.
    pub digest: Option<Vec<u8>>,
    /// Whether its values stand among those of the version.
    pub state: PartState,
}

/// Whether the values of a sealed part are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// They are sealed.
    Closed,
    /// They stand among the values of the version.
    Open,
    /// They are gone for good.
    Erased,
}

/// An entry of the commit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// 1, 2, 3, … without gaps.
    pub number: CommitNumber,
    /// When it was made; never before the commit ahead of it.
    pub time: Millis,
    /// Who made it, as shown to people.
    pub actor: String,
    /// The dataset it changes; empty for commits that change definitions only.
    pub dataset: String,
    /// The reporting unit of its rows, where they have one in common.
    pub unit: Option<UnitId>,
    /// Why, and where from.
    pub source: Source,
    /// Version of the definitions it was made under, and their hash.
    pub definitions: (String, String),
    /// Versions written.
    pub opened: i64,
    /// Versions closed.
    pub closed: i64,
    /// Root over what was written and closed (docs/ledger.md).
    pub root: [u8; 32],
    /// Hash of the commit before.
    pub parent: [u8; 32],
    /// The node that made it.
    pub node: String,
    /// See [`ChangeSet::idempotency_key`].
    pub idempotency_key: Option<String>,
    /// Hash over all of the above.
    pub hash: [u8; 32],
}

/// What became of a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was written as this commit.
    Committed {
        /// The commit's number.
        number: CommitNumber,
        /// Versions written.
        opened: u64,
        /// Versions closed.
        closed: u64,
    },
    /// Everything it says was so already; nothing was written.
    Unchanged,
    /// A change set with its key had been committed before, as this commit.
    AlreadyCommitted(CommitNumber),
}
