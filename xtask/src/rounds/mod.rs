//! Rounds: long tests and measurements that are run by hand and written down.
//!
//! A book (`soak`, `bench`) lists its rounds. Each run of a round becomes one record in the book's
//! JSON file; the page is made from the records, so that running one round keeps the others' figures.

mod machine;
mod page;

use crate::workspace::Scratch;
use crate::{clock, demo, generated, process, setup, web, workspace};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(crate) use page::page_of;

/// A list of rounds and where their figures are kept.
pub(crate) struct Book {
    pub(crate) title: &'static str,
    /// What a reader of the page should know first
    pub(crate) about: &'static str,
    /// The page, made from the records
    pub(crate) page: &'static str,
    /// The records
    pub(crate) records: &'static str,
    pub(crate) rounds: &'static [Round],
}

/// One named round.
pub(crate) struct Round {
    pub(crate) name: &'static str,
    /// One sentence: what is done and what would be a failure
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Context) -> Result<Report>,
}

/// What a round is given.
pub(crate) struct Context {
    /// The built program
    pub(crate) binary: PathBuf,
    /// A folder of the round's own, removed after it
    pub(crate) scratch: PathBuf,
    rounds: Option<u32>,
}

impl Context {
    /// How often to repeat: what `--rounds` said, else the round's own number.
    pub(crate) fn rounds(&self, usual: u32) -> u32 {
        self.rounds.unwrap_or(usual)
    }

    /// A command of the built program on a data folder in the scratch folder.
    pub(crate) fn weihe(&self, subcommand: &str, data: &Path) -> std::process::Command {
        let mut command = process::command(&self.binary);
        command.arg(subcommand).arg("--data").arg(data);
        command
    }
}

/// What a round found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How it was measured, so that another can do it again
    pub(crate) method: String,
    pub(crate) figures: Vec<Figure>,
    /// Sentences; one is enough to fail the round
    pub(crate) faults: Vec<String>,
}

impl Report {
    pub(crate) fn new(method: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            ..Self::default()
        }
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.figures.push(Figure {
            name: name.into(),
            value: value.into(),
        });
    }

    pub(crate) fn fault(&mut self, sentence: impl Into<String>) {
        self.faults.push(sentence.into());
    }
}

/// A named figure with its unit, for example `import rate` and `81,200 rows/s`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One run of a round, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) round: String,
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) machine: String,
    pub(crate) took: String,
    pub(crate) method: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) faults: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which rounds to run (all of them otherwise)
    names: Vec<String>,
    /// How often each repeats (its own number otherwise)
    #[arg(long)]
    rounds: Option<u32>,
    /// Run a program that is built already, instead of building one with the profile `demo`; what is measured says so
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Name the rounds and run none
    #[arg(long)]
    list: bool,
}

