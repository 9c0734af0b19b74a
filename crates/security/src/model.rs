//! The nouns of this room.

use std::fmt;

use kernel::{AccountId, CommitNumber, Day, ImportId, Millis, RecordId, UnitId};
use standard::Sensitivity;

use crate::crypto;
use crate::evidence::AuditDetail;
use crate::factors::{Duty, FactorId, Strength};

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It may.
    Active,
    /// It may not, and its sessions ended.
    Disabled,
}

impl AccountState {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        if word == "active" {
            Self::Active
        } else {
            Self::Disabled
        }
    }
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountKind {
    /// A person, who signs in.
    #[default]
    Person,
    /// A program: it never signs in with a password, and its account always expires.
    Service,
}

impl AccountKind {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        if word == "service" {
            Self::Service
        } else {
            Self::Person
        }
    }
}

/// Someone who signs in, or a program that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id, never used again.
    pub id: AccountId,
    /// The name to sign in with, lower case.
    pub login: String,
    /// The name on pages: 王某.
    pub display: String,
    /// Whether it may sign in.
    pub state: AccountState,
    /// When it was made.
    pub created: Millis,
    /// `zh-CN` or `en`, where the person chose one.
    pub language: Option<String>,
    /// Whose it is.
    pub kind: AccountKind,
    /// The first day on which it may no longer act; always there for [`AccountKind::Service`].
    pub expires: Option<Day>,
    /// The unit it was made in: who manages accounts there may manage it while it holds no post.
    /// `None`: those who hold the whole node.
    pub home: Option<UnitId>,
    /// When it last signed in, or a program last acted with it.
    pub last_used: Option<Millis>,
}

impl Account {
    /// Whether it may act on a day: neither barred nor expired.
    #[must_use]
    pub fn may_act(&self, today: Day) -> bool {
        self.state == AccountState::Active && self.expires.is_none_or(|expires| today < expires)
    }
}

/// An account of a program, to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServiceAccount {
    /// The name that distinguishes it; upper case is lowered.
    pub login: String,
    /// The name on pages: what the program is.
    pub display: String,
    /// The unit that is responsible for it; `None` for the whole node.
    pub home: Option<UnitId>,
    /// The first day on which it may no longer act.
    pub expires: Day,
}

/// An account to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAccount {
    /// The name to sign in with; upper case is lowered.
    pub login: String,
    /// The name on pages.
    pub display: String,
    /// The password; one is made where absent.
    pub password: Option<String>,
}

/// A password that the program made: to be shown once and forgotten.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedPassword(pub(crate) String);

impl GeneratedPassword {
    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Hides the password, so that no log gets it by accident.
impl fmt::Debug for GeneratedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GeneratedPassword(…)")
    }
}

/// The number of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub i64);

/// A post that an account holds for a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// Who holds it.
    pub account: AccountId,
    /// The name of the post in `standard/posts.toml`.
    pub post: String,
    /// For which unit; `None` for the whole tree of this node, whatever units come into it.
    pub unit: Option<UnitId>,
    /// The business line in `standard/lines.toml`; `None`: all of them.
    pub line: Option<String>,
    /// The datasets it reaches, sorted; `None`: all that the line does.
    pub datasets: Option<Vec<String>>,
    /// The most sensitive fields it shows, where that is less than the post would.
    pub sees: Option<Sensitivity>,
    /// The first day on which it holds; `None`: from when it was given.
    pub from: Option<Day>,
    /// The first day on which it no longer holds.
    pub until: Option<Day>,
    /// The grant whose holder is away and whose deputy this one makes; it ends with that one.
    pub deputy_of: Option<GrantId>,
    /// When its holder last worked under it, to the day.
    pub last_used: Option<Millis>,
    /// Who gave it ([`crate::Actor`] as text).
    pub given_by: String,
    /// When it was given.
    pub given: Millis,
}

