//! The built program with a data folder, started for a while: for browser tests, screenshots, rounds.

use crate::process;
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a start may take; a dev build of a large data folder is slow.
const START_LIMIT: Duration = Duration::from_secs(120);

/// The first sign-in of a data folder, as `weihe demo --format json` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Loads the demo province into a new data folder.
pub(crate) fn make_demo_data(binary: &Path, data: &Path) -> Result<SignIn> {
    let mut weihe = process::command(binary);
    weihe
        .arg("demo")
        .arg("--data")
        .arg(data)
        .args(["--no-serve", "--format", "json"]);
    let printed = process::output(&mut weihe)?;
    sign_in(&printed).with_context(|| {
        format!(
            "`{}` printed no JSON line with user and password",
            process::shown(&weihe)
        )
    })
}

/// Makes an account at the machine itself; without a post.
pub(crate) fn add_account(binary: &Path, data: &Path, login: &str) -> Result<SignIn> {
    let mut weihe = process::command(binary);
    weihe
        .args(["user", "add", login, "--format", "json", "--data"])
        .arg(data);
    let printed = process::output(&mut weihe)?;
    sign_in(&printed).with_context(|| format!("no account was told of in {printed:?}"))
}

/// A running `weihe serve`; stopped when it goes out of scope, and by the kernel when we are killed.
pub(crate) struct Served {
    child: Child,
    url: String,
}

impl Served {
    /// Serves a data folder on a free port and waits for the line that tells its address.
    pub(crate) fn start(binary: &Path, data: &Path) -> Result<Self> {
        Self::start_with(binary, data, &[])
    }

    /// [`Served::start`] with more arguments.
    pub(crate) fn start_with(binary: &Path, data: &Path, more: &[&str]) -> Result<Self> {
        let mut weihe = process::tied_to_us(binary, "TERM", None);
        weihe
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--port", "0", "--format", "json"])
            .args(more);
        let mut child = weihe
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start weihe serve")?;
        let printed = child.stdout.take().context("no pipe to read from")?;
        let mut served = Self {
            child,
            url: String::new(),
        };
        let (sender, receiver) = mpsc::channel();
        // The thread goes on reading after the address is known: a full pipe would stop the server.
        std::thread::spawn(move || {
            for line in BufReader::new(printed)
                .lines()
                .map_while(std::io::Result::ok)
            {
                if let Some(url) = address(&line) {
                    let _ = sender.send(url);
                }
            }
        });
        match receiver.recv_timeout(START_LIMIT) {
            Ok(url) => served.url = url,
            Err(_) => bail!(
                "`weihe serve --format json` told no address within {} s",
                START_LIMIT.as_secs()
            ),
        }
        served.wait_until_healthy()?;
        Ok(served)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without warning, as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn wait_until_healthy(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if is_healthy(&self.url) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("weihe serve ended ({status}) before /healthz answered");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!(
            "{}/healthz did not answer within {} s",
            self.url,
            START_LIMIT.as_secs()
        )
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        process::send_signal(self.child.id(), "TERM");
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(20) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_healthy(url: &str) -> bool {
    status_line(url, "/healthz").is_ok_and(|line| line.contains(" 200 "))
}

/// The first line of the answer to a plain HTTP request, for example `HTTP/1.1 200 OK`.
fn status_line(url: &str, path: &str) -> Result<String> {
    let host = url
        .strip_prefix("http://")
        .unwrap_or(url)
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut start = [0_u8; 64];
    let count = stream.read(&mut start)?;
    let text = String::from_utf8_lossy(start.get(..count).unwrap_or_default()).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned() + " ")
}

/// The address in a line such as `{"address":"127.0.0.1:8080"}`, as a URL without a slash at its end.
fn address(line: &str) -> Option<String> {
    let told: serde_json::Value = serde_json::from_str(line).ok()?;
    let address = told.get("address")?.as_str()?.trim_end_matches('/');
    let url = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    Some(url)
}

/// The sign-in that a command of `--format json` told of.
fn sign_in(printed: &str) -> Option<SignIn> {
    printed.lines().rev().find_map(|line| {
        let told: serde_json::Value = serde_json::from_str(line).ok()?;
        let user = told.get("user")?.as_str()?.to_owned();
        let password = told.get("password")?.as_str()?.to_owned();
        Some(SignIn { user, password })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Scratch;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt as _;

    /// A stand-in for the program: tells a sign-in, or an address, and stays.
    fn stand_in(folder: &Path, address: &str) -> std::path::PathBuf {
        let script = format!(
            "#!/bin/sh\ncase $1 in\ndemo) echo loading; echo '{{\"user\":\"admin\",\"password\":\"secret\"}}' ;;\nserve) echo '{{\"address\":\"{address}\"}}'; exec sleep 60 ;;\nesac\n"
        );
        let file = folder.join("weihe");
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    #[test]
    fn a_server_is_waited_for_and_stopped() {
        let scratch = Scratch::new(&std::env::temp_dir(), "serving-test").unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let binary = stand_in(scratch.path(), &listener.local_addr().unwrap().to_string());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let _ = stream.read(&mut [0; 256]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let sign_in = make_demo_data(&binary, scratch.path()).unwrap();
        assert_eq!(sign_in.password, "secret");
        let served = Served::start(&binary, scratch.path()).unwrap();
        let child = Path::new("/proc").join(served.child.id().to_string());
        assert!(child.exists());
        drop(served);
        assert!(!child.exists());
    }

    #[test]
    fn the_address_line_is_found_among_others() {
        assert_eq!(
            address(r#"{"address":"127.0.0.1:4080"}"#).as_deref(),
            Some("http://127.0.0.1:4080")
        );
        assert_eq!(
            address(r#"{"address":"http://127.0.0.1:4080/"}"#).as_deref(),
            Some("http://127.0.0.1:4080")
        );
        assert_eq!(address("loading"), None);
        assert_eq!(address(r#"{"rows":3}"#), None);
    }

    #[test]
    fn the_sign_in_is_the_last_line_that_has_one() {
        let printed = "{\"loaded\":14961}\n{\"user\":\"admin\",\"password\":\"p\"}\n";
        assert_eq!(
            sign_in(printed),
            Some(SignIn {
                user: "admin".to_owned(),
                password: "p".to_owned()
            })
        );
    }
}
