//! What stops a whole file.

use super::mapping::MappingFault;
use crate::ledger::LedgerError;
use crate::read::ReadError;

/// Why a file could not be planned or committed. Rows at fault are not errors: they are in the plan.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The columns cannot be recognised.
    #[error(transparent)]
    Mapping(#[from] MappingFault),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The checks could not be run.
    #[error("the checks could not be run: {0}")]
    Checks(String),
    /// Somebody asked to stop, or the program is ending. What was committed stays and is not done again.
    #[error("stopped: {0}")]
    Stopped(String),
    /// There is no such dataset.
    #[error("there is no dataset `{name}`{}", .instead.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// What was perhaps meant.
        instead: Option<String>,
    },
    /// The file, or its plan, is no longer what was looked at.
    #[error("the plan has changed since it was shown (commit {0} came between); look at it again")]
    PlanChanged(kernel::CommitNumber),
    /// The unit of a complete list is not known.
    #[error("there is no unit `{0}`; write its code or its full name")]
    UnknownUnit(String),
}

impl From<columns::ColumnsError> for IntakeError {
    fn from(error: columns::ColumnsError) -> IntakeError {
        IntakeError::Checks(error.to_string())
    }
}

impl From<db::DbError> for IntakeError {
    fn from(error: db::DbError) -> IntakeError {
        IntakeError::Ledger(error.into())
    }
}

impl From<security::Denied> for IntakeError {
    fn from(denied: security::Denied) -> IntakeError {
        IntakeError::Ledger(denied.into())
    }
}

impl IntakeError {
    /// What is wrong and what to do, in Chinese; `Display` in English.
    pub fn zh(&self) -> String {
        match self {
            IntakeError::Read(error) => error.zh(),
            IntakeError::Mapping(fault) => fault.zh(),
            IntakeError::Ledger(error) => error.zh(),
            IntakeError::Checks(_) => "校验没有能够执行。请把错误代码告诉系统管理员。".to_owned(),
            IntakeError::Stopped(_) => "已停止，或已经处理过。请返回刷新后查看。".to_owned(),
            IntakeError::UnknownDataset { name, instead } => {
                let hint = instead
                    .as_ref()
                    .map_or(String::new(), |instead| format!("，是不是“{instead}”？"));
                format!("没有数据集“{name}”{hint}")
            }
            IntakeError::PlanChanged(number) => {
                format!("入库预览之后库内又有变动(入库批次 {number})，没有写入。请重新预览。")
            }
            IntakeError::UnknownUnit(name) => {
                format!("没有单位“{name}”；请写单位代码或全称")
            }
        }
    }

    /// A stable code for people and programs.
    pub fn code(&self) -> &'static str {
        match self {
            IntakeError::Read(error) => error.code(),
            IntakeError::Mapping(_) => "INTAKE-MAPPING",
            IntakeError::Ledger(error) => error.code(),
            IntakeError::Checks(_) => "INTAKE-CHECKS",
            IntakeError::Stopped(_) => "INTAKE-STOPPED",
            IntakeError::UnknownDataset { .. } => "INTAKE-DATASET",
            IntakeError::PlanChanged(_) => "INTAKE-PLAN-CHANGED",
            IntakeError::UnknownUnit(_) => "INTAKE-UNIT",
        }
    }
}
