//! Decisions about identity services, pure: whether what a service says of itself and of a person is to be
//! believed. Sources: OpenID Connect Core 1.0 §3.1.3.7, OpenID Connect Discovery 1.0 §4.3.

use serde::Deserialize;

/// Why something that a service said is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Disbelief {
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another program")]
    Audience,
    #[error("it is of another sign-in")]
    Nonce,
    #[error("it has expired")]
    Expired,
    #[error("it was issued in the future, or is not good yet")]
    Future,
    #[error("it was issued too long ago")]
    Old,
    #[error("it names nobody")]
    Nobody,
}

/// One audience, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The claims of an ID token that decide. Times are seconds since 1970; some services give fractions.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) exp: f64,
    pub(super) iat: f64,
    pub(super) nbf: Option<f64>,
    pub(super) nonce: Option<String>,
    pub(super) azp: Option<String>,
}

/// What is expected of an ID token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Now, in seconds since 1970.
    pub(super) now: f64,
    /// By how many seconds the clocks may differ.
    pub(super) skew: f64,
}

/// An ID token may have been issued so many seconds ago: it is asked for at once.
const OLDEST: f64 = 600.0;

/// Whether the claims of a token whose signature is right are to be believed.
pub(super) fn believe(claims: &Claims, expected: &Expected<'_>) -> Result<(), Disbelief> {
    if claims.iss != expected.issuer {
        return Err(Disbelief::Issuer);
    }
    // A token that is also for others could be used here by any of them.
    let is_for_us = match &claims.aud {
        Audience::One(audience) => audience == expected.client,
        Audience::Several(audiences) => {
            matches!(audiences.as_slice(), [audience] if audience == expected.client)
        }
    };
    let was_given_to_us = claims
        .azp
        .as_ref()
        .is_none_or(|party| party == expected.client);
    if !is_for_us || !was_given_to_us {
        return Err(Disbelief::Audience);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Disbelief::Nonce);
    }
    if claims.exp + expected.skew <= expected.now {
        return Err(Disbelief::Expired);
    }
    let begins = claims.nbf.map_or(claims.iat, |from| from.max(claims.iat));
    if begins > expected.now + expected.skew {
        return Err(Disbelief::Future);
    }
    if claims.iat < expected.now - OLDEST - expected.skew {
        return Err(Disbelief::Old);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(Disbelief::Nobody);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(change: impl FnOnce(&mut Claims)) -> Result<(), Disbelief> {
        let mut claims: Claims = serde_json::from_str(
            r#"{"iss": "https://id.example", "sub": "1", "aud": ["weihe"], "exp": 1300, "iat": 1000.5, "nonce": "n"}"#,
        )
        .unwrap();
        change(&mut claims);
        let expected = Expected {
            issuer: "https://id.example",
            client: "weihe",
            nonce: "n",
            now: 1000.0,
            skew: 60.0,
        };
        believe(&claims, &expected)
    }

    #[test]
    fn a_token_is_believed_as_the_standard_says() {
        assert_eq!(judged(|_| {}), Ok(()));
        assert_eq!(judged(|claims| claims.azp = Some("weihe".into())), Ok(()));
        let several =
            |names: &[&str]| Audience::Several(names.iter().map(|&name| name.into()).collect());
        let azp = judged(|claims| claims.azp = Some("other".into()));
        assert_eq!(azp, Err(Disbelief::Audience));
        assert_eq!(
            judged(|claims| claims.aud = several(&["weihe", "other"])),
            Err(Disbelief::Audience)
        );
        assert_eq!(
            judged(|claims| claims.aud = several(&[])),
            Err(Disbelief::Audience)
        );
        assert_eq!(
            judged(|claims| claims.iss.push('/')),
            Err(Disbelief::Issuer)
        );
        assert_eq!(judged(|claims| claims.nonce = None), Err(Disbelief::Nonce));
        assert_eq!(judged(|claims| claims.exp = 941.0), Ok(()));
        assert_eq!(judged(|claims| claims.exp = 940.0), Err(Disbelief::Expired));
        assert_eq!(
            judged(|claims| claims.exp = f64::NEG_INFINITY),
            Err(Disbelief::Expired)
        );
        assert_eq!(judged(|claims| claims.iat = 1060.0), Ok(()));
        assert_eq!(judged(|claims| claims.iat = 1061.0), Err(Disbelief::Future));
        assert_eq!(judged(|claims| claims.nbf = Some(1060.0)), Ok(()));
        let not_yet = judged(|claims| claims.nbf = Some(1061.0));
        assert_eq!(not_yet, Err(Disbelief::Future));
        assert_eq!(judged(|claims| claims.iat = 339.0), Err(Disbelief::Old));
        assert_eq!(judged(|claims| claims.sub.clear()), Err(Disbelief::Nobody));
    }
}
