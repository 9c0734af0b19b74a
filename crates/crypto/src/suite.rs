//! Which algorithms.

use std::fmt;
use std::str::FromStr;

/// A suite of algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Suite {
    /// AES-256-GCM, HMAC-SHA-256, SHA-256, Ed25519.
    #[default]
    International,
    /// SM4-GCM, HMAC-SM3, SM3, SM2 (商用密码).
    Sm,
}

impl Suite {
    /// Both.
    pub const ALL: [Self; 2] = [Self::International, Self::Sm];

    /// The name in settings: `international` or `sm`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::Sm => "sm",
        }
    }

    /// The number that stores and sealed bytes keep; never given another meaning.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::International => 1,
            Self::Sm => 2,
        }
    }

    /// The suite of a number.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.number() == number)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that names no suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no suite of algorithms {0:?}: write international or sm")]
pub struct NoSuite(String);

impl FromStr for Suite {
    type Err = NoSuite;

    fn from_str(text: &str) -> Result<Self, NoSuite> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.as_str() == text)
            .ok_or_else(|| NoSuite(text.to_owned()))
    }
}
