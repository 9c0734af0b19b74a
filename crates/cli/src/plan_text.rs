//! A plan and what was written of it, in words.

use std::path::Path;

use registry::intake::{Cause, Class, Plan, Written};
use standard::{Dataset, Lang};
use ui::format;

use crate::output::{Output, TextTable};

/// Writes the whole answer of an import for people.
pub(crate) struct PlanText<'a> {
    pub(crate) output: &'a Output,
    pub(crate) dataset: &'a Dataset,
}

fn number(count: u64) -> String {
    format::integer(i64::try_from(count).unwrap_or(i64::MAX))
}

impl PlanText<'_> {
    fn pick<'t>(&self, both: &'t (String, String)) -> &'t str {
        match self.output.lang() {
            Lang::Zh => &both.0,
            Lang::En => &both.1,
        }
    }

    fn title(&self, field: &str) -> String {
        let title = self
            .dataset
            .field(field)
            .map(|field| field.title.get(self.output.lang()).to_owned());
        title.unwrap_or_else(|| field.to_owned())
    }

    fn heading(&self, key: &str) {
        self.output.say("");
        self.output.say(self.output.text.get(key));
    }

    fn lines(&self, table: &TextTable) {
        for line in table.lines("  ") {
            self.output.say(line);
        }
    }

    /// How the file was read, and which columns were recognised.
    pub(crate) fn reading(&self, plan: &Plan) {
        let text = &self.output.text;
        let said: Vec<String> = plan
            .reading
            .iter()
            .map(|(what, value)| {
                let key = format!("cli-reading-{}", what.replace('_', "-"));
                let name = if text.has(&key) {
                    text.get(&key)
                } else {
                    what.clone()
                };
                format!("{name} {value}")
            })
            .collect();
        let rows = number(plan.rows);
        let reading = said.join(" · ");
        self.output.say(text.with(
            "cli-read",
            &[("file", &plan.file), ("rows", &rows), ("reading", &reading)],
        ));
        self.heading("cli-columns");
        let mut table = TextTable::default();
        for (header, field) in plan.columns.iter().filter(|(_, field)| !field.is_empty()) {
            table.row([
                header.clone(),
                "→".to_owned(),
                self.title(field),
                field.clone(),
            ]);
        }
        self.lines(&table);
        let ignored: Vec<&str> = plan
            .columns
            .iter()
            .filter(|(header, field)| field.is_empty() && !header.is_empty())
            .map(|(header, _)| header.as_str())
            .collect();
        if !ignored.is_empty() {
            let between = match self.output.lang() {
                Lang::Zh => "、",
                Lang::En => ", ",
            };
            self.output
                .say(text.with("cli-ignored", &[("headers", &ignored.join(between))]));
        }
    }

    /// The numbers of the plan.
    pub(crate) fn numbers(&self, plan: &Plan) {
        let text = &self.output.text;
        let mut parts: Vec<String> = Class::ALL
            .into_iter()
            .map(|class| {
                let name = text.get(&format!("cli-class-{}", class.as_str()));
                format!("{name} {}", number(plan.count(class)))
            })
            .collect();
        if plan.complete_for.is_some() || plan.missing_count > 0 {
            parts.push(format!(
                "{} {}",
                text.get("cli-class-missing"),
                number(plan.missing_count)
            ));
        }
        self.heading("cli-plan");
        self.output.say(format!("  {}", parts.join(" · ")));
        if let Some(effective) = plan.effective {
            self.output
                .say(format!("  {} {effective}", text.get("cli-effective")));
        }
        if let Some(unit) = &plan.complete_for {
            self.output
                .say(format!("  {} {unit}", text.get("cli-complete-for")));
        }
        if !plan.changed_fields.is_empty() {
            self.heading("cli-changed-fields");
            let mut table = TextTable::default();
            for (field, rows) in &plan.changed_fields {
                table.row([self.title(field), number(*rows)]);
            }
            self.lines(&table);
        }
        if !plan.missing.is_empty() {
            self.heading("cli-missing");
            for missing in plan.missing.iter().take(10) {
                let proposal = missing
                    .proposal
                    .as_ref()
                    .map(|(field, value)| format!(" → {} = {value}", self.title(field)))
                    .unwrap_or_default();
                self.output.say(format!("  {}{proposal}", missing.label));
            }
        }
    }

    /// Why rows were refused, and what is worth a look.
    pub(crate) fn causes(&self, plan: &Plan) {
        if !plan.causes.is_empty() {
            self.heading("cli-causes");
            for cause in &plan.causes {
                self.cause(cause);
            }
        }
        if !plan.notices.is_empty() {
            self.heading("cli-notices");
            for cause in &plan.notices {
                self.cause(cause);
            }
        }
    }

    fn cause(&self, cause: &Cause) {
        let text = &self.output.text;
        let rows = number(cause.rows);
        let message = self.pick(&cause.message).to_owned();
        self.output.say(text.with(
            "cli-cause",
            &[
                ("rows", &rows),
                ("message", &message),
                ("code", &cause.code),
            ],
        ));
        if let Some(example) = cause.examples.first() {
            let mut about = vec![
                example.label.clone(),
                example.value.clone(),
                example.detail.get(self.output.lang()).to_owned(),
            ];
            about.retain(|part| !part.is_empty());
            about.dedup();
            let row = example.row.to_string();
            self.output.say(text.with(
                "cli-cause-example",
                &[("row", &row), ("about", &about.join(" · "))],
            ));
        }
        let repair = self.pick(&cause.repair);
        if !repair.is_empty() {
            self.output
                .say(text.with("cli-cause-repair", &[("repair", repair)]));
        }
    }

    /// What was written, and where the refused rows are.
    pub(crate) fn written(&self, import: i64, written: Option<&Written>, refused: Option<&Path>) {
        let text = &self.output.text;
        self.output.say("");
        match written {
            None => self.output.say(text.get("cli-dry-run")),
            Some(written) => {
                let opened = number(written.opened);
                let closed = number(written.closed);
                match written.commits {
                    None if written.resumed == 0 => {
                        self.output.say(text.get("cli-nothing-written"))
                    }
                    None => self
                        .output
                        .say(text.with("cli-all-resumed", &[("count", &number(written.resumed))])),
                    Some((first, last)) => self.output.say(text.with(
                        "cli-written",
                        &[
                            ("import", &import.to_string()),
                            ("first", &format::integer(first)),
                            ("last", &format::integer(last)),
                            ("opened", &opened),
                            ("closed", &closed),
                        ],
                    )),
                }
                if written.commits.is_some() && written.resumed > 0 {
                    self.output
                        .say(text.with("cli-resumed", &[("count", &number(written.resumed))]));
                }
            }
        }
        if let Some(path) = refused {
            self.output
                .say(text.with("cli-refused-file", &[("path", &path.display().to_string())]));
        }
    }
}
