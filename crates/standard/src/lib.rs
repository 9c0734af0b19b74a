//! The data standard, read from definition files and checked.
//!
//! What a school, a division, a check or a figure is stands in `standard/*.toml` and `*.csv`, not in Rust.
//! This crate turns those files into a [`Standard`], or into a list of every [`Problem`] in them with file,
//! line and what to write instead. The format is described in `standard/README.md`.
//!
//! Invariants:
//! - Pure: no I/O. Files come in as [`SourceFile`]s; those of the release are embedded.
//! - All problems are found, not the first.
//! - An overlay adds or tightens. It never loosens, retypes or removes.

mod alert;
mod assurance;
mod calendar;
mod codes;
mod embedded;
mod figure;
mod fold;
mod infer;
mod load;
mod model;
mod people;
mod post;
mod problem;
mod read;
mod recognise;
mod seed;
mod sqlnames;
mod standard;
mod workflow;

#[cfg(test)]
mod tests;

pub use alert::{AlertKind, AlertRule};
pub use assurance::{
    AssuranceRules, Course, DeadlineLength, DeadlineStart, Duty, DutyKind, Grounds,
    IncidentDeadline, IncidentKind, IncidentLevel, IncidentReport, ProtectionLevel, Threshold,
};
pub use calendar::{Calendar, CalendarYear};
pub use codes::{CodeSet, Resolution, Shape};
pub use embedded::{embedded, embedded_files};
pub use figure::{Classes, Direction, Figure, Measure, Norm};
pub use fold::{fold, split_many, without_brackets};
pub use infer::{Certainty, Guess, TypeRule, TypeRules};
pub use model::{
    At, Authority, COORDINATE_SCALE, Check, CheckKind, CodeEntry, Confidence, Dataset, DatasetName,
    EffectiveRule, ExtraColumn, Field, FieldKind, Hint, Label, Lang, MatchKey, MissingRule, Owner,
    Precision, Sensitivity, Severity, SqlFunction, Storage, UnitRule, Version,
};
pub use people::{
    ErasureReason, ErasureRule, HIDDEN, LegalBasis, Mask, PersonRule, Purpose, Retention,
    RetentionStart,
};
pub use post::{Action, Line, Post, Scope, UnitLevel};
pub use problem::{Problem, nearest};
pub use read::SourceFile;
pub use recognise::Rival;
pub use seed::SeedRow;
pub use standard::Standard;
pub use workflow::{
    AtLimit, Begin, FileRule, FormField, FormKind, Limit, LimitUnit, Move, NoteRule, Relation,
    State, StateEffect, StateKind, Who, Workflow,
};
