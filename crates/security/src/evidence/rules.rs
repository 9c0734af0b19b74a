//! Decisions of evidence, pure.

use kernel::{Day, Millis};

use crate::crypto;
use crate::error::SecurityError;
use crate::model::AuditEntry;

/// How long the log is kept where nothing is set, in months: ten years.
pub(crate) const KEEP_MONTHS: i64 = 120;
/// The least that may be set: six months (《网络安全法》, facts of the field §7).
pub(crate) const LEAST_MONTHS: i64 = 6;

/// SHA-256 over the hash before and the fields, each with its length, as hexadecimal digits. An entry without
/// detail is of format 1 and has eight fields; format 2 has its number and more after it, so that neither can
/// be taken for the other.
pub(crate) fn chained(before: &str, entry: &AuditEntry) -> String {
    let mut bytes = Vec::new();
    let mut put = |field: &str| {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field.as_bytes());
    };
    put(before);
    put(&entry.number.to_string());
    put(&entry.at.get().to_string());
    put(&entry.actor);
    put(&entry.action);
    put(&entry.subject);
    put(&entry.outcome);
    put(&entry.address);
    if let Some(detail) = &entry.detail {
        let number = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
        put("2");
        put(&number(detail.unit.map(|unit| unit.get())));
        put(&detail.post);
        put(&number(detail.grant.map(|grant| grant.0)));
        put(&number(detail.session));
        put(&detail.operation);
        put(&detail.purpose);
        put(&detail.reason);
        put(&detail.dataset);
        put(&number(detail.persons));
        put(&number(detail.records));
        put(&detail.level);
        put(&number(detail.in_full.map(i64::from)));
        put(&detail.trace);
        put(&detail.people_digest);
    }
    crypto::hex(&crypto::sha256(&bytes))
}

/// The setting that says for how many months the log is kept.
pub(crate) const KEEP_SETTING: &str = "audit_keep_months";

/// How many months the log is kept. A value that is none, or less than the law asks for, counts as ten years:
/// too much is kept rather than too little.
pub(crate) fn months_kept(setting: Option<&str>) -> i64 {
    setting
        .and_then(|value| value.trim().parse().ok())
        .filter(|months| *months >= LEAST_MONTHS)
        .unwrap_or(KEEP_MONTHS)
}

/// The first instant that is kept: the beginning of the month so many months before this one, so that whole
/// months are dropped and each entry is kept at least that long.
pub(crate) fn kept_since(now: Millis, months: i64) -> Millis {
    let today = now.day();
    let first = i64::from(today.year())
        .saturating_mul(12)
        .saturating_add(i64::from(today.month()))
        .saturating_sub(1)
        .saturating_sub(months);
    let month = first.rem_euclid(12).saturating_add(1);
    let day = i32::try_from(first.div_euclid(12))
        .ok()
        .zip(u32::try_from(month).ok())
        .and_then(|(year, month)| Day::from_ymd(year, month, 1).ok());
    day.unwrap_or(Day::BEGINNING).start()
}

/// What stands in the log for a reason that holds the number of a person.
pub(crate) const WITHHELD: &str = "withheld";

/// Whether a text holds what may be an identity number (15 digits and more) or a mobile number (11 digits,
/// 13… to 19…): the number of a letter or a case never needs to be one.
pub(crate) fn may_hold_a_person(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit())
        .any(|run| {
            let is_mobile = run.len() == 11
                && run.starts_with('1')
                && run
                    .chars()
                    .nth(1)
                    .is_some_and(|digit| ('3'..='9').contains(&digit));
            run.len() >= 15 || is_mobile
        })
}

/// Settings of this part that must be numbers, with the least and the most that may be set.
const NUMBERS: [(&str, i64, i64, &str); 3] = [
    (
        KEEP_SETTING,
        LEAST_MONTHS,
        1_200,
        "a whole number of months, at least 6 (the law asks for six months)",
    ),
    (
        crate::evidence::exports::rules::LIMIT_SETTING,
        0,
        100_000_000,
        "a whole number of persons",
    ),
    (
        crate::evidence::exports::rules::DAYS_SETTING,
        1,
        90,
        "a whole number of days from 1 to 90",
    ),
];

/// Whether a setting of this part may have a value. Empty takes the default.
pub(crate) fn check_setting(name: &str, value: &str) -> Result<(), SecurityError> {
    let value = value.trim();
    let Some((name, least, most, must)) = NUMBERS.iter().find(|(known, ..)| *known == name) else {
        return Ok(());
    };
    let fits = value
        .parse::<i64>()
        .is_ok_and(|number| (*least..=*most).contains(&number));
    if value.is_empty() || fits {
        return Ok(());
    }
    Err(SecurityError::SettingRefused { name, must })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_for_less_than_the_law_asks() {
        for (setting, months) in [
            (None, 120),
            (Some("6"), 6),
            (Some("5"), 120),
            (Some("0"), 120),
            (Some("-7"), 120),
            (Some("ever"), 120),
            (Some(" 24 "), 24),
        ] {
            assert_eq!(months_kept(setting), months, "{setting:?}");
        }
        let refused = check_setting(KEEP_SETTING, "5");
        assert!(refused.unwrap_err().to_string().contains("at least 6"));
        assert!(check_setting(KEEP_SETTING, "6").is_ok());
        assert!(check_setting(KEEP_SETTING, "").is_ok());
        assert!(check_setting("banner", "5").is_ok());
    }

    #[test]
    fn the_number_of_a_person_is_told_from_that_of_a_letter() {
        for number in [
            "999999190001010014",
            "99999919000101001X",
            "G999999190001010014",
            "case-999999190001010",
            "13900000000",
            "a.19900000000",
        ] {
            assert!(may_hold_a_person(number), "{number}");
        }
        for number in [
            "transfer",
            "SL-2026.031",
            "20261125001",
            "2026-1234-5678-9012-3456",
            "",
        ] {
            assert!(!may_hold_a_person(number), "{number}");
        }
    }

    #[test]
    fn whole_months_are_kept() {
        let noon = |year, month, day| {
            let day = Day::from_ymd(year, month, day).unwrap();
            day.start().add(12 * 3_600_000)
        };
        let first = |year, month| Day::from_ymd(year, month, 1).unwrap().start();
        assert_eq!(kept_since(noon(2026, 11, 25), 6), first(2026, 5));
        assert_eq!(kept_since(noon(2026, 3, 31), 6), first(2025, 9));
        assert_eq!(kept_since(noon(2026, 1, 1), 120), first(2016, 1));
        assert_eq!(kept_since(noon(2026, 12, 31), 12), first(2025, 12));
    }
}
