//! National student number (全国学籍号): a letter and 18 characters. A G number holds the
//! citizen ID and is as sensitive as it.

use std::fmt;

use super::citizen_id::{birth_date, check_character, mask};
use super::{CitizenIdFault, check_citizen_id, is_province, is_scientific, number};
use crate::Day;

faults! {
    /// Why a text is not a national student number.
    StudentNumberFault {
        /// Not 19 characters.
        Length => "student-number-length", "学籍号应为 19 位（1 位字母加 18 位），请核对", "a student number has 19 characters, one letter and 18; check it";
        /// Does not begin with G, J or L.
        Prefix => "student-number-prefix", "学籍号首位应为 G、J 或 L，请核对", "a student number begins with G, J or L; check it";
        /// A spreadsheet took it for a number.
        Scientific => "student-number-scientific", "表格把号码变成了科学计数，请把该列设为文本后重新填写", "the spreadsheet turned the number into scientific notation; set the column to text and fill it again";
        /// Something other than digits where digits belong.
        Characters => "student-number-characters", "学籍号字母后应为数字（末位可为 X），请核对", "digits follow the letter, the last may be X; check it";
        /// The division is in no province.
        Address => "student-number-address", "学籍号第 2、3 位不是省份代码，请核对", "characters 2 and 3 are no province; check them";
        /// The birth date is not in the calendar.
        Date => "student-number-date", "学籍号中的出生日期不存在，请核对第 8 至 15 位", "the birth date in the number does not exist; check characters 8 to 15";
        /// The check character does not fit (G and J numbers).
        Check => "student-number-check", "学籍号校验位不符，可能有一位写错，请核对", "the check character does not fit; one character may be wrong";
    }
}

/// What a student number is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StudentNumberKind {
    /// `G`: the citizen ID.
    CitizenId,
    /// `J`: made by the school's division for a pupil without a valid ID.
    SelfMade,
    /// `L`: temporary, without a check digit.
    Temporary,
}

/// The parts of a student number. Personal data: its debug text is masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StudentNumber {
    /// The 19 characters in upper case.
    pub canonical: String,
    /// What it is built on.
    pub kind: StudentNumberKind,
    /// The division: of the ID (G), or of the school (J, L).
    pub address: u32,
    /// Birth date.
    pub birth: Day,
}

impl StudentNumber {
    /// The number for lists: `G6101**********0013`.
    pub fn masked(&self) -> String {
        mask(&self.canonical, 5)
    }

    /// The citizen ID inside a G number.
    pub fn citizen_id(&self) -> Option<&str> {
        match self.kind {
            StudentNumberKind::CitizenId => self.canonical.get(1..),
            StudentNumberKind::SelfMade | StudentNumberKind::Temporary => None,
        }
    }
}

impl fmt::Debug for StudentNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StudentNumber({})", self.masked())
    }
}

/// Checks a national student number: G and a citizen ID; J, division, birth date, serial and a
/// check digit as for the ID; L, division, birth date and four random digits.
///
/// # Errors
/// The first fault found.
pub fn check_student_number(text: &str) -> Result<StudentNumber, StudentNumberFault> {
    let canonical = text.trim().to_ascii_uppercase();
    if is_scientific(&canonical) {
        return Err(StudentNumberFault::Scientific);
    }
    if canonical.chars().count() != 19 {
        return Err(StudentNumberFault::Length);
    }
    let kind = match canonical.chars().next() {
        Some('G') => StudentNumberKind::CitizenId,
        Some('J') => StudentNumberKind::SelfMade,
        Some('L') => StudentNumberKind::Temporary,
        _ => return Err(StudentNumberFault::Prefix),
    };
    let body = canonical.get(1..).unwrap_or_default();
    let (address, birth) = match kind {
        StudentNumberKind::CitizenId => check_citizen_id(body)
            .map(|id| (id.address, id.birth))
            .map_err(|fault| match fault {
                CitizenIdFault::Address => StudentNumberFault::Address,
                CitizenIdFault::Date | CitizenIdFault::Future => StudentNumberFault::Date,
                CitizenIdFault::Check => StudentNumberFault::Check,
                _ => StudentNumberFault::Characters,
            })?,
        StudentNumberKind::SelfMade | StudentNumberKind::Temporary => check_made(body, kind)?,
    };
    Ok(StudentNumber {
        canonical,
        kind,
        address,
        birth,
    })
}

fn check_made(body: &str, kind: StudentNumberKind) -> Result<(u32, Day), StudentNumberFault> {
    let address = number(body.get(..6)).ok_or(StudentNumberFault::Characters)?;
    let birth = number(body.get(6..14)).ok_or(StudentNumberFault::Characters)?;
    number(body.get(14..17)).ok_or(StudentNumberFault::Characters)?;
    let last = body.chars().nth(17);
    let checked = kind == StudentNumberKind::SelfMade;
    match last {
        Some('0'..='9') => {}
        Some('X') if checked => {}
        _ => return Err(StudentNumberFault::Characters),
    }
    if !is_province(address / 10_000) {
        return Err(StudentNumberFault::Address);
    }
    let birth = birth_date(birth).ok_or(StudentNumberFault::Date)?;
    if checked && body.get(..17).and_then(check_character) != last {
        return Err(StudentNumberFault::Check);
    }
    Ok((address, birth))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_kinds_are_taken() {
        let formal = check_student_number("g610113201009010013").unwrap();
        assert_eq!(formal.kind, StudentNumberKind::CitizenId);
        assert_eq!(formal.citizen_id(), Some("610113201009010013"));
        assert_eq!(formal.masked(), "G6101**********0013");
        let made = check_student_number("J610113201009010013").unwrap();
        assert_eq!(
            (made.kind, made.citizen_id()),
            (StudentNumberKind::SelfMade, None)
        );
        let temporary = check_student_number("L610113201009019999").unwrap();
        assert_eq!(temporary.birth.to_string(), "2010-09-01");
    }

    #[test]
    fn each_fault_has_its_own_name() {
        for (text, fault) in [
            ("610113201009010013", StudentNumberFault::Length),
            ("X610113201009010013", StudentNumberFault::Prefix),
            ("G61011320100901001X", StudentNumberFault::Check),
            ("J610113201009010014", StudentNumberFault::Check),
            ("L61011320100901001X", StudentNumberFault::Characters),
            ("L610113201009A10013", StudentNumberFault::Characters),
            ("L610113201013010013", StudentNumberFault::Date),
            ("J990113201009010013", StudentNumberFault::Address),
            ("6.10113E+17", StudentNumberFault::Scientific),
        ] {
            assert_eq!(check_student_number(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in "[GJLgjl]?\\PC{0,20}") {
            let _ = check_student_number(&text);
        }
    }
}
