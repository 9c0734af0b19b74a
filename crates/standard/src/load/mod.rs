//! From files to a [`Standard`]: each file is read on its own, then all are held against each other.

mod alerts;
mod assurance;
mod calendar;
mod checks;
mod codes;
mod cross;
mod cross_seed;
mod dataset;
mod others;
mod overlay;
mod people;
mod posts;
mod seed;
mod workflow;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::alert::AlertRule;
use crate::assurance::AssuranceRules;
use crate::calendar::Calendar;
use crate::codes::CodeSet;
use crate::figure::Figure;
use crate::infer::TypeRules;
use crate::model::{At, Check, Dataset, SqlFunction, Version};
use crate::people::{ErasureReason, Mask, Purpose};
use crate::post::{Line, Post};
use crate::problem::{Problem, Report, write_instead};
use crate::read::{Lines, Sheet, SourceFile};
use crate::seed::SeedRow;
use crate::standard::Standard;
use crate::workflow::Workflow;

/// A seed file, read.
#[derive(Debug)]
pub(crate) struct SeedFile {
    pub(crate) dataset: String,
    pub(crate) rows: Vec<SeedRow>,
    pub(crate) header: Vec<String>,
    pub(crate) at: At,
}

/// A set named in `codes/index.toml`, before its rows are read.
#[derive(Debug)]
pub(crate) struct CodeFile {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) overlay: bool,
}

/// What has been read so far.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(crate) report: Report,
    pub(crate) version: Option<Version>,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) code_sets: Vec<CodeSet>,
    pub(crate) code_files: Vec<CodeFile>,
    pub(crate) checks: Vec<Check>,
    pub(crate) functions: Vec<SqlFunction>,
    pub(crate) posts: Vec<Post>,
    pub(crate) alerts: Vec<AlertRule>,
    pub(crate) lines: Vec<Line>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) masks: Vec<Mask>,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) erasures: Vec<ErasureReason>,
    pub(crate) type_rules: TypeRules,
    pub(crate) assurance: AssuranceRules,
    pub(crate) seeds: Vec<SeedFile>,
    pub(crate) workflows: Vec<Workflow>,
    pub(crate) calendar: Calendar,
}

const KNOWN_FILES: [&str; 18] = [
    "version.toml",
    "datasets/….toml",
    "codes/index.toml",
    "codes/….csv",
    "checks/….toml",
    "seed/….csv",
    "functions.toml",
    "figures.toml",
    "posts.toml",
    "alerts.toml",
    "assurance.toml",
    "incident_rules.toml",
    "lines.toml",
    "masks.toml",
    "purposes.toml",
    "rules/type_from_name.toml",
    "workflows/….toml",
    "calendar.toml",
];

/// Reads and checks definition files; `overlay` files come after the base and may only add or tighten.
pub(crate) fn load(base: &[SourceFile], overlay: &[SourceFile]) -> Result<Standard, Vec<Problem>> {
    let mut builder = Builder::default();
    for (files, is_overlay) in [(base, false), (overlay, true)] {
        let mut sorted: Vec<&SourceFile> = files.iter().collect();
        sorted.sort_by(|left, right| left.path.cmp(&right.path));
        for file in sorted {
            read_file(&mut builder, file, is_overlay);
        }
        codes::read_rows(&mut builder);
    }
    codes::derive_from_seeds(&mut builder);
    cross::check(&mut builder);
    workflow::check(&mut builder);
    posts::check(&builder);
    if builder.version.is_none() {
        builder.report.add(
            "version.toml",
            1,
            "the version of the definitions is missing",
            "write version.toml with `version = \"2026.1\"` and `about = { zh = \"…\", en = \"…\" }`",
        );
    }
    let problems = std::mem::take(&mut builder.report).into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Standard::assemble(
        builder,
        hash(base, overlay),
        kept(base, overlay),
    ))
}

