//! `GET /audit`: the log, for the audit administrator.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::Day;
use maud::{Markup, html};
use ui::{
    Cache, Cell, Choice, Column, Crumb, Fault, Field, FilterBar, FormState, Input, Row, Shell,
    Table, Text, Tone, Url, code, error_summary, link_button, notice, print_button,
};

use super::words::{Names, post, purpose, word};
use crate::api::Security;
use crate::error::SecurityError;
use crate::evidence::{AuditFilter, AuditReport};
use crate::model::{AuditAction, AuditEntry, Outcome};
use crate::pages::failed;
use crate::web::RequirePermit;

/// Entries on a page.
const SIZE: i64 = 50;

/// The fields of the filter, as they stand in the address.
const FIELDS: [&str; 10] = [
    "from",
    "to",
    "actor",
    "action",
    "subject",
    "outcome",
    "address",
    "person",
    "trace",
    "operation",
];

/// What an address asks for; faults of what was typed stand in the form.
pub(super) fn asked(url: &Url) -> (AuditFilter, FormState) {
    let mut state = FormState::new();
    for name in FIELDS {
        // What no entry holds finds nothing; what no store takes is left out.
        let value = url.get(name).unwrap_or_default();
        let value: String = value
            .chars()
            .filter(|letter| !letter.is_control())
            .collect();
        state = state.with(name, value.trim());
    }
    let text = |state: &FormState, name: &str| {
        let value = state.value(name);
        (!value.is_empty()).then(|| value.to_owned())
    };
    let day = |state: &mut FormState, name: &str| {
        let value = text(state, name)?;
        match Day::parse(&value) {
            Ok(day) => Some(day),
            Err(_) => {
                state.fail(name, Fault::DATE);
                None
            }
        }
    };
    let from = day(&mut state, "from");
    let to = day(&mut state, "to");
    let person = text(&state, "person").and_then(|value| match value.parse() {
        Ok(person) => Some(person),
        Err(_) => {
            state.fail("person", Fault::NUMBER);
            None
        }
    });
    let filter = AuditFilter {
        from,
        to,
        actor: text(&state, "actor"),
        action: text(&state, "action"),
        subject: text(&state, "subject"),
        outcome: text(&state, "outcome"),
        address: text(&state, "address"),
        person,
        trace: text(&state, "trace"),
        operation: text(&state, "operation"),
    };
    (filter, state)
}

pub(super) async fn show(
    State(security): State<Security>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match page(&security, &permit, shell.clone()).await {
        Ok(response) => response,
        Err(error) => failed(shell, &error),
    }
}

async fn page(
    security: &Security,
    permit: &RequirePermit,
    shell: Shell,
) -> Result<Response, SecurityError> {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let (filter, state) = asked(&url);
    let before = url.get("before").and_then(|number| number.parse().ok());
    if filter.person.is_some() && before.is_none() {
        // Looking up one person in the log is itself on record.
        security.note_audit_read(permit, &filter, false).await?;
    }
    let found = match state.is_right() {
        true => security.audit_search(permit, &filter, before, SIZE).await?,
        false => crate::evidence::AuditPage::default(),
    };
    let actors: Vec<String> = found
        .entries
        .iter()
        .map(|entry| entry.actor.clone())
        .collect();
    let units: Vec<kernel::UnitId> = found
        .entries
        .iter()
        .filter_map(|entry| entry.detail.as_ref().and_then(|detail| detail.unit))
        .collect();
    let names = Names::of(security, &actors, &units).await?;
    let checked = match url.get("verify") {
        Some("1") => Some(security.check_audit().await?),
        _ => security.audit_state(),
    };
    let mut table = Table::new(text.get("security-audit"))
        .column(Column::text("number", text.get("security-audit-number")).narrow())
        .column(Column::text("at", text.get("security-audit-at")).narrow())
        .column(Column::text("actor", text.get("security-audit-actor")))
        .column(Column::text("action", text.get("security-audit-action")))
        .column(Column::text("subject", text.get("security-audit-subject")))
        .column(Column::text("outcome", text.get("security-audit-outcome")).narrow())
        .column(Column::text("address", text.get("security-audit-address")).narrow())
        .column(Column::text("detail", text.get("security-audit-detail")));
    for entry in &found.entries {
        table = table.row(row(security, &text, &names, entry));
    }
    let file = url.at("/audit.csv").without("before").without("verify");
    let body = html! {
        (state_of(&text, &url, checked))
        (error_summary(&text, &state, &labels(&text).iter().map(|(name, label)| (*name, label.as_str())).collect::<Vec<_>>()))
        (filters(&text, &state).render(&text, &url))
        div #results data-region="" {
            (table.render(&text))
            nav.pager aria-label=(text.get("ui-pager")) data-live-links="" data-to-top="" {
                ul {
                    @if before.is_some() { li { a href=(url.without("before")) { (text.get("security-audit-latest")) } } }
                    @if let Some(next) = found.next { li { a href=(url.with("before", next)) rel="next" { (text.get("ui-pager-next")) } } }
                }
            }
        }
    };
    Ok(shell
        .page(text.get("security-audit"))
        .lead(text.get("security-audit-lead"))
        .crumbs(vec![Crumb::here(text.get("security-audit"))])
        .tool(link_button(
            &text.get("ui-export"),
            &file.to_string(),
            None,
            false,
        ))
        .tool(print_button(&text))
        .cache(Cache::Never)
        .body(body)
        .into_response())
}

