//! The language switch: sets a cookie and goes back to where the reader was.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::text::Language;
use crate::url::Url;

pub(crate) async fn switch(uri: Uri) -> Response {
    let url = Url::parse(uri.path_and_query().map_or("/", |path| path.as_str()));
    let language = url.get("to").and_then(Language::parse).unwrap_or_default();
    let back = url
        .get("back")
        .filter(|address| is_own(address))
        .unwrap_or("/");
    let cookie = format!(
        "lang={}; Path=/; Max-Age=31536000; SameSite=Lax",
        language.tag()
    );
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
