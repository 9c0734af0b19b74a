//! The types that a checked set of definitions is made of.
//!
//! Everything here is plain data: the loader ([`crate::Standard::load`]) is the only maker, so a value
//! that exists has passed every check of the format.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kernel::Day;

use crate::people::{PersonRule, Retention};

/// The language of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

/// A text in both languages of the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Label {
    /// The text in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// Where a definition stands: file inside the definitions folder and line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Path inside the definitions folder, with `/`.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
}

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// How sure a fact is. `seen`: read in the named source; `general`: general knowledge, to be verified
/// before it rejects data; `proposal`: ours, no standard behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Ours; there is no standard behind it.
    Proposal,
    /// General knowledge, not yet verified.
    General,
    /// Seen in the named source.
    Seen,
}

impl Confidence {
    /// Spelling in definition files, with its meaning.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("seen", Self::Seen),
        ("general", Self::General),
        ("proposal", Self::Proposal),
    ];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::General => "general",
            Self::Proposal => "proposal",
        }
    }
}

/// Which education unit a record belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitRule {
    /// The record is itself a unit; `parent_field` names its parent unit.
    SelfUnit {
        /// The field that refers to the parent in the same dataset.
        parent_field: String,
    },
    /// The unit of the record that this field refers to.
    OfField(String),
    /// The root unit (the province): data that no unit below owns.
    Root,
}

/// A dataset by name, for grants that reach some datasets only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetName {
    /// Its name.
    pub name: String,
    /// Its name on pages.
    pub title: Label,
    /// Whether everyone who reads anything reads it: places and units, by which all else is named.
    pub is_common: bool,
}

/// Fields that together find the record which an imported row speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchKey {
    /// Field names; all must be present in the row for the key to be used.
    pub fields: Vec<String>,
    /// No two records hold the same values, whatever their units and days: a code of a school.
    pub unique: bool,
}

/// From which day a new value holds when the import does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectiveRule {
    /// Since ever (`Day::BEGINNING`): first load of things whose beginning is not known.
    Beginning,
    /// The day of the import.
    Today,
    /// The period that the field names: a school year begins on 1 September, a calendar year on 1 January.
    Period(String),
}

/// What a record that is missing from a complete list becomes. Never a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingRule {
    /// Nothing is proposed.
    Keep,
    /// Closing is proposed: `field` becomes `value`.
    Close {
        /// The field that says so.
        field: String,
        /// Its new value.
        value: String,
    },
}

/// Where the authority for a dataset lies (一数一源).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// This deployment is the system of record (权威来源系统).
    Here,
    /// Another system is; its exports are read here.
    Elsewhere(Label),
}

/// How widely a field may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Anyone.
    Public,
    /// Signed-in posts of the unit tree.
    Internal,
    /// Personal data.
    Personal,
    /// Sensitive personal data (《个人信息保护法》第二十八条).
    Sensitive,
}

impl Sensitivity {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("public", Self::Public),
        ("internal", Self::Internal),
        ("personal", Self::Personal),
        ("sensitive", Self::Sensitive),
    ];

    /// The levels whose fields are sealed, the less sensitive first.
    pub const SEALED: [Self; 2] = [Self::Personal, Self::Sensitive];

    /// Whether fields of this sensitivity are sealed under the key of a person.
    pub fn is_sealed(self) -> bool {
        self >= Self::Personal
    }

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Personal => "personal",
            Self::Sensitive => "sensitive",
        }
    }
}

/// The level that may change a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The province.
    Province,
    /// The city bureau.
    City,
    /// The county bureau.
    County,
    /// The institution itself.
    Institution,
    /// The program; no one types it.
    System,
}

impl Owner {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("province", Self::Province),
        ("city", Self::City),
        ("county", Self::County),
        ("institution", Self::Institution),
        ("system", Self::System),
    ];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Institution => "institution",
            Self::System => "system",
        }
    }
}

/// How exactly a date must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// To the day.
    Day,
    /// Year and month are enough; the first day of the month then stands for them.
    Month,
}

impl Precision {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 2] = [("day", Self::Day), ("month", Self::Month)];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A code of the named code set.
    Code(String),
    /// A whole number.
    Int {
        /// Smallest allowed.
        min: Option<i64>,
        /// Largest allowed.
        max: Option<i64>,
    },
    /// A decimal kept as an integer scaled by 10^`scale`; bounds are scaled too.
    Decimal {
        /// Digits after the point.
        scale: u8,
        /// Smallest allowed, scaled.
        min: Option<i64>,
        /// Largest allowed, scaled.
        max: Option<i64>,
    },
    /// Yes or no, kept as 1 or 0.
    Bool,
    /// A calendar day (Asia/Shanghai), kept as days since 1970-01-01.
    Date,
    /// The record id of a record of the named dataset.
    Ref(String),
    /// A point or multipolygon, kept as WKB.
    Geometry,
    /// Longitude in degrees, kept scaled by 10^7.
    Lon,
    /// Latitude in degrees, kept scaled by 10^7.
    Lat,
}

