//! A passkey in software: it signs as an authenticator does, with a key of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::crypto::sha256;

pub(crate) const ORIGIN: &str = "https://weihe.example";

/// What a device may do other than it should.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quirk {
    pub(crate) origin: Option<&'static str>,
    pub(crate) rp_id: Option<&'static str>,
    pub(crate) unverified: bool,
    pub(crate) wrong_type: bool,
    pub(crate) bad_signature: bool,
}

pub(crate) struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    pub(crate) counter: u32,
    handle: String,
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Device {
    pub(crate) fn new(id: u8) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self {
            key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(),
            id: vec![id; 16],
            counter: 0,
            handle: String::new(),
        }
    }

    fn client_data(kind: &str, options: &serde_json::Value, quirk: Quirk) -> Vec<u8> {
        let kind = if quirk.wrong_type {
            "payment.get"
        } else {
            kind
        };
        serde_json::to_vec(&serde_json::json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": quirk.origin.unwrap_or(ORIGIN),
            "crossOrigin": false,
        }))
        .unwrap()
    }

    fn data(&mut self, options: &serde_json::Value, quirk: Quirk, attested: bool) -> Vec<u8> {
        self.counter += 1;
        let rp_id = quirk.rp_id.or(options["rpId"].as_str()).unwrap();
        let mut data = sha256(rp_id.as_bytes());
        let verified = if quirk.unverified { 0 } else { 0x04 };
        data.push(0x01 | verified | if attested { 0x40 } else { 0 });
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }

    /// `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &str, quirk: Quirk) -> String {
        let options: serde_json::Value = serde_json::from_str(options).unwrap();
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let client = Self::client_data("webauthn.create", &options, quirk);
        let mut data = self.data(&options, quirk, true);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.id);
        let point = self.key.public_key().as_ref();
        let number = |number: i64| Value::Integer(number.into());
        let key = Value::Map(vec![
            (number(1), number(2)),
            (number(3), number(-7)),
            (number(-1), number(1)),
            (number(-2), Value::Bytes(point[1..33].to_vec())),
            (number(-3), Value::Bytes(point[33..].to_vec())),
        ]);
        ciborium::into_writer(&key, &mut data).unwrap();
        let object = Value::Map(vec![
            (
                Value::Text("fmt".to_owned()),
                Value::Text("none".to_owned()),
            ),
            (Value::Text("attStmt".to_owned()), Value::Map(Vec::new())),
            (Value::Text("authData".to_owned()), Value::Bytes(data)),
        ]);
        let mut attestation = Vec::new();
        ciborium::into_writer(&object, &mut attestation).unwrap();
        serde_json::json!({
            "id": encoded(&self.id),
            "clientData": encoded(&client),
            "attestation": encoded(&attestation),
        })
        .to_string()
    }

    /// `navigator.credentials.get`.
    pub(crate) fn get(&mut self, options: &str, quirk: Quirk) -> String {
        let options: serde_json::Value = serde_json::from_str(options).unwrap();
        let client = Self::client_data("webauthn.get", &options, quirk);
        let data = self.data(&options, quirk, false);
        let mut signed = data.clone();
        signed.extend_from_slice(&sha256(&client));
        if quirk.bad_signature {
            signed.push(0);
        }
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        serde_json::json!({
            "id": encoded(&self.id),
            "clientData": encoded(&client),
            "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()),
            "userHandle": self.handle,
        })
        .to_string()
    }
}
