//! `cargo xtask demo`: from a clone to the province on a map.

use crate::{process, setup, web, workspace};
use anyhow::Result;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The port to serve on (the program's own default otherwise)
    #[arg(long)]
    port: Option<u16>,
    /// The data folder
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Load the demo province and stop
    #[arg(long)]
    no_serve: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    web::prepare()?;
    build()?;
    let mut weihe = process::command(workspace::binary("demo")?);
    weihe
        .current_dir(workspace::root())
        .arg("demo")
        .arg("--data")
        .arg(&arguments.data);
    if let Some(port) = arguments.port {
        weihe.arg("--port").arg(port.to_string());
    }
    if arguments.no_serve {
        weihe.arg("--no-serve");
    }
    become_it(&mut weihe)
}

/// Builds the program with the profile that is quick to link and fast enough to serve.
pub(crate) fn build() -> Result<()> {
    if !workspace::binary("demo")?.exists() {
        setup::require(setup::TO_BUILD)?;
        println!("building; the first time this takes several minutes");
    }
    process::run(process::cargo().args(["build", "--profile", "demo", "--package", "weihe"]))
}

/// Gives this process to the program, so that Ctrl-C and signals reach it and nothing stands between.
fn become_it(weihe: &mut Command) -> Result<()> {
    let error = weihe.exec();
    Err(anyhow::Error::new(error).context(format!("cannot start {}", process::shown(weihe))))
}
