//! `GET /institutions/new` and `GET /institutions/{id}/edit`: the form that adds or corrects an
//! institution. What it sends is read by [`super::institution_save`].

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Clocks, CommitNumber, Day, RecordId, Value};
use maud::{Markup, html};
use security::{Permit, RequirePermit};
use standard::{Dataset, Field, FieldKind, Lang};
use ui::{
    Cache, Choice, Crumb, FormState, Input, Shell, Text, Tone, badge, button, error_summary,
    key_values, notice, section,
};

use super::failure::Failure;
use super::fields::{FieldContext, References, cell_text, form_values, typed_fields};
use super::institution_show::{dataset, record_of, value_of};
use super::shown::{Showing, effective_day, is_synthetic, synthetic_badge};
use super::words::{cause_said, severity_tone};
use super::{Asked, lang};
use crate::api::Registry;
use crate::intake::{Cause, Level};
use crate::ledger::Version;
use crate::lists::Labels;

/// Names of the form's own fields; no dataset has fields that begin with an underscore.
pub(super) const BASED_ON: &str = "_based_on";
pub(super) const AS_OF: &str = "_as_of";
pub(super) const MODE: &str = "_mode";
pub(super) const EFFECTIVE: &str = "_effective";
pub(super) const REASON: &str = "_reason";
pub(super) const DATUM: &str = "_datum";
pub(super) const CONFIRMED: &str = "_confirmed";
pub(super) const KEY: &str = "_key";
/// What [`MODE`] says: from the beginning of the stretch that is corrected.
pub(super) const CORRECTION: &str = "correction";
/// What [`MODE`] says: from a day on.
pub(super) const CHANGE: &str = "change";

/// Everything that the form is made of besides what was typed.
pub(super) struct Subject<'r> {
    pub registry: &'r Registry,
    pub dataset: &'r Dataset,
    pub fields: Vec<(usize, &'r Field)>,
    /// Fields that the post may see and not change, of a record that is held.
    pub kept: Vec<(usize, &'r Field)>,
    pub labels: Labels,
    pub references: References,
    /// The version that is corrected; `None` for a new record.
    pub base: Option<Version>,
    pub as_of: Day,
    pub based_on: CommitNumber,
}

/// What is said above and in the form.
#[derive(Default)]
pub(super) struct Said {
    /// What is worth a look and must be confirmed.
    pub notices: Vec<Cause>,
    /// A record that is in the way: its number and name.
    pub taken: Option<(String, String)>,
    /// What someone else changed meanwhile.
    pub conflict: Option<Markup>,
}

pub(super) async fn show_new(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match new_page(&registry, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

pub(super) async fn show_edit(
    State(registry): State<Registry>,
    Path(id): Path<String>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match edit_page(&registry, &id, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&registry, shell),
    }
}

async fn new_page(registry: &Registry, permit: &Permit, shell: Shell) -> Result<Response, Failure> {
    let based_on = registry.ledger().head().await?.number;
    let subject = Subject::of(registry, permit, None, registry.today(), based_on).await?;
    let state = FormState::new()
        .with(KEY, fresh_key(registry)?)
        .with(DATUM, kernel::Datum::Cgcs2000.code())
        .with(EFFECTIVE, registry.today().to_string());
    Ok(render(
        shell,
        &subject,
        &state,
        Said::default(),
        StatusCode::OK,
    ))
}

async fn edit_page(
    registry: &Registry,
    id: &str,
    permit: &Permit,
    shell: Shell,
) -> Result<Response, Failure> {
    let record = record_of(id)?;
    let asked = Asked::of(registry, &shell.url).await?;
    // One corrects what is known now, whatever was known on the day one came from.
    let based_on = registry.ledger().head().await?.number;
    let subject = Subject::of(registry, permit, Some(record), asked.clocks.as_of, based_on).await?;
    let Some(base) = &subject.base else {
        return Err(Failure::Hidden);
    };
    let mut state = FormState::new()
        .with(KEY, fresh_key(registry)?)
        .with(DATUM, kernel::Datum::Cgcs2000.code())
        .with(MODE, CHANGE)
        .with(EFFECTIVE, registry.today().to_string());
    for (place, field) in &subject.fields {
        let value = base.values.get(*place).unwrap_or(&Value::Null);
        state = state.with_many(&field.name, subject.values_of(field, value));
    }
    Ok(render(
        shell,
        &subject,
        &state,
        Said::default(),
        StatusCode::OK,
    ))
}

/// A number that makes two sendings of one form the same.
fn fresh_key(registry: &Registry) -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    let random = registry.security().random();
    random
        .fill(&mut bytes)
        .map_err(|error| Failure::Security(error.into()))?;
    Ok(crate::ledger::hex(&bytes))
}

impl<'r> Subject<'r> {
    /// What the form for a record, or for a new one, is made of.
    pub(super) async fn of(
        registry: &'r Registry,
        permit: &Permit,
        record: Option<RecordId>,
        as_of: Day,
        based_on: CommitNumber,
    ) -> Result<Subject<'r>, Failure> {
        let dataset = dataset(registry)?;
        let clocks = Clocks {
            as_of,
            as_known_on: based_on,
        };
        let base = match record {
            Some(record) => {
                registry
                    .ledger()
                    .record(permit, &dataset.name, record, clocks)
                    .await?
            }
            None => None,
        };
        if record.is_some() && base.is_none() {
            return Err(Failure::Hidden);
        }
        let mut labels = Labels::open(registry, permit, Clocks::latest(as_of)).await?;
        let mut references = References::new();
        for (place, field) in dataset.stored_fields().enumerate() {
            let record = base
                .as_ref()
                .and_then(|base| base.values.get(place))
                .and_then(Value::as_int);
            let (FieldKind::Ref(target), Some(record)) = (&field.kind, record) else {
                continue;
            };
            if *target != dataset.name {
                continue;
            }
            let other = registry
                .ledger()
                .record(permit, target, RecordId::new(record), clocks)
                .await?;
            if let Some(other) = other {
                let name = value_of(dataset, &other, "name")
                    .as_text()
                    .unwrap_or_default();
                let code = value_of(dataset, &other, "code")
                    .as_text()
                    .filter(|code| !code.is_empty());
                references.insert((target.clone(), record), code.unwrap_or(name).to_owned());
                labels.institutions.insert(record, name.to_owned());
            }
        }
        let level = Level::of(registry.ledger(), permit).await?;
        // Whoever adds a record says all of it first.
        let (fields, kept) = typed_fields(dataset, permit, registry.today())
            .into_iter()
            .partition(|(_, field)| base.is_none() || level.may_change(field));
        Ok(Subject {
            registry,
            dataset,
            fields,
            kept,
            labels,
            references,
            base,
            as_of,
            based_on,
        })
    }

    /// How a stored value stands in the form.
    pub(super) fn values_of(&self, field: &Field, value: &Value) -> Vec<String> {
        form_values(field, value, &self.labels, &self.references)
    }
}

