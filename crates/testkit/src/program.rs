//! The built program, started as a person starts it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use testfiles::variable;

/// A start that takes longer has failed; a dev build on a busy machine is slow.
const LONGEST_START: Duration = Duration::from_secs(120);

/// The built `weihe`: the one `WEIHE_BIN` names, or the one beside this test.
pub fn binary() -> PathBuf {
    if let Some(named) = variable("WEIHE_BIN") {
        return PathBuf::from(named);
    }
    let test = std::env::current_exe().unwrap();
    // TARGET/debug/deps/e2e-… → TARGET/debug/weihe
    let beside = test
        .ancestors()
        .nth(2)
        .unwrap()
        .join(format!("weihe{}", std::env::consts::EXE_SUFFIX));
    assert!(
        beside.exists(),
        "{} is not built; run `cargo build -p weihe`",
        beside.display()
    );
    beside
}

/// A command of the program over a data folder, with nothing of the caller's environment in it.
pub fn weihe(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    for name in [
        "WEIHE_DATA",
        "WEIHE_DATABASE",
        "WEIHE_LANG",
        "WEIHE_OVERLAY",
        "WEIHE_LOG",
        "WEIHE_PORT",
    ] {
        command.env_remove(name);
    }
    command
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it answered.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

/// Runs a command to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = weihe(data, arguments).output().unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

impl Ran {
    /// The first line of the answer that is JSON.
    pub fn json(&self) -> serde_json::Value {
        let line = self
            .stdout
            .lines()
            .find_map(|line| serde_json::from_str(line).ok());
        line.unwrap_or_else(|| panic!("no JSON in the answer: {self:#?}"))
    }

    /// Itself, where it ended with this code.
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// The program, serving. Ended when it goes out of scope.
pub struct Served {
    child: Child,
    url: String,
    /// From the start of the process to the address line.
    pub took: Duration,
}

impl Served {
    /// Starts `serve` or `demo` on a free port and waits for its address.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let started = Instant::now();
        let mut command = weihe(data, arguments);
        command.args(["--port", "0", "--format", "json"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            assert!(
                started.elapsed() < LONGEST_START,
                "no address within {LONGEST_START:?}"
            );
            let Some(Ok(line)) = lines.next() else {
                let mut said = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut said)
                    .unwrap();
                panic!("it ended before it told its address: {said}");
            };
            let value: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = value["address"].as_str() {
                break address.to_owned();
            }
        };
        // Whoever reads no further would stop it once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            url: address,
            took: started.elapsed(),
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The memory that it has now and the most that it ever had, in bytes, as Linux counts them; `None` elsewhere.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let kibibytes = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some((kibibytes("VmRSS:")? << 10, kibibytes("VmHWM:")? << 10))
    }

    /// Asks it to end, as a service manager does, and answers its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a data folder.
///
/// # Panics
/// Where it cannot be copied.
pub fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .arg("-r")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(copied.success());
}
