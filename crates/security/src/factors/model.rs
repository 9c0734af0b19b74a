//! The nouns of second factors and of the policy that asks for them.

use std::fmt;

use kernel::{AccountId, Millis};

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactorKind {
    /// A time-based one-time password of an authenticator (RFC 6238).
    Totp,
    /// A passkey or security key (WebAuthn).
    Passkey,
    /// A certificate that the browser shows while it connects, such as one on a UKey.
    Certificate,
    /// A code sent to a phone.
    Sms,
    /// A code sent by mail.
    Mail,
}

impl FactorKind {
    /// All of them, in the order in which pages name them.
    pub const ALL: [Self; 5] = [
        Self::Passkey,
        Self::Totp,
        Self::Certificate,
        Self::Sms,
        Self::Mail,
    ];

    /// The word in the store, in forms and in message keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Certificate => "certificate",
            Self::Sms => "sms",
            Self::Mail => "mail",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it proves a secret by cryptography, as GB/T 22239-2019 §8.1.4.1 d asks of one of two
    /// factors: a sent code only proves that a message arrived.
    #[must_use]
    pub fn is_cryptographic(self) -> bool {
        matches!(self, Self::Totp | Self::Passkey | Self::Certificate)
    }

    /// Whether it is a code that the program sends.
    #[must_use]
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Sms | Self::Mail)
    }
}

/// The number of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactorId(pub i64);

/// A second factor of an account. What is secret about it stays in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its number.
    pub id: FactorId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is.
    pub kind: FactorKind,
    /// What its holder calls it.
    pub label: String,
    /// Whether it was proved once and counts.
    pub ready: bool,
    /// When it was added.
    pub made: Millis,
    /// When it was last used.
    pub used: Option<Millis>,
    /// When it ends by itself: the end of a certificate.
    pub expires: Option<Millis>,
}

impl Factor {
    /// Whether one can sign in with it now.
    #[must_use]
    pub fn counts(&self, now: Millis) -> bool {
        self.ready && self.expires.is_none_or(|until| now < until)
    }
}

/// A factor as the store keeps it.
#[derive(Debug, Clone)]
pub(crate) struct StoredFactor {
    pub(crate) factor: Factor,
    pub(crate) mark: Option<String>,
    /// Sealed, but for a passkey's public key.
    pub(crate) secret: Vec<u8>,
    pub(crate) counter: i64,
}

/// How a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strength {
    /// With one factor.
    #[default]
    One,
    /// With two, or with a passkey that verified its user.
    Two,
}

impl Strength {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        if word == "two" { Self::Two } else { Self::One }
    }
}

/// What a session owes before it may go on: nothing but its page answers until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Choosing a new password.
    Password,
    /// Adding a second factor.
    Factor,
}

impl Duty {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Factor => "factor",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Password, Self::Factor]
            .into_iter()
            .find(|duty| duty.as_str() == word)
    }

    /// The page where it is done.
    #[must_use]
    pub fn page(self) -> &'static str {
        match self {
            Self::Password => "/account/password",
            Self::Factor => "/account/factors",
        }
    }
}

/// Whose passwords must be changed by their holder at the first sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirstChange {
    /// Nobody's.
    Off,
    /// Those that the program made.
    #[default]
    Generated,
    /// Those that anyone but the holder set.
    All,
}

impl FirstChange {
    /// The word in the setting.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Generated => "generated",
            Self::All => "all",
        }
    }
}

/// Who set a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetBy {
    Holder,
    Program,
    Another,
}

impl SetBy {
    pub(crate) fn as_number(self) -> i64 {
        match self {
            Self::Holder => 0,
            Self::Program => 1,
            Self::Another => 2,
        }
    }

    pub(crate) fn parse(number: i64) -> Self {
        match number {
            1 => Self::Program,
            2 => Self::Another,
            _ => Self::Holder,
        }
    }
}

/// What the store knows about the safety of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Safety {
    pub(crate) set_by: SetBy,
    pub(crate) demanded_since: Option<Millis>,
    pub(crate) handle: Option<String>,
}

/// Where passkeys are for: what a browser calls the origin, and the name that keys are bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// `https://weihe.example.cn`, without a path.
    pub origin: String,
    /// `weihe.example.cn`.
    pub rp_id: String,
}

/// The rules of signing in that an operator sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInPolicy {
    /// The posts that must have a second factor, by name; `*` stands for all.
    pub second_factor_posts: Vec<String>,
    /// Days that an account has to add one.
    pub second_factor_days: i64,
    /// Whether only a factor that is cryptographic satisfies the demand.
    pub only_cryptographic: bool,
    /// Whether a passkey that verified its user signs in without a password.
    pub passkey_alone: bool,
    /// Fewest characters of a password.
    pub password_shortest: usize,
    /// How many of small letters, capitals, digits and others it has at least.
    pub password_kinds: usize,
    /// How many former passwords may not be taken again.
    pub password_past: usize,
    /// Days after which a password must be changed; 0: never.
    pub password_days: i64,
    /// Whose passwords must be changed at the first sign-in.
    pub first_change: FirstChange,
    /// Words that a password may not be made of, beside those the program knows: names of the place.
    pub refused_words: Vec<String>,
    /// Where passkeys are for; without it there are none.
    pub site: Option<Site>,
}

impl SignInPolicy {
    /// Whether a demand is satisfied by a factor of this kind.
    #[must_use]
    pub fn accepts(&self, kind: FactorKind) -> bool {
        kind.is_cryptographic() || !self.only_cryptographic
    }
}

/// Codes to sign in without a factor that was lost: shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes(pub(crate) Vec<String>);

impl RecoveryCodes {
    /// The codes.
    #[must_use]
    pub fn reveal(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RecoveryCodes({})", self.0.len())
    }
}

/// Somebody whose first step was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) account: AccountId,
    pub(crate) by_password: bool,
    pub(crate) expires: Millis,
    pub(crate) tries: i64,
}

/// A code on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentCode {
    pub(crate) number: i64,
    pub(crate) account: AccountId,
    pub(crate) factor: FactorId,
    /// The code under the node's key; `-` where it is used up.
    pub(crate) mark: String,
    /// The address it went to, under the node's key: to count by.
    pub(crate) target: String,
    /// From where it was asked for, under the node's key.
    pub(crate) place: String,
    pub(crate) sent: Millis,
    pub(crate) expires: Millis,
    pub(crate) tries: i64,
}
