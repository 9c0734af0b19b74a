//! Definitions about personal data: masks, purposes with their legal basis, reasons for erasure. Pure.

use crate::model::{At, Confidence, Label, Sensitivity};

/// Whose record it is, in a dataset that holds personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonRule {
    /// Each record is a person.
    Itself,
    /// The record belongs to the person that this reference names.
    OfField(String),
}

/// From when a retention period runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetentionStart {
    /// From the commit that last wrote of the record.
    Recorded,
    /// From the day on which the record ended; one that has not ended is kept.
    Ended,
}

/// How long records of a dataset are kept at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Years.
    pub years: i32,
    /// From when they run.
    pub from: RetentionStart,
    /// Where the period comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
}

/// How a value is shown where it is not shown in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    /// Name in fields.
    pub name: String,
    /// What it keeps.
    pub title: Label,
    /// Why.
    pub about: Label,
    /// Characters kept at the front.
    pub keep_first: usize,
    /// Characters kept at the end.
    pub keep_last: usize,
    /// Stars for the rest; `None`: one a character.
    pub hidden: Option<usize>,
    /// Kept up to and with the first of these words.
    pub until: Vec<String>,
    /// Words of which such a word may be a part without counting.
    pub not: Vec<String>,
    /// The word must end within so many characters.
    pub within: usize,
    /// Where it comes from.
    pub source: String,
    /// Where it is defined; `None`: nowhere.
    pub at: Option<At>,
}

/// What stands for a value that is not shown at all: nothing of it, not even its length.
pub const HIDDEN: &str = "***";

impl Mask {
    /// A value with what the mask hides replaced by stars. An empty value stays empty; one that is too short to hide
    /// anything of is hidden altogether.
    pub fn apply(&self, value: &str) -> String {
        let characters: Vec<char> = value.chars().collect();
        if characters.is_empty() {
            return String::new();
        }
        let (first, last) = if self.until.is_empty() {
            (self.keep_first, self.keep_last)
        } else {
            (self.place_of_word(&characters), 0)
        };
        if first >= 1000 {
            return value.to_owned();
        }
        let kept = first.saturating_add(last);
        if kept == 0 || kept >= characters.len() {
            return HIDDEN.to_owned();
        }
        let hidden = self.hidden.unwrap_or(characters.len() - kept);
        let mut shown: String = characters.iter().take(first).collect();
        shown.extend(std::iter::repeat_n('*', hidden));
        shown.extend(characters.iter().skip(characters.len() - last));
        shown
    }

    /// How many characters stand up to and with the first of the words; 0 where none does.
    fn place_of_word(&self, characters: &[char]) -> usize {
        let most = if self.within == 0 {
            characters.len()
        } else {
            self.within.min(characters.len())
        };
        let ends_with = |end: usize, word: &str| {
            let word: Vec<char> = word.chars().collect();
            characters
                .get(..end)
                .is_some_and(|front| front.ends_with(&word))
        };
        (1..=most)
            .find(|end| {
                self.until.iter().any(|word| ends_with(*end, word))
                    && !self.not.iter().any(|word| ends_with(*end, word))
            })
            .unwrap_or(0)
    }
}

/// Why personal data may be processed (《个人信息保护法》第十三条第一款).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegalBasis {
    /// 第一项: the person consented.
    Consent,
    /// 第二项: a contract with the person, or managing staff.
    Contract,
    /// 第三项: duties of the law.
    StatutoryDuty,
    /// 第四项: public health, or life, health and property in an emergency.
    VitalInterest,
    /// 第五项: news and public supervision in the public interest.
    PublicInterest,
    /// 第六项: what the person made public.
    AlreadyPublic,
    /// 第七项: other laws.
    OtherLaw,
}

impl LegalBasis {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 7] = [
        ("consent", Self::Consent),
        ("contract", Self::Contract),
        ("statutory_duty", Self::StatutoryDuty),
        ("vital_interest", Self::VitalInterest),
        ("public_interest", Self::PublicInterest),
        ("already_public", Self::AlreadyPublic),
        ("other_law", Self::OtherLaw),
    ];

    /// The word used in definition files and in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::StatutoryDuty => "statutory_duty",
            Self::VitalInterest => "vital_interest",
            Self::PublicInterest => "public_interest",
            Self::AlreadyPublic => "already_public",
            Self::OtherLaw => "other_law",
        }
    }
}

/// A purpose for which personal data is kept or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// Name in code and in the audit log.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What it covers.
    pub about: Label,
    /// Its legal basis.
    pub basis: LegalBasis,
    /// Below this age in years a guardian's consent is needed.
    pub guardian_consent_under: Option<i32>,
    /// The most sensitive fields that it may need.
    pub sees: Sensitivity,
    /// The laws behind it.
    pub law: String,
    /// Where this comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}

/// When a reason for erasure holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErasureRule {
    /// Once the retention periods of all that is held are over.
    RetentionOver,
    /// Where all that is held is held by consent.
    ConsentOnly,
    /// Whenever it is true.
    Always,
}

impl ErasureRule {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("retention_over", Self::RetentionOver),
        ("consent_only", Self::ConsentOnly),
        ("always", Self::Always),
    ];
}

/// A reason for which what is held on a person may be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureReason {
    /// Name in code and in the erasure list.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// When it holds.
    pub allowed: ErasureRule,
    /// Where it comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}
