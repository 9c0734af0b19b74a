//! Where codes are sent from: an HTTP gateway for SMS, a mail server for mail. The operator sets both; a person
//! who signs in chooses neither host nor address.

use std::time::{Duration, UNIX_EPOCH};

use kernel::Millis;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde::{Deserialize, Serialize};
use standard::Action;

use super::model::FactorKind;
use super::store;
use crate::api::Security;
use crate::error::SecurityError;
use crate::model::{AuditAction, Outcome, Subject};
use crate::permit::{Denied, Permit};

/// How long a gateway may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of an HTTP gateway that is read.
const ANSWER: u64 = 64 * 1024;

/// An HTTP gateway for SMS.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpGateway {
    /// The address that messages are posted to.
    pub url: String,
    /// Headers of the request, one a line, `Name: value`.
    pub headers: String,
    /// The media type of the body: `application/json` or `application/x-www-form-urlencoded`.
    pub content_type: String,
    /// The body, with `{address}`, `{code}` and `{minutes}` in it.
    pub body: String,
    /// What an answer of success holds; empty: any answer with a status of success will do.
    pub success: String,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the beginning (port 465).
    #[default]
    Tls,
    /// TLS after a greeting (port 587).
    Starttls,
    /// None: for a relay on the same machine or in a closed network.
    None,
}

impl MailSecurity {
    /// The word in the form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
            Self::None => "none",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Tls, Self::Starttls, Self::None]
            .into_iter()
            .find(|one| one.as_str() == word)
    }
}

/// A mail server.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailGateway {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// The user; empty: none is asked for.
    pub user: String,
    /// The password.
    pub password: String,
    /// The sender.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The text, with `{code}` and `{minutes}` in it.
    pub body: String,
}

/// Why settings of a gateway are refused: the field and the key of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayFault {
    /// The field.
    pub field: &'static str,
    /// The message.
    pub message: &'static str,
}

fn fault(field: &'static str, message: &'static str) -> GatewayFault {
    GatewayFault { field, message }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl HttpGateway {
    fn headers(&self) -> Option<Vec<(&str, &str)>> {
        self.headers
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                let (name, value) = (name.trim(), value.trim());
                let name_fits = !name.is_empty()
                    && name
                        .chars()
                        .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
                let value_fits = value.chars().all(|letter| (' '..='~').contains(&letter));
                (name_fits && value_fits).then_some((name, value))
            })
            .collect()
    }

    /// Every mistake in it.
    #[must_use]
    pub fn faults(&self) -> Vec<GatewayFault> {
        let mut faults = Vec::new();
        let address: Result<axum::http::Uri, _> = self.url.parse();
        let usable = address.is_ok_and(|address| {
            matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some()
        });
        if !usable {
            faults.push(fault("url", "security-gateway-fault-url"));
        }
        if self.headers().is_none() {
            faults.push(fault("headers", "security-gateway-fault-headers"));
        }
        if ![JSON, FORM].contains(&self.content_type.as_str()) {
            faults.push(fault("content_type", "security-gateway-fault-type"));
        }
        let names = ["{address}", "{code}"];
        let filled = self.filled("13800000000", "000000", 5);
        let is_json =
            self.content_type != JSON || serde_json::from_str::<serde_json::Value>(&filled).is_ok();
        if !names.iter().all(|name| self.body.contains(name)) || !is_json {
            faults.push(fault("body", "security-gateway-fault-body"));
        }
        faults
    }

    fn filled(&self, address: &str, code: &str, minutes: i64) -> String {
        // A telephone number has a plus sign at most, which a form would take for a blank.
        let address = if self.content_type == FORM {
            address.replace('+', "%2B")
        } else {
            address.to_owned()
        };
        self.body
            .replace("{address}", &address)
            .replace("{code}", code)
            .replace("{minutes}", &minutes.to_string())
    }

    /// Posts a message. No redirect is followed and no proxy of the environment used.
    fn send(&self, address: &str, code: &str, minutes: i64) -> Result<(), String> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("weihe")
            .build()
            .new_agent();
        let mut request = agent.post(&self.url).content_type(&self.content_type);
        for (name, value) in self.headers().unwrap_or_default() {
            request = request.header(name, value);
        }
        let mut answer = request
            .send(self.filled(address, code, minutes))
            .map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("the gateway answered {}", answer.status()));
        }
        if self.success.is_empty() {
            return Ok(());
        }
        let text = answer
            .body_mut()
            .with_config()
            .limit(ANSWER)
            .read_to_string()
            .map_err(|error| error.to_string())?;
        if text.contains(&self.success) {
            Ok(())
        } else {
            Err("the answer of the gateway does not hold what success looks like".to_owned())
        }
    }
}

