//! A PostgreSQL server of our own for the tests: fresh, on a free loopback port, gone afterwards.

use crate::process::{self, User};
use crate::{setup, workspace::Scratch};
use anyhow::{Context as _, Result, bail};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server; stopped and removed when it goes out of scope, and by the kernel when we are killed.
pub(crate) struct Postgres {
    child: Child,
    port: u16,
    _data: Scratch,
}

impl Postgres {
    /// Makes a database cluster and starts it. Durability is off: nothing in it outlives the run.
    ///
    /// The folder lies in the system's temporary folder, not in the cache: as root the server runs
    /// as another user, who may not enter root's home.
    pub(crate) fn start() -> Result<Self> {
        let programs =
            setup::postgres_programs().context("no PostgreSQL server on this machine")?;
        let data = Scratch::new(&std::env::temp_dir(), "postgres")?;
        let user = unprivileged_user()?;
        if let Some(user) = &user {
            std::os::unix::fs::chown(data.path(), Some(user.id), Some(user.group))
                .context("cannot hand the data folder to the server's user")?;
        }
        let cluster = data.path().join("cluster");
        initialise(&programs, &cluster, user.as_ref())?;
        let port = free_port()?;
        let log = data.path().join("log");
        let child = serve(&programs, &cluster, user.as_ref(), port, &log)?;
        let mut postgres = Self {
            child,
            port,
            _data: data,
        };
        postgres.wait_until_ready(&programs, &log)?;
        Ok(postgres)
    }

    /// The URL that tests get as `WEIHE_TEST_POSTGRES`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://weihe@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self, programs: &Path, log: &Path) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            let ready = process::command(programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-d", "postgres", "-p"])
                .arg(self.port.to_string())
                .status()?;
            if ready.success() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = std::fs::read_to_string(log).unwrap_or_default();
        bail!("PostgreSQL did not start: {}", said.trim())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // INT is PostgreSQL's "fast shutdown": sessions are ended, shared memory is freed.
        process::send_signal(self.child.id(), "INT");
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(20) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, whom Debian's package adds, or `nobody`.
fn unprivileged_user() -> Result<Option<User>> {
    if !process::is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        let user = process::output(process::command("id").args(["-u", name]));
        let group = process::output(process::command("id").args(["-g", name]));
        if let (Ok(user), Ok(group)) = (user, group) {
            return Ok(Some(User {
                id: user.trim().parse()?,
                group: group.trim().parse()?,
            }));
        }
    }
    bail!("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

fn initialise(programs: &Path, cluster: &Path, user: Option<&User>) -> Result<()> {
    let mut initdb = as_user(&programs.join("initdb"), user);
    initdb.arg("--pgdata").arg(cluster);
    initdb.args([
        "--username=weihe",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    process::output(initdb.current_dir(std::env::temp_dir())).map(drop)
}

fn serve(
    programs: &Path,
    cluster: &Path,
    user: Option<&User>,
    port: u16,
    log: &Path,
) -> Result<Child> {
    let mut server = as_user(&programs.join("postgres"), user);
    server
        .arg("-D")
        .arg(cluster)
        .arg("-p")
        .arg(port.to_string());
    let settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=128MB",
    ];
    for setting in settings {
        server.arg("-c").arg(setting);
    }
    let log_file =
        std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    server
        .stdin(Stdio::null())
        .stdout(log_file.try_clone()?)
        .stderr(log_file);
    server
        .current_dir(std::env::temp_dir())
        .spawn()
        .context("cannot start PostgreSQL")
}

fn as_user(program: &Path, user: Option<&User>) -> Command {
    process::tied_to_us(program, "INT", user)
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).context("no free port on the loopback address")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_server_starts_answers_and_leaves_nothing() {
        let Some(programs) = setup::postgres_programs() else {
            assert!(
                crate::workspace::variable("WEIHE_REQUIRE_ALL").is_none(),
                "no PostgreSQL server"
            );
            let _ = writeln!(
                std::io::stdout(),
                "SKIPPED: xtask postgres: no PostgreSQL server"
            );
            return;
        };
        let postgres = Postgres::start().unwrap();
        let (url, process_id) = (postgres.url(), postgres.child.id());
        if programs.join("psql").exists() {
            let answer = process::output(process::command(programs.join("psql")).args([
                &url,
                "-Atc",
                "select 6 * 7",
            ]))
            .unwrap();
            assert_eq!(answer.trim(), "42");
        }
        drop(postgres);
        assert!(!Path::new("/proc").join(process_id.to_string()).exists());
    }
}
