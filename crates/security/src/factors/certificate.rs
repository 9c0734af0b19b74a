//! What is read of a client's certificate. It was verified where the connection was made
//! ([`crate::ClientCertificate`]). Pure.

use kernel::Millis;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

/// What an account remembers of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER), hexadecimal: it outlives a renewal that keeps the key.
    pub(crate) mark: String,
    /// Whom it names (RFC 4514).
    pub(crate) subject: String,
    pub(crate) from: Millis,
    pub(crate) until: Millis,
}

impl Shown {
    /// Whether it is in its days.
    pub(crate) fn is_valid(&self, now: Millis) -> bool {
        self.from <= now && now < self.until
    }
}

/// Whom a certificate names, and until when it holds; `None` where it cannot be read.
#[must_use]
pub fn certificate_end(der: &[u8]) -> Option<(String, Millis)> {
    read(der).map(|shown| (shown.subject, shown.until))
}

/// Reads a certificate; `None` where it is none.
pub(crate) fn read(der: &[u8]) -> Option<Shown> {
    let certificate = Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let key = body.subject_public_key_info().to_der().ok()?;
    let millis = |time: &x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_millis())
            .ok()
            .map(Millis::new)
    };
    Some(Shown {
        mark: crate::crypto::hex(&crate::crypto::sha256(&key)),
        subject: body.subject().to_string().chars().take(200).collect(),
        from: millis(&body.validity().not_before)?,
        until: millis(&body.validity().not_after)?,
    })
}
