//! `GET /imports/new`: which file, of what, from when on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Clocks;
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use ui::{
    Cache, Choice, Crumb, Field, FileDrop, FormState, Input, Island, Shell, Step, StepState, Text,
    error_summary, steps,
};

use super::failure::Failure;
use super::lang;
use crate::api::Registry;
use crate::lists::Names;

pub(super) async fn show(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let dataset = shell.url.get("dataset").unwrap_or("institution").to_owned();
    let state = FormState::new()
        .with("dataset", dataset)
        .with("datum", kernel::Datum::Cgcs2000.code());
    match page(&registry, &permit, shell.clone(), &state, StatusCode::OK).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The largest upload.
pub(super) fn most_bytes(registry: &Registry) -> u64 {
    registry.imports().limits().max_bytes
}

/// The four steps of an import, `current` counted from 0.
pub(super) fn four_steps(text: &Text, current: usize) -> Markup {
    let keys = [
        "registry-step-file",
        "registry-step-columns",
        "registry-step-plan",
        "registry-step-done",
    ];
    let items: Vec<Step> = keys
        .iter()
        .enumerate()
        .map(|(place, key)| Step {
            label: text.get(key),
            state: match place.cmp(&current) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Ahead,
            },
            href: None,
        })
        .collect();
    steps(&items)
}

/// The page, with what was typed and what is wrong with it.
pub(super) async fn page(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    status: StatusCode,
) -> Result<Response, Failure> {
    let text = shell.text.clone();
    let units = Names::of(
        registry
            .view(permit, "education_unit", Clocks::latest(registry.today()))
            .await?,
    );
    let labels: Vec<(&str, String)> = [
        ("dataset", "registry-dataset"),
        ("file", "registry-file"),
        ("datum", "registry-datum"),
        ("effective", "registry-effective"),
        ("complete_for", "registry-complete-for"),
        ("mapping", "registry-mapping"),
    ]
    .map(|(name, key)| (name, text.get(key)))
    .into();
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|(name, label)| (*name, label.as_str()))
        .collect();
    let drop = FileDrop {
        action: "/imports".to_owned(),
        name: "file".to_owned(),
        label: text.get("registry-file"),
        hint: text.with(
            "registry-file-hint",
            &[("most", &ui::format::bytes(most_bytes(registry)))],
        ),
        accept: ".csv,.txt,.tsv,.xlsx,.xls,.xlsb,.ods,.json,.geojson".to_owned(),
        most_bytes: most_bytes(registry),
        fields: fields(registry, &text, &shell, &units, state, permit),
        submit: text.get("registry-upload"),
    };
    let body = html! {
        (four_steps(&text, 0))
        (error_summary(&text, state, &labels))
        (drop.render(&text, state))
    };
    Ok(shell
        .page(text.get("registry-imports-new"))
        .lead(text.get("registry-imports-new-lead"))
        .crumbs(vec![
            Crumb::link(text.get("registry-imports"), "/imports"),
            Crumb::here(text.get("registry-imports-new")),
        ])
        .island(Island::Upload)
        .narrow()
        .cache(Cache::Never)
        .status(status)
        .body(body)
        .into_response())
}

fn fields(
    registry: &Registry,
    text: &Text,
    shell: &Shell,
    units: &Names,
    state: &FormState,
    permit: &Permit,
) -> Vec<Markup> {
    let lang = lang(text);
    let datasets = registry
        .standard()
        .datasets()
        .iter()
        .filter(|dataset| permit.writes_dataset(&dataset.name))
        // What is kept on persons beside themselves refers to them, and no file can name them.
        .filter(|dataset| !matches!(dataset.person, Some(standard::PersonRule::OfField(_))))
        .map(|dataset| Choice::new(&dataset.name, dataset.title.get(lang)))
        .collect();
    let datums = registry
        .standard()
        .code_set("datum")
        .map_or_else(Vec::new, |set| {
            set.current()
                .map(|entry| Choice::new(&entry.code, entry.name.get(lang)))
                .collect()
        });
    let names = units
        .all()
        .into_iter()
        .filter_map(|record| units.name(record).map(str::to_owned))
        .collect();
    let mapping_open = !state.value("mapping").is_empty() || state.fault("mapping").is_some();
    vec![
        // The token must arrive before the file.
        shell.frame.form_field(),
        Field::new("dataset", text.get("registry-dataset"))
            .input(Input::Select {
                choices: datasets,
                empty: None,
            })
            .required()
            .render(text, state),
        Field::new("datum", text.get("registry-datum"))
            .input(Input::Select {
                choices: datums,
                empty: None,
            })
            .hint(text.get("registry-datum-hint"))
            .render(text, state),
        Field::new("effective", text.get("registry-effective"))
            .input(Input::Date)
            .optional()
            .hint(text.get("registry-effective-hint"))
            .render(text, state),
        Field::new("complete_for", text.get("registry-complete-for"))
            .optional()
            .hint(text.get("registry-complete-hint"))
            .suggestions(names)
            .render(text, state),
        Field::new("reason", text.get("registry-reason"))
            .optional()
            .max_length(200)
            .hint(text.get("registry-reason-hint"))
            .render(text, state),
        html! {
            details open[mapping_open] {
                summary { (text.get("registry-mapping-more")) }
                (Field::new("mapping", text.get("registry-mapping")).input(Input::Area { rows: 8 })
                    .hint(text.get("registry-mapping-hint")).render(text, state))
                p { label { (text.get("registry-mapping-file")) " " input type="file" name="mapping_file" accept=".toml,.txt"; } }
            }
        },
    ]
}
