//! The ceremonies of passkeys as the relying party checks them: Web Authentication Level 3, §7.1 (a new
//! credential) and §7.2 (an assertion). Pure: what was sent and what was expected in, a verdict out.
//!
//! Attestation is asked for as `none` and what comes is not judged: any make of key is welcome. The algorithms
//! are those that platforms use: ES256 (-7), EdDSA (-8) and RS256 (-257, some TPMs).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use ring::signature;
use serde::{Deserialize, Serialize};

use super::model::Site;

/// Why a ceremony is refused. For the log: whoever tries it learns only that it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyFault {
    /// Not the shape that browsers send.
    #[error("the answer cannot be read")]
    Unreadable,
    /// Made for another kind of ceremony.
    #[error("the answer is of another ceremony")]
    Type,
    /// Not the challenge that was given.
    #[error("the challenge is another one")]
    Challenge,
    /// Made on another site, or in a frame of one.
    #[error("the answer was made for another site")]
    Origin,
    /// Nobody touched the key.
    #[error("nobody was there")]
    NotPresent,
    /// The key did not verify its user by PIN, finger or face.
    #[error("the key did not verify its user")]
    NotVerified,
    /// States that cannot be.
    #[error("the flags contradict each other")]
    Flags,
    /// An algorithm that was not offered, or a key that does not fit it.
    #[error("the public key cannot be used")]
    Key,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    Signature,
    /// The key signed fewer times than it had before: perhaps a copy.
    #[error("the counter went back")]
    Counter,
}

/// What a browser sends of a credential, with the bytes in base64url. As the island writes it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) client_data: String,
    /// Of a new credential.
    #[serde(default)]
    pub(crate) attestation: String,
    /// Of an assertion.
    #[serde(default)]
    pub(crate) authenticator_data: String,
    #[serde(default)]
    pub(crate) signature: String,
    #[serde(default)]
    pub(crate) user_handle: String,
}

/// A new passkey that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPasskey {
    /// Its id, base64url.
    pub(crate) id: String,
    /// Its public key, COSE.
    pub(crate) key: Vec<u8>,
    pub(crate) counter: i64,
}

/// What a ceremony is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) site: &'a Site,
    /// The challenge as it was given, base64url.
    pub(crate) challenge: &'a str,
}

/// Longest credential id that is taken (WebAuthn §7.1 step 25).
const LONGEST_ID: usize = 1023;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, CeremonyFault> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| CeremonyFault::Unreadable)
}

/// Reads what the island sent.
pub(crate) fn read(json: &str) -> Result<Sent, CeremonyFault> {
    serde_json::from_str(json).map_err(|_| CeremonyFault::Unreadable)
}

/// The challenge that an answer claims to answer, to find out whether it was given.
pub(crate) fn claimed_challenge(sent: &Sent) -> Result<String, CeremonyFault> {
    let json = bytes(&sent.client_data)?;
    let data: ClientData = serde_json::from_slice(&json).map_err(|_| CeremonyFault::Unreadable)?;
    Ok(data.challenge)
}

fn check_client(json: &[u8], kind: &str, expected: Expected<'_>) -> Result<(), CeremonyFault> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| CeremonyFault::Unreadable)?;
    if data.r#type != kind {
        return Err(CeremonyFault::Type);
    }
    if data.challenge != expected.challenge {
        return Err(CeremonyFault::Challenge);
    }
    if data.origin != expected.site.origin || data.cross_origin {
        return Err(CeremonyFault::Origin);
    }
    Ok(())
}

struct Authenticator<'a> {
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

/// The fixed part of the authenticator data (§6.1), with what must hold of every ceremony.
fn check_authenticator<'a>(
    data: &'a [u8],
    site: &Site,
) -> Result<Authenticator<'a>, CeremonyFault> {
    let (name, data) = data
        .split_first_chunk::<32>()
        .ok_or(CeremonyFault::Unreadable)?;
    let ([flags], data) = data
        .split_first_chunk::<1>()
        .ok_or(CeremonyFault::Unreadable)?;
    let (counter, rest) = data
        .split_first_chunk::<4>()
        .ok_or(CeremonyFault::Unreadable)?;
    if name.as_slice() != crate::crypto::sha256(site.rp_id.as_bytes()) {
        return Err(CeremonyFault::Origin);
    }
    if flags & PRESENT == 0 {
        return Err(CeremonyFault::NotPresent);
    }
    if flags & VERIFIED == 0 {
        return Err(CeremonyFault::NotVerified);
    }
    if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
        return Err(CeremonyFault::Flags);
    }
    Ok(Authenticator {
        flags: *flags,
        counter: u32::from_be_bytes(*counter),
        rest,
    })
}

