//! Decisions about requests: where they come from, where to go after sign-in, which one is forged.

use std::net::IpAddr;

/// The only redirect targets after sign-in: a path of this site. Everything else becomes `/`.
///
/// Browsers treat `\` as `/` and drop tabs and line ends, so `/\evil` and `/<tab>/evil` lead away too.
pub(crate) fn safe_next(next: Option<&str>) -> String {
    let home = || "/".to_owned();
    let Some(path) = next else {
        return home();
    };
    let leads_away = path.starts_with("//")
        || path.contains('\\')
        || path.chars().any(|letter| letter.is_control())
        || path.len() > 2048;
    let loops = path == "/signin" || path.starts_with("/signin?") || path.starts_with("/signout");
    if path.starts_with('/') && !leads_away && !loops {
        path.to_owned()
    } else {
        home()
    }
}

/// The certificate in the header `Client-Cert` of a proxy (RFC 9440: a byte sequence of RFC 8941, `:base64:`).
pub(crate) fn certificate_of_header(value: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let inner = value.trim().strip_prefix(':')?.strip_suffix(':')?;
    let der = base64::engine::general_purpose::STANDARD
        .decode(inner)
        .ok()?;
    (!der.is_empty()).then_some(der)
}

/// What the browser says about where a request that changes something was made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Provenance<'a> {
    pub(crate) fetch_site: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
}

/// Whether the browser says that another site made the request. Browsers before Chromium 76 and programs
/// say nothing; for them the token alone decides.
pub(crate) fn is_cross_site(provenance: Provenance<'_>) -> bool {
    if let Some(site) = provenance.fetch_site {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = provenance.origin else {
        return false;
    };
    let from = origin.split_once("://").map(|(_, authority)| authority);
    match (from, provenance.host) {
        (Some(authority), Some(host)) => !authority.eq_ignore_ascii_case(host),
        _ => true,
    }
}

/// Whether another site led the browser here, by what the browser says (Fetch Metadata). Browsers that say nothing
/// are taken to come from here: what follows must be harmless then too.
pub(crate) fn is_led_here(fetch_site: Option<&str>) -> bool {
    matches!(fetch_site, Some("cross-site" | "same-site"))
}

/// The address a request came from: the peer, unless that is a proxy we were told to trust; then the last
/// address in `X-Forwarded-For` that is not such a proxy.
pub(crate) fn client_address(
    peer: Option<IpAddr>,
    forwarded_for: Option<&str>,
    trusted: &[IpAddr],
) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let mut nearest = peer;
    for part in forwarded_for.unwrap_or_default().rsplit(',') {
        let Ok(address) = part.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
        if !trusted.contains(&nearest) {
            break;
        }
    }
    Some(nearest)
}

/// The name under which an address is counted: IPv6 by its /64, which one subscriber holds whole.
pub(crate) fn address_group(address: Option<IpAddr>) -> String {
    match address {
        None => "local".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// How a caller wants to hear that it may not: as a page, as a whole-page redirect asked by htmx, or as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    Page,
    Fragment,
    Json,
}

/// API paths and tiles get JSON whatever they ask for.
pub(crate) fn answer_kind(path: &str, accept: Option<&str>, htmx: bool) -> AnswerKind {
    let for_programs = path.starts_with("/api/") || path.starts_with("/tiles/");
    let wants_page = accept.is_none_or(|accept| {
        accept.contains("text/html") || accept.contains("*/*") || accept.is_empty()
    });
    if for_programs {
        AnswerKind::Json
    } else if htmx {
        AnswerKind::Fragment
    } else if wants_page {
        AnswerKind::Page
    } else {
        AnswerKind::Json
    }
}

/// The value of the `csrf` field in a urlencoded body. Tokens are base64url, which no form encodes further.
pub(crate) fn csrf_in_form(body: &[u8]) -> Option<String> {
    body.split(|byte| *byte == b'&')
        .find_map(|pair| pair.strip_prefix(b"csrf="))
        .and_then(|value| String::from_utf8(value.to_vec()).ok())
}

/// What a search for the token in the beginning of a multipart body found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Token(String),
    NeedsMore,
    Absent,
}

