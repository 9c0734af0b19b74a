//! `cargo xtask test`: everything CI checks, each step named and timed, all of them even when one
//! fails, and one closing line.

mod api;
mod browser;
mod rust_tests;
mod tally;

use crate::serving::{SignIn, make_demo_data};
use crate::setup::Part;
use crate::workspace::Scratch;
use crate::{clock, generated, process, setup, tidy, web, workspace};
use anyhow::{Context as _, Result};
use std::cell::OnceCell;
use std::path::Path;
use std::time::{Duration, Instant};
use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only these parts (may be repeated)
    #[arg(long = "only", value_enum, value_name = "PART")]
    only: Vec<StepName>,
    /// Check and test only these crates, for example `--package weihe-db` (may be repeated)
    #[arg(long = "package", short = 'p', value_name = "NAME")]
    packages: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StepName {
    Format,
    Tidy,
    Generated,
    Web,
    Clippy,
    Rust,
    Api,
    Browser,
}

/// What a step may need to know.
pub(crate) struct Setting {
    /// Parts that this machine lacks; never any on CI
    missing: Vec<Part>,
    /// Crates to stay with; all of them where there is none
    packages: Vec<String>,
    /// The demo province, made when the first step asks for it
    demo: OnceCell<Demo>,
}

/// A data folder with the demo province that no step serves: each takes a copy.
struct Demo {
    scratch: Scratch,
    sign_in: SignIn,
}

struct Step {
    name: StepName,
    title: &'static str,
    run: fn(&Setting) -> Result<Tally>,
}

/// In the order of what is quickest to fail, and of what the later ones need.
const STEPS: &[Step] = &[
    Step {
        name: StepName::Format,
        title: "format",
        run: |_| {
            one(
                "format: run `cargo fmt`",
                process::succeeds(process::cargo().args(["fmt", "--all", "--check"])),
            )
        },
    },
    Step {
        name: StepName::Tidy,
        title: "tidy",
        run: |_| one("tidy", outcome(tidy::run())),
    },
    Step {
        name: StepName::Generated,
        title: "generated files",
        run: |_| one("generated files", outcome(generated::run(true))),
    },
    Step {
        name: StepName::Web,
        title: "web: build",
        run: |_| one("web build", outcome(web::prepare())),
    },
    Step {
        name: StepName::Web,
        title: "web: types",
        run: |_| one("web types (tsc)", web::types_are_right()),
    },
    Step {
        name: StepName::Clippy,
        title: "clippy",
        run: |setting| one("clippy", clippy(setting)),
    },
    Step {
        name: StepName::Rust,
        title: "Rust tests, on SQLite and PostgreSQL",
        run: rust_tests::run,
    },
    Step {
        name: StepName::Api,
        title: "the API against its document",
        run: api::run,
    },
    Step {
        name: StepName::Browser,
        title: "browser tests",
        run: browser::run,
    },
];

/// Runs the steps, prints what was skipped and what failed, and the closing line.
///
/// Gives true when nothing failed. The closing line is the last thing printed.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let setting = prepare(arguments)?;
    let mut total = Tally::default();
    let mut times = Vec::new();
    for step in STEPS
        .iter()
        .filter(|step| arguments.only.is_empty() || arguments.only.contains(&step.name))
    {
        println!("\n══ {} ══", step.title);
        let started = Instant::now();
        let tally = (step.run)(&setting).unwrap_or_else(|error| {
            println!("{error:#}");
            Tally::failure(format!("{}: {error:#}", step.title))
        });
        let took = started.elapsed();
        println!(
            "── {}: {} in {}",
            step.title,
            tally.verdict(),
            clock::spoken(took)
        );
        times.push((step.title, tally.verdict(), took));
        total.add(tally);
    }
    report(&times, &total);
    Ok(total.failed == 0)
}

