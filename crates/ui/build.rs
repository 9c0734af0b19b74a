//! Reads `web/dist/manifest.json` and `web/colours.json` and writes the tables that `assets.rs` and
//! `colour.rs` include. The web assets themselves are built by `cargo xtask web`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let web = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../web");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let manifest = web.join("dist/manifest.json");
    let colours = web.join("colours.json");
    for watched in [&manifest, &colours] {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    if !manifest.exists() {
        println!(
            "cargo::error=web/dist is missing: run `cargo xtask web` first (it runs `npm ci` and `node build.mjs` in web/)"
        );
        return Ok(());
    }
    fs::write(out.join("assets.rs"), assets(&manifest, &web.join("dist"))?)?;
    fs::write(out.join("colours.rs"), colour_constants(&colours)?)?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo hands a build script its input in the environment"
)]
fn variable(name: &str) -> Result<String, env::VarError> {
    env::var(name)
}

fn assets(manifest: &Path, dist: &Path) -> Result<String, Box<dyn Error>> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(manifest)?)?;
    let entries = manifest
        .as_object()
        .ok_or("web/dist/manifest.json is not an object")?;
    let dist = dist.canonicalize()?;
    let mut text = String::from("&[\n");
    for (name, entry) in entries {
        let field = |key: &str| {
            entry
                .get(key)
                .and_then(Value::as_str)
                .ok_or(format!("{name}: no {key}"))
        };
        let file = field("file")?;
        writeln!(
            text,
            "    Asset {{ name: {name:?}, file: {file:?}, content_type: {:?}, etag: {:?}, bytes: include_bytes!({:?}), gzip: include_bytes!({:?}) }},",
            field("type")?,
            format!("\"{file}\""),
            dist.join(file),
            dist.join(format!("{file}.gz")),
        )?;
    }
    text.push_str("]\n");
    Ok(text)
}

fn colour_constants(colours: &Path) -> Result<String, Box<dyn Error>> {
    let colours: Value = serde_json::from_str(&fs::read_to_string(colours)?)?;
    let list = |key: &str| -> Result<Vec<String>, String> {
        let values = colours
            .get(key)
            .and_then(Value::as_array)
            .ok_or(format!("web/colours.json: no list {key}"))?;
        Ok(values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    };
    let one = |key: &str| {
        colours
            .get(key)
            .and_then(Value::as_str)
            .ok_or(format!("web/colours.json: no {key}"))
    };
    let mut text = String::new();
    let mut scale = |name: &str, about: &str, values: Vec<String>| {
        writeln!(
            text,
            "/// {about}\npub const {name}: [&str; {}] = {values:?};",
            values.len()
        )
    };
    scale(
        "SEQUENTIAL",
        "Five classes of one river blue-green, light (low) to dark (high).",
        list("sequential")?,
    )?;
    scale(
        "DIVERGING",
        "Five classes around a norm: brown below, pale at it, blue-green above.",
        list("diverging")?,
    )?;
    scale("POINT", "Colours of kinds of points.", list("point")?)?;
    writeln!(
        text,
        "/// A place without a value.\npub const MISSING: &str = {:?};",
        one("missing")?
    )?;
    writeln!(
        text,
        "/// The line between two places.\npub const LINE: &str = {:?};",
        one("line")?
    )?;
    writeln!(
        text,
        "/// The line round the whole.\npub const OUTLINE: &str = {:?};",
        one("outline")?
    )?;
    Ok(text)
}
