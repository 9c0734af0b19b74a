//! Division codes: GB/T 2260 (six digits), GB/T 10114 (nine, townships) and the statistical
//! division codes of the National Bureau of Statistics (twelve, villages).

use super::{is_province, number};

faults! {
    /// Why a text is not a division code.
    DivisionCodeFault {
        /// Not 6, 9 or 12 characters.
        Length => "division-code-length", "行政区划代码应为 6、9 或 12 位，请核对", "a division code has 6, 9 or 12 digits; check it";
        /// Not digits.
        Characters => "division-code-characters", "行政区划代码只能是数字，请核对", "a division code is digits only; check it";
        /// The first two digits are no province.
        Province => "division-code-province", "行政区划代码前两位不是省份代码，请核对", "the first two digits are no province; check them";
        /// A lower level is named and one above it is zeros.
        Gap => "division-code-gap", "行政区划代码中间一级为零，请核对", "a level in the middle of the code is zero; check it";
    }
}

/// The level that a division code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivisionLevel {
    /// 省级.
    Province,
    /// 地级.
    City,
    /// 县级.
    County,
    /// 乡级.
    Township,
    /// 村级.
    Village,
}

/// The parts of a division code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DivisionCode {
    /// Six digits down to counties, nine for townships, twelve for villages; zeros that only
    /// pad a code to nine or twelve digits are taken off.
    pub canonical: String,
    /// The level.
    pub level: DivisionLevel,
}

impl DivisionCode {
    /// The code one level up by its digits. (For the few counties that a province runs itself,
    /// the digits name a city that does not exist: 429004 gives 429000.)
    pub fn parent(&self) -> Option<String> {
        let digits = |length: usize| self.canonical.get(..length).unwrap_or_default();
        match self.level {
            DivisionLevel::Province => None,
            DivisionLevel::City => Some(format!("{}0000", digits(2))),
            DivisionLevel::County => Some(format!("{}00", digits(4))),
            DivisionLevel::Township => Some(digits(6).to_owned()),
            DivisionLevel::Village => Some(digits(9).to_owned()),
        }
    }
}

/// Checks a division code of 6, 9 or 12 digits. Whether it is in force on a day is not a matter
/// of its digits: see the dataset `division`.
///
/// # Errors
/// The first fault found.
pub fn check_division_code(text: &str) -> Result<DivisionCode, DivisionCodeFault> {
    let digits = text.trim();
    if !matches!(digits.chars().count(), 6 | 9 | 12) {
        return Err(DivisionCodeFault::Length);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DivisionCodeFault::Characters);
    }
    let part = |from: usize, to: usize| number(digits.get(from..to)).unwrap_or(0);
    let levels = [part(0, 2), part(2, 4), part(4, 6), part(6, 9), part(9, 12)];
    let [province, city, county, township, village] = levels;
    if !is_province(province) {
        return Err(DivisionCodeFault::Province);
    }
    let deepest = levels.iter().rposition(|level| *level != 0).unwrap_or(0);
    if levels.iter().take(deepest).any(|level| *level == 0) {
        return Err(DivisionCodeFault::Gap);
    }
    let (level, length) = match (city, county, township, village) {
        (0, _, _, _) => (DivisionLevel::Province, 6),
        (_, 0, _, _) => (DivisionLevel::City, 6),
        (_, _, 0, _) => (DivisionLevel::County, 6),
        (_, _, _, 0) => (DivisionLevel::Township, 9),
        _ => (DivisionLevel::Village, 12),
    };
    Ok(DivisionCode {
        canonical: digits.get(..length).unwrap_or(digits).to_owned(),
        level,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_and_parents() {
        for (text, canonical, level, parent) in [
            ("610000", "610000", DivisionLevel::Province, None),
            (
                "610100000000",
                "610100",
                DivisionLevel::City,
                Some("610000"),
            ),
            ("610113", "610113", DivisionLevel::County, Some("610100")),
            (
                "610113001",
                "610113001",
                DivisionLevel::Township,
                Some("610113"),
            ),
            (
                "610113001000",
                "610113001",
                DivisionLevel::Township,
                Some("610113"),
            ),
            (
                "610113001002",
                "610113001002",
                DivisionLevel::Village,
                Some("610113001"),
            ),
        ] {
            let code = check_division_code(text).unwrap();
            assert_eq!((code.canonical.as_str(), code.level), (canonical, level));
            assert_eq!(code.parent().as_deref(), parent);
        }
    }

    #[test]
    fn each_fault_has_its_own_name() {
        for (text, fault) in [
            ("61", DivisionCodeFault::Length),
            ("6101130", DivisionCodeFault::Length),
            ("61011A", DivisionCodeFault::Characters),
            ("990000", DivisionCodeFault::Province),
            ("610013", DivisionCodeFault::Gap),
            ("610113000002", DivisionCodeFault::Gap),
        ] {
            assert_eq!(check_division_code(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in "\\PC{0,13}") {
            let _ = check_division_code(&text);
        }
    }
}
