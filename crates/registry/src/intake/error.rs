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
    /// It ended in the middle of being committed. What was committed stays and is not done again.
    #[error(
        "{committed} of {sets} change sets of import {import} are committed and stay, the others are not written: {cause}; once that is mended the same command goes on from there"
    )]
    Interrupted {
        /// The import's number.
        import: i64,
        /// Change sets that are in the ledger.
        committed: u64,
        /// Change sets in all.
        sets: u64,
        /// What ended it.
        cause: Box<IntakeError>,
    },
    /// What belongs to an import cannot be written into its folder.
    #[error("the folder of the imports cannot be written: {0}; make it writable and try again")]
    Folder(String),
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
    /// The file holds columns of personal data that the post does not see: their titles in Chinese and English.
    #[error("your post does not see {}; leave these columns out, or ask a colleague whose post does", .0.iter().map(|(_, en)| en.as_str()).collect::<Vec<_>>().join(", "))]
    Unseen(Vec<(String, String)>),
    /// What was kept sealed of an import cannot be opened: it was altered, or its key is gone.
    #[error("what was kept of this import cannot be opened any more; send the file again")]
    Sealed,
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
    /// A file or a folder of an import that cannot be written.
    pub(crate) fn unwritable(error: &std::io::Error) -> IntakeError {
        let what = error.to_string();
        if error.kind() == std::io::ErrorKind::StorageFull {
            return db::DbError::DiskFull { what }.into();
        }
        IntakeError::Folder(what)
    }

    /// This fault, met when so many change sets of an import were in the ledger. A wish to stop, and a plan
    /// that has to be made again, say themselves what is to be done.
    pub(crate) fn after(self, import: i64, committed: u64, sets: u64) -> IntakeError {
        match self {
            IntakeError::Stopped(_)
            | IntakeError::Interrupted { .. }
            | IntakeError::Ledger(LedgerError::Overtaken(_)) => self,
            cause => IntakeError::Interrupted {
                import,
                committed,
                sets,
                cause: Box::new(cause),
            },
        }
    }

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
            IntakeError::Unseen(titles) => {
                let titles: Vec<&str> = titles.iter().map(|(zh, _)| zh.as_str()).collect();
                format!(
                    "您的岗位不能查看“{}”；请去掉这些列，或请有权限的同事导入",
                    titles.join("、")
                )
            }
            IntakeError::Sealed => "这次导入暂存的内容已无法打开，请重新上传文件".to_owned(),
            IntakeError::UnknownUnit(name) => {
                format!("没有单位“{name}”；请写单位代码或全称")
            }
            IntakeError::Interrupted {
                import,
                committed,
                sets,
                cause,
            } => format!(
                "导入 {import} 的 {sets} 个变更单中已入库 {committed} 个,予以保留,其余没有写入。原因:{}。处理后重新执行同一命令,从中断处继续",
                cause.zh().trim_end_matches('。')
            ),
            IntakeError::Folder(what) => {
                format!("导入文件夹不可写:{what}。请改为可写后重试")
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
            IntakeError::Interrupted { cause, .. } => cause.code(),
            IntakeError::Folder(_) => "INTAKE-FOLDER",
            IntakeError::UnknownDataset { .. } => "INTAKE-DATASET",
            IntakeError::PlanChanged(_) => "INTAKE-PLAN-CHANGED",
            IntakeError::Unseen(_) => "INTAKE-UNSEEN",
            IntakeError::Sealed => "INTAKE-SEALED",
            IntakeError::UnknownUnit(_) => "INTAKE-UNIT",
        }
    }
}
