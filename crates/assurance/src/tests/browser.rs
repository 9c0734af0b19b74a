//! A browser with a cookie jar that talks to the room behind the gate without a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::{Extension, Router};
use security::{Room, RouteTable, web};
use tower::ServiceExt;

use super::{House, PASSWORD};

pub(crate) struct Browser {
    program: Router,
    cookies: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Answer {
    /// The value of the first hidden field of a name.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start).unwrap_or_else(|| {
            panic!("no field {name} in {}", self.text);
        });
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    /// Someone who signed in and holds a post.
    pub(crate) async fn signed_in(house: &House, login: &str) -> Self {
        let (router, routes) = Room::new()
            .merge(security::pages::room(house.security.clone()))
            .merge(crate::room(house.assurance.clone()))
            .into_parts();
        let table = Arc::new(RouteTable::new(routes).unwrap());
        let catalogue = ui::Catalogue::new(vec![crate::messages(), security::messages()]);
        let program = web::protect(router, house.security.clone(), table, web::plain_frame())
            .layer(Extension(catalogue));
        let mut browser = Self {
            program,
            cookies: BTreeMap::new(),
        };
        let token = browser.get("/signin").await.field("csrf");
        let fields = [
            ("csrf", token.as_str()),
            ("login", login),
            ("password", PASSWORD),
        ];
        let answer = browser.post("/signin", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, jar.join("; ").parse().unwrap());
        headers.insert(header::HOST, "weihe.example".parse().unwrap());
        let peer: std::net::SocketAddr = "192.0.2.1:4000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.program.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response
            .headers()
            .get(header::LOCATION)
            .map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        Answer {
            status,
            location,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) fn cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| -> String {
            text.bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                })
                .collect()
        };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.join("&"))).unwrap())
            .await
    }

    /// Opens a page, and sends a form of it with its token.
    pub(crate) async fn form(
        &mut self,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let token = self.get(page).await.field("csrf");
        let mut sent = vec![("csrf", token.as_str())];
        sent.extend_from_slice(fields);
        self.post(action, &sent).await
    }
}
