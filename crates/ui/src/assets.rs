//! Styles and islands, built by `web/build.mjs`, embedded here, served under `/assets/` with names
//! that contain their content's hash and may therefore be cached for ever.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// The logical name a page asks for: `app.css`.
    pub name: &'static str,
    /// The name with its content hash: `app.0123456789ab.css`.
    pub file: &'static str,
    /// The media type.
    pub content_type: &'static str,
    /// The strong validator of the plain body.
    pub etag: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    /// The file, gzipped.
    pub gzip: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// All embedded files.
pub fn all() -> &'static [Asset] {
    ASSETS
}

/// The embedded file of this logical name.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The address of the file with this logical name. A name that does not exist gives an address that
/// answers 404; a test renders every island so that this does not happen unseen.
pub fn asset_url(name: &str) -> String {
    format!("/assets/{}", asset(name).map_or(name, |asset| asset.file))
}

#[cfg(test)]
pub(crate) fn text(name: &str) -> Option<&'static str> {
    asset(name).and_then(|asset| std::str::from_utf8(asset.bytes).ok())
}

/// The route `/assets/{file}`. It needs no sign-in.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(serve))
}

async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fixed = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if matches_etag(&headers, asset.etag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    if !accepts_gzip(&headers) {
        return (fixed, asset.bytes).into_response();
    }
    let mut response = (fixed, asset.gzip).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or("");
        let refused =
            parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

/// Whether the caller already holds the content with this validator (weak comparison).
pub(crate) fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let Some(held) = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    held.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == etag.trim_start_matches("W/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_gzip_is_not_sent() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_ENCODING,
                HeaderValue::from_str(value).unwrap(),
            );
            accepts_gzip(&headers)
        };
        assert!(with("gzip, deflate, br"));
        assert!(with("br;q=1.0, gzip;q=0.8"));
        assert!(!with("br, gzip;q=0"));
        assert!(!with("identity"));
    }

    #[test]
    fn the_script_and_style_of_an_ordinary_page_stay_small() {
        let script = asset("app.js").unwrap().gzip.len();
        let style = asset("app.css").unwrap().gzip.len();
        assert!(
            script <= 20_000,
            "app.js is {script} bytes gzipped; at most 20,000"
        );
        assert!(
            script + style <= 40_000,
            "app.js + app.css are {} bytes gzipped; a page has 60,000 in all",
            script + style
        );
    }

    #[test]
    fn the_stylesheet_uses_nothing_newer_than_chromium_86() {
        for name in ["app.css", "map.css", "gallery.css"] {
            let sheet = text(name).unwrap();
            for newer in [
                "@layer",
                "oklch(",
                ":where(",
                ":is(",
                ":has(",
                "inset:",
                "aspect-ratio:",
                "color-mix(",
                "@container",
            ] {
                assert!(!sheet.contains(newer), "{name} uses {newer}");
            }
        }
    }
}
