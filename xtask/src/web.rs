//! The styles and scripts in web/, built only when something they are made of changed.

use crate::{process, setup, workspace};
use anyhow::{Context as _, Result, bail};
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

/// Installs the packages and builds `web/dist`, each only when its inputs changed.
pub(crate) fn prepare() -> Result<()> {
    let web = workspace::root().join("web");
    if !web.join("package.json").is_file() {
        bail!("there is no web/package.json: is this clone complete?");
    }
    if packages_are_stale(&web)? || build_is_stale(&web)? {
        setup::require(setup::TO_BUILD)?;
    }
    install(&web)?;
    build(&web)
}

/// Checks the types of the scripts; true when there is no mistake.
pub(crate) fn types_are_right() -> Result<bool> {
    let web = workspace::root().join("web");
    process::succeeds(
        process::command(web.join("node_modules/.bin/tsc"))
            .arg("--noEmit")
            .current_dir(&web),
    )
}

fn install(web: &Path) -> Result<()> {
    if !packages_are_stale(web)? {
        return Ok(());
    }
    process::run(
        process::command("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(web),
    )?;
    write_stamp(&packages_stamp(web), &print_of_packages(web)?)
}

fn build(web: &Path) -> Result<()> {
    if !build_is_stale(web)? {
        return Ok(());
    }
    process::run(process::command("node").arg("build.mjs").current_dir(web))?;
    write_stamp(&build_stamp(web), &print_of_sources(web)?)
}

fn packages_are_stale(web: &Path) -> Result<bool> {
    Ok(read_stamp(&packages_stamp(web)) != print_of_packages(web)?)
}

fn build_is_stale(web: &Path) -> Result<bool> {
    let built = web.join("dist/manifest.json").is_file();
    Ok(!built || read_stamp(&build_stamp(web)) != print_of_sources(web)?)
}

fn packages_stamp(web: &Path) -> PathBuf {
    web.join("node_modules/.stamp")
}

/// Beside the packages, not in dist: everything in dist is served.
fn build_stamp(web: &Path) -> PathBuf {
    web.join("node_modules/.stamp-build")
}

fn read_stamp(stamp: &Path) -> String {
    std::fs::read_to_string(stamp).unwrap_or_default()
}

fn write_stamp(stamp: &Path, print: &str) -> Result<()> {
    std::fs::write(stamp, print).with_context(|| format!("cannot write {}", stamp.display()))
}

fn print_of_packages(web: &Path) -> Result<String> {
    fingerprint(
        web,
        &[web.join("package.json"), web.join("package-lock.json")],
    )
}

/// Everything the build may read: all of web/ but what is installed, built or a test.
fn print_of_sources(web: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(web, &mut files)?;
    files.sort();
    fingerprint(web, &files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_output = name == "node_modules"
            || name == "test"
            || name == "dist"
            || name.starts_with("dist.")
            || name.starts_with('.');
        if is_output {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn fingerprint(web: &Path, files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(web).unwrap_or(file);
        hasher.write(name.to_string_lossy().as_bytes());
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Scratch;

    #[test]
    fn a_changed_source_makes_the_build_stale_and_a_changed_test_does_not() {
        let scratch = Scratch::new(&std::env::temp_dir(), "web-test").unwrap();
        let web = scratch.path();
        for folder in ["src", "test", "dist", "node_modules"] {
            std::fs::create_dir(web.join(folder)).unwrap();
        }
        std::fs::write(web.join("src/app.ts"), "one").unwrap();
        std::fs::write(web.join("dist/manifest.json"), "{}").unwrap();
        assert!(build_is_stale(web).unwrap());
        write_stamp(&build_stamp(web), &print_of_sources(web).unwrap()).unwrap();
        assert!(!build_is_stale(web).unwrap());
        std::fs::write(web.join("test/map.test.mjs"), "a test").unwrap();
        assert!(!build_is_stale(web).unwrap());
        std::fs::write(web.join("src/app.ts"), "two").unwrap();
        assert!(build_is_stale(web).unwrap());
    }
}
