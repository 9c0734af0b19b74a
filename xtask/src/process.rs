//! Starting other programs.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command without the variables that `cargo run` sets for this program. Build scripts that watch
/// them (ring's does) would otherwise rebuild on every change between `cargo` and `cargo xtask`.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let set_by_cargo_run = name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name == "CARGO_BIN_NAME";
        if set_by_cargo_run || name == "OUT_DIR" || name == "LD_LIBRARY_PATH" {
            command.env_remove(name);
        }
    }
    command
}

/// `cargo`, run at the root of the clone.
pub(crate) fn cargo() -> Command {
    let mut cargo =
        command(crate::workspace::variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.current_dir(crate::workspace::root());
    if let Ok(target) = crate::workspace::target_dir() {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    cargo
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command with its output on the terminal; true when it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    Ok(status.success())
}

/// Runs a command with its output on the terminal; an error when it failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if !succeeds(command)? {
        bail!("`{}` failed: see its output above", shown(command));
    }
    Ok(())
}

/// Runs a command silently and gives what it printed; its own error output where it failed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}", shown(command), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// As [`output`], with the most memory that the process had resident, in bytes.
pub(crate) fn output_with_peak(command: &mut Command) -> Result<(String, u64)> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let status = std::path::PathBuf::from(format!("/proc/{}/status", child.id()));
    let watcher = std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(kilobytes) = peak_line(&text) else {
                break;
            };
            peak = peak.max(kilobytes * 1024);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak
    });
    let output = child.wait_with_output()?;
    let peak = watcher.join().unwrap_or_default();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}", shown(command), said.trim());
    }
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), peak))
}

/// The kilobytes of the line `VmHWM`; a process that has ended has none.
fn peak_line(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Runs a command, passes each line of its output on to the terminal and to `on_line`; true when it
/// succeeded. Its error output goes straight to the terminal.
pub(crate) fn tee(command: &mut Command, on_line: &mut dyn FnMut(&str)) -> Result<bool> {
    println!("$ {}", shown(command));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let printed = child.stdout.take().context("no pipe to read from")?;
    let mut reader = BufReader::new(printed);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        print!("{line}");
        std::io::stdout().flush()?;
        on_line(line.trim_end());
    }
    Ok(child.wait()?.success())
}

/// The first of these programs that is on PATH.
pub(crate) fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = crate::workspace::variable("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    programs.iter().find_map(|program| {
        folders
            .iter()
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
    })
}

/// A user to run a server as.
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) group: u32,
}

/// A command for a server of ours that the kernel ends with us, also when we are killed: started
/// through `setpriv --pdeathsig` where that exists (every Debian and Ubuntu).
pub(crate) fn tied_to_us(program: &Path, signal: &str, user: Option<&User>) -> Command {
    let Some(setpriv) = find(&["setpriv"]) else {
        let mut alone = command(program);
        if let Some(user) = user {
            alone.uid(user.id).gid(user.group);
        }
        return alone;
    };
    let mut command = command(setpriv);
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.id))
            .arg(format!("--regid={}", user.group))
            .arg("--clear-groups");
    }
    command
        .arg(format!("--pdeathsig={signal}"))
        .arg("--")
        .arg(program);
    command
}

/// Sends a signal such as `INT` to a process we started.
pub(crate) fn send_signal(process: u32, signal: &str) {
    let _ = command("kill")
        .arg(format!("-{signal}"))
        .arg(process.to_string())
        .stderr(Stdio::null())
        .status();
}

/// True for the super-user, as which PostgreSQL refuses to run and apt-get can install.
pub(crate) fn is_root() -> bool {
    output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tee_hands_on_each_line_and_the_outcome() {
        let mut lines = Vec::new();
        let succeeded = tee(
            command("sh").args(["-c", "echo one; echo two; exit 3"]),
            &mut |line| lines.push(line.to_owned()),
        )
        .unwrap();
        assert_eq!(lines, ["one", "two"]);
        assert!(!succeeded);
    }

    #[test]
    fn output_tells_why_a_program_failed() {
        let error = output(command("sh").args(["-c", "echo the reason >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().contains("the reason"), "{error}");
    }

    #[test]
    fn cargos_own_variables_are_not_passed_on() {
        let seen = output(command("sh").args(["-c", "echo \"$CARGO_PKG_NAME\""])).unwrap();
        assert_eq!(seen.trim(), "");
    }
}
