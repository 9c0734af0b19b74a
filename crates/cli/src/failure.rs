//! Why a command was not done: a stable code, and a sentence that says what to do.

use registry::intake::{IntakeError, MappingFault};
use registry::ledger::LedgerError;
use security::SecurityError;
use serde_json::{Value, json};
use server::{OpenError, ServeError, UnitNotFound};
use ui::{Language, Text};

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was stopped by Ctrl-C.
    Stopped,
    /// A file could not be taken.
    Intake(IntakeError),
    /// A sentence of this crate's messages.
    Worded {
        code: String,
        key: &'static str,
        about: Vec<(&'static str, String)>,
    },
    /// Anything else, with its code.
    Other { code: String, sentence: String },
}

impl Failure {
    pub(crate) fn new(code: &str, sentence: impl ToString) -> Self {
        Self::Other {
            code: code.to_owned(),
            sentence: sentence.to_string(),
        }
    }

    pub(crate) fn is_stop(&self) -> bool {
        matches!(self, Self::Stopped | Self::Intake(IntakeError::Stopped(_)))
    }

    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Stopped => "cli.stopped",
            Self::Intake(error) => error.code(),
            Self::Worded { code, .. } | Self::Other { code, .. } => code,
        }
    }

    /// What a program may want to know besides: how much of an import that was interrupted is committed.
    pub(crate) fn details(&self) -> Option<Value> {
        match self {
            Self::Intake(IntakeError::Interrupted {
                import,
                committed,
                sets,
                ..
            }) => Some(json!({ "import": import, "committed": committed, "change_sets": sets })),
            _ => None,
        }
    }

    /// The sentence in the reader's language, as far as there is one.
    pub(crate) fn sentence(&self, text: &Text) -> String {
        match self {
            Self::Stopped | Self::Intake(IntakeError::Stopped(_)) => text.get("cli-stopped"),
            Self::Intake(error) => intake_sentence(error, text),
            Self::Worded { key, about, .. } => {
                let about: Vec<(&str, &str)> = about
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                text.with(key, &about)
            }
            Self::Other { sentence, .. } => sentence.clone(),
        }
    }
}

fn intake_sentence(error: &IntakeError, text: &Text) -> String {
    let in_english = text.language() == Language::English;
    match error {
        IntakeError::Read(error) if in_english => error.en(),
        IntakeError::Read(error) => error.zh(),
        _ if in_english => error.to_string(),
        IntakeError::Mapping(fault) => mapping_sentence(fault, text),
        IntakeError::UnknownDataset {
            name,
            instead: Some(instead),
        } => text.with(
            "cli-no-dataset-instead",
            &[("name", name), ("instead", instead)],
        ),
        IntakeError::UnknownDataset {
            name,
            instead: None,
        } => text.with("cli-no-dataset", &[("name", name)]),
        IntakeError::UnknownUnit(name) => text.with("cli-no-unit", &[("name", name)]),
        IntakeError::PlanChanged(number) => {
            text.with("cli-plan-changed", &[("number", &number.to_string())])
        }
        IntakeError::Interrupted {
            import,
            committed,
            sets,
            cause,
        } => text.with(
            "cli-interrupted",
            &[
                ("import", &import.to_string()),
                ("committed", &committed.to_string()),
                ("sets", &sets.to_string()),
                ("cause", &intake_sentence(cause, text)),
            ],
        ),
        IntakeError::Folder(what) => text.with("cli-imports-folder", &[("what", what)]),
        other if other.code() == "db.disk_full" => text.get("cli-disk-full"),
        other => other.to_string(),
    }
}

fn mapping_sentence(fault: &MappingFault, text: &Text) -> String {
    match fault {
        MappingFault::Syntax(what) => text.with("cli-mapping-syntax", &[("what", what)]),
        MappingFault::Field {
            field,
            dataset,
            instead: Some(instead),
        } => text.with(
            "cli-mapping-field-instead",
            &[("field", field), ("dataset", dataset), ("instead", instead)],
        ),
        MappingFault::Field {
            field,
            dataset,
            instead: None,
        } => text.with(
            "cli-mapping-field",
            &[("field", field), ("dataset", dataset)],
        ),
        MappingFault::EffectiveField(field) => {
            text.with("cli-mapping-effective", &[("field", field)])
        }
        MappingFault::Datum(name) => text.with("cli-mapping-datum", &[("name", name)]),
        MappingFault::Nothing { dataset, headers } => text.with(
            "cli-mapping-nothing",
            &[("dataset", dataset), ("headers", headers)],
        ),
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        Self::Intake(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (key, place) = match &error {
            OpenError::NoLedger { place } => ("cli-no-ledger", place.clone()),
            OpenError::NoWork { place } => ("cli-no-work", place.clone()),
            _ => return Self::new(error.code(), &error),
        };
        Self::Worded {
            code: error.code().to_owned(),
            key,
            about: vec![("place", place)],
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::new(error.code(), &error)
    }
}

impl From<SecurityError> for Failure {
    fn from(error: SecurityError) -> Self {
        Self::new(error.code(), &error)
    }
}

impl From<security::UnknownName> for Failure {
    fn from(error: security::UnknownName) -> Self {
        Self::new("security.unknown_name", &error)
    }
}

impl From<UnitNotFound> for Failure {
    fn from(error: UnitNotFound) -> Self {
        Self::new("cli.unit", &error)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        Self::new("cli.serve", &error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("cli.io", &error)
    }
}
