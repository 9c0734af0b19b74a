//! What can be asked of the program, in both languages: help is read by people of either.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use crypto::Suite;
use kernel::Day;
use security::identity::{IdentityFault, IdentitySettings};
use security::{LedgerHead, Rates, Sensitivity};
use server::{Connections, Settings, TlsSettings};
use workflow::{NoticeSettings, NoticeSettingsFault};

use crate::output::Format;

/// 渭河:教育数据平台 (Weihe, an education data platform)
#[derive(Debug, Parser)]
#[command(
    name = "weihe",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// Where the data is, and in which words answers come.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// 数据文件夹,默认 data (data folder; `data` by default)
    #[arg(long, global = true, value_name = "DIR", env = "WEIHE_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// 数据库;默认用数据文件夹里的内嵌数据库 (database, postgres://…; by default the embedded one in the data folder)
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "WEIHE_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
    /// 本单位补充的数据标准;默认为数据文件夹下的 standard (own definitions; by default the folder `standard` in the data folder)
    #[arg(long, global = true, value_name = "DIR", env = "WEIHE_OVERLAY")]
    pub(crate) overlay: Option<PathBuf>,
    /// 节点名称,首次建库时记入账本 (this node's name, kept when the ledger is made)
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "local",
        env = "WEIHE_NODE",
        hide = true
    )]
    pub(crate) node: String,
    /// 主密钥文件,默认为数据文件夹下的 keys/master-keys (file of the master keys; by default in the data folder)
    #[arg(long, global = true, value_name = "FILE", env = "WEIHE_MASTER_KEYS")]
    pub(crate) master_keys: Option<PathBuf>,
    /// 密码算法:international(默认)或 sm(商用密码),首次建库时采用 (algorithms, counts when the ledger is made)
    #[arg(long, global = true, value_name = "SUITE", env = "WEIHE_ALGORITHMS")]
    pub(crate) algorithms: Option<Suite>,
    /// 查找密钥的范围,如省份;同一范围的节点可查到同一个人,首次建库时采用 (realm of the lookup key)
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "own",
        env = "WEIHE_REALM",
        hide = true
    )]
    pub(crate) realm: String,
    /// 输出语言 (language of answers)
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "zh",
        env = "WEIHE_LANG"
    )]
    pub(crate) lang: Lang,
}

impl Common {
    /// The data folder, named or not.
    pub(crate) fn folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("data"))
    }
}

/// The log, on stderr.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// 日志级别 (log level: error, warn, info, debug, or a filter such as `server=debug`)
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        default_value = "warn",
        env = "WEIHE_LOG"
    )]
    pub(crate) log: String,
    /// 日志用 JSON (log as JSON lines)
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

/// Language of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// 启动服务 (serve)
    Serve(Serving),
    /// 载入演示省份并启动服务 (load the demo province and serve it)
    Demo(Demo),
    /// 导入文件:先显示入库预览,再入库 (import a file: the plan, then the commits)
    Import(Import),
    /// 导出数据集 (export a dataset)
    Export(Export),
    /// 核验账本和审计记录 (recompute every hash of the ledger and of the audit log)
    Verify(Verify),
    /// 数据标准 (definitions)
    Standard {
        #[command(subcommand)]
        command: StandardCommand,
    },
    /// 程序接口的 OpenAPI 文档 (the OpenAPI document of what programs read and send)
    Openapi,
    /// 个人信息的密钥 (keys that personal data are sealed by)
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// 账号 (accounts)
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
}

impl Command {
    /// In which form the answer is wanted. An export's own format is its content, not its answer.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Serve(serving) => serving.answer.format,
            Self::Demo(demo) => demo.serving.answer.format,
            Self::Import(import) => import.answer.format,
            Self::Export(_) | Self::Openapi => Format::Text,
            Self::Verify(verify) => verify.answer.format,
            Self::Standard {
                command: StandardCommand::Check(check),
            } => check.answer.format,
            Self::Keys { command } => command.format(),
            Self::User { command } => command.format(),
        }
    }
}

