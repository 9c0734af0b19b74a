//! `POST /oauth/token`, `POST /oauth/revoke` and what they say of themselves: for programs (RFC 6749 §4.4,
//! RFC 7009, RFC 8414).

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::api::Security;
use crate::clients::rules::{self, TokenFault};
use crate::clients::{NoToken, TOKEN_SECONDS};
use crate::describe::{Answer, Body, Operation};
use crate::web::Visit;

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) static ISSUE_TOKEN: Operation = Operation {
    id: "issueToken",
    summary: "A token for a program, by its name and secret (in the header Authorization: Basic, or in the form)",
    parameters: &[],
    body: Some(Body {
        kind: FORM,
        schema: r#"{
            "type": "object",
            "required": ["grant_type"],
            "properties": {
                "grant_type": {"const": "client_credentials"},
                "client_id": {"type": "string", "maxLength": 64},
                "client_secret": {"type": "string", "maxLength": 128},
                "scope": {"type": "string", "description": "Actions apart by blanks; all that the program may have where left out"}
            }
        }"#,
    }),
    answers: &[Answer::json(
        "The token",
        r#"{
            "type": "object",
            "required": ["access_token", "token_type", "expires_in", "scope"],
            "properties": {
                "access_token": {"type": "string"},
                "token_type": {"const": "Bearer"},
                "expires_in": {"type": "integer"},
                "scope": {"type": "string"}
            }
        }"#,
    )],
};

pub(super) static REVOKE_TOKEN: Operation = Operation {
    id: "revokeToken",
    summary: "Takes a token of a program back",
    parameters: &[],
    body: Some(Body {
        kind: FORM,
        schema: r#"{
            "type": "object",
            "required": ["token"],
            "properties": {
                "token": {"type": "string", "maxLength": 128},
                "token_type_hint": {"type": "string"},
                "client_id": {"type": "string", "maxLength": 64},
                "client_secret": {"type": "string", "maxLength": 128}
            }
        }"#,
    }),
    answers: &[Answer {
        status: 200,
        about: "The token, if it was one of the program, is no longer good",
        body: None,
    }],
};

pub(super) static READ_ISSUER: Operation = Operation {
    id: "readAuthorizationServer",
    summary: "How programs get tokens (RFC 8414)",
    parameters: &[],
    body: None,
    answers: &[Answer::json(
        "What there is",
        r#"{"type": "object", "required": ["issuer", "token_endpoint", "grant_types_supported"]}"#,
    )],
};

type Sent = Result<Form<Vec<(String, String)>>, FormRejection>;

fn asked_by(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
}

fn form(sent: Sent) -> Result<Vec<(String, String)>, TokenFault> {
    sent.map(|Form(form)| form).map_err(|_| {
        TokenFault::Request("the body must be a form (application/x-www-form-urlencoded)")
    })
}

pub(super) async fn issue(
    State(security): State<Security>,
    visit: Visit,
    headers: HeaderMap,
    sent: Sent,
) -> Response {
    let issued = async {
        let form = form(sent).map_err(NoToken::Fault)?;
        let asked = rules::asked(&form).map_err(NoToken::Fault)?;
        let credentials = rules::credentials(asked_by(&headers), &form).map_err(NoToken::Fault)?;
        security.issue_token(&credentials, asked, visit.ip()).await
    };
    match issued.await {
        Ok(issued) => answer(
            StatusCode::OK,
            &json!({
                "access_token": issued.token,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": issued.scopes,
            }),
        ),
        Err(error) => refused(&error),
    }
}

pub(super) async fn revoke(
    State(security): State<Security>,
    visit: Visit,
    headers: HeaderMap,
    sent: Sent,
) -> Response {
    let revoked = async {
        let form = form(sent).map_err(NoToken::Fault)?;
        let credentials = rules::credentials(asked_by(&headers), &form).map_err(NoToken::Fault)?;
        let token = rules::taken_back(&form).map_err(NoToken::Fault)?;
        security.revoke_token(&credentials, token, visit.ip()).await
    };
    match revoked.await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            never_kept(&mut response);
            response
        }
        Err(error) => refused(&error),
    }
}

pub(super) async fn about(State(security): State<Security>, headers: HeaderMap) -> Response {
    let config = security.config();
    let origin = if config.identity.address.is_empty() {
        let host = headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let scheme = if config.https { "https" } else { "http" };
        format!("{scheme}://{host}")
    } else {
        config.identity.address.clone()
    };
    let scopes: Vec<&str> = standard::Action::CHOICES
        .iter()
        .map(|(word, _)| *word)
        .collect();
    let methods = ["client_secret_basic", "client_secret_post"];
    answer(
        StatusCode::OK,
        &json!({
            "issuer": origin,
            "token_endpoint": format!("{origin}/oauth/token"),
            "revocation_endpoint": format!("{origin}/oauth/revoke"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
            "scopes_supported": scopes,
            "service_documentation": format!("{origin}/api/openapi.json"),
        }),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (status, kind, body.to_string()).into_response();
    never_kept(&mut response);
    response
}

fn never_kept(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

fn refused(error: &NoToken) -> Response {
    let fault = match error {
        NoToken::Fault(fault) => fault,
        NoToken::Failed(error) => {
            tracing::error!(code = error.code(), %error, "a token could not be given");
            let body = json!({ "error": "server_error", "error_description": "try again later" });
            return answer(StatusCode::SERVICE_UNAVAILABLE, &body);
        }
    };
    let status = match fault {
        TokenFault::Client => StatusCode::UNAUTHORIZED,
        TokenFault::Locked(_) => StatusCode::TOO_MANY_REQUESTS,
        TokenFault::Request(_) | TokenFault::GrantType | TokenFault::Scope => {
            StatusCode::BAD_REQUEST
        }
    };
    let body = json!({ "error": fault.word(), "error_description": fault.sentence() });
    let mut response = answer(status, &body);
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"weihe\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let TokenFault::Locked(seconds) = fault
        && let Ok(seconds) = HeaderValue::from_str(&seconds.to_string())
    {
        headers.insert(header::RETRY_AFTER, seconds);
    }
    response
}