impl Grant {
    /// Whether its days hold one.
    #[must_use]
    pub fn holds_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// What is to be granted: a post, where, and what narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGrant {
    /// The name of the post in `standard/posts.toml`.
    pub post: String,
    /// For which unit; `None` for the whole node.
    pub unit: Option<UnitId>,
    /// The business line in `standard/lines.toml`; `None`: all of them.
    pub line: Option<String>,
    /// Only these datasets; `None`: all that the line reaches.
    pub datasets: Option<Vec<String>>,
    /// At most fields of this sensitivity; never more than the post shows.
    pub sees: Option<Sensitivity>,
    /// The first day on which it holds; `None`: at once.
    pub from: Option<Day>,
    /// The first day on which it no longer holds.
    pub until: Option<Day>,
}

impl NewGrant {
    /// A post for a unit, narrowed by nothing.
    #[must_use]
    pub fn of(post: &str, unit: Option<UnitId>) -> Self {
        Self {
            post: post.to_owned(),
            unit,
            ..Self::default()
        }
    }
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number, for ending it from the list.
    pub number: i64,
    /// Whose it is.
    pub account: AccountId,
    /// The grant in use.
    pub grant: Option<GrantId>,
    /// Since when.
    pub created: Millis,
    /// Last use, to the minute.
    pub last_seen: Millis,
    /// When it ends, however much it is used.
    pub expires: Millis,
    /// The address it began from.
    pub address: String,
    /// The browser's own words about itself, shortened.
    pub agent: String,
    /// With how many factors it was begun.
    pub strength: Strength,
    /// What it owes before it may go on.
    pub duties: Vec<Duty>,
    /// When the password, or all of the sign-in, was given last.
    pub confirmed: Millis,
}

/// What audit can record. The word in the store never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// A try to sign in.
    SignIn,
    /// Signing out.
    SignOut,
    /// Ending another session of one's own.
    SessionEnded,
    /// Working under another of one's posts.
    PostSwitched,
    /// Changing or setting a password.
    PasswordSet,
    /// Making an account.
    AccountCreated,
    /// Barring an account.
    AccountDisabled,
    /// Letting a barred account in again.
    AccountEnabled,
    /// Giving a person a code to set a password with.
    AccountInvited,
    /// Offering posts to a successor.
    HandoverOffered,
    /// Accepting, declining or taking back such an offer.
    HandoverDecided,
    /// Giving a post.
    GrantGiven,
    /// Taking a post back.
    GrantEnded,
    /// Changing a setting.
    SettingChanged,
    /// Taking data out.
    Exported,
    /// Taking a file in.
    Imported,
    /// Adding or correcting one record.
    Edited,
    /// Reversing a commit.
    Reversed,
    /// Keeping the head of the ledger after commits.
    LedgerHead,
    /// Saying that the ledger was put back to an earlier state on purpose.
    LedgerPutBack,
    /// A request that another site seems to have made.
    ForgedRequest,
    /// Asking for what the post may not do.
    AccessRefused,
    /// Linking an account with a person of an identity service.
    IdentityLinked,
    /// Ending such a link.
    IdentityUnlinked,
    /// Letting a program in.
    ClientCreated,
    /// Giving a program another secret.
    ClientRotated,
    /// Ending a program.
    ClientEnded,
    /// Giving a program a token, or refusing it one.
    TokenIssued,
    /// A program's taking a token back.
    TokenRevoked,
    /// Showing a second factor, or the password before factors are changed.
    SecondFactor,
    /// Adding a second factor.
    FactorAdded,
    /// Taking a second factor away.
    FactorRemoved,
    /// Taking all second factors of another account away.
    FactorsReset,
    /// Making recovery codes.
    RecoveryMade,
    /// Signing in with a recovery code.
    RecoveryUsed,
    /// Reading personal data, masked or in full.
    PersonalRead,
    /// Dropping entries of this log that are past their retention.
    AuditPruned,
    /// Searching this log.
    AuditRead,
    /// Asking for an export that needs a leader's approval.
    ExportAsked,
    /// Deciding on such an export.
    ExportDecided,
    /// Looking into an alert on unusual reading.
    AlertClosed,
    /// Tying an account to the record of a person, or untying it.
    PersonLinked,
    /// Beginning a case of a process of review.
    CaseBegun,
    /// A move in a case.
    CaseMoved,
    /// Attaching a file to a case, or taking one away.
    CaseFile,
    /// Reading a file of a case.
    CaseFileRead,
    /// Passing cases to a successor.
    CaseHandedOver,
    /// Naming or ending who is responsible for a unit's security.
    DutyChanged,
    /// Entering or changing an information system in the register.
    SystemChanged,
    /// Opening, reporting, changing or closing a security incident.
    IncidentChanged,
    /// Recording a training attended, a drill or a course.
    TrainingRecorded,
    /// The ledger or the audit log was gone through.
    ChainsVerified,
    /// Those who owe something were reminded of it.
    Reminded,
    /// Filing a daily report or changing when they are due.
    DailyReport,
    /// Beginning to rotate keys of persons.
    KeysRotated,
    /// Forgetting a master key that wraps nothing any more.
    MasterKeyForgotten,
    /// Erasing a person: begun before, done once the erasure list is kept outside the ledger.
    PersonErased,
    /// Erasing a person again whom a restore of an older backup brought back.
    PersonErasedAgain,
}

