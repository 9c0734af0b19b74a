//! A browser with a cookie jar that talks to the pages without a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::{Extension, Router};
use security::{Room, RouteTable, web};
use tower::ServiceExt;

use super::House;

pub(super) struct Browser {
    program: Router,
    cookies: BTreeMap<String, String>,
    token: String,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of the first input of that name.
    pub(super) fn field(&self, name: &str) -> String {
        let text = self.text();
        let (_, rest) = text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no field {name}:\n{text}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

fn program(house: &House) -> Router {
    let rooms: Room<()> = Room::new()
        .merge(security::pages::room(house.security.clone()))
        .merge(crate::room(house.workflow.clone()));
    let (router, routes) = rooms.into_parts();
    let table = Arc::new(RouteTable::new(routes).unwrap());
    let catalogue = ui::Catalogue::new(vec![security::messages(), crate::messages()]);
    web::protect(router, house.security.clone(), table, web::plain_frame())
        .layer(Extension(catalogue))
}

impl Browser {
    /// A browser in which someone of the house is signed in.
    pub(super) async fn of(house: &House, login: &str) -> Self {
        let mut browser = Self {
            program: program(house),
            cookies: BTreeMap::new(),
            token: String::new(),
        };
        let page = browser.get("/signin").await;
        browser.token = page.field("csrf");
        let sent = [("login", login), ("password", "Wei-He river 2026")];
        let answer = browser.post("/signin", &sent).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        browser.token = browser.get("/account").await.field("csrf");
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
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        headers.insert(header::ACCEPT, "text/html".parse().unwrap());
        let peer: std::net::SocketAddr = "192.0.2.1:4000".parse().unwrap();
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
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 24)
            .await
            .unwrap()
            .to_vec();
        Answer {
            status,
            headers,
            body,
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Sends a form with the token of the session.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                })
                .collect()
        };
        let token = self.token.clone();
        let body: Vec<String> = std::iter::once(&("csrf", token.as_str()))
            .chain(fields)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")))
            .unwrap();
        self.send(request).await
    }

    /// Uploads a file in a form, the token first.
    pub(super) async fn upload(&mut self, path: &str, name: &str, bytes: &[u8]) -> Answer {
        let edge = "edge-of-the-form";
        let mut body = format!(
            "--{edge}\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n\
             --{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: text/html\r\n\r\n",
            self.token
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{edge}--\r\n").as_bytes());
        let request = Request::post(path)
            .header(
                header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={edge}"),
            )
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }
}
