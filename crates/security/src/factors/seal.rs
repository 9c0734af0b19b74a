//! The one place where what is secret about a factor is sealed before it is stored, and opened.

use ::crypto::{MacKey, NONCE_BYTES, SealingKey, Secret, Suite, derive, sealed_by};

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
    /// The program was opened for reading only, or without a place of master keys.
    #[error(
        "this node's key is not open: the data was opened for reading only, or no place of master keys is set"
    )]
    NoKey,
}

/// The purposes that keys are derived for.
const SEALING: &[u8] = b"weihe node seal 1";

/// The node's key for secrets of sign-in.
pub(crate) struct NodeKey {
    secret: Secret,
    /// The suite that seals from now on.
    seals: Suite,
    /// The suite of keyed hashes, for good: a mark made years ago is compared.
    marks: Suite,
}

impl NodeKey {
    pub(crate) fn new(secret: Secret, seals: Suite, marks: Suite) -> Self {
        Self {
            secret,
            seals,
            marks,
        }
    }

    fn sealing(&self, suite: Suite) -> SealingKey {
        SealingKey::new(suite, &derive(suite, &self.secret, SEALING))
    }

    /// Seals bytes for a place: what was moved to another place does not open.
    pub(crate) fn seal(
        &self,
        random: &dyn Random,
        place: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        random.fill(&mut nonce)?;
        self.sealing(self.seals)
            .seal(&nonce, place.as_bytes(), plain)
            .map_err(|_| SealError::Closed)
    }

    /// Opens what was sealed for a place, by whichever suite.
    pub(crate) fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let suite = sealed_by(blob).map_err(|_| SealError::Closed)?;
        self.sealing(suite)
            .open(place.as_bytes(), blob)
            .map(|plain| plain.to_vec())
            .map_err(|_| SealError::Closed)
    }

    /// A keyed hash of some parts for a purpose.
    pub(crate) fn mark(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = derive(self.marks, &self.secret, purpose.as_bytes());
        let lengths: Vec<[u8; 8]> = parts
            .iter()
            .map(|part| (part.len() as u64).to_le_bytes())
            .collect();
        let framed: Vec<&[u8]> = lengths
            .iter()
            .zip(parts)
            .flat_map(|(length, part)| [length.as_slice(), part])
            .collect();
        MacKey::new(self.marks, &key).mac(&framed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    fn key(byte: u8, suite: Suite) -> NodeKey {
        NodeKey::new(Secret::take(&mut [byte; 32]), suite, suite)
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let random = SeededRandom::new(5);
        for suite in Suite::ALL {
            let own = key(7, suite);
            let blob = own.seal(&random, "factor:1", b"secret").unwrap();
            assert_eq!(blob[0], suite.number());
            assert!(!blob.windows(6).any(|part| part == b"secret"));
            assert_eq!(own.open("factor:1", &blob).unwrap(), b"secret");
            assert!(own.open("factor:2", &blob).is_err());
            assert!(key(8, suite).open("factor:1", &blob).is_err());
            assert!(own.open("factor:1", &blob[..10]).is_err());
            assert_ne!(blob, own.seal(&random, "factor:1", b"secret").unwrap());
            assert_ne!(own.mark("a", &[b"x", b"y"]), own.mark("a", &[b"xy", b""]));
            assert_ne!(own.mark("a", &[b"x"]), own.mark("b", &[b"x"]));
        }
        // A change of suite leaves readable what was sealed before.
        let before = key(7, Suite::International)
            .seal(&random, "p", b"secret")
            .unwrap();
        assert_eq!(key(7, Suite::Sm).open("p", &before).unwrap(), b"secret");
    }
}
