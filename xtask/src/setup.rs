//! What the commands need from this machine: found, installed where we are root on Debian or
//! Ubuntu, and named otherwise.

use crate::{process, workspace};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that builds web/ and runs its tests.
const OLDEST_NODE: u32 = 20;

/// One thing a command may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Compiles SQLite and the cryptography crates
    CCompiler,
    /// Builds web/ and runs the browser tests; not installed by us, since Debian's may be too old
    Node,
    /// `initdb` and `postgres` for the second engine
    Postgres,
    /// For browser tests and screenshots
    Chromium,
    /// Runs schemathesis, which calls the API by its document; installed from PyPI into a folder of its own
    Python,
    /// Without Chinese glyphs every screenshot and every measured width is wrong
    ChineseFonts,
}

pub(crate) const ALL: &[Part] = &[
    Part::CCompiler,
    Part::Node,
    Part::Postgres,
    Part::Chromium,
    Part::ChineseFonts,
    Part::Python,
];

/// What only building and serving needs.
pub(crate) const TO_BUILD: &[Part] = &[Part::CCompiler, Part::Node];

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CCompiler => "a C compiler (cc)",
            Self::Node => "Node 20 or newer, with npm",
            Self::Postgres => "the PostgreSQL server (initdb, postgres)",
            Self::Chromium => "Chromium",
            Self::Python => "Python 3 with venv and pip",
            Self::ChineseFonts => "a Chinese font",
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::CCompiler => &["gcc", "libc6-dev"],
            Self::Node => &[],
            Self::Postgres => &["postgresql"],
            Self::Chromium => &["chromium"],
            Self::Python => &["python3", "python3-venv"],
            Self::ChineseFonts => &["fontconfig", "fonts-noto-cjk"],
        }
    }

    fn is_present(self) -> bool {
        match self {
            Self::CCompiler => process::find(&["cc", "gcc", "clang"]).is_some(),
            Self::Node => node_is_new_enough() && process::find(&["npm"]).is_some(),
            Self::Postgres => postgres_programs().is_some(),
            Self::Chromium => chromium().is_some(),
            Self::Python => {
                process::output(process::command("python3").args(["-c", "import venv, ensurepip"]))
                    .is_ok()
            }
            Self::ChineseFonts => has_chinese_fonts(),
        }
    }

    fn how_to_get_it(self) -> String {
        match self {
            Self::Node => {
                "install Node 20 or newer with npm (https://nodejs.org) and put it on PATH"
                    .to_owned()
            }
            part => format!("sudo apt-get install {}", part.packages().join(" ")),
        }
    }
}

/// Sees that these parts are here. Gives those that are still missing; on CI that is an error.
pub(crate) fn ensure(parts: &[Part]) -> Result<Vec<Part>> {
    let mut missing = absent(parts);
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|part| part.packages())
        .copied()
        .collect();
    if !packages.is_empty() && process::is_root() && process::find(&["apt-get"]).is_some() {
        install(&packages)?;
        missing = absent(&missing);
    }
    if workspace::on_ci() && !missing.is_empty() {
        bail!("{}", sentence(&missing));
    }
    Ok(missing)
}

/// Sees that these parts are here, or says what to install.
pub(crate) fn require(parts: &[Part]) -> Result<()> {
    let missing = ensure(parts)?;
    if !missing.is_empty() {
        bail!("{}", sentence(&missing));
    }
    Ok(())
}

/// `cargo xtask setup`.
pub(crate) fn run() -> Result<()> {
    require(ALL)?;
    for part in ALL {
        println!("found {}", part.name());
    }
    Ok(())
}

fn absent(parts: &[Part]) -> Vec<Part> {
    parts
        .iter()
        .copied()
        .filter(|part| !part.is_present())
        .collect()
}

fn sentence(missing: &[Part]) -> String {
    let lines: Vec<String> = missing
        .iter()
        .map(|part| format!("  {}: {}", part.name(), part.how_to_get_it()))
        .collect();
    format!(
        "this machine lacks what the command needs:\n{}",
        lines.join("\n")
    )
}

fn install(packages: &[&str]) -> Result<()> {
    println!(
        "installing from the distribution's packages: {}",
        packages.join(", ")
    );
    process::run(apt_get().args(["update", "-qq"]))?;
    process::run(
        apt_get()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages),
    )
}

fn apt_get() -> Command {
    let mut apt_get = process::command("apt-get");
    apt_get.env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}

fn node_is_new_enough() -> bool {
    let Ok(version) = process::output(process::command("node").arg("--version")) else {
        return false;
    };
    major_version(&version).is_some_and(|major| major >= OLDEST_NODE)
}

fn major_version(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The folder of `initdb` and `postgres`: Debian keeps them off PATH, one folder per version.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
    {
        let folder = entry.path().join("bin");
        let version = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let (Some(version), true) = (version, has_server(&folder)) {
            versions.push((version, folder));
        }
    }
    versions.sort();
    if let Some((_, newest)) = versions.pop() {
        return Some(newest);
    }
    let on_path = process::find(&["initdb"])?.parent()?.to_owned();
    has_server(&on_path).then_some(on_path)
}

fn has_server(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

/// The browser: `WEIHE_CHROMIUM`, or what is on PATH.
pub(crate) fn chromium() -> Option<PathBuf> {
    match workspace::variable("WEIHE_CHROMIUM") {
        Some(path) => Some(PathBuf::from(path)),
        None => process::find(&["chromium", "chromium-browser", "google-chrome"]),
    }
}

fn has_chinese_fonts() -> bool {
    let listed = process::output(process::command("fc-list").args([":lang=zh-cn", "family"]));
    listed.is_ok_and(|fonts| !fonts.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_version_is_read() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("18"), None);
    }

    #[test]
    fn a_missing_part_is_named_with_what_to_do() {
        let sentence = sentence(&[Part::Chromium, Part::Node]);
        assert!(
            sentence.contains("Chromium: sudo apt-get install chromium"),
            "{sentence}"
        );
        assert!(sentence.contains("Node 20 or newer"), "{sentence}");
    }

    #[test]
    fn every_part_has_packages_or_its_own_advice() {
        for part in ALL {
            assert!(
                !part.packages().is_empty() || *part == Part::Node,
                "{part:?}"
            );
        }
    }
}
