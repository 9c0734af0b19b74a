//! Talking with an identity service: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).
//! Keys and endpoints are learnt from the configured issuer alone (OpenID Connect Discovery 1.0).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kernel::Millis;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::jws::{self, Key, Unsigned};
use super::rules::{Claims, Expected, believe};
use super::settings::{Provider, usable};
use crate::crypto;

const SECOND: i64 = 1_000;
/// What the service says of itself is asked for again after an hour.
const FRESH: i64 = 3_600 * SECOND;
/// While it does not answer, what it said within a day still counts.
const USABLE: i64 = 24 * FRESH;
/// A service that did not answer is not asked again so soon.
const PAUSE: i64 = 10 * SECOND;
/// Keys are not asked for again because of one token more often than this.
const KEYS_ANEW: i64 = 60 * SECOND;
const LONGEST_CALL: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: u64 = 1 << 20;

/// Why a service did not say who someone is. The text goes to the log: it holds no code and no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It cannot be reached, or does not answer in time.
    #[error("it does not answer: {0}")]
    Unreachable(String),
    /// What it says of itself cannot be used: its settings or ours are wrong.
    #[error("what it says of itself cannot be used: {0}")]
    Unusable(String),
    /// It does not take the code.
    #[error("it refused the code: {0}")]
    Refused(String),
    /// Its token is not to be believed.
    #[error("its token is not believed: {0}")]
    Token(String),
}

/// Whom a service vouches for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The value of the claim that the operator's rule names.
    pub(crate) login: Option<String>,
}

