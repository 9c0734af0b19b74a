//! What stands round every page: the navigation that the permit allows, the unit and post of the reader,
//! what waits for them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use registry::imports::State as ImportState;
use security::web::FrameMaker;
use security::{Access, Method, RouteTable, Visit};
use standard::{Action, Lang};
use ui::{Frame, Icon, Language, NavItem, PostLine, SearchBox, Text};

use crate::App;

/// The pages of the left list, in their order. Those that no room serves, or that the reader's post may
/// not use, are left out.
const PLACES: [(&str, &str, Icon); 13] = [
    ("server-nav-home", "/", Icon::Home),
    ("server-nav-map", "/map", Icon::Map),
    ("server-nav-institutions", "/institutions", Icon::Building),
    ("server-nav-people", "/people", Icon::People),
    ("server-nav-imports", "/imports", Icon::Tray),
    ("server-nav-commits", "/commits", Icon::Board),
    ("server-nav-dictionary", "/dictionary", Icon::Book),
    ("server-nav-assurance", "/assurance", Icon::Board),
    ("server-nav-accounts", "/accounts", Icon::People),
    ("server-nav-alerts", "/alerts", Icon::Bell),
    ("server-nav-audit", "/audit", Icon::Search),
    ("server-nav-clients", "/clients", Icon::System),
    ("server-nav-settings", "/settings", Icon::System),
];

/// Where the search of the header looks.
const SEARCH: &str = "/institutions";

/// The pages that can be reached, each with who may.
#[derive(Debug, Clone)]
pub(crate) struct Reachable(Arc<Vec<(&'static str, Access)>>);

impl Reachable {
    pub(crate) fn of(table: &RouteTable) -> Self {
        let pages = table
            .iter()
            .filter(|route| route.method == Method::Get)
            .map(|route| (route.path, route.access));
        Self(Arc::new(pages.collect()))
    }

    /// Whether this reader may open the page at a path.
    pub(crate) fn by(&self, visit: &Visit, path: &str) -> bool {
        self.0.iter().any(|(known, access)| {
            *known == path
                && match access {
                    Access::Public => true,
                    Access::SignedIn => visit.signed().is_some(),
                    Access::Action(action) => {
                        visit.permit().is_some_and(|permit| permit.allows(*action))
                    }
                }
        })
    }
}

/// Makes the part of the frame that needs no waiting.
pub(crate) fn maker(app: &App, reachable: Reachable) -> FrameMaker {
    let app = app.clone();
    Arc::new(move |visit: &Visit, text: &Text| {
        let mut frame = visit.frame(text);
        let display = app.display();
        frame.mark_on_paper_only = display.mark_on_paper_only;
        frame.banner = Some(display.banner.clone()).filter(|banner| !banner.is_empty());
        if visit.signed().is_none() {
            return frame;
        }
        frame.nav = PLACES
            .iter()
            .filter(|(_, path, _)| reachable.by(visit, path))
            .map(|(label, path, icon)| NavItem::new(label, *path, *icon))
            .collect();
        frame.search = reachable.by(visit, SEARCH).then(|| SearchBox {
            action: SEARCH.to_owned(),
            label: "server-search",
        });
        frame
    })
}

/// Within the gate: adds what has to be asked for, the name of the unit and the number of things to do.
pub(crate) async fn complete(
    State((app, reachable)): State<(App, Reachable)>,
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions_mut();
    if let (Some(visit), Some(mut frame)) = (
        extensions.get::<Visit>().cloned(),
        extensions.remove::<Frame>(),
    ) {
        let language = Language::of_request(request.headers());
        frame.post = post_line(&app, &visit, language).await;
        let waiting = waiting(&app, &visit).await;
        for item in frame.nav.iter_mut().filter(|item| item.href == "/imports") {
            item.count = Some(waiting);
        }
        if reachable.by(&visit, "/inbox") {
            let cases = cases_waiting(&app, &visit).await;
            frame.inbox = Some((waiting.saturating_add(cases), "/inbox".to_owned()));
        }
        request.extensions_mut().insert(frame);
    }
    next.run(request).await
}

async fn post_line(app: &App, visit: &Visit, language: Language) -> Option<PostLine> {
    let signed = visit.signed()?;
    let held = signed.held.as_ref()?;
    let lang = lang_of(language);
    let unit = match held.grant.unit {
        Some(unit) => app.unit_name(unit).await,
        None => app.display().name.clone(),
    };
    let mut others = Vec::with_capacity(signed.others.len());
    for other in &signed.others {
        let unit = match other.grant.unit {
            Some(unit) => app.unit_name(unit).await,
            None => app.display().name.clone(),
        };
        let label = format!("{unit} · {}", other.title.get(lang));
        others.push((label, other.grant.id.0.to_string()));
    }
    Some(PostLine {
        unit,
        post: held.title.get(lang).to_owned(),
        others,
        switch: ("/account/post".to_owned(), "grant"),
    })
}

/// How many imports wait for this reader's decision.
async fn waiting(app: &App, visit: &Visit) -> u64 {
    let Some(permit) = visit
        .permit()
        .filter(|permit| permit.allows(Action::Import))
    else {
        return 0;
    };
    match app.registry().imports().counts(permit).await {
        Ok(counts) => counts
            .iter()
            .find(|(state, _)| *state == ImportState::Planned)
            .map_or(0, |(_, count)| *count),
        Err(error) => {
            tracing::warn!(%error, "the imports that wait could not be counted");
            0
        }
    }
}

/// How many cases wait for this reader's decision.
async fn cases_waiting(app: &App, visit: &Visit) -> u64 {
    let Some(permit) = visit.permit() else {
        return 0;
    };
    match app.workflow().inbox_count(permit).await {
        Ok(count) => count,
        Err(error) => {
            tracing::warn!(%error, "the cases that wait could not be counted");
            0
        }
    }
}

/// The standard's language for a page's.
pub(crate) fn lang_of(language: Language) -> Lang {
    match language {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}
