//! On what, and of what, a figure was taken.

use crate::{process, workspace};

/// CPU model, cores, memory and kernel, in one line.
pub(crate) fn description() -> String {
    let cpu = line_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = line_value("/proc/meminfo", "MemTotal")
        .and_then(|value| gibibytes(&value))
        .unwrap_or_else(|| "unknown memory".to_owned());
    // What stands behind the numbers names a distribution or a host and says nothing of speed.
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split(['-', '+']).next().unwrap_or_default();
    format!(
        "{cpu}, {cores} cores, {memory}, {} {}",
        std::env::consts::OS,
        kernel.trim()
    )
}

/// The commit, with a mark where the clone has changes that are not committed.
pub(crate) fn commit() -> String {
    let git = |arguments: &[&str]| {
        process::output(
            process::command("git")
                .args(arguments)
                .current_dir(workspace::root()),
        )
    };
    let Ok(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "not committed".to_owned();
    };
    let changed = git(&["status", "--porcelain", "--", ".", ":!docs"])
        .is_ok_and(|changes| !changes.is_empty());
    let mark = if changed { " with changes" } else { "" };
    format!("{}{mark}", commit.trim())
}

fn line_value(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let (_, value) = text
        .lines()
        .find(|line| line.starts_with(key))?
        .split_once(':')?;
    Some(value.trim().to_owned())
}

fn gibibytes(kibibytes: &str) -> Option<String> {
    let kibibytes: f64 = kibibytes.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.0} GiB", kibibytes / 1_048_576.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_gibibytes() {
        assert_eq!(gibibytes("25165824 kB").as_deref(), Some("24 GiB"));
    }

    #[test]
    fn the_description_names_the_cores() {
        assert!(description().contains("cores"));
    }
}
