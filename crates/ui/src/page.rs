//! A page is a typed value: title, place, tools, body, status and how long it may be kept. It becomes
//! HTML only when it is sent.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::assets::matches_etag;
use crate::layout;
use crate::shell::Shell;

/// Sent with every page: nothing inline, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/// A script (with its style) that is loaded only on pages that use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Island {
    /// `<weihe-map>`
    Map,
    /// `<weihe-upload>`: a file form with a progress bar.
    Upload,
    /// `<weihe-progress>`: follows a running job.
    Progress,
    /// `<weihe-cascade>`: province → city → county as selects that fill one another.
    Cascade,
    /// `<weihe-passkey>`: asks the browser for a passkey.
    Passkey,
}

impl Island {
    /// The scripts and styles, as logical asset names.
    pub fn assets(self) -> &'static [&'static str] {
        match self {
            Self::Map => &["map.css", "map.js"],
            Self::Upload => &["upload.js"],
            Self::Progress => &["progress.js"],
            Self::Cascade => &["cascade.js"],
            Self::Passkey => &["passkey.js"],
        }
    }
}

/// How long a page may be kept by the browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// Asked for again each time, answered with 304 when nothing changed.
    #[default]
    Revalidate,
    /// Not kept at all: pages with personal data, forms with secrets.
    Never,
    /// For everyone, for so many seconds: public pages only.
    Public(u32),
}

/// One step of the breadcrumb.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub(crate) label: String,
    pub(crate) href: Option<String>,
}

impl Crumb {
    /// A place above this one.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
        }
    }

    /// This place.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// The control for 业务时点: a date field that keeps the rest of the address.
#[derive(Clone, Debug)]
pub struct AsOf {
    /// The day that is shown, ISO.
    pub day: String,
    /// The first day that has data, ISO.
    pub first: Option<String>,
    /// The last day that may be asked for, ISO.
    pub last: Option<String>,
    /// 掌握时点, as words, where the page is not as known now.
    pub known_on: Option<String>,
}

impl AsOf {
    /// This day, without limits, as known now.
    pub fn day(day: impl Into<String>) -> Self {
        Self {
            day: day.into(),
            first: None,
            last: None,
            known_on: None,
        }
    }
}

/// A page. Made by [`Shell::page`], finished by [`Page::body`], returned from a handler.
#[derive(Debug)]
#[must_use]
pub struct Page {
    pub(crate) shell: Shell,
    pub(crate) title: String,
    pub(crate) lead: Option<String>,
    pub(crate) crumbs: Vec<Crumb>,
    pub(crate) as_of: Option<AsOf>,
    pub(crate) tools: Vec<Markup>,
    pub(crate) badges: Vec<Markup>,
    pub(crate) body: Markup,
    pub(crate) source_line: Option<Markup>,
    pub(crate) islands: Vec<Island>,
    pub(crate) styles: Vec<&'static str>,
    pub(crate) filling: bool,
    pub(crate) narrow: bool,
    pub(crate) section: Option<String>,
    pub(crate) refresh: Option<u32>,
    pub(crate) personal: Option<String>,
    cache: Cache,
    status: StatusCode,
}

impl Page {
    pub(crate) fn new(shell: Shell, title: String) -> Self {
        Self {
            shell,
            title,
            lead: None,
            crumbs: Vec::new(),
            as_of: None,
            tools: Vec::new(),
            badges: Vec::new(),
            body: html! {},
            source_line: None,
            islands: Vec::new(),
            styles: Vec::new(),
            filling: false,
            narrow: false,
            section: None,
            refresh: None,
            personal: None,
            cache: Cache::default(),
            status: StatusCode::OK,
        }
    }

    /// A sentence under the title.
    pub fn lead(mut self, sentence: impl Into<String>) -> Self {
        self.lead = Some(sentence.into());
        self
    }

