//! `weihe verify`: every hash of the ledger and of the audit log, recomputed from what is stored.

use security::SecurityError;
use serde_json::json;
use server::App;
use ui::format;

use crate::Outcome;
use crate::failure::Failure;
use crate::findings;
use crate::output::Output;
use crate::progress::Reporter;
use crate::stop::Stop;

pub(crate) async fn run(app: &App, stop: &Stop, output: &Output) -> Result<Outcome, Failure> {
    let reporter = Reporter::new(output, stop);
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let report = app
        .registry()
        .ledger()
        .verify(|done, total| reporter.tell("cli-step-verify", count(done), count(total)))
        .await?;
    reporter.end();
    if stop.is_asked() {
        return Err(Failure::Stopped);
    }
    let (entries, broken) = match app.security().verify_audit().await {
        Ok(entries) => (entries, None),
        Err(SecurityError::AuditBroken(number)) => (number, Some(number)),
        Err(error) => return Err(error.into()),
    };
    let text = &output.text;
    let mut sentences: Vec<String> = report
        .findings
        .iter()
        .map(|finding| findings::sentence(finding, text))
        .collect();
    let mut told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| findings::as_json(finding, text))
        .collect();
    if let Some(number) = broken {
        let sentence = text.with("cli-finding-audit", &[("number", &number.to_string())]);
        told.push(json!({ "kind": "audit", "message": sentence }));
        sentences.push(sentence);
    }
    let head = findings::head(&report.head);
    output.tell(&json!({
        "commits": report.commits,
        "versions": report.versions,
        "audit_entries": entries,
        "head": head,
        "findings": told,
    }));
    let commits = format::integer(report.commits);
    let versions = format::integer(report.versions);
    let entries = format::integer(entries);
    output.say(text.with(
        "cli-verified",
        &[
            ("commits", &commits),
            ("versions", &versions),
            ("entries", &entries),
        ],
    ));
    output.say(text.with("cli-head", &[("head", &head)]));
    if sentences.is_empty() {
        output.say(text.get("cli-whole"));
        return Ok(Outcome::Done);
    }
    let number = i64::try_from(sentences.len()).unwrap_or(i64::MAX);
    output.say(text.with("cli-findings", &[("count", &format::integer(number))]));
    for sentence in sentences {
        output.say(format!("  {sentence}"));
    }
    Ok(Outcome::Attention)
}