/// The form with what was typed, what is wrong with it and what must be confirmed.
pub(super) fn render(
    shell: Shell,
    subject: &Subject<'_>,
    state: &FormState,
    said: Said,
    status: StatusCode,
) -> Response {
    let text = shell.text.clone();
    let lang = lang(&text);
    let labels: Vec<(&str, &str)> = subject
        .fields
        .iter()
        .map(|(_, field)| (field.name.as_str(), field.title.get(lang)))
        .collect();
    let (effective, reason) = (text.get("registry-effective"), text.get("registry-reason"));
    let own = [(EFFECTIVE, effective.as_str()), (REASON, reason.as_str())];
    let labels: Vec<(&str, &str)> = labels.into_iter().chain(own).collect();
    let action = match &subject.base {
        Some(base) => format!("/institutions/{}/edit", base.record),
        None => "/institutions/new".to_owned(),
    };
    let context = FieldContext {
        text: &text,
        standard: subject.registry.standard(),
        labels: &subject.labels,
        state,
        lang,
    };
    let form_field = shell.frame.form_field();
    let body = html! {
        (error_summary(&text, state, &labels))
        @if let Some((record, name)) = &said.taken {
            (notice(Tone::Fix, &text.get("registry-taken-title"), html! { p { a href=(format!("/institutions/{record}")) { (name) } } }))
        }
        @if let Some(conflict) = said.conflict { (conflict) }
        form method="post" action=(action) {
            (form_field)
            input type="hidden" name=(BASED_ON) value=(subject.based_on);
            input type="hidden" name=(AS_OF) value=(subject.as_of);
            input type="hidden" name=(KEY) value=(state.value(KEY));
            (notices(&text, subject, &said.notices, state))
            (section(&text.get("registry-form-fields"), html! {}, html! {
                @if is_inferred(subject) { p { (badge(Tone::Explain, &text.get("ui-badge-inferred"))) " " (text.get("registry-type-inferred")) } }
                (kept_fields(&text, subject))
                div.fields {
                    @for (_, field) in &subject.fields {
                        (context.render(field))
                        @if field.kind == FieldKind::Lat { (datum_field(&text, subject, state)) }
                    }
                }
            }))
            (section(&text.get("registry-form-when"), html! {}, when_fields(&text, subject, state)))
            div.actions {
                (button(&text.get("registry-save"), true)) " "
                a href=(back(subject)) { (text.get("registry-cancel")) }
            }
        }
    };
    let title = match &subject.base {
        Some(_) => text.get("registry-institution-edit"),
        None => text.get("registry-institution-add"),
    };
    let name = subject.base.as_ref().map(|base| {
        value_of(subject.dataset, base, "name")
            .as_text()
            .unwrap_or_default()
            .to_owned()
    });
    let mut crumbs = vec![Crumb::link(
        text.get("registry-institutions"),
        "/institutions",
    )];
    if let (Some(base), Some(name)) = (&subject.base, name) {
        crumbs.push(Crumb::link(name, format!("/institutions/{}", base.record)));
    }
    crumbs.push(Crumb::here(title.clone()));
    let mut page = shell
        .page(title)
        .crumbs(crumbs)
        .cache(Cache::Never)
        .status(status)
        .body(body);
    if subject
        .base
        .as_ref()
        .is_some_and(|base| is_synthetic(subject.dataset, &base.values))
    {
        page = page.badge(synthetic_badge(&text));
    }
    page.into_response()
}

