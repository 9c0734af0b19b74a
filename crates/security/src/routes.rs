//! Every route and who may use it: declared where the handler is attached, enforced by one layer.
//!
//! A room builds a [`Room`], which keeps the axum router and the list of routes together, so that a handler
//! cannot be attached without saying who may call it:
//!
//! ```text
//! pub fn room() -> Room<App> {
//!     Room::new()
//!         .get("/institutions", Access::Action(Action::Read), list::show)
//!         .post("/institutions/{id}", Access::Action(Action::Edit), form::save)
//! }
//! ```
//!
//! The server joins the rooms, makes one [`RouteTable`] and lets [`crate::web::protect`] enforce it: a
//! route that is not in the table does not answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, post, put};
use standard::{Action, Post};

use crate::describe::Operation;

/// The methods that routes use. `HEAD` is `Get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads; changes nothing.
    Get,
    /// Changes something; carries a CSRF token.
    Post,
    /// Replaces something; carries a CSRF token.
    Put,
    /// Takes something away; carries a CSRF token.
    Delete,
}

impl Method {
    pub(crate) fn of(method: &axum::http::Method) -> Option<Self> {
        match method.as_str() {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// As HTTP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without signing in.
    Public,
    /// Anyone who signed in, whatever their post.
    SignedIn,
    /// Those whose post allows the action. Which units it reaches is the handler's to ask of the permit.
    Action(Action),
}

impl Access {
    /// Whether a post may call it.
    #[must_use]
    pub fn allows(self, post: &Post) -> bool {
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Action(action) => post.allows(action),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "public",
            Self::SignedIn => "signed_in",
            Self::Action(action) => action.as_str(),
        })
    }
}

/// What a call asks of the program: limits on time and on how often follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Load {
    /// A page, a form, a tile.
    #[default]
    Ordinary,
    /// It takes files, which may be large and take their time to arrive.
    Files,
    /// It works long: an export, a search through everything. Asked for less often than a page.
    Heavy,
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path as axum matches it, such as `/institutions/{id}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What a call asks of the program.
    pub load: Load,
    /// What programs may know of it; `None` for pages.
    pub operation: Option<&'static Operation>,
    /// Whether its callers prove themselves in each request: no cookie counts, so no token of a form is asked
    /// for.
    pub proves_itself: bool,
}

impl Route {
    /// Something to read.
    #[must_use]
    pub const fn get(path: &'static str, access: Access) -> Self {
        Self {
            method: Method::Get,
            path,
            access,
            load: Load::Ordinary,
            operation: None,
            proves_itself: false,
        }
    }

    /// A form's target.
    #[must_use]
    pub const fn post(path: &'static str, access: Access) -> Self {
        Self {
            method: Method::Post,
            path,
            access,
            load: Load::Ordinary,
            operation: None,
            proves_itself: false,
        }
    }
}

/// A room's router and the list of its routes, built together.
#[derive(Debug)]
pub struct Room<S> {
    router: Router<S>,
    routes: Vec<Route>,
}

impl<S: Clone + Send + Sync + 'static> Default for Room<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Room<S> {
    /// A room without routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            router: Router::new(),
            routes: Vec::new(),
        }
    }

    /// Adds a page or a file to read.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.route(Method::Get, path, access, get(handler))
    }

    /// Adds a form's target.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.route(Method::Post, path, access, post(handler))
    }

    /// Adds a `PUT`.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.route(Method::Put, path, access, put(handler))
    }

    /// Adds a `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.route(Method::Delete, path, access, delete(handler))
    }

    /// Adds a handler with its own layers (an upload limit, say). The handler must answer `method` only.
    #[must_use]
    pub fn route(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: MethodRouter<S>,
    ) -> Self {
        self.router = self.router.route(path, handler);
        self.routes.push(Route {
            method,
            path,
            access,
            load: Load::Ordinary,
            operation: None,
            proves_itself: false,
        });
        self
    }

    /// Says of the route added last that it takes files.
    #[must_use]
    pub fn taking_files(self) -> Self {
        self.bearing(Load::Files)
    }

    /// Says of the route added last that it works long.
    #[must_use]
    pub fn working_long(self) -> Self {
        self.bearing(Load::Heavy)
    }

    /// Says of the route added last what programs may know of it: it then stands in the OpenAPI document.
    #[must_use]
    pub fn described(mut self, operation: &'static Operation) -> Self {
        if let Some(last) = self.routes.last_mut() {
            last.operation = Some(operation);
        }
        self
    }

    /// Says of the route added last that its callers prove themselves in each request.
    #[must_use]
    pub fn proving_itself(mut self) -> Self {
        if let Some(last) = self.routes.last_mut() {
            last.proves_itself = true;
        }
        self
    }

    fn bearing(mut self, load: Load) -> Self {
        if let Some(last) = self.routes.last_mut() {
            last.load = load;
        }
        self
    }

    /// Adds the routes of another room with the same state.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.routes.extend(other.routes);
        self
    }

    /// Gives the handlers their state, so that rooms with different states can be merged.
    #[must_use]
    pub fn with_state<S2: Clone + Send + Sync + 'static>(self, state: S) -> Room<S2> {
        Room {
            router: self.router.with_state(state),
            routes: self.routes,
        }
    }

    /// Takes in a router that was built elsewhere (assets, the language switch) with the list of its routes;
    /// one that the list leaves out will not answer.
    #[must_use]
    pub fn adopt(mut self, router: Router<S>, routes: &[Route]) -> Self {
        self.router = self.router.merge(router);
        self.routes.extend_from_slice(routes);
        self
    }

    /// The router and its routes.
    pub fn into_parts(self) -> (Router<S>, Vec<Route>) {
        (self.router, self.routes)
    }
}

