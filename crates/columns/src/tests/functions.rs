//! Rust closures called from SQL.

use std::sync::Arc;

use super::{sample, wait};
use crate::{Arg, Cell, ColumnType, ColumnsError, Function, Limits, Query, Resident, Table};

fn function(name: &str, args: &[ColumnType], returns: ColumnType, body: crate::Body) -> Function {
    Function {
        name: name.to_owned(),
        args: args.to_vec(),
        returns,
        body,
    }
}

fn ask(functions: &[Function], sql: &str) -> Result<Table, ColumnsError> {
    let resident = Resident::new(&[sample()]).unwrap();
    let query = Query::over(&[("institution", &resident, &[resident.all()])]);
    wait(query.with(functions, Limits::default()).run(sql, &[]))
}

#[test]
fn every_type_goes_in_and_comes_out() {
    use ColumnType::{Bool, Day, Int, Real, Text};
    let functions = [
        function(
            "plus_one",
            &[Int],
            Int,
            Arc::new(|args| match args {
                [Arg::Int(value)] => Cell::Int(value + 1),
                _ => Cell::Null,
            }),
        ),
        function(
            "half",
            &[Real],
            Real,
            Arc::new(|args| match args {
                [Arg::Real(value)] => Cell::Real(value / 2.0),
                _ => Cell::Null,
            }),
        ),
        function(
            "first_letter",
            &[Text],
            Text,
            Arc::new(|args| match args {
                [Arg::Text(text)] => text
                    .chars()
                    .next()
                    .map_or(Cell::Null, |first| Cell::Text(first.into())),
                _ => Cell::Null,
            }),
        ),
        function(
            "opposite",
            &[Bool],
            Bool,
            Arc::new(|args| match args {
                [Arg::Bool(value)] => Cell::Bool(!value),
                _ => Cell::Null,
            }),
        ),
        function(
            "next_day",
            &[Day],
            Day,
            Arc::new(|args| match args {
                [Arg::Day(value)] => Cell::Day(value + 1),
                _ => Cell::Null,
            }),
        ),
        function("answer", &[], Int, Arc::new(|_| Cell::Int(42))),
    ];
    let table = ask(
        &functions,
        "select plus_one(pupils) as a, half(area) as b, first_letter(name) as c, \
         opposite(counted) as d, next_day(founded) as e, answer() as f, half(1) as g, \
         plus_one(null) as h from institution where code like '2161%' order by code",
    )
    .unwrap();
    let row = |row| {
        (0..8)
            .map(|column| table.cell(column, row))
            .collect::<Vec<_>>()
    };
    let rest = [Cell::Int(42), Cell::Real(0.5), Cell::Null];
    let first = [
        Cell::Int(901),
        Cell::Real(2600.25),
        Cell::Text("渭".into()),
        Cell::Bool(false),
        Cell::Day(1),
    ];
    assert_eq!(row(0), [first.to_vec(), rest.to_vec()].concat());
    let second = [
        Cell::Int(46),
        Cell::Null,
        Cell::Text("𠮷".into()),
        Cell::Bool(true),
        Cell::Day(-25_566),
    ];
    assert_eq!(row(1), [second.to_vec(), rest.to_vec()].concat());
}

#[test]
fn several_arguments_mix_columns_and_constants() {
    let within = function(
        "within",
        &[ColumnType::Int, ColumnType::Real, ColumnType::Real],
        ColumnType::Bool,
        Arc::new(|args| match args {
            [Arg::Int(value), Arg::Real(from), Arg::Real(to)] => {
                Cell::Bool((*from..=*to).contains(&(*value as f64)))
            }
            _ => Cell::Null,
        }),
    );
    let table = ask(
        &[within],
        "select count(*) from institution where within(pupils, 0, area)",
    )
    .unwrap();
    assert_eq!(table.int(0, 0), Some(1));
}

#[test]
fn wrong_calls_and_broken_promises_are_errors() {
    let liar = function("liar", &[], ColumnType::Int, Arc::new(|_| Cell::Bool(true)));
    let error = ask(&[liar], "select liar() + pupils from institution").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("promised integer but gave boolean"),
        "{error}"
    );
    assert!(ask(&[], "select valid_uscc(1, 2) from institution").is_err());
    assert!(ask(&[], "select valid_uscc() from institution").is_err());
}
