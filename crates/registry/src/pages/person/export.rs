//! `/people/export`: persons within reach as a file, masked or, for a purpose, in full. More than a setting says need a
//! leader's approval first; once it is there, `/people/file` gives the file.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Clocks, Day, RecordId, Value};
use maud::{Markup, html};
use security::{Action, Export, ExportId, ExportTicket, RequirePermit, SecurityError};
use standard::{Field, Sensitivity};
use ui::{Choice, Crumb, FormState, Input, Page, Shell, Text, Tone, button, format, notice};
use workflow::Workflow;

use super::super::failure::Failure;
use super::super::{Sent, lang};
use super::{ASKED, Shown, asked, dataset, purpose_fields, refused, summary, unkept};
use crate::api::Registry;
use crate::persons::model::{Asked, PERSON};
use crate::persons::{Persons, rules};
use crate::write::CsvWriter;

/// What is asked for, the same each time: what an approval is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    asked: Asked,
    in_full: bool,
    /// The day of what is shown.
    as_of: Day,
}

impl Wanted {
    /// What is selected, without what may change between asking and fetching.
    fn selection(&self) -> String {
        format!("as_of={}&in_full={}", self.as_of, i32::from(self.in_full))
    }

    /// Where the file is fetched. Codes and numbers only.
    fn link(&self) -> String {
        format!(
            "/people/file?{}&purpose={}&reference={}",
            self.selection(),
            self.asked.purpose,
            self.asked.reference
        )
    }
}

