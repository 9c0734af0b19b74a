//! Signatures of tokens: JSON Web Signature in its compact form (RFC 7515), keys as JSON Web Key (RFC 7517,
//! RFC 8037), algorithms of RFC 7518 that a service alone can sign with. `none` and shared secrets are no
//! signatures here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A key that verifies.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// Why a token was not signed as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    #[error("it is no signed token")]
    Form,
    #[error("its algorithm is not one that its issuer alone can sign with")]
    Algorithm,
    #[error("no known key fits its signature")]
    Key,
}

/// The payload of a token that one of these keys signed.
pub(crate) fn signed<T: DeserializeOwned>(token: &str, keys: &[Key]) -> Result<T, Unsigned> {
    let (message, signature) = token.rsplit_once('.').ok_or(Unsigned::Form)?;
    let (head, payload) = message.split_once('.').ok_or(Unsigned::Form)?;
    let head: Head = part(head)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Unsigned::Form)?;
    if head.crit.is_some() {
        return Err(Unsigned::Form);
    }
    let algorithm = Algorithm::named(&head.alg).ok_or(Unsigned::Algorithm)?;
    let fits = keys
        .iter()
        .filter(|key| key.may_be(&head))
        .any(|key| algorithm.verifies(key, message.as_bytes(), &signature));
    if !fits {
        return Err(Unsigned::Key);
    }
    part(payload)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Unsigned> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unsigned::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| Unsigned::Form)
}

impl Key {
    fn may_be(&self, head: &Head) -> bool {
        let is_named = match (&head.kid, &self.kid) {
            (Some(asked), Some(own)) => asked == own,
            _ => true,
        };
        is_named
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == head.alg)
    }

    fn number(value: Option<&String>) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(value?).ok()
    }
}

enum Algorithm {
    Rsa(&'static RsaParameters),
    /// With the name of its curve and the length of a coordinate.
    Ec(&'static dyn VerificationAlgorithm, &'static str, usize),
    Ed25519,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ec(&ECDSA_P256_SHA256_FIXED, "P-256", 32),
            "ES384" => Self::Ec(&ECDSA_P384_SHA384_FIXED, "P-384", 48),
            "EdDSA" => Self::Ed25519,
            _ => return None,
        })
    }

    fn verifies(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        self.verified(key, message, signature).is_some()
    }

    fn verified(&self, key: &Key, message: &[u8], signature: &[u8]) -> Option<()> {
        match (self, key.kty.as_str()) {
            (Self::Rsa(parameters), "RSA") => {
                let (n, e) = (Key::number(key.n.as_ref())?, Key::number(key.e.as_ref())?);
                // ring wants numbers without zeros before them.
                let bare = |number: &[u8]| -> Vec<u8> {
                    number
                        .iter()
                        .copied()
                        .skip_while(|byte| *byte == 0)
                        .collect()
                };
                let components = RsaPublicKeyComponents {
                    n: bare(&n),
                    e: bare(&e),
                };
                components.verify(parameters, message, signature).ok()
            }
            (Self::Ec(algorithm, curve, length), "EC") if key.crv.as_deref() == Some(*curve) => {
                let (x, y) = (Key::number(key.x.as_ref())?, Key::number(key.y.as_ref())?);
                if x.len() != *length || y.len() != *length {
                    return None;
                }
                // An uncompressed point (SEC 1 §2.3.3).
                let point = [&[4_u8][..], &x, &y].concat();
                let key = UnparsedPublicKey::new(*algorithm, point);
                key.verify(message, signature).ok()
            }
            (Self::Ed25519, "OKP") if key.crv.as_deref() == Some("Ed25519") => {
                let key = UnparsedPublicKey::new(&ED25519, Key::number(key.x.as_ref())?);
                key.verify(message, signature).ok()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A: the key of A.2 and the token of A.4, whose payload is no JSON.
    const KEY: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    /// RFC 7515 appendix A.2 (RS256) and A.3 (ES256): keys and tokens.
    const RSA: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn key(text: &str) -> Key {
        serde_json::from_str(text).unwrap()
    }

    fn issuer(token: &str, keys: &[Key]) -> Result<String, Unsigned> {
        let payload: serde_json::Value = signed(token, keys)?;
        Ok(payload["iss"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_examples_of_the_standards_are_verified_by_their_keys_alone() {
        let (rsa, ec, ed) = (key(RSA), key(EC), key(KEY));
        let all = [ed.clone(), ec.clone(), rsa.clone()];
        assert_eq!(issuer(RSA_TOKEN, &all).as_deref(), Ok("joe"));
        assert_eq!(issuer(EC_TOKEN, &all).as_deref(), Ok("joe"));
        // The signature is right; only what it signs is no JSON.
        assert_eq!(issuer(TOKEN, &all), Err(Unsigned::Form));
        assert_eq!(
            issuer(RSA_TOKEN, std::slice::from_ref(&ec)),
            Err(Unsigned::Key)
        );
        assert_eq!(issuer(EC_TOKEN, &[rsa.clone(), ed]), Err(Unsigned::Key));
        let changed = RSA_TOKEN.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJtb2Ui");
        assert_eq!(issuer(&changed, &all), Err(Unsigned::Key));
        let mut other_use = rsa.clone();
        other_use.usage = Some("enc".to_owned());
        let mut other_name = rsa.clone();
        other_name.alg = Some("PS256".to_owned());
        assert_eq!(
            issuer(RSA_TOKEN, &[other_use, other_name]),
            Err(Unsigned::Key)
        );
    }

    #[test]
    fn what_anyone_could_have_written_is_no_signature() {
        let head = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let (_, rest) = RSA_TOKEN.split_once('.').unwrap();
        let keys = [key(RSA)];
        for (json, expected) in [
            (r#"{"alg":"none"}"#, Unsigned::Algorithm),
            (r#"{"alg":"HS256"}"#, Unsigned::Algorithm),
            (r#"{"alg":"RS256","crit":["exp"]}"#, Unsigned::Form),
            (r#"{"alg":"RS256","x":1}"#, Unsigned::Key),
            (r#"{"kid":"a"}"#, Unsigned::Form),
        ] {
            let token = format!("{}.{rest}", head(json));
            assert_eq!(issuer(&token, &keys), Err(expected), "{json}");
        }
        for token in [
            "",
            ".",
            "..",
            "a.b.c",
            "eyJhbGciOiJSUzI1NiJ9..",
            RSA_TOKEN.trim_end_matches("Rw"),
        ] {
            assert!(issuer(token, &keys).is_err(), "{token}");
        }
    }
}
