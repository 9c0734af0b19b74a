//! `GET` and `POST /assurance/node`: whether the chains of this node verify and until when its certificates hold, for
//! those who hold the whole of it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;
use security::{Permit, RequirePermit, Visit};
use ui::{
    Cache, Cell, Column, Page, Row, Shell, Table, Text, Tone, badge, notice, post_button, section,
};

use super::{actor_name, go_to, may_keep, page as room_page, views};
use crate::api::Assurance;
use crate::checks::rules::{Life, life};
use crate::checks::{Check, CheckOutcome};
use crate::error::AssuranceError;

/// So many verifications are shown.
const SHOWN: i64 = 30;

pub(super) async fn show(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match page(&assurance, &permit, &visit, shell.clone()).await {
        Ok(page) => page.into_response(),
        Err(error) => error.as_page(shell),
    }
}

/// Goes through the chains now. A large ledger takes longer than a browser waits, so the answer comes at once.
pub(super) async fn verify(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    if assurance.node_in_reach(&permit).is_none() {
        return AssuranceError::hidden().as_page(shell);
    }
    tokio::spawn(async move {
        if let Err(error) = assurance.verify_chains(&permit).await {
            tracing::error!(%error, "what a verification found could not be kept");
        }
    });
    go_to("/assurance/node?begun=1")
}

async fn page(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    shell: Shell,
) -> Result<Page, AssuranceError> {
    let node = assurance
        .node_in_reach(permit)
        .ok_or_else(AssuranceError::hidden)?;
    let text = shell.text.clone();
    let now = assurance.now();
    let days = assurance.rules().days("certificate_notice");
    let mut certificates = Table::new(text.get("assurance-certificates"))
        .column(Column::text("role", text.get("assurance-certificate-role")))
        .column(Column::text(
            "subject",
            text.get("assurance-certificate-subject"),
        ))
        .column(Column::text("until", text.get("assurance-certificate-until")).narrow())
        .column(Column::text("state", text.get("assurance-standing")).narrow())
        .empty(html! { (text.get("assurance-certificates-none")) });
    let (known, is_unknown) = match node.certificates() {
        Ok(known) => (known, false),
        Err(error) => {
            tracing::error!(error, "the certificates could not be read");
            (Vec::new(), true)
        }
    };
    for certificate in known {
        let (tone, key) = match life(certificate.until, days, now) {
            Life::Over => (Tone::Fix, "assurance-certificate-over"),
            Life::Ending => (Tone::Explain, "assurance-certificate-ending"),
            Life::Long => (Tone::Good, "assurance-certificate-long"),
        };
        let role = format!("assurance-certificate-{}", certificate.role.as_str());
        certificates = certificates.row(Row::new(vec![
            Cell::text(text.get(&role)),
            Cell::text(certificate.subject),
            Cell::text(certificate.until.to_string()),
            Cell::Markup(badge(tone, &text.get(key))),
        ]));
    }
    let mut checks = Table::new(text.get("assurance-checks"))
        .column(Column::text("ended", text.get("assurance-checked-at")).narrow())
        .column(Column::text("chain", text.get("assurance-chain")))
        .column(Column::text("outcome", text.get("assurance-standing")))
        .column(Column::number("looked", text.get("assurance-looked-at")))
        .column(Column::text("head", text.get("assurance-chain-end")))
        .column(Column::text("by", text.get("assurance-checked-by")))
        .empty(html! { (text.get("assurance-checks-none")) });
    for check in assurance.checks(SHOWN).await? {
        let by = actor_name(assurance, &text, &check.actor).await?;
        checks = checks.row(row(&text, &check, by));
    }
    let tool = match may_keep(permit) {
        true => post_button(
            &text.get("assurance-verify"),
            "/assurance/node",
            &[(security::web::CSRF_FIELD, visit.csrf())],
            Tone::Plain,
            None,
        ),
        false => html! {},
    };
    let body = html! {
        (views(&text, permit, "/assurance/node"))
        @if assurance.is_verifying() || shell.url.get("begun").is_some() {
            (notice(Tone::Plain, &text.get("assurance-verifying"), html! {}))
        }
        @if is_unknown { (notice(Tone::Fix, &text.get("assurance-certificates-unknown"), html! {})) }
        (section(&text.get("assurance-checks"), tool, checks.render(&text)))
        (section(&text.get("assurance-certificates"), html! {}, certificates.render(&text)))
    };
    Ok(room_page(shell, text.get("assurance-node"), Vec::new())
        .tool(ui::print_button(&text))
        .cache(Cache::Never)
        .body(body))
}

fn row(text: &Text, check: &Check, by: String) -> Row {
    let (tone, key) = match check.outcome {
        CheckOutcome::Whole => (Tone::Good, "assurance-check-whole"),
        CheckOutcome::Broken => (Tone::Fix, "assurance-check-broken"),
        CheckOutcome::Failed => (Tone::Explain, "assurance-check-failed"),
    };
    Row::new(vec![
        Cell::text(check.ended.to_string()),
        Cell::text(text.get(&format!("assurance-chain-{}", check.chain.as_str()))),
        Cell::Markup(html! {
            (badge(tone, &text.with(key, &[("faults", &check.seen.faults.to_string())])))
            @if !check.seen.first_fault.is_empty() { br; span.hint { (check.seen.first_fault) } }
        }),
        Cell::integer(check.seen.looked_at),
        Cell::Markup(html! { @if !check.seen.head.is_empty() { (ui::code(&check.seen.head)) } }),
        Cell::text(by),
    ])
}
