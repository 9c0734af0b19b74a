//! What a file would do, before anything is written: the plan that people look at.

use std::collections::BTreeMap;

use kernel::{CommitNumber, Day, RecordId};
use serde::{Deserialize, Serialize};
use standard::Lang;

use super::explain::filled;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A record that is not held yet.
    New,
    /// A record that is held with other values.
    Changed,
    /// A record that is held just so.
    Unchanged,
    /// Several records could be meant; a person must say which.
    Review,
    /// Cannot be taken as it is.
    Refused,
}

impl Class {
    /// All of them, in the order in which people read them.
    pub const ALL: [Class; 5] = [
        Class::New,
        Class::Changed,
        Class::Unchanged,
        Class::Review,
        Class::Refused,
    ];

    /// The word in URLs, JSON and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::New => "new",
            Class::Changed => "changed",
            Class::Unchanged => "unchanged",
            Class::Review => "review",
            Class::Refused => "refused",
        }
    }
}

/// One value that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What is held, as shown to people; empty: nothing.
    pub old: String,
    /// What the file says.
    pub new: String,
}

/// A row shown as an example of its class or cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowExample {
    /// Number of the row in the file.
    pub row: u64,
    /// What the row is about: a name or a code.
    pub label: String,
    /// The record, where it is one that is held.
    pub record: Option<RecordId>,
    /// What would change, for changed rows.
    pub changes: Vec<FieldChange>,
    /// The cell that is at fault, for refused rows.
    pub value: String,
    /// What was expected, the candidates, the other row.
    pub detail: Detail,
    /// The values that the sentence of its cause speaks of, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The records that could be meant, by name and code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<(RecordId, String)>,
}

/// More on one row: a text that reads the same in both languages, or a sentence in each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// In Chinese, or in both.
    pub zh: String,
    /// In English where it differs; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
}

impl Detail {
    /// In a language.
    pub fn get(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.en.is_empty() {
            &self.en
        } else {
            &self.zh
        }
    }
}

impl From<String> for Detail {
    fn from(zh: String) -> Self {
        Self {
            zh,
            en: String::new(),
        }
    }
}

/// Why rows are refused, go to review, or are worth a second look: one cause for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The stable code of the check or of the cell fault.
    pub code: String,
    /// The field at fault; empty: the row as a whole.
    pub field: String,
    /// `must_fix`, `explain` or `notice`; `review` for ambiguous rows.
    pub severity: String,
    /// What is wrong, in Chinese and English.
    pub message: (String, String),
    /// What to do, in Chinese and English.
    pub repair: (String, String),
    /// How many rows.
    pub rows: u64,
    /// The values that occur most, with their counts, for faults of single cells.
    pub values: Vec<(String, u64)>,
    /// The first rows.
    pub examples: Vec<RowExample>,
}

/// A record that a complete list does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The record.
    pub record: RecordId,
    /// Its name or code.
    pub label: String,
    /// The field that would say so, and its new value.
    pub proposal: Option<(String, String)>,
}

/// The plan of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The dataset.
    pub dataset: String,
    /// The file's name.
    pub file: String,
    /// From when the values hold, unless the rows say.
    pub effective: Option<Day>,
    /// The commit on which the plan was made.
    pub based_on: CommitNumber,
    /// Rows read.
    pub rows: u64,
    /// Rows of each class.
    pub counts: BTreeMap<String, u64>,
    /// Headers in the file and the field each was recognised as; empty: not read.
    pub columns: Vec<(String, String)>,
    /// How the file was read: encoding, delimiter, sheet, header row.
    pub reading: Vec<(String, String)>,
    /// Changed fields and in how many rows.
    pub changed_fields: BTreeMap<String, u64>,
    /// Examples of new and changed rows.
    pub examples: BTreeMap<String, Vec<RowExample>>,
    /// Refusals and reviews, the most frequent first.
    pub causes: Vec<Cause>,
    /// What is worth a look and refuses nothing.
    pub notices: Vec<Cause>,
    /// Records that are held but not in the list, where the list is said to be complete.
    pub missing: Vec<Missing>,
    /// Number of those.
    pub missing_count: u64,
    /// Whether the list is said to be complete, and for which unit.
    pub complete_for: Option<String>,
}

