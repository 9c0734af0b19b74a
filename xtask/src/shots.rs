//! `cargo xtask shots`: pictures of the pages for docs/screenshots, taken by web/test/shots.mjs and, of accounts and
//! security duties, by web/test/shots-duties.mjs.

use crate::serving::{Served, make_demo_data};
use crate::workspace::Scratch;
use crate::{demo, process, setup, web, workspace};
use anyhow::{Context as _, Result, bail};

pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    if !root.join("web/test/shots.mjs").is_file() {
        bail!("there is no web/test/shots.mjs: it says which pages to take");
    }
    setup::require(setup::ALL)?;
    web::prepare()?;
    demo::build()?;
    let binary = workspace::binary("demo")?;
    let data = Scratch::new(&workspace::cache_dir()?, "shots")?;
    let sign_in = make_demo_data(&binary, data.path())?;
    let served = Served::start(&binary, data.path())?;
    let pictures = root.join("docs/screenshots");
    std::fs::create_dir_all(&pictures).context("cannot make docs/screenshots")?;
    // The second script writes: accounts, an incident. It is the last.
    for script in ["test/shots.mjs", "test/shots-duties.mjs"] {
        let mut node = process::command("node");
        node.arg(script).current_dir(root.join("web"));
        node.env("WEIHE_URL", served.url())
            .env("WEIHE_USER", &sign_in.user)
            .env("WEIHE_PASSWORD", &sign_in.password)
            .env("WEIHE_BIN", &binary)
            .env("WEIHE_DATA", data.path())
            .env("WEIHE_SHOTS", &pictures);
        if let Some(chromium) = setup::chromium() {
            node.env("WEIHE_CHROMIUM", chromium);
        }
        process::run(&mut node)?;
    }
    Ok(())
}
