//! `GET /settings` and `POST /settings`: what an operator may set in a browser.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use security::pages::NOTE_SETTING;
use security::{RequirePermit, Security, SecurityError};
use ui::{
    Cache, Choice, Fault, Field, FormState, Input, Shell, Text, Tone, button, error_summary,
    key_values, notice, section,
};

use crate::App;

/// The setting with the name of this deployment, shown beside the posts that hold the whole of it.
pub const NAME: &str = "deployment_name";
/// The setting with the line that stands above every page.
pub const BANNER: &str = "banner";
/// The setting with the map review number (审图号), which stands on every map and its prints.
pub const MAP_REVIEW_NUMBER: &str = "map_review_number";

/// The setting that shows the watermark of pages with personal data on the screen; `0` leaves it to paper.
pub const SCREEN_WATERMARK: &str = "screen_watermark";

/// The settings of the form, with how many letters they may have.
const FIELDS: [(&str, usize); 9] = [
    (NAME, 60),
    (MAP_REVIEW_NUMBER, 60),
    (BANNER, 200),
    (NOTE_SETTING, 400),
    ("audit_keep_months", 4),
    ("export_approval_above", 9),
    ("export_download_days", 2),
    (SCREEN_WATERMARK, 3),
    ("show_reader_names", 3),
];

/// Those of the fields that are a yes or a no, with what holds where nothing is set.
const SWITCHES: [(&str, bool); 2] = [(SCREEN_WATERMARK, true), ("show_reader_names", false)];

/// What of the settings stands on pages, kept in memory: every page asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Display {
    /// The name of this deployment.
    pub name: String,
    /// A line above every page; empty: none.
    pub banner: String,
    /// The map review number; empty: none.
    pub map_review_number: String,
    /// Whether pages with personal data bear their watermark on paper only.
    pub mark_on_paper_only: bool,
}

impl Display {
    pub(crate) async fn read(security: &Security) -> Result<Self, SecurityError> {
        let held = security.settings().await?;
        let value = |name: &str| {
            held.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        Ok(Self {
            name: value(NAME),
            banner: value(BANNER),
            map_review_number: value(MAP_REVIEW_NUMBER),
            mark_on_paper_only: value(SCREEN_WATERMARK) == "0",
        })
    }
}

pub(super) async fn show(State(app): State<App>, shell: Shell) -> Response {
    let held = match app.security().settings().await {
        Ok(held) => held,
        Err(error) => return super::failed(shell, error.code(), &error),
    };
    let state = FIELDS.iter().fold(FormState::new(), |state, (name, _)| {
        let value = held
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str());
        state.with(name, value)
    });
    page(&app, shell, &state, StatusCode::OK)
}

pub(super) async fn save(
    State(app): State<App>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): axum::Form<Vec<(String, String)>>,
) -> Response {
    let mut state = FormState::from_pairs(sent);
    for (name, longest) in FIELDS {
        if state.value(name).chars().count() > longest {
            let most = vec![("max", longest.to_string())];
            state.fail(name, Fault::KeyWith("ui-fault-long", most));
        }
    }
    if !state.is_right() {
        return page(&app, shell, &state, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match write(&app, &permit, &state).await {
        Ok(()) => Redirect::to("/settings?saved=1").into_response(),
        Err(SecurityError::Denied(denied)) => security::pages::refused(shell, denied),
        Err(SecurityError::SettingRefused { name, .. }) => {
            state.fail(name, Fault::Key(refusal(name)));
            page(&app, shell, &state, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => super::failed(shell, error.code(), &error),
    }
}

/// What a number must be, in words.
fn refusal(name: &str) -> &'static str {
    match name {
        "audit_keep_months" => "server-setting-audit-keep-months-fault",
        "export_download_days" => "server-setting-export-download-days-fault",
        _ => "server-setting-number-fault",
    }
}

async fn write(
    app: &App,
    permit: &security::Permit,
    state: &FormState,
) -> Result<(), SecurityError> {
    for (name, _) in FIELDS {
        let held = app.security().setting(name).await?.unwrap_or_default();
        // A field that was not sent is left as it is.
        if state.has(name) && held != state.value(name) {
            app.security()
                .put_setting(permit, name, state.value(name))
                .await?;
        }
    }
    app.reload_display().await
}

fn label(text: &Text, name: &str) -> String {
    text.get(&format!("server-setting-{}", name.replace('_', "-")))
}

fn page(app: &App, shell: Shell, state: &FormState, status: StatusCode) -> Response {
    let text = shell.text.clone();
    let labels: Vec<(&str, String)> = FIELDS
        .iter()
        .map(|(name, _)| (*name, label(&text, name)))
        .collect();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let field = |name: &str, longest: usize| {
        let hint = text.get(&format!("server-setting-{}-hint", name.replace('_', "-")));
        let field = Field::new(name, label(&text, name))
            .hint(hint)
            .max_length(u32::try_from(longest).unwrap_or(u32::MAX))
            .autocomplete("off");
        let switch = SWITCHES.iter().find(|(known, _)| *known == name);
        let field = if let Some((_, otherwise)) = switch {
            let choice = |value: &str| {
                Choice::new(value, text.get(&format!("server-setting-switch-{value}")))
            };
            let otherwise = format!("server-setting-switch-default-{}", i32::from(*otherwise));
            field.input(Input::Select {
                choices: vec![choice("1"), choice("0")],
                empty: Some(text.get(&otherwise)),
            })
        } else if longest > 100 {
            field.input(Input::Area { rows: 2 })
        } else {
            field
        };
        field.render(&text, state)
    };
    let was_saved = shell.url.get("saved").is_some() && state.is_right();
    let standard = app.standard();
    let engine = app.databases()[0].1.engine().name();
    let facts = [
        (
            text.get("server-about-version"),
            html! { (env!("CARGO_PKG_VERSION")) },
        ),
        (
            text.get("server-about-definitions"),
            html! { (standard.version()) },
        ),
        (
            text.get("server-about-definitions-hash"),
            ui::code(standard.hash().get(..16).unwrap_or_default()),
        ),
        (text.get("server-about-engine"), html! { (engine) }),
    ];
    let body = html! {
        @if was_saved { (notice(Tone::Good, &text.get("server-settings-saved"), html! {})) }
        (error_summary(&text, state, &labels))
        form method="post" action="/settings" {
            (shell.frame.form_field())
            @for (name, longest) in FIELDS { (field(name, longest)) }
            div.actions { (button(&text.get("server-settings-save"), true)) }
        }
        p { a href="/settings/signin" { (text.get("security-policy")) } }
        (section(&text.get("server-about"), html! {}, key_values(&facts)))
    };
    shell
        .page(text.get("server-settings"))
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response()
}
