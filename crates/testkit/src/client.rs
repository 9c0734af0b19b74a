//! A browser: it keeps cookies, follows nothing by itself, and sends the token of its session with forms.

use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{self, HeaderMap};
use reqwest::multipart::Form;
use reqwest::{RequestBuilder, StatusCode};
use scraper::{Html, Selector};

/// A browser.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    jar: Arc<Jar>,
    url: String,
    token: String,
}

/// What it was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

impl Client {
    /// One in which nobody is signed in, looking at the program at an address such as `http://127.0.0.1:4080`.
    pub fn at_url(url: &str) -> Self {
        Self::new(url.to_owned())
    }

    pub(crate) fn new(url: String) -> Self {
        let jar = Arc::new(Jar::default());
        let http = reqwest::Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Mozilla/5.0 (X11; Linux x86_64) Chrome/86.0 testkit")
            .build()
            .unwrap();
        Self {
            http,
            jar,
            url,
            token: String::new(),
        }
    }

    /// Where it looks: the address of the program.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Signs in through the page, and keeps the token of the new session.
    pub async fn sign_in(&mut self, login: &str, password: &str) {
        let answer = self.try_sign_in(login, password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        self.renew().await;
    }

    /// Signs in for the first time with a password that was generated, and sets one's own.
    pub async fn sign_in_first(&mut self, login: &str, given: &str, wanted: &str) {
        let answer = self.try_sign_in(login, given).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        self.token = token_of(&self.get("/account/password").await);
        let fields = [("present", given), ("wanted", wanted), ("again", wanted)];
        let changed = self.form("/account/password", &fields).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text());
        self.renew().await;
    }

    /// Takes the token of the session anew, as a page that is loaded again has it.
    pub async fn renew(&mut self) {
        self.token = token_of(&self.get("/account").await);
    }

    /// Tries to sign in through the page.
    pub async fn try_sign_in(&mut self, login: &str, password: &str) -> Answer {
        let page = self.get("/signin").await;
        self.token = token_of(&page);
        self.form("/signin", &[("login", login), ("password", password)])
            .await
    }

    /// Asks for a page, as a browser does.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.page_request(path)).await
    }

    /// Asks for something that is no page: a tile, JSON, a file.
    pub async fn fetch(&self, path: &str) -> Answer {
        send(self.http.get(self.at(path)).header(header::ACCEPT, "*/*")).await
    }

    /// Asks as a script of ours does, for the work area only.
    pub async fn fragment(&self, path: &str) -> Answer {
        send(self.page_request(path).header("weihe-fragment", "1")).await
    }

    /// Asks with headers of the test's own.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.get(self.at(path));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        send(request).await
    }

    /// Sends a form with the token of the session.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("csrf", self.token.as_str())];
        pairs.extend_from_slice(fields);
        self.form_without_token(path, &pairs).await
    }

    /// Sends a form as it is.
    pub async fn form_without_token(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .http
            .post(self.at(path))
            .header(header::ACCEPT, "text/html");
        send(request.form(fields)).await
    }

    /// Uploads a form with files; the token goes first, as in the program's own forms.
    pub async fn multipart(&self, path: &str, fill: impl FnOnce(Form) -> Form) -> Answer {
        let form = fill(Form::new().text("csrf", self.token.clone()));
        let request = self
            .http
            .post(self.at(path))
            .header(header::ACCEPT, "text/html");
        send(request.multipart(form)).await
    }

    /// The cookies that it would send, as the header has them.
    pub fn cookie_line(&self) -> String {
        let url = self.url.parse().unwrap();
        let line = self.jar.cookies(&url);
        line.map_or_else(String::new, |line| line.to_str().unwrap().to_owned())
    }

    /// The token of the session.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn page_request(&self, path: &str) -> RequestBuilder {
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        self.http
            .get(self.at(path))
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9")
    }

    fn at(&self, path: &str) -> String {
        if path.starts_with('/') {
            format!("{}{path}", self.url)
        } else {
            path.to_owned()
        }
    }
}

async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer {
        status,
        headers,
        body: response.bytes().await.unwrap().to_vec(),
    }
}

fn token_of(page: &Answer) -> String {
    let token = page.attribute("input[name=csrf]", "value");
    token.unwrap_or_else(|| panic!("no form with a token on the page:\n{}", page.text()))
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.text()))
    }

    /// The body as HTML.
    pub fn html(&self) -> Html {
        Html::parse_document(&self.text())
    }

    /// Where it leads; empty where it leads nowhere.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A header; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The words of every element that a selector finds, white space made even.
    pub fn words(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let html = self.html();
        html.select(&selector)
            .map(|element| {
                element
                    .text()
                    .collect::<String>()
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    }

    /// An attribute of the first element that a selector finds.
    pub fn attribute(&self, selector: &str, attribute: &str) -> Option<String> {
        let selector = Selector::parse(selector).unwrap();
        let html = self.html();
        html.select(&selector)
            .next()
            .and_then(|element| element.value().attr(attribute))
            .map(str::to_owned)
    }

    /// Every address that the page names, in whatever attribute: what it links to, loads and sends its forms to.
    pub fn addresses(&self) -> Vec<String> {
        let html = self.html();
        let elements = Selector::parse("*").unwrap();
        html.select(&elements)
            .flat_map(|element| element.value().attrs())
            .filter(|(_, value)| value.starts_with('/'))
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    /// What a browser would send of the form that the page is about, were it sent as it stands: the form with the
    /// most fields.
    pub fn form_values(&self) -> Vec<(String, String)> {
        let html = self.html();
        let forms = Selector::parse("form[method=post]").unwrap();
        let fields = Selector::parse("input[name], textarea[name], select[name]").unwrap();
        let chosen = Selector::parse("option[selected]").unwrap();
        let values = |form: scraper::ElementRef<'_>| -> Vec<(String, String)> {
            form.select(&fields)
                .filter_map(|field| {
                    let name = field.value().attr("name")?.to_owned();
                    let value = field.value().attr("value").unwrap_or_default();
                    let is_choice =
                        matches!(field.value().attr("type"), Some("checkbox" | "radio"));
                    match field.value().name() {
                        "select" => {
                            let option = field.select(&chosen).next()?;
                            Some((name, option.value().attr("value")?.to_owned()))
                        }
                        "textarea" => Some((name, field.text().collect())),
                        _ if is_choice && field.value().attr("checked").is_none() => None,
                        _ => Some((name, value.to_owned())),
                    }
                })
                .collect()
        };
        html.select(&forms)
            .map(values)
            .max_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// An attribute of every element that a selector finds.
    pub fn attributes(&self, selector: &str, attribute: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let html = self.html();
        html.select(&selector)
            .filter_map(|element| element.value().attr(attribute))
            .map(str::to_owned)
            .collect()
    }
}
