//! `weihe verify`: every hash of the ledger and of the audit log, recomputed from what is stored.

use registry::ledger::VerifyReport;
use security::LedgerHead;
use serde_json::json;
use server::App;
use ui::format;

use crate::Outcome;
use crate::arguments::Verify;
use crate::commands::operator;
use crate::failure::Failure;
use crate::findings;
use crate::output::Output;
use crate::progress::Reporter;
use crate::stop::Stop;

pub(crate) async fn run(
    app: &App,
    command: &Verify,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    let reporter = Reporter::new(output, stop);
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let ledger = app.registry().ledger();
    let mut report = ledger
        .verify(|done, total| reporter.tell("cli-step-verify", count(done), count(total)))
        .await?;
    reporter.end();
    if stop.is_asked() {
        return Err(Failure::Stopped);
    }
    let head = LedgerHead {
        number: report.number,
        hash: report.head,
    };
    if command.put_back {
        accept(app, &mut report, &head).await?;
    }
    if let Some(expected) = &command.expect {
        report
            .findings
            .extend(ledger.check_expected(expected).await?);
    }
    let audit = app.security().audit_report().await?;
    let (entries, broken) = (audit.entries, audit.fault);
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
    if let Some(fault) = broken {
        let key = format!("cli-finding-audit-{}", fault.kind.as_str());
        let sentence = text.with(&key, &[("number", &fault.number.to_string())]);
        told.push(json!({
            "kind": "audit",
            "fault": fault.kind.as_str(),
            "number": fault.number,
            "message": sentence,
        }));
        sentences.push(sentence);
    }
    output.tell(&json!({
        "commits": report.commits,
        "versions": report.versions,
        "opened": report.opened,
        "erased": report.erased.len(),
        "audit_entries": entries,
        "audit_dropped": audit.dropped,
        "audit_head": format!("{}:{}", audit.number, audit.hash),
        "number": report.number,
        "head": findings::head(&report.head),
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
    if report.opened > 0 || !report.erased.is_empty() {
        let persons = i64::try_from(report.erased.len()).unwrap_or(i64::MAX);
        output.say(text.with(
            "cli-erased",
            &[
                ("persons", &format::integer(persons)),
                ("opened", &format::integer(report.opened)),
            ],
        ));
    }
    if report.keys_absent {
        output.say(text.get("cli-keys-absent"));
    }
    output.say(text.with("cli-head", &[("head", &head.to_string())]));
    if audit.dropped > 0 {
        let dropped = format::integer(audit.dropped);
        output.say(text.with("cli-audit-dropped", &[("dropped", &dropped)]));
    }
    if sentences.is_empty() {
        output.say(text.get("cli-whole"));
        return Ok(Outcome::Done);
    }
    let hangs_together =
        broken.is_none() && report.findings.iter().all(findings::is_of_another_state);
    let title = match hangs_together {
        true => "cli-findings-of-another-state",
        false => "cli-findings",
    };
    let number = i64::try_from(sentences.len()).unwrap_or(i64::MAX);
    output.say(text.with(title, &[("count", &format::integer(number))]));
    for sentence in sentences {
        output.say(format!("  {sentence}"));
    }
    Ok(Outcome::Attention)
}

/// Notes in the audit log that the ledger was put back to its present head on purpose. Only a ledger that
/// hangs together can be meant.
async fn accept(app: &App, report: &mut VerifyReport, head: &LedgerHead) -> Result<(), Failure> {
    if !report.findings.iter().all(findings::is_of_another_state) {
        return Ok(());
    }
    app.security()
        .ledger_was_put_back(&operator()?, head)
        .await?;
    report.findings.clear();
    Ok(())
}
