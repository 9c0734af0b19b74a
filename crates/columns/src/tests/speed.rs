//! Measured by hand: `cargo test --profile demo -p weihe-columns -- --ignored --nocapture speed`.

use std::time::Instant;

use super::wait;
use crate::{
    Cell, CheckSql, Checker, CheckerTables, ColumnBuilder, ColumnType, Limits, Query, Resident,
    Schema, Table,
};

fn schema() -> Schema {
    Schema::new([
        ("record_id", ColumnType::Int),
        ("code", ColumnType::Text),
        ("name", ColumnType::Text),
        ("type", ColumnType::Text),
        ("unit", ColumnType::Int),
        ("division", ColumnType::Int),
        ("pupils", ColumnType::Int),
        ("classes", ColumnType::Int),
        ("lon", ColumnType::Int),
        ("lat", ColumnType::Int),
        ("phone", ColumnType::Text),
        ("founded", ColumnType::Day),
        ("counted", ColumnType::Bool),
        ("uscc", ColumnType::Text),
    ])
}

fn filled(rows: usize) -> Table {
    let kinds = ["211", "218", "311", "312", "341", "111", "119"];
    let schema = schema();
    let mut columns: Vec<_> = schema
        .iter()
        .map(|(_, of)| ColumnBuilder::new(of))
        .collect();
    for row in 0..rows {
        let mixed = row.wrapping_mul(2_654_435_761) % 1_000_003;
        let number = row as i64;
        let noise = mixed as i64;
        columns[0].append_int(Some(number));
        columns[1].append_text(Some(&format!("{:010}", 2_161_000_000_u64 + row as u64)));
        columns[2].append_text(Some(&format!("渭滨区第{mixed}九年制学校")));
        columns[3].append_text(Some(kinds[mixed % 7]));
        columns[4].append_int(Some(number / 120));
        columns[5].append_int(Some(number / 9_000));
        columns[6].append_int((mixed % 50 != 0).then_some(noise % 3_000));
        columns[7].append_int(Some(noise % 60 + 1));
        columns[8].append_int(Some(1_050_000_000 + noise * 60));
        columns[9].append_int(Some(320_000_000 + noise * 70));
        columns[10].append_text(Some(&format!("139{:08}", mixed * 91)));
        columns[11].append_day(Some((mixed % 20_000) as i32));
        columns[12].append_bool(Some(mixed % 9 != 0));
        columns[13].append_text(Some("12610000435230012X"));
    }
    Table::new(schema, columns).unwrap()
}

fn forty() -> Vec<CheckSql> {
    let mut checks: Vec<String> = vec![
        "code is null".into(),
        "name is null or name = ''".into(),
        "char_length(code) <> 10".into(),
        "char_length(name) > 60".into(),
        "not valid_school_code(code)".into(),
        "not valid_uscc(uscc)".into(),
        "not valid_phone(phone)".into(),
        "name like '%测试%'".into(),
        "name ~ '^[0-9]+$'".into(),
        "type not in ('211', '218', '311', '312', '341', '111', '119')".into(),
        "pupils < 0 or pupils > 20000".into(),
        "classes < 0".into(),
        "pupils / classes > 66".into(),
        "lon < 1050000000 or lon > 1115000000".into(),
        "lat < 310000000 or lat > 400000000".into(),
        "lon is null and lat is not null".into(),
        "founded > '2025-09-01'".into(),
        "founded < '1850-01-01'".into(),
        "counted and pupils is null".into(),
        "type = '111' and pupils > 1000".into(),
        "trim(name) <> name".into(),
        "strpos(name, '  ') > 0".into(),
    ];
    let more = 40 - checks.len();
    checks.extend((0..more).map(|n| {
        format!(
            "type = '{}' and pupils > {} and classes < {}",
            211 + n,
            2_900 + n,
            3 + n
        )
    }));
    checks.into_iter().map(CheckSql::Row).collect()
}

fn milliseconds(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    best
}

