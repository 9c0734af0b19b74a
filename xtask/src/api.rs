//! The API against its own document: schemathesis calls every operation of /api/openapi.json with what the document
//! allows and with what it does not, as each of three posts. An answer that the document does not know, or a fault of
//! the server, is a failure. A short run stands in the tests, a long one is a round of `soak`.

use crate::client::Client;
use crate::serving::{Served, SignIn, add_account};
use crate::{process, workspace};
use anyhow::{Context as _, Result, anyhow};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The version that is installed from PyPI (MIT licence). Another finds other things: raise it on purpose.
const VERSION: &str = "4.32.5";

/// Whose eyes the API is seen with: a clerk of a county, the first person responsible of a city, who audits all.
/// Together they may call every operation of the document.
const POSTS: [(&str, Option<&str>); 3] = [
    ("statistician", Some("610113")),
    ("cio", Some("610100")),
    ("audit_administrator", None),
];

/// What is checked of every answer. Not in it: that what breaks a schema is refused, and that what keeps to it is
/// taken. A filter that cannot be read is left out, as on pages; and a schema does not hold the codes of a standard.
const CHECKS: [&str; 8] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
];

/// What came of the run of one post.
pub(crate) struct Run {
    pub(crate) post: &'static str,
    pub(crate) passed: bool,
    /// How many cases there were
    pub(crate) cases: String,
}

/// Calls the API as each post for so long, all of them at the same time, and prints what failed. The data folder is
/// one of the demo province; `scratch` takes what is written meanwhile.
pub(crate) fn run(binary: &Path, data: &Path, scratch: &Path, time: Duration) -> Result<Vec<Run>> {
    let program = program()?;
    let accounts = POSTS
        .iter()
        .map(|(post, unit)| account(binary, data, post, *unit))
        .collect::<Result<Vec<SignIn>>>()?;
    // The limits on how often one may ask have tests of their own.
    let limits = [
        "--requests-per-minute",
        "--exports-per-minute",
        "--visits-per-minute",
    ];
    let generous = limits.map(|limit| [limit, "1000000"]).concat();
    let served = Served::start_with(binary, data, &generous)?;
    let mut calls = Vec::new();
    for ((post, _), account) in POSTS.iter().zip(&accounts) {
        let client = Client::signed_in(served.url(), account)?;
        let folder = scratch.join(post);
        std::fs::create_dir_all(&folder)?;
        let mut schemathesis = process::command(&program);
        schemathesis
            .arg("run")
            .arg(format!("{}/api/openapi.json", served.url()))
            .args(["--header", &format!("Cookie: {}", client.cookie_line())])
            .args(["--checks", &CHECKS.join(",")])
            .args(["--max-time", &time.as_secs().max(1).to_string()])
            .args(["--phases", "examples,coverage,fuzzing"])
            // The first of a figure reads all columns; the sizes of the answers have measurements of their own.
            .args(["--request-timeout", "60"])
            .args(["--seed", "1", "--no-color", "--warnings", "off"])
            .current_dir(folder);
        calls.push((*post, schemathesis));
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = calls
            .iter_mut()
            .map(|(post, schemathesis)| scope.spawn(|| finished(post, schemathesis)))
            .collect();
        running
            .into_iter()
            .map(|run| {
                run.join()
                    .map_err(|_| anyhow!("a run of schemathesis broke off"))?
            })
            .collect()
    })
}

/// Waits for the run of one post.
fn finished(post: &'static str, schemathesis: &mut Command) -> Result<Run> {
    let output = schemathesis
        .output()
        .with_context(|| format!("cannot start {}", process::shown(schemathesis)))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let cases = printed
        .lines()
        .find(|line| line.contains("generated"))
        .unwrap_or("no line with the number of cases")
        .trim()
        .to_owned();
    let passed = output.status.success();
    if passed {
        println!("as {post}: {cases}");
    } else {
        println!(
            "as {post}:\n{printed}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(Run {
        post,
        passed,
        cases,
    })
}

/// An account with a post, trained first, since some posts need that.
fn account(binary: &Path, data: &Path, post: &str, unit: Option<&str>) -> Result<SignIn> {
    let account = add_account(binary, data, &format!("api-{post}"))?;
    let weihe = |arguments: &[&str]| -> Result<String> {
        let mut weihe = process::command(binary);
        weihe.arg("user").args(arguments).arg("--data").arg(data);
        process::output(&mut weihe)
    };
    let training = ["--course", "security_before_post", "--hours", "8"];
    weihe(&[&["trained", account.user.as_str()], training.as_slice()].concat())?;
    let mut grant = vec!["grant", account.user.as_str(), "--post", post];
    if let Some(unit) = unit {
        grant.extend(["--unit", unit]);
    }
    weihe(&grant)?;
    Ok(account)
}

/// The program, installed once into a folder of its own beside the other caches.
fn program() -> Result<PathBuf> {
    let folder = workspace::cache_dir()?.join(format!("schemathesis-{VERSION}"));
    let program = folder.join("bin").join("schemathesis");
    if process::output(process::command(&program).arg("--version")).is_ok() {
        return Ok(program);
    }
    process::run(
        process::command("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    process::run(
        process::command(folder.join("bin").join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("schemathesis=={VERSION}")),
    )?;
    Ok(program)
}
