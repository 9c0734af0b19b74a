//! Unified social credit code (统一社会信用代码, GB 32100-2015).

faults! {
    /// What is wrong with a unified social credit code.
    UsccFault {
        /// Not 18 characters.
        Length => "uscc-length", "统一社会信用代码应为 18 位，请核对", "a unified social credit code has 18 characters; check it";
        /// A character that the standard does not use (I, O, S, V, Z).
        Characters => "uscc-characters", "统一社会信用代码含有不用的字符（I、O、S、V、Z 不用），请核对", "the code holds a character that is not used (I, O, S, V, Z are not); check it";
        /// The division part is not digits.
        Division => "uscc-division", "统一社会信用代码第 3 至 8 位应为行政区划数字，请核对", "characters 3 to 8 are the digits of a division; check them";
        /// The check character does not fit. Some codes in force do not fit: a warning only.
        Check => "uscc-check", "统一社会信用代码校验位不符，请与证书核对；确认无误可保留", "the check character does not fit; compare with the certificate, and keep it if it is as printed";
    }
}

/// The parts of a unified social credit code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uscc {
    /// The 18 characters in upper case.
    pub canonical: String,
    /// Registering department: 1 机构编制, 5 民政, 9 市场监管 …
    pub department: char,
    /// The division of registration.
    pub division: u32,
    /// The organisation code (GB 11714), nine characters.
    pub organisation: String,
    /// [`UsccFault::Check`] when the check character does not fit: to be shown, not refused.
    pub warning: Option<UsccFault>,
}

/// Checks a unified social credit code. A check character that does not fit is a warning in
/// the parts, since some codes in force do not fit.
///
/// # Errors
/// Length, characters or division at fault.
pub fn check_uscc(text: &str) -> Result<Uscc, UsccFault> {
    let canonical = text.trim().to_ascii_uppercase();
    if canonical.chars().count() != 18 {
        return Err(UsccFault::Length);
    }
    let check = check_character(&canonical)?;
    let division = super::number(canonical.get(2..8)).ok_or(UsccFault::Division)?;
    let fits = canonical.ends_with(check);
    Ok(Uscc {
        department: canonical.chars().next().unwrap_or('Y'),
        division,
        organisation: canonical.get(8..17).unwrap_or_default().to_owned(),
        warning: if fits { None } else { Some(UsccFault::Check) },
        canonical,
    })
}

/// The check character of the first 17 characters; all 18 must be of the standard's set.
fn check_character(code: &str) -> Result<char, UsccFault> {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ];
    let mut sum = 0;
    for (character, weight) in code.chars().zip(WEIGHTS.into_iter().chain([0])) {
        sum += CHARACTERS.find(character).ok_or(UsccFault::Characters)? * weight;
    }
    CHARACTERS
        .chars()
        .nth((31 - sum % 31) % 31)
        .ok_or(UsccFault::Check)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_registered_code_is_taken_without_warning() {
        let code = check_uscc("91512081ma62k0260e").unwrap();
        assert_eq!(code.canonical, "91512081MA62K0260E");
        assert_eq!((code.department, code.division), ('9', 512_081));
        assert_eq!(code.organisation, "MA62K0260");
        assert_eq!(code.warning, None);
        for computed in ["91350100M000100Y43", "1261000043520001XP"] {
            assert_eq!(check_uscc(computed).unwrap().warning, None, "{computed}");
        }
    }

    #[test]
    fn a_check_character_that_does_not_fit_is_a_warning() {
        assert_eq!(
            check_uscc("91512081MA62K0260D").unwrap().warning,
            Some(UsccFault::Check)
        );
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for (text, fault) in [
            ("91512081MA62K0260I", UsccFault::Characters),
            ("91512081MA62K0260O", UsccFault::Characters),
            ("91512081MA62K0260", UsccFault::Length),
            ("915A2081MA62K0260E", UsccFault::Division),
        ] {
            assert_eq!(check_uscc(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in "\\PC{0,20}") {
            let _ = check_uscc(&text);
        }
    }
}