#[test]
#[ignore = "measures; run in an optimised profile"]
fn speed_of_checks() {
    let start = Instant::now();
    let table = filled(1_000_000);
    println!(
        "fill 1,000,000 x 14: {:?}, {} MB",
        start.elapsed(),
        table.memory() >> 20
    );
    let start = Instant::now();
    let checker = Checker::new(
        &forty(),
        CheckerTables::staged(schema()),
        &[],
        Limits::default(),
    )
    .unwrap();
    println!("plan 40 checks: {:?}", start.elapsed());
    let findings = checker.row_findings(&table).unwrap().len();
    println!(
        "40 x 1,000,000 on all cores: {:.0} ms, {findings} findings",
        milliseconds(|| {
            checker.row_findings(&table).unwrap();
        })
    );
    // One batch at a time stays on one core.
    println!(
        "40 x 1,000,000 on one core: {:.0} ms",
        milliseconds(|| {
            for start in (0..table.rows()).step_by(crate::BATCH_ROWS) {
                checker
                    .row_findings(&table.slice(start..start + crate::BATCH_ROWS))
                    .unwrap();
            }
        })
    );
    for check in forty() {
        let one = Checker::new(
            std::slice::from_ref(&check),
            CheckerTables::staged(schema()),
            &[],
            Limits::default(),
        )
        .unwrap();
        let spent = milliseconds(|| {
            for start in (0..table.rows()).step_by(crate::BATCH_ROWS) {
                one.row_findings(&table.slice(start..start + crate::BATCH_ROWS))
                    .unwrap();
            }
        });
        if spent > 15.0 {
            println!("  {spent:.0} ms {check:?}");
        }
    }
    let duplicates = CheckSql::Set(
        "select row_no from (select row_no, count(*) over (partition by code) as n from staged) where n > 1".into(),
    );
    let checker = Checker::new(
        &[duplicates],
        CheckerTables::staged(schema()),
        &[],
        Limits::default(),
    )
    .unwrap();
    println!(
        "duplicate codes among 1,000,000: {:.0} ms",
        milliseconds(|| {
            wait(checker.set_findings(&table, &[])).unwrap();
        })
    );
}

#[test]
#[ignore = "measures; run in an optimised profile"]
fn speed_of_queries() {
    for rows in [15_000, 1_000_000] {
        let resident = Resident::new(&[filled(rows)]).unwrap();
        let all = [resident.all()];
        let tenth = [
            0..rows as u64 / 20,
            rows as u64 / 2..rows as u64 / 2 + rows as u64 / 20,
        ];
        let text = |text: &str| Cell::Text(text.to_owned());
        let cases: Vec<(&str, Vec<Cell>)> = vec![
            ("select 1 as one", vec![]),
            ("select count(*) from i", vec![]),
            ("select count(*) from i where type = $1", vec![text("211")]),
            (
                "select record_id from i where type = $1 order by code limit 50",
                vec![text("211")],
            ),
            (
                "select record_id from i where type = $1 and name like $2 order by name limit 50 offset 100",
                vec![text("211"), text("%第1%")],
            ),
            (
                "select count(*) from i where type = $1 and name like $2",
                vec![text("211"), text("%第1%")],
            ),
            (
                "select record_id, name, pupils from i order by pupils desc, record_id limit 50",
                vec![],
            ),
            (
                "select division, count(*) as n, sum(pupils) as p, sum(pupils) * 1.0 / sum(classes) as m from i group by division",
                vec![],
            ),
            (
                "select division, type, count(*) as n, sum(pupils) as p from i group by division, type order by 1, 2",
                vec![],
            ),
            ("select count(distinct unit) from i", vec![]),
        ];
        for (sql, params) in &cases {
            let spent = |ranges: &[std::ops::Range<u64>]| {
                milliseconds(|| {
                    wait(Query::over(&[("i", &resident, ranges)]).run(sql, params)).unwrap();
                })
            };
            println!(
                "{rows:>9} rows: all {:>7.2} ms, permit of 10 % {:>7.2} ms  {sql}",
                spent(&all),
                spent(&tenth)
            );
        }
        let join = "select i.division, sum(y.pupils) as p from i join y on y.record_id = i.record_id where i.type = '211' group by i.division";
        println!(
            "{rows:>9} rows: join {:.2} ms",
            milliseconds(|| {
                wait(Query::over(&[("i", &resident, &all), ("y", &resident, &all)]).run(join, &[]))
                    .unwrap();
            })
        );
    }
}
