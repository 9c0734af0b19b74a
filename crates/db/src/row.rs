//! One row of an answer, owned.

use std::sync::Arc;

use kernel::Value;

use crate::DbError;

/// A row: values in the order of the statement's columns. The names are shared by all rows of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The names of the columns, in the order of the statement.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All values, in the order of the statement.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Gives the values away, in the order of the statement.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value at a place, counted from 0; `None` behind the last column.
    #[must_use]
    pub fn value(&self, place: usize) -> Option<&Value> {
        self.values.get(place)
    }

    /// The value of a column by name.
    ///
    /// # Errors
    /// [`DbError::Query`] where the answer has no such column.
    pub fn get(&self, name: &str) -> Result<&Value, DbError> {
        let place = self.names.iter().position(|known| known == name);
        place
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| DbError::query(format!("the answer has no column `{name}`")))
    }

    /// A whole number that is always present.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent, NULL, or holds something else.
    pub fn int(&self, name: &str) -> Result<i64, DbError> {
        self.opt_int(name)?.ok_or_else(|| is_null(name))
    }

    /// A whole number, or `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent or holds something else.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, DbError> {
        match self.get(name)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other => Err(is_not(name, "a whole number", other)),
        }
    }

    /// A truth value that is always present, stored as 0 or 1.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn bool(&self, name: &str) -> Result<bool, DbError> {
        Ok(self.int(name)? != 0)
    }

    /// A text that is always present.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent, NULL, or holds something else.
    pub fn text(&self, name: &str) -> Result<&str, DbError> {
        self.opt_text(name)?.ok_or_else(|| is_null(name))
    }

    /// A text, or `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent or holds something else.
    pub fn opt_text(&self, name: &str) -> Result<Option<&str>, DbError> {
        match self.get(name)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(is_not(name, "text", other)),
        }
    }

    /// Bytes that are always present.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent, NULL, or holds something else.
    pub fn bytes(&self, name: &str) -> Result<&[u8], DbError> {
        self.opt_bytes(name)?.ok_or_else(|| is_null(name))
    }

    /// Bytes, or `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Query`] where the column is absent or holds something else.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<&[u8]>, DbError> {
        match self.get(name)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(is_not(name, "bytes", other)),
        }
    }
}

fn is_null(name: &str) -> DbError {
    DbError::query(format!(
        "the column `{name}` holds NULL where a value must be"
    ))
}

fn is_not(name: &str, expected: &str, found: &Value) -> DbError {
    DbError::query(format!(
        "the column `{name}` holds {} where {expected} must be",
        kind_of(found)
    ))
}

/// A value's kind in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL",
        Value::Int(_) => "a whole number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    }
}
