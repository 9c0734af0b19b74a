//! The nouns of this room.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use kernel::{AccountId, Millis, UnitId};
use security::GrantId;
use standard::{Action, StateKind};

/// The number of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(pub i64);

impl fmt::Display for CaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A case to be begun by another room, or by a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// The process, by name.
    pub workflow: String,
    /// The unit that the case belongs to; the one that the form names, or the one of the permit, where `None`.
    pub unit: Option<UnitId>,
    /// The form, by field.
    pub fields: BTreeMap<String, String>,
    /// What the case is about in the other room, such as `incident:5`: a case of the same origin is begun once.
    pub origin: Option<String>,
    /// Where the other room shows it: an address of this program, beginning with `/`.
    pub link: Option<String>,
    /// The end of the first time limit, where the other room knows better than the definition.
    pub due: Option<Millis>,
    /// Who applies, where a job opens the case for someone.
    pub applicant: Option<AccountId>,
}

/// A move that someone makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The move, by name.
    pub step: String,
    /// The version of the case that the mover saw.
    pub version: i64,
    /// Unguessable or at least never used before for this case: the same key twice is the same move.
    pub key: String,
    /// The note; empty for none.
    pub note: String,
    /// The form as changed, where the move changes it.
    pub fields: Option<BTreeMap<String, String>>,
    /// The grant under which the mover works, for effects that act in the mover's name.
    pub grant: Option<GrantId>,
}

/// A case as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) workflow: String,
    pub(crate) digest: String,
    pub(crate) unit: UnitId,
    pub(crate) applicant: Option<AccountId>,
    pub(crate) holder: Option<AccountId>,
    pub(crate) begun_by: String,
    pub(crate) begun: Millis,
    pub(crate) state: String,
    pub(crate) kind: StateKind,
    pub(crate) entered: Millis,
    pub(crate) due: Option<Millis>,
    pub(crate) wake: Option<Millis>,
    pub(crate) level: i64,
    pub(crate) version: i64,
    pub(crate) fields: Vec<u8>,
    pub(crate) origin: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) ended: Option<Millis>,
}

/// What happened in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It was begun.
    Begun,
    /// Someone moved it.
    Moved,
    /// Those who are asked were reminded.
    Reminded,
    /// The time limit ran out.
    Overdue,
    /// Those one level up are asked as well.
    Escalated,
    /// The time limit ran out and ended it.
    Lapsed,
    /// Another room carried out what was decided.
    Carried,
    /// Another room refused to.
    NotCarried,
    /// It was passed to a successor.
    HandedOver,
    /// A file was attached.
    FileAdded,
    /// A file was taken away.
    FileRemoved,
}

impl EventKind {
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("begun", Self::Begun),
        ("moved", Self::Moved),
        ("reminded", Self::Reminded),
        ("overdue", Self::Overdue),
        ("escalated", Self::Escalated),
        ("lapsed", Self::Lapsed),
        ("carried", Self::Carried),
        ("not_carried", Self::NotCarried),
        ("handed_over", Self::HandedOver),
        ("file_added", Self::FileAdded),
        ("file_removed", Self::FileRemoved),
    ];

    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(word, _)| word)
    }
}

/// An event of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number in the case, from 1.
    pub number: i64,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: EventKind,
    /// Who ([`security::Actor`] as text).
    pub actor: String,
    /// The account, where a person acted.
    pub account: Option<AccountId>,
    /// In which post.
    pub post: Option<String>,
    /// Of which unit.
    pub unit: Option<UnitId>,
    /// The move.
    pub step: Option<String>,
    /// From which state.
    pub from: Option<String>,
    /// To which state.
    pub to: Option<String>,
    /// Ids and codes only: a trace number, the code of a refusal.
    pub detail: Option<String>,
    /// What was noted.
    pub note: Option<String>,
}

