//! Code sets and the recognition of codes in real text.

use std::collections::HashMap;

use kernel::{Day, normalise_text};

use crate::fold::{fold, split_many, without_brackets};
use crate::model::{At, CodeEntry, Confidence, ExtraColumn, Label, Lang};
use crate::problem::nearest;

/// How the codes of a set are built, where that helps to read shortened forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// No rule.
    #[default]
    Free,
    /// GB/T 2260: six digits; `61`, `6101` and `610102000000` are other lengths of the same.
    Division,
}

/// A code set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet {
    /// Name in code and definitions.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What it classifies.
    pub about: Label,
    /// Where the codes come from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// First day on which the set is in force, where known.
    pub valid_from: Option<Day>,
    /// Further columns.
    pub extra: Vec<ExtraColumn>,
    /// Templates of codes beyond the listed ones; `x` stands for a digit.
    pub open: Vec<String>,
    /// How codes are built.
    pub shape: Shape,
    /// The dataset whose seed the codes come from, instead of a file.
    pub from_seed: Option<String>,
    /// File with the rows.
    pub file: String,
    /// The codes, in the order of the file.
    pub entries: Vec<CodeEntry>,
    /// Where the set is defined.
    pub at: At,
    pub(crate) index: Index,
}

/// Lookup tables of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Index {
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    width: Option<usize>,
}

