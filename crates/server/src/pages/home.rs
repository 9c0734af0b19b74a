//! `GET /`: what needs me, what changed, a few figures of my unit.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{AccountId, Clocks, CommitNumber};
use maud::{Markup, html};
use registry::imports::{Import, State as ImportState};
use registry::intake::{Class, Plan};
use registry::ledger::{COMMON, Commit};
use security::{Permit, RequirePermit, Visit};
use standard::{Action, Label};
use ui::{
    Cell, Change, Column, Language, Row, Shell, Stat, Table, Text, Tone, badge, empty_state,
    format, link_button, section, stats,
};

use crate::frame::{Reachable, lang_of};
use crate::store::{FigureError, plain_totals, total};
use crate::{App, OpenError};

/// Commits are looked through so far back for those that the reader may see.
const COMMITS_LOOKED_AT: i64 = 200;
/// Rows of a table on this page.
const ROWS: usize = 10;

pub(super) async fn show(
    State(app): State<App>,
    Extension(reachable): Extension<Reachable>,
    visit: Visit,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let home = Home {
        app: &app,
        reachable: &reachable,
        visit: &visit,
        permit: &permit,
        text: shell.text.clone(),
    };
    match home.body().await {
        Ok((body, source)) => {
            let page = shell.page(home.text.get("server-home")).body(body);
            match source {
                Some(line) => page.source_line(line).into_response(),
                None => page.into_response(),
            }
        }
        Err(error) => super::failed(shell, error.code(), &error),
    }
}

struct Home<'a> {
    app: &'a App,
    reachable: &'a Reachable,
    visit: &'a Visit,
    permit: &'a Permit,
    text: Text,
}

/// Something that waits for the reader.
struct Todo {
    what: String,
    about: String,
    tone: Tone,
    href: Option<String>,
    action: String,
}

