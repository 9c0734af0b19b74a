//! Where notices may be sent: what an operator writes into a file. Nothing is sent to any other place.

use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;

/// A mail server, web hooks, and the address of the program that links begin with.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    /// The address under which people reach the program, such as `https://weihe.example`.
    #[serde(default)]
    pub address: String,
    /// The mail server.
    pub mail: Option<MailServer>,
    /// Programs that are told of every notice.
    #[serde(default)]
    pub hook: Vec<Hook>,
}

/// A mail server.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// The user; none is sent where empty.
    #[serde(default)]
    pub user: String,
    /// The password.
    #[serde(default)]
    pub password: String,
    /// The sender.
    pub from: String,
    /// The domains of addresses that notices may be sent to, such as `edu.example`.
    pub domains: Vec<String>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the beginning (port 465).
    #[default]
    Tls,
    /// TLS after a greeting (port 587).
    Starttls,
    /// None: a relay on the same machine or in a closed network.
    None,
}

/// A program that is told of every notice.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Its name, for the log and the table of what is to be sent.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// What its messages are signed with: at least 16 characters.
    pub secret: String,
    /// Whether it may stand at an address of a private network or of this machine.
    #[serde(default)]
    pub private: bool,
}

/// Secrets never reach a log by accident.
impl std::fmt::Debug for NoticeSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("NoticeSettings")
            .field("address", &self.address)
            .field("mail", &self.mail.as_ref().map(|mail| &mail.host))
            .field("hooks", &self.hook.len())
            .finish()
    }
}

/// Settings of notices that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings of notices in {file}: {what}")]
pub struct NoticeSettingsFault {
    file: String,
    what: String,
}

impl NoticeSettings {
    /// Reads the file.
    ///
    /// # Errors
    /// [`NoticeSettingsFault`] with the first thing that is wrong.
    pub fn read(file: &Path) -> Result<Self, NoticeSettingsFault> {
        let fault = |what: String| NoticeSettingsFault {
            file: file.display().to_string(),
            what,
        };
        let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
        // The words of the parser show the line, which may hold a secret; the place alone does not.
        let settings: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| {
                text.get(..span.start)
                    .map_or(0, |before| before.matches('\n').count() + 1)
            });
            fault(format!("line {line}: {}", error.message()))
        })?;
        settings.check().map_err(fault)?;
        Ok(settings)
    }

    /// That it can be used.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_used = self.mail.is_some() || !self.hook.is_empty();
        let is_web = self.address.starts_with("https://") || self.address.starts_with("http://");
        if is_used && !is_web {
            return Err(
                "write `address = \"https://…\"`, where people reach the program".to_owned(),
            );
        }
        if let Some(mail) = &self.mail {
            if mail.from.parse::<lettre::message::Mailbox>().is_err() {
                return Err("mail.from is no address of a sender".to_owned());
            }
            if mail.domains.is_empty() || mail.domains.iter().any(|domain| domain.contains('@')) {
                return Err("write `mail.domains = [\"edu.example\"]`".to_owned());
            }
        }
        for hook in &self.hook {
            if hook.secret.chars().count() < 16 {
                return Err(format!(
                    "hook {}: the secret has fewer than 16 characters",
                    hook.name
                ));
            }
            let uri: Option<axum::http::Uri> = hook.url.parse().ok();
            let fits = uri.as_ref().is_some_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
            });
            if !fits {
                return Err(format!("hook {}: the url is none", hook.name));
            }
            if uri.and_then(|uri| uri.scheme_str().map(|scheme| scheme == "http")) == Some(true)
                && !hook.private
            {
                return Err(format!(
                    "hook {}: write an https url, or `private = true` for one in a closed network",
                    hook.name
                ));
            }
        }
        Ok(())
    }

    /// Whether notices may go to an address.
    pub(crate) fn may_mail(&self, address: &str) -> bool {
        let Some(mail) = &self.mail else {
            return false;
        };
        let domain = address
            .rsplit_once('@')
            .map(|(_, domain)| domain.to_lowercase());
        address.parse::<lettre::Address>().is_ok()
            && domain.is_some_and(|domain| {
                mail.domains
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&domain))
            })
    }
}

/// Whether an address is one of the open internet: not of this machine, of a private or a local network, of
/// documentation, or of many receivers.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            !(four.is_private()
                || four.is_loopback()
                || four.is_link_local()
                || four.is_broadcast()
                || four.is_documentation()
                || four.is_unspecified()
                || four.is_multicast()
                || first == 0
                || first >= 240
                || (first == 100 && (64..128).contains(&second))
                || (first == 198 && (18..20).contains(&second))
                || (first == 192 && second == 0))
        }
        IpAddr::V6(six) => {
            if let Some(four) = six.to_ipv4_mapped() {
                return is_public(IpAddr::V4(four));
            }
            let [first, second, ..] = six.segments();
            // Only 2000::/3 is given out; of that not the documentation, the 6to4 and the Teredo prefixes.
            (first & 0xe000) == 0x2000
                && !(first == 0x2001 && (second == 0xdb8 || second == 0))
                && first != 0x2002
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "8.8.8.8",
            "202.117.0.20",
            "2400:da00::6666",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn settings_that_cannot_be_used_say_why_and_hold_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notices.toml");
        let told = |text: &str| {
            std::fs::write(&file, text).unwrap();
            NoticeSettings::read(&file).unwrap_err().to_string()
        };
        let hook = "[[hook]]\nname = \"a\"\nsecret = \"0123456789abcdef\"\n";
        let head = "address = \"https://weihe.example\"\n";
        assert!(told(&format!("{hook}url = \"https://h.example\"\n")).contains("address"));
        assert!(told(&format!("{head}{hook}url = \"ftp://h.example\"\n")).contains("url"));
        assert!(told(&format!("{head}{hook}url = \"http://h.example\"\n")).contains("private"));
        let short = told(&format!(
            "{head}[[hook]]\nname = \"a\"\nsecret = \"hush\"\nurl = \"https://h.example\"\n"
        ));
        assert!(short.contains("16") && !short.contains("hush"), "{short}");
        let wrong = told(&format!(
            "{head}[[hook]]\nname = \"a\"\nsecret = \"hush-hush-hush-hush\" x\n"
        ));
        assert!(
            wrong.contains("line 4") && !wrong.contains("hush"),
            "{wrong}"
        );
        std::fs::write(&file, format!("{head}{hook}url = \"https://h.example\"\n")).unwrap();
        let right = NoticeSettings::read(&file).unwrap();
        assert!(!format!("{right:?}").contains("0123456789"));
    }
}
