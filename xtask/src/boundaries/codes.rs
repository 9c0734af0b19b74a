//! Townships and villages, from the tables of china-division.

use super::Names;
use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, GzBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

const PROVINCE: &str = "61";
const TOWNSHIPS: usize = 1_335;
const VILLAGES: usize = 20_356;
const PSEUDO_TOWNSHIPS: usize = 17;

struct Row {
    code: String,
    name: String,
    parent: String,
}

pub(super) fn derive(from: &Path, names: &Names, to: &Path) -> Result<()> {
    let townships = read(from, "streets", "areaCode")?;
    let villages = read(from, "villages", "streetCode")?;
    ensure!(
        townships.len() == TOWNSHIPS && villages.len() == VILLAGES,
        "{} townships and {} villages; this is not china-division 2.7.0",
        townships.len(),
        villages.len()
    );
    let known: BTreeSet<&str> = townships.iter().map(|row| row.code.as_str()).collect();
    for row in &townships {
        ensure!(
            names.contains_key(&row.parent),
            "township {} is in {}, which is not in force",
            row.code,
            row.parent
        );
    }
    for row in &villages {
        ensure!(
            known.contains(row.parent.as_str()),
            "village {} is in {}, which is no township",
            row.code,
            row.parent
        );
    }
    let pseudo = townships.iter().filter(|row| is_pseudo(&row.code)).count();
    ensure!(
        pseudo == PSEUDO_TOWNSHIPS,
        "{pseudo} of {PSEUDO_TOWNSHIPS} pseudo-townships"
    );

    let mut text = String::from("code,name,parent,pseudo\n");
    for row in &townships {
        let mark = u8::from(is_pseudo(&row.code));
        text.push_str(&format!(
            "{},{},{},{mark}\n",
            row.code, row.name, row.parent
        ));
    }
    std::fs::write(to.join("townships.csv"), text)?;

    let mut text = String::from("code,name,parent\n");
    for row in &villages {
        text.push_str(&format!("{},{},{}\n", row.code, row.name, row.parent));
    }
    // No name and time inside: the same bytes on every run.
    let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes())?;
    let packed = packed.finish()?;
    println!(
        "{} townships, {} villages ({} bytes packed)",
        townships.len(),
        villages.len(),
        packed.len()
    );
    std::fs::write(to.join("villages.csv.gz"), packed)?;
    Ok(())
}

/// 400 to 599 at the end are 政企合一 units (类似乡级单位): parks, forest farms, development zones.
/// Villages are counted under them, but they are no townships by law.
fn is_pseudo(code: &str) -> bool {
    matches!(code.get(6..7), Some("4" | "5"))
}

/// The rows of this province, from the package's own table or an extract of it.
fn read(from: &Path, word: &str, parent: &str) -> Result<Vec<Row>> {
    let names = [
        format!("{word}.csv"),
        format!("shaanxi_{word}_china-division-2.7.0.csv"),
    ];
    let file = names
        .iter()
        .map(|name| from.join(name))
        .find(|file| file.is_file());
    let file = file.with_context(|| format!("no {word}.csv in {}", from.display()))?;
    let mut rows = Vec::new();
    for row in csv::Reader::from_path(&file)?.deserialize::<BTreeMap<String, String>>() {
        let mut row = row?;
        let mut take = |column: &str| {
            row.remove(column)
                .with_context(|| format!("{} has no column {column}", file.display()))
        };
        let row = Row {
            code: take("code")?,
            name: take("name")?.trim().to_owned(),
            parent: take(parent)?,
        };
        ensure!(
            !row.name.contains([',', '"', '\n']),
            "{} needs quoting",
            row.name
        );
        if row.code.starts_with(PROVINCE) {
            rows.push(row);
        }
    }
    rows.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(rows)
}