/// All routes of the program.
#[derive(Debug, Default)]
pub struct RouteTable {
    paths: BTreeMap<&'static str, BTreeMap<Method, Route>>,
}

/// What the table says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Known(Access),
    OtherMethod,
    Unknown,
}

impl RouteTable {
    /// Joins the routes of all rooms.
    ///
    /// # Errors
    /// [`TwiceDeclared`] where two rooms declare the same method and path.
    pub fn new(routes: Vec<Route>) -> Result<Self, TwiceDeclared> {
        let mut table = Self::default();
        for route in routes {
            let methods = table.paths.entry(route.path).or_default();
            if methods.insert(route.method, route).is_some() {
                return Err(TwiceDeclared {
                    method: route.method,
                    path: route.path,
                });
            }
        }
        Ok(table)
    }

    pub(crate) fn verdict(&self, method: &axum::http::Method, path: &str) -> Verdict {
        let Some(methods) = self.paths.get(path) else {
            return Verdict::Unknown;
        };
        Method::of(method)
            .and_then(|method| methods.get(&method))
            .map_or(Verdict::OtherMethod, |route| Verdict::Known(route.access))
    }

    /// What a call of a route asks of the program; ordinary where no route is known.
    #[must_use]
    pub fn load(&self, method: &axum::http::Method, path: &str) -> Load {
        self.find(method, path)
            .map_or(Load::Ordinary, |route| route.load)
    }

    pub(crate) fn find(&self, method: &axum::http::Method, path: &str) -> Option<&Route> {
        self.paths.get(path)?.get(&Method::of(method)?)
    }

    /// The routes, by path and method.
    pub fn iter(&self) -> impl Iterator<Item = Route> + '_ {
        self.paths
            .values()
            .flat_map(|methods| methods.values().copied())
    }

    /// The authorisation matrix, a golden file: a line for each route, a column for each post, `x` where
    /// the post may call it; the first column is for those who did not sign in.
    #[must_use]
    pub fn matrix(&self, posts: &[Post]) -> String {
        let mut names: Vec<&str> = posts.iter().map(|post| post.name.as_str()).collect();
        names.sort_unstable();
        let unique: BTreeSet<&str> = names.into_iter().collect();
        let width = self
            .iter()
            .map(|route| route.path.len())
            .max()
            .unwrap_or(0)
            .max(4);
        let mut lines = Vec::new();
        let head: Vec<&str> = std::iter::once("nobody")
            .chain(unique.iter().copied())
            .collect();
        lines.push(format!(
            "{:6} {:width$} {:15} {}",
            "method",
            "path",
            "access",
            head.join(" ")
        ));
        for route in self.iter() {
            let mark = |allowed: bool, name: &str| {
                format!("{:1$}", if allowed { "x" } else { "." }, name.len())
            };
            let mut cells = vec![mark(route.access == Access::Public, "nobody")];
            for name in &unique {
                let allowed = posts
                    .iter()
                    .any(|post| post.name == *name && route.access.allows(post));
                cells.push(mark(allowed, name));
            }
            lines.push(
                format!(
                    "{:6} {:width$} {:15} {}",
                    route.method.as_str(),
                    route.path,
                    route.access.to_string(),
                    cells.join(" ")
                )
                .trim_end()
                .to_owned(),
            );
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Two rooms declare the same route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} {path} is declared twice", method.as_str())]
pub struct TwiceDeclared {
    method: Method,
    path: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable {
        let (_, routes) = Room::<()>::new()
            .get("/healthz", Access::Public, async || "ok")
            .get("/schools/{id}", Access::Action(Action::Read), async || "")
            .post("/schools/{id}", Access::Action(Action::Edit), async || "")
            .into_parts();
        RouteTable::new(routes).unwrap()
    }

    #[test]
    fn a_route_that_was_not_declared_is_unknown() {
        let table = table();
        let ask = |method, path| table.verdict(&method, path);
        assert_eq!(
            ask(axum::http::Method::HEAD, "/schools/{id}"),
            Verdict::Known(Access::Action(Action::Read))
        );
        assert_eq!(
            ask(axum::http::Method::DELETE, "/schools/{id}"),
            Verdict::OtherMethod
        );
        assert_eq!(ask(axum::http::Method::GET, "/other"), Verdict::Unknown);
    }

    #[test]
    fn a_route_declared_twice_is_refused() {
        let route = Route::get("/map", Access::SignedIn);
        assert_eq!(
            RouteTable::new(vec![route, route]).unwrap_err().to_string(),
            "GET /map is declared twice"
        );
    }

    #[test]
    fn the_matrix_shows_routes_by_posts() {
        let post = |name: &str, actions: &[Action]| {
            Post::new(
                name,
                actions,
                standard::Scope::Subtree,
                standard::Sensitivity::Internal,
            )
        };
        let posts = [
            post("statistician", &[Action::Read, Action::Edit]),
            post("planner", &[Action::Read]),
        ];
        insta::assert_snapshot!(table().matrix(&posts), @r"
        method path          access          nobody planner statistician
        GET    /healthz      public          x      x       x
        GET    /schools/{id} read            .      x       x
        POST   /schools/{id} edit            .      .       x
        ");
    }
}
