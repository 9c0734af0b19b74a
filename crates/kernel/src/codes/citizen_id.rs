//! Citizen identity number (公民身份号码, GB 11643).

use std::fmt;

use super::{is_province, is_scientific, number};
use crate::Day;

faults! {
    /// Why a text is not a citizen identity number.
    CitizenIdFault {
        /// Not 18 characters.
        Length => "citizen-id-length", "身份证号应为 18 位，请核对", "a citizen ID has 18 characters; check it";
        /// The 15-digit numbers that lapsed on 2013-01-01.
        Fifteen => "citizen-id-fifteen", "这是 15 位旧号，请填 18 位身份证号", "this is an old 15-digit number; write the 18-digit one";
        /// A spreadsheet took it for a number.
        Scientific => "citizen-id-scientific", "表格把号码变成了科学计数，末几位已丢失，请把该列设为文本后重新填写", "the spreadsheet turned the number into scientific notation and lost its end; set the column to text and fill it again";
        /// Something other than 17 digits and a digit or X.
        Characters => "citizen-id-characters", "身份证号只能是数字，末位可为 X，请核对", "a citizen ID is digits, the last may be X; check it";
        /// The first two digits are no province.
        Address => "citizen-id-address", "身份证号前两位不是省份代码，请核对", "the first two digits are no province; check them";
        /// The birth date is not in the calendar.
        Date => "citizen-id-date", "身份证号中的出生日期不存在，请核对第 7 至 14 位", "the birth date in the number does not exist; check characters 7 to 14";
        /// The birth date is later than today.
        Future => "citizen-id-future", "身份证号中的出生日期在今天之后，请核对第 7 至 14 位", "the birth date in the number is in the future; check characters 7 to 14";
        /// The check character does not fit.
        Check => "citizen-id-check", "身份证号校验位不符，可能有一位写错，请与证件核对", "the check character does not fit; one character may be wrong, compare with the card";
    }
}

/// Sex as a citizen ID states it (GB/T 2261.1: 1 male, 2 female).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Sex {
    /// The code of GB/T 2261.1.
    pub const fn code(self) -> &'static str {
        match self {
            Sex::Male => "1",
            Sex::Female => "2",
        }
    }
}

/// The parts of a citizen ID. Personal data: its debug text is masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CitizenId {
    /// The 18 characters, X in upper case.
    pub canonical: String,
    /// The division at the time of issue; it need not be a current code.
    pub address: u32,
    /// Birth date.
    pub birth: Day,
    /// Sex, by the parity of the serial.
    pub sex: Sex,
}

impl CitizenId {
    /// The number for lists: `6101**********0013`.
    pub fn masked(&self) -> String {
        mask(&self.canonical, 4)
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CitizenId({})", self.masked())
    }
}

/// Keeps the first `front` and the last four characters.
pub(super) fn mask(text: &str, front: usize) -> String {
    let length = text.chars().count();
    text.chars()
        .enumerate()
        .map(|(index, character)| {
            if index < front || index + 4 >= length {
                character
            } else {
                '*'
            }
        })
        .collect()
}

/// Checks a citizen ID. The address part may be a code that is no longer in force.
///
/// # Errors
/// The first fault found, in the order of [`CitizenIdFault`].
pub fn check_citizen_id(text: &str) -> Result<CitizenId, CitizenIdFault> {
    let canonical = text.trim().to_ascii_uppercase();
    if is_scientific(&canonical) {
        return Err(CitizenIdFault::Scientific);
    }
    match canonical.chars().count() {
        18 => {}
        15 if number(canonical.get(..9)).is_some() && number(canonical.get(9..)).is_some() => {
            return Err(CitizenIdFault::Fifteen);
        }
        _ => return Err(CitizenIdFault::Length),
    }
    let Some((body, check)) = canonical.split_at_checked(17) else {
        return Err(CitizenIdFault::Characters);
    };
    let serial = number(body.get(14..)).ok_or(CitizenIdFault::Characters)?;
    let birth_digits = number(body.get(6..14)).ok_or(CitizenIdFault::Characters)?;
    let address = number(body.get(..6)).ok_or(CitizenIdFault::Characters)?;
    if !matches!(
        check,
        "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "X"
    ) {
        return Err(CitizenIdFault::Characters);
    }
    if !is_province(address / 10_000) {
        return Err(CitizenIdFault::Address);
    }
    let birth = birth_date(birth_digits).ok_or(CitizenIdFault::Date)?;
    if check_character(body) != check.chars().next() {
        return Err(CitizenIdFault::Check);
    }
    let sex = if serial % 2 == 1 {
        Sex::Male
    } else {
        Sex::Female
    };
    Ok(CitizenId {
        canonical,
        address,
        birth,
        sex,
    })
}