impl AuditAction {
    /// All of them, in the order in which the log's page offers them.
    pub const ALL: &'static [Self] = &[
        Self::SignIn,
        Self::SignOut,
        Self::SessionEnded,
        Self::PostSwitched,
        Self::PasswordSet,
        Self::AccountCreated,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::AccountInvited,
        Self::HandoverOffered,
        Self::HandoverDecided,
        Self::GrantGiven,
        Self::GrantEnded,
        Self::SettingChanged,
        Self::Exported,
        Self::Imported,
        Self::Edited,
        Self::Reversed,
        Self::LedgerHead,
        Self::LedgerPutBack,
        Self::ForgedRequest,
        Self::AccessRefused,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
        Self::ClientCreated,
        Self::ClientRotated,
        Self::ClientEnded,
        Self::TokenIssued,
        Self::TokenRevoked,
        Self::SecondFactor,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::FactorsReset,
        Self::RecoveryMade,
        Self::RecoveryUsed,
        Self::PersonalRead,
        Self::AuditPruned,
        Self::AuditRead,
        Self::ExportAsked,
        Self::ExportDecided,
        Self::AlertClosed,
        Self::PersonLinked,
        Self::CaseBegun,
        Self::CaseMoved,
        Self::CaseFile,
        Self::CaseFileRead,
        Self::CaseHandedOver,
        Self::DutyChanged,
        Self::SystemChanged,
        Self::IncidentChanged,
        Self::TrainingRecorded,
        Self::ChainsVerified,
        Self::Reminded,
        Self::DailyReport,
        Self::KeysRotated,
        Self::MasterKeyForgotten,
        Self::PersonErased,
        Self::PersonErasedAgain,
    ];

    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SessionEnded => "session_ended",
            Self::PostSwitched => "post_switched",
            Self::PasswordSet => "password_set",
            Self::AccountCreated => "account_created",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
            Self::AccountInvited => "account_invited",
            Self::HandoverOffered => "handover_offered",
            Self::HandoverDecided => "handover_decided",
            Self::GrantGiven => "grant_given",
            Self::GrantEnded => "grant_ended",
            Self::SettingChanged => "setting_changed",
            Self::Exported => "exported",
            Self::Imported => "imported",
            Self::Edited => "edited",
            Self::Reversed => "reversed",
            Self::LedgerHead => "ledger_head",
            Self::LedgerPutBack => "ledger_put_back",
            Self::ForgedRequest => "forged_request",
            Self::AccessRefused => "access_refused",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
            Self::ClientCreated => "client_created",
            Self::ClientRotated => "client_rotated",
            Self::ClientEnded => "client_ended",
            Self::TokenIssued => "token_issued",
            Self::TokenRevoked => "token_revoked",
            Self::SecondFactor => "second_factor",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::FactorsReset => "factors_reset",
            Self::RecoveryMade => "recovery_made",
            Self::RecoveryUsed => "recovery_used",
            Self::PersonalRead => "personal_read",
            Self::AuditPruned => "audit_pruned",
            Self::AuditRead => "audit_read",
            Self::ExportAsked => "export_asked",
            Self::ExportDecided => "export_decided",
            Self::AlertClosed => "alert_closed",
            Self::PersonLinked => "person_linked",
            Self::CaseBegun => "case_begun",
            Self::CaseMoved => "case_moved",
            Self::CaseFile => "case_file",
            Self::CaseFileRead => "case_file_read",
            Self::CaseHandedOver => "case_handed_over",
            Self::DutyChanged => "duty_changed",
            Self::SystemChanged => "system_changed",
            Self::IncidentChanged => "incident_changed",
            Self::TrainingRecorded => "training_recorded",
            Self::ChainsVerified => "chains_verified",
            Self::Reminded => "reminded",
            Self::DailyReport => "daily_report",
            Self::KeysRotated => "keys_rotated",
            Self::MasterKeyForgotten => "master_key_forgotten",
            Self::PersonErased => "person_erased",
            Self::PersonErasedAgain => "person_erased_again",
        }
    }
}