/// The value of the `csrf` field where it is the first part of a multipart body. Only the first part is
/// looked at, so a file of any size passes by without being held in memory.
pub(crate) fn csrf_in_multipart(beginning: &[u8]) -> Found {
    const LONGEST: usize = 4096;
    let text = String::from_utf8_lossy(beginning);
    let more = if beginning.len() < LONGEST {
        Found::NeedsMore
    } else {
        Found::Absent
    };
    let Some((head, rest)) = text.split_once("\r\n\r\n") else {
        return more;
    };
    let names_csrf = head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("content-disposition:") && line.contains("name=\"csrf\"")
    });
    if !names_csrf {
        return Found::Absent;
    }
    match rest.split_once("\r\n") {
        Some((token, _)) => Found::Token(token.to_owned()),
        None => more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_leads_nowhere_else() {
        for (next, expected) in [
            (Some("/institutions?page=2"), "/institutions?page=2"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/\t/evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("javascript:alert(1)"), "/"),
            (Some("/signin?next=/signin"), "/"),
            (Some("/signout"), "/"),
            (Some(""), "/"),
            (None, "/"),
        ] {
            assert_eq!(safe_next(next), expected, "{next:?}");
        }
    }

    #[test]
    fn another_site_is_recognised_by_either_header() {
        let case = |fetch_site, origin| {
            is_cross_site(Provenance {
                fetch_site,
                origin,
                host: Some("weihe.example:8443"),
            })
        };
        assert!(!case(Some("same-origin"), None));
        assert!(!case(Some("none"), None));
        assert!(case(Some("cross-site"), Some("https://weihe.example:8443")));
        assert!(case(Some("same-site"), None));
        assert!(!case(None, Some("https://weihe.example:8443")));
        assert!(case(None, Some("https://weihe.example")));
        assert!(case(None, Some("null")));
        assert!(!case(None, None));
        assert!(is_led_here(Some("cross-site")) && is_led_here(Some("same-site")));
        assert!(
            !is_led_here(Some("same-origin")) && !is_led_here(Some("none")) && !is_led_here(None)
        );
    }

    #[test]
    fn only_a_trusted_proxy_may_name_the_client() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let stranger: IpAddr = "203.0.113.9".parse().unwrap();
        let forwarded = Some("1.2.3.4, 198.51.100.7, 10.0.0.1");
        assert_eq!(
            client_address(Some(stranger), forwarded, &[proxy]),
            Some(stranger)
        );
        assert_eq!(
            client_address(Some(proxy), forwarded, &[proxy]),
            "198.51.100.7".parse().ok()
        );
        assert_eq!(client_address(Some(proxy), None, &[proxy]), Some(proxy));
        assert_eq!(
            address_group("2001:db8:1:2:3:4:5:6".parse().ok()),
            "2001:db8:1:2::/64"
        );
    }

    #[test]
    fn programs_get_json_and_people_pages() {
        assert_eq!(
            answer_kind("/map", Some("text/html"), false),
            AnswerKind::Page
        );
        assert_eq!(answer_kind("/map", Some("*/*"), true), AnswerKind::Fragment);
        assert_eq!(
            answer_kind("/tiles/county/1/2/3.mvt", Some("text/html"), false),
            AnswerKind::Json
        );
        assert_eq!(
            answer_kind("/map", Some("application/json"), false),
            AnswerKind::Json
        );
    }

    #[test]
    fn the_token_is_found_in_forms_and_in_the_first_part_of_uploads() {
        assert_eq!(csrf_in_form(b"a=1&csrf=xY_-&b=2").as_deref(), Some("xY_-"));
        assert_eq!(csrf_in_form(b"a=csrf%3Dx"), None);
        let part = "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nxY_-\r\n--B\r\n";
        assert_eq!(
            csrf_in_multipart(part.as_bytes()),
            Found::Token("xY_-".to_owned())
        );
        assert_eq!(csrf_in_multipart(b"--B\r\nContent-Dis"), Found::NeedsMore);
        let file_first = "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n";
        assert_eq!(csrf_in_multipart(file_first.as_bytes()), Found::Absent);
        assert_eq!(csrf_in_multipart(&[b'x'; 5000]), Found::Absent);
    }
}