/// `cargo xtask soak` and `cargo xtask bench`.
pub(crate) fn run(book: &Book, arguments: &Arguments) -> Result<()> {
    let chosen = choose(book, &arguments.names)?;
    if arguments.list {
        for round in chosen {
            println!("{:<16} {}", round.name, round.about);
        }
        return Ok(());
    }
    if arguments.program.is_none() {
        setup::require(setup::TO_BUILD)?;
        web::prepare()?;
        demo::build()?;
    }
    let mut failed = Vec::new();
    for round in chosen {
        println!("── {}: {}", round.name, round.about);
        let record = run_one(round, arguments)?;
        for figure in &record.figures {
            println!("   {}: {}", figure.name, figure.value);
        }
        for fault in &record.faults {
            println!("   FAULT: {fault}");
        }
        if !record.faults.is_empty() {
            failed.push(round.name);
        }
        keep(book, record)?;
    }
    println!("wrote {}", book.page);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn choose<'book>(book: &'book Book, names: &[String]) -> Result<Vec<&'book Round>> {
    if names.is_empty() {
        return Ok(book.rounds.iter().collect());
    }
    let find = |name: &String| {
        let known = || {
            book.rounds
                .iter()
                .map(|round| round.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        book.rounds
            .iter()
            .find(|round| round.name == name)
            .with_context(|| format!("no round is called {name}; there are: {}", known()))
    };
    names.iter().map(find).collect()
}

fn run_one(round: &Round, arguments: &Arguments) -> Result<Record> {
    let scratch = Scratch::new(&workspace::cache_dir()?, "round")?;
    let (binary, built) = match &arguments.program {
        Some(program) => (program.canonicalize()?, "; a program that was built before"),
        None => (workspace::binary("demo")?, ""),
    };
    let context = Context {
        binary,
        scratch: scratch.path().to_owned(),
        rounds: arguments.rounds,
    };
    let started = Instant::now();
    let report = (round.run)(&context).with_context(|| format!("round {}", round.name))?;
    Ok(Record {
        round: round.name.to_owned(),
        date: clock::today()?,
        commit: machine::commit(),
        machine: machine::description(),
        took: clock::spoken(started.elapsed()),
        method: report.method + built,
        figures: report.figures,
        faults: report.faults,
    })
}

fn keep(book: &Book, record: Record) -> Result<()> {
    let kept = replace(load(book)?, record, book);
    let json = serde_json::to_string_pretty(&kept)?;
    generated::write(book.records, &(json + "\n"))?;
    generated::write(book.page, &page::render(book, &kept))
}

/// The records of a book; none where nothing was ever run.
fn load(book: &Book) -> Result<Vec<Record>> {
    let file = workspace::root().join(book.records);
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let json =
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", book.records))?;
    serde_json::from_str(&json)
        .with_context(|| format!("{} is not a list of records", book.records))
}

/// Puts a record in the place of the last run of the same round, in the book's order. A round that
/// the book no longer lists loses its record.
fn replace(mut records: Vec<Record>, record: Record, book: &Book) -> Vec<Record> {
    records.retain(|kept| kept.round != record.round);
    records.push(record);
    let mut ordered = Vec::new();
    for round in book.rounds {
        ordered.extend(
            records
                .iter()
                .filter(|record| record.round == round.name)
                .cloned(),
        );
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: Book = Book {
        title: "Rounds",
        about: "For the test.",
        page: "docs/none.md",
        records: "docs/data/none.json",
        rounds: &[
            Round {
                name: "first",
                about: "The first.",
                run: |_| Ok(Report::new("by hand")),
            },
            Round {
                name: "second",
                about: "The second.",
                run: |_| Ok(Report::new("by hand")),
            },
        ],
    };

    fn record(round: &str, value: &str) -> Record {
        Record {
            round: round.to_owned(),
            date: "2025-09-01".to_owned(),
            commit: "abc".to_owned(),
            machine: "two cores".to_owned(),
            took: "1.0 s".to_owned(),
            method: "by hand".to_owned(),
            figures: vec![Figure {
                name: "rate".to_owned(),
                value: value.to_owned(),
            }],
            faults: Vec::new(),
        }
    }

    #[test]
    fn running_one_round_again_keeps_the_others() {
        let kept = vec![
            record("first", "1"),
            record("second", "2"),
            record("gone", "3"),
        ];
        let kept = replace(kept, record("first", "9"), &BOOK);
        assert_eq!(kept, [record("first", "9"), record("second", "2")]);
    }

    #[test]
    fn an_unknown_round_is_named_with_those_that_exist() {
        let error = choose(&BOOK, &["third".to_owned()]).err().unwrap();
        assert!(
            error.to_string().contains("there are: first, second"),
            "{error}"
        );
    }

    #[test]
    fn the_page_has_a_table_for_each_round_that_ran() {
        let page = page::render(&BOOK, &[record("second", "81,200 rows/s | peak")]);
        assert!(page.contains("## second"), "{page}");
        assert!(page.contains(r"| rate | 81,200 rows/s \| peak |"), "{page}");
        assert!(page.contains("Not run yet: first."), "{page}");
    }
}
