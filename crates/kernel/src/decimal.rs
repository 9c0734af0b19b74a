//! Scaled numbers: decimals kept as integers, so that sums are exact and both engines agree.

faults! {
    /// Why a text is not a number of the wanted kind.
    DecimalFault {
        /// Not a number.
        Shape => "number-shape", "不是数字，请只填数字，不带单位", "not a number; write digits only, without a unit";
        /// More decimals than the field keeps.
        TooPrecise => "number-too-precise", "小数位数过多，请按本项规定的位数四舍五入", "too many decimals; round to what the field keeps";
        /// Does not fit.
        TooLarge => "number-too-large", "数值过大，请核对单位", "the number is too large; check its unit";
    }
}

/// The most decimals that a scaled number can have.
pub const MAX_SCALE: u8 = 18;

/// What to do with decimals beyond the scale.
#[derive(Clone, Copy, PartialEq)]
enum Beyond {
    Refuse,
    Round,
}

/// Reads a decimal as an integer of `10^-scale`: `"12.5"` at scale 2 is 1250. Accepts a sign,
/// thousands separators in groups of three (`1,234.5`), `.5`, `5.` and an exponent; zeros
/// beyond the scale are taken off. Scales above [`MAX_SCALE`] are read as [`MAX_SCALE`].
///
/// # Errors
/// [`DecimalFault::TooPrecise`] when decimals other than zero would be lost; see the enum.
pub fn parse_decimal(text: &str, scale: u8) -> Result<i64, DecimalFault> {
    parse(text, scale, Beyond::Refuse)
}

/// As [`parse_decimal`], but decimals beyond the scale are rounded half away from zero
/// (四舍五入, GB/T 8170), for coordinates and for figures that a spreadsheet computed.
///
/// # Errors
/// As [`parse_decimal`], without `TooPrecise`.
pub fn parse_decimal_rounded(text: &str, scale: u8) -> Result<i64, DecimalFault> {
    parse(text, scale, Beyond::Round)
}

fn parse(text: &str, scale: u8, beyond: Beyond) -> Result<i64, DecimalFault> {
    let (negative, unsigned) = strip_sign(text.trim());
    let (mantissa, exponent) = split_exponent(unsigned)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let grouped = whole.contains([',', '\u{ff0c}']);
    if grouped && !well_grouped(whole) {
        return Err(DecimalFault::Shape);
    }
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let whole_digits = || whole.chars().filter(|character| character.is_ascii_digit());
    if !(grouped || plain(whole)) || !plain(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(DecimalFault::Shape);
    }
    // Where the kept digits end, counted from the first digit of the mantissa.
    let kept =
        whole_digits().count() as i64 + i64::from(exponent) + i64::from(scale.min(MAX_SCALE));
    let mut number: i64 = 0;
    let mut position = 0i64;
    for character in whole_digits().chain(fraction.chars()) {
        let digit = i64::from(character as u32 - '0' as u32);
        if position < kept {
            number = push_digit(number, digit)?;
        } else if beyond == Beyond::Refuse && digit != 0 {
            return Err(DecimalFault::TooPrecise);
        } else if position == kept && digit >= 5 {
            number = number.checked_add(1).ok_or(DecimalFault::TooLarge)?;
        }
        position += 1;
    }
    while position < kept && number != 0 {
        number = push_digit(number, 0)?;
        position += 1;
    }
    Ok(if negative { -number } else { number })
}

fn push_digit(number: i64, digit: i64) -> Result<i64, DecimalFault> {
    number
        .checked_mul(10)
        .and_then(|shifted| shifted.checked_add(digit))
        .ok_or(DecimalFault::TooLarge)
}

fn strip_sign(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix(['-', '−', '\u{ff0d}']) {
        return (true, rest);
    }
    (false, text.strip_prefix(['+', '\u{ff0b}']).unwrap_or(text))
}

fn split_exponent(text: &str) -> Result<(&str, i32), DecimalFault> {
    match text.split_once(['e', 'E']) {
        None => Ok((text, 0)),
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().map_err(|_| DecimalFault::Shape)?;
            match exponent {
                -400..=400 => Ok((mantissa, exponent)),
                _ => Err(DecimalFault::TooLarge),
            }
        }
    }
}

