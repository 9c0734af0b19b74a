//! School (institution) identifier (学校(机构)标识码): ten digits, category, province, serial.
//! 学校(机构)代码管理办法, 2011. There is no check digit.

use super::{is_province, is_scientific, number};

faults! {
    /// Why a text is not a school identifier.
    SchoolCodeFault {
        /// Not ten characters.
        Length => "school-code-length", "学校（机构）标识码应为 10 位，请核对", "a school identifier has 10 digits; check it";
        /// Not digits.
        Characters => "school-code-characters", "学校（机构）标识码只能是数字，请核对", "a school identifier is digits only; check it";
        /// A spreadsheet took it for a number.
        Scientific => "school-code-scientific", "表格把代码变成了科学计数，请把该列设为文本后重新填写", "the spreadsheet turned the code into scientific notation; set the column to text and fill it again";
        /// The first two digits are no category.
        Category => "school-code-category", "标识码前两位不是办学类别码，请核对", "the first two digits are no category of institution; check them";
        /// The third and fourth digits are no province.
        Province => "school-code-province", "标识码第 3、4 位不是省份代码，请核对", "digits 3 and 4 are no province; check them";
    }
}

/// The category codes that an identifier may begin with.
pub const SCHOOL_CATEGORIES: [u32; 16] = [
    11, 21, 22, 31, 32, 33, 34, 35, 36, 37, 41, 42, 51, 91, 92, 93,
];

/// The parts of a school identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchoolCode {
    /// The ten digits.
    pub canonical: String,
    /// Category, one of [`SCHOOL_CATEGORIES`].
    pub category: u32,
    /// Province, two digits (61 Shaanxi).
    pub province: u32,
    /// Serial, given by the province; of universities, their five-digit code.
    pub serial: u32,
}

/// Checks a school identifier.
///
/// # Errors
/// The first fault found.
pub fn check_school_code(text: &str) -> Result<SchoolCode, SchoolCodeFault> {
    let canonical = text.trim();
    if is_scientific(canonical) {
        return Err(SchoolCodeFault::Scientific);
    }
    if canonical.chars().count() != 10 {
        return Err(SchoolCodeFault::Length);
    }
    let head = number(canonical.get(..4)).ok_or(SchoolCodeFault::Characters)?;
    let serial = number(canonical.get(4..)).ok_or(SchoolCodeFault::Characters)?;
    let (category, province) = (head / 100, head % 100);
    if !SCHOOL_CATEGORIES.contains(&category) {
        return Err(SchoolCodeFault::Category);
    }
    if !is_province(province) {
        return Err(SchoolCodeFault::Province);
    }
    Ok(SchoolCode {
        canonical: canonical.to_owned(),
        category,
        province,
        serial,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parts_of_an_identifier() {
        let code = check_school_code(" 4161010698 ").unwrap();
        assert_eq!(
            (code.category, code.province, code.serial),
            (41, 61, 10_698)
        );
        assert_eq!(code.canonical, "4161010698");
    }

    #[test]
    fn each_fault_has_its_own_name() {
        for (text, fault) in [
            ("216100001", SchoolCodeFault::Length),
            ("21610000A1", SchoolCodeFault::Characters),
            ("2.161E+09", SchoolCodeFault::Scientific),
            ("9961000001", SchoolCodeFault::Category),
            ("2199000001", SchoolCodeFault::Province),
        ] {
            assert_eq!(check_school_code(text), Err(fault), "{text}");
        }
    }

    /// The national list of 2017; the file is test data and may be absent.
    #[test]
    fn every_university_of_the_national_list_has_a_valid_identifier() {
        let test = "kernel: every_university_of_the_national_list_has_a_valid_identifier";
        let path = "data/schools/moe_2017_universities.csv";
        let Some(text) = testfiles::shared_text(test, path) else {
            return;
        };
        let mut found = 0;
        for line in text.lines().skip(1) {
            let code = line
                .split(',')
                .find(|cell| cell.len() == 10 && cell.bytes().all(|byte| byte.is_ascii_digit()));
            if let Some(code) = code {
                assert!(check_school_code(code).is_ok(), "{code}");
                found += 1;
            }
        }
        assert!(found > 2_600, "{found}");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in "\\PC{0,12}") {
            let _ = check_school_code(&text);
        }
    }
}
