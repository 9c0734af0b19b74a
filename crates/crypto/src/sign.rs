//! Signatures: 64 bytes in both suites, made without randomness (RFC 8032 §5.1.6; RFC 6979 for SM2).

use ed25519_dalek::VerifyingKey as EdVerifying;
use ed25519_dalek::{Signature as EdSignature, Signer, SigningKey as EdSigning};
use sm2::dsa::signature::Verifier;
use sm2::dsa::{Signature as SmSignature, SigningKey as SmSigning, VerifyingKey as SmVerifying};

use crate::{Secret, Suite};

/// The signer's distinguishing identifier that GM/T 0009-2012 §10 sets where none is agreed.
const DISTINGUISHING_ID: &str = "1234567812345678";

/// A key or a signature that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// No key of the suite: for SM2 a number outside the curve's order, a point that is not on the curve.
    #[error("these bytes are no key of the suite")]
    Key,
    /// The signature does not belong to the key and the message.
    #[error("the signature is not of this key and message")]
    Refused,
}

enum Signing {
    International(EdSigning),
    Sm(SmSigning),
}

/// A key that signs.
pub struct SigningKey(Box<Signing>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Prepares a secret: the seed of Ed25519, the number d of SM2 (big-endian).
    ///
    /// # Errors
    /// [`SignFault::Key`].
    pub fn new(suite: Suite, secret: &Secret) -> Result<Self, SignFault> {
        Ok(Self(Box::new(match suite {
            Suite::International => Signing::International(EdSigning::from_bytes(secret.expose())),
            Suite::Sm => Signing::Sm(
                SmSigning::from_slice(DISTINGUISHING_ID, secret.expose())
                    .map_err(|_| SignFault::Key)?,
            ),
        })))
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`SignFault::Key`], which no key that was accepted has been seen to give.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignFault> {
        match &*self.0 {
            Signing::International(key) => Ok(key.sign(message).to_bytes()),
            Signing::Sm(key) => {
                let signature = key.try_sign(message).map_err(|_| SignFault::Key)?;
                Ok(signature.to_bytes().into())
            }
        }
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(Box::new(match &*self.0 {
            Signing::International(key) => Verifying::International(key.verifying_key()),
            Signing::Sm(key) => Verifying::Sm(key.verifying_key().clone()),
        }))
    }
}

#[derive(Clone)]
enum Verifying {
    International(EdVerifying),
    Sm(SmVerifying),
}

/// A key that verifies; public.
#[derive(Clone)]
pub struct VerifyingKey(Box<Verifying>);

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VerifyingKey")
    }
}

impl VerifyingKey {
    /// Reads what [`VerifyingKey::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`SignFault::Key`].
    pub fn of_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, SignFault> {
        Ok(Self(Box::new(match suite {
            Suite::International => {
                let bytes = bytes.try_into().map_err(|_| SignFault::Key)?;
                Verifying::International(
                    EdVerifying::from_bytes(bytes).map_err(|_| SignFault::Key)?,
                )
            }
            Suite::Sm => Verifying::Sm(
                SmVerifying::from_sec1_bytes(DISTINGUISHING_ID, bytes)
                    .map_err(|_| SignFault::Key)?,
            ),
        })))
    }

    /// 32 bytes of Ed25519; the uncompressed point of SM2, 65 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &*self.0 {
            Verifying::International(key) => key.to_bytes().to_vec(),
            Verifying::Sm(key) => key.to_sec1_bytes().to_vec(),
        }
    }

    /// Verifies; Ed25519 strictly, so that no signature has a second form.
    ///
    /// # Errors
    /// [`SignFault::Refused`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignFault> {
        let verified = match &*self.0 {
            Verifying::International(key) => {
                key.verify_strict(message, &EdSignature::from_bytes(signature))
            }
            Verifying::Sm(key) => SmSignature::from_slice(signature)
                .and_then(|signature| key.verify(message, &signature)),
        };
        verified.map_err(|_| SignFault::Refused)
    }
}
