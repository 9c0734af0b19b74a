//! What a process of application and review is made of: form, states, moves, time limits.
//!
//! A case keeps the text of the definition with which it was begun ([`Workflow::text`]), so that a change of
//! the definitions never changes what was promised to someone who applied before.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{At, Confidence, Label};
use crate::post::Action;

/// A process (流程): one file in `workflows/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What it is for.
    pub about: Label,
    /// Where its rules come from.
    pub source: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Who may begin one.
    pub begin: Begin,
    /// The field of the form that names the unit which a case belongs to; the unit of who begins it where absent.
    pub unit_field: Option<String>,
    /// The process of the release in whose place this one of an overlay stands.
    pub replaces: Option<String>,
    /// The form.
    pub fields: Vec<FormField>,
    /// The states, the first one first.
    pub states: Vec<State>,
    /// The moves between them.
    pub moves: Vec<Move>,
    /// What may be attached.
    pub files: FileRule,
    /// The definition as it was written.
    pub text: Arc<str>,
    /// Where it is defined.
    pub at: At,
}

impl Workflow {
    /// The state of that name.
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name == name)
    }

    /// The move of that name.
    pub fn step(&self, name: &str) -> Option<&Move> {
        self.moves.iter().find(|step| step.name == name)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The state in which a case begins.
    pub fn start(&self) -> Option<&State> {
        self.states.iter().find(|state| state.start)
    }

    /// The moves that lead out of a state.
    pub fn moves_from<'w>(&'w self, state: &'w str) -> impl Iterator<Item = &'w Move> {
        self.moves
            .iter()
            .filter(move |step| step.from.iter().any(|from| from == state))
    }

    /// Where a case can go from a state by any way: a move, a limit, an effect that was refused.
    pub fn ways_from<'w>(&'w self, state: &'w State) -> impl Iterator<Item = &'w str> {
        let lapse = match state.limit.as_ref().map(|limit| &limit.then) {
            Some(AtLimit::Lapse(to)) => Some(to.as_str()),
            _ => None,
        };
        let refused = state
            .effect
            .as_ref()
            .map(|effect| effect.refused_to.as_str());
        self.moves_from(&state.name)
            .map(|step| step.to.as_str())
            .chain(lapse)
            .chain(refused)
    }

    /// The names of the effects that other rooms carry out.
    pub fn effects(&self) -> BTreeSet<&str> {
        self.states
            .iter()
            .filter_map(|state| state.effect.as_ref())
            .map(|effect| effect.name.as_str())
            .collect()
    }
}

/// Who may begin a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begin {
    /// Anyone who is signed in, also without a post.
    pub anyone: bool,
    /// The program only: another room opens the case.
    pub program: bool,
    /// Posts that may; empty: any post.
    pub posts: Vec<String>,
    /// The action that the post must allow.
    pub action: Option<Action>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What to write.
    pub hint: Option<Label>,
    /// What it holds.
    pub kind: FormKind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Most characters of a text.
    pub max_length: u32,
}

/// What a field of a form holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormKind {
    /// A line of text.
    Text,
    /// Several lines of text.
    Area,
    /// A whole number.
    Int {
        /// The smallest.
        min: Option<i64>,
        /// The largest.
        max: Option<i64>,
    },
    /// A day.
    Date,
    /// Yes or no.
    Flag,
    /// A code of the set of that name.
    Code(String),
    /// A unit, written as code or full name.
    Unit,
    /// A post of the standard.
    Post,
    /// A dataset of the standard.
    Dataset,
    /// A level of sensitivity.
    Sensitivity,
    /// A purpose for which personal data is read.
    Purpose,
    /// A level of incidents of `incident_rules.toml`.
    IncidentLevel,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKind {
    /// Under review.
    Open,
    /// Back with the applicant.
    Returned,
    /// Ended well.
    Done,
    /// Ended with a no.
    Refused,
    /// Taken back by the applicant.
    Withdrawn,
    /// Ended because a time limit ran out.
    Lapsed,
}

