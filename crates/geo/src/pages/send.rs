//! Answers that are not pages: bytes with a strong validator, kept by the reader's browser only.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// Kept, and asked about each time: what a permit shows may change with the next commit.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// A strong validator of some bytes.
pub(super) fn etag_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let text: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{text}\"")
}

/// Whether the browser has this already.
pub(super) fn is_held(headers: &HeaderMap, etag: &str) -> bool {
    let held = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // A proxy that compresses makes a validator weak.
    held.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}

/// The answer with its validator; 304 where the browser has it.
pub(super) fn bytes(headers: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
    let etag = etag_of(&body);
    if is_held(headers, &etag) {
        return validated(StatusCode::NOT_MODIFIED, &etag, Body::empty());
    }
    let mut response = validated(StatusCode::OK, &etag, Body::from(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An answer with a validator and the rule for caches.
pub(super) fn validated(status: StatusCode, etag: &str, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
    headers.insert(
        header::VARY,
        HeaderValue::from_static("cookie, accept-encoding"),
    );
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// Whether the browser takes gzip.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = matches!(parts.next(), Some("gzip" | "*"));
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|share| share.trim_end_matches(['0', '.']).is_empty())
        });
        is_gzip && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let first = bytes(&HeaderMap::new(), "application/json", b"{}".to_vec());
        assert_eq!(first.status(), StatusCode::OK);
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for held in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}")] {
            let again = bytes(
                &headers(header::IF_NONE_MATCH, &held),
                "application/json",
                b"{}".to_vec(),
            );
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        }
        assert_eq!(
            bytes(
                &headers(header::IF_NONE_MATCH, &etag),
                "application/json",
                b"[]".to_vec()
            )
            .status(),
            StatusCode::OK
        );
    }

    #[test]
    fn a_refused_coding_is_not_used() {
        assert!(accepts_gzip(&headers(
            header::ACCEPT_ENCODING,
            "br, gzip;q=0.8"
        )));
        assert!(!accepts_gzip(&headers(header::ACCEPT_ENCODING, "gzip;q=0")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
