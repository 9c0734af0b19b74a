//! How fast a large file becomes commits.

use crate::rounds::{Context, Report};
use crate::{clock, process};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

pub(super) const ABOUT: &str = "`weihe import` of 1,000,000 institution rows into an empty SQLite ledger: read, checked, planned and committed; at least 60,000 rows/s.";

const LEAST_ROWS_PER_SECOND: f64 = 60_000.0;
const ROWS: u32 = 1_000_000;

pub(super) fn run(context: &Context) -> Result<Report> {
    let file = context.scratch.join("institutions.csv");
    let rows = context.rounds(ROWS);
    write_rows(&file, rows)?;
    let data = context.scratch.join("data");
    let mut report = Report::new(format!(
        "profile demo; {rows} rows of 13 columns, {:.0} MB, sorted by county (107 reporting units); wall time of the whole program, start included",
        std::fs::metadata(&file)?.len() as f64 / 1e6
    ));
    // The data folder and its seeds exist before the clock starts, as they do for an operator.
    process::output(context.weihe("user", &data).args(["add", "bench"]))?;
    let started = Instant::now();
    let mut import = context.weihe("import", &data);
    import
        .arg(&file)
        .args(["--dataset", "institution", "--format", "json"]);
    let (printed, peak) = process::output_with_peak(&mut import)?;
    let took = started.elapsed();
    let told: serde_json::Value =
        serde_json::from_str(printed.trim()).context("the answer is no JSON")?;
    let counted = |class: &str| {
        told.pointer(&format!("/plan/counts/{class}"))
            .and_then(serde_json::Value::as_u64)
    };
    if counted("new") != Some(u64::from(rows)) {
        report.fault(format!(
            "not every row was taken: {:?}",
            told.pointer("/plan/counts")
        ));
    }
    let rate = f64::from(rows) / took.as_secs_f64();
    report.figure(
        "first import",
        format!("{rate:.0} rows/s ({})", clock::spoken(took)),
    );
    report.figure("peak memory", format!("{:.0} MB", peak as f64 / 1e6));
    let size: u64 = ["ledger.db", "ledger.db-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(data.join(name)).ok())
        .map(|about| about.len())
        .sum();
    report.figure("ledger on disk", format!("{:.0} MB", size as f64 / 1e6));
    if rate < LEAST_ROWS_PER_SECOND {
        report.fault(format!(
            "{rate:.0} rows/s are under {LEAST_ROWS_PER_SECOND:.0}"
        ));
    }
    let again = Instant::now();
    let mut import = context.weihe("import", &data);
    import
        .arg(&file)
        .args(["--dataset", "institution", "--format", "json"]);
    let (printed, peak) = process::output_with_peak(&mut import)?;
    let told: serde_json::Value =
        serde_json::from_str(printed.trim()).context("the answer is no JSON")?;
    let took = again.elapsed();
    report.figure(
        "the same file again",
        format!(
            "{:.0} rows/s ({}), {:.0} MB",
            f64::from(rows) / took.as_secs_f64(),
            clock::spoken(took),
            peak as f64 / 1e6
        ),
    );
    if told
        .pointer("/written/committed")
        .and_then(serde_json::Value::as_u64)
        != Some(0)
    {
        report.fault("the second import of the same file wrote something");
    }
    let verify = Instant::now();
    process::output(&mut context.weihe("verify", &data))?;
    report.figure("verify", clock::spoken(verify.elapsed()));
    Ok(report)
}

/// Institution rows that the checks have nothing against, county by county.
pub(crate) fn write_rows(file: &Path, rows: u32) -> Result<()> {
    let counties = county_codes()?;
    let mut text = String::from(
        "学校标识码,学校名称,办学类型,举办者,办别,城乡分类,区划代码,地址,建校年月,联系电话,是否计校数,数据来源性质,备注\n",
    );
    let kinds = [("11", "111"), ("21", "211"), ("31", "311"), ("34", "342")];
    for row in 0..rows {
        let place = u64::from(row) * counties.len() as u64 / u64::from(rows.max(1));
        let county = counties
            .get(place as usize)
            .map_or("610113", String::as_str);
        let (category, kind) = kinds
            .get(row as usize % kinds.len())
            .copied()
            .unwrap_or(("21", "211"));
        writeln!(
            text,
            "{category}61{row:06},合成第{row}学校,{kind},831,公办,{},{county},合成路{row}号,{}-09-01,029-8{row:07},是,合成数据,合成",
            if row % 3 == 0 { "111" } else { "220" },
            1950 + row % 70,
        )?;
    }
    std::fs::write(file, text)?;
    Ok(())
}

/// The codes of the counties of today, from the definitions.
fn county_codes() -> Result<Vec<String>> {
    let seed = std::fs::read_to_string("standard/seed/division.csv")?;
    let mut codes: Vec<String> = Vec::new();
    for line in seed.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if let (Some(""), Some(code), Some(&"county")) =
            (cells.get(2).copied(), cells.get(3), cells.get(5))
        {
            codes.push((*code).to_owned());
        }
    }
    Ok(codes)
}