impl StateKind {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 6] = [
        ("open", Self::Open),
        ("returned", Self::Returned),
        ("done", Self::Done),
        ("refused", Self::Refused),
        ("withdrawn", Self::Withdrawn),
        ("lapsed", Self::Lapsed),
    ];

    /// The word used in definition files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Returned => "returned",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    /// Whether nothing moves a case any more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Open | Self::Returned)
    }
}

/// A state of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// Whether a case begins here.
    pub start: bool,
    /// Where a case in it stands.
    pub kind: StateKind,
    /// How long a case may stay.
    pub limit: Option<Limit>,
    /// What another room carries out when a case comes here.
    pub effect: Option<StateEffect>,
}

/// What another room carries out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateEffect {
    /// The name under which it is registered.
    pub name: String,
    /// The state that the case goes to where the other room refuses.
    pub refused_to: String,
    /// Days for which an approval may be used, where the effect is one (`workflow.approval`).
    pub valid_days: u32,
}

/// A time limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub count: LimitUnit,
    /// So many of the same before the limit those who are asked are reminded.
    pub remind_before: Option<u32>,
    /// What happens at the limit.
    pub then: AtLimit,
    /// Where it comes from.
    pub source: String,
    /// How sure that is.
    pub confidence: Confidence,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// Days on which offices work, by `calendar.toml`.
    WorkingDays,
    /// Days.
    Days,
    /// Hours.
    Hours,
}

impl LimitUnit {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("working_days", Self::WorkingDays),
        ("days", Self::Days),
        ("hours", Self::Hours),
    ];
}

/// What happens when a time limit runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtLimit {
    /// Those who are asked are told once more.
    Remind,
    /// Those one level up are asked as well.
    Escalate,
    /// The case goes to this state.
    Lapse(String),
}

/// A way from one state to another that a person takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Name in code.
    pub name: String,
    /// The verb on the button.
    pub title: Label,
    /// From which states.
    pub from: Vec<String>,
    /// To which state.
    pub to: String,
    /// Who may; any of these.
    pub who: Vec<Who>,
    /// Whether it may not be the applicant (four eyes).
    pub not_applicant: bool,
    /// Nor anyone who made one of these moves in the case.
    pub not_after: Vec<String>,
    /// Whether a note must or may be written.
    pub note: NoteRule,
    /// Whether the form can be changed with it.
    pub edits: bool,
}

/// Who may make a move: all of what is said here must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// One of these posts; empty: any post.
    pub posts: Vec<String>,
    /// A post that allows this.
    pub action: Option<Action>,
    /// How the unit in which the post is held stands to the unit of the case.
    pub relation: Relation,
}

/// How the mover's unit stands to the unit of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The mover is the applicant, whatever the post.
    Applicant,
    /// The same unit.
    Same,
    /// A unit above.
    Above,
    /// The same unit or one above.
    Within,
    /// Whoever holds the whole node.
    Node,
}

impl Relation {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("applicant", Self::Applicant),
        ("same", Self::Same),
        ("above", Self::Above),
        ("within", Self::Within),
        ("node", Self::Node),
    ];
}

/// Whether a note goes with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteRule {
    /// None.
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

impl NoteRule {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("none", Self::None),
        ("optional", Self::Optional),
        ("required", Self::Required),
    ];
}

/// Which files may be attached to a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRule {
    /// How many; 0: none.
    pub most: u32,
    /// The largest in bytes.
    pub bytes: u64,
    /// Kinds, as [`FileRule::KINDS`] spells them.
    pub kinds: Vec<String>,
    /// Days after the end of the case on which the files are deleted.
    pub kept_days: u32,
}

impl FileRule {
    /// The kinds whose content can be told: see `workflow`, which looks at the bytes.
    pub const KINDS: [&'static str; 7] = ["pdf", "jpeg", "png", "xlsx", "docx", "ofd", "csv"];
}
