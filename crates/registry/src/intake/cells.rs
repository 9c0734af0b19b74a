//! Single cells: what a text can mean, and the same value as the store and as the checks have it.

use columns::{Cell, ColumnType, Table};
use kernel::Value;
use standard::Field;

use super::typing::column_type;

/// A scaled number as the checks see it.
pub(super) fn unscaled(scaled: i64, scale: u8) -> f64 {
    scaled as f64 / 10f64.powi(i32::from(scale))
}

/// The scaled number behind what the checks see. Exact within [`MOST_EXACT`].
pub(super) fn scaled(real: f64, scale: u8) -> i64 {
    (real * 10f64.powi(i32::from(scale))).round() as i64
}

/// The storage value of a field in a row of a batch's table.
pub(crate) fn stored_value(field: &Field, table: &Table, column: usize, row: usize) -> Value {
    let Some(kind) = column_type(field) else {
        return Value::Null;
    };
    match kind {
        ColumnType::Int => table.int(column, row).into(),
        ColumnType::Real => {
            let scale = field.kind.scale().unwrap_or(0);
            table
                .real(column, row)
                .map(|real| scaled(real, scale))
                .into()
        }
        ColumnType::Text => table.text(column, row).into(),
        ColumnType::Bool => table.bool(column, row).map(i64::from).into(),
        ColumnType::Day => table.day(column, row).map(i64::from).into(),
    }
}

/// A stored value as the checks see it.
pub(crate) fn cell_of(field: &Field, value: &Value) -> Cell {
    match (column_type(field), value) {
        (Some(ColumnType::Int), Value::Int(number)) => Cell::Int(*number),
        (Some(ColumnType::Real), Value::Int(number)) => {
            Cell::Real(unscaled(*number, field.kind.scale().unwrap_or(0)))
        }
        (Some(ColumnType::Bool), Value::Int(number)) => Cell::Bool(*number != 0),
        (Some(ColumnType::Day), Value::Int(days)) => {
            i32::try_from(*days).map_or(Cell::Null, Cell::Day)
        }
        (Some(ColumnType::Text), Value::Text(text)) => Cell::Text(text.clone()),
        _ => Cell::Null,
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.is_empty()
        || matches!(
            text,
            "NULL" | "null" | "N/A" | "#N/A" | "nan" | "NaN" | "None"
        )
}

/// A cell that says: there is none.
pub(super) fn is_clear(text: &str) -> bool {
    matches!(text, "-" | "—" | "——" | "－")
}

/// A number without thousands separators.
pub(super) fn plain_number(text: &str) -> String {
    text.replace([',', ' '], "").replace('，', "")
}

pub(super) fn integer(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let plain = plain_number(text);
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    whole.parse().ok()
}

pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "是" | "y" | "yes" | "true" | "t" | "√" | "有" => Some(true),
        "0" | "否" | "n" | "no" | "false" | "f" | "×" | "无" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scaled_numbers_go_through_a_double_unharmed(number in -(1i64 << 50)..(1i64 << 50), scale in 0u8..8) {
            prop_assert_eq!(scaled(unscaled(number, scale), scale), number);
        }
    }

    #[test]
    fn whole_numbers_come_with_separators_and_zeros_behind_the_point() {
        assert_eq!(integer("1,234"), Some(1234));
        assert_eq!(integer("45.0"), Some(45));
        assert_eq!(integer("45.5"), None);
        assert_eq!(integer("四十"), None);
    }

    #[test]
    fn a_dash_clears_and_a_blank_says_nothing() {
        assert!(is_clear("-"));
        assert!(is_blank("NULL"));
        assert!(!is_clear("-1"));
    }
}
