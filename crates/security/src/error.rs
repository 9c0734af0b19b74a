//! What can go wrong in this room.

use axum::http::StatusCode;
use db::DbError;

use crate::factors::{CeremonyFault, FactorFault, GatewayFault, PolicyFault, SealError};
use crate::people::PeopleError;
use crate::permit::{Denied, UnknownName};
use crate::random::RandomError;
use crate::rules::grant::GrantFault;
use crate::rules::password::PasswordFault;

/// Any failure of this room. Pages show [`SecurityError::code`] and a sentence; the rest goes to the log.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The permit says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A job or operator that no list names.
    #[error(transparent)]
    UnknownName(#[from] UnknownName),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Password(String),
    /// A password is not good enough.
    #[error("the password is refused: {}", .0.code())]
    PasswordFault(PasswordFault),
    /// The present password is wrong.
    #[error("the present password is not right")]
    WrongPassword,
    /// A second factor is not taken.
    #[error("the second factor is not taken: {}", .0.code())]
    Factor(FactorFault),
    /// A passkey is not taken.
    #[error("the passkey is not taken: {0}")]
    Ceremony(#[from] CeremonyFault),
    /// What is stored of a factor cannot be read.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Settings of the sign-in policy are not usable.
    #[error("settings of the sign-in policy are not usable: {}", .0.iter().map(|fault| fault.name).collect::<Vec<_>>().join(", "))]
    Policy(Vec<PolicyFault>),
    /// Settings of a gateway are not usable.
    #[error("settings of the gateway are not usable: {}", .0.iter().map(|fault| fault.field).collect::<Vec<_>>().join(", "))]
    Gateway(Vec<GatewayFault>),
    /// A name to sign in with is not usable.
    #[error(
        "a sign-in name has 2 to 64 letters, digits, dots, hyphens, underscores or @: {0:?} has others"
    )]
    LoginFault(String),
    /// A name to sign in with is in use.
    #[error("an account named {0:?} exists already; choose another name")]
    LoginTaken(String),
    /// No account of that name or id.
    #[error("there is no account {0:?}; `weihe user list` shows those there are")]
    NoAccount(String),
    /// No post of that name in the definitions.
    #[error("there is no post {0:?}; posts are defined in standard/posts.toml: {1}")]
    NoPost(String, String),
    /// A program's scopes are none, or not all actions of its post.
    #[error("scopes are actions of the post {0:?}, and at least one")]
    NoScope(String),
    /// A program that would have expired already.
    #[error("it must expire after today")]
    Expired,
    /// No business line of that name in the definitions.
    #[error("there is no business line {0:?}; lines are defined in standard/lines.toml: {1}")]
    NoLine(String, String),
    /// No dataset of that name in the definitions.
    #[error("there is no dataset {0:?}")]
    NoDataset(String),
    /// A grant that the rules refuse.
    #[error(transparent)]
    Grant(#[from] GrantFault),
    /// A one-time code that is wrong, used or expired.
    #[error("the code is wrong, used or expired")]
    NoCode,
    /// A hand-over slip that is not this person's to decide, or is decided.
    #[error("there is no such hand-over to decide")]
    NoHandover,
    /// A room could not pass its unfinished work on.
    #[error("unfinished work could not be passed on: {0}")]
    WorkInHand(String),
    /// A file of accounts has too many rows.
    #[error("a file of accounts has at most {0} rows")]
    TooManyRows(usize),
    /// A file of accounts would do something else than was shown.
    #[error("the plan has changed since it was shown")]
    PlanChanged,
    /// The directory of units could not be read.
    #[error("the units could not be looked up: {0}")]
    Directory(String),
    /// A grant that ended, or whose account was disabled.
    #[error("the grant is no longer in force")]
    NoGrant,
    /// A condition of another room is not met.
    #[error("{0}")]
    GrantRefused(Box<crate::conditions::GrantRefused>),
    /// The audit log does not hang together.
    #[error("the audit log is broken at entry {0}: it was changed or an entry is missing")]
    AuditBroken(i64),
    /// An export of more persons than may be taken out without a leader's approval.
    #[error("an export of more than {0} persons needs a leader's approval first: ask for it")]
    ApprovalNeeded(i64),
    /// Somebody would decide on what they did or asked for themselves.
    #[error("nobody decides on a matter of their own: someone else must")]
    OwnMatter,
    /// A decision without a word of why.
    #[error("say in a sentence why, or what came of it")]
    NoNote,
    /// It was decided already, or the time for it is over.
    #[error("it was decided already, or its time is over")]
    Settled,
    /// A setting that the program cannot do with.
    #[error("the setting {name} must be {must}")]
    SettingRefused {
        /// The setting.
        name: &'static str,
        /// What it must be.
        must: &'static str,
    },
    /// Values of persons were to be shown in full and nobody said what for.
    #[error("personal data is shown in full for a purpose only: say which")]
    NoPurpose,
    /// Keys of persons.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl SecurityError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::People(error) => error.code(),
            Self::Denied(denied) => denied.code(),
            Self::UnknownName(_) => "security.unknown_name",
            Self::Random(_) => "security.random",
            Self::Password(_) => "security.password_hash",
            Self::PasswordFault(fault) => fault.code(),
            Self::WrongPassword => "security.wrong_password",
            Self::Factor(fault) => fault.code(),
            Self::Ceremony(_) => FactorFault::Passkey.code(),
            Self::Seal(_) => "security.seal",
            Self::Policy(_) => "security.policy",
            Self::Gateway(_) => "security.gateway",
            Self::LoginFault(_) => "security.login_fault",
            Self::LoginTaken(_) => "security.login_taken",
            Self::NoAccount(_) => "security.no_account",
            Self::NoPost(..) => "security.no_post",
            Self::NoScope(_) => "security.no_scope",
            Self::Expired => "security.expired",
            Self::NoLine(..) => "security.no_line",
            Self::NoDataset(_) => "security.no_dataset",
            Self::Grant(fault) => fault.code(),
            Self::NoCode => "security.no_code",
            Self::NoHandover => "security.no_handover",
            Self::WorkInHand(_) => "security.work_in_hand",
            Self::TooManyRows(_) => "security.too_many_rows",
            Self::PlanChanged => "security.plan_changed",
            Self::Directory(_) => "security.directory",
            Self::NoGrant => "security.no_grant",
            Self::GrantRefused(refused) => refused.code,
            Self::AuditBroken(_) => "security.audit_broken",
            Self::NoPurpose => "security.no_purpose",
            Self::ApprovalNeeded(_) => "security.approval_needed",
            Self::OwnMatter => "security.own_matter",
            Self::NoNote => "security.no_note",
            Self::Settled => "security.settled",
            Self::SettingRefused { .. } => "security.setting_refused",
        }
    }

    /// The status a request is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Denied(denied) => denied.status(),
            Self::NoAccount(_) | Self::NoHandover => StatusCode::NOT_FOUND,
            Self::NoGrant | Self::ApprovalNeeded(_) | Self::OwnMatter => StatusCode::FORBIDDEN,
            Self::Settled | Self::PlanChanged => StatusCode::CONFLICT,
            Self::PasswordFault(_)
            | Self::WrongPassword
            | Self::Factor(_)
            | Self::Ceremony(_)
            | Self::Policy(_)
            | Self::Gateway(_)
            | Self::NoPurpose
            | Self::NoNote
            | Self::SettingRefused { .. }
            | Self::LoginFault(_)
            | Self::LoginTaken(_)
            | Self::NoScope(_)
            | Self::Expired
            | Self::GrantRefused(_)
            | Self::Grant(_)
            | Self::NoCode
            | Self::TooManyRows(_)
            | Self::NoLine(..)
            | Self::NoDataset(_)
            | Self::NoPost(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Db(error) if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<FactorFault> for SecurityError {
    fn from(fault: FactorFault) -> Self {
        Self::Factor(fault)
    }
}
