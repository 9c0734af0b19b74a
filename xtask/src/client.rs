//! A signed-in client of the served program, for measurements: it counts the bytes that come over the
//! wire, compressed as they are, and the time until the last of them.

use crate::loopback::FromAddress;
use crate::serving::SignIn;
use anyhow::{Context as _, Result, bail};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// A client with a session.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    cookies: Vec<(String, String)>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body as it came: compressed where the server compressed it.
    pub(crate) bytes: Vec<u8>,
    /// From the request to the last byte.
    pub(crate) took: Duration,
    location: Option<String>,
}

impl Client {
    /// One who is not signed in.
    fn visitor(url: &str) -> Self {
        Self::with(url, config().into())
    }

    /// One who is not signed in and comes from a loopback address, such as 127.0.1.7.
    pub(crate) fn from_address(url: &str, address: Ipv4Addr) -> Self {
        let agent = ureq::Agent::with_parts(
            config(),
            FromAddress(address),
            ureq::unversioned::resolver::DefaultResolver::default(),
        );
        Self::with(url, agent)
    }

    fn with(url: &str, agent: ureq::Agent) -> Self {
        Self {
            agent,
            url: url.to_owned(),
            cookies: Vec::new(),
        }
    }

    /// Signs in.
    pub(crate) fn signed_in(url: &str, sign_in: &SignIn) -> Result<Self> {
        let mut client = Self::visitor(url);
        let answer = client.try_to_sign_in(&sign_in.user, &sign_in.password)?;
        if answer.status != 303
            || answer
                .location
                .as_deref()
                .is_some_and(|to| to.contains("signin"))
        {
            bail!("the sign-in answered {}", answer.status);
        }
        Ok(client)
    }

    /// Sends the sign-in form.
    pub(crate) fn try_to_sign_in(&mut self, user: &str, password: &str) -> Result<Answer> {
        let page = self.get_plain("/signin")?;
        let mut fields = hidden_fields(&String::from_utf8_lossy(&page.bytes));
        fields.push(("login".to_owned(), user.to_owned()));
        fields.push(("password".to_owned(), password.to_owned()));
        self.post("/signin", &fields)
    }

    /// Asks for a page, compressed.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.fetch(path, "gzip")
    }

    /// Asks for a page as it is.
    pub(crate) fn get_plain(&mut self, path: &str) -> Result<Answer> {
        self.fetch(path, "identity")
    }

    fn fetch(&mut self, path: &str, encoding: &str) -> Result<Answer> {
        let started = Instant::now();
        let answer = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("Accept-Encoding", encoding)
            .header("Cookie", self.cookie_line())
            .call()
            .with_context(|| format!("GET {path}"))?;
        self.read(answer, started)
    }

    fn post(&mut self, path: &str, fields: &[(String, String)]) -> Result<Answer> {
        let started = Instant::now();
        let answer = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Origin", self.url.clone())
            .header("Cookie", self.cookie_line())
            .send_form(
                fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            )
            .with_context(|| format!("POST {path}"))?;
        self.read(answer, started)
    }

    fn read(
        &mut self,
        mut answer: ureq::http::Response<ureq::Body>,
        started: Instant,
    ) -> Result<Answer> {
        for line in answer.headers().get_all("set-cookie") {
            let pair = line
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let location = answer
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let bytes = answer
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            bytes,
            took: started.elapsed(),
            location,
        })
    }

    /// The cookies of the session, as the header sends them.
    pub(crate) fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

fn config() -> ureq::config::Config {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
}

/// The hidden fields of the page's forms, as name and value.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| -> Option<String> {
        let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
        let rest = tag.get(start..)?;
        rest.split('"').next().map(str::to_owned)
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    for tag in page
        .split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
    {
        if tag.contains("type=\"hidden\"")
            && let Some(name) = attribute(tag, "name")
        {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    fields
}

/// The median and the 99th percentile of some times, in milliseconds.
pub(crate) fn spread(times: &mut [Duration]) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: f64| {
        let place = ((times.len() as f64 * share).ceil() as usize).saturating_sub(1);
        times
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    (at(0.5), at(0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_fields_are_found_in_any_order_of_attributes() {
        let page = r#"<form><input type="hidden" name="csrf" value="a1"><input name="login"><input value="/" name="next" type="hidden"></form>"#;
        assert_eq!(
            hidden_fields(page),
            [
                ("csrf".to_owned(), "a1".to_owned()),
                ("next".to_owned(), "/".to_owned())
            ]
        );
    }

    #[test]
    fn the_spread_is_the_middle_and_the_tail() {
        let mut times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(spread(&mut times), (50.0, 99.0));
    }
}
