//! Hashes and tokens. The one place that names the algorithms, so that the SM family can stand beside them.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::error::SecurityError;
use crate::random::{Random, token_bytes};

/// What a password hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordProfile {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PasswordProfile {
    /// 19 MiB and two passes, as the OWASP password storage cheat sheet sets the least for argon2id.
    pub const SERVED: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// Too cheap to protect anything: for tests.
    pub const FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn hasher(self) -> Result<Argon2<'static>, SecurityError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)
            .map_err(|error| SecurityError::Password(error.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// The password's hash as a PHC string (`$argon2id$v=19$…`).
pub(crate) fn hash_password(
    profile: PasswordProfile,
    random: &dyn Random,
    password: &str,
) -> Result<String, SecurityError> {
    let mut salt = [0_u8; 16];
    random.fill(&mut salt)?;
    let hash = profile
        .hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| SecurityError::Password(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password belongs to the hash. Costs what the hash says, not what the profile says now.
pub(crate) fn verify_password(hash: &str, password: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
}

/// A new 256-bit token for a cookie, base64url.
pub(crate) fn new_token(random: &dyn Random) -> Result<String, SecurityError> {
    Ok(URL_SAFE_NO_PAD.encode(token_bytes(random)?))
}

/// What the store keeps of a token: enough to recognise it, nothing to use.
pub(crate) fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// SHA-256 as lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

const CSRF_PURPOSE: &[u8] = b"weihe csrf 1";

/// The token that forms of this session carry: HMAC-SHA-256 under the session's own secret, so that it
/// needs no store, ends with the session and does not give the session away.
pub(crate) fn csrf_token(secret: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mac) => {
            let tag = mac.chain_update(CSRF_PURPOSE).finalize().into_bytes();
            URL_SAFE_NO_PAD.encode(tag)
        }
        // HMAC takes keys of any length; an empty token matches nothing.
        Err(_) => String::new(),
    }
}

/// Compares in constant time by way of the tags themselves.
pub(crate) fn csrf_matches(secret: &str, given: &str) -> bool {
    let (Ok(mac), Ok(tag)) = (
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()),
        URL_SAFE_NO_PAD.decode(given),
    ) else {
        return false;
    };
    mac.chain_update(CSRF_PURPOSE).verify_slice(&tag).is_ok()
}

/// HMAC-SHA-256 of a text under a key, as hexadecimal digits: for secrets that are random already.
pub(crate) fn keyed_hash(key: &str, text: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(mac) => hex(&mac.chain_update(text.as_bytes()).finalize().into_bytes()),
        // HMAC takes keys of any length; an empty hash matches nothing.
        Err(_) => String::new(),
    }
}

/// Whether a text has this keyed hash. Compares in constant time.
pub(crate) fn keyed_matches(key: &str, text: &str, hash: &str) -> bool {
    let (Ok(mac), Some(tag)) = (Hmac::<Sha256>::new_from_slice(key.as_bytes()), unhex(hash)) else {
        return false;
    };
    mac.chain_update(text.as_bytes()).verify_slice(&tag).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{SeededRandom, SystemRandom};

    #[test]
    fn a_hash_verifies_its_password_only() {
        let hash = hash_password(PasswordProfile::FOR_TESTS, &SystemRandom, "Yan-ta-2025").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(verify_password(&hash, "Yan-ta-2025"));
        assert!(!verify_password(&hash, "Yan-ta-2026"));
        assert!(!verify_password("not a hash", "Yan-ta-2025"));
    }

    #[test]
    fn the_csrf_token_belongs_to_one_session() {
        let random = SeededRandom::new(3);
        let session = new_token(&random).unwrap();
        let other = new_token(&random).unwrap();
        let token = csrf_token(&session);
        assert_eq!(session.len(), 43);
        assert!(csrf_matches(&session, &token));
        assert!(!csrf_matches(&other, &token));
        assert!(!csrf_matches(&session, ""));
        assert_ne!(token_hash(&session), token);
    }
}