/// Checks a new credential.
pub(crate) fn register(sent: &Sent, expected: Expected<'_>) -> Result<NewPasskey, CeremonyFault> {
    check_client(&bytes(&sent.client_data)?, "webauthn.create", expected)?;
    let object: Value = ciborium::from_reader(bytes(&sent.attestation)?.as_slice())
        .map_err(|_| CeremonyFault::Unreadable)?;
    let data = object
        .as_map()
        .and_then(|map| {
            map.iter()
                .find(|(key, _)| key.as_text() == Some("authData"))
        })
        .and_then(|(_, value)| value.as_bytes())
        .ok_or(CeremonyFault::Unreadable)?;
    let authenticator = check_authenticator(data, expected.site)?;
    if authenticator.flags & ATTESTED == 0 {
        return Err(CeremonyFault::Flags);
    }
    let (_aaguid, rest) = authenticator
        .rest
        .split_first_chunk::<16>()
        .ok_or(CeremonyFault::Unreadable)?;
    let (length, rest) = rest
        .split_first_chunk::<2>()
        .ok_or(CeremonyFault::Unreadable)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, mut rest) = rest
        .split_at_checked(length)
        .ok_or(CeremonyFault::Unreadable)?;
    if id.is_empty() || id.len() > LONGEST_ID || id != bytes(&sent.id)? {
        return Err(CeremonyFault::Unreadable);
    }
    let all = rest;
    let key: Value = ciborium::from_reader(&mut rest).map_err(|_| CeremonyFault::Unreadable)?;
    PublicKey::read(&key)?;
    let taken = all.len().saturating_sub(rest.len());
    Ok(NewPasskey {
        id: URL_SAFE_NO_PAD.encode(id),
        key: all.get(..taken).unwrap_or_default().to_vec(),
        counter: i64::from(authenticator.counter),
    })
}

/// Checks an assertion under a key that is known; the counter to remember.
pub(crate) fn verify(
    sent: &Sent,
    expected: Expected<'_>,
    key: &[u8],
    counter: i64,
) -> Result<i64, CeremonyFault> {
    let client = bytes(&sent.client_data)?;
    check_client(&client, "webauthn.get", expected)?;
    let data = bytes(&sent.authenticator_data)?;
    let authenticator = check_authenticator(&data, expected.site)?;
    let mut signed = data.clone();
    signed.extend_from_slice(&crate::crypto::sha256(&client));
    let key: Value = ciborium::from_reader(key).map_err(|_| CeremonyFault::Key)?;
    PublicKey::read(&key)?.verify(&signed, &bytes(&sent.signature)?)?;
    let now = i64::from(authenticator.counter);
    if (now != 0 || counter != 0) && now <= counter {
        return Err(CeremonyFault::Counter);
    }
    Ok(now)
}

/// A public key as COSE writes it (RFC 9053).
enum PublicKey<'a> {
    /// ES256: the uncompressed point.
    P256([u8; 65]),
    Ed25519(&'a [u8]),
    Rsa {
        n: &'a [u8],
        e: &'a [u8],
    },
}

impl<'a> PublicKey<'a> {
    fn read(key: &'a Value) -> Result<Self, CeremonyFault> {
        let map = key.as_map().ok_or(CeremonyFault::Key)?;
        let part = |label: i128| {
            map.iter()
                .find(|(key, _)| key.as_integer().map(i128::from) == Some(label))
                .map(|(_, value)| value)
        };
        let number = |label: i128| part(label).and_then(Value::as_integer).map(i128::from);
        let field = |label: i128| {
            part(label)
                .and_then(Value::as_bytes)
                .map(Vec::as_slice)
                .ok_or(CeremonyFault::Key)
        };
        match (number(1), number(3), number(-1)) {
            (Some(2), Some(-7), Some(1)) => {
                let (x, y) = (field(-2)?, field(-3)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(CeremonyFault::Key);
                }
                let mut point = [4_u8; 65];
                let places = point.iter_mut().skip(1);
                for (place, byte) in places.zip(x.iter().chain(y)) {
                    *place = *byte;
                }
                Ok(Self::P256(point))
            }
            (Some(1), Some(-8), Some(6)) if field(-2)?.len() == 32 => Ok(Self::Ed25519(field(-2)?)),
            (Some(3), Some(-257), _) => {
                let (n, e) = (field(-1)?, field(-2)?);
                if n.len() < 256 || e.is_empty() {
                    return Err(CeremonyFault::Key);
                }
                Ok(Self::Rsa { n, e })
            }
            _ => Err(CeremonyFault::Key),
        }
    }

    fn verify(&self, signed: &[u8], mark: &[u8]) -> Result<(), CeremonyFault> {
        let verified = match self {
            Self::P256(point) => {
                signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
                    .verify(signed, mark)
            }
            Self::Ed25519(key) => {
                signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(signed, mark)
            }
            Self::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                signed,
                mark,
            ),
        };
        verified.map_err(|_| CeremonyFault::Signature)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    challenge: &'a str,
    rp_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    /// Base64url ids: allowed ones of an assertion, those that are there already of a new credential.
    credentials: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    id: &'a str,
    name: &'a str,
    display_name: &'a str,
}

/// What the island gives the browser to sign in with a passkey; without ids any of this site.
pub(crate) fn options_to_verify(site: &Site, challenge: &str, ids: &[String]) -> String {
    json(&Options {
        challenge,
        rp_id: &site.rp_id,
        user: None,
        credentials: ids,
    })
}

/// What the island gives the browser to make a passkey.
pub(crate) fn options_to_register(
    site: &Site,
    challenge: &str,
    (handle, login, display): (&str, &str, &str),
    ids: &[String],
) -> String {
    json(&Options {
        challenge,
        rp_id: &site.rp_id,
        user: Some(User {
            id: handle,
            name: login,
            display_name: display,
        }),
        credentials: ids,
    })
}

fn json(options: &Options<'_>) -> String {
    // Texts and lists of texts: nothing that serde_json could refuse.
    serde_json::to_string(options).unwrap_or_default()
}
