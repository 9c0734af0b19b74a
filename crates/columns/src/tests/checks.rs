//! Row checks and set checks.

use super::{institution_schema, institutions, sample, wait};
use crate::{
    BATCH_ROWS, CheckSql, Checker, CheckerTables, ColumnBuilder, ColumnType, ColumnsError, Finding,
    Limits, Schema, SqlFault, Table,
};

fn row(sql: &str) -> CheckSql {
    CheckSql::Row(sql.to_owned())
}

fn set(sql: &str) -> CheckSql {
    CheckSql::Set(sql.to_owned())
}

fn tables() -> CheckerTables {
    let current = Schema::new([("code", ColumnType::Text), ("record_id", ColumnType::Int)]);
    CheckerTables::staged(institution_schema()).with("current", current)
}

fn checker(checks: &[CheckSql]) -> Result<Checker, Vec<SqlFault>> {
    Checker::new(checks, tables(), &[], Limits::default())
}

fn found(checks: &[CheckSql]) -> Vec<(u32, u32)> {
    let findings = checker(checks).unwrap().row_findings(&sample()).unwrap();
    assert!(findings.iter().all(|finding| !finding.unjudged));
    findings
        .iter()
        .map(|finding| (finding.row, finding.check))
        .collect()
}

fn faults(sql: &str) -> String {
    let faults = checker(&[row("true"), row(sql)]).unwrap_err();
    assert_eq!((faults.len(), faults[0].check), (1, 1));
    faults[0].to_string()
}

fn set_faults(sql: &str) -> String {
    checker(&[set(sql)]).unwrap_err()[0].to_string()
}

#[test]
fn row_checks_find_what_is_true_and_not_what_is_unknown() {
    assert_eq!(
        found(&[row("pupils < 0"), row("pupils > 100")]),
        [(0, 1), (3, 0)]
    );
    assert_eq!(found(&[row("name is null")]), [(3, 0)]);
    assert_eq!(found(&[row("not counted")]), [(1, 0)]);
    assert_eq!(
        found(&[row("true"), row("null = 1"), row("false")]),
        [(0, 0), (1, 0), (2, 0), (3, 0)]
    );
    assert_eq!(found(&[row("founded >= '2020-01-01'")]), [(3, 0)]);
    assert_eq!(found(&[row("founded < date '1949-10-01'")]), [(1, 0)]);
    assert_eq!(
        found(&[row("char_length(name) = 7 and name like '%小学'")]),
        [(0, 0), (1, 0)]
    );
    assert_eq!(found(&[row("strpos(name, '·') > 0")]), [(1, 0)]);
    assert_eq!(
        found(&[row("name ~ '^[\\u4e00-\\u9fff]+幼儿园$'")]),
        [(2, 0)]
    );
    assert_eq!(
        found(&[row("area is not null and abs(area - 1.5) < 0.01")]),
        [(3, 0)]
    );
    assert_eq!(
        found(&[row("code in ('x', 'y')"), row("pupils between 40 and 50")]),
        [(1, 1), (3, 0)]
    );
    assert_eq!(
        found(&[row("case when classes = 0 then pupils > 0 else false end")]),
        [(1, 0)]
    );
    assert_eq!(found(&[row("staged.pupils = 45")]), [(1, 0)]);
}

#[test]
fn division_by_zero_is_unknown() {
    assert_eq!(found(&[row("pupils / classes > 40")]), [(0, 0)]);
    assert_eq!(
        found(&[row("classes <> 0 and pupils % classes = 0")]),
        [(0, 0), (3, 0)]
    );
    assert_eq!(
        found(&[row("(pupils / classes) is null")]),
        [(1, 0), (2, 0)]
    );
    assert_eq!(
        found(&[row("1.0 / area > 0.5"), row("pupils / 0 > 1")]),
        [(3, 0)]
    );
    // A whole number under a fraction is converted after it was guarded.
    assert_eq!(found(&[row("area / pupils > 5")]), [(0, 0)]);
    assert_eq!(found(&[row("area / (pupils / classes) > 100")]), [(0, 0)]);
}

