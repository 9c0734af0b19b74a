//! Headers of every answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(self), gyroscope=(), \
    microphone=(), payment=(), usb=(), interest-cohort=()";

/// What a page may load and where it may send comes from [`ui::secure`]; the rest is the same for files,
/// tiles and JSON. A header that the handler set stays, so that a download may be stricter.
pub(super) fn secure(headers: &mut HeaderMap, https: bool) {
    let mut fixed = HeaderMap::new();
    ui::secure(&mut fixed);
    let own: [(HeaderName, &'static str); 4] = [
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("x-permitted-cross-domain-policies"),
            "none",
        ),
    ];
    for (name, value) in own {
        fixed.insert(name, HeaderValue::from_static(value));
    }
    if https {
        fixed.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        fixed.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
    }
    for (name, value) in &fixed {
        headers.entry(name.clone()).or_insert_with(|| value.clone());
    }
}
