//! Sealing: what is sealed can be read only with the key, and neither it nor its context can be changed.
//!
//! Sealed bytes are: the suite's number (1), the nonce (12), the encrypted bytes, the tag (16). The number and
//! the context are authenticated.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, AesGcm};
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::{Secret, Suite};

/// SM4 in the same mode, as RFC 8998 §3.1 defines it.
type Sm4Gcm = AesGcm<Sm4, U12>;

/// Bytes of a nonce: 96 bit, the size for which GCM is defined without another hash. Draw it at random for every
/// seal; under one key at most 2^32 times (NIST SP 800-38D §8.3).
pub const NONCE_BYTES: usize = 12;

/// By how much sealed bytes are longer than the plain ones.
pub const OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + 16;

/// Bytes that cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// Too short, or sealed by a suite that this program does not know.
    #[error("these are no sealed bytes of a suite that is known here")]
    Format,
    /// Sealed by another suite than the key is for.
    #[error("sealed by the suite {sealed} and not by {key}")]
    OtherSuite {
        /// That of the bytes.
        sealed: Suite,
        /// That of the key.
        key: Suite,
    },
    /// Another key, another context, or changed bytes.
    #[error("the key does not open it, or it was changed or moved")]
    Refused,
    /// More than 64 GiB at once.
    #[error("too many bytes to seal at once")]
    TooLong,
}

/// Which suite sealed these bytes, where they can be sealed bytes at all.
///
/// # Errors
/// [`SealFault::Format`].
pub fn sealed_by(blob: &[u8]) -> Result<Suite, SealFault> {
    match blob {
        [number, rest @ ..] if rest.len() >= OVERHEAD_BYTES - 1 => {
            Suite::of_number(*number).ok_or(SealFault::Format)
        }
        _ => Err(SealFault::Format),
    }
}

enum Cipher {
    International(Box<Aes256Gcm>),
    Sm(Box<Sm4Gcm>),
}

/// A key that seals and opens.
pub struct SealingKey(Cipher);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SealingKey")
    }
}

impl SealingKey {
    /// Prepares a secret: all 256 bits for AES-256, the first 128 for SM4, whose keys have no more.
    #[must_use]
    pub fn new(suite: Suite, secret: &Secret) -> Self {
        Self(match suite {
            Suite::International => {
                Cipher::International(Box::new(Aes256Gcm::new(secret.expose().into())))
            }
            Suite::Sm => {
                let mut half = Zeroizing::new([0_u8; 16]);
                for (target, source) in half.iter_mut().zip(secret.expose()) {
                    *target = *source;
                }
                Cipher::Sm(Box::new(Sm4Gcm::new((&*half).into())))
            }
        })
    }

    /// The suite it is for.
    #[must_use]
    pub fn suite(&self) -> Suite {
        match self.0 {
            Cipher::International(_) => Suite::International,
            Cipher::Sm(_) => Suite::Sm,
        }
    }

    /// Seals. `context` says what the bytes are and where they belong; opening asks for the same.
    ///
    /// # Errors
    /// [`SealFault::TooLong`].
    pub fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, SealFault> {
        let number = self.suite().number();
        let bound = bound(number, context);
        let payload = Payload {
            msg: plain,
            aad: &bound,
        };
        let sealed = match &self.0 {
            Cipher::International(cipher) => cipher.encrypt(nonce.into(), payload),
            Cipher::Sm(cipher) => cipher.encrypt(nonce.into(), payload),
        };
        let sealed = sealed.map_err(|_| SealFault::TooLong)?;
        let mut blob = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        blob.push(number);
        blob.extend_from_slice(nonce);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// Opens what [`SealingKey::seal`] sealed with the same key and context.
    ///
    /// # Errors
    /// [`SealFault`].
    pub fn open(&self, context: &[u8], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        let suite = sealed_by(blob)?;
        if suite != self.suite() {
            return Err(SealFault::OtherSuite {
                sealed: suite,
                key: self.suite(),
            });
        }
        let body = blob.get(1..).ok_or(SealFault::Format)?;
        let (nonce, sealed) = body
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealFault::Format)?;
        let bound = bound(suite.number(), context);
        let payload = Payload {
            msg: sealed,
            aad: &bound,
        };
        let plain = match &self.0 {
            Cipher::International(cipher) => cipher.decrypt(nonce.into(), payload),
            Cipher::Sm(cipher) => cipher.decrypt(nonce.into(), payload),
        };
        plain.map(Zeroizing::new).map_err(|_| SealFault::Refused)
    }

    /// The bare algorithm, without the number before it, for published test vectors.
    #[cfg(test)]
    pub(crate) fn bare(&self, nonce: &[u8; NONCE_BYTES], context: &[u8], plain: &[u8]) -> Vec<u8> {
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        match &self.0 {
            Cipher::International(cipher) => cipher.encrypt(nonce.into(), payload).unwrap(),
            Cipher::Sm(cipher) => cipher.encrypt(nonce.into(), payload).unwrap(),
        }
    }
}

fn bound(number: u8, context: &[u8]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(context.len() + 1);
    bound.push(number);
    bound.extend_from_slice(context);
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_context_open_and_no_byte_can_be_changed() {
        for suite in Suite::ALL {
            let key = SealingKey::new(suite, &Secret::take(&mut [7; 32]));
            let blob = key.seal(&[1; 12], b"a pupil's row", b"plain").unwrap();
            assert_eq!(blob.len(), 5 + OVERHEAD_BYTES);
            assert_eq!(sealed_by(&blob), Ok(suite));
            assert_eq!(&**key.open(b"a pupil's row", &blob).unwrap(), b"plain");
            assert_eq!(key.open(b"another's row", &blob), Err(SealFault::Refused));
            let other = SealingKey::new(suite, &Secret::take(&mut [8; 32]));
            assert_eq!(other.open(b"a pupil's row", &blob), Err(SealFault::Refused));
            for place in 0..blob.len() {
                let mut changed = blob.clone();
                changed[place] ^= 0x40;
                assert!(key.open(b"a pupil's row", &changed).is_err(), "{place}");
            }
            for length in 0..blob.len() {
                assert!(key.open(b"a pupil's row", &blob[..length]).is_err());
            }
        }
    }

    #[test]
    fn a_key_of_one_suite_says_that_the_other_sealed() {
        let [international, sm] = Suite::ALL;
        let secret = Secret::take(&mut [7; 32]);
        let blob = SealingKey::new(sm, &secret)
            .seal(&[0; 12], b"", b"")
            .unwrap();
        let opened = SealingKey::new(international, &secret).open(b"", &blob);
        assert_eq!(
            opened,
            Err(SealFault::OtherSuite {
                sealed: sm,
                key: international
            })
        );
    }
}
