//! The one middleware: headers, session, forgery, route table.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use ui::{Catalogue, ErrorPage, Language, Shell};

use super::forgery::{self, Forged};
use super::limiter::Limiter;
use super::{
    ClientCertificate, FrameMaker, SESSION_COOKIE, VISITOR_COOKIE, Visit, cookie_name, headers,
};
use crate::api::Security;
use crate::clients::rules::bearer;
use crate::crypto;
use crate::error::SecurityError;
use crate::evidence::Origin;
use crate::factors::Duty;
use crate::factors::rules::answers_in_duty;
use crate::model::{AuditAction, Outcome, Subject};
use crate::permit::Denied;
use crate::routes::{Access, RouteTable, Verdict};
use crate::rules::web::{AnswerKind, answer_kind, certificate_of_header, client_address};

#[derive(Clone)]
struct Gate {
    security: Security,
    table: Arc<RouteTable>,
    frame: FrameMaker,
    limiter: Arc<Limiter>,
}

/// Lays the gate round a router that has all its routes: nothing that is added later is behind it. The
/// message catalogue (`Extension<Arc<ui::Catalogue>>`) and whatever counts or logs requests go outside.
///
/// A route that the table does not name answers 404, whatever its handler.
pub fn protect(
    router: Router,
    security: Security,
    table: Arc<RouteTable>,
    frame: FrameMaker,
) -> Router {
    let gate = Gate {
        security,
        table,
        frame,
        limiter: Arc::new(Limiter::new()),
    };
    router.layer(from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let https = gate.security.config().https;
    if https {
        request.extensions_mut().insert(ui::OverHttps);
    }
    let mut response = match gate.admit(request).await {
        Ok(request) => {
            // Whatever is written to the audit log on the way says where it came from.
            let operation = request.extensions().get::<ui::OperationId>();
            let operation = operation.map(|id| id.0.clone());
            let visit = request.extensions().get::<Visit>();
            let origin = visit.map(|visit| Origin::of(visit, operation.as_deref()));
            origin.unwrap_or_default().scope(next.run(request)).await
        }
        Err(response) => *response,
    };
    headers::secure(response.headers_mut(), https);
    response
}

type Refusal = Box<Response>;

impl Gate {
    async fn admit(&self, mut request: Request) -> Result<Request, Refusal> {
        let verdict = match request.extensions().get::<MatchedPath>() {
            None => None,
            Some(path) => {
                let verdict = self.table.verdict(request.method(), path.as_str());
                if verdict == Verdict::Unknown {
                    tracing::error!(
                        method = %request.method(),
                        path = path.as_str(),
                        "a route that the route table does not name was asked for and refused"
                    );
                }
                Some(verdict)
            }
        };
        let access = match verdict {
            Some(Verdict::Known(access)) => Some(access),
            Some(Verdict::OtherMethod) => {
                return Err(Box::new(StatusCode::METHOD_NOT_ALLOWED.into_response()));
            }
            Some(Verdict::Unknown) => return Err(refuse(request, Why::NoRoute).await),
            // No route matched: the router's fallback answers, with nothing to protect.
            None => None,
        };

        let https = self.security.config().https;
        let program = match access {
            None | Some(Access::Public) => None,
            Some(_) => bearer_of(request.headers()),
        };
        // Beside a token no cookie counts: a page could have had a browser send it.
        let token = match &program {
            Some(token) => Some(token.clone()),
            None => cookie(request.headers(), SESSION_COOKIE, https),
        };
        let signed = match &token {
            None => None,
            Some(token) if program.is_some() => {
                match self.security.recognise_program(token).await {
                    Ok(Some(signed)) => Some(signed),
                    Ok(None) => return Err(refuse(request, Why::NoToken).await),
                    Err(error) => return Err(refuse(request, Why::Failed(error)).await),
                }
            }
            Some(token) => match self.recognise(token).await {
                Ok(signed) => signed,
                Err(error) => return Err(refuse(request, Why::Failed(error)).await),
            },
        };
        let address = self.address(&request);
        self.take_certificate(&mut request);
        let is_signed = signed.is_some();
        let (secret, fresh_visitor) = match token {
            Some(token) if is_signed => (token, None),
            _ => match cookie(request.headers(), VISITOR_COOKIE, https) {
                Some(visitor) => (visitor, None),
                None => match crypto::new_token(self.security.random().as_ref()) {
                    Ok(visitor) => (visitor.clone(), Some(visitor)),
                    Err(error) => return Err(refuse(request, Why::Failed(error)).await),
                },
            },
        };
        let visit = Visit::new(signed, &secret, address, fresh_visitor);
        request.extensions_mut().insert(visit.clone());
        self.put_frame(&mut request, &visit);
        if let Err(seconds) = self.count(&request, &visit) {
            return Err(refuse(request, Why::TooOften(seconds)).await);
        }

        let route = request
            .extensions()
            .get::<MatchedPath>()
            .and_then(|path| self.table.find(request.method(), path.as_str()));
        let is_described = route.is_some_and(|route| route.operation.is_some());
        let proves_itself = route.is_some_and(|route| route.proves_itself);
        if program.is_some() && !is_described {
            return Err(refuse(request, Why::NotForPrograms).await);
        }

        if !matches!(access, None | Some(Access::Public))
            && let Some(duty) = visit.duty()
        {
            let path = request.extensions().get::<MatchedPath>();
            if !path.is_some_and(|path| answers_in_duty(duty, path.as_str())) {
                return Err(refuse(request, Why::Owes(duty)).await);
            }
        }
        match access {
            None | Some(Access::Public) => {}
            Some(Access::SignedIn) if is_signed => {}
            Some(Access::Action(action)) if is_signed => {
                let allowed = visit.permit().map(|permit| permit.require(action));
                if let Some(Err(denied)) = allowed {
                    let asked = self.asked_for(&request);
                    self.note_refusal(&visit, asked).await;
                    return Err(refuse(request, Why::Denied(denied)).await);
                }
            }
            Some(Access::SignedIn | Access::Action(_)) => {
                return Err(refuse(request, Why::NotSignedIn).await);
            }
        }
        let needs_form = program.is_none() && !proves_itself;
        if access.is_some() && needs_form && changes_something(request.method()) {
            request = self.keep_out_forgeries(request, &visit, &secret).await?;
        }
        Ok(request)
    }

    /// What a refusal is noted with: the route, and the operation id. A request itself cannot be held while one waits.
    fn asked_for(&self, request: &Request) -> (Subject, Option<String>) {
        let path = request.extensions().get::<MatchedPath>();
        let route = path.and_then(|path| self.table.find(request.method(), path.as_str()));
        let subject = route.map_or_else(Subject::none, |route| {
            Subject::route(route.method, route.path)
        });
        let operation = request.extensions().get::<ui::OperationId>();
        (subject, operation.map(|id| id.0.clone()))
    }

    /// Notes that somebody asked for what their post may not do.
    async fn note_refusal(&self, visit: &Visit, asked: (Subject, Option<String>)) {
        let Some(permit) = visit.permit() else {
            return;
        };
        let (subject, operation) = asked;
        let origin = Origin::of(visit, operation.as_deref());
        let address = visit.address();
        let noting = self.security.audit_alone(
            permit.actor(),
            AuditAction::AccessRefused,
            &subject,
            Outcome::Refused,
            Some(&address),
        );
        if let Err(error) = origin.scope(noting).await {
            tracing::error!(%error, "a refused request could not be recorded");
        }
    }

    /// Counts the request among those of its caller. What is not there costs nothing and is not counted.
    fn count(&self, request: &Request, visit: &Visit) -> Result<(), u64> {
        let Some(path) = request.extensions().get::<MatchedPath>() else {
            return Ok(());
        };
        let load = self.table.load(request.method(), path.as_str());
        let account = visit.signed().map(|signed| signed.account.id);
        let rates = &self.security.config().rates;
        self.limiter.count(rates, account, visit.ip(), load)
    }

    fn put_frame(&self, request: &mut Request, visit: &Visit) {
        if kind_of(request.headers(), request.uri()) == AnswerKind::Json {
            return;
        }
        if let Some(catalogue) = request.extensions().get::<Arc<Catalogue>>() {
            let text = catalogue.text(Language::of_request(request.headers()));
            let frame = (self.frame)(visit, &text);
            request.extensions_mut().insert(frame);
        }
    }

    async fn recognise(&self, token: &str) -> Result<Option<crate::Signed>, SecurityError> {
        self.security.keep_units_current().await?;
        self.security.recognise(token).await
    }

    async fn keep_out_forgeries(
        &self,
        request: Request,
        visit: &Visit,
        secret: &str,
    ) -> Result<Request, Refusal> {
        let limit = self.security.config().form_limit;
        // What is left of the request to answer with, should its body be used up.
        let (parts, body) = request.into_parts();
        let asked = Request::from_parts(parts.clone(), axum::body::Body::empty());
        match forgery::check(Request::from_parts(parts, body), secret, limit).await {
            Ok(request) => Ok(request),
            Err(Forged::TooLarge) => Err(refuse(asked, Why::TooLarge).await),
            Err(forged) => {
                if let (Forged::CrossSite, Some(permit)) = (forged, visit.permit()) {
                    let noted = self
                        .security
                        .audit_alone(
                            permit.actor(),
                            AuditAction::ForgedRequest,
                            &Subject::none(),
                            Outcome::Refused,
                            Some(&visit.address()),
                        )
                        .await;
                    if let Err(error) = noted {
                        tracing::error!(%error, "a forged request could not be recorded");
                    }
                }
                Err(refuse(asked, Why::Forged).await)
            }
        }
    }

    /// The certificate that a proxy in front took from the client (RFC 9440), believed only from those that
    /// the operator named; one that the connection itself showed stands.
    fn take_certificate(&self, request: &mut Request) {
        if request.extensions().get::<ClientCertificate>().is_some() {
            return;
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let is_trusted = peer.is_some_and(|peer| {
            let proxies = &self.security.config().trusted_proxies;
            proxies.contains(&peer.0.ip().to_canonical())
        });
        if !is_trusted {
            return;
        }
        let shown = request
            .headers()
            .get("client-cert")
            .and_then(|value| value.to_str().ok())
            .and_then(certificate_of_header);
        if let Some(der) = shown {
            request
                .extensions_mut()
                .insert(ClientCertificate { der: der.into() });
        }
    }

    fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let forwarded: Vec<&str> = request
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let forwarded = forwarded.join(",");
        client_address(
            peer.map(|peer| peer.0.ip()),
            Some(&forwarded),
            &self.security.config().trusted_proxies,
        )
    }
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The token of a program, where the request is sent with one.
fn bearer_of(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    bearer(header).map(str::to_owned)
}

fn cookie(headers: &HeaderMap, name: &str, https: bool) -> Option<String> {
    ui::cookie(headers, &cookie_name(name, https)).map(str::to_owned)
}

fn kind_of(headers: &HeaderMap, uri: &Uri) -> AnswerKind {
    if bearer_of(headers).is_some() {
        return AnswerKind::Json;
    }
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    answer_kind(
        uri.path(),
        accept,
        headers.contains_key(ui::FRAGMENT_HEADER),
    )
}

#[derive(Debug)]
enum Why {
    NoRoute,
    NotSignedIn,
    Owes(Duty),
    Denied(Denied),
    Forged,
    TooLarge,
    /// A token that is none, expired or was taken back.
    NoToken,
    /// A page, asked for with a token.
    NotForPrograms,
    /// With the seconds after which the next request is looked at.
    TooOften(u64),
    Failed(SecurityError),
}

impl Why {
    /// Status, code for programs, and the key of the message.
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoRoute | Self::Denied(Denied::Hidden) => (
                StatusCode::NOT_FOUND,
                "security.not_found",
                "security-not-found",
            ),
            Self::NotSignedIn => (
                StatusCode::UNAUTHORIZED,
                "security.not_signed_in",
                "security-not-signed-in",
            ),
            Self::Owes(Duty::Password) => (
                StatusCode::FORBIDDEN,
                "security.owes_password",
                "security-owes-password",
            ),
            Self::Owes(Duty::Factor) => (
                StatusCode::FORBIDDEN,
                "security.owes_factor",
                "security-owes-factor",
            ),
            Self::Denied(Denied::Action(_)) => (
                StatusCode::FORBIDDEN,
                "security.not_allowed",
                "security-not-allowed",
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "security.form_expired",
                "security-form-expired",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "security.form_too_large",
                "security-form-too-large",
            ),
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "security.no_token",
                "security-no-token",
            ),
            Self::NotForPrograms => (
                StatusCode::FORBIDDEN,
                "security.not_for_programs",
                "security-not-for-programs",
            ),
            Self::TooOften(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "security.too_often",
                "security-too-often",
            ),
            Self::Failed(error) => (error.status(), error.code(), "security-failed"),
        }
    }
}

