//! Why a command was not done: a stable code, and a sentence that says what to do.

use assurance::AssuranceError;
use registry::intake::IntakeError;
use registry::ledger::{LedgerError, store_zh};
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
    /// A mapping file could not be used: its path, and why.
    Mapping { path: String, error: IntakeError },
    /// Anything else, with its code; in Chinese where there is a sentence of its own.
    Other {
        code: String,
        sentence: String,
        zh: Option<String>,
    },
}

impl Failure {
    pub(crate) fn new(code: &str, sentence: impl ToString) -> Self {
        Self::Other {
            code: code.to_owned(),
            sentence: sentence.to_string(),
            zh: None,
        }
    }

    fn with_zh(code: &str, sentence: impl ToString, zh: impl Into<String>) -> Self {
        Self::Other {
            code: code.to_owned(),
            sentence: sentence.to_string(),
            zh: Some(zh.into()),
        }
    }

    pub(crate) fn is_stop(&self) -> bool {
        matches!(self, Self::Stopped | Self::Intake(IntakeError::Stopped(_)))
    }

    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Stopped => "cli.stopped",
            Self::Intake(error) | Self::Mapping { error, .. } => error.code(),
            Self::Other { code, .. } => code,
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
            Self::Intake(error) => in_language(error, text),
            Self::Mapping { path, error } => format!("{path}: {}", in_language(error, text)),
            Self::Other { zh: Some(zh), .. } if text.language() == Language::Chinese => zh.clone(),
            Self::Other { sentence, .. } => sentence.clone(),
        }
    }
}

fn in_language(error: &IntakeError, text: &Text) -> String {
    match text.language() {
        Language::Chinese => error.zh(),
        Language::English => error.to_string(),
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        Self::Intake(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let zh = match &error {
            OpenError::NoLedger { place } => format!(
                "{place} 里没有账本。请核对 --data 和 --database；新账本由 weihe import、weihe serve 和 weihe demo 建立"
            ),
            OpenError::NoWork { place } => format!(
                "缺少工作库({place})，审计记录在其中。请从与账本同一份备份中恢复，或运行 weihe serve 新建"
            ),
            OpenError::Db(fault) | OpenError::Security(SecurityError::Db(fault)) => store_zh(fault),
            OpenError::Security(SecurityError::People(fault)) => fault.zh(),
            OpenError::Ledger(fault) => fault.zh(),
            OpenError::Folder { folder, cause } => {
                format!("数据目录 {folder} 不能使用({cause})；用 --data 换一个，或放开写权限")
            }
            OpenError::Definitions(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!(
                    "数据标准有 {} 处错误：\n{}",
                    problems.len(),
                    lines.join("\n")
                )
            }
            OpenError::Overlay(_)
            | OpenError::Security(_)
            | OpenError::Workflow(_)
            | OpenError::Assurance(_)
            | OpenError::Permit(_)
            | OpenError::Program(_) => return Self::new(error.code(), &error),
        };
        Self::with_zh(error.code(), &error, zh)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::with_zh(error.code(), &error, error.zh())
    }
}

impl From<SecurityError> for Failure {
    fn from(error: SecurityError) -> Self {
        match &error {
            SecurityError::Db(fault) => Self::with_zh(error.code(), &error, store_zh(fault)),
            SecurityError::People(fault) => Self::with_zh(error.code(), &error, fault.zh()),
            _ => Self::new(error.code(), &error),
        }
    }
}

impl From<AssuranceError> for Failure {
    fn from(error: AssuranceError) -> Self {
        let zh = match &error {
            AssuranceError::Db(fault) => store_zh(fault),
            AssuranceError::State => "没有登记:学时为 1 到 24 的整数,日期不能晚于今天".to_owned(),
            AssuranceError::Security(SecurityError::Denied(_)) => {
                "没有这个课程或单位;课程见 standard/assurance.toml".to_owned()
            }
            _ => return Self::new(error.code(), &error),
        };
        Self::with_zh(error.code(), &error, zh)
    }
}

impl From<workflow::NoticeSettingsFault> for Failure {
    fn from(fault: workflow::NoticeSettingsFault) -> Self {
        Self::new("cli.notices", &fault)
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
        match &error {
            ServeError::Tls(fault) => Self::with_zh(
                "cli.tls",
                &error,
                format!("证书不能使用：{fault}。请核对 --tls-cert、--tls-key 和 --tls-client-ca"),
            ),
            _ => Self::new("cli.serve", &error),
        }
    }
}

impl From<security::identity::IdentityFault> for Failure {
    fn from(fault: security::identity::IdentityFault) -> Self {
        let zh = format!("统一身份认证配置文件不能使用：{fault}");
        Self::with_zh("cli.identity", &fault, zh)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("cli.io", &error)
    }
}
