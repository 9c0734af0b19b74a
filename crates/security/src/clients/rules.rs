//! Decisions about programs that ask for tokens, pure. Source: RFC 6749 §2.3.1, §3.3, §4.4, §5.2.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use standard::Action;

use crate::permit::Permit;

/// Why a program gets no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// Something is missing, said twice or cannot be read.
    Request(&'static str),
    /// No such program, a wrong secret, or one that may no longer act: they look the same.
    Client,
    /// Another way to get a token than is offered.
    GrantType,
    /// A scope that there is not, or that the program may not have.
    Scope,
    /// Too many wrong secrets: so many seconds to wait.
    Locked(i64),
}

impl TokenFault {
    /// The word of RFC 6749 §5.2.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::Client | Self::Locked(_) => "invalid_client",
            Self::GrantType => "unsupported_grant_type",
            Self::Scope => "invalid_scope",
        }
    }

    /// A sentence for whoever wrote the program.
    pub(crate) fn sentence(&self) -> &'static str {
        match self {
            Self::Request(what) => what,
            Self::Client => "the client is not known, its secret is wrong, or it may no longer act",
            Self::GrantType => "grant_type must be client_credentials",
            Self::Scope => "scope holds a word that there is not, or that this client may not have",
            Self::Locked(_) => "too many wrong secrets; wait as Retry-After says",
        }
    }
}

/// Who asks, and with what.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) client: String,
    pub(crate) secret: String,
}

fn value<'f>(form: &'f [(String, String)], name: &str) -> Result<Option<&'f str>, TokenFault> {
    let mut found = form.iter().filter(|(key, _)| key == name);
    let first = found.next().map(|(_, value)| value.as_str());
    if found.next().is_some() {
        return Err(TokenFault::Request("a parameter stands there twice"));
    }
    // §3.2: a parameter without a value counts as left out.
    Ok(first.filter(|value| !value.is_empty()))
}

/// The parts of `Basic …`, each encoded as in a form.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let pair = format!("a={text}");
        let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
        pairs.next().map(|(_, value)| value.into_owned())
    };
    Some(Credentials {
        client: plain(client)?,
        secret: plain(secret)?,
    })
}

/// Who asks: by the header or by the form, never both.
pub(crate) fn credentials(
    header: Option<&str>,
    form: &[(String, String)],
) -> Result<Credentials, TokenFault> {
    let in_form = (value(form, "client_id")?, value(form, "client_secret")?);
    match (header, in_form) {
        (Some(_), (_, Some(_))) => Err(TokenFault::Request(
            "the client proves itself in the header or in the form, not in both",
        )),
        (Some(header), (named, None)) => {
            let found = basic(header).ok_or(TokenFault::Client)?;
            match named {
                Some(named) if named != found.client => Err(TokenFault::Client),
                _ => Ok(found),
            }
        }
        (None, (Some(client), Some(secret))) => Ok(Credentials {
            client: client.to_owned(),
            secret: secret.to_owned(),
        }),
        (None, _) => Err(TokenFault::Client),
    }
}

/// The scopes of a request for a token.
pub(crate) fn asked(form: &[(String, String)]) -> Result<Option<BTreeSet<Action>>, TokenFault> {
    match value(form, "grant_type")? {
        None => return Err(TokenFault::Request("grant_type is missing")),
        Some("client_credentials") => {}
        Some(_) => return Err(TokenFault::GrantType),
    }
    value(form, "scope")?
        .map(|text| scopes(text).ok_or(TokenFault::Scope))
        .transpose()
}

/// The token that is to be taken back (RFC 7009 §2.1).
pub(crate) fn taken_back(form: &[(String, String)]) -> Result<&str, TokenFault> {
    value(form, "token")?.ok_or(TokenFault::Request("token is missing"))
}

