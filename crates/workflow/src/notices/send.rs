//! One message by mail, one to a web hook: the text holds what kind of notice it is and where to look.

use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use sha2::Sha256;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::settings::{Hook, MailSecurity, MailServer, is_public};
use crate::api::hex;

/// How long a mail server or a hook may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The header of a hook's message that signs it: `t=SECONDS,v1=HEX`, HMAC-SHA-256 over `SECONDS.BODY`.
pub(crate) const SIGNATURE: &str = "weihe-signature";
/// The header with the number of the delivery, so that one that came twice is known.
pub(crate) const DELIVERY: &str = "weihe-delivery";

/// Why something was not sent: a short word for the table; the rest goes to the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub(crate) struct SendFault {
    pub(crate) code: &'static str,
    pub(crate) why: String,
}

fn fault(code: &'static str, why: impl ToString) -> SendFault {
    SendFault {
        code,
        why: why.to_string(),
    }
}

/// What a mail says.
pub(crate) struct Letter<'a> {
    pub(crate) id: i64,
    pub(crate) to: &'a str,
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// Sends a mail.
pub(crate) async fn mail(server: &MailServer, letter: &Letter<'_>) -> Result<(), SendFault> {
    let from: Mailbox = server.from.parse().map_err(|error| fault("from", error))?;
    // The address itself never reaches the log.
    let to: Mailbox = letter
        .to
        .parse()
        .map_err(|_| fault("address", "no address"))?;
    let domain = from.email.domain().to_owned();
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(letter.subject.clone())
        .message_id(Some(format!("<delivery.{}@{domain}>", letter.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(letter.body.clone())
        .map_err(|error| fault("message", error))?;
    let host = server.host.as_str();
    let builder = match server.security {
        MailSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
        MailSecurity::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
        MailSecurity::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
            host,
        )),
    }
    .map_err(|error| fault("server", error))?;
    let mut builder = builder.port(server.port).timeout(Some(PATIENCE));
    if !server.user.is_empty() {
        builder = builder.credentials(Credentials::new(
            server.user.clone(),
            server.password.clone(),
        ));
    }
    let sent = tokio::time::timeout(PATIENCE * 2, builder.build().send(message)).await;
    match sent {
        Err(_) => Err(fault("timeout", "the mail server took too long")),
        // What a server answers may repeat the address: its kind is enough.
        Ok(Err(error)) if error.is_permanent() => {
            Err(fault("refused", "the mail server refused it"))
        }
        Ok(Err(error)) => Err(fault(
            "server",
            if error.is_timeout() {
                "no answer"
            } else {
                "the mail server cannot be used"
            },
        )),
        Ok(Ok(_)) => Ok(()),
    }
}

/// Finds the addresses of a hook, and lets only those of the open internet where the operator did not say otherwise.
/// The connection is made to what was looked at here, so a name that changes meanwhile leads nowhere else.
#[derive(Debug)]
struct Guarded {
    private: bool,
    inner: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter() {
            let address: SocketAddr = *address;
            if self.private || is_public(address.ip()) {
                kept.push(address);
            }
        }
        if kept.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(kept)
    }
}

/// Sends a message to a hook. Redirections are not followed; any answer but 2xx is a failure.
pub(crate) fn hook(hook: &Hook, delivery: i64, seconds: i64, body: &str) -> Result<(), SendFault> {
    let config = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .timeout_resolve(Some(PATIENCE / 3))
        .timeout_connect(Some(PATIENCE / 2))
        .user_agent("weihe")
        .build();
    let resolver = Guarded {
        private: hook.private,
        inner: DefaultResolver::default(),
    };
    let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), resolver);
    let answer = agent
        .post(&hook.url)
        .header("content-type", "application/json")
        .header(DELIVERY, delivery.to_string())
        .header(SIGNATURE, signature(&hook.secret, seconds, body))
        .send(body)
        .map_err(|error| fault("unreachable", error))?;
    let status = answer.status().as_u16();
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(fault("status", status))
    }
}

/// The signature of a message.
pub(crate) fn signature(secret: &str, seconds: i64, body: &str) -> String {
    // A key of HMAC may have any length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        hex(&mac.finalize().into_bytes())
    });
    format!("t={seconds},v1={}", mac.unwrap_or_default())
}
