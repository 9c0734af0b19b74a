//! Rust closures as SQL functions.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringViewArray,
};
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::{Cell, ColumnBuilder, ColumnType};

/// One argument of one call of a [`Function`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arg<'a> {
    /// Unknown or absent.
    Null,
    /// A whole number.
    Int(i64),
    /// A double.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// True or false.
    Bool(bool),
    /// Days since 1970-01-01.
    Day(i32),
}

/// What a [`Function`] does with the arguments of one row. It must be pure: the same arguments
/// always give the same answer, and how often it is called is not promised.
pub type Body = Arc<dyn Fn(&[Arg<'_>]) -> Cell + Send + Sync>;

/// A function that SQL may call by name.
#[derive(Clone)]
pub struct Function {
    /// Lower-case name.
    pub name: String,
    /// Types of the arguments; SQL converts what it safely can.
    pub args: Vec<ColumnType>,
    /// Type of the answer; the body gives a cell of this type or null.
    pub returns: ColumnType,
    /// Called once per row.
    pub body: Body,
}

impl fmt::Debug for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        write!(
            out,
            "{}({}) -> {}",
            self.name,
            args.join(", "),
            self.returns
        )
    }
}

impl Function {
    /// A function of one text that is true or false, and null for null.
    #[must_use]
    pub fn of_text(name: &str, body: fn(&str) -> bool) -> Self {
        Self {
            name: name.to_owned(),
            args: vec![ColumnType::Text],
            returns: ColumnType::Bool,
            body: Arc::new(move |args| match args {
                [Arg::Text(text)] => Cell::Bool(body(text)),
                _ => Cell::Null,
            }),
        }
    }

    pub(crate) fn registered(&self) -> Arc<ScalarUDF> {
        let types: Vec<DataType> = self.args.iter().map(|of| of.arrow()).collect();
        let signature = if types.is_empty() {
            Signature::nullary(Volatility::Immutable)
        } else {
            Signature::exact(types, Volatility::Immutable)
        };
        Arc::new(ScalarUDF::from(Wrapped {
            function: self.clone(),
            signature,
        }))
    }
}

#[derive(Debug)]
struct Wrapped {
    function: Function,
    signature: Signature,
}

impl PartialEq for Wrapped {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
            && Arc::ptr_eq(&self.function.body, &other.function.body)
    }
}

impl Eq for Wrapped {}

impl Hash for Wrapped {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

impl ScalarUDFImpl for Wrapped {
    fn name(&self) -> &str {
        &self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.function.returns.arrow())
    }

    fn invoke_with_args(&self, called: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = called
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { called.number_rows };
        let mut readers = Vec::with_capacity(called.args.len());
        for value in &called.args {
            readers.push(match value {
                ColumnarValue::Array(array) => Reader::of_array(array)?,
                ColumnarValue::Scalar(scalar) => Reader::Constant(arg_of_scalar(scalar)?),
            });
        }
        let mut args = vec![Arg::Null; readers.len()];
        let mut answers = ColumnBuilder::new(self.function.returns);
        for row in 0..rows {
            for (arg, reader) in args.iter_mut().zip(&readers) {
                *arg = reader.at(row);
            }
            answers.append(&(self.function.body)(&args));
        }
        if let Some((_, given)) = answers.first_misfit() {
            return exec_err!(
                "function {} promised {} but gave {given}",
                self.function.name,
                self.function.returns
            );
        }
        let array = answers.finish_one()?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &array, 0,
            )?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// An argument column, downcast once per batch.
enum Reader<'a> {
    Constant(Arg<'a>),
    Int(&'a Int64Array),
    Real(&'a Float64Array),
    Text(&'a StringViewArray),
    Bool(&'a BooleanArray),
    Day(&'a Date32Array),
}

impl<'a> Reader<'a> {
    fn of_array(array: &'a ArrayRef) -> Result<Self> {
        Ok(match ColumnType::of_arrow(array.data_type()) {
            Some(ColumnType::Int) => Self::Int(array.as_primitive::<Int64Type>()),
            Some(ColumnType::Real) => Self::Real(array.as_primitive::<Float64Type>()),
            Some(ColumnType::Text) => Self::Text(array.as_string_view()),
            Some(ColumnType::Bool) => Self::Bool(array.as_boolean()),
            Some(ColumnType::Day) => Self::Day(array.as_primitive::<Date32Type>()),
            None => return exec_err!("argument of type {}", array.data_type()),
        })
    }

    #[inline]
    fn at(&self, row: usize) -> Arg<'a> {
        match self {
            Self::Constant(arg) => *arg,
            Self::Int(array) if array.is_valid(row) => Arg::Int(array.value(row)),
            Self::Real(array) if array.is_valid(row) => Arg::Real(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Arg::Text(array.value(row)),
            Self::Bool(array) if array.is_valid(row) => Arg::Bool(array.value(row)),
            Self::Day(array) if array.is_valid(row) => Arg::Day(array.value(row)),
            _ => Arg::Null,
        }
    }
}

fn arg_of_scalar(scalar: &ScalarValue) -> Result<Arg<'_>> {
    Ok(match scalar {
        ScalarValue::Int64(Some(value)) => Arg::Int(*value),
        ScalarValue::Float64(Some(value)) => Arg::Real(*value),
        ScalarValue::Utf8View(Some(value)) => Arg::Text(value),
        ScalarValue::Boolean(Some(value)) => Arg::Bool(*value),
        ScalarValue::Date32(Some(value)) => Arg::Day(*value),
        null if null.is_null() => Arg::Null,
        other => return exec_err!("argument of type {}", other.data_type()),
    })
}
