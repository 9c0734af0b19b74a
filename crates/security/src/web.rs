//! The gate that every request passes: who it is, whether it was forged, whether it may.
//!
//! [`protect`] lays it round the whole program. A handler then takes [`RequirePermit`] (or [`Visit`])
//! as an argument.

mod forgery;
mod gate;
mod headers;
mod limiter;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use maud::{Markup, html};
use ui::{Frame, Text, UserMenu};

pub use gate::protect;

use crate::crypto;
use crate::permit::Permit;
use crate::signin::Signed;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "weihe_session";
/// The cookie that ties the sign-in form to a browser before there is a session.
pub const VISITOR_COOKIE: &str = "weihe_visitor";
/// A cookie's name as it is sent: over https with the prefix by which browsers keep it from other hosts of the
/// domain and from unencrypted answers.
pub(crate) fn cookie_name(name: &str, https: bool) -> String {
    if https {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// The cookie of somebody whose first step was right and whose second is awaited. It opens nothing else.
pub const SECOND_COOKIE: &str = "weihe_second";
/// The field that every form which changes something carries.
pub const CSRF_FIELD: &str = "csrf";
/// The header that scripts send instead.
pub const CSRF_HEADER: &str = "x-weihe-csrf";

/// Who makes this request. In the extensions of every request that passed the gate; an extractor.
#[derive(Clone, Debug)]
pub struct Visit(Arc<VisitParts>);

#[derive(Debug)]
struct VisitParts {
    signed: Option<Arc<Signed>>,
    csrf: String,
    address: Option<IpAddr>,
    fresh_visitor: Option<String>,
}

impl Visit {
    pub(crate) fn new(
        signed: Option<Signed>,
        secret: &str,
        address: Option<IpAddr>,
        fresh_visitor: Option<String>,
    ) -> Self {
        Self(Arc::new(VisitParts {
            signed: signed.map(Arc::new),
            csrf: crypto::csrf_token(secret),
            address,
            fresh_visitor,
        }))
    }

    /// Who is signed in.
    #[must_use]
    pub fn signed(&self) -> Option<&Arc<Signed>> {
        self.0.signed.as_ref()
    }

    /// The permit of who is signed in.
    #[must_use]
    pub fn permit(&self) -> Option<&Arc<Permit>> {
        self.0.signed.as_ref().map(|signed| &signed.permit)
    }

    /// The token for forms of this reader, for [`ui::post_button`] and for scripts.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.0.csrf
    }

    /// The hidden field that must come first in every form which changes something.
    #[must_use]
    pub fn csrf_field(&self) -> Markup {
        csrf_field(self.csrf())
    }

    /// The address the request came from, for audit; empty where it is not known.
    #[must_use]
    pub fn address(&self) -> String {
        self.0
            .address
            .map(|address| address.to_string())
            .unwrap_or_default()
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.0.address
    }

    /// What the session owes first before anything else answers.
    #[must_use]
    pub fn duty(&self) -> Option<crate::Duty> {
        let signed = self.signed()?;
        signed.session.duties.first().copied()
    }

    /// The visitor cookie that the answer must set, where the browser had none.
    pub(crate) fn fresh_visitor(&self) -> Option<&str> {
        self.0.fresh_visitor.as_deref()
    }

    /// The part of the [`Frame`] that this room knows: the reader's menu and the token of forms.
    #[must_use]
    pub fn frame(&self, text: &Text) -> Frame {
        Frame {
            user: self.signed().map(|signed| UserMenu {
                name: signed.account.display.clone(),
                links: [
                    ("security-account", "/account", true),
                    ("security-exports", "/exports", true),
                    ("security-looks", "/account/readings", true),
                    (
                        "security-links",
                        "/person-links",
                        signed.permit.allows(standard::Action::ManageAccounts),
                    ),
                ]
                .into_iter()
                .filter(|(_, _, shown)| *shown)
                .map(|(key, href, _)| (text.get(key), href.to_owned()))
                .collect(),
                sign_out: "/signout".to_owned(),
            }),
            form_token: Some(self.csrf().to_owned()),
            ..Frame::default()
        }
    }
}

/// The certificate that the client of a connection showed, in the extensions of its requests. Who puts it
/// there has verified it: its chain, its days, and that the client holds the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate itself (X.509, DER).
    pub der: Arc<[u8]>,
}

/// Certificates hold names of persons, so none is written out.
impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientCertificate(…)")
    }
}

/// The name under which a client's address is counted: IPv6 by its /64, which one subscriber holds whole.
#[must_use]
pub fn address_group(address: IpAddr) -> String {
    crate::rules::web::address_group(Some(address.to_canonical()))
}

/// How the program fills the frame round its pages: it takes [`Visit::frame`] and adds the navigation that
/// the permit allows, the unit and post, the search. Called for every page, so it must not wait for anything.
pub type FrameMaker = Arc<dyn Fn(&Visit, &Text) -> Frame + Send + Sync>;

/// The frame of a program that has nothing to add.
#[must_use]
pub fn plain_frame() -> FrameMaker {
    Arc::new(Visit::frame)
}

/// The hidden field of a form: see [`Visit::csrf_field`].
#[must_use]
pub fn csrf_field(token: &str) -> Markup {
    html! { input type="hidden" name=(CSRF_FIELD) value=(token); }
}

/// A request that did not pass the gate reached an extractor: the server forgot [`protect`].
type NotProtected = (StatusCode, &'static str);

const NOT_PROTECTED: NotProtected = (
    StatusCode::INTERNAL_SERVER_ERROR,
    "this route is outside of security::web::protect",
);

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = NotProtected;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(NOT_PROTECTED)
    }
}

/// The permit of the request. As an argument of a handler it is the proof that someone is signed in; on
/// a route declared with [`crate::Access::Action`] also that the post allows the action. Derefs to
/// [`Permit`], so `&permit` fits where `&Permit` is asked for.
#[derive(Clone, Debug)]
pub struct RequirePermit(pub Arc<Permit>);

impl Deref for RequirePermit {
    type Target = Permit;

    fn deref(&self) -> &Permit {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequirePermit {
    type Rejection = NotProtected;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let visit = parts.extensions.get::<Visit>().ok_or(NOT_PROTECTED)?;
        // On public routes nobody need be signed in; a handler there takes `Visit`.
        let permit = visit.permit().ok_or((
            StatusCode::UNAUTHORIZED,
            "this route is declared public but asks for a permit",
        ))?;
        Ok(Self(Arc::clone(permit)))
    }
}