/// The three column types that a field can be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// BIGINT.
    Integer,
    /// TEXT.
    Text,
    /// BYTEA or BLOB.
    Bytes,
}

/// Digits after the point of stored coordinates.
pub const COORDINATE_SCALE: u8 = 7;

impl FieldKind {
    /// The column type of one value of this kind.
    pub fn storage(&self) -> Storage {
        match self {
            Self::Text | Self::Code(_) => Storage::Text,
            Self::Int { .. }
            | Self::Decimal { .. }
            | Self::Bool
            | Self::Date
            | Self::Ref(_)
            | Self::Lon
            | Self::Lat => Storage::Integer,
            Self::Geometry => Storage::Bytes,
        }
    }

    /// The word used in definition files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code(_) => "code",
            Self::Int { .. } => "int",
            Self::Decimal { .. } => "decimal",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::Ref(_) => "ref",
            Self::Geometry => "geometry",
            Self::Lon => "lon",
            Self::Lat => "lat",
        }
    }

    /// Digits after the point of the scaled integer, where the kind is a scaled number.
    pub fn scale(&self) -> Option<u8> {
        match self {
            Self::Decimal { scale, .. } => Some(*scale),
            Self::Lon | Self::Lat => Some(COORDINATE_SCALE),
            _ => None,
        }
    }
}

/// An import-only column that helps to resolve a reference: the name of the referred record or of one of
/// the records above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The reference field that it helps.
    pub field: String,
    /// The level at which the name stands, a code of the set `division_level` (`county`, `prefecture`,
    /// `province`, `township`), or `self` for the referred record.
    pub level: String,
}

/// One field of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name in code, SQL and storage.
    pub name: String,
    /// Name on pages and in templates.
    pub title: Label,
    /// Column headers seen in real files, best first.
    pub aliases: Vec<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// A row without it is refused.
    pub required: bool,
    /// Holds any number of values, joined by `|`.
    pub many: bool,
    /// How widely it may be shown.
    pub sensitivity: Sensitivity,
    /// The kind of the keyed lookups by which its values are found, for personal data that identifies.
    pub lookup: Option<String>,
    /// The mask ([`crate::Mask`]) by which it is shown where it is not shown in full; `None`: not at all.
    pub mask: Option<String>,
    /// The level that may change it.
    pub owner: Owner,
    /// Element of JY/T 1001–1007 that it stands for in exchange, such as `JCXX0101.XXMC`.
    pub jyt: Option<String>,
    /// Where the field comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// What it means, how to fill it.
    pub about: Label,
    /// Longest text in characters.
    pub max_length: Option<u32>,
    /// How exactly a date must be given.
    pub precision: Precision,
    /// Unit of measure, such as 人 or m².
    pub unit: Option<Label>,
    /// First day on which the field is in use.
    pub valid_from: Option<Day>,
    /// The field takes no new values from this day on.
    pub closed: Option<Day>,
    /// Read from files to resolve a reference, never stored.
    pub hint: Option<Hint>,
    /// Where it is defined.
    pub at: At,
}

impl Field {
    /// The column type, a list of values being text.
    pub fn storage(&self) -> Storage {
        if self.many {
            Storage::Text
        } else {
            self.kind.storage()
        }
    }

    /// Whether the field is a column of the dataset's table (hints are not).
    pub fn is_stored(&self) -> bool {
        self.hint.is_none()
    }
}

/// A kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Name in code, SQL and storage.
    pub name: String,
    /// Place in lists of datasets.
    pub order: i64,
    /// Name on pages.
    pub title: Label,
    /// What a record is.
    pub about: Label,
    /// The unit a record belongs to.
    pub unit: UnitRule,
    /// Whose personal data its records hold; `None`: nobody's.
    pub person: Option<PersonRule>,
    /// The purposes for which personal data in it is kept.
    pub purposes: Vec<String>,
    /// How long its records are kept at least.
    pub retention: Option<Retention>,
    /// Keys in the order in which they are tried.
    pub match_keys: Vec<MatchKey>,
    /// From when a value holds, unless said.
    pub default_effective: EffectiveRule,
    /// What happens to records missing from a complete list.
    pub missing: MissingRule,
    /// The system of record.
    pub authority: Authority,
    /// Field whose text stands for the record in lists and references.
    pub display: String,
    /// Where the definition comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// Fields in their order on pages and in templates, hints among them.
    pub fields: Vec<Field>,
    /// Where it is defined.
    pub at: At,
}

