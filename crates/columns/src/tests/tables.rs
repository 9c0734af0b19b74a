//! Filling tables and reading them back.

use super::{institution_schema, sample};
use crate::{BATCH_ROWS, Cell, ColumnBuilder, ColumnType, Schema, Table};

#[test]
fn every_type_reads_back_as_it_was_filled() {
    let table = sample();
    assert_eq!(table.rows(), 4);
    assert_eq!(table.text(0, 0), Some("2161000001"));
    assert_eq!(table.text(0, 2), None);
    assert_eq!(table.text(1, 1), Some("𠮷林·希望小学"));
    assert_eq!(table.int(2, 3), Some(-5));
    assert_eq!(table.int(2, 2), None);
    assert_eq!(table.real(4, 0), Some(5200.5));
    assert_eq!(table.bool(5, 1), Some(false));
    assert_eq!(table.day(6, 1), Some(-25_567));
    assert_eq!(table.cell(6, 3), Cell::Day(20_000));
    assert_eq!(table.cell(1, 3), Cell::Null);
    assert_eq!(table.position("founded"), Some(6));
    assert!(table.memory() > 0);
}

#[test]
fn reading_outside_or_as_another_type_gives_nothing() {
    let table = sample();
    assert_eq!(table.int(0, 0), None);
    assert_eq!(table.text(2, 0), None);
    assert_eq!(table.int(2, 4), None);
    assert_eq!(table.int(9, 0), None);
    assert_eq!(table.cell(9, 9), Cell::Null);
    assert_eq!(table.ints(0).count(), 0);
}

#[test]
fn whole_columns_iterate_in_row_order() {
    let table = sample();
    assert_eq!(
        table.ints(2).collect::<Vec<_>>(),
        [Some(900), Some(45), None, Some(-5)]
    );
    assert_eq!(table.texts(0).flatten().count(), 3);
    assert_eq!(table.reals(4).flatten().sum::<f64>(), 5202.0);
    assert_eq!(
        table.bools(5).flatten().filter(|counted| *counted).count(),
        2
    );
    assert_eq!(table.days(6).flatten().count(), 3);
}

fn counting(rows: usize) -> Table {
    let schema = Schema::new([("n", ColumnType::Int), ("text", ColumnType::Text)]);
    let mut numbers = ColumnBuilder::new(ColumnType::Int);
    let mut texts = ColumnBuilder::new(ColumnType::Text);
    for row in 0..rows {
        numbers.append_int(Some(row as i64));
        texts.append_text(Some(&format!("第{row}所学校的名称比较长")));
    }
    Table::new(schema, vec![numbers, texts]).unwrap()
}

#[test]
fn several_batches_read_as_one_table() {
    let rows = BATCH_ROWS * 2 + 17;
    let table = counting(rows);
    assert_eq!(table.batches().len(), 3);
    assert_eq!(table.rows(), rows);
    for row in [
        0,
        1,
        BATCH_ROWS - 1,
        BATCH_ROWS,
        BATCH_ROWS + 1,
        2 * BATCH_ROWS,
        rows - 1,
    ] {
        assert_eq!(table.int(0, row), Some(row as i64));
        assert_eq!(
            table.text(1, row),
            Some(format!("第{row}所学校的名称比较长").as_str())
        );
    }
    assert_eq!(table.int(0, rows), None);
    let exact = counting(BATCH_ROWS);
    assert_eq!((exact.batches().len(), exact.rows()), (1, BATCH_ROWS));
}

#[test]
fn slices_cross_batches_and_stop_at_the_end() {
    let table = counting(BATCH_ROWS * 2);
    let slice = table.slice(BATCH_ROWS - 2..BATCH_ROWS + 3);
    let numbers: Vec<_> = slice.ints(0).flatten().collect();
    let first = BATCH_ROWS as i64 - 2;
    assert_eq!(numbers, (first..first + 5).collect::<Vec<_>>());
    assert_eq!(slice.int(0, 4), Some(first + 4));
    assert_eq!(table.slice(BATCH_ROWS * 2 - 1..usize::MAX).rows(), 1);
    assert_eq!(table.slice(usize::MAX..usize::MAX).rows(), 0);
    let (from, to) = (9, 3);
    assert_eq!(table.slice(from..to).rows(), 0);
    assert_eq!(slice.slice(1..3).int(0, 1), Some(first + 2));
}