impl Plan {
    /// Rows of a class.
    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(class.as_str()).copied().unwrap_or(0)
    }

    /// Its numbers alone, without anything of single rows.
    #[must_use]
    pub fn without_rows(mut self) -> Plan {
        self.examples.clear();
        self.missing.clear();
        for cause in self.causes.iter_mut().chain(&mut self.notices) {
            cause.values.clear();
            cause.examples.clear();
        }
        self
    }

    /// Whether anything would be written.
    pub fn writes(&self) -> bool {
        self.count(Class::New) + self.count(Class::Changed) + self.missing_count > 0
    }

    /// Whether a row was refused or waits for review.
    pub fn has_refusals(&self) -> bool {
        self.count(Class::Refused) + self.count(Class::Review) > 0
    }
}

/// Gathers rows under their causes.
#[derive(Debug, Default)]
pub(super) struct CauseBook {
    causes: BTreeMap<(String, String), Gathered>,
}

#[derive(Debug)]
struct Gathered {
    cause: Cause,
    values: BTreeMap<String, u64>,
    last_row: Option<u64>,
}

/// So many examples are kept of each cause.
const EXAMPLES: usize = 5;
/// So many different values are counted for each cause.
const VALUES: usize = 2_000;
/// So many of them are shown.
const VALUES_SHOWN: usize = 20;

/// What a cause says in general; made once per cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CauseText {
    pub code: String,
    pub field: String,
    pub severity: String,
    pub message: (String, String),
    pub repair: (String, String),
}

impl CauseBook {
    /// Adds a row to its cause.
    pub(super) fn add(
        &mut self,
        code: &str,
        field: &str,
        text: impl FnOnce() -> CauseText,
        example: RowExample,
    ) {
        let gathered = self
            .causes
            .entry((code.to_owned(), field.to_owned()))
            .or_insert_with(|| {
                let text = text();
                Gathered {
                    cause: Cause {
                        code: text.code,
                        field: text.field,
                        severity: text.severity,
                        message: text.message,
                        repair: text.repair,
                        rows: 0,
                        values: Vec::new(),
                        examples: Vec::new(),
                    },
                    values: BTreeMap::new(),
                    last_row: None,
                }
            });
        if gathered.last_row != Some(example.row) {
            gathered.cause.rows += 1;
            gathered.last_row = Some(example.row);
        }
        if !example.value.is_empty()
            && (gathered.values.len() < VALUES || gathered.values.contains_key(&example.value))
        {
            *gathered.values.entry(example.value.clone()).or_default() += 1;
        }
        if gathered.cause.examples.len() < EXAMPLES {
            gathered.cause.examples.push(example);
        }
    }

    /// Whether another example of a cause would be kept.
    pub(super) fn wants_example(&self, code: &str, field: &str) -> bool {
        let known = self.causes.get(&(code.to_owned(), field.to_owned()));
        known.is_none_or(|gathered| gathered.cause.examples.len() < EXAMPLES)
    }

    /// The causes, the most frequent first. Of several rows the values differ, so a sentence leaves them
    /// open; of one row it names them.
    pub(super) fn into_causes(self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self
            .causes
            .into_values()
            .map(|gathered| {
                let mut values: Vec<(String, u64)> = gathered.values.into_iter().collect();
                values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
                values.truncate(VALUES_SHOWN);
                let cause = gathered.cause;
                let only = cause.examples.first().filter(|_| cause.rows == 1);
                let said = |sentence: &str| {
                    filled(sentence, |name| {
                        only.and_then(|example| example.values.get(name).cloned())
                    })
                };
                Cause {
                    values,
                    message: (said(&cause.message.0), said(&cause.message.1)),
                    repair: (said(&cause.repair.0), said(&cause.repair.1)),
                    ..cause
                }
            })
            .collect();
        causes.sort_by(|one, other| {
            other
                .rows
                .cmp(&one.rows)
                .then_with(|| one.code.cmp(&other.code))
        });
        causes
    }
}
