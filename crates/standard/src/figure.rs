//! Figures of the map: a numerator over a denominator, with what a reader must know about them.

use crate::model::{At, Confidence, Label};

/// Numerator or denominator of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The dataset that is counted or added up.
    pub dataset: String,
    /// The field that is added up; `None`: records are counted.
    pub sum: Option<String>,
    /// Only records whose field has this value (code, or `true` / `false`).
    pub filters: Vec<(String, String)>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A lower value is better.
    Lower,
    /// A higher value is better.
    Higher,
    /// Neither.
    Neutral,
}

/// How values become colours.
#[derive(Debug, Clone, PartialEq)]
pub enum Classes {
    /// Equal numbers of places in each class.
    Quantile {
        /// Number of classes.
        count: u8,
    },
    /// Fixed borders, rising; diverging around `norm` where there is one.
    Thresholds {
        /// Borders between classes.
        breaks: Vec<f64>,
        /// The value around which colours diverge.
        norm: Option<f64>,
    },
}

/// A value that a rule asks for, drawn beside the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Norm {
    /// Kind of institution (set `institution_kind`) it holds for; `None`: all.
    pub kind: Option<String>,
    /// The value.
    pub value: f64,
    /// Its name.
    pub title: Label,
    /// The rule.
    pub source: String,
    /// How sure the rule is.
    pub confidence: Confidence,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name in code and URLs.
    pub name: String,
    /// Place in the list of figures.
    pub order: i64,
    /// The map opens on it.
    pub opens: bool,
    /// Name on pages.
    pub title: Label,
    /// Definition in a sentence (口径).
    pub about: Label,
    /// Unit of measure.
    pub unit: Label,
    /// What is divided, or the figure itself.
    pub numerator: Measure,
    /// What it is divided by.
    pub denominator: Option<Measure>,
    /// Records that lack either part are left out of both.
    pub complete_pairs: bool,
    /// Kinds of institution (set `institution_kind`) counted unless the reader chooses; empty: all.
    pub kinds: Vec<String>,
    /// Digits after the point.
    pub decimals: u8,
    /// Which way is better.
    pub direction: Direction,
    /// How values become colours.
    pub classes: Classes,
    /// Values that rules ask for.
    pub norms: Vec<Norm>,
    /// Where the definition comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}
