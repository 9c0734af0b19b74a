//! The pages of the registry: institutions, imports, commits, the data dictionary. One operation a file.
//! All of them work without a script.

mod commit_list;
mod commit_show;
mod described;
mod dictionary;
mod dictionary_codes;
mod dictionary_dataset;
mod dictionary_figures;
mod dictionary_json;
mod failure;
mod fields;
mod history;
mod import_actions;
mod import_list;
mod import_new;
mod import_plan;
mod import_send;
mod import_show;
mod institution_csv;
mod institution_form;
mod institution_list;
mod institution_save;
mod institution_show;
mod person;
mod places;
mod shown;
mod words;

#[cfg(test)]
mod tests;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use kernel::{Clocks, Day};
use security::{Access, Action, Method, Room};
use standard::Lang;
use ui::{AsOf, Language, Text, Url, WrongDay};
use workflow::Workflow;

use crate::api::Registry;
use failure::Failure;

/// The routes of this room for what a leader approves first: more persons in a file than the setting says.
pub fn exports<S: Clone + Send + Sync + 'static>(registry: Registry, reviews: Workflow) -> Room<S> {
    let people = Access::Action(Action::ReadPersonal);
    Room::new()
        .get("/people/export", people, person::export::show)
        .post("/people/export", people, person::export::send)
        .working_long()
        .get("/people/file", people, person::export::file)
        .working_long()
        .with_state((registry, reviews))
}

/// The routes of this room.
pub fn room<S: Clone + Send + Sync + 'static>(registry: Registry) -> Room<S> {
    let read = Access::Action(Action::Read);
    let edit = Access::Action(Action::Edit);
    let import = Access::Action(Action::Import);
    let reverse = Access::Action(Action::Reverse);
    // What each of them does besides reading is asked in its place.
    let people = Access::Action(Action::ReadPersonal);
    // An upload is written to disk as it comes and has a limit of its own.
    let send = post(import_send::send).layer(DefaultBodyLimit::disable());
    Room::new()
        .get("/institutions", read, institution_list::show)
        .get(
            "/institutions.csv",
            Access::Action(Action::Export),
            institution_csv::send,
        )
        .working_long()
        .described(&described::EXPORT_INSTITUTIONS)
        .get("/institutions/places.json", read, places::send)
        .described(&described::LIST_PLACES)
        .get("/institutions/new", edit, institution_form::show_new)
        .post("/institutions/new", edit, institution_save::save_new)
        .get("/institutions/{id}", read, institution_show::show)
        .get("/institutions/{id}/edit", edit, institution_form::show_edit)
        .post("/institutions/{id}/edit", edit, institution_save::save_edit)
        .get("/people", people, person::list::show)
        .post("/people", people, person::list::find)
        .get("/people/exact", people, person::exact::show)
        .post("/people/exact", people, person::exact::ask)
        .get("/people/{id}", people, person::show::show)
        .post("/people/{id}/full", people, person::show::full)
        .get("/people/{id}/all", people, person::all::show)
        .post("/people/{id}/all", people, person::all::send)
        .post("/people/{id}/consent", people, person::consent::state)
        .get("/people/{id}/erase", people, person::erase::show)
        .post("/people/{id}/erase", people, person::erase::erase)
        .get("/imports", import, import_list::show)
        .get("/imports/new", import, import_new::show)
        .route(Method::Post, "/imports", import, send)
        .taking_files()
        .get("/imports/{id}", import, import_show::show)
        .get("/imports/{id}/progress", import, import_show::progress)
        .get("/imports/{id}/refused.csv", import, import_actions::refused)
        .working_long()
        .described(&described::READ_REFUSED)
        .post("/imports/{id}/approve", import, import_actions::approve)
        .post("/imports/{id}/stop", import, import_actions::stop)
        .post("/imports/{id}/reverse", reverse, import_actions::reverse)
        .get("/commits", read, commit_list::show)
        .get("/commits/{number}", read, commit_show::show)
        .post("/commits/{number}/reverse", reverse, commit_show::reverse)
        .get("/dictionary", Access::SignedIn, dictionary::show)
        .get("/dictionary.json", Access::SignedIn, dictionary_json::send)
        .described(&described::READ_DICTIONARY)
        .get("/dictionary/checks", Access::SignedIn, dictionary::checks)
        .get(
            "/dictionary/codes/{set}",
            Access::SignedIn,
            dictionary_codes::show,
        )
        .get(
            "/dictionary/{dataset}",
            Access::SignedIn,
            dictionary_dataset::show,
        )
        .with_state(registry)
}

/// What a form sent, in its order.
type Sent = axum::Form<Vec<(String, String)>>;

/// The language of definitions for the language of a page.
fn lang(text: &Text) -> Lang {
    match text.language() {
        Language::Chinese => Lang::Zh,
        Language::English => Lang::En,
    }
}

/// What stands between the words of a list.
fn between(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "、",
        Lang::En => ", ",
    }
}

/// The two clocks of a page, as its address says them.
#[derive(Debug, Clone, Copy)]
struct Asked {
    clocks: Clocks,
    known_on: Option<Day>,
}

impl Asked {
    async fn of(registry: &Registry, url: &Url) -> Result<Asked, Failure> {
        let day = |key: &'static str| match url.get(key) {
            None => Ok(None),
            Some(said) => Day::parse(said)
                .map(Some)
                .map_err(|_| WrongDay::new(key, said)),
        };
        let known_on = day("known_on")?;
        let clocks = registry.clocks(day("as_of")?, known_on).await?;
        Ok(Asked { clocks, known_on })
    }

    /// The control for the first clock, with the second in words.
    fn control(&self) -> AsOf {
        AsOf {
            known_on: self.known_on.map(|day| day.to_string()),
            ..AsOf::day(self.clocks.as_of.to_string())
        }
    }

    /// The second clock in words.
    fn known(&self, text: &Text) -> String {
        self.known_on
            .map_or_else(|| text.get("registry-known-now"), |day| day.to_string())
    }
}

/// An address that keeps the two clocks of this one.
fn keeping_clocks(url: &Url, path: &str) -> Url {
    url.keeping(&["as_of", "known_on"]).at(path)
}

fn go_to(address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer for programs.
fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A number of the store as it reads.
fn shown_count(count: u64) -> String {
    ui::format::integer(i64::try_from(count).unwrap_or(i64::MAX))
}
