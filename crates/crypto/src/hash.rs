//! Hashes with and without a key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sm3::Sm3;
use zeroize::Zeroizing;

use crate::{Secret, Suite};

/// The hash of some bytes, 256 bit.
#[must_use]
pub fn digest(suite: Suite, bytes: &[u8]) -> [u8; 32] {
    match suite {
        Suite::International => Sha256::digest(bytes).into(),
        Suite::Sm => Sm3::digest(bytes).into(),
    }
}

/// A key for another purpose, made of a key: HKDF-Expand of one block (RFC 5869 §2.3) with the suite's HMAC.
#[must_use]
pub fn derive(suite: Suite, secret: &Secret, purpose: &[u8]) -> Secret {
    let mut block = Zeroizing::new(MacKey::new(suite, secret).mac(&[purpose, &[1]]));
    Secret::take(&mut block)
}

enum Keyed {
    International(Hmac<Sha256>),
    Sm(Hmac<Sm3>),
}

/// A key for keyed hashes.
pub struct MacKey(Box<Keyed>);

impl std::fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MacKey")
    }
}

impl MacKey {
    /// Prepares a secret.
    #[must_use]
    pub fn new(suite: Suite, secret: &Secret) -> Self {
        // The key is padded to one block of the hash, which both suites have at 64 bytes (RFC 2104 §2).
        let mut block = Zeroizing::new([0_u8; 64]);
        for (target, source) in block.iter_mut().zip(secret.expose()) {
            *target = *source;
        }
        let block = &*block;
        Self(Box::new(match suite {
            Suite::International => Keyed::International(Hmac::new(block.into())),
            Suite::Sm => Keyed::Sm(Hmac::new(block.into())),
        }))
    }

    /// The keyed hash of the parts one after the other. Where the parts are not of fixed lengths, give their
    /// lengths as well: `["ab", "c"]` and `["a", "bc"]` hash alike.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        match &*self.0 {
            Keyed::International(key) => finish(key.clone(), parts),
            Keyed::Sm(key) => finish(key.clone(), parts),
        }
    }

    /// Whether the keyed hash of the parts is this one; takes the same time for every wrong one.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], given: &[u8; 32]) -> bool {
        match &*self.0 {
            Keyed::International(key) => updated(key.clone(), parts).verify_slice(given).is_ok(),
            Keyed::Sm(key) => updated(key.clone(), parts).verify_slice(given).is_ok(),
        }
    }
}

fn updated<Algorithm: Mac>(mut key: Algorithm, parts: &[&[u8]]) -> Algorithm {
    for part in parts {
        key.update(part);
    }
    key
}

fn finish<Algorithm: Mac>(key: Algorithm, parts: &[&[u8]]) -> [u8; 32] {
    let tag = updated(key, parts).finalize().into_bytes();
    let mut out = [0_u8; 32];
    for (target, source) in out.iter_mut().zip(tag.iter()) {
        *target = *source;
    }
    out
}