fn read_file(builder: &mut Builder, file: &SourceFile, overlay: bool) {
    let path = file.path.as_str();
    if is_ignored(path) {
        return;
    }
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        builder.report.add(
            path,
            first_bad_line(&file.bytes),
            "the file is not UTF-8",
            "save it as UTF-8",
        );
        return;
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (folder, name) = path.split_once('/').unwrap_or(("", path));
    match (folder, name, name.rsplit_once('.').map(|(_, end)| end)) {
        ("datasets", _, Some("toml")) => with_toml(builder, path, text, |builder, sheet, table| {
            dataset::read(builder, sheet, table, overlay);
        }),
        ("codes", "index.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            codes::read_index(builder, sheet, table, overlay);
        }),
        ("codes", _, Some("csv")) => builder.code_files.push(CodeFile {
            path: path.to_owned(),
            text: text.to_owned(),
            overlay,
        }),
        ("checks", _, Some("toml")) => with_toml(builder, path, text, |builder, sheet, table| {
            checks::read(builder, sheet, table, overlay);
        }),
        ("seed", _, Some("csv")) => seed::read(builder, path, text, overlay),
        ("rules", "type_from_name.toml", _) => {
            with_toml(builder, path, text, |builder, sheet, table| {
                others::read_type_rules(builder, sheet, table, overlay);
            });
        }
        ("", "functions.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            others::read_functions(builder, sheet, table, overlay);
        }),
        ("", "alerts.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            alerts::read(builder, sheet, table, overlay);
        }),
        ("", "posts.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            posts::read(builder, sheet, table, overlay);
        }),
        ("", "lines.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            posts::read_lines(builder, sheet, table, overlay);
        }),
        ("", "figures.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            others::read_figures(builder, sheet, table, overlay);
        }),
        ("", "assurance.toml", _) => with_toml(builder, path, text, assurance::read),
        ("", "incident_rules.toml", _) => {
            with_toml(builder, path, text, assurance::read_incidents);
        }
        ("", "masks.toml", _) => with_toml(builder, path, text, people::read_masks),
        ("", "purposes.toml", _) => with_toml(builder, path, text, people::read_purposes),
        ("", "version.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            others::read_version(builder, sheet, table, overlay);
        }),
        ("workflows", _, Some("toml")) => {
            with_toml(builder, path, text, |builder, sheet, table| {
                workflow::read(builder, sheet, table, text, overlay);
            });
        }
        ("", "calendar.toml", _) => with_toml(builder, path, text, |builder, sheet, table| {
            calendar::read(builder, sheet, table, overlay);
        }),
        _ => builder.report.add(
            path,
            1,
            "no definition file has this name",
            write_instead(path, KNOWN_FILES),
        ),
    }
}

/// Documentation and files of editors and systems that may lie in the folder.
fn is_ignored(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with('.') || name.ends_with('~') || name.ends_with(".md")
}

fn first_bad_line(bytes: &[u8]) -> u32 {
    let good = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let lines = bytes
        .iter()
        .take(good)
        .filter(|byte| **byte == b'\n')
        .count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

fn with_toml(
    builder: &mut Builder,
    path: &str,
    text: &str,
    read: impl FnOnce(&mut Builder, Sheet<'_>, &toml::de::DeTable<'_>),
) {
    let file: Arc<str> = Arc::from(path);
    let lines = Lines::of(text);
    // The report is taken out while the builder is lent to the reader.
    let report = std::mem::take(&mut builder.report);
    let sheet = Sheet {
        file: &file,
        lines: &lines,
        report: &report,
    };
    let table = sheet.parse(text);
    read(builder, sheet, &table);
    builder.report = report;
}

/// What stands before the paths of an overlay's files where they are kept beside those of the release. No
/// definition file of a release has such a path ([`KNOWN_FILES`]).
const OVERLAY: &str = "overlay/";

/// The files that count, those of the overlay under [`OVERLAY`].
fn kept(base: &[SourceFile], overlay: &[SourceFile]) -> Vec<SourceFile> {
    let mut kept = Vec::new();
    for (prefix, files) in [("", base), (OVERLAY, overlay)] {
        for file in files.iter().filter(|file| !is_ignored(&file.path)) {
            kept.push(SourceFile {
                path: format!("{prefix}{}", file.path),
                bytes: file.bytes.clone(),
            });
        }
    }
    kept
}

/// A workflow from the text that a case kept.
pub(crate) fn kept_workflow(text: &str) -> Option<Workflow> {
    workflow::read_kept(text)
}

/// The hash of definitions from their files as they are kept: the reverse of [`kept`], then [`hash`].
pub(crate) fn hash_of_kept(files: &[SourceFile]) -> String {
    let (mut base, mut overlay) = (Vec::new(), Vec::new());
    for file in files {
        match file.path.strip_prefix(OVERLAY) {
            Some(path) => overlay.push(SourceFile {
                path: path.to_owned(),
                bytes: file.bytes.clone(),
            }),
            None => base.push(file.clone()),
        }
    }
    hash(&base, &overlay)
}

/// SHA-256 over the sorted names and bytes, each with its length, base before overlay.
fn hash(base: &[SourceFile], overlay: &[SourceFile]) -> String {
    let mut digest = Sha256::new();
    for (layer, files) in [("base", base), ("overlay", overlay)] {
        let mut sorted: Vec<&SourceFile> = files
            .iter()
            .filter(|file| !is_ignored(&file.path))
            .collect();
        sorted.sort_by(|left, right| left.path.cmp(&right.path));
        for file in sorted {
            for part in [layer.as_bytes(), file.path.as_bytes(), &file.bytes] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
