//! The one place where forms, notes and files are sealed before they are stored, and opened.

use std::sync::Arc;

/// What could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored text could not be sealed or opened: {0}")]
pub struct SealFault(pub String);

/// Seals bytes for a place: a blob that was moved to another place does not open.
pub trait Seal: Send + Sync {
    /// Seals.
    ///
    /// # Errors
    /// [`SealFault`].
    fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealFault>;

    /// Opens.
    ///
    /// # Errors
    /// [`SealFault`] where the blob is not what was sealed for this place.
    fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SealFault>;
}

/// Seals under the node's key, which `security` keeps in a file apart from the databases.
pub struct NodeSeal(pub security::Security);

impl Seal for NodeSeal {
    fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealFault> {
        self.0
            .seal_for_room(place, plain)
            .map_err(|error| SealFault(error.to_string()))
    }

    fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SealFault> {
        self.0
            .open_for_room(place, blob)
            .map_err(|error| SealFault(error.to_string()))
    }
}

/// Keeps bytes as they are, for tests and for blobs that were written before there was a key.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSeal;

/// The first byte of a blob says how it was sealed.
const PLAIN: u8 = 0;
const SEALED: u8 = 1;

impl Seal for PlainSeal {
    fn seal(&self, _place: &str, plain: &[u8]) -> Result<Vec<u8>, SealFault> {
        Ok(plain.to_vec())
    }

    fn open(&self, _place: &str, blob: &[u8]) -> Result<Vec<u8>, SealFault> {
        Ok(blob.to_vec())
    }
}

/// The sealing of this room: with a key where there is one.
#[derive(Clone)]
pub(crate) struct Sealing(pub(crate) Option<Arc<dyn Seal>>);

impl Sealing {
    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealFault> {
        let (mark, body) = match &self.0 {
            Some(seal) => (SEALED, seal.seal(place, plain)?),
            None => (PLAIN, plain.to_vec()),
        };
        let mut blob = Vec::with_capacity(body.len() + 1);
        blob.push(mark);
        blob.extend_from_slice(&body);
        Ok(blob)
    }

    pub(crate) fn open(&self, place: &str, blob: &[u8]) -> Result<Vec<u8>, SealFault> {
        match (blob.split_first(), &self.0) {
            (Some((&PLAIN, body)), _) => Ok(body.to_vec()),
            (Some((&SEALED, body)), Some(seal)) => seal.open(place, body),
            (Some((&SEALED, _)), None) => Err(SealFault("there is no key".to_owned())),
            _ => Err(SealFault("this is no sealed text".to_owned())),
        }
    }
}