/// Installs, or notes as missing, what the chosen steps need.
fn prepare(arguments: &Arguments) -> Result<Setting> {
    let started = Instant::now();
    let is_chosen = |step: StepName| arguments.only.is_empty() || arguments.only.contains(&step);
    let mut parts = Vec::new();
    if is_chosen(StepName::Web) || is_chosen(StepName::Browser) {
        parts.extend_from_slice(setup::TO_BUILD);
    }
    if is_chosen(StepName::Rust) {
        parts.push(Part::Postgres);
    }
    if is_chosen(StepName::Api) {
        parts.push(Part::Python);
    }
    if is_chosen(StepName::Browser) {
        parts.extend([Part::Chromium, Part::ChineseFonts]);
    }
    let missing = setup::ensure(&parts)?;
    if missing.contains(&Part::CCompiler) || missing.contains(&Part::Node) {
        setup::require(setup::TO_BUILD)?;
    }
    println!(
        "machine: {} parts found in {}",
        parts.len() - missing.len(),
        clock::spoken(started.elapsed())
    );
    let packages = arguments.packages.clone();
    Ok(Setting {
        missing,
        packages,
        demo: OnceCell::new(),
    })
}

impl Setting {
    fn lacks(&self, part: Part) -> bool {
        self.missing.contains(&part)
    }

    /// `cargo SUBCOMMAND` over the crates chosen: every one at once, unless some were named. Asked for
    /// one by one, cargo would choose other features for shared libraries and build them again.
    fn cargo(&self, subcommand: &str) -> std::process::Command {
        let mut cargo = process::cargo();
        cargo.arg(subcommand);
        if self.packages.is_empty() {
            cargo.args(["--workspace", "--features", "xtask/boundaries"]);
        }
        for package in &self.packages {
            cargo.arg("--package").arg(package);
        }
        cargo
    }

    /// Puts a copy of the demo province into a folder that is not there yet; its first sign-in.
    fn demo_data(&self, folder: &Path) -> Result<SignIn> {
        let demo = match self.demo.get() {
            Some(demo) => demo,
            None => {
                let scratch = Scratch::new(&workspace::cache_dir()?, "demo")?;
                let made = scratch.path().join("data");
                let sign_in = make_demo_data(&workspace::binary("dev")?, &made)?;
                self.demo.get_or_init(|| Demo { scratch, sign_in })
            }
        };
        process::run(
            process::command("cp")
                .arg("--recursive")
                .arg(demo.scratch.path().join("data"))
                .arg(folder),
        )?;
        Ok(demo.sign_in.clone())
    }

    /// Builds the programs and the tests in one go, for the same reason; false where they do not compile.
    fn build(&self) -> Result<bool> {
        process::succeeds(self.cargo("build").args(["--bins", "--tests"]))
    }
}

/// A step that is one check counts as one test.
fn one(name: &str, outcome: Result<bool>) -> Result<Tally> {
    Ok(if outcome? {
        Tally::pass()
    } else {
        Tally::failure(name.to_owned())
    })
}

fn outcome(result: Result<()>) -> Result<bool> {
    result.map(|()| true)
}

fn clippy(setting: &Setting) -> Result<bool> {
    process::succeeds(
        setting
            .cargo("clippy")
            .args(["--all-targets", "--", "-D", "warnings"]),
    )
}

fn report(times: &[(&str, String, Duration)], total: &Tally) {
    println!("\n══ all steps ══");
    for (title, verdict, took) in times {
        println!("{:>12}  {title}: {verdict}", clock::spoken(*took));
    }
    let whole: Duration = times.iter().map(|(_, _, took)| *took).sum();
    println!("{:>12}  together", clock::spoken(whole));
    if !total.skips.is_empty() {
        println!("\nskipped:");
        for (name, reason) in &total.skips {
            println!("  {name}: {reason}");
        }
    }
    if !total.failures.is_empty() {
        println!("\nfailed:");
        for failure in &total.failures {
            println!("  {failure}");
        }
    }
    println!("\n{}", total.closing_line());
}

/// Reads a file that a step's programs wrote; empty where none did.
fn read_if_written(file: &std::path::Path) -> Result<String> {
    if !file.exists() {
        return Ok(String::new());
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The variables that every test program gets.
fn test_variables(
    command: &mut std::process::Command,
    skipped_file: &std::path::Path,
) -> Result<()> {
    command
        .env("WEIHE_SKIPPED_FILE", skipped_file)
        .env("WEIHE_BIN", workspace::binary("dev")?);
    if let Some(chromium) = setup::chromium() {
        command.env("WEIHE_CHROMIUM", chromium);
    }
    if workspace::on_ci() {
        command.env("WEIHE_REQUIRE_ALL", "1");
    }
    Ok(())
}