/// A case as one who may see it is shown it.
#[derive(Debug, Clone)]
pub struct CaseView {
    /// Its number.
    pub id: CaseId,
    /// The definition with which it was begun.
    pub workflow: Arc<standard::Workflow>,
    /// The unit that it belongs to.
    pub unit: UnitId,
    /// Who applied.
    pub applicant: Option<AccountId>,
    /// Who acts for the applicant now: the same, or a successor.
    pub holder: Option<AccountId>,
    /// Who began it ([`security::Actor`] as text).
    pub begun_by: String,
    /// When it was begun.
    pub begun: Millis,
    /// The name of its state.
    pub state: String,
    /// What kind of state that is.
    pub kind: StateKind,
    /// How often it was moved: to be sent back with a move.
    pub version: i64,
    /// The form.
    pub fields: BTreeMap<String, String>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// Its time limit.
    pub timer: Timer,
    /// The moves that the reader may make now.
    pub moves: Vec<standard::Move>,
    /// How many units up it was escalated.
    pub level: i64,
    /// How many people are asked at present; 0 where nobody can decide.
    pub asked: usize,
    /// What it is about in another room.
    pub origin: Option<String>,
    /// Where the other room shows it.
    pub link: Option<String>,
}

/// The time limit of a case in its present state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The case.
    pub case: CaseId,
    /// The name of its state.
    pub state: String,
    /// Since when.
    pub entered: Millis,
    /// By when it should have left the state; `None` where there is no limit.
    pub due: Option<Millis>,
    /// When the program looks at it next: a reminder, or the limit.
    pub next: Option<Millis>,
    /// How many units up it was escalated.
    pub level: i64,
    /// Milliseconds left, negative where overdue; `None` where there is no limit or it is over.
    pub left: Option<i64>,
}

/// An approval that a case ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The case.
    pub case: CaseId,
    /// Of which process.
    pub workflow: String,
    /// The unit of the case.
    pub unit: UnitId,
    /// Who applied: nobody else may use it.
    pub applicant: Option<AccountId>,
    /// What was approved.
    pub fields: BTreeMap<String, String>,
    /// The number by which what is done under it can be traced.
    pub trace: String,
    /// When it was approved.
    pub approved: Millis,
    /// By whom.
    pub approved_by: Option<AccountId>,
    /// Until when it may be used.
    pub valid_until: Millis,
}

/// Something that an account is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What ([`crate::NoticeKind::as_str`]).
    pub kind: crate::NoticeKind,
    /// To whom.
    pub to: BTreeSet<AccountId>,
    /// Of which case, where it is about one.
    pub case: Option<CaseId>,
    /// Where to look: an address of this program, beginning with `/`.
    pub link: String,
}

/// A notice as its reader is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub id: i64,
    /// What.
    pub kind: crate::NoticeKind,
    /// Of which case.
    pub case: Option<CaseId>,
    /// Where to look.
    pub link: String,
    /// When.
    pub at: Millis,
    /// Whether it was looked at.
    pub seen: bool,
}

/// Who is asked, as the store has it: whoever holds a post at a unit, or one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Task {
    /// The unit; [`NODE`] for the whole node; `None` for an account.
    pub(crate) unit: Option<i64>,
    /// `any`, `post:NAME` or `action:NAME`; empty for an account.
    pub(crate) asked: String,
    /// The account.
    pub(crate) account: Option<AccountId>,
}

/// The whole node in the column of units.
pub(crate) const NODE: i64 = -1;

/// How someone who may act stands to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mover {
    pub(crate) account: Option<AccountId>,
    pub(crate) post: Option<String>,
    pub(crate) actions: BTreeSet<Action>,
    pub(crate) stands: Stands,
}

/// Where a mover's unit stands, seen from the unit of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Elsewhere, or nowhere.
    Apart,
    /// The same unit.
    Same,
    /// Above it.
    Above,
    /// The whole node; `is_root`: the unit of the case has none above it.
    Node { is_root: bool },
}
