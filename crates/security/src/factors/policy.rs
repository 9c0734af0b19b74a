//! The policy of signing in, read from settings and written as settings. Pure.
//!
//! Sources: GB/T 22239-2019 (等保) §8.1.4.1 asks at level 3 for passwords that are complex and changed
//! regularly, for an end of idle sessions, for limits on failed tries, and for two factors of which one is
//! cryptographic. It names no numbers: those here are customary values of assessments and are settings.

use super::model::{FirstChange, SignInPolicy, Site};

/// The names of the settings, in the order of the form.
pub const SETTINGS: [&str; 11] = [
    "signin_second_factor_posts",
    "signin_second_factor_days",
    "signin_second_factor_cryptographic",
    "signin_passkey_alone",
    "signin_password_shortest",
    "signin_password_kinds",
    "signin_password_past",
    "signin_password_days",
    "signin_first_change",
    "signin_refused_words",
    "signin_site",
];

impl Default for SignInPolicy {
    /// Administrators within 14 days; passwords of 10 characters and three kinds, none of the last five,
    /// changed every 90 days.
    fn default() -> Self {
        Self {
            second_factor_posts: [
                "system_administrator",
                "security_administrator",
                "audit_administrator",
            ]
            .map(str::to_owned)
            .to_vec(),
            second_factor_days: 14,
            only_cryptographic: true,
            passkey_alone: true,
            password_shortest: 10,
            password_kinds: 3,
            password_past: 5,
            password_days: 90,
            first_change: FirstChange::Generated,
            refused_words: Vec::new(),
            site: None,
        }
    }
}

/// A setting that does not say what it should: its name and the key of the message that says what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// The setting.
    pub name: &'static str,
    /// The message.
    pub message: &'static str,
}

/// A number from a least to a most value.
fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let number = text.trim().parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn small(text: &str, least: i64, most: i64) -> Option<usize> {
    number(text, least, most).and_then(|number| usize::try_from(number).ok())
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| {
        letter.is_whitespace() || matches!(letter, ',' | '\u{ff0c}' | '\u{3001}')
    })
    .filter(|word| !word.is_empty())
    .map(str::to_owned)
    .collect()
}

/// The site of an address such as `https://weihe.example.cn:8443`. Browsers make passkeys for names only, not
/// for numbers, and by https only, but for the machine itself.
pub(crate) fn site(text: &str) -> Option<Site> {
    let origin = text.trim().trim_end_matches('/').to_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let name_fits = !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        })
        && host
            .rsplit('.')
            .next()
            .is_some_and(|top| top.chars().any(|letter| letter.is_ascii_alphabetic()));
    let scheme_fits = scheme == "https" || (scheme == "http" && host == "localhost");
    let default_port = matches!(
        (scheme, port),
        ("https", Some("443")) | ("http", Some("80"))
    );
    (scheme_fits && name_fits && port_fits).then(|| Site {
        origin: if default_port {
            format!("{scheme}://{host}")
        } else {
            origin.clone()
        },
        rp_id: host.to_owned(),
    })
}

impl SignInPolicy {
    /// Reads the settings that are there; what is not there or says nothing usable keeps its default and is
    /// told as a fault.
    pub(crate) fn read(settings: &[(String, String)]) -> (Self, Vec<PolicyFault>) {
        let mut policy = Self::default();
        let mut faults = Vec::new();
        for name in SETTINGS {
            let Some((_, value)) = settings.iter().find(|(known, _)| known == name) else {
                continue;
            };
            if let Err(message) = policy.take(name, value) {
                faults.push(PolicyFault { name, message });
            }
        }
        (policy, faults)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        const DAYS: &str = "security-policy-fault-days";
        match name {
            "signin_second_factor_posts" => self.second_factor_posts = words(value),
            "signin_second_factor_days" => {
                self.second_factor_days = number(value, 0, 365).ok_or(DAYS)?;
            }
            "signin_second_factor_cryptographic" => {
                self.only_cryptographic = yes_or_no(value).ok_or("security-policy-fault-yes")?;
            }
            "signin_passkey_alone" => {
                self.passkey_alone = yes_or_no(value).ok_or("security-policy-fault-yes")?;
            }
            "signin_password_shortest" => {
                self.password_shortest =
                    small(value, 8, 64).ok_or("security-policy-fault-shortest")?;
            }
            "signin_password_kinds" => {
                self.password_kinds = small(value, 1, 4).ok_or("security-policy-fault-kinds")?;
            }
            "signin_password_past" => {
                self.password_past = small(value, 0, 24).ok_or("security-policy-fault-past")?;
            }
            "signin_password_days" => {
                self.password_days = number(value, 0, 3650).ok_or(DAYS)?;
            }
            "signin_first_change" => {
                self.first_change = [FirstChange::Off, FirstChange::Generated, FirstChange::All]
                    .into_iter()
                    .find(|one| one.as_str() == value.trim())
                    .ok_or("security-policy-fault-first")?;
            }
            "signin_refused_words" => self.refused_words = words(&value.to_lowercase()),
            "signin_site" => {
                self.site = match value.trim() {
                    "" => None,
                    address => Some(site(address).ok_or("security-policy-fault-site")?),
                };
            }
            _ => {}
        }
        Ok(())
    }

