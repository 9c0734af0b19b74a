//! What the map and the list cost at first sight, and how fast tiles are made.

use crate::client::{Client, spread};
use crate::rounds::{Context, Report};
use crate::serving::{Served, make_demo_data};
use anyhow::Result;
use std::time::Instant;

pub(super) const PAGES: &str = "First view of the map and the list: bytes over the wire before islands (at most 60 kB) and server time on the loaded demo province.";
pub(super) const TILES: &str =
    "Vector tiles of every layer over the province, made and then taken from memory.";

const MOST_BYTES: usize = 60_000;

/// The pages that are measured, by the names of docs/benchmarks.md.
const MEASURED: [(&str, &str); 4] = [
    ("map", "/map"),
    ("institution list", "/institutions"),
    (
        "institution list, second page by name",
        "/institutions?sort=name&page=2",
    ),
    ("search by initials", "/institutions?q=zxxx"),
];

pub(super) fn pages(context: &Context) -> Result<Report> {
    let repeats = context.rounds(50);
    let data = context.scratch.join("data");
    let sign_in = make_demo_data(&context.binary, &data)?;
    let served = Served::start(&context.binary, &data)?;
    let mut client = Client::signed_in(served.url(), &sign_in)?;
    let mut report = Report::new(format!(
        "profile demo, gzip, one client; bytes of page, style sheet and shared script; median and p99 of {repeats} requests after the first"
    ));
    for (name, path) in MEASURED {
        let plain = client.get_plain(path)?;
        if plain.status != 200 {
            report.fault(format!("{path} answered {}", plain.status));
            continue;
        }
        let first = client.get(path)?;
        let mut bytes = first.bytes.len();
        for asset in first_assets(&String::from_utf8_lossy(&plain.bytes)) {
            bytes += client.get(&asset)?.bytes.len();
        }
        let mut times = Vec::new();
        for _ in 0..repeats {
            times.push(client.get(path)?.took);
        }
        let (median, tail) = spread(&mut times);
        report.figure(
            name,
            format!(
                "{:.1} kB; {median:.1} ms, p99 {tail:.1} ms; first {:.0} ms",
                bytes as f64 / 1e3,
                plain.took.as_secs_f64() * 1e3
            ),
        );
        if bytes > MOST_BYTES {
            report.fault(format!("{name}: {bytes} bytes are over {MOST_BYTES}"));
        }
    }
    Ok(report)
}

/// The style sheet and the script that every page loads; islands come on demand.
fn first_assets(page: &str) -> Vec<String> {
    let mut assets: Vec<String> = page
        .split('"')
        .filter(|text| text.starts_with("/assets/app."))
        .map(str::to_owned)
        .collect();
    assets.sort();
    assets.dedup();
    assets
}

/// West, south, east and north of the province in degrees.
const PROVINCE: (f64, f64, f64, f64) = (105.5, 31.7, 111.3, 39.6);

pub(super) fn tiles(context: &Context) -> Result<Report> {
    let data = context.scratch.join("data");
    let sign_in = make_demo_data(&context.binary, &data)?;
    let served = Served::start(&context.binary, &data)?;
    let mut client = Client::signed_in(served.url(), &sign_in)?;
    let mut report = Report::new(
        "profile demo; every tile of zooms 5 to 10 over the province, one client over loopback, gzip as sent; first time and second time",
    );
    for layer in ["county", "township", "institution"] {
        let paths = tiles_over_the_province(layer);
        let mut rates = Vec::new();
        let mut bytes = 0;
        for _ in 0..2 {
            bytes = 0;
            let started = Instant::now();
            for path in &paths {
                let answer = client.get(path)?;
                if !matches!(answer.status, 200 | 204) {
                    report.fault(format!("{path} answered {}", answer.status));
                }
                bytes += answer.bytes.len();
            }
            rates.push(paths.len() as f64 / started.elapsed().as_secs_f64());
        }
        let rate = |place: usize| rates.get(place).copied().unwrap_or_default();
        report.figure(
            layer,
            format!(
                "{} tiles, {:.0} kB; {:.0}/s made, {:.0}/s from memory",
                paths.len(),
                bytes as f64 / 1e3,
                rate(0),
                rate(1)
            ),
        );
    }
    Ok(report)
}

fn tiles_over_the_province(layer: &str) -> Vec<String> {
    let (west, south, east, north) = PROVINCE;
    let mut paths = Vec::new();
    for zoom in 5..=10_u32 {
        let size = f64::from(1_u32 << zoom);
        let column = |lon: f64| ((lon + 180.0) / 360.0 * size).floor() as u32;
        let row = |lat: f64| {
            let radians = lat.to_radians();
            ((1.0 - (radians.tan() + 1.0 / radians.cos()).ln() / std::f64::consts::PI) / 2.0 * size)
                .floor() as u32
        };
        for x in column(west)..=column(east) {
            for y in row(north)..=row(south) {
                paths.push(format!("/tiles/{layer}/{zoom}/{x}/{y}.mvt"));
            }
        }
    }
    paths
}
