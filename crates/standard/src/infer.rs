//! The type of an institution, guessed from its name by ordered keyword rules.

use kernel::normalise_text;

use crate::fold::without_brackets;
use crate::model::At;

/// How far a guess may be trusted. Every guess is stored as inferred, whatever its certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// One of several readings; shown for review.
    Uncertain,
    /// Nearly always right.
    Likely,
    /// The name says it.
    Certain,
}

impl Certainty {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("certain", Self::Certain),
        ("likely", Self::Likely),
        ("uncertain", Self::Uncertain),
    ];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Uncertain => "uncertain",
        }
    }
}

/// One rule; it fits when an `ends` or a `contains` word fits and no `without` word does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRule {
    /// Name endings.
    pub ends: Vec<String>,
    /// Words anywhere in the name.
    pub contains: Vec<String>,
    /// Words that rule it out.
    pub without: Vec<String>,
    /// The code; `None`: names like this are no type of the code set.
    pub code: Option<String>,
    /// How far to trust it.
    pub certainty: Certainty,
    /// Where it is defined.
    pub at: At,
}

impl TypeRule {
    fn fits(&self, name: &str) -> bool {
        let found = self.ends.iter().any(|word| name.ends_with(word.as_str()))
            || self
                .contains
                .iter()
                .any(|word| name.contains(word.as_str()));
        found && !self.without.iter().any(|word| name.contains(word.as_str()))
    }
}

/// The rules of `rules/type_from_name.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeRules {
    /// Rules for the type, in order; the first that fits decides.
    pub types: Vec<TypeRule>,
    /// Rules for campuses and branches, over the whole name, brackets included.
    pub campuses: Vec<TypeRule>,
}

/// A guess from a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess<'s> {
    /// Code of the set `school_type` or `campus_kind`.
    pub code: &'s str,
    /// How far to trust it.
    pub certainty: Certainty,
}

impl TypeRules {
    /// The school type (set `school_type`) that the name speaks of.
    pub fn school_type(&self, name: &str) -> Option<Guess<'_>> {
        let half = normalise_text(name);
        let outside = without_brackets(&half);
        let base = without_campus(outside.trim());
        let base = if base.is_empty() { half.trim() } else { base };
        first_fit(&self.types, base)
    }

    /// The campus kind (set `campus_kind`) that the name speaks of.
    pub fn campus_kind(&self, name: &str) -> Option<Guess<'_>> {
        let half = normalise_text(name);
        first_fit(&self.campuses, half.trim())
    }
}

fn first_fit<'s>(rules: &'s [TypeRule], name: &str) -> Option<Guess<'s>> {
    let rule = rules.iter().find(|rule| rule.fits(name))?;
    Some(Guess {
        code: rule.code.as_deref()?,
        certainty: rule.certainty,
    })
}

/// `…学院北校区` → `…学院`: what stands before the last word of an institution, when the name ends in 校区
/// or 校园.
fn without_campus(name: &str) -> &str {
    let Some(before) = name
        .strip_suffix("校区")
        .or_else(|| name.strip_suffix("校园"))
    else {
        return name;
    };
    let ends = ["大学", "学院", "学校", "中学", "小学"];
    let end = ends
        .iter()
        .filter_map(|word| before.rfind(word).map(|start| start + word.len()))
        .max();
    end.and_then(|end| before.get(..end)).unwrap_or(before)
}