    /// The value of a setting, as [`SignInPolicy::read`] reads it.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        let flag = |set: bool| if set { "1" } else { "0" }.to_owned();
        match name {
            "signin_second_factor_posts" => self.second_factor_posts.join(" "),
            "signin_second_factor_days" => self.second_factor_days.to_string(),
            "signin_second_factor_cryptographic" => flag(self.only_cryptographic),
            "signin_passkey_alone" => flag(self.passkey_alone),
            "signin_password_shortest" => self.password_shortest.to_string(),
            "signin_password_kinds" => self.password_kinds.to_string(),
            "signin_password_past" => self.password_past.to_string(),
            "signin_password_days" => self.password_days.to_string(),
            "signin_first_change" => self.first_change.as_str().to_owned(),
            "signin_refused_words" => self.refused_words.join(" "),
            "signin_site" => self
                .site
                .as_ref()
                .map(|site| site.origin.clone())
                .unwrap_or_default(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (SignInPolicy, Vec<PolicyFault>) {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SignInPolicy::read(&pairs)
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let (policy, faults) = read(&[
            ("signin_second_factor_posts", "planner、statistician *"),
            ("signin_second_factor_days", "0"),
            ("signin_second_factor_cryptographic", "0"),
            ("signin_passkey_alone", "0"),
            ("signin_password_shortest", "12"),
            ("signin_password_kinds", "4"),
            ("signin_password_past", "8"),
            ("signin_password_days", "0"),
            ("signin_first_change", "all"),
            ("signin_refused_words", "Yanta 雁塔"),
            ("signin_site", "https://Weihe.example.cn:8443/"),
        ]);
        assert_eq!(faults, []);
        assert_eq!(policy.second_factor_posts, ["planner", "statistician", "*"]);
        assert_eq!(policy.refused_words, ["yanta", "雁塔"]);
        let written: Vec<(String, String)> = SETTINGS
            .iter()
            .map(|name| ((*name).to_owned(), policy.value(name)))
            .collect();
        assert_eq!(SignInPolicy::read(&written), (policy, Vec::new()));
        let defaults: Vec<(String, String)> = SETTINGS
            .iter()
            .map(|name| ((*name).to_owned(), SignInPolicy::default().value(name)))
            .collect();
        assert_eq!(
            SignInPolicy::read(&defaults),
            (SignInPolicy::default(), Vec::new())
        );
    }

    #[test]
    fn every_mistake_is_told_and_leaves_the_default() {
        let (policy, faults) = read(&[
            ("signin_second_factor_days", "-1"),
            ("signin_second_factor_cryptographic", "yes"),
            ("signin_password_shortest", "7"),
            ("signin_password_kinds", "5"),
            ("signin_password_past", "x"),
            ("signin_password_days", "4000"),
            ("signin_first_change", "sometimes"),
            ("signin_site", "http://weihe.example.cn"),
        ]);
        assert_eq!(policy, SignInPolicy::default());
        assert_eq!(faults.len(), 8);
    }

    #[test]
    fn a_site_has_a_name_and_is_safe_on_its_way() {
        let names = |text| site(text).map(|site| (site.origin, site.rp_id));
        let pair = |origin: &str, name: &str| Some((origin.to_owned(), name.to_owned()));
        assert_eq!(
            names("https://weihe.example.cn"),
            pair("https://weihe.example.cn", "weihe.example.cn")
        );
        assert_eq!(
            names("https://weihe.example.cn:443"),
            pair("https://weihe.example.cn", "weihe.example.cn")
        );
        assert_eq!(
            names("http://localhost:8080"),
            pair("http://localhost:8080", "localhost")
        );
        for wrong in [
            "",
            "weihe.example.cn",
            "http://weihe.example.cn",
            "https://192.0.2.1",
            "https://weihe.example.cn/path",
            "https://user@weihe.example.cn",
            "https://weihe..cn",
            "https://weihe.example.cn:99999",
            "https://[::1]",
        ] {
            assert_eq!(site(wrong), None, "{wrong}");
        }
    }
}
