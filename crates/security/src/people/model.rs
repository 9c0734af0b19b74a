//! Types of this part.

use std::fmt;

use ::crypto::{SealFault, Suite, Zeroizing};
use kernel::{Millis, RecordId};
use standard::Sensitivity;

use super::master::MasterKeyId;

/// Where sealed bytes belong: authenticated with them, together with the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The dataset of the row.
    pub dataset: &'a str,
    /// The record of the row.
    pub record: RecordId,
    /// Which of the row's blobs.
    pub level: Sensitivity,
}

/// An identifier by which a person is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// Whose.
    pub person: RecordId,
    /// What kind of identifier, a name of the standard's such as `citizen_id`; at most 255 bytes.
    pub kind: &'a str,
    /// Its value, normalised by the caller: the same identifier is the same text.
    pub value: &'a str,
}

/// What a row keeps of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The sealed bytes.
    pub blob: Vec<u8>,
    /// The keyed hash of the plain bytes: in the row and in the leaf of its commit.
    pub digest: [u8; 32],
}

/// What opening gives.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// The plain bytes, wiped when dropped.
    Plain(Zeroizing<Vec<u8>>),
    /// The person was erased: nobody can open it any more.
    Erased,
}

/// Why a person is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The ground in law as a code of the definitions, such as `pipl_47_1` (《个人信息保护法》第四十七条):
    /// 1 to 64 small letters, digits, `_`, `.` and `-`. Never words about the person.
    pub reason: String,
}

/// An entry of the erasure list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Erased {
    /// The record that was the person's.
    pub person: RecordId,
    /// The mark of the key that was deleted.
    pub mark: i64,
    /// When.
    pub at: Millis,
    /// Why ([`Erasure::reason`]).
    pub reason: String,
    /// Who did it ([`crate::Actor`] as text).
    pub by: String,
}

/// What can go wrong with keys of persons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// The program was opened without, or the ledger is of a release that had none and was opened for reading.
    #[error(
        "there are no keys of persons here: no place for the master key is set, or this ledger has none yet"
    )]
    NoMasterKeys,
    /// A master key that is in use is not in its place.
    #[error(
        "the master key {id} is not in {place}: put back the copy that was kept apart from the data; without it the personal data in this ledger cannot be read"
    )]
    MasterMissing {
        /// Which.
        id: MasterKeyId,
        /// Where it was looked for.
        place: String,
    },
    /// Another key of the same number is in its place.
    #[error(
        "the master key {id} in {place} is not the one that this ledger was written with: put back the right copy"
    )]
    WrongMaster {
        /// Which.
        id: MasterKeyId,
        /// Where it is.
        place: String,
    },
    /// The place of the master keys cannot be used.
    #[error("the master keys in {place} cannot be used: {why}")]
    Master {
        /// Where.
        place: String,
        /// Why, and what to do.
        why: String,
    },
    /// Sealed bytes do not open.
    #[error("personal data cannot be opened: {0}")]
    Seal(SealFault),
    /// A person without a key.
    #[error("there is no key of the person {0}")]
    NoKey(RecordId),
    /// Something new is to be sealed for a person who was erased.
    #[error("the person {0} was erased")]
    Erased(RecordId),
    /// The reason of an erasure is no code.
    #[error(
        "the reason of an erasure is a code of 1 to 64 small letters, digits, _, . and -, not a text"
    )]
    Reason,
    /// A kind of identifier with too long a name.
    #[error("the name of a kind of identifier has at most 255 bytes")]
    Kind,
    /// A rotation runs already.
    #[error("a rotation of keys is not finished yet; carry it on first")]
    RotationRuns,
    /// A master key is still needed.
    #[error("{rows} keys are still wrapped by the master key {id}; rotate first")]
    StillUsed {
        /// Which.
        id: MasterKeyId,
        /// How many keys it wraps.
        rows: i64,
    },
}

