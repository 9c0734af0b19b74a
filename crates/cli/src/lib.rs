//! The command line: arguments in, words or JSON out, an exit code that a script can rely on.
//!
//! This crate decides nothing about data: it opens [`server::App`] and calls the rooms. It is also the one
//! place that reads the environment.
//!
//! Exit codes: 0 done; 1 done, with something that needs a person (refused rows, findings, mistakes in
//! definitions); 2 not done, or not to its end (then it says what was committed); 130 stopped by Ctrl-C, what
//! was committed stays.
//!
//! A ledger is made by what fills or serves one: `import`, `demo`, `serve` and `user add`. Other commands refuse
//! a folder without one, so that a mistyped `--data` does not make one.

mod arguments;
mod commands;
mod export;
mod failure;
mod findings;
mod output;
mod plan_text;
mod progress;
mod stop;

use std::process::ExitCode;

use clap::Parser as _;
use security::people::KeySource;
use server::{App, Database, Settings};
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Command, Common, KeysCommand, Log, StandardCommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// Done, and a person has to look at something.
    Attention,
}

const FAILED: u8 = 2;
const STOPPED: u8 = 130;

/// The words of this crate.
#[must_use]
pub fn messages() -> ui::RoomMessages {
    ui::messages!("cli")
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(&arguments.log);
    let output = Output::new(arguments.common.lang, arguments.command.format());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&output, &error.into()),
    };
    let outcome = runtime.block_on(run(&arguments, &output));
    // Readers of databases and engines may still be busy; nothing they do can be lost.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Attention) => ExitCode::from(1),
        Err(failure) => failed(&output, &failure),
    }
}

fn failed(output: &Output, failure: &Failure) -> ExitCode {
    output.failure(failure);
    ExitCode::from(if failure.is_stop() { STOPPED } else { FAILED })
}

/// The log goes to stderr, so that answers on stdout can be read by programs.
fn start_log(log: &Log) {
    let filter = EnvFilter::try_new(&log.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = if log.log_json {
        subscriber.json().try_init()
    } else {
        subscriber.try_init()
    };
}

async fn run(arguments: &Arguments, output: &Output) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    if let Command::Standard {
        command: StandardCommand::Check(_),
    } = &arguments.command
    {
        return commands::standard::check(common, output);
    }
    if let Command::Openapi = &arguments.command {
        return commands::openapi::run().await;
    }
    let stop = Stop::listen(output)?;
    let mut settings = settings(common);
    if let Command::Serve(served)
    | Command::Demo(arguments::Demo {
        serving: served, ..
    }) = &arguments.command
    {
        served.apply(&mut settings)?;
        settings.notices = served.notice_settings()?;
    }
    let had_ledger = settings.holds_ledger().await?;
    let is_there = had_ledger && settings.data.is_dir();
    let place = settings.place();
    let mut scratch = None;
    let app = match &arguments.command {
        Command::Verify(_)
        | Command::Export(_)
        | Command::Keys {
            command: KeysCommand::Status { .. } | KeysCommand::Check { .. },
        } => App::open_to_read(settings).await?,
        Command::Keys { .. } if !is_there => return Err(settings.no_ledger().into()),
        Command::User { command } if !is_there && !command.may_be_first() => {
            return Err(settings.no_ledger().into());
        }
        Command::Import(command) if !had_ledger && command.dry_run => {
            scratch = Some(commands::import::instead_of_new(&mut settings)?);
            App::open(settings).await?
        }
        _ => App::open(settings).await?,
    };
    if !had_ledger && matches!(arguments.command, Command::Import(_)) {
        tell_of_new(&place, scratch.is_none(), output);
    }
    let outcome = match &arguments.command {
        Command::Serve(command) => commands::serve::run(&app, command, &stop, output).await,
        Command::Demo(command) => commands::demo::run(&app, command, &stop, output).await,
        Command::Import(command) => {
            let is_scratch = scratch.is_some();
            commands::import::run(&app, command, is_scratch, &stop, output).await
        }
        Command::Export(command) => commands::export::run(&app, command, &stop, output).await,
        Command::Verify(command) => commands::verify::run(&app, command, &stop, output).await,
        Command::Keys { command } => commands::keys::run(&app, command, &stop, output).await,
        Command::User { command } => commands::user::run(&app, command, output).await,
        Command::Standard { .. } | Command::Openapi => Ok(Outcome::Done),
    };
    app.close().await;
    outcome
}

/// Says that the ledger is a new one: where another place was meant, it is seen at once.
fn tell_of_new(place: &str, is_made: bool, output: &Output) {
    let key = match is_made {
        true => "cli-new-ledger",
        false => "cli-new-ledger-tried",
    };
    output.aside(output.text.with(key, &[("place", place)]));
}

fn settings(common: &Common) -> Settings {
    let mut settings = Settings::new(common.folder());
    if let Some(url) = &common.database {
        settings.database = Database::Server(url.clone());
    }
    settings.overlay.clone_from(&common.overlay);
    settings.node.clone_from(&common.node);
    if let Some(file) = &common.master_keys {
        settings.security.keys.source = KeySource::File(file.clone());
    }
    settings.security.keys.suite = common.algorithms;
    settings.security.keys.realm.clone_from(&common.realm);
    settings
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_fit_together() {
        super::Arguments::command().debug_assert();
    }

    #[test]
    fn every_message_is_there_in_both_languages() {
        let catalogue = ui::Catalogue::new(vec![super::messages()]);
        assert_eq!(catalogue.problems(), [] as [String; 0]);
    }
}
