//! What a browser gets: headers, validators, fragments, assets.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::routing::get;
use axum::{Extension, Router};
use maud::html;
use tower::ServiceExt;

use crate::gallery::{sample_frame, sample_messages};
use crate::{Cache, Catalogue, FRAGMENT_HEADER, Page, Shell, asset_url};

async fn plain(shell: Shell) -> Page {
    shell.page("名单").body(html! { p #words { "<&>" } })
}

async fn secret(shell: Shell) -> Page {
    shell.page("密码").cache(Cache::Never)
}

fn app() -> Router {
    let catalogue = Catalogue::new(vec![sample_messages()]);
    Router::new()
        .route("/plain", get(plain))
        .route("/secret", get(secret))
        .merge(crate::router())
        .layer(Extension(sample_frame()))
        .layer(Extension(Arc::clone(&catalogue)))
}

async fn ask(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    )
}

#[tokio::test]
async fn a_page_carries_its_policy_and_is_answered_with_304_when_unchanged() {
    let (status, headers, body) = ask("/plain", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(String::from_utf8(body).unwrap().contains("&lt;&amp;&gt;"));
    let etag = headers[header::ETAG].to_str().unwrap();
    let (status, headers, body) = ask("/plain", &[("if-none-match", etag)]).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    assert!(headers.contains_key(header::ETAG));
    assert!(body.is_empty());
}

#[tokio::test]
async fn a_page_with_secrets_is_not_kept() {
    let (_, headers, _) = ask("/secret", &[]).await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert!(!headers.contains_key(header::ETAG));
}

#[tokio::test]
async fn a_script_gets_the_title_and_the_work_only() {
    let (_, headers, body) = ask("/plain", &[(FRAGMENT_HEADER, "1"), ("cookie", "lang=en")]).await;
    let body = String::from_utf8(body).unwrap();
    assert!(
        body.starts_with("<title>名单 - Weihe</title><main id=\"work\""),
        "{body}"
    );
    assert!(!body.contains("<nav class=\"side\""));
    assert!(
        headers[header::VARY]
            .to_str()
            .unwrap()
            .contains(FRAGMENT_HEADER)
    );
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_gzipped_where_accepted() {
    let (status, headers, plain) = ask(&asset_url("app.css"), &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        headers[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    let etag = headers[header::ETAG].to_str().unwrap();
    let (_, headers, zipped) = ask(&asset_url("app.css"), &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    assert!(zipped.len() * 2 < plain.len());
    let (status, _, _) = ask(&asset_url("app.css"), &[("if-none-match", etag)]).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    let (status, _, _) = ask("/assets/app.000000000000.css", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_language_switch_sets_a_cookie_and_goes_back() {
    let (status, headers, _) = ask("/language?to=en&back=%2Fplain%3Fq%3D1", &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(headers[header::LOCATION], "/plain?q=1");
    assert!(
        headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .starts_with("lang=en; Path=/")
    );
}