impl PeopleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMasterKeys => "security.no_master_keys",
            Self::MasterMissing { .. } => "security.master_key_missing",
            Self::WrongMaster { .. } => "security.master_key_wrong",
            Self::Master { .. } => "security.master_keys",
            Self::Seal(_) => "security.sealed",
            Self::NoKey(_) => "security.no_person_key",
            Self::Erased(_) => "security.person_erased",
            Self::Reason => "security.erasure_reason",
            Self::Kind => "security.identifier_kind",
            Self::RotationRuns => "security.rotation_runs",
            Self::StillUsed { .. } => "security.master_key_used",
        }
    }

    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NoMasterKeys => {
                "这里没有人员密钥:没有设置主密钥的位置,或账本还没有建立密钥".to_owned()
            }
            Self::MasterMissing { id, place } => format!(
                "{place} 里没有主密钥 {id}:请放回与数据分开保存的副本,没有它就不能读取账本中的个人信息"
            ),
            Self::WrongMaster { id, place } => {
                format!("{place} 里的主密钥 {id} 不是写入这个账本时所用的:请放回正确的副本")
            }
            Self::Master { place, why } => format!("{place} 里的主密钥不能使用:{why}"),
            Self::Seal(fault) => format!("个人信息不能打开:{fault}"),
            Self::NoKey(person) => format!("人员 {person} 没有密钥"),
            Self::Erased(person) => format!("人员 {person} 的个人信息已经删除"),
            Self::Reason => {
                "删除的依据应为代码,由 1 至 64 个小写字母、数字或 _ . - 组成,不写文字".to_owned()
            }
            Self::Kind => "证件种类的名称不能超过 255 字节".to_owned(),
            Self::RotationRuns => {
                "上一次更换密钥还没有完成,请先用 weihe keys resume 继续".to_owned()
            }
            Self::StillUsed { id, rows } => {
                format!("还有 {rows} 个密钥由主密钥 {id} 保护,请先更换主密钥")
            }
        }
    }
}

/// What is being rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationKind {
    /// The master key, and with it the suite where it changed: keys of persons are wrapped anew.
    Master,
    /// The lookup key: lookups are built anew.
    Lookup,
}

impl RotationKind {
    /// The word in the store and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Lookup => "lookup",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "lookup" => Self::Lookup,
            _ => Self::Master,
        }
    }
}

impl fmt::Display for RotationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStage {
    /// Keys are wrapped anew.
    Wrap,
    /// Lookups are built beside those in use.
    Build,
    /// The new lookups are in use; the old ones are deleted.
    Purge,
    /// All is done.
    Done,
}

impl RotationStage {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrap => "wrap",
            Self::Build => "build",
            Self::Purge => "purge",
            Self::Done => "done",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "wrap" => Self::Wrap,
            "build" => Self::Build,
            "purge" => Self::Purge,
            _ => Self::Done,
        }
    }
}

/// A rotation of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Its number.
    pub number: i64,
    /// What is rotated.
    pub kind: RotationKind,
    /// The new master key or the new version of the lookup key.
    pub target: i64,
    /// How far.
    pub stage: RotationStage,
    /// The last person whose rows are done in this stage.
    pub cursor: i64,
    /// The last person whose rows have to be done.
    pub last: i64,
    /// Rows done: keys of persons, or identifiers.
    pub done: i64,
    /// How many there were when it began.
    pub total: i64,
    /// When it began.
    pub started: Millis,
    /// Who began it.
    pub by: String,
    /// When it was finished.
    pub finished: Option<Millis>,
}

/// How things stand: numbers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    /// Where master keys come from.
    pub place: String,
    /// The suite in use.
    pub suite: Suite,
    /// The realm of the lookup key.
    pub realm: String,
    /// The master key in use.
    pub master: MasterKeyId,
    /// How many keys of persons each master key wraps.
    pub wrapped: Vec<(MasterKeyId, i64)>,
    /// The version of the lookup key in use.
    pub lookup: i64,
    /// How many lookups there are of each version.
    pub lookups: Vec<(i64, i64)>,
    /// How many persons were erased.
    pub erased: i64,
    /// Rotations, the last one first.
    pub rotations: Vec<Rotation>,
}

/// What is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) suite: Suite,
    pub(crate) realm: String,
    pub(crate) master: MasterKeyId,
    pub(crate) lookup: i64,
    pub(crate) next_lookup: Option<i64>,
}

/// A row of `person_key`.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) person: RecordId,
    pub(crate) mark: i64,
    pub(crate) suite: Suite,
    pub(crate) master: MasterKeyId,
    pub(crate) wrapped: Vec<u8>,
}

/// A row of `lookup_key`.
#[derive(Debug, Clone)]
pub(crate) struct LookupKeyRow {
    pub(crate) version: i64,
    pub(crate) realm: String,
    pub(crate) suite: Suite,
    pub(crate) master: MasterKeyId,
    pub(crate) wrapped: Vec<u8>,
}

/// The row of `node_key`.
#[derive(Debug, Clone)]
pub(crate) struct NodeKeyRow {
    pub(crate) suite: Suite,
    pub(crate) master: MasterKeyId,
    pub(crate) wrapped: Vec<u8>,
}

/// A row of `person_identifier`.
#[derive(Debug, Clone)]
pub(crate) struct IdentifierRow {
    pub(crate) person: RecordId,
    pub(crate) tag: i64,
    pub(crate) sealed: Vec<u8>,
}

/// A row of `person_lookup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LookupRow {
    pub(crate) version: i64,
    pub(crate) hash: i64,
    pub(crate) person: RecordId,
}
