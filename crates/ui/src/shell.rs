//! What stands round every page: the [`Frame`] that the program's middleware fills for a signed-in
//! reader, and the [`Shell`] that a handler takes as an argument and makes its page from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use maud::{Markup, html};

use crate::icon::Icon;
use crate::page::Page;
use crate::text::Text;
use crate::url::Url;

/// The request header by which a script asks for the work area only, without the frame.
pub const FRAGMENT_HEADER: &str = "weihe-fragment";

/// One entry of the navigation. The list holds only what the reader may use.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Message key of the label.
    pub label: &'static str,
    /// Address.
    pub href: String,
    /// Icon.
    pub icon: Icon,
    /// Something to be done there, shown as a number.
    pub count: Option<u64>,
}

impl NavItem {
    /// An entry without a number.
    pub fn new(label: &'static str, href: impl Into<String>, icon: Icon) -> Self {
        Self {
            label,
            href: href.into(),
            icon,
            count: None,
        }
    }
}

/// The unit and post in which the reader works: `陕西省教育厅 · 基教处`.
#[derive(Clone, Debug)]
pub struct PostLine {
    /// The unit's name.
    pub unit: String,
    /// The post's name.
    pub post: String,
    /// Other posts of the same person: a label and the value that chooses it.
    pub others: Vec<(String, String)>,
    /// Where a POST with that value switches, and the name of its field.
    pub switch: (String, &'static str),
}

/// The reader's own menu.
#[derive(Clone, Debug)]
pub struct UserMenu {
    /// The name as shown: `王某`.
    pub name: String,
    /// Links: label (already in the reader's language) and address.
    pub links: Vec<(String, String)>,
    /// Where a POST signs out.
    pub sign_out: String,
}

/// The search box of the header: a GET form with one field `q`.
#[derive(Clone, Debug)]
pub struct SearchBox {
    /// Address.
    pub action: String,
    /// Message key of the placeholder and label.
    pub label: &'static str,
}

/// What the program knows about the reader and shows round every page. The middleware puts one into the
/// request extensions; without it a page has only the name of the program and the language switch.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Navigation, at most about ten entries; on a phone the first four and "more".
    pub nav: Vec<NavItem>,
    /// Unit and post.
    pub post: Option<PostLine>,
    /// Reader.
    pub user: Option<UserMenu>,
    /// Search.
    pub search: Option<SearchBox>,
    /// Number of things to do, and where they are listed.
    pub inbox: Option<(u64, String)>,
    /// A line above every page, such as 合成数据 in the demo province.
    pub banner: Option<String>,
    /// Whether pages with personal data bear their watermark on paper only, not on the screen.
    pub mark_on_paper_only: bool,
    /// The reader's token against forged forms (`security::Visit::csrf`).
    pub form_token: Option<String>,
}

impl Frame {
    /// The hidden field with the reader's token: the first thing inside every form that changes something.
    pub fn form_field(&self) -> Markup {
        html! { @if let Some(token) = &self.form_token { input type="hidden" name="csrf" value=(token); } }
    }
}

/// The id by which the operator finds a request in the log. The program's outermost middleware puts one
/// into the request extensions; error pages of status 500 and above show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationId(pub String);

/// The frame of this request, with the reader's words. Take it as an argument of a handler:
/// `async fn list(shell: Shell, …) -> Page`.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The words.
    pub text: Text,
    /// The address of this request.
    pub url: Url,
    /// What stands round the page.
    pub frame: Frame,
    pub(crate) fragment: bool,
    pub(crate) request: HeaderMap,
    pub(crate) operation: Option<String>,
}

impl Shell {
    /// A shell outside of a request, for tests and the gallery.
    pub fn new(text: Text, address: &str, frame: Frame) -> Self {
        Self {
            text,
            url: Url::parse(address),
            frame,
            fragment: false,
            request: HeaderMap::new(),
            operation: None,
        }
    }

    /// A page with this title, in the reader's language.
    pub fn page(self, title: impl Into<String>) -> Page {
        Page::new(self, title.into())
    }

    /// Whether a script asked for the work area only.
    pub fn wants_fragment(&self) -> bool {
        self.fragment
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Shell {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let text = Text::from_request_parts(parts, state).await?;
        let address = parts
            .extensions
            .get::<axum::extract::OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        let address = address.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            text,
            url: Url::parse(address),
            frame: parts.extensions.get::<Frame>().cloned().unwrap_or_default(),
            fragment: parts.headers.contains_key(FRAGMENT_HEADER),
            request: parts.headers.clone(),
            operation: parts.extensions.get::<OperationId>().map(|id| id.0.clone()),
        })
    }
}
