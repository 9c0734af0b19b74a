//! The one place where what is secret about a factor is sealed before it is stored, and opened.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::random::{Random, RandomError};

/// What could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not what was sealed for this place under this key.
    #[error("what is stored of a factor does not open under this node's key")]
    Closed,
}

/// The node's key for secrets of sign-in.
pub(crate) struct NodeKey([u8; 32]);

impl NodeKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn aead(&self) -> Result<LessSafeKey, SealError> {
        let key = self.derived(b"weihe factor seal 1");
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| SealError::Closed)?;
        Ok(LessSafeKey::new(key))
    }

    fn derived(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose)
    }

    /// Seals bytes for a place: what was moved to another place does not open. A random nonce stands first.
    pub(crate) fn seal(
        &self,
        random: &dyn Random,
        place: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        random.fill(&mut nonce)?;
        let mut body = plain.to_vec();
        self.aead()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut body,
            )
            .map_err(|_| SealError::Closed)?;
        let mut blob = nonce.to_vec();
        blob.append(&mut body);
        Ok(blob)
    }

    /// Opens what was sealed for a place.
    pub(crate) fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, body) = blob
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::Closed)?;
        let mut body = body.to_vec();
        let plain = self
            .aead()?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.as_bytes()),
                &mut body,
            )
            .map_err(|_| SealError::Closed)?;
        Ok(plain.to_vec())
    }

    /// A keyed hash of some parts for a purpose.
    pub(crate) fn mark(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = self.derived(purpose.as_bytes());
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()));
        for part in parts {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mut mark = [0_u8; 32];
        for (target, source) in mark.iter_mut().zip(context.sign().as_ref()) {
            *target = *source;
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let random = SeededRandom::new(5);
        let key = NodeKey::new([7; 32]);
        let blob = key.seal(&random, "factor:1", b"secret").unwrap();
        assert!(!blob.windows(6).any(|part| part == b"secret"));
        assert_eq!(key.open("factor:1", &blob).unwrap(), b"secret");
        assert!(key.open("factor:2", &blob).is_err());
        assert!(NodeKey::new([8; 32]).open("factor:1", &blob).is_err());
        assert!(key.open("factor:1", &blob[..10]).is_err());
        assert_ne!(blob, key.seal(&random, "factor:1", b"secret").unwrap());
        assert_ne!(key.mark("a", &[b"x", b"y"]), key.mark("a", &[b"xy", b""]));
        assert_ne!(key.mark("a", &[b"x"]), key.mark("b", &[b"x"]));
    }
}
