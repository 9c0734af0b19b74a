//! The rooms joined: every route, the gate round them, the middleware round the gate.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::{Extension, Router};
use security::{Access, Room, Route, RouteTable, web};
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::error::OpenError;
use crate::frame::{self, Reachable};
use crate::{App, arrival, middleware, pages};

/// The words of all rooms.
pub(crate) fn messages() -> Vec<ui::RoomMessages> {
    vec![
        security::messages(),
        workflow::messages(),
        assurance::messages(),
        registry::messages(),
        geo_room::messages(),
        crate::messages(),
    ]
}

/// All routes of all rooms.
fn rooms(app: &App) -> Room<()> {
    let assets = [
        Route::get("/assets/{file}", Access::Public),
        Route::get("/language", Access::Public),
    ];
    Room::new()
        .merge(pages::room(app.clone()))
        .merge(security::pages::room(app.security().clone()))
        .merge(workflow::room(app.workflow().clone()))
        .merge(assurance::room(app.assurance().clone()))
        .merge(registry::pages::room(app.registry().clone()))
        .merge(registry::pages::exports(
            app.registry().clone(),
            app.workflow().clone(),
        ))
        .merge(geo_room::room(app.geo().clone()))
        .adopt(ui::router(), &assets)
}

/// The program, from the handlers outwards. Nothing that is added after the gate is protected by it.
pub(crate) fn program(app: &App) -> Result<(Router, Arc<RouteTable>), OpenError> {
    let (router, routes) = rooms(app).into_parts();
    let table = RouteTable::new(routes).map_err(|twice| OpenError::Program(twice.to_string()))?;
    let table = Arc::new(table);
    let reachable = Reachable::of(&table);
    let settings = app.settings();
    let within = router
        .fallback(middleware::no_such_page)
        // A room that takes uploads lays its own limit round that route.
        .layer(DefaultBodyLimit::max(settings.security.form_limit))
        .layer(from_fn(middleware::dress))
        .layer(from_fn_with_state(
            (app.clone(), Arc::clone(&table)),
            middleware::guard,
        ))
        .layer(from_fn_with_state(
            (app.clone(), reachable.clone()),
            frame::complete,
        ))
        .layer(Extension(reachable.clone()))
        .layer(Extension(Arc::clone(&table)));
    let protected = web::protect(
        within,
        app.security().clone(),
        Arc::clone(&table),
        frame::maker(app, reachable),
    );
    let program = protected
        .layer(from_fn(middleware::dress))
        .layer(map_response(middleware::end_once))
        .layer(RequestBodyLimitLayer::new(settings.largest_request()))
        .layer(CompressionLayer::new().gzip(true))
        .layer(from_fn_with_state(
            (app.clone(), Arc::clone(&table)),
            arrival::limit,
        ))
        .layer(from_fn_with_state(app.clone(), middleware::observe))
        .layer(Extension(Arc::clone(app.catalogue())));
    Ok((program, table))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_message_is_there_in_both_languages() {
        let catalogue = ui::Catalogue::new(super::messages());
        assert_eq!(catalogue.problems(), [] as [String; 0]);
    }
}
