//! Where things are: the clone, the target folder, the cache, the environment.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// Reads one environment variable; empty counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no configuration file: its switches are CI's and cargo's variables"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// True on CI, where a missing part is an error instead of a skip.
pub(crate) fn on_ci() -> bool {
    variable("CI").is_some_and(|value| value != "false" && value != "0")
}

/// The root of the clone this program was started in.
pub(crate) fn root() -> PathBuf {
    let manifest_dir =
        variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
    let manifest_dir = Path::new(&manifest_dir);
    manifest_dir.parent().unwrap_or(manifest_dir).to_owned()
}

/// Cargo's target folder, told by where this program itself was built (`TARGET/debug/xtask`).
pub(crate) fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe().context("where this program lies")?;
    let target = program
        .ancestors()
        .nth(2)
        .context("this program lies outside a target folder")?;
    Ok(target.to_owned())
}

/// The `weihe` binary that a profile builds (`dev` builds into `debug`).
pub(crate) fn binary(profile: &str) -> Result<PathBuf> {
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_dir()?
        .join(folder)
        .join(format!("weihe{}", std::env::consts::EXE_SUFFIX)))
}

/// A folder for what can be made again: `$XDG_CACHE_HOME/weihe` or `~/.cache/weihe`.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let base = match (variable("XDG_CACHE_HOME"), variable("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => Path::new(&home).join(".cache"),
        (None, None) => std::env::temp_dir(),
    };
    let cache = base.join("weihe");
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    Ok(cache)
}

/// A folder of this run's own, removed when it goes out of scope. The process id in its name lets
/// the next run remove what a killed one left.
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes `PARENT/weihe-PURPOSE-PID`, empty.
    pub(crate) fn new(parent: &Path, purpose: &str) -> Result<Self> {
        let prefix = format!("weihe-{purpose}-");
        remove_left_over(parent, &prefix);
        let path = parent.join(format!("{prefix}{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn remove_left_over(parent: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else {
            continue;
        };
        let is_a_process_id = process.bytes().all(|byte| byte.is_ascii_digit());
        let can_tell = Path::new("/proc/self").exists();
        if is_a_process_id && can_tell && !Path::new("/proc").join(process).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_scratch_folder_goes_with_its_owner_and_with_a_killed_one() {
        let parent = Scratch::new(&std::env::temp_dir(), "scratch-test").unwrap();
        let abandoned = parent.path().join("weihe-inner-4294967294");
        std::fs::create_dir(&abandoned).unwrap();
        let inner = Scratch::new(parent.path(), "inner").unwrap();
        let path = inner.path().to_owned();
        assert!(path.exists());
        assert!(!abandoned.exists());
        drop(inner);
        assert!(!path.exists());
    }
}