fn well_grouped(whole: &str) -> bool {
    let mut groups = whole.split([',', '\u{ff0c}']);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// Writes a scaled number with exactly `scale` decimals: 1250 at scale 2 is `12.50`.
pub fn format_decimal(number: i64, scale: u8) -> String {
    let scale = usize::from(scale.min(MAX_SCALE));
    let digits = format!("{:0width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// As [`format_decimal`], without zeros at the end: 1250 at scale 2 is `12.5`.
pub fn format_decimal_short(number: i64, scale: u8) -> String {
    let mut text = format_decimal(number, scale);
    if text.contains('.') {
        let kept = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(kept);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, scale, number) in [
            ("12.5", 2, 1250),
            ("-12.5", 2, -1250),
            ("12", 0, 12),
            ("12.00", 0, 12),
            (".5", 1, 5),
            ("5.", 1, 50),
            ("1,234,567.8", 1, 12_345_678),
            ("1.2E3", 0, 1200),
            ("1.25e-1", 3, 125),
            ("108.98368695", 8, 10_898_368_695),
            ("+3", 0, 3),
            ("−3", 0, -3),
            ("0e300", 7, 0),
            ("9223372036854775807", 0, i64::MAX),
        ] {
            assert_eq!(parse_decimal(text, scale), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_would_lose_meaning_is_refused() {
        use DecimalFault::{Shape, TooLarge, TooPrecise};
        for (text, scale, fault) in [
            ("", 0, Shape),
            (".", 0, Shape),
            ("12人", 0, Shape),
            ("1,23", 0, Shape),
            ("1 2", 0, Shape),
            ("--1", 0, Shape),
            ("1e", 0, Shape),
            ("NaN", 0, Shape),
            ("1.2.3", 1, Shape),
            ("12.345", 2, TooPrecise),
            ("1e-1", 0, TooPrecise),
            ("9223372036854775808", 0, TooLarge),
            ("1e300", 0, TooLarge),
            ("1e9999", 0, TooLarge),
        ] {
            assert_eq!(parse_decimal(text, scale), Err(fault), "{text}");
        }
    }

    #[test]
    fn rounding_goes_half_away_from_zero() {
        assert_eq!(
            parse_decimal_rounded("108.98368695356073", 7),
            Ok(1_089_836_870)
        );
        assert_eq!(parse_decimal_rounded("-0.05", 1), Ok(-1));
        assert_eq!(parse_decimal_rounded("0.30000000000000004", 2), Ok(30));
        assert_eq!(parse_decimal_rounded("0.049999", 1), Ok(0));
        assert_eq!(parse_decimal_rounded("0.5", 0), Ok(1));
        assert_eq!(parse_decimal_rounded("5e-2", 0), Ok(0));
    }

    #[test]
    fn decimals_are_written_with_their_scale() {
        assert_eq!(format_decimal(1250, 2), "12.50");
        assert_eq!(format_decimal(-5, 2), "-0.05");
        assert_eq!(format_decimal(7, 0), "7");
        assert_eq!(format_decimal_short(1250, 2), "12.5");
        assert_eq!(format_decimal_short(1200, 2), "12");
        assert_eq!(format_decimal(i64::MIN, 18), "-9.223372036854775808");
    }

    proptest! {
        #[test]
        fn written_and_read_is_the_same_number(number in -i64::MAX..i64::MAX, scale in 0u8..=18) {
            prop_assert_eq!(parse_decimal(&format_decimal(number, scale), scale), Ok(number));
            prop_assert_eq!(parse_decimal(&format_decimal_short(number, scale), scale), Ok(number));
            prop_assert_eq!(parse_decimal_rounded(&format_decimal(number, scale), scale), Ok(number));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[-+0-9.,eE \\u{ff0c}]{0,24}", scale in 0u8..=30) {
            let _ = parse_decimal(&text, scale);
            let _ = parse_decimal_rounded(&text, scale);
        }
    }
}