pub(in crate::pages) async fn show(
    State((registry, _)): State<(Registry, Workflow)>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    let state = FormState::new().with("shown", "masked");
    match form(&registry, &permit, shell.clone(), &state, html! {}).await {
        Ok(page) => page.into_response(),
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(in crate::pages) async fn send(
    State((registry, reviews)): State<(Registry, Workflow)>,
    permit: RequirePermit,
    shell: Shell,
    axum::Form(sent): Sent,
) -> Response {
    let state = FormState::from_pairs(sent);
    match answer(&registry, &reviews, &permit, shell.clone(), state).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(in crate::pages) async fn file(
    State((registry, _)): State<(Registry, Workflow)>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match approved(&registry, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

/// The persons within reach on a day.
async fn records(
    registry: &Registry,
    permit: &RequirePermit,
    as_of: Day,
) -> Result<Vec<RecordId>, Failure> {
    Persons::new(registry, permit)?;
    permit
        .require(Action::Export)
        .map_err(SecurityError::from)?;
    let view = registry.view(permit, PERSON, Clocks::latest(as_of)).await?;
    let column = view.column("record_id").unwrap_or(0);
    Ok(view
        .rows()
        .filter_map(|row| view.table().int(column, row))
        .map(RecordId::new)
        .collect())
}

async fn form(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
    state: &FormState,
    said: Markup,
) -> Result<Page, Failure> {
    let text = shell.text.clone();
    let count = records(registry, permit, registry.today()).await?.len();
    let limit = registry.security().export_limit().await?;
    let is_many = i64::try_from(count).unwrap_or(i64::MAX) > limit;
    let (count, limit) = (
        format::integer(i64::try_from(count).unwrap_or(i64::MAX)),
        format::integer(limit),
    );
    let choices = ["masked", "full"]
        .map(|shown| Choice::new(shown, text.get(&format!("registry-export-{shown}"))))
        .to_vec();
    let body = html! {
        (summary(&text, state, &[ASKED.as_slice(), &[("shown", "registry-export-shown"), ("recipient", "registry-export-recipient")]].concat()))
        (said)
        p { (text.with("registry-people-count", &[("count", &count)])) }
        @if is_many {
            (notice(Tone::Explain, &text.with("registry-export-many", &[("limit", &limit)]), html! {}))
        }
        form method="post" action="/people/export" {
            (shell.frame.form_field())
            (ui::Field::new("shown", text.get("registry-export-shown")).input(Input::Radios(choices)).required().render(&text, state))
            (purpose_fields(registry, permit, &text, lang(&text), state))
            @if is_many {
                (ui::Field::new("recipient", text.get("registry-export-recipient")).required().max_length(100).autocomplete("off").hint(text.get("registry-export-recipient-hint")).render(&text, state))
            }
            div.actions { (button(&text.get(if is_many { "registry-export-ask" } else { "registry-export-do" }), true)) }
        }
    };
    Ok(unkept(
        shell
            .page(text.get("registry-export"))
            .lead(text.get("registry-export-lead"))
            .crumbs(vec![
                Crumb::link(text.get("registry-people"), "/people"),
                Crumb::here(text.get("registry-export")),
            ])
            .body(body),
    ))
}

async fn answer(
    registry: &Registry,
    reviews: &Workflow,
    permit: &RequirePermit,
    shell: Shell,
    mut state: FormState,
) -> Result<Response, Failure> {
    let wrong = async |state: &FormState, said: Markup| {
        let page = form(registry, permit, shell.clone(), state, said).await?;
        Ok::<Response, Failure>(
            page.status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response(),
        )
    };
    let shown = state.required("shown");
    let Some(asked) = asked(&mut state) else {
        return wrong(&state, html! {}).await;
    };
    let wanted = Wanted {
        asked,
        in_full: shown.as_deref() == Some("full"),
        as_of: registry.today(),
    };
    let level = match level(registry, permit, &wanted) {
        Ok(level) => level,
        Err(refusal) => return wrong(&state, refused(&shell.text, refusal)).await,
    };
    let records = records(registry, permit, wanted.as_of).await?;
    match begin(registry, permit, &wanted, &records, level, None).await {
        Ok(ticket) => {
            csv(
                registry,
                permit,
                &shell.text,
                &wanted,
                &records,
                level,
                &ticket,
            )
            .await
        }
        Err(SecurityError::ApprovalNeeded(_)) => {
            let Some(recipient) = state.required("recipient") else {
                return wrong(&state, html! {}).await;
            };
            let selection = wanted.selection();
            let export = export(&wanted, &selection, &records, level);
            reviews
                .ask_export(permit, &export, &recipient, &wanted.link())
                .await
                .map_err(Failure::Review)?;
            Ok(Redirect::to("/exports").into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The most sensitive level that the file shows.
fn level(
    registry: &Registry,
    permit: &RequirePermit,
    wanted: &Wanted,
) -> Result<Sensitivity, crate::persons::model::Refusal> {
    let purpose = rules::may_export(registry.standard(), permit, &wanted.asked, wanted.in_full)?;
    Ok(rules::level_for(permit, purpose))
}

fn export<'a>(
    wanted: &'a Wanted,
    selection: &'a str,
    records: &'a [RecordId],
    level: Sensitivity,
) -> Export<'a> {
    Export {
        dataset: PERSON,
        selection,
        persons: records,
        records: records.len(),
        level,
        in_full: wanted.in_full,
        purpose: &wanted.asked.purpose,
        reason: &wanted.asked.reference,
    }
}

/// Records the export before anything of it leaves.
async fn begin(
    registry: &Registry,
    permit: &RequirePermit,
    wanted: &Wanted,
    records: &[RecordId],
    level: Sensitivity,
    approved: Option<ExportId>,
) -> Result<ExportTicket, SecurityError> {
    let selection = wanted.selection();
    let export = export(wanted, &selection, records, level);
    registry
        .security()
        .begin_export(permit, &export, approved)
        .await
}

/// The file of an approved request, at the address that was kept with it.
async fn approved(
    registry: &Registry,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, Failure> {
    let url = &shell.url;
    let said = |key: &str| url.get(key).unwrap_or_default().to_owned();
    let as_of = Day::parse(&said("as_of")).map_err(|_| Failure::Hidden)?;
    let id = said("export").parse().map_err(|_| Failure::Hidden)?;
    let wanted = Wanted {
        asked: Asked {
            purpose: said("purpose"),
            reference: said("reference"),
        },
        in_full: said("in_full") == "1",
        as_of,
    };
    let level = level(registry, permit, &wanted).map_err(|_| Failure::Hidden)?;
    let mut records = records(registry, permit, as_of).await?;
    let ticket = begin(
        registry,
        permit,
        &wanted,
        &records,
        level,
        Some(ExportId(id)),
    )
    .await?;
    records.sort_unstable();
    csv(
        registry,
        permit,
        &shell.text,
        &wanted,
        &records,
        level,
        &ticket,
    )
    .await
}

async fn csv(
    registry: &Registry,
    permit: &RequirePermit,
    text: &Text,
    wanted: &Wanted,
    records: &[RecordId],
    level: Sensitivity,
    ticket: &ExportTicket,
) -> Result<Response, Failure> {
    let persons = Persons::new(registry, permit)?;
    let versions = persons
        .for_file(records, level, Clocks::latest(wanted.as_of), ticket)
        .await?;
    let units: BTreeSet<kernel::UnitId> = versions.iter().map(|version| version.unit).collect();
    let shown = Shown::of(registry, lang(text), units).await?;
    let fields: Vec<(usize, &Field)> = rules::seen_fields(dataset(registry)?, permit)
        .into_iter()
        .filter(|(_, field)| field.sensitivity <= level)
        .collect();
    let mut writer = CsvWriter::new(Vec::new())?;
    // What the file is, before what is in it: whoever finds it can ask who took it out.
    let head = text.with(
        "registry-export-head",
        &[
            ("trace", ticket.trace()),
            ("time", &ticket.at().to_string()),
            ("count", &records.len().to_string()),
        ],
    );
    writer.write_row([head.as_str()])?;
    let titles = fields.iter().map(|(_, field)| field.title.get(shown.lang));
    writer.write_row(std::iter::once(text.get("registry-person-record").as_str()).chain(titles))?;
    for version in &versions {
        if version.is_erased() {
            continue;
        }
        let mut cells = vec![version.record.to_string()];
        cells.extend(fields.iter().map(|(place, field)| {
            let value = version.values.get(*place).unwrap_or(&Value::Null);
            match wanted.in_full {
                true => shown.full(field, value),
                false => shown.masked(field, value),
            }
        }));
        writer.write_row(cells.iter().map(String::as_str))?;
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!(
                "attachment; filename=\"{}\"",
                ticket.file_name("people", "csv")
            ),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, writer.finish()?).into_response())
}
