//! TLS 1.3 in the process itself: certificate and key from files, read again when they change, and the
//! certificate of the client where an operator asks for one (a UKey). Why in process: docs/adr/0020.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use assurance::{CertificateRole, NodeCertificate};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig, version};

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The certificate with those between it and the root, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM (PKCS#8, SEC1 or PKCS#1).
    pub key: PathBuf,
    /// The authorities whose certificates clients may show, PEM. Without them no client is asked for one;
    /// with them a client that has none is let in all the same: what a certificate opens is decided where
    /// people sign in.
    pub client_authorities: Option<PathBuf>,
    /// The files are looked at so often.
    pub look_every: Duration,
}

impl TlsSettings {
    /// Certificate and key, with no client asked for one.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self {
            certificate,
            key,
            client_authorities: None,
            look_every: Duration::from_secs(10),
        }
    }

    /// Whether the files can be used: to be asked before an address is told to anyone.
    ///
    /// # Errors
    /// [`TlsError`], which names the file.
    pub fn check(&self) -> Result<(), TlsError> {
        load(self).map(|_| ())
    }

    /// Until when the certificate of the server, those between it and its root, and the authorities of clients hold,
    /// as the files are now.
    ///
    /// # Errors
    /// [`TlsError`], which names the file.
    pub fn lives(&self) -> Result<Vec<NodeCertificate>, TlsError> {
        let mut lives = Vec::new();
        let files = [
            (Some(&self.certificate), CertificateRole::Server),
            (
                self.client_authorities.as_ref(),
                CertificateRole::ClientAuthority,
            ),
        ];
        for (file, role) in files {
            let Some(file) = file else { continue };
            for certificate in certificates(file)? {
                let Some((subject, until)) = security::certificate_end(&certificate) else {
                    return Err(TlsError::NoCertificate {
                        file: file.display().to_string(),
                    });
                };
                lives.push(NodeCertificate {
                    role,
                    subject,
                    until,
                });
            }
        }
        Ok(lives)
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        [
            Some(&self.certificate),
            Some(&self.key),
            self.client_authorities.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
    }

    /// When each file was changed and how long it is: what tells that one is another.
    fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        self.files()
            .map(|file| {
                let about = std::fs::metadata(file).ok()?;
                Some((about.modified().ok()?, about.len()))
            })
            .collect()
    }
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{file} cannot be used: {cause}; it must be a PEM file that the program may read")]
    File {
        /// Which.
        file: String,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// A file holds no certificate.
    #[error("{file} holds no certificate; a PEM file with BEGIN CERTIFICATE is needed")]
    NoCertificate {
        /// Which.
        file: String,
    },
    /// Certificate and key do not belong together, or are of a kind that cannot be used.
    #[error(
        "certificate and key cannot be used: {0}; check that the key belongs to the certificate"
    )]
    Pair(#[from] rustls::Error),
    /// The authorities for clients cannot be used.
    #[error("the authorities for clients cannot be used: {0}")]
    Authorities(#[from] VerifierBuilderError),
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = |cause| TlsError::File {
        file: file.display().to_string(),
        cause,
    };
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(file)
        .map_err(unusable)?
        .collect::<Result<_, _>>()
        .map_err(unusable)?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate {
            file: file.display().to_string(),
        });
    }
    Ok(found)
}

fn load(settings: &TlsSettings) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(&settings.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&settings.key).map_err(|cause| TlsError::File {
        file: settings.key.display().to_string(),
        cause,
    })?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&version::TLS13])?;
    let builder = match &settings.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(file)? {
                roots.add(root)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What connections are taken with: always the files as they last could be used.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    settings: TlsSettings,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn open(settings: &TlsSettings) -> Result<Self, TlsError> {
        Ok(Self {
            settings: settings.clone(),
            config: Arc::new(RwLock::new(load(settings)?)),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&config))
    }

    /// Reads the files again whenever one of them changed. Those that cannot be used leave what was there:
    /// a certificate is often copied a moment before its key.
    pub(crate) async fn follow(self) {
        let mut seen = self.settings.stamps();
        let mut every = tokio::time::interval(self.settings.look_every);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let stamps = self.settings.stamps();
            if stamps == seen {
                continue;
            }
            seen = stamps;
            match load(&self.settings) {
                Ok(config) => {
                    let mut place = self.config.write().unwrap_or_else(PoisonError::into_inner);
                    *place = config;
                    tracing::info!("the certificate was read again");
                }
                Err(error) => {
                    tracing::error!(%error, "the certificate that was changed cannot be used; the one before it stays");
                }
            }
        }
    }
}
