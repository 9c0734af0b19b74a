//! A browser with a cookie jar that talks to the program without a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Multipart};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::{Extension, Router};
use tower::ServiceExt;

use crate::describe::Operation;
use crate::routes::{Access, Room, RouteTable};
use crate::{Action, RequirePermit, Security, Visit, pages, web};

static DATA: Operation = Operation {
    id: "data",
    summary: "",
    parameters: &[],
    body: None,
    answers: &[],
};

static WRITE: Operation = Operation {
    id: "write",
    ..DATA
};

pub(crate) fn program(security: &Security) -> Router {
    let rooms = Room::new()
        .get("/", Access::SignedIn, async || "home")
        .get("/healthz", Access::Public, async || "ok")
        .get(
            "/schools",
            Access::Action(Action::Read),
            async |permit: RequirePermit, visit: Visit| {
                format!("{} {}", permit.actor(), visit.csrf())
            },
        )
        .post("/schools", Access::Action(Action::Edit), async || "saved")
        .get(
            "/data",
            Access::Action(Action::Read),
            async |permit: RequirePermit, visit: Visit| {
                let seen = ["institution", "budget", "division"]
                    .map(|dataset| format!("{dataset}:{}", permit.sees_dataset(dataset)));
                format!(
                    "{} {}",
                    visit.signed().unwrap().account.login,
                    seen.join(" ")
                )
            },
        )
        .described(&DATA)
        .post("/data", Access::Action(Action::Export), async || "written")
        .described(&WRITE)
        .get("/export", Access::Action(Action::Read), async || "rows")
        .working_long()
        .get("/tiles/{z}", Access::Action(Action::Read), async || "tile")
        .post("/upload", Access::Action(Action::Read), take)
        .merge(pages::room(security.clone()));
    let (router, routes) = rooms.into_parts();
    let table = Arc::new(RouteTable::new(routes).unwrap());
    // A route that no table names, as if a room had gone round `Room`.
    let router = router.route("/forgotten", axum::routing::get(async || "secret"));
    web::protect(router, security.clone(), table, web::plain_frame())
        .layer(Extension(ui::Catalogue::new(vec![crate::messages()])))
}

async fn take(mut parts: Multipart) -> String {
    let mut seen = Vec::new();
    while let Some(part) = parts.next_field().await.unwrap() {
        let name = part.name().unwrap().to_owned();
        seen.push(format!("{name}:{}", part.bytes().await.unwrap().len()));
    }
    seen.join(" ")
}

/// As RFC 9440 writes a certificate.
fn certificate_header(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!(":{text}:")
}

pub(crate) struct Browser {
    program: Router,
    cookies: BTreeMap<String, String>,
    address: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// What the page asks the browser with for a passkey.
    pub(crate) fn options(&self) -> String {
        let (_, rest) = self.text.split_once("data-options=\"").unwrap();
        rest.split('"').next().unwrap().replace("&quot;", "\"")
    }

    /// The token in the first form of the page.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    pub(crate) fn new(security: &Security) -> Self {
        Self {
            program: program(security),
            cookies: BTreeMap::new(),
            address: "192.0.2.1:4000".to_owned(),
        }
    }

    pub(crate) fn at(mut self, address: &str) -> Self {
        self.address = format!("{address}:4000");
        self
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&String> {
        self.cookies.get(name)
    }

    pub(crate) fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, jar.join("; ").parse().unwrap());
        headers.insert(header::HOST, "weihe.example".parse().unwrap());
        headers.insert(header::USER_AGENT, "Chromium 86".parse().unwrap());
        let peer: std::net::SocketAddr = self.address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.program.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from("same-origin", path, fields).await
    }

    pub(crate) async fn post_from(
        &mut self,
        site: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('/', "%2F")))
            .collect();
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.join("&"))).unwrap())
            .await
    }

    /// A connection that a proxy says was made with this certificate.
    pub(crate) async fn get_with_certificate(&mut self, path: &str, der: &[u8]) -> Answer {
        let request = Request::get(path)
            .header(header::ACCEPT, "text/html")
            .header("client-cert", certificate_header(der));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_with_certificate(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        der: &[u8],
    ) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('/', "%2F")))
            .collect();
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("client-cert", certificate_header(der))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.join("&"))).unwrap())
            .await
    }

    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        let token = self.get("/signin").await.token();
        let fields = [
            ("csrf", token.as_str()),
            ("login", login),
            ("password", password),
        ];
        self.post("/signin", &fields).await
    }
}
