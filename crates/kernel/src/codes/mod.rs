//! Validators of the codes that education data is full of. Each takes the text as written
//! (ends trimmed, letters in either case), and gives its parts in canonical form or the fault.

mod citizen_id;
mod division;
mod school;
mod student_number;
mod uscc;

pub use citizen_id::{
    CitizenId, CitizenIdFault, Sex, check_character, check_citizen_id, check_citizen_id_on,
};
pub use division::{DivisionCode, DivisionCodeFault, DivisionLevel, check_division_code};
pub use school::{SCHOOL_CATEGORIES, SchoolCode, SchoolCodeFault, check_school_code};
pub use student_number::{
    StudentNumber, StudentNumberFault, StudentNumberKind, check_student_number,
};
pub use uscc::{Uscc, UsccFault, check_uscc};

/// The two-digit province codes of GB/T 2260, with 82 (Macao), 81 (Hong Kong), 71 (Taiwan) and
/// 83, which residence permits of Taiwan residents use.
fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

/// The digits of `text` as a number, when it is digits only and fits.
fn number(text: Option<&str>) -> Option<u32> {
    let digits = text?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// What a spreadsheet makes of a long code that it takes for a number: `6.10113E+17`.
fn is_scientific(text: &str) -> bool {
    text.split_once(['E', 'e'])
        .is_some_and(|(mantissa, exponent)| {
            mantissa.parse::<f64>().is_ok() && exponent.parse::<i32>().is_ok()
        })
}