/// What a service says of itself.
#[derive(Debug, Clone, Deserialize)]
struct About {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

#[derive(Debug)]
struct Metadata {
    about: About,
    keys: Vec<Key>,
}

enum Known {
    Nothing,
    Failed(Millis, ProviderError),
    Read(Millis, Arc<Metadata>),
}

#[derive(Deserialize)]
struct Answered {
    access_token: String,
    id_token: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

/// One service.
pub(crate) struct Service {
    pub(super) provider: Arc<Provider>,
    back: String,
    home: String,
    agent: ureq::Agent,
    known: Mutex<Known>,
}

fn agent(provider: &Provider) -> ureq::Agent {
    let mut tls = TlsConfig::builder();
    if let Some(pem) = &provider.authorities {
        let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(pem)
            .filter_map(|item| match item {
                Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
    }
    ureq::Agent::config_builder()
        .tls_config(tls.build())
        // Whoever follows redirections goes where the service says, not where the operator said.
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(LONGEST_CALL))
        .timeout_connect(Some(LONGEST_CALL / 2))
        .user_agent("weihe")
        .build()
        .into()
}

/// An answer of the service: its status and its body.
struct Said {
    status: u16,
    body: Vec<u8>,
}

impl Said {
    fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Service {
    pub(crate) fn new(provider: &Provider, back: String, home: String) -> Self {
        Self {
            agent: agent(provider),
            provider: Arc::new(provider.clone()),
            back,
            home,
            known: Mutex::new(Known::Nothing),
        }
    }

    /// Calls the service, and only the service.
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Said, ProviderError> {
        let address = request.uri().to_string();
        if !self.provider.may_call(&address) {
            // Without its query: that may hold what is secret.
            let bare = address.split('?').next().unwrap_or_default();
            return Err(ProviderError::Unusable(format!(
                "{bare} is not on one of its hosts"
            )));
        }
        let agent = self.agent.clone();
        let failed = |error: &dyn std::fmt::Display| ProviderError::Unreachable(error.to_string());
        let called = tokio::task::spawn_blocking(move || {
            let response = agent.run(request)?;
            let status = response.status().as_u16();
            let body = response.into_body().into_with_config();
            let body = body.limit(LARGEST_ANSWER).read_to_vec()?;
            Ok::<Said, ureq::Error>(Said { status, body })
        });
        let said = called
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        if said.status >= 500 {
            return Err(ProviderError::Unreachable(said.status.to_string()));
        }
        Ok(said)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        address: &str,
        bearer: Option<&str>,
    ) -> Result<T, ProviderError> {
        let mut request = Request::get(address).header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let unusable =
            || ProviderError::Unusable(format!("no JSON of the expected form at {address}"));
        let request = request.body(Vec::new()).map_err(|_| unusable())?;
        let said = self.call(request).await?;
        if said.status != 200 {
            return Err(ProviderError::Unusable(format!(
                "{} at {address}",
                said.status
            )));
        }
        said.json().ok_or_else(unusable)
    }

    /// What the service says of itself. Kept for an hour; `anew` where a key is not among those known.
    async fn metadata(&self, now: Millis, anew: bool) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.known.lock().await;
        let longest = if anew { KEYS_ANEW } else { FRESH };
        match &*known {
            Known::Read(at, metadata) if now.since(*at) < longest => {
                return Ok(Arc::clone(metadata));
            }
            Known::Failed(at, error) if now.since(*at) < PAUSE => return Err(error.clone()),
            _ => {}
        }
        match self.discover().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known::Read(now, Arc::clone(&metadata));
                Ok(metadata)
            }
            Err(error) => {
                if let Known::Read(at, metadata) = &*known
                    && now.since(*at) < USABLE
                {
                    tracing::warn!(provider = self.provider.name, %error, "an identity service is used as it was");
                    return Ok(Arc::clone(metadata));
                }
                tracing::warn!(provider = self.provider.name, %error, "an identity service cannot be used");
                *known = Known::Failed(now, error.clone());
                Err(error)
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, ProviderError> {
        let issuer = &self.provider.issuer;
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let about: About = self.read(&place, None).await?;
        if about.issuer != *issuer {
            return Err(ProviderError::Unusable(format!(
                "it calls itself {}, and the settings {issuer}",
                about.issuer
            )));
        }
        usable(&about.authorization_endpoint).map_err(ProviderError::Unusable)?;
        for address in [&about.token_endpoint, &about.jwks_uri] {
            if !self.provider.may_call(address) {
                return Err(ProviderError::Unusable(format!(
                    "{address} is not on one of its hosts; name the host in `hosts` if it is right"
                )));
            }
        }
        let keys: Keys = self.read(&about.jwks_uri, None).await?;
        // A set may hold keys of kinds that are not known here.
        let keys = keys
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        Ok(Metadata { about, keys })
    }

    /// Where the browser is to go, to come back with a code.
    pub(crate) async fn address(
        &self,
        now: Millis,
        state: &str,
        nonce: &str,
        verifier: &str,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata(now, false).await?;
        let mut address =
            usable(&metadata.about.authorization_endpoint).map_err(ProviderError::Unusable)?;
        let challenge = URL_SAFE_NO_PAD.encode(crypto::sha256(verifier.as_bytes()));
        let scopes: Vec<&str> = std::iter::once("openid")
            .chain(self.provider.scopes.iter().map(String::as_str))
            .collect();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.client_id)
            .append_pair("redirect_uri", &self.back)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(address.to_string())
    }

    /// Whom the service vouches for, by the code that the browser brought.
    pub(crate) async fn person(
        &self,
        now: Millis,
        code: &str,
        nonce: &str,
        verifier: &str,
    ) -> Result<Person, ProviderError> {
        let metadata = self.metadata(now, false).await?;
        let request = self.exchange(&metadata.about, code, verifier)?;
        let said = self.call(request).await?;
        if said.status != 200 {
            // Its description may name a person: only the code of the error is kept.
            let error = said.json().map(|answer: ErrorAnswer| answer.error);
            let error = error.map(|error| super::short(&error));
            return Err(ProviderError::Refused(
                error.unwrap_or_else(|| said.status.to_string()),
            ));
        }
        let answered: Answered = said
            .json()
            .ok_or_else(|| ProviderError::Token("it gave none".to_owned()))?;
        let token = &answered.id_token;
        let disbelieved = |why: Unsigned| ProviderError::Token(why.to_string());
        let all: serde_json::Value = match jws::signed(token, &metadata.keys) {
            Err(Unsigned::Key) => {
                let metadata = self.metadata(now, true).await?;
                jws::signed(token, &metadata.keys)
            }
            other => other,
        }
        .map_err(disbelieved)?;
        let claims: Claims = serde_json::from_value(all.clone())
            .map_err(|_| ProviderError::Token("a claim is missing".to_owned()))?;
        let expected = Expected {
            issuer: &self.provider.issuer,
            client: &self.provider.client_id,
            nonce,
            now: now.get() as f64 / 1000.0,
            skew: self.provider.clock_skew_seconds as f64,
        };
        believe(&claims, &expected).map_err(|why| ProviderError::Token(why.to_string()))?;
        let login = match &self.provider.login_claim {
            None => None,
            Some(claim) => match text_of(&all, claim) {
                Some(login) => Some(login),
                None => {
                    let place = metadata.about.userinfo_endpoint.as_deref();
                    self.asked(place, &answered.access_token, &claims.sub, claim)
                        .await?
                }
            },
        };
        Ok(Person {
            issuer: claims.iss,
            subject: claims.sub,
            login,
        })
    }

    /// The request that changes a code for a token (RFC 6749 §4.1.3), with the secret as the service takes it
    /// (§2.3.1).
    fn exchange(
        &self,
        about: &About,
        code: &str,
        verifier: &str,
    ) -> Result<Request<Vec<u8>>, ProviderError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.back)
            .append_pair("code_verifier", verifier);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&about.token_endpoint)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let client = &self.provider.client_id;
        let methods = about.token_endpoint_auth_methods_supported.as_ref();
        let takes_basic = methods
            .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        match &self.provider.client_secret {
            Some(secret) if takes_basic => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(client), encoded(secret.reveal()));
                let basic = format!("Basic {}", STANDARD.encode(pair));
                request = request.header(header::AUTHORIZATION, basic);
            }
            Some(secret) => {
                form.append_pair("client_id", client)
                    .append_pair("client_secret", secret.reveal());
            }
            None => {
                form.append_pair("client_id", client);
            }
        }
        request
            .body(form.finish().into_bytes())
            .map_err(|error| ProviderError::Unusable(error.to_string()))
    }

    /// The claim from the service's user information, where the token did not hold it.
    async fn asked(
        &self,
        place: Option<&str>,
        access: &str,
        subject: &str,
        claim: &str,
    ) -> Result<Option<String>, ProviderError> {
        let Some(place) = place else {
            return Ok(None);
        };
        let claims: serde_json::Value = self.read(place, Some(access)).await?;
        // OpenID Connect Core §5.3.2: another subject's information must not be used.
        if text_of(&claims, "sub").as_deref() != Some(subject) {
            return Err(ProviderError::Token("it told of someone else".to_owned()));
        }
        Ok(text_of(&claims, claim))
    }

    /// Where the browser signs out of the service (OpenID Connect RP-Initiated Logout 1.0); `None` where it
    /// has no such address.
    pub(crate) async fn leave(&self, now: Millis) -> Result<Option<String>, ProviderError> {
        let metadata = self.metadata(now, false).await?;
        let Some(end) = &metadata.about.end_session_endpoint else {
            return Ok(None);
        };
        let mut address: Url = usable(end).map_err(ProviderError::Unusable)?;
        address
            .query_pairs_mut()
            .append_pair("client_id", &self.provider.client_id)
            .append_pair("post_logout_redirect_uri", &self.home);
        Ok(Some(address.to_string()))
    }
}

fn text_of(claims: &serde_json::Value, claim: &str) -> Option<String> {
    match claims.get(claim)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
