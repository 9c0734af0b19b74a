//! Records that come with the definitions.

use kernel::Day;

use crate::model::Confidence;

/// One version of a record that comes with the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedRow {
    /// Key of the record inside its seed file; rows with the same key are versions of one record.
    pub record: String,
    /// First day of the version; `None`: since ever.
    pub effective_from: Option<Day>,
    /// First day on which the version no longer holds; `None`: open.
    pub effective_to: Option<Day>,
    /// How sure the row is.
    pub confidence: Confidence,
    /// Field values as text, blank ones left out: codes as codes, references as the key of the other
    /// record, several values joined by `|`.
    pub values: Vec<(String, String)>,
    /// Line in the file.
    pub line: u32,
}

impl SeedRow {
    /// The text of a field, `None` where blank.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.as_str())
    }
}
