//! Tests of the crate as its callers see it.

mod checks;
mod functions;
mod property;
mod queries;
mod sandbox;
mod tables;

use crate::{ColumnBuilder, ColumnType, Schema, Table};

/// Runs a future to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

/// The columns of a small institution dataset.
pub(crate) fn institution_schema() -> Schema {
    Schema::new([
        ("code", ColumnType::Text),
        ("name", ColumnType::Text),
        ("pupils", ColumnType::Int),
        ("classes", ColumnType::Int),
        ("area", ColumnType::Real),
        ("counted", ColumnType::Bool),
        ("founded", ColumnType::Day),
    ])
}

/// One row of [`institution_schema`].
pub(crate) type InstitutionRow<'a> = (
    Option<&'a str>,
    Option<&'a str>,
    Option<i64>,
    Option<i64>,
    Option<f64>,
    Option<bool>,
    Option<i32>,
);

pub(crate) fn institutions(rows: &[InstitutionRow<'_>]) -> Table {
    let schema = institution_schema();
    let mut columns: Vec<_> = schema
        .iter()
        .map(|(_, of)| ColumnBuilder::new(of))
        .collect();
    for (code, name, pupils, classes, area, counted, founded) in rows {
        columns[0].append_text(*code);
        columns[1].append_text(*name);
        columns[2].append_int(*pupils);
        columns[3].append_int(*classes);
        columns[4].append_real(*area);
        columns[5].append_bool(*counted);
        columns[6].append_day(*founded);
    }
    Table::new(schema, columns).unwrap()
}

/// Four rows with nulls, CJK and a plane-2 character.
pub(crate) fn sample() -> Table {
    institutions(&[
        (
            Some("2161000001"),
            Some("渭滨区第一小学"),
            Some(900),
            Some(20),
            Some(5200.5),
            Some(true),
            Some(0),
        ),
        (
            Some("2161000002"),
            Some("𠮷林·希望小学"),
            Some(45),
            Some(0),
            None,
            Some(false),
            Some(-25_567),
        ),
        (
            None,
            Some("中心幼儿园"),
            None,
            Some(3),
            Some(0.0),
            None,
            None,
        ),
        (
            Some("x"),
            None,
            Some(-5),
            Some(1),
            Some(1.5),
            Some(true),
            Some(20_000),
        ),
    ])
}