/// What an entry of the audit log is about: ids and names of definitions, never values. It can only be
/// made from ids, so that nobody writes a name or a number of a person into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Nothing in particular.
    #[must_use]
    pub fn none() -> Self {
        Self(String::new())
    }

    /// An account.
    #[must_use]
    pub fn account(id: AccountId) -> Self {
        Self(format!("account:{id}"))
    }

    /// A grant.
    #[must_use]
    pub fn grant(account: AccountId, grant: GrantId) -> Self {
        Self(format!("account:{account} grant:{}", grant.0))
    }

    /// A second factor of an account.
    #[must_use]
    pub fn factor(account: AccountId, factor: FactorId) -> Self {
        Self(format!("account:{account} factor:{}", factor.0))
    }

    /// A hand-over slip.
    #[must_use]
    pub fn handover(id: i64) -> Self {
        Self(format!("handover:{id}"))
    }

    /// A session.
    #[must_use]
    pub fn session(number: i64) -> Self {
        Self(format!("session:{number}"))
    }

    /// A route, by its method and its path as the router writes it: nothing of the address that was asked for.
    #[must_use]
    pub fn route(method: crate::Method, path: &'static str) -> Self {
        Self(format!("route:{} {path}", method.as_str()))
    }

    /// A dataset of the standard.
    #[must_use]
    pub fn dataset(name: &str) -> Self {
        Self(format!("dataset:{}", safe_name(name)))
    }

    /// A record of a dataset.
    #[must_use]
    pub fn record(dataset: &str, record: RecordId) -> Self {
        Self(format!("{}:{record}", safe_name(dataset)))
    }

    /// An import.
    #[must_use]
    pub fn import(id: ImportId) -> Self {
        Self(format!("import:{id}"))
    }

    /// A commit.
    #[must_use]
    pub fn commit(number: CommitNumber) -> Self {
        Self(format!("commit:{number}"))
    }

    /// The head of the ledger: the number and the hash of a commit.
    #[must_use]
    pub fn ledger_head(head: &LedgerHead) -> Self {
        Self(format!("commit:{head}"))
    }

    /// The audit log up to an entry, with the hash of that.
    #[must_use]
    pub fn audit(number: i64, hash: &str) -> Self {
        Self(format!("audit:{number}:{}", safe_name(hash)))
    }

    /// A case of a process of review.
    #[must_use]
    pub fn case(number: i64) -> Self {
        Self(format!("case:{number}"))
    }

    /// A request for an export.
    #[must_use]
    pub fn export(number: i64) -> Self {
        Self(format!("export:{number}"))
    }

    /// An alert on unusual reading.
    #[must_use]
    pub fn alert(number: i64) -> Self {
        Self(format!("alert:{number}"))
    }

    /// A thing of another room, by a kind that the program names and its number there.
    #[must_use]
    pub fn item(kind: &'static str, number: i64) -> Self {
        Self(format!("{kind}:{number}"))
    }

    /// A setting.
    #[must_use]
    pub fn setting(name: &str) -> Self {
        Self(format!("setting:{}", safe_name(name)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names of definitions hold nothing else, so a value that strays here is cut to what is left of it.
pub(crate) fn safe_name(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'))
        .take(64)
        .collect()
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is about to be done: what changes the ledger is said before, so that nothing is changed that could not
    /// be recorded, and once more when it was done.
    Begun,
    /// It was done.
    Done,
    /// It was refused: a wrong password, a permit that says no.
    Refused,
    /// It was not looked at: too many tries before.
    Locked,
}

impl Outcome {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Locked => "locked",
        }
    }
}

/// One entry of the audit log as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, without gaps.
    pub number: i64,
    /// When.
    pub at: Millis,
    /// Who ([`crate::Actor`] as text, or `nobody`).
    pub actor: String,
    /// What ([`AuditAction::as_str`]).
    pub action: String,
    /// To what.
    pub subject: String,
    /// How it ended ([`Outcome::as_str`]).
    pub outcome: String,
    /// From which address; empty for the machine itself.
    pub address: String,
    /// What entries of format 2 say besides; `None` for those that earlier releases wrote.
    pub detail: Option<AuditDetail>,
}

