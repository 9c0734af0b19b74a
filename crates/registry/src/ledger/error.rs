//! What can go wrong in the ledger.

use kernel::{CommitNumber, RecordId};

/// Why the ledger did not do what it was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::DbError),
    /// Accounts, permits or the unit tree failed.
    #[error(transparent)]
    Security(#[from] security::SecurityError),
    /// The permit does not cover it. Shown to people as "not found" where existence itself is private.
    #[error(transparent)]
    Denied(#[from] security::Denied),
    /// The standard has no such dataset.
    #[error("there is no dataset `{0}`; `weihe standard check` lists the datasets")]
    UnknownDataset(String),
    /// The change set is larger than one may be.
    #[error("a change set holds at most {most} rows, this one has {rows}; split it into a batch")]
    TooLarge {
        /// Rows it has.
        rows: usize,
        /// Rows it may have.
        most: usize,
    },
    /// Later commits touched the same records.
    #[error("{} records were changed by someone else since commit {seen}; look at them again", .records.len())]
    Conflict {
        /// The commit that the author had seen.
        seen: CommitNumber,
        /// The records.
        records: Vec<RecordId>,
    },
    /// Someone else committed to the dataset after the plan was made: new records may no longer be new.
    #[error("commit {0} came between; make the plan again")]
    Overtaken(CommitNumber),
    /// Another record holds a key that no two may hold. It may be out of reach: nothing is said of it.
    #[error("another record already has this {}; nothing was written", .0.join(" + "))]
    KeyTaken(Vec<String>),
    /// A change speaks of a record that does not exist.
    #[error("record {0} does not exist in {1}")]
    NoRecord(RecordId, String),
    /// The person of a record was erased: nothing more is written of it.
    #[error("the person of record {0} was erased; enter a new record")]
    Erased(RecordId),
    /// What is kept of imports could not be removed.
    #[error("what is kept of imports could not be removed: {0}")]
    Imports(Box<crate::intake::IntakeError>),
    /// What is under way could not be read.
    #[error(transparent)]
    Cases(#[from] workflow::WorkflowError),
    /// There is no such commit.
    #[error("there is no commit {0}")]
    NoCommit(CommitNumber),
    /// The commit cannot be reversed.
    #[error(
        "commit {0} changes definitions or was itself a reversal of definitions; it cannot be reversed"
    )]
    NotReversible(CommitNumber),
    /// The database holds no ledger, or one whose first start did not come to its end.
    #[error(
        "the database holds no ledger yet; `weihe serve`, `weihe import` and `weihe demo` make one"
    )]
    NotThere,
    /// What is stored cannot have been written by the ledger.
    #[error("the ledger is damaged: {0}; run `weihe verify` and restore from a backup")]
    Damaged(String),
    /// The definitions took something away that is in use.
    #[error("{0}")]
    Definitions(String),
}

impl LedgerError {
    /// What is wrong and what to do, in Chinese; `Display` in English. What a database says in its own
    /// words stays out of it: the operator finds that in the log.
    pub fn zh(&self) -> String {
        match self {
            LedgerError::Store(error) => store_zh(error),
            LedgerError::Security(security::SecurityError::Db(error)) => store_zh(error),
            LedgerError::Security(_) => {
                "账号或权限出错，没有写入。请把错误代码告诉系统管理员。".to_owned()
            }
            LedgerError::NotThere => "这里没有账本。请核对数据目录和数据库地址。".to_owned(),
            LedgerError::Denied(_) => "有的内容不在您的管辖范围内，没有写入。".to_owned(),
            LedgerError::UnknownDataset(name) => {
                format!("没有数据集“{name}”；用 weihe standard check 查看有哪些")
            }
            LedgerError::TooLarge { rows, most } => {
                format!("一个变更单最多 {most} 行，这里有 {rows} 行；请分批")
            }
            LedgerError::Conflict { seen, records } => format!(
                "有 {} 条记录在入库批次 {seen} 之后被别人改动，没有写入；请重新查看",
                records.len()
            ),
            LedgerError::Overtaken(number) => {
                format!("库内又有变动(入库批次 {number})，没有写入；请重新预览")
            }
            LedgerError::KeyTaken(_) => {
                "标识码等不得重复的内容已被另一条记录使用，没有写入；请核对后重试".to_owned()
            }
            LedgerError::NoRecord(record, dataset) => {
                format!("数据集 {dataset} 中没有记录 {record}")
            }
            LedgerError::Erased(record) => {
                format!("记录 {record} 的人员信息已删除,不能再改;请另建记录")
            }
            LedgerError::Imports(error) => error.zh(),
            LedgerError::Cases(error) => format!("在办事项无法读取:{error}"),
            LedgerError::NoCommit(number) => format!("没有入库批次 {number}"),
            LedgerError::NotReversible(number) => {
                format!("入库批次 {number} 是数据标准的变更，不能撤销")
            }
            LedgerError::Damaged(_) => {
                "账本已损坏。请停止写入，用 weihe verify 核验，并从备份恢复。".to_owned()
            }
            LedgerError::Definitions(what) => format!("数据标准与库不符：{what}"),
        }
    }

    /// A stable code for people and programs.
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::Store(error) => error.code(),
            LedgerError::Security(_) => "LEDGER-SECURITY",
            LedgerError::Denied(_) => "LEDGER-DENIED",
            LedgerError::UnknownDataset(_) => "LEDGER-DATASET",
            LedgerError::TooLarge { .. } => "LEDGER-TOO-LARGE",
            LedgerError::Conflict { .. } => "LEDGER-CONFLICT",
            LedgerError::Overtaken(_) => "LEDGER-OVERTAKEN",
            LedgerError::KeyTaken(_) => "LEDGER-KEY-TAKEN",
            LedgerError::NoRecord(..) => "LEDGER-RECORD",
            LedgerError::Erased(_) => "LEDGER-ERASED",
            LedgerError::Imports(error) => error.code(),
            LedgerError::Cases(_) => "LEDGER-CASES",
            LedgerError::NoCommit(_) => "LEDGER-COMMIT",
            LedgerError::NotReversible(_) => "LEDGER-NOT-REVERSIBLE",
            LedgerError::NotThere => "LEDGER-NONE",
            LedgerError::Damaged(_) => "LEDGER-DAMAGED",
            LedgerError::Definitions(_) => "LEDGER-DEFINITIONS",
        }
    }
}

/// What a fault of the database means for people, in Chinese.
pub fn store_zh(error: &db::DbError) -> String {
    let sentence = match error {
        db::DbError::LogLeft { file } => {
            return format!(
                "上次被强行结束的程序在 {file}-wal 中留有改动，而这个文件夹不可写，读不出来。请把整个文件夹复制到可写的地方再读。"
            );
        }
        db::DbError::Unique { .. } => "数据库中已有同样的内容，没有写入。请刷新后重试。",
        db::DbError::Busy { .. } => "数据库正忙，没有写入。请稍后再试。",
        db::DbError::DiskFull { .. } => "数据库所在磁盘已满，请先腾出空间再重试",
        db::DbError::Connection { .. } => {
            "数据库连接不上。请核对地址、权限，确认数据库已启动后重试。"
        }
        db::DbError::Missing { .. } => "这里没有数据库。请核对地址。",
        db::DbError::Corrupt { .. } => "数据库已损坏。请停止写入，从备份恢复，或联系系统管理员。",
        db::DbError::ReadOnly { .. } => "数据库只能读，不能写。请核对权限。",
        db::DbError::Query { .. } => {
            "数据库没有执行这一操作，没有写入。请把错误代码告诉系统管理员。"
        }
    };
    sentence.to_owned()
}
