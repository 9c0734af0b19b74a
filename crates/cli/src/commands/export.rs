//! `weihe export`: a dataset as a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use registry::intake::IntakeError;
use security::{AuditAction, Outcome as AuditOutcome, Permit, Subject};
use server::App;
use standard::Dataset;

use crate::Outcome;
use crate::arguments::Export;
use crate::commands::operator;
use crate::export::{Exporter, References, Shape};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Reporter;
use crate::stop::Stop;

pub(crate) async fn run(
    app: &App,
    command: &Export,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    let permit = operator()?;
    let dataset = dataset(app, &command.dataset)?;
    // Before anything is written: what cannot be recorded does not leave.
    note(app, dataset, &permit, output).await?;
    let writing = Writing {
        app,
        command,
        dataset,
        permit: &permit,
        stop,
        output,
    };
    let count = match &command.output {
        None => writing.write_to(BufWriter::new(std::io::stdout())).await?,
        Some(path) => {
            let unfinished = unfinished(path);
            let written = writing
                .write_to(BufWriter::new(File::create(&unfinished)?))
                .await;
            match written {
                Ok(count) => {
                    std::fs::rename(&unfinished, path)?;
                    count
                }
                Err(failure) => {
                    let _ = std::fs::remove_file(&unfinished);
                    return Err(failure);
                }
            }
        }
    };
    let count = ui::format::integer(i64::try_from(count).unwrap_or(i64::MAX));
    output.aside(output.text.with("cli-exported", &[("count", &count)]));
    Ok(Outcome::Done)
}

/// Notes in the audit log that data is taken out, where that can be written.
async fn note(
    app: &App,
    dataset: &Dataset,
    permit: &Permit,
    output: &Output,
) -> Result<(), Failure> {
    if app.is_read_only() {
        output.aside(output.text.get("cli-export-not-noted"));
        return Ok(());
    }
    let subject = Subject::dataset(&dataset.name);
    let noted = app.security().audit_alone(
        permit.actor(),
        AuditAction::Exported,
        &subject,
        AuditOutcome::Done,
        None,
    );
    noted.await?;
    Ok(())
}

fn dataset<'a>(app: &'a App, name: &str) -> Result<&'a Dataset, Failure> {
    let standard = app.standard();
    standard.dataset(name).ok_or_else(|| {
        let names = standard
            .datasets()
            .iter()
            .map(|dataset| dataset.name.as_str());
        Failure::Intake(IntakeError::UnknownDataset {
            name: name.to_owned(),
            instead: standard::nearest(name, names).map(str::to_owned),
        })
    })
}

/// The file's name while it is not whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

struct Writing<'a> {
    app: &'a App,
    command: &'a Export,
    dataset: &'a Dataset,
    permit: &'a Permit,
    stop: &'a Stop,
    output: &'a Output,
}

impl Writing<'_> {
    async fn write_to(&self, target: impl Write + Send) -> Result<u64, Failure> {
        let registry = self.app.registry();
        let clocks = registry
            .clocks(self.command.as_of, self.command.known_on)
            .await?;
        let references = References::read(registry, self.permit, self.dataset, clocks).await?;
        let shape = Shape {
            format: self.command.format,
            names: self.command.names,
            lang: self.output.lang(),
        };
        let standard = registry.standard();
        let mut exporter = Exporter::start(
            standard,
            self.dataset,
            self.permit,
            references,
            shape,
            target,
        )?;
        let reporter = Reporter::new(self.output, self.stop);
        let mut fault = None;
        let mut rows: u64 = 0;
        let name = &self.dataset.name;
        registry
            .ledger()
            .read(self.permit, name, clocks, |version| {
                if fault.is_some() {
                    return;
                }
                rows += 1;
                let goes_on =
                    !rows.is_multiple_of(1_000) || reporter.tell("cli-step-export", rows, 0);
                if !goes_on {
                    fault = Some(Failure::Stopped);
                } else if let Err(error) = exporter.write(&version) {
                    fault = Some(error.into());
                }
            })
            .await?;
        reporter.end();
        match fault {
            Some(fault) => Err(fault),
            None => Ok(exporter.finish()?),
        }
    }
}