#[test]
fn concat_keeps_order_and_refuses_other_columns() {
    let table = counting(10);
    let again = Table::concat(&[table.slice(5..10), table.slice(0..0), table.slice(0..5)]).unwrap();
    let numbers: Vec<_> = again.ints(0).flatten().collect();
    assert_eq!(numbers, [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
    assert!(Table::concat(&[table, sample()]).is_err());
    assert!(Table::concat(&[]).is_err());
}

#[test]
fn select_reorders_columns() {
    let schema = Schema::new([("pupils", ColumnType::Int), ("code", ColumnType::Text)]);
    let table = sample().select(&schema).unwrap();
    assert_eq!(
        (table.int(0, 0), table.text(1, 0)),
        (Some(900), Some("2161000001"))
    );
    let missing = sample().select(&Schema::new([("nothing", ColumnType::Int)]));
    assert_eq!(
        missing.unwrap_err().to_string(),
        "the table has no column `nothing`"
    );
    let wrong = sample().select(&Schema::new([("code", ColumnType::Int)]));
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "column `code` must be integer"
    );
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let schema = || Schema::new([("a", ColumnType::Int), ("b", ColumnType::Text)]);
    let fill = |of, count| {
        let mut column = ColumnBuilder::new(of);
        (0..count).for_each(|_| column.append_null());
        column
    };
    let message = |columns| Table::new(schema(), columns).unwrap_err().to_string();
    assert_eq!(
        message(vec![]),
        "0 columns were filled but the schema names 2"
    );
    assert_eq!(
        message(vec![fill(ColumnType::Int, 1), fill(ColumnType::Int, 1)]),
        "column `b` is text but was filled as integer"
    );
    assert_eq!(
        message(vec![fill(ColumnType::Int, 1), fill(ColumnType::Text, 2)]),
        "column `b` has 2 rows but the first column has 1"
    );
    let mut misfit = fill(ColumnType::Text, 2);
    misfit.append_int(Some(1));
    assert_eq!(
        message(vec![fill(ColumnType::Int, 3), misfit]),
        "column `b` is text but row 2 was given integer"
    );
    let twice = Schema::new([("a", ColumnType::Int), ("a", ColumnType::Int)]);
    assert!(Table::empty(twice).is_err());
}

#[test]
fn an_empty_table_has_columns_and_no_rows() {
    let table = Table::empty(institution_schema()).unwrap();
    assert_eq!((table.rows(), table.schema().len()), (0, 7));
    assert!(table.is_empty());
    assert_eq!(table.slice(0..9).rows(), 0);
}

#[test]
fn stored_values_fill_the_column_they_are_meant_for() {
    use kernel::Value;
    let types = [
        ColumnType::Int,
        ColumnType::Bool,
        ColumnType::Day,
        ColumnType::Text,
    ];
    let schema = || Schema::new(["a", "b", "c", "d"].into_iter().zip(types));
    let mut columns: Vec<_> = types.into_iter().map(ColumnBuilder::new).collect();
    for column in &mut columns[..3] {
        column.append_value(&Value::Int(1));
        column.append_value(&Value::Null);
    }
    columns[3].append_value(&Value::Text("一".to_owned()));
    columns[3].append_value(&Value::Null);
    let table = Table::new(schema(), columns).unwrap();
    let row: Vec<Cell> = (0..4).map(|column| table.cell(column, 0)).collect();
    assert_eq!(
        row,
        [
            Cell::Int(1),
            Cell::Bool(true),
            Cell::Day(1),
            Cell::Text("一".to_owned())
        ]
    );
    assert!((0..4).all(|column| table.cell(column, 1) == Cell::Null));
    for (of, value) in [
        (ColumnType::Text, Value::Bytes(vec![1])),
        (ColumnType::Day, Value::Int(i64::MAX)),
        (ColumnType::Real, Value::Int(1)),
        (ColumnType::Int, Value::Text("1".to_owned())),
    ] {
        let mut column = ColumnBuilder::new(of);
        column.append_value(&value);
        assert!(
            Table::new(Schema::new([("x", of)]), vec![column]).is_err(),
            "{of}"
        );
    }
}