#[test]
fn a_row_that_cannot_be_judged_is_a_finding() {
    let checker = checker(&[row("cast(code as bigint) > 2161000001")]).unwrap();
    let findings = checker.row_findings(&sample()).unwrap();
    assert_eq!(
        findings,
        [
            Finding {
                row: 1,
                check: 0,
                unjudged: false
            },
            Finding {
                row: 3,
                check: 0,
                unjudged: true
            }
        ]
    );
    assert_eq!(
        found(&[row("try_cast(code as bigint) > 2161000001")]),
        [(1, 0)]
    );
}

#[test]
fn builtin_validators_are_sql_functions() {
    assert_eq!(found(&[row("not valid_division_code(code)")]).len(), 3);
    assert_eq!(found(&[row("valid_phone('029-85308889')")]).len(), 4);
    assert_eq!(
        found(&[row("valid_school_code(null)"), row("valid_uscc('1')")]).len(),
        0
    );
    assert_eq!(
        found(&[row("valid_citizen_id('x') or valid_student_number('x')")]).len(),
        0
    );
}

#[test]
fn wrong_names_say_what_to_write_instead() {
    assert_eq!(
        faults("pupls > 3"),
        "unknown column `pupls`; did you mean `pupils`"
    );
    assert_eq!(faults("teachers > 3"), "unknown column `teachers`");
    assert_eq!(
        faults("char_lenght(name) > 3"),
        "unknown function `char_lenght`; did you mean `char_length`"
    );
    assert_eq!(
        faults("valid_school(code)"),
        "unknown function `valid_school`; did you mean `valid_school_code`"
    );
    assert_eq!(
        set_faults("select row_no from stagd"),
        "unknown table `stagd`; did you mean `staged`"
    );
    assert_eq!(
        set_faults("select s.row_no from staged s where s.nme is null"),
        "unknown column `nme`; did you mean `name`"
    );
    assert_eq!(
        set_faults(
            "select row_no from staged join current using (code) where curent.record_id > 1"
        ),
        "no table `curent` for column `curent.record_id`; did you mean `current`"
    );
}

#[test]
fn all_faults_are_reported_with_their_check() {
    let faults = checker(&[
        row("pupls > 1"),
        row("pupils > 1"),
        set("select 1 from staged"),
    ]);
    let at: Vec<usize> = faults
        .unwrap_err()
        .iter()
        .map(|fault| fault.check)
        .collect();
    assert_eq!(at, [0, 2]);
}

#[test]
fn checks_of_the_wrong_kind_are_refused() {
    assert!(
        faults("pupils").starts_with("a row check must be true or false"),
        "{}",
        faults("pupils")
    );
    assert!(faults("pupils + 1").starts_with("a row check must be true or false"));
    assert!(faults("name > ").starts_with("cannot be read as SQL"));
    assert!(faults("count(*) > 1").contains("set check"));
    assert!(faults("row_number() over () > 1").contains("set check"));
    assert!(faults("exists (select 1 from current)").contains("set check"));
    assert!(faults("code in (select code from current)").contains("set check"));
    assert!(faults("pupils > $1").contains("no parameters"));
    assert!(faults("name + 1 > 'x' and counted > 3").len() > 3);
    assert!(set_faults("select code from staged").contains("row_no"));
    assert!(set_faults("select cast(row_no as text) as row_no from staged").contains("row_no"));
    assert!(!set_faults("select row_no from staged where name + counted").is_empty());
}

