//! A browser with a cookie jar that talks to the pages without a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::{Extension, Router};
use security::{Access, Room, RouteTable, web};
use tower::ServiceExt as _;

use crate::api::Registry;

pub(super) struct Browser {
    program: Router,
    cookies: BTreeMap<String, String>,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the first input of that name.
    pub(super) fn input(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self
            .text
            .split_once(&mark)
            .unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The page is whole: no message is missing, it answered 200.
    pub(super) fn fine(self) -> Answer {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        assert!(!self.text.contains('⟨'), "{}", self.text);
        self
    }

    pub(super) fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

impl Browser {
    pub(super) fn new(registry: &Registry) -> Browser {
        let rooms = Room::new()
            .get("/", Access::SignedIn, async || "home")
            .merge(crate::pages::room(registry.clone()))
            .merge(security::pages::room(registry.security().clone()));
        let (router, routes) = rooms.into_parts();
        let table = Arc::new(RouteTable::new(routes).unwrap());
        let catalogue = ui::Catalogue::new(vec![security::messages(), crate::messages()]);
        let program = web::protect(
            router,
            registry.security().clone(),
            table,
            web::plain_frame(),
        )
        .layer(Extension(catalogue));
        Browser {
            program,
            cookies: BTreeMap::new(),
        }
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
        headers.insert(header::USER_AGENT, "Chromium 86".parse().unwrap());
        headers.insert(header::ACCEPT, "text/html".parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        let peer: std::net::SocketAddr = "192.0.2.1:4000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.program.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies
                .insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = to_bytes(response.into_body(), 256 << 20).await.unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            let pair = ui::Url::parse("").with(name, value).to_string();
            let empty = format!("{name}=");
            let pair = pair.strip_prefix('?').map_or(empty, str::to_owned);
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(&pair);
        }
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends a file with the fields of the upload form, the token first.
    pub(super) async fn upload(
        &mut self,
        token: &str,
        fields: &[(&str, &str)],
        name: &str,
        content: &str,
    ) -> Answer {
        let mut body = String::new();
        for (field, value) in [("csrf", token)].iter().chain(fields) {
            body.push_str(&format!(
                "--B\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{content}\r\n--B--\r\n"
        ));
        let request = Request::post("/imports")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Reads the pages in this language from now on, as after the switch.
    pub(super) fn read_in(&mut self, language: &str) {
        self.cookies.insert("lang".to_owned(), language.to_owned());
    }

    pub(super) async fn sign_in(&mut self, login: &str, password: &str) {
        let token = self.get("/signin").await.input("csrf");
        let answer = self
            .post(
                "/signin",
                &[("csrf", &token), ("login", login), ("password", password)],
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
}
