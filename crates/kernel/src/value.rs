//! The four storage values.

use serde::{Deserialize, Serialize};

use crate::{AccountId, CommitNumber, Day, ImportId, Millis, RecordId, UnitId};

/// A value as both database engines store it. Every field kind of a definition maps to one
/// of these: bool is `Int` 0 or 1, a decimal is an `Int` scaled by the field's scale, a date
/// is `Int` days since 1970-01-01 ([`Day`]), an instant is `Int` milliseconds UTC ([`Millis`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Absent.
    #[default]
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BYTEA or BLOB.
    Bytes(Vec<u8>),
}

impl Value {
    /// True for [`Value::Null`].
    pub const fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The integer, when this is one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, when this is bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

macro_rules! value_from {
    ($($source:ty, $name:ident => $value:expr;)+) => {
        $(impl From<$source> for Value {
            fn from($name: $source) -> Value {
                $value
            }
        })+
    };
}

value_from! {
    i64, number => Value::Int(number);
    i32, number => Value::Int(i64::from(number));
    u32, number => Value::Int(i64::from(number));
    bool, truth => Value::Int(i64::from(truth));
    &str, text => Value::Text(text.to_owned());
    String, text => Value::Text(text);
    Vec<u8>, bytes => Value::Bytes(bytes);
    &[u8], bytes => Value::Bytes(bytes.to_vec());
    Day, day => Value::Int(i64::from(day.0));
    Millis, instant => Value::Int(instant.0);
    RecordId, id => Value::Int(id.0);
    CommitNumber, id => Value::Int(id.0);
    UnitId, id => Value::Int(id.0);
    AccountId, id => Value::Int(id.0);
    ImportId, id => Value::Int(id.0);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(optional: Option<T>) -> Value {
        optional.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_from_plain_types() {
        assert_eq!(Value::from(true), Value::Int(1));
        assert_eq!(Value::from(Day(3)), Value::Int(3));
        assert_eq!(Value::from(None::<i64>), Value::Null);
        assert_eq!(Value::from(Some("渭河")).as_text(), Some("渭河"));
        assert_eq!(Value::from(RecordId(7)).as_int(), Some(7));
        assert!(Value::default().is_null());
    }
}