#[test]
fn set_checks_see_all_rows_and_the_other_tables() {
    let checks = [
        set(
            "select row_no from (select row_no, count(*) over (partition by code) as n from staged \
             where code is not null) where n > 1",
        ),
        set(
            "select s.row_no from staged s join current c on c.code = s.code where c.record_id > 10",
        ),
        row("pupils > 1"),
        set(
            "select row_no from staged where pupils / classes > 50 union all select row_no from staged",
        ),
    ];
    let checker = checker(&checks).unwrap();
    let staged = institutions(&[
        (Some("a"), None, Some(1), Some(0), None, None, None),
        (Some("b"), None, Some(2), Some(0), None, None, None),
        (Some("a"), None, Some(1), Some(0), None, None, None),
        (None, None, None, None, None, None, None),
    ]);
    let mut code = ColumnBuilder::new(ColumnType::Text);
    let mut record = ColumnBuilder::new(ColumnType::Int);
    for (value, id) in [("b", 11), ("a", 10), ("c", 12)] {
        code.append_text(Some(value));
        record.append_int(Some(id));
    }
    let schema = Schema::new([("code", ColumnType::Text), ("record_id", ColumnType::Int)]);
    let current = Table::new(schema, vec![code, record]).unwrap();
    let findings = wait(checker.findings(&staged, &[("current", &current)])).unwrap();
    let pairs: Vec<_> = findings
        .iter()
        .map(|finding| (finding.check, finding.row))
        .collect();
    let mut sorted = pairs.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            (0, 0),
            (0, 2),
            (1, 1),
            (2, 1),
            (3, 0),
            (3, 1),
            (3, 2),
            (3, 3)
        ]
    );
    let missing = wait(checker.set_findings(&staged, &[])).unwrap_err();
    assert_eq!(
        missing,
        ColumnsError::Shape("table `current` was not given".to_owned())
    );
}

#[test]
fn row_numbers_are_right_across_batches_and_threads() {
    let rows = BATCH_ROWS * 3 + 100;
    let schema = Schema::new([("n", ColumnType::Int)]);
    let mut numbers = ColumnBuilder::new(ColumnType::Int);
    (0..rows).for_each(|row| numbers.append_int(Some(row as i64)));
    let table = Table::new(schema.clone(), vec![numbers]).unwrap();
    let checks = [
        row("n % 10000 = 7"),
        set("select row_no from staged where n % 10000 = 7"),
        set("select max(row_no) as row_no from staged"),
    ];
    let checker = Checker::new(
        &checks,
        CheckerTables::staged(schema),
        &[],
        Limits::default(),
    )
    .unwrap();
    let findings = wait(checker.findings(&table, &[])).unwrap();
    let of = |check| -> Vec<u32> {
        findings
            .iter()
            .filter(|finding| finding.check == check)
            .map(|finding| finding.row)
            .collect()
    };
    assert_eq!(of(0), (7..rows as u32).step_by(10_000).collect::<Vec<_>>());
    assert_eq!(of(0), of(1));
    assert_eq!(of(2), [rows as u32 - 1]);
    let slice = checker.row_findings(&table.slice(9_000..11_000)).unwrap();
    assert_eq!(
        slice,
        [Finding {
            row: 1_007,
            check: 0,
            unjudged: false
        }]
    );
}

#[test]
fn columns_may_come_in_another_order_with_others_between() {
    let schema = Schema::new([("pupils", ColumnType::Int), ("code", ColumnType::Text)]);
    let checks = [row("pupils > 100 and code is not null")];
    let checker = Checker::new(
        &checks,
        CheckerTables::staged(schema),
        &[],
        Limits::default(),
    )
    .unwrap();
    assert_eq!(checker.row_findings(&sample()).unwrap().len(), 1);
}

#[test]
fn memory_runs_out_with_a_message_and_not_onto_disk() {
    let schema = Schema::new([("n", ColumnType::Int)]);
    let mut numbers = ColumnBuilder::new(ColumnType::Int);
    (0..400_000).for_each(|row| numbers.append_int(Some(row)));
    let table = Table::new(schema.clone(), vec![numbers]).unwrap();
    let limits = Limits {
        memory: 100_000,
        ..Limits::default()
    };
    let checks = [set("select min(row_no) as row_no from staged group by n")];
    let checker = Checker::new(&checks, CheckerTables::staged(schema), &[], limits).unwrap();
    let error = wait(checker.set_findings(&table, &[])).unwrap_err();
    assert!(matches!(error, ColumnsError::Limit(_)), "{error}");
}
