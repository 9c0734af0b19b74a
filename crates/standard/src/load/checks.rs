//! `checks/*.toml`.

use toml::de::DeTable;

use super::Builder;
use crate::model::{Check, CheckKind, Confidence, Severity};
use crate::read::{Entry, Sheet};

pub(super) fn read(builder: &mut Builder, sheet: Sheet<'_>, table: &DeTable<'_>, overlay: bool) {
    let file = Entry::new(sheet, table, 1);
    for entry in file.tables("check") {
        let code = entry.need_text("code");
        match builder.checks.iter_mut().find(|check| check.code == code) {
            Some(check) if overlay => raise(check, entry),
            Some(check) => {
                let first = check.at.to_string();
                entry.problem(
                    entry.line_of("code"),
                    format!("check `{code}` is defined twice"),
                    format!("give it a new code; the other stands at {first}"),
                );
            }
            None => {
                let check = read_check(entry, code);
                builder.checks.push(check);
            }
        }
    }
    file.finish();
}

/// An overlay may raise the severity of a check, nothing else.
fn raise(check: &mut Check, entry: Entry<'_>) {
    if let Some(severity) = entry.need_choice("severity", &Severity::CHOICES) {
        if severity < check.severity {
            entry.problem(
                entry.line_of("severity"),
                format!(
                    "an overlay may not lower `{}` from {} to {}",
                    check.code,
                    check.severity.as_str(),
                    severity.as_str()
                ),
                format!(
                    "write `severity = \"{}\"` or remove the check from the overlay",
                    check.severity.as_str()
                ),
            );
        }
        check.severity = check.severity.max(severity);
    }
    entry.finish();
}

fn read_check(entry: Entry<'_>, code: String) -> Check {
    let check = Check {
        severity: entry
            .need_choice("severity", &Severity::CHOICES)
            .unwrap_or(Severity::Notice),
        kind: entry
            .need_choice("kind", &[("row", CheckKind::Row), ("set", CheckKind::Set)])
            .unwrap_or(CheckKind::Row),
        dataset: entry.need_text("dataset"),
        field: entry.need_text("field"),
        message: entry.need_label("message"),
        repair: entry.need_label("repair"),
        sql: entry.need_text("sql"),
        source: entry.need_text("source"),
        confidence: entry
            .need_choice("confidence", &Confidence::CHOICES)
            .unwrap_or(Confidence::Proposal),
        at: entry.sheet.at(entry.line_of("code")),
        sql_line: entry.line_of_text("sql"),
        code,
    };
    let select = check
        .sql
        .trim_start()
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("select"));
    let with = check
        .sql
        .trim_start()
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("with"));
    match check.kind {
        CheckKind::Row if select => entry.problem(
            check.sql_line,
            format!("row check `{}` is a query", check.code),
            "write `kind = \"set\"`, or only the condition",
        ),
        CheckKind::Set if !select && !with && !check.sql.is_empty() => entry.problem(
            check.sql_line,
            format!("set check `{}` is not a query", check.code),
            "write `SELECT row_no FROM staged …`, or `kind = \"row\"`",
        ),
        _ => {}
    }
    entry.finish();
    check
}
