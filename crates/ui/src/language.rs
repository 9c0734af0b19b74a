//! The language switch: sets a cookie and goes back to where the reader was.

use axum::Extension;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::text::Language;
use crate::url::Url;

/// In the extensions of a request: people reach the program by https. Cookies then get `Secure`, and the prefix by
/// which browsers keep them to this host.
#[derive(Clone, Copy, Debug)]
pub struct OverHttps;

/// The cookie that keeps a language for a year, as an answer sets it.
#[must_use]
pub fn language_cookie(tag: &str, https: bool) -> String {
    let (prefix, secure) = if https {
        ("__Host-", "; Secure")
    } else {
        ("", "")
    };
    format!("{prefix}lang={tag}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}")
}

pub(crate) async fn switch(uri: Uri, over_https: Option<Extension<OverHttps>>) -> Response {
    let url = Url::parse(uri.path_and_query().map_or("/", |path| path.as_str()));
    let language = url.get("to").and_then(Language::parse).unwrap_or_default();
    let back = url
        .get("back")
        .filter(|address| is_own(address))
        .unwrap_or("/");
    let cookie = language_cookie(language.tag(), over_https.is_some());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::SET_COOKIE, cookie.as_str()),
        (header::LOCATION, back),
    ] {
        headers.insert(
            name,
            HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("/")),
        );
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Only addresses within this program: a browser reads `//host`, `/\host` and a control character
/// inside as another host.
fn is_own(address: &str) -> bool {
    let second = address.chars().nth(1);
    address.starts_with('/')
        && !matches!(second, Some('/' | '\\'))
        && address.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_of_the_language_is_of_this_host() {
        let plain = "lang=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax";
        assert_eq!(language_cookie("en", false), plain);
        assert_eq!(
            language_cookie("en", true),
            format!("__Host-{plain}; Secure")
        );
    }

    #[test]
    fn the_way_back_never_leaves_the_program() {
        assert!(is_own("/"));
        assert!(is_own("/schools?q=%E5%B0%8F&page=2"));
        for outside in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\tb",
            "/\t/evil.example",
        ] {
            assert!(!is_own(outside), "{outside}");
        }
    }
}
