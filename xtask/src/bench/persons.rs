//! Persons who cannot exist, for measurements and long rounds.

use crate::process;
use crate::rounds::Context;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::path::Path;

/// The header of [`write_persons`].
const HEADER: &str =
    "姓名,学校标识码,身份证件类型,身份证件号,性别,出生日期,监护人电话,家庭住址,健康提示\n";

/// The codes of the primary schools of the demo province, in the order of the ledger.
pub(crate) fn schools(context: &Context, data: &Path) -> Result<Vec<String>> {
    let file = context.scratch.join("institutions.json");
    let mut export = context.weihe("export", data);
    export
        .args(["--dataset", "institution", "--format", "json", "--names"])
        .arg("--output")
        .arg(&file);
    process::output(&mut export)?;
    let told: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let mut codes: Vec<String> = told
        .as_array()
        .context("the export is no list")?
        .iter()
        .filter_map(|school| {
            let kind = school.get("type")?.as_str()?;
            let code = school.get("code")?.as_str()?;
            (kind == "211").then(|| code.to_owned())
        })
        .collect();
    codes.sort();
    if codes.is_empty() {
        bail!("the demo province has no primary school");
    }
    Ok(codes)
}

/// Rows of persons, school by school. The division 619999 of their numbers does not exist, so nobody has them.
pub(crate) fn write_persons(file: &Path, schools: &[String], rows: u32) -> Result<()> {
    let mut text = String::with_capacity(HEADER.len() + rows as usize * 160);
    text.push_str(HEADER);
    for row in 0..rows {
        let place = u64::from(row) * schools.len() as u64 / u64::from(rows.max(1));
        let school = schools.get(place as usize).map_or("", String::as_str);
        let (year, month, day) = (2009 + row % 10, row / 10 % 12 + 1, row / 120 % 28 + 1);
        // The sex stands in the seventeenth place: even for girls, odd for boys.
        let serial = row / 3360 % 1000;
        let sex = if serial % 2 == 0 { "女" } else { "男" };
        writeln!(
            text,
            "合成{row}号,{school},居民身份证,{},{sex},{year}-{month:02}-{day:02},139{row:08},合成县合成路{row}号,合成提示{row}",
            number_of(&format!("{year}{month:02}{day:02}"), serial),
        )?;
    }
    std::fs::write(file, text)?;
    Ok(())
}

/// A number of a division that does not exist.
fn number_of(birth: &str, serial: u32) -> String {
    with_check(&format!("619999{birth}{serial:03}"))
}

/// Seventeen digits with their check character (GB 11643). `kernel` has the same; this crate is built without it.
fn with_check(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &str = "10X98765432";
    let sum: u32 = body
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight)
        .sum();
    let check = CHECKS.chars().nth((sum % 11) as usize).unwrap_or('X');
    format!("{body}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_million_persons_have_a_million_numbers() {
        let mut numbers = BTreeSet::new();
        for row in 0..1_000_000_u32 {
            numbers.insert((row % 10, row / 10 % 12, row / 120 % 28, row / 3360 % 1000));
        }
        assert_eq!(numbers.len(), 1_000_000);
    }

    #[test]
    fn the_check_character_is_that_of_the_examples_of_gb_11643() {
        assert_eq!(with_check("11010519491231002"), "11010519491231002X");
        assert_eq!(with_check("44052418800101001"), "440524188001010014");
    }
}