    /// Where this page is.
    pub fn crumbs(mut self, crumbs: Vec<Crumb>) -> Self {
        self.crumbs = crumbs;
        self
    }

    /// The control for 业务时点.
    pub fn as_of(mut self, as_of: AsOf) -> Self {
        self.as_of = Some(as_of);
        self
    }

    /// A button or link at the right of the bar: export, print, add. Repeat for more.
    pub fn tool(mut self, tool: Markup) -> Self {
        self.tools.push(tool);
        self
    }

    /// A badge beside the title: 合成数据, 示意. Repeat for more.
    pub fn badge(mut self, badge: Markup) -> Self {
        self.badges.push(badge);
        self
    }

    /// The work.
    pub fn body(mut self, body: Markup) -> Self {
        self.body = body;
        self
    }

    /// The 口径 line under the work: definition, clock, source, commit.
    pub fn source_line(mut self, line: Markup) -> Self {
        self.source_line = Some(line);
        self
    }

    /// A script this page uses. Repeat for more.
    pub fn island(mut self, island: Island) -> Self {
        if !self.islands.contains(&island) {
            self.islands.push(island);
        }
        self
    }

    /// The page shows personal data, read at this time (as people write it: `2026-11-25 14:03`): it bears the
    /// reader's name, unit and the time as a watermark and a line, on the screen and on paper, and is not kept
    /// by the browser.
    pub fn personal(mut self, at: impl Into<String>) -> Self {
        self.personal = Some(at.into());
        self.cache = Cache::Never;
        self
    }

    pub(crate) fn style(mut self, asset: &'static str) -> Self {
        self.styles.push(asset);
        self
    }

    /// The work fills the window below the bar (the map); no title line, no margins.
    pub fn filling(mut self) -> Self {
        self.filling = true;
        self
    }

    /// The work is one column of text or a form, at a readable width.
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// Marks the navigation entry with this address as current, where the address of the page does not
    /// begin with it.
    pub fn section(mut self, href: impl Into<String>) -> Self {
        self.section = Some(href.into());
        self
    }

    /// Without JavaScript the page loads itself again after so many seconds (a running job).
    pub fn refresh_without_script(mut self, seconds: u32) -> Self {
        self.refresh = Some(seconds);
        self
    }

    /// How long the page may be kept.
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }

    /// The status code, 200 unless said.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The whole HTML document.
    pub fn to_html(&self) -> String {
        layout::document(self).into_string()
    }

    /// The title and the work area only, as a script asks for it.
    pub fn to_fragment(&self) -> String {
        layout::fragment(self).into_string()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = if self.shell.fragment {
            self.to_fragment()
        } else {
            self.to_html()
        };
        let cache_control = match self.cache {
            Cache::Revalidate => "private, no-cache".to_owned(),
            Cache::Never => "no-store".to_owned(),
            Cache::Public(seconds) => format!("public, max-age={seconds}"),
        };
        let language = self.shell.text.language().tag();
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .header(header::CACHE_CONTROL, cache_control)
            .header(header::CONTENT_LANGUAGE, language)
            .header(header::VARY, "cookie, accept-language, weihe-fragment");
        let mut kept = false;
        if self.cache != Cache::Never && self.status == StatusCode::OK {
            let etag = etag(&html);
            kept = matches_etag(&self.shell.request, &etag);
            response = response.header(header::ETAG, etag);
        }
        if kept {
            response = response.status(StatusCode::NOT_MODIFIED);
        }
        let body = if kept { String::new() } else { html };
        let mut response = response
            .body(body.into())
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
        secure(response.headers_mut());
        response
    }
}

/// The headers that keep a page to itself. Pages set them; the program sets them on everything else.
pub fn secure(headers: &mut axum::http::HeaderMap) {
    let fixed: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(
            name,
            HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("")),
        );
    }
}

/// A weak validator: the same program gives the same one for the same text.
fn etag(html: &str) -> String {
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}
