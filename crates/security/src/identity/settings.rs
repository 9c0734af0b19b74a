//! Which identity services people may sign in through: a file that the operator writes. No page changes it,
//! so nobody can make the program talk to another address than those that stand in it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

/// The identity services of this node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The address under which people reach the program, without a slash at its end: services send people
    /// back to it.
    pub address: String,
    /// The services, in the order in which the sign-in page shows them.
    pub providers: Vec<Provider>,
}

/// One identity service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in addresses and in the store.
    pub name: String,
    /// Its name on pages, Chinese and English.
    pub title: standard::Label,
    /// Its issuer identifier: the only address from which its keys and endpoints are learnt.
    pub issuer: String,
    /// This program's name there.
    pub client_id: String,
    /// This program's secret there; `None`: it is a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The hosts that its endpoints may stand on, that of the issuer among them.
    pub hosts: Vec<String>,
    /// Certificates (PEM) to trust for it instead of the public ones.
    pub authorities: Option<Vec<u8>>,
    /// Whether its page lets people sign in by scanning a code.
    pub scan: bool,
    /// The claim whose value is the sign-in name here: the operator's rule for those not linked yet. The
    /// service must be the one that gives out this value, or people could choose whom to be.
    pub login_claim: Option<String>,
    /// By how many seconds its clock may differ from ours.
    pub clock_skew_seconds: i64,
    /// Whether signing out here leads to signing out there.
    pub sign_out: bool,
}

/// A secret of the settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Hides it, so that no log gets it by accident.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Why the file of identity services cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// It, or a file that it names, cannot be read.
    #[error("{file} cannot be read: {cause}")]
    Unreadable {
        /// Which.
        file: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is no TOML of the expected form.
    #[error("{file}: {cause}")]
    Form {
        /// Which.
        file: String,
        /// Where and what.
        cause: toml::de::Error,
    },
    /// A value cannot be used.
    #[error("{file}: {what}")]
    Value {
        /// Which.
        file: String,
        /// What, and what to write instead.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    address: String,
    #[serde(default)]
    provider: Vec<WrittenProvider>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProvider {
    name: String,
    title: WrittenTitle,
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    authorities: Option<PathBuf>,
    #[serde(default)]
    scan: bool,
    login_claim: Option<String>,
    #[serde(default = "minute")]
    clock_skew_seconds: i64,
    #[serde(default)]
    sign_out: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTitle {
    zh: String,
    en: String,
}

fn minute() -> i64 {
    60
}

/// The longest difference of clocks that is still borne, in seconds.
const LONGEST_SKEW: i64 = 300;

impl IdentitySettings {
    /// Reads the file; paths in it are meant from its own folder.
    ///
    /// # Errors
    /// [`IdentityFault`], with the file and what to write instead.
    pub fn read(file: &Path) -> Result<Self, IdentityFault> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|cause| IdentityFault::Unreadable {
            file: name.clone(),
            cause,
        })?;
        let written: Written = toml::from_str(&text).map_err(|cause| IdentityFault::Form {
            file: name.clone(),
            cause,
        })?;
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        let wrong = |what: String| IdentityFault::Value {
            file: name.clone(),
            what,
        };
        let address = written.address.trim_end_matches('/').to_owned();
        let parsed = usable(&address).map_err(|why| wrong(format!("address: {why}")))?;
        if parsed.path() != "/" || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(wrong(format!("address: {address} must end with its host")));
        }
        let mut providers: Vec<Provider> = Vec::new();
        for one in written.provider {
            let about = one.name.clone();
            let provider = one
                .checked(folder)
                .map_err(|fault| fault.of(&name, &about))?;
            if providers.iter().any(|known| known.name == provider.name) {
                return Err(wrong(format!("provider {about} stands there twice")));
            }
            providers.push(provider);
        }
        Ok(Self { address, providers })
    }

    /// Where a service sends people back to.
    pub(crate) fn back(&self, provider: &Provider) -> String {
        format!("{}/signin/with/{}/back", self.address, provider.name)
    }
}

enum Wrong {
    File(IdentityFault),
    Value(String),
}

impl Wrong {
    fn of(self, file: &str, provider: &str) -> IdentityFault {
        match self {
            Self::File(fault) => fault,
            Self::Value(what) => IdentityFault::Value {
                file: file.to_owned(),
                what: format!("provider {provider}: {what}"),
            },
        }
    }
}

