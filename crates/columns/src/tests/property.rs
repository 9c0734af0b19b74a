//! Evaluating predicates directly gives what SQL gives.

use proptest::prelude::*;

use super::{institution_schema, institutions, wait};
use crate::{CheckSql, Checker, CheckerTables, Limits, Query, Resident};

type OwnedRow = (
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<f64>,
    Option<bool>,
    Option<i32>,
);

fn rows() -> impl Strategy<Value = Vec<OwnedRow>> {
    let row = (
        proptest::option::of("[a-c0-2]{0,4}"),
        proptest::option::of("[小学中𠮷·a ]{0,6}"),
        proptest::option::of(-3_i64..100),
        proptest::option::of(-2_i64..4),
        proptest::option::of(-2.0_f64..50.0),
        proptest::option::of(any::<bool>()),
        proptest::option::of(-30_000_i32..30_000),
    );
    proptest::collection::vec(row, 0..60)
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("pupils".to_owned()),
        Just("classes".to_owned()),
        Just("area".to_owned()),
        Just("char_length(name)".to_owned()),
        Just("date_part('year', founded)".to_owned()),
        (-5_i64..60).prop_map(|value| value.to_string()),
        Just("null".to_owned()),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (
            inner.clone(),
            prop_oneof!["\\+", "-", "\\*", "/", "%"],
            inner,
        )
            .prop_map(|(left, op, right)| format!("({left} {op} {right})"))
    })
}

fn predicate() -> impl Strategy<Value = String> {
    let compared = (number(), prop_oneof!["<", "<=", "=", "<>", ">"], number())
        .prop_map(|(left, op, right)| format!("{left} {op} {right}"));
    let leaf = prop_oneof![
        4 => compared,
        1 => Just("counted".to_owned()),
        1 => Just("code in ('a', 'b', '1', null)".to_owned()),
        1 => Just("name like '%学_'".to_owned()),
        1 => Just("name ~ '^[小中]学'".to_owned()),
        1 => Just("founded < '1970-01-01'".to_owned()),
        1 => Just("code = name".to_owned()),
        1 => Just("name is null".to_owned()),
        1 => Just("valid_phone(code)".to_owned()),
        1 => Just("coalesce(code, name, 'x') between 'a' and 'c'".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof!["and", "or"], inner.clone())
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            inner.clone().prop_map(|one| format!("(not {one})")),
            (inner.clone(), inner).prop_map(|(when, then)| format!(
                "(case when {when} then {then} else counted end)"
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn direct_evaluation_equals_sql(rows in rows(), predicates in proptest::collection::vec(predicate(), 1..4)) {
        let borrowed: Vec<_> = rows
            .iter()
            .map(|(code, name, pupils, classes, area, counted, founded)| {
                (code.as_deref(), name.as_deref(), *pupils, *classes, *area, *counted, *founded)
            })
            .collect();
        let table = institutions(&borrowed);
        let row_checks = predicates.iter().map(|sql| CheckSql::Row(sql.clone()));
        let set_checks = predicates
            .iter()
            .map(|sql| CheckSql::Set(format!("select row_no from staged where {sql}")));
        let checks: Vec<_> = row_checks.chain(set_checks).collect();
        let checker = Checker::new(
            &checks,
            CheckerTables::staged(institution_schema()),
            &[],
            Limits::default(),
        );
        let checker = match checker {
            Ok(checker) => checker,
            Err(faults) => return Err(TestCaseError::fail(format!("{faults:?}"))),
        };
        let findings = wait(checker.findings(&table, &[])).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!findings.iter().any(|finding| finding.unjudged));
        let resident = Resident::new(&[table]).unwrap();
        for (check, sql) in predicates.iter().enumerate() {
            let of = |check: usize| -> Vec<u32> {
                findings
                    .iter()
                    .filter(|finding| finding.check as usize == check)
                    .map(|finding| finding.row)
                    .collect()
            };
            let direct = of(check);
            prop_assert_eq!(&direct, &of(check + predicates.len()), "{}", sql);
            let count = format!("select count(*) filter (where {sql}) as n from rows");
            let query = Query::over(&[("rows", &resident, &[resident.all()])]);
            let counted = query.run(&count, &[]);
            let counted = wait(counted).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(counted.int(0, 0), Some(direct.len() as i64), "{}", sql);
        }
    }
}