/// What a text means in a code set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'s> {
    /// The text is (or begins with) a code in force.
    Exact(&'s str),
    /// The text is a name of a code in force.
    ByName(&'s str),
    /// The text is a code, or the name of a code, that another has replaced.
    Superseded {
        /// The code that was meant.
        old: &'s str,
        /// The code in force today.
        new: &'s str,
    },
    /// Several codes have this name, or several replaced this code.
    Ambiguous(Vec<&'s str>),
    /// Nothing in the set fits.
    Unknown,
}

impl<'s> Resolution<'s> {
    /// The code in force, where there is exactly one.
    pub fn code(&self) -> Option<&'s str> {
        match self {
            Self::Exact(code) | Self::ByName(code) | Self::Superseded { new: code, .. } => {
                Some(code)
            }
            Self::Ambiguous(_) | Self::Unknown => None,
        }
    }
}

impl CodeSet {
    /// The entry of a code, replaced ones included.
    pub fn entry(&self, code: &str) -> Option<&CodeEntry> {
        self.index
            .by_code
            .get(code)
            .and_then(|place| self.entries.get(*place))
    }

    /// Whether the code is in the set, replaced ones and open templates included.
    pub fn contains(&self, code: &str) -> bool {
        self.index.by_code.contains_key(code) || self.fits_template(code)
    }

    /// The name of a code; the code itself where the set has no name for it.
    pub fn name_of<'t>(&'t self, code: &'t str, lang: Lang) -> &'t str {
        self.entry(code).map_or(code, |entry| entry.name.get(lang))
    }

    /// Entries that no other has replaced.
    pub fn current(&self) -> impl Iterator<Item = &CodeEntry> {
        self.entries.iter().filter(|entry| entry.valid_to.is_none())
    }

    /// What the text means: a code, a name, a code and a name together (`211 小学`), a number that lost
    /// its zeros, a code that was replaced.
    pub fn resolve<'s>(&'s self, text: &'s str) -> Resolution<'s> {
        if let Some(place) = self.index.by_code.get(text) {
            return self.at_place(*place, false);
        }
        let clean = clean(text);
        if clean.is_empty() {
            return Resolution::Unknown;
        }
        if let Some(place) = self.place_of_code(&clean) {
            return self.at_place(place, false);
        }
        let by_name = self.by_name(&clean);
        if by_name != Resolution::Unknown {
            return by_name;
        }
        if let Some(place) = self.place_of_code_and_name(&clean) {
            return self.at_place(place, false);
        }
        let trimmed = text.trim();
        if self.fits_template(trimmed) {
            Resolution::Exact(trimmed)
        } else {
            Resolution::Unknown
        }
    }

    /// The values of a cell that may hold several, each with its text. A text that is one value as it
    /// stands is not split.
    pub fn resolve_many<'s>(&'s self, text: &str) -> Vec<(String, Resolution<'s>)> {
        let whole = self.resolve_owned(text);
        if whole.code().is_some() {
            return vec![(text.trim().to_owned(), whole)];
        }
        split_many(text)
            .into_iter()
            .map(|part| {
                let meaning = self.resolve_owned(&part);
                (part, meaning)
            })
            .collect()
    }

    /// The name or code nearest to an unknown text, for "write instead".
    pub fn suggestion(&self, text: &str) -> Option<&CodeEntry> {
        let clean = clean(text);
        let near = nearest(
            &clean,
            self.current().flat_map(|entry| {
                [
                    entry.code.as_str(),
                    entry.name.zh.as_str(),
                    entry.name.en.as_str(),
                ]
            }),
        )?;
        self.current()
            .find(|entry| entry.code == near || entry.name.zh == near || entry.name.en == near)
    }

    /// As [`CodeSet::resolve`], without codes that only fit an open template.
    fn resolve_owned<'s>(&'s self, text: &str) -> Resolution<'s> {
        match self.resolve(text) {
            Resolution::Exact(code) => self
                .entry(code)
                .map_or(Resolution::Unknown, |entry| Resolution::Exact(&entry.code)),
            Resolution::ByName(code) => self
                .entry(code)
                .map_or(Resolution::Unknown, |entry| Resolution::ByName(&entry.code)),
            Resolution::Superseded { old, new } => match (self.entry(old), self.entry(new)) {
                (Some(old), Some(new)) => Resolution::Superseded {
                    old: &old.code,
                    new: &new.code,
                },
                _ => Resolution::Unknown,
            },
            Resolution::Ambiguous(codes) => Resolution::Ambiguous(
                codes
                    .iter()
                    .filter_map(|code| self.entry(code))
                    .map(|entry| entry.code.as_str())
                    .collect(),
            ),
            Resolution::Unknown => Resolution::Unknown,
        }
    }

    fn at_place(&self, place: usize, by_name: bool) -> Resolution<'_> {
        let Some(entry) = self.entries.get(place) else {
            return Resolution::Unknown;
        };
        if entry.successors.is_empty() {
            return if by_name {
                Resolution::ByName(&entry.code)
            } else {
                Resolution::Exact(&entry.code)
            };
        }
        let last = self.last_successors(entry);
        match last.as_slice() {
            [new] => Resolution::Superseded {
                old: &entry.code,
                new,
            },
            _ => Resolution::Ambiguous(last),
        }
    }

    /// Follows successors to the codes in force.
    fn last_successors<'s>(&'s self, entry: &'s CodeEntry) -> Vec<&'s str> {
        let mut open: Vec<&CodeEntry> = vec![entry];
        let mut last: Vec<&str> = Vec::new();
        // Bounded by the size of the set, so that a circle (which the loader refuses) cannot hang.
        for _ in 0..=self.entries.len() {
            let Some(next) = open.pop() else { break };
            if next.successors.is_empty() {
                if !last.contains(&next.code.as_str()) {
                    last.push(&next.code);
                }
                continue;
            }
            open.extend(next.successors.iter().filter_map(|code| self.entry(code)));
        }
        last.sort_unstable();
        last
    }

    fn place_of_code(&self, clean: &str) -> Option<usize> {
        let codes = &self.index.by_code;
        let direct = codes
            .get(clean)
            .or_else(|| codes.get(&clean.to_uppercase()));
        if direct.is_some() {
            return direct.copied();
        }
        let digits = clean.strip_suffix(".0").unwrap_or(clean);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if self.shape == Shape::Division {
            return codes.get(&six_digits(digits)?).copied();
        }
        let width = self.index.width?;
        codes.get(&format!("{digits:0>width$}")).copied()
    }

    fn by_name(&self, clean: &str) -> Resolution<'_> {
        let places = self
            .index
            .by_name
            .get(&fold(clean))
            .or_else(|| self.index.by_name.get(&fold(&without_brackets(clean))));
        let Some(places) = places else {
            return Resolution::Unknown;
        };
        let current: Vec<usize> = places
            .iter()
            .copied()
            .filter(|place| {
                self.entries
                    .get(*place)
                    .is_some_and(|entry| entry.successors.is_empty())
            })
            .collect();
        let candidates = if current.is_empty() { places } else { &current };
        match candidates.as_slice() {
            [place] => self.at_place(*place, true),
            many => Resolution::Ambiguous(
                many.iter()
                    .filter_map(|place| self.entries.get(*place))
                    .map(|entry| entry.code.as_str())
                    .collect(),
            ),
        }
    }

    /// `211 小学`, `211-小学`, `小学(211)`.
    fn place_of_code_and_name(&self, clean: &str) -> Option<usize> {
        let end = clean
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(clean.len());
        let (first, rest) = clean.split_at(end);
        let (code, name) = match (clean.split_once('('), first.is_empty()) {
            (Some((name, bracket)), true) => (bracket.trim_end_matches(')'), name),
            _ => (first, rest),
        };
        let place = *self.index.by_code.get(code)?;
        let entry = self.entries.get(place)?;
        let name_key = fold(name);
        let names = [&entry.name.zh, &entry.name.en];
        let fits = name_key.is_empty()
            || names
                .into_iter()
                .chain(&entry.aliases)
                .any(|known| fold(known) == name_key);
        fits.then_some(place)
    }

    fn fits_template(&self, code: &str) -> bool {
        self.open.iter().any(|template| {
            template.chars().count() == code.chars().count()
                && template.chars().zip(code.chars()).all(|(pattern, c)| {
                    if pattern == 'x' {
                        c.is_ascii_digit()
                    } else {
                        pattern == c
                    }
                })
        })
    }

    pub(crate) fn rebuild_index(&mut self) {
        let mut index = Index::default();
        for (place, entry) in self.entries.iter().enumerate() {
            index.by_code.entry(entry.code.clone()).or_insert(place);
            let mut keys: Vec<String> = [&entry.name.zh, &entry.name.en]
                .into_iter()
                .chain(&entry.aliases)
                .map(|name| fold(name))
                .collect();
            keys.sort();
            keys.dedup();
            for key in keys.into_iter().filter(|key| !key.is_empty()) {
                index.by_name.entry(key).or_default().push(place);
            }
        }
        let width = self.entries.first().map_or(0, |entry| entry.code.len());
        let uniform = self.entries.iter().all(|entry| {
            entry.code.len() == width && entry.code.bytes().all(|byte| byte.is_ascii_digit())
        });
        index.width = (uniform && width > 0).then_some(width);
        self.index = index;
    }
}

/// Normal text without the apostrophe that spreadsheets put before numbers.
fn clean(text: &str) -> String {
    normalise_text(text)
        .trim_matches(|c: char| c == ' ' || matches!(c, '\'' | '"' | '‘' | '’'))
        .to_owned()
}

/// Six digits of a division code given with 2, 4, 6 or, for county level and above, 9 or 12.
fn six_digits(digits: &str) -> Option<String> {
    match digits.len() {
        2 | 4 => Some(format!("{digits:0<6}")),
        6 => Some(digits.to_owned()),
        9 | 12 => {
            let (six, rest) = digits.split_at(6);
            rest.bytes()
                .all(|byte| byte == b'0')
                .then(|| six.to_owned())
        }
        _ => None,
    }
}
