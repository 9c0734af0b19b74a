//! Key material.

use std::fmt;

use zeroize::Zeroize;

/// 32 secret bytes, wiped when dropped and never printed.
pub struct Secret([u8; Self::BYTES]);

impl Secret {
    /// How many bytes a secret has, whatever the suite.
    pub const BYTES: usize = 32;

    /// Takes the bytes and wipes where they came from.
    #[must_use]
    pub fn take(bytes: &mut [u8; Self::BYTES]) -> Self {
        let secret = Self(*bytes);
        bytes.zeroize();
        secret
    }

    /// From a slice of exactly 32 bytes.
    #[must_use]
    pub fn of_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes: for wrapping them and for files of keys only.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The same secret once more.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}