impl Home<'_> {
    async fn body(&self) -> Result<(Markup, Option<Markup>), OpenError> {
        let text = &self.text;
        if !self.permit.allows(Action::Read) {
            let sentence = text.get("server-home-no-post-hint");
            let account = link_button(&text.get("server-home-account"), "/account", None, false);
            return Ok((
                empty_state(&text.get("server-home-no-post"), &sentence, Some(account)),
                None,
            ));
        }
        let todos = self.todos().await?;
        let cases = self.cases().await?;
        let (figures, source) = self.figures().await?;
        let commits = self.commits().await?;
        let body = html! {
            @if !cases.is_empty() {
                (section(&text.get("server-home-cases"), self.tool("/inbox", "server-home-inbox"), self.todo_list(&cases)))
            }
            @if self.permit.allows(Action::Import) {
                (section(&text.get("server-home-todo"), self.tool("/imports/new", "server-home-import"), self.todo_list(&todos)))
            }
            @if !figures.is_empty() {
                (section(&text.get("server-home-figures"), self.tool("/map", "server-home-map"), stats(text, &figures)))
            }
            (section(&text.get("server-home-changes"), self.tool("/commits", "server-home-all-changes"), commits))
        };
        Ok((body, source))
    }

    /// A link at a heading, where the reader may follow it.
    fn tool(&self, path: &str, key: &str) -> Markup {
        html! {
            @if self.reachable.by(self.visit, path) { (link_button(&self.text.get(key), path, None, false)) }
        }
    }

    /// What stands between sentences of one line.
    fn between(&self) -> &'static str {
        match self.text.language() {
            Language::Chinese => "。",
            Language::English => ". ",
        }
    }

    fn label(&self, label: &Label) -> String {
        label.get(lang_of(self.text.language())).to_owned()
    }

    fn dataset_title(&self, name: &str) -> String {
        self.app
            .standard()
            .dataset(name)
            .map_or_else(|| name.to_owned(), |dataset| self.label(&dataset.title))
    }

    async fn todos(&self) -> Result<Vec<Todo>, OpenError> {
        if !self.permit.allows(Action::Import) {
            return Ok(Vec::new());
        }
        let latest = self.app.registry().imports().latest(self.permit, 50).await;
        let latest = latest.map_err(|error| OpenError::Program(error.to_string()))?;
        Ok(latest
            .iter()
            .filter_map(|import| self.todo(import))
            .take(ROWS)
            .collect())
    }

    /// The first of the cases that wait for the reader.
    async fn cases(&self) -> Result<Vec<Todo>, OpenError> {
        let most = u64::try_from(ROWS).unwrap_or(u64::MAX);
        let workflow = self.app.workflow();
        let (cases, _) = workflow
            .inbox(self.permit, workflow::Box::ToDo, 0, most)
            .await?;
        let mut todos = Vec::with_capacity(cases.len());
        for case in &cases {
            let unit = self.app.unit_name(case.unit).await;
            let title = self.label(&case.title);
            todos.push(Todo {
                what: format!("{title} · {unit}"),
                about: case.begun.to_string(),
                tone: if case.is_overdue {
                    Tone::Fix
                } else {
                    Tone::Explain
                },
                href: Some(format!("/cases/{}", case.id)),
                action: self.label(&case.state),
            });
        }
        Ok(todos)
    }

    fn todo(&self, import: &Import) -> Option<Todo> {
        let text = &self.text;
        let plan: Option<Plan> = import
            .plan
            .as_deref()
            .and_then(|plan| serde_json::from_str(plan).ok());
        let count = |class| {
            let count = plan.as_ref().map_or(0, |plan| plan.count(class));
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        let refused = count(Class::Refused).saturating_add(count(Class::Review));
        let counts = || {
            text.with(
                "server-todo-counts",
                &[
                    ("new", &format::integer(count(Class::New))),
                    ("changed", &format::integer(count(Class::Changed))),
                    ("refused", &format::integer(refused)),
                ],
            )
        };
        let (key, tone, about) = match import.state {
            ImportState::Planned => ("planned", Tone::Explain, counts()),
            ImportState::Failed => (
                "failed",
                Tone::Fix,
                import.error.clone().unwrap_or_default(),
            ),
            ImportState::Stopped => ("stopped", Tone::Explain, String::new()),
            ImportState::Done if refused > 0 => {
                let refused = format::integer(refused);
                (
                    "refused",
                    Tone::Explain,
                    text.with("server-todo-refused-count", &[("refused", &refused)]),
                )
            }
            _ => return None,
        };
        let href = self
            .reachable
            .by(self.visit, "/imports/{id}")
            .then(|| format!("/imports/{}", import.id));
        Some(Todo {
            what: format!("{} · {}", self.dataset_title(&import.dataset), import.file),
            about: format!("{} {about}", import.updated),
            tone,
            href,
            action: text.get(&format!("server-todo-{key}")),
        })
    }

    fn todo_list(&self, todos: &[Todo]) -> Markup {
        let text = &self.text;
        let rows = todos.iter().map(|todo| {
            let what = match &todo.href {
                Some(href) => Cell::link(href, &todo.what),
                None => Cell::text(&todo.what),
            };
            Row::new(vec![
                what,
                Cell::Markup(badge(todo.tone, &todo.action)),
                Cell::text(&todo.about),
            ])
        });
        Table::new(text.get("server-home-todo"))
            .column(Column::text("what", text.get("server-todo-what")))
            .column(Column::text("state", text.get("server-todo-state")).narrow())
            .column(Column::text("about", text.get("server-todo-about")))
            .rows(rows)
            .empty(html! { p { (text.get("server-home-nothing")) } })
            .render(text)
    }

    /// Totals over what the reader's permit reaches, with the line that says what they are.
    async fn figures(&self) -> Result<(Vec<Stat>, Option<Markup>), OpenError> {
        let registry = self.app.registry();
        let clocks = Clocks::latest(registry.today());
        let mut figures = Vec::new();
        let mut definitions = Vec::new();
        let mut period = None;
        for figure in plain_totals(self.app.standard().figures()) {
            let found = total(registry, self.permit, &figure.numerator, clocks).await;
            let found = match found {
                Ok(found) => found,
                Err(FigureError::Ledger(error)) => return Err(error.into()),
                Err(FigureError::Columns(error)) => {
                    tracing::error!(figure = figure.name, %error, "a figure of the home page has no value");
                    None
                }
            };
            let Some(found) = found else { continue };
            let href = self.reachable.by(self.visit, "/map").then(|| {
                ui::Url::parse("/map")
                    .with("figure", &figure.name)
                    .to_string()
            });
            definitions.push(format!(
                "{}:{}",
                self.label(&figure.title),
                self.label(&figure.about)
            ));
            period = period.or(found.period);
            figures.push(Stat {
                label: self.label(&figure.title),
                value: format::integer(found.now),
                unit: self.label(&figure.unit),
                change: found
                    .before
                    .map(|before| Change::between(found.now, before)),
                href,
            });
        }
        if figures.is_empty() {
            return Ok((figures, None));
        }
        let head = registry.ledger().head().await?;
        let commit = format::integer(head.number.get());
        let day = clocks.as_of.to_string();
        let when = self
            .text
            .with("server-home-source", &[("day", &day), ("commit", &commit)]);
        let line = html! {
            (self.text.get("ui-source")) ": " (definitions.join(self.between()))
            (self.between())
            @if let Some(period) = &period { (self.text.with("server-home-period", &[("period", period)])) " " }
            (when)
        };
        Ok((figures, Some(line)))
    }

    /// The commits since the beginning of yesterday that the reader may see; where there is none, the last.
    async fn commits(&self) -> Result<Markup, OpenError> {
        let registry = self.app.registry();
        let latest = registry
            .ledger()
            .commits(self.permit, CommitNumber::LATEST, COMMITS_LOOKED_AT)
            .await?;
        let units = self.app.security().units();
        // As in the list of commits: those of one's own units, of common data, of definitions.
        let sees = |commit: &&Commit| {
            self.permit.reaches_everything()
                || commit.dataset.is_empty()
                || commit
                    .unit
                    .is_some_and(|unit| unit == COMMON || self.permit.sees(&units, unit))
        };
        let mut seen: Vec<&Commit> = latest.iter().filter(sees).collect();
        let yesterday = registry.today().add_days(-1).start();
        let recent = seen
            .iter()
            .filter(|commit| commit.time >= yesterday)
            .count();
        seen.truncate(recent.clamp(1, ROWS));
        let actors = self.actors(&seen).await?;
        let mut rows = Vec::new();
        for commit in &seen {
            rows.push(self.commit_row(commit, &actors).await);
        }
        let text = &self.text;
        let table = Table::new(text.get("server-home-changes"))
            .column(Column::number("number", text.get("server-commit")).narrow())
            .column(Column::text("time", text.get("server-commit-time")).narrow())
            .column(Column::text("dataset", text.get("server-commit-dataset")))
            .column(Column::text("unit", text.get("server-commit-unit")))
            .column(Column::number("opened", text.get("server-commit-written")))
            .column(Column::text("source", text.get("server-commit-source")))
            .column(Column::text("actor", text.get("server-commit-actor")))
            .rows(rows)
            .empty(html! { p { (text.get("server-home-no-changes")) } });
        Ok(table.render(text))
    }

    async fn commit_row(&self, commit: &Commit, actors: &HashMap<AccountId, String>) -> Row {
        let number = commit.number.get();
        let shown = format::integer(number);
        let number = if self.reachable.by(self.visit, "/commits/{number}") {
            Cell::link(format!("/commits/{number}"), shown)
        } else {
            Cell::Number(shown)
        };
        let unit = match commit.unit {
            Some(unit) if unit != COMMON => self.app.unit_name(unit).await,
            _ => String::new(),
        };
        let dataset = if commit.dataset.is_empty() {
            self.text.get("server-commit-definitions")
        } else {
            self.dataset_title(&commit.dataset)
        };
        let reason = self.reason(commit);
        let source = [commit.source.name.as_str(), reason.as_str()];
        let source: Vec<&str> = source.into_iter().filter(|part| !part.is_empty()).collect();
        Row::new(vec![
            number,
            Cell::text(commit.time.to_string()),
            Cell::text(dataset),
            Cell::maybe_text(Some(unit).filter(|unit| !unit.is_empty())),
            Cell::integer(commit.opened),
            Cell::text(source.join(" · ")),
            Cell::text(self.actor(&commit.actor, actors)),
        ])
    }

    /// Why a commit was made. What the program itself writes as a reason reads as the reader does.
    fn reason(&self, commit: &Commit) -> String {
        let reason = &commit.source.reason;
        match reason.strip_prefix("definitions ") {
            Some(version) if commit.source.kind == "definitions" => {
                format!("{} {version}", self.text.get("server-commit-definitions"))
            }
            _ => reason.clone(),
        }
    }

    fn actor(&self, actor: &str, accounts: &HashMap<AccountId, String>) -> String {
        match account_of(actor) {
            Some(id) => accounts
                .get(&id)
                .cloned()
                .unwrap_or_else(|| actor.to_owned()),
            None if actor.starts_with("operator:") => self.text.get("server-actor-operator"),
            None => self.text.get("server-actor-program"),
        }
    }

    /// The people behind some commits, by name.
    async fn actors(&self, commits: &[&Commit]) -> Result<HashMap<AccountId, String>, OpenError> {
        let mut names = HashMap::new();
        let [_, (_, work)] = self.app.databases();
        let mut tx = work.read().await?;
        for id in commits
            .iter()
            .filter_map(|commit| account_of(&commit.actor))
        {
            if names.contains_key(&id) {
                continue;
            }
            if let Some(account) = security::api::account(&mut tx, id).await? {
                names.insert(id, account.display);
            }
        }
        Ok(names)
    }
}

fn account_of(actor: &str) -> Option<AccountId> {
    actor
        .strip_prefix("account:")
        .and_then(|number| number.parse().ok())
}
