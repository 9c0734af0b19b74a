//! Two suites of algorithms behind one face, so that an operator chooses and nothing else changes:
//!
//! | | `international` | `sm` |
//! |---|---|---|
//! | sealing | AES-256-GCM (NIST SP 800-38D) | SM4-GCM (GM/T 0002-2012, RFC 8998) |
//! | keyed hash | HMAC-SHA-256 (RFC 2104) | HMAC-SM3 (GM/T 0042-2015) |
//! | hash | SHA-256 (FIPS 180-4) | SM3 (GM/T 0004-2012) |
//! | signature | Ed25519 (RFC 8032) | SM2 with SM3 (GM/T 0003.2-2012, curve of GM/T 0003.5-2012) |
//!
//! This crate knows no business, keeps nothing and reads neither clock nor randomness: keys and nonces are
//! arguments. Every key is 32 bytes ([`Secret`]) and is used for one purpose only: [`derive`] makes keys of a key.
//! Keys are wiped when they are dropped. What is sealed says its algorithm in its first byte, so a change of
//! suite leaves what was sealed before readable. Decided in docs/adr/0011-algorithm-suites.md.

mod hash;
mod seal;
mod secret;
mod sign;
mod suite;
#[cfg(test)]
mod vectors;

pub use hash::{MacKey, derive, digest};
pub use seal::{NONCE_BYTES, OVERHEAD_BYTES, SealFault, SealingKey, sealed_by};
pub use secret::Secret;
pub use sign::{SignFault, SigningKey, VerifyingKey};
pub use suite::{NoSuite, Suite};
pub use zeroize::Zeroizing;