impl MailGateway {
    /// Every mistake in it.
    #[must_use]
    pub fn faults(&self) -> Vec<GatewayFault> {
        let mut faults = Vec::new();
        let host_fits = !self.host.is_empty()
            && self
                .host
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || ".-:".contains(letter));
        if !host_fits {
            faults.push(fault("host", "security-gateway-fault-host"));
        }
        if self.port == 0 {
            faults.push(fault("port", "security-gateway-fault-port"));
        }
        if self.from.parse::<Mailbox>().is_err() {
            faults.push(fault("from", "security-gateway-fault-from"));
        }
        if self.subject.is_empty() || self.subject.chars().any(char::is_control) {
            faults.push(fault("subject", "security-gateway-fault-subject"));
        }
        if !self.body.contains("{code}") {
            faults.push(fault("mail_body", "security-gateway-fault-mail-body"));
        }
        faults
    }

    async fn send(
        &self,
        address: &str,
        code: &str,
        minutes: i64,
        now: Millis,
    ) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let millis = u64::try_from(now.get()).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.parse().map_err(|error| text(&error))?)
            .to(address.parse().map_err(|error| text(&error))?)
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .subject(&self.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(
                self.body
                    .replace("{code}", code)
                    .replace("{minutes}", &minutes.to_string()),
            )
            .map_err(|error| text(&error))?;
        let builder = match self.security {
            MailSecurity::Tls => Transport::relay(&self.host).map_err(|error| text(&error))?,
            MailSecurity::Starttls => {
                Transport::starttls_relay(&self.host).map_err(|error| text(&error))?
            }
            MailSecurity::None => Transport::builder_dangerous(&self.host),
        };
        let mut builder = builder.port(self.port).timeout(Some(PATIENCE));
        if !self.user.is_empty() {
            builder =
                builder.credentials(Credentials::new(self.user.clone(), self.password.clone()));
        }
        let transport: Transport = builder.build();
        let sending = transport.send(message);
        match tokio::time::timeout(PATIENCE * 2, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the mail server takes too long".to_owned()),
        }
    }
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

const PLACE: &str = "gateway";

impl Security {
    async fn gateway<T: serde::de::DeserializeOwned>(
        &self,
        kind: FactorKind,
    ) -> Result<Option<T>, SecurityError> {
        let sealed = {
            let mut tx = self.0.work.read().await?;
            store::gateway(&mut tx, kind).await?
        };
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let place = format!("{PLACE}:{}", kind.as_str());
        let json = self.node_key()?.open(&place, &sealed)?;
        Ok(serde_json::from_slice(&json).ok())
    }

    /// The SMS gateway, for those who hold the settings of the whole node.
    ///
    /// # Errors
    /// [`SecurityError::Denied`].
    pub async fn sms_gateway(&self, permit: &Permit) -> Result<Option<HttpGateway>, SecurityError> {
        keeps_settings(permit)?;
        self.gateway(FactorKind::Sms).await
    }

    /// The mail server, for those who hold the settings of the whole node.
    ///
    /// # Errors
    /// [`SecurityError::Denied`].
    pub async fn mail_gateway(
        &self,
        permit: &Permit,
    ) -> Result<Option<MailGateway>, SecurityError> {
        keeps_settings(permit)?;
        self.gateway(FactorKind::Mail).await
    }

    /// Sets the SMS gateway, or takes it away. Headers that are empty stay as they are: they hold secrets and
    /// are not shown again.
    ///
    /// # Errors
    /// [`SecurityError::Gateway`] with every mistake; [`SecurityError::Denied`].
    pub async fn put_sms_gateway(
        &self,
        permit: &Permit,
        wanted: Option<HttpGateway>,
    ) -> Result<(), SecurityError> {
        keeps_settings(permit)?;
        let mut wanted = wanted;
        if let Some(wanted) = &mut wanted {
            if wanted.headers.trim().is_empty()
                && let Some(held) = self.gateway::<HttpGateway>(FactorKind::Sms).await?
            {
                wanted.headers = held.headers;
            }
            let faults = wanted.faults();
            if !faults.is_empty() {
                return Err(SecurityError::Gateway(faults));
            }
        }
        let json = wanted.map(|wanted| serde_json::to_vec(&wanted).unwrap_or_default());
        self.put_gateway(permit, FactorKind::Sms, json).await
    }