fn back(subject: &Subject<'_>) -> String {
    subject.base.as_ref().map_or_else(
        || "/institutions".to_owned(),
        |base| format!("/institutions/{}", base.record),
    )
}

/// Whether the type of the record was only guessed from its name.
pub(super) fn is_inferred(subject: &Subject<'_>) -> bool {
    subject
        .base
        .as_ref()
        .is_some_and(|base| value_of(subject.dataset, base, "type_inferred").as_int() == Some(1))
}

/// What the post may see and not change, with who keeps it.
fn kept_fields(text: &Text, subject: &Subject<'_>) -> Markup {
    let Some(base) = subject.base.as_ref().filter(|_| !subject.kept.is_empty()) else {
        return html! {};
    };
    let lang = lang(text);
    let showing = Showing {
        standard: subject.registry.standard(),
        labels: &subject.labels,
        lang,
    };
    let pairs: Vec<(String, Markup)> = subject
        .kept
        .iter()
        .map(|(place, field)| {
            let value = base.values.get(*place).unwrap_or(&Value::Null);
            let owner = text.get(&format!("registry-owner-{}", field.owner.as_str()));
            let shown = html! {
                (showing.markup(field, value)) " "
                small { (text.with("registry-kept-by", &[("owner", &owner)])) }
            };
            (field.title.get(lang).to_owned(), shown)
        })
        .collect();
    key_values(&pairs)
}

fn datum_field(text: &Text, subject: &Subject<'_>, state: &FormState) -> Markup {
    let set = subject.registry.standard().code_set("datum");
    let choices = set.map_or_else(Vec::new, |set| {
        set.current()
            .map(|entry| Choice::new(&entry.code, entry.name.get(lang(text))))
            .collect()
    });
    ui::Field::new(DATUM, text.get("registry-datum"))
        .input(Input::Select {
            choices,
            empty: None,
        })
        .hint(text.get("registry-datum-form-hint"))
        .render(text, state)
}

fn when_fields(text: &Text, subject: &Subject<'_>, state: &FormState) -> Markup {
    let effective = ui::Field::new(EFFECTIVE, text.get("registry-effective")).input(Input::Date);
    let effective = match &subject.base {
        Some(_) => effective.hint(text.get("registry-effective-change-hint")),
        None => effective.hint(text.get("registry-effective-new-hint")),
    };
    html! {
        @if let Some(base) = &subject.base {
            @let from = effective_day(text, base.from);
            @let until = base.to.map_or_else(|| text.get("registry-for-good"), |day| day.to_string());
            (ui::Field::new(MODE, text.get("registry-mode"))
                .input(Input::Radios(vec![
                    Choice::new(CHANGE, text.get("registry-mode-change")),
                    Choice::new(CORRECTION, text.with("registry-mode-correction", &[("from", &from), ("to", &until)])),
                ]))
                .render(text, state))
        }
        (effective.render(text, state))
        (ui::Field::new(REASON, text.get("registry-reason")).required().max_length(200)
            .hint(text.get("registry-reason-hint")).render(text, state))
    }
}

/// What is worth a look, with a box for each that says it was looked at.
fn notices(text: &Text, subject: &Subject<'_>, causes: &[Cause], state: &FormState) -> Markup {
    if causes.is_empty() {
        return html! {};
    }
    let lang = lang(text);
    let choices: Vec<Choice> = causes
        .iter()
        .map(|cause| {
            let (message, repair) = cause_said(subject.registry.standard(), lang, cause, |name| {
                typed_words(subject, state, lang, name)
            });
            Choice::new(
                notice_key(cause),
                text.with(
                    "registry-notice-line",
                    &[("message", &message), ("repair", &repair)],
                ),
            )
        })
        .collect();
    let strongest = causes
        .iter()
        .map(|cause| severity_tone(&cause.severity))
        .find(|tone| *tone == Tone::Explain);
    notice(
        strongest.unwrap_or_default(),
        &text.get("registry-confirm-title"),
        ui::Field::new(CONFIRMED, text.get("registry-confirm-label"))
            .input(Input::Boxes(choices))
            .render(text, state),
    )
}

/// What was typed into a field, codes by their names.
pub(super) fn typed_words(
    subject: &Subject<'_>,
    state: &FormState,
    lang: Lang,
    name: &str,
) -> Option<String> {
    let (_, field) = subject
        .fields
        .iter()
        .find(|(_, field)| field.name == name)?;
    let typed = state.values(name);
    let words = match &field.kind {
        FieldKind::Code(set) => {
            let set = subject.registry.standard().code_set(set)?;
            typed
                .iter()
                .map(|code| set.name_of(code, lang))
                .collect::<Vec<_>>()
                .join("、")
        }
        _ => cell_text(field, &typed),
    };
    Some(words).filter(|words| !words.is_empty())
}

/// What a box of [`notices`] sends.
pub(super) fn notice_key(cause: &Cause) -> String {
    format!("{}:{}", cause.code, cause.field)
}