/// The form of the answer.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// 输出格式 (form of the answer)
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Serving {
    /// 监听地址 (address to listen on)
    #[arg(
        long,
        value_name = "IP",
        default_value = "127.0.0.1",
        env = "WEIHE_HOST"
    )]
    pub(crate) host: IpAddr,
    /// 监听端口;0 为任意空闲端口 (port; 0: any free one)
    #[arg(long, value_name = "PORT", default_value_t = 4080, env = "WEIHE_PORT")]
    pub(crate) port: u16,
    /// 用户通过 https 访问(由前置代理提供) (people reach it by https, through a proxy)
    #[arg(long, env = "WEIHE_HTTPS")]
    pub(crate) https: bool,
    /// 证书文件(PEM,含中间证书),由本程序直接提供 TLS 1.3 (certificate: TLS 1.3 without a proxy)
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIHE_TLS_CERT",
        requires = "tls_key"
    )]
    pub(crate) tls_cert: Option<PathBuf>,
    /// 证书的私钥文件(PEM) (its key)
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIHE_TLS_KEY",
        requires = "tls_cert"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    /// 签发用户证书(UKey)的机构证书(PEM);给出后请求浏览器出示证书 (authorities of client certificates)
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIHE_TLS_CLIENT_CA",
        requires = "tls_cert"
    )]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// 统一身份认证配置文件(TOML) (identity services that people may sign in through; docs/identity.md)
    #[arg(long, value_name = "FILE", env = "WEIHE_IDENTITY")]
    pub(crate) identity: Option<PathBuf>,
    /// 通知的邮件服务器和回调配置文件(TOML) (where notices are sent; docs/notices.md)
    #[arg(long, value_name = "FILE", env = "WEIHE_NOTICES")]
    pub(crate) notices: Option<PathBuf>,
    /// 同时连接数上限 (connections at a time, in all)
    #[arg(long, value_name = "COUNT", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,
    /// 每个地址的同时连接数上限,受信任的前置代理除外 (connections at a time of one address)
    #[arg(long, value_name = "COUNT", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections_per_address: u32,
    /// 上传文件的大小上限(MiB) (the largest file that is uploaded)
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=2048))]
    pub(crate) upload_mib: u32,
    /// 上传的工作簿解压后的大小上限(MiB) (the most that an uploaded workbook may come to when unpacked)
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) unpacked_mib: u32,
    /// 每个账号每分钟的请求数上限 (requests a minute of one account)
    #[arg(long, value_name = "COUNT", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) requests_per_minute: u32,
    /// 每个账号每分钟的导出数上限 (exports a minute of one account)
    #[arg(long, value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) exports_per_minute: u32,
    /// 每个地址每分钟未登录的请求数上限 (requests a minute of one address by those who are not signed in)
    #[arg(long, value_name = "COUNT", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) visits_per_minute: u32,
    /// 受信任的前置代理,可重复 (proxy whose X-Forwarded-For is believed; may be repeated)
    #[arg(long, value_name = "IP")]
    pub(crate) trusted_proxy: Vec<IpAddr>,
    /// 从别处读取 /metrics 所需的口令 (token that /metrics asks for; without one only this machine reads it)
    #[arg(
        long,
        value_name = "TOKEN",
        env = "WEIHE_METRICS_TOKEN",
        hide_env_values = true
    )]
    pub(crate) metrics_token: Option<String>,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

impl Serving {
    /// Whether people reach the program by https, through a proxy or without one.
    pub(crate) fn is_https(&self) -> bool {
        self.https || self.tls_cert.is_some()
    }

    /// Where notices may be sent.
    ///
    /// # Errors
    /// Where the file cannot be used.
    pub(crate) fn notice_settings(&self) -> Result<NoticeSettings, NoticeSettingsFault> {
        match &self.notices {
            Some(file) => NoticeSettings::read(file),
            None => Ok(NoticeSettings::default()),
        }
    }