#[derive(Serialize)]
struct JsonRefusal {
    code: &'static str,
    message: String,
}

/// The answer to a request that may not go on, in the form its sender can use.
async fn refuse(request: Request, why: Why) -> Refusal {
    let (mut parts, _) = request.into_parts();
    let kind = kind_of(&parts.headers, &parts.uri);
    if let Why::Failed(error) = &why {
        tracing::error!(code = error.code(), %error, "the gate could not look at a request");
    }
    let (status, code, key) = why.answer();
    let shell = Shell::from_request_parts(&mut parts, &()).await.ok();
    if let (Why::NotSignedIn, AnswerKind::Page) = (&why, kind) {
        return Box::new(to_sign_in(&parts.method, &parts.uri));
    }
    if let (Why::Owes(duty), AnswerKind::Page) = (&why, kind) {
        return Box::new(to_page(duty.page()));
    }
    let sentence = shell
        .as_ref()
        .map_or_else(|| status.to_string(), |shell| shell.text.get(key));
    let response = match (kind, shell) {
        (AnswerKind::Json, _) | (_, None) => {
            let body = JsonRefusal {
                code,
                message: sentence,
            };
            let json = serde_json::to_string(&body).unwrap_or_default();
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (status, kind, json).into_response()
        }
        (AnswerKind::Page | AnswerKind::Fragment, Some(shell)) => {
            let title = shell.text.get(&format!("{key}-title"));
            ErrorPage {
                status,
                code: code.to_owned(),
                title,
                sentence,
                operation: None,
            }
            .into_response(shell)
        }
    };
    let mut response = response;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(why, Why::NoToken) {
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Why::TooOften(seconds) = why {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Box::new(response)
}

/// To the sign-in page, and back to where a page was asked for; what a form sent is lost with its session.
fn to_sign_in(method: &Method, uri: &Uri) -> Response {
    let here = uri.path_and_query().map_or("/", |path| path.as_str());
    let address = if *method == Method::GET && here != "/" {
        ui::Url::parse("/signin").with("next", here).to_string()
    } else {
        "/signin".to_owned()
    };
    to_page(&address)
}

fn to_page(address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