/// A state of the ledger: the last commit that it had, and the hash of that. Written `48:7ed2…`: the number
/// and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerHead {
    /// The commit's number.
    pub number: CommitNumber,
    /// Its hash.
    pub hash: [u8; 32],
}

impl LedgerHead {
    /// The head that a subject names ([`Subject::ledger_head`]).
    pub(crate) fn of_subject(subject: &str) -> Option<Self> {
        subject.strip_prefix("commit:")?.parse().ok()
    }
}

impl fmt::Display for LedgerHead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.number, crypto::hex(&self.hash))
    }
}

/// A text that is no head of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a head of the ledger is written NUMBER:HASH, the number of a commit and its 64 hexadecimal digits"
)]
pub struct NoLedgerHead;

impl std::str::FromStr for LedgerHead {
    type Err = NoLedgerHead;

    fn from_str(text: &str) -> Result<Self, NoLedgerHead> {
        let (number, digits) = text.trim().split_once(':').ok_or(NoLedgerHead)?;
        let number: i64 = number.parse().map_err(|_| NoLedgerHead)?;
        let hash = crypto::unhex(digits).and_then(|bytes| bytes.try_into().ok());
        match (number, hash) {
            (1.., Some(hash)) => Ok(Self {
                number: CommitNumber::new(number),
                hash,
            }),
            _ => Err(NoLedgerHead),
        }
    }
}

/// One stretch of a unit's life: under which parent it stood from one day to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitStretch {
    /// First day.
    pub from: Day,
    /// The day on which it ended; `None`: for good.
    pub to: Option<Day>,
    /// The unit above; `None` for a root.
    pub parent: Option<UnitId>,
}

/// A stretch as the table `unit` keeps it: with the commit that wrote it and, where it no longer stands,
/// the one that closed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitVersion {
    /// The unit.
    pub unit: UnitId,
    /// The stretch.
    pub stretch: UnitStretch,
    /// The commit that wrote it.
    pub since: CommitNumber,
    /// The commit that closed it.
    pub until: Option<CommitNumber>,
}

/// A unit and all its stretches as of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitLife {
    /// The unit.
    pub unit: UnitId,
    /// Its stretches, apart from one another.
    pub stretches: Vec<UnitStretch>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_as_it_is_written() {
        let head = LedgerHead {
            number: CommitNumber::new(48),
            hash: [0x7e; 32],
        };
        let text = head.to_string();
        assert_eq!(text, format!("48:{}", "7e".repeat(32)));
        assert_eq!(text.parse(), Ok(head));
        assert_eq!(text.to_uppercase().parse(), Ok(head));
        assert_eq!(
            LedgerHead::of_subject(Subject::ledger_head(&head).as_str()),
            Some(head)
        );
        let digits = "7e".repeat(32);
        for wrong in [
            String::new(),
            digits.clone(),
            format!("x:{digits}"),
            format!("0:{digits}"),
            format!("48:{digits}7e"),
            format!("48:{}", "é".repeat(32)),
            format!("48:{}", "+e".repeat(32)),
        ] {
            assert_eq!(wrong.parse::<LedgerHead>(), Err(NoLedgerHead), "{wrong}");
        }
    }
}
