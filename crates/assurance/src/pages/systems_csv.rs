//! `GET /assurance/systems.csv`: what the list shows, all its pages, as a file. Recorded in the audit log.

use axum::extract::State;
use axum::response::Response;
use security::describe::{Answer, In, LANGUAGE, Operation, Parameter, TEXT};
use security::{AuditAction, Outcome, Permit, RequirePermit, Subject, Visit};
use ui::Shell;

use super::csv;
use super::systems::{gap_words, kind_key, level_words, listed};
use crate::api::Assurance;
use crate::error::AssuranceError;

const fn filter(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Query,
        about,
        schema: TEXT,
    }
}

/// What programs may know of it.
pub(super) static EXPORT_SYSTEMS: Operation = Operation {
    id: "exportInformationSystems",
    summary: "The register of information systems as the list shows it",
    parameters: &[
        filter("q", "A part of the name, the unit or the domain"),
        filter("gap", "Only those that lack this, such as `overdue`"),
        filter("level", "Only those of this protection level"),
        LANGUAGE,
    ],
    body: None,
    answers: &[Answer::csv("A header, and a line for each system")],
};

pub(super) async fn send(
    State(assurance): State<Assurance>,
    permit: RequirePermit,
    visit: Visit,
    shell: Shell,
) -> Response {
    match table(&assurance, &permit, &visit, &shell).await {
        Ok(rows) => csv::send("systems.csv", &rows),
        Err(error) => error.as_page(shell),
    }
}

async fn table(
    assurance: &Assurance,
    permit: &Permit,
    visit: &Visit,
    shell: &Shell,
) -> Result<Vec<Vec<String>>, AssuranceError> {
    let text = &shell.text;
    let names = assurance.names().await?;
    let listed = listed(assurance, permit, &names, &shell.url).await?;
    assurance
        .0
        .security
        .audit_alone(
            permit.actor(),
            AuditAction::Exported,
            &Subject::dataset("assurance_system"),
            Outcome::Done,
            Some(&visit.address()),
        )
        .await?;
    let head = [
        "assurance-system",
        "assurance-unit",
        "assurance-kind",
        "assurance-field-in-charge",
        "assurance-field-run-by",
        "assurance-field-used-by",
        "assurance-field-domain",
        "assurance-field-addresses",
        "assurance-level",
        "assurance-field-filing-number",
        "assurance-field-filed",
        "assurance-assessed",
        "assurance-critical",
        "assurance-field-supplier",
        "assurance-field-contact",
        "assurance-field-contact-phone",
        "assurance-gaps",
    ];
    let mut rows = vec![head.iter().map(|key| text.get(key)).collect::<Vec<_>>()];
    let day = |day: Option<kernel::Day>| day.map(|day| day.to_string()).unwrap_or_default();
    for each in &listed {
        let system = each.known.system.clone();
        let gaps: Vec<String> = each.gaps.iter().map(|gap| gap_words(text, *gap)).collect();
        rows.push(vec![
            system.name,
            names.name(system.unit),
            text.get(&kind_key(&system.kind)),
            system.in_charge,
            system.run_by,
            system.used_by,
            system.domain,
            system.addresses,
            level_words(assurance, text, system.level),
            system.filing_number,
            day(system.filed),
            day(system.assessed),
            text.get(if system.critical {
                "assurance-yes"
            } else {
                "assurance-no"
            }),
            system.supplier,
            system.contact,
            system.contact_phone,
            gaps.join(";"),
        ]);
    }
    Ok(rows)
}
