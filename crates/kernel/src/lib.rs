//! The ground floor under every room: values, ids, clocks, the calendar, code validators,
//! datums, scaled numbers and text rules of Chinese education data.
//!
//! Invariants:
//! - Pure: no file, network, environment or global state. The one exception is
//!   [`SystemClock`], the only place in the program that asks the machine for the time.
//! - Every rule names the standard or document it comes from.
//! - Every way in which a value can be wrong is a variant of an enum with a stable code
//!   (see [`fault`]), so that pages, reports and other programs can rely on it.

#[macro_use]
pub mod fault;
mod clock;
pub mod codes;
mod datum;
mod day;
pub mod decimal;
mod id;
mod initials;
mod millis;
mod school_year;
pub mod text;
mod value;

pub use clock::{Clock, FixedClock, SystemClock};
pub use datum::{Datum, DatumFault};
pub use day::{Day, DayFault};
pub use decimal::{
    DecimalFault, format_decimal, format_decimal_short, parse_decimal, parse_decimal_rounded,
};
pub use fault::Fault;
pub use id::{AccountId, Clocks, CommitNumber, ImportId, RecordId, UnitId};
pub use initials::{initials, looks_like_initials};
pub use millis::Millis;
pub use school_year::{Period, SchoolYear, SchoolYearFault, Term};
pub use text::{name_key, normalise_text};
pub use value::Value;