/// Words apart by blanks, as the actions they stand for; `None` where one is no action.
pub(crate) fn scopes(text: &str) -> Option<BTreeSet<Action>> {
    text.split_ascii_whitespace()
        .map(|word| {
            Action::CHOICES
                .iter()
                .find(|(known, _)| *known == word)
                .map(|(_, action)| *action)
        })
        .collect()
}

/// Actions as words apart by blanks.
pub(crate) fn words(actions: &BTreeSet<Action>) -> String {
    let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    words.join(" ")
}

/// What a token is good for: what was asked for, or all that the program may have.
pub(crate) fn granted(
    asked: Option<BTreeSet<Action>>,
    allowed: &BTreeSet<Action>,
) -> Result<BTreeSet<Action>, TokenFault> {
    match asked {
        None => Ok(allowed.clone()),
        Some(asked) if asked.is_empty() || !asked.is_subset(allowed) => Err(TokenFault::Scope),
        Some(asked) => Ok(asked),
    }
}

/// Whether datasets are names of definitions that whoever gives them reaches.
pub(crate) fn known(datasets: Option<&[String]>, permit: &Permit) -> Result<(), String> {
    let is_name = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let unknown = datasets
        .unwrap_or_default()
        .iter()
        .find(|name| !is_name(name) || !permit.sees_dataset(name));
    unknown.map_or(Ok(()), |name| Err(name.clone()))
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1); `None` where the header is of another kind.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_program_proves_itself_in_one_way() {
        let known = |header: Option<&str>, pairs: &[(&str, &str)]| {
            credentials(header, &form(pairs)).map(|found| (found.client, found.secret))
        };
        let right = Ok(("a b".to_owned(), "s:%".to_owned()));
        let header = format!("Basic {}", STANDARD.encode("a+b:s%3A%25"));
        let header = Some(header.as_str());
        assert_eq!(known(header, &[]), right);
        assert_eq!(known(header, &[("client_id", "a b")]), right);
        assert_eq!(
            known(header, &[("client_id", "c")]),
            Err(TokenFault::Client)
        );
        let both = [("client_id", "a b"), ("client_secret", "s:%")];
        assert_eq!(known(None, &both), right);
        assert!(matches!(known(header, &both), Err(TokenFault::Request(_))));
        let twice = [
            ("client_id", "a"),
            ("client_id", "a"),
            ("client_secret", "s"),
        ];
        assert!(matches!(known(None, &twice), Err(TokenFault::Request(_))));
        for wrong in ["Basic", "Basic !", "Digest x", "Basic YQ=="] {
            assert_eq!(known(Some(wrong), &[]), Err(TokenFault::Client), "{wrong}");
        }
        assert_eq!(known(None, &[("client_id", "a")]), Err(TokenFault::Client));
    }

    #[test]
    fn scopes_are_actions_that_the_program_may_have() {
        let ask = |pairs: &[(&str, &str)]| asked(&form(pairs));
        let kind = ("grant_type", "client_credentials");
        assert_eq!(ask(&[kind]), Ok(None));
        assert_eq!(ask(&[kind, ("scope", "")]), Ok(None));
        let read = BTreeSet::from([Action::Read]);
        assert_eq!(ask(&[kind, ("scope", "read")]), Ok(Some(read.clone())));
        assert_eq!(
            ask(&[kind, ("scope", "read everything")]),
            Err(TokenFault::Scope)
        );
        assert_eq!(
            ask(&[("grant_type", "password")]),
            Err(TokenFault::GrantType)
        );
        assert!(matches!(ask(&[]), Err(TokenFault::Request(_))));
        let allowed = BTreeSet::from([Action::Read, Action::Export]);
        assert_eq!(granted(None, &allowed), Ok(allowed.clone()));
        assert_eq!(granted(Some(read.clone()), &allowed), Ok(read));
        let edit = BTreeSet::from([Action::Edit]);
        assert_eq!(granted(Some(edit), &allowed), Err(TokenFault::Scope));
        assert_eq!(scopes(&words(&allowed)), Some(allowed));
    }

    #[test]
    fn a_bearer_token_is_told_from_other_headers() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