fn labels(text: &Text) -> Vec<(&'static str, String)> {
    FIELDS
        .iter()
        .map(|name| (*name, text.get(&format!("security-audit-{name}"))))
        .collect()
}

fn filters(text: &Text, state: &FormState) -> FilterBar {
    let choice = |prefix: &str, codes: &[&str]| Input::Select {
        choices: codes
            .iter()
            .map(|code| Choice::new(*code, word(text, prefix, code)))
            .collect(),
        empty: Some(text.get("security-audit-any")),
    };
    let actions: Vec<&str> = AuditAction::ALL.iter().map(|one| one.as_str()).collect();
    let outcomes = [
        Outcome::Begun,
        Outcome::Done,
        Outcome::Refused,
        Outcome::Locked,
    ]
    .map(Outcome::as_str);
    let fields = labels(text)
        .into_iter()
        .map(|(name, label)| {
            let field = Field::new(name, label).inline();
            let field = match name {
                "from" | "to" => field.input(Input::Date),
                "action" => field.input(choice("security-audit-do", &actions)),
                "outcome" => field.input(choice("security-audit-end", &outcomes)),
                _ => field.max_length(80).autocomplete("off"),
            };
            field.render(text, state)
        })
        .collect();
    FilterBar {
        fields,
        keep: Vec::new(),
    }
}

fn row(security: &Security, text: &Text, names: &Names, entry: &AuditEntry) -> Row {
    let place = entry.detail.as_ref().map(|detail| {
        let unit = detail.unit.map(|unit| names.unit(text, unit));
        let post = (!detail.post.is_empty()).then(|| post(security, text, &detail.post));
        [unit, post]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    });
    Row::new(vec![
        Cell::text(entry.number.to_string()),
        Cell::text(entry.at.to_string()),
        Cell::Markup(html! {
            (names.actor(text, &entry.actor)) " " span.hint { (entry.actor) }
            @if let Some(place) = place.filter(|place| !place.is_empty()) { br; span.hint { (place) } }
        }),
        Cell::text(word(text, "security-audit-do", &entry.action)),
        Cell::Markup(code(&entry.subject)),
        Cell::text(word(text, "security-audit-end", &entry.outcome)),
        Cell::text(entry.address.clone()),
        Cell::Markup(detail(security, text, entry)),
    ])
    .id(format!("e{}", entry.number))
}

/// What an entry says besides, as far as it says something.
fn detail(security: &Security, text: &Text, entry: &AuditEntry) -> Markup {
    let Some(detail) = &entry.detail else {
        return html! {};
    };
    let number = |number: Option<i64>| number.map(ui::format::integer);
    let words = |words: &str| (!words.is_empty()).then(|| words.to_owned());
    let shown = detail.in_full.map(|full| {
        let key = if full {
            "security-audit-full"
        } else {
            "security-audit-masked"
        };
        let level = word(text, "security-level", &detail.level);
        format!("{level} {}", text.get(key))
    });
    let parts = [
        ("dataset", words(&detail.dataset)),
        ("purpose", words(&purpose(security, text, &detail.purpose))),
        ("reason", words(&detail.reason)),
        ("persons", number(detail.persons)),
        ("records", number(detail.records)),
        ("level", shown),
        ("trace", words(&detail.trace)),
        ("session", detail.session.map(|number| number.to_string())),
        ("operation", words(&detail.operation)),
    ];
    html! {
        @for (name, value) in parts {
            @if let Some(value) = value {
                span.pair { span.hint { (text.get(&format!("security-audit-{name}"))) } " " (value) } " "
            }
        }
    }
}

/// When the log was last gone through, and what was found.
fn state_of(text: &Text, url: &Url, checked: Option<(kernel::Millis, AuditReport)>) -> Markup {
    let again = html! {
        p { a href=(url.with("verify", "1")) { (text.get("security-audit-verify")) } }
    };
    let Some((at, report)) = checked else {
        return notice(Tone::Plain, &text.get("security-audit-unchecked"), again);
    };
    let at = at.to_string();
    match report.fault {
        None => {
            let whole = text.with(
                "security-audit-whole",
                &[
                    ("at", &at),
                    ("entries", &ui::format::integer(report.entries)),
                    ("dropped", &ui::format::integer(report.dropped)),
                ],
            );
            let end = format!("{}:{}", report.number, report.hash);
            let end = text.with("security-audit-ends", &[("end", &end)]);
            notice(Tone::Good, &whole, html! { p.hint { (end) } (again) })
        }
        Some(fault) => {
            let key = format!("security-audit-fault-{}", fault.kind.as_str());
            let said = text.with(&key, &[("number", &fault.number.to_string())]);
            let broken = text.with("security-audit-broken", &[("at", &at)]);
            notice(Tone::Fix, &broken, html! { p { (said) } (again) })
        }
    }
}
