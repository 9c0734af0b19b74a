//! Residents, permits and parameters.

use std::ops::Range;

use super::wait;
use crate::{
    BATCH_ROWS, Cell, ColumnBuilder, ColumnType, ColumnsError, Limits, Query, Resident, Schema,
    Table,
};

/// Row `n` belongs to unit `n / per_unit`; `secret` tells the row number.
fn units(rows: usize, per_unit: usize) -> Resident {
    let schema = Schema::new([
        ("secret", ColumnType::Int),
        ("unit", ColumnType::Int),
        ("name", ColumnType::Text),
    ]);
    let mut columns: Vec<_> = schema
        .iter()
        .map(|(_, of)| ColumnBuilder::new(of))
        .collect();
    for row in 0..rows {
        columns[0].append_int(Some(row as i64));
        columns[1].append_int(Some((row / per_unit) as i64));
        columns[2].append_text(Some(&format!("第{}小学", row % 97)));
    }
    Resident::new(&[Table::new(schema, columns).unwrap()]).unwrap()
}

fn ask(resident: &Resident, ranges: &[Range<u64>], sql: &str) -> Result<Table, ColumnsError> {
    wait(resident.query(sql, ranges))
}

#[test]
fn no_row_outside_the_ranges_is_seen_by_any_expression() {
    for rows in [1_000, BATCH_ROWS * 2 + 500] {
        let resident = units(rows, 10);
        let middle = rows as u64 / 2;
        let ranges = [20..30, middle..middle + 15, 25..28];
        let mut allowed: Vec<i64> = (20..30).chain(middle as i64..middle as i64 + 15).collect();
        let ask = |sql: &str| ask(&resident, &ranges, sql).expect(sql);
        let secrets = |table: &Table| {
            let mut seen: Vec<i64> = table.ints(0).flatten().collect();
            seen.sort_unstable();
            seen
        };
        assert_eq!(ask("select count(*) from rows").int(0, 0), Some(25));
        assert_eq!(
            ask("select count(secret), count(1) from rows").int(1, 0),
            Some(25)
        );
        assert_eq!(
            ask("select max(secret) from rows").int(0, 0),
            allowed.last().copied()
        );
        assert_eq!(ask("select min(secret) from rows").int(0, 0), Some(20));
        assert_eq!(
            ask("select sum(secret) from rows").int(0, 0),
            Some(allowed.iter().sum())
        );
        assert_eq!(secrets(&ask("select secret from rows")), allowed);
        assert_eq!(
            secrets(&ask("select secret from rows order by secret desc")),
            allowed
        );
        assert_eq!(
            ask("select secret from rows order by secret desc limit 1").int(0, 0),
            allowed.last().copied()
        );
        assert_eq!(
            secrets(&ask("select secret from rows where secret >= 0 or true")),
            allowed
        );
        assert_eq!(
            secrets(&ask(
                "select secret, row_number() over (order by secret) from rows"
            )),
            allowed
        );
        assert_eq!(
            secrets(&ask(
                "select lead(secret) over (order by secret) as s from rows"
            )),
            allowed[1..]
        );
        assert_eq!(
            secrets(&ask(
                "select a.secret from rows a join rows b on a.secret = b.secret"
            )),
            allowed
        );
        assert_eq!(
            ask("select count(*) from rows a, rows b").int(0, 0),
            Some(625)
        );
        assert_eq!(
            secrets(&ask(
                "select secret from rows where secret in (select secret from rows)"
            )),
            allowed
        );
        assert_eq!(
            ask("select (select max(secret) from rows) as m").int(0, 0),
            allowed.last().copied()
        );
        assert_eq!(
            ask("select count(*) from rows a where not exists (select 1 from rows b where b.secret = a.secret + 1)")
                .int(0, 0),
            Some(2)
        );
        let grouped = ask("select unit, count(*) as n, min(secret) as s from rows group by unit");
        assert_eq!(grouped.ints(1).flatten().sum::<i64>(), 25);
        assert!(
            grouped
                .ints(2)
                .flatten()
                .all(|secret| allowed.contains(&secret))
        );
        assert_eq!(
            secrets(&ask(
                "with x as (select * from rows) select secret from x union select secret from rows"
            )),
            allowed
        );
        assert_eq!(
            ask("select array_agg_free from (select count(*) as array_agg_free from rows)")
                .int(0, 0),
            Some(25)
        );
        assert_eq!(
            secrets(&ask("select secret from rows limit 1000000")),
            allowed
        );
        allowed.retain(|secret| secret % 2 == 1);
        assert_eq!(
            secrets(&ask("select secret from rows where secret % 2 = 1")),
            allowed
        );
    }
}

#[test]
fn no_range_means_no_row() {
    let resident = units(1_000, 10);
    assert_eq!(
        ask(&resident, &[], "select count(*) from rows")
            .unwrap()
            .int(0, 0),
        Some(0)
    );
    assert_eq!(ask(&resident, &[], "select * from rows").unwrap().rows(), 0);
    let empty = [7..7, 9..9];
    assert_eq!(
        ask(&resident, &empty, "select max(secret) from rows")
            .unwrap()
            .int(0, 0),
        None
    );
    let all = resident.all();
    assert_eq!(
        ask(&resident, &[all], "select secret from rows")
            .unwrap()
            .rows(),
        1_000
    );
}