fn file_of(folder: &Path, file: &Path) -> Result<Vec<u8>, Wrong> {
    let file = folder.join(file);
    std::fs::read(&file).map_err(|cause| {
        Wrong::File(IdentityFault::Unreadable {
            file: file.display().to_string(),
            cause,
        })
    })
}

impl WrittenProvider {
    fn checked(self, folder: &Path) -> Result<Provider, Wrong> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 32
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if !is_name(&self.name) {
            return Err(Wrong::Value(
                "a name has 1 to 32 small letters, digits and hyphens".to_owned(),
            ));
        }
        let issuer = usable(&self.issuer).map_err(|why| Wrong::Value(format!("issuer: {why}")))?;
        if !(0..=LONGEST_SKEW).contains(&self.clock_skew_seconds) {
            return Err(Wrong::Value(format!(
                "clock_skew_seconds: 0 to {LONGEST_SKEW}"
            )));
        }
        let client_secret = match &self.client_secret_file {
            None => None,
            Some(file) => {
                let bytes = file_of(folder, file)?;
                let secret = String::from_utf8_lossy(&bytes).trim().to_owned();
                if secret.is_empty() {
                    return Err(Wrong::Value("client_secret_file: it is empty".to_owned()));
                }
                Some(Secret(secret))
            }
        };
        let authorities = match &self.authorities {
            None => None,
            Some(file) => Some(file_of(folder, file)?),
        };
        let mut hosts = self.hosts;
        hosts.extend(issuer.host_str().map(str::to_owned));
        Ok(Provider {
            name: self.name,
            title: standard::Label {
                zh: self.title.zh,
                en: self.title.en,
            },
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret,
            scopes: self.scopes,
            hosts,
            authorities,
            scan: self.scan,
            login_claim: self.login_claim,
            clock_skew_seconds: self.clock_skew_seconds,
            sign_out: self.sign_out,
        })
    }
}

/// An address that secrets and tokens may go to: https, or this machine itself.
pub(super) fn usable(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    if !is_safe || url.host().is_none() {
        return Err(format!("{address} must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{address} must not hold a name or a password"));
    }
    Ok(url)
}

impl Provider {
    /// Whether this program may send a request for this service to an address.
    pub(super) fn may_call(&self, address: &str) -> bool {
        usable(address).is_ok_and(|url| {
            url.host_str()
                .is_some_and(|host| self.hosts.iter().any(|known| known == host))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<IdentitySettings, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "  hush\n").unwrap();
        let file = folder.path().join("identity.toml");
        std::fs::write(&file, text).unwrap();
        IdentitySettings::read(&file).map_err(|fault| fault.to_string())
    }

    const PROVIDER: &str = r#"
        address = "https://weihe.example/"
        [[provider]]
        name = "province"
        title = { zh = "省统一身份认证", en = "Identity service of the province" }
        issuer = "https://id.example/realms/edu"
        client_id = "weihe"
        client_secret_file = "secret"
    "#;

    #[test]
    fn a_file_is_read_with_what_it_names_and_shows_no_secret() {
        let settings = read(PROVIDER).unwrap();
        let provider = &settings.providers[0];
        assert_eq!(provider.client_secret.as_ref().unwrap().reveal(), "hush");
        assert!(!format!("{settings:?}").contains("hush"));
        assert_eq!(
            settings.back(provider),
            "https://weihe.example/signin/with/province/back"
        );
        assert!(provider.may_call("https://id.example/token"));
        for elsewhere in [
            "https://other.example/token",
            "http://id.example/token",
            "https://id.example.evil.example/",
            "file:///etc/passwd",
            "http://169.254.169.254/latest",
        ] {
            assert!(!provider.may_call(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (from, to, expected) in [
            ("https://id.example", "http://id.example", "https://"),
            ("https://weihe.example/", "https://weihe.example/x", "host"),
            ("\"province\"", "\"Province!\"", "small letters"),
            ("\"secret\"", "\"none\"", "cannot be read"),
            ("client_id = \"weihe\"", "client = \"weihe\"", "client"),
            ("https://id.example", "https://a:b@id.example", "password"),
        ] {
            let error = read(&PROVIDER.replace(from, to)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let (_, provider) = PROVIDER.split_once("[[provider]]").unwrap();
        let twice = format!("{PROVIDER}\n[[provider]]{provider}");
        assert!(read(&twice).unwrap_err().contains("twice"));
        let skew = format!("{PROVIDER}\nclock_skew_seconds = 900");
        assert!(read(&skew).unwrap_err().contains("0 to 300"));
    }
}
