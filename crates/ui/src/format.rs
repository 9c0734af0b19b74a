//! How numbers, dates and school years read.

/// A whole number with separators: `12,345`.
pub fn integer(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let grouped = group(&digits);
    if number < 0 {
        format!("−{grouped}")
    } else {
        grouped
    }
}

/// A scaled number with separators: `decimal(12_345_678, 2)` is `123,456.78`.
pub fn decimal(scaled: i64, scale: u32) -> String {
    let factor = 10_u64.pow(scale.min(18));
    let magnitude = scaled.unsigned_abs();
    let whole = group(&(magnitude / factor).to_string());
    let sign = if scaled < 0 { "−" } else { "" };
    if scale == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = magnitude % factor;
    format!(
        "{sign}{whole}.{fraction:0width$}",
        width = scale.min(18) as usize
    )
}

/// A ratio with a fixed number of decimals and separators, rounded half away from zero; not a number
/// gives `–`.
pub fn real(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return "–".to_owned();
    }
    let factor = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let rounded = (number.abs() * factor).round() / factor;
    let text = format!("{rounded:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if number < 0.0 && rounded > 0.0 {
        "−"
    } else {
        ""
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", group(whole))
}

/// People in ten thousands with one decimal, for summaries: `861.0` of 8,610,123. The unit 万人 stands
/// beside it.
pub fn ten_thousands(people: i64) -> String {
    let tenths = (people.unsigned_abs() + 500) / 1000;
    let sign = if people < 0 && tenths > 0 { "−" } else { "" };
    format!(
        "{sign}{}.{}",
        group(&(tenths / 10).to_string()),
        tenths % 10
    )
}

/// A change with its sign: `+1,203`, `−5`, `0`.
pub fn change(difference: i64) -> String {
    if difference > 0 {
        format!("+{}", integer(difference))
    } else {
        integer(difference)
    }
}

/// A part of a whole in percent with one decimal; of nothing `–`.
pub fn percent(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{}%", real(part as f64 * 100.0 / whole as f64, 1))
}

/// A school year from its first calendar year: `2025–2026`.
pub fn school_year(first: i32) -> String {
    format!("{first}–{}", first + 1)
}

/// A file size: `18.2 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", real(count as f64 / 1e3, 1)),
        _ => format!("{} MB", real(count as f64 / 1e6, 1)),
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(integer(0), "0");
        assert_eq!(integer(999), "999");
        assert_eq!(integer(12_345), "12,345");
        assert_eq!(integer(-1_234_567), "−1,234,567");
        assert_eq!(integer(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn decimals_keep_their_scale() {
        assert_eq!(decimal(12_345_678, 2), "123,456.78");
        assert_eq!(decimal(-5, 2), "−0.05");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(real(45.25, 1), "45.3");
        assert_eq!(real(-0.04, 1), "0.0");
        assert_eq!(real(f64::NAN, 1), "–");
    }

    #[test]
    fn summaries_are_in_ten_thousands() {
        assert_eq!(ten_thousands(8_610_123), "861.0");
        assert_eq!(ten_thousands(449), "0.0");
        assert_eq!(ten_thousands(550), "0.1");
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(school_year(2025), "2025–2026");
        assert_eq!(change(1203), "+1,203");
    }
}