impl Dataset {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether all else is named by it: data of no unit, such as divisions, and the tree of units itself.
    pub fn is_common(&self) -> bool {
        match &self.unit {
            UnitRule::Root => true,
            UnitRule::OfField(_) => false,
            UnitRule::SelfUnit { parent_field } => self
                .field(parent_field)
                .is_some_and(|field| field.kind == FieldKind::Ref(self.name.clone())),
        }
    }

    /// The stored fields: what a version has a value of each for. Those of personal data are no columns of the
    /// dataset's table but stand in the sealed part of their level.
    pub fn stored_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_stored())
    }

    /// Whether records hold sealed fields.
    pub fn holds_personal_data(&self) -> bool {
        self.stored_fields()
            .any(|field| field.sensitivity.is_sealed())
    }

    /// The sealed levels that its fields have, the less sensitive first.
    pub fn sealed_levels(&self) -> impl Iterator<Item = Sensitivity> + '_ {
        let has = |level: &Sensitivity| {
            self.stored_fields()
                .any(|field| field.sensitivity == *level)
        };
        Sensitivity::SEALED.into_iter().filter(has)
    }
}

/// One code with its names and validity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code.
    pub code: String,
    /// Its names.
    pub name: Label,
    /// Other names seen in real files.
    pub aliases: Vec<String>,
    /// The code above it.
    pub parent: Option<String>,
    /// First day of validity; `None`: not known, since ever.
    pub valid_from: Option<Day>,
    /// First day on which it is no longer valid.
    pub valid_to: Option<Day>,
    /// Codes that took its place.
    pub successors: Vec<String>,
    /// Source of this row where it differs from the set's.
    pub source: Option<String>,
    /// How sure this row is.
    pub confidence: Option<Confidence>,
    /// Further columns that the set declares.
    pub extra: BTreeMap<String, String>,
    /// Line in the file.
    pub line: u32,
}

impl CodeEntry {
    /// A further column of the set, `None` where blank.
    pub fn extra(&self, column: &str) -> Option<&str> {
        self.extra.get(column).map(String::as_str)
    }

    /// A further column that holds several values.
    pub fn extra_many(&self, column: &str) -> Vec<&str> {
        self.extra(column)
            .map_or_else(Vec::new, |text| text.split('|').collect())
    }
}

/// A further column of a code set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraColumn {
    /// Column name.
    pub name: String,
    /// What it means.
    pub title: Label,
    /// Its values are codes of this set.
    pub codes: Option<String>,
    /// Holds several values joined by `|`.
    pub many: bool,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Shown, nothing asked.
    Notice,
    /// To be corrected or explained; the explanation is kept.
    Explain,
    /// The row is refused until it is corrected.
    MustFix,
}

impl Severity {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("must_fix", Self::MustFix),
        ("explain", Self::Explain),
        ("notice", Self::Notice),
    ];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MustFix => "must_fix",
            Self::Explain => "explain",
            Self::Notice => "notice",
        }
    }
}

/// What the SQL of a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// A boolean expression over one row of `staged`; true is a finding.
    Row,
    /// `SELECT row_no FROM staged …`; each row returned is a finding.
    Set,
}

/// A rule that data is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable code, such as `INST-001`.
    pub code: String,
    /// How serious a finding is.
    pub severity: Severity,
    /// Row predicate or set query.
    pub kind: CheckKind,
    /// The dataset it looks at.
    pub dataset: String,
    /// The field that a finding points at.
    pub field: String,
    /// The sentence; `{field}` stands for a value of the row.
    pub message: Label,
    /// What to do.
    pub repair: Label,
    /// SQL in the dialect of the checker.
    pub sql: String,
    /// Where the rule comes from.
    pub source: String,
    /// How sure the source is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
    /// Line on which the SQL text begins.
    pub sql_line: u32,
}

/// An SQL function that checks may call and that the checker provides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFunction {
    /// Name.
    pub name: String,
    /// Argument types: `text`, `bigint`, `double`.
    pub arguments: Vec<String>,
    /// Result type: `bool`, `text`, `bigint`, `double`.
    pub returns: String,
    /// What it tells.
    pub about: Label,
    /// Where it is defined.
    pub at: At,
}

/// The version of the definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// Such as `2026.1`.
    pub version: String,
    /// What it holds.
    pub about: Label,
}