#[test]
fn ranges_outside_the_rows_are_refused() {
    let resident = units(100, 10);
    let (from, to) = (9, 3);
    for range in [90..101, 200..200, from..to] {
        let error = ask(&resident, &[range], "select 1").unwrap_err();
        assert!(matches!(error, ColumnsError::Range(_)), "{error}");
    }
}

#[test]
fn residents_join_each_cut_to_its_own_ranges() {
    let left = units(100, 10);
    let right = units(100, 5);
    let query = Query::over(&[
        ("institution", &left, &[0..30, 30..50]),
        ("institution_year", &right, &[40..60, 60..90]),
    ]);
    let table = wait(query.run(
        "select i.secret, y.unit from institution i join institution_year y on y.secret = i.secret order by 1",
        &[],
    ))
    .unwrap();
    assert_eq!(
        table.ints(0).flatten().collect::<Vec<_>>(),
        (40..50).collect::<Vec<_>>()
    );
    assert_eq!(table.int(1, 0), Some(8));
    let twice = Query::over(&[("a", &left, &[]), ("a", &right, &[])]);
    assert!(wait(twice.run("select 1", &[])).is_err());
}

#[test]
fn parameters_are_values_and_never_text() {
    let resident = units(1_000, 10);
    let run = |sql: &str, params: &[Cell]| {
        wait(Query::over(&[("rows", &resident, &[resident.all()])]).run(sql, params))
    };
    let named = |name: &str| {
        let table = run(
            "select count(*) from rows where name = $1",
            &[Cell::Text(name.into())],
        );
        table.unwrap().int(0, 0)
    };
    assert_eq!(named("第3小学"), Some(11));
    assert_eq!(named("' or '1' = '1"), Some(0));
    assert_eq!(named("x'; drop table rows; --"), Some(0));
    let table = run(
        "select secret from rows where secret between $1 and $2 and name like $3 order by secret limit $4 offset $5",
        &[Cell::Int(100), Cell::Int(500), Cell::Text("第%".into()), Cell::Int(3), Cell::Int(1)],
    )
    .unwrap();
    assert_eq!(table.ints(0).flatten().collect::<Vec<_>>(), [101, 102, 103]);
    let table = run(
        "select $1 + 1 as a, $2 as b, $3 as c",
        &[Cell::Int(1), Cell::Text("二".into()), Cell::Bool(true)],
    );
    let table = table.unwrap();
    assert_eq!(
        (table.int(0, 0), table.text(1, 0), table.bool(2, 0)),
        (Some(2), Some("二"), Some(true))
    );
    let nothing = run("select count(*) from rows where name = $1", &[Cell::Null]).unwrap();
    assert_eq!(nothing.int(0, 0), Some(0));
    let day = run(
        "select date '2025-09-01' = $1 as same",
        &[Cell::Day(20_332)],
    )
    .unwrap();
    assert_eq!(day.bool(0, 0), Some(true));
    let real = run(
        "select count(*) from rows where secret < $1",
        &[Cell::Real(2.5)],
    )
    .unwrap();
    assert_eq!(real.int(0, 0), Some(3));
    assert!(run("select secret from rows where secret = $2", &[Cell::Int(1)]).is_err());
    assert!(run("select secret from rows where secret = $1", &[]).is_err());
}

#[test]
fn unknown_names_say_what_to_write_instead() {
    let resident = units(10, 10);
    let said = |sql: &str| ask(&resident, &[], sql).unwrap_err().to_string();
    assert_eq!(
        said("select secrt from rows"),
        "unknown column `secrt`; did you mean `secret`"
    );
    assert_eq!(
        said("select 1 from row"),
        "unknown table `row`; did you mean `rows`"
    );
    assert_eq!(
        said("select smu(secret) from rows"),
        "unknown function `smu`; did you mean `sum`"
    );
}

#[test]
fn values_that_cannot_be_worked_on_are_named() {
    let resident = units(10, 10);
    let error = ask(
        &resident,
        &[resident.all()],
        "select cast(name as bigint) as n from rows",
    )
    .unwrap_err();
    assert!(matches!(error, ColumnsError::Value(_)), "{error:?}");
    let zero = ask(
        &resident,
        &[resident.all()],
        "select count(*) from rows where 1 / secret is null",
    );
    assert_eq!(zero.unwrap().int(0, 0), Some(1));
}

#[test]
fn time_runs_out_with_a_message() {
    let resident = units(20_000, 10);
    let limits = Limits {
        time: std::time::Duration::from_millis(50),
        ..Limits::default()
    };
    let query = Query::over(&[("rows", &resident, &[resident.all()])]).with(&[], limits);
    let endless =
        "select count(*) from rows a, rows b where a.secret * b.secret % 7 = 3 and a.name < b.name";
    let error = wait(query.run(endless, &[])).unwrap_err();
    assert!(matches!(error, ColumnsError::Limit(_)), "{error:?}");
}

#[test]
fn small_and_empty_tables_put_together() {
    let resident = units(10, 10);
    let both = Resident::new(&[resident.table().slice(0..0), resident.table().clone()]).unwrap();
    assert_eq!(both.rows(), 10);
    assert!(both.memory() > 0);
    assert_eq!(both.schema().len(), 3);
    assert!(Resident::new(&[]).is_err());
}
