//! Whether a request that changes something was made by a form of ours.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use futures::StreamExt;

use super::CSRF_HEADER;
use crate::rules::web::{Found, Provenance, csrf_in_form, csrf_in_multipart, is_cross_site};

/// Why a request is taken for a forgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forged {
    /// The browser says that another site made it.
    CrossSite,
    /// It carries no token, or one of another session (also one that ended).
    Token,
    /// The form is larger than forms may be.
    TooLarge,
}

/// Finds the token in a request and gives the request on with its body whole. Forms are read up to
/// `form_limit`; of an upload only the first part is read ahead.
pub(super) async fn check(
    request: Request,
    secret: &str,
    form_limit: usize,
) -> Result<Request, Forged> {
    let headers = request.headers();
    let authority = request.uri().authority().map(|host| host.as_str());
    let cross_site = is_cross_site(Provenance {
        fetch_site: word(headers, "sec-fetch-site"),
        origin: word(headers, "origin"),
        host: word(headers, "host").or(authority),
    });
    if cross_site {
        return Err(Forged::CrossSite);
    }
    let in_header = word(headers, CSRF_HEADER).map(str::to_owned);
    let kind = word(headers, "content-type").unwrap_or_default().to_owned();
    let accept = |token: Option<&str>| {
        if token.is_some_and(|token| crate::crypto::csrf_matches(secret, token)) {
            Ok(())
        } else {
            Err(Forged::Token)
        }
    };
    if let Some(token) = in_header {
        accept(Some(&token))?;
        return Ok(request);
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, form_limit)
            .await
            .map_err(|_| Forged::TooLarge)?;
        accept(csrf_in_form(&bytes).as_deref())?;
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    if kind.starts_with("multipart/form-data") {
        let (parts, body) = request.into_parts();
        let (token, body) = read_ahead(body).await;
        accept(token.as_deref())?;
        return Ok(Request::from_parts(parts, body));
    }
    Err(Forged::Token)
}

fn word<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Reads until the first part of a multipart body has been seen, and puts what was read back before the
/// rest.
async fn read_ahead(body: Body) -> (Option<String>, Body) {
    let mut stream = body.into_data_stream();
    let mut chunks: Vec<Result<Bytes, axum::Error>> = Vec::new();
    let mut beginning: Vec<u8> = Vec::new();
    let mut token = None;
    while let Some(chunk) = stream.next().await {
        let failed = chunk.is_err();
        if let Ok(bytes) = &chunk {
            beginning.extend(bytes.iter().take(8192));
        }
        chunks.push(chunk);
        match csrf_in_multipart(&beginning) {
            Found::Token(found) => {
                token = Some(found);
                break;
            }
            Found::Absent => break,
            Found::NeedsMore if failed => break,
            Found::NeedsMore => {}
        }
    }
    let whole = futures::stream::iter(chunks).chain(stream);
    (token, Body::from_stream(whole))
}