    /// Sets the mail server, or takes it away. A password that is empty stays as it is.
    ///
    /// # Errors
    /// [`SecurityError::Gateway`] with every mistake; [`SecurityError::Denied`].
    pub async fn put_mail_gateway(
        &self,
        permit: &Permit,
        wanted: Option<MailGateway>,
    ) -> Result<(), SecurityError> {
        keeps_settings(permit)?;
        let mut wanted = wanted;
        if let Some(wanted) = &mut wanted {
            if wanted.password.is_empty()
                && let Some(held) = self.gateway::<MailGateway>(FactorKind::Mail).await?
            {
                wanted.password = held.password;
            }
            let faults = wanted.faults();
            if !faults.is_empty() {
                return Err(SecurityError::Gateway(faults));
            }
        }
        let json = wanted.map(|wanted| serde_json::to_vec(&wanted).unwrap_or_default());
        self.put_gateway(permit, FactorKind::Mail, json).await
    }

    async fn put_gateway(
        &self,
        permit: &Permit,
        kind: FactorKind,
        json: Option<Vec<u8>>,
    ) -> Result<(), SecurityError> {
        let place = format!("{PLACE}:{}", kind.as_str());
        let sealed = match json {
            None => None,
            Some(json) => Some(
                self.node_key()?
                    .seal(self.0.random.as_ref(), &place, &json)?,
            ),
        };
        let mut tx = self.0.work.write().await?;
        store::put_gateway(&mut tx, kind, sealed.as_deref(), self.0.clock.now()).await?;
        self.audit(
            &mut tx,
            permit.actor(),
            AuditAction::SettingChanged,
            &Subject::setting(&format!("signin_gateway_{}", kind.as_str())),
            Outcome::Done,
            None,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Sends a code; whether the gateway took it. `None` where there is no gateway.
    pub(super) async fn deliver(
        &self,
        kind: FactorKind,
        address: &str,
        code: &str,
        minutes: i64,
    ) -> Result<Option<bool>, SecurityError> {
        let sent = match kind {
            FactorKind::Sms => {
                let Some(gateway) = self.gateway::<HttpGateway>(kind).await? else {
                    return Ok(None);
                };
                let (address, code) = (address.to_owned(), code.to_owned());
                tokio::task::spawn_blocking(move || gateway.send(&address, &code, minutes))
                    .await
                    .unwrap_or_else(|error| Err(error.to_string()))
            }
            FactorKind::Mail => {
                let Some(gateway) = self.gateway::<MailGateway>(kind).await? else {
                    return Ok(None);
                };
                gateway
                    .send(address, code, minutes, self.0.clock.now())
                    .await
            }
            FactorKind::Totp | FactorKind::Passkey | FactorKind::Certificate => return Ok(None),
        };
        if let Err(error) = &sent {
            // The operator has to know; the address is nobody's business.
            let error = error.replace(address, "…");
            tracing::error!(kind = kind.as_str(), %error, "a code could not be sent");
        }
        Ok(Some(sent.is_ok()))
    }
}

fn keeps_settings(permit: &Permit) -> Result<(), SecurityError> {
    permit.require(Action::ManageSettings)?;
    if permit.reaches_everything() {
        Ok(())
    } else {
        Err(Denied::Action(Action::ManageSettings).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_a_gateway_are_all_told() {
        let fields =
            |faults: Vec<GatewayFault>| faults.iter().map(|fault| fault.field).collect::<Vec<_>>();
        let right = HttpGateway {
            url: "https://sms.example/send".to_owned(),
            headers: "Authorization: Bearer x\nX-Id: 7".to_owned(),
            content_type: JSON.to_owned(),
            body: r#"{"to":"{address}","text":"{code}, {minutes}"}"#.to_owned(),
            success: "\"ok\"".to_owned(),
        };
        assert_eq!(right.faults(), []);
        let wrong = HttpGateway {
            url: "file:///etc/passwd".to_owned(),
            headers: "no colon".to_owned(),
            content_type: "text/html".to_owned(),
            body: "{code}".to_owned(),
            ..HttpGateway::default()
        };
        assert_eq!(
            fields(wrong.faults()),
            ["url", "headers", "content_type", "body"]
        );
        let no_json = HttpGateway {
            body: "{address} {code}".to_owned(),
            ..right
        };
        assert_eq!(fields(no_json.faults()), ["body"]);
        assert_eq!(
            fields(MailGateway::default().faults()),
            ["host", "port", "from", "subject", "mail_body"]
        );
    }
}
