//! Names and types of columns.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};

/// The five types a column can have.
///
/// Decimals are scaled integers in `Int`, codes are `Text`, references are `Int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// 64-bit integer: counts, scaled decimals, record ids.
    Int,
    /// Double precision: figures that SQL computed.
    Real,
    /// UTF-8 text.
    Text,
    /// True or false.
    Bool,
    /// Calendar day, counted from 1970-01-01.
    Day,
}

impl ColumnType {
    /// The word for this type in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::Bool => "boolean",
            Self::Day => "day",
        }
    }

    /// The Arrow type that holds this column type.
    pub(crate) fn arrow(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Real => DataType::Float64,
            // Views hold twelve bytes inline: codes and short names compare without a pointer.
            Self::Text => DataType::Utf8View,
            Self::Bool => DataType::Boolean,
            Self::Day => DataType::Date32,
        }
    }

    /// The column type that this Arrow type is, if it is one of the five exactly.
    pub(crate) fn of_arrow(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Int64 => Some(Self::Int),
            DataType::Float64 => Some(Self::Real),
            DataType::Utf8View => Some(Self::Text),
            DataType::Boolean => Some(Self::Bool),
            DataType::Date32 => Some(Self::Day),
            _ => None,
        }
    }

    /// The column type into which a column that SQL computed is converted, if there is one.
    pub(crate) fn holding(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Some(Self::Text)
            }
            integer if integer.is_integer() => Some(Self::Int),
            real if real.is_floating() || real.is_decimal() => Some(Self::Real),
            DataType::Boolean => Some(Self::Bool),
            DataType::Date32 | DataType::Date64 => Some(Self::Day),
            _ => None,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Column names and types, in order. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    columns: Arc<Vec<(String, ColumnType)>>,
}

impl Schema {
    /// Names are case-sensitive; SQL lowercases a name that is not in double quotes.
    #[must_use]
    pub fn new<N: Into<String>>(columns: impl IntoIterator<Item = (N, ColumnType)>) -> Self {
        let columns = columns
            .into_iter()
            .map(|(name, of)| (name.into(), of))
            .collect();
        Self {
            columns: Arc::new(columns),
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// True if there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Names and types in column order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.columns.iter().map(|(name, of)| (name.as_str(), *of))
    }

    /// Position of the column with this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| column == name)
    }

    /// Type of the column at this position.
    #[must_use]
    pub fn column_type(&self, column: usize) -> Option<ColumnType> {
        self.columns.get(column).map(|(_, of)| *of)
    }

    /// Name of the column at this position.
    #[must_use]
    pub fn name(&self, column: usize) -> Option<&str> {
        self.columns.get(column).map(|(name, _)| name.as_str())
    }

    /// The first name that two columns share.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        self.iter()
            .map(|(name, _)| name)
            .find(|name| !seen.insert(*name))
    }

    pub(crate) fn arrow(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .iter()
            .map(|(name, of)| Field::new(name, of.arrow(), true))
            .collect();
        Arc::new(ArrowSchema::new(fields))
    }
}

/// One value, as a parameter of a query, a cell of a table or the answer of a [`crate::Function`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Unknown or absent.
    Null,
    /// A whole number.
    Int(i64),
    /// A double.
    Real(f64),
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// Days since 1970-01-01.
    Day(i32),
}