/// As [`check_citizen_id`], and the birth date is not after `today`.
///
/// # Errors
/// As [`check_citizen_id`], and [`CitizenIdFault::Future`].
pub fn check_citizen_id_on(text: &str, today: Day) -> Result<CitizenId, CitizenIdFault> {
    let id = check_citizen_id(text)?;
    if id.birth > today {
        return Err(CitizenIdFault::Future);
    }
    Ok(id)
}

/// The day that eight digits name.
pub(super) fn birth_date(digits: u32) -> Option<Day> {
    Day::from_ymd(
        (digits / 10_000).cast_signed(),
        digits / 100 % 100,
        digits % 100,
    )
    .ok()
}

/// The check character of a citizen ID's first 17 digits: ISO 7064 MOD 11-2 with the weights of GB 11643. `None` where
/// one is no digit.
pub fn check_character(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (character, weight) in body.chars().zip(WEIGHTS) {
        sum += character.to_digit(10)? * weight;
    }
    "10X98765432".chars().nth((sum % 11) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_shapes_are_taken() {
        for text in [
            "11010519491231002X",
            "440524188001010014",
            "610113201009010013",
            "610881201203150022",
            "610482198511201039",
            " 11010519491231002x ",
        ] {
            assert!(check_citizen_id(text).is_ok(), "{text}");
        }
        let id = check_citizen_id("11010519491231002x").unwrap();
        assert_eq!(id.canonical, "11010519491231002X");
        assert_eq!(id.birth.to_string(), "1949-12-31");
        assert_eq!((id.address, id.sex), (110_105, Sex::Female));
        assert_eq!(id.masked(), "1101**********002X");
        assert_eq!(format!("{id:?}"), "CitizenId(1101**********002X)");
    }

    #[test]
    fn each_fault_has_its_own_name() {
        for (text, fault) in [
            ("110105194912310021", CitizenIdFault::Check),
            ("61011320100901001X", CitizenIdFault::Check),
            ("610113201013010013", CitizenIdFault::Date),
            ("6101132010090100", CitizenIdFault::Length),
            ("610113100901001", CitizenIdFault::Fifteen),
            ("6.10113E+17", CitizenIdFault::Scientific),
            ("61011320100901001Y", CitizenIdFault::Characters),
            ("6101132010090100啊3", CitizenIdFault::Characters),
            ("990113201009010013", CitizenIdFault::Address),
        ] {
            assert_eq!(check_citizen_id(text), Err(fault), "{text}");
        }
        let today = Day::from_ymd(2010, 8, 31).unwrap();
        assert_eq!(
            check_citizen_id_on("610113201009010013", today),
            Err(CitizenIdFault::Future)
        );
        assert!(check_citizen_id_on("610113201009010013", today.add_days(1)).is_ok());
    }

    #[test]
    fn every_fault_explains_itself() {
        for fault in CitizenIdFault::ALL {
            assert!(fault.code().starts_with("citizen-id-"));
            assert!(!fault.zh().is_empty() && !fault.en().is_empty());
        }
    }

    proptest! {
        #[test]
        fn a_right_check_character_is_taken_and_every_other_refused(
            days in 0i32..20_000, serial in 0u32..1000, wrong in "[0-9X]",
        ) {
            let (year, month, day) = Day(days).ymd();
            let body = format!("610113{year:04}{month:02}{day:02}{serial:03}");
            let check = check_character(&body).unwrap();
            let id = check_citizen_id(&format!("{body}{check}")).unwrap();
            prop_assert_eq!(id.birth, Day(days));
            let other = check_citizen_id(&format!("{body}{wrong}"));
            prop_assert_eq!(other.is_ok(), wrong.starts_with(check));
        }

        #[test]
        fn no_text_breaks_the_check(text in "\\PC{0,20}") {
            let _ = check_citizen_id(&text);
        }
    }
}
