//! `cargo xtask`: the door to the workspace. What CI runs is what a person runs.
//!
//! Unless it is asked for geometry, it depends on no room of the workspace, so that it still compiles,
//! and `tidy` still speaks, when a room does not.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to a person at a terminal"
)]

mod api;
mod bench;
#[cfg(feature = "boundaries")]
mod boundaries;
mod client;
mod clock;
mod demo;
mod generated;
mod loopback;
mod openapi;
mod postgres;
mod process;
mod rounds;
mod serving;
mod setup;
mod shots;
mod soak;
mod test;
mod tidy;
mod web;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Build, test, measure and check Weihe.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, load the demo province into ./data and serve it
    Demo(demo::Arguments),
    /// Everything CI checks: format, tidy, types, clippy, tests on both databases, browser tests
    Test(test::Arguments),
    /// The rules that no compiler checks: edges, imports, sizes, licences, documents
    Tidy,
    /// Build the styles and scripts in web/
    Web,
    /// Install, or name, what the other commands need from this machine
    Setup,
    /// The long rounds (kill -9, load, fuzz); writes docs/reliability.md
    Soak(rounds::Arguments),
    /// Measurements; writes docs/benchmarks.md
    Bench(rounds::Arguments),
    /// Regenerate the generated files that are committed
    Gen {
        /// Change nothing; fail where a committed file is stale
        #[arg(long)]
        check: bool,
    },
    /// Take the screenshots of docs/screenshots
    Shots,
    /// Derive the outlines and code tables of the demo province from published packages
    #[cfg(feature = "boundaries")]
    Boundaries(boundaries::Arguments),
    /// Derive the outlines and code tables of the demo province from published packages
    #[cfg(not(feature = "boundaries"))]
    #[command(disable_help_flag = true)]
    Boundaries {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Gives false where the task has said itself what failed.
fn run(task: Task) -> anyhow::Result<bool> {
    let outcome = match task {
        Task::Test(test) => return test::run(&test),
        Task::Demo(demo) => demo::run(&demo),
        Task::Tidy => tidy::run(),
        Task::Web => web::prepare(),
        Task::Setup => setup::run(),
        Task::Soak(rounds) => rounds::run(&soak::BOOK, &rounds),
        Task::Bench(rounds) => rounds::run(&bench::BOOK, &rounds),
        Task::Gen { check } => generated::run(check),
        Task::Shots => shots::run(),
        #[cfg(feature = "boundaries")]
        Task::Boundaries(boundaries) => boundaries::run(&boundaries),
        #[cfg(not(feature = "boundaries"))]
        Task::Boundaries { arguments } => with_geometry("boundaries", &arguments),
    };
    outcome.map(|()| true)
}

/// Runs a task that works with geometry in a build of this program that has it.
#[cfg(not(feature = "boundaries"))]
fn with_geometry(task: &str, arguments: &[String]) -> anyhow::Result<()> {
    let mut cargo = process::cargo();
    cargo.current_dir(std::env::current_dir()?);
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "boundaries",
        "--",
        task,
    ]);
    process::run(cargo.args(arguments))
}