    fn tls(&self) -> Option<TlsSettings> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        let mut tls = TlsSettings::new(certificate, key);
        tls.client_authorities.clone_from(&self.tls_client_ca);
        Some(tls)
    }

    /// Puts what was asked for into the settings.
    ///
    /// # Errors
    /// Where the file of identity services cannot be used.
    pub(crate) fn apply(&self, settings: &mut Settings) -> Result<(), IdentityFault> {
        settings.security.https = self.is_https();
        settings.security.rates = Rates {
            ordinary: self.requests_per_minute,
            heavy: self.exports_per_minute,
            visitors: self.visits_per_minute,
        };
        settings.tls = self.tls();
        settings.limits.max_bytes = u64::from(self.upload_mib) << 20;
        settings.limits.max_expanded_bytes = u64::from(self.unpacked_mib) << 20;
        settings.connections = Connections {
            most: usize::try_from(self.connections).unwrap_or(usize::MAX),
            most_of_address: usize::try_from(self.connections_per_address).unwrap_or(usize::MAX),
        };
        settings
            .security
            .trusted_proxies
            .clone_from(&self.trusted_proxy);
        settings.metrics_token.clone_from(&self.metrics_token);
        if let Some(file) = &self.identity {
            settings.security.identity = IdentitySettings::read(file)?;
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// 只载入,不启动服务 (load and stop)
    #[arg(long)]
    pub(crate) no_serve: bool,
    #[command(flatten)]
    pub(crate) serving: Serving,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// CSV、XLSX 或 GeoJSON 文件 (file)
    pub(crate) file: PathBuf,
    /// 数据集,例如 institution (dataset)
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: String,
    /// 对照文件:说明各列是哪个字段 (mapping file: which column is which field)
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// 坐标系:wgs84、cgcs2000、gcj02 或 bd09 (datum of the coordinates)
    #[arg(long, value_name = "DATUM")]
    pub(crate) datum: Option<String>,
    /// 从哪一天起生效 (first day on which the values hold)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) effective: Option<Day>,
    /// 文件是该单位的完整名单,库中多出的列为缺失 (the file is the complete list of this unit)
    #[arg(long, value_name = "UNIT")]
    pub(crate) complete_for: Option<String>,
    /// 入库原因,记入历史 (why, kept in the history)
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// 只预览,不入库 (show the plan, write nothing)
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// 数据集,例如 institution (dataset)
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: String,
    /// 业务时点,默认今天 (the day in the world; today by default)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) as_of: Option<Day>,
    /// 掌握时点:按那一天结束时所掌握的情况 (as known at the end of that day)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) known_on: Option<Day>,
    /// 写入文件,默认标准输出 (file to write; standard output by default)
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// 文件格式 (form of the file)
    #[arg(long, value_enum, default_value = "csv")]
    pub(crate) format: FileFormat,
    /// 表头用字段名,不附名称列 (field names as headers, codes without their names)
    #[arg(long)]
    pub(crate) names: bool,
}

/// The form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A table with a header, which can be imported again
    Csv,
    /// A list of objects
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// 另处保存的账本末端,形如 48:7ed2…;账本里没有就算不符 (head kept elsewhere: the ledger must hold that commit)
    #[arg(long, value_name = "NUMBER:HASH")]
    pub(crate) expect: Option<LedgerHead>,
    /// 账本是有意恢复到较早状态的,记入审计,以后按现在的末端核对 (the ledger was put back to an earlier state on purpose)
    #[arg(long)]
    pub(crate) put_back: bool,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StandardCommand {
    /// 检查数据标准,指出文件、行和应写的内容 (check definitions: file, line, what to write)
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// 密钥的现状 (how the keys stand)
    Status {
        #[command(flatten)]
        answer: Answer,
    },
    /// 逐个打开人员密钥,核对主密钥是否齐全 (open every key of a person)
    Check {
        #[command(flatten)]
        answer: Answer,
    },
    /// 更换主密钥或查找密钥;可中断,再次执行即继续 (rotate; may be cut off, the same command goes on)
    Rotate {
        /// 同时更换密码算法:international 或 sm (change the algorithms as well)
        #[arg(long, value_name = "SUITE", conflicts_with = "lookups")]
        suite: Option<Suite>,
        /// 更换查找密钥而不是主密钥 (the lookup key instead of the master key)
        #[arg(long)]
        lookups: bool,
        #[command(flatten)]
        answer: Answer,
    },
    /// 继续被中断的更换 (carry on a rotation that was cut off)
    Resume {
        #[command(flatten)]
        answer: Answer,
    },
    /// 删除已不再使用的主密钥;更换前的旧备份从此不能读 (forget a master key that wraps nothing any more)
    Forget {
        /// 主密钥编号,见 status (its number in the status)
        master: i64,
        #[command(flatten)]
        answer: Answer,
    },
}

impl KeysCommand {
    fn format(&self) -> Format {
        match self {
            Self::Status { answer }
            | Self::Check { answer }
            | Self::Rotate { answer, .. }
            | Self::Resume { answer }
            | Self::Forget { answer, .. } => answer.format,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// 新建账号 (make an account)
    Add(AddUser),
    /// 列出账号和岗位 (list accounts and their posts)
    List {
        #[command(flatten)]
        answer: Answer,
    },
    /// 重设密码 (set a new password)
    Password {
        #[command(flatten)]
        of: NamedUser,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// 授予岗位 (give a post)
    Grant {
        #[command(flatten)]
        of: NamedUser,
        /// 岗位,例如 statistician (post)
        #[arg(long, value_name = "POST")]
        post: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// 登记参加培训,安全类岗位须先培训 (record a training attended; security posts need one first)
    Trained {
        #[command(flatten)]
        of: NamedUser,
        /// 课程,例如 security_before_post (course)
        #[arg(long, value_name = "COURSE")]
        course: String,
        /// 学时 (hours, 1 to 24)
        #[arg(long, value_name = "HOURS")]
        hours: i64,
        /// 哪一天,默认今天 (which day; today unless said)
        #[arg(long, value_name = "DATE", value_parser = day)]
        day: Option<Day>,
        /// 举办单位的代码或全称,默认最上级单位 (unit that held it; the topmost unless said)
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
    },
    /// 收回岗位,编号见 list (take a post back, by its number in the list)
    Revoke {
        /// 授权编号 (number of the grant)
        grant: i64,
        #[command(flatten)]
        answer: Answer,
    },
    /// 停用账号 (bar an account)
    Disable {
        #[command(flatten)]
        of: NamedUser,
    },
    /// 启用账号 (let an account in again)
    Enable {
        #[command(flatten)]
        of: NamedUser,
    },
    /// 本人丢失全部第二验证方式时,在本机移除它们;记入审计 (take away the second factors of who lost them)
    ResetFactors {
        #[command(flatten)]
        of: NamedUser,
    },
    /// 没有账号时,生成新的首次设置码 (a new set-up code, while there is no account)
    SetupCode {
        #[command(flatten)]
        answer: Answer,
    },
    /// 核对证件后,把账号与本人或被监护人的档案关联,以便查看谁查阅过 (tie an account to the record of a person)
    Link {
        #[command(flatten)]
        of: NamedUser,
        /// 人员档案编号 (record id of the person)
        #[arg(long, value_name = "RECORD")]
        person: i64,
        /// 账号是监护人 (the account is a guardian's)
        #[arg(long)]
        guardian: bool,
    },
    /// 解除账号与人员档案的关联,编号见 link (untie an account, by the number that link told)
    Unlink {
        /// 关联编号 (number of the link)
        link: i64,
        #[command(flatten)]
        answer: Answer,
    },
}

impl UserCommand {
    /// Whether there may be no ledger yet: the first account may be made before anything else.
    pub(crate) fn may_be_first(&self) -> bool {
        matches!(self, Self::Add(_) | Self::SetupCode { .. })
    }

    fn format(&self) -> Format {
        match self {
            Self::Add(add) => add.of.answer.format,
            Self::List { answer }
            | Self::SetupCode { answer }
            | Self::Revoke { answer, .. }
            | Self::Unlink { answer, .. } => answer.format,
            Self::Password { of, .. }
            | Self::Grant { of, .. }
            | Self::Trained { of, .. }
            | Self::Disable { of }
            | Self::Enable { of }
            | Self::ResetFactors { of }
            | Self::Link { of, .. } => of.answer.format,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct NamedUser {
    /// 用户名 (name to sign in with)
    pub(crate) login: String,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Args)]
pub(crate) struct AddUser {
    #[command(flatten)]
    pub(crate) of: NamedUser,
    /// 显示的姓名 (name on pages)
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) name: String,
    /// 同时授予的岗位 (post to give at once)
    #[arg(long, value_name = "POST")]
    pub(crate) post: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) password: PasswordSource,
}

/// Where a post holds, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// 单位代码或全称,默认整个节点 (unit; the whole node by default)
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// 到哪一天为止(不含) (first day on which it no longer holds)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) until: Option<Day>,
}

/// What narrows a post beyond its place.
#[derive(Debug, Args)]
pub(crate) struct Narrowed {
    /// 业务条线,例如 basic,默认全部 (business line; all by default)
    #[arg(long, value_name = "LINE")]
    pub(crate) line: Option<String>,
    /// 只限这些数据集,逗号分隔 (only these datasets, apart by commas)
    #[arg(long, value_name = "DATASETS", value_delimiter = ',')]
    pub(crate) datasets: Option<Vec<String>>,
    /// 最高可见敏感级别:public、internal、personal、sensitive (most sensitive fields it shows)
    #[arg(long, value_name = "LEVEL", value_parser = sensitivity)]
    pub(crate) sees: Option<Sensitivity>,
    /// 从哪一天起 (first day on which it holds)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) from: Option<Day>,
}

/// Never an argument: those stand in the list of processes and in the shell's history.
#[derive(Debug, Args)]
pub(crate) struct PasswordSource {
    /// 从标准输入读取密码,否则自动生成 (read the password from standard input; otherwise one is made)
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

fn sensitivity(text: &str) -> Result<Sensitivity, String> {
    let words = Sensitivity::CHOICES.map(|(word, _)| word).join(", ");
    Sensitivity::CHOICES
        .into_iter()
        .find(|(word, _)| *word == text)
        .map(|(_, sensitivity)| sensitivity)
        .ok_or_else(|| format!("`{text}` 不是级别,写成 {words} 之一 (write one of these)"))
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text)
        .map_err(|_| format!("`{text}` 不是日期,写成 2025-09-01 (not a date; write 2025-09-01)"))
}
